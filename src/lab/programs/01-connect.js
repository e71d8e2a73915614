// connect, as on Microsoft's page: make a socket, connect it, say how it went, close it.
import {
  AF_INET,
  closesocket,
  connect,
  htons,
  INVALID_SOCKET,
  IPPROTO_TCP,
  inet_addr,
  MAKEWORD,
  NO_ERROR,
  new_sockaddr_in,
  new_WSADATA,
  SOCK_STREAM,
  SOCKET_ERROR,
  sizeof_sockaddr_in,
  socket,
  WSACleanup,
  WSAGetLastError,
  WSAStartup,
} from "tapsock/winsock";

function main() {
  // Initialize Winsock
  const wsaData = new_WSADATA();
  let iResult = WSAStartup(MAKEWORD(2, 2), wsaData);
  if (iResult !== NO_ERROR) {
    console.log(`WSAStartup function failed with error: ${iResult}`);
    return;
  }
  // Create a SOCKET for connecting to server
  const ConnectSocket = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (ConnectSocket === INVALID_SOCKET) {
    console.log(`socket function failed with error: ${WSAGetLastError()}`);
    WSACleanup();
    return;
  }
  // Address family, address and port of the server. Try port 8081, or the address 203.0.113.99.
  const clientService = new_sockaddr_in();
  clientService.sin_family = AF_INET;
  clientService.sin_addr.s_addr = inet_addr("203.0.113.1");
  clientService.sin_port = htons(8080);

  // Connect to server.
  iResult = connect(ConnectSocket, clientService, sizeof_sockaddr_in);
  if (iResult === SOCKET_ERROR) console.log(`connect function failed with error: ${WSAGetLastError()}`);
  else console.log("Connected to server.");

  iResult = closesocket(ConnectSocket);
  if (iResult === SOCKET_ERROR) console.log(`closesocket function failed with error: ${WSAGetLastError()}`);
  WSACleanup();
}

main();
