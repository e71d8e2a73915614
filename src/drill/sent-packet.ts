import { type AddressSlot, fillV4, type IpAddress, keepAddress, makeAddressSlot } from "../stack/core/address.ts";
import { seqShown } from "../stack/core/seq.ts";
import { u8, u16, u32 } from "../stack/packet/bytes.ts";
import { pseudoHeader } from "../stack/packet/checksum.ts";
import * as ipv4 from "../stack/packet/ipv4.ts";
import * as ipv6 from "../stack/packet/ipv6.ts";
import * as tcp from "../stack/packet/tcp.ts";
import * as tcpOptions from "../stack/packet/tcp-options.ts";
import { AE } from "./parse-packet.ts";
import type { ScriptTcpOption } from "./script.ts";
import type { SentDatagram } from "./script-device.ts";

/** An option as it came, with numbers of the wire; `other` is one that scripts have no word for, or of an illegal length. */
export type SentOption = ScriptTcpOption | { readonly kind: "other"; readonly number: number; readonly hex: string };

/** The IP header of a datagram of the host's. */
export interface SentIp {
  readonly atMs: number;
  readonly bytes: Uint8Array;
  /** Where the payload begins. */
  readonly at: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly tos: number;
  readonly ttl: number;
  readonly flowLabel: number;
  /** What is wrong with it in itself, such as its checksum. */
  readonly fault: string | undefined;
}

/** A segment of the host's, with numbers of the wire. */
export interface SentSegment extends SentIp {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  /** The eight from CWR to FIN, and AE as 0x100. */
  readonly flags: number;
  readonly reserved: number;
  readonly window: number;
  readonly urgent: number;
  readonly headerBytes: number;
  readonly length: number;
  readonly options: readonly SentOption[];
}

export function readSentIp({ atMs, bytes }: SentDatagram): SentIp {
  const slot = makeAddressSlot();
  if (u8(bytes, 0) >>> 4 === 4) {
    fillV4(slot, ipv4.source(bytes, 0));
    const source = keepAddress(slot);
    fillV4(slot, ipv4.destination(bytes, 0));
    const tos = ipv4.tos(bytes, 0);
    const fault = ipv4.verifyChecksum(bytes, 0)
      ? ipv4.totalLength(bytes, 0) === bytes.length
        ? undefined
        : "the IPv4 total length is not that of the datagram"
      : "the IPv4 header's checksum is wrong";
    const at = ipv4.payloadAt(bytes, 0);
    return {
      atMs,
      bytes,
      at,
      source,
      destination: keepAddress(slot),
      protocol: ipv4.protocol(bytes, 0),
      tos,
      ttl: ipv4.ttl(bytes, 0),
      flowLabel: 0,
      fault,
    };
  }
  const source = addressOf(slot, (into) => ipv6.fillSource(bytes, 0, into, 0));
  const destination = addressOf(slot, (into) => ipv6.fillDestination(bytes, 0, into, 0));
  return {
    atMs,
    bytes,
    at: ipv6.payloadAt(0),
    source,
    destination,
    protocol: ipv6.nextHeader(bytes, 0),
    tos: ipv6.trafficClass(bytes, 0),
    ttl: ipv6.hopLimit(bytes, 0),
    flowLabel: ipv6.flowLabel(bytes, 0),
    fault: ipv6.payloadEnd(bytes, 0) === bytes.length ? undefined : "the IPv6 payload length is not that of the datagram",
  };
}

function addressOf(slot: AddressSlot, fill: (into: AddressSlot) => void): IpAddress {
  fill(slot);
  return keepAddress(slot);
}

/** @returns undefined when there is no whole TCP header in it */
export function readSentSegment(ip: SentIp): SentSegment | undefined {
  const { bytes: b, at } = ip;
  const end = b.length;
  if (ip.protocol !== ipv4.PROTOCOL_TCP || tcp.check(b, at, end) !== undefined) return undefined;
  const headerBytes = tcp.headerLength(b, at);
  const isGood = tcp.verifyChecksum(b, at, end, pseudoHeader(ip.source, ip.destination, ipv4.PROTOCOL_TCP, end - at));
  return {
    ...ip,
    fault: ip.fault ?? (isGood ? undefined : "the TCP checksum is wrong"),
    sourcePort: tcp.sourcePort(b, at),
    destinationPort: tcp.destinationPort(b, at),
    seq: seqShown(tcp.sequence(b, at)),
    ack: seqShown(tcp.acknowledgment(b, at)),
    flags: tcp.flags(b, at) | ((u8(b, at + 12) & 1) !== 0 ? AE : 0),
    reserved: u8(b, at + 12) & 0x0e,
    window: tcp.window(b, at),
    urgent: tcp.urgentPointer(b, at),
    headerBytes,
    length: end - at - headerBytes,
    options: readOptions(b, tcp.optionsAt(at), at + headerBytes),
  };
}

function readOptions(b: Uint8Array, from: number, end: number): SentOption[] {
  const options: SentOption[] = [];
  for (let at = from; at < end; ) {
    const length = tcpOptions.optionLength(b, at, end);
    if (length === 0) {
      options.push({ kind: "other", number: u8(b, at), hex: hexOf(b, at + 1, end) });
      return options;
    }
    options.push(readOption(b, at, length));
    at += length;
  }
  return options;
}

function readOption(b: Uint8Array, at: number, length: number): SentOption {
  const number = u8(b, at);
  switch (number) {
    case 0:
      return { kind: "eol" };
    case 1:
      return { kind: "nop" };
    case 2:
      if (length === 4) return { kind: "mss", value: u16(b, at + 2) };
      break;
    case 3:
      if (length === 3) return { kind: "wscale", value: u8(b, at + 2) };
      break;
    case 4:
      if (length === 2) return { kind: "sackOK" };
      break;
    case 5:
      if (length > 2 && (length - 2) % 8 === 0) {
        const block = (_: unknown, i: number) => [u32(b, at + 2 + 8 * i), u32(b, at + 6 + 8 * i)] as const;
        return { kind: "sack", blocks: Array.from({ length: (length - 2) / 8 }, block) };
      }
      break;
    case 8:
      if (length === 10) return { kind: "TS", val: u32(b, at + 2), ecr: u32(b, at + 6) };
      break;
    case 19:
      return { kind: "md5", hex: hexOf(b, at + 2, at + length) };
    case 34:
      return { kind: "FO", hex: hexOf(b, at + 2, at + length) };
    case 172:
    case 174:
      if ((length - 2) % 3 === 0) {
        const counter = (_: unknown, i: number) => (u8(b, at + 2 + 3 * i) << 16) | u16(b, at + 3 + 3 * i);
        return { kind: "ECN", isE1First: number === 174, counters: Array.from({ length: (length - 2) / 3 }, counter) };
      }
      break;
    case 254:
      if (length >= 4 && u16(b, at + 2) === 0xf989) return { kind: "FOEXP", hex: hexOf(b, at + 4, at + length) };
      break;
    default:
  }
  return { kind: "other", number, hex: hexOf(b, at + 2, at + length) };
}

const hexOf = (b: Uint8Array, from: number, to: number): string =>
  Array.from(b.subarray(from, to), (byte) => byte.toString(16).padStart(2, "0")).join("");
