import { parseAddress } from "tapsock";
import { program } from "./virtual-time.mjs";

const { host, ws } = program("203.0.113.2");
const { host: server } = program("203.0.113.53");
const readable = () => {
  const { payload, from, fromPort } = endpoint.receive();
  payload.set([0x81, 0x85], 2); // an answer: refused
  endpoint.send(payload, 0, payload.length, from, fromPort);
};
const endpoint = server.udp.open({ localPort: 53, user: { readable } });
host.dns.configure("configured", { servers: [{ address: parseAddress("203.0.113.53") }] });
console.log(ws.getaddrinfo("www.example.com", null, null, { value: null }));
