import { expect, test } from "@jest/globals";
import { MistakeReports } from "../../src/network/mistake-reports.ts";
import { DropCounters } from "../../src/stack/core/drops.ts";
import { FrozenTime } from "../../src/stack/core/time.ts";

test("mistakes without end are all counted, told at a bounded rate, and end nothing", () => {
  const time = new FrozenTime();
  const drops = new DropCounters();
  const said: string[] = [];
  const reports = new MistakeReports(time, drops, (text) => said.push(text));
  for (let i = 0; i < 100_000; i++) reports.report("internal-error", "a packet", new Error(`mistake ${i}`));
  expect(drops.of("internal-error")).toBe(100_000);
  expect(said).toHaveLength(10);
  expect(said[0]).toContain("a packet failed by a mistake of ours, please report it: Error: mistake 0");
  time.moveTo(60_001);
  reports.report("internal-error", "a packet", new Error("one more"));
  expect(said).toHaveLength(11);
  expect(said[10]).toContain("(99990 others since were not told)");
});
