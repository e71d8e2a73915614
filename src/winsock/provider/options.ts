import {
  AF_IRDA,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SO_OPENTYPE,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IRLMP,
  SOL_SOCKET,
} from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOBUFS, WSAENOPROTOOPT } from "../abi/errors.ts";
import { sizeof_DWORD } from "../abi/structures.ts";
import { IP_LEVEL } from "./ipproto-ip.ts";
import { IPV6_LEVEL } from "./ipproto-ipv6.ts";
import { TCP_LEVEL } from "./ipproto-tcp.ts";
import { UDP_LEVEL } from "./ipproto-udp.ts";
import { isStream, type LengthClass, type OptionTable, type SocketOption, type SocketType } from "./option.ts";
import { type Answer, DONE, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";
import { SOCKET_LEVEL } from "./sol-socket.ts";

/** Levels that exist on every host, whatever options they have here. */
const LEVELS: ReadonlyMap<number, OptionTable> = new Map([
  [SOL_SOCKET, SOCKET_LEVEL],
  [IPPROTO_TCP, TCP_LEVEL],
  [IPPROTO_IP, IP_LEVEL],
  [IPPROTO_IPV6, IPV6_LEVEL],
  [IPPROTO_UDP, UDP_LEVEL],
]);

const NO_OPTIONS: OptionTable = new Map();

/** @returns the option, or the code for asking this socket about it */
function find(socket: Socket, level: number, name: number): SocketOption | number {
  const names = level === SOL_IRLMP ? (socket.context.infrared?.options ?? NO_OPTIONS) : LEVELS.get(level);
  if (names === undefined) return WSAEINVAL;
  // Infrared and IP have no level in common but the sockets' own.
  if (level !== SOL_SOCKET && (level === SOL_IRLMP) !== (socket.family.af === AF_IRDA)) return WSAENOPROTOOPT;
  const option = names.get(name);
  if (option === undefined || (option.only !== "any" && (option.only === "stream") !== (socket.type === SOCK_STREAM)))
    return WSAENOPROTOOPT;
  const code = isStream(socket) ? (option.streamCode ?? 0) : 0;
  const isOfOthers = option.raw !== undefined && (option.raw === "only") !== (socket.type === SOCK_RAW);
  return code || option.refuses?.(socket) || (isOfOthers ? WSAEINVAL : option);
}

/** One option, for whoever wants to know what there is: docs/reference/winsock-options.md is made from this. */
export interface OptionListing {
  readonly level: number;
  readonly name: number;
  readonly lengths: LengthClass;
  readonly structure: string | undefined;
  readonly only: SocketType | "any";
  /** The code of streams that know it and have it not. */
  readonly streamCode: number | undefined;
  /** Of raw sockets alone, or of all but them: the others say WSAEINVAL. */
  readonly raw: "only" | "never" | undefined;
  /** `kept`: set and read back, without any other effect. `none`: refused. */
  readonly effect: "honoured" | "kept" | "none";
  /** 0, or the code of a getsockopt of a whole value. */
  readonly read: number;
  /** 0, or the code of a setsockopt, on a stream where types differ. */
  readonly set: number;
}

/** Every option that is told from unknown ones, by level. @param infrared those of SOL_IRLMP, which not every host has */
export function listOptions(infrared: OptionTable): OptionListing[] {
  const ofSockets = [...LEVELS, [SOL_IRLMP, infrared] as const].flatMap(([level, options]) =>
    [...options].map(([name, option]): OptionListing => {
      const { lengths, structure, only, streamCode, raw, isOnlyKept } = option;
      const read = option.get !== undefined || option.read !== undefined || option.ask !== undefined ? 0 : (option.getError ?? WSAEINVAL);
      const isSettable = option.set !== undefined || option.write !== undefined;
      const set = isSettable ? 0 : (option.setError?.(true) ?? WSAENOPROTOOPT);
      const effect = isOnlyKept ? "kept" : read === 0 || set === 0 ? "honoured" : "none";
      return { level, name, lengths, structure, only, streamCode, raw, effect, read, set };
    }),
  );
  const openType = {
    level: SOL_SOCKET,
    name: SO_OPENTYPE,
    lengths: "dword",
    structure: undefined,
    only: "any",
    streamCode: undefined,
    raw: undefined,
    effect: "kept",
  } as const;
  return [...ofSockets, { ...openType, read: 0, set: 0 }];
}

/** getsockopt. @param room *optlen, or −1 for a null pointer. Where it fails for want of room, `a` may tell how much it takes */
export function getOption(socket: Socket, level: number, name: number, room: number, input: Uint8Array | null = null): Answer {
  if (room < 0) return failed(WSAEFAULT);
  const option = find(socket, level, name);
  if (typeof option === "number") return failed(option);
  if (option.ask !== undefined) return option.ask(socket, room, input);
  if (option.read !== undefined) return option.read(socket, room);
  if (option.get === undefined) return failed(option.getError ?? WSAEINVAL);
  if (room === 0 || (option.lengths === "dword" && room < sizeof_DWORD)) return failed(WSAEFAULT);
  const value = option.get(socket);
  const bytes = Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
  return { result: 0, error: 0, data: bytes.subarray(0, option.lengths === "byte" ? 1 : Math.min(room, sizeof_DWORD)) };
}

/** setsockopt. @param length optlen as given, which may be anything */
export function setOption(socket: Socket, level: number, name: number, value: Uint8Array | null, length: number): Outcome {
  const option = find(socket, level, name);
  const takesNothing = typeof option !== "number" && option.takesNothing === true;
  if (value === null && !takesNothing) return failed(WSAEFAULT);
  if (typeof option === "number") return failed(option);
  if (option.write !== undefined) return setStructure(socket, option.write, value ?? NOTHING, length);
  if (option.set === undefined || value === null) return failed(option.setError?.(isStream(socket)) ?? WSAENOPROTOOPT);

  let used = length;
  if (length < 0) {
    // SOL_SOCKET's four-byte options do not mind (Wine's test set_getsockopt).
    if (level !== SOL_SOCKET || option.lengths === "byte") return failed(WSAENOBUFS);
    used = sizeof_DWORD;
  }
  const bytes = value.subarray(0, Math.max(0, used));
  const isEmptyBool = bytes.length === 0 && length === 0 && option.lengths === "bool" && level === SOL_SOCKET;
  if (bytes.length === 0 && !isEmptyBool) return failed(WSAEFAULT);
  if (option.lengths === "dword" && bytes.length < sizeof_DWORD) return failed(WSAEFAULT);
  const code = option.set(socket, option.lengths === "byte" ? bytes[0]! : littleEndian(bytes));
  return code === 0 ? DONE : failed(code);
}

function setStructure(socket: Socket, write: NonNullable<SocketOption["write"]>, value: Uint8Array, length: number): Outcome {
  if (length < 0) return failed(WSAENOBUFS);
  const code = write(socket, value.subarray(0, length));
  return code === 0 ? DONE : failed(code);
}

const NOTHING = new Uint8Array(0);

/** The first four bytes, or as many as there are, as an unsigned number. */
function littleEndian(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 24)) >>> 0;
}
