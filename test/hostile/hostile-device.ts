import { type FrameInfo, plainFrame } from "../../src/stack/core/frame-info.ts";
import { DeviceCounters } from "../../src/stack/link/device-counters.ts";
import {
  type FrameSink,
  type LinkDevice,
  type LinkListener,
  MAX_FRAME,
  type Offloads,
  type TransmitResult,
} from "../../src/stack/link/link-device.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import { readVirtioHeader, VIRTIO_HEADER } from "../../src/tap/virtio-header.ts";
import { emittedFault } from "./emitted-fault.ts";
import { FRAME_AT } from "./framing.ts";

/** What a frame lies in moves by a few bytes, as it may with a real device. */
const ALIGNMENTS = 4;
/** Whoever keeps a view of a frame for later finds this in it. */
const POISON = 0xa5;

/** Hears what a host sends. */
export interface Listening {
  hear(bytes: Uint8Array, at: number, end: number): void;
}

/**
 * A device whose wire is an attacker's. Frames come with a virtio header, which is judged as a TAP device judges it; what the host sends is
 * read strictly, and goes to whoever listens. Now and then it is full.
 */
export class HostileDevice implements LinkDevice {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu = 1500;
  readonly offloads: Offloads;
  readonly isUp = true;
  readonly isGone = false;
  readonly isLoopback = false;
  readonly counters = new DeviceCounters();
  /** Frames that were handed up. */
  handedUp = 0;
  /** Frames that the host sent and that hold no segment of TCP. */
  othersOut = 0;
  /** A number that stands for all that was sent, in its order. */
  digest = 0;
  readonly #listening: Listening;
  readonly #verdict: (handUp: () => void) => void;
  readonly #buffer = new Uint8Array(VIRTIO_HEADER + MAX_FRAME + 64);
  readonly #info: FrameInfo = plainFrame();
  #waiting: Uint8Array[] = [];
  #listener: LinkListener | undefined;
  #isFull = false;

  /** @param verdict calls what it is given, and notes what became of the frame */
  constructor(name: string, mac: Uint8Array, offloads: Offloads, listening: Listening, verdict: (handUp: () => void) => void) {
    this.name = name;
    this.mac = mac;
    this.offloads = offloads;
    this.#listening = listening;
    this.#verdict = verdict;
  }

  /** The frames come with the host's next turn. */
  offer(frames: readonly Uint8Array[]): void {
    this.#waiting.push(...frames);
    this.#listener?.readable();
  }

  set isFull(isFull: boolean) {
    const was = this.#isFull;
    this.#isFull = isFull;
    if (was && !isFull) this.#listener?.writable();
  }

  receive(sink: FrameSink, budget: number): number {
    const frames = this.#waiting.splice(0, budget);
    for (const frame of frames) this.#handUp(sink, frame);
    return frames.length;
  }

  #handUp(sink: FrameSink, frame: Uint8Array): void {
    const length = Math.min(frame.length, this.#buffer.length - ALIGNMENTS);
    const begin = this.counters.framesIn % ALIGNMENTS;
    const at = begin + FRAME_AT;
    const end = begin + length;
    this.counters.cameIn(length);
    this.#buffer.set(length === frame.length ? frame : frame.subarray(0, length), begin);
    const refused = readVirtioHeader(this.#buffer, at, end, this.#info);
    if (refused === undefined) {
      this.handedUp++;
      this.#verdict(() => sink.frame(this.#buffer, at, end, this.#info));
    } else this.counters.drop(refused);
    this.#buffer.fill(POISON, begin, end);
  }

  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (this.#isFull) return "full";
    const fault = emittedFault(bytes, at, end, info, this);
    if (fault !== undefined) throw new Error(`The host sends what it must not: ${fault}: ${hexOf(bytes.subarray(at, end))}`);
    this.counters.wentOut(end - at);
    if (!isSegment(bytes, at)) this.othersOut++;
    for (let i = at; i < end && i < at + 80; i++) this.digest = Math.imul(this.digest ^ bytes[i]!, 0x01000193);
    this.digest ^= end - at;
    this.#listening.hear(bytes, at, end);
    return "sent";
  }

  setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  setSegmentation(): void {}
  close(): void {}
}

/** What a host sends of TCP comes right behind the IP header, which has no options. */
const isSegment = (b: Uint8Array, at: number): boolean =>
  (b[ethernet.payloadAt(at)]! >>> 4 === 4 ? ipv4.protocol : ipv6.nextHeader)(b, ethernet.payloadAt(at)) === ipv4.PROTOCOL_TCP;

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
