import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, jest } from "@jest/globals";
import type { ManagementResults } from "../../src/management/management.ts";
import { Recording } from "../../src/replay/recording.ts";
import { Replay } from "../../src/replay/replay.ts";
import { closesocket, connect, send, shutdown, socket } from "../../src/winsock/promises.ts";
import { replayed } from "../replay/recorded-run.ts";
import { tapTest } from "./namespace.ts";
import {
  closeKernelSockets,
  echo,
  KERNEL,
  kernelConnection,
  kernelListener,
  kernelText,
  ourListener,
  readText,
  serveEach,
  TapNetwork,
} from "./tap-network.ts";

jest.setTimeout(60_000);
const TAP = "tt-record";

/** A page from the kernel's server, as curl would get it. */
async function fetchPage(length: number): Promise<string> {
  const page = Array.from({ length: Math.ceil(length / 10) }, (_, i) => `line ${String(i).padStart(4, "0")}\n`).join("");
  const { port } = await kernelListener((peer) => {
    peer.once("data", () => peer.end(`HTTP/1.0 200 OK\r\nContent-Length: ${page.length}\r\n\r\n${page}`));
  });
  const s = await socket();
  await connect(s, { address: KERNEL, port });
  await send(s, "GET / HTTP/1.0\r\n\r\n");
  await shutdown(s);
  const answer = await readText(s);
  await closesocket(s);
  return answer;
}

/** What a replay's host answers to management, by what is in it. */
function managementAnswers(recording: Uint8Array): Record<string, unknown>[] {
  const replay = new Replay(recording);
  const answers: Record<string, unknown>[] = [];
  replay.onReply = (_, { data }) => {
    const text = data === null ? "" : new TextDecoder().decode(data.slice());
    if (text.startsWith('{"ok":true')) answers.push((JSON.parse(text) as { result: Record<string, unknown> }).result);
  };
  replay.run();
  return answers;
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("a live run on a TAP, recorded in the host's thread", () => {
  let directory: string;
  let network: TapNetwork | undefined;

  const start = async (options: { readonly record: string; readonly capture?: string }): Promise<TapNetwork> => {
    network = await TapNetwork.start({ name: TAP, ...options });
    return network;
  };
  const stop = async (): Promise<void> => {
    await network?.stop();
    network = undefined;
  };

  afterEach(async () => {
    closeKernelSockets();
    await stop();
  });

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "tapsock-recording-"));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  /**
   * The small one is kept with the tests (test/replay/kept-recording.test.ts). To make it anew, when hosts are meant to behave otherwise:
   * TAPSOCK_KEEP_RECORDING=test/replay/page-over-tap.recording before this test's command.
   */
  tapTest("of one page from the kernel's server, replays twice to the same bytes and trace", async () => {
    const record = join(directory, "page.recording");
    await start({ record });
    const answer = await fetchPage(3000);
    await stop();
    const recording = new Uint8Array(readFileSync(record));
    expect(new Recording(recording).isWhole).toBe(true);
    const first = replayed(recording);
    expect(first.frames).toBeGreaterThanOrEqual(5);
    expect(replayed(recording)).toEqual(first);
    const replay = new Replay(recording);
    const received: Uint8Array[] = [];
    replay.onReply = (_, { data }) => data !== null && received.push(data.slice());
    replay.run();
    expect(Buffer.concat(received).toString()).toContain(answer);
    const kept = process.env["TAPSOCK_KEEP_RECORDING"];
    if (kept !== undefined) copyFileSync(record, kept);
  });

  tapTest("with streams both ways, faults and a capture, replays twice, and its host ends where the recorded one did", async () => {
    const record = join(directory, "busy.recording");
    const host = await start({ record, capture: join(directory, "busy.pcapng") });
    const listener = await ourListener(7001);
    serveEach(listener, echo);
    await host.manage({ op: "fault-set", direction: "both", settings: { loss: 0.01, delayMs: 1, jitterMs: 1 } });
    const pages = await Promise.all([fetchPage(200_000), fetchPage(100_000)]);
    for (const page of pages) expect(page).toMatch(/line \d+\n$/);
    await host.manage({ op: "fault-clear" });
    const peer = await kernelConnection(7001);
    const text = "from the kernel, and back again\n".repeat(10_000);
    peer.end(text);
    expect(await kernelText(peer)).toBe(text);
    const pinged = await host.manage({ op: "ping", address: KERNEL, bytes: 32, timeoutMs: 1000 });
    const ss: ManagementResults["ss"] = await host.manage({ op: "ss" });
    const status: ManagementResults["status"] = await host.manage({ op: "status" });
    await closesocket(listener);
    await stop();

    const recording = new Uint8Array(readFileSync(record));
    const first = replayed(recording);
    expect(first.frames).toBeGreaterThan(30);
    expect(replayed(recording)).toEqual(first);
    const answers = managementAnswers(recording);
    expect(answers).toContainEqual(asJson(pinged));
    expect(answers).toContainEqual(asJson(ss));
    const { interfaces, connections, drops } = answers.find((answer) => "interfaces" in answer)! as unknown as typeof status;
    expect(interfaces).toEqual(asJson(status.interfaces));
    expect({ connections, drops }).toEqual(asJson({ connections: status.connections, drops: status.drops }));
  });

  tapTest("is not begun where its file cannot be made", async () => {
    await expect(start({ record: join(directory, "none", "x") })).rejects.toThrow(/Cannot write the recording/);
  });
});
