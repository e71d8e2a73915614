import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import type { Time } from "../stack/core/time.ts";
import type { Trace, TraceEvent } from "../stack/core/trace.ts";
import { TraceLabels } from "../stack/core/trace-labels.ts";
import type { FrameSink, LinkCounters, LinkDevice, LinkListener, TransmitResult } from "../stack/link/link-device.ts";
import { completeChecksum } from "../stack/packet/partial-checksum.ts";
import { isInfraredBroadcast, linuxIrdaPacket } from "./linux-irda.ts";
import { enhancedPacket, interfaceDescription, interfaceStatistics, LINKTYPE_LINUX_IRDA, sectionHeader } from "./pcapng-writer.ts";
import { WrappedDevice } from "./wrapped-device.ts";

export interface CaptureOptions {
  /** That of the host which the device belongs to. */
  readonly time: Time;
  /** What to add to its milliseconds to get milliseconds since 1970; 0 in virtual time is as good as any. */
  readonly epochOffsetMs: number;
}

export interface CaptureStart {
  /** Gets the blocks of one pcapng file, in order; the bytes are its to keep. */
  readonly sink: (block: Uint8Array) => void;
  /** Bytes kept of each frame; all when left out. */
  readonly snapLength?: number;
  /** Where drop reasons and Winsock verdicts come from, to be written as comments. */
  readonly trace?: Trace;
  /** Whether frames of the host's infrared transceiver, of which `trace` tells, are written too, as those of a second interface. */
  readonly infrared?: boolean;
}

/** Comments that may wait for a frame; with more of them the oldest go. */
const MAX_COMMENTS = 32;

/**
 * A device around another that writes what passes to pcapng while a capture runs, and costs a branch while none does. Checksums that a
 * device would complete later are completed in the captured copy. A frame is written when the next one comes, or at `flush`, so that
 * what becomes of it can still be said in a comment.
 */
export class CaptureDevice extends WrappedDevice {
  readonly #options: CaptureOptions;
  readonly #capturingSink: FrameSink;
  #sink: FrameSink | undefined;
  #capture: Capture | undefined;

  constructor(inner: LinkDevice, options: CaptureOptions) {
    super(inner);
    this.#options = options;
    this.#capturingSink = {
      frame: (bytes, at, end, info) => {
        this.#capture?.frame(bytes, at, end, info, "in");
        this.#sink?.frame(bytes, at, end, info);
      },
    };
  }

  override get counters(): LinkCounters {
    return this.inner.counters;
  }

  get isCapturing(): boolean {
    return this.#capture !== undefined;
  }

  override setSegmentation(on: boolean): void {
    this.inner.setSegmentation(on);
  }

  override setListener(listener: LinkListener): void {
    this.inner.setListener(listener);
  }

  /** Begins a file; one that runs already is ended first. */
  start(start: CaptureStart): void {
    this.stop();
    this.#capture = new Capture(this.inner, this.#options, start);
  }

  /** Writes the last frame and the statistics. Does nothing when no capture runs. */
  stop(): void {
    this.#capture?.end();
    this.#capture = undefined;
  }

  /** A remark on the frame that was captured last, or, when that is written already, on the next one. */
  addComment(text: string): void {
    this.#capture?.addComment(text);
  }

  /** Writes the frame that waits for comments. Call it when the host has nothing to do for now. */
  flush(): void {
    this.#capture?.flush();
  }

  override transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const result = this.inner.transmit(bytes, at, end, info);
    if (result === "sent" && this.#capture !== undefined) this.#capture.frame(bytes, at, end, info, "out");
    return result;
  }

  override receive(sink: FrameSink, budget: number): number {
    if (this.#capture === undefined) return this.inner.receive(sink, budget);
    this.#sink = sink;
    try {
      return this.inner.receive(this.#capturingSink, budget);
    } finally {
      this.#sink = undefined;
    }
  }

  override close(): void {
    this.inner.close();
    this.stop();
  }
}

/** In the order in which they are described. */
const [DEVICE, INFRARED] = [0, 1] as const;
const [UNICAST, BROADCAST] = [1, 3] as const;

interface CapturedFrame {
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly direction: "in" | "out";
  readonly interfaceId: number;
  readonly reception: number | undefined;
}

/** One pcapng file in the making. */
class Capture {
  readonly #device: LinkDevice;
  readonly #options: CaptureOptions;
  readonly #sink: (block: Uint8Array) => void;
  readonly #snapLength: number;
  readonly #endSubscription: () => void;
  readonly #startNs: bigint;
  readonly #dropsBefore: number;
  readonly #info: FrameInfo = plainFrame();
  #frames = 0;
  #infraredFrames = 0;
  readonly #hasInfrared: boolean;
  #waiting: CapturedFrame | undefined;
  #comments: string[] = [];
  readonly #labels = new TraceLabels();

  constructor(device: LinkDevice, options: CaptureOptions, start: CaptureStart) {
    this.#device = device;
    this.#options = options;
    this.#sink = start.sink;
    this.#snapLength = start.snapLength ?? 0;
    this.#startNs = this.#nowNs();
    this.#dropsBefore = totalDrops(device.counters);
    this.#sink(sectionHeader("tapsock"));
    this.#sink(interfaceDescription({ name: device.name, mac: device.mac, snapLength: this.#snapLength }));
    this.#hasInfrared = start.infrared ?? false;
    this.#endSubscription = start.trace?.subscribe((event) => this.#heard(event)) ?? (() => {});
  }

  frame(bytes: Uint8Array, at: number, end: number, info: FrameInfo, direction: "in" | "out"): void {
    this.flush();
    const copy = bytes.slice(Math.max(0, at), end);
    completeChecksum(copy, 0, copy.length, Object.assign(this.#info, info));
    this.#wait(DEVICE, copy, direction, undefined);
    this.#frames++;
  }

  #infraredFrame(frame: Uint8Array, direction: "in" | "out", name: string): void {
    this.flush();
    // A host without infrared has no such interface in its files.
    if (this.#infraredFrames++ === 0)
      this.#sink(interfaceDescription({ name, linkType: LINKTYPE_LINUX_IRDA, snapLength: this.#snapLength }));
    this.#wait(INFRARED, linuxIrdaPacket(frame, direction), direction, isInfraredBroadcast(frame) ? BROADCAST : UNICAST);
  }

  #wait(interfaceId: number, packet: Uint8Array, direction: "in" | "out", reception: number | undefined): void {
    const bytes = this.#snapLength > 0 && packet.length > this.#snapLength ? packet.subarray(0, this.#snapLength) : packet;
    this.#waiting = { timeNs: this.#nowNs(), bytes, wireLength: packet.length, direction, interfaceId, reception };
  }

  addComment(text: string): void {
    this.#comments.push(text);
    if (this.#comments.length > MAX_COMMENTS) this.#comments.shift();
  }

  flush(): void {
    const frame = this.#waiting;
    if (frame === undefined) return;
    this.#waiting = undefined;
    const { interfaceId, timeNs, bytes, wireLength, direction, reception } = frame;
    this.#sink(enhancedPacket(interfaceId, timeNs, bytes, wireLength, direction, this.#comments, reception));
    this.#comments = [];
  }

  end(): void {
    this.#endSubscription();
    this.flush();
    const dropped = totalDrops(this.#device.counters) - this.#dropsBefore;
    const [startNs, endNs] = [this.#startNs, this.#nowNs()];
    this.#sink(interfaceStatistics(DEVICE, { startNs, endNs, received: this.#frames, dropped }));
    if (this.#infraredFrames > 0) this.#sink(interfaceStatistics(INFRARED, { startNs, endNs, received: this.#infraredFrames, dropped: 0 }));
  }

  #heard(event: TraceEvent): void {
    this.#labels.note(event);
    if (event.type === "frame-dropped") {
      if (event.device === this.#device.name) this.addComment(`dropped: ${event.reason}`);
    } else if (event.type === "infrared-frame") {
      if (this.#hasInfrared) this.#infraredFrame(event.bytes, event.direction, event.device);
    } else if (event.type === "winsock-returned") {
      this.addComment(`${this.#labels.call(event)}: ${event.text}`);
    }
  }

  #nowNs(): bigint {
    const { time, epochOffsetMs } = this.#options;
    // Apart, because their sum in nanoseconds does not fit into a double.
    return BigInt(Math.round(epochOffsetMs)) * 1_000_000n + BigInt(Math.round(time.now * 1e6));
  }
}

function totalDrops(counters: LinkCounters): number {
  let total = 0;
  for (const n of counters.drops.values()) total += n;
  return total;
}
