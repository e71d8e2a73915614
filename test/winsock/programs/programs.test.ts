import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { sendBytes, wrongWithRead } from "./byte-streams.ts";
import { randomProgram } from "./program-step.ts";
import { runProgram } from "./run-program.ts";

/** Many more of them: npm run programs. */
test("random programs of four threads over one socket lose nothing, tell nothing twice, and leave nothing behind", () => {
  fc.assert(fc.property(randomProgram, runProgram), { numRuns: 150, seed: 11 });
});

test("what the peer reads is compared with what was sent, broken-off sends among it", () => {
  const sends = [
    { index: 0, length: 300, taken: 300 },
    { index: 1, length: 50, taken: undefined },
    { index: 2, length: 10, taken: 10 },
  ];
  const bytes = (index: number, length: number, part = length) => [...sendBytes(index, length).subarray(0, part)];
  const wrong = (read: number[], isAll = true) => wrongWithRead(Uint8Array.from(read), sends, isAll);
  expect(wrong([...bytes(0, 300), ...bytes(1, 50, 20), ...bytes(2, 10)])).toBeUndefined();
  expect(wrong([...bytes(0, 300), ...bytes(2, 10)])).toBeUndefined();
  expect(wrong(bytes(0, 300, 200), false)).toBeUndefined();
  expect(wrong(bytes(0, 300, 200))).toMatch(/send 0/);
  expect(wrong([...bytes(0, 300, 200), ...bytes(2, 10)], false)).toMatch(/send 0/);
  expect(wrong([...bytes(0, 300), ...bytes(2, 10), 1])).toMatch(/nobody sent/);
});
