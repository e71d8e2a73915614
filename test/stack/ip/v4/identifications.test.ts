import { describe, expect, test } from "@jest/globals";
import { ipv4 } from "../../../../src/stack/core/address.ts";
import type { HostContext } from "../../../../src/stack/core/context.ts";
import { LINUX, type Profile, WINDOWS } from "../../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../../src/stack/core/random.ts";
import { FrozenTime } from "../../../../src/stack/core/time.ts";
import { DATAGRAM_LIFETIME_MS, Identifications } from "../../../../src/stack/ip/v4/identifications.ts";

function setUp(profile: Profile = LINUX, seed = 1) {
  const time = new FrozenTime();
  const context = {
    get now() {
      return time.now;
    },
    random: new SeededRandom(seed),
    profile,
  };
  const ids = new Identifications(context as unknown as HostContext);
  const takeMany = (counter: number, count: number): number[] => Array.from({ length: count }, () => ids.take(counter));
  return { time, ids, takeMany };
}

describe("IPv4 identifications (RFC 6864)", () => {
  test("[IP4-15] [IP4-17] of one flow do not come back within the lifetime of a datagram: a burst ends before that (§4.3)", () => {
    const { time, ids, takeMany } = setUp();
    const counter = ids.counterOf(ipv4(1), ipv4(2));
    const taken = takeMany(counter, 65_536).filter((id) => id >= 0);
    expect(taken.length).toBeGreaterThan(57_344);
    expect(new Set(taken).size).toBe(taken.length);
    expect(ids.take(counter)).toBe(-1);
    time.moveTo(DATAGRAM_LIFETIME_MS - 1);
    expect(ids.take(counter)).toBe(-1);
    time.moveTo(DATAGRAM_LIFETIME_MS);
    expect(new Set(takeMany(counter, 65_536)).size).toBeGreaterThan(57_344);
  });

  test("[IP4-17] a flow that is slow enough is never held up, and passes all values before one comes back", () => {
    const { time, ids, takeMany } = setUp();
    const counter = ids.counterOf(ipv4(1), ipv4(2));
    const taken: number[] = [];
    for (let i = 0; i < 256; i++) {
      time.moveTo(time.now + 2.4 * (DATAGRAM_LIFETIME_MS / 256));
      taken.push(...takeMany(counter, 512));
    }
    expect(Math.min(...new Set(taken))).toBe(0);
    expect(new Set(taken.slice(0, 65_536)).size).toBe(65_536);
    expect(taken.slice(65_536)).toEqual(taken.slice(0, 65_536));
  });

  test("[IP4-14] of an atomic datagram are zero where the profile has it so (§4.1), and uses up none of the others", () => {
    const { ids: zero } = setUp({ ...WINDOWS, ipIdentification: "zero" });
    const { ids: same } = setUp({ ...WINDOWS, ipIdentification: "zero" });
    const counter = zero.counterOf(ipv4(1), ipv4(2));
    expect([zero.takeAtomic(counter), zero.takeAtomic(counter)]).toEqual([0, 0]);
    expect(zero.take(counter)).toBe(same.take(counter));

    const { ids: counted } = setUp({ ...WINDOWS, ipIdentification: "increment" });
    const first = counted.take(counter);
    const atomic = Array.from({ length: 65_537 }, () => counted.takeAtomic(counter));
    expect(atomic.every((id, i) => id === ((atomic[0]! + i) & 0xffff))).toBe(true);
    expect(counted.take(counter)).toBe((first + 1) & 0xffff);
  });

  test("count up where the profile has it so, from a start of each counter's own, as Windows does", () => {
    const { ids, takeMany } = setUp(WINDOWS);
    const taken = takeMany(1, 1000);
    expect(taken.every((id, i) => id === ((taken[0]! + i) & 0xffff))).toBe(true);
    expect(ids.take(2)).not.toBe((taken.at(-1)! + 1) & 0xffff);
  });

  test("[IP4-16] cannot be foretold: each counter has an order of its own, and none counts up", () => {
    const { ids, takeMany } = setUp();
    const steps = [1, 2].map((counter) => {
      const taken = takeMany(counter, 1000);
      return taken.slice(1).map((id, i) => (id - taken[i]!) & 0xffff);
    });
    for (const of of steps) expect(new Set(of).size).toBeGreaterThan(900);
    expect(steps[0]!.filter((step) => steps[1]!.includes(step)).length).toBeLessThan(100);
    expect(Array.from({ length: 100 }, () => ids.take(3) % 2).filter((bit) => bit === 0).length).toBeGreaterThan(25);
  });

  test("begin elsewhere in each counter, and counters are shared out by a secret", () => {
    const { ids } = setUp();
    const { ids: others } = setUp(LINUX, 2);
    const remotes = Array.from({ length: 1000 }, (_, remote) => remote);
    const counters = remotes.map((remote) => ids.counterOf(ipv4(1), ipv4(remote)));
    expect(counters).toEqual(remotes.map((remote) => ids.counterOf(ipv4(1), ipv4(remote))));
    expect(counters).not.toEqual(remotes.map((remote) => others.counterOf(ipv4(1), ipv4(remote))));
    // 1000 flows in 256 counters leave about five of them unused.
    expect(new Set(counters).size).toBeGreaterThan(230);
    expect(counters.every((counter) => counter >= 0 && counter < 256)).toBe(true);
    expect(new Set([...new Set(counters)].map((counter) => ids.take(counter))).size).toBeGreaterThan(230);
  });
});
