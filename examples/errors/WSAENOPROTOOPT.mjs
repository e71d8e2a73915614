import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.setsockopt(s, ws.SOL_SOCKET, ws.SO_LINGER, { l_onoff: 1, l_linger: 0 }, ws.sizeof_linger);
console.log(ws.WSAGetLastError());
