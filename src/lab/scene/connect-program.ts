/** The program behind the button *Connect*: the example of Microsoft's page of connect, shortened to its calls. */
export const connectProgram = (address: string, port: number): string => `import {
  AF_INET, closesocket, connect, htons, inet_addr, INVALID_SOCKET, IPPROTO_TCP, MAKEWORD, new_sockaddr_in, new_WSADATA,
  SOCK_STREAM, SOCKET_ERROR, sizeof_sockaddr_in, socket, WSACleanup, WSAGetLastError, WSAStartup,
} from "tapsock/winsock";

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
if (s === INVALID_SOCKET) console.error("socket failed with error", WSAGetLastError());

const server = new_sockaddr_in();
server.sin_family = AF_INET;
server.sin_addr.s_addr = inet_addr("${address}");
server.sin_port = htons(${port});

if (connect(s, server, sizeof_sockaddr_in) === SOCKET_ERROR) {
  console.error("connect failed with error", WSAGetLastError());
} else {
  console.log("Connected to server.");
}
closesocket(s);
WSACleanup();
`;
