import { program } from "./virtual-time.mjs";

const { ws } = program("203.0.113.2", { limits: { sockets: 4 } }); // 65,536 unless it is said otherwise
while (ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0) !== ws.INVALID_SOCKET);
console.log(ws.WSAGetLastError());
