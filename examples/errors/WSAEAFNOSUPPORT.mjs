import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.connect(s, { ...ws.new_sockaddr_in6(), sin6_family: ws.AF_INET6, sin6_port: ws.htons(80) }, ws.sizeof_sockaddr_in6);
console.log(ws.WSAGetLastError());
