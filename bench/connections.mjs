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
const { PROFILES } = await import("../dist/stack/core/profile.js");
const tcp = await import("../dist/stack/packet/tcp.js");
const { NOBODY } = await import("../dist/stack/tcp/notices.js");
const { ScriptedPeers } = await import("./scripted-peers.mjs");

const connections = Number(values.connections);
const rounds = Number(values.rounds);
const profile = PROFILES.get(values.profile);
if (values.help || profile === undefined || !(connections > 0 && connections <= 1_000_000) || !(rounds > 0)) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}

const EXCHANGES = 2000;
const byte = new Uint8Array([0x62]);

/** The host answers each byte by one. */
class Stage extends ScriptedPeers {
  constructor(count) {
    const userOf = (conn) => ({
      ...NOBODY,
      readable: () => {
        conn.discard(conn.readableBytes);
        conn.write(byte, 0, 1);
      },
    });
    super({ count, profile, backlog: 200, userOf });
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
