import type { Duplex } from "node:stream";
import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import { unfitFrame } from "../stack/link/frame-check.ts";
import { type FrameSink, type LinkDevice, type LinkListener, NO_OFFLOADS, type TransmitResult } from "../stack/link/link-device.ts";
import { assertUnicastMac, macForName } from "../stack/link/mac-address.ts";
import { completeChecksum } from "../stack/packet/partial-checksum.ts";
import { FrameQueue } from "../wire/frame-queue.ts";

export interface DuplexDeviceOptions {
  /** Carries one whole Ethernet frame in each chunk, both ways. */
  readonly stream: Duplex;
  readonly name: string;
  /** Of the host behind the device; by default made from the name. */
  readonly mac?: Uint8Array;
  /** In bytes; 1500 by default. */
  readonly mtu?: number;
  /** Bounds of what waits to be received: 1024 frames and 4 MiB by default. */
  readonly queueFrames?: number;
  readonly queueBytes?: number;
}

/**
 * A device over any Node `Duplex` that carries a frame in each chunk: the shape of the tuntap2 package's `Tap`. A program that has such
 * an object can plug it in. Both sides are held back: a stream whose `write` says false makes the host wait for `drain`, and a host that
 * does not receive pauses the stream. When the stream ends, fails or closes, the link is down for good.
 */
export class DuplexDevice implements LinkDevice {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly isLoopback = false;
  readonly offloads = NO_OFFLOADS;
  readonly counters = new DeviceCounters();
  readonly #stream: Duplex;
  readonly #queue: FrameQueue;
  readonly #plain: FrameInfo = plainFrame();
  readonly #pauseAtFrames: number;
  #listener: LinkListener | undefined;
  #isUp = true;
  #isBlocked = false;
  #isPaused = false;
  #failure: Error | undefined;

  constructor(options: DuplexDeviceOptions) {
    this.name = options.name;
    this.mac = options.mac?.slice() ?? macForName(options.name);
    assertUnicastMac(this.mac);
    this.mtu = options.mtu ?? 1500;
    const queueFrames = options.queueFrames ?? 1024;
    this.#queue = new FrameQueue(queueFrames, options.queueBytes);
    this.#pauseAtFrames = Math.ceil(queueFrames / 2);
    this.#stream = options.stream;
    this.#stream.on("data", (chunk: unknown) => this.#arrived(chunk));
    this.#stream.on("drain", () => this.#drained());
    this.#stream.on("end", () => this.#wentDown());
    this.#stream.on("close", () => this.#wentDown());
    // Stays for good: an error after the end must not end the process.
    this.#stream.on("error", (error: Error) => {
      this.#failure ??= error;
      this.#wentDown();
    });
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** A stream that has ended does not begin again. */
  get isGone(): boolean {
    return !this.#isUp;
  }

  /** What the stream failed with. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  /** A frame that no device could carry (runt, longer than the MTU, a super-segment) counts as sent, and as a drop. */
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (!this.#isUp) {
      this.counters.drop("down");
      return "down";
    }
    if (this.#isBlocked) return "full";
    const unfit = unfitFrame(bytes, at, end, info, this.mtu) ?? (info.gsoType === 0 ? undefined : "gso-unsupported");
    if (unfit !== undefined) {
      this.counters.drop(unfit);
      return "sent";
    }
    // The stream keeps the chunk, and the caller reuses its bytes.
    const chunk = Buffer.from(bytes.subarray(at, end));
    completeChecksum(chunk, 0, chunk.length, Object.assign(this.#plain, info));
    // False means that the chunk was taken and that the next one should wait.
    this.#isBlocked = !this.#stream.write(chunk);
    this.counters.wentOut(chunk.length);
    return "sent";
  }

  receive(sink: FrameSink, budget: number): number {
    const frames = this.#queue.deliver(sink, budget);
    if (this.#isPaused && this.#isUp && this.#queue.size < this.#pauseAtFrames) {
      this.#isPaused = false;
      this.#stream.resume();
    }
    return frames;
  }

  /** A stream carries single frames anyway. */
  setSegmentation(): void {}

  /** Ends the stream; what it has taken is still written. */
  close(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#queue.clear();
    const stream = this.#stream;
    stream.resume(); // a paused stream would never see its end
    stream.end(() => stream.destroy());
  }

  #arrived(chunk: unknown): void {
    if (!this.#isUp) return;
    const reason = this.#take(chunk);
    if (reason !== undefined) this.counters.drop(reason);
    if (!this.#isPaused && this.#queue.size >= this.#pauseAtFrames) {
      this.#isPaused = true;
      this.#stream.pause();
    }
  }

  #take(chunk: unknown): string | undefined {
    if (!(chunk instanceof Uint8Array)) return "not-bytes";
    const info = this.#plain;
    info.checksumVerified = false;
    const unfit = unfitFrame(chunk, 0, chunk.length, info, this.mtu);
    if (unfit !== undefined) return unfit;
    if (this.#queue.push(chunk, 0, chunk.length, info) < 0) return "full";
    this.counters.cameIn(chunk.length);
    this.#listener?.readable();
    return undefined;
  }

  #drained(): void {
    if (!this.#isBlocked || !this.#isUp) return;
    this.#isBlocked = false;
    this.#listener?.writable();
  }

  #wentDown(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#listener?.linkChanged(false);
  }
}
