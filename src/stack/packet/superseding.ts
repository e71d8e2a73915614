import { seqDiff } from "../core/seq.ts";
import { u8 } from "./bytes.ts";
import * as ipv4 from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import * as tcp from "./tcp.ts";

/** `newer` makes the older datagram unneeded, `older` says already what the newer would, `neither` when both should leave. */
export type Superseding = "newer" | "older" | "neither";

/** Where the segment of TCP in a datagram of ours lies, or −1. Ours have no extension headers before TCP. */
function segmentAt(b: Uint8Array, at: number): number {
  if (isV4(b, at)) return ipv4.protocol(b, at) === ipv4.PROTOCOL_TCP ? ipv4.payloadAt(b, at) : -1;
  return ipv6.nextHeader(b, at) === ipv4.PROTOCOL_TCP ? ipv6.payloadAt(at) : -1;
}

const isV4 = (b: Uint8Array, at: number): boolean => u8(b, at) >>> 4 === 4;

const datagramEnd = (b: Uint8Array, at: number): number => (isV4(b, at) ? ipv4.payloadEnd(b, at) : ipv6.payloadEnd(b, at));

/** Whether source and destination are the same. */
function samePair(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  if (isV4(a, aAt) !== isV4(b, bAt)) return false;
  const from = isV4(a, aAt) ? ipv4.ADDRESSES : ipv6.ADDRESSES;
  const end = isV4(a, aAt) ? ipv4.MIN_HEADER : ipv6.HEADER;
  for (let i = from; i < end; i++) if (u8(a, aAt + i) !== u8(b, bAt + i)) return false;
  return true;
}

/**
 * Which of two IP datagrams, sent one after the other and both still here, is worth sending. TCP sends again what was not
 * acknowledged, so a copy is unneeded beside one that holds all of it; every other protocol's datagrams are each for themselves.
 * Both are our own and well-formed.
 */
export function superseding(b: Uint8Array, at: number, older: Uint8Array, olderAt: number): Superseding {
  const t = segmentAt(b, at);
  const o = segmentAt(older, olderAt);
  if (t < 0 || o < 0 || !samePair(b, at, older, olderAt)) return "neither";
  const isOneFlow = tcp.sourcePort(b, t) === tcp.sourcePort(older, o) && tcp.destinationPort(b, t) === tcp.destinationPort(older, o);
  if (!isOneFlow) return "neither";
  const flags = tcp.flags(b, t);
  const olderFlags = tcp.flags(older, o);
  if (((flags ^ olderFlags) & (tcp.SYN | tcp.RST)) !== 0) return "neither";
  // A flow begins once and is reset once: with other numbers the later is of a later connection.
  if ((flags & (tcp.SYN | tcp.RST)) !== 0) return "newer";
  const length = sequenceLength(b, t, datagramEnd(b, at));
  const olderLength = sequenceLength(older, o, datagramEnd(older, olderAt));
  const ahead = seqDiff(tcp.sequence(b, t), tcp.sequence(older, o));
  // Bare acknowledgements, window updates and keep-alives from one place in the stream: the last of them says it all.
  if (length === 0 || olderLength === 0) return length === olderLength && ahead === 0 ? "newer" : "neither";
  if (ahead <= 0 && ahead + length >= olderLength) return "newer";
  return ahead >= 0 && ahead + length <= olderLength ? "older" : "neither";
}

/** SEG.LEN of a segment without SYN: text, and one for a FIN. */
const sequenceLength = (b: Uint8Array, at: number, end: number): number =>
  end - tcp.payloadAt(b, at) + ((tcp.flags(b, at) & tcp.FIN) === 0 ? 0 : 1);
