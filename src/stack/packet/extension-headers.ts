/**
 * Headers between IPv6's own and the transport's, RFC 8200 §4. Offsets count bytes of the buffer; `packetAt` is where the IPv6 header begins,
 * from which a pointer to what is wrong counts (RFC 4443 §3.4).
 */
import { putU16, putU32, u8, u16, u32 } from "./bytes.ts";
import * as ipv6 from "./ipv6.ts";

export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const DESTINATION_OPTIONS = 60;

/** RFC 2711: routers look into what carries it, such as MLD. */
export const OPTION_ROUTER_ALERT = 5;
const OPTION_PAD1 = 0;
const OPTION_PADN = 1;

export const FRAGMENT_HEADER = 8;

/** Headers in one packet, options in one header and bytes in all; more than anything honest has (RFC 8504 §5.3). */
export const MAX_HEADERS = 8;
export const MAX_OPTIONS = 8;
export const MAX_CHAIN_BYTES = 1024;

/** Codes of ICMPv6's "parameter problem", RFC 4443 §3.4 and RFC 7112 §5. */
export const ERRONEOUS_FIELD = 0;
export const UNKNOWN_NEXT_HEADER = 1;
export const UNKNOWN_OPTION = 2;
export const INCOMPLETE_CHAIN = 3;

export type ChainReason =
  | "ipv6-truncated-header"
  | "ipv6-too-many-headers"
  | "ipv6-too-many-options"
  | "ipv6-hop-by-hop-not-first"
  | "ipv6-bad-option"
  | "ipv6-unknown-option"
  | "ipv6-routing-header";

/** Where a walk came to. One record is refilled for each packet. */
export interface HeaderChain {
  /** Of what follows the headers walked over: a transport's, FRAGMENT, or one that nobody knows. */
  protocol: number;
  /** Where that lies. */
  at: number;
  /** Where its number stands: the next-header field before it. */
  protocolFieldAt: number;
  hasRouterAlert: boolean;
  /** Undefined unless something is wrong. */
  reason: ChainReason | undefined;
  /** What an ICMPv6 error should say of it; −1 for nothing. */
  problemCode: number;
  /** Where the trouble lies in the buffer. */
  problemAt: number;
  /** The error is due although the packet went to a group: action 10 of RFC 8200 §4.2. */
  problemEvenToGroup: boolean;
}

export const makeHeaderChain = (): HeaderChain => ({
  protocol: ipv6.NO_NEXT_HEADER,
  at: 0,
  protocolFieldAt: 0,
  hasRouterAlert: false,
  reason: undefined,
  problemCode: -1,
  problemAt: 0,
  problemEvenToGroup: false,
});

/**
 * Walks over the headers in [at, end), strictly in their order, until a transport's, a fragment header, or one that is not known.
 * @param protocol of the first of them, which stands at `fieldAt`
 * @param isFirst nothing but the IPv6 header lies before: only there may hop-by-hop options stand
 */
export function walk(b: Uint8Array, at: number, end: number, protocol: number, fieldAt: number, isFirst: boolean, into: HeaderChain): void {
  into.reason = undefined;
  into.problemCode = -1;
  into.hasRouterAlert = false;
  into.problemEvenToGroup = false;
  into.at = at;
  into.protocol = protocol;
  into.protocolFieldAt = fieldAt;
  for (let headers = 0; isOptionsOrRouting(into.protocol); headers++) {
    const header = into.at;
    if (into.protocol === HOP_BY_HOP && !(isFirst && headers === 0)) {
      fail(into, "ipv6-hop-by-hop-not-first", UNKNOWN_NEXT_HEADER, into.protocolFieldAt);
      return;
    }
    const next = header + 8 + (header + 2 <= end ? u8(b, header + 1) * 8 : 0);
    if (next > end) {
      fail(into, "ipv6-truncated-header", -1, header);
      return;
    }
    if (headers >= MAX_HEADERS || next - at > MAX_CHAIN_BYTES) {
      fail(into, "ipv6-too-many-headers", -1, header);
      return;
    }
    if (into.protocol === ROUTING) {
      // Segments left: a host is the last stop of every route it takes part in, of type 0 (RFC 5095) and of any other.
      if (u8(b, header + 3) !== 0) {
        fail(into, "ipv6-routing-header", ERRONEOUS_FIELD, header + 2);
        return;
      }
    } else if (!judgeOptions(b, header + 2, next, into)) {
      return;
    }
    into.protocol = u8(b, header);
    into.protocolFieldAt = header;
    into.at = next;
  }
}

const isOptionsOrRouting = (protocol: number): boolean =>
  protocol === HOP_BY_HOP || protocol === DESTINATION_OPTIONS || protocol === ROUTING;

/** RFC 8200 §4.2: what to do with an unknown option stands in the two highest bits of its type. */
function judgeOptions(b: Uint8Array, at: number, end: number, into: HeaderChain): boolean {
  let options = 0;
  for (let o = at; o < end; ) {
    const type = u8(b, o);
    if (type === OPTION_PAD1) {
      o++;
      continue;
    }
    const next = o + 2 + (o + 2 <= end ? u8(b, o + 1) : 0);
    if (o + 2 > end || next > end) return fail(into, "ipv6-bad-option", ERRONEOUS_FIELD, o);
    if (type === OPTION_ROUTER_ALERT) {
      into.hasRouterAlert = true;
    } else if (type !== OPTION_PADN && type >>> 6 !== 0) {
      const action = type >>> 6;
      into.problemEvenToGroup = action === 2;
      return fail(into, "ipv6-unknown-option", action === 1 ? -1 : UNKNOWN_OPTION, o);
    }
    if (++options > MAX_OPTIONS) return fail(into, "ipv6-too-many-options", -1, o);
    o = next;
  }
  return true;
}

function fail(into: HeaderChain, reason: ChainReason, problemCode: number, problemAt: number): false {
  into.reason = reason;
  into.problemCode = problemCode;
  into.problemAt = problemAt;
  return false;
}

/** Where the transport header of a packet lies, and whose it is. One record is refilled for each. */
export interface TransportPlace {
  protocol: number;
  at: number;
  /** A later fragment, which has no transport header. */
  isLaterFragment: boolean;
}

/**
 * Finds the transport header of the packet at `packetAt`, which may be cut short, as in an error that quotes it. What options say is not
 * judged: the packet is not for us to take.
 * @returns false when the bytes end before it
 */
export function findTransport(b: Uint8Array, packetAt: number, end: number, into: TransportPlace): boolean {
  into.isLaterFragment = false;
  into.protocol = ipv6.nextHeader(b, packetAt);
  into.at = ipv6.payloadAt(packetAt);
  for (let headers = 0; headers < MAX_HEADERS; headers++) {
    const { at } = into;
    const isFragment = into.protocol === FRAGMENT;
    if (!isFragment && !isOptionsOrRouting(into.protocol)) return at <= end;
    if (at + FRAGMENT_HEADER > end) return false;
    if (isFragment && fragmentOffset(b, at) !== 0) into.isLaterFragment = true;
    into.protocol = u8(b, at);
    into.at = at + (isFragment ? FRAGMENT_HEADER : 8 + u8(b, at + 1) * 8);
    if (into.isLaterFragment) return into.at <= end;
  }
  return false;
}

/** Fields of the fragment header at `at`, RFC 8200 §4.5; its eight bytes are there. */
export const fragmentNextHeader = (b: Uint8Array, at: number): number => u8(b, at);
/** In bytes: 0 to 65528. */
export const fragmentOffset = (b: Uint8Array, at: number): number => u16(b, at + 2) & 0xfff8;
export const moreFragments = (b: Uint8Array, at: number): boolean => (u8(b, at + 3) & 1) !== 0;
export const fragmentIdentification = (b: Uint8Array, at: number): number => u32(b, at + 4);

/** Where the offset of a fragment header stands, for whoever points at it. */
export const fragmentOffsetFieldAt = (at: number): number => at + 2;

/** @param offset in bytes, a multiple of eight */
export function writeFragmentHeader(b: Uint8Array, at: number, next: number, offset: number, more: boolean, identification: number): void {
  b[at] = next;
  b[at + 1] = 0;
  putU16(b, at + 2, offset | (more ? 1 : 0));
  putU32(b, at + 4, identification);
}

/** A hop-by-hop header of eight bytes that asks routers to look, as MLD's messages carry it (RFC 2711; RFC 3810 §5). */
export function writeRouterAlert(b: Uint8Array, at: number, next: number): void {
  b[at] = next;
  b[at + 1] = 0;
  b[at + 2] = OPTION_ROUTER_ALERT;
  b[at + 3] = 2;
  putU16(b, at + 4, 0);
  b[at + 6] = OPTION_PADN;
  b[at + 7] = 0;
}
