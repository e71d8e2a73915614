import { describe, expect, test } from "@jest/globals";
import { ipv4 } from "../../../src/stack/core/address.ts";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { MAX_PATH_MTUS, MIN_PATH_MTU, mtuAfterReport, PATH_MTU_LIFETIME_MS, PathMtus } from "../../../src/stack/ip/path-mtu.ts";

/** The table and its time; nothing else here knows how the table is told the time. */
function setUp() {
  const time = new FrozenTime();
  const mtus = new PathMtus(time);
  const lower = (remote: number, mtu: number) => mtus.lower(ipv4(remote), mtu, () => true);
  return { mtus, lower, wait: (ms: number) => time.moveTo(time.now + ms) };
}

describe("what path MTU discovery has found (RFC 1191)", () => {
  test("holds for its destination alone, and for ten minutes (§6.3)", () => {
    const { mtus, lower, wait } = setUp();
    expect(mtus.to(ipv4(1))).toBe(Number.POSITIVE_INFINITY);
    expect(lower(1, 1000)).toBe(true);
    expect([mtus.to(ipv4(1)), mtus.to(ipv4(2))]).toEqual([1000, Number.POSITIVE_INFINITY]);
    wait(PATH_MTU_LIFETIME_MS - 1);
    expect(mtus.to(ipv4(1))).toBe(1000);
    wait(1);
    expect([mtus.to(ipv4(1)), mtus.size]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  test("holds ten minutes more when it is found again", () => {
    const { mtus, lower, wait } = setUp();
    lower(1, 1000);
    wait(PATH_MTU_LIFETIME_MS - 1);
    lower(1, 900);
    wait(PATH_MTU_LIFETIME_MS - 1);
    expect(mtus.to(ipv4(1))).toBe(900);
  });

  test("holds while it is judged, and what was there before holds on when it is not believed, its time included", () => {
    const { mtus, lower, wait } = setUp();
    const disbelieve = (mtu: number) => {
      let meanwhile = 0;
      const isBelieved = mtus.lower(ipv4(1), mtu, () => {
        meanwhile = mtus.to(ipv4(1));
        return false;
      });
      return [isBelieved, meanwhile, mtus.to(ipv4(1))];
    };
    expect([disbelieve(1000), mtus.size]).toEqual([[false, 1000, Number.POSITIVE_INFINITY], 0]);
    lower(1, 1200);
    wait(1000);
    expect(disbelieve(600)).toEqual([false, 600, 1200]);
    wait(PATH_MTU_LIFETIME_MS - 1000);
    expect(mtus.to(ipv4(1))).toBe(Number.POSITIVE_INFINITY);
  });

  test("takes nobody's place when it is not believed, however many there are", () => {
    const { mtus, lower } = setUp();
    for (let remote = 0; remote < MAX_PATH_MTUS; remote++) lower(remote, 1000);
    mtus.lower(ipv4(MAX_PATH_MTUS), 600, () => false);
    mtus.lower(ipv4(0), 600, () => false);
    expect([mtus.size, mtus.to(ipv4(0)), mtus.to(ipv4(1))]).toEqual([MAX_PATH_MTUS, 1000, 1000]);
    // Nor does it make who was there newer.
    lower(MAX_PATH_MTUS, 1000);
    expect([mtus.to(ipv4(0)), mtus.to(ipv4(1))]).toEqual([Number.POSITIVE_INFINITY, 1000]);
  });

  test("of the destination that was heard of longest ago is forgotten when there are too many", () => {
    const { mtus, lower } = setUp();
    const known = (...remotes: number[]) => remotes.map((remote) => mtus.to(ipv4(remote)) < Number.POSITIVE_INFINITY);
    for (let remote = 0; remote < MAX_PATH_MTUS - 1; remote++) lower(remote, 1000);
    // Heard of again, the first is the newest; then there is one too many.
    lower(0, 900);
    for (const remote of [MAX_PATH_MTUS - 1, MAX_PATH_MTUS]) lower(remote, 1000);
    expect([mtus.size, known(0, 1, 2)]).toEqual([MAX_PATH_MTUS, [true, false, true]]);
    // Who is there already takes nobody's place.
    lower(100, 900);
    expect([mtus.size, known(0, 2, 3)]).toEqual([MAX_PATH_MTUS, [true, true, true]]);
  });
});

test.each([
  // What a router says is believed, down to the least.
  [1400, 1500, 1400],
  [MIN_PATH_MTU, 1500, MIN_PATH_MTU],
  [68, 1500, MIN_PATH_MTU],
  // Of one that says nothing the next lower plateau is tried (§7).
  [0, 65535, 32000],
  [0, 1500, 1492],
  [0, 1492, 1006],
  [0, 1006, MIN_PATH_MTU],
  [0, 100, MIN_PATH_MTU],
])("after a report of %d about a datagram of %d bytes the path is taken for one of %d", (reported, datagramBytes, mtu) => {
  expect(mtuAfterReport(reported, datagramBytes)).toBe(mtu);
});
