import { expect } from "@jest/globals";
import { formatV4 } from "../../src/stack/core/address.ts";
import { type FrameInfo, plainFrame } from "../../src/stack/core/frame-info.ts";
import { type Profile, RFC } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { type Seq, seq, seqAdd, seqDiff } from "../../src/stack/core/seq.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import { FRAME_HEADROOM, type Offloads } from "../../src/stack/link/link-device.ts";
import * as arp from "../../src/stack/packet/arp.ts";
import { pseudoHeaderV4 } from "../../src/stack/packet/checksum.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import {
  makeSegmentOptions,
  parse,
  type SegmentOptions,
  writeFastOpen,
  writeSack,
  writeSynOptions,
  writeTimestamps,
} from "../../src/stack/packet/tcp-options.ts";
import { MemoryWire, type WireDevice } from "../../src/wire/memory-wire.ts";
import { tcpOf } from "./insides.ts";
import { Invariants } from "./invariants.ts";
import { OUR_ADDRESS, PEER_ADDRESS } from "./two-hosts.ts";

/** A segment that our host sent, numbers relative to each side's ISN. */
export interface SeenSegment {
  readonly atMs: number;
  /** As in scripts: S, F, R, P and a dot for ACK. */
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  /** The field itself, flag or not. */
  readonly rawAck: number;
  readonly window: number;
  readonly urgent: number;
  readonly length: number;
  readonly text: Uint8Array;
  readonly options: SegmentOptions;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface ScriptSegment {
  /** Relative to the peer's ISN. */
  readonly seq?: number;
  /** Relative to our host's ISN. */
  readonly ack?: number;
  readonly window?: number;
  /** The pointer as it stands in the header. */
  readonly urgent?: number;
  readonly text?: Uint8Array | number;
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: readonly [number, number];
  /** Of the Fast Open option, on a SYN; of no length for a request. */
  readonly fastOpen?: Uint8Array;
  readonly fastOpenIsExperimental?: boolean;
  readonly sack?: readonly (readonly [number, number])[];
  readonly from?: number;
  readonly to?: number;
  /** Spoils the checksum. */
  readonly badChecksum?: boolean;
}

const FLAG_LETTERS: readonly (readonly [string, number])[] = [
  ["S", tcp.SYN],
  ["F", tcp.FIN],
  ["R", tcp.RST],
  ["P", tcp.PSH],
  [".", tcp.ACK],
  ["U", tcp.URG],
  ["E", tcp.ECE],
  ["W", tcp.CWR],
];

/** Our host on a wire whose other end is a script: what the test writes is sent, what the host sends is compared. Time moves when the test says so. */
export class ScriptPeer {
  readonly simulation = new Simulation();
  readonly host: Host;
  /** Ours and the peer's initial sequence numbers; both lie just below the wrap. */
  readonly ourIsn: Seq = seq(-3);
  readonly isn: Seq = seq(-7);
  port = 80;
  /** The port our host uses, learnt from its first segment. */
  ourPort = 0;
  readonly seen: SeenSegment[] = [];
  #isKnown: boolean;
  readonly #device: WireDevice;
  readonly #frame = new Uint8Array(FRAME_HEADROOM + 70_000);

  /**
   * @param isKnown false leaves the host's questions for the neighbour unanswered until `introduce`
   * @param link what the wire does for the host (with `tso4` a super-segment is seen as one segment), and its MTU in bytes
   */
  constructor(profile: Profile = RFC, isKnown = true, link: { readonly offloads?: Offloads; readonly mtu?: number } = {}) {
    const wire = new MemoryWire();
    this.host = this.simulation.host({ random: new SeededRandom(7), profile });
    this.host.attach(wire.device({ ...link, name: "ours" }), { address: OUR_ADDRESS, prefixLength: 24 });
    tcpOf(this.host).sequences = () => this.ourIsn;
    new Invariants(this.host, "script");
    this.#device = wire.device({ ...link, name: "script" });
    this.#device.setListener({ readable: () => {}, writable: () => {}, linkChanged: () => {} });
    this.#isKnown = isKnown;
    // The neighbour is known from the start, so that no ARP gets between the lines of a script.
    if (isKnown) this.introduce();
  }

  /** The host's question for its neighbour is answered. */
  introduce(): void {
    this.#isKnown = true;
    this.host.ip.interfaces[0]?.neighbours.addStatic(PEER_ADDRESS, this.#device.mac);
  }

  /** The host knows its neighbour no more. */
  forget(): void {
    this.#isKnown = false;
    this.host.ip.interfaces[0]?.neighbours.remove(PEER_ADDRESS);
  }

  get now() {
    return this.simulation.now;
  }

  /** Lets the host do what is due now, and takes what it sent. */
  settle(): void {
    this.simulation.settle();
    this.#device.receive({ frame: (bytes, at, end, info) => this.#see(bytes, at, end, info) }, 10_000);
  }

  advance(ms: number): void {
    this.simulation.run(() => {
      this.settle();
      return false;
    }, this.now + ms);
    this.settle();
  }

  /** Sends one segment; `flags` such as "S", "R.", "P.". */
  send(flags: string, fields: ScriptSegment = {}): void {
    this.#write(flags, fields);
    this.settle();
  }

  /** Sends several before the host has its turn, as one batch from the device. */
  sendBatch(segments: readonly (readonly [string, ScriptSegment])[]): void {
    for (const [flags, fields] of segments) this.#write(flags, fields);
    this.settle();
  }

  /** The next segment from the host has these flags and numbers. */
  expect(
    flags: string,
    fields: { seq?: number; ack?: number; length?: number; window?: number; mss?: number; urgent?: number } = {},
  ): SeenSegment {
    this.settle();
    const segment = this.seen.shift();
    if (segment === undefined) throw new Error(`Expected ${flags} ${JSON.stringify(fields)}, and nothing came`);
    const picture: Record<string, unknown> = { flags: segment.flags };
    for (const key of Object.keys(fields) as (keyof typeof fields)[]) picture[key] = key === "mss" ? segment.options.mss : segment[key];
    expect(picture).toEqual({ flags, ...fields });
    return segment;
  }

  expectSilence(): void {
    this.settle();
    expect(this.seen.map((s) => `${s.flags} seq=${s.seq} ack=${s.ack} len=${s.length}`)).toEqual([]);
  }

  /** Raw bytes of an IP datagram's payload, for what `send` cannot say. */
  sendRaw(segment: Uint8Array): void {
    this.#transmit(segment.length, (b, at) => b.set(segment, at));
    this.settle();
  }

  #write(flags: string, fields: ScriptSegment): void {
    const text = typeof fields.text === "number" ? new Uint8Array(fields.text).fill(0x61) : (fields.text ?? new Uint8Array(0));
    let bits = 0;
    for (const [letter, bit] of FLAG_LETTERS) if (flags.includes(letter)) bits |= bit;
    const options = new Uint8Array(40);
    let optionBytes = 0;
    if ((bits & tcp.SYN) !== 0) {
      optionBytes = writeSynOptions(options, 0, ["mss", "sackPermitted", "timestamps", "nop", "windowScale"], {
        mss: fields.mss ?? 0,
        windowScale: fields.windowScale ?? -1,
        sackPermitted: fields.sackPermitted ?? false,
        timestamps: fields.timestamps !== undefined,
        tsVal: fields.timestamps?.[0] ?? 0,
        tsEcr: fields.timestamps?.[1] ?? 0,
      });
      if (fields.fastOpen !== undefined)
        optionBytes += writeFastOpen(options, optionBytes, fields.fastOpen, fields.fastOpenIsExperimental ?? false, 40 - optionBytes);
    } else {
      if (fields.timestamps) optionBytes += writeTimestamps(options, 0, fields.timestamps[0], fields.timestamps[1]);
      const sack = fields.sack ?? [];
      const edge = (side: 0 | 1) => sack.map((block) => seqAdd(this.ourIsn, block[side]));
      optionBytes += writeSack(options, optionBytes, edge(0), edge(1), sack.length);
    }
    const headerBytes = tcp.MIN_HEADER + optionBytes;
    this.#transmit(headerBytes + text.length, (b, at) => {
      const to = fields.to ?? this.ourPort;
      const ack = (bits & tcp.ACK) !== 0 ? seqAdd(this.ourIsn, fields.ack ?? 0) : seq(0);
      tcp.writeHeader(
        b,
        at,
        fields.from ?? this.port,
        to,
        seqAdd(this.isn, fields.seq ?? 0),
        ack,
        headerBytes,
        bits,
        fields.window ?? 65535,
      );
      tcp.setUrgentPointer(b, at, fields.urgent ?? 0);
      b.set(options.subarray(0, optionBytes), at + tcp.MIN_HEADER);
      b.set(text, at + headerBytes);
      const end = at + headerBytes + text.length;
      tcp.putChecksum(b, at, end, pseudoHeaderV4(PEER_ADDRESS.w3, OUR_ADDRESS.w3, ipv4.PROTOCOL_TCP, end - at));
      if (fields.badChecksum) b[at + tcp.CHECKSUM_OFFSET] = (b[at + tcp.CHECKSUM_OFFSET] ?? 0) ^ 0x55;
    });
  }

  #transmit(payloadBytes: number, write: (b: Uint8Array, at: number) => void): void {
    const b = this.#frame;
    const frameAt = FRAME_HEADROOM;
    const ipAt = frameAt + ethernet.HEADER;
    const ours = this.host.devices[0];
    if (ours === undefined) throw new Error("The host has no device");
    ethernet.writeHeader(b, frameAt, ours.mac, this.#device.mac, ethernet.TYPE_IPV4);
    ipv4.writeHeader(b, ipAt, ipv4.MIN_HEADER + payloadBytes, PEER_ADDRESS.w3, OUR_ADDRESS.w3, ipv4.PROTOCOL_TCP, 64);
    write(b, ipAt + ipv4.MIN_HEADER);
    this.#device.transmit(b, frameAt, ipAt + ipv4.MIN_HEADER + payloadBytes, plainFrame());
  }

  #see(b: Uint8Array, frameAt: number, end: number, info: FrameInfo): void {
    const ipAt = ethernet.payloadAt(frameAt);
    if (ethernet.type(b, frameAt) === ethernet.TYPE_ARP) {
      if (this.#isKnown && arp.operation(b, ipAt) === arp.REQUEST && arp.targetIp(b, ipAt) === PEER_ADDRESS.w3)
        throw new Error("The script's neighbour was forgotten");
      return;
    }
    expect(ethernet.type(b, frameAt)).toBe(ethernet.TYPE_IPV4);
    if (ipv4.protocol(b, ipAt) !== ipv4.PROTOCOL_TCP) return;
    expect(formatV4(ipv4.destination(b, ipAt))).toBe(formatV4(PEER_ADDRESS.w3));
    expect(ipv4.verifyChecksum(b, ipAt)).toBe(true);
    const at = ipv4.payloadAt(b, ipAt);
    const segmentEnd = Math.min(end, ipv4.payloadEnd(b, ipAt));
    // Every segment that leaves must pass our own strict reading, its checksum included where the wire does not compute it.
    expect(tcp.check(b, at, segmentEnd)).toBeUndefined();
    if (!info.checksumVerified) expect(tcp.verifyChecksum(b, at, segmentEnd, ipv4.pseudoHeader(b, ipAt))).toBe(true);
    const options = makeSegmentOptions();
    parse(b, at, options);
    expect(options.malformed).toBe(false);
    const bits = tcp.flags(b, at);
    if (this.ourPort === 0) this.ourPort = tcp.sourcePort(b, at);
    this.seen.push({
      atMs: this.now,
      flags: FLAG_LETTERS.map(([letter, bit]) => ((bits & bit) !== 0 ? letter : "")).join(""),
      seq: seqDiff(tcp.sequence(b, at), this.ourIsn),
      ack: (bits & tcp.ACK) !== 0 ? seqDiff(tcp.acknowledgment(b, at), this.isn) : 0,
      rawAck: tcp.acknowledgment(b, at),
      window: tcp.window(b, at),
      urgent: tcp.urgentPointer(b, at),
      length: segmentEnd - tcp.payloadAt(b, at),
      text: b.slice(tcp.payloadAt(b, at), segmentEnd),
      options,
      sourcePort: tcp.sourcePort(b, at),
      destinationPort: tcp.destinationPort(b, at),
    });
  }
}
