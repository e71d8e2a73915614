import { type AddressWords, fillV4, IPV4_ANY, type IpAddress, isUnspecified, makeAddressSlot } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { type FrameInfo, plainFrame } from "../core/frame-info.ts";
import * as arp from "../packet/arp.ts";
import * as ethernet from "../packet/ethernet.ts";
import type { AddressConflicts } from "./address-conflicts.ts";
import { FRAME_HEADROOM, type TransmitResult } from "./link-device.ts";
import type { Neighbours, Solicitor } from "./neighbours.ts";

/** What ARP needs of its interface. */
export interface ArpLink {
  readonly mac: Uint8Array;
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult;
  /** The address of ours to ask from: the one whose prefix holds `target`, else the first of its family; undefined when there is none. */
  addressTowards(target: AddressWords): IpAddress | undefined;
  isOwn(address: AddressWords): boolean;
  readonly conflicts: Pick<AddressConflicts, "claimed" | "probed">;
  /** Whether a station of this link may have the address: unicast, within a prefix of ours, and not ours. */
  isNeighbourly(address: AddressWords): boolean;
  /** Whether any host may have the address, on this link or elsewhere: unicast, and no broadcast of a prefix of ours. */
  isHostAddress(address: AddressWords): boolean;
}

/** How IPv4 asks for a neighbour and answers who asks for us: RFC 826, RFC 1122 §2.3.2, RFC 5227 §3. */
export class Arp implements Solicitor {
  readonly #context: HostContext;
  readonly #link: ArpLink;
  readonly #frame = new Uint8Array(FRAME_HEADROOM + ethernet.HEADER + arp.LENGTH);
  readonly #info = plainFrame();
  /** Of the packet that is being looked at: who speaks, where that station is, and of whom it speaks. */
  readonly #sender = makeAddressSlot();
  readonly #senderMac = new Uint8Array(ethernet.MAC_LENGTH);
  readonly #target = makeAddressSlot();

  constructor(context: HostContext, link: ArpLink) {
    this.#context = context;
    this.#link = link;
  }

  /** A packet in `bytes[at, end)`, of which `neighbours` hear what there is to learn. @returns `accepted`, or why it was of no use */
  input(bytes: Uint8Array, at: number, end: number, neighbours: Neighbours): PacketVerdict {
    const malformed = arp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    const sender = this.#sender;
    const target = this.#target;
    const mac = this.#senderMac;
    arp.copySenderMac(bytes, at, mac);
    // Our own link address under somebody else's name would have us talk to ourselves.
    if (!arp.isSenderStation(bytes, at) || ethernet.sameMac(mac, 0, this.#link.mac, 0)) return "arp-bad-sender-mac";
    fillV4(sender, arp.senderIp(bytes, at));
    fillV4(target, arp.targetIp(bytes, at));
    const isRequest = arp.operation(bytes, at) === arp.REQUEST;
    const isForUs = this.#link.isOwn(target);
    const isProbe = isRequest && isUnspecified(sender);
    const { conflicts } = this.#link;
    if (conflicts.claimed(sender) || (isProbe && conflicts.probed(target))) return "arp-address-conflict";
    if (!this.#link.isNeighbourly(sender)) {
      // A sender of zero probes for a conflict (RFC 5227 §2.1.1). One of another network asks in the name of the source address of
      // what it is about to send (Linux: arp_announce 0). RFC 826 answers whoever asks for us, but of neither there is anything to
      // learn: we reach such an address through a gateway or not at all.
      if (!isRequest || !isForUs || !(isProbe || this.#link.isHostAddress(sender))) return "arp-bad-sender";
      this.#reply();
      return "accepted";
    }

    if (!isForUs) {
      neighbours.hint(sender, mac);
      return "arp-not-for-us";
    }
    if (isRequest) {
      neighbours.learnFromRequest(sender, mac);
      this.#reply();
      return "accepted";
    }
    return neighbours.answered(sender, mac) ? "accepted" : "arp-unsolicited";
  }

  solicit(target: IpAddress, mac: Uint8Array | undefined): void {
    this.#request(mac ?? ethernet.BROADCAST_MAC, this.#link.addressTowards(target) ?? IPV4_ANY, target);
  }

  /** Asks who has `address` in nobody's name, which no cache remembers (RFC 5227 §2.1). */
  probe(address: IpAddress): void {
    this.#request(ethernet.BROADCAST_MAC, IPV4_ANY, address);
  }

  /** Tells the link that `address` is ours. */
  announce(address: IpAddress): void {
    this.#request(ethernet.BROADCAST_MAC, address, address);
  }

  /** To the station whose packet is being looked at. */
  #reply(): void {
    const frame = this.#frame;
    ethernet.writeHeader(frame, FRAME_HEADROOM, this.#senderMac, this.#link.mac, ethernet.TYPE_ARP);
    arp.writeReply(frame, FRAME_HEADROOM + ethernet.HEADER, this.#link.mac, this.#target.w3, this.#senderMac, this.#sender.w3);
    this.#transmit();
  }

  #request(to: Uint8Array, sender: AddressWords, target: AddressWords): void {
    const frame = this.#frame;
    ethernet.writeHeader(frame, FRAME_HEADROOM, to, this.#link.mac, ethernet.TYPE_ARP);
    arp.writeRequest(frame, FRAME_HEADROOM + ethernet.HEADER, this.#link.mac, sender.w3, target.w3);
    this.#transmit();
  }

  #transmit(): void {
    const result = this.#link.transmit(this.#frame, FRAME_HEADROOM, this.#frame.length, this.#info);
    if (result === "full") this.#context.drops.count("device-full");
  }
}
