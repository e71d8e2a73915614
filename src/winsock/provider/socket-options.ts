import type { ConnectionOptions } from "../../stack/tcp/tcp-user.ts";

/** SO_LINGER; seconds. */
export interface Linger {
  readonly on: boolean;
  readonly seconds: number;
}

/** What setsockopt may change, under Microsoft's meanings; times in milliseconds unless said otherwise. */
export interface SocketOptions {
  debug: boolean;
  reuseAddress: boolean;
  exclusiveAddressUse: boolean;
  keepAlive: boolean;
  dontRoute: boolean;
  broadcast: boolean;
  linger: Linger;
  outOfBandInline: boolean;
  sendBufferBytes: number;
  /** Whether SO_SNDBUF was set; while it was not, as much is buffered as keeps the path busy. */
  sendBufferIsSet: boolean;
  receiveBufferBytes: number;
  /** Whether SO_RCVBUF was set; while it was not, the stack tunes the buffer by itself. */
  receiveBufferIsSet: boolean;
  /** 0 for ever. */
  sendTimeoutMs: number;
  /** 0 for ever. */
  receiveTimeoutMs: number;
  noDelay: boolean;
  /** TCP_MAXRT and TCP_MAXRTMS as set: seconds or milliseconds, 0 for the system's, −1 (as a DWORD) for ever. */
  maxRetransmissionSeconds: number;
  maxRetransmissionMs: number;
  failConnectOnIcmpError: boolean;
  /** IPV6_V6ONLY: while false a socket of AF_INET6 speaks IPv4 too, by v4-mapped addresses. Without meaning for others. */
  isV6Only: boolean;
}

export function defaultOptions(sendBufferBytes: number, receiveBufferBytes: number): SocketOptions {
  return {
    debug: false,
    reuseAddress: false,
    exclusiveAddressUse: false,
    keepAlive: false,
    dontRoute: false,
    broadcast: false,
    linger: { on: false, seconds: 0 },
    outOfBandInline: false,
    sendBufferBytes,
    sendBufferIsSet: false,
    receiveBufferBytes,
    receiveBufferIsSet: false,
    sendTimeoutMs: 0,
    receiveTimeoutMs: 0,
    noDelay: false,
    maxRetransmissionSeconds: 0,
    maxRetransmissionMs: 0,
    failConnectOnIcmpError: false,
    isV6Only: true,
  };
}

/** What an accepted socket has from its listener (Microsoft, "accept function"; Wine's test accept_inheritance). */
export function inheritedOptions(from: SocketOptions): SocketOptions {
  const fresh = defaultOptions(from.sendBufferBytes, from.receiveBufferBytes);
  return {
    ...fresh,
    reuseAddress: from.reuseAddress,
    keepAlive: from.keepAlive,
    outOfBandInline: from.outOfBandInline,
    sendBufferIsSet: from.sendBufferIsSet,
    receiveBufferIsSet: from.receiveBufferIsSet,
    sendTimeoutMs: from.sendTimeoutMs,
    receiveTimeoutMs: from.receiveTimeoutMs,
    linger: from.linger,
    noDelay: from.noDelay,
    isV6Only: from.isV6Only,
  };
}

const FOR_EVER = 0xffffffff;
/** SO_RCVBUF is a hint about the window (0 is legal): a smaller one than this would stall a connection. */
const LEAST_RECEIVE_BUFFER = 4096;

/** The options as TCP takes them. */
export function connectionOptions(options: SocketOptions): ConnectionOptions {
  return {
    noDelay: options.noDelay,
    keepAlive: options.keepAlive,
    maxRetransmissionMs: maxRetransmissionMs(options),
    receiveBufferBytes: options.receiveBufferIsSet ? Math.max(options.receiveBufferBytes, LEAST_RECEIVE_BUFFER) : undefined,
    failConnectOnIcmpError: options.failConnectOnIcmpError,
  };
}

/** What `after` has that `before` has not: an option passed on again would start its timers anew. */
export function changedConnectionOptions(before: ConnectionOptions, after: ConnectionOptions): Partial<ConnectionOptions> | undefined {
  const changed = Object.entries(after).filter(([name, value]) => before[name as keyof ConnectionOptions] !== value);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

function maxRetransmissionMs(options: SocketOptions): number | undefined {
  if (options.maxRetransmissionSeconds === FOR_EVER || options.maxRetransmissionMs === FOR_EVER) return Number.POSITIVE_INFINITY;
  if (options.maxRetransmissionMs !== 0) return options.maxRetransmissionMs;
  return options.maxRetransmissionSeconds === 0 ? undefined : options.maxRetransmissionSeconds * 1000;
}
