import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const name = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_addr: { s_addr: ws.INADDR_ANY }, sin_port: ws.htons(80) };
ws.connect(ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0), name, ws.sizeof_sockaddr_in);
console.log(ws.WSAGetLastError());
