import { type IpAddress, parseAddress } from "../../../../src/stack/core/address.ts";
import { plainFrame } from "../../../../src/stack/core/frame-info.ts";
import type { Profile } from "../../../../src/stack/core/profile.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import { HOP_BY_HOP } from "../../../../src/stack/packet/extension-headers.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import { Network, type Station, type TestHost } from "../../link/network.ts";

export const US = parseAddress("2001:db8::2");
export const PEER = parseAddress("2001:db8::1");
/** Where the IPv6 header begins in a frame, and what follows it. */
export const IP = 14;
export const PAYLOAD = 54;

export interface Packet {
  readonly source?: IpAddress;
  readonly destination?: IpAddress;
  readonly next: number;
  readonly hopLimit?: number;
  readonly linkTo?: Uint8Array;
}

/** A host with an IPv6 address, and beside it a station that says what a test tells it to. */
export function beside(options: { profile?: Profile; isIntroduced?: boolean } = {}) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", options.profile);
  host.ip.addAddress(host.eth, US, 64);
  const peer = network.station("peer", "203.0.113.1");
  if (options.isIntroduced !== false) host.eth.neighbours.addStatic(PEER, peer.device.mac);
  return { network, host, peer };
}

/** A frame of IPv6 from the station, to the host unless told otherwise. */
export function frameOf(host: TestHost, peer: Station, payload: Uint8Array, packet: Packet): Uint8Array {
  const { source = PEER, destination = US, next, hopLimit = 64, linkTo = host.device.mac } = packet;
  const frame = new Uint8Array(PAYLOAD + payload.length);
  ethernet.writeHeader(frame, 0, linkTo, peer.device.mac, ethernet.TYPE_IPV6);
  ipv6.writeHeader(frame, IP, payload.length, source, destination, next, hopLimit);
  frame.set(payload, PAYLOAD);
  return frame;
}

/** An ICMPv6 message with a good checksum. */
export function icmpFrame(host: TestHost, peer: Station, message: Uint8Array, packet: Partial<Packet> = {}): Uint8Array {
  const copy = message.slice();
  icmpv6.putChecksum(copy, 0, copy.length, packet.source ?? PEER, packet.destination ?? US);
  return frameOf(host, peer, copy, { next: ipv6.PROTOCOL_ICMP, ...packet });
}

export function echoRequest(data = "hello"): Uint8Array {
  const message = new Uint8Array(8 + data.length);
  icmpv6.writeEcho(message, 0, icmpv6.ECHO_REQUEST, 0x1234, 5);
  for (let i = 0; i < data.length; i++) message[8 + i] = data.charCodeAt(i);
  return message;
}

/** The frame comes in as it is, whatever its destination on the link. */
export function receive(host: TestHost, frame: Uint8Array): void {
  host.eth.frame(frame, 0, frame.length, plainFrame());
}

/** IPv6 frames that the station has heard since the last time, but for reports of listeners. */
export const heardIpv6 = (peer: Station): Uint8Array[] =>
  peer.heard().filter((f) => ethernet.type(f, 0) === ethernet.TYPE_IPV6 && ipv6.nextHeader(f, IP) !== HOP_BY_HOP);

/** The MAC of a group, as 33:33 and its last 32 bits. */
export function groupMac(group: IpAddress): Uint8Array {
  const mac = new Uint8Array(6);
  ethernet.putMulticastMacV6(mac, 0, group.w3);
  return mac;
}
