import type { InterfaceService } from "../../stack/link/interface-service.ts";
import type { ConnectionOptions } from "../../stack/tcp/tcp-user.ts";

/** SO_LINGER; seconds. */
export interface Linger {
  readonly on: boolean;
  readonly seconds: number;
}

/** What setsockopt may change, under Microsoft's meanings; times in milliseconds unless said otherwise. */
export interface SocketOptions {
  reuseAddress: boolean;
  exclusiveAddressUse: boolean;
  keepAlive: boolean;
  broadcast: boolean;
  /** IP_RECEIVE_BROADCAST. */
  receivesBroadcast: boolean;
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
  conditionalAccept: boolean;
  pauseAccept: boolean;
  /** TCP_MAXRT and TCP_MAXRTMS as set: seconds or milliseconds, 0 for the system's, −1 (as a DWORD) for ever. */
  maxRetransmissionSeconds: number;
  maxRetransmissionMs: number;
  failConnectOnIcmpError: boolean;
  /** IPV6_V6ONLY: while false a socket of AF_INET6 speaks IPv4 too, by v4-mapped addresses. Without meaning for others. */
  isV6Only: boolean;
  /** TCP_FASTOPEN, as set: not 0 on who connects, ConnectEx's first bytes go with the SYN; on a listener, connections are taken so. */
  fastOpen: number;
  /** TCP_TIMESTAMPS: offered although the profile's SYN does not. */
  timestamps: boolean;
  /** IP_TTL and IPV6_UNICAST_HOPS, which are one here; undefined for the profile's. */
  ttl: number | undefined;
  /** IP_TOS and IPV6_TCLASS. */
  trafficClass: number;
  /** IP_DONTFRAGMENT and IPV6_DONTFRAG, of datagrams. */
  dontFragment: boolean;
  /** IP_MTU_DISCOVER and IPV6_MTU_DISCOVER. */
  mtuDiscovery: number;
  multicastInterface: InterfaceService | undefined;
  multicastTtl: number;
  multicastLoop: boolean;
  /** IP_HDRINCL and IPV6_HDRINCL. */
  includesHeader: boolean;
  /** IPV6_CHECKSUM; −1 for none. */
  checksumAt: number;
  /** UDP_SEND_MSG_SIZE; 0 sends each datagram as it is. */
  segmentBytes: number;
  /** SIO_UDP_CONNRESET and SIO_UDP_NETRESET: what ICMP says of a datagram makes a receive fail. */
  reportsPortUnreachable: boolean;
  reportsTtlExceeded: boolean;
  /** SIO_ENABLE_CIRCULAR_QUEUEING. */
  dropsOldestDatagrams: boolean;
  /** TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and SIO_KEEPALIVE_VALS; undefined and 0 for the profile's. */
  keepAliveIdleMs: number | undefined;
  keepAliveIntervalMs: number | undefined;
  keepAliveProbes: number | undefined;
  /** SIO_TCP_INITIAL_RTO; undefined for the profile's. */
  initialRtoMs: number | undefined;
  synRetries: number | undefined;
  /** Of options that are kept only, or that WSARecvMsg asks for: what was set, by `keptKey`. */
  readonly kept: Map<string, number>;
  /** The same of those whose value is so many bytes. */
  readonly keptBytes: Map<string, Uint8Array>;
}

/** Where an option's value is kept. */
export const keptKey = (level: number, name: number): string => `${level}/${name}`;

export function defaultOptions(sendBufferBytes: number, receiveBufferBytes: number): SocketOptions {
  return {
    reuseAddress: false,
    exclusiveAddressUse: false,
    keepAlive: false,
    broadcast: false,
    receivesBroadcast: true,
    linger: { on: false, seconds: 0 },
    outOfBandInline: false,
    sendBufferBytes,
    sendBufferIsSet: false,
    receiveBufferBytes,
    receiveBufferIsSet: false,
    sendTimeoutMs: 0,
    receiveTimeoutMs: 0,
    noDelay: false,
    conditionalAccept: false,
    pauseAccept: false,
    maxRetransmissionSeconds: 0,
    maxRetransmissionMs: 0,
    failConnectOnIcmpError: false,
    isV6Only: true,
    fastOpen: 0,
    timestamps: false,
    ttl: undefined,
    trafficClass: 0,
    dontFragment: false,
    mtuDiscovery: 0,
    multicastInterface: undefined,
    multicastTtl: 1,
    multicastLoop: true,
    includesHeader: false,
    checksumAt: -1,
    segmentBytes: 0,
    reportsPortUnreachable: true,
    reportsTtlExceeded: true,
    dropsOldestDatagrams: false,
    keepAliveIdleMs: undefined,
    keepAliveIntervalMs: undefined,
    keepAliveProbes: undefined,
    initialRtoMs: undefined,
    synRetries: undefined,
    kept: new Map(),
    keptBytes: new Map(),
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
    // The connection was made under these.
    ttl: from.ttl,
    trafficClass: from.trafficClass,
    keepAliveIdleMs: from.keepAliveIdleMs,
    keepAliveIntervalMs: from.keepAliveIntervalMs,
    keepAliveProbes: from.keepAliveProbes,
  };
}

const FOR_EVER = 0xffffffff;
/** SO_RCVBUF is a hint about the window (0 is legal): a smaller one than this would stall a connection. */
const LEAST_RECEIVE_BUFFER = 4096;

/** The options as TCP takes them. */
export function connectionOptions(options: SocketOptions): ConnectionOptions {
  return {
    fastOpen: options.fastOpen !== 0,
    noDelay: options.noDelay,
    cork: false,
    maxSegmentBytes: undefined,
    keepAlive: options.keepAlive,
    urgentInline: options.outOfBandInline,
    maxRetransmissionMs: maxRetransmissionMs(options),
    receiveBufferBytes: options.receiveBufferIsSet ? Math.max(options.receiveBufferBytes, LEAST_RECEIVE_BUFFER) : undefined,
    failConnectOnIcmpError: options.failConnectOnIcmpError,
    ttl: options.ttl,
    trafficClass: options.trafficClass,
    keepAliveIdleMs: options.keepAliveIdleMs || undefined,
    keepAliveIntervalMs: options.keepAliveIntervalMs || undefined,
    keepAliveProbes: options.keepAliveProbes || undefined,
    // Windows has it of the whole system, and not of a socket.
    congestionControl: undefined,
    timestamps: options.timestamps,
    initialRtoMs: options.initialRtoMs,
    synRetries: options.synRetries,
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
