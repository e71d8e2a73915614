import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
const overlapped = { ...ws.new_WSAOVERLAPPED(), Internal: 0xc0000350 }; // STATUS_HOST_DOWN, which nothing here puts there
ws.WSAGetOverlappedResult(s, overlapped, { value: 0 }, false, { value: 0 });
console.log(ws.WSAGetLastError());
