import type { IpAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { clearFrameInfo, type FrameInfo, GSO_NONE, GSO_TCPV4 } from "../../core/frame-info.ts";
import { FRAME_HEADROOM } from "../../link/link-device.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as internetChecksum from "../../packet/checksum.ts";
import * as ethernet from "../../packet/ethernet.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import type { Way, WayFinder } from "../family.ts";
import type { HostGroups } from "../groups/host-groups.ts";
import type { HeaderChoices, SendResult } from "../path.ts";
import type { PathMtus } from "../path-mtu.ts";
import { FRAGMENT_OFFSET_UNIT, NO_CHOICES, PathOutput, RoutedPath } from "../routed-path.ts";
import { Identifications } from "./identifications.ts";

const HEADERS = ethernet.HEADER + ipv4.MIN_HEADER;
const MAX_DATAGRAM = 65535;

/** What all paths of a host share. */
export class Ipv4Output extends PathOutput {
  readonly identifications: Identifications;

  constructor(context: HostContext, ways: WayFinder & { readonly pathMtus: PathMtus }, groups: HostGroups) {
    super(context, ways, groups);
    this.identifications = new Identifications(context);
  }
}

/** A flow's way to its peer over IPv4. TCP's datagrams carry DF (RFC 1191 §3); those of others above `mtu` leave in fragments (RFC 1122 §3.3.3). */
export class Ipv4Path extends RoutedPath {
  get headroom(): number {
    return FRAME_HEADROOM + HEADERS;
  }

  get headerLength(): number {
    return HEADERS;
  }

  get ipHeaderLength(): number {
    return ipv4.MIN_HEADER;
  }

  get maxMessage(): number {
    return MAX_DATAGRAM - ipv4.MIN_HEADER;
  }

  get gsoType(): FrameInfo["gsoType"] {
    return GSO_TCPV4;
  }

  get defaultMss(): number {
    return 536;
  }

  protected get etherType(): number {
    return ethernet.TYPE_IPV4;
  }

  readonly #output: Ipv4Output;
  readonly #idCounter: number;

  constructor(output: Ipv4Output, way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface) {
    super(output, way, local, remote, isSourceChosen, through);
    this.#output = output;
    this.#idCounter = output.identifications.counterOf(local, remote);
  }

  get cutsSegments(): boolean {
    return this.offloads.tso4;
  }

  send(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices = NO_CHOICES): SendResult {
    if (!this.isReady()) return "dropped";
    const ipAt = at - ipv4.MIN_HEADER;
    const total = end - ipAt;
    const isWhole = protocol === ipv4.PROTOCOL_TCP || choices.dontFragment;
    const isAboveMtu = info.gsoType === GSO_NONE && total > this.mtu;
    if (total > MAX_DATAGRAM || (isAboveMtu && isWhole)) {
      this.#output.context.drops.count("ipv4-too-long");
      return "too-long";
    }
    if (isAboveMtu) return this.#sendFragments(protocol, bytes, at, end, info, choices);

    const { identifications } = this.#output;
    const unique = isWhole ? -1 : identifications.take(this.#idCounter);
    // Where too many would be in the network at once to be told apart, they leave whole or not at all (RFC 6864 §4.1).
    const fragment = unique < 0 ? ipv4.DONT_FRAGMENT : 0;
    const id = unique < 0 ? identifications.takeAtomic(this.#idCounter) : unique;
    const ttl = this.ttlOf(choices);
    ipv4.writeHeader(bytes, ipAt, total, this.local.w3, this.remote.w3, protocol, ttl, id, fragment, choices.trafficClass);
    return this.sendFrame(bytes, ipAt - ethernet.HEADER, end, this.frameInfoOf(info), choices);
  }

  sendDatagram(bytes: Uint8Array, ipAt: number, end: number, choices: HeaderChoices): SendResult {
    if (!this.isReady()) return "dropped";
    const { context, identifications, info } = this.#output;
    if (end - ipAt > this.mtu) {
      context.drops.count("ipv4-too-long");
      return "too-long";
    }
    if (ipv4.identification(bytes, ipAt) === 0) {
      const unique = ipv4.dontFragment(bytes, ipAt) ? -1 : identifications.take(this.#idCounter);
      ipv4.setIdentification(bytes, ipAt, unique < 0 ? identifications.takeAtomic(this.#idCounter) : unique);
    }
    ipv4.putChecksum(bytes, ipAt);
    clearFrameInfo(info);
    return this.sendFrame(bytes, ipAt - ethernet.HEADER, end, info, choices);
  }

  protected mtuOf(through: NetworkInterface): number {
    return through.mtu;
  }

  protected defaultTtl(): number {
    return this.#output.context.profile.ttl;
  }

  protected putGroupMac(mac: Uint8Array): void {
    ethernet.putMulticastMacV4(mac, 0, this.remote.w3);
  }

  /** RFC 791 §3.2. A device that takes only some of the fragments has taken none: what left is given up at the other end. */
  #sendFragments(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices: HeaderChoices): SendResult {
    const { context, identifications, info: frameInfo } = this.#output;
    const id = identifications.take(this.#idCounter);
    if (id < 0) {
      context.drops.count("ipv4-identifications-used-up");
      return "dropped";
    }
    // The device would look for the whole datagram in each of them.
    if (info.checksumOffset > 0) internetChecksum.completePartial(bytes, at, end, info.checksumStart, info.checksumOffset);
    clearFrameInfo(frameInfo);
    const room = this.mtu - ipv4.MIN_HEADER;
    const step = Math.max(FRAGMENT_OFFSET_UNIT, room - (room % FRAGMENT_OFFSET_UNIT));
    const ttl = this.ttlOf(choices);
    let result: SendResult = "sent";
    for (let from = at; from < end; from += step) {
      const to = Math.min(end, from + step);
      const ipAt = from - ipv4.MIN_HEADER;
      const fragment = (from - at) / FRAGMENT_OFFSET_UNIT + (to < end ? ipv4.MORE_FRAGMENTS : 0);
      ipv4.writeHeader(bytes, ipAt, to - ipAt, this.local.w3, this.remote.w3, protocol, ttl, id, fragment, choices.trafficClass);
      result = this.sendFrame(bytes, ipAt - ethernet.HEADER, to, frameInfo, choices);
      if (result !== "sent" && result !== "queued") break;
    }
    return result;
  }
}
