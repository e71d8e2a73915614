/** The constants and macros of ws2ipdef.h for addresses of IPv6. */
import { type in6_addr, sizeof_in6_addr } from "./structures.ts";

/** Frozen: a call that is to fill it fails with WSAEFAULT, as one that writes to memory which is only to be read. */
const constant = (...last: number[]): in6_addr => {
  const bytes = [...new Array<number>(sizeof_in6_addr - last.length).fill(0), ...last];
  return Object.freeze({ s6_addr: Object.freeze(bytes) as number[] });
};

/** ::, which stands for every address. */
export const in6addr_any: in6_addr = constant(0);
/** ::1. */
export const in6addr_loopback: in6_addr = constant(1);

const areZero = (a: in6_addr, from: number, end: number): boolean => {
  for (let i = from; i < end; i++) if (a.s6_addr[i] !== 0) return false;
  return true;
};

/** ::, which is nobody's address. */
export const IN6_IS_ADDR_UNSPECIFIED = (a: in6_addr): boolean => areZero(a, 0, 16);

/** ::1. */
export const IN6_IS_ADDR_LOOPBACK = (a: in6_addr): boolean => areZero(a, 0, 15) && a.s6_addr[15] === 1;

/** ff00::/8. */
export const IN6_IS_ADDR_MULTICAST = (a: in6_addr): boolean => a.s6_addr[0] === 0xff;

/** fe80::/10. */
export const IN6_IS_ADDR_LINKLOCAL = (a: in6_addr): boolean => a.s6_addr[0] === 0xfe && (a.s6_addr[1]! & 0xc0) === 0x80;

/** fec0::/10. */
export const IN6_IS_ADDR_SITELOCAL = (a: in6_addr): boolean => a.s6_addr[0] === 0xfe && (a.s6_addr[1]! & 0xc0) === 0xc0;

/** ::ffff:0:0/96: an IPv4 address, in a socket of both families. */
export const IN6_IS_ADDR_V4MAPPED = (a: in6_addr): boolean => areZero(a, 0, 10) && a.s6_addr[10] === 0xff && a.s6_addr[11] === 0xff;

/** ::/96 without :: and ::1. */
export const IN6_IS_ADDR_V4COMPAT = (a: in6_addr): boolean =>
  areZero(a, 0, 12) && !areZero(a, 12, 16) && !(areZero(a, 12, 15) && a.s6_addr[15] === 1);
