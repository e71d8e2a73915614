/** What getaddrinfo makes of its parameters, and of the host's answer, on every face. */
import { inetPton } from "../abi/address-text.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_ADDRCONFIG,
  AI_ALL,
  AI_BYPASS_DNS_CACHE,
  AI_CANONNAME,
  AI_DISABLE_IDN_ENCODING,
  AI_DNS_ONLY,
  AI_FILESERVER,
  AI_FORCE_CLEAR_TEXT,
  AI_FQDN,
  AI_NON_AUTHORITATIVE,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_RETURN_PREFERRED_NAMES,
  AI_SECURE,
  AI_SECURE_WITH_FALLBACK,
  AI_V4MAPPED,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../abi/constants.ts";
import {
  WSAEAFNOSUPPORT,
  WSAEINVAL,
  WSAESOCKTNOSUPPORT,
  WSAHOST_NOT_FOUND,
  WSANO_DATA,
  WSANO_RECOVERY,
  WSATYPE_NOT_FOUND,
} from "../abi/errors.ts";
import type { Hints } from "../abi/name-structures.ts";
import { serviceNamed } from "../abi/service-table.ts";
import { nameFromText, nameLength } from "../abi/socket-address-text.ts";
import { sizeof_sockaddr_in6 } from "../abi/structures.ts";
import type { CallReply } from "../provider/calls.ts";
import { asciiBytes, decodeAddresses } from "../provider/name-reply.ts";

export const NO_HINTS: Hints = { flags: 0, family: AF_UNSPEC, socktype: 0, protocol: 0, isClean: true };

/** One address that was found. */
export interface FoundEntry {
  /** AI_NUMERICHOST where the program gave the address itself. */
  readonly flags: number;
  readonly family: number;
  /** In C layout. */
  readonly name: Uint8Array;
  readonly canonicalName: string | null;
}

/** Fields of the host's call getaddrinfo. */
export interface AddressQuestion {
  readonly a: number;
  readonly b: number;
  readonly data: Uint8Array | null;
}

/** What is to be done for one getaddrinfo whose parameters are in order. */
export interface AddressLookup {
  /** Undefined where the node is an address already. */
  readonly question: AddressQuestion | undefined;
  /** @param reply to the question, a success */
  readonly entries: (reply: CallReply | undefined) => FoundEntry[];
}

/** Those that change nothing here speak of other name spaces or of how DNS is asked; AI_SECURE of one that there is not. */
const KNOWN_FLAGS =
  AI_PASSIVE |
  AI_CANONNAME |
  AI_NUMERICHOST |
  AI_NUMERICSERV |
  AI_DNS_ONLY |
  AI_FORCE_CLEAR_TEXT |
  AI_BYPASS_DNS_CACHE |
  AI_ALL |
  AI_ADDRCONFIG |
  AI_V4MAPPED |
  AI_NON_AUTHORITATIVE |
  AI_SECURE |
  AI_RETURN_PREFERRED_NAMES |
  AI_FQDN |
  AI_FILESERVER |
  AI_DISABLE_IDN_ENCODING |
  AI_SECURE_WITH_FALLBACK;

/** Checks in the order of Wine's test getaddrinfo and Microsoft's page. @returns the code that the call fails with, or what to do */
export function planAddressLookup(node: string | null, service: string | null, hints: Hints): AddressLookup | number {
  const { flags, family, socktype, isClean } = hints;
  if (node === null && service === null) return WSAHOST_NOT_FOUND;
  if (!isClean) return WSANO_RECOVERY;
  const wantsBothNames = (flags & AI_CANONNAME) !== 0 && (flags & AI_FQDN) !== 0;
  if ((flags & ~KNOWN_FLAGS) !== 0 || wantsBothNames) return WSAEINVAL;
  if (family !== AF_UNSPEC && nameLength(family) === undefined) return WSAEAFNOSUPPORT;
  if (socktype < 0 || socktype > SOCK_SEQPACKET) return WSAESOCKTNOSUPPORT;
  if (node === null && (flags & (AI_CANONNAME | AI_FQDN)) !== 0) return WSANO_RECOVERY;
  const port = portOf(service, hints);
  if (port === undefined) return (flags & AI_NUMERICSERV) !== 0 ? WSAHOST_NOT_FOUND : WSATYPE_NOT_FOUND;
  return planNode(node, port, hints);
}

function planNode(node: string | null, port: number, { flags, family }: Hints): AddressLookup | number {
  const host = node === null || (flags & AI_DISABLE_IDN_ENCODING) !== 0 ? node : encodedName(node);
  if (host === undefined) return WSAHOST_NOT_FOUND;
  const numeric = host === null ? undefined : numericName(host);
  const wantsName = (flags & (AI_CANONNAME | AI_FQDN)) !== 0;
  if (numeric !== undefined) {
    const name = inFamily(numeric, family, flags);
    if (name === undefined) return WSAHOST_NOT_FOUND;
    return { question: undefined, entries: () => [entry(name, port, AI_NUMERICHOST, wantsName ? node : null)] };
  }
  // A colon is in no name, only in what was to be an address.
  if (host !== null && ((flags & AI_NUMERICHOST) !== 0 || /[:\u0080-\uffff]/.test(host))) return WSAHOST_NOT_FOUND;
  return {
    question: {
      a: family,
      b: flags & (AI_PASSIVE | AI_ALL | AI_ADDRCONFIG | AI_V4MAPPED | AI_CANONNAME | AI_FQDN),
      data: host === null ? null : asciiBytes(host),
    },
    entries: (reply) => {
      const found = decodeAddresses(reply?.data ?? new Uint8Array(0), reply?.a ?? 0, nameLength);
      const canonicalName = (flags & AI_FQDN) !== 0 ? found.name : found.canonicalName;
      return found.addresses.map((name, i) => entry(name, port, 0, wantsName && i === 0 ? canonicalName : null));
    },
  };
}

/** @returns what gethostbyname asks the host, or the address in C layout where the node is one already, or the code that the call fails with */
export function planHostLookup(node: string): AddressQuestion | Uint8Array | number {
  const numeric = numericName(node);
  if (numeric?.[0] === AF_INET) return numeric;
  // What was to be an address and is none of IPv4's (Microsoft, "gethostbyname function").
  if (numeric !== undefined || /^[\d.]+$/.test(node)) return WSANO_DATA;
  const lookup = planAddressLookup(node, null, { ...NO_HINTS, family: AF_INET });
  return typeof lookup === "number" ? lookup : (lookup.question ?? WSAHOST_NOT_FOUND);
}

function entry(name: Uint8Array, port: number, flags: number, canonicalName: string | null): FoundEntry {
  name[2] = port >>> 8;
  name[3] = port;
  return { flags, family: name[0]!, name, canonicalName };
}

/** A number counts modulo 2^16, with its sign. @returns undefined for a service that there is not over the protocol that is asked for */
function portOf(service: string | null, { flags, socktype, protocol }: Hints): number | undefined {
  if (service === null || service === "") return 0;
  if (/^[+-]?\d{1,20}$/.test(service)) return Number(BigInt.asUintN(16, BigInt(service)));
  if ((flags & AI_NUMERICSERV) !== 0) return undefined;
  if (socktype === 0 && protocol === 0) return serviceNamed(service, undefined)?.port;
  const isTcp = socktype === SOCK_STREAM || (socktype === 0 && protocol === IPPROTO_TCP);
  const isUdp = socktype === SOCK_DGRAM || (socktype === 0 && protocol === IPPROTO_UDP);
  return isTcp || isUdp ? serviceNamed(service, isTcp ? "tcp" : "udp")?.port : undefined;
}

/** A strict dotted quad, or an IPv6 address with or without zone and brackets, of which a port behind counts for nothing (Wine's test getaddrinfo). */
export function numericName(host: string): Uint8Array | undefined {
  const isQuad = inetPton(AF_INET, host, new Uint8Array(4)).value === 1;
  const { isRead, bytes } = nameFromText(host, isQuad ? AF_INET : AF_INET6);
  return isRead ? bytes.fill(0, 2, 4) : undefined;
}

/** The address in the family that the program wants, if it can be in it. */
function inFamily(name: Uint8Array, family: number, flags: number): Uint8Array | undefined {
  if (family === AF_UNSPEC || family === name[0]) return name;
  if (name[0] !== AF_INET || (flags & AI_V4MAPPED) === 0) return undefined;
  const mapped = new Uint8Array(sizeof_sockaddr_in6);
  mapped[0] = AF_INET6;
  mapped.fill(0xff, 18, 20);
  mapped.set(name.subarray(4, 8), 20);
  return mapped;
}

/** Letters beyond ASCII are encoded by IDNA, as by Windows since 8. @returns undefined for what is no name */
export function encodedName(node: string): string | undefined {
  // What is part of a URL beside the host is part of no name.
  if (!/[\u0080-\uffff]/.test(node)) return node;
  if (/[\s/?#@:\\%[\]]/.test(node)) return undefined;
  try {
    return new URL(`http://${node}/`).hostname;
  } catch {
    return undefined;
  }
}
