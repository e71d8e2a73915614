import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBlockingPort, openDaemonPort, useNetwork } from "../src/network/networks.ts";
import { CALL } from "../src/winsock/provider/calls.ts";

/**
 * What a client of a daemon waits for its calls while others keep the daemon busy: `npx tsx bench/busy-clients.ts`, after a build.
 * Each busy client keeps 32 datagrams of 8 KiB on their way to itself all the time; the one that is measured asks getsockname, blocking.
 */

const BUSY = 16;
const IN_FLIGHT = 32;
const ROUNDS = 5_000;
const WANTED_P99_MS = 5;

const name = (port: number) => Uint8Array.of(2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
const plain = { s: 0, a: 0, b: 0, c: 0, data: null };

/** Runs until the process is ended. */
async function beBusy(path: string, port: number): Promise<void> {
  const client = await openDaemonPort(path);
  await client.call({ ...plain, op: CALL.startup, a: 0x0202 });
  const { result: s } = await client.call({ ...plain, op: CALL.socket, a: 2, b: 2, c: 17 });
  await client.call({ ...plain, op: CALL.bind, s, a: 16, data: name(port) });
  const data = new Uint8Array(16 + 8192);
  data.set(name(port));
  const send = async () => {
    for (;;) await client.call({ ...plain, op: CALL.sendto, s, a: 16, c: 16, data });
  };
  const receive = async () => {
    for (;;) await client.call({ ...plain, op: CALL.recvfrom, s, a: 8192, c: 16 });
  };
  process.stdout.write("busy\n");
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => (i % 2 === 0 ? send() : receive())));
}

async function measure(): Promise<number> {
  const path = join(tmpdir(), `tapsock-busy-${process.pid}.sock`);
  const program = fileURLToPath(new URL("../dist/daemon/main.js", import.meta.url));
  const daemon = spawn(process.execPath, [program, "--socket", path], { stdio: ["ignore", "pipe", "ignore"] });
  let busy: ReturnType<typeof spawn> | undefined;
  try {
    await once(daemon.stdout, "data");
    useNetwork(`daemon:${path}`);
    const port = openBlockingPort();
    port.call({ ...plain, op: CALL.startup, a: 0x0202 });
    const s = port.call({ ...plain, op: CALL.socket, a: 2, b: 2, c: 17 }).result;
    port.call({ ...plain, op: CALL.bind, s, a: 16, data: name(7000) });
    const sample = (rounds: number) => {
      const samples = new Float64Array(rounds);
      for (let i = 0; i < rounds; i++) {
        const start = performance.now();
        port.call({ ...plain, op: CALL.getsockname, s, a: 16 });
        samples[i] = performance.now() - start;
      }
      return samples.sort();
    };
    const say = (who: string, sorted: Float64Array) => {
      const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(3).padStart(8);
      console.log(`${who.padEnd(24)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   max ${at(1)} ms`);
    };
    sample(1000);
    say("alone", sample(ROUNDS));
    // In one process, so that it is the daemon's turns that are measured and not the scheduler's.
    const words = ["--import", "tsx", fileURLToPath(import.meta.url), path, "7001"];
    busy = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
    await once(busy.stdout!, "data");
    const beside = sample(ROUNDS);
    say(`beside ${BUSY} busy clients`, beside);
    port.close();
    return beside[Math.floor(0.99 * (beside.length - 1))]! < WANTED_P99_MS ? 0 : 1;
  } finally {
    busy?.kill("SIGKILL");
    daemon.kill();
    rmSync(path, { force: true });
  }
}

const [, , path, port] = process.argv;
if (path !== undefined && port !== undefined) await Promise.all(Array.from({ length: BUSY }, (_, i) => beBusy(path, Number(port) + i)));
else process.exit(await measure());
