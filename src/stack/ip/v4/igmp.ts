import { type AddressWords, IPV4_ANY, type IpAddress, ipv4 as ipv4Address, parseV4 } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import { plainFrame } from "../../core/frame-info.ts";
import { FRAME_HEADROOM } from "../../link/link-device.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as ethernet from "../../packet/ethernet.ts";
import * as igmp from "../../packet/igmp.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import { divideRecords, type GroupMessages, type GroupQuery, type GroupRecord } from "../groups/group-messages.ts";
import { HostGroups } from "../groups/host-groups.ts";
import type { InboundPacket } from "../transport.ts";

/** Every host is a member of it, and none says so (RFC 1112 §4). */
export const ALL_HOSTS = parseV4("224.0.0.1").w3;
const ALL_ROUTERS = parseV4("224.0.0.2").w3;
/** IGMPv3-capable routers, RFC 3376 §4.2.14. */
const V3_ROUTERS = parseV4("224.0.0.22").w3;

/** Internetwork control (RFC 3376 §4). */
const TOS = 0xc0;
/** No router passes it on. */
const TTL = 1;
const IP_HEADER = ipv4.MIN_HEADER + ipv4.ROUTER_ALERT_BYTES;
const MESSAGE_AT = FRAME_HEADROOM + ethernet.HEADER + IP_HEADER;
/** What a version 1 query does not say (RFC 3376 §8.3). */
const V1_RESPONSE_MS = 10_000;
/** Longer messages are divided, whatever the link carries. */
const MAX_DATAGRAM = 1500;

/** IGMP of one host: what routers ask, and what members say of themselves. */
export class Igmp {
  readonly groups: HostGroups;
  readonly #context: HostContext;
  readonly #frame = new Uint8Array(FRAME_HEADROOM + ethernet.HEADER + MAX_DATAGRAM);

  constructor(context: HostContext) {
    this.#context = context;
    this.groups = new HostGroups(context, (through) => this.#messagesOf(through));
  }

  /** A message for us. @returns `accepted`, or why it was of no use */
  input(packet: InboundPacket, from: NetworkInterface): PacketVerdict {
    const { bytes, ipAt, at, end, destination } = packet;
    const malformed = igmp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (!igmp.verifyChecksum(bytes, at, end)) return "igmp-bad-checksum";
    switch (igmp.type(bytes, at)) {
      case igmp.QUERY:
        break;
      case igmp.V1_REPORT:
      case igmp.V2_REPORT:
        // RFC 2236 §10: one from elsewhere would silence us towards the routers of this link.
        if (!from.isOnLink(packet.source) || igmp.group(bytes, at) !== destination.w3) return "igmp-bad-report";
        this.groups.of(from).reportedByOther(destination);
        return "accepted";
      default:
        // Leaves and reports of version 3 are for routers.
        return "igmp-unknown-type";
    }
    const version = igmp.queryVersion(bytes, at, end);
    // RFC 3376 §9.1: forged queries come from afar, where nobody can send to all hosts of this link, or without a router's attention.
    if (version !== 1 && !ipv4.hasOption(bytes, ipAt, ipv4.OPTION_ROUTER_ALERT)) return "igmp-without-router-alert";
    const group = igmp.group(bytes, at);
    if (group === 0 && destination.w3 !== ALL_HOSTS) return "igmp-misdirected-query";
    if (group !== 0 && group >>> 28 !== 14) return "igmp-bad-group";
    this.groups.of(from).query(queryOf(bytes, at, version));
    return "accepted";
  }

  #messagesOf(through: NetworkInterface): GroupMessages {
    return {
      isReported: (group) => group.w3 !== ALL_HOSTS,
      report: (records) => {
        const room = Math.min(through.mtu, MAX_DATAGRAM) - IP_HEADER - igmp.HEADER;
        for (const message of divideRecords(records, room, igmp.RECORD_HEADER, igmp.SOURCE_BYTES)) this.#sendReport(through, message);
      },
      olderReport: (version, group) => this.#sendMessage(through, version === "older" ? igmp.V2_REPORT : igmp.V1_REPORT, group, group.w3),
      leave: (group) => this.#sendMessage(through, igmp.V2_LEAVE, group, ALL_ROUTERS),
    };
  }

  #sendReport(through: NetworkInterface, records: readonly GroupRecord[]): void {
    const frame = this.#frame;
    igmp.writeReport(frame, MESSAGE_AT, records.length);
    let at = MESSAGE_AT + igmp.HEADER;
    for (const { kind, group, sources } of records) {
      igmp.writeRecord(frame, at, kind, sources.length, group.w3);
      at += igmp.RECORD_HEADER;
      for (const source of sources) {
        igmp.putSource(frame, at, source.w3);
        at += igmp.SOURCE_BYTES;
      }
    }
    this.#send(through, V3_ROUTERS, at);
  }

  #sendMessage(through: NetworkInterface, type: number, group: AddressWords, to: number): void {
    igmp.writeMessage(this.#frame, MESSAGE_AT, type, group.w3);
    this.#send(through, to, MESSAGE_AT + igmp.HEADER);
  }

  /** The message that lies in the frame buffer up to `end`. */
  #send(through: NetworkInterface, to: number, end: number): void {
    // Whoever comes up says it all again.
    if (!through.isUp || through.isLoopback) return;
    const frame = this.#frame;
    igmp.putChecksum(frame, MESSAGE_AT, end);
    const group = ipv4Address(to);
    // Without an address it is 0.0.0.0 (RFC 3376 §4.2.13).
    const source = through.addressTowards(group) ?? IPV4_ANY;
    const ipAt = FRAME_HEADROOM + ethernet.HEADER;
    ipv4.writeRouterAlertHeader(frame, ipAt, end - ipAt, source.w3, to, ipv4.PROTOCOL_IGMP, TTL, TOS);
    ethernet.putMulticastMacV4(frame, FRAME_HEADROOM, to);
    ethernet.putSource(frame, FRAME_HEADROOM, through.mac, ethernet.TYPE_IPV4);
    if (through.transmit(frame, FRAME_HEADROOM, end, plainFrame()) === "full") this.#context.drops.count("device-full");
  }
}

function queryOf(bytes: Uint8Array, at: number, version: 1 | 2 | 3): GroupQuery {
  const groupBits = igmp.group(bytes, at);
  const group = groupBits === 0 ? undefined : ipv4Address(groupBits);
  const older = { group, sources: [], robustness: 0, intervalMs: 0 };
  if (version === 1) return { ...older, version: "oldest", maxResponseMs: V1_RESPONSE_MS };
  const maxResponseMs = igmp.maxResponseMs(bytes, at, version);
  if (version === 2) return { ...older, version: "older", maxResponseMs };
  const sources: IpAddress[] = [];
  for (let i = 0; i < igmp.sourceCount(bytes, at); i++) sources.push(ipv4Address(igmp.source(bytes, at, i)));
  const robustness = igmp.robustness(bytes, at);
  return { group, sources, robustness, intervalMs: igmp.queryIntervalMs(bytes, at), version: "current", maxResponseMs };
}
