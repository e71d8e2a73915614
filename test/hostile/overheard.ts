import {
  type AddressWords,
  fillV4,
  type IpAddress,
  keepAddress,
  makeAddressSlot,
  ipv4 as v4Address,
} from "../../src/stack/core/address.ts";
import * as arp from "../../src/stack/packet/arp.ts";
import * as dhcp from "../../src/stack/packet/dhcp.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as extensions from "../../src/stack/packet/extension-headers.ts";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as icmpv6 from "../../src/stack/packet/icmpv6.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import { makeSegmentOptions, parse, type SegmentOptions } from "../../src/stack/packet/tcp-options.ts";
import * as udp from "../../src/stack/packet/udp.ts";

const MAX_FLOWS = 64;
const MAX_KEPT = 32;
const QUOTED_BYTES = 256;
const DNS_PORT = 53;

/** A connection as somebody beside the wire knows it. */
export interface OverheardFlow {
  readonly ours: IpAddress;
  readonly peer: IpAddress;
  readonly ourPort: number;
  readonly peerPort: number;
  /** What the host sends next. */
  ourNext: number;
  /** What the host expects next; undefined before it has acknowledged anything. */
  peerNext: number | undefined;
  hasTimestamps: boolean;
  tsVal: number;
}

export interface OverheardQuestion {
  readonly ours: IpAddress;
  readonly server: IpAddress;
  readonly ourPort: number;
  readonly message: Uint8Array;
}

export interface OverheardEcho {
  readonly to: IpAddress;
  readonly from: IpAddress;
  readonly id: number;
  readonly sequence: number;
}

/**
 * What an attacker on the link learns from the frames of a host: sequence numbers, identifiers, ports, questions. Without it no frame
 * would get past the first checks. Bounded, the oldest go.
 */
export class Overheard {
  readonly flows = new Map<string, OverheardFlow>();
  readonly questions: OverheardQuestion[] = [];
  readonly echoes: OverheardEcho[] = [];
  /** Whole or cut packets, of either family, to be quoted in errors. */
  readonly packets: Uint8Array[] = [];
  /** Whom the host looks for, by ARP and by neighbour discovery. */
  readonly sought: IpAddress[] = [];
  dhcpTransaction = 0;
  readonly #from = makeAddressSlot();
  readonly #to = makeAddressSlot();
  readonly #options: SegmentOptions = makeSegmentOptions();

  hear(b: Uint8Array, at: number, end: number): void {
    const packet = ethernet.payloadAt(at);
    switch (ethernet.type(b, at)) {
      case ethernet.TYPE_ARP:
        keep(this.sought, v4Address(arp.targetIp(b, packet)));
        return;
      case ethernet.TYPE_IPV4:
        keep(this.packets, b.slice(packet, Math.min(end, packet + QUOTED_BYTES)));
        fillV4(this.#from, ipv4.source(b, packet));
        fillV4(this.#to, ipv4.destination(b, packet));
        if (ipv4.fragmentOffset(b, packet) === 0) this.#transport(b, ipv4.protocol(b, packet), ipv4.payloadAt(b, packet), end);
        return;
      case ethernet.TYPE_IPV6: {
        keep(this.packets, b.slice(packet, Math.min(end, packet + QUOTED_BYTES)));
        ipv6.fillSource(b, packet, this.#from, 0);
        ipv6.fillDestination(b, packet, this.#to, 0);
        const place = { protocol: 0, at: 0, isLaterFragment: false };
        if (extensions.findTransport(b, packet, end, place) && !place.isLaterFragment) this.#transport(b, place.protocol, place.at, end);
      }
    }
  }

  #transport(b: Uint8Array, protocol: number, at: number, end: number): void {
    if (at + 8 > end) return;
    switch (protocol) {
      case ipv4.PROTOCOL_TCP:
        this.#segment(b, at, end);
        return;
      case ipv4.PROTOCOL_UDP:
        if (udp.destinationPort(b, at) === DNS_PORT) {
          const message = b.slice(at + udp.HEADER, end);
          keep(this.questions, { ...this.#ends(), ourPort: udp.sourcePort(b, at), server: keepAddress(this.#to), message });
        } else if (udp.destinationPort(b, at) === dhcp.SERVER_PORT && at + udp.HEADER + 8 <= end) {
          this.dhcpTransaction = dhcp.xid(b, at + udp.HEADER);
        }
        return;
      case ipv4.PROTOCOL_ICMP:
        if (icmp.type(b, at) === icmp.ECHO_REQUEST) this.#echo(icmp.identifier(b, at), icmp.sequence(b, at));
        return;
      case ipv6.PROTOCOL_ICMP:
        if (icmpv6.type(b, at) === icmpv6.ECHO_REQUEST) this.#echo(icmpv6.identifier(b, at), icmpv6.sequence(b, at));
        else if (icmpv6.type(b, at) === icmpv6.NEIGHBOUR_SOLICITATION && at + 24 <= end) {
          ipv6.fillAddress(b, at + 8, this.#to, 0);
          keep(this.sought, keepAddress(this.#to));
        }
    }
  }

  #ends(): { readonly ours: IpAddress; readonly peer: IpAddress } {
    return { ours: keepAddress(this.#from), peer: keepAddress(this.#to) };
  }

  #echo(id: number, sequence: number): void {
    keep(this.echoes, { from: keepAddress(this.#from), to: keepAddress(this.#to), id, sequence });
  }

  #segment(b: Uint8Array, at: number, end: number): void {
    if (tcp.check(b, at, end) !== undefined) return;
    const ourPort = tcp.sourcePort(b, at);
    const peerPort = tcp.destinationPort(b, at);
    const key = `${wordsText(this.#from)} ${ourPort} ${wordsText(this.#to)} ${peerPort}`;
    const flags = tcp.flags(b, at);
    if ((flags & tcp.RST) !== 0) {
      this.flows.delete(key);
      return;
    }
    let flow = this.flows.get(key);
    if (flow === undefined) {
      flow = { ...this.#ends(), ourPort, peerPort, ourNext: 0, peerNext: undefined, hasTimestamps: false, tsVal: 0 };
      this.flows.set(key, flow);
      for (const oldest of this.flows.keys()) {
        if (this.flows.size <= MAX_FLOWS) break;
        this.flows.delete(oldest);
      }
    }
    const length = end - tcp.payloadAt(b, at) + ((flags & tcp.SYN) === 0 ? 0 : 1) + ((flags & tcp.FIN) === 0 ? 0 : 1);
    flow.ourNext = (tcp.sequence(b, at) + length) | 0;
    if ((flags & tcp.ACK) !== 0) flow.peerNext = tcp.acknowledgment(b, at);
    parse(b, at, this.#options);
    flow.hasTimestamps = this.#options.hasTimestamps;
    flow.tsVal = this.#options.tsVal;
  }
}

function keep<T>(list: T[], one: T): void {
  if (list.length === MAX_KEPT) list.shift();
  list.push(one);
}

const wordsText = ({ w0, w1, w2, w3 }: AddressWords): string => `${w0}.${w1}.${w2}.${w3}`;
