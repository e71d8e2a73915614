// A stream and an exchange of one byte between two sockets of one host, over its loopback: the stack by itself in one thread, then
// programs over the faces, embedded and through a daemon. Needs no root and no TAP. `node bench/loopback.mjs --help`.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const HELP = `Usage: node bench/loopback.mjs [--secs S] [--json]

Gbit/s of one stream over loopback in calls of 64 and 256 KiB, and microseconds (median, 99th percentile) of one byte there and back:
stack to stack on one host, and programs over the blocking and the promise face, embedded and through a daemon.
Ratios are against the stack by itself in the same run. Needs a build (npm run build).`;

const { values } = parseArgs({ options: { secs: { type: "string", default: "1" }, json: { type: "boolean" }, help: { type: "boolean" } } });
const measureMs = Number(values.secs) * 1000;
const WARM_MS = 300;
const KIB = 1024;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const summary = (samples) => {
  const sorted = Float64Array.from(samples).sort();
  return { p50Us: quantile(sorted, 0.5), p99Us: quantile(sorted, 0.99) };
};

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
    while (performance.now() - start < ms) {
      write();
      host.turn(performance.now());
    }
    return ((received - before) * 8) / 1e6 / (performance.now() - start);
  };
  stream(WARM_MS);
  const gbps = stream(measureMs);
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
  return { gbps, ...summary(samples) };
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

/** A sink and an echo for one connection, in a thread of their own. */
async function serveBlocking({ port, callBytes }) {
  const w = await import("../dist/winsock/index.js");
  w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
  const listener = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  w.bind(listener, nameFor(w, port), w.sizeof_sockaddr_in);
  w.listen(listener, 2);
  parentPort.postMessage("ready");
  const buffer = new Uint8Array(callBytes);
  const sink = w.accept(listener, null, null);
  let received = 0;
  for (let n = w.recv(sink, buffer, callBytes, 0); n > 0; n = w.recv(sink, buffer, callBytes, 0)) received += n;
  parentPort.postMessage(received);
  const echo = w.accept(listener, null, null);
  w.setsockopt(echo, w.IPPROTO_TCP, w.TCP_NODELAY, { value: 1 }, 4);
  for (let n = w.recv(echo, buffer, 1, 0); n > 0; n = w.recv(echo, buffer, 1, 0)) w.send(echo, buffer, n, 0);
  w.closesocket(echo);
  w.closesocket(sink);
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

async function blocking(callBytes) {
  const w = await import("../dist/winsock/index.js");
  w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
  const port = ++lastPort;
  const server = new Worker(new URL(import.meta.url), { workerData: { port, callBytes } });
  await new Promise((resolve) => server.once("message", resolve));
  const total = new Promise((resolve) => server.once("message", resolve));
  const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  w.connect(s, nameFor(w, port), w.sizeof_sockaddr_in);
  const buffer = new Uint8Array(callBytes);
  const start = performance.now();
  while (performance.now() - start < measureMs) w.send(s, buffer, callBytes, 0);
  w.shutdown(s, w.SD_SEND);
  const received = await total;
  const gbps = (received * 8) / 1e6 / (performance.now() - start);
  const e = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  w.connect(e, nameFor(w, port), w.sizeof_sockaddr_in);
  w.setsockopt(e, w.IPPROTO_TCP, w.TCP_NODELAY, { value: 1 }, 4);
  const samples = [];
  for (const end = performance.now() + measureMs / 2; performance.now() < end; ) {
    const at = performance.now();
    w.send(e, buffer, 1, 0);
    w.recv(e, buffer, 1, 0);
    samples.push((performance.now() - at) * 1000);
  }
  const ended = new Promise((resolve) => server.once("exit", resolve));
  w.closesocket(e);
  w.closesocket(s);
  await ended;
  w.WSACleanup();
  return { gbps, ...summary(samples) };
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
  const [s, sink] = await pair();
  const piece = new Uint8Array(callBytes);
  const start = performance.now();
  let received = 0;
  const receiving = (async () => {
    const buffer = new Uint8Array(callBytes);
    for (let bytes = await w.recv(sink, buffer); bytes.length > 0; bytes = await w.recv(sink, buffer)) received += bytes.length;
  })();
  while (performance.now() - start < measureMs) await w.send(s, piece);
  await w.shutdown(s);
  await receiving;
  const gbps = (received * 8) / 1e6 / (performance.now() - start);
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
  await Promise.all([s, sink, e, far, listener].map((each) => w.closesocket(each)));
  await w.WSACleanup();
  return { gbps, ...summary(samples) };
}

/** Both faces over one network. */
async function faces(rows, name, url) {
  const { useNetwork } = await import("../dist/winsock/index.js");
  useNetwork(url);
  for (const kib of [64, 256]) rows.push({ who: `blocking, ${name}`, kib, ...(await blocking(kib * KIB)) });
  for (const kib of [64, 256]) rows.push({ who: `promises, ${name}`, kib, ...(await promises(kib * KIB)) });
}

async function main() {
  const rows = [];
  for (const kib of [64, 256]) rows.push({ who: "stack", kib, ...(await stackAlone(kib * KIB)) });
  await faces(rows, "embedded", "embedded:");
  const { closeNetwork } = await import("../dist/network/networks.js");
  await closeNetwork();
  const socket = join(tmpdir(), `tapsock-loopback-${process.pid}.sock`);
  const program = new URL("../dist/daemon/main.js", import.meta.url).pathname;
  const daemon = spawn(process.execPath, [program, "--socket", socket], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await new Promise((resolve) => daemon.stdout.once("data", resolve));
    await faces(rows, "daemon", `daemon:${socket}`);
  } finally {
    daemon.kill();
    rmSync(socket, { force: true });
  }
  if (values.json) console.log(JSON.stringify({ secs: Number(values.secs), rows }, undefined, 2));
  else console.log(table(rows));
}

function table(rows) {
  const lines = rows.map(({ who, kib, gbps, p50Us, p99Us }) => {
    const ratio = gbps / rows.find((row) => row.who === "stack" && row.kib === kib).gbps;
    return [who, `${kib} KiB`, gbps.toFixed(1), ratio.toFixed(2), p50Us.toFixed(1), p99Us.toFixed(1)];
  });
  const all = [["over loopback", "calls", "Gbit/s", "/ stack", "1 byte, µs p50", "p99"], ...lines];
  const widths = all[0].map((_, i) => Math.max(...all.map((line) => line[i].length)));
  const text = all.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`);
  return [text[0], `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...text.slice(1)].join("\n");
}

if (!isMainThread) await serveBlocking(workerData);
else if (values.help) console.log(HELP);
else {
  await main();
  process.exit(0);
}
