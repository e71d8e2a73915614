import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(1, 1), ws.new_WSADATA()); // a program of Winsock 1.1, whose hook runs while a call waits
ws.WSASetBlockingHook(() => {
  ws.WSACancelBlockingCall();
});
const name = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_port: ws.htons(5000) };
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.bind(s, name, ws.sizeof_sockaddr_in);
ws.recv(s, new Uint8Array(100), 100, 0);
console.log(ws.WSAGetLastError());
