/**
 * The example program of Microsoft's page "connect function (winsock2.h)", call for call.
 *
 *   node dist/examples/connect.js [ADDRESS [PORT]]
 *
 * Without arguments it connects where the page's program does, to 127.0.0.1, port 27015.
 */
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

function main(address = "127.0.0.1", port = "27015"): number {
  // Initialize Winsock
  const wsaData = new_WSADATA();
  let iResult = WSAStartup(MAKEWORD(2, 2), wsaData);
  if (iResult !== NO_ERROR) {
    console.log(`WSAStartup function failed with error: ${iResult}`);
    return 1;
  }

  // Create a SOCKET for connecting to server
  const ConnectSocket = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (ConnectSocket === INVALID_SOCKET) {
    console.log(`socket function failed with error: ${WSAGetLastError()}`);
    WSACleanup();
    return 1;
  }

  // The sockaddr_in structure specifies the address family,
  // IP address, and port of the server to be connected to.
  const clientService = new_sockaddr_in();
  clientService.sin_family = AF_INET;
  clientService.sin_addr.s_addr = inet_addr(address);
  clientService.sin_port = htons(Number(port));

  // Connect to server.
  iResult = connect(ConnectSocket, clientService, sizeof_sockaddr_in);
  if (iResult === SOCKET_ERROR) {
    console.log(`connect function failed with error: ${WSAGetLastError()}`);
    iResult = closesocket(ConnectSocket);
    if (iResult === SOCKET_ERROR) console.log(`closesocket function failed with error: ${WSAGetLastError()}`);
    WSACleanup();
    return 1;
  }

  console.log("Connected to server.");

  iResult = closesocket(ConnectSocket);
  if (iResult === SOCKET_ERROR) {
    console.log(`closesocket function failed with error: ${WSAGetLastError()}`);
    WSACleanup();
    return 1;
  }

  WSACleanup();
  return 0;
}

process.exitCode = main(...process.argv.slice(2));
