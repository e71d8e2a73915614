import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { LiveRun } from "../../src/live/live-run.ts";
import type { EventPort } from "../../src/transport/async-call-port.ts";
import { ScriptedHost } from "./scripted-host.ts";

const VIEWER = { runOpened: () => {}, runEvent: () => {}, clockChanged: () => {}, faultsChanged: () => {} } as never;

describe("a run that is watched", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test("is watched no longer when the last who looked left before the host had answered", async () => {
    const host = new ScriptedHost();
    let arrive: () => void = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const openPort = async (): Promise<EventPort> => {
      await arrival;
      return host.openPort();
    };
    const run = new LiveRun({ openPort, lingerMs: 20 });
    run.attach(VIEWER)();
    await jest.advanceTimersByTimeAsync(1000);
    arrive();
    await jest.advanceTimersByTimeAsync(1000);
    expect(host.ports.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(jest.getTimerCount()).toBe(0);
    await run.close();
  });

  test("leaves no timer behind when the host goes down while its faults are asked for", async () => {
    const host = new ScriptedHost();
    const answer = host.answer.bind(host);
    host.answer = (request) => {
      if (request.op === "fault-list") host.goDown();
      return answer(request);
    };
    const run = new LiveRun({ openPort: host.openPort, lingerMs: 20, retryMs: 60_000 });
    const leave = run.attach(VIEWER);
    await jest.advanceTimersByTimeAsync(100);
    expect(host.ports).toHaveLength(1);
    leave();
    await jest.advanceTimersByTimeAsync(100);
    await run.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
