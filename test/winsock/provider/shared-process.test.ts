import { describe, expect, jest, test } from "@jest/globals";
import { newProcessMemory, SharedProcess } from "../../../src/winsock/provider/shared-process.ts";
import type { TakenCounter } from "../../../src/winsock/provider/taken-counter.ts";

/** Two threads' views of what they share, the first of which has come. */
function twoThreads() {
  const memory = newProcessMemory(7);
  const [one, other] = [new SharedProcess(memory), new SharedProcess(memory)];
  const place = one.join(1);
  /** What the other one, which comes, tells the host. */
  const come = (): [number, number][] => {
    const told: [number, number][] = [];
    other.join(2);
    other.closeCounters((...what) => void told.push(what));
    return told;
  };
  return { one, other, place, come };
}

function take(counter: TakenCounter | undefined, bytes: number): boolean {
  return counter?.beginTaking() === true && counter.endTaking(bytes);
}

describe("a counter of bytes taken ahead", () => {
  test("is closed by a thread that comes, which tells what it counted", () => {
    const { one, come } = twoThreads();
    const counter = one.counterOf(4);
    expect([take(counter, 10), take(counter, 5), counter?.count]).toEqual([true, true, 15]);
    expect(come()).toEqual([[4, 15]]);
    expect([counter?.isClosed, take(counter, 1)]).toEqual([true, false]);
  });

  test("of which a thread reads what it takes is waited for, for a time", () => {
    const { one, come } = twoThreads();
    const counter = one.counterOf(4);
    expect([take(counter, 10), counter?.beginTaking()]).toEqual([true, true]);
    const wait = jest.spyOn(Atomics, "wait").mockImplementation(() => {
      expect(counter?.endTaking(5)).toBe(true);
      return "timed-out";
    });
    expect(come()).toEqual([[4, 15]]);
    wait.mockRestore();
  });

  test.each(["read", "told"])("that was closed while its owner, held up, had it %s stays so", (what) => {
    const { one, come } = twoThreads();
    const counter = one.counterOf(4);
    take(counter, 10);
    const wait = jest.spyOn(Atomics, "wait").mockReturnValue("timed-out");
    if (what === "read") {
      counter?.beginTaking();
      expect(come()).toEqual([]);
      expect(counter?.endTaking(5)).toBe(false);
    } else counter?.tellWith(() => void expect(come()).toEqual([]));
    wait.mockRestore();
    expect([counter?.isClosed, take(counter, 1)]).toEqual([true, false]);
  });

  test("says nothing of an earlier socket's bytes to a thread that comes while it is given to another socket", () => {
    const { one, come } = twoThreads();
    const earlier = one.counterOf(4);
    take(earlier, 10);
    earlier?.release();
    let told: [number, number][] | undefined;
    const { store } = Atomics;
    // The first word is the other socket's already.
    const storing = jest.spyOn(Atomics, "store").mockImplementation(((words: Int32Array, at: number, value: number) => {
      storing.mockRestore();
      told = come();
      return store(words, at, value);
    }) as typeof Atomics.store);
    expect(one.counterOf(8)).toBeUndefined();
    expect(told).toEqual([]);
  });

  test("is left behind by a thread that ends, until there is none", () => {
    const { one, other, place, come } = twoThreads();
    take(one.counterOf(4), 10);
    one.leave(place);
    const next = other.join(3);
    expect(take(other.counterOf(4), 3)).toBe(true);
    other.leave(next);
    one.join(4);
    take(one.counterOf(4), 2);
    expect(come()).toEqual([[4, 2]]);
  });
});
