import { expect, test } from "@jest/globals";
import { HANDLE_LIMIT, HandleTable } from "../../../src/winsock/provider/handles.ts";

test("handles are multiples of four, and one that was closed comes back after all others", () => {
  const table = new HandleTable<string>(10);
  const take = (): number => {
    const handle = table.reserve();
    table.set(handle, `entry ${handle}`);
    return handle;
  };
  expect([take(), take(), take()]).toEqual([4, 8, 12]);
  table.remove(8);
  expect(take()).toBe(16);
  expect([table.get(4), table.get(8), table.get(16), table.size]).toEqual(["entry 4", undefined, "entry 16", 3]);
  let last = 0;
  for (let i = HANDLE_LIMIT / 4; i > 0; i--) {
    const next = table.reserve();
    if (next < last) {
      // Round the end of the range, neither 0 nor what is in use.
      expect(last).toBe(HANDLE_LIMIT - 4);
      expect(next).toBe(8);
      return;
    }
    last = next;
  }
  throw new Error("The range has no end");
});

test("a table is full at its limit, and has room again when an entry goes", () => {
  const table = new HandleTable<number>(2);
  table.set(table.reserve(), 1);
  expect(table.isFull).toBe(false);
  table.set(table.reserve(), 2);
  expect(table.isFull).toBe(true);
  table.remove(4);
  expect([table.isFull, table.all()]).toEqual([false, [[8, 2]]]);
});

test("entries may go while all are walked", () => {
  const table = new HandleTable<number>(100);
  for (let i = 0; i < 50; i++) {
    const handle = table.reserve();
    table.set(handle, handle);
  }
  for (const [handle] of table.all()) table.remove(handle);
  expect(table.size).toBe(0);
});
