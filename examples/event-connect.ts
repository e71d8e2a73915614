/**
 * Two connects at the same time, and their outcomes as they come: WSAEventSelect. Nobody listens on the second port.
 *
 *   node dist/examples/event-connect.js [PORT]
 */
import {
  AF_INET,
  bind,
  closesocket,
  connect,
  FD_CONNECT,
  FD_CONNECT_BIT,
  htonl,
  htons,
  INADDR_LOOPBACK,
  listen,
  MAKEWORD,
  new_sockaddr_in,
  new_WSADATA,
  new_WSANETWORKEVENTS,
  SOCK_STREAM,
  SOCKET_ERROR,
  SOMAXCONN,
  sizeof_sockaddr_in,
  socket,
  WSA_INFINITE,
  WSA_WAIT_EVENT_0,
  WSACleanup,
  WSACloseEvent,
  WSACreateEvent,
  WSAEnumNetworkEvents,
  WSAEventSelect,
  WSAEWOULDBLOCK,
  WSAGetLastError,
  WSAStartup,
  WSAWaitForMultipleEvents,
} from "tapsock/winsock";

function nameOf(port: number) {
  const name = new_sockaddr_in();
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  return name;
}

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const port = Number(process.argv[2] ?? 8080);
const listener = socket(AF_INET, SOCK_STREAM, 0);
bind(listener, nameOf(port), sizeof_sockaddr_in);
listen(listener, SOMAXCONN);

const attempts = [port, port + 1].map((to) => {
  const s = socket(AF_INET, SOCK_STREAM, 0);
  const event = WSACreateEvent();
  // This makes the socket nonblocking, too.
  WSAEventSelect(s, event, FD_CONNECT);
  const result = connect(s, nameOf(to), sizeof_sockaddr_in);
  if (result === SOCKET_ERROR && WSAGetLastError() !== WSAEWOULDBLOCK) throw new Error(`connect failed with error: ${WSAGetLastError()}`);
  return { s, event, to };
});

const found = new_WSANETWORKEVENTS();
while (attempts.length > 0) {
  const events = attempts.map(({ event }) => event);
  const which = WSAWaitForMultipleEvents(events.length, events, false, WSA_INFINITE, false) - WSA_WAIT_EVENT_0;
  const [attempt] = attempts.splice(which, 1);
  if (attempt === undefined) throw new Error(`WSAWaitForMultipleEvents failed with error: ${WSAGetLastError()}`);
  WSAEnumNetworkEvents(attempt.s, attempt.event, found);
  const error = found.iErrorCode[FD_CONNECT_BIT];
  console.log(`port ${attempt.to}: ${error === 0 ? "connected" : `failed with error ${error}`}`);
  closesocket(attempt.s);
  WSACloseEvent(attempt.event);
}
WSACleanup();
