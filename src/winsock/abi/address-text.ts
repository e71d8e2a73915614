/**
 * IP addresses as text, with Winsock's own rules: inet_addr's loose IPv4 forms, inet_pton's strict ones, and the IPv6 spelling of
 * RFC 5952 with a dotted quad where an IPv4 address is inside. The functions are pure: where Winsock sets the last error they return
 * it as `error`, and `undefined` there means that the last error is left alone. All of them work before WSAStartup.
 */
import { htonl } from "./byte-order.ts";
import { AF_INET, AF_INET6, INADDR_NONE } from "./constants.ts";
import { STATUS_INVALID_PARAMETER, WSAEAFNOSUPPORT, WSAEFAULT } from "./errors.ts";
import { type Box, type in_addr, type in6_addr, sizeof_in_addr, sizeof_in6_addr } from "./structures.ts";

/** A call's return value, and the last error that it sets, if it sets one. */
export interface Conversion<T> {
  readonly value: T;
  readonly error: number | undefined;
}

const conversion = <T>(value: T, error?: number): Conversion<T> => ({ value, error });

/** What a C function sees of a string: the characters before the first NUL. */
function upToNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

// ---- inet_addr, inet_ntoa ----

const INET_ADDR_PART = /^(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))$/;

/**
 * inet_addr: one to four parts, each decimal, octal (leading 0) or hexadecimal (0x), the last one filling the bytes that are left, so
 * "10.1" is 10.0.0.1. Reading stops at the first white space after a complete part; what follows may be anything. Exactly " " is
 * 0.0.0.0. Anything else is INADDR_NONE, and only NULL sets an error (WSAEFAULT).
 */
export function inetAddr(cp: string | null): Conversion<number> {
  if (typeof cp !== "string") return conversion(INADDR_NONE, WSAEFAULT);
  const text = upToNul(cp);
  if (text === " ") return conversion(0);
  // Cutting at white space leaves an empty last part, hence an error, where no part was complete.
  const parts = (text.split(/[ \t\n\v\f\r]/, 1)[0] ?? "").split(".");
  if (parts.length > 4) return conversion(INADDR_NONE);

  let address = 0;
  for (const [i, part] of parts.entries()) {
    const value = inetAddrPart(part);
    const isLast = i === parts.length - 1;
    const limit = isLast ? 256 ** (4 - i) : 256;
    if (value === undefined || value >= limit) return conversion(INADDR_NONE);
    address += isLast ? value : value * 256 ** (3 - i);
  }
  return conversion(htonl(address));
}

function inetAddrPart(part: string): number | undefined {
  const [, hexadecimal, octal, decimal] = INET_ADDR_PART.exec(part) ?? [];
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
  if (octal !== undefined) return Number.parseInt(octal, 8);
  return decimal === undefined ? undefined : Number.parseInt(decimal, 10);
}

/** The dotted quad of an address in network byte order. */
export function inet_ntoa(address: in_addr | Uint8Array): string {
  if (address instanceof Uint8Array) return Array.from({ length: 4 }, (_, i) => address[i] ?? 0).join(".");
  const s_addr = address.s_addr;
  return `${s_addr & 0xff}.${(s_addr >>> 8) & 0xff}.${(s_addr >>> 16) & 0xff}.${s_addr >>> 24}`;
}

// ---- inet_pton ----

/**
 * inet_pton: 1 and `dst` filled, 0 for text that is not an address of this family, -1 for NULL or another family. IPv4 is four decimal
 * parts without leading zeros; IPv6 is groups of at most four hexadecimal digits, at most one `::`, and a dotted quad only at the end;
 * never brackets, a scope, a prefix length or anything behind. An unusable text leaves `dst` as it was (Windows may write a part of it)
 * and, as with inet_pton there, the last error too; InetPtonW, its wide twin, sets WSAEINVAL then.
 * @param dst 4 or 16 bytes, or an object to be filled; too short an array is WSAEFAULT, since there is no memory to overrun here
 */
export function inetPton(af: number, text: string | null, dst: Uint8Array | in_addr | in6_addr | null): Conversion<1 | 0 | -1> {
  if (typeof text !== "string") return conversion(-1, WSAEFAULT);
  if (af !== AF_INET && af !== AF_INET6) return conversion(-1, WSAEAFNOSUPPORT);
  const needed = af === AF_INET ? sizeof_in_addr : sizeof_in6_addr;
  if (typeof dst !== "object" || dst === null || (dst instanceof Uint8Array && dst.length < needed)) return conversion(-1, WSAEFAULT);

  const address = af === AF_INET ? parseIpv4(upToNul(text)) : parseIpv6(upToNul(text));
  if (address === undefined) return conversion(0);
  if (dst instanceof Uint8Array) dst.set(address);
  else if (af === AF_INET) (dst as in_addr).s_addr = new DataView(address.buffer).getUint32(0, true);
  else fillIn6Addr(dst as in6_addr, address);
  return conversion(1);
}

function fillIn6Addr(dst: in6_addr, address: Uint8Array): void {
  if (dst.s6_addr instanceof Uint8Array && dst.s6_addr.length >= sizeof_in6_addr) dst.s6_addr.set(address);
  else dst.s6_addr = address;
}

const STRICT_OCTET = /^(?:0|[1-9][0-9]{0,2})$/;
/** Inside IPv6 text Windows allows leading zeros, up to three digits in all. */
const EMBEDDED_OCTET = /^[0-9]{1,3}$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

function parseIpv4(text: string, octet: RegExp = STRICT_OCTET): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => octet.test(part) && Number(part) <= 255) ? Uint8Array.from(parts, Number) : undefined;
}

function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const [before, after, more] = text.split("::");
  if (before === undefined || more !== undefined) return undefined;
  const head = parseGroups(before, after === undefined);
  const tail = parseGroups(after ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  // "::" stands for one group of zeros at least.
  const given = head.length + tail.length;
  if (after === undefined ? given !== sizeof_in6_addr : given > sizeof_in6_addr - 2) return undefined;
  const address = new Uint8Array(sizeof_in6_addr);
  address.set(head);
  address.set(tail, sizeof_in6_addr - tail.length);
  return address;
}

/** The bytes of groups parted by single colons; none for "". */
function parseGroups(text: string, mayEndInQuad: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const bytes: number[] = [];
  for (const [i, part] of parts.entries()) {
    const quad = mayEndInQuad && i === parts.length - 1 ? parseIpv4(part, EMBEDDED_OCTET) : undefined;
    if (quad !== undefined) {
      bytes.push(...quad);
    } else if (GROUP.test(part)) {
      const group = Number.parseInt(part, 16);
      bytes.push(group >>> 8, group & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes;
}

// ---- inet_ntop ----

/**
 * inet_ntop: the text, or null. The text also goes to `dst`: into a box, or NUL-terminated into bytes.
 * Another family is WSAEAFNOSUPPORT; NULL, or room for less than the text and its NUL, is STATUS_INVALID_PARAMETER (an NT code: so it
 * is on Windows since 8).
 * @param size bytes that `dst` has room for, the NUL included; INET_ADDRSTRLEN and INET6_ADDRSTRLEN always suffice
 */
export function inetNtop(
  af: number,
  src: Uint8Array | in_addr | in6_addr | null,
  dst: Box<string> | Uint8Array | null,
  size: number,
): Conversion<string | null> {
  if (af !== AF_INET && af !== AF_INET6) return conversion(null, WSAEAFNOSUPPORT);
  if (typeof src !== "object" || src === null || typeof dst !== "object" || dst === null) return conversion(null, STATUS_INVALID_PARAMETER);

  const text = af === AF_INET ? inet_ntoa(src as Uint8Array | in_addr) : ipv6Text(in6Bytes(src as Uint8Array | in6_addr));
  const room = dst instanceof Uint8Array ? Math.min(size, dst.length) : size;
  // Written this way round so that a size that is not a number fails too.
  if (!(room > text.length)) return conversion(null, STATUS_INVALID_PARAMETER);
  if (dst instanceof Uint8Array) {
    for (let i = 0; i < text.length; i++) dst[i] = text.charCodeAt(i);
    dst[text.length] = 0;
  } else {
    dst.value = text;
  }
  return conversion(text);
}

/** 16 bytes, whatever the program passed. */
function in6Bytes(src: Uint8Array | in6_addr): Uint8Array {
  const given = src instanceof Uint8Array ? src : (src.s6_addr ?? []);
  return Uint8Array.from({ length: sizeof_in6_addr }, (_, i) => given[i] ?? 0);
}

/**
 * RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`, the first one of equals. A dotted quad
 * ends v4-mapped, v4-compatible, v4-translated (::ffff:0:a.b.c.d) and ISATAP addresses, as RtlIpv6AddressToString prints them.
 */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const quad = endsInQuad(groups) ? bytes.subarray(12).join(".") : undefined;
  const words = (quad === undefined ? groups : groups.slice(0, 6)).map((group) => group.toString(16));
  if (quad !== undefined) words.push(quad);

  const zeros = longestZeroRun(words);
  if (zeros.length < 2) return words.join(":");
  return `${words.slice(0, zeros.at).join(":")}::${words.slice(zeros.at + zeros.length).join(":")}`;
}

function endsInQuad(groups: readonly number[]): boolean {
  const [g4 = 0, g5 = 0, g6 = 0] = groups.slice(4);
  // ISATAP, RFC 5214 §6.1: the interface identifier starts 0000:5efe or 0200:5efe.
  if ((g4 & 0xfdff) === 0 && g5 === 0x5efe) return true;
  if (groups.slice(0, 4).some((group) => group !== 0)) return false;
  const compatible = g4 === 0 && g5 === 0 && g6 !== 0; // ::1 and its neighbours stay hexadecimal
  const mapped = g4 === 0 && g5 === 0xffff;
  const translated = g4 === 0xffff && g5 === 0;
  return compatible || mapped || translated;
}

function longestZeroRun(words: readonly string[]): { readonly at: number; readonly length: number } {
  let longest = { at: 0, length: 0 };
  let length = 0;
  for (const [i, word] of words.entries()) {
    length = word === "0" ? length + 1 : 0;
    if (length > longest.length) longest = { at: i + 1 - length, length };
  }
  return longest;
}
