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

const { PROFILES } = await import("../dist/stack/core/profile.js");
const tcp = await import("../dist/stack/packet/tcp.js");
const { ScriptedPeers } = await import("./scripted-peers.mjs");

const profile = PROFILES.get(values.profile);
const connections = Number(values.connections);
const rounds = Number(values.rounds);
if (profile === undefined || !(connections > 0 && connections <= 60_000) || !(rounds > 0)) {
  console.error(HELP);
  process.exit(2);
}

/** Longer than two sweeps of the ring pool, and than any delayed acknowledgement. */
const QUIET_MS = 5000;
const byte = new Uint8Array([0x62]);

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
  const stage = new ScriptedPeers({ count: connections, profile, backlog: connections });
  const { host, accepted } = stage;
  const before = used();
  const stages = {};
  const note = (name, state, count) => {
    checkCount(host, state, count);
    const now = used();
    stages[name] = { heap: (now.heap - before.heap) / count, buffers: (now.buffers - before.buffers) / count };
  };
  stage.sendAll(tcp.SYN);
  note("half open (SYN-RECEIVED)", "SYN-RECEIVED", connections);
  stage.sendAll(tcp.ACK);
  stage.advance(QUIET_MS);
  note("established, idle", "ESTABLISHED", connections);
  stage.sendAll(tcp.ACK | tcp.PSH, 1);
  for (const conn of accepted) {
    conn.discard(conn.readableBytes);
    conn.write(byte, 0, 1);
    stage.turn();
  }
  stage.sendAll(tcp.ACK);
  note("after a byte each way", "ESTABLISHED", connections);
  stage.advance(QUIET_MS);
  note(`the same ${QUIET_MS / 1000} s later`, "ESTABLISHED", connections);
  for (const conn of accepted) {
    conn.close(false);
    stage.turn();
  }
  accepted.length = 0;
  stage.sendAll(tcp.ACK | tcp.FIN);
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
