import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const event = ws.WSACreateEvent();
ws.WSACloseEvent(event);
ws.WSASetEvent(event);
console.log(ws.WSAGetLastError());
