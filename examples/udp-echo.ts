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
  type SOCKET,
  sendto,
  socket,
  WinsockError,
  WSAEACCES,
  WSAEADDRNOTAVAIL,
  WSAECONNRESET,
  WSAEHOSTUNREACH,
  WSAENETRESET,
  WSAENETUNREACH,
  WSAENOBUFS,
  WSAEWOULDBLOCK,
  WSAStartup,
} from "tapsock/winsock/promises";

/** The longest payload that UDP over IPv4 can have. */
const LONGEST = 65_507;

/**
 * What a datagram can meet that the next one need not: an earlier answer that found nobody ("port unreachable" ends the next recvfrom
 * on Windows) or was too far away, a sender to whom no route leads, who has no port or is everybody, and a queue that is full.
 * The socket stays good.
 */
const PASSING: ReadonlySet<number> = new Set([
  WSAECONNRESET,
  WSAENETRESET,
  WSAENETUNREACH,
  WSAEHOSTUNREACH,
  WSAEADDRNOTAVAIL,
  WSAEACCES,
  WSAENOBUFS,
  WSAEWOULDBLOCK,
]);

const port = Number(process.argv[2] ?? 7);
try {
  await WSAStartup(MAKEWORD(2, 2));
  const s = await socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  await bind(s, { address: "0.0.0.0", port });
  console.log(`listening on port ${port}`);
  for (;;) await echo(s);
} catch (error) {
  if (!(error instanceof WinsockError)) throw error;
  console.error(`Cannot echo on port ${port}: ${error.message}`);
  process.exit(1);
}

/** @throws WinsockError when the socket or the network is gone */
async function echo(s: SOCKET): Promise<void> {
  try {
    const { data, address, port: from } = await recvfrom(s, LONGEST);
    // Two echo servers, brought together by one forged sender, would never end (CERT CA-1996-01).
    if (from !== port) await sendto(s, data, { address, port: from });
  } catch (error) {
    if (!(error instanceof WinsockError && PASSING.has(error.errno))) throw error;
  }
}
