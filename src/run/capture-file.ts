/**
 * Captures of anybody's as runs: pcapng (draft-ietf-opsawg-pcapng) and the older pcap (draft-ietf-opsawg-pcap), in either byte order, with
 * times of any resolution. Nothing but frames is known of such a run.
 */
import { plainFrame } from "../stack/core/frame-info.ts";
import { describeFrame } from "../stack/packet/describe.ts";
import type { FrameDescription } from "../stack/packet/frame-description.ts";
import { asEthernet } from "./capture-links.ts";
import type { FrameRunEvent, RunHeader } from "./run-event.ts";

/** A file is no capture, or of a kind that cannot be shown. The message is a sentence. */
export class CaptureFileError extends Error {
  override readonly name = "CaptureFileError";
}

export interface CaptureFile {
  /** The first of its hosts is the one that frames come to and leave, as far as they do. */
  readonly header: RunHeader;
  readonly events: readonly FrameRunEvent[];
  /** What could not be read, in sentences: a cut end, interfaces of other links. */
  readonly notes: readonly string[];
}

export interface CaptureLimits {
  readonly bytes: number;
  readonly frames: number;
}

export const CAPTURE_LIMITS: CaptureLimits = { bytes: 256 * 1024 * 1024, frames: 1_000_000 };

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 0x00000001;
const SIMPLE_PACKET = 0x00000003;
const ENHANCED_PACKET = 0x00000006;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
/** Upper bits of pcap's field say whether a frame check sequence follows. */
const LINKTYPE_BITS = 0x0fff_ffff;

const OPT_END = 0;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;

const PCAP_HEADER = 24;
const PCAP_RECORD = 16;
const LEAST_BLOCK = 12;
const MOST_BLOCK = 16 * 1024 * 1024;
const MOST_INTERFACES = 1024;
const MOST_HOSTS = 64;
/** As events keep of a frame at most. */
const MOST_FRAME_BYTES = 1 << 18;
const MS_PER_SECOND = 1000;

interface FrameInFile {
  /** In milliseconds since the second in which the first frame came: Unix time would leave no room for nanoseconds. */
  readonly atMs: number;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly device: string;
}

interface CaptureInterfaceFound {
  readonly name: string;
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: number;
  readonly offsetSeconds: number;
}

/** Seconds and what is beyond them, in milliseconds. */
interface CaptureTime {
  readonly seconds: number;
  readonly beyondMs: number;
}

/** Whether a file begins as a capture. */
export function looksLikeCapture(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && formatOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)) !== undefined;
}

/** @throws CaptureFileError when nothing of it can be shown */
export function readCaptureFile(bytes: Uint8Array, limits: CaptureLimits = CAPTURE_LIMITS): CaptureFile {
  if (bytes.length > limits.bytes) throw new CaptureFileError(`Cannot read the capture: it has more than ${limits.bytes} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const format = bytes.length < 4 ? undefined : formatOf(view);
  if (format === undefined) throw new CaptureFileError("Cannot read the capture: it begins as neither pcapng nor pcap");
  const reader = new CaptureReader(bytes, view, limits);
  if (format === "pcapng") reader.readPcapng();
  else reader.readPcap(format);
  if (reader.frames.length === 0) {
    const why = reader.notes.length === 0 ? "there are no frames in it" : reader.notes.join("; ");
    throw new CaptureFileError(`Cannot show the capture: ${why}`);
  }
  return asRun(reader);
}

interface PcapFormat {
  readonly isLittleEndian: boolean;
  readonly ticksPerSecond: number;
}

function formatOf(view: DataView): "pcapng" | PcapFormat | undefined {
  if (view.getUint32(0) === SECTION_HEADER) return "pcapng";
  for (const isLittleEndian of [false, true]) {
    const magic = view.getUint32(0, isLittleEndian);
    if (magic === PCAP_MICROSECONDS) return { isLittleEndian, ticksPerSecond: 1e6 };
    if (magic === PCAP_NANOSECONDS) return { isLittleEndian, ticksPerSecond: 1e9 };
  }
  return undefined;
}

/** Takes a file apart; what is wrong with it ends the reading, and stands in `notes`. */
class CaptureReader {
  readonly frames: FrameInFile[] = [];
  readonly notes: string[] = [];
  application = "";
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: CaptureLimits;
  #interfaces: CaptureInterfaceFound[] = [];
  readonly #foreignLinks = new Set<number>();
  readonly #changes = new Set<string>();
  #baseSeconds: number | undefined;
  #lastTime: CaptureTime = { seconds: 0, beyondMs: 0 };
  #isLittleEndian = true;

  constructor(bytes: Uint8Array, view: DataView, limits: CaptureLimits) {
    this.#bytes = bytes;
    this.#view = view;
    this.#limits = limits;
  }

  /** @returns whether it was read to its end */
  readPcap({ isLittleEndian, ticksPerSecond }: PcapFormat): boolean {
    this.#isLittleEndian = isLittleEndian;
    const view = this.#view;
    if (view.byteLength < PCAP_HEADER) return this.#note("it ends within its header");
    const link = { name: "capture", linkType: this.#u32(20) & LINKTYPE_BITS, snapLength: 0, ticksPerSecond, offsetSeconds: 0 };
    for (let at = PCAP_HEADER; at < view.byteLength; ) {
      if (at + PCAP_RECORD > view.byteLength) return this.#cut(at);
      const kept = this.#u32(at + 8);
      if (kept > MOST_FRAME_BYTES) return this.#damaged(at);
      if (at + PCAP_RECORD + kept > view.byteLength) return this.#cut(at);
      const time = { seconds: this.#u32(at), beyondMs: (this.#u32(at + 4) / ticksPerSecond) * MS_PER_SECOND };
      if (!this.#take(link, time, at + PCAP_RECORD, kept, this.#u32(at + 12))) return false;
      at += PCAP_RECORD + kept;
    }
    return true;
  }

  /** @returns whether it was read to its end */
  readPcapng(): boolean {
    const view = this.#view;
    for (let at = 0; at < view.byteLength; ) {
      if (at + LEAST_BLOCK > view.byteLength) return this.#cut(at);
      if (view.getUint32(at) === SECTION_HEADER && !this.#beginSection(at)) return this.#damaged(at);
      const length = this.#u32(at + 4);
      if (length < LEAST_BLOCK || length % 4 !== 0 || length > MOST_BLOCK) return this.#damaged(at);
      if (at + length > view.byteLength) return this.#cut(at);
      if (!this.#takeBlock(at, at + length - 4)) return false;
      at += length;
    }
    return true;
  }

  /** Each section has a byte order and interfaces of its own. */
  #beginSection(at: number): boolean {
    const magic = this.#view.getUint32(at + 8);
    this.#isLittleEndian = magic !== BYTE_ORDER_MAGIC;
    this.#interfaces = [];
    return this.#u32(at + 8) === BYTE_ORDER_MAGIC;
  }

  /** @param end of its options @returns whether to go on */
  #takeBlock(at: number, end: number): boolean {
    const length = end - at;
    switch (this.#u32(at)) {
      case SECTION_HEADER:
        if (length < 24) return this.#damaged(at);
        this.application ||= this.#text(this.#options(at + 24, end).get(SHB_USERAPPL));
        return true;
      case INTERFACE_DESCRIPTION:
        if (length < 16 || this.#interfaces.length >= MOST_INTERFACES) return this.#damaged(at);
        this.#interfaces.push(this.#interfaceAt(at, end));
        return true;
      case ENHANCED_PACKET: {
        if (length < 28) return this.#damaged(at);
        const link = this.#interfaces[this.#u32(at + 8)];
        const kept = this.#u32(at + 20);
        if (link === undefined || kept > length - 28) return this.#damaged(at);
        return this.#take(link, timeOf(this.#u32(at + 12), this.#u32(at + 16), link), at + 28, kept, this.#u32(at + 24));
      }
      case SIMPLE_PACKET: {
        if (length < 12) return this.#damaged(at);
        const link = this.#interfaces[0];
        if (link === undefined) return this.#damaged(at);
        const whole = this.#u32(at + 8);
        const most = link.snapLength === 0 ? whole : Math.min(whole, link.snapLength);
        // It says no time: it stands where the one before does.
        return this.#take(link, this.#lastTime, at + 12, Math.min(most, length - 12), whole);
      }
    }
    return true;
  }

  #interfaceAt(at: number, end: number): CaptureInterfaceFound {
    const options = this.#options(at + 16, end);
    const resolution = options.get(IF_TSRESOL)?.[0] ?? 6;
    const offset = options.get(IF_TSOFFSET);
    const exponent = resolution & 0x7f;
    return {
      name: this.#text(options.get(IF_NAME)) || `interface ${this.#interfaces.length}`,
      linkType: this.#view.getUint16(at + 8, this.#isLittleEndian),
      snapLength: this.#u32(at + 12),
      ticksPerSecond: (resolution & 0x80) === 0 ? 10 ** exponent : 2 ** exponent,
      offsetSeconds:
        offset === undefined || offset.length !== 8
          ? 0
          : Number(new DataView(offset.buffer, offset.byteOffset, 8).getBigInt64(0, this.#isLittleEndian)),
    };
  }

  /** The first of each code. */
  #options(from: number, end: number): ReadonlyMap<number, Uint8Array> {
    const options = new Map<number, Uint8Array>();
    for (let at = from; at + 4 <= end; ) {
      const code = this.#view.getUint16(at, this.#isLittleEndian);
      const length = this.#view.getUint16(at + 2, this.#isLittleEndian);
      if (code === OPT_END || at + 4 + length > end) break;
      if (!options.has(code)) options.set(code, this.#bytes.subarray(at + 4, at + 4 + length));
      at += 4 + ((length + 3) & ~3);
    }
    return options;
  }

  /** @returns whether to go on */
  #take(link: CaptureInterfaceFound, time: CaptureTime, at: number, kept: number, length: number): boolean {
    const frame = asEthernet(link.linkType, this.#bytes.subarray(at, at + kept), Math.max(length, kept));
    if (frame === undefined) {
      if (!this.#foreignLinks.has(link.linkType) && this.#foreignLinks.size < MOST_HOSTS) {
        this.#foreignLinks.add(link.linkType);
        this.#note(`frames of ${link.name} are left out: its link type is ${link.linkType}, which this program does not know`);
      }
      return true;
    }
    if (this.frames.length >= this.#limits.frames) {
      return this.#note(`only its first ${this.#limits.frames} frames are shown`);
    }
    if (!Number.isFinite(time.seconds + time.beyondMs)) return true;
    if (frame.change !== undefined && !this.#changes.has(frame.change)) {
      this.#changes.add(frame.change);
      this.#note(frame.change);
    }
    this.#lastTime = time;
    this.#baseSeconds ??= time.seconds;
    const atMs = (time.seconds - this.#baseSeconds) * MS_PER_SECOND + time.beyondMs;
    this.frames.push({ atMs, bytes: frame.bytes, length: Math.min(MOST_FRAME_BYTES, frame.length), device: link.name });
    return true;
  }

  /** Unix time of what frames' times count from. */
  get baseMs(): number {
    return (this.#baseSeconds ?? 0) * MS_PER_SECOND;
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#isLittleEndian);
  }

  #text(bytes: Uint8Array | undefined): string {
    return bytes === undefined ? "" : new TextDecoder().decode(bytes.subarray(0, 256)).replace(/\0.*$/s, "");
  }

  /** @returns false: nothing more is read */
  #note(sentence: string): false {
    this.notes.push(sentence);
    return false;
  }

  #cut(at: number): false {
    return this.#note(`it is cut at byte ${at}`);
  }

  #damaged(at: number): false {
    return this.#note(`it is damaged at byte ${at}; what comes behind is not read`);
  }
}

/** Nanoseconds since 1970 are more than a number holds exactly. */
function timeOf(high: number, low: number, { ticksPerSecond, offsetSeconds }: CaptureInterfaceFound): CaptureTime {
  if (!Number.isSafeInteger(ticksPerSecond)) {
    const seconds = (high * 2 ** 32 + low) / ticksPerSecond;
    return { seconds: offsetSeconds, beyondMs: seconds * MS_PER_SECOND };
  }
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  const whole = BigInt(ticksPerSecond);
  return { seconds: Number(ticks / whole) + offsetSeconds, beyondMs: (Number(ticks % whole) / ticksPerSecond) * MS_PER_SECOND };
}

/** Who a frame is from and for, by IP or ARP; undefined for other frames. */
interface FrameEnds {
  readonly source: string;
  readonly destination: string;
  readonly isClient: boolean;
}

function endsOf(description: FrameDescription): FrameEnds | undefined {
  switch (description.protocol) {
    case "ethernet":
      return undefined;
    case "arp":
      return { source: description.senderIp, destination: description.targetIp, isClient: false };
    case "tcp": {
      const { sourceAddress: source, destinationAddress: destination } = description.ip;
      return { source, destination, isClient: /\bSYN\b/.test(description.flags) && !/\bACK\b/.test(description.flags) };
    }
    case "udp": {
      const { sourceAddress: source, destinationAddress: destination } = description.ip;
      return { source, destination, isClient: description.sourcePort > description.destinationPort };
    }
    default:
      return { source: description.ip.sourceAddress, destination: description.ip.destinationAddress, isClient: false };
  }
}

const isGroup = (address: string): boolean =>
  address.startsWith("ff") || address.startsWith("255.") || address.endsWith(".255") || (Number.parseInt(address, 10) & 0xf0) === 0xe0;
const isNobody = (address: string): boolean => address === "0.0.0.0" || address === "::";

function asRun({ frames, notes, application, baseMs }: CaptureReader): CaptureFile {
  // What was cut off is zeros, so that lengths hold; in one place for all, since a file may claim much.
  const whole = new Uint8Array(MOST_FRAME_BYTES);
  const ends = frames.map(({ bytes, length }) => {
    if (bytes.length === length) return endsOf(describeFrame(bytes, 0, length));
    whole.set(bytes);
    const found = endsOf(describeFrame(whole, 0, length));
    whole.fill(0, 0, bytes.length);
    return found;
  });
  const counts = new Map<string, number>();
  for (const each of ends) {
    for (const address of each === undefined ? [] : [each.source, each.destination]) {
      if (isNobody(address) || isGroup(address)) continue;
      counts.set(address, (counts.get(address) ?? 0) + 1);
    }
  }
  const byFrames = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!);
  const client = ends.find((each) => each?.isClient === true && counts.has(each.source))?.source;
  const ours = client ?? byFrames[0] ?? "capture";
  const shown = [ours, ...byFrames.filter((address) => address !== ours)].slice(0, MOST_HOSTS);
  const firstMs = frames.reduce((first, { atMs }) => Math.min(first, atMs), Number.POSITIVE_INFINITY);
  const events = frames.flatMap((frame, i): FrameRunEvent[] => {
    const each = ends[i];
    if (each === undefined) return [];
    return [eventOf(frame, each, ours, i + 1, firstMs)];
  });
  const others = frames.length - events.length;
  return {
    header: {
      title: "Capture",
      kind: "capture",
      madeBy: application,
      epochMs: baseMs + firstMs,
      hosts: shown.map((address) => ({ name: address, title: address, addresses: [address], isTraced: false })),
    },
    events: events.sort((a, b) => a.atMs - b.atMs),
    notes: others === 0 ? notes : [...notes, `${others} frames are left out: they are neither IP nor ARP`],
  };
}

/** A frame between two others is told by the one that sent it, as one that leaves it. */
function eventOf(frame: FrameInFile, { source, destination }: FrameEnds, ours: string, number: number, firstMs: number): FrameRunEvent {
  const isIn = source !== ours && (destination === ours || isGroup(destination));
  return {
    type: "frame",
    number,
    host: isIn || source === ours || isNobody(source) ? ours : source,
    // To the picosecond: what is finer is the difference's own.
    atMs: Math.round((frame.atMs - firstMs) * 1e9) / 1e9,
    direction: isIn ? "in" : "out",
    device: frame.device,
    bytes: frame.bytes,
    length: frame.length,
    info: plainFrame(),
  };
}
