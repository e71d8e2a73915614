import { type AddressWords, formatAddress, type IpAddress, keepAddress, sameAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { DropReason } from "../core/drop-reasons.ts";
import { KeyedHash } from "../core/keyed-hash.ts";
import type { Timer } from "../core/timers.ts";
import { CE, ECN_MASK, NOT_ECT } from "../packet/ecn.ts";
import { type Piece, Pieces } from "./pieces.ts";
import { type InboundPacket, makeInboundPacket } from "./transport.ts";

/** Bytes that wait in all, headers and bookkeeping included: above the first the oldest datagrams go, until the second is reached. */
export const MAX_REASSEMBLY_BYTES = 4 * 1024 * 1024;
export const REASSEMBLY_BYTES_AFTER_EVICTION = 3 * 1024 * 1024;
/** Bytes that wait from one source: a few of the longest datagrams on a path that loses some. The victim is the source's own oldest. */
export const MAX_REASSEMBLY_BYTES_OF_SOURCE = 512 * 1024;
/** Datagrams that wait in all, and from one source; the victim is the oldest. */
export const MAX_DATAGRAMS = 1024;
export const MAX_DATAGRAMS_OF_SOURCE = 64;

/** What a waiting datagram and a piece cost beside their bytes, so that tiny ones fill the table too. */
const DATAGRAM_OVERHEAD = 512;
const PIECE_OVERHEAD = 64;
/** The longest header with the longest payload: 40 bytes and 65535 in IPv6, and its fragment header. */
const MAX_WHOLE = 40 + 65535 + 8;

/** Where a fragment belongs, as its family's header says. Refilled for each. */
export interface FragmentPlace {
  /** 32 bits that with both addresses name the datagram: the identification, in IPv4 with the protocol above it. */
  id: number;
  /** Of the payload in `packet.bytes[at, end)`, in bytes from the beginning of the datagram's. */
  offset: number;
  /** More fragments come after this. */
  more: boolean;
  /** How far the payload of a datagram with these headers may reach at most. */
  limit: number;
}

/** A family of addresses, whose fragments are put together. */
export interface ReassemblyUser {
  /** How long a datagram's pieces wait from the first that came, in milliseconds. */
  readonly reassemblyTimeoutMs: number;
  /**
   * A datagram was given up, and its first fragment had come: it lies in `packet`, as it came, for the time exceeded that RFC 1122
   * §3.3.2 and RFC 8200 §4.5 ask for. Valid during the call only.
   */
  reassemblyTimedOut(packet: InboundPacket): void;
}

/**
 * Fragments of both families that wait for their datagram to be whole (RFC 791 §3.2, RFC 8200 §4.5). One that overlaps another ends its
 * datagram, and so does every later piece of it (RFC 5722): nothing is put together from what two senders may have written. All that
 * waits is bounded, and there is nothing here before the first fragment has come.
 */
export class Reassembly {
  readonly #context: HostContext;
  #table: Table | undefined;

  constructor(context: HostContext) {
    this.#context = context;
  }

  /**
   * Takes the fragment whose payload lies in `packet.bytes[at, end)` and whose headers lie before it, from `ipAt` on.
   * @returns `whole` when `packet` holds the datagram now, with the first fragment's headers as they came and a congestion mark of any of
   * them in `trafficClass`; `held` when it waits for more; or why it is lost
   */
  add(packet: InboundPacket, place: FragmentPlace, user: ReassemblyUser): "whole" | "held" | DropReason {
    this.#table ??= new Table(this.#context);
    return this.#table.add(packet, place, user);
  }

  /** Datagrams that wait. */
  get datagrams(): number {
    return this.#table?.size ?? 0;
  }

  /** What waits, bookkeeping included. */
  get bytes(): number {
    return this.#table?.bytes ?? 0;
  }
}

/** What waits of one source. Sources whose keyed hashes are the same share it. */
interface Source {
  readonly number: number;
  readonly datagrams: Set<PartialDatagram>;
  bytes: number;
}

/** A datagram of which pieces are here; or were, when it is refused. */
class PartialDatagram {
  /** Of the key; where the table has it. */
  readonly number: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly id: number;
  readonly user: ReassemblyUser;
  readonly isBroadcast: boolean;
  readonly isLoopback: boolean;
  readonly from: Source;
  readonly timer: Timer;
  /** Another datagram that falls on the same number. */
  next: PartialDatagram | undefined;
  /** Undefined when the datagram is refused, and only remembered so that its later pieces are too. */
  pieces: Pieces | undefined = new Pieces();
  /** The first fragment's headers, as they came. */
  headers: Uint8Array | undefined;
  ttl = 0;
  trafficClass = 0;
  /** One bit for each ECN codepoint among the pieces. */
  ecnSeen = 0;
  limit: number;
  charged = 0;
  isGone = false;

  constructor(number: number, packet: InboundPacket, place: FragmentPlace, user: ReassemblyUser, from: Source, makeTimer: TimerMaker) {
    this.number = number;
    this.source = keepAddress(packet.source);
    this.destination = keepAddress(packet.destination);
    this.id = place.id;
    this.limit = place.limit;
    this.user = user;
    this.isBroadcast = packet.isBroadcast;
    this.isLoopback = packet.isLoopback;
    this.from = from;
    this.timer = makeTimer(this);
  }

  is(source: AddressWords, destination: AddressWords, id: number): boolean {
    return this.id === id && sameAddress(this.source, source) && sameAddress(this.destination, destination);
  }

  get cost(): number {
    const { pieces, headers } = this;
    const held = pieces === undefined ? 0 : pieces.roomBytes + pieces.count * PIECE_OVERHEAD;
    return DATAGRAM_OVERHEAD + held + (headers?.length ?? 0);
  }

  refuse(): void {
    this.pieces = undefined;
    this.headers = undefined;
  }
}

type TimerMaker = (datagram: PartialDatagram) => Timer;

/** Made with the first fragment, so that a host that sees none draws no randomness and keeps no memory for it. */
class Table {
  readonly #context: HostContext;
  readonly #hash: KeyedHash;
  readonly #byNumber = new Map<number, PartialDatagram>();
  readonly #byAge = new Set<PartialDatagram>();
  readonly #sources = new Map<number, Source>();
  readonly #whole = new Uint8Array(MAX_WHOLE);
  readonly #timedOut = makeInboundPacket(this.#whole);
  bytes = 0;

  constructor(context: HostContext) {
    this.#context = context;
    this.#hash = new KeyedHash(context.random);
  }

  get size(): number {
    return this.#byAge.size;
  }

  add(packet: InboundPacket, place: FragmentPlace, user: ReassemblyUser): "whole" | "held" | DropReason {
    const length = packet.end - packet.at;
    if (length === 0 || (place.more && length % 8 !== 0)) return "fragment-bad-length";
    if (place.offset + length > place.limit) return "fragment-too-far";

    const datagram = this.#find(packet, place.id) ?? this.#begin(packet, place, user);
    const { pieces } = datagram;
    if (pieces === undefined) return "fragment-of-refused";
    const misfit = pieces.add(packet.bytes, packet.at, packet.end, place.offset, place.more);
    if (misfit === "fragment-duplicate") return misfit;
    datagram.limit = Math.min(datagram.limit, place.limit);
    if (misfit !== undefined || pieces.reach > datagram.limit) return this.#refuse(datagram, misfit ?? "fragment-too-far");
    if (place.offset === 0) {
      datagram.headers = packet.bytes.slice(packet.ipAt, packet.at);
      datagram.ttl = packet.ttl;
      datagram.trafficClass = packet.trafficClass;
    }
    datagram.ecnSeen |= 1 << (packet.trafficClass & ECN_MASK);
    if (!pieces.areWhole) return this.#charge(datagram) ? "held" : "reassembly-evicted";

    this.#remove(datagram);
    // RFC 3168 §5.3: a mark must not be lost, and must not come to a datagram whose transport does not know it.
    const isMarked = (datagram.ecnSeen & (1 << CE)) !== 0;
    if (isMarked && (datagram.ecnSeen & (1 << NOT_ECT)) !== 0) return "fragment-ecn-mismatch";
    this.#fill(packet, datagram, pieces.list);
    if (isMarked) packet.trafficClass |= CE;
    return "whole";
  }

  /** The packet holds the first fragment's headers from now on, and behind them these pieces, which follow one on another. */
  #fill(packet: InboundPacket, datagram: PartialDatagram, pieces: readonly Piece[]): void {
    const whole = this.#whole;
    const headers = datagram.headers!;
    whole.set(headers);
    packet.bytes = whole;
    packet.ipAt = 0;
    packet.at = headers.length;
    packet.end = datagram.pieces!.copyTo(whole, headers.length, pieces);
    packet.checksumVerified = false;
    packet.gsoSize = 0;
    packet.ttl = datagram.ttl;
    packet.trafficClass = datagram.trafficClass;
  }

  #find({ source, destination }: InboundPacket, id: number): PartialDatagram | undefined {
    let datagram = this.#byNumber.get(this.#hash.ofPair(source, destination, id));
    while (datagram !== undefined && !datagram.is(source, destination, id)) datagram = datagram.next;
    return datagram;
  }

  #begin(packet: InboundPacket, place: FragmentPlace, user: ReassemblyUser): PartialDatagram {
    const from = this.#sourceOf(packet.source);
    if (from.datagrams.size >= MAX_DATAGRAMS_OF_SOURCE) this.#evict(oldest(from.datagrams));
    if (this.#byAge.size >= MAX_DATAGRAMS) this.#evict(oldest(this.#byAge));
    this.#sources.set(from.number, from);

    const number = this.#hash.ofPair(packet.source, packet.destination, place.id);
    const datagram = new PartialDatagram(number, packet, place, user, from, (d) =>
      this.#context.timers.timer(
        "reassembly",
        () => `datagram ${formatAddress(d.source)} → ${formatAddress(d.destination)}`,
        () => this.#giveUp(d),
      ),
    );
    datagram.next = this.#byNumber.get(number);
    this.#byNumber.set(number, datagram);
    this.#byAge.add(datagram);
    from.datagrams.add(datagram);
    datagram.timer.set(user.reassemblyTimeoutMs);
    return datagram;
  }

  #sourceOf(address: AddressWords): Source {
    const number = this.#hash.ofPair(address, address, 0);
    return this.#sources.get(number) ?? { number, datagrams: new Set(), bytes: 0 };
  }

  /** Counts what the datagram has come to cost, and makes room. @returns false when it was itself the oldest, and is gone */
  #charge(datagram: PartialDatagram): boolean {
    const { from, cost } = datagram;
    const more = cost - datagram.charged;
    datagram.charged = cost;
    this.bytes += more;
    from.bytes += more;
    while (from.bytes > MAX_REASSEMBLY_BYTES_OF_SOURCE) this.#evict(oldest(from.datagrams));
    if (this.bytes > MAX_REASSEMBLY_BYTES) {
      while (this.bytes > REASSEMBLY_BYTES_AFTER_EVICTION) this.#evict(oldest(this.#byAge));
    }
    return !datagram.isGone;
  }

  /** What was held goes; the datagram stays known until its time is over, so that nothing begins it anew. */
  #refuse(datagram: PartialDatagram, reason: DropReason): DropReason {
    datagram.refuse();
    this.#charge(datagram);
    return reason;
  }

  #evict(victim: PartialDatagram | undefined): void {
    if (victim === undefined) return;
    this.#context.drops.count("reassembly-evicted");
    this.#remove(victim);
  }

  #giveUp(datagram: PartialDatagram): void {
    this.#remove(datagram);
    const { pieces } = datagram;
    if (pieces === undefined) return;
    this.#context.drops.count("reassembly-timeout");
    const first = pieces.list[0];
    if (first?.offset !== 0) return;
    const packet = this.#timedOut;
    Object.assign(packet.source, datagram.source);
    Object.assign(packet.destination, datagram.destination);
    packet.isBroadcast = datagram.isBroadcast;
    packet.isLoopback = datagram.isLoopback;
    this.#fill(packet, datagram, [first]);
    datagram.user.reassemblyTimedOut(packet);
  }

  #remove(datagram: PartialDatagram): void {
    const { number, from } = datagram;
    datagram.isGone = true;
    datagram.timer.cancel();
    this.#byAge.delete(datagram);
    from.datagrams.delete(datagram);
    if (from.datagrams.size === 0) this.#sources.delete(from.number);
    this.bytes -= datagram.charged;
    from.bytes -= datagram.charged;

    const first = this.#byNumber.get(number);
    if (first !== datagram) {
      let before = first;
      while (before !== undefined && before.next !== datagram) before = before.next;
      if (before !== undefined) before.next = datagram.next;
    } else if (datagram.next === undefined) {
      this.#byNumber.delete(number);
    } else {
      this.#byNumber.set(number, datagram.next);
    }
  }
}

const oldest = (datagrams: ReadonlySet<PartialDatagram>): PartialDatagram | undefined => datagrams.values().next().value;
