import type { ConnectionOptions } from "../stack/tcp/tcp-user.ts";
import type { DrillSocket } from "./drill-socket.ts";
import { symbol } from "./symbols.ts";

/** An option of a socket: what setting it does, and what asking for it finds. */
interface DrillSocketOption {
  readonly name: string;
  readonly set?: (socket: DrillSocket, value: number) => void;
  readonly get?: (socket: DrillSocket) => number;
}

/** Sets what the connection has, or will be opened with. */
function change(socket: DrillSocket, options: Partial<ConnectionOptions>): void {
  socket.options = { ...socket.options, ...options };
  socket.connection?.setOptions(options);
  socket.listener?.setOptions(options);
}

/** One that is only remembered: what it does cannot be seen from a script here. */
const kept = (level: string, name: string): readonly [string, DrillSocketOption] => [
  keyOf(symbol(level), symbol(name)),
  { name, set: (socket, value) => socket.values.set(name, value), get: (socket) => socket.values.get(name) ?? 0 },
];

const acting = (
  level: string,
  name: string,
  act: (socket: DrillSocket, value: number) => void,
  get?: (socket: DrillSocket) => number,
): readonly [string, DrillSocketOption] => [
  keyOf(symbol(level), symbol(name)),
  {
    name,
    set: (socket, value) => {
      socket.values.set(name, value);
      act(socket, value);
    },
    get: get ?? ((socket) => socket.values.get(name) ?? 0),
  },
];

const keyOf = (level: number, name: number): string => `${level}:${name}`;

/** Linux keeps twice of what was asked for, half of it for its own book-keeping. */
const DOUBLED = 2;
/** Before anything is known of a path. */
const DEFAULT_MSS = 536;
const NO_LOWAT = 0xffffffff;

const OPTIONS: ReadonlyMap<string, DrillSocketOption> = new Map([
  kept("SOL_SOCKET", "SO_REUSEADDR"),
  kept("SOL_SOCKET", "SO_REUSEPORT"),
  kept("SOL_SOCKET", "SO_EXCLUSIVEADDRUSE"),
  kept("SOL_SOCKET", "SO_MARK"),
  kept("SOL_IP", "IP_FREEBIND"),
  kept("SOL_IP", "IP_MTU_DISCOVER"),
  acting(
    "SOL_SOCKET",
    "SO_SNDBUF",
    (socket, value) => {
      socket.space.fixedLimit = value * DOUBLED;
    },
    (socket) => socket.space.fixedLimit ?? 0,
  ),
  acting(
    "SOL_SOCKET",
    "SO_RCVBUF",
    (socket, value) => {
      socket.receiveBufferBytes = value * DOUBLED;
      change(socket, { receiveBufferBytes: value });
    },
    (socket) => socket.receiveBufferBytes ?? 0,
  ),
  acting("SOL_SOCKET", "SO_KEEPALIVE", (socket, value) => change(socket, { keepAlive: value !== 0 })),
  acting("SOL_SOCKET", "SO_OOBINLINE", (socket, value) => change(socket, { urgentInline: value !== 0 })),
  acting("SOL_TCP", "TCP_NODELAY", (socket, value) => {
    change(socket, { noDelay: value !== 0 });
    // Linux lets go of what it holds whenever this is set, though it was set before.
    if (value !== 0) socket.connection?.push();
  }),
  acting("SOL_TCP", "TCP_CORK", (socket, value) => change(socket, { cork: value !== 0 })),
  acting(
    "SOL_TCP",
    "TCP_MAXSEG",
    (socket, value) => change(socket, { maxSegmentBytes: value }),
    (socket) => socket.connection?.status().mss ?? socket.values.get("TCP_MAXSEG") ?? DEFAULT_MSS,
  ),
  acting("SOL_TCP", "TCP_KEEPIDLE", (socket, value) => change(socket, { keepAliveIdleMs: value * 1000 })),
  acting("SOL_TCP", "TCP_KEEPINTVL", (socket, value) => change(socket, { keepAliveIntervalMs: value * 1000 })),
  acting("SOL_TCP", "TCP_KEEPCNT", (socket, value) => change(socket, { keepAliveProbes: value })),
  acting("SOL_TCP", "TCP_SYNCNT", (socket, value) => change(socket, { synRetries: value })),
  acting("SOL_TCP", "TCP_USER_TIMEOUT", (socket, value) => change(socket, { maxRetransmissionMs: value === 0 ? undefined : value })),
  acting("SOL_TCP", "TCP_MAXRT", (socket, value) =>
    change(socket, { maxRetransmissionMs: value < 0 ? Number.POSITIVE_INFINITY : value * 1000 }),
  ),
  acting("SOL_TCP", "TCP_NOTSENT_LOWAT", (socket, value) => {
    socket.space.lowat = value >>> 0 === NO_LOWAT || value === 0 ? undefined : value >>> 0;
  }),
  acting("SOL_TCP", "TCP_INQ", (socket, value) => {
    socket.tellsInq = value !== 0;
  }),
  acting("SOL_IP", "IP_TOS", (socket, value) => change(socket, { trafficClass: value })),
  acting("SOL_IP", "IP_TTL", (socket, value) => change(socket, { ttl: value })),
  acting("SOL_IPV6", "IPV6_TCLASS", (socket, value) => change(socket, { trafficClass: value })),
  acting("SOL_IPV6", "IPV6_UNICAST_HOPS", (socket, value) => change(socket, { ttl: value })),
]);

/** SO_ERROR and SO_LINGER are the calls' own. */
export const socketOption = (level: number, name: number): DrillSocketOption | undefined => OPTIONS.get(keyOf(level, name));
