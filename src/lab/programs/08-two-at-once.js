// Two connections at once with WSAPoll: whoever has something is read, nobody waits for the other.
import * as w from "tapsock/winsock";

const connectTo = (port) => {
  const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_addr.s_addr = w.inet_addr("203.0.113.1");
  name.sin_port = w.htons(port);
  if (w.connect(s, name, w.sizeof_sockaddr_in) === w.SOCKET_ERROR) console.error("connect failed with error", w.WSAGetLastError());
  return s;
};

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const echo = connectTo(7);
const source = connectTo(19);
const totals = new Map([
  [echo, 0],
  [source, 0],
]);
const line = new TextEncoder().encode("ping");
w.send(echo, line, line.length, 0);
w.shutdown(echo, w.SD_SEND);

const buffer = new Uint8Array(16384);
const open = new Set([echo, source]);
while (open.size > 0) {
  const fds = [...open].map((fd) => ({ fd, events: w.POLLIN, revents: 0 }));
  w.WSAPoll(fds, fds.length, 10_000);
  for (const { fd, revents } of fds) {
    if (revents === 0) continue;
    const count = w.recv(fd, buffer, buffer.length, 0);
    if (count > 0) totals.set(fd, totals.get(fd) + count);
    else open.delete(fd);
  }
}
console.log("echo:", totals.get(echo), "bytes; source:", totals.get(source), "bytes");
w.closesocket(echo);
w.closesocket(source);
w.WSACleanup();
