/**
 * Byte order as a little-endian machine sees it, which is what every Windows is: a number "in network byte order" has its bytes swapped,
 * so htons(80) is 0x5000. Arguments are cut to 16 or 32 bits as a C cast would; results are unsigned.
 */

const swap16 = (n: number): number => ((n & 0xff) << 8) | ((n >>> 8) & 0xff);
const swap32 = (n: number): number => ((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;

/** A port, or any 16 bits, from the host's to network byte order: htons(80) is 0x5000. */
export function htons(hostshort: number): number {
  return swap16(hostshort);
}

/** A port, or any 16 bits, from network to the host's byte order. */
export function ntohs(netshort: number): number {
  return swap16(netshort);
}

/** An IPv4 address, or any 32 bits, from the host's to network byte order: htonl(INADDR_LOOPBACK) is 127.0.0.1. */
export function htonl(hostlong: number): number {
  return swap32(hostlong);
}

/** An IPv4 address, or any 32 bits, from network to the host's byte order. */
export function ntohl(netlong: number): number {
  return swap32(netlong);
}
