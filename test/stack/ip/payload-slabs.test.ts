import { expect, test } from "@jest/globals";
import { PayloadSlabs } from "../../../src/stack/ip/payload-slabs.ts";

test("payloads of every length are copies of their own, whatever comes after them", () => {
  const slabs = new PayloadSlabs();
  const frame = new Uint8Array(70_000);
  const kept: { readonly copy: Uint8Array; readonly expected: Uint8Array }[] = [];
  for (let i = 0; i < 600; i++) {
    const size = [0, 1, 64, 127, 128, 1400, 8191, 8192, 8193, 65_507][i % 10]!;
    frame.fill(i, 0, size + 10);
    kept.push({ copy: slabs.copy(frame, 7, 7 + size), expected: new Uint8Array(size).fill(i) });
  }
  for (const { copy, expected } of kept) expect(Buffer.compare(copy, expected)).toBe(0);
});
