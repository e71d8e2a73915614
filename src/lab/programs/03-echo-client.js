// Sends a line to the echo server on port 7, and reads until all of it has come back.
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
const server = w.new_sockaddr_in();
server.sin_family = w.AF_INET;
server.sin_addr.s_addr = w.inet_addr("203.0.113.1");
server.sin_port = w.htons(7);

if (w.connect(s, server, w.sizeof_sockaddr_in) === w.SOCKET_ERROR) {
  console.error("connect failed with error", w.WSAGetLastError());
} else {
  const line = new TextEncoder().encode("How far is it to the other end?");
  w.send(s, line, line.length, 0);
  const answer = new Uint8Array(line.length);
  // A stream has no lines: recv may bring less than was sent.
  let length = 0;
  while (length < answer.length) {
    const count = w.recv(s, answer.subarray(length), answer.length - length, 0);
    if (count <= 0) break;
    length += count;
  }
  console.log(answer.subarray(0, length));
}
w.closesocket(s);
w.WSACleanup();
