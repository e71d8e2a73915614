// What very many connections of one host cost: set up, kept and closed on a virtual wire in virtual time, against a script; and how long a
// packet on one of them takes beside a packet on a connection that is alone. `node bench/connections.mjs --help`.
import { parseArgs } from "node:util";

const HELP = `Usage: node bench/connections.mjs [--connections N] [--rounds N] [--profile windows|linux|rfc] [--json]

Opens N connections (100000 by default) to one host, exchanges a byte on each, keeps them for a minute, times an exchange on one of them
beside the same on a host with no other connection, and closes all. The ratio is of medians, taken in turns. Needs a build (npm run build).`;

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "100000" },
    rounds: { type: "string", default: "21" },
    profile: { type: "string", default: "windows" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});
const { ipv4: address } = await import("../dist/stack/core/address.js");
const { plainFrame } = await import("../dist/stack/core/frame-info.js");
const { PROFILES } = await import("../dist/stack/core/profile.js");
const { SeededRandom } = await import("../dist/stack/core/random.js");
const { seqAdd, seq } = await import("../dist/stack/core/seq.js");
const { Host } = await import("../dist/stack/host/host.js");
const { pseudoHeaderV4 } = await import("../dist/stack/packet/checksum.js");
const ethernet = await import("../dist/stack/packet/ethernet.js");
const ipv4 = await import("../dist/stack/packet/ipv4.js");
const tcp = await import("../dist/stack/packet/tcp.js");
const { NOBODY } = await import("../dist/stack/tcp/notices.js");
const { MemoryWire } = await import("../dist/wire/memory-wire.js");

const connections = Number(values.connections);
const rounds = Number(values.rounds);
const profile = PROFILES.get(values.profile);
if (values.help || profile === undefined || !(connections > 0 && connections <= 1_000_000) || !(rounds > 0)) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}

const OWN = 0xcb007102;
const OWN_PORT = 80;
const FIRST_PEER = 0xcb007103;
const FIRST_PORT = 1024;
/** Connections that one address of the script has. */
const PORTS = 60_000;
const IP_AT = ethernet.HEADER;
const TCP_AT = IP_AT + ipv4.MIN_HEADER;
const ISN = seq(5000);
const EXCHANGES = 2000;
const byte = new Uint8Array([0x62]);

/** A host with a listener that answers each byte by one, and a script whose connections are numbered. */
class Stage {
  host = new Host({ random: new SeededRandom(1), profile });
  accepted = [];
  #now = 0;
  #device;
  #frame = new Uint8Array(TCP_AT + 100);
  /** By the connection's number: what the next acknowledgement says, and what the script has sent. */
  #next;
  #sent;
  #info = plainFrame();
  #ourMac;
  #sink = { frame: (bytes, at, end) => this.#see(bytes, at, end) };

  constructor(count) {
    this.count = count;
    this.#next = new Int32Array(count);
    this.#sent = new Int32Array(count).fill(ISN);
    const wire = new MemoryWire();
    const ours = wire.device({ name: "ours" });
    this.#ourMac = ours.mac;
    this.#device = wire.device({ name: "script" });
    this.#device.setListener({ readable: () => {}, writable: () => {}, linkChanged: () => {} });
    this.host.attach(ours, { address: address(OWN), prefixLength: 24 });
    for (let i = 0; i <= count / PORTS; i++) this.host.ip.interfaces[0].neighbours.addStatic(address(FIRST_PEER + i), this.#device.mac);
    const listener = this.host.tcp.listen({
      localPort: OWN_PORT,
      backlog: 200,
      acceptable: () => {
        for (let conn = listener.accept(); conn !== undefined; conn = listener.accept()) {
          const accepted = conn;
          accepted.user = {
            ...NOBODY,
            readable: () => {
              accepted.discard(accepted.readableBytes);
              accepted.write(byte, 0, 1);
            },
          };
          this.accepted.push(accepted);
        }
      },
    });
  }

  turn() {
    while (this.host.turn(this.#now)) {}
    this.#device.receive(this.#sink, 100_000);
  }

  send(i, flags, length = 0) {
    const end = TCP_AT + tcp.MIN_HEADER + length;
    const peer = FIRST_PEER + Math.floor(i / PORTS);
    const isSyn = (flags & tcp.SYN) !== 0;
    ethernet.writeHeader(this.#frame, 0, this.#ourMac, this.#device.mac, ethernet.TYPE_IPV4);
    ipv4.writeHeader(this.#frame, IP_AT, end - IP_AT, peer, OWN, ipv4.PROTOCOL_TCP, 64);
    const port = FIRST_PORT + (i % PORTS);
    tcp.writeHeader(this.#frame, TCP_AT, port, OWN_PORT, this.#sent[i], isSyn ? 0 : this.#next[i], tcp.MIN_HEADER, flags, 65_535);
    tcp.putChecksum(this.#frame, TCP_AT, end, pseudoHeaderV4(peer, OWN, ipv4.PROTOCOL_TCP, end - TCP_AT));
    this.#sent[i] = seqAdd(this.#sent[i], length + ((flags & (tcp.SYN | tcp.FIN)) !== 0 ? 1 : 0));
    this.#device.transmit(this.#frame, 0, end, this.#info);
    this.turn();
  }

  /** A byte there, a byte back with its acknowledgement, and the acknowledgement of that. */
  exchange(i) {
    this.send(i, tcp.ACK | tcp.PSH, 1);
    this.send(i, tcp.ACK);
  }

  open() {
    for (let i = 0; i < this.count; i++) {
      this.send(i, tcp.SYN);
      this.send(i, tcp.ACK);
      this.exchange(i);
    }
  }

  close() {
    // They were accepted in the order in which they were opened.
    for (let i = 0; i < this.count; i++) {
      this.accepted[i].close(false);
      this.turn();
      this.send(i, tcp.ACK | tcp.FIN);
    }
    this.accepted.length = 0;
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
    const t = at + TCP_AT;
    const i = ((ipv4.destination(bytes, at + IP_AT) >>> 0) - FIRST_PEER) * PORTS + tcp.destinationPort(bytes, t) - FIRST_PORT;
    const flags = tcp.flags(bytes, t);
    if ((flags & tcp.RST) !== 0) throw new Error(`Connection ${i} was reset`);
    const ipEnd = at + IP_AT + ipv4.totalLength(bytes, at + IP_AT);
    const length = Math.min(end, ipEnd) - tcp.payloadAt(bytes, t) + ((flags & (tcp.SYN | tcp.FIN)) !== 0 ? 1 : 0);
    this.#next[i] = seqAdd(tcp.sequence(bytes, t), length);
  }
}

const microseconds = (work, count) => {
  const began = performance.now();
  work();
  return ((performance.now() - began) * 1000) / count;
};
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const expected = (host, count) => {
  if (host.tcp.connectionCount !== count) throw new Error(`${host.tcp.connectionCount} connections, and not ${count}`);
};

const alone = new Stage(1);
alone.open();
const crowd = new Stage(connections);
const setUp = microseconds(() => crowd.open(), connections);
expected(crowd.host, connections);
const kept = microseconds(() => crowd.advance(60_000), connections);
expected(crowd.host, connections);
// One of them, as one in a crowd is busy: the first half of the rounds compiles.
const times = { alone: [], crowd: [] };
for (let round = -rounds; round < rounds; round++) {
  for (const [name, stage] of [
    ["alone", alone],
    ["crowd", crowd],
  ]) {
    const chosen = stage.count >> 1;
    const each = microseconds(() => {
      for (let i = 0; i < EXCHANGES; i++) stage.exchange(chosen);
    }, EXCHANGES);
    if (round >= 0) times[name].push(each);
    stage.advance(1000);
  }
}
const memoryMiB = Math.round((process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers) / 2 ** 20);
const closing = microseconds(() => crowd.close(), connections);
crowd.advance(2 * profile.timeWaitMs);
expected(crowd.host, 0);
const results = {
  connections,
  profile: values.profile,
  setUpUs: setUp,
  keptMinuteUs: kept,
  closeUs: closing,
  memoryMiB,
  exchangeAloneUs: median(times.alone),
  exchangeInCrowdUs: median(times.crowd),
  ratio: median(times.crowd) / median(times.alone),
};
if (values.json) console.log(JSON.stringify(results, undefined, 2));
else {
  const shown = (us) => us.toFixed(2);
  console.log(`${connections} connections of one host, ${memoryMiB} MiB of heap and buffers, garbage included`);
  console.log(`set up, with a byte each way   ${shown(setUp)} µs each`);
  console.log(`kept for a minute              ${shown(kept)} µs each`);
  console.log(`closed                         ${shown(closing)} µs each`);
  console.log(`an exchange on one of them     ${shown(results.exchangeInCrowdUs)} µs`);
  console.log(`the same on one that is alone  ${shown(results.exchangeAloneUs)} µs`);
  console.log(`ratio                          ${results.ratio.toFixed(2)}`);
}
