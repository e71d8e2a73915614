/** What WSAIoctl takes and gives, in both forms. In bytes a pointer is the offset from where the structure begins. */
import { field, getU32, getU64, integer, setU16, setU32 } from "./fields.ts";
import { pointedTo, putSocketAddress, readSocketAddress, type SOCKET_ADDRESS, sizeof_SOCKET_ADDRESS, sockaddrOf } from "./socket-state.ts";
import { type sockaddr_in, type sockaddr_in6, sockaddrBytes } from "./structures.ts";

export const sizeof_tcp_keepalive = 12;
export const sizeof_TCP_INITIAL_RTO_PARAMETERS = 4;
export const sizeof_INTERFACE_INFO = 76;
export const sizeof_TCP_INFO_v0 = 88;
/** With room for one address, as in C. */
export const sizeof_SOCKET_ADDRESS_LIST = 24;

/** SIO_KEEPALIVE_VALS. */
export interface tcp_keepalive {
  /** 0 off, anything else on. */
  onoff: number;
  /** Milliseconds without traffic before the first probe. */
  keepalivetime: number;
  /** Milliseconds between probes. */
  keepaliveinterval: number;
}

/** SIO_TCP_INITIAL_RTO. */
export interface TCP_INITIAL_RTO_PARAMETERS {
  /** Milliseconds; TCP_INITIAL_RTO_DEFAULT_RTT or TCP_INITIAL_RTO_UNSPECIFIED_RTT. */
  Rtt: number;
  /** A count, or one of the TCP_INITIAL_RTO_ constants for it. */
  MaxSynRetransmissions: number;
}

/** One address of an interface, as SIO_GET_INTERFACE_LIST tells it. */
export interface INTERFACE_INFO {
  /** IFF_ flags. */
  iiFlags: number;
  iiAddress: sockaddr_in | sockaddr_in6;
  iiBroadcastAddress: sockaddr_in | sockaddr_in6;
  iiNetmask: sockaddr_in | sockaddr_in6;
}

/** SIO_ADDRESS_LIST_QUERY, SIO_ADDRESS_LIST_SORT. */
export interface SOCKET_ADDRESS_LIST {
  iAddressCount: number;
  Address: SOCKET_ADDRESS[];
}

/** SIO_TCP_INFO, version 0. What this stack does not count is 0. */
export interface TCP_INFO_v0 {
  State: number;
  Mss: number;
  ConnectionTimeMs: number;
  TimestampsEnabled: number;
  RttUs: number;
  MinRttUs: number;
  BytesInFlight: number;
  Cwnd: number;
  SndWnd: number;
  RcvWnd: number;
  RcvBuf: number;
  BytesOut: number;
  BytesIn: number;
  BytesReordered: number;
  BytesRetrans: number;
  FastRetrans: number;
  DupAcksIn: number;
  TimeoutEpisodes: number;
  SynRetrans: number;
}

/** Fields of TCP_INFO_v0 with where they lie and how many bytes they have. */
const TCP_INFO_FIELDS = [
  ["State", 0, 4],
  ["Mss", 4, 4],
  ["ConnectionTimeMs", 8, 8],
  ["TimestampsEnabled", 16, 1],
  ["RttUs", 20, 4],
  ["MinRttUs", 24, 4],
  ["BytesInFlight", 28, 4],
  ["Cwnd", 32, 4],
  ["SndWnd", 36, 4],
  ["RcvWnd", 40, 4],
  ["RcvBuf", 44, 4],
  ["BytesOut", 48, 8],
  ["BytesIn", 56, 8],
  ["BytesReordered", 64, 4],
  ["BytesRetrans", 68, 4],
  ["FastRetrans", 72, 4],
  ["DupAcksIn", 76, 4],
  ["TimeoutEpisodes", 80, 4],
  ["SynRetrans", 84, 1],
] as const;

/** A zeroed TCP_INFO_v0. */
export const new_TCP_INFO_v0 = (): TCP_INFO_v0 => readTcpInfo(new Uint8Array(sizeof_TCP_INFO_v0));

export function tcpInfoBytes(info: TCP_INFO_v0): Uint8Array {
  const bytes = new Uint8Array(sizeof_TCP_INFO_v0);
  for (const [name, at, length] of TCP_INFO_FIELDS) {
    for (let i = 0; i < length; i++) bytes[at + i] = Math.floor(info[name] / 256 ** i) % 256;
  }
  return bytes;
}

export function readTcpInfo(bytes: Uint8Array): TCP_INFO_v0 {
  const numbers = TCP_INFO_FIELDS.map(([name, at, length]) => {
    const value = length === 8 ? getU64(bytes, at) : length === 4 ? getU32(bytes, at) : (bytes[at] ?? 0);
    return [name, value];
  });
  return Object.fromEntries(numbers) as unknown as TCP_INFO_v0;
}

/** In C layout. */
export function keepaliveBytes(values: tcp_keepalive): Uint8Array {
  const bytes = new Uint8Array(sizeof_tcp_keepalive);
  ["onoff", "keepalivetime", "keepaliveinterval"].forEach((name, i) => {
    setU32(bytes, 4 * i, integer(values, name));
  });
  return bytes;
}

/** Rtt, count, and a byte that C leaves unused. */
export function initialRtoBytes(values: TCP_INITIAL_RTO_PARAMETERS): Uint8Array {
  const bytes = new Uint8Array(sizeof_TCP_INITIAL_RTO_PARAMETERS);
  setU16(bytes, 0, integer(values, "Rtt"));
  bytes[2] = integer(values, "MaxSynRetransmissions");
  return bytes;
}

/** The room that SIO_GET_INTERFACE_LIST has for an address. */
const SOCKADDR_GEN = 24;

/** @param names of address, broadcast address and netmask */
export function interfaceInfoBytes(flags: number, ...names: readonly [Uint8Array, Uint8Array, Uint8Array]): Uint8Array {
  const bytes = new Uint8Array(sizeof_INTERFACE_INFO);
  setU32(bytes, 0, flags);
  names.forEach((name, i) => {
    bytes.set(name.subarray(0, SOCKADDR_GEN), 4 + i * SOCKADDR_GEN);
  });
  return bytes;
}

/** As many as there are whole ones. */
export function readInterfaceList(bytes: Uint8Array): INTERFACE_INFO[] {
  return Array.from({ length: Math.floor(bytes.length / sizeof_INTERFACE_INFO) }, (_, i) => {
    const at = i * sizeof_INTERFACE_INFO;
    const [iiAddress, iiBroadcastAddress, iiNetmask] = [0, 1, 2].map((n) => {
      const nameAt = at + 4 + n * SOCKADDR_GEN;
      return sockaddrOf(bytes.subarray(nameAt, nameAt + SOCKADDR_GEN));
    });
    return { iiFlags: getU32(bytes, at), iiAddress: iiAddress!, iiBroadcastAddress: iiBroadcastAddress!, iiNetmask: iiNetmask! };
  });
}

/** Behind the count, aligned. */
const LIST_AT = 8;

/** The names follow the list. */
export function addressListBytes(names: readonly Uint8Array[]): Uint8Array {
  const headBytes = LIST_AT + Math.max(1, names.length) * sizeof_SOCKET_ADDRESS;
  const bytes = new Uint8Array(headBytes + names.reduce((sum, name) => sum + name.length, 0));
  setU32(bytes, 0, names.length);
  let end = headBytes;
  names.forEach((name, i) => {
    putSocketAddress(bytes, LIST_AT + i * sizeof_SOCKET_ADDRESS, end, name.length);
    bytes.set(name, end);
    end += name.length;
  });
  return bytes;
}

/** The names of a list in C layout; undefined when one of them lies outside of the bytes. */
export function addressListNames(bytes: Uint8Array): Uint8Array[] | undefined {
  const count = getU32(bytes, 0);
  if (LIST_AT + count * sizeof_SOCKET_ADDRESS > bytes.length) return undefined;
  const names = Array.from({ length: count }, (_, i) => pointedTo(bytes, LIST_AT + i * sizeof_SOCKET_ADDRESS));
  return names.every((name) => name !== null) ? names : undefined;
}

export function readAddressList(bytes: Uint8Array): SOCKET_ADDRESS_LIST {
  const count = addressListNames(bytes)?.length ?? 0;
  const Address = Array.from({ length: count }, (_, i) => readSocketAddress(bytes, LIST_AT + i * sizeof_SOCKET_ADDRESS));
  return { iAddressCount: count, Address };
}

/** A list of objects in C layout. */
export function addressListOf(list: SOCKET_ADDRESS_LIST): Uint8Array {
  const all = field(list, "Address");
  const entries = Array.isArray(all) ? all.slice(0, integer(list, "iAddressCount")) : [];
  return addressListBytes(
    entries.map((entry) => {
      const name = field(entry, "lpSockaddr");
      return typeof name === "object" && name !== null ? sockaddrBytes(name as sockaddr_in) : new Uint8Array(0);
    }),
  );
}
