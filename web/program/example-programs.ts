import { type Signal, signal } from "@preact/signals";

/** A program that a learner can begin with. */
export interface ExampleProgram {
  readonly title: string;
  readonly source: string;
}

/** The first of them is here; with the page's data come the others. */
export const EXAMPLES: Signal<readonly ExampleProgram[]> = signal([
  {
    title: "connect.js",
    source: `import {
  AF_INET, closesocket, connect, htons, inet_addr, IPPROTO_TCP, MAKEWORD, new_sockaddr_in, new_WSADATA,
  SOCK_STREAM, SOCKET_ERROR, sizeof_sockaddr_in, socket, WSACleanup, WSAGetLastError, WSAStartup,
} from "tapsock/winsock";

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

const name = new_sockaddr_in();
name.sin_family = AF_INET;
name.sin_addr.s_addr = inet_addr("203.0.113.1");
name.sin_port = htons(8080);

if (connect(s, name, sizeof_sockaddr_in) === SOCKET_ERROR) {
  console.log("connect failed with error", WSAGetLastError());
} else {
  console.log("Connected to server.");
}
closesocket(s);
WSACleanup();
`,
  },
]);
