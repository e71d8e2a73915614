// Says "that was all" with shutdown, and goes on reading: one direction is closed, the other is not.
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
const server = w.new_sockaddr_in();
server.sin_family = w.AF_INET;
server.sin_addr.s_addr = w.inet_addr("203.0.113.1");
server.sin_port = w.htons(7);
w.connect(s, server, w.sizeof_sockaddr_in);

const text = new TextEncoder().encode("x".repeat(5000));
w.send(s, text, text.length, 0);
w.shutdown(s, w.SD_SEND);
console.log("nothing more will be sent");

const buffer = new Uint8Array(1460);
let total = 0;
for (;;) {
  const count = w.recv(s, buffer, buffer.length, 0);
  if (count <= 0) break;
  total += count;
}
console.log("received", total, "bytes after that, then the end of the stream");
if (w.send(s, text, 1, 0) === w.SOCKET_ERROR) console.log("sending now fails with error", w.WSAGetLastError());
w.closesocket(s);
w.WSACleanup();
