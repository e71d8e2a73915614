import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
ws.getservbyname("no-such-service", "tcp");
console.log(ws.WSAGetLastError());
