import {
  type AddressWords,
  IPV6_ANY,
  type IpAddress,
  ipv6 as ipv6Address,
  isLinkLocalV6,
  isMulticast,
  isUnspecified,
  keepAddress,
  makeAddressSlot,
  sameAddress,
} from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import { plainFrame } from "../../core/frame-info.ts";
import { FRAME_HEADROOM } from "../../link/link-device.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as ethernet from "../../packet/ethernet.ts";
import * as extensionHeaders from "../../packet/extension-headers.ts";
import * as icmpv6 from "../../packet/icmpv6.ts";
import * as ipv6 from "../../packet/ipv6.ts";
import * as mld from "../../packet/mld.ts";
import { divideRecords, type GroupMessages, type GroupQuery, type GroupRecord } from "../groups/group-messages.ts";
import { HostGroups } from "../groups/host-groups.ts";
import type { InboundPacket } from "../transport.ts";
import { SolicitedNodes } from "./solicited-nodes.ts";

/** No router passes it on (RFC 3810 §5). */
const HOP_LIMIT = 1;
const ALL_NODES = ipv6Address(0xff020000, 0, 0, 1);
const ALL_ROUTERS = ipv6Address(0xff020000, 0, 0, 2);
/** MLDv2-capable routers, RFC 3810 §5.2.14. */
const V2_ROUTERS = ipv6Address(0xff020000, 0, 0, 0x16);
/** Interface-local: nothing of it is ever on a link. */
const INTERFACE_LOCAL = 1;

const ROUTER_ALERT = 8;
const IP_AT = FRAME_HEADROOM + ethernet.HEADER;
const ALERT_AT = IP_AT + ipv6.HEADER;
const MESSAGE_AT = ALERT_AT + ROUTER_ALERT;
/** Longer messages are divided, whatever the link carries. */
const MAX_PACKET = 1500;

/** What is kept of an interface. */
interface ListenerState {
  readonly solicitedNodes: SolicitedNodes;
  /** Reports had an address to come from. */
  hasLinkLocal: boolean;
}

/** MLD of one host: what routers ask, and what listeners say of themselves, the groups of neighbour discovery among them. */
export class Mld {
  readonly groups: HostGroups;
  readonly #context: HostContext;
  readonly #frame = new Uint8Array(IP_AT + MAX_PACKET);
  readonly #chain = extensionHeaders.makeHeaderChain();
  readonly #group = makeAddressSlot();
  readonly #source = makeAddressSlot();
  readonly #listeners = new Map<NetworkInterface, ListenerState>();

  constructor(context: HostContext) {
    this.#context = context;
    this.groups = new HostGroups(context, (through) => this.#messagesOf(through));
  }

  /** A message whose ICMPv6 header and checksum are good. @returns `accepted`, or why it was of no use */
  input(packet: InboundPacket, from: NetworkInterface): PacketVerdict {
    const { bytes, at, end, source, destination } = packet;
    const malformed = mld.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    const type = icmpv6.type(bytes, at);
    // Done and reports of version 2 are for routers.
    if (type !== icmpv6.LISTENER_QUERY && type !== icmpv6.LISTENER_REPORT_V1) return "mld-unknown-type";
    // RFC 3810 §5.1.14 and §6.2: what comes from another link is not believed.
    if (!isLinkLocalV6(source)) return "mld-bad-source";
    if (packet.ttl !== HOP_LIMIT) return "mld-forwarded";
    if (!this.#hasRouterAlert(packet)) return "mld-without-router-alert";
    const group = this.#group;
    mld.fillGroup(bytes, at, group, from.index);
    if (type === icmpv6.LISTENER_REPORT_V1) {
      if (!sameAddress(group, destination)) return "mld-bad-report";
      this.groups.of(from).reportedByOther(group);
      return "accepted";
    }
    if (isUnspecified(group)) {
      if (!isAllNodes(destination)) return "mld-misdirected-query";
    } else if (!isMulticast(group)) return "mld-bad-group";
    this.groups.of(from).query(this.#queryOf(bytes, at, end, from.index));
    return "accepted";
  }

  /**
   * Addresses of the interface are others than before. Once reports can come from a link-local address, all is said again: from :: routers
   * need not take it (RFC 3590 §4, RFC 3810 §5.2.13).
   */
  addressesChanged(of: NetworkInterface): void {
    if (of.isLoopback) return;
    const known = this.#listeners.get(of) ?? { solicitedNodes: new SolicitedNodes(of, this.groups.of(of)), hasLinkLocal: false };
    this.#listeners.set(of, known);
    known.solicitedNodes.follow();
    const hadLinkLocal = known.hasLinkLocal;
    known.hasLinkLocal = linkLocalOf(of) !== undefined;
    if (known.hasLinkLocal && !hadLinkLocal) this.groups.of(of).announce();
  }

  #hasRouterAlert({ bytes, ipAt, end }: InboundPacket): boolean {
    const first = ipv6.nextHeader(bytes, ipAt);
    extensionHeaders.walk(bytes, ipv6.payloadAt(ipAt), end, first, ipAt + ipv6.NEXT_HEADER_OFFSET, true, this.#chain);
    return this.#chain.hasRouterAlert;
  }

  #queryOf(bytes: Uint8Array, at: number, end: number, scope: number): GroupQuery {
    const version = mld.queryVersion(at, end);
    const maxResponseMs = mld.maxResponseMs(bytes, at, version);
    const group = isUnspecified(this.#group) ? undefined : keepAddress(this.#group);
    if (version === 1) return { version: "older", maxResponseMs, group, sources: [], robustness: 0, intervalMs: 0 };
    const sources: IpAddress[] = [];
    for (let i = 0; i < mld.sourceCount(bytes, at); i++) {
      mld.fillSource(bytes, at, i, this.#source, scope);
      sources.push(keepAddress(this.#source));
    }
    const robustness = mld.robustness(bytes, at);
    return { version: "current", maxResponseMs, group, sources, robustness, intervalMs: mld.queryIntervalMs(bytes, at) };
  }

  #messagesOf(through: NetworkInterface): GroupMessages {
    return {
      // RFC 3810 §6: all nodes of a link, and what never leaves an interface, are not told of.
      isReported: (group) => scopeOf(group) > INTERFACE_LOCAL && !isAllNodes(group),
      report: (records) => {
        const room = Math.min(through.ipv6Mtu, MAX_PACKET) - ipv6.HEADER - ROUTER_ALERT - icmpv6.HEADER;
        for (const message of divideRecords(records, room, mld.RECORD_HEADER, mld.SOURCE_BYTES)) this.#sendReport(through, message);
      },
      olderReport: (_version, group) => this.#sendMessage(through, icmpv6.LISTENER_REPORT_V1, group, group),
      leave: (group) => this.#sendMessage(through, icmpv6.LISTENER_DONE, group, ALL_ROUTERS),
    };
  }

  #sendReport(through: NetworkInterface, records: readonly GroupRecord[]): void {
    const frame = this.#frame;
    icmpv6.writeHeader(frame, MESSAGE_AT, icmpv6.LISTENER_REPORT_V2, 0);
    mld.putRecordCount(frame, MESSAGE_AT, records.length);
    let at = MESSAGE_AT + icmpv6.HEADER;
    for (const { kind, group, sources } of records) {
      mld.writeRecord(frame, at, kind, sources.length, group);
      at += mld.RECORD_HEADER;
      for (const source of sources) {
        ipv6.putAddress(frame, at, source);
        at += mld.SOURCE_BYTES;
      }
    }
    this.#send(through, V2_ROUTERS, at);
  }

  #sendMessage(through: NetworkInterface, type: number, group: AddressWords, to: AddressWords): void {
    icmpv6.writeHeader(this.#frame, MESSAGE_AT, type, 0);
    mld.writeBody(this.#frame, MESSAGE_AT, group);
    this.#send(through, to, MESSAGE_AT + mld.V1_MESSAGE);
  }

  /** The message that lies in the frame buffer up to `end`. */
  #send(through: NetworkInterface, to: AddressWords, end: number): void {
    // Whoever comes up says it all again.
    if (!through.isUp || through.isLoopback) return;
    const frame = this.#frame;
    const from = linkLocalOf(through) ?? IPV6_ANY;
    icmpv6.putChecksum(frame, MESSAGE_AT, end, from, to);
    extensionHeaders.writeRouterAlert(frame, ALERT_AT, ipv6.PROTOCOL_ICMP);
    ipv6.writeHeader(frame, IP_AT, end - ALERT_AT, from, to, extensionHeaders.HOP_BY_HOP, HOP_LIMIT);
    ethernet.putMulticastMacV6(frame, FRAME_HEADROOM, to.w3);
    ethernet.putSource(frame, FRAME_HEADROOM, through.mac, ethernet.TYPE_IPV6);
    if (through.transmit(frame, FRAME_HEADROOM, end, plainFrame()) === "full") this.#context.drops.count("device-full");
  }
}

/** The address that reports come from (RFC 3810 §5.2.13); undefined while there is none, as while it is on trial. */
function linkLocalOf(through: NetworkInterface): IpAddress | undefined {
  return through.addresses.find(({ address, state }) => isLinkLocalV6(address) && state !== "tentative")?.address;
}

/** The four bits that say how far a group reaches, RFC 4291 §2.7. */
const scopeOf = (group: AddressWords): number => (group.w0 >>> 16) & 0x0f;

const isAllNodes = ({ w0, w1, w2, w3 }: AddressWords): boolean => w0 === ALL_NODES.w0 && w1 === 0 && w2 === 0 && w3 === ALL_NODES.w3;
