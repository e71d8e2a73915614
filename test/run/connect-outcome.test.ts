import { expect, test } from "@jest/globals";
import { readLessons } from "../../src/lab/lesson-file.ts";
import { attempt } from "../../src/lab/lessons/attempt.ts";
import { startNodeProgram } from "../../src/lab/node-programs.ts";
import { readCaptureFile } from "../../src/run/capture-file.ts";
import { captureOfRun } from "../../src/run/capture-of-run.ts";
import { connectOutcome } from "../../src/run/connect-outcome.ts";
import { Timeline } from "../../src/run/timeline.ts";

function solved(id: string) {
  const lesson = readLessons().find((each) => each.id === id)!;
  const { run, events } = attempt(lesson, lesson.solution!, { seed: 1, startProgram: (_name, source) => startNodeProgram(source) });
  run.close();
  const timeline = new Timeline();
  for (const event of events) timeline.push(event);
  return { header: run.header, events, timeline, host: lesson.host };
}

const outcomeOf = (id: string, from = 0) => {
  const { timeline, host } = solved(id);
  return connectOutcome(timeline, host, from);
};

test("a connect takes three segments, of which the third leaves as it returns", () => {
  expect(outcomeOf("handshake")).toMatchObject({ segments: ["SYN", "SYN,ACK", "ACK"], error: 0, tookMs: 20 });
});

test("it ends with its last segment", () => {
  const { timeline, host } = solved("handshake");
  const { place, isWhole } = connectOutcome(timeline, host, 0)!;
  expect(timeline.at(place)).toMatchObject({ type: "frame", host, direction: "out" });
  expect(isWhole).toBe(true);
});

test("one that is refused takes as many as the profile tries", () => {
  const outcome = outcomeOf("refused")!;
  expect(outcome.error).toBe(10061);
  expect(outcome.segments).toEqual(Array.from({ length: 5 }, () => ["SYN", "RST,ACK"]).flat());
});

test("there is none before it has returned, nor behind the last one", () => {
  const { timeline, host } = solved("handshake");
  expect(connectOutcome(timeline, host, timeline.end)).toBeUndefined();
  const early = new Timeline();
  for (const event of timeline.events) {
    if (event.type === "state-changed" && event.to === "ESTABLISHED") break;
    early.push(event);
  }
  expect(connectOutcome(early, host, 0)).toBeUndefined();
});

test("a run's frames as a capture: each once as it left and once as it came, with what was made of them as comments", () => {
  const { header, events } = solved("lost");
  const file = Buffer.concat(captureOfRun(header, events));
  const frames = events.filter(({ type }) => type === "frame");
  const read = readCaptureFile(file);
  expect(read.events.length).toBe(frames.length);
  const lengths = (of: readonly object[]) => of.map((event) => (event as { length: number }).length);
  expect(lengths(read.events)).toEqual(lengths(frames));
  const text = file.toString("latin1");
  for (const words of ["retransmission timer went off", "congestion window", "connect: 0"]) expect(text).toContain(words);
});
