import {
  type AddressWords,
  type IpAddress,
  ipv6 as ipv6Address,
  isLimitedBroadcast,
  isLinkLocalV6,
  isLoopback,
  isMulticast,
  isReserved,
  isSolicitedNodeOf,
  isUnspecified,
  isV4,
  needsScope,
  sameAddress,
  withScope,
} from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import type { FrameInfo } from "../core/frame-info.ts";
import * as ethernet from "../packet/ethernet.ts";
import { MIN_MTU as MIN_MTU_V6 } from "../packet/ipv6.ts";
import { AddressConflicts, type ConflictLink } from "./address-conflicts.ts";
import { Arp, type ArpLink } from "./arp.ts";
import { DuplicateDetection, type DuplicateLink } from "./duplicate-detection.ts";
import { type AddressHolder, InterfaceAddresses } from "./interface-addresses.ts";
import type { AddressWatcher, ConflictPolicy, InterfaceAddress, InterfaceService } from "./interface-service.ts";
import type { FrameSink, LinkDevice, LinkListener, Offloads, TransmitResult } from "./link-device.ts";
import { LinkParameters } from "./link-parameters.ts";
import { LoopedFrames } from "./looped-frames.ts";
import { Ndp, type NdpLink } from "./ndp.ts";
import { type NeighbourLink, Neighbours } from "./neighbours.ts";

/** What an interface hands up and tells. */
export interface InterfaceUser {
  /** An IPv4 datagram lies somewhere in `bytes[at, end)`, link padding included. @returns `accepted`, or why it was of no use */
  ipv4Input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict;
  /** As `ipv4Input`. */
  ipv6Input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict;
  /** The datagram at `bytes[at, end)` is given up because its next hop did not answer. */
  unresolved(from: NetworkInterface, bytes: Uint8Array, at: number, end: number): void;
  /** A neighbour does not answer any more, or does so again. */
  silenceChanged(through: NetworkInterface, address: IpAddress): void;
  /** Whether another neighbour is used instead of this one, which is silent. */
  isReplaced(through: NetworkInterface, address: IpAddress): boolean;
  /** Whether another neighbour could be used instead of this one, if it answered. */
  hasAlternative(through: NetworkInterface, address: IpAddress): boolean;
  /** A device that was full takes frames again. Only to be noted: the device is in the middle of something. */
  writable(from: NetworkInterface): void;
  /** As `writable`, only to be noted. */
  linkChanged(from: NetworkInterface, isUp: boolean): void;
  /** The address is about to be none of ours any more: what stands on it may still say so. */
  addressLeaves(from: NetworkInterface, address: IpAddress): void;
  /** Addresses or their states are others than before. @param ended the one that is no more */
  addressesChanged(from: NetworkInterface, ended: InterfaceAddress | undefined): void;
  /** Whether a route, not an address, says that the address is on this link. */
  isOnLink(through: NetworkInterface, address: AddressWords): boolean;
  /** A neighbour says that it forwards nothing. */
  isNoRouter(through: NetworkInterface, address: AddressWords): void;
}

/** Hears of every frame of a link, and must not send from here: a frame out is told of in the middle of a send. */
export interface FrameWatcher {
  /** The bytes are valid during the call. */
  frame(through: NetworkInterface, bytes: Uint8Array, at: number, end: number, isOut: boolean): void;
}

/**
 * One attachment to a link: the device, the addresses we have there, and the neighbours. Frames in are told apart by EtherType;
 * frames out are only passed on. Every frame that comes to nothing, here or above, is counted and traced in `frame`.
 */
export class NetworkInterface
  implements InterfaceService, FrameSink, LinkListener, NeighbourLink, ArpLink, NdpLink, AddressHolder, ConflictLink, DuplicateLink
{
  readonly name: string;
  readonly device: LinkDevice;
  readonly mac: Uint8Array;
  readonly isLoopback: boolean;
  readonly index: number;
  readonly neighbours: Neighbours;
  readonly addressBook: InterfaceAddresses;
  /** What IPv6 goes by here. */
  readonly parameters: LinkParameters;
  /** Of IPv4 addresses. */
  readonly conflicts: AddressConflicts;
  /** The DHCP client takes what servers send to the address that they offer, which is not ours yet (RFC 2131 §4.1). */
  awaitsConfiguration = false;
  /** Undefined when nobody listens. */
  watcher: FrameWatcher | undefined;
  /** Of IPv6 addresses. */
  readonly duplicates: DuplicateDetection;
  readonly #context: HostContext;
  readonly #user: InterfaceUser;
  readonly #arp: Arp;
  readonly #looped = new LoopedFrames();
  #isLoopingBack = false;
  #mtuLimit = Number.POSITIVE_INFINITY;
  readonly ndp: Ndp;
  /** ff02::1 and ff01::1 of this link, RFC 4291 §2.7.1. */
  readonly #allNodes: IpAddress;
  readonly #allNodesOfInterface: IpAddress;

  /** @param index from 1, no other interface's of this host */
  constructor(context: HostContext, device: LinkDevice, name: string, index: number, user: InterfaceUser) {
    this.#context = context;
    this.device = device;
    this.name = name;
    this.mac = device.mac;
    this.isLoopback = device.isLoopback;
    this.index = index;
    this.#allNodes = ipv6Address(0xff020000, 0, 0, 1, index);
    this.#allNodesOfInterface = ipv6Address(0xff010000, 0, 0, 1, index);
    this.#user = user;
    this.parameters = new LinkParameters(context.profile);
    this.addressBook = new InterfaceAddresses(context, this);
    this.conflicts = new AddressConflicts(context, this, this.addressBook);
    this.duplicates = new DuplicateDetection(context, this, this.addressBook);
    this.#arp = new Arp(context, this);
    this.ndp = new Ndp(context, this, () => this.neighbours);
    this.neighbours = new Neighbours(context, this, {
      solicit: (target, mac) => (isV4(target) ? this.#arp : this.ndp).solicit(target, mac),
    });
    device.setListener(this);
  }

  get addresses(): readonly InterfaceAddress[] {
    return this.addressBook.all;
  }

  get isUp(): boolean {
    return this.device.isUp;
  }

  /** Whether packets to this group are for us: all nodes of the link, and who may have an address of ours (RFC 4861 §7.2.1). */
  isListening(group: AddressWords): boolean {
    if (sameAddress(group, this.#allNodes) || sameAddress(group, this.#allNodesOfInterface)) return true;
    for (const a of this.addressBook.all) if (!isV4(a.address) && isSolicitedNodeOf(group, a.address)) return true;
    return false;
  }

  isTentative(address: AddressWords): boolean {
    return this.addressBook.isTentative(address);
  }

  claimed(address: AddressWords): PacketVerdict {
    return this.duplicates.claimed(address) || this.isOwn(address) ? "ndp-address-conflict" : "ndp-not-for-us";
  }

  probed(address: AddressWords, hasNonce: (nonce: Uint8Array) => boolean): PacketVerdict {
    const outcome = this.duplicates.probed(address, hasNonce);
    if (outcome === undefined) return "ndp-not-for-us";
    return outcome === "own" ? "ndp-own-probe" : "ndp-address-conflict";
  }

  isNoRouter(address: AddressWords): void {
    this.#user.isNoRouter(this, address);
  }

  watchAddresses(watcher: AddressWatcher): () => void {
    return this.addressBook.watch(watcher);
  }

  get conflictPolicy(): ConflictPolicy {
    return this.conflicts.policy;
  }

  /** Largest IP datagram in bytes. */
  get mtu(): number {
    return Math.min(this.device.mtu, this.#mtuLimit);
  }

  /** No larger datagrams leave, though the device would take them: by the word of a server or a router. @param bytes Infinity for no limit */
  limitMtu(bytes: number): void {
    this.#mtuLimit = bytes;
  }

  /** Largest IPv6 packet in bytes. */
  get ipv6Mtu(): number {
    // An MTU that was lowered further, by a lease for IPv4, is none of IPv6's (RFC 8200 §5).
    return Math.max(MIN_MTU_V6, Math.min(this.mtu, this.parameters.mtu));
  }

  get offloads(): Offloads {
    return this.device.offloads;
  }

  /** The address in this link's zone, when it means something on one link only. */
  scoped(address: IpAddress): IpAddress {
    return needsScope(address) && address.scope !== this.index ? withScope(address, this.index) : address;
  }

  probe(address: IpAddress): void {
    this.#arp.probe(address);
  }

  /** Tells the link once that `address` is ours (RFC 5227 §3 announcement). */
  announce(address: IpAddress): void {
    if (isV4(address)) this.#arp.announce(address);
    else this.ndp.announce(address);
  }

  isOwn(address: AddressWords): boolean {
    return this.addressBook.isOwn(address);
  }

  /** Limited broadcast, or the directed one of a prefix on this link. */
  isBroadcast(address: AddressWords): boolean {
    return isLimitedBroadcast(address) || this.addressBook.isDirectedBroadcast(address);
  }

  isOnLink(address: AddressWords): boolean {
    if (isLinkLocalV6(address)) return address.scope === this.index;
    return this.addressBook.isOnLink(address) || this.#user.isOnLink(this, address);
  }

  isNeighbourly(address: AddressWords): boolean {
    return !isUnspecified(address) && this.isOnLink(address) && !this.addressBook.has(address) && !this.isBroadcast(address);
  }

  isHostAddress(address: AddressWords): boolean {
    // RFC 1122 §3.2.1.3: network 0 is nobody's, 127 never leaves a host, and class D and E are no hosts.
    if (isV4(address) && address.w3 >>> 24 === 0) return false;
    return !isLoopback(address) && !isMulticast(address) && !isReserved(address) && !this.isBroadcast(address);
  }

  addressTowards(target: AddressWords): IpAddress | undefined {
    return this.addressBook.towards(target);
  }

  /** One frame out; counts and traces it. */
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const result = this.device.transmit(bytes, at, end, info);
    if (result === "down") this.#context.drops.count("interface-down");
    if (this.watcher !== undefined && result === "sent") this.watcher.frame(this, bytes, at, end, true);
    const { trace } = this.#context;
    if (trace.isOn && result === "sent") {
      const view = bytes.subarray(at, end);
      trace.emit({ type: "frame", direction: "out", device: this.name, bytes: view, info });
    }
    return result;
  }

  /** A copy of a frame of ours is to come in here with the next turn, for members of its group on this host. */
  loopBack(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    if (!this.#looped.push(bytes, at, end, info)) this.#context.drops.count("looped-queue-full");
    this.#context.requestTurn();
  }

  /** Takes in what was looped back. @returns how many frames */
  receiveLooped(): number {
    this.#isLoopingBack = true;
    try {
      return this.#looped.deliver(this);
    } finally {
      this.#isLoopingBack = false;
    }
  }

  /** The frame that is being handed up is one of ours. */
  get isLoopingBack(): boolean {
    return this.#isLoopingBack;
  }

  /** One frame in, from the device. */
  frame(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    const { trace, drops } = this.#context;
    if (trace.isOn) {
      this.#tracedFrame(bytes, at, end, info);
      return;
    }
    const verdict = this.#judge(bytes, at, end, info);
    if (verdict !== "accepted") drops.count(verdict);
  }

  #tracedFrame(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    const { trace, drops } = this.#context;
    const device = this.name;
    const view = bytes.subarray(at, end);
    const before = trace.begin({ type: "frame", direction: "in", device, bytes: view, info });
    try {
      const verdict = this.#judge(bytes, at, end, info);
      if (verdict === "accepted") return;
      drops.count(verdict);
      trace.emit({ type: "frame-dropped", device, reason: verdict, bytes: view });
    } finally {
      trace.end(before);
    }
  }

  readable(): void {
    this.#context.requestTurn();
  }

  writable(): void {
    this.#user.writable(this);
    this.#context.requestTurn();
  }

  linkChanged(isUp: boolean): void {
    if (!isUp) this.neighbours.flush();
    if (!this.isLoopback) for (const kind of [this.conflicts, this.duplicates]) kind.linkChanged(isUp);
    this.#user.linkChanged(this, isUp);
    this.#context.requestTurn();
  }

  addressLeaves(address: IpAddress): void {
    this.#user.addressLeaves(this, address);
  }

  addressesChanged(ended: InterfaceAddress | undefined): void {
    if (ended !== undefined) for (const kind of [this.conflicts, this.duplicates]) kind.forget(ended.address);
    this.#user.addressesChanged(this, ended);
  }

  unresolved(bytes: Uint8Array, at: number, end: number): void {
    this.#user.unresolved(this, bytes, ethernet.payloadAt(at), end);
  }

  silenceChanged(address: IpAddress): void {
    this.#user.silenceChanged(this, address);
  }

  isReplaced(address: IpAddress): boolean {
    return this.#user.isReplaced(this, address);
  }

  hasAlternative(address: IpAddress): boolean {
    return this.#user.hasAlternative(this, address);
  }

  /** A frame that trips over a mistake of ours is lost, counted and told of; the host goes on. */
  #judge(bytes: Uint8Array, at: number, end: number, info: FrameInfo): PacketVerdict {
    try {
      return this.#input(bytes, at, end, info);
    } catch (error) {
      this.#context.mistake(error);
      return "internal-error";
    }
  }

  #input(bytes: Uint8Array, at: number, end: number, info: FrameInfo): PacketVerdict {
    const malformed = ethernet.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (this.watcher !== undefined) this.watcher.frame(this, bytes, at, end, false);
    if (ethernet.isSourceGroup(bytes, at)) return "ethernet-bad-source";
    const isLinkBroadcast = ethernet.isGroup(bytes, at);
    // A TAP device shows every frame of its segment.
    if (!isLinkBroadcast && !ethernet.isDestination(bytes, at, this.mac)) return "ethernet-not-for-us";
    const type = ethernet.type(bytes, at);
    switch (type) {
      case ethernet.TYPE_IPV4:
        return this.#user.ipv4Input(this, bytes, ethernet.payloadAt(at), end, info, isLinkBroadcast);
      case ethernet.TYPE_ARP:
        return this.isLoopback ? "arp-on-loopback" : this.#arp.input(bytes, ethernet.payloadAt(at), end, this.neighbours);
      case ethernet.TYPE_IPV6:
        return this.#user.ipv6Input(this, bytes, ethernet.payloadAt(at), end, info, isLinkBroadcast);
      case ethernet.TYPE_VLAN:
      case ethernet.TYPE_SERVICE_VLAN:
        return "ethernet-vlan";
    }
    return type < ethernet.MIN_TYPE ? "ethernet-802.3" : "ethernet-unknown-type";
  }
}
