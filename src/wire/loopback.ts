import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import { unfitFrame } from "../stack/link/frame-check.ts";
import type { FrameSink, LinkDevice, LinkListener, Offloads, TransmitResult } from "../stack/link/link-device.ts";
import { FrameQueue } from "./frame-queue.ts";

export interface LoopbackOptions {
  /** `lo` by default. */
  readonly name?: string;
  /** Bounds of what waits to be received: 1024 frames and 4 MiB by default. */
  readonly queueFrames?: number;
  readonly queueBytes?: number;
}

/** A datagram as long as IPv4 allows passes whole. */
const LOOPBACK_MTU = 65535;

/**
 * Frames come back to their sender, in order. Checksums are never computed: a frame that does not leave the process is verified as it is.
 * There is no segmentation, for the MTU lets everything through.
 */
export class Loopback implements LinkDevice {
  readonly name: string;
  readonly mac = new Uint8Array(6);
  readonly mtu = LOOPBACK_MTU;
  readonly isLoopback = true;
  readonly offloads: Offloads = { checksum: true, tso4: false, tso6: false };
  readonly counters = new DeviceCounters();
  readonly #queue: FrameQueue;
  readonly #copyInfo: FrameInfo = plainFrame();
  #listener: LinkListener | undefined;
  #isUp = true;
  #isBlocked = false;

  constructor(options: LoopbackOptions = {}) {
    this.name = options.name ?? "lo";
    this.#queue = new FrameQueue(options.queueFrames, options.queueBytes);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isGone(): boolean {
    return !this.#isUp;
  }

  setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  /** A frame that no device could carry (runt, longer than the MTU) counts as sent, and as a drop. */
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (!this.#isUp) {
      this.counters.drop("down");
      return "down";
    }
    const unfit = unfitFrame(bytes, at, end, info, this.mtu);
    if (unfit !== undefined) {
      this.counters.drop(unfit);
      return "sent";
    }
    const copy = Object.assign(this.#copyInfo, info);
    copy.checksumVerified = true;
    if (this.#queue.push(bytes, at, end, copy) < 0) {
      this.#isBlocked = true;
      return "full";
    }
    this.counters.wentOut(end - at);
    this.counters.cameIn(end - at);
    this.#listener?.readable();
    return "sent";
  }

  receive(sink: FrameSink, budget: number): number {
    const frames = this.#queue.deliver(sink, budget);
    if (frames > 0 && this.#isBlocked) {
      this.#isBlocked = false;
      this.#listener?.writable();
    }
    return frames;
  }

  /** There is none: the MTU holds any datagram. */
  setSegmentation(): void {}

  close(): void {
    this.#isUp = false;
    this.#queue.clear();
  }
}
