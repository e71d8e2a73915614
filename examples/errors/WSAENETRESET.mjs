import { parseV4 } from "tapsock";
import { refusingRouter } from "./router.mjs";
import { nameOf, program } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2");
host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.9") });
refusingRouter("203.0.113.9", { type: 11, code: 0 }); // the datagram has passed too many routers
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.sendto(s, new Uint8Array(5), 5, 0, nameOf("198.51.100.1", 5000), ws.sizeof_sockaddr_in);
ws.recv(s, new Uint8Array(100), 100, 0);
console.log(ws.WSAGetLastError());
