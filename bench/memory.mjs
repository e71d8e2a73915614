// Bytes of heap that one TCP connection costs a host in each stage of its life: the pure host on an in-memory wire, in virtual time,
// against a script that keeps nothing of its own. `node bench/memory.mjs --help`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: node bench/memory.mjs [--connections N] [--rounds N] [--profile windows|linux|rfc] [--json]

Bytes of JavaScript heap and of buffers for one connection, its share of the host's tables included: half open (SYN-RECEIVED),
established and idle, after a byte each way, the same once buffers have been given back, and in TIME-WAIT. Medians of the rounds,
each on a new host with N connections (4000 by default; a listener keeps 4096 half open). Needs a build (npm run build).`;

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "4000" },
    rounds: { type: "string", default: "5" },
    profile: { type: "string", default: "windows" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (globalThis.gc === undefined) {
  const again = spawnSync(process.execPath, ["--expose-gc", fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exit(again.status ?? 1);
}

const { ipv4: address } = await import("../dist/stack/core/address.js");
const { plainFrame } = await import("../dist/stack/core/frame-info.js");
const { LINUX, RFC, WINDOWS } = await import("../dist/stack/core/profile.js");
const { SeededRandom } = await import("../dist/stack/core/random.js");
const { seqAdd, seq } = await import("../dist/stack/core/seq.js");
const { Host } = await import("../dist/stack/host/host.js");
const { pseudoHeaderV4 } = await import("../dist/stack/packet/checksum.js");
const ethernet = await import("../dist/stack/packet/ethernet.js");
const ipv4 = await import("../dist/stack/packet/ipv4.js");
const tcp = await import("../dist/stack/packet/tcp.js");
const { writeSynOptions } = await import("../dist/stack/packet/tcp-options.js");
const { NOBODY } = await import("../dist/stack/tcp/notices.js");
const { MemoryWire } = await import("../dist/wire/memory-wire.js");

const profiles = { windows: WINDOWS, linux: LINUX, rfc: RFC };
const profile = profiles[values.profile];
const connections = Number(values.connections);
const rounds = Number(values.rounds);
if (profile === undefined || !(connections > 0 && connections <= 60_000) || !(rounds > 0)) {
  console.error(HELP);
  process.exit(2);
}

const OWN = 0xcb007102;
const PEER = 0xcb007101;
const OWN_PORT = 80;
const FIRST_PORT = 2000;
const IP_AT = ethernet.HEADER;
const TCP_AT = IP_AT + ipv4.MIN_HEADER;
const OPTIONS_AT = TCP_AT + tcp.MIN_HEADER;
const SYN_OPTIONS = ["mss", "nop", "windowScale", "nop", "nop", "sackPermitted"];
const SYN_VALUES = { mss: 1460, windowScale: 8, sackPermitted: true, timestamps: false, tsVal: 0, tsEcr: 0 };
/** Longer than two sweeps of the ring pool, and than any delayed acknowledgement. */
const QUIET_MS = 5000;
const ISN = seq(5000);
const byte = new Uint8Array([0x62]);

/** A host with a listener, and a script at the other end of the wire: all it knows of a connection is the last number that came. */
class Stage {
  #now = 0;
  host = new Host({ random: new SeededRandom(1), profile });
  accepted = [];
  #device;
  #frame = new Uint8Array(TCP_AT + 200);
  /** By the connection's number: what the next acknowledgement says. */
  #next = new Int32Array(connections);
  #info = plainFrame();
  #ourMac;
  #sink = { frame: (bytes, at, end) => this.#see(bytes, at, end) };

  constructor() {
    const wire = new MemoryWire();
    const ours = wire.device({ name: "ours" });
    this.#ourMac = ours.mac;
    this.#device = wire.device({ name: "script" });
    this.#device.setListener({ readable: () => {}, writable: () => {}, linkChanged: () => {} });
    this.host.attach(ours, { address: address(OWN), prefixLength: 24 });
    // No question for the neighbour comes between the segments.
    this.host.ip.interfaces[0].neighbours.addStatic(address(PEER), this.#device.mac);
    const listener = this.host.tcp.listen({
      localPort: OWN_PORT,
      backlog: connections,
      acceptable: () => {
        for (let conn = listener.accept(); conn !== undefined; conn = listener.accept()) {
          conn.user = NOBODY;
          this.accepted.push(conn);
        }
      },
    });
    // The wire makes its queues for the first frame each way: this one is answered by a reset.
    this.#send(-1, tcp.ACK, ISN, 0);
  }

  turn() {
    while (this.host.turn(this.#now)) {}
    this.#device.receive(this.#sink, 100_000);
  }

  /** One segment for each connection, the host's turn after each. */
  forEach(flags, sequence, length = 0) {
    for (let i = 0; i < connections; i++) this.#send(i, flags, sequence, length);
  }

  #send(i, flags, sequence, length) {
    const isSyn = (flags & tcp.SYN) !== 0;
    const optionBytes = isSyn ? writeSynOptions(this.#frame, OPTIONS_AT, SYN_OPTIONS, SYN_VALUES) : 0;
    const headerBytes = tcp.MIN_HEADER + optionBytes;
    const end = TCP_AT + headerBytes + length;
    ethernet.writeHeader(this.#frame, 0, this.#ourMac, this.#device.mac, ethernet.TYPE_IPV4);
    ipv4.writeHeader(this.#frame, IP_AT, end - IP_AT, PEER, OWN, ipv4.PROTOCOL_TCP, 64);
    tcp.writeHeader(this.#frame, TCP_AT, FIRST_PORT + i, OWN_PORT, sequence, isSyn ? 0 : (this.#next[i] ?? 0), headerBytes, flags, 65_535);
    tcp.putChecksum(this.#frame, TCP_AT, end, pseudoHeaderV4(PEER, OWN, ipv4.PROTOCOL_TCP, end - TCP_AT));
    this.#device.transmit(this.#frame, 0, end, this.#info);
    this.turn();
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
    const flags = tcp.flags(bytes, tcpAt);
    const ipEnd = at + IP_AT + ipv4.totalLength(bytes, at + IP_AT);
    const length = Math.min(end, ipEnd) - tcp.payloadAt(bytes, tcpAt) + ((flags & (tcp.SYN | tcp.FIN)) !== 0 ? 1 : 0);
    this.#next[tcp.destinationPort(bytes, tcpAt) - FIRST_PORT] = seqAdd(tcp.sequence(bytes, tcpAt), length);
  }
}

function used() {
  // What finalizers let go is collected by the next.
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

/** A call of its own, so that no register of the caller keeps the listing alive. */
function checkCount(host, state, wanted) {
  const count = host.tcp.statuses().filter((row) => row.state === state).length;
  if (count !== wanted) throw new Error(`${count} connections in ${state}, and not ${wanted}`);
}

/** @returns bytes of one connection in each stage */
function round() {
  const stage = new Stage();
  const { host, accepted } = stage;
  const before = used();
  const stages = {};
  const note = (name, state, count) => {
    checkCount(host, state, count);
    const now = used();
    stages[name] = { heap: (now.heap - before.heap) / count, buffers: (now.buffers - before.buffers) / count };
  };
  stage.forEach(tcp.SYN, ISN);
  note("half open (SYN-RECEIVED)", "SYN-RECEIVED", connections);
  stage.forEach(tcp.ACK, seqAdd(ISN, 1));
  stage.advance(QUIET_MS);
  note("established, idle", "ESTABLISHED", connections);
  stage.forEach(tcp.ACK | tcp.PSH, seqAdd(ISN, 1), 1);
  for (const conn of accepted) {
    conn.discard(conn.readableBytes);
    conn.write(byte, 0, 1);
    stage.turn();
  }
  stage.forEach(tcp.ACK, seqAdd(ISN, 2));
  note("after a byte each way", "ESTABLISHED", connections);
  stage.advance(QUIET_MS);
  note(`the same ${QUIET_MS / 1000} s later`, "ESTABLISHED", connections);
  for (const conn of accepted) {
    conn.close(false);
    stage.turn();
  }
  accepted.length = 0;
  stage.forEach(tcp.ACK | tcp.FIN, seqAdd(ISN, 2));
  stage.advance(QUIET_MS);
  note("TIME-WAIT", "TIME-WAIT", connections);
  return stages;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
round(); // compiles
const all = Array.from({ length: rounds }, round);
const results = Object.keys(all[0]).map((stage) => ({
  stage,
  heapBytes: Math.round(median(all.map((stages) => stages[stage].heap))),
  bufferBytes: Math.round(median(all.map((stages) => stages[stage].buffers))),
}));
if (values.json) console.log(JSON.stringify({ connections, rounds, profile: values.profile, results }, undefined, 2));
else {
  const width = Math.max(...results.map(({ stage }) => stage.length));
  console.log(`${"one connection".padEnd(width)}  heap bytes  buffer bytes`);
  for (const { stage, heapBytes, bufferBytes } of results) {
    console.log(`${stage.padEnd(width)}  ${String(heapBytes).padStart(10)}  ${String(bufferBytes).padStart(12)}`);
  }
}
