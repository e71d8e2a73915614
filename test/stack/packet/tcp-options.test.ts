import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SynOption } from "../../../src/stack/core/profile.ts";
import { seqShown } from "../../../src/stack/core/seq.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import * as tcpOptions from "../../../src/stack/packet/tcp-options.ts";
import { DATA_FRAME, SYN_FRAME, TRANSPORT_AT } from "./frames.ts";

const NOTHING = { mss: 0, windowScale: -1, sackPermitted: false, timestamps: undefined, sack: [], malformed: false };

/** What a parse says, as a plain value to compare with. */
function parsed(b: Uint8Array, at: number, into = tcpOptions.makeSegmentOptions()) {
  tcpOptions.parse(b, at, into);
  return {
    mss: into.mss,
    windowScale: into.windowScale,
    sackPermitted: into.sackPermitted,
    timestamps: into.hasTimestamps ? [into.tsVal >>> 0, into.tsEcr >>> 0] : undefined,
    sack: Array.from({ length: into.sackBlocks }, (_, i) => [
      seqShown(tcpOptions.sackLeftEdge(into, i)),
      seqShown(tcpOptions.sackRightEdge(into, i)),
    ]),
    malformed: into.malformed,
  };
}

/** A bare header with these option bytes, and bytes behind it that a careless parser would take for options. */
function headerWith(...options: readonly number[]): Uint8Array {
  const length = 20 + Math.ceil(options.length / 4) * 4;
  const b = new Uint8Array(length + 12).fill(0xff);
  b.fill(0, 0, length);
  b[12] = (length / 4) << 4;
  b.set(options, 20);
  expect(tcp.check(b, 0, length)).toBeUndefined();
  return b;
}

const parseBytes = (...options: readonly number[]) => parsed(headerWith(...options), 0);

describe("reading TCP options (RFC 9293 §3.2)", () => {
  test("a Windows SYN says MSS, window scale and SACK permitted", () => {
    expect(parsed(SYN_FRAME, TRANSPORT_AT)).toEqual({ ...NOTHING, mss: 1460, windowScale: 8, sackPermitted: true });
  });

  test("a data segment says timestamps and SACK blocks, edges unsigned", () => {
    const sack = [
      [1000, 2000],
      [0xffffff00, 256],
    ];
    expect(parsed(DATA_FRAME, TRANSPORT_AT)).toEqual({ ...NOTHING, timestamps: [100, 50], sack });
  });

  test("the record remembers nothing of the segment before", () => {
    const record = tcpOptions.makeSegmentOptions();
    parsed(SYN_FRAME, TRANSPORT_AT, record);
    parsed(DATA_FRAME, TRANSPORT_AT, record);
    tcpOptions.parse(headerWith(2, 1, 0, 0), 0, record);
    expect(parsed(headerWith(), 0, record)).toEqual(NOTHING);
  });

  test("[HDR-10] timestamps are read at any alignment", () => {
    const timestamps = [8, 10, 0x80, 0, 0, 1, 0xff, 0xff, 0xff, 0xff];
    for (const nops of [0, 1, 2, 3, 5]) {
      expect(parseBytes(...Array<number>(nops).fill(1), ...timestamps)).toEqual({ ...NOTHING, timestamps: [0x80000001, 0xffffffff] });
    }
  });

  test("[HDR-06] [HDR-07] unknown kinds are skipped by their length (MUST-6)", () => {
    expect(parseBytes(30, 2, 69, 5, 2, 4, 1, 254, 4, 9, 9, 2, 4, 0x02, 0x18)).toEqual({ ...NOTHING, mss: 536 });
  });

  test("nothing after the end of the list counts", () => {
    expect(parseBytes(3, 3, 7, 0, 2, 4, 5, 0xb4)).toEqual({ ...NOTHING, windowScale: 7 });
  });

  test("[HDR-08] lengths of zero, of one and past the header end the parse, and what was read stands (MUST-7)", () => {
    const expected = { ...NOTHING, mss: 1460, malformed: true };
    expect(parseBytes(2, 4, 5, 0xb4, 254, 0, 3, 3)).toEqual(expected);
    expect(parseBytes(2, 4, 5, 0xb4, 254, 1, 3, 3)).toEqual(expected);
    expect(parseBytes(2, 4, 5, 0xb4, 8, 10, 0, 0)).toEqual(expected);
    expect(parseBytes(2, 4, 5, 0xb4, 1, 1, 1, 3)).toEqual(expected);
  });

  test("a known kind with another length than its own is passed over and told", () => {
    expect(parseBytes(2, 3, 9, 3, 4, 1, 1, 4, 3, 0, 8, 9, 0, 0, 0, 0, 0, 0, 0, 3, 3, 2)).toEqual({
      ...NOTHING,
      windowScale: 2,
      malformed: true,
    });
    expect(parseBytes(5, 2, 1, 1)).toEqual({ ...NOTHING, malformed: true });
    expect(parseBytes(5, 9, 0, 0, 0, 0, 0, 0, 0)).toEqual({ ...NOTHING, malformed: true });
  });

  test("[WSC-05] a window scale over 14 is taken for 14 (RFC 7323 §2.3)", () => {
    expect(parseBytes(3, 3, 14).windowScale).toBe(14);
    expect(parseBytes(3, 3, 15).windowScale).toBe(14);
    expect(parseBytes(3, 3, 255).windowScale).toBe(14);
  });

  test("four SACK blocks fill the option area", () => {
    const blocks = Array.from({ length: 32 }, (_, i) => i);
    expect(parseBytes(1, 1, 5, 34, ...blocks).sack).toHaveLength(4);
    expect(parseBytes(1, 1, 5, 34, ...blocks).sack[3]).toEqual([0x18191a1b, 0x1c1d1e1f]);
  });

  test("[HDR-08] any option bytes are read without a throw, and only within the header", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(0xff, 0, 1, 2, 3, 4, 5, 8, 10, 18), { maxLength: 40 }),
    );
    fc.assert(
      fc.property(hostile, (options) => {
        const b = headerWith(...options);
        const end = tcp.headerLength(b, 0);
        let furthest = 0;
        let reads = 0;
        const watched = new Proxy(b, {
          get(target, key) {
            const index = typeof key === "string" ? Number(key) : Number.NaN;
            if (Number.isInteger(index)) {
              furthest = Math.max(furthest, index);
              reads++;
            }
            return Reflect.get(target, key, target);
          },
        });
        const result = parsed(watched, 0);
        expect(furthest).toBeLessThan(Math.max(end, 21));
        expect(reads).toBeLessThan(200);
        expect(result.windowScale).toBeLessThanOrEqual(14);
        expect(result.sack.length).toBeLessThanOrEqual(4);
      }),
      { numRuns: 2000 },
    );
  });
});

const ALL = { mss: 1460, windowScale: 8, sackPermitted: true, timestamps: true, tsVal: 0xfffffffe, tsEcr: 7 };
const WINDOWS = ["mss", "nop", "windowScale", "nop", "nop", "sackPermitted"] as const;
const LINUX = ["mss", "sackPermitted", "timestamps", "nop", "windowScale"] as const;

/** Lays the options out over bytes of an older packet. */
function laidOut(order: readonly SynOption[], values: tcpOptions.SynOptionValues): number[] {
  const b = new Uint8Array(50).fill(0xee);
  const length = tcpOptions.writeSynOptions(b, 1, order, values);
  expect([b[0], b[1 + length]]).toEqual([0xee, 0xee]);
  return [...b.subarray(1, 1 + length)];
}

describe("writing TCP options", () => {
  test("the windows order gives a Windows SYN", () => {
    expect(laidOut(WINDOWS, ALL)).toEqual([...SYN_FRAME.subarray(TRANSPORT_AT + 20)]);
  });

  test("the linux order gives a Linux SYN", () => {
    expect(laidOut(LINUX, ALL)).toEqual([2, 4, 5, 0xb4, 4, 2, 8, 10, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 7, 1, 3, 3, 8]);
  });

  test("[HDR-11] an option that is left out takes its NOPs with it, and zeros fill the last word", () => {
    expect(laidOut(WINDOWS, { ...ALL, windowScale: -1 })).toEqual([2, 4, 5, 0xb4, 1, 1, 4, 2]);
    expect(laidOut(WINDOWS, { ...ALL, sackPermitted: false })).toEqual([2, 4, 5, 0xb4, 1, 3, 3, 8]);
    expect(laidOut(["mss", "sackPermitted"], ALL)).toEqual([2, 4, 5, 0xb4, 4, 2, 0, 0]);
    expect(laidOut([], ALL)).toEqual([]);
  });

  test("SACK-permitted, which shares a word with timestamps in Linux, is filled up by NOPs where there are none", () => {
    expect(laidOut(LINUX, { ...ALL, timestamps: false, windowScale: -1 })).toEqual([2, 4, 5, 0xb4, 1, 1, 4, 2]);
    expect(laidOut(LINUX, { ...ALL, timestamps: false })).toEqual([2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 8]);
    expect(laidOut(LINUX, { ...ALL, timestamps: false, sackPermitted: false })).toEqual([2, 4, 5, 0xb4, 1, 3, 3, 8]);
  });

  test("timestamps end on a word whatever was left out before them (RFC 7323 appendix A; nmap's O3 of Windows: M5B4NW8NNT11)", () => {
    const order = ["mss", "nop", "windowScale", "sackPermitted", "timestamps"] as const;
    expect(laidOut(order, { ...ALL, sackPermitted: false })).toHaveLength(20);
    const kinds = [...laidOut(order, { ...ALL, sackPermitted: false })];
    expect([kinds[0], kinds[4], kinds[5], kinds[8], kinds[9], kinds[10]]).toEqual([2, 1, 3, 1, 1, 8]);
  });

  test("an order that asks for more than 40 bytes is refused", () => {
    expect(() => laidOut([...LINUX, "timestamps", "mss", "mss", "nop"], ALL)).toThrow(RangeError);
    expect(() => laidOut([...LINUX, "timestamps", "mss", "mss"], ALL)).not.toThrow();
  });

  test("[HDR-05] [HDR-09] whatever order and values are written read back the same", () => {
    const order = fc.uniqueArray(fc.constantFrom("mss", "windowScale", "sackPermitted", "timestamps"), { minLength: 4, maxLength: 4 });
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    const values = fc.record({
      mss: fc.integer({ min: 0, max: 65_535 }),
      windowScale: fc.integer({ min: -1, max: 14 }),
      sackPermitted: fc.boolean(),
      timestamps: fc.boolean(),
      tsVal: u32,
      tsEcr: u32,
    });
    fc.assert(
      fc.property(order, values, fc.array(fc.nat(4), { minLength: 4, maxLength: 4 }), (names, given, nops) => {
        const withNops = names.flatMap((name, i): SynOption[] => [...Array<"nop">(nops[i]!).fill("nop"), name]);
        expect(parseBytes(...laidOut(withNops, given))).toEqual({
          ...NOTHING,
          mss: given.mss,
          windowScale: given.windowScale,
          sackPermitted: given.sackPermitted,
          timestamps: given.timestamps ? [given.tsVal, given.tsEcr] : undefined,
        });
      }),
    );
  });

  test("timestamps and SACK blocks are written as they stand on the wire", () => {
    const b = new Uint8Array(40).fill(0xee);
    let length = tcpOptions.writeTimestamps(b, 0, 100, 50);
    length += tcpOptions.writeSack(b, length, [1000, 0xffffff00, 5], [2000, 256, 6], 2);
    expect([...b.subarray(0, length)]).toEqual([...DATA_FRAME.subarray(TRANSPORT_AT + 20, TRANSPORT_AT + 52)]);
    expect(b[length]).toBe(0xee);
    expect(tcpOptions.writeSack(b, 0, [], [], 0)).toBe(0);
  });
});
