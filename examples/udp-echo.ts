/**
 * Sends every datagram back to where it came from.
 *
 *   TAPSOCK=daemon:/run/tapsock/tapsock.sock node dist/examples/udp-echo.js [PORT]
 */
import {
  AF_INET,
  bind,
  IPPROTO_UDP,
  MAKEWORD,
  recvfrom,
  SOCK_DGRAM,
  sendto,
  socket,
  WinsockError,
  WSAECONNRESET,
  WSAStartup,
} from "tapsock/winsock/promises";

/** The longest payload that UDP over IPv4 can have. */
const LONGEST = 65_507;

const port = Number(process.argv[2] ?? 7);
await WSAStartup(MAKEWORD(2, 2));
const s = await socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
await bind(s, { address: "0.0.0.0", port });
console.log(`listening on port ${port}`);

for (;;) {
  try {
    const { data, address, port: from } = await recvfrom(s, LONGEST);
    await sendto(s, data, { address, port: from });
  } catch (error) {
    // On Windows an earlier answer that found nobody ("port unreachable") ends the next recvfrom; the socket stays good.
    if (!(error instanceof WinsockError && error.errno === WSAECONNRESET)) throw error;
  }
}
