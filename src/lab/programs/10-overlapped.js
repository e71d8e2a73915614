// An overlapped receive: the call returns at once, and a completion routine runs in an alertable wait when there is something.
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
const server = w.new_sockaddr_in();
server.sin_family = w.AF_INET;
server.sin_addr.s_addr = w.inet_addr("203.0.113.1");
server.sin_port = w.htons(7);
w.connect(s, server, w.sizeof_sockaddr_in);

const buf = new Uint8Array(100);
let isOver = false;
const completed = (error, bytes) => {
  console.log("completed with error", error, "and", bytes, "bytes");
  isOver = true;
};
const flags = { value: 0 };
const result = w.WSARecv(s, [{ len: buf.length, buf }], 1, null, flags, w.new_WSAOVERLAPPED(), completed);
console.log("WSARecv returned", result, "with", w.WSAGetLastError());

const line = new TextEncoder().encode("wake me");
w.send(s, line, line.length, 0);
while (!isOver) console.log("SleepEx returned", w.SleepEx(1000, w.TRUE));
w.closesocket(s);
w.WSACleanup();
