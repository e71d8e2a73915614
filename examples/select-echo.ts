/**
 * An echo server on `select`: one thread looks at its listener and at all clients. Two clients of its own make a program of it that ends.
 *
 *   node dist/examples/select-echo.js [PORT]
 */
import {
  AF_INET,
  accept,
  bind,
  closesocket,
  connect,
  FD_ISSET,
  FD_SET,
  FD_ZERO,
  htonl,
  htons,
  INADDR_LOOPBACK,
  listen,
  MAKEWORD,
  new_fd_set,
  new_sockaddr_in,
  new_WSADATA,
  recv,
  SD_SEND,
  SOCK_STREAM,
  type SOCKET,
  SOCKET_ERROR,
  SOMAXCONN,
  select,
  send,
  shutdown,
  sizeof_sockaddr_in,
  socket,
  WSACleanup,
  WSAGetLastError,
  WSAStartup,
} from "tapsock/winsock";

const memory = new Uint8Array(4096);

/** Echoes until as many clients have ended their side. */
function serve(listener: SOCKET, expected: number): void {
  const clients: SOCKET[] = [];
  const readfds = new_fd_set();
  while (expected > 0) {
    FD_ZERO(readfds);
    FD_SET(listener, readfds);
    for (const s of clients) FD_SET(s, readfds);
    if (select(0, readfds, null, null, null) === SOCKET_ERROR) throw new Error(`select failed with error: ${WSAGetLastError()}`);

    if (FD_ISSET(listener, readfds)) clients.push(accept(listener, null, null));
    for (const s of [...clients]) {
      if (!FD_ISSET(s, readfds)) continue;
      const count = recv(s, memory, memory.length, 0);
      if (count > 0) {
        send(s, memory, count, 0);
        continue;
      }
      console.log(count === 0 ? "a client has ended its side" : `recv failed with error: ${WSAGetLastError()}`);
      closesocket(s);
      clients.splice(clients.indexOf(s), 1);
      expected--;
    }
  }
}

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const name = new_sockaddr_in();
name.sin_family = AF_INET;
name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
name.sin_port = htons(Number(process.argv[2] ?? 7));

const listener = socket(AF_INET, SOCK_STREAM, 0);
bind(listener, name, sizeof_sockaddr_in);
if (listen(listener, SOMAXCONN) === SOCKET_ERROR) throw new Error(`listen failed with error: ${WSAGetLastError()}`);

const own = ["one", "two"].map((text) => {
  const s = socket(AF_INET, SOCK_STREAM, 0);
  connect(s, name, sizeof_sockaddr_in);
  send(s, new TextEncoder().encode(text), text.length, 0);
  shutdown(s, SD_SEND);
  return s;
});
serve(listener, own.length);
for (const s of own) console.log(new TextDecoder().decode(memory.subarray(0, recv(s, memory, memory.length, 0))));
WSACleanup();
