import { WINDOWS } from "tapsock";
import { nameOf, program } from "./virtual-time.mjs";

const { ws } = program("203.0.113.2", { profile: { ...WINDOWS, name: "one port", portRange: [50000, 50000] } });
for (const port of [80, 81]) {
  const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
  ws.ioctlsocket(s, ws.FIONBIO, { value: 1 });
  ws.connect(s, nameOf("203.0.113.1", port), ws.sizeof_sockaddr_in); // the first has the only dynamic port
}
console.log(ws.WSAGetLastError());
