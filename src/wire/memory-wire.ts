import { type FrameInfo, GSO_NONE, plainFrame } from "../stack/core/frame-info.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import { unfitFrame } from "../stack/link/frame-check.ts";
import {
  cutsSegments,
  FRAME_HEADROOM,
  type FrameSink,
  type LinkDevice,
  type LinkListener,
  NO_OFFLOADS,
  type Offloads,
  type TransmitResult,
  withoutSegmentation,
} from "../stack/link/link-device.ts";
import { assertUnicastMac, macForName } from "../stack/link/mac-address.ts";
import { completeChecksum } from "../stack/packet/partial-checksum.ts";
import { FrameQueue } from "./frame-queue.ts";

export interface WireOptions {
  /** What devices do unless they say otherwise; none by default, so that what crosses the wire is what a cable would carry. */
  readonly offloads?: Offloads;
  /** What happens to a frame for one device whose queue is full: `full` makes the sender wait (the default), `drop` loses and counts it at the receiver. */
  readonly whenFull?: "full" | "drop";
}

export interface WireDeviceOptions {
  /** Unique on the wire. */
  readonly name: string;
  /** By default made from the name. */
  readonly mac?: Uint8Array;
  /** In bytes; 1500 by default. */
  readonly mtu?: number;
  /** What this device accepts; a sender is offered what every other device on the wire accepts. */
  readonly offloads?: Offloads;
  /** Receives what is for others too. */
  readonly promiscuous?: boolean;
  /** Bounds of what waits to be received: 1024 frames and 4 MiB by default. */
  readonly queueFrames?: number;
  readonly queueBytes?: number;
}

/**
 * One Ethernet segment in memory: a frame is copied to the device that has its destination address, or to all others when it is
 * for a group or for an address that nobody has. Order is the order of `transmit`; devices hear in the order in which they were plugged in.
 */
export class MemoryWire {
  readonly #options: WireOptions;
  #devices: readonly WireDevice[] = [];
  /** Counts what may change the devices' offloads. */
  changes = 0;

  constructor(options: WireOptions = {}) {
    this.#options = options;
  }

  /** Plugs a device in. @throws RangeError when the name or the address is taken */
  device(options: WireDeviceOptions): WireDevice {
    const device = new WireDevice(this, { offloads: this.#options.offloads ?? NO_OFFLOADS, ...options });
    for (const other of this.#devices) {
      if (other.name === device.name) throw new RangeError(`Cannot plug in "${device.name}": the wire has a device of that name`);
      if (sameMac(other.mac, 0, device.mac))
        throw new RangeError(`Cannot plug in "${device.name}": "${other.name}" has the same MAC address`);
    }
    this.#devices = [...this.#devices, device];
    this.changes++;
    return device;
  }

  get devices(): readonly WireDevice[] {
    return this.#devices;
  }

  /** What everybody but `sender` accepts. */
  offloadsFor(sender: WireDevice): Offloads {
    let { checksum, tso4, tso6, uso = false } = sender.accepts;
    for (const device of this.#devices) {
      if (device === sender) continue;
      checksum &&= device.accepts.checksum;
      tso4 &&= device.accepts.tso4;
      tso6 &&= device.accepts.tso6;
      uso &&= device.accepts.uso === true;
    }
    return uso ? { checksum, tso4, tso6, uso } : { checksum, tso4, tso6 };
  }

  /** For a frame that is known to be fit. */
  carry(sender: WireDevice, bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const owner = (bytes[at]! & 1) === 0 ? this.#devices.find((d) => sameMac(bytes, at, d.mac)) : undefined;
    if (owner !== undefined && owner !== sender && this.#options.whenFull !== "drop" && !owner.hasRoom(end - at)) {
      owner.keepWaiting(sender);
      return "full";
    }
    for (const device of this.#devices) {
      if (device !== sender && (owner === undefined || owner === device || device.isPromiscuous)) device.arrive(bytes, at, end, info);
    }
    return "sent";
  }

  unplug(device: WireDevice): void {
    this.#devices = this.#devices.filter((d) => d !== device);
    this.changes++;
  }
}

/** A plug of a `MemoryWire`. */
export class WireDevice implements LinkDevice {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly isLoopback = false;
  readonly isPromiscuous: boolean;
  readonly counters = new DeviceCounters();
  readonly #wire: MemoryWire;
  readonly #queue: FrameQueue;
  readonly #copyInfo: FrameInfo = plainFrame();
  /** Senders that were told `full` because of us. */
  #waiting: WireDevice[] = [];
  #accepts: Offloads;
  #acceptsNow: Offloads;
  #isSegmenting = true;
  #offloads: Offloads = NO_OFFLOADS;
  #offloadsOf = -1;
  #listener: LinkListener | undefined;
  #isUp = true;
  #isClosed = false;
  #scratch: Uint8Array | undefined;

  /** Made by `MemoryWire.device`. */
  constructor(wire: MemoryWire, options: WireDeviceOptions & { readonly offloads: Offloads }) {
    this.#wire = wire;
    this.name = options.name;
    this.mac = options.mac?.slice() ?? macForName(options.name);
    assertUnicastMac(this.mac);
    this.mtu = options.mtu ?? 1500;
    this.isPromiscuous = options.promiscuous ?? false;
    this.#accepts = options.offloads;
    this.#acceptsNow = options.offloads;
    this.#queue = new FrameQueue(options.queueFrames, options.queueBytes);
  }

  /** What this device takes, whatever its peers do. */
  get accepts(): Offloads {
    return this.#acceptsNow;
  }

  /** What every other device on the wire accepts, as far as this one does. */
  get offloads(): Offloads {
    if (this.#offloadsOf !== this.#wire.changes) {
      this.#offloads = this.#wire.offloadsFor(this);
      this.#offloadsOf = this.#wire.changes;
    }
    return this.#offloads;
  }

  get isUp(): boolean {
    return this.#isUp && !this.#isClosed;
  }

  get isGone(): boolean {
    return this.#isClosed;
  }

  setOffloads(wanted: Offloads): void {
    this.#accepts = wanted;
    this.#acceptsNow = this.#isSegmenting ? wanted : withoutSegmentation(wanted);
    this.#wire.changes++;
  }

  setSegmentation(on: boolean): void {
    this.#isSegmenting = on;
    this.setOffloads(this.#accepts);
  }

  /** Pulls the plug, or puts it back: for tests and lessons. */
  setLink(up: boolean): void {
    if (this.#isUp === up || this.#isClosed) return;
    this.#isUp = up;
    if (!up) this.#queue.clear();
    this.#listener?.linkChanged(up);
    this.#releaseWaiting();
  }

  setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  /** A frame that no device could carry (runt, longer than the MTU) counts as sent, and as a drop. */
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (!this.isUp) {
      this.counters.drop("down");
      return "down";
    }
    const unfit = unfitFrame(bytes, at, end, info, this.mtu);
    if (unfit !== undefined) {
      this.counters.drop(unfit);
      return "sent";
    }
    const result = this.#wire.carry(this, bytes, at, end, info);
    if (result === "sent") this.counters.wentOut(end - at);
    return result;
  }

  receive(sink: FrameSink, budget: number): number {
    const frames = this.#queue.deliver(sink, budget);
    if (frames > 0) this.#releaseWaiting();
    return frames;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.clear();
    this.#wire.unplug(this);
    this.#releaseWaiting();
  }

  /** A device that is down loses the frame, and so needs no room for it. */
  hasRoom(length: number): boolean {
    return !this.isUp || this.#queue.hasRoom(length);
  }

  keepWaiting(sender: WireDevice): void {
    if (!this.#waiting.includes(sender)) this.#waiting.push(sender);
  }

  /** A frame from the wire. */
  arrive(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    const refusal = this.#refusal(bytes, at, end, info) ?? (this.#enqueue(bytes, at, end, info) ? undefined : "full");
    if (refusal !== undefined) {
      this.counters.drop(refusal);
      return;
    }
    this.counters.cameIn(end - at);
    this.#listener?.readable();
  }

  #refusal(bytes: Uint8Array, at: number, end: number, info: FrameInfo): string | undefined {
    if (!this.isUp) return "down";
    const unfit = unfitFrame(bytes, at, end, info, this.mtu);
    if (unfit !== undefined || info.gsoType === GSO_NONE) return unfit;
    return cutsSegments(this.#accepts, info.gsoType) ? undefined : "gso-unsupported";
  }

  #enqueue(bytes: Uint8Array, at: number, end: number, info: FrameInfo): boolean {
    const copy = Object.assign(this.#copyInfo, info);
    if (info.checksumStart === 0) return this.#queue.push(bytes, at, end, copy) >= 0;
    if (this.#accepts.checksum) {
      // Nothing happens to a frame in memory, so there is nothing to verify.
      copy.checksumVerified = true;
      return this.#queue.push(bytes, at, end, copy) >= 0;
    }
    const length = end - at;
    if (this.#scratch === undefined || this.#scratch.length < FRAME_HEADROOM + length)
      this.#scratch = new Uint8Array(FRAME_HEADROOM + length);
    const scratch = this.#scratch;
    scratch.set(bytes.subarray(at, end), FRAME_HEADROOM);
    completeChecksum(scratch, FRAME_HEADROOM, FRAME_HEADROOM + length, copy);
    return this.#queue.push(scratch, FRAME_HEADROOM, FRAME_HEADROOM + length, copy) >= 0;
  }

  #releaseWaiting(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const sender of waiting) sender.#listener?.writable();
  }
}

const sameMac = (b: Uint8Array, at: number, mac: Uint8Array): boolean =>
  b[at] === mac[0] && b[at + 1] === mac[1] && b[at + 2] === mac[2] && b[at + 3] === mac[3] && b[at + 4] === mac[4] && b[at + 5] === mac[5];
