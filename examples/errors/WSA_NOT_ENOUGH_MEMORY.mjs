import { parseAddress } from "tapsock";
import { program } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2", { limits: { pendingCalls: 0 } }); // no call may wait
host.dns.configure("configured", { servers: [{ address: parseAddress("203.0.113.53") }] });
console.log(ws.getaddrinfo("www.example.com", null, null, { value: null }));
