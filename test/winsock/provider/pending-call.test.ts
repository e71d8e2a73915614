import { describe, expect, test } from "@jest/globals";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { TimerQueue } from "../../../src/stack/core/timers.ts";
import { WSAEINTR, WSAETIMEDOUT } from "../../../src/winsock/abi/errors.ts";
import { failed, type Outcome, succeeded, type Wait } from "../../../src/winsock/provider/outcome.ts";
import { PendingCall } from "../../../src/winsock/provider/pending-call.ts";
import type { Socket } from "../../../src/winsock/provider/socket.ts";

/** A call that waits on two sockets; nothing else here knows how timers are told the time. */
function waiting(timeoutMs = Number.POSITIVE_INFINITY) {
  const time = new FrozenTime();
  const timers = new TimerQueue(time);
  const sockets = [0, 1].map(() => ({ waiting: new Set<PendingCall>() }));
  const state = { answer: undefined as Outcome | undefined, isHeld: false, attempts: 0, cancelled: 0 };
  const ended: Outcome[] = [];
  const wait: Wait = {
    on: sockets as unknown as Socket[],
    attempt: () => {
      state.attempts++;
      return state.answer;
    },
    timeoutMs,
    timedOut: () => failed(WSAETIMEDOUT),
    cancelled: () => state.cancelled++,
  };
  const call = new PendingCall(
    1,
    1,
    "recv",
    { handle: 4, isOverlapped: false },
    wait,
    timers,
    () => state.isHeld,
    (outcome) => ended.push(outcome),
  );
  const advance = (ms: number) => {
    time.moveTo(time.now + ms);
    timers.runDue();
  };
  return { call, state, ended, timers, advance, isWaiting: () => sockets.map((socket) => socket.waiting.has(call)) };
}

describe("a call that waits", () => {
  test("is tried again when a socket changes, and ends with the first answer, everywhere and once", () => {
    const { call, state, ended, timers, advance, isWaiting } = waiting(1000);
    expect(isWaiting()).toEqual([true, true]);
    call.retry();
    expect([ended, state.attempts]).toEqual([[], 1]);
    state.answer = succeeded(5);
    call.retry();
    expect([ended, isWaiting(), timers.size]).toEqual([[succeeded(5)], [false, false], 0]);
    call.retry();
    call.end(succeeded(6));
    call.interrupt();
    call.abandon();
    advance(5000);
    expect([ended, state.attempts, state.cancelled]).toEqual([[succeeded(5)], 2, 0]);
  });

  test("ends when its time is over, and a listing of timers says whose it is", () => {
    const { ended, timers, advance, isWaiting } = waiting(1000);
    expect(timers.pending()).toEqual([{ name: "recv-timeout", owner: "winsock recv", deadlineMs: 1000 }]);
    advance(999);
    expect(ended).toEqual([]);
    advance(1);
    expect([ended, isWaiting()]).toEqual([[failed(WSAETIMEDOUT)], [false, false]]);
  });

  test("for ever has no timer", () => {
    expect(waiting().timers.size).toBe(0);
  });

  test("waits on while the program leaves its replies unread, but not beyond its time", () => {
    const { call, state, ended, advance } = waiting(1000);
    state.answer = succeeded(1);
    state.isHeld = true;
    call.retry();
    expect([ended, state.attempts]).toEqual([[], 0]);
    advance(1000);
    expect(ended).toEqual([failed(WSAETIMEDOUT)]);
  });

  test("interrupted undoes what was begun and ends with WSAEINTR, held or not", () => {
    const { call, state, ended, timers, isWaiting } = waiting(1000);
    state.isHeld = true;
    call.interrupt();
    call.interrupt();
    expect([ended, state.cancelled, timers.size, isWaiting()]).toEqual([[failed(WSAEINTR)], 1, 0, [false, false]]);
  });

  test("abandoned undoes what was begun and answers nobody", () => {
    const { call, state, ended, timers, advance, isWaiting } = waiting(1000);
    call.abandon();
    call.abandon();
    call.interrupt();
    advance(2000);
    expect([ended, state.cancelled, timers.size, isWaiting()]).toEqual([[], 1, 0, [false, false]]);
  });
});
