// Connects to a server that sends as fast as it may, and does not read for five seconds: watch the window.
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
// A small buffer, so that it is full soon.
w.setsockopt(s, w.SOL_SOCKET, w.SO_RCVBUF, { value: 16_384 }, 4);
const server = w.new_sockaddr_in();
server.sin_family = w.AF_INET;
server.sin_addr.s_addr = w.inet_addr("203.0.113.1");
server.sin_port = w.htons(19);
w.connect(s, server, w.sizeof_sockaddr_in);

w.Sleep(5000);
console.log("awake");
const buffer = new Uint8Array(4096);
let total = 0;
for (;;) {
  const count = w.recv(s, buffer, buffer.length, 0);
  if (count <= 0) break;
  total += count;
}
console.log("received", total, "bytes");
w.closesocket(s);
w.WSACleanup();
