import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const name = { ...ws.new_sockaddr_in(), sin_family: ws.AF_INET, sin_addr: { s_addr: ws.inet_addr("127.0.0.1") }, sin_port: ws.htons(5000) };
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.bind(s, name, ws.sizeof_sockaddr_in);
const routine = () => {
  ws.recv(s, new Uint8Array(100), 100, 0); // in the middle of the other
  console.log(ws.WSAGetLastError());
  ws.sendto(s, new Uint8Array(5), 5, 0, name, ws.sizeof_sockaddr_in); // which this ends
};
ws.QueueUserAPC(routine, ws.GetCurrentThread(), 0);
ws.recv(s, new Uint8Array(100), 100, 0);
