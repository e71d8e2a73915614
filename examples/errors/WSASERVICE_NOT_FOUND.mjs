import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
console.log(ws.GetAddrInfoEx("localhost", null, ws.NS_BTH, null, null, { value: null }, null, null, null, null));
