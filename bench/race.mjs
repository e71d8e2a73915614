// The race of bench/README.md. Start it through bench/run, which puts it into a network namespace and builds what it needs.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { parseArgs } from "node:util";
import { BenchNamespace } from "./bench-namespace.mjs";

const HELP = `Usage: bench/run [options]          (or: npm run bench -- [options])

Races our stack, a fake-TCP pump (the ceiling of the path from Node) and the kernel's own TCP, each against the Linux kernel.
Everything happens in network namespaces that vanish with the run.

  --rounds N       rounds, in which every test meets every contestant once (default 3)
  --secs S         seconds that each measurement takes, without its warm-up (default 0.75)
  --warm S         seconds of load before a contestant's first measurement of each test, so that its code is compiled (default 0): programs over
                   the faces run in several threads, each of which compiles for itself
  --only A,B       only these tests: rx1 tx1 rx8 tx8 rtt rtt-pinned rate udp-rx-64 udp-rx-1400 udp-tx-64
                   udp-tx-1400 (datagrams of 64 and 1400 bytes; tapsock and pump only)
  --stacks A,B     these contestants: tapsock tapsock6 (the same over IPv6) pump kernel, or programs over the faces, beside tapsock: blocking-64k blocking-256k
                   overlapped-64k promises-64k promises-256k daemon-blocking-64k daemon-blocking-256k daemon-overlapped-64k
                   daemon-promises-64k (default: tapsock,pump,kernel)
  --against NAME   whom the ratios are against (default pump)
  --offload on|off whether the TAP cuts and merges segments (default on); off sends frames of the MTU, and leaves the kernel out
  --json           one JSON document on standard output instead of the table; progress goes to standard error in any case
  --help

Examples:
  npm run bench                                        about 80 seconds
  bench/run --only tx1,rx1 --rounds 5 --secs 2         bulk on one connection, measured longer
  bench/run --offload off                              what the path gives without super-segments
  bench/run --json > today.json

Exit status: 0 measured, 1 a contestant failed, 2 wrong usage, 130 or 143 interrupted.`;

/** `better` says which way is faster; a test's first metric is what its progress line shows. */
const METRICS = {
  gbps: { unit: "Gbit/s", better: "more", digits: 2 },
  p50Us: { unit: "µs p50", better: "less", digits: 1 },
  p99Us: { unit: "µs p99", better: "less", digits: 1 },
  perSecond: { unit: "conn/s", better: "more", digits: 0 },
  datagramsPerSecond: { unit: "datagrams/s", better: "more", digits: 0 },
  cpuMsPerGB: { unit: "CPU ms/GB", better: "less", digits: 0 },
  cpuUs: { unit: "CPU µs each", better: "less", digits: 1 },
};

const BULK_WARM_S = 0.25;
const WARM_S = 0.1;
/** The compiler takes its time with what runs once a connection. */
const RATE_WARM_S = 0.4;
const TESTS = {
  rx1: { mode: "rx", port: 5001, connections: 1, warmS: BULK_WARM_S, metrics: ["gbps", "cpuMsPerGB"] },
  tx1: { mode: "tx", port: 5002, connections: 1, warmS: BULK_WARM_S, metrics: ["gbps", "cpuMsPerGB"] },
  rx8: { mode: "rx", port: 5001, connections: 8, warmS: BULK_WARM_S, metrics: ["gbps", "cpuMsPerGB"] },
  tx8: { mode: "tx", port: 5002, connections: 8, warmS: BULK_WARM_S, metrics: ["gbps", "cpuMsPerGB"] },
  rtt: { mode: "rtt", port: 5003, connections: 1, warmS: WARM_S, metrics: ["p50Us", "p99Us", "cpuUs"] },
  "rtt-pinned": { mode: "rtt", port: 5003, connections: 1, warmS: WARM_S, metrics: ["p50Us", "p99Us", "cpuUs"], isOnOneCpu: true },
  ...Object.fromEntries(
    ["rx", "tx"].flatMap((way) =>
      [64, 1400].map((bytes) => [
        `udp-${way}-${bytes}`,
        {
          mode: `udp-${way}`,
          port: way === "rx" ? 5004 : 5005,
          connections: 1,
          bytes,
          warmS: BULK_WARM_S,
          metrics: ["datagramsPerSecond", "cpuUs"],
          stacks: ["tapsock", "tapsock6", "pump"],
        },
      ]),
    ),
  ),
  rate: { mode: "rate", port: 5003, connections: 1, warmS: RATE_WARM_S, metrics: ["perSecond", "cpuUs"], isOnOneCpu: true },
};

const file = (name) => new URL(name, import.meta.url).pathname;
/** A program over a face: its threads may use all CPUs, as a user's would. */
const program = (face, through, callKiB) => ({
  link: "tap",
  isThreaded: true,
  command: (offload) => [
    process.execPath,
    file("face-contestant.mjs"),
    ...["--face", face, "--through", through, "--call", String(callKiB * 1024), "--offload", offload],
  ],
});
const STACKS = {
  tapsock: { link: "tap", command: (offload) => [file("contestant"), "--offload", offload] },
  tapsock6: { link: "tap", host: "2001:db8::2", command: (offload) => [file("contestant"), "--offload", offload] },
  pump: { link: "tap", command: (offload) => [process.execPath, file("fake-tcp-pump.mjs"), "--offload", offload] },
  kernel: { link: "veth", command: () => [process.execPath, file("kernel-contestant.mjs")] },
  "blocking-64k": program("blocking", "tap", 64),
  "blocking-256k": program("blocking", "tap", 256),
  "overlapped-64k": program("overlapped", "tap", 64),
  "promises-64k": program("promises", "tap", 64),
  "promises-256k": program("promises", "tap", 256),
  "daemon-blocking-64k": program("blocking", "daemon", 64),
  "daemon-blocking-256k": program("blocking", "daemon", 256),
  "daemon-overlapped-64k": program("overlapped", "daemon", 64),
  "daemon-promises-64k": program("promises", "daemon", 64),
};
/** Who races when nobody was named: stacks, not the programs over ours. */
const USUAL = ["tapsock", "pump", "kernel"];

const KERNEL_SIDE = "203.0.113.1/24";
const KERNEL_SIDE_6 = "2001:db8::1/64";
const STACK_SIDE = "203.0.113.2/24";
const START_LIMIT_MS = 15_000;
/** Beyond its own time, before a load counts as hung. */
const LOAD_GRACE_MS = 5000;

function usageError(message) {
  console.error(`${message}\nSee bench/run --help.`);
  process.exit(2);
}

function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        rounds: { type: "string", default: "3" },
        secs: { type: "string", default: "0.75" },
        warm: { type: "string", default: "0" },
        only: { type: "string" },
        stacks: { type: "string" },
        offload: { type: "string", default: "on" },
        against: { type: "string", default: "pump" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    usageError(error.message);
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) usageError(`--rounds "${values.rounds}": expected 1 to 100`);
  const secs = Number(values.secs);
  if (!(secs >= 0.1 && secs <= 60)) usageError(`--secs "${values.secs}": expected 0.1 to 60`);
  const warm = Number(values.warm);
  if (!(warm >= 0 && warm <= 60)) usageError(`--warm "${values.warm}": expected 0 to 60`);
  if (values.offload !== "on" && values.offload !== "off") usageError(`--offload "${values.offload}": expected on or off`);
  const tests = chosen("--only", values.only, Object.keys(TESTS));
  const stacks = chosen("--stacks", values.stacks, Object.keys(STACKS), USUAL).filter(
    (name) => values.offload === "on" || STACKS[name].link === "tap",
  );
  if (!(values.against in STACKS)) usageError(`--against "${values.against}": expected one of ${Object.keys(STACKS).join(", ")}`);
  return { rounds, secs, warm, tests, stacks, offload: values.offload, against: values.against, json: values.json };
}

function chosen(flag, list, all, usual = all) {
  if (list === undefined) return usual;
  const names = list.split(",");
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) usageError(`${flag} "${unknown}": expected some of ${all.join(", ")}`);
  return all.filter((name) => names.includes(name));
}

/** The CPUs that this process may use: the stack gets the first, the load the second, or both the only one. */
function usableCpus() {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync("/proc/self/status", "utf8"))[1];
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const cpus = usableCpus();
const stackCpu = cpus[0];
const loadCpu = cpus[1] ?? cpus[0];
const onCpu = (cpu, ...command) => ["taskset", "-c", String(cpu), ...command];

/** What is to be ended with the run, whichever way it ends. */
const namespaces = [];
const children = new Set();

/** A child that cannot outlive this process, not even a killed one. */
function start(command, stdout) {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], { stdio: ["ignore", stdout, "pipe"] });
  children.add(child);
  child.complaint = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text) => {
    child.complaint = (child.complaint + text).slice(-2000);
  });
  child.on("error", (error) => {
    child.complaint += error.message;
    children.delete(child);
  });
  child.on("exit", () => children.delete(child));
  return child;
}

function cleanUp() {
  for (const child of children) child.kill("SIGKILL");
  for (const namespace of namespaces) namespace.end();
}

/** One contestant, alive in a namespace of its own; between its tests it waits and uses no CPU. */
class Contestant {
  name;
  failure;
  #process;
  #loadSide;

  static async start(name, offload) {
    const contestant = new Contestant();
    contestant.name = name;
    const { link, command, isThreaded } = STACKS[name];
    const namespace = await makeNamespace();
    contestant.#loadSide = namespace;
    let stackSide = namespace;
    if (link === "tap") {
      namespace.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
    } else {
      stackSide = await makeNamespace();
      namespace.run("ip", "link", "add", "tap0", "type", "veth", "peer", "name", "veth0", "netns", String(stackSide.pid));
      stackSide.run("ip", "addr", "add", STACK_SIDE, "dev", "veth0");
      stackSide.run("ip", "link", "set", "veth0", "up");
    }
    namespace.run("ip", "addr", "add", KERNEL_SIDE, "dev", "tap0");
    namespace.run("ip", "addr", "add", KERNEL_SIDE_6, "dev", "tap0", "nodad");
    namespace.run("ip", "link", "set", "tap0", "up", "mtu", "1500");
    contestant.#process = start(stackSide.inside(...(isThreaded ? command(offload) : onCpu(stackCpu, ...command(offload)))), "ignore");
    await contestant.#ready();
    return contestant;
  }

  async #ready() {
    const giveUpAt = performance.now() + START_LIMIT_MS;
    while (performance.now() < giveUpAt && !this.#isOver) {
      const answer = await this.load(["probe"], 5, loadCpu);
      if (answer.error === undefined) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    this.failure = `does not answer. ${this.#process.complaint.trim()}`;
  }

  get #isOver() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Largest resident set so far, in MiB. */
  get peakMemoryMb() {
    try {
      const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
      return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)[1]) / 1024);
    } catch {
      return undefined;
    }
  }

  /** Runs the load generator. @returns what it printed, or `{ error }` */
  async load(words, limitS, cpu) {
    const command = onCpu(cpu, process.execPath, file("kernel-load.mjs"), ...hostOf(this.name), ...words);
    const child = start(this.#loadSide.inside(...command), "pipe");
    let printed = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text) => {
      printed += text;
    });
    const limit = setTimeout(() => child.kill("SIGKILL"), limitS * 1000 + LOAD_GRACE_MS);
    await new Promise((done) => {
      child.on("close", done);
      child.on("error", done);
    });
    clearTimeout(limit);
    if (this.#isOver) return { error: `ended. ${this.#process.complaint.trim()}` };
    try {
      return JSON.parse(printed);
    } catch {
      return { error: `the load ended without a result. ${child.complaint.trim()}` };
    }
  }

  async measure(test, secs, extraWarmS) {
    const { mode, port, connections, bytes = 0, warmS, isOnOneCpu } = TESTS[test];
    const words = [
      mode,
      "--port",
      port,
      "--conns",
      connections,
      "--bytes",
      bytes,
      "--warm",
      warmS + extraWarmS,
      "--secs",
      secs,
      "--pid",
      this.#process.pid,
    ].map(String);
    const result = await this.load(words, warmS + extraWarmS + secs, isOnOneCpu ? stackCpu : loadCpu);
    if (result.error !== undefined) this.failure = `${test}: ${result.error}`;
    return result;
  }
}

const hostOf = (name) => (STACKS[name].host === undefined ? [] : ["--host", STACKS[name].host]);

async function makeNamespace() {
  const namespace = await BenchNamespace.make();
  namespaces.push(namespace);
  return namespace;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Results by test and contestant, one entry a round, undefined where it failed. */
class Scores {
  #samples = new Map();
  #yardstick;

  /** @param {string} yardstick whom the others are compared with */
  constructor(yardstick) {
    this.#yardstick = yardstick;
  }

  add(test, stack, result) {
    const key = `${test} ${stack}`;
    this.#samples.set(key, [...(this.#samples.get(key) ?? []), result]);
  }

  of(test, stack, metric) {
    return (this.#samples.get(`${test} ${stack}`) ?? []).map((result) => result[metric]);
  }

  summary(test, stack, metric) {
    const samples = this.of(test, stack, metric).filter(Number.isFinite);
    if (samples.length === 0) return undefined;
    return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples };
  }

  /** How fast against the yardstick, round by round: 1 is as fast, 0.5 half as fast, whichever way the unit counts. */
  ratio(test, stack, metric) {
    const yardstick = this.of(test, this.#yardstick, metric);
    const ratios = this.of(test, stack, metric)
      .map((n, round) => (METRICS[metric].better === "more" ? n / yardstick[round] : yardstick[round] / n))
      .filter(Number.isFinite);
    return ratios.length === 0 ? undefined : median(ratios);
  }
}

function document(scores, contestants, { tests, rounds, secs, offload, against }) {
  const results = tests.flatMap((test) =>
    TESTS[test].metrics.map((metric) => ({
      test,
      unit: METRICS[metric].unit,
      better: METRICS[metric].better,
      stacks: Object.fromEntries(
        contestants.map(({ name }) => [name, { ...scores.summary(test, name, metric), ratio: scores.ratio(test, name, metric) }]),
      ),
    })),
  );
  return {
    machine: { cpus: availableParallelism(), node: process.version, kernel: release() },
    rounds,
    secs,
    offload,
    against,
    results,
    peakMemoryMb: Object.fromEntries(contestants.map((c) => [c.name, c.peakMemoryMb])),
    failures: Object.fromEntries(contestants.filter((c) => c.failure !== undefined).map((c) => [c.name, c.failure])),
  };
}

function table({ results, peakMemoryMb, rounds, secs, offload, against, machine }, stacks) {
  const ours = stacks.filter((name) => name !== against && stacks.includes(against));
  const rows = [["test", ...stacks, ...ours.map((name) => `${name} / ${against}`)]];
  for (const { test, unit, stacks: scores } of results) {
    const { digits } = Object.values(METRICS).find((metric) => metric.unit === unit);
    const cell = (score) =>
      score?.median === undefined
        ? "failed"
        : `${score.median.toFixed(digits)} (${score.min.toFixed(digits)}–${score.max.toFixed(digits)})`;
    rows.push([
      `${test}, ${unit}`,
      ...stacks.map((name) => (TESTS[test].stacks?.includes(name) === false ? "–" : cell(scores[name]))),
      ...ours.map((name) => scores[name].ratio?.toFixed(2) ?? "–"),
    ]);
  }
  rows.push(["peak memory, MiB", ...stacks.map((name) => String(peakMemoryMb[name] ?? "–")), ...ours.map(() => "")]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const about = `Median (min–max) of ${rounds} × ${secs} s, offloads ${offload}, ${machine.cpus} CPUs, Node ${machine.node}, Linux ${machine.kernel}.`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line), "", about].join("\n");
}

async function race() {
  const wanted = options();
  const say = (text) => process.stderr.write(`${text}\n`);
  const began = performance.now();
  if (cpus.length < 2) say("Only one CPU: stack and load share it, so the figures are lower and only the ratios mean something.");

  const contestants = [];
  for (const name of wanted.stacks) {
    say(`starting ${name}`);
    contestants.push(await Contestant.start(name, wanted.offload));
  }
  const scores = new Scores(wanted.against);
  const steps = wanted.rounds * wanted.tests.length * contestants.length;
  let step = 0;
  for (let round = 0; round < wanted.rounds; round++) {
    for (const test of wanted.tests) {
      // Another begins in each round, so that none always runs on what another left behind.
      for (let i = 0; i < contestants.length; i++) {
        const contestant = contestants[(i + round) % contestants.length];
        step++;
        if (TESTS[test].stacks?.includes(contestant.name) === false) continue;
        const extraWarmS = round === 0 ? wanted.warm : 0;
        const result = contestant.failure === undefined ? await contestant.measure(test, wanted.secs, extraWarmS) : {};
        scores.add(test, contestant.name, result);
        const [metric] = TESTS[test].metrics;
        const shown = result[metric] === undefined ? "failed" : `${result[metric].toFixed(METRICS[metric].digits)} ${METRICS[metric].unit}`;
        const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(3);
        say(`${seconds} s  ${String(step).padStart(3)}/${steps}  ${test.padEnd(10)} ${contestant.name.padEnd(8)} ${shown}`);
      }
    }
  }
  const outcome = document(scores, contestants, wanted);
  console.log(wanted.json ? JSON.stringify(outcome, undefined, 2) : `\n${table(outcome, wanted.stacks)}`);
  for (const [name, failure] of Object.entries(outcome.failures)) say(`FAILED: ${name} ${failure}`);
  return Object.keys(outcome.failures).length === 0 ? 0 : 1;
}

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.on(signal, () => {
    cleanUp();
    process.exit(status);
  });
}

let status = 1;
try {
  status = await race();
} finally {
  cleanUp();
}
process.exit(status);
