import { ipv4 as address } from "../../dist/stack/core/address.js";
import { plainFrame } from "../../dist/stack/core/frame-info.js";
import { SeededRandom } from "../../dist/stack/core/random.js";
import { seq, seqAdd } from "../../dist/stack/core/seq.js";
import { Host } from "../../dist/stack/host/host.js";
import * as arp from "../../dist/stack/packet/arp.js";
import { pseudoHeaderV4 } from "../../dist/stack/packet/checksum.js";
import * as ethernet from "../../dist/stack/packet/ethernet.js";
import * as ipv4 from "../../dist/stack/packet/ipv4.js";
import * as tcp from "../../dist/stack/packet/tcp.js";
import { Segment } from "../../dist/stack/tcp/segment.js";

const OWN = 0xcb007102;
const PEER = 0xcb007101;
const OWN_MAC = new Uint8Array([2, 0, 0, 0, 0, 2]);
const PEER_MAC = new Uint8Array([2, 0, 0, 0, 0, 1]);
const OWN_PORT = 5001;
const PEER_PORT = 40_000;
const MSS = 1460;

const IP_AT = ethernet.HEADER;
const TCP_AT = IP_AT + ipv4.MIN_HEADER;
const TEXT_AT = TCP_AT + tcp.MIN_HEADER;

/** A device whose one frame is always the next to come, and which keeps of what leaves the last sequence number only. */
class OneFrameDevice {
  name = "bench0";
  mac = OWN_MAC;
  mtu = 1500;
  offloads = { checksum: true, tso4: true, tso6: false };
  isUp = true;
  isLoopback = false;
  counters = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, drops: new Map() };
  frame = new Uint8Array(TEXT_AT + MSS);
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
    if (ethernet.type(bytes, at) === ethernet.TYPE_IPV4) this.sequenceSent = tcp.sequence(bytes, at + TCP_AT);
    return "sent";
  }

  setListener() {}
  close() {}
}

/** Fills in one segment from the peer to our listener. @returns where it ends */
function writeSegment(b, sequence, acknowledged, flagBits, length) {
  const end = TEXT_AT + length;
  ethernet.writeHeader(b, 0, OWN_MAC, PEER_MAC, ethernet.TYPE_IPV4);
  ipv4.writeHeader(b, IP_AT, end - IP_AT, PEER, OWN, ipv4.PROTOCOL_TCP, 64);
  tcp.writeHeader(b, TCP_AT, PEER_PORT, OWN_PORT, sequence, acknowledged, tcp.MIN_HEADER, flagBits, 65_535);
  tcp.putPartialChecksum(b, TCP_AT, pseudoHeaderV4(PEER, OWN, ipv4.PROTOCOL_TCP, end - TCP_AT));
  return end;
}

/** A host with one established connection that throws away what it receives. */
function establish() {
  const device = new OneFrameDevice();
  const host = new Host({ random: new SeededRandom(1) });
  host.attach(device, { address: address(OWN), prefixLength: 24 });
  let connection;
  const listener = host.tcp.listen({
    localPort: OWN_PORT,
    backlog: 1,
    options: {},
    acceptable: () => {
      connection = listener.accept();
      connection.user = { readable: () => connection.discard(connection.readableBytes) };
    },
  });
  const arrive = (end) => {
    device.offer(end);
    host.turn(0);
  };
  ethernet.writeHeader(device.frame, 0, ethernet.BROADCAST_MAC, PEER_MAC, ethernet.TYPE_ARP);
  arp.writeRequest(device.frame, IP_AT, PEER_MAC, PEER, OWN);
  arrive(IP_AT + arp.LENGTH);
  arrive(writeSegment(device.frame, seq(999), seq(0), tcp.SYN, 0));
  const acknowledged = seqAdd(device.sequenceSent, 1);
  arrive(writeSegment(device.frame, seq(1000), acknowledged, tcp.ACK, 0));
  if (connection?.state !== "ESTABLISHED") throw new Error(`The benchmark's connection is ${connection?.state ?? "not there"}`);
  return { host, device, arrive, connection, acknowledged, next: seq(1000) };
}

/** One arrival, from the header's fields alone to the whole way through a host: judged, stored, read, acknowledged. */
export function addSegments(add) {
  const b = new Uint8Array(TEXT_AT + MSS);
  const end = writeSegment(b, seq(1000), seq(2000), tcp.ACK, MSS);
  const segment = new Segment();
  const packet = { bytes: b, at: TCP_AT, end, source: address(PEER), destination: address(OWN), gsoSize: 0 };
  add("segment parsed", () => {
    if (tcp.check(b, TCP_AT, end) !== undefined) throw new Error("The segment is malformed");
    segment.fill(packet);
  });

  const receiving = establish();
  add(`segment of ${MSS} bytes through a host`, () => {
    receiving.arrive(writeSegment(receiving.device.frame, receiving.next, receiving.acknowledged, tcp.ACK, MSS));
    receiving.next = seqAdd(receiving.next, MSS);
  });

  const echoing = establish();
  const byte = new Uint8Array(1);
  add("byte in, byte out and acknowledged, through a host", () => {
    echoing.connection.write(byte, 0, 1);
    echoing.host.turn(0);
    echoing.acknowledged = seqAdd(echoing.acknowledged, 1);
    echoing.arrive(writeSegment(echoing.device.frame, echoing.next, echoing.acknowledged, tcp.ACK, 1));
    echoing.next = seqAdd(echoing.next, 1);
  });
}
