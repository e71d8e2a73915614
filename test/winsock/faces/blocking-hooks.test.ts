import { describe, expect, test } from "@jest/globals";
import {
  FIONBIO,
  MAKEWORD,
  WM_USER,
  WSAEINPROGRESS,
  WSAEINTR,
  WSAEINVAL,
  WSAEOPNOTSUPP,
  WSAETIMEDOUT,
} from "../../../src/winsock/abi/index.ts";
import { NOBODY_THERE, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { connect, fails, nonblocking, outcome, SUCCESS } from "../../support/winsock-calls.ts";

/** Winsock 1.1's blocking hooks, by winsock.md §16. */

function legacy() {
  const v = new VirtualWinsock();
  return { v, w: v.program(v.provider, MAKEWORD(1, 1)) };
}

describe("in a 1.x process", () => {
  test("the hook runs again and again while a blocking call waits, and the call goes on", () => {
    const { v, w } = legacy();
    let runs = 0;
    let wasBlocking = 0;
    const before = w.WSASetBlockingHook(() => {
      runs++;
      wasBlocking = w.WSAIsBlocking();
      return false;
    });
    expect([typeof before, w.WSAIsBlocking()]).toEqual(["function", 0]);
    expect(connect(v, v.stream(w), NOBODY_THERE, 80, w)).toEqual(fails(WSAETIMEDOUT));
    expect(runs).toBeGreaterThan(100);
    expect([wasBlocking, w.WSAIsBlocking()]).toEqual([1, 0]);
  });

  test("it runs as long as it has something to do", () => {
    const { v, w } = legacy();
    const times: number[] = [];
    w.WSASetBlockingHook(() => {
      times.push(v.nowMs);
      return times.length < 5;
    });
    connect(v, v.stream(w), NOBODY_THERE, 80, w);
    expect(new Set(times.slice(0, 5)).size).toBe(1);
    expect(times[5]).toBeGreaterThan(times[4]!);
  });

  test("it may cancel the call, which fails with WSAEINTR, and may make no other", () => {
    const { v, w } = legacy();
    const inside: unknown[] = [];
    const s = v.stream(w);
    w.WSASetBlockingHook(() => {
      if (inside.length === 0) {
        inside.push(v.stream(w), w.WSAGetLastError(), outcome(w, w.ioctlsocket(s, FIONBIO, { value: 1 })));
        inside.push(outcome(w, w.WSACancelBlockingCall()));
      }
      return false;
    });
    const from = v.nowMs;
    expect(connect(v, s, NOBODY_THERE, 80, w)).toEqual(fails(WSAEINTR));
    expect(inside).toEqual([-1, WSAEINPROGRESS, fails(WSAEINPROGRESS), SUCCESS]);
    expect(v.nowMs - from).toBeLessThan(100);
    expect(outcome(w, w.WSACancelBlockingCall())).toEqual(fails(WSAEINVAL));
    expect(outcome(w, w.closesocket(s))).toEqual(SUCCESS);
  });

  test("it does not run in a call that need not wait", () => {
    const { v, w } = legacy();
    let runs = 0;
    w.WSASetBlockingHook(() => {
      runs++;
      return false;
    });
    const s = v.stream(w);
    w.ioctlsocket(s, FIONBIO, { value: 1 });
    connect(v, s, NOBODY_THERE, 80, w);
    expect(runs).toBe(0);
  });

  test("without one of the program's messages are dispatched meanwhile, whose procedure may not block", () => {
    const { v, w } = legacy();
    const seen: unknown[] = [];
    const window = w.CreateMessageWindow((_hwnd, message) => {
      seen.push(message, connect(v, v.stream(w), NOBODY_THERE, 80, w));
      return 0;
    });
    w.WSASetBlockingHook(() => false);
    expect(outcome(w, w.WSAUnhookBlockingHook())).toEqual(SUCCESS);
    w.PostMessage(window, WM_USER, 0, 0);
    expect(connect(v, v.stream(w), NOBODY_THERE, 80, w)).toEqual(fails(WSAETIMEDOUT));
    expect(seen).toEqual([WM_USER, fails(WSAEINPROGRESS)]);
  });
});

test("in a 2.x process there are no hooks", () => {
  const v = new VirtualWinsock();
  const { winsock: w } = v;
  expect([w.WSASetBlockingHook(() => false), w.WSAGetLastError()]).toEqual([null, WSAEOPNOTSUPP]);
  expect(outcome(w, w.WSAUnhookBlockingHook())).toEqual(fails(WSAEOPNOTSUPP));
  expect(outcome(w, w.WSACancelBlockingCall())).toEqual(fails(WSAEOPNOTSUPP));
  expect(w.WSAIsBlocking()).toBe(0);
  expect(connect(v, nonblocking(v, v.stream()), NOBODY_THERE, 80)[0]).toBe(-1);
});
