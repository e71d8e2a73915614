/** The segments of each TCP connection of a run, read from its frames: what graphs and bars are made of, whether a host was traced or not. */
import { formatAddress, formatV4, makeAddressSlot } from "../stack/core/address.ts";
import { type Seq, seqAdd, seqDiff } from "../stack/core/seq.ts";
import * as ethernet from "../stack/packet/ethernet.ts";
import * as extensionHeaders from "../stack/packet/extension-headers.ts";
import { withPort } from "../stack/packet/frame-description.ts";
import * as ipv4 from "../stack/packet/ipv4.ts";
import * as ipv6 from "../stack/packet/ipv6.ts";
import * as tcp from "../stack/packet/tcp.ts";
import * as options from "../stack/packet/tcp-options.ts";
import type { RunEvent } from "./run-event.ts";
import type { ConnectionState } from "./run-state.ts";
import type { Timeline } from "./timeline.ts";

/** A segment as one host saw it leave or arrive. */
export interface FlowSegment {
  /** Place of its frame in the run. */
  readonly place: number;
  readonly atMs: number;
  readonly direction: "in" | "out";
  readonly seq: Seq;
  readonly ack: Seq;
  readonly flags: number;
  /** As sent, before the shift. */
  readonly window: number;
  readonly payloadLength: number;
  /** The shift count of a SYN; −1 when it has none. */
  readonly windowScale: number;
  readonly sacks: readonly (readonly [left: Seq, right: Seq])[];
}

/** All segments between two ends that one host saw, from its side. */
export interface SegmentFlow {
  readonly host: string;
  readonly local: string;
  readonly remote: string;
  readonly segments: readonly FlowSegment[];
}

interface ReadSegment extends Omit<FlowSegment, "place" | "atMs" | "direction"> {
  readonly source: string;
  readonly destination: string;
}

/** Sequence numbers that a segment takes up: SYN and FIN count one each. */
export const sequenceLength = ({ flags, payloadLength }: Pick<FlowSegment, "flags" | "payloadLength">): number =>
  payloadLength + ((flags & tcp.SYN) === 0 ? 0 : 1) + ((flags & tcp.FIN) === 0 ? 0 : 1);

/** The segment in a frame of which the beginning may be all that is kept; undefined when it is none, or its headers are not whole. */
export function segmentIn(b: Uint8Array): ReadSegment | undefined {
  if (ethernet.check(b, 0, b.length) !== undefined) return undefined;
  const ip = ethernet.payloadAt(0);
  switch (ethernet.type(b, 0)) {
    case ethernet.TYPE_IPV4:
      return segmentInV4(b, ip);
    case ethernet.TYPE_IPV6:
      return segmentInV6(b, ip);
    default:
      return undefined;
  }
}

function segmentInV4(b: Uint8Array, ip: number): ReadSegment | undefined {
  if (b.length - ip < ipv4.MIN_HEADER || b[ip]! >>> 4 !== 4 || ipv4.headerLength(b, ip) < ipv4.MIN_HEADER) return undefined;
  if (ipv4.protocol(b, ip) !== ipv4.PROTOCOL_TCP || ipv4.isFragment(b, ip)) return undefined;
  return segmentAt(b, ipv4.payloadAt(b, ip), ipv4.payloadEnd(b, ip), formatV4(ipv4.source(b, ip)), formatV4(ipv4.destination(b, ip)));
}

const place6: extensionHeaders.TransportPlace = { protocol: 0, at: 0, isLaterFragment: false };
const address6 = makeAddressSlot();

function segmentInV6(b: Uint8Array, ip: number): ReadSegment | undefined {
  if (b.length - ip < ipv6.HEADER || b[ip]! >>> 4 !== 6) return undefined;
  if (!extensionHeaders.findTransport(b, ip, b.length, place6)) return undefined;
  if (place6.protocol !== ipv4.PROTOCOL_TCP || place6.isLaterFragment) return undefined;
  ipv6.fillSource(b, ip, address6, 0);
  const source = formatAddress(address6);
  ipv6.fillDestination(b, ip, address6, 0);
  return segmentAt(b, place6.at, ipv6.payloadEnd(b, ip), source, formatAddress(address6));
}

const read = options.makeSegmentOptions();

function segmentAt(b: Uint8Array, at: number, end: number, source: string, destination: string): ReadSegment | undefined {
  if (at > b.length || tcp.check(b, at, b.length) !== undefined) return undefined;
  options.parse(b, at, read);
  const sacks: [Seq, Seq][] = [];
  for (let i = 0; i < read.sackBlocks; i++) sacks.push([options.sackLeftEdge(read, i), options.sackRightEdge(read, i)]);
  const flags = tcp.flags(b, at);
  return {
    source: withPort(source, tcp.sourcePort(b, at)),
    destination: withPort(destination, tcp.destinationPort(b, at)),
    seq: tcp.sequence(b, at),
    ack: tcp.acknowledgment(b, at),
    flags,
    window: tcp.window(b, at),
    payloadLength: Math.max(0, end - tcp.payloadAt(b, at)),
    windowScale: (flags & tcp.SYN) === 0 ? -1 : read.windowScale,
    sacks,
  };
}

interface OpenFlow extends SegmentFlow {
  readonly segments: FlowSegment[];
  /** A segment with RST has gone by, or a FIN of each side. */
  isOver: boolean;
  hasFin: { in: boolean; out: boolean };
}

/** Flows that are kept; then the oldest goes. */
const MAX_FLOWS = 5000;

/** The flows of a run, in the order of their first segments; it reads on where it stopped as the run grows. */
export class FlowIndex {
  readonly #timeline: Timeline;
  #flows: OpenFlow[] = [];
  /** Those of each pair of ends, by host and ends, the latest last. */
  readonly #byEnds = new Map<string, OpenFlow[]>();
  #next = 0;
  /** The oldest place that the run kept when it was read last. */
  #first = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** All that the run has until now. */
  flows(): readonly SegmentFlow[] {
    this.#readOn();
    return this.#flows;
  }

  /** The flow of a connection of a traced host; undefined before its first segment. */
  ofConnection(host: string, { local, remote, path }: Pick<ConnectionState, "local" | "remote" | "path">): SegmentFlow | undefined {
    this.#readOn();
    const begin = path[0]?.event ?? 0;
    const same = this.#byEnds.get(endsOf(host, withoutZone(local), withoutZone(remote))) ?? [];
    const found = same.find(({ segments }) => segments.at(-1)!.place >= begin);
    if (found !== undefined) return found;
    // A listener's connection is opened by a SYN whose frame came just before; one that is over was another's.
    const latest = same.at(-1);
    return latest?.isOver === true ? undefined : latest;
  }

  #readOn(): void {
    const { first, end } = this.#timeline;
    // A run that began anew.
    if (end < this.#next) this.#forget();
    if (first > this.#first) this.#giveUpBefore(first);
    for (let place = Math.max(this.#next, first); place < end; place++) this.#note(this.#timeline.at(place)!, place);
    this.#next = end;
    while (this.#flows.length > MAX_FLOWS) this.#giveUp(this.#flows.shift()!);
  }

  /** What the run keeps no more, its graphs cannot go to. */
  #giveUpBefore(first: number): void {
    this.#first = first;
    for (const flow of this.#flows) flow.segments.splice(0, countBefore(flow.segments, first));
    const empty = this.#flows.filter(({ segments }) => segments.length === 0);
    this.#flows = this.#flows.filter(({ segments }) => segments.length > 0);
    for (const flow of empty) this.#giveUp(flow);
  }

  #giveUp({ host, local, remote }: OpenFlow): void {
    const ends = endsOf(host, local, remote);
    const same = this.#byEnds.get(ends);
    same?.shift();
    if (same?.length === 0) this.#byEnds.delete(ends);
  }

  #forget(): void {
    this.#flows = [];
    this.#byEnds.clear();
    this.#next = 0;
    this.#first = 0;
  }

  #note(event: RunEvent, place: number): void {
    if (event.type !== "frame") return;
    const found = segmentIn(event.bytes);
    if (found === undefined) return;
    const { source, destination, ...segment } = found;
    const { host, direction, atMs } = event;
    const [local, remote] = direction === "out" ? [source, destination] : [destination, source];
    const flow = this.#flowFor(host, local, remote, segment);
    flow.segments.push({ place, atMs, direction, ...segment });
    if ((segment.flags & tcp.FIN) !== 0) flow.hasFin[direction] = true;
    if ((segment.flags & tcp.RST) !== 0 || (flow.hasFin.in && flow.hasFin.out)) flow.isOver = true;
  }

  #flowFor(host: string, local: string, remote: string, segment: Pick<FlowSegment, "flags">): OpenFlow {
    const ends = endsOf(host, local, remote);
    const same = this.#byEnds.get(ends) ?? [];
    const latest = same.at(-1);
    const begins = (segment.flags & (tcp.SYN | tcp.ACK)) === tcp.SYN;
    if (latest !== undefined && !(begins && latest.isOver)) return latest;
    const flow: OpenFlow = { host, local, remote, segments: [], isOver: false, hasFin: { in: false, out: false } };
    this.#flows.push(flow);
    same.push(flow);
    this.#byEnds.set(ends, same);
    return flow;
  }
}

function countBefore(segments: readonly FlowSegment[], place: number): number {
  const count = segments.findIndex((segment) => segment.place >= place);
  return count < 0 ? segments.length : count;
}

const endsOf = (host: string, local: string, remote: string): string => `${host} ${local} ${remote}`;

/** Frames do not tell the zone of an address. */
const withoutZone = (endpoint: string): string => endpoint.replace(/%\w+/, "");

/** Counts sequence numbers of one direction on from where they began, past 2^32. */
export class SequenceCounter {
  #at: Seq;
  #count = 0;

  /** @param start what counts 0 */
  constructor(start: Seq) {
    this.#at = start;
  }

  /** How far the number lies from the start, negative before it. */
  of(number: Seq): number {
    const count = this.#count + seqDiff(number, this.#at);
    if (count > this.#count) {
      this.#count = count;
      this.#at = seqAdd(number, 0);
    }
    return count;
  }
}
