import { nameOf, program, simulation } from "./virtual-time.mjs";

const { ws } = program("203.0.113.2");
const { ws: peer } = program("203.0.113.1");
const listener = peer.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
peer.bind(listener, nameOf("203.0.113.1", 80), ws.sizeof_sockaddr_in);
peer.listen(listener, ws.SOMAXCONN);
const s = ws.socket(ws.AF_INET, ws.SOCK_STREAM, 0);
ws.connect(s, nameOf("203.0.113.1", 80), ws.sizeof_sockaddr_in);
peer.closesocket(peer.accept(listener, null, null));
simulation.advance(100); // the peer's FIN has come
ws.send(s, new Uint8Array(5), 5, 0);
simulation.advance(100); // nobody is there to read it: a reset
ws.recv(s, new Uint8Array(100), 100, 0);
console.log(ws.WSAGetLastError());
