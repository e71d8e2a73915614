// A program over one of the faces as a contestant of the race: 5001 sink, 5002 source and 5003 echo for 203.0.113.2, in calls of
// --call bytes that block, are overlapped or awaited (--face blocking, overlapped, promises), on a TAP of its own or through a tapsockd that it starts. One connection at a time on each port.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { PROGRAMS } from "./face-programs.mjs";

const { values } = parseArgs({
  options: {
    face: { type: "string", default: "blocking" },
    through: { type: "string", default: "tap" },
    call: { type: "string", default: "65536" },
    offload: { type: "string", default: "on" },
  },
});
const SINK = 5001;
const SOURCE = 5002;
const ECHO = 5003;

if (!isMainThread) {
  await serve(workerData);
} else {
  const { useNetwork } = await import("../dist/winsock/index.js");
  useNetwork(values.through === "daemon" ? await startDaemon() : "tap:tap0?ip=203.0.113.2/24");
  const callBytes = Number(values.call);
  if (values.face === "promises") await servePromises(callBytes);
  else await startThreads(values.face, callBytes);
}

/** A daemon on the TAP, which cannot outlive this process. @returns its URL */
async function startDaemon() {
  const socket = join(tmpdir(), `tapsock-bench-${process.pid}.sock`);
  const main = new URL("../dist/daemon/main.js", import.meta.url).pathname;
  const words = [process.execPath, main, "--tap", "tap0", "--socket", socket, "--offload", values.offload];
  const daemon = spawn("setpriv", ["--pdeathsig", "KILL", ...words], { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => rmSync(socket, { force: true }));
  await new Promise((resolve, reject) => {
    daemon.stdout.once("data", resolve);
    daemon.once("exit", () => reject(new Error("The daemon did not start")));
  });
  return `daemon:${socket}`;
}

/** A program for each port, in a thread of its own; the main thread keeps the network up. */
async function startThreads(face, callBytes) {
  const winsock = await import("../dist/winsock/index.js");
  const { networkUrl } = await import("../dist/network/networks.js");
  winsock.WSAStartup(winsock.MAKEWORD(2, 2), winsock.new_WSADATA());
  for (const port of [SINK, SOURCE, ECHO])
    new Worker(new URL(import.meta.url), { workerData: { face, port, callBytes, url: networkUrl() }, argv: process.argv.slice(2) });
}

async function serve({ face, port, callBytes, url }) {
  const w = await import("../dist/winsock/index.js");
  w.useNetwork(url, { process: "own" });
  w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
  const listener = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_port = w.htons(port);
  if (w.bind(listener, name, w.sizeof_sockaddr_in) !== 0 || w.listen(listener, 8) !== 0)
    throw new Error(`port ${port}: ${w.WSAGetLastError()}`);
  const { sink, source, echo } = PROGRAMS.get(face);
  for (;;) {
    const s = w.accept(listener, null, null);
    if (s === w.INVALID_SOCKET) {
      if (w.WSAGetLastError() === w.WSAECONNRESET) continue;
      return;
    }
    w.setsockopt(s, w.IPPROTO_TCP, w.TCP_NODELAY, { value: 1 }, 4);
    if (port === SINK) sink(w, s, callBytes);
    else if (port === SOURCE) source(w, s, callBytes);
    else echo(w, s, callBytes);
    w.closesocket(s);
  }
}

async function servePromises(callBytes) {
  const w = await import("../dist/winsock/promises.js");
  const piece = new Uint8Array(callBytes);
  const room = () => new Uint8Array(callBytes);
  const services = {
    [SINK]: async (s) => {
      const buffer = room();
      while ((await w.recv(s, buffer)).length > 0);
    },
    [SOURCE]: async (s) => {
      for (;;) await w.send(s, piece);
    },
    [ECHO]: async (s) => {
      const buffer = room();
      for (let bytes = await w.recv(s, buffer); bytes.length > 0; bytes = await w.recv(s, buffer)) await w.send(s, bytes);
    },
  };
  const serveOne = async (port) => {
    const listener = await w.socket();
    await w.bind(listener, { port });
    await w.listen(listener, 8);
    for (;;) {
      const accepted = await w.accept(listener).catch((error) => {
        if (error.code !== "WSAECONNRESET") throw error;
      });
      if (accepted === undefined) continue;
      const { socket: s } = accepted;
      await w.setsockopt(s, w.IPPROTO_TCP, w.TCP_NODELAY, true).catch(() => {});
      await services[port](s).catch(() => {}); // the load ends its connections abruptly
      await w.closesocket(s);
    }
  };
  await Promise.all([SINK, SOURCE, ECHO].map(serveOne));
}
