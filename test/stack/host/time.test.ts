import { expect, test } from "@jest/globals";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { Host } from "../../../src/stack/host/host.ts";
import { connectPair, TwoHosts } from "../../support/two-hosts.ts";

function bareHost(startMs = 0) {
  return new Host({ startMs, random: new SeededRandom(1) });
}

const nobody = () => "test";

test("time goes forward only, and to a number", () => {
  const time = new FrozenTime(10);
  time.moveTo(10);
  for (const never of [9.9, Number.NaN]) expect(() => time.moveTo(never)).toThrow(RangeError);
  expect(time.now).toBe(10);
});

test("a host is made at its driver's time, and takes over what turn and enter say", () => {
  const host = bareHost(100);
  expect(host.context.now).toBe(100);
  host.enter(101.5);
  expect(host.context.now).toBe(101.5);
  host.turn(102);
  expect(host.context.now).toBe(102);
});

test("an alarm that a call sets counts from the time of the call, not from the turn before it", () => {
  const host = bareHost();
  host.turn(0);
  host.enter(50);
  host.timers.timer("alarm", nobody, () => {}).set(10);
  expect(host.nextDeadlineMs).toBe(60);
});

test("time stands still in a turn: what a user does there with another time in hand belongs to the turn", () => {
  const host = bareHost();
  const seen: number[] = [];
  const alarm = host.timers.timer("alarm", nobody, () => {
    host.enter(2000);
    seen.push(host.context.now);
  });
  alarm.set(5);
  host.turn(1000);
  expect(seen).toEqual([1000]);
  expect(host.context.now).toBe(1000);
});

test("time goes forward only, and a driver that forgets it is told", () => {
  const host = bareHost(10);
  expect(() => host.turn(9)).toThrow(RangeError);
  expect(() => host.enter(Number.NaN)).toThrow(RangeError);
  expect(() => (host as unknown as { turn(): boolean }).turn()).toThrow(RangeError);
  expect(host.context.now).toBe(10);
});

test("all events of one turn carry its time", () => {
  const hosts = new TwoHosts();
  const times: number[] = [];
  hosts.ours.trace.subscribe((event) => times.push(event.atMs));
  const { client } = connectPair(hosts);
  client.connection!.write(new Uint8Array(5000), 0, 5000);
  times.length = 0;
  hosts.ours.turn(hosts.simulation.now + 3);
  expect(times.length).toBeGreaterThan(3);
  expect(new Set(times)).toEqual(new Set([hosts.simulation.now + 3]));
});
