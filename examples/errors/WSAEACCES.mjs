import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const everybody = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_addr: { s_addr: ws.INADDR_BROADCAST }, sin_port: ws.htons(9) };
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.connect(s, everybody, ws.sizeof_sockaddr_in); // without SO_BROADCAST
console.log(ws.WSAGetLastError());
