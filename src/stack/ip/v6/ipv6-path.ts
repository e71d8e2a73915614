import type { IpAddress } from "../../core/address.ts";
import { clearFrameInfo, type FrameInfo, GSO_NONE, GSO_TCPV6 } from "../../core/frame-info.ts";
import { FRAME_HEADROOM } from "../../link/link-device.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as internetChecksum from "../../packet/checksum.ts";
import * as ethernet from "../../packet/ethernet.ts";
import { FRAGMENT, FRAGMENT_HEADER, writeFragmentHeader } from "../../packet/extension-headers.ts";
import { PROTOCOL_TCP } from "../../packet/ipv4.ts";
import * as ipv6 from "../../packet/ipv6.ts";
import type { Way } from "../family.ts";
import type { HeaderChoices, SendResult } from "../path.ts";
import { FRAGMENT_OFFSET_UNIT, NO_CHOICES, type PathOutput, RoutedPath } from "../routed-path.ts";

const HEADERS = ethernet.HEADER + ipv6.HEADER;
/** The device interface carries no longer frame (MAX_FRAME). */
const MAX_PACKET = 65535;
const FLOW_LABEL_MASK = 0xfffff;

/** A flow's way to its peer over IPv6. TCP's packets leave whole; those of others above `mtu` leave in fragments (RFC 8200 §4.5). */
export class Ipv6Path extends RoutedPath {
  /** With room for a fragment header. */
  get headroom(): number {
    return FRAME_HEADROOM + HEADERS + FRAGMENT_HEADER;
  }

  get headerLength(): number {
    return HEADERS;
  }

  get ipHeaderLength(): number {
    return ipv6.HEADER;
  }

  get maxMessage(): number {
    return MAX_PACKET - ipv6.HEADER;
  }

  get gsoType(): FrameInfo["gsoType"] {
    return GSO_TCPV6;
  }

  /** What every link carries, 1280, less the headers: RFC 9293 §3.7.1. */
  get defaultMss(): number {
    return 1220;
  }

  protected get etherType(): number {
    return ethernet.TYPE_IPV6;
  }

  readonly #output: PathOutput;
  /** One for each flow, and not to be guessed: RFC 6437 §3. */
  readonly #flowLabel: number;

  constructor(output: PathOutput, way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface) {
    super(output, way, local, remote, isSourceChosen, through);
    this.#output = output;
    this.#flowLabel = output.context.random.u32() & FLOW_LABEL_MASK;
  }

  get cutsSegments(): boolean {
    return this.offloads.tso6;
  }

  send(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices = NO_CHOICES): SendResult {
    if (!this.isReady()) return "dropped";
    const ipAt = at - ipv6.HEADER;
    const total = end - ipAt;
    const isAboveMtu = info.gsoType === GSO_NONE && total > this.mtu;
    if (total > MAX_PACKET || (isAboveMtu && (protocol === PROTOCOL_TCP || choices.dontFragment))) {
      this.#output.context.drops.count("ipv6-too-long");
      return "too-long";
    }
    if (isAboveMtu) return this.#sendFragments(protocol, bytes, at, end, info, choices);
    this.#writeHeader(bytes, ipAt, end - at, protocol, choices);
    return this.sendFrame(bytes, ipAt - ethernet.HEADER, end, this.frameInfoOf(info), choices);
  }

  sendDatagram(bytes: Uint8Array, ipAt: number, end: number, choices: HeaderChoices): SendResult {
    if (!this.isReady()) return "dropped";
    const { context, info } = this.#output;
    if (end - ipAt > this.mtu) {
      context.drops.count("ipv6-too-long");
      return "too-long";
    }
    clearFrameInfo(info);
    return this.sendFrame(bytes, ipAt - ethernet.HEADER, end, info, choices);
  }

  protected mtuOf(through: NetworkInterface): number {
    return through.ipv6Mtu;
  }

  protected defaultTtl(through: NetworkInterface): number {
    return through.parameters.hopLimit;
  }

  protected putGroupMac(mac: Uint8Array): void {
    ethernet.putMulticastMacV6(mac, 0, this.remote.w3);
  }

  #writeHeader(bytes: Uint8Array, ipAt: number, payloadBytes: number, next: number, choices: HeaderChoices): void {
    ipv6.writeHeader(bytes, ipAt, payloadBytes, this.local, this.remote, next, this.ttlOf(choices), choices.trafficClass, this.#flowLabel);
  }

  /** RFC 8200 §4.5. A device that takes only some of the fragments has taken none: what left is given up at the other end. */
  #sendFragments(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices: HeaderChoices): SendResult {
    const { context, info: frameInfo } = this.#output;
    // Drawn anew for each packet, so that nobody foretells it (RFC 7739 §5.3).
    const id = context.random.u32();
    // The device would look for the whole packet in each of them.
    if (info.checksumOffset > 0) internetChecksum.completePartial(bytes, at, end, info.checksumStart, info.checksumOffset);
    clearFrameInfo(frameInfo);
    const room = this.mtu - ipv6.HEADER - FRAGMENT_HEADER;
    const step = room - (room % FRAGMENT_OFFSET_UNIT);
    let result: SendResult = "sent";
    for (let from = at; from < end; from += step) {
      const to = Math.min(end, from + step);
      const fragmentAt = from - FRAGMENT_HEADER;
      const ipAt = fragmentAt - ipv6.HEADER;
      writeFragmentHeader(bytes, fragmentAt, protocol, from - at, to < end, id);
      this.#writeHeader(bytes, ipAt, to - fragmentAt, FRAGMENT, choices);
      result = this.sendFrame(bytes, ipAt - ethernet.HEADER, to, frameInfo, choices);
      if (result !== "sent" && result !== "queued") break;
    }
    return result;
  }
}
