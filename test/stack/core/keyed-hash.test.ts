import { expect, test } from "@jest/globals";
import { KeyedHash } from "../../../src/stack/core/keyed-hash.ts";
import type { Random } from "../../../src/stack/core/random.ts";

/** The key of the reference vectors: bytes 00 to 07. */
function referenceKey(): Random {
  const words = [0x03020100, 0x07060504];
  return { u32: () => words.shift() ?? 0 };
}

test("HalfSipHash-2-4 of the reference's twelve-byte message (bytes 00 to 0b under key 00 to 07) agrees with a second reading of its definition", () => {
  const hash = new KeyedHash(referenceKey());
  expect(hash.of(0x03020100, 0x07060504, 0x0b0a0908)).toBe(referenceVector());
});

test("another key gives other values", () => {
  const one = new KeyedHash({ u32: () => 1 });
  const two = new KeyedHash({ u32: () => 2 });
  expect(one.of(1, 2, 3)).not.toBe(two.of(1, 2, 3));
});

/** The algorithm as its authors write it, byte-wise and with BigInt, as an independent reading. */
function referenceVector(): number {
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
  const message = Array.from({ length: 12 }, (_, i) => BigInt(i));
  const words = [0, 4, 8].map((at) => message[at]! | (message[at + 1]! << 8n) | (message[at + 2]! << 16n) | (message[at + 3]! << 24n));
  for (const m of [...words, 12n << 24n]) {
    v = [v[0]!, v[1]!, v[2]!, v[3]! ^ m];
    v = round(round(v));
    v = [v[0]! ^ m, v[1]!, v[2]!, v[3]!];
  }
  v = [v[0]!, v[1]!, v[2]! ^ 0xffn, v[3]!];
  for (let i = 0; i < 4; i++) v = round(v);
  return Number(v[1]! ^ v[3]!);
}
