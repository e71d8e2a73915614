import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { type Goodput, goodputOver, type ModelledLink } from "../../support/modelled-link.ts";

/** Buffers are never what holds a stream back here. */
const roomy = (profile: Profile): Profile => ({ ...profile, receiveBufferMaxBytes: 64 << 20, sendBufferMaxBytes: 64 << 20 });
const PROFILES = { linux: roomy(LINUX), windows: roomy(WINDOWS), rfc: roomy(RFC) };

interface Row extends Omit<ModelledLink, "profile"> {
  readonly name: string;
  readonly seconds: number;
  readonly profile?: keyof typeof PROFILES;
}

const over = ({ name: _, seconds, profile = "linux", ...link }: Row): Goodput =>
  goodputOver({ ...link, profile: PROFILES[profile], peerProfile: PROFILES[profile] }, seconds);

const written = ({ megabits, share, timeouts, retransmissions, spurious }: Goodput): string =>
  `${megabits.toFixed(2)} Mbit/s, ${(100 * share).toFixed(1)} %; ${timeouts} timeouts, ${retransmissions} sent again, ${spurious} of them in vain`;

const CLEAN: readonly Row[] = [
  { name: "1 Mbit/s, 200 ms, a queue of 1 BDP", megabits: 1, rttMs: 200, queueBdp: 1, seconds: 30 },
  { name: "1 Mbit/s, 20 ms, a queue of 2 BDP", megabits: 1, rttMs: 20, queueBdp: 2, seconds: 30 },
  { name: "10 Mbit/s, 50 ms, a queue of 1 BDP", megabits: 10, rttMs: 50, queueBdp: 1, seconds: 15 },
  { name: "100 Mbit/s, 1 ms, a queue of 2 BDP", megabits: 100, rttMs: 1, queueBdp: 2, seconds: 1 },
  { name: "100 Mbit/s, 50 ms, a queue of 0.5 BDP", megabits: 100, rttMs: 50, queueBdp: 0.5, seconds: 5 },
  { name: "100 Mbit/s, 50 ms, a queue of 2 BDP", megabits: 100, rttMs: 50, queueBdp: 2, seconds: 4 },
  { name: "1 Gbit/s, 10 ms, a queue of 1 BDP", megabits: 1000, rttMs: 10, queueBdp: 1, seconds: 0.5 },
  { name: "10 Gbit/s, 1 ms, a queue of 1 BDP", megabits: 10_000, rttMs: 1, queueBdp: 1, seconds: 0.05 },
  { name: "as Windows: 100 Mbit/s, 50 ms, a queue of 1 BDP", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 5, profile: "windows" },
];

const HARD: readonly Row[] = [
  { name: "a queue of 0.1 BDP", megabits: 100, rttMs: 50, queueBdp: 0.1, seconds: 5 },
  { name: "a queue of 1 BDP, Reno", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 5, profile: "rfc" },
  { name: "0.1 % lost", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 20, errors: { loss: 0.001 } },
  { name: "1 % lost", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 60, errors: { loss: 0.01 } },
  { name: "1 % lost, as Windows", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 60, errors: { loss: 0.01 }, profile: "windows" },
  { name: "1 % lost, Reno", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 60, errors: { loss: 0.01 }, profile: "rfc" },
  { name: "5 % lost", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 60, errors: { loss: 0.05 } },
  { name: "5 % lost, 10 Mbit/s and 5 ms", megabits: 10, rttMs: 5, queueBdp: 4, seconds: 20, errors: { loss: 0.05 } },
];

const REORDERED: readonly Row[] = [
  { name: "1 % come 1 ms late", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 5, errors: { reorder: 0.01, reorderDelayMs: 1 } },
  { name: "1 % come 10 ms late", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 5, errors: { reorder: 0.01, reorderDelayMs: 10 } },
  { name: "10 % come 5 ms late", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 5, errors: { reorder: 0.1, reorderDelayMs: 5 } },
  {
    name: "1 % come 1 ms late, as Windows",
    megabits: 100,
    rttMs: 50,
    queueBdp: 1,
    seconds: 5,
    errors: { reorder: 0.01, reorderDelayMs: 1 },
    profile: "windows",
  },
  { name: "1 % come twice", megabits: 100, rttMs: 50, queueBdp: 1, seconds: 5, errors: { duplicate: 0.01 } },
];

describe("goodput over a modelled link", () => {
  test.each(CLEAN)("without loss but that of its own making: $name", (row) => {
    const goodput = over(row);
    expect(written(goodput)).toMatchSnapshot();
    expect(goodput.timeouts).toBe(0);
  });

  test.each(HARD)("100 Mbit/s, 50 ms: $name", (row) => {
    expect(written(over(row))).toMatchSnapshot();
  });

  test.each(REORDERED)("100 Mbit/s, 50 ms, out of order: $name", (row) => {
    const goodput = over(row);
    expect(written(goodput)).toMatchSnapshot();
    expect(goodput.share).toBeGreaterThan(0.8);
  });
});
