import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { Loans } from "../../../src/stack/tcp/loans.ts";
import { RingPool } from "../../../src/stack/tcp/ring-pool.ts";
import { LendingRings } from "../../support/lending-rings.ts";

const CAPACITY = 2048;

/** A pool that keeps no spare rings, so that one nobody uses goes back to its source at once. */
function setUp() {
  const source = new LendingRings();
  const pool = new RingPool(new FrozenTime(), source);
  pool.spareLimit = 0;
  const given: Uint8Array[] = [];
  const give = source.give.bind(source);
  source.give = (ring) => {
    given.push(ring);
    give(ring);
  };
  return { source, pool, loans: new Loans(pool), given };
}

describe("a ring that is read in place", () => {
  test("goes when its buffer has no more use for it and the last byte came back, whichever is later", () => {
    const { pool, loans, given } = setUp();
    const [early, late] = [pool.take(CAPACITY), pool.take(CAPACITY)];
    loans.lent(early, 10);
    loans.lent(late, 20);
    pool.give(early);
    loans.return(9);
    expect(given).toEqual([]);
    loans.return(1);
    expect(given).toEqual([early]);
    loans.return(20);
    expect(given).toEqual([early]);
    pool.give(late);
    expect(given).toEqual([early, late]);
    expect([loans.bytes, pool.lentBytes]).toEqual([0, 0]);
  });

  test("is held by each of two streams that read it, and goes once", () => {
    const { pool, loans, given } = setUp();
    const other = new Loans(pool);
    const ring = pool.take(CAPACITY);
    loans.lent(ring, 5);
    other.lent(ring, 5);
    pool.give(ring);
    loans.return(5);
    expect(given).toEqual([]);
    other.keep(0);
    expect(given).toEqual([ring]);
  });

  test("is held again when bytes in another lie between", () => {
    const { pool, loans, given } = setUp();
    const ring = pool.take(CAPACITY);
    loans.lent(ring, 5);
    loans.copied(7);
    loans.lent(ring, 3);
    pool.give(ring);
    loans.return(12);
    expect([given, loans.bytes]).toEqual([[], 3]);
    loans.return(3);
    expect(given).toEqual([ring]);
  });
});

test("nothing lent holds nothing", () => {
  const { pool, loans, given } = setUp();
  const ring = pool.take(CAPACITY);
  loans.lent(ring, 0);
  loans.copied(0);
  pool.give(ring);
  expect([given, loans.bytes]).toEqual([[ring], 0]);
});

test("copied bytes are counted and held by nothing", () => {
  const { loans, source } = setUp();
  loans.copied(5);
  loans.copied(6);
  expect(loans.bytes).toBe(11);
  loans.keep(4);
  expect(loans.bytes).toBe(4);
  loans.return(4);
  expect([loans.bytes, source.count]).toEqual([0, 0]);
});

test("keeping more than there is forgets nothing", () => {
  const { pool, loans, given } = setUp();
  const ring = pool.take(CAPACITY);
  loans.lent(ring, 5);
  loans.keep(6);
  loans.keep(5);
  pool.give(ring);
  expect([given, loans.bytes]).toEqual([[], 5]);
});

test("each ring goes exactly once and not before its last byte, in whatever order bytes are lent, returned and forgotten", () => {
  const bytes = fc.integer({ min: 0, max: 12 });
  const step = fc.record({
    do: fc.constantFrom("lend", "lend", "copy", "return", "return", "keep", "move"),
    bytes,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { pool, loans, given, source } = setUp();
      let ring = pool.take(CAPACITY);
      /** The model: whose each byte is, oldest first. */
      let outstanding: (Uint8Array | undefined)[] = [];
      const all = [ring];
      const left: Uint8Array[] = [];
      for (const { do: what, bytes: n } of steps) {
        if (what === "lend") {
          loans.lent(ring, n);
          outstanding.push(...new Array<Uint8Array>(n).fill(ring));
        } else if (what === "copy") {
          loans.copied(n);
          outstanding.push(...new Array<undefined>(n).fill(undefined));
        } else if (what === "return") {
          const count = Math.min(n, outstanding.length);
          loans.return(count);
          outstanding = outstanding.slice(count);
        } else if (what === "keep") {
          loans.keep(n);
          outstanding = outstanding.slice(0, n);
        } else {
          // The buffer moves on to another ring.
          pool.give(ring);
          left.push(ring);
          ring = pool.take(CAPACITY);
          all.push(ring);
        }
        expect(loans.bytes).toBe(outstanding.length);
        const gone = left.filter((each) => !outstanding.includes(each));
        expect(given).toHaveLength(gone.length);
        expect(new Set(given)).toEqual(new Set(gone));
        expect(pool.lentBytes).toBe((all.length - gone.length) * CAPACITY);
      }
      loans.keep(0);
      pool.give(ring);
      expect([source.count, pool.lentBytes, given.length]).toEqual([0, 0, all.length]);
    }),
    { numRuns: 200 },
  );
});
