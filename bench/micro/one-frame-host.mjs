// A host whose peer is written by hand, a frame at a time, so that nothing but the host is timed.
import { parseAddress } from "../../dist/stack/core/address.js";
import { plainFrame } from "../../dist/stack/core/frame-info.js";
import { SeededRandom } from "../../dist/stack/core/random.js";
import { seq, seqAdd } from "../../dist/stack/core/seq.js";
import { Host } from "../../dist/stack/host/host.js";
import * as arp from "../../dist/stack/packet/arp.js";
import { pseudoHeader } from "../../dist/stack/packet/checksum.js";
import * as ethernet from "../../dist/stack/packet/ethernet.js";
import * as icmpv6 from "../../dist/stack/packet/icmpv6.js";
import * as ipv4 from "../../dist/stack/packet/ipv4.js";
import * as ipv6 from "../../dist/stack/packet/ipv6.js";
import * as ndp from "../../dist/stack/packet/ndp.js";
import * as tcp from "../../dist/stack/packet/tcp.js";

const OWN_MAC = new Uint8Array([2, 0, 0, 0, 0, 2]);
const PEER_MAC = new Uint8Array([2, 0, 0, 0, 0, 1]);
const IP_AT = ethernet.HEADER;
export const MSS = 1460;
const FIRST_PORT = 1024;
const PORTS = 60_000;
const FIRST_OWN_PORT = 5001;
/** Our address has been tried by then (RFC 4862 §5.4). */
const SETTLED_MS = 5000;

export const V4 = { own: parseAddress("203.0.113.2"), peer: parseAddress("203.0.113.1"), isV4: true };
export const V6 = { own: parseAddress("2001:db8::2"), peer: parseAddress("2001:db8::1"), isV4: false };

/** Where the TCP header of a packet begins. */
const tcpAt = ({ isV4 }) => IP_AT + (isV4 ? ipv4.MIN_HEADER : ipv6.HEADER);

/** A device whose one frame is always the next to come, and which keeps of what leaves the last TCP sequence number only. */
class OneFrameDevice {
  name = "bench0";
  mac = OWN_MAC;
  mtu = 1500;
  offloads = { checksum: true, tso4: true, tso6: false };
  isUp = true;
  isLoopback = false;
  counters = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, drops: new Map() };
  frame = new Uint8Array(IP_AT + ipv6.HEADER + tcp.MIN_HEADER + MSS);
  sequenceSent = seq(0);
  #info = { ...plainFrame(), checksumVerified: true };
  #end = 0;

  /** Lets the first `end` bytes of the frame come with the next turn. */
  offer(end) {
    this.#end = end;
  }

  receive(sink, budget) {
    const end = this.#end;
    if (end === 0 || budget === 0) return 0;
    this.#end = 0;
    sink.frame(this.frame, 0, end, this.#info);
    return 1;
  }

  transmit(bytes, at) {
    const family = ethernet.type(bytes, at) === ethernet.TYPE_IPV4 ? V4 : V6;
    this.sequenceSent = tcp.sequence(bytes, at + tcpAt(family));
    return "sent";
  }

  setListener() {}
  close() {}
}

/** Fills in one segment of a flow from the peer. @returns where it ends */
export function writeSegment(b, { family, port, ownPort }, sequence, acknowledged, flagBits, length) {
  const at = tcpAt(family);
  const end = at + tcp.MIN_HEADER + length;
  if (family.isV4) {
    ethernet.writeHeader(b, 0, OWN_MAC, PEER_MAC, ethernet.TYPE_IPV4);
    ipv4.writeHeader(b, IP_AT, end - IP_AT, family.peer.w3, family.own.w3, ipv4.PROTOCOL_TCP, 64);
  } else {
    ethernet.writeHeader(b, 0, OWN_MAC, PEER_MAC, ethernet.TYPE_IPV6);
    ipv6.writeHeader(b, IP_AT, end - at, family.peer, family.own, ipv4.PROTOCOL_TCP, 64);
  }
  tcp.writeHeader(b, at, port, ownPort, sequence, acknowledged, tcp.MIN_HEADER, flagBits, 65_535);
  tcp.putPartialChecksum(b, at, pseudoHeader(family.peer, family.own, ipv4.PROTOCOL_TCP, end - at));
  return end;
}

/** A host with connections that throw away what they receive. */
export class OneFrameHost {
  host = new Host({ random: new SeededRandom(1) });
  device = new OneFrameDevice();
  /** Each with its TCP connection, and the numbers of the segment that comes next. */
  flows = [];

  /** @param families of its connections, in turn */
  constructor(size, families) {
    const { host, device } = this;
    const eth = host.attach(device);
    for (const { own, isV4 } of families) host.ip.addAddress(eth, own, isV4 ? 24 : 64);
    for (let ms = 0; ms <= SETTLED_MS; ms += 100) host.turn(ms);
    for (const family of families) this.#introduce(family);
    let accepted;
    for (let ownPort = FIRST_OWN_PORT; (ownPort - FIRST_OWN_PORT) * PORTS < size; ownPort++) {
      const acceptable = () => {
        const connection = listener.accept();
        connection.user = { readable: () => connection.discard(connection.readableBytes) };
        accepted = connection;
      };
      const listener = host.tcp.listen({ localPort: ownPort, backlog: 1, options: {}, acceptable });
    }
    for (let i = 0; i < size; i++) {
      const flow = {
        family: families[i % families.length],
        port: FIRST_PORT + (i % PORTS),
        ownPort: FIRST_OWN_PORT + Math.floor(i / PORTS),
      };
      this.arrive(writeSegment(device.frame, flow, seq(999), seq(0), tcp.SYN, 0));
      const acknowledged = seqAdd(device.sequenceSent, 1);
      this.arrive(writeSegment(device.frame, flow, seq(1000), acknowledged, tcp.ACK, 0));
      if (accepted?.state !== "ESTABLISHED") throw new Error(`Connection ${i} of the benchmark is ${accepted?.state ?? "not there"}`);
      this.flows.push({ ...flow, connection: accepted, acknowledged, next: seq(1000) });
      accepted = undefined;
    }
  }

  turn() {
    this.host.turn(SETTLED_MS);
  }

  arrive(end) {
    this.device.offer(end);
    this.turn();
  }

  /** The flow's next segment comes. */
  receive(flow, length) {
    this.arrive(writeSegment(this.device.frame, flow, flow.next, flow.acknowledged, tcp.ACK, length));
    flow.next = seqAdd(flow.next, length);
  }

  /** Tells the host the peer's MAC. */
  #introduce({ own, peer, isV4 }) {
    const { frame } = this.device;
    if (isV4) {
      ethernet.writeHeader(frame, 0, ethernet.BROADCAST_MAC, PEER_MAC, ethernet.TYPE_ARP);
      arp.writeRequest(frame, IP_AT, PEER_MAC, peer.w3, own.w3);
      this.arrive(IP_AT + arp.LENGTH);
      return;
    }
    const at = IP_AT + ipv6.HEADER;
    const end = ndp.writeNeighbourMessage(frame, at, icmpv6.NEIGHBOUR_SOLICITATION, 0, own, PEER_MAC);
    ethernet.writeHeader(frame, 0, OWN_MAC, PEER_MAC, ethernet.TYPE_IPV6);
    ipv6.writeHeader(frame, IP_AT, end - at, peer, own, ipv6.PROTOCOL_ICMP, ndp.HOP_LIMIT);
    icmpv6.putChecksum(frame, at, end, peer, own);
    this.arrive(end);
  }
}
