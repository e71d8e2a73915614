// A connect that does not wait: WSAEWOULDBLOCK at once, and select says what came of it.
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
w.ioctlsocket(s, w.FIONBIO, { value: 1 });

const server = w.new_sockaddr_in();
server.sin_family = w.AF_INET;
server.sin_addr.s_addr = w.inet_addr("203.0.113.1");
// Try 8081, where nobody listens: the socket is then in the third set.
server.sin_port = w.htons(8080);

if (w.connect(s, server, w.sizeof_sockaddr_in) === w.SOCKET_ERROR && w.WSAGetLastError() !== w.WSAEWOULDBLOCK) {
  console.error("connect failed with error", w.WSAGetLastError());
} else {
  console.log("connect has begun; meanwhile one can do something else");
  const writable = w.new_fd_set();
  const failed = w.new_fd_set();
  w.FD_SET(s, writable);
  w.FD_SET(s, failed);
  const timeout = { tv_sec: 30, tv_usec: 0 };
  const count = w.select(0, null, writable, failed, timeout);
  if (count === 0) console.log("nothing in 30 seconds");
  else if (w.FD_ISSET(s, writable)) console.log("connected");
  else {
    const error = { value: 0 };
    w.getsockopt(s, w.SOL_SOCKET, w.SO_ERROR, error, { value: 4 });
    console.log("connect came to nothing: error", error.value);
  }
}
w.closesocket(s);
w.WSACleanup();
