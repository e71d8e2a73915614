import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
console.log(ws.WSAStartup(ws.MAKEWORD(0, 9), ws.new_WSADATA()));
