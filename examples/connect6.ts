/**
 * The example program of Microsoft's page "connect function (winsock2.h)" with what IPv6 changes in it: family, structure and its size.
 *
 *   node dist/examples/connect6.js [ADDRESS [PORT [SCOPE]]]
 *
 * An address of IPv4 is written as ::ffff:203.0.113.1, since the socket speaks both families. A link-local address may say its scope,
 * the number of the interface that leads to it.
 */
import {
  AF_INET6,
  closesocket,
  connect,
  htons,
  INVALID_SOCKET,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  inet_pton,
  MAKEWORD,
  NO_ERROR,
  new_sockaddr_in6,
  new_WSADATA,
  SOCK_STREAM,
  SOCKET_ERROR,
  setsockopt,
  sizeof_DWORD,
  sizeof_sockaddr_in6,
  socket,
  WSACleanup,
  WSAGetLastError,
  WSAStartup,
} from "tapsock/winsock";

function main(address = "::1", port = "27015", scope = "0"): number {
  const wsaData = new_WSADATA();
  let iResult = WSAStartup(MAKEWORD(2, 2), wsaData);
  if (iResult !== NO_ERROR) {
    console.log(`WSAStartup function failed with error: ${iResult}`);
    return 1;
  }

  const ConnectSocket = socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
  if (ConnectSocket === INVALID_SOCKET) {
    console.log(`socket function failed with error: ${WSAGetLastError()}`);
    WSACleanup();
    return 1;
  }

  // A socket of AF_INET6 is of IPv6 alone unless it is told otherwise, before it is bound or connected.
  setsockopt(ConnectSocket, IPPROTO_IPV6, IPV6_V6ONLY, { value: 0 }, sizeof_DWORD);

  const clientService = new_sockaddr_in6();
  clientService.sin6_family = AF_INET6;
  clientService.sin6_port = htons(Number(port));
  clientService.sin6_scope_id = Number(scope);
  if (inet_pton(AF_INET6, address, clientService.sin6_addr) !== 1) {
    console.log(`${address} is no IPv6 address`);
    WSACleanup();
    return 1;
  }

  iResult = connect(ConnectSocket, clientService, sizeof_sockaddr_in6);
  if (iResult === SOCKET_ERROR) {
    console.log(`connect function failed with error: ${WSAGetLastError()}`);
    closesocket(ConnectSocket);
    WSACleanup();
    return 1;
  }

  console.log("Connected to server.");

  closesocket(ConnectSocket);
  WSACleanup();
  return 0;
}

process.exitCode = main(...process.argv.slice(2));
