// A stream and an exchange of one byte between two sockets of one host, over its loopback: the stack by itself in one thread, then
// programs over the faces, embedded and through a daemon. Needs no root and no TAP. `node bench/loopback.mjs --help`.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { PROGRAMS } from "./face-programs.mjs";

const HELP = `Usage: node bench/loopback.mjs [options]

Gbit/s of one stream over loopback in calls of 64 and 256 KiB, with the CPU time that a gigabyte takes, and microseconds (median, 99th
percentile) of one byte there and back: stack to stack on one host, and programs over the faces, blocking, overlapped with four transfers
in flight, and awaited; embedded and through a daemon. Ratios are against the stack by itself, round by round. Needs a build (npm run build).

  --secs S         seconds of each measurement (default 1)
  --rounds N       rounds in which everything is measured once (default 1)
  --warm S         seconds that each warms up, so that every one of its threads has compiled what it runs (default 5)
  --faces A,B      only these: blocking overlapped promises (default: all)
  --through A,B    only these ways: embedded daemon (default: both)
  --calls A,B      KiB of a call (default: 64,256)
  --json           one JSON document instead of the table; progress goes to standard error in any case
  --help

Examples:
  node bench/loopback.mjs
  node bench/loopback.mjs --rounds 5 --faces blocking,overlapped --through embedded --calls 64`;

const { values } = parseArgs({
  options: {
    secs: { type: "string", default: "1" },
    rounds: { type: "string", default: "1" },
    warm: { type: "string", default: "5" },
    faces: { type: "string", default: "blocking,overlapped,promises" },
    through: { type: "string", default: "embedded,daemon" },
    calls: { type: "string", default: "64,256" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});
const measureMs = Number(values.secs) * 1000;
const rounds = Number(values.rounds);
const wantedFaces = values.faces.split(",");
const ways = values.through.split(",");
const callsKiB = values.calls.split(",").map(Number);
const warmMs = Number(values.warm) * 1000;
const KIB = 1024;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const summary = (samples) => {
  const sorted = Float64Array.from(samples).sort();
  return { p50Us: quantile(sorted, 0.5), p99Us: quantile(sorted, 0.99) };
};

/** CPU time of this process, all its threads, since `before`. */
const cpuMs = (before) => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** Whether to go on, asked once a call. */
function until(ms) {
  const start = performance.now();
  return () => performance.now() - start < ms;
}

const median = (numbers) =>
  quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );

/** Both ends on one host, which this very thread drives. */
async function stackAlone(callBytes) {
  const { Host, Loopback, parseV4, SystemRandom } = await stackParts();
  const host = new Host({ startMs: performance.now(), random: new SystemRandom() });
  host.attach(new Loopback());
  const buffer = new Uint8Array(callBytes);
  let received = 0;
  let server;
  let echoed = 0;
  const listener = host.tcp.listen({
    localPort: 80,
    backlog: 1,
    acceptable: () => {
      server = listener.accept();
      server.user = { readable: () => take() };
    },
  });
  let take = () => {
    for (let n = server.read(buffer, 0, callBytes); n > 0; n = server.read(buffer, 0, callBytes)) received += n;
  };
  const client = host.tcp.open({ remote: parseV4("127.0.0.1"), remotePort: 80, user: {}, options: { noDelay: true } });
  while (server === undefined) host.turn(performance.now());
  const write = () => {
    host.enter(performance.now());
    while (client.sendQueueBytes < Math.max(65536, client.idealSendBacklog)) client.write(buffer, 0, callBytes);
  };
  const stream = (ms) => {
    const before = received;
    const start = performance.now();
    for (const goesOn = until(ms); goesOn(); ) {
      write();
      host.turn(performance.now());
    }
    return ((received - before) * 8) / 1e6 / (performance.now() - start);
  };
  stream(warmMs);
  const before = received;
  const cpu = process.cpuUsage();
  const gbps = stream(measureMs);
  const cpuMsPerGB = cpuMs(cpu) / ((received - before) / 1e9);
  while (client.sendQueueBytes > 0) host.turn(performance.now());
  take = () => {
    for (let n = server.read(buffer, 0, 1); n > 0; n = server.read(buffer, 0, 1)) server.write(buffer, 0, n);
  };
  client.user = {
    readable: () => {
      echoed += client.read(buffer, 0, 1);
    },
  };
  const samples = [];
  for (const end = performance.now() + measureMs / 2; performance.now() < end; ) {
    const at = performance.now();
    const wanted = echoed + 1;
    host.enter(at);
    client.write(buffer, 0, 1);
    while (echoed < wanted) host.turn(performance.now());
    samples.push((performance.now() - at) * 1000);
  }
  return { gbps, cpuMsPerGB, ...summary(samples) };
}

async function stackParts() {
  const [{ Host }, { Loopback }, { parseV4 }, { SystemRandom }] = await Promise.all([
    import("../dist/stack/host/host.js"),
    import("../dist/wire/loopback.js"),
    import("../dist/stack/core/address.js"),
    import("../dist/network/system-random.js"),
  ]);
  return { Host, Loopback, parseV4, SystemRandom };
}

/** A sink and an echo for one connection: another program, in a thread of its own. */
async function serveThread({ face, port, callBytes, url }) {
  const w = await import("../dist/winsock/index.js");
  w.useNetwork(url, { process: "own" });
  w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
  const listener = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  w.bind(listener, nameFor(w, port), w.sizeof_sockaddr_in);
  w.listen(listener, 2);
  parentPort.postMessage("ready");
  const { sink, echo: echoAll } = PROGRAMS.get(face);
  // The first one warms up.
  for (let i = 0; i < 2; i++) {
    const s = w.accept(listener, null, null);
    parentPort.postMessage(sink(w, s, callBytes));
    w.closesocket(s);
  }
  const echo = w.accept(listener, null, null);
  w.setsockopt(echo, w.IPPROTO_TCP, w.TCP_NODELAY, { value: 1 }, 4);
  echoAll(w, echo, 1);
  w.closesocket(echo);
  w.closesocket(listener);
  w.WSACleanup();
}

function nameFor(w, port) {
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_port = w.htons(port);
  name.sin_addr.s_addr = w.inet_addr("127.0.0.1");
  return name;
}

let lastPort = 6000;

/** Two programs over the C face. @param face of face-programs.mjs */
async function threads(face, callBytes) {
  const w = await import("../dist/winsock/index.js");
  const { networkUrl } = await import("../dist/network/networks.js");
  w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
  const port = ++lastPort;
  const server = new Worker(new URL(import.meta.url), { workerData: { face, port, callBytes, url: networkUrl() } });
  await new Promise((resolve) => server.once("message", resolve));
  const { source, exchange: exchangeOver } = PROGRAMS.get(face);
  const stream = async (ms) => {
    const total = new Promise((resolve) => server.once("message", resolve));
    const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
    w.connect(s, nameFor(w, port), w.sizeof_sockaddr_in);
    const start = performance.now();
    const cpu = process.cpuUsage();
    source(w, s, callBytes, until(ms));
    w.shutdown(s, w.SD_SEND);
    const received = await total;
    const result = { gbps: (received * 8) / 1e6 / (performance.now() - start), cpuMsPerGB: cpuMs(cpu) / (received / 1e9) };
    w.closesocket(s);
    return result;
  };
  await stream(warmMs);
  const bulk = await stream(measureMs);
  const e = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  w.connect(e, nameFor(w, port), w.sizeof_sockaddr_in);
  w.setsockopt(e, w.IPPROTO_TCP, w.TCP_NODELAY, { value: 1 }, 4);
  const exchange = exchangeOver(w, e);
  const samples = [];
  for (const end = performance.now() + measureMs / 2; performance.now() < end; ) {
    const at = performance.now();
    exchange();
    samples.push((performance.now() - at) * 1000);
  }
  const ended = new Promise((resolve) => server.once("exit", resolve));
  w.closesocket(e);
  await ended;
  w.WSACleanup();
  return { ...bulk, ...summary(samples) };
}

async function promises(callBytes) {
  const w = await import("../dist/winsock/promises.js");
  const port = ++lastPort;
  const listener = await w.socket();
  await w.bind(listener, { address: "127.0.0.1", port });
  await w.listen(listener, 2);
  const pair = async () => {
    const s = await w.socket();
    const [accepted] = await Promise.all([w.accept(listener), w.connect(s, { address: "127.0.0.1", port })]);
    return [s, accepted.socket];
  };
  const piece = new Uint8Array(callBytes);
  const stream = async (ms) => {
    const [s, sink] = await pair();
    const start = performance.now();
    const cpu = process.cpuUsage();
    let received = 0;
    const receiving = (async () => {
      const buffer = new Uint8Array(callBytes);
      for (let bytes = await w.recv(sink, buffer); bytes.length > 0; bytes = await w.recv(sink, buffer)) received += bytes.length;
    })();
    for (const goesOn = until(ms); goesOn(); ) await w.send(s, piece);
    await w.shutdown(s);
    await receiving;
    const result = { gbps: (received * 8) / 1e6 / (performance.now() - start), cpuMsPerGB: cpuMs(cpu) / (received / 1e9) };
    await Promise.all([s, sink].map((each) => w.closesocket(each)));
    return result;
  };
  await stream(warmMs);
  const bulk = await stream(measureMs);
  const [e, far] = await pair();
  for (const each of [e, far]) await w.setsockopt(each, w.IPPROTO_TCP, w.TCP_NODELAY, true);
  const echoing = (async () => {
    for (let bytes = await w.recv(far, 1); bytes.length > 0; bytes = await w.recv(far, 1)) await w.send(far, bytes);
  })();
  const one = new Uint8Array(1);
  const samples = [];
  for (const end = performance.now() + measureMs / 2; performance.now() < end; ) {
    const at = performance.now();
    await w.send(e, one);
    await w.recv(e, 1);
    samples.push((performance.now() - at) * 1000);
  }
  await w.shutdown(e);
  await echoing;
  await Promise.all([e, far, listener].map((each) => w.closesocket(each)));
  await w.WSACleanup();
  return { ...bulk, ...summary(samples) };
}

/** What is measured of each row in a round. */
const METRICS = ["gbps", "cpuMsPerGB", "p50Us", "p99Us"];

/** Results of all rounds, by who and bytes of a call. */
class Rows {
  #rows = new Map();

  add(who, kib, result) {
    const row = this.#rows.get(`${who} ${kib}`) ?? { who, kib, rounds: [] };
    this.#rows.set(`${who} ${kib}`, row);
    row.rounds.push(result);
    process.stderr.write(`${who.padEnd(20)} ${String(kib).padStart(3)} KiB ${result.gbps.toFixed(1).padStart(6)} Gbit/s\n`);
  }

  /** Medians, and the median of the ratios to the stack in the same round. */
  get summary() {
    return [...this.#rows.values()].map(({ who, kib, rounds }) => {
      const stack = this.#rows.get(`stack ${kib}`).rounds;
      const medians = Object.fromEntries(METRICS.map((metric) => [metric, median(rounds.map((each) => each[metric]))]));
      const ratio = median(rounds.map(({ gbps }, i) => gbps / stack[i].gbps));
      const cpuRatio = median(rounds.map(({ cpuMsPerGB }, i) => stack[i].cpuMsPerGB / cpuMsPerGB));
      return { who, kib, ...medians, ratio, cpuRatio, rounds };
    });
  }
}

/** The faces over one network. */
async function faces(rows, name, url) {
  const { useNetwork } = await import("../dist/winsock/index.js");
  useNetwork(url);
  for (const face of wantedFaces) {
    for (const kib of callsKiB) {
      rows.add(`${face}, ${name}`, kib, await (face === "promises" ? promises(kib * KIB) : threads(face, kib * KIB)));
    }
  }
  const { closeNetwork } = await import("../dist/network/networks.js");
  await closeNetwork();
}

async function throughDaemon(rows) {
  const socket = join(tmpdir(), `tapsock-loopback-${process.pid}.sock`);
  const program = new URL("../dist/daemon/main.js", import.meta.url).pathname;
  const words = ["--pdeathsig", "KILL", process.execPath, program, "--socket", socket];
  const daemon = spawn("setpriv", words, { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await new Promise((resolve) => daemon.stdout.once("data", resolve));
    await faces(rows, "daemon", `daemon:${socket}`);
  } finally {
    daemon.kill();
    rmSync(socket, { force: true });
  }
}

async function main() {
  const rows = new Rows();
  for (let round = 0; round < rounds; round++) {
    for (const kib of callsKiB) rows.add("stack", kib, await stackAlone(kib * KIB));
    if (ways.includes("embedded")) await faces(rows, "embedded", "embedded:");
    if (ways.includes("daemon")) await throughDaemon(rows);
  }
  if (values.json) console.log(JSON.stringify({ secs: Number(values.secs), rounds, rows: rows.summary }, undefined, 2));
  else console.log(table(rows.summary));
}

function table(rows) {
  const lines = rows.map(({ who, kib, gbps, ratio, cpuMsPerGB, p50Us, p99Us }) => [
    who,
    `${kib} KiB`,
    gbps.toFixed(1),
    ratio.toFixed(2),
    // The daemon's own is not in it.
    who.endsWith("daemon") ? "–" : cpuMsPerGB.toFixed(0),
    p50Us.toFixed(1),
    p99Us.toFixed(1),
  ]);
  const all = [["over loopback", "calls", "Gbit/s", "/ stack", "CPU ms/GB", "1 byte, µs p50", "p99"], ...lines];
  const widths = all[0].map((_, i) => Math.max(...all.map((line) => line[i].length)));
  const text = all.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`);
  return [text[0], `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...text.slice(1)].join("\n");
}

if (!isMainThread) await serveThread(workerData);
else if (values.help) console.log(HELP);
else {
  await main();
  process.exit(0);
}
