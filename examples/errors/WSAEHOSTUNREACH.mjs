import { parseV4 } from "tapsock";
import { refusingRouter } from "./router.mjs";
import { nameOf, program } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2");
host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.9") });
refusingRouter("203.0.113.9", { type: 3, code: 1 }); // the host is unreachable
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.setsockopt(s, ws.IPPROTO_TCP, ws.TCP_FAIL_CONNECT_ON_ICMP_ERROR, { value: 1 }, 4);
ws.connect(s, nameOf("198.51.100.1", 80), ws.sizeof_sockaddr_in);
console.log(ws.WSAGetLastError());
