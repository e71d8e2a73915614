// connect of a datagram socket sends nothing: it notes the peer, and filters what comes. A closed port is told by the next receive.
import * as w from "tapsock/winsock";

const peer = (port) => {
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_addr.s_addr = w.inet_addr("203.0.113.1");
  name.sin_port = w.htons(port);
  return name;
};

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_DGRAM, w.IPPROTO_UDP);
const buffer = new Uint8Array(100);
const hello = new TextEncoder().encode("hello");

w.connect(s, peer(7), w.sizeof_sockaddr_in);
w.send(s, hello, hello.length, 0);
const count = w.recv(s, buffer, buffer.length, 0);
console.log("the echo:", buffer.subarray(0, count));

w.connect(s, peer(4444), w.sizeof_sockaddr_in);
w.send(s, hello, hello.length, 0);
if (w.recv(s, buffer, buffer.length, 0) === w.SOCKET_ERROR) console.log("from a closed port: error", w.WSAGetLastError());
w.closesocket(s);
w.WSACleanup();
