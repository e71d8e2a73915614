// Micro-benchmarks of what runs for every segment; `npm run bench:micro -- [name…]` runs those whose name contains a word given.
import { Bench } from "tinybench";
import { addChecksums } from "./checksums.mjs";
import { addFlows } from "./flows.mjs";
import { addFragments } from "./fragments.mjs";
import { addSegments } from "./segments.mjs";
import { addSendBuffers } from "./send-buffers.mjs";
import { addTimers } from "./timers.mjs";

const words = process.argv.slice(2);
if (words.includes("--help")) {
  console.log(`Usage: npm run bench:micro -- [--json] [word…]

Times single operations of the data path, each for half a second. With words, only those whose name contains one of them.

Examples:
  npm run bench:micro
  npm run bench:micro -- checksum timer
  npm run bench:micro -- --json > micro.json`);
  process.exit(0);
}
const isJson = words.includes("--json");
const wanted = words.filter((word) => word !== "--json");

const bench = new Bench({ time: 500, warmupTime: 100 });
/** One operation takes nanoseconds, so a sample is a thousand of them: that hides what calling and timing cost. */
const OPERATIONS = 1000;
const add = (name, operation) => {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) return;
  bench.add(name, () => {
    for (let i = 0; i < OPERATIONS; i++) operation(i);
  });
};

addChecksums(add);
addSegments(add);
addTimers(add);
addSendBuffers(add);
addFlows(add);
addFragments(add);

if (bench.tasks.length === 0) {
  console.error(`No benchmark's name contains ${wanted.map((word) => `"${word}"`).join(" or ")}.`);
  process.exit(2);
}
await bench.run();

const nanoseconds = (ms) => (ms * 1e6) / OPERATIONS;
const results = bench.tasks.map(({ name, result }) => {
  if (result.state !== "completed") throw new Error(`${name}: ${result.error?.message ?? result.state}`);
  return { name, medianNs: nanoseconds(result.latency.p50), p99Ns: nanoseconds(result.latency.p99) };
});
if (isJson) console.log(JSON.stringify(results, undefined, 2));
else {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`${"operation".padEnd(width)}  median ns     p99 ns`);
  for (const { name, medianNs, p99Ns } of results) {
    console.log(`${name.padEnd(width)}  ${medianNs.toFixed(1).padStart(9)}  ${p99Ns.toFixed(1).padStart(9)}`);
  }
}
