// What a hostile frame costs the host beside a valid one of its format: npx tsx bench/hostile.ts [--frames N] [--seed N] [--json]
// Messages are made before they are timed. A ratio says how many valid frames one hostile frame of that class is worth.
import { parseArgs } from "node:util";
import { SeededRandom } from "../src/stack/core/random.ts";
import { FORMATS } from "../test/hostile/formats.ts";
import { MUTATIONS, mutate } from "../test/hostile/mutations.ts";
import { Victim } from "../test/hostile/victim.ts";

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const wanted = Number(values.frames);
const seed = Number(values.seed);
if (!(Number.isInteger(wanted) && wanted > 0 && Number.isInteger(seed))) {
  console.error(
    "Usage: npx tsx bench/hostile.ts [--frames N] [--seed N] [--json]: expected whole numbers, N frames of each format and class",
  );
  process.exit(2);
}

const VALID = "none";
/** Rounds over all classes, so that none is timed while the compiler is at work only. */
const ROUNDS = 5;

const victim = new Victim(seed);
const random = new SeededRandom(seed);
const costs = new Map<string, number[]>();

/** Of the samples, the dearest are the collector's and the machine's. */
const TRIMMED = 0.05;

/** Sends so many frames of this format and class, and notes the microseconds that each took. */
function sample(format: string, mutation: string, into: number[]): void {
  const isOfDhcp = format === "DHCP reply";
  const device = victim.devices[isOfDhcp ? 1 : 0];
  const attacker = { random, overheard: victim.overheard, mac: device.mac, isOfDhcp };
  let frames = 0;
  while (frames < wanted / ROUNDS) {
    const message = mutate(mutation, FORMATS[format]!(attacker), attacker);
    if (message.length === 0) break;
    frames += message.length;
    const began = performance.now();
    device.offer(message);
    victim.settle();
    into.push(((performance.now() - began) * 1000) / message.length);
    // So that limits on answers do not make the later ones cheap.
    victim.advance(1);
  }
}

const classes = [VALID, ...Object.keys(MUTATIONS).filter((name) => name !== VALID)];
/** The first warms the compiler up. */
for (let round = -1; round < ROUNDS; round++) {
  for (const format of Object.keys(FORMATS)) {
    for (const mutation of classes) {
      const key = `${format}\t${mutation}`;
      const samples = round < 0 ? [] : (costs.get(key) ?? []);
      sample(format, mutation, samples);
      costs.set(key, samples);
    }
  }
}

function trimmedMean(samples: readonly number[]): number {
  const kept = [...samples].sort((a, b) => a - b).slice(0, Math.ceil(samples.length * (1 - TRIMMED)));
  return kept.reduce((sum, us) => sum + us, 0) / kept.length;
}

/** This class mixes in messages of any other format, and is held against all of them. */
const OF_ALL_FORMATS = "out of order";
const validOfAll = trimmedMean(Object.keys(FORMATS).flatMap((format) => costs.get(`${format}\t${VALID}`)!));

const rows = Object.keys(FORMATS).flatMap((format) => {
  const valid = trimmedMean(costs.get(`${format}\t${VALID}`)!);
  return classes.slice(1).map((mutation) => {
    const us = trimmedMean(costs.get(`${format}\t${mutation}`)!);
    const validUs = mutation === OF_ALL_FORMATS ? Math.max(valid, validOfAll) : valid;
    return { format, mutation, validUs, us, ratio: us / validUs };
  });
});
rows.sort((a, b) => b.ratio - a.ratio);
if (values.json) console.log(JSON.stringify(rows));
else {
  console.log(`${"format".padEnd(28)}${"class".padEnd(28)}${"valid µs".padStart(10)}${"µs".padStart(10)}${"ratio".padStart(8)}`);
  for (const { format, mutation, validUs, us, ratio } of rows.slice(0, 25)) {
    console.log(
      `${format.padEnd(28)}${mutation.padEnd(28)}${validUs.toFixed(1).padStart(10)}${us.toFixed(1).padStart(10)}${ratio.toFixed(2).padStart(8)}`,
    );
  }
  console.log(
    `${rows.length} classes of frames, ${rows.filter(({ ratio }) => ratio > 3).length} above three times a valid one; the dearest are shown.`,
  );
}
