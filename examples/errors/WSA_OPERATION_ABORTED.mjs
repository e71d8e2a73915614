import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const name = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_addr: { s_addr: ws.inet_addr("127.0.0.1") }, sin_port: ws.htons(5000) };
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.bind(s, name, ws.sizeof_sockaddr_in);
const overlapped = ws.new_WSAOVERLAPPED();
ws.WSARecv(s, [ws.new_WSABUF(new Uint8Array(100))], 1, null, { value: 0 }, overlapped, null);
ws.CancelIo(s);
ws.WSAGetOverlappedResult(s, overlapped, { value: 0 }, true, { value: 0 });
console.log(ws.WSAGetLastError());
