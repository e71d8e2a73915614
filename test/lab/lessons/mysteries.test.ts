import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { gradeFile } from "../../../src/lab/grading.ts";
import { MYSTERY_FAULTS, MYSTERY_PROGRAM, mysteryFault, mysteryScene } from "../../../src/lab/lessons/mysteries.ts";
import { startNodeProgram } from "../../../src/lab/node-programs.ts";
import { savedRun } from "../../../src/lab/scene/saved-run.ts";
import { SimulatedRun } from "../../../src/lab/scene/simulated-run.ts";
import { type FrameAsSent, sentFrames } from "../../../src/run/frame-words.ts";
import type { RunEvent } from "../../../src/run/run-event.ts";

const open: SimulatedRun[] = [];
afterEach(() => {
  for (const run of open.splice(0)) run.close();
});

interface Seen {
  readonly run: SimulatedRun;
  readonly events: readonly RunEvent[];
  readonly frames: readonly FrameAsSent[];
}

const HOW_MANY = 2;
const numbersOf = (id: string): number[] => {
  const numbers: number[] = [];
  for (let number = 1; numbers.length < HOW_MANY; number++) if (mysteryFault(number).id === id) numbers.push(number);
  return numbers;
};

function look(number: number): Seen {
  const events: RunEvent[] = [];
  const run = new SimulatedRun(mysteryScene(number), {
    seed: number,
    startProgram: (_name, source) => startNodeProgram(source),
    onEvent: (event) => events.push(event),
  });
  open.push(run);
  run.do({ atMs: 0, do: "run-program", host: "client", program: run.nextProgram, title: "mystery", source: MYSTERY_PROGRAM });
  run.runUntil(60_000);
  return { run, events, frames: sentFrames(events) };
}

const count = ({ frames }: Seen, host: string, ...words: string[]): number =>
  frames.filter((frame) => frame.host === host && words.every((word) => frame.words.has(word))).length;
const neverArrived = ({ frames }: Seen, host: string): number =>
  frames.filter((frame) => frame.host === host && !frame.words.has("arrived")).length;
const verdicts = ({ events }: Seen, host: string, verdict: string): number =>
  events.filter((event) => event.type === "segment-judged" && event.host === host && event.verdict === verdict).length;
const drops = ({ events }: Seen, host: string, reason: RegExp): number =>
  events.filter((event) => event.type === "frame-dropped" && event.host === host && reason.test(event.reason)).length;
const roundTrips = ({ events }: Seen, host: string): number[] =>
  events.flatMap((event) => (event.type === "rtt-sampled" && event.host === host ? [event.rttMs] : []));
const errors = ({ events }: Seen): number[] =>
  events.flatMap((event) => (event.type === "winsock-returned" && event.error !== 0 ? [event.error] : []));
const printed = ({ events }: Seen): string[] => events.flatMap((event) => (event.type === "program-printed" ? [event.text] : []));

const EVIDENCE: Readonly<Record<string, (seen: Seen) => void>> = {
  "loss-out": (seen) => {
    expect(neverArrived(seen, "client")).toBeGreaterThan(1);
    expect(neverArrived(seen, "server")).toBe(0);
  },
  "loss-in": (seen) => {
    expect(neverArrived(seen, "server")).toBeGreaterThan(1);
    expect(neverArrived(seen, "client")).toBe(0);
    expect(count(seen, "server", "retransmission")).toBeGreaterThan(1);
  },
  "slow-line": (seen) => {
    const measured = roundTrips(seen, "server");
    expect(measured[0]).toBeLessThan(20);
    expect(Math.max(...measured)).toBeGreaterThan(200);
    expect(neverArrived(seen, "server")).toBe(0);
  },
  "long-line": (seen) => {
    const measured = roundTrips(seen, "server");
    expect(Math.min(...measured)).toBeGreaterThan(290);
    expect(Math.max(...measured)).toBeLessThan(Math.min(...measured) * 1.25);
  },
  reorder: (seen) => {
    expect(count(seen, "client", "duplicate-ack")).toBeGreaterThan(2);
    expect(neverArrived(seen, "server")).toBe(0);
  },
  duplicate: (seen) => {
    expect(verdicts(seen, "client", "outside-window")).toBeGreaterThan(10);
    expect(count(seen, "server", "retransmission")).toBe(0);
  },
  corrupt: (seen) => expect(drops(seen, "client", /bad-checksum/)).toBeGreaterThan(1),
  "syn-ack-lost": ({ frames }) => {
    const answers = frames.filter(({ words }) => words.has("syn-ack"));
    expect(answers.filter(({ words }) => !words.has("arrived")).length).toBeGreaterThan(0);
    expect(frames.filter(({ words }) => !words.has("arrived") && !words.has("syn-ack"))).toEqual([]);
  },
  "fin-held": ({ frames, events }) => {
    const fin = frames.find(({ host, words }) => host === "server" && words.has("fin"))!;
    expect(events.find(({ type }) => type === "program-ended")!.atMs - fin.atMs).toBeGreaterThan(1900);
  },
  "closed-port": (seen) => {
    expect(count(seen, "server", "rst")).toBeGreaterThan(0);
    expect(errors(seen)).toEqual([10061]);
  },
  "nobody-home": (seen) => {
    expect(seen.frames.filter(({ host, words }) => host === "server" && words.has("tcp"))).toEqual([]);
    expect(seen.frames.filter(({ host, words }) => host === "server" && words.has("arp-reply")).length).toBeGreaterThan(0);
    expect(errors(seen)).toEqual([10060]);
  },
};

test("evidence of every fault is looked for", () => {
  expect(Object.keys(EVIDENCE).sort()).toEqual(MYSTERY_FAULTS.map(({ id }) => id).sort());
});

describe.each(MYSTERY_FAULTS.map(({ id }) => [id] as const))("%s", (id) => {
  test.each(numbersOf(id))("shows in mystery %d", (number) => {
    const seen = look(number);
    EVIDENCE[id]!(seen);
    // All but those who could not connect get what they came for, however long it takes.
    if (id !== "closed-port" && id !== "nobody-home") expect(printed(seen)).toEqual(["received 200000 bytes"]);
  });
});

test("the same number is the same mystery, and every fault is somebody's", () => {
  expect(mysteryScene(7)).toEqual(mysteryScene(7));
  const found = new Set(Array.from({ length: 200 }, (_, i) => mysteryFault(i + 1).id));
  expect(found.size).toBe(MYSTERY_FAULTS.length);
  // Its title does not give it away.
  for (let number = 1; number < 20; number++) expect(mysteryScene(number).title).toBe(`Mystery ${number}`);
});

test("a verdict is held against the fault of the number", () => {
  const folder = mkdtempSync(join(tmpdir(), "mystery-"));
  try {
    const [number] = numbersOf("closed-port");
    const { run } = look(number!);
    const graded = (verdict: string | undefined) => {
      const file = join(folder, "ada.tapsock-run");
      writeFileSync(file, savedRun(run, { lesson: `mystery-${number}`, predictions: {}, ...(verdict === undefined ? {} : { verdict }) }));
      return gradeFile(file, []);
    };
    expect(graded("closed-port")).toMatchObject({ verdict: "passed", lesson: `mystery-${number}` });
    expect(graded("nobody-home")).toMatchObject({ verdict: "failed", remark: expect.stringContaining("nobody-home") });
    expect(graded(undefined)).toMatchObject({ verdict: "failed", remark: "no fault was named" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
