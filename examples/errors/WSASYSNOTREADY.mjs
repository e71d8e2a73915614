import * as ws from "tapsock/winsock";

ws.useNetwork("daemon:/nowhere/tapsock.sock");
console.log(ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA()));
