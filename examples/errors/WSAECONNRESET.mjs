import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const name = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_addr: { s_addr: ws.inet_addr("127.0.0.1") }, sin_port: ws.htons(8080) };
const listener = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.bind(listener, name, ws.sizeof_sockaddr_in);
ws.listen(listener, ws.SOMAXCONN);
const client = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.connect(client, name, ws.sizeof_sockaddr_in);
const server = ws.accept(listener, null, null);
ws.setsockopt(client, ws.SOL_SOCKET, ws.SO_LINGER, { l_onoff: 1, l_linger: 0 }, ws.sizeof_linger);
ws.closesocket(client); // sends a reset
ws.recv(server, new Uint8Array(100), 100, 0);
console.log(ws.WSAGetLastError());
