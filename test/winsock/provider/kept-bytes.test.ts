import { expect, test } from "@jest/globals";
import { KeptBytes } from "../../../src/winsock/provider/kept-bytes.ts";
import { pattern } from "../../support/two-hosts.ts";

test("what is kept is a copy, in memory that was given back where some of its size was", () => {
  const kept = new KeptBytes();
  const bytes = pattern(10_000, 1);
  const first = kept.keep(bytes);
  const second = kept.keep(bytes);
  expect([Buffer.compare(first, bytes), first.buffer === second.buffer, first.buffer.byteLength]).toEqual([0, false, 16_384]);
  kept.giveBack(first);
  const other = pattern(16_384, 2);
  const third = kept.keep(other);
  expect([third.buffer === first.buffer, Buffer.compare(third, other), Buffer.compare(second, bytes)]).toEqual([true, 0, 0]);
  // Of another size there is none.
  kept.giveBack(third);
  expect(kept.keep(pattern(16_385, 3)).buffer.byteLength).toBe(32_768);
});

test("little is not worth it, and no more than a megabyte lies unused", () => {
  const kept = new KeptBytes();
  const little = kept.keep(new Uint8Array(4095));
  kept.giveBack(little);
  expect([little.buffer.byteLength, kept.keep(new Uint8Array(4095)) === little]).toEqual([4095, false]);
  const memory = Array.from({ length: 6 }, () => kept.keep(new Uint8Array(262_144)));
  for (const each of memory) kept.giveBack(each);
  const again = Array.from({ length: 6 }, () => kept.keep(new Uint8Array(262_144)).buffer);
  expect(again.filter((buffer) => memory.some((each) => each.buffer === buffer)).length).toBe(4);
});
