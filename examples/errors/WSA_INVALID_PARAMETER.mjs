import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
ws.WSAWaitForMultipleEvents(0, [], false, 0, false);
console.log(ws.WSAGetLastError());
