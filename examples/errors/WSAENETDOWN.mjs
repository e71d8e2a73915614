import { parseV4 } from "tapsock";
import { nameOf, program, simulation } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2");
const s = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
ws.bind(s, nameOf("203.0.113.2", 5000), ws.sizeof_sockaddr_in);
simulation.at(simulation.now + 100, () => host.ip.removeAddress(host.ip.interfaces[0], parseV4("203.0.113.2")));
ws.recv(s, new Uint8Array(100), 100, 0); // waits, until the adapter has its address no more
console.log(ws.WSAGetLastError());
