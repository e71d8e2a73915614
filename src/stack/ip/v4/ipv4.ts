import { type AddressWords, type IpAddress, ipv4 as ipv4Address } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import type { FrameInfo } from "../../core/frame-info.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as icmp from "../../packet/icmp.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import type { FoundPath, IpFamily, Way, WayFinder } from "../family.ts";
import type { InterfaceGroups } from "../groups/interface-groups.ts";
import type { Path } from "../path.ts";
import type { PingFailure, PingOptions, PingResult } from "../ping.ts";
import type { Reassembly } from "../reassembly.ts";
import type { InboundPacket, RawReceiver } from "../transport.ts";
import type { ControlMessageUser } from "../transport-errors.ts";
import { ControlMessages } from "./control-messages.ts";
import { ALL_HOSTS, Igmp } from "./igmp.ts";
import { type InputUser, Ipv4Input } from "./input.ts";
import { Ipv4Output, Ipv4Path } from "./ipv4-path.ts";

/** What IPv4 needs of the internet layer that it is a part of. */
export interface Ipv4User extends ControlMessageUser, WayFinder, Pick<InputUser, "isLocal" | "reassembly"> {
  readonly rawReceiver: RawReceiver | undefined;
}

/** IPv4 of one host, RFC 791 and RFC 1122 §3.2, with ICMP. */
export class Ipv4 implements IpFamily, InputUser {
  readonly #user: Ipv4User;
  readonly #input: Ipv4Input;
  readonly #output: Ipv4Output;
  readonly #controlMessages: ControlMessages;
  readonly #igmp: Igmp;

  constructor(context: HostContext, user: Ipv4User) {
    this.#user = user;
    this.#igmp = new Igmp(context);
    this.#output = new Ipv4Output(context, user, this.#igmp.groups);
    this.#input = new Ipv4Input(this);
    this.#controlMessages = new ControlMessages(context, user);
  }

  input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict {
    return this.#input.datagram(from, bytes, at, end, info, isLinkBroadcast);
  }

  path(way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface): FoundPath {
    return new Ipv4Path(this.#output, way, local, remote, isSourceChosen, through);
  }

  groupsOf(through: NetworkInterface): InterfaceGroups {
    return this.#igmp.groups.of(through);
  }

  /** Routers hear of members by groups of their own, whatever the member's address. */
  addressesChanged(): void {}

  ping(path: Path, options: PingOptions, callback: (result: PingResult) => void): PingFailure | undefined {
    return this.#controlMessages.ping(path, options, callback);
  }

  /** RFC 1122 §4.1.3.1. */
  sendPortUnreachable(packet: InboundPacket): void {
    this.#controlMessages.sendError(packet, icmp.DESTINATION_UNREACHABLE, icmp.PORT_UNREACHABLE);
  }

  /** RFC 1122 §2.4. */
  unresolved(_from: NetworkInterface, bytes: Uint8Array, at: number, end: number): void {
    // A later fragment does not say whose it is; the first has told.
    if (ipv4.fragmentOffset(bytes, at) > 0) return;
    const reporter = ipv4Address(ipv4.source(bytes, at));
    const { DESTINATION_UNREACHABLE, HOST_UNREACHABLE } = icmp;
    this.#controlMessages.deliverError(bytes, at, end, "host-unreachable", DESTINATION_UNREACHABLE, HOST_UNREACHABLE, reporter, 0);
  }

  // Called by the input

  get reassembly(): Reassembly {
    return this.#user.reassembly;
  }

  isLocal: InputUser["isLocal"] = (address) => this.#user.isLocal(address);

  isMember(from: NetworkInterface, group: AddressWords): boolean {
    return group.w3 === ALL_HOSTS || this.#igmp.groups.isJoined(from, group);
  }

  /** RFC 1122 §3.3.2. */
  reassemblyTimedOut(packet: InboundPacket): void {
    this.#controlMessages.sendError(packet, icmp.TIME_EXCEEDED, icmp.REASSEMBLY_TIME_EXCEEDED);
  }

  deliver(protocol: number, packet: InboundPacket): PacketVerdict {
    const isTaken = this.#user.rawReceiver?.take(protocol, packet) === true;
    if (protocol === ipv4.PROTOCOL_ICMP) {
      const verdict = this.#controlMessages.input(packet);
      return isTaken ? "accepted" : verdict;
    }
    if (protocol === ipv4.PROTOCOL_IGMP) return this.#igmp.input(packet, packet.through!);
    const transport = this.#user.transport(protocol);
    if (transport !== undefined) return transport.input(packet);
    if (isTaken) return "accepted";
    this.#controlMessages.sendError(packet, icmp.DESTINATION_UNREACHABLE, icmp.PROTOCOL_UNREACHABLE);
    return "ipv4-unknown-protocol";
  }
}
