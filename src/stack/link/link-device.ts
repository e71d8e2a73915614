/**
 * Where frames leave and enter: the one interface that a TAP device, an in-memory wire, a loopback and every wrapper
 * around them (capture, impairment) implement. A frame is Ethernet II without FCS, lying in `bytes[at, end)`.
 */

import { type FrameInfo, GSO_TCPV6, GSO_UDP } from "../core/frame-info.ts";

/** Bytes that a caller of `transmit` leaves free before `at`, so that a device can put a header of its own there without copying. */
export const FRAME_HEADROOM = 16;

/** The longest frame any device carries: Ethernet header and a full IPv4 datagram. */
export const MAX_FRAME = 14 + 65535;

/** What the device does for the stack. May change while it is open (`setSegmentation`), so read it per use. */
export interface Offloads {
  /** Accepts and delivers frames with partial checksums. */
  readonly checksum: boolean;
  /** Cuts a TCP/IPv4 (TCP/IPv6) super-segment into `gsoSize` pieces, and may deliver such. */
  readonly tso4: boolean;
  readonly tso6: boolean;
  /** Cuts a super-datagram of UDP, of either family, into `gsoSize` pieces, and may deliver such; no when left out. */
  readonly uso?: boolean;
}

export const NO_OFFLOADS: Offloads = { checksum: false, tso4: false, tso6: false };

/** The same without segmentation. */
export const withoutSegmentation = ({ checksum }: Offloads): Offloads => ({ checksum, tso4: false, tso6: false });

/** Whether the device cuts super-segments of this kind. */
export function cutsSegments({ tso4, tso6, uso }: Offloads, gsoType: FrameInfo["gsoType"]): boolean {
  if (gsoType === GSO_UDP) return uso === true;
  return gsoType === GSO_TCPV6 ? tso6 : tso4;
}

/** `full`: try again after `writable()`. `down`: the frame is lost and so will be the next ones. */
export type TransmitResult = "sent" | "full" | "down";

export interface FrameSink {
  /** The bytes belong to the device and are valid during the call only. */
  frame(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void;
}

/** What a device tells its owner between calls; an owner only marks work to do, it does not call back into the device from here. */
export interface LinkListener {
  /** There may be frames to `receive`. A device that is polled leaves this to whoever polls it. */
  readable(): void;
  /** A device that answered `full` takes frames again. */
  writable(): void;
  /** Called too when the device is gone, whether it was up or not. */
  linkChanged(up: boolean): void;
}

export interface LinkCounters {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames lost here, by reason: `full`, `down`, `too-long`, `loss`, … */
  readonly drops: ReadonlyMap<string, number>;
}

export interface LinkDevice {
  readonly name: string;
  /** Six bytes; the address the host behind this device uses. */
  readonly mac: Uint8Array;
  /** Largest IP datagram in bytes. */
  readonly mtu: number;
  readonly offloads: Offloads;
  readonly isUp: boolean;
  /** Closed, or vanished for good: unlike a link that is down it will not come back, and what depended on it is over. */
  readonly isGone: boolean;
  readonly counters: LinkCounters;
  /** Loopback: frames come back to their sender, and no neighbour needs to be resolved. */
  readonly isLoopback: boolean;
  /** One frame out. `bytes` may be reused as soon as this returns; FRAME_HEADROOM bytes before `at` may be overwritten. Never throws for a full or vanished device. */
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult;
  /** Hands over at most `budget` waiting frames and returns how many; fewer than `budget` means the device is dry. */
  receive(sink: FrameSink, budget: number): number;
  setListener(listener: LinkListener): void;
  /** Whether the device may cut and merge segments, as far as it can; off while single packets count. Super-frames already on their way may still arrive. */
  setSegmentation(on: boolean): void;
  /** Ends the device; a second call does nothing. */
  close(): void;
}
