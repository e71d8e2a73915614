import { expect, test } from "@jest/globals";
import { mapMemory, unmapMemory } from "../../src/tap/libc.ts";
import { LentViews } from "../../src/transport/lent-views.ts";
import { emptyMessage, LENT } from "../../src/transport/message.ts";

const KIB = 1024;

const lent = (address: number, capacity: number, offset: number, length: number) => ({
  ...emptyMessage(),
  kind: LENT,
  value: length,
  a: address,
  b: capacity,
  c: offset,
});

test("bytes of a ring are seen where they lie, also when another ring has come to lie at the same address", () => {
  const mapped = mapMemory(128 * KIB)!;
  const { bytes, address } = mapped;
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) >>> 5;
  const views = new LentViews();
  expect(views.bytesOf(lent(address, 64 * KIB, 1000, 20))).toEqual(bytes.slice(1000, 1020));
  bytes[1000] = 0x55;
  expect(views.bytesOf(lent(address, 64 * KIB, 1000, 1))).toEqual(Uint8Array.of(0x55));
  // A larger one, and a smaller one again.
  expect(views.bytesOf(lent(address, 128 * KIB, 100 * KIB, 20))).toEqual(bytes.slice(100 * KIB, 100 * KIB + 20));
  expect(views.bytesOf(lent(address + 64 * KIB, 64 * KIB, 0, 8))).toEqual(bytes.slice(64 * KIB, 64 * KIB + 8));
  expect(views.bytesOf(lent(address, 64 * KIB, 64 * KIB - 4, 4))).toEqual(bytes.slice(64 * KIB - 4, 64 * KIB));
  unmapMemory(address, 128 * KIB);
});
