import { htons } from "../abi/byte-order.ts";
import { AF_INET, AF_INET6, NI_NUMERICHOST, NS_ALL, NS_DNS, SOCKET_ERROR } from "../abi/constants.ts";
import {
  ERROR_INSUFFICIENT_BUFFER,
  WSA_INVALID_HANDLE,
  WSAEAFNOSUPPORT,
  WSAEFAULT,
  WSAEINVAL,
  WSAHOST_NOT_FOUND,
  WSANO_DATA,
  WSANOTINITIALISED,
  WSASERVICE_NOT_FOUND,
} from "../abi/errors.ts";
import { hostRecord } from "../abi/name-records.ts";
import {
  type addrinfo,
  type addrinfoex,
  type Hints,
  type hostent,
  new_hostent,
  new_protoent,
  new_servent,
  type protoent,
  readHints,
  type servent,
} from "../abi/name-structures.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import { type ProtocolRecord, protocolNamed, protocolNumbered } from "../abi/protocol-table.ts";
import { type ServiceRecord, serviceAt, serviceNamed, serviceRecord } from "../abi/service-table.ts";
import { nameLength } from "../abi/socket-address-text.ts";
import {
  type Box,
  type in_addr,
  type in6_addr,
  readSockaddrIn,
  readSockaddrIn6,
  readTimeval,
  sizeof_in_addr,
  sizeof_in6_addr,
  sizeof_sockaddr_in,
  sockaddrBytes,
  type timeval,
} from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import { asciiText, decodeAddresses } from "../provider/name-reply.ts";
import { type AddressLookup, type FoundEntry, NO_HINTS, planAddressLookup, planHostLookup } from "./address-lookup.ts";
import { foundNames, hostOf, NAME_INFO_FLAGS, numericHost, serviceOf } from "./address-names.ts";
import type { HANDLE } from "./event-functions.ts";
import type { LookupRoutine, LookupsBegun } from "./lookups-begun.ts";
import { isPointer, type SockaddrPointer } from "./pointers.ts";
import { putTextInto, type TextPointer, textOf } from "./text-buffer.ts";

/** Where getaddrinfo puts the first of what it found. */
export type AddrinfoPointer = Box<addrinfo | null>;

/** Where GetAddrInfoEx puts the first of what it found. */
export type AddrinfoexPointer = Box<addrinfoex | null>;

/** Of GetAddrInfoEx; with `overlapped` it does not wait. */
export type GetAddrInfoExParameters = [
  name: string | null,
  service: string | null,
  namespace: number,
  provider: object | null,
  hints: addrinfoex | Uint8Array | null,
  result: AddrinfoexPointer | null,
  timeout: timeval | Uint8Array | null,
  overlapped: WSAOVERLAPPED | null,
  routine: LookupRoutine | null,
  handle: Box<HANDLE> | null,
];

/** Names of hosts, services and protocols in C's manner; tapsock/winsock says of each what it does. */
export interface NameFunctions {
  getaddrinfo(node: string | null, service: string | null, hints: addrinfo | Uint8Array | null, result: AddrinfoPointer | null): number;
  GetAddrInfoW(node: string | null, service: string | null, hints: addrinfo | Uint8Array | null, result: AddrinfoPointer | null): number;
  GetAddrInfoExA(...parameters: GetAddrInfoExParameters): number;
  GetAddrInfoExW(...parameters: GetAddrInfoExParameters): number;
  GetAddrInfoExOverlappedResult(overlapped: WSAOVERLAPPED | null): number;
  GetAddrInfoExCancel(handle: Box<HANDLE> | null): number;
  FreeAddrInfoExA(info: addrinfoex | null): void;
  FreeAddrInfoExW(info: addrinfoex | null): void;
  freeaddrinfo(info: addrinfo | null): void;
  FreeAddrInfoW(info: addrinfo | null): void;
  getnameinfo(
    name: SockaddrPointer | null,
    namelen: number,
    host: TextPointer | null,
    hostlen: number,
    service: TextPointer | null,
    servicelen: number,
    flags: number,
  ): number;
  GetNameInfoW(
    name: SockaddrPointer | null,
    namelen: number,
    host: TextPointer | null,
    hostlen: number,
    service: TextPointer | null,
    servicelen: number,
    flags: number,
  ): number;
  gethostbyname(name: string | null): hostent | null;
  gethostbyaddr(address: Uint8Array | in_addr | in6_addr | null, len: number, type: number): hostent | null;
  gethostname(name: TextPointer | null, namelen: number): number;
  GetHostNameW(name: TextPointer | null, namelen: number): number;
  getservbyname(name: string | null, proto: string | null): servent | null;
  getservbyport(port: number, proto: string | null): servent | null;
  getprotobyname(name: string | null): protoent | null;
  getprotobynumber(number: number): protoent | null;
}

/** What the functions need of their face. */
export interface NameCaller {
  readonly isStarted: () => boolean;
  /** Sets the last error. */
  readonly setError: (error: number) => void;
  /** Asks the host, which sets the last error. */
  readonly ask: (op: number, a: number, b: number, data: Uint8Array | null, c?: number) => CallReply;
  readonly lookups: LookupsBegun;
}

/** For one thread, whose records of a host, a service and a protocol these are. */
export function createNameFunctions({ isStarted, setError, ask, lookups }: NameCaller): NameFunctions {
  const host = new_hostent();
  const service = new_servent();
  const protocol = new_protoent();

  /** The code is the call's value and the last error. */
  function codeOf(error: number): number {
    setError(error);
    return error;
  }

  function none(error: number): null {
    setError(error);
    return null;
  }

  function getaddrinfo(...[node, servname, hints, result]: Parameters<NameFunctions["getaddrinfo"]>): number {
    if (isPointer(result)) result.value = null;
    if (!isStarted()) return codeOf(WSANOTINITIALISED);
    if (!isPointer(result)) return codeOf(WSAEFAULT);
    const wanted = isPointer(hints) ? readHints(hints) : NO_HINTS;
    const found = entriesOf(node, servname, wanted);
    if (typeof found === "number") return codeOf(found);
    result.value = found.reduceRight<addrinfo | null>((ai_next, entry) => ({ ...addressOf(entry, wanted), ai_next }), null);
    return codeOf(0);
  }

  /** @returns what was found, or the code */
  function entriesOf(node: string | null, servname: string | null, wanted: Hints): FoundEntry[] | number {
    const lookup = planAddressLookup(textOf(node), textOf(servname), wanted);
    return typeof lookup === "number" ? lookup : entriesFound(lookup, 0);
  }

  function entriesFound({ question, entries }: AddressLookup, milliseconds: number): FoundEntry[] | number {
    const reply = question === undefined ? undefined : ask(CALL.getaddrinfo, question.a, question.b, question.data, milliseconds);
    return reply !== undefined && reply.error !== 0 ? reply.error : entries(reply);
  }

  function getAddrInfoEx(isWide: boolean, ...parameters: GetAddrInfoExParameters): number {
    const [node, servname, namespace, provider, hints, result, ...more] = parameters;
    if (isPointer(result)) result.value = null;
    if (!isStarted()) return codeOf(WSANOTINITIALISED);
    if (!isPointer(result)) return codeOf(WSAEFAULT);
    // Of the narrow form they are reserved (Microsoft, "GetAddrInfoExA function").
    if (!isWide && more.some(isThere)) return codeOf(WSAEINVAL);
    const [timeout, overlapped, routine, handle] = more;
    const milliseconds = isPointer(timeout) ? millisecondsOf(readTimeval(timeout)) : 0;
    if (milliseconds === undefined) return codeOf(WSAEINVAL);
    // Whoever hears of the end by a routine has no event, and without either nothing goes on.
    if (isPointer(overlapped) ? isThere(routine) && overlapped.hEvent !== 0 : isThere(routine) || isThere(handle)) return codeOf(WSAEINVAL);
    if ((namespace !== NS_ALL && namespace !== NS_DNS) || isThere(provider)) return codeOf(WSASERVICE_NOT_FOUND);
    const wanted = isPointer(hints) ? readHints(hints, true) : NO_HINTS;
    const lookup = planAddressLookup(textOf(node), textOf(servname), wanted);
    if (typeof lookup === "number") return codeOf(lookup);
    const deliver = (found: FoundEntry[]): void => {
      result.value = found.reduceRight<addrinfoex | null>((ai_next, entry) => ({ ...addressOf(entry, wanted), ...NO_BLOB, ai_next }), null);
    };
    if (isPointer(overlapped)) {
      const told = (name: HANDLE): void => {
        if (isPointer(handle)) handle.value = name;
      };
      return codeOf(lookups.begin(lookup, milliseconds, deliver, overlapped, typeof routine === "function" ? routine : null, told));
    }
    const found = entriesFound(lookup, milliseconds);
    if (typeof found === "number") return codeOf(found);
    deliver(found);
    return codeOf(0);
  }

  function getnameinfo(isWide: boolean, ...parameters: Parameters<NameFunctions["getnameinfo"]>): number {
    const [pointer, namelen, node, nodelen, servname, servlen, flags] = parameters;
    if (!isStarted()) return codeOf(WSANOTINITIALISED);
    const name = isPointer(pointer) ? sockaddrBytes(pointer) : undefined;
    const length = Math.min(namelen | 0, name?.length ?? 0);
    if (name === undefined || length < sizeof_sockaddr_in) return codeOf(WSAEFAULT);
    const needed = nameLength(name[0]! | (name[1]! << 8));
    if (needed === undefined) return codeOf(WSAEAFNOSUPPORT);
    if (length < needed) return codeOf(WSAEFAULT);
    if ((flags & ~NAME_INFO_FLAGS) !== 0) return codeOf(WSAEINVAL);
    if (!isPointer(node) && !isPointer(servname)) return codeOf(WSAHOST_NOT_FOUND);
    if ((isPointer(node) && nodelen === 0) || (isPointer(servname) && servlen === 0)) return codeOf(WSAEINVAL);
    const known = name.slice(0, needed);
    if (isPointer(node)) {
      const text = (flags & NI_NUMERICHOST) !== 0 ? numericHost(known) : hostOf(known, flags, ask(CALL.getnameinfo, 0, 0, known));
      if (typeof text === "number") return codeOf(text);
      if (!putTextInto(node, nodelen, text, isWide)) return codeOf(ERROR_INSUFFICIENT_BUFFER);
    }
    if (isPointer(servname) && !putTextInto(servname, servlen, serviceOf(known, flags), isWide)) return codeOf(ERROR_INSUFFICIENT_BUFFER);
    return codeOf(0);
  }

  function gethostname(isWide: boolean, ...[name, namelen]: Parameters<NameFunctions["gethostname"]>): number {
    const reply = ask(CALL.gethostname, 0, 0, null);
    if (reply.error !== 0) return SOCKET_ERROR;
    if (putTextInto(name, namelen, asciiText(reply.data ?? new Uint8Array(0)), isWide)) return 0;
    setError(WSAEFAULT);
    return SOCKET_ERROR;
  }

  function hostNamed(name: string | null): hostent | null {
    if (!isStarted()) return none(WSANOTINITIALISED);
    const text = textOf(name) ?? "";
    const question = planHostLookup(text);
    if (typeof question === "number") return none(question);
    if (question instanceof Uint8Array) {
      setError(0);
      return Object.assign(host, hostRecord(AF_INET, text, [], [question]));
    }
    const { error, a: bytes, data } = ask(CALL.getaddrinfo, question.a, question.b, question.data);
    if (error !== 0) return null;
    const { canonicalName, aliases, addresses } = decodeAddresses(data ?? new Uint8Array(0), bytes, nameLength);
    return Object.assign(host, hostRecord(AF_INET, canonicalName, aliases, addresses));
  }

  function hostAt(address: Uint8Array | in_addr | in6_addr | null, len: number, type: number): hostent | null {
    if (!isStarted()) return none(WSANOTINITIALISED);
    const name = hostAddress(address, len, type);
    if (typeof name === "number") return none(name);
    const reply = ask(CALL.getnameinfo, 0, 0, name);
    if (reply.error !== 0) return null;
    const [first = "", ...aliases] = foundNames(reply).names;
    return Object.assign(host, hostRecord(type, first, aliases, [name]));
  }

  function serviceIs(found: () => ServiceRecord | undefined): servent | null {
    if (!isStarted()) return none(WSANOTINITIALISED);
    const record = found();
    if (record === undefined) return none(WSANO_DATA);
    setError(0);
    return Object.assign(service, serviceRecord(record));
  }

  function protocolIs(found: () => ProtocolRecord | undefined): protoent | null {
    if (!isStarted()) return none(WSANOTINITIALISED);
    const record = found();
    if (record === undefined) return none(WSANO_DATA);
    setError(0);
    return Object.assign(protocol, protocolRecord(record));
  }

  return {
    getaddrinfo,
    GetAddrInfoW: getaddrinfo,
    GetAddrInfoExA: (...parameters) => getAddrInfoEx(false, ...parameters),
    GetAddrInfoExW: (...parameters) => getAddrInfoEx(true, ...parameters),
    GetAddrInfoExOverlappedResult: (overlapped) => (isPointer(overlapped) ? lookups.resultOf(overlapped) : WSAEINVAL),
    GetAddrInfoExCancel(handle) {
      if (!isStarted()) return codeOf(WSANOTINITIALISED);
      return codeOf(isPointer(handle) ? lookups.cancel(handle.value) : WSA_INVALID_HANDLE);
    },
    // The collector of garbage has it.
    FreeAddrInfoExA() {},
    FreeAddrInfoExW() {},
    freeaddrinfo() {},
    FreeAddrInfoW() {},
    getnameinfo: (...parameters) => getnameinfo(false, ...parameters),
    GetNameInfoW: (...parameters) => getnameinfo(true, ...parameters),
    gethostbyname: hostNamed,
    gethostbyaddr: hostAt,
    gethostname: (...parameters) => gethostname(false, ...parameters),
    GetHostNameW: (...parameters) => gethostname(true, ...parameters),
    getservbyname: (name, proto) => serviceIs(() => serviceNamed(textOf(name) ?? "", textOf(proto) ?? undefined)),
    getservbyport: (port, proto) => serviceIs(() => serviceAt(htons(port), textOf(proto) ?? undefined)),
    getprotobyname: (name) => protocolIs(() => protocolNamed(textOf(name) ?? "")),
    getprotobynumber: (number) => protocolIs(() => protocolNumbered(number)),
  };
}

const NO_BLOB = { ai_blob: null, ai_bloblen: 0, ai_provider: null } as const;

/** No time at all is the least there is. @returns undefined for what is no time */
function millisecondsOf({ tv_sec, tv_usec }: timeval): number | undefined {
  if (tv_sec < 0 || tv_usec < 0) return undefined;
  return Math.max(1, Math.min(tv_sec * 1000 + Math.ceil(tv_usec / 1000), 0x7fffffff));
}

/** Whatever it is: a function too. */
const isThere = (pointer: unknown): boolean => pointer !== null && pointer !== undefined;

const addressOf = ({ flags, family, name, canonicalName }: FoundEntry, { socktype, protocol }: Hints): Omit<addrinfo, "ai_next"> => ({
  ai_flags: flags,
  ai_family: family,
  ai_socktype: socktype,
  ai_protocol: protocol,
  ai_addrlen: name.length,
  ai_canonname: canonicalName,
  ai_addr: family === AF_INET ? readSockaddrIn(name) : readSockaddrIn6(name),
});

export const protocolRecord = ({ name, alias, number }: ProtocolRecord): protoent => ({
  p_name: name,
  p_aliases: [alias],
  p_proto: number,
});

/** What gethostbyaddr is given. @returns a socket address in C layout, or the code */
export function hostAddress(address: Uint8Array | in_addr | in6_addr | null, len: number, type: number): Uint8Array | number {
  if (type !== AF_INET && type !== AF_INET6) return WSAEAFNOSUPPORT;
  if (!isPointer(address)) return WSAEFAULT;
  if (type === AF_INET6 && len !== sizeof_in6_addr) return WSAEINVAL;
  const bytes = type === AF_INET ? inAddrBytes(address) : in6AddrBytes(address);
  if (bytes === undefined || len < bytes.length) return WSAEFAULT;
  const name = new Uint8Array(nameLength(type)!);
  name[0] = type;
  name.set(bytes, type === AF_INET ? 4 : 8);
  return name;
}

function inAddrBytes(address: Uint8Array | in_addr | in6_addr): Uint8Array | undefined {
  if (address instanceof Uint8Array) return address.length < sizeof_in_addr ? undefined : address.subarray(0, sizeof_in_addr);
  const value = (address as in_addr).s_addr;
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function in6AddrBytes(address: Uint8Array | in_addr | in6_addr): Uint8Array | undefined {
  const bytes = address instanceof Uint8Array ? address : (address as in6_addr).s6_addr;
  return bytes === undefined || bytes.length < sizeof_in6_addr ? undefined : Uint8Array.from(bytes).subarray(0, sizeof_in6_addr);
}
