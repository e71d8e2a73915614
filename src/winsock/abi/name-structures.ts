/**
 * The structures of names: what getaddrinfo is told and gives, and the records of hosts, services and protocols. Their lists are arrays,
 * without the NULL that ends them in C.
 */
import type { sockaddr, sockaddr_in, sockaddr_in6 } from "./structures.ts";

export const sizeof_addrinfo = 48;
export const sizeof_addrinfoex = 72;
export const sizeof_hostent = 32;
export const sizeof_servent = 32;
export const sizeof_protoent = 24;

/** One address that getaddrinfo found, and the next; or its hints. ADDRINFOW is the same here, for strings are strings. */
export interface addrinfo {
  /** AI_ flags. */
  ai_flags: number;
  ai_family: number;
  ai_socktype: number;
  ai_protocol: number;
  /** Bytes of `ai_addr`. */
  ai_addrlen: number;
  ai_canonname: string | null;
  ai_addr: sockaddr_in | sockaddr_in6 | sockaddr | null;
  ai_next: addrinfo | null;
}

/** One address that GetAddrInfoEx found, and the next; or its hints. */
export interface addrinfoex extends Omit<addrinfo, "ai_next"> {
  /** What another name space would have to say: nothing here. */
  ai_blob: null;
  ai_bloblen: number;
  ai_provider: null;
  ai_next: addrinfoex | null;
}

/** A host with its names and addresses; each thread has one, which the next call fills anew. */
export interface hostent {
  h_name: string;
  h_aliases: string[];
  /** AF_INET or AF_INET6. */
  h_addrtype: number;
  /** Bytes of each address. */
  h_length: number;
  /** Addresses as on the wire. */
  h_addr_list: Uint8Array[];
}

/** A service; each thread has one, which the next call fills anew. */
export interface servent {
  s_name: string;
  s_aliases: string[];
  /** Network byte order. */
  s_port: number;
  s_proto: string;
}

/** A protocol; each thread has one, which the next call fills anew. */
export interface protoent {
  p_name: string;
  p_aliases: string[];
  p_proto: number;
}

/** A zeroed addrinfo, as hints begin. */
export function new_addrinfo(): addrinfo {
  return {
    ai_flags: 0,
    ai_family: 0,
    ai_socktype: 0,
    ai_protocol: 0,
    ai_addrlen: 0,
    ai_canonname: null,
    ai_addr: null,
    ai_next: null,
  };
}

/** A zeroed addrinfoex, as hints begin. */
export function new_addrinfoex(): addrinfoex {
  return { ...new_addrinfo(), ai_blob: null, ai_bloblen: 0, ai_provider: null, ai_next: null };
}

/** A hostent of nothing. */
export function new_hostent(): hostent {
  return { h_name: "", h_aliases: [], h_addrtype: 0, h_length: 0, h_addr_list: [] };
}

/** A servent of nothing. */
export function new_servent(): servent {
  return { s_name: "", s_aliases: [], s_port: 0, s_proto: "" };
}

/** A protoent of nothing. */
export function new_protoent(): protoent {
  return { p_name: "", p_aliases: [], p_proto: 0 };
}

/** The four numbers of hints, and whether the other fields are what they have to be: zero. */
export interface Hints {
  readonly flags: number;
  readonly family: number;
  readonly socktype: number;
  readonly protocol: number;
  readonly isClean: boolean;
}

/** What hints say, in either form; a field that is missing is 0. @param isEx bytes are an addrinfoex's */
export function readHints(hints: addrinfo | addrinfoex | Uint8Array, isEx = false): Hints {
  if (hints instanceof Uint8Array) {
    const word = (at: number): number => [0, 1, 2, 3].reduce((value, i) => value | ((hints[at + i] ?? 0) << (8 * i)), 0);
    const length = isEx ? sizeof_addrinfoex : sizeof_addrinfo;
    // The blob and the provider of an addrinfoex, before its last field, are of no account.
    const isClean = hints.subarray(0, length).every((byte, at) => byte === 0 || at < 16 || (at >= 40 && at < length - 8));
    return { flags: word(0), family: word(4), socktype: word(8), protocol: word(12), isClean };
  }
  const number = (value: unknown): number => (typeof value === "number" ? value | 0 : 0);
  return {
    flags: number(hints.ai_flags),
    family: number(hints.ai_family),
    socktype: number(hints.ai_socktype),
    protocol: number(hints.ai_protocol),
    isClean: !hints.ai_addrlen && !isThere(hints.ai_canonname) && !isThere(hints.ai_addr) && !isThere(hints.ai_next),
  };
}

/** Programs without types leave out what is NULL. */
const isThere = (pointer: unknown): boolean => pointer !== null && pointer !== undefined;
