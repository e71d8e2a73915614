/**
 * DHCP messages, RFC 2131 §2, with the options of RFC 2132, RFC 3396, RFC 3397 and RFC 3442. Integers are big-endian; lengths and offsets
 * count bytes; `at` is where the message begins. An address is 32 bits as a signed integer.
 */
import { type IpAddress, ipv4 } from "../core/address.ts";
import { i32, putU16, putU32, u8, u16, u32 } from "./bytes.ts";
import * as dns from "./dns.ts";
import { copyMac, sameMac } from "./ethernet.ts";

export const SERVER_PORT = 67;
export const CLIENT_PORT = 68;

/** The fixed part, the cookie included. */
export const HEADER = 240;
/** BOOTP's length, below which some relays and servers take no message. */
export const MIN_LENGTH = 300;

export const BOOT_REQUEST = 1;
export const BOOT_REPLY = 2;

/** Message types, RFC 2132 §9.6. */
export const DISCOVER = 1;
export const OFFER = 2;
export const REQUEST = 3;
export const DECLINE = 4;
export const ACKNOWLEDGE = 5;
export const NAK = 6;
export const RELEASE = 7;

export const OPTION_MASK = 1;
export const OPTION_ROUTERS = 3;
export const OPTION_DNS_SERVERS = 6;
export const OPTION_HOST_NAME = 12;
export const OPTION_DOMAIN = 15;
export const OPTION_MTU = 26;
export const OPTION_NTP_SERVERS = 42;
export const OPTION_REQUESTED_ADDRESS = 50;
export const OPTION_LEASE_TIME = 51;
export const OPTION_OVERLOAD = 52;
export const OPTION_MESSAGE_TYPE = 53;
export const OPTION_SERVER_ID = 54;
export const OPTION_PARAMETERS = 55;
export const OPTION_MAX_MESSAGE = 57;
export const OPTION_RENEWAL_TIME = 58;
export const OPTION_REBINDING_TIME = 59;
export const OPTION_CLIENT_ID = 61;
export const OPTION_SEARCH_LIST = 119;
export const OPTION_CLASSLESS_ROUTES = 121;
const OPTION_PAD = 0;
const OPTION_END = 255;

const OPERATION = 0;
const HARDWARE_TYPE = 1;
const HARDWARE_LENGTH = 2;
const XID = 4;
const SECS = 8;
const FLAGS = 10;
const CLIENT_ADDRESS = 12;
const YOUR_ADDRESS = 16;
const CLIENT_HARDWARE = 28;
const SERVER_NAME = 44;
const FILE = 108;
const COOKIE = 236;

const HARDWARE_ETHERNET = 1;
const MAC_LENGTH = 6;
const MAGIC_COOKIE = 0x63825363;
const BROADCAST_FLAG = 0x8000;

/** Which of the other fields hold options too, RFC 2132 §9.3. */
const OVERLOADS_FILE = 1;
const OVERLOADS_NAME = 2;

export type Malformed = "dhcp-truncated" | "dhcp-bad-cookie" | "dhcp-bad-option";

/** Says what is wrong with the fixed part of the bytes in [at, end), or undefined. The options are judged by `readOptions`. */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  if (end - at < HEADER) return "dhcp-truncated";
  return u32(b, at + COOKIE) === MAGIC_COOKIE ? undefined : "dhcp-bad-cookie";
}

/** BOOT_REQUEST or BOOT_REPLY. */
export const operation = (b: Uint8Array, at: number): number => u8(b, at + OPERATION);
export const isEthernet = (b: Uint8Array, at: number): boolean =>
  u8(b, at + HARDWARE_TYPE) === HARDWARE_ETHERNET && u8(b, at + HARDWARE_LENGTH) === MAC_LENGTH;
export const xid = (b: Uint8Array, at: number): number => u32(b, at + XID);
export const secs = (b: Uint8Array, at: number): number => u16(b, at + SECS);
export const wantsBroadcast = (b: Uint8Array, at: number): boolean => (u16(b, at + FLAGS) & BROADCAST_FLAG) !== 0;
export const clientAddress = (b: Uint8Array, at: number): number => i32(b, at + CLIENT_ADDRESS);
export const yourAddress = (b: Uint8Array, at: number): number => i32(b, at + YOUR_ADDRESS);
export const isForClient = (b: Uint8Array, at: number, mac: Uint8Array): boolean => sameMac(b, at + CLIENT_HARDWARE, mac, 0);

// Reading options

/** What each option of a message holds, by its code; one that came in pieces is whole (RFC 3396 §5). */
export type Options = ReadonlyMap<number, Uint8Array>;

/**
 * Reads the options of a message whose fixed part is good: those behind the cookie, then those in the file and name fields where an
 * option says that they are used so (RFC 3396 §5). The bytes are copies.
 */
export function readOptions(b: Uint8Array, at: number, end: number): Options | Malformed {
  const pieces = new Map<number, Uint8Array[]>();
  if (!gather(b, at + HEADER, end, pieces)) return "dhcp-bad-option";
  const overload = pieces.get(OPTION_OVERLOAD)?.[0];
  if (overload !== undefined) {
    const fields = overload[0] ?? 0;
    if (overload.length !== 1 || fields < OVERLOADS_FILE || fields > OVERLOADS_FILE + OVERLOADS_NAME) return "dhcp-bad-option";
    if ((fields & OVERLOADS_FILE) !== 0 && !gather(b, at + FILE, at + COOKIE, pieces)) return "dhcp-bad-option";
    if ((fields & OVERLOADS_NAME) !== 0 && !gather(b, at + SERVER_NAME, at + FILE, pieces)) return "dhcp-bad-option";
  }
  return new Map([...pieces].map(([code, parts]) => [code, joined(parts)]));
}

/** @returns false when an option runs past the end; the last one may lack its end mark */
function gather(b: Uint8Array, from: number, end: number, into: Map<number, Uint8Array[]>): boolean {
  let at = from;
  while (at < end) {
    const code = u8(b, at);
    if (code === OPTION_END) return true;
    if (code === OPTION_PAD) {
      at++;
      continue;
    }
    if (at + 2 > end) return false;
    const dataAt = at + 2;
    const dataEnd = dataAt + u8(b, at + 1);
    if (dataEnd > end) return false;
    const parts = into.get(code);
    if (parts === undefined) into.set(code, [b.slice(dataAt, dataEnd)]);
    else parts.push(b.slice(dataAt, dataEnd));
    at = dataEnd;
  }
  return true;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Of one byte; undefined where there is none, or it has another length. */
export function byteOption(options: Options, code: number): number | undefined {
  const data = options.get(code);
  return data?.length === 1 ? u8(data, 0) : undefined;
}

/** Of two bytes, as `byteOption`. */
export function shortOption(options: Options, code: number): number | undefined {
  const data = options.get(code);
  return data?.length === 2 ? u16(data, 0) : undefined;
}

/** Of four bytes, unsigned, as `byteOption`. */
export function wordOption(options: Options, code: number): number | undefined {
  const data = options.get(code);
  return data?.length === 4 ? u32(data, 0) : undefined;
}

/** At most `limit` addresses of a list; none where its length is that of no list. */
export function addressesOption(options: Options, code: number, limit: number): IpAddress[] {
  const data = options.get(code);
  const addresses: IpAddress[] = [];
  if (data === undefined || data.length % 4 !== 0) return addresses;
  for (let at = 0; at < data.length && addresses.length < limit; at += 4) addresses.push(ipv4(i32(data, at)));
  return addresses;
}

/** Letters, digits, hyphens and underlines between dots: what a domain of hosts is made of, and nothing that a terminal would obey. */
const DOMAIN = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i;

const domainIn = (text: string): string | undefined => (text.length < dns.MAX_NAME && DOMAIN.test(text) ? text.toLowerCase() : undefined);

/** A domain as text; some servers end it with a zero. Undefined where it is none. */
export function domainOption(options: Options, code: number): string | undefined {
  const data = options.get(code);
  if (data === undefined) return undefined;
  const end = data.at(-1) === 0 ? data.length - 1 : data.length;
  return domainIn(String.fromCharCode(...data.subarray(0, Math.min(end, dns.MAX_NAME))).replace(/\.$/, ""));
}

/** At most `limit` domains of a search list, whose names may point into it (RFC 3397 §2); it ends where one is none. */
export function searchListOption(options: Options, limit: number): string[] {
  const data = options.get(OPTION_SEARCH_LIST);
  const domains: string[] = [];
  if (data === undefined) return domains;
  for (let at = 0; at < data.length && domains.length < limit; at = dns.nameEnd(data, at)) {
    const name = dns.nameText(data, 0, at, data.length, 0);
    if (name === undefined) break;
    const domain = domainIn(name);
    if (domain !== undefined) domains.push(domain);
  }
  return domains;
}

/** A route as a server tells it; the router 0.0.0.0 stands for the link itself (RFC 3442). */
export interface ClasslessRoute {
  readonly destination: IpAddress;
  readonly prefixLength: number;
  readonly router: IpAddress;
}

/** At most `limit` routes of option 121, RFC 3442; undefined where it is not there, or malformed. */
export function routesOption(options: Options, limit: number): ClasslessRoute[] | undefined {
  const data = options.get(OPTION_CLASSLESS_ROUTES);
  if (data === undefined) return undefined;
  const routes: ClasslessRoute[] = [];
  for (let at = 0; at < data.length; ) {
    const prefixLength = u8(data, at);
    const octets = Math.ceil(prefixLength / 8);
    if (prefixLength > 32 || at + 1 + octets + 4 > data.length) return undefined;
    let bits = 0;
    for (let i = 0; i < octets; i++) bits |= u8(data, at + 1 + i) << (24 - 8 * i);
    if (routes.length < limit) routes.push({ destination: ipv4(bits), prefixLength, router: ipv4(i32(data, at + 1 + octets)) });
    at += 1 + octets + 4;
  }
  return routes;
}

// Writing

/** Fills in the fixed part of a client's message. Every byte up to the options is written. */
export function writeRequest(
  b: Uint8Array,
  at: number,
  transaction: number,
  seconds: number,
  broadcast: boolean,
  address: number,
  mac: Uint8Array,
): void {
  b.fill(0, at, at + HEADER);
  b[at + OPERATION] = BOOT_REQUEST;
  b[at + HARDWARE_TYPE] = HARDWARE_ETHERNET;
  b[at + HARDWARE_LENGTH] = MAC_LENGTH;
  putU32(b, at + XID, transaction);
  putU16(b, at + SECS, Math.min(seconds, 0xffff));
  putU16(b, at + FLAGS, broadcast ? BROADCAST_FLAG : 0);
  putU32(b, at + CLIENT_ADDRESS, address);
  copyMac(mac, 0, b, at + CLIENT_HARDWARE);
  putU32(b, at + COOKIE, MAGIC_COOKIE);
}

/** @param data at most 255 bytes. @returns where the next option goes */
export function writeOption(b: Uint8Array, option: number, code: number, data: ArrayLike<number>): number {
  b[option] = code;
  b[option + 1] = data.length;
  b.set(data, option + 2);
  return option + 2 + data.length;
}

/** As `writeOption`, of four bytes. */
export function writeWordOption(b: Uint8Array, option: number, code: number, value: number): number {
  b[option] = code;
  b[option + 1] = 4;
  putU32(b, option + 2, value);
  return option + 6;
}

/** Ends the options, and pads the message to the least length. @returns where it ends */
export function writeEnd(b: Uint8Array, at: number, option: number): number {
  b[option] = OPTION_END;
  const end = Math.max(option + 1, at + MIN_LENGTH);
  b.fill(OPTION_PAD, option + 1, end);
  return end;
}
