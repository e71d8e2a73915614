import { expect, test } from "@jest/globals";
import { formatAddress, parseAddress } from "../../../../src/stack/core/address.ts";
import { SeededRandom } from "../../../../src/stack/core/random.ts";
import { InterfaceIds } from "../../../../src/stack/ip/v6/interface-ids.ts";
import { parseMac } from "../../../../src/stack/packet/ethernet.ts";

const A = parseAddress("2001:db8:1::");
const B = parseAddress("2001:db8:2::");
const MAC = parseMac("02:00:5e:00:53:01")!;
const OTHER = parseMac("02:00:5e:00:53:02")!;

const ids = (seed: number) => new InterfaceIds(new SeededRandom(seed));

test("[SLC-09] the same prefix gives the same address, another prefix, interface, try or host another", () => {
  const ours = ids(1);
  const first = ours.stable(A, MAC, 0);
  expect(ours.stable(A, MAC, 0)).toEqual(first);
  expect(formatAddress(first)).toMatch(/^2001:db8:1:0:/);
  const lower = [first, ours.stable(B, MAC, 0), ours.stable(A, OTHER, 0), ours.stable(A, MAC, 1), ids(2).stable(A, MAC, 0)];
  expect(new Set(lower.map(({ w2 }) => w2)).size).toBe(5);
  expect(new Set(lower.map(({ w3 }) => w3)).size).toBe(5);
});

test("[SLC-09] every bit of an id is set in about half of all prefixes, and the link address is nowhere in it", () => {
  const ours = ids(3);
  const counts = new Array<number>(64).fill(0);
  const SAMPLES = 2000;
  for (let i = 0; i < SAMPLES; i++) {
    const { w2, w3 } = ours.stable(parseAddress(`2001:db8:${i.toString(16)}::`), MAC, 0);
    for (let bit = 0; bit < 32; bit++) {
      counts[bit]! += (w2 >>> bit) & 1;
      counts[32 + bit]! += (w3 >>> bit) & 1;
    }
  }
  // Five standard deviations.
  for (const count of counts) expect(Math.abs(count - SAMPLES / 2)).toBeLessThan(5 * Math.sqrt(SAMPLES) * 0.5);
});

test("[SLC-09] the secret has 256 bits, of which none is without effect", () => {
  const words = Array.from({ length: 8 }, (_, i) => 0x1234 * (i + 1));
  const made = (secret: readonly number[]) => {
    let next = 0;
    return formatAddress(new InterfaceIds({ u32: () => secret[next++]! }).stable(A, MAC, 0));
  };
  const seen = new Set([made(words)]);
  for (let word = 0; word < 8; word++) {
    for (const bit of [0, 31]) seen.add(made(words.map((each, i) => (i === word ? (each ^ (1 << bit)) >>> 0 : each))));
  }
  expect(seen.size).toBe(17);
});

test("[SLC-10] a random id is another one each time, and none that RFC 5453 reserves", () => {
  const words = [0, 0, 0xfdffffff, 0xffffff80, 0x02005eff, 0xfe000001, 7, 9];
  let next = -8;
  const ours = new InterfaceIds({ u32: () => words[next++] ?? 1 });
  next = 0;
  expect(formatAddress(ours.random(A))).toBe("2001:db8:1::7:0:9");
});
