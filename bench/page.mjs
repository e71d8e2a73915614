// What a page that looks costs the host: a stream and an exchange over the loopback of a daemon's host, with no page and with one that
// reads all it is sent, round by round. Needs no root and no TAP. `node bench/page.mjs --help`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import WebSocket from "ws";

const HELP = `Usage: node bench/page.mjs [options]

Gbit/s of one stream in calls of 64 KiB, and exchanges of one byte a second, between two awaited sockets of a daemon's host; first with no
page, then with one that is open. The ratio is the median over the rounds. Beside it what the page was sent: events told, and events that
were summed up. Needs a build (npm run build).

  --secs S      seconds of each measurement (default 1)
  --rounds N    rounds (default 5)
  --json        one JSON document instead of the table
  --help`;

const { values } = parseArgs({
  options: {
    secs: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean" },
    help: { type: "boolean" },
    /** This program, started by itself: the sockets. */
    program: { type: "boolean" },
  },
});
const measureMs = Number(values.secs) * 1000;
const rounds = Number(values.rounds);
const CALL_BYTES = 64 * 1024;
/** All other bytes of a stream are 0. */
const END = 1;
const built = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Measures what it is told to on its input, a word a line, and answers with a number. */
async function runProgram() {
  const { accept, bind, connect, getsockname, listen, recv, send, socket } = await import(built("winsock/promises.js"));
  const listener = await socket();
  await bind(listener, { address: "127.0.0.1", port: 0 });
  await listen(listener);
  const { port } = await getsockname(listener);
  const near = await socket();
  const accepted = accept(listener);
  await connect(near, { address: "127.0.0.1", port });
  const far = await accepted;
  const ends = [near, far.socket ?? far];
  const buffer = new Uint8Array(CALL_BYTES);
  const stream = async (untilMs) => {
    let bytes = 0;
    let isOver = false;
    const sending = (async () => {
      while (!isOver) await send(ends[0], buffer);
      await send(ends[0], Uint8Array.of(END));
    })();
    const start = performance.now();
    while (performance.now() < untilMs) bytes += (await recv(ends[1], CALL_BYTES)).length;
    const seconds = (performance.now() - start) / 1000;
    isOver = true;
    // What is on its way still, so that the next measurement finds an empty stream.
    for (let last; last !== END; ) last = (await recv(ends[1], CALL_BYTES)).at(-1);
    await sending;
    return (bytes * 8) / seconds / 1e9;
  };
  const exchange = async (untilMs) => {
    const start = performance.now();
    let count = 0;
    while (performance.now() < untilMs) {
      await send(ends[0], Uint8Array.of(0));
      await recv(ends[1], 1);
      await send(ends[1], Uint8Array.of(0));
      await recv(ends[0], 1);
      count++;
    }
    return count / ((performance.now() - start) / 1000);
  };
  console.log("ready");
  for await (const line of process.stdin) {
    const what = String(line).trim() === "stream" ? stream : exchange;
    console.log(await what(performance.now() + measureMs));
  }
  process.exit(0);
}

async function race() {
  const path = join(tmpdir(), `tapsock-bench-page-${process.pid}.sock`);
  const daemon = spawn(process.execPath, [built("daemon/main.js"), "--socket", path, "--page", "127.0.0.1:0", "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let program;
  try {
    const { page } = JSON.parse(String((await once(daemon.stdout, "data"))[0]));
    program = spawn(process.execPath, [fileURLToPath(import.meta.url), "--program", "--secs", values.secs], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, TAPSOCK: `daemon:${path}` },
    });
    await once(program.stdout, "data");
    const measure = async (what) => {
      program.stdin.write(`${what}\n`);
      return Number(String((await once(program.stdout, "data"))[0]));
    };
    // Until what runs is compiled.
    for (let i = 0; i < 3; i++) for (const what of ["stream", "exchange"]) await measure(what);
    const report = { stream: rows(), exchange: rows() };
    for (let round = 0; round < rounds; round++) {
      for (const what of ["stream", "exchange"]) {
        const row = report[what];
        row.alone.push(await measure(what));
        const visitor = await look(page);
        row.watched.push(await measure(what));
        for (const key of ["told", "summedUp"]) row[key].push(visitor[key] / (measureMs / 1000));
        visitor.socket.close();
        await sleep(100);
      }
    }
    show(report);
  } finally {
    program?.kill("SIGKILL");
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
    rmSync(path, { force: true });
  }
}

const rows = () => ({ alone: [], watched: [], told: [], summedUp: [] });

async function look(page) {
  const { host, origin, searchParams } = new URL(page);
  const socket = new WebSocket(`ws://${host}/run?token=${searchParams.get("token")}`, { origin });
  const visitor = { socket, told: 0, summedUp: 0 };
  socket.on("message", (data) => {
    const message = JSON.parse(String(data));
    if (message.type !== "events") return;
    for (const event of message.events) {
      if (event.type === "left-out") visitor.summedUp += event.events;
      else visitor.told++;
    }
  });
  await once(socket, "open");
  // The trace begins, and what is open is told.
  await sleep(200);
  visitor.told = visitor.summedUp = 0;
  return visitor;
}

function show(report) {
  const units = { stream: "Gbit/s", exchange: "exchanges/s" };
  const summary = Object.entries(report).map(([what, row]) => ({
    what,
    unit: units[what],
    alone: median(row.alone),
    watched: median(row.watched),
    ratio: median(row.watched.map((each, i) => each / row.alone[i])),
    toldPerSecond: Math.round(median(row.told)),
    summedUpPerSecond: Math.round(median(row.summedUp)),
  }));
  if (values.json) console.log(JSON.stringify(summary, undefined, 2));
  else console.table(summary);
}

if (values.help) console.log(HELP);
else if (values.program) await runProgram();
else await race();
