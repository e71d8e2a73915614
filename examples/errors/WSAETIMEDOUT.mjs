import { nameOf, program } from "./virtual-time.mjs";

const { ws } = program("203.0.113.2");
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.connect(s, nameOf("203.0.113.1", 80), ws.sizeof_sockaddr_in); // nobody is there: 21 seconds
console.log(ws.WSAGetLastError());
