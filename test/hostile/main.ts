import { parseArgs } from "node:util";
import { countOption } from "../support/count-option.ts";
import { HostileFailure, type HostileOutcome, HostileRun } from "./hostile-run.ts";

const HELP = `Usage: npm run hostile -- [--frames N] [--seed N] [--each N] [--json]

Sends valid and hostile frames of every format to a host in virtual time, and ends at the first that it does not stand: an exception, a
broken invariant of TCP, a cache beyond its bounds, a frame that it should not have sent, a drop without a name. Everything follows from the
seed; the next seed and a new host come after every so many frames.

  --frames N  how many in all; 1000000 unless given
  --seed N    of the first host; 1 unless given
  --each N    frames for each host; 100000 unless given
  --json      what came out, as JSON, and no progress

Examples:
  npm run hostile -- --frames 10000000 --seed 7
  npm run hostile -- --seed 12 --frames 40321    (one failure again, as it was told)`;

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    each: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const PROGRESS_MS = 5000;

if (values.help) console.log(HELP);
else main(countOption(values.frames, "frames"), countOption(values.seed, "seed"), Math.max(1, countOption(values.each, "each")));

function main(frames: number, firstSeed: number, each: number): void {
  const began = performance.now();
  const outcomes: HostileOutcome[] = [];
  let sent = 0;
  let told = began;
  let heapBytes = 0;
  const progress = (inThis: number) => {
    if (values.json || performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    const perSecond = Math.round(((sent + inThis) * 1000) / (told - began));
    console.error(`${sent + inThis} of ${frames} frames, ${perSecond} a second, seed ${firstSeed + outcomes.length}`);
  };
  try {
    for (let seed = firstSeed; sent < frames; seed++) {
      const run = new HostileRun(seed);
      const share = Math.min(each, frames - sent);
      while (run.frames < share) {
        run.send(Math.min(1000, share - run.frames));
        progress(run.frames);
      }
      sent += run.frames;
      heapBytes = Math.max(heapBytes, process.memoryUsage().heapUsed);
      outcomes.push(run.outcome);
    }
  } catch (error) {
    if (!(error instanceof HostileFailure)) throw error;
    if (values.json)
      console.log(JSON.stringify({ failed: { seed: error.seed, frames: error.frames, message: error.message } }, undefined, 2));
    console.error(`${error.message}\n\nOnce more: npm run hostile -- --seed ${error.seed} --frames ${error.frames} --each ${error.frames}`);
    process.exitCode = 1;
    return;
  }
  const seconds = (performance.now() - began) / 1000;
  const all = {
    firstSeed,
    seeds: outcomes.length,
    frames: sent,
    seconds,
    mostHeapBytes: heapBytes,
    emitted: added(outcomes.map(({ emitted }) => ({ emitted })))["emitted"] ?? 0,
    byFormat: added(outcomes.map(({ byFormat }) => byFormat)),
    byMutation: added(outcomes.map(({ byMutation }) => byMutation)),
    verdicts: added(outcomes.map(({ verdicts }) => verdicts)),
    digests: Object.fromEntries(outcomes.map(({ seed, digest }) => [seed, digest])),
  };
  if (values.json) console.log(JSON.stringify(all, undefined, 2));
  else {
    const rate = Math.round(sent / seconds);
    console.log(
      `${sent} frames from seeds ${firstSeed} to ${firstSeed + outcomes.length - 1} in ${seconds.toFixed(1)} s, ${rate} a second;`,
    );
    console.log(`the host sent ${all.emitted}, and stood all of it. At most ${(heapBytes / 1e6).toFixed(0)} MB of heap.\n`);
    for (const [verdict, count] of Object.entries(all.verdicts)) console.log(`${String(count).padStart(10)}  ${verdict}`);
  }
}

/** Counts of several runs as one, the greatest first. */
function added(each: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const counts of each) for (const [what, count] of Object.entries(counts)) sums.set(what, (sums.get(what) ?? 0) + count);
  return Object.fromEntries([...sums].sort(([, a], [, b]) => b - a));
}
