import { expect, test } from "@jest/globals";
import { ipv4, ipv6 } from "../../../src/stack/core/address.ts";
import { KeyedHash } from "../../../src/stack/core/keyed-hash.ts";
import type { Random } from "../../../src/stack/core/random.ts";

/** The key of the reference vectors: bytes 00 to 07. */
function referenceKey(): Random {
  const words = [0x03020100, 0x07060504];
  return { u32: () => words.shift() ?? 0 };
}

test("HalfSipHash-2-4 of the reference's twelve-byte message (bytes 00 to 0b under key 00 to 07) agrees with a second reading of its definition", () => {
  const hash = new KeyedHash(referenceKey());
  expect(hash.of(0x03020100, 0x07060504, 0x0b0a0908)).toBe(referenceVector(12));
});

test("two addresses of IPv6 and a word are a message of thirty-six bytes, two of IPv4 one of twelve", () => {
  const a = ipv6(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
  const b = ipv6(0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c);
  expect(new KeyedHash(referenceKey()).ofPair(a, b, 0x23222120)).toBe(referenceVector(36));
  expect(new KeyedHash(referenceKey()).ofPair(ipv4(0x03020100), ipv4(0x07060504), 0x0b0a0908)).toBe(referenceVector(12));
});

test("one pair after another does not see what is left of the one before", () => {
  const hash = new KeyedHash(referenceKey());
  const fresh = new KeyedHash(referenceKey()).ofPair(ipv4(1), ipv4(2), 3);
  hash.ofPair(ipv6(1, 2, 3, 4), ipv6(5, 6, 7, 8), 9);
  expect(hash.ofPair(ipv4(1), ipv4(2), 3)).toBe(fresh);
});

test("another key gives other values", () => {
  const one = new KeyedHash({ u32: () => 1 });
  const two = new KeyedHash({ u32: () => 2 });
  expect(one.of(1, 2, 3)).not.toBe(two.of(1, 2, 3));
});

/** The algorithm as its authors write it, byte-wise and with BigInt, as an independent reading. */
function referenceVector(bytes: number): number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (32n - bits))) & mask;
  const [k0, k1] = [0x03020100n, 0x07060504n];
  let v = [k0, k1, 0x6c796765n ^ k0, 0x74656462n ^ k1];
  const round = ([v0, v1, v2, v3]: bigint[]): bigint[] => {
    let [a, b, c, d] = [v0!, v1!, v2!, v3!];
    a = (a + b) & mask;
    b = rotate(b, 5n) ^ a;
    a = rotate(a, 16n);
    c = (c + d) & mask;
    d = rotate(d, 8n) ^ c;
    a = (a + d) & mask;
    d = rotate(d, 7n) ^ a;
    c = (c + b) & mask;
    b = rotate(b, 13n) ^ c;
    c = rotate(c, 16n);
    return [a, b, c, d];
  };
  const message = Array.from({ length: bytes }, (_, i) => BigInt(i));
  const words = Array.from({ length: bytes / 4 }, (_, i) => 4 * i).map(
    (at) => message[at]! | (message[at + 1]! << 8n) | (message[at + 2]! << 16n) | (message[at + 3]! << 24n),
  );
  for (const m of [...words, BigInt(bytes) << 24n]) {
    v = [v[0]!, v[1]!, v[2]!, v[3]! ^ m];
    v = round(round(v));
    v = [v[0]! ^ m, v[1]!, v[2]!, v[3]!];
  }
  v = [v[0]!, v[1]!, v[2]! ^ 0xffn, v[3]!];
  for (let i = 0; i < 4; i++) v = round(v);
  return Number(v[1]! ^ v[3]!);
}
