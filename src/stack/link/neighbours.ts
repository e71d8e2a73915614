import { type AddressWords, formatAddress, type IpAddress, isV4, keepAddress } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import type { HostContext } from "../core/context.ts";
import type { DropReason, PacketVerdict } from "../core/drop-reasons.ts";
import { type FrameInfo, GSO_NONE } from "../core/frame-info.ts";
import type { NeighbourState } from "../core/states.ts";
import type { Timer } from "../core/timers.ts";
import * as internetChecksum from "../packet/checksum.ts";
import * as ethernet from "../packet/ethernet.ts";
import { superseding } from "../packet/superseding.ts";
import type { NeighbourService } from "./interface-service.ts";
import { cutsSegments, FRAME_HEADROOM, type Offloads, type TransmitResult } from "./link-device.ts";
import type { LinkParameters } from "./link-parameters.ts";
import { ReachableTime } from "./reachable-time.ts";

export type { NeighbourState } from "../core/states.ts";

/** Entries in one interface's cache; `isWorthLess` says who is the victim. */
export const MAX_NEIGHBOURS = 512;
/**
 * Frames and bytes that wait for one unresolved neighbour; the victim is the oldest (RFC 1122 §2.3.2.2 wants the newest kept). The longest
 * datagram in fragments of 1500 bytes must find room, or none of the fragments is of use.
 */
export const MAX_QUEUED_FRAMES = 64;
export const MAX_QUEUED_BYTES = 80 * 1024;
/** Bytes that wait on one interface; the victim is the requester. */
export const MAX_QUEUED_BYTES_IN_ALL = 256 * 1024;
/** A link address learned less than this ago is not replaced by an unasked-for one, so that a storm of forgeries cannot flap it. */
const LOCK_MS = 1000;
/**
 * Another link address answered our question: as long as this the station that we know has the word, and keeps the address if it
 * answers too. Far above a LAN's round trip, far below what a user notices of a fail-over.
 */
const CLAIM_MS = 100;

/** `queued`: a copy waits for the neighbour's link address. `full`: the device takes nothing now. `dropped`: lost, and counted. */
export type NeighbourSendResult = "sent" | "queued" | "full" | "dropped";

/** What the cache needs of its interface. */
export interface NeighbourLink {
  readonly name: string;
  readonly offloads: Offloads;
  /** Of IPv6's neighbours; those of IPv4 go by the profile. */
  readonly parameters: LinkParameters;
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult;
  /** A frame is given up because nobody answered for its next hop. The bytes are valid during the call only. */
  unresolved(bytes: Uint8Array, at: number, end: number): void;
  /** A neighbour does not answer any more, or does so again. */
  silenceChanged(address: IpAddress): void;
  /** Whether another neighbour is used instead of one that is silent. */
  isReplaced(address: IpAddress): boolean;
  /** Whether another one could be used, if it answered: then a silent one is asked again from time to time. */
  hasAlternative(address: IpAddress): boolean;
}

interface QueuedFrame {
  readonly bytes: Uint8Array;
  readonly info: FrameInfo;
}

/** One row for `tapsock neigh`. */
export interface NeighbourListing {
  readonly interface: string;
  readonly address: string;
  /** Undefined while unknown. */
  readonly mac: string | undefined;
  readonly state: NeighbourState;
  readonly queuedFrames: number;
}

/** An entry of the cache. Paths keep it, and look it up again once it `isGone`. */
export class Neighbour {
  readonly address: IpAddress;
  readonly mac = new Uint8Array(ethernet.MAC_LENGTH);
  state: NeighbourState = "INCOMPLETE";
  isGone = false;
  /** When REACHABLE ends, when FAILED may be tried again. */
  untilMs = 0;
  /** When a frame was last sent through it; −1 for never, so that entries made by others' requests go first. */
  usedAtMs = -1;
  macSetAtMs = Number.NEGATIVE_INFINITY;
  /** When all stations were last asked for it. */
  broadcastAtMs = Number.NEGATIVE_INFINITY;
  probesSent = 0;
  /** When it was given up last, if it has not been heard of since. */
  silentSinceMs: number | undefined;
  /** Somebody said that the address has moved: everybody is asked, not only the card that may be gone. */
  isDoubted = false;
  /** What another station than the known one answered; taken when the known one stays silent. */
  readonly claimedMac = new Uint8Array(ethernet.MAC_LENGTH);
  hasClaim = false;
  queue: QueuedFrame[] = [];
  queuedBytes = 0;
  readonly timer: Timer;

  constructor(address: IpAddress, makeTimer: (neighbour: Neighbour) => Timer) {
    this.address = address;
    this.timer = makeTimer(this);
  }
}

/** What a neighbour advertisement says beside the link address, RFC 4861 §4.4. */
export interface AdvertisementFlags {
  readonly isSolicited: boolean;
  readonly isOverride: boolean;
}

/** Asks the link for a neighbour, in the way of the address's family. */
export interface Solicitor {
  /** @param mac the station to ask; undefined asks all of them */
  solicit(target: IpAddress, mac: Uint8Array | undefined): void;
}

/**
 * The stations of one link that we talk to, by address: RFC 1122 §2.3.2 with the reachability states of RFC 4861 §7.3. How they are asked,
 * and what their answers look like, is the family's business (arp.ts).
 */
export class Neighbours implements NeighbourService {
  readonly #context: HostContext;
  readonly #link: NeighbourLink;
  readonly #solicitor: Solicitor;
  readonly #entries = new AddressMap<Neighbour>();
  #queuedBytesInAll = 0;
  readonly #reachable: ReachableTime;
  readonly #reachableV6: ReachableTime;

  constructor(context: HostContext, link: NeighbourLink, solicitor: Solicitor) {
    this.#context = context;
    this.#link = link;
    this.#solicitor = solicitor;
    this.#reachable = new ReachableTime(context);
    this.#reachableV6 = new ReachableTime(context);
  }

  /** The entry for a next hop, made when it is not there. Asking begins with the first `send`. */
  obtain(address: AddressWords): Neighbour {
    const known = this.#entries.get(address);
    if (known !== undefined) return known;
    if (this.#entries.size >= MAX_NEIGHBOURS) this.#evict();
    const { timers } = this.#context;
    const made = new Neighbour(keepAddress(address), (n) =>
      timers.timer(
        "neighbour-probe",
        () => `${this.#link.name} ${formatAddress(n.address)}`,
        () => this.#timedOut(n),
      ),
    );
    this.#entries.set(made.address, made);
    return made;
  }

  /** Sends the frame in `bytes[at, end)`, whose Ethernet header is complete but for the destination, to this neighbour, or keeps a copy until it is resolved. */
  send(neighbour: Neighbour, bytes: Uint8Array, at: number, end: number, info: FrameInfo): NeighbourSendResult {
    const now = this.#context.now;
    neighbour.usedAtMs = now;
    switch (neighbour.state) {
      case "INCOMPLETE":
        break;
      case "FAILED":
        if (now < neighbour.untilMs) {
          this.#context.drops.count("neighbour-failed");
          return "dropped";
        }
        neighbour.timer.cancel();
        this.#become(neighbour, "INCOMPLETE");
        break;
      case "REACHABLE":
        if (now >= neighbour.untilMs) this.#useStale(neighbour);
        return this.#transmit(neighbour, bytes, at, end, info);
      case "STALE":
        this.#useStale(neighbour);
        return this.#transmit(neighbour, bytes, at, end, info);
      case "DELAY":
      case "PROBE":
      case "STATIC":
        return this.#transmit(neighbour, bytes, at, end, info);
    }
    const isKept = this.#enqueue(neighbour, bytes, at, end, info);
    if (!neighbour.timer.isPending) this.#beginProbing(neighbour, "INCOMPLETE");
    return isKept ? "queued" : "dropped";
  }

  /**
   * A station answers for `sender`, at `mac`.
   * @returns whether it had been asked
   */
  answered(sender: AddressWords, mac: Uint8Array): boolean {
    const asked = this.#entries.get(sender);
    if (asked === undefined || asked.state === "DELAY" || !asked.timer.isPending) {
      this.hint(sender, mac);
      return false;
    }
    if (asked.state === "PROBE" && !isAt(asked, mac)) this.#claim(asked, mac);
    else this.#confirm(asked, mac);
    return true;
  }

  /**
   * A neighbour advertisement about `target`, by the table of RFC 4861 §7.2.5 and appendix C.
   * @param mac undefined when it names none
   * @returns `accepted`, or why it changes nothing
   */
  advertised(target: AddressWords, mac: Uint8Array | undefined, flags: AdvertisementFlags): PacketVerdict {
    const entry = this.#entries.get(target);
    if (entry === undefined || entry.state === "STATIC") return "ndp-unsolicited";
    if (entry.state === "FAILED" && !entry.timer.isPending) return "ndp-unsolicited";
    const isIncomplete = entry.state === "INCOMPLETE" || entry.state === "FAILED";
    if (isIncomplete && mac === undefined) return "ndp-no-link-address";
    const isOther = !isIncomplete && mac !== undefined && !isAt(entry, mac);
    if (isOther && !flags.isOverride) {
      // Somebody else says that it has the address, and lets the station that we know keep it: that one is asked at the next use.
      if (entry.state === "REACHABLE") this.#become(entry, "STALE");
      return "ndp-not-override";
    }
    if (flags.isSolicited) this.#confirm(entry, mac ?? entry.mac);
    else if (isIncomplete || isOther) this.#learn(entry, mac!);
    return "accepted";
  }

  /** A transport got through to this neighbour or by way of it: its last words were heard there (RFC 4861 §7.3.1). */
  confirm(neighbour: Neighbour): void {
    switch (neighbour.state) {
      case "REACHABLE":
      case "STALE":
      case "DELAY":
      case "PROBE":
        // Who is said to have moved has to answer for itself.
        if (!neighbour.isDoubted && !neighbour.hasClaim) this.#trust(neighbour);
        return;
      case "INCOMPLETE":
      case "FAILED":
      case "STATIC":
    }
  }

  /** A transport does not get through any more: everybody is asked for this neighbour (RFC 1122 §3.3.1.4, advice from above). */
  suspect(neighbour: Neighbour): void {
    switch (neighbour.state) {
      case "REACHABLE":
      case "STALE":
      case "DELAY":
      case "PROBE":
        this.#doubt(neighbour);
        return;
      case "INCOMPLETE":
      case "FAILED":
      case "STATIC":
    }
  }

  /** When a neighbour was given up last; undefined for one that was not, or has been heard of since. */
  silentSinceMs(address: AddressWords): number | undefined {
    return this.#entries.get(address)?.silentSinceMs;
  }

  /** Gives a neighbour a link address for good; `mac` is copied. */
  addStatic(address: IpAddress, mac: Uint8Array): void {
    const entry = this.obtain(address);
    entry.timer.cancel();
    this.#setMac(entry, mac);
    this.#become(entry, "STATIC");
    this.#flush(entry);
  }

  /** Forgets an entry, static or learned, with what waits for it. @returns false when there is none */
  remove(address: AddressWords): boolean {
    const entry = this.#entries.get(address);
    if (entry === undefined) return false;
    this.#forget(entry, "neighbour-removed");
    return true;
  }

  /** The link went down: what was learned may not hold any more. */
  flush(): void {
    for (const entry of [...this.#entries.values()]) if (entry.state !== "STATIC") this.#forget(entry, "interface-down");
  }

  get size(): number {
    return this.#entries.size;
  }

  list(): NeighbourListing[] {
    const now = this.#context.now;
    return [...this.#entries.values()].map((n) => ({
      interface: this.#link.name,
      address: formatAddress(n.address),
      mac: ethernet.isStationMac(n.mac, 0) ? ethernet.macText(n.mac) : undefined,
      state: n.state === "REACHABLE" && now >= n.untilMs ? "STALE" : n.state,
      queuedFrames: n.queue.length,
    }));
  }

  /** RFC 4861 §7.3.3: transports have a moment to tell that the neighbour answers. One that is said to have moved is asked for at once. */
  #useStale(neighbour: Neighbour): void {
    if (neighbour.isDoubted) {
      this.#beginProbing(neighbour, "PROBE");
      return;
    }
    this.#become(neighbour, "DELAY");
    neighbour.timer.set(this.#context.profile.neighbourDelayMs);
  }

  #beginProbing(neighbour: Neighbour, state: "INCOMPLETE" | "PROBE"): void {
    neighbour.probesSent = 0;
    this.#become(neighbour, state);
    this.#probe(neighbour);
  }

  /** Unicast while the old address may still hold, broadcast otherwise; all are asked at most once per `neighbourProbeMs` (RFC 1122 §2.3.2.1). */
  #probe(neighbour: Neighbour): void {
    neighbour.probesSent++;
    neighbour.timer.set(this.#probeMs(neighbour));
    const asksAll = neighbour.state !== "PROBE" || neighbour.isDoubted;
    if (asksAll) neighbour.broadcastAtMs = this.#context.now;
    this.#solicitor.solicit(neighbour.address, asksAll ? undefined : neighbour.mac);
  }

  #timedOut(neighbour: Neighbour): void {
    const { profile } = this.#context;
    const asksOne = neighbour.state === "PROBE" && !neighbour.isDoubted;
    if (neighbour.state === "DELAY") this.#beginProbing(neighbour, "PROBE");
    else if (neighbour.state === "FAILED") this.#askAgain(neighbour);
    else if (neighbour.hasClaim) this.#confirm(neighbour, neighbour.claimedMac);
    else if (neighbour.probesSent < (asksOne ? profile.neighbourUnicastProbes : profile.neighbourMulticastProbes)) this.#probe(neighbour);
    // The station may have a new card: everybody is asked before it is given up (RFC 4861 §7.3.3 starts resolution anew).
    else if (asksOne) this.#beginProbing(neighbour, "INCOMPLETE");
    else this.#giveUp(neighbour);
  }

  #giveUp(neighbour: Neighbour): void {
    const { now } = this.#context;
    neighbour.untilMs = now + this.#probeMs(neighbour);
    neighbour.mac.fill(0);
    settleDoubt(neighbour);
    neighbour.silentSinceMs = now;
    this.#become(neighbour, "FAILED");
    this.#link.silenceChanged(neighbour.address);
    if (this.#link.hasAlternative(neighbour.address)) neighbour.timer.set(this.#context.profile.neighbourReachableMs);
    this.#dropQueue(neighbour, "neighbour-unresolved", !this.#link.isReplaced(neighbour.address));
  }

  /** Nobody sends through a neighbour while another is used or tried: only a question tells that it is back. */
  #askAgain(neighbour: Neighbour): void {
    if (!this.#link.hasAlternative(neighbour.address)) return;
    neighbour.timer.set(this.#context.profile.neighbourReachableMs);
    neighbour.broadcastAtMs = this.#context.now;
    this.#solicitor.solicit(neighbour.address, undefined);
  }

  /** The neighbour has this link address for the next while. */
  #confirm(neighbour: Neighbour, mac: Uint8Array): void {
    this.#setMac(neighbour, mac);
    this.#trust(neighbour);
    this.#flush(neighbour);
  }

  #trust(neighbour: Neighbour): void {
    const { profile, now } = this.#context;
    const isOfV4 = isV4(neighbour.address);
    const baseMs = isOfV4 ? profile.neighbourReachableMs : this.#link.parameters.reachableMs;
    neighbour.untilMs = now + (isOfV4 ? this.#reachable : this.#reachableV6).draw(baseMs);
    neighbour.timer.cancel();
    this.#become(neighbour, "REACHABLE");
  }

  /** Another station answers for a neighbour that we know. The known one may still say otherwise; the first claim stands. */
  #claim(neighbour: Neighbour, mac: Uint8Array): void {
    if (neighbour.hasClaim) return;
    ethernet.copyMac(mac, 0, neighbour.claimedMac, 0);
    neighbour.hasClaim = true;
    neighbour.timer.set(CLAIM_MS);
  }

  /**
   * RFC 826's merge, for a request that targets us: whoever asks for our address is about to talk to us. So it is with the link address
   * that a router names for itself or in a redirect (RFC 4861 §6.3.4, §8.3).
   */
  learnFromRequest(sender: AddressWords, mac: Uint8Array): void {
    const entry = this.obtain(sender);
    switch (entry.state) {
      case "STATIC":
        return;
      case "INCOMPLETE":
      case "FAILED":
        this.#learn(entry, mac);
        return;
      case "REACHABLE":
      case "STALE":
      case "DELAY":
      case "PROBE":
        if (isAt(entry, mac)) return;
        if (this.#context.now - entry.macSetAtMs < LOCK_MS) this.#doubt(entry);
        else this.#learn(entry, mac);
    }
  }

  /**
   * A known neighbour says something that was not for us, or that nobody asked for: an announcement, most of all. Where nothing is
   * known yet it is as good as an answer; where it says that the neighbour has moved it is not believed, but everybody is asked.
   */
  hint(sender: AddressWords, mac: Uint8Array): void {
    const entry = this.#entries.get(sender);
    switch (entry?.state) {
      case undefined:
      case "STATIC":
        return;
      case "INCOMPLETE":
        this.#learn(entry!, mac);
        return;
      case "FAILED":
        // It lives: the next use asks without waiting any longer, and so does who waits for its return.
        entry!.untilMs = this.#context.now;
        if (entry!.timer.isPending) entry!.timer.set(this.#pauseMs(entry!));
        return;
      default:
        if (!isAt(entry!, mac)) this.#doubt(entry!);
    }
  }

  /** Takes the sender's link address, to be confirmed at the next use. */
  #learn(entry: Neighbour, mac: Uint8Array): void {
    entry.timer.cancel();
    this.#setMac(entry, mac);
    this.#become(entry, "STALE");
    this.#flush(entry);
  }

  /** Asks everybody for a neighbour: now when it is in use, else when it is used. */
  #doubt(entry: Neighbour): void {
    if (entry.isDoubted) return;
    entry.isDoubted = true;
    const now = this.#context.now;
    if (entry.state === "STALE" || (entry.state === "REACHABLE" && now >= entry.untilMs)) return;
    this.#become(entry, "PROBE");
    entry.probesSent = 0;
    const pauseMs = this.#pauseMs(entry);
    if (pauseMs > 0) entry.timer.set(pauseMs);
    else this.#probe(entry);
  }

  /** Until everybody may be asked for it again. */
  #pauseMs(entry: Neighbour): number {
    return Math.max(0, entry.broadcastAtMs + this.#probeMs(entry) - this.#context.now);
  }

  #probeMs({ address }: Neighbour): number {
    return isV4(address) ? this.#context.profile.neighbourProbeMs : this.#link.parameters.retransMs;
  }

  #setMac(entry: Neighbour, mac: Uint8Array): void {
    ethernet.copyMac(mac, 0, entry.mac, 0);
    entry.macSetAtMs = this.#context.now;
    settleDoubt(entry);
    if (entry.silentSinceMs === undefined) return;
    entry.silentSinceMs = undefined;
    this.#link.silenceChanged(entry.address);
  }

  #become(neighbour: Neighbour, state: NeighbourState): void {
    if (neighbour.state === state) return;
    neighbour.state = state;
    const { trace } = this.#context;
    if (!trace.isOn) return;
    trace.emit({ type: "neighbour-changed", device: this.#link.name, address: formatAddress(neighbour.address), state });
  }

  #transmit(neighbour: Neighbour, bytes: Uint8Array, at: number, end: number, info: FrameInfo): NeighbourSendResult {
    ethernet.copyMac(neighbour.mac, 0, bytes, at);
    const result = this.#link.transmit(bytes, at, end, info);
    return result === "down" ? "dropped" : result;
  }

  /** Keeps a copy. @returns false when there is no room even without what waited for this neighbour before */
  #enqueue(neighbour: Neighbour, bytes: Uint8Array, at: number, end: number, info: FrameInfo): boolean {
    const size = end - at;
    if (!this.#dropSuperseded(neighbour, bytes, at)) return true;
    while (
      neighbour.queue.length > 0 &&
      (neighbour.queue.length >= MAX_QUEUED_FRAMES ||
        neighbour.queuedBytes + size > MAX_QUEUED_BYTES ||
        this.#queuedBytesInAll + size > MAX_QUEUED_BYTES_IN_ALL)
    ) {
      this.#shift(neighbour);
      this.#context.drops.count("neighbour-queue-full");
    }
    if (size > MAX_QUEUED_BYTES || this.#queuedBytesInAll + size > MAX_QUEUED_BYTES_IN_ALL) {
      this.#context.drops.count("neighbour-queue-full");
      return false;
    }
    const copy = new Uint8Array(FRAME_HEADROOM + size);
    copy.set(bytes.subarray(at, end), FRAME_HEADROOM);
    neighbour.queue.push({ bytes: copy, info: { ...info } });
    neighbour.queuedBytes += size;
    this.#queuedBytesInAll += size;
    return true;
  }

  /** Takes out what the frame at `bytes[at…]` holds too, so that no copies leave in a burst. @returns false when the frame itself is such a copy */
  #dropSuperseded(neighbour: Neighbour, bytes: Uint8Array, at: number): boolean {
    const { queue } = neighbour;
    for (let i = queue.length - 1; i >= 0; i--) {
      const which = superseding(bytes, ethernet.payloadAt(at), queue[i]!.bytes, ethernet.payloadAt(FRAME_HEADROOM));
      if (which === "neither") continue;
      this.#context.drops.count("neighbour-queue-superseded");
      if (which === "older") return false;
      this.#take(neighbour, i);
    }
    return true;
  }

  #shift(neighbour: Neighbour): QueuedFrame | undefined {
    return this.#take(neighbour, 0);
  }

  #take(neighbour: Neighbour, index: number): QueuedFrame | undefined {
    const [frame] = neighbour.queue.splice(index, 1);
    if (frame === undefined) return undefined;
    const size = frame.bytes.length - FRAME_HEADROOM;
    neighbour.queuedBytes -= size;
    this.#queuedBytesInAll -= size;
    return frame;
  }

  /** Sends what waited, oldest first. */
  #flush(neighbour: Neighbour): void {
    for (let frame = this.#shift(neighbour); frame !== undefined; frame = this.#shift(neighbour)) {
      const { bytes, info } = frame;
      const end = bytes.length;
      const { offloads } = this.#link;
      // The device's offloads may have been switched off while the frame waited.
      if (info.gsoType !== GSO_NONE && !cutsSegments(offloads, info.gsoType)) {
        this.#context.drops.count("offload-gone");
        continue;
      }
      if (info.checksumStart > 0 && !offloads.checksum) {
        internetChecksum.completePartial(bytes, FRAME_HEADROOM, end, info.checksumStart, info.checksumOffset);
        info.checksumStart = 0;
        info.checksumOffset = 0;
      }
      if (this.send(neighbour, bytes, FRAME_HEADROOM, end, info) === "full") this.#context.drops.count("device-full");
    }
  }

  #dropQueue(neighbour: Neighbour, reason: DropReason, tellSender: boolean): void {
    // Taken off first: whoever is told may send again at once.
    const frames: QueuedFrame[] = [];
    for (let frame = this.#shift(neighbour); frame !== undefined; frame = this.#shift(neighbour)) frames.push(frame);
    for (const { bytes } of frames) {
      this.#context.drops.count(reason);
      if (tellSender) this.#link.unresolved(bytes, FRAME_HEADROOM, bytes.length);
    }
  }

  #forget(neighbour: Neighbour, reason: DropReason): void {
    neighbour.timer.cancel();
    neighbour.isGone = true;
    this.#entries.delete(neighbour.address);
    this.#dropQueue(neighbour, reason, false);
  }

  #evict(): void {
    let victim: Neighbour | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.state !== "STATIC" && (victim === undefined || isWorthLess(entry, victim))) victim = entry;
    }
    if (victim === undefined) return;
    this.#context.drops.count("neighbour-evicted");
    this.#forget(victim, "neighbour-evicted");
  }
}

/** Whom to forget first: one that we never sent to, then one that never answered, then the one that we sent to longest ago. */
function isWorthLess(a: Neighbour, b: Neighbour): boolean {
  const worth = worthOf(a) - worthOf(b);
  return worth === 0 ? a.usedAtMs < b.usedAtMs : worth < 0;
}

function worthOf({ usedAtMs, state }: Neighbour): number {
  if (usedAtMs < 0) return 0;
  return state === "INCOMPLETE" || state === "FAILED" ? 1 : 2;
}

const isAt = (neighbour: Neighbour, mac: Uint8Array): boolean => ethernet.sameMac(neighbour.mac, 0, mac, 0);

/** What was said against the entry is settled. */
function settleDoubt(neighbour: Neighbour): void {
  neighbour.isDoubted = false;
  neighbour.hasClaim = false;
}
