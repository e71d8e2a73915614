import { seqDiff } from "../core/seq.ts";
import * as ipv4 from "./ipv4.ts";
import * as tcp from "./tcp.ts";

/** `newer` makes the older datagram unneeded, `older` says already what the newer would, `neither` when both should leave. */
export type Superseding = "newer" | "older" | "neither";

/**
 * Which of two IPv4 datagrams, sent one after the other and both still here, is worth sending. TCP sends again what was not
 * acknowledged, so a copy is unneeded beside one that holds all of it; every other protocol's datagrams are each for themselves.
 * Both are our own and well-formed.
 */
export function superseding(b: Uint8Array, at: number, older: Uint8Array, olderAt: number): Superseding {
  if (ipv4.protocol(b, at) !== ipv4.PROTOCOL_TCP || ipv4.protocol(older, olderAt) !== ipv4.PROTOCOL_TCP) return "neither";
  if (ipv4.source(b, at) !== ipv4.source(older, olderAt) || ipv4.destination(b, at) !== ipv4.destination(older, olderAt)) return "neither";
  const t = ipv4.payloadAt(b, at);
  const o = ipv4.payloadAt(older, olderAt);
  const isOneFlow = tcp.sourcePort(b, t) === tcp.sourcePort(older, o) && tcp.destinationPort(b, t) === tcp.destinationPort(older, o);
  if (!isOneFlow) return "neither";
  const flags = tcp.flags(b, t);
  const olderFlags = tcp.flags(older, o);
  if (((flags ^ olderFlags) & (tcp.SYN | tcp.RST)) !== 0) return "neither";
  // A flow begins once and is reset once: with other numbers the later is of a later connection.
  if ((flags & (tcp.SYN | tcp.RST)) !== 0) return "newer";
  const length = sequenceLength(b, t, ipv4.payloadEnd(b, at));
  const olderLength = sequenceLength(older, o, ipv4.payloadEnd(older, olderAt));
  const ahead = seqDiff(tcp.sequence(b, t), tcp.sequence(older, o));
  // Bare acknowledgements, window updates and keep-alives from one place in the stream: the last of them says it all.
  if (length === 0 || olderLength === 0) return length === olderLength && ahead === 0 ? "newer" : "neither";
  if (ahead <= 0 && ahead + length >= olderLength) return "newer";
  return ahead >= 0 && ahead + length <= olderLength ? "older" : "neither";
}

/** SEG.LEN of a segment without SYN: text, and one for a FIN. */
const sequenceLength = (b: Uint8Array, at: number, end: number): number =>
  end - tcp.payloadAt(b, at) + ((tcp.flags(b, at) & tcp.FIN) === 0 ? 0 : 1);
