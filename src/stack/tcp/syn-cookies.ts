import type { AddressWords } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seq, seqAdd } from "../core/seq.ts";
import type { Ip } from "../ip/ip.ts";
import { SYN } from "../packet/tcp.ts";
import { capacityOf, headerChoicesOf } from "./control-block.ts";
import { agreedOn, type SynFacts, windowOfSyn } from "./handshake.ts";
import type { Listener } from "./listener.ts";
import type { Segment, Syn } from "./segment.ts";
import { mssToAnnounce } from "./segment-size.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** A key serves for about a minute, and cookies made with it until the end of the next. */
export const COOKIE_STEP_MS = 64_000;

/** What a cookie can say of a peer's MSS: the greatest that is not above it. Common links, less tunnels; IPv6's least; large frames. */
const SEGMENT_SIZES = [48, 536, 1220, 1360, 1400, 1440, 1460, 8940] as const;

/** In the low bits of our TSval, and so in the TSecr that comes back: window scale, and whether selective acknowledgements are taken. */
const TIMESTAMP_BITS = 6;
const TIMESTAMP_MASK = (1 << TIMESTAMP_BITS) - 1;
const NO_WINDOW_SCALE = 0x0f;
const SACK_PERMITTED = 0x10;
/** What stands for those bits in the hash where there are no timestamps: none of their values. */
const NO_TIMESTAMPS = 0x40;

/** In the low bits of a cookie, under the rest of its hash: the size's place in the table, and whether its key is that of an odd step. */
const DATA_BITS = 4;
const DATA_MASK = (1 << DATA_BITS) - 1;

/** @returns where our timestamps towards this peer begin */
type TimestampOffset = (local: AddressWords, remote: AddressWords) => number;

/**
 * SYN cookies, RFC 4987 §3.6: under a flood a SYN is answered and nothing is kept of it. What the connection needs to know comes back in
 * the acknowledgement of our initial sequence number, which is a keyed hash of all of it, 28 bits wide. Each key lives for two minutes.
 * A cookie holds an MSS; where the peer sends timestamps, ours holds the other options, which are not agreed on otherwise.
 */
export class SynCookies {
  readonly #context: HostContext;
  readonly #ip: Ip;
  readonly #writer: SegmentWriter;
  readonly #timestampOffset: TimestampOffset;
  /** Of even and of odd steps. */
  readonly #keys: [Key | undefined, Key | undefined] = [undefined, undefined];

  constructor(context: HostContext, ip: Ip, writer: SegmentWriter, timestampOffset: TimestampOffset) {
    this.#context = context;
    this.#ip = ip;
    this.#writer = writer;
    this.#timestampOffset = timestampOffset;
  }

  /** Whether the listener's next SYN is to be answered so. */
  areDue(listener: Listener): boolean {
    const { synCookies } = this.#context.profile;
    return synCookies === "always" || (synCookies === "when-full" && listener.isHalfOpenFull);
  }

  /** The SYN-ACK leaves, once. */
  answer(listener: Listener, syn: Syn): SegmentVerdict {
    const path = this.#ip.pathTo(syn.source, syn.destination);
    if (typeof path === "string") return path;
    listener.cookieSentMs = this.#context.now;
    const { profile } = this.#context;
    const facts = agreedOn(syn, this.#context, path.defaultMss, true);
    const place = placeOf(facts.peerMss);
    const bits = facts.timestamps ? timestampBitsOf(facts) : NO_TIMESTAMPS;
    const cookie = this.#cookie(syn, syn.seq, place, bits, this.#step);
    const isScaling = facts.timestamps && facts.rcvWindShift > 0;
    this.#writer.synAck(
      path,
      syn,
      cookie,
      windowOfSyn(profile, true, isScaling, capacityOf(listener.options, profile)),
      {
        mss: mssToAnnounce(path),
        windowScale: isScaling ? facts.rcvWindShift : -1,
        sackPermitted: facts.timestamps && facts.sackPermitted,
        timestamps: facts.timestamps,
        tsVal: facts.timestamps ? (this.#clockWith(bits) + this.#offsetTowards(syn)) | 0 : 0,
        tsEcr: facts.tsRecent,
      },
      facts.timestamps ? profile.synOptionsWithTimestamps : profile.synOptions,
      headerChoicesOf(listener.options),
    );
    return "answered-by-cookie";
  }

  /** The SYN that an acknowledgement is of, if it brings back a cookie that was sent not long ago. */
  synOf(listener: Listener, seg: Segment): Syn | undefined {
    // Outside of floods a guess costs nothing and gains nothing.
    if (listener.cookieSentMs === undefined || this.#context.now - listener.cookieSentMs >= 2 * COOKIE_STEP_MS) return undefined;
    if (seg.has(SYN)) return undefined;
    const { hasTimestamps, tsVal, tsEcr } = seg.options;
    const cookie = seqAdd(seg.ack, -1);
    const irs = seqAdd(seg.seq, -1);
    const bits = hasTimestamps ? (tsEcr - this.#offsetTowards(seg)) & TIMESTAMP_MASK : NO_TIMESTAMPS;
    const data = (cookie ^ (cookie >>> (32 - DATA_BITS))) & DATA_MASK;
    const age = (this.#step ^ data) & 1;
    const place = data >>> 1;
    if (this.#cookie(seg, irs, place, bits, this.#step - age) !== cookie) return undefined;
    const windowScale = bits & 0x0f;
    return {
      seq: irs,
      length: 1,
      window: seg.window,
      source: seg.source,
      sourcePort: seg.sourcePort,
      destination: seg.destination,
      destinationPort: seg.destinationPort,
      options: {
        mss: SEGMENT_SIZES[place]!,
        windowScale: hasTimestamps && windowScale !== NO_WINDOW_SCALE ? windowScale : -1,
        sackPermitted: hasTimestamps && (bits & SACK_PERMITTED) !== 0,
        hasTimestamps,
        tsVal,
      },
    };
  }

  get #step(): number {
    return Math.floor(this.#context.now / COOKIE_STEP_MS);
  }

  #cookie(flow: Syn, irs: Seq, place: number, timestampBits: number, step: number): Seq {
    const data = (place << 1) | (step & 1);
    const ports = (flow.destinationPort << 16) | flow.sourcePort;
    const hash = this.#keyOf(step).ofFlow(flow.destination, flow.source, ports, irs, (timestampBits << DATA_BITS) | data);
    // The upper bits of the hash cover the data: what is sent looks like any other number.
    return seq((hash & ~DATA_MASK) | ((data ^ (hash >>> (32 - DATA_BITS))) & DATA_MASK));
  }

  #keyOf(step: number): KeyedHash {
    const parity = (step & 1) as 0 | 1;
    let key = this.#keys[parity];
    if (key?.step !== step) {
      key = { step, hash: new KeyedHash(this.#context.random) };
      this.#keys[parity] = key;
    }
    return key.hash;
  }

  #offsetTowards(flow: Syn): number {
    return this.#timestampOffset(flow.destination, flow.source);
  }

  /** The latest moment of the timestamps' clock whose low bits are these: never ahead of it, so that later ones do not go back. */
  #clockWith(bits: number): number {
    const clock = Math.floor(this.#context.now);
    const with_ = clock - (clock % (TIMESTAMP_MASK + 1)) + bits;
    return with_ > clock ? with_ - (TIMESTAMP_MASK + 1) : with_;
  }
}

interface Key {
  readonly step: number;
  readonly hash: KeyedHash;
}

function placeOf(mss: number): number {
  let place = SEGMENT_SIZES.length - 1;
  while (place > 0 && SEGMENT_SIZES[place]! > mss) place--;
  return place;
}

const timestampBitsOf = ({ rcvWindShift, sndWindShift, sackPermitted }: SynFacts): number =>
  (rcvWindShift > 0 ? sndWindShift : NO_WINDOW_SCALE) | (sackPermitted ? SACK_PERMITTED : 0);
