import type { HostContext } from "../core/context.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { type Seq, seqAdd } from "../core/seq.ts";
import { TokenBucket } from "../core/token-bucket.ts";
import type { Ip } from "../ip/ip.ts";
import { ACK, RST } from "../packet/tcp.ts";
import type { Segment, Syn } from "./segment.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** Resets for segments of no connection: a thousand a second, so that a scan does not make us a reflector. */
const RESETS_PER_SECOND = 1000;

/** SEGMENT ARRIVES in CLOSED, RFC 9293 §3.10.7.1: whatever arrives for no connection is answered by a reset, except a reset. */
export function segmentInClosed(seg: Segment, resets: Resets): SegmentVerdict {
  if (seg.has(RST)) return "rst-to-closed";
  resets.answer(seg);
  return "no-connection";
}

/** Makes the resets that answer segments of no connection, RFC 9293 §3.5.2. */
export class Resets {
  readonly #context: HostContext;
  readonly #ip: Ip;
  readonly #writer: SegmentWriter;
  readonly #rate: TokenBucket;

  constructor(context: HostContext, ip: Ip, writer: SegmentWriter) {
    this.#context = context;
    this.#ip = ip;
    this.#writer = writer;
    this.#rate = new TokenBucket(context, RESETS_PER_SECOND, RESETS_PER_SECOND);
  }

  answer(seg: Segment): void {
    if (!seg.has(ACK)) {
      this.refuse(seg);
      return;
    }
    // The peer told what it expects.
    const repeated = this.#context.profile.resetRepeatsAck ? seg.ack : (0 as Seq);
    this.#reset(seg, seg.ack, repeated, RST);
  }

  /** Of a segment without an ACK, such as a SYN, at once or later: all that it sent is acknowledged. */
  refuse(syn: Syn): void {
    this.#reset(syn, 0 as Seq, seqAdd(syn.seq, syn.length), RST | ACK);
  }

  #reset({ source, sourcePort, destination, destinationPort }: Syn, sequence: Seq, acknowledged: Seq, flags: number): void {
    if (!this.#rate.take()) {
      this.#context.drops.count("reset-rate-limited");
      return;
    }
    const path = this.#ip.pathTo(source, destination);
    if (typeof path !== "string") this.#writer.reset(path, destinationPort, sourcePort, sequence, acknowledged, flags);
  }
}
