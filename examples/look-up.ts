/**
 * Connects to a host by its name: to one of its addresses after the other, in the order in which they are found. The program's own server
 * speaks IPv4 alone, so that the first of localhost's does not answer.
 *
 *   node dist/examples/look-up.js [HOST [SERVICE]]
 */
import {
  AF_INET,
  bind,
  closesocket,
  connect,
  freeaddrinfo,
  gai_strerror,
  getaddrinfo,
  getnameinfo,
  htonl,
  htons,
  INADDR_LOOPBACK,
  listen,
  MAKEWORD,
  NI_MAXHOST,
  NI_MAXSERV,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
  new_addrinfo,
  new_sockaddr_in,
  new_WSADATA,
  SOCK_STREAM,
  SOCKET_ERROR,
  SOMAXCONN,
  sizeof_sockaddr_in,
  socket,
  WSACleanup,
  WSAGetLastError,
  WSAStartup,
} from "tapsock/winsock";

const [host = "localhost", service = "8080"] = process.argv.slice(2);

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const own = new_sockaddr_in();
own.sin_family = AF_INET;
own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
own.sin_port = htons(8080);
const listener = socket(AF_INET, SOCK_STREAM, 0);
bind(listener, own, sizeof_sockaddr_in);
listen(listener, SOMAXCONN);

const hints = new_addrinfo();
hints.ai_socktype = SOCK_STREAM;
const result: Parameters<typeof getaddrinfo>[3] = { value: null };
const failure = getaddrinfo(host, service, hints, result);
if (failure !== 0) {
  console.error(`getaddrinfo failed with error ${failure}: ${gai_strerror(failure)}`);
  process.exit(1);
}

for (let info = result.value; info !== null; info = info.ai_next) {
  const [node, port] = [{ value: "" }, { value: "" }];
  getnameinfo(info.ai_addr, info.ai_addrlen, node, NI_MAXHOST, port, NI_MAXSERV, NI_NUMERICHOST | NI_NUMERICSERV);
  const s = socket(info.ai_family, info.ai_socktype, info.ai_protocol);
  const isConnected = connect(s, info.ai_addr, info.ai_addrlen) !== SOCKET_ERROR;
  console.log(`${node.value} port ${port.value}: ${isConnected ? "connected" : `connect failed with error ${WSAGetLastError()}`}`);
  closesocket(s);
  if (isConnected) break;
}
freeaddrinfo(result.value);
WSACleanup();
