// What a page that looks costs the host, and what a busy host costs the page: over the loopback of a daemon's host a stream, exchanges as fast as
// they go, and a steady load of so many events a second, each without a page and with one, round by round. Needs no root and no TAP.
// `bench/run page --help`.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import WebSocket from "ws";

const HELP = `Usage: bench/run page [options]

Gbit/s of one stream in calls of 64 KiB, exchanges of one byte a second, and a steady load of exchanges that makes so many events a second,
between two awaited sockets of a daemon's host; first with no page, then with one that is open in Chromium. A ratio is the median over the rounds
of "without a page against with one" in the same round: 1.10 is a host that is slowed by a tenth. CPU is that of the daemon for each piece of
work. Of the page: the longest gap between two of its frames, what a key waits for its answer, and its heap before and after. Host and
program run on the first CPU that this process may use, the page on the second.

  --secs S      seconds of each measurement of the stream and of exchanges (default 1)
  --rounds N    rounds (default 5)
  --events N    events a second of the steady load (default 50000)
  --steady S    seconds of the steady load (default 20); it has one round
  --reader R    chromium, or ws: a program that reads all and draws nothing (default: chromium where it is installed)
  --json        one JSON document instead of the tables
  --help`;

const CHROMIUM = "/usr/bin/chromium";
const { values } = parseArgs({
  options: {
    secs: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "50000" },
    steady: { type: "string", default: "20" },
    reader: { type: "string", default: existsSync(CHROMIUM) ? "chromium" : "ws" },
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
/** Between two keys that are pressed in the page. */
const KEY_MS = 400;
const CALIBRATION_MS = 3000;
const IDLE_MS = 5000;
/** For what is on its way to the page still. */
const LATE_MS = 500;
const built = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const quantile = (numbers, share) =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0;
const MIB = 1024 * 1024;

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
  /** @param perSecond how many at most; as many as go when left out @returns what each took, in milliseconds */
  const exchange = async (untilMs, perSecond = Number.POSITIVE_INFINITY) => {
    const start = performance.now();
    const tookMs = [];
    while (performance.now() < untilMs) {
      const aheadMs = start + (tookMs.length / perSecond) * 1000 - performance.now();
      if (aheadMs > 1) await sleep(aheadMs);
      const beginMs = performance.now();
      await send(ends[0], Uint8Array.of(0));
      await recv(ends[1], 1);
      await send(ends[1], Uint8Array.of(0));
      await recv(ends[0], 1);
      tookMs.push(performance.now() - beginMs);
    }
    return { perSecond: tookMs.length / ((performance.now() - start) / 1000), p50: quantile(tookMs, 0.5), p99: quantile(tookMs, 0.99) };
  };
  console.log("ready");
  for await (const line of process.stdin) {
    const { what, ms, perSecond } = JSON.parse(String(line));
    const untilMs = performance.now() + ms;
    console.log(JSON.stringify(what === "stream" ? { perSecond: await stream(untilMs) } : await exchange(untilMs, perSecond ?? undefined)));
  }
  process.exit(0);
}

/** The first CPUs that this process may use: one for the host, one for the page. */
function cpus() {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const all = list.split(",").flatMap((part) => {
    const [from, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [all[0], all[1] ?? all[0]];
}

/** User and system, in milliseconds. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const residentMiB = (pid) => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

async function race() {
  const path = join(tmpdir(), `tapsock-bench-page-${process.pid}.sock`);
  const [hostCpu, pageCpu] = cpus();
  const onHostCpu = (args, options) => spawn("taskset", ["-c", String(hostCpu), process.execPath, ...args], options);
  const daemon = onHostCpu([built("daemon/main.js"), "--socket", path, "--page", "127.0.0.1:0", "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  // The browser gets it from this process.
  execFileSync("taskset", ["-pc", String(pageCpu), String(process.pid)], { stdio: "ignore" });
  let program;
  let reader;
  try {
    const { page } = JSON.parse(String((await once(daemon.stdout, "data"))[0]));
    program = onHostCpu([fileURLToPath(import.meta.url), "--program"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, TAPSOCK: `daemon:${path}` },
    });
    await once(program.stdout, "data");
    const measure = async (what, ms = measureMs, perSecond = null) => {
      const before = cpuMs(daemon.pid);
      program.stdin.write(`${JSON.stringify({ what, ms, perSecond })}\n`);
      const result = JSON.parse(String((await once(program.stdout, "data"))[0]));
      const usedMs = cpuMs(daemon.pid) - before;
      return { ...result, cpu: usedMs / (result.perSecond * (ms / 1000)) };
    };
    reader = values.reader === "chromium" ? await chromiumReader(page) : webSocketReader(page);
    // Until what runs is compiled.
    for (let i = 0; i < 3; i++) for (const what of ["stream", "exchange"]) await measure(what);
    const report = { stream: rows(), exchange: rows() };
    for (let round = 0; round < rounds; round++) {
      for (const what of ["stream", "exchange"]) {
        const row = report[what];
        row.alone.push(await measure(what));
        await reader.open();
        row.watched.push(await measure(what));
        const seen = await reader.seen();
        for (const key of ["told", "summedUp"]) row[key].push(seen[key] / (measureMs / 1000));
        await reader.close();
        await sleep(100);
      }
    }
    show(report, await steady({ measure, reader, daemon, page }));
  } finally {
    await reader?.end();
    program?.kill("SIGKILL");
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
    rmSync(path, { force: true });
  }
}

const rows = () => ({ alone: [], watched: [], told: [], summedUp: [] });

/** The load that makes so many events a second, without a page and with one that looks all the time. */
async function steady({ measure, reader, daemon, page }) {
  const ms = Number(values.steady) * 1000;
  if (ms === 0) return undefined;
  // What one makes, told or summed up; the first sums of a page are too few to say.
  const calibration = webSocketReader(page);
  await calibration.open();
  const { perSecond } = await measure("exchange", CALIBRATION_MS);
  await sleep(LATE_MS);
  const made = await calibration.seen();
  await calibration.close();
  const perExchange = (made.told + made.summedUp) / (perSecond * (CALIBRATION_MS / 1000));
  const wanted = Number(values.events) / perExchange;
  const alone = await measure("exchange", ms, wanted);
  await reader.open();
  const before = { host: residentMiB(daemon.pid), page: await reader.heapMiB() };
  // The page and this machine, with nothing to show.
  await reader.watch();
  await sleep(IDLE_MS);
  const idle = (await reader.seen()).page;
  await reader.watch();
  const watched = await measure("exchange", ms, wanted);
  await sleep(LATE_MS);
  const seen = await reader.seen();
  const after = { host: residentMiB(daemon.pid), page: await reader.heapMiB() };
  await reader.close();
  const seconds = ms / 1000;
  return {
    seconds,
    eventsPerSecond: Math.round(watched.perSecond * perExchange),
    exchangesPerSecond: { wanted, alone: alone.perSecond, watched: watched.perSecond, ratio: alone.perSecond / watched.perSecond },
    exchangeMs: { alone: { p50: alone.p50, p99: alone.p99 }, watched: { p50: watched.p50, p99: watched.p99 } },
    daemonCpuMs: { alone: alone.cpu, watched: watched.cpu, ratio: watched.cpu / alone.cpu },
    toldPerSecond: Math.round(seen.told / seconds),
    summedUpPerSecond: Math.round(seen.summedUp / seconds),
    page: seen.page,
    idlePage: idle,
    memoryMiB: { before, after },
  };
}

/** Reads what a page is sent, and draws nothing. */
function webSocketReader(page) {
  let visitor;
  return {
    async open() {
      visitor = await look(page);
    },
    watch: async () => {},
    seen: async () => visitor,
    heapMiB: async () => undefined,
    close: async () => visitor.socket.close(),
    end: async () => {},
  };
}

async function look(page) {
  const { host, origin, searchParams } = new URL(page);
  const socket = new WebSocket(`ws://${host}/run?token=${searchParams.get("token")}`, { origin });
  const visitor = { socket, told: 0, summedUp: 0 };
  socket.on("message", (data) => count(visitor, String(data)));
  await once(socket, "open");
  // The trace begins, and what is open is told.
  await sleep(200);
  visitor.told = visitor.summedUp = 0;
  return visitor;
}

function count(visitor, text) {
  const message = JSON.parse(text);
  if (message.type !== "events") return;
  for (const event of message.events) {
    if (event.type === "left-out") visitor.summedUp += event.events;
    else visitor.told++;
  }
}

/** The page itself, in a browser without a screen. */
async function chromiumReader(url) {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--enable-precise-memory-info"] });
  let page;
  let session;
  let keys;
  const visitor = { told: 0, summedUp: 0 };
  return {
    async open() {
      page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
      session = await page.context().newCDPSession(page);
      await session.send("Performance.enable");
      page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => count(visitor, String(payload))));
      await page.goto(url);
      await page.getByText("live", { exact: true }).first().waitFor();
      await sleep(500);
      visitor.told = visitor.summedUp = 0;
    },
    /** Notes the gaps between frames, and what keys wait for the frame behind their answer. */
    async watch() {
      await page.evaluate(() => {
        const isFirst = globalThis.watchedHere === undefined;
        const watched = isFirst ? {} : globalThis.watchedHere;
        Object.assign(watched, { gaps: [], keys: [] });
        globalThis.watchedHere = watched;
        if (!isFirst) return;
        let last = performance.now();
        const frame = (now) => {
          watched.gaps.push(now - last);
          last = now;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame((now) => {
          last = now;
          requestAnimationFrame(frame);
        });
        new PerformanceObserver((list) => {
          for (const { name, duration } of list.getEntries()) if (name === "keydown") watched.keys.push(duration);
        }).observe({ type: "event", durationThreshold: 16 });
      });
      let turn = 0;
      let isPressing = false;
      keys = setInterval(() => {
        if (isPressing) return;
        isPressing = true;
        // Ladder, packets, connection, timers: what a reader looks through.
        page.keyboard
          .press(["1", "2", "3", "5"][turn++ % 4])
          .catch(() => {})
          .finally(() => {
            isPressing = false;
          });
      }, KEY_MS);
    },
    async seen() {
      clearInterval(keys);
      const watched = await page.evaluate(() => globalThis.watchedHere);
      if (watched === undefined) return visitor;
      const { gaps, keys: waits } = watched;
      return {
        ...visitor,
        page: {
          frames: gaps.length,
          gapMs: { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99), longest: Math.max(...gaps) },
          keyMs: { slow: waits.length, p50: quantile(waits, 0.5), longest: Math.max(0, ...waits) },
        },
      };
    },
    async heapMiB() {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "JSHeapUsedSize").value / MIB;
    },
    close: () => page.context().close(),
    end: () => browser.close(),
  };
}

const rounded = (value) => Number(value.toPrecision(4));

function show(report, load) {
  const units = { stream: "Gbit/s", exchange: "exchanges/s" };
  const summary = Object.entries(report).map(([what, { alone, watched, told, summedUp }]) => ({
    what,
    unit: units[what],
    alone: rounded(median(alone.map(({ perSecond }) => perSecond))),
    watched: rounded(median(watched.map(({ perSecond }) => perSecond))),
    ratio: rounded(median(alone.map(({ perSecond }, i) => perSecond / watched[i].perSecond))),
    cpuRatio: rounded(median(alone.map(({ cpu }, i) => watched[i].cpu / cpu))),
    toldPerSecond: Math.round(median(told)),
    summedUpPerSecond: Math.round(median(summedUp)),
  }));
  if (values.json) {
    console.log(JSON.stringify({ reader: values.reader, summary, steady: load }, undefined, 2));
    return;
  }
  console.log(`Read by ${values.reader}.`);
  console.table(summary);
  if (load === undefined) return;
  const {
    seconds,
    eventsPerSecond,
    exchangesPerSecond,
    exchangeMs,
    daemonCpuMs,
    toldPerSecond,
    summedUpPerSecond,
    page,
    idlePage,
    memoryMiB,
  } = load;
  console.log(`${eventsPerSecond} events a second for ${seconds} s: ${toldPerSecond} told and ${summedUpPerSecond} summed up each second.`);
  console.table({ exchangesPerSecond, daemonCpuMs });
  console.table({ "exchange, ms, alone": exchangeMs.alone, "exchange, ms, watched": exchangeMs.watched });
  if (page !== undefined) {
    console.table({ "gap between frames, ms": page.gapMs, "the same, host idle": idlePage.gapMs });
    console.table({ "key to frame, ms": page.keyMs, "the same, host idle": idlePage.keyMs });
  }
  console.table({ "memory before, MiB": memoryMiB.before, "memory after, MiB": memoryMiB.after });
}

if (values.help) console.log(HELP);
else if (values.program) await runProgram();
else await race();
