// What the faces give beside the stack itself: one table over bench/loopback.mjs (embedded) and bench/race.mjs (on a TAP, through a daemon).
// Start it through bench/run, which puts it into a network namespace and builds what it needs: `npm run bench:faces -- --help`.
import { spawn } from "node:child_process";
import { availableParallelism, release } from "node:os";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run bench:faces -- [options]          (or: bench/run faces [options])

Bytes each second and microseconds of an exchange that programs over tapsock/winsock get, in calls of 64 KiB that block, and overlapped
with four transfers in flight and a completion port; embedded, on a TAP and through a daemon on a TAP. Beside each stands the stack by
itself, measured in the same round, and the ratio: 1 is as fast, 0.5 half as fast. On the TAP the other end is the Linux kernel. Everything
happens in network namespaces that vanish with the run.

  --only A,B       only these: embedded tap daemon (default: all)
  --rounds N       rounds in which everything is measured once (default 3)
  --secs S         seconds that each measurement takes, without its warm-up (default 1)
  --warm S         seconds of load before the first measurement of each, in which every thread compiles what it runs (default 5)
  --json           one JSON document on standard output instead of the table; progress goes to standard error in any case
  --help

Examples:
  npm run bench:faces                                 some 4 minutes
  bench/run faces --only embedded --rounds 5          needs no TAP's throughput to be steady
  bench/run faces --only tap,daemon --secs 2 --json > today.json

What to aim for: bulk at 0.5 of the stack embedded and on a TAP, 0.3 through a daemon, at the least; 0.8 and 0.6 are the aim.
Exit status: 0 measured, 1 something could not be measured, 2 wrong usage, 130 or 143 interrupted.`;

const LEAST = { embedded: 0.5, tap: 0.5, daemon: 0.3 };
const AIM = { embedded: 0.8, tap: 0.8, daemon: 0.6 };
const WAYS = Object.keys(LEAST);
const FACES = ["blocking", "overlapped"];
/** The race's names of its contestants. */
const CONTESTANT = {
  tap: (face) => `${face}-64k`,
  daemon: (face) => `daemon-${face}-64k`,
};
/** The race's tests, in our words. */
const TESTS = { rx1: "receive", tx1: "send", rtt: "exchange" };

function usageError(message) {
  console.error(`${message}\nSee bench/run faces --help.`);
  process.exit(2);
}

function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: "string", default: WAYS.join(",") },
        rounds: { type: "string", default: "3" },
        secs: { type: "string", default: "1" },
        warm: { type: "string", default: "5" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    usageError(error.message);
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const only = values.only.split(",");
  const unknown = only.find((way) => !WAYS.includes(way));
  if (unknown !== undefined) usageError(`--only "${unknown}": expected some of ${WAYS.join(", ")}`);
  if (!/^[1-9]\d{0,2}$/.test(values.rounds)) usageError(`--rounds "${values.rounds}": expected 1 to 999`);
  const secs = Number(values.secs);
  if (!(secs >= 0.1 && secs <= 60)) usageError(`--secs "${values.secs}": expected 0.1 to 60`);
  const warm = Number(values.warm);
  if (!(warm >= 0 && warm <= 60)) usageError(`--warm "${values.warm}": expected 0 to 60`);
  return { ways: WAYS.filter((way) => only.includes(way)), rounds: values.rounds, secs: values.secs, warm: values.warm, json: values.json };
}

let child;

/** Runs another benchmark. @returns its document */
async function measured(program, ...words) {
  // Its own clean-up ends what it started; this only sees to it that it does not outlive us.
  const command = ["--pdeathsig", "TERM", process.execPath, new URL(program, import.meta.url).pathname, ...words, "--json"];
  child = spawn("setpriv", command, { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text) => {
    printed += text;
  });
  await new Promise((done) => {
    child.on("close", done);
    child.on("error", done);
  });
  child = undefined;
  return printed === "" ? undefined : JSON.parse(printed);
}

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.on(signal, () => {
    child?.kill("SIGTERM");
    process.exit(status);
  });
}

/** @returns rows of { way, face, what, unit, value, stack, ratio, cpuRatio } */
async function embedded({ rounds, secs, warm }) {
  const words = ["--calls", "64", "--through", "embedded", "--faces", FACES.join(","), "--rounds", rounds, "--secs", secs, "--warm", warm];
  const document = await measured("loopback.mjs", ...words);
  if (document === undefined) return undefined;
  const find = (who) => document.rows.find((row) => row.who === who);
  const stack = find("stack");
  return FACES.flatMap((face) => {
    const { gbps, ratio, cpuRatio, p50Us } = find(`${face}, embedded`);
    const row = { way: "embedded", face };
    return [
      { ...row, what: "stream", unit: "Gbit/s", value: gbps, stack: stack.gbps, ratio, cpuRatio },
      { ...row, what: "exchange", unit: "µs p50", value: p50Us, stack: stack.p50Us, ratio: stack.p50Us / p50Us },
    ];
  });
}

async function onTap(ways, { rounds, secs, warm }) {
  const names = ways.flatMap((way) => FACES.map((face) => CONTESTANT[way](face)));
  const words = ["--stacks", ["tapsock", ...names].join(","), "--against", "tapsock", "--only", Object.keys(TESTS).join(",")];
  const document = await measured("race.mjs", ...words, "--rounds", rounds, "--secs", secs, "--warm", warm);
  if (document === undefined || Object.keys(document.failures).length > 0) return undefined;
  const result = (test, unit) => document.results.find((each) => each.test === test && each.unit === unit);
  return ways.flatMap((way) =>
    FACES.flatMap((face) =>
      Object.entries(TESTS).map(([test, what]) => {
        const unit = what === "exchange" ? "µs p50" : "Gbit/s";
        const { stacks } = result(test, unit);
        const { median: value, ratio } = stacks[CONTESTANT[way](face)];
        // Through a daemon the program's CPU time is not all that there is.
        const cpu = what === "exchange" || way === "daemon" ? undefined : result(test, "CPU ms/GB").stacks[CONTESTANT[way](face)].ratio;
        return { way, face, what, unit, value, stack: stacks.tapsock.median, ratio, ...(cpu !== undefined && { cpuRatio: cpu }) };
      }),
    ),
  );
}

function verdict({ way, what, ratio }) {
  if (what === "exchange") return "";
  if (ratio >= AIM[way]) return "the aim";
  return ratio >= LEAST[way] ? "" : `less than ${LEAST[way]}`;
}

function table(rows, { rounds, secs }) {
  const cells = rows.map((row) => [
    row.way,
    row.face,
    `${row.what}, ${row.unit}`,
    row.value.toFixed(1),
    row.stack.toFixed(1),
    row.ratio.toFixed(2),
    row.cpuRatio?.toFixed(2) ?? "–",
    verdict(row),
  ]);
  const all = [["where", "calls of 64 KiB", "what", "program", "stack", "program / stack", "by CPU time", ""], ...cells];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const about = `Medians of ${rounds} × ${secs} s, ${availableParallelism()} CPUs, Node ${process.version}, Linux ${release()}. Exchange: one byte there and back.`;
  return [line(all[0]), rule, ...all.slice(1).map(line), "", about].join("\n");
}

const wanted = options();
const parts = [];
if (wanted.ways.includes("embedded")) parts.push(await embedded(wanted));
const outside = wanted.ways.filter((way) => way !== "embedded");
if (outside.length > 0) parts.push(await onTap(outside, wanted));
const rows = parts.flatMap((part) => part ?? []);
if (wanted.json)
  console.log(JSON.stringify({ rounds: Number(wanted.rounds), secs: Number(wanted.secs), least: LEAST, aim: AIM, rows }, undefined, 2));
else console.log(`\n${table(rows, wanted)}`);
process.exit(parts.includes(undefined) ? 1 : 0);
