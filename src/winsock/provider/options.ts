import {
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_BROADCAST,
  SO_CONNECT_TIME,
  SO_DEBUG,
  SO_DONTLINGER,
  SO_DONTROUTE,
  SO_ERROR,
  SO_EXCLUSIVEADDRUSE,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MAX_MSG_SIZE,
  SO_OOBINLINE,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_RCVTIMEO,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDLOWAT,
  SO_SNDTIMEO,
  SO_TYPE,
  SO_USELOOPBACK,
  SOL_SOCKET,
  TCP_FAIL_CONNECT_ON_ICMP_ERROR,
  TCP_MAXRT,
  TCP_MAXRTMS,
  TCP_NODELAY,
} from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOBUFS, WSAENOPROTOOPT } from "../abi/errors.ts";
import { lingerBytes, readLinger, sizeof_DWORD, sizeof_linger } from "../abi/structures.ts";
import { DONE, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";
import type { SocketOptions } from "./socket-options.ts";
import { StreamSocket } from "./stream-socket.ts";

/**
 * How an option's length is judged (Wine's test set_getsockopt): `bool` four bytes, shorter ones allowed; `byte` one byte counts;
 * `dword` four or more.
 */
type LengthClass = "bool" | "byte" | "dword" | "linger";

type SocketType = "stream" | "datagram";

interface SocketOption {
  readonly lengths: LengthClass;
  /** Undefined: cannot be read. */
  readonly get?: (socket: Socket) => number;
  /** @returns 0 or a WSA code; undefined option: cannot be set */
  readonly set?: (socket: Socket, value: number) => number;
  /** The only type of socket that has it. */
  readonly only: SocketType | "any";
  /** The code for an attempt to set what can only be read. */
  readonly setError?: (isStream: boolean) => number;
  /** Set and read back, and nothing else comes of it. */
  readonly isOnlyKept?: boolean;
}

const isStream = (socket: Socket): socket is StreamSocket => socket instanceof StreamSocket;

type FlagName = { [K in keyof SocketOptions]: SocketOptions[K] extends boolean ? K : never }[keyof SocketOptions];
type AmountName = { [K in keyof SocketOptions]: SocketOptions[K] extends number ? K : never }[keyof SocketOptions];

/** A boolean that may be set at any time. */
const flag = (lengths: "bool" | "byte", field: FlagName, only: SocketType | "any"): SocketOption => ({
  lengths,
  only,
  get: (socket) => Number(socket.options[field]),
  set: (socket, value) => {
    socket.options[field] = value !== 0;
    socket.applyOptions();
    return 0;
  },
});

/** As `flag`, for what has no effect. */
const kept = (lengths: "bool" | "byte", field: FlagName, only: SocketType | "any"): SocketOption => ({
  ...flag(lengths, field, only),
  isOnlyKept: true,
});

/** A DWORD that may be set at any time. */
const amount = (field: AmountName): SocketOption => ({
  lengths: "dword",
  only: "any",
  get: (socket) => socket.options[field],
  set: (socket, value) => {
    socket.options[field] = value;
    socket.applyOptions();
    return 0;
  },
});

/** SO_REUSEADDR and SO_EXCLUSIVEADDRUSE: before bind only, and never both. */
const sharing = (field: "reuseAddress" | "exclusiveAddressUse", other: "reuseAddress" | "exclusiveAddressUse"): SocketOption => ({
  lengths: "bool",
  only: "any",
  get: (socket) => Number(socket.options[field]),
  set: (socket, value) => {
    if (socket.isBound || (value !== 0 && socket.options[other])) return WSAEINVAL;
    socket.options[field] = value !== 0;
    return 0;
  },
});

const unsupported: SocketOption = { lengths: "dword", only: "any", setError: () => WSAEINVAL };
const NEVER_CONNECTED = 0xffffffff;

const SOCKET_LEVEL: ReadonlyMap<number, SocketOption> = new Map<number, SocketOption>([
  [SO_DEBUG, kept("byte", "debug", "any")],
  [SO_ACCEPTCONN, { lengths: "bool", only: "any", get: (s) => Number(isStream(s) && s.isListening) }],
  [SO_REUSEADDR, sharing("reuseAddress", "exclusiveAddressUse")],
  [SO_EXCLUSIVEADDRUSE, sharing("exclusiveAddressUse", "reuseAddress")],
  [
    SO_KEEPALIVE,
    {
      ...flag("byte", "keepAlive", "stream"),
      set: (s, v) => {
        // Microsoft, "SOL_SOCKET Socket Options": not while a connect is in progress.
        if (isStream(s) && s.isConnecting) return WSAEINVAL;
        s.options.keepAlive = v !== 0;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [SO_DONTROUTE, kept("byte", "dontRoute", "any")],
  [SO_BROADCAST, flag("bool", "broadcast", "datagram")],
  [SO_USELOOPBACK, unsupported],
  [SO_LINGER, { lengths: "linger", only: "stream" }],
  [
    SO_DONTLINGER,
    {
      lengths: "bool",
      only: "stream",
      get: (s) => Number(!s.options.linger.on),
      set: (s, v) => {
        s.options.linger = { ...s.options.linger, on: v === 0 };
        return 0;
      },
    },
  ],
  [SO_OOBINLINE, kept("bool", "outOfBandInline", "stream")],
  [
    SO_SNDBUF,
    {
      ...amount("sendBufferBytes"),
      set: (s, v) => {
        s.options.sendBufferBytes = v;
        s.options.sendBufferIsSet = true;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [
    SO_RCVBUF,
    {
      ...amount("receiveBufferBytes"),
      set: (s, v) => {
        s.options.receiveBufferBytes = v;
        s.options.receiveBufferIsSet = true;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [SO_SNDLOWAT, unsupported],
  [SO_RCVLOWAT, unsupported],
  [SO_SNDTIMEO, amount("sendTimeoutMs")],
  [SO_RCVTIMEO, amount("receiveTimeoutMs")],
  [
    SO_ERROR,
    {
      lengths: "dword",
      only: "any",
      get: (s) => s.soError,
      set: (s, v) => {
        s.soError = v;
        return 0;
      },
    },
  ],
  [SO_TYPE, { lengths: "dword", only: "any", get: (s) => s.type, setError: (stream) => (stream ? WSAENOPROTOOPT : WSAEINVAL) }],
  [SO_MAX_MSG_SIZE, { lengths: "dword", only: "any", get: (s) => (isStream(s) ? 0 : s.family.largestDatagram) }],
  [SO_CONNECT_TIME, { lengths: "dword", only: "any", get: connectTime }],
]);

const TCP_LEVEL: ReadonlyMap<number, SocketOption> = new Map<number, SocketOption>([
  [TCP_NODELAY, flag("byte", "noDelay", "stream")],
  [TCP_MAXRT, { ...amount("maxRetransmissionSeconds"), only: "stream" }],
  [TCP_MAXRTMS, { ...amount("maxRetransmissionMs"), only: "stream" }],
  [
    TCP_FAIL_CONNECT_ON_ICMP_ERROR,
    {
      lengths: "dword",
      only: "stream",
      get: (s) => Number(s.options.failConnectOnIcmpError),
      set: (s, v) => {
        s.options.failConnectOnIcmpError = v !== 0;
        s.applyOptions();
        return 0;
      },
    },
  ],
]);

const IPV6_LEVEL: ReadonlyMap<number, SocketOption> = new Map<number, SocketOption>([
  [
    IPV6_V6ONLY,
    {
      ...flag("byte", "isV6Only", "any"),
      set: (s, v) => {
        if (s.isBound) return WSAEINVAL;
        s.options.isV6Only = v !== 0;
        return 0;
      },
    },
  ],
]);

/** Levels that exist, whatever options they have here. */
const LEVELS: ReadonlyMap<number, ReadonlyMap<number, SocketOption>> = new Map<number, ReadonlyMap<number, SocketOption>>([
  [SOL_SOCKET, SOCKET_LEVEL],
  [IPPROTO_TCP, TCP_LEVEL],
  [IPPROTO_IP, new Map()],
  [IPPROTO_IPV6, IPV6_LEVEL],
  [IPPROTO_UDP, new Map()],
]);

function connectTime(socket: Socket): number {
  const since = isStream(socket) ? socket.connectedAtMs : undefined;
  return since === undefined ? NEVER_CONNECTED : Math.floor((socket.context.host.context.now - since) / 1000);
}

/** @returns the option, or the code for asking this socket about it */
function find(socket: Socket, level: number, name: number): SocketOption | number {
  const names = LEVELS.get(level);
  if (names === undefined) return WSAEINVAL;
  const option = names.get(name);
  if (option === undefined) return WSAENOPROTOOPT;
  return option.only === "any" || (option.only === "stream") === isStream(socket) ? option : WSAENOPROTOOPT;
}

/** One option, for whoever wants to know what there is: docs/reference/winsock-options.md is made from this. */
export interface OptionListing {
  readonly level: number;
  readonly name: number;
  readonly lengths: LengthClass;
  readonly only: SocketType | "any";
  /** `kept`: set and read back, without any other effect. `none`: refused. */
  readonly effect: "honoured" | "kept" | "none";
  /** 0, or the code of a getsockopt of a whole value. */
  readonly read: number;
  /** 0, or the code of a setsockopt, on a stream where types differ. */
  readonly set: number;
}

/** Every option that is told from unknown ones, by level. */
export function listOptions(): OptionListing[] {
  return [...LEVELS].flatMap(([level, options]) =>
    [...options].map(([name, { lengths, only, get, set, setError, isOnlyKept }]) => {
      const isLinger = lengths === "linger";
      const read = isLinger || get !== undefined ? 0 : WSAEINVAL;
      const written = isLinger || set !== undefined ? 0 : (setError?.(true) ?? WSAENOPROTOOPT);
      return { level, name, lengths, only, effect: isOnlyKept ? "kept" : read === 0 ? "honoured" : "none", read, set: written };
    }),
  );
}

/** getsockopt. @param room *optlen, or −1 for a null pointer */
export function getOption(socket: Socket, level: number, name: number, room: number): Outcome {
  if (room < 0) return failed(WSAEFAULT);
  const option = find(socket, level, name);
  if (typeof option === "number") return failed(option);
  if (room === 0) return failed(WSAEFAULT);
  if (option.lengths === "linger") {
    if (room < sizeof_linger) return failed(WSAEFAULT);
    const { on, seconds } = socket.options.linger;
    return { result: 0, error: 0, data: lingerBytes({ l_onoff: Number(on), l_linger: seconds }) };
  }
  if (option.get === undefined) return failed(WSAEINVAL);
  if (option.lengths === "dword" && room < sizeof_DWORD) return failed(WSAEFAULT);
  const value = option.get(socket);
  const bytes = Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
  return { result: 0, error: 0, data: bytes.subarray(0, option.lengths === "byte" ? 1 : Math.min(room, sizeof_DWORD)) };
}

/** setsockopt. @param length optlen as given, which may be anything */
export function setOption(socket: Socket, level: number, name: number, value: Uint8Array | null, length: number): Outcome {
  if (value === null) return failed(WSAEFAULT);
  const option = find(socket, level, name);
  if (typeof option === "number") return failed(option);
  if (option.lengths !== "linger" && option.set === undefined) return failed(option.setError?.(isStream(socket)) ?? WSAENOPROTOOPT);

  let used = length;
  if (length < 0) {
    // SOL_SOCKET's four-byte options do not mind (Wine's test set_getsockopt).
    if (level !== SOL_SOCKET || option.lengths === "byte" || option.lengths === "linger") return failed(WSAENOBUFS);
    used = sizeof_DWORD;
  }
  const bytes = value.subarray(0, Math.max(0, used));
  const isEmptyBool = bytes.length === 0 && length === 0 && option.lengths === "bool" && level === SOL_SOCKET;
  if (bytes.length === 0 && !isEmptyBool) return failed(WSAEFAULT);

  if (option.lengths === "linger") {
    if (bytes.length < sizeof_linger) return failed(WSAEFAULT);
    const { l_onoff, l_linger } = readLinger(bytes);
    socket.options.linger = { on: l_onoff !== 0, seconds: l_linger };
    return DONE;
  }
  if (option.lengths === "dword" && bytes.length < sizeof_DWORD) return failed(WSAEFAULT);
  const code = option.set?.(socket, option.lengths === "byte" ? bytes[0]! : littleEndian(bytes)) ?? 0;
  return code === 0 ? DONE : failed(code);
}

/** The first four bytes, or as many as there are, as an unsigned number. */
function littleEndian(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 24)) >>> 0;
}
