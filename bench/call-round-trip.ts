import { closeNetwork, openAsyncPort, openBlockingPort, useNetwork } from "../src/network/networks.ts";
import { type AsyncPort, type BlockingPort, CALL } from "../src/winsock/provider/calls.ts";

/**
 * How long one call takes from a program to the host's thread and back: `npx tsx bench/call-round-trip.ts [URL]`, after a build.
 * The call is getsockname on a bound socket, so nearly all of it is the way there and back. Compare on one machine, don't quote.
 */

const WARM_UP = 2_000;
const ROUNDS = 20_000;

const startup = { op: CALL.startup, s: 0, a: 0x0202, b: 0, c: 0, data: null };
const socket = { op: CALL.socket, s: 0, a: 2, b: 2, c: 17, data: null };
const bind = (s: number) => ({
  op: CALL.bind,
  s,
  a: 16,
  b: 0,
  c: 0,
  data: new Uint8Array([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
});
const getsockname = (s: number) => ({ op: CALL.getsockname, s, a: 16, b: 0, c: 0, data: null });

function report(name: string, samplesUs: Float64Array): void {
  samplesUs.sort();
  const at = (share: number) => samplesUs[Math.floor(share * (samplesUs.length - 1))]!.toFixed(1).padStart(8);
  console.log(`${name.padEnd(10)} p50 ${at(0.5)} µs   p90 ${at(0.9)} µs   p99 ${at(0.99)} µs`);
}

function measureBlocking(port: BlockingPort): void {
  port.call(startup);
  const s = port.call(socket).result;
  port.call(bind(s));
  const request = getsockname(s);
  for (let i = 0; i < WARM_UP; i++) port.call(request);
  const samples = new Float64Array(ROUNDS);
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    port.call(request);
    samples[i] = (performance.now() - start) * 1000;
  }
  report("blocking", samples);
}

async function measureAsync(port: AsyncPort): Promise<void> {
  await port.call(startup);
  const s = (await port.call(socket)).result;
  await port.call(bind(s));
  const request = getsockname(s);
  for (let i = 0; i < WARM_UP; i++) await port.call(request);
  const samples = new Float64Array(ROUNDS);
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await port.call(request);
    samples[i] = (performance.now() - start) * 1000;
  }
  report("promises", samples);
}

useNetwork(process.argv[2] ?? "embedded:");
const blocking = openBlockingPort();
measureBlocking(blocking);
blocking.close();
const asynchronous = await openAsyncPort();
await measureAsync(asynchronous);
asynchronous.close();
await closeNetwork();
