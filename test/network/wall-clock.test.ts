import { expect, test } from "@jest/globals";
import { WallClock } from "../../src/network/wall-clock.ts";

test("the time of day is right again after the machine has slept, and keeps its fractions otherwise", () => {
  let monotonicMs = 1000.25;
  let dateMs = 1_700_000_000_000;
  const wall = new WallClock({ now: () => monotonicMs }, () => dateMs);
  const timeOfDay = () => monotonicMs + wall.offsetMs;
  expect(timeOfDay()).toBe(1_700_000_000_000);
  monotonicMs += 0.5;
  expect(timeOfDay()).toBe(1_700_000_000_000.5);
  // A clock that counts up only stands still while the machine is suspended (clock_gettime(2), CLOCK_MONOTONIC).
  dateMs += 3_600_000;
  expect(Math.abs(timeOfDay() - dateMs)).toBeLessThan(1);
  // Somebody sets the clock back.
  dateMs -= 7_200_000;
  expect(Math.abs(timeOfDay() - dateMs)).toBeLessThan(1);
});
