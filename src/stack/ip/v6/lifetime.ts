/** In the options of routers: forever (RFC 4861 §4.6.2). */
const FOREVER = 0xffffffff;

/** When a lifetime that a router advertises ends, on the host's clock. @param seconds 32 bits as they stand in the option */
export const lifetimeEndMs = (nowMs: number, seconds: number): number =>
  seconds === FOREVER ? Number.POSITIVE_INFINITY : nowMs + seconds * 1000;
