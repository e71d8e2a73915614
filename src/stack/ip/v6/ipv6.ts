import { type AddressWords, type IpAddress, keepAddress, makeAddressSlot } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import type { FrameInfo } from "../../core/frame-info.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as icmpv6 from "../../packet/icmpv6.ts";
import { PROTOCOL_UDP } from "../../packet/ipv4.ts";
import * as ipv6 from "../../packet/ipv6.ts";
import * as udp from "../../packet/udp.ts";
import type { AutoconfiguringFamily, FoundPath, Way, WayFinder } from "../family.ts";
import type { InterfaceGroups } from "../groups/interface-groups.ts";
import type { AutoconfigurationSettings } from "../ip-service.ts";
import type { Path } from "../path.ts";
import type { PingFailure, PingOptions, PingResult } from "../ping.ts";
import type { Reassembly } from "../reassembly.ts";
import { PathOutput } from "../routed-path.ts";
import type { InboundPacket, RawReceiver } from "../transport.ts";
import type { ControlMessageUser } from "../transport-errors.ts";
import { Autoconfiguration, type AutoconfigurationUser } from "./autoconfiguration.ts";
import { Icmpv6 } from "./icmpv6.ts";
import { Ipv6Input, type Ipv6InputUser } from "./input.ts";
import { Ipv6Path } from "./ipv6-path.ts";
import { Mld } from "./mld.ts";

/** What IPv6 needs of the internet layer that it is a part of. */
export interface Ipv6User
  extends ControlMessageUser,
    AutoconfigurationUser,
    WayFinder,
    Pick<Ipv6InputUser, "fillOwnZone" | "isLocal" | "reassembly"> {
  readonly rawReceiver: RawReceiver | undefined;
}

/** IPv6 of one host, RFC 8200, with ICMPv6 and MLD. */
export class Ipv6 implements AutoconfiguringFamily, Ipv6InputUser {
  readonly #user: Ipv6User;
  readonly #input: Ipv6Input;
  readonly #output: PathOutput;
  readonly #icmp: Icmpv6;
  readonly #mld: Mld;
  readonly #autoconfiguration: Autoconfiguration;

  constructor(context: HostContext, user: Ipv6User) {
    this.#user = user;
    this.#mld = new Mld(context);
    this.#output = new PathOutput(context, user, this.#mld.groups);
    this.#input = new Ipv6Input(this);
    this.#autoconfiguration = new Autoconfiguration(context, user);
    this.#icmp = new Icmpv6(context, user, this.#mld, this.#autoconfiguration);
  }

  input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict {
    return this.#input.packet(from, bytes, at, end, info, isLinkBroadcast);
  }

  path(way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface): FoundPath {
    return new Ipv6Path(this.#output, way, local, remote, isSourceChosen, through);
  }

  groupsOf(through: NetworkInterface): InterfaceGroups {
    return this.#mld.groups.of(through);
  }

  addressesChanged(of: NetworkInterface): void {
    this.#mld.addressesChanged(of);
  }

  ping(path: Path, options: PingOptions, callback: (result: PingResult) => void): PingFailure | undefined {
    return this.#icmp.ping(path, options, callback);
  }

  sendPortUnreachable(packet: InboundPacket): void {
    this.#icmp.sendError(packet, icmpv6.DESTINATION_UNREACHABLE, icmpv6.PORT_UNREACHABLE);
  }

  /** RFC 4861 §7.2.2: who sent is told as a router would tell. */
  unresolved(from: NetworkInterface, bytes: Uint8Array, at: number, end: number): void {
    const reporter = makeAddressSlot();
    ipv6.fillSource(bytes, at, reporter, from.index);
    const { DESTINATION_UNREACHABLE, ADDRESS_UNREACHABLE } = icmpv6;
    const messages = this.#icmp;
    messages.deliverError(
      bytes,
      at,
      end,
      "host-unreachable",
      DESTINATION_UNREACHABLE,
      ADDRESS_UNREACHABLE,
      keepAddress(reporter),
      0,
      from.index,
    );
  }

  autoconfigure(through: NetworkInterface, settings: AutoconfigurationSettings): void {
    this.#autoconfiguration.begin(through, settings);
  }

  autoconfigurationOf(through: NetworkInterface): AutoconfigurationSettings | undefined {
    return this.#autoconfiguration.settingsOf(through);
  }

  linkChanged(through: NetworkInterface, isUp: boolean): void {
    this.#autoconfiguration.linkChanged(through, isUp);
  }

  isNoRouter(through: NetworkInterface, address: AddressWords): void {
    this.#autoconfiguration.isNoRouter(through, address);
  }

  // Called by the input

  get reassembly(): Reassembly {
    return this.#user.reassembly;
  }

  /** RFC 8200 §4.5. */
  reassemblyTimedOut(packet: InboundPacket): void {
    this.#icmp.sendError(packet, icmpv6.TIME_EXCEEDED, icmpv6.REASSEMBLY_TIME_EXCEEDED);
  }

  isMember: Ipv6InputUser["isMember"] = (through, group) => through.isListening(group) || this.#mld.groups.isJoined(through, group);

  fillOwnZone: Ipv6InputUser["fillOwnZone"] = (address) => this.#user.fillOwnZone(address);

  isLocal: Ipv6InputUser["isLocal"] = (address) => this.#user.isLocal(address);

  deliver(protocol: number, packet: InboundPacket): PacketVerdict {
    const isTaken = this.#user.rawReceiver?.take(protocol, packet) === true;
    if (protocol === ipv6.PROTOCOL_ICMP) {
      const verdict = this.#icmp.input(packet);
      return isTaken ? "accepted" : verdict;
    }
    const { bytes, at, end } = packet;
    // RFC 8200 §8.1: nothing else would tell that it came to the wrong address.
    if (protocol === PROTOCOL_UDP && end - at >= udp.HEADER && !udp.hasChecksum(bytes, at)) return "udp-no-checksum";
    const transport = this.#user.transport(protocol);
    if (transport !== undefined) return transport.input(packet);
    return isTaken ? "accepted" : "ipv6-unknown-protocol";
  }

  sendParameterProblem(packet: InboundPacket, code: number, pointer: number, evenToGroup: boolean): void {
    this.#icmp.sendError(packet, icmpv6.PARAMETER_PROBLEM, code, pointer, evenToGroup);
  }
}
