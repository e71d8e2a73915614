import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const name = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_addr: { s_addr: ws.inet_addr("127.0.0.1") }, sin_port: ws.htons(8080) };
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.ioctlsocket(s, ws.FIONBIO, { value: 1 });
ws.connect(s, name, ws.sizeof_sockaddr_in); // WSAEWOULDBLOCK: it goes on
ws.connect(s, name, ws.sizeof_sockaddr_in);
console.log(ws.WSAGetLastError());
