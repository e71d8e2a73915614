import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import {
  FRAME_HEADROOM,
  type FrameSink,
  type LinkDevice,
  type LinkListener,
  MAX_FRAME,
  NO_OFFLOADS,
  type Offloads,
  type TransmitResult,
} from "../stack/link/link-device.ts";
import { KIND, NOT_SENT, type Recording, STATE } from "./recording.ts";

/** What a replayed device needs of the replay that it is a part of. */
export interface ReplayedDeviceOwner {
  readonly recording: Recording;
  /** Carries out what devices told during the operation that stands next. */
  tellNext(): void;
  frameOut(device: ReplayedDevice, bytes: Uint8Array, at: number, end: number, info: FrameInfo): void;
  /** The host does what the recording does not have here. */
  diverged(what: string): never;
}

/** A device that answers as the recorded one did. */
export class ReplayedDevice implements LinkDevice {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly isLoopback = false;
  readonly counters = new DeviceCounters();
  readonly #owner: ReplayedDeviceOwner;
  readonly #index: number;
  readonly #buffer = new Uint8Array(FRAME_HEADROOM + MAX_FRAME);
  readonly #info: FrameInfo = plainFrame();
  isUp = true;
  isGone = false;
  offloads: Offloads = NO_OFFLOADS;
  listener: LinkListener | undefined;
  /** What leaves while the host is being set up left before the recording began. */
  isRecorded = false;

  constructor(owner: ReplayedDeviceOwner, index: number, name: string, mac: Uint8Array, mtu: number) {
    this.#owner = owner;
    this.#index = index;
    this.name = name;
    this.mac = mac;
    this.mtu = mtu;
  }

  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (!this.isRecorded) return this.#transmitUnrecorded(end - at);
    const { recording } = this.#owner;
    this.#owner.tellNext();
    let result: TransmitResult = "sent";
    if (recording.kind === KIND.notSent && recording.device === this.#index) {
      result = recording.byte(0) === NOT_SENT.full ? "full" : "down";
      recording.next();
    } else if (!recording.takeQuiet()) this.#owner.diverged(`sends a frame on ${this.name}`);
    if (result === "sent") {
      this.counters.wentOut(end - at);
      this.#owner.frameOut(this, bytes, at, end, info);
    }
    this.#takeState();
    return result;
  }

  receive(sink: FrameSink, _budget: number): number {
    const { recording } = this.#owner;
    for (let frames = 0; ; frames++) {
      this.#owner.tellNext();
      const isOurs = recording.kind !== 0 && recording.device === this.#index;
      if (isOurs && recording.kind === KIND.received) {
        const count = recording.receivedCount;
        recording.next();
        this.#takeState();
        return count;
      }
      if (isOurs && recording.kind === KIND.frame) {
        this.#handOver(sink);
        continue;
      }
      if (frames > 0 || !recording.takeQuiet()) this.#owner.diverged(`looks for frames on ${this.name}`);
      this.#takeState();
      return 0;
    }
  }

  setListener(listener: LinkListener): void {
    this.listener = listener;
  }

  setSegmentation(): void {
    if (!this.#owner.recording.takeQuiet()) this.#owner.diverged(`turns the segmentation of ${this.name} on or off`);
    this.#takeState();
  }

  close(): void {}

  /** Takes over the state that stands next. */
  readState(): void {
    const { recording } = this.#owner;
    const bits = recording.byte(0);
    const has = (bit: number): boolean => (bits & bit) !== 0;
    this.isUp = has(STATE.up);
    this.isGone = has(STATE.gone);
    this.offloads = { checksum: has(STATE.checksum), tso4: has(STATE.tso4), tso6: has(STATE.tso6), uso: has(STATE.uso) };
    recording.next();
  }

  #transmitUnrecorded(byteCount: number): TransmitResult {
    if (!this.isUp) return "down";
    this.counters.wentOut(byteCount);
    return "sent";
  }

  #takeState(): void {
    const { recording } = this.#owner;
    while (recording.kind === KIND.state && recording.device === this.#index) this.readState();
  }

  #handOver(sink: FrameSink): void {
    const { recording } = this.#owner;
    const { frame } = recording;
    const end = FRAME_HEADROOM + frame.length;
    this.#buffer.set(frame, FRAME_HEADROOM);
    recording.readInfo(this.#info);
    this.counters.cameIn(frame.length);
    // Before the host hears of it, for what it does with the frame stands after it.
    recording.next();
    sink.frame(this.#buffer, FRAME_HEADROOM, end, this.#info);
  }
}
