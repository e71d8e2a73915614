// The kernel's side of one test: drives the stack at --host with kernel sockets for a while and prints one line of JSON.
//   rx     the kernel sends; counted is what the stack acknowledged
//   tx     the kernel receives; counted is what recv returned
//   rtt    one byte there and back on one connection, again and again
//   rate   connect, shut down, wait for the FIN, close, again and again
//   udp-rx the kernel sends datagrams; counted is what the stack took from its device
//   udp-tx the kernel asks for datagrams; counted is what the stack gave to its device
//   probe  one byte there and back once: is somebody listening?
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as kernel from "./kernel-sockets.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", default: "203.0.113.2" },
    port: { type: "string", default: "5003" },
    bytes: { type: "string", default: "64" },
    conns: { type: "string", default: "1" },
    warm: { type: "string", default: "0.3" },
    secs: { type: "string", default: "1" },
    // The stack's process, to say what its work cost in CPU time.
    pid: { type: "string" },
  },
});
const port = Number(values.port);
const connections = Number(values.conns);
const warmMs = Number(values.warm) * 1000;
const measureMs = Number(values.secs) * 1000;

/** Large enough that a call's cost is lost in the copy, small enough to stay in the second-level cache. */
const CHUNK = 256 * 1024;
const CALLS_IN_A_ROW = 8;
const MAX_SAMPLES = 1 << 22;

const chunk = new Uint8Array(new ArrayBuffer(CHUNK));
const chunkAddress = kernel.addressOf(chunk);
const address = kernel.socketAddress(values.host, port);
const family = address[0];
const addressAddress = kernel.addressOf(address);

function connected() {
  const fd = kernel.must(kernel.socket(family, kernel.SOCK_STREAM | kernel.SOCK_CLOEXEC, 0), "make a socket");
  kernel.setCubic(fd);
  kernel.must(kernel.connect(fd, addressAddress, address.length), `connect to ${values.host}:${port}`);
  return fd;
}

/** USER_HZ, which Linux fixes at 100 for everybody outside the kernel. */
const MS_PER_TICK = 10;

/** CPU time that the stack's process has used, in milliseconds; undefined without --pid. */
function stackCpuMs() {
  if (values.pid === undefined) return undefined;
  const stat = readFileSync(`/proc/${values.pid}/stat`, "utf8");
  // Behind the name, which may contain anything, utime and stime are the 12th and 13th word.
  const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(words[11]) + Number(words[12])) * MS_PER_TICK;
}

/** Bulk over `connections` sockets; `move` makes one call on one of them. @returns bytes, milliseconds, and retransmissions of the kernel */
function bulk(events, move, counted) {
  const fds = Array.from({ length: connections }, connected);
  const pollfds = new Int32Array(new ArrayBuffer(8 * connections));
  fds.forEach((fd, i) => {
    pollfds[2 * i] = fd;
    pollfds[2 * i + 1] = events;
  });
  const pollAddress = kernel.addressOf(pollfds);
  const moved = new Array(connections).fill(0);

  const runUntil = (endMs) => {
    while (performance.now() < endMs) {
      kernel.must(kernel.poll(pollAddress, connections, 20), "poll");
      for (let i = 0; i < connections; i++) {
        if (pollfds[2 * i + 1] >>> 16 === 0) continue;
        for (let calls = 0; calls < CALLS_IN_A_ROW; calls++) {
          const n = move(fds[i]);
          if (n === 0) throw new Error("The stack closed a bulk connection");
          if (n < 0 && kernel.errno() !== kernel.EAGAIN) throw new Error(`A bulk connection failed: errno ${kernel.errno()}`);
          if (n > 0) moved[i] += n;
          if (n < CHUNK) break;
        }
      }
    }
  };
  const totals = () => ({
    atMs: performance.now(),
    cpuMs: stackCpuMs(),
    bytes: fds.reduce((sum, fd, i) => sum + (counted?.(fd) ?? moved[i]), 0),
    retransmissions: fds.reduce((sum, fd) => sum + kernel.tcpInfo(fd).retransmissions, 0),
  });

  runUntil(performance.now() + warmMs);
  const before = totals();
  runUntil(before.atMs + measureMs);
  const after = totals();
  fds.forEach(kernel.closeAbruptly);
  const bytes = after.bytes - before.bytes;
  return {
    gbps: (bytes * 8) / 1e6 / (after.atMs - before.atMs),
    cpuMsPerGB: (after.cpuMs - before.cpuMs) / (bytes / 1e9),
    retransmissions: after.retransmissions - before.retransmissions,
  };
}

const DONT_WAIT = kernel.MSG_DONTWAIT | kernel.MSG_NOSIGNAL;

const rx = () =>
  bulk(
    kernel.POLLOUT,
    (fd) => kernel.send(fd, chunkAddress, CHUNK, DONT_WAIT),
    (fd) => kernel.tcpInfo(fd).bytesAcked,
  );

const tx = () => bulk(kernel.POLLIN, (fd) => kernel.recv(fd, chunkAddress, CHUNK, DONT_WAIT));

function exchangeByte(fd) {
  kernel.must(kernel.send(fd, chunkAddress, 1, kernel.MSG_NOSIGNAL), "send a byte");
  if (kernel.recv(fd, chunkAddress, 1, 0) !== 1) throw new Error(`No byte came back: errno ${kernel.errno()}`);
}

/** Of sorted samples. */
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

function rtt() {
  const fd = connected();
  kernel.setNoDelay(fd);
  kernel.setReceiveTimeout(fd, 2);
  const samples = new Float64Array(MAX_SAMPLES);
  for (const end = performance.now() + warmMs; performance.now() < end; ) exchangeByte(fd);

  const cpuMs = stackCpuMs();
  let count = 0;
  for (const end = performance.now() + measureMs; count < MAX_SAMPLES; count++) {
    const sentAt = performance.now();
    if (sentAt >= end) break;
    exchangeByte(fd);
    samples[count] = (performance.now() - sentAt) * 1000;
  }
  const cpuUs = ((stackCpuMs() - cpuMs) * 1000) / count;
  kernel.closeAbruptly(fd);
  const sorted = samples.subarray(0, count).sort();
  return { p50Us: quantile(sorted, 0.5), p99Us: quantile(sorted, 0.99), exchanges: count, cpuUs };
}

function rate() {
  let count = 0;
  let startMs = performance.now();
  let cpuMs = stackCpuMs();
  const warmEnd = startMs + warmMs;
  let isWarm = false;
  for (;;) {
    const now = performance.now();
    if (!isWarm && now >= warmEnd) {
      isWarm = true;
      startMs = now;
      cpuMs = stackCpuMs();
      count = 0;
    }
    if (isWarm && now >= startMs + measureMs) {
      return { perSecond: (count * 1000) / (now - startMs), connections: count, cpuUs: ((stackCpuMs() - cpuMs) * 1000) / count };
    }
    const fd = connected();
    kernel.setReceiveTimeout(fd, 2);
    kernel.shutdown(fd, kernel.SHUT_WR);
    if (kernel.recv(fd, chunkAddress, 1, 0) !== 0) throw new Error(`The stack did not answer a FIN with its own: errno ${kernel.errno()}`);
    kernel.close(fd);
    count++;
  }
}

/** Frames that the TAP's owner has written (`rx` on the kernel's side) and read (`tx`) so far. */
function frames(direction) {
  const words = /^\s*tap0:\s*(.+)$/m.exec(readFileSync("/proc/net/dev", "utf8"))[1].split(/\s+/);
  return Number(words[direction === "rx" ? 1 : 9]);
}

/** Datagrams over one socket; `move` is called again and again. @param counted frames of the device */
function datagrams(move, counted) {
  const fd = kernel.must(kernel.socket(family, kernel.SOCK_DGRAM | kernel.SOCK_CLOEXEC, 0), "make a socket");
  kernel.must(kernel.connect(fd, addressAddress, address.length), `connect to ${values.host}:${port}`);
  const runUntil = (endMs) => {
    while (performance.now() < endMs) for (let calls = 0; calls < 64; calls++) move(fd);
  };
  const totals = () => ({ atMs: performance.now(), cpuMs: stackCpuMs(), frames: counted() });
  runUntil(performance.now() + warmMs);
  const before = totals();
  runUntil(before.atMs + measureMs);
  const after = totals();
  kernel.close(fd);
  const count = after.frames - before.frames;
  return { datagramsPerSecond: (count * 1000) / (after.atMs - before.atMs), cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / count };
}

const udpRx = () =>
  datagrams(
    (fd) => kernel.send(fd, chunkAddress, Number(values.bytes), DONT_WAIT),
    () => frames("tx"),
  );

function udpTx() {
  chunk[0] = Number(values.bytes) >>> 8;
  chunk[1] = Number(values.bytes);
  let calls = 0;
  return datagrams(
    (fd) => {
      // A question now and then keeps them coming.
      if (calls++ % 4096 === 0) kernel.send(fd, chunkAddress, 2, DONT_WAIT);
      kernel.recv(fd, chunkAddress + 2, CHUNK - 2, DONT_WAIT);
    },
    () => frames("rx"),
  );
}

function probe() {
  const fd = connected();
  kernel.setReceiveTimeout(fd, 2);
  exchangeByte(fd);
  kernel.closeAbruptly(fd);
  return {};
}

const TESTS = { rx, tx, rtt, rate, "udp-rx": udpRx, "udp-tx": udpTx, probe };

const test = TESTS[positionals[0]];
if (test === undefined) {
  console.error(`Say what to do: ${Object.keys(TESTS).join(", ")}`);
  process.exit(2);
}
try {
  console.log(JSON.stringify(test()));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
  process.exitCode = 1;
}
