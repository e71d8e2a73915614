import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
console.log(ws.getaddrinfo("www.invalid", null, null, { value: null }));
