import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ipv4, ipv6 } from "../../../src/stack/core/address.ts";
import { completePartial, finish, fold, pseudoHeader, pseudoHeaderV4, sum, verify } from "../../../src/stack/packet/checksum.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import * as udp from "../../../src/stack/packet/udp.ts";
import { ADDRESS_1, ADDRESS_2, DATA_FRAME, TRANSPORT_AT, UDP_FRAME } from "./frames.ts";

/** RFC 1071 §1, as literally as can be: one word at a time, every carry added at once. */
function naiveSum(b: Uint8Array, at: number, length: number): number {
  let total = 0;
  for (let i = 0; i < length; i += 2) {
    total += b[at + i]! * 256 + (i + 1 < length ? b[at + i + 1]! : 0);
    if (total > 0xffff) total -= 0xffff;
  }
  return total;
}

/** Bytes that differ from run to run of the generator, not from run to run of the test. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

describe("Internet checksum (RFC 1071)", () => {
  test("the RFC's own example sums to ddf2 (RFC 1071 §3)", () => {
    const example = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(fold(sum(example, 0, 8))).toBe(0xddf2);
    expect(finish(sum(example, 0, 8))).toBe(0x220d);
  });

  test("short pieces, at any offset and of odd length too, sum as the reference does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (b, skip) => {
        const at = Math.min(skip, b.length);
        expect(fold(sum(b, at, b.length - at))).toBe(naiveSum(b, at, b.length - at));
      }),
    );
  });

  test("long pieces sum as the reference does for every alignment of their ends and of the array in its buffer", () => {
    const pool = noise(70_000, 1);
    for (let arrayAt = 0; arrayAt < 4; arrayAt++) {
      const b = pool.subarray(arrayAt);
      for (let at = 0; at < 5; at++) {
        for (const length of [2047, 2048, 2049, 2050, 2051, 4095, 65_535]) {
          expect({ arrayAt, at, length, sum: fold(sum(b, at, length)) }).toEqual({ arrayAt, at, length, sum: naiveSum(b, at, length) });
        }
      }
    }
  });

  test("a piece that ends with its buffer is summed to the last byte, whatever the buffer's length", () => {
    for (let extra = 0; extra < 4; extra++) {
      const b = noise(3000 + extra, 2);
      expect(fold(sum(b, 1, b.length - 1))).toBe(naiveSum(b, 1, b.length - 1));
    }
  });

  test("a megabyte of all ones loses no carry", () => {
    const ones = new Uint8Array(1 << 20).fill(0xff);
    expect(fold(sum(ones, 0, ones.length))).toBe(0xffff);
    expect(sum(ones, 0, ones.length, 0) % 0xffff).toBe(0);
  });

  test("pieces add up to the whole when every piece but the last is even", () => {
    const b = noise(5001, 3);
    expect(fold(sum(b, 3000, 2001, sum(b, 20, 2980, sum(b, 0, 20))))).toBe(naiveSum(b, 0, 5001));
  });

  test("folding leaves 16 bits of any sum up to 2^53", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => {
        const folded = fold(n);
        expect(folded).toBeLessThanOrEqual(0xffff);
        expect(folded % 0xffff).toBe(n % 0xffff);
        expect(folded === 0).toBe(n === 0);
      }),
    );
  });

  test("one changed bit anywhere is found", () => {
    const b = DATA_FRAME.slice();
    const length = b.length - TRANSPORT_AT;
    const total = () => sum(b, TRANSPORT_AT, length, pseudoHeaderV4(ADDRESS_1, ADDRESS_2, 6, length));
    expect(verify(total())).toBe(true);
    for (let bit = TRANSPORT_AT * 8; bit < b.length * 8; bit++) {
      b[bit >> 3]! ^= 1 << (bit & 7);
      expect(verify(total())).toBe(false);
      b[bit >> 3]! ^= 1 << (bit & 7);
    }
  });
});

describe("partial checksums (virtio 1.2 §5.1.6.2)", () => {
  test("completing a partial TCP checksum gives the one that was left out", () => {
    const frame = DATA_FRAME.slice();
    const length = frame.length - TRANSPORT_AT;
    tcp.putPartialChecksum(frame, TRANSPORT_AT, pseudoHeaderV4(ADDRESS_1, ADDRESS_2, 6, length));
    expect(frame).not.toEqual(DATA_FRAME);
    expect(completePartial(frame, 0, frame.length, TRANSPORT_AT, tcp.CHECKSUM_OFFSET)).toBe(true);
    expect(frame).toEqual(DATA_FRAME);
  });

  test("offsets count from the frame, wherever in a buffer it lies", () => {
    const buffer = new Uint8Array(7 + UDP_FRAME.length + 5).fill(0xee);
    buffer.set(UDP_FRAME, 7);
    udp.putPartialChecksum(buffer, 7 + TRANSPORT_AT, pseudoHeaderV4(ADDRESS_2, ADDRESS_1, 17, 11));
    completePartial(buffer, 7, 7 + UDP_FRAME.length, TRANSPORT_AT, udp.CHECKSUM_OFFSET);
    expect(buffer.slice(7, 7 + UDP_FRAME.length)).toEqual(UDP_FRAME);
    expect(buffer[7 + UDP_FRAME.length]).toBe(0xee);
  });

  test("a UDP checksum that comes out as zero becomes all ones (RFC 768)", () => {
    const frame = Uint8Array.of(0xff, 0xff, 0x00, 0x00); // the sum is ffff, its complement 0
    completePartial(frame, 0, 4, 0, 2);
    expect([...frame]).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  test("a field outside the frame is refused and nothing is written", () => {
    for (const [start, offset] of [
      [0, 7],
      [7, 0],
      [8, 0],
      [0, 65_535],
      [65_535, 65_535],
      [-2, 4],
      [4, -2],
    ] as const) {
      const frame = new Uint8Array(16).fill(0x55);
      expect(completePartial(frame, 4, 12, start, offset)).toBe(false);
      expect(frame).toEqual(new Uint8Array(16).fill(0x55));
    }
  });
});

test("the pseudo-header of either family: IPv4's as before, once folded, and IPv6's by RFC 8200 §8.1", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.integer({ min: 1, max: 255 }), fc.nat(65_535), (a, b, protocol, length) => {
      const folded = fold(pseudoHeader(ipv4(a), ipv4(b), protocol, length));
      expect(folded).toBe(fold(pseudoHeaderV4(a | 0, b | 0, protocol, length)));
    }),
  );
  const [source, destination] = [ipv6(0x20010db8, 0, 0, 1), ipv6(0x20010db8, 0, 0xffff0000, 2)];
  expect(pseudoHeader(source, destination, 6, 40)).toBe(2 * (0x2001 + 0x0db8) + 1 + 0xffff + 2 + 6 + 40);
});
