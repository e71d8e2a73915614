import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { replayed } from "./recorded-run.ts";

const RECORDING = fileURLToPath(new URL("page-over-tap.recording", import.meta.url));

/**
 * Of a page fetched from the kernel over a TAP, on one machine. A host that is meant to behave otherwise needs another recording
 * (test/kernel/recorded-run.test.ts makes it); where only events were added to the trace, or changed in it, a new digest does.
 */
test("a recording made on another machine replays to the frames and the trace that it made there", () => {
  expect(replayed(new Uint8Array(readFileSync(RECORDING)))).toEqual({
    frames: 5,
    framesOut: "a69fe46856d16e2f",
    events: 79,
    trace: "3a61275349843218",
  });
});
