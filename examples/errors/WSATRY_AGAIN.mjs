import { parseAddress } from "tapsock";
import { program } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2");
host.dns.configure("configured", { servers: [{ address: parseAddress("203.0.113.53") }] }); // where nobody is
console.log(ws.getaddrinfo("www.example.com", null, null, { value: null }));
