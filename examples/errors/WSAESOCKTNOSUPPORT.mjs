import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
ws.socket(ws.AF_INET, ws.SOCK_SEQPACKET, 0);
console.log(ws.WSAGetLastError());
