import * as ws from "tapsock/winsock";

ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0); // before WSAStartup
console.log(ws.WSAGetLastError());
