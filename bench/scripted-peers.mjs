// A host on a virtual wire in virtual time, and at the other end a script that stands for the peers of very many connections: all that it
// keeps of one is two numbers, in arrays made beforehand. For benchmarks of memory and of numbers; needs a build.
import { ipv4 as address } from "../dist/stack/core/address.js";
import { plainFrame } from "../dist/stack/core/frame-info.js";
import { SeededRandom } from "../dist/stack/core/random.js";
import { seq, seqAdd } from "../dist/stack/core/seq.js";
import { Host } from "../dist/stack/host/host.js";
import { pseudoHeaderV4 } from "../dist/stack/packet/checksum.js";
import * as ethernet from "../dist/stack/packet/ethernet.js";
import * as ipv4 from "../dist/stack/packet/ipv4.js";
import * as tcp from "../dist/stack/packet/tcp.js";
import { writeSynOptions } from "../dist/stack/packet/tcp-options.js";
import { NOBODY } from "../dist/stack/tcp/notices.js";
import { MemoryWire } from "../dist/wire/memory-wire.js";

const OWN = 0xcb007102;
const OWN_PORT = 80;
const FIRST_PEER = 0xcb007103;
const FIRST_PORT = 2000;
/** Connections that one address of the script has. */
const PORTS = 60_000;
const IP_AT = ethernet.HEADER;
const TCP_AT = IP_AT + ipv4.MIN_HEADER;
const OPTIONS_AT = TCP_AT + tcp.MIN_HEADER;
const SYN_OPTIONS = ["mss", "nop", "windowScale", "nop", "nop", "sackPermitted"];
const SYN_VALUES = { mss: 1460, windowScale: 8, sackPermitted: true, timestamps: false, tsVal: 0, tsEcr: 0 };
const ISN = seq(5000);

/** The host listens; `accepted` are its ends of the connections, which the script numbers from 0. */
export class ScriptedPeers {
  accepted = [];
  #now = 0;
  #device;
  #frame = new Uint8Array(TCP_AT + 200);
  /** By the connection's number: what the next acknowledgement says, and the next number that the script sends. */
  #next;
  #sent;
  #info = plainFrame();
  #ourMac;
  #isReady = false;
  #sink = { frame: (bytes, at, end) => this.#see(bytes, at, end) };

  /** @param userOf the user that an accepted connection is given */
  constructor({ count, profile, backlog, userOf = () => NOBODY }) {
    this.count = count;
    this.host = new Host({ random: new SeededRandom(1), profile });
    this.#next = new Int32Array(count);
    this.#sent = new Int32Array(count).fill(ISN);
    const wire = new MemoryWire();
    const ours = wire.device({ name: "ours" });
    this.#ourMac = ours.mac;
    this.#device = wire.device({ name: "script" });
    this.#device.setListener({ readable: () => {}, writable: () => {}, linkChanged: () => {} });
    this.host.attach(ours, { address: address(OWN), prefixLength: 24 });
    // No question for a neighbour comes between the segments.
    for (let i = 0; i <= count / PORTS; i++) this.host.ip.interfaces[0].neighbours.addStatic(address(FIRST_PEER + i), this.#device.mac);
    const listener = this.host.tcp.listen({
      localPort: OWN_PORT,
      backlog,
      acceptable: () => {
        for (let conn = listener.accept(); conn !== undefined; conn = listener.accept()) {
          conn.user = userOf(conn);
          this.accepted.push(conn);
        }
      },
    });
    // The wire makes its queues for the first frame each way: this one is answered by a reset.
    this.send(0, tcp.ACK);
    this.#isReady = true;
  }

  turn() {
    while (this.host.turn(this.#now)) {}
    this.#device.receive(this.#sink, 100_000);
  }

  /** One segment of one connection, and the host's turn after it. */
  send(i, flags, length = 0) {
    const isSyn = (flags & tcp.SYN) !== 0;
    const headerBytes = tcp.MIN_HEADER + (isSyn ? writeSynOptions(this.#frame, OPTIONS_AT, SYN_OPTIONS, SYN_VALUES) : 0);
    const end = TCP_AT + headerBytes + length;
    const peer = FIRST_PEER + Math.floor(i / PORTS);
    const port = FIRST_PORT + (i % PORTS);
    ethernet.writeHeader(this.#frame, 0, this.#ourMac, this.#device.mac, ethernet.TYPE_IPV4);
    ipv4.writeHeader(this.#frame, IP_AT, end - IP_AT, peer, OWN, ipv4.PROTOCOL_TCP, 64);
    tcp.writeHeader(this.#frame, TCP_AT, port, OWN_PORT, this.#sent[i], isSyn ? 0 : this.#next[i], headerBytes, flags, 65_535);
    tcp.putChecksum(this.#frame, TCP_AT, end, pseudoHeaderV4(peer, OWN, ipv4.PROTOCOL_TCP, end - TCP_AT));
    this.#sent[i] = seqAdd(this.#sent[i], length + ((flags & (tcp.SYN | tcp.FIN)) !== 0 ? 1 : 0));
    this.#device.transmit(this.#frame, 0, end, this.#info);
    this.turn();
  }

  /** The same of each. */
  sendAll(flags, length = 0) {
    for (let i = 0; i < this.count; i++) this.send(i, flags, length);
  }

  /** Alarms go off as they come due. */
  advance(ms) {
    const until = this.#now + ms;
    while (this.host.nextDeadlineMs <= until) {
      this.#now = Math.max(this.host.nextDeadlineMs, this.#now);
      this.turn();
    }
    this.#now = until;
  }

  #see(bytes, at, end) {
    const tcpAt = at + TCP_AT;
    const peer = (ipv4.destination(bytes, at + IP_AT) >>> 0) - FIRST_PEER;
    const i = peer * PORTS + tcp.destinationPort(bytes, tcpAt) - FIRST_PORT;
    const flags = tcp.flags(bytes, tcpAt);
    if (!this.#isReady) return;
    if ((flags & tcp.RST) !== 0) throw new Error(`Connection ${i} was reset`);
    const ipEnd = at + IP_AT + ipv4.totalLength(bytes, at + IP_AT);
    const length = Math.min(end, ipEnd) - tcp.payloadAt(bytes, tcpAt) + ((flags & (tcp.SYN | tcp.FIN)) !== 0 ? 1 : 0);
    this.#next[i] = seqAdd(tcp.sequence(bytes, tcpAt), length);
  }
}
