import { describe, expect, test } from "@jest/globals";
import { ipv4 } from "../../../../src/stack/core/address.ts";
import type { HostContext } from "../../../../src/stack/core/context.ts";
import { LINUX, type Profile, WINDOWS } from "../../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../../src/stack/core/random.ts";
import { Identifications } from "../../../../src/stack/ip/v4/identifications.ts";
import { DONT_FRAGMENT } from "../../../../src/stack/packet/ipv4.ts";

const identifications = (profile: Profile, seed = 1): Identifications =>
  new Identifications({ random: new SeededRandom(seed), profile } as unknown as HostContext);

describe("IPv4 identifications (RFC 6864)", () => {
  test("of one flow count up and pass 65535 to 0, none coming back before all others had their turn (§4.3)", () => {
    const ids = identifications({ ...LINUX, ipIdentification: "increment" });
    const counter = ids.counterOf(ipv4(1), ipv4(2));
    const taken = Array.from({ length: 65_537 }, () => ids.take(counter, 0));
    expect(new Set(taken.slice(0, 65_536)).size).toBe(65_536);
    expect(taken[65_536]).toBe(taken[0]);
    expect(taken.every((id, i) => i === 0 || id === ((taken[i - 1]! + 1) & 0xffff))).toBe(true);
  });

  test("of an atomic datagram are zero where the profile has it so (§4.1), and counted where it has not", () => {
    const zero = identifications({ ...WINDOWS, ipIdentification: "zero" });
    const counter = zero.counterOf(ipv4(1), ipv4(2));
    const first = zero.take(counter, 0);
    expect([zero.take(counter, DONT_FRAGMENT), zero.take(counter, DONT_FRAGMENT)]).toEqual([0, 0]);
    expect(zero.take(counter, 0)).toBe((first + 1) & 0xffff);
    const counted = identifications({ ...WINDOWS, ipIdentification: "increment" });
    const start = counted.take(counter, DONT_FRAGMENT);
    expect(counted.take(counter, DONT_FRAGMENT)).toBe((start + 1) & 0xffff);
  });

  test("begin elsewhere in each counter, and counters are shared out by a secret", () => {
    const ids = identifications({ ...LINUX, ipIdentification: "increment" });
    const others = identifications({ ...LINUX, ipIdentification: "increment" }, 2);
    const remotes = Array.from({ length: 1000 }, (_, remote) => remote);
    const counters = remotes.map((remote) => ids.counterOf(ipv4(1), ipv4(remote)));
    expect(counters).toEqual(remotes.map((remote) => ids.counterOf(ipv4(1), ipv4(remote))));
    expect(counters).not.toEqual(remotes.map((remote) => others.counterOf(ipv4(1), ipv4(remote))));
    // 1000 flows in 256 counters leave about five of them unused.
    expect(new Set(counters).size).toBeGreaterThan(230);
    expect(counters.every((counter) => counter >= 0 && counter < 256)).toBe(true);
    expect(new Set([...new Set(counters)].map((counter) => ids.take(counter, 0))).size).toBeGreaterThan(230);
  });
});
