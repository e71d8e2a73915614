import type { VirtualWinsock } from "./virtual-winsock.ts";

/** Far more steps than anything takes that comes at all. */
const MOST_STEPS = 10_000;

/**
 * Waits for a promise, and moves the virtual time from event to event meanwhile.
 * @throws Error where it can never settle, and as the promise does
 */
export async function untilSettled<T>(v: VirtualWinsock, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  promise.then(over, over);
  for (let i = 0; i < MOST_STEPS && !isOver; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    // What needs no time comes first.
    if (!isOver) v.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
    if (!isOver) v.advance(Math.min(Math.max(v.simulation.nextMs - v.nowMs, 0), 1000));
  }
  if (!isOver) throw new Error("a call waited for something that can never come");
  return promise;
}
