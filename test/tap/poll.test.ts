import { expect, test } from "@jest/globals";
import { putTimespec } from "../../src/tap/poll.ts";

const DAY_MS = 86_400_000;

test.each([
  [0.5, [0, 500_000]],
  [1.0000001, [0, 1_000_001]],
  [999.9999999, [1, 0]],
  [24 * DAY_MS, [24 * 86_400, 0]],
  // Beyond 2^31 milliseconds: the first build slept for ever.
  [25 * DAY_MS, [25 * 86_400, 0]],
  [400 * DAY_MS + 1, [400 * 86_400, 1_000_000]],
  [1e15, [0x7fffffff, 0]],
])("a wait of %f ms ends after it, however far that is", (timeoutMs, expected) => {
  const words = new Int32Array(4);
  expect(putTimespec(timeoutMs, words)).toBe(true);
  expect([words[0], words[2]]).toEqual(expected);
});

test("only a time that never comes is waited for without end", () => {
  expect(putTimespec(Number.POSITIVE_INFINITY, new Int32Array(4))).toBe(false);
});
