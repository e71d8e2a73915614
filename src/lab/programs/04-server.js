// A server for one client: run it on the host "server", then connect to its port 4000 from the host "client".
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const listener = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
const own = w.new_sockaddr_in();
own.sin_family = w.AF_INET;
own.sin_addr.s_addr = w.INADDR_ANY;
own.sin_port = w.htons(4000);

if (w.bind(listener, own, w.sizeof_sockaddr_in) === w.SOCKET_ERROR) console.error("bind failed with error", w.WSAGetLastError());
w.listen(listener, w.SOMAXCONN);
console.log("waiting for a client on port 4000");

const peer = w.new_sockaddr_in();
const s = w.accept(listener, peer, { value: w.sizeof_sockaddr_in });
console.log("client from", w.inet_ntoa(peer.sin_addr), "port", w.ntohs(peer.sin_port));

const buffer = new Uint8Array(1024);
for (;;) {
  const count = w.recv(s, buffer, buffer.length, 0);
  if (count === w.SOCKET_ERROR) console.error("recv failed with error", w.WSAGetLastError());
  if (count <= 0) break;
  w.send(s, buffer, count, 0);
}
w.closesocket(s);
w.closesocket(listener);
w.WSACleanup();
