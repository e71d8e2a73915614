import { type FrameInfo, GSO_NONE, GSO_TCPV4, GSO_TCPV6, plainFrame } from "../stack/core/frame-info.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import {
  FRAME_HEADROOM,
  type FrameSink,
  type LinkDevice,
  type LinkListener,
  NO_OFFLOADS,
  type TransmitResult,
} from "../stack/link/link-device.ts";
import { macForName } from "../stack/link/mac-address.ts";
import * as ethernet from "../stack/packet/ethernet.ts";

/** An IP datagram that the host sent, and when, on the simulation's time. */
export interface SentDatagram {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/**
 * The device of a host that a script talks to: IP datagrams go in and come out, and of the link between them nothing is seen. Datagrams
 * that go in may be larger than the MTU, as those are that a network card has merged.
 */
export class ScriptDevice implements LinkDevice {
  readonly name = "tun0";
  readonly mac = macForName("tun0");
  /** Whom the host takes for its neighbour. */
  readonly peerMac = macForName("script");
  readonly mtu: number;
  readonly offloads = NO_OFFLOADS;
  readonly isUp = true;
  readonly isGone = false;
  readonly isLoopback = false;
  readonly counters = new DeviceCounters();
  /** What the host sent and nobody has looked at, the oldest first. */
  readonly sent: SentDatagram[] = [];
  /** What the host sends is lost before anybody sees it. */
  dropsAll = false;
  readonly #nowMs: () => number;
  readonly #info = plainFrame();
  #waiting: { readonly frame: Uint8Array; readonly mergedOf: number }[] = [];
  #listener: LinkListener | undefined;

  constructor(mtu: number, nowMs: () => number) {
    this.mtu = mtu;
    this.#nowMs = nowMs;
  }

  transmit(bytes: Uint8Array, at: number, end: number, _info: FrameInfo): TransmitResult {
    const type = ethernet.type(bytes, at);
    if (type !== ethernet.TYPE_IPV4 && type !== ethernet.TYPE_IPV6) return "sent";
    this.counters.wentOut(end - at);
    if (this.dropsAll) {
      this.counters.drop("full");
      return "sent";
    }
    this.sent.push({ atMs: this.#nowMs(), bytes: bytes.slice(ethernet.payloadAt(at), end) });
    return "sent";
  }

  /** Hands an IP datagram to the host. @param mergedOf text of the segments that a network card has made one of; 0 for none */
  inject(datagram: Uint8Array, mergedOf = 0): void {
    const frame = new Uint8Array(FRAME_HEADROOM + ethernet.HEADER + datagram.length);
    const type = datagram[0]! >>> 4 === 4 ? ethernet.TYPE_IPV4 : ethernet.TYPE_IPV6;
    ethernet.writeHeader(frame, FRAME_HEADROOM, this.mac, this.peerMac, type);
    frame.set(datagram, FRAME_HEADROOM + ethernet.HEADER);
    this.#waiting.push({ frame, mergedOf });
    this.counters.cameIn(frame.length - FRAME_HEADROOM);
    this.#listener?.readable();
  }

  receive(sink: FrameSink, budget: number): number {
    const frames = this.#waiting.splice(0, budget);
    for (const { frame, mergedOf } of frames) {
      const info = this.#info;
      info.gsoType = mergedOf === 0 ? GSO_NONE : ethernet.type(frame, FRAME_HEADROOM) === ethernet.TYPE_IPV4 ? GSO_TCPV4 : GSO_TCPV6;
      info.gsoSize = mergedOf;
      sink.frame(frame, FRAME_HEADROOM, frame.length, info);
    }
    return frames.length;
  }

  setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  setSegmentation(_on: boolean): void {}

  close(): void {}
}
