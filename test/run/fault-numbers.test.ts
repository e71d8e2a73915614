import { describe, expect, test } from "@jest/globals";
import { namedFaults, settingsInForce } from "../../src/run/fault-form.ts";
import { faultsInForce } from "../../src/run/fault-words.ts";
import { readRunEvent, runEventJson } from "../../src/run/run-event-json.ts";
import { type FramePick, type Impairment, NO_IMPAIRMENT } from "../../src/wire/impairment.ts";

const COUNTS = { waiting: 0, lost: 0, duplicated: 0, reordered: 0, corrupted: 0, delayed: 0, queueFull: 0 };
const reported = (out: Partial<Impairment>, picks: readonly FramePick[] = []) =>
  faultsInForce({ in: { settings: NO_IMPAIRMENT, ...COUNTS }, out: { settings: { ...NO_IMPAIRMENT, ...out }, ...COUNTS }, picks });
const PICK: FramePick = { match: "syn", action: "drop", skip: 1, count: 1 };
const event = (faults: object) => ({ type: "faults-changed", host: "h", device: "d", number: 0, atMs: 1, faults });

describe("what is in force on a line", () => {
  test("fills the fields of the form, and says of each fault what it is", () => {
    const faults = new Map([["tap0", reported({ loss: 0.25, queueFrames: 7 }, [PICK])]]);
    expect(settingsInForce(faults, "out")).toEqual({ ...NO_IMPAIRMENT, loss: 0.25, queueFrames: 7 });
    expect(settingsInForce(faults, "in")).toEqual(NO_IMPAIRMENT);
    expect(namedFaults(faults)).toMatchObject([
      { where: "out", setting: { field: "loss", value: 0.25 } },
      { where: "out", setting: { field: "queueFrames", value: 7 } },
      { where: "pick", pick: PICK },
    ]);
  });

  test("of a run of an earlier version is there in its words", () => {
    const { numbers: _, ...words } = reported({ loss: 0.25 }, [PICK]);
    const faults = new Map([["tap0", words]]);
    expect(settingsInForce(faults, "out")).toEqual(NO_IMPAIRMENT);
    expect(namedFaults(faults).map(({ text }) => text)).toEqual(["loss 25 %", "drop after 1 more the next syn"]);
  });

  test("survives a file", () => {
    const faults = reported({ loss: 0.25 }, [PICK]);
    const json: unknown = JSON.parse(JSON.stringify(runEventJson({ ...event(faults) } as Parameters<typeof runEventJson>[0])));
    expect(readRunEvent(json)).toMatchObject({ faults });
  });

  test.each([
    ["a setting of no name", { in: { magic: 1 }, out: {}, picks: [] }],
    ["a setting that is no number", { in: { loss: "1" }, out: {}, picks: [] }],
    ["no picks", { in: {}, out: {} }],
    ["a pick of no kind", { in: {}, out: {}, picks: [{ match: "all", action: "drop" }] }],
    ["a pick of no action", { in: {}, out: {}, picks: [{ match: "syn", action: "eat" }] }],
    ["a pick with text for a number", { in: {}, out: {}, picks: [{ match: "syn", action: "drop", port: "80" }] }],
    ["nothing", null],
  ])("is not believed with %s", (_what, numbers) => {
    expect(() => readRunEvent(event({ in: [], out: [], picks: [], numbers }))).toThrow("faults");
  });
});
