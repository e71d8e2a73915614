import { parseAddress } from "tapsock";
import { program } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2");
host.dns.configure("configured", { servers: [{ address: parseAddress("203.0.113.53") }] });
const overlapped = ws.new_WSAOVERLAPPED();
const lookup = { value: 0 };
ws.GetAddrInfoExW("www.example.com", null, ws.NS_DNS, null, null, { value: null }, null, overlapped, null, lookup);
ws.GetAddrInfoExCancel(lookup);
console.log(ws.GetAddrInfoExOverlappedResult(overlapped));
