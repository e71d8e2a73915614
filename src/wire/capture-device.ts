import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import type { Time } from "../stack/core/time.ts";
import type { Trace, TraceEvent } from "../stack/core/trace.ts";
import { TraceLabels } from "../stack/core/trace-labels.ts";
import type { FrameSink, LinkCounters, LinkDevice, LinkListener, TransmitResult } from "../stack/link/link-device.ts";
import { completeChecksum } from "../stack/packet/partial-checksum.ts";
import { enhancedPacket, interfaceDescription, interfaceStatistics, sectionHeader } from "./pcapng-writer.ts";
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
  #waiting:
    | { readonly timeNs: bigint; readonly bytes: Uint8Array; readonly wireLength: number; readonly direction: "in" | "out" }
    | undefined;
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
    this.#endSubscription = start.trace?.subscribe((event) => this.#heard(event)) ?? (() => {});
  }

  frame(bytes: Uint8Array, at: number, end: number, info: FrameInfo, direction: "in" | "out"): void {
    this.flush();
    const copy = bytes.slice(Math.max(0, at), end);
    completeChecksum(copy, 0, copy.length, Object.assign(this.#info, info));
    const kept = this.#snapLength > 0 && copy.length > this.#snapLength ? copy.subarray(0, this.#snapLength) : copy;
    this.#waiting = { timeNs: this.#nowNs(), bytes: kept, wireLength: copy.length, direction };
    this.#frames++;
  }

  addComment(text: string): void {
    this.#comments.push(text);
    if (this.#comments.length > MAX_COMMENTS) this.#comments.shift();
  }

  flush(): void {
    const frame = this.#waiting;
    if (frame === undefined) return;
    this.#waiting = undefined;
    this.#sink(enhancedPacket(0, frame.timeNs, frame.bytes, frame.wireLength, frame.direction, this.#comments));
    this.#comments = [];
  }

  end(): void {
    this.#endSubscription();
    this.flush();
    const dropped = totalDrops(this.#device.counters) - this.#dropsBefore;
    this.#sink(interfaceStatistics(0, { startNs: this.#startNs, endNs: this.#nowNs(), received: this.#frames, dropped }));
  }

  #heard(event: TraceEvent): void {
    this.#labels.note(event);
    if (event.type === "frame-dropped") {
      if (event.device === this.#device.name) this.addComment(`dropped: ${event.reason}`);
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
