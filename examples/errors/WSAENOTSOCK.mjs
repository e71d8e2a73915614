import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.closesocket(s);
ws.closesocket(s);
console.log(ws.WSAGetLastError());
