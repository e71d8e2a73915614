import { type AddressWords, formatEndpoint, makeAddressSlot } from "../core/address.ts";
import { type Seq, seq } from "../core/seq.ts";
import type { InboundPacket } from "../ip/transport.ts";
import * as tcp from "../packet/tcp.ts";
import { makeSegmentOptions, parse, type SegmentOptions } from "../packet/tcp-options.ts";

/** What a SYN says in its options; not read of any other segment. */
export interface SynOptions {
  readonly mss: number;
  readonly windowScale: number;
  readonly sackPermitted: boolean;
  readonly hasTimestamps: boolean;
  readonly tsVal: number;
}

/** What opens a connection: a segment that has arrived with a SYN and without an ACK, or what is kept of one. */
export interface Syn {
  readonly seq: Seq;
  readonly length: number;
  readonly window: number;
  readonly source: AddressWords;
  readonly sourcePort: number;
  readonly destination: AddressWords;
  readonly destinationPort: number;
  readonly options: SynOptions;
}

/** A TCP segment that has arrived, in RFC 9293's terms. One record is filled again for each arrival, so nothing may be kept of it. */
export class Segment implements Syn {
  /** SEG.SEQ */
  seq: Seq = seq(0);
  /** SEG.ACK, meaningful with the ACK flag. */
  ack: Seq = seq(0);
  flags = 0;
  /** SEG.WND as sent, before the shift of RFC 7323. */
  window = 0;
  /** SEG.UP − SEG.SEQ; 0 without the URG flag. */
  urgentPointer = 0;
  /** SEG.LEN: text, and one each for SYN and FIN. */
  length = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Refilled as the record is: `keepAddress` what must outlive the segment. */
  source: AddressWords = makeAddressSlot();
  destination: AddressWords = makeAddressSlot();
  /** The text lies in `bytes[textAt, textEnd)`. */
  bytes: Uint8Array = new Uint8Array(0);
  textAt = 0;
  textEnd = 0;
  /** How many segments on the wire this one was merged from. */
  pieces = 1;
  readonly options: SegmentOptions = makeSegmentOptions();

  /** Reads the header that `tcp.check` has passed. */
  fill(packet: InboundPacket): void {
    const { bytes: b, at } = packet;
    this.seq = tcp.sequence(b, at);
    this.ack = tcp.acknowledgment(b, at);
    this.flags = tcp.flags(b, at);
    this.window = tcp.window(b, at);
    this.urgentPointer = this.has(tcp.URG) ? tcp.urgentPointer(b, at) : 0;
    this.sourcePort = tcp.sourcePort(b, at);
    this.destinationPort = tcp.destinationPort(b, at);
    this.source = packet.source;
    this.destination = packet.destination;
    this.bytes = b;
    this.textAt = tcp.payloadAt(b, at);
    this.textEnd = packet.end;
    const text = this.textEnd - this.textAt;
    this.length = text + ((this.flags & tcp.SYN) !== 0 ? 1 : 0) + ((this.flags & tcp.FIN) !== 0 ? 1 : 0);
    this.pieces = packet.gsoSize > 0 ? Math.ceil(text / packet.gsoSize) : 1;
    parse(b, at, this.options);
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  get textLength(): number {
    return this.textEnd - this.textAt;
  }

  /** The flow as the receiver names it: `203.0.113.2:80 – 203.0.113.1:40000`. */
  get flow(): string {
    return `${formatEndpoint(this.destination, this.destinationPort)} – ${formatEndpoint(this.source, this.sourcePort)}`;
  }
}
