import { expect, test } from "@jest/globals";
import { ipv4, ipv6 } from "../../../src/stack/core/address.ts";
import { KeyedHash } from "../../../src/stack/core/keyed-hash.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { seqDiff } from "../../../src/stack/core/seq.ts";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { keyedSequences } from "../../../src/stack/tcp/isn.ts";

const OURS = ipv4(0xcb007102);
const PEER = ipv4(0xcb007101);
const OTHER_PEER = ipv4(0xcb007103);
const PEER_OF_6 = ipv6(0x20010db8, 0, 0, 0xcb007101 | 0);

test("[SEC-01] [SEC-04] the numbers of one flow go up by one every 4 µs, so that its next life begins beyond the last (RFC 6528 §3)", () => {
  const time = new FrozenTime();
  const choose = keyedSequences(time, new KeyedHash(new SeededRandom(1)));
  const first = choose(OURS, 50_000, PEER, 80);
  time.moveTo(1000);
  expect(seqDiff(choose(OURS, 50_000, PEER, 80), first)).toBe(250_000);
});

test("[SEC-02] [SEC-03] one flow's number tells nothing of another's, nor of another host's (RFC 6528 §3)", () => {
  const time = new FrozenTime();
  const choose = keyedSequences(time, new KeyedHash(new SeededRandom(1)));
  const other = keyedSequences(time, new KeyedHash(new SeededRandom(2)));
  const numbers = [
    choose(OURS, 50_000, PEER, 80),
    choose(OURS, 50_001, PEER, 80),
    choose(OURS, 50_000, OTHER_PEER, 80),
    choose(OURS, 50_000, PEER_OF_6, 80),
    other(OURS, 50_000, PEER, 80),
  ];
  for (const [i, a] of numbers.entries()) for (const b of numbers.slice(i + 1)) expect(Math.abs(seqDiff(a, b))).toBeGreaterThan(100_000);
});
