import { parseArgs } from "node:util";
import fc from "fast-check";
import { countOption } from "../../support/count-option.ts";
import { randomProgram } from "./program-step.ts";
import { runProgram } from "./run-program.ts";

const HELP = `Usage: npm run programs -- [--count N] [--seed N] [--json]

Runs random programs of four threads that share one socket, over a wire that loses, doubles and delays, in virtual time; and ends at the first
of which something is not true that must be: a call that is answered twice or never, a byte lost or out of order, an event or a packet that is
missing or told twice, a handle, a call, a byte or a connection that is left behind. Such a program is made as small as it can be.

  --count N  how many; 10000 unless given
  --seed N   of all of them; 1 unless given
  --json     what came out, as JSON, and no progress

Examples:
  npm run programs -- --count 100000 --seed 7
  npm run programs -- --seed 7 --count 400    (the first of those again)`;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const PROGRESS_MS = 5000;

if (values.help) console.log(HELP);
else main(countOption(values.count, "count"), countOption(values.seed, "seed"));

function main(count: number, seed: number): void {
  const began = performance.now();
  let told = began;
  let ran = 0;
  const property = fc.property(randomProgram, (program) => {
    runProgram(program);
    ran++;
    if (values.json || performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    console.error(`${ran} of ${count} programs, ${Math.round((ran * 1000) / (told - began))} a second`);
  });
  const { failed, counterexample, errorInstance } = fc.check(property, { numRuns: count, seed });
  const seconds = (performance.now() - began) / 1000;
  const message = errorInstance instanceof Error ? errorInstance.message : undefined;
  if (values.json) console.log(JSON.stringify({ seed, count, failed, seconds, message, program: counterexample?.[0] }, undefined, 2));
  else if (failed) console.error(`${message}\n\n${JSON.stringify(counterexample?.[0], undefined, 2)}`);
  else console.log(`${count} programs from seed ${seed} in ${seconds.toFixed(1)} s: nothing lost, nothing told twice, nothing left behind`);
  if (failed) process.exitCode = 1;
}
