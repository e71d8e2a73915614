import { describe, expect, test } from "@jest/globals";
import { ipv4, ipv6, keepAddress } from "../../../src/stack/core/address.ts";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import { MAX_PIECES } from "../../../src/stack/ip/pieces.ts";
import {
  MAX_DATAGRAMS,
  MAX_DATAGRAMS_OF_SOURCE,
  MAX_REASSEMBLY_BYTES,
  MAX_REASSEMBLY_BYTES_OF_SOURCE,
  REASSEMBLY_BYTES_AFTER_EVICTION,
  Reassembly,
} from "../../../src/stack/ip/reassembly.ts";
import { type InboundPacket, makeInboundPacket } from "../../../src/stack/ip/transport.ts";
import { Network } from "../link/network.ts";

const HEADERS = 20;
const A = ipv4(0xcb007101);
const B = ipv4(0xcb007102);
const V6 = ipv6(0x20010db8, 0, 0, 1);

interface Piece {
  readonly offset: number;
  readonly bytes: ArrayLike<number>;
  /** False for the last of the datagram. */
  readonly more?: boolean;
  readonly id?: number;
  readonly source?: typeof A;
  readonly destination?: typeof A;
  readonly trafficClass?: number;
  readonly ttl?: number;
  readonly limit?: number;
}

interface TimedOut {
  readonly atMs: number;
  readonly source: typeof A;
  readonly text: string;
}

/** A table, and what a family sees of it. */
function setUp(timeoutMs = 30_000) {
  const network = new Network();
  const { context } = network.host("us", "203.0.113.2");
  const reassembly = new Reassembly(context);
  const timedOut: TimedOut[] = [];
  const family = {
    reassemblyTimeoutMs: timeoutMs,
    reassemblyTimedOut: (p: InboundPacket) =>
      void timedOut.push({ atMs: context.now, source: keepAddress(p.source), text: textOf(p.bytes.subarray(p.at, p.end)) }),
  };
  /** What came of the piece, and the datagram when it made it whole. */
  const add = (piece: Piece): string => {
    const { offset, bytes, more = true, id = 7, source = A, destination = B, trafficClass = 0, ttl = 64, limit = 65515 } = piece;
    // Behind other bytes, which do not belong to it.
    const all = new Uint8Array(5 + HEADERS + bytes.length + 3).fill(0xee);
    all.set(bytes, 5 + HEADERS);
    all[5] = offset === 0 ? 1 : 2;
    const packet: InboundPacket = {
      ...makeInboundPacket(all),
      ipAt: 5,
      at: 5 + HEADERS,
      end: 5 + HEADERS + bytes.length,
      source: { ...source },
      destination: { ...destination },
      checksumVerified: true,
      ttl,
      trafficClass,
    };
    const outcome = reassembly.add(packet, { id, offset, more, limit }, family);
    if (outcome !== "whole") return outcome;
    expect(packet.bytes[packet.ipAt]).toBe(1);
    expect([packet.at - packet.ipAt, packet.checksumVerified]).toEqual([HEADERS, false]);
    const { ttl: first } = packet;
    return `whole ${textOf(packet.bytes.subarray(packet.at, packet.end))} ttl=${first} class=${packet.trafficClass}`;
  };
  return { network, context, reassembly, timedOut, add };
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const [FIRST, SECOND, LAST] = ["AAAAAAAA", "BBBBBBBB", "CCC"].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array];
const WHOLE = "whole AAAAAAAABBBBBBBBCCC ttl=64 class=0";

const THREE: readonly Piece[] = [
  { offset: 0, bytes: FIRST },
  { offset: 8, bytes: SECOND },
  { offset: 16, bytes: LAST, more: false },
];

/** Every order of these. */
function orders<T>(of: readonly T[]): T[][] {
  if (of.length <= 1) return [[...of]];
  return of.flatMap((first, i) => orders(of.filter((_, j) => j !== i)).map((rest) => [first, ...rest]));
}

describe("putting fragments together (RFC 791 §3.2, RFC 8200 §4.5)", () => {
  test("the datagram is whole with its last piece, in whatever order they come, and nothing is left of it", () => {
    for (const order of orders(THREE)) {
      const { context, reassembly, add } = setUp();
      expect(order.map(add)).toEqual(["held", "held", WHOLE]);
      expect([reassembly.datagrams, reassembly.bytes, context.timers.size]).toEqual([0, 0, 0]);
    }
  });

  test("five pieces of many lengths come out right in every order", () => {
    const bytes = Uint8Array.from({ length: 8 + 64 + 16 + 8 + 5 }, (_, i) => i);
    const pieces = [0, 8, 72, 88, 96].map((offset, i, offsets) => ({
      offset,
      bytes: bytes.subarray(offset, offsets[i + 1] ?? bytes.length),
      more: i < 4,
    }));
    const { add } = setUp();
    for (const order of orders(pieces)) expect(order.map(add).at(-1)).toBe(`whole ${textOf(bytes)} ttl=64 class=0`);
  });

  test("TTL and traffic class are the first fragment's, whichever comes first", () => {
    const { add } = setUp();
    add({ ...THREE[2]!, ttl: 3, trafficClass: 0x20 });
    add({ ...THREE[0]!, ttl: 9, trafficClass: 0x40 });
    expect(add({ ...THREE[1]!, ttl: 4, trafficClass: 0x60 })).toBe("whole AAAAAAAABBBBBBBBCCC ttl=9 class=64");
  });

  test("[FRG-02] another source, destination or identification makes another datagram", () => {
    const { add, reassembly } = setUp();
    const others = [{ id: 7 | (17 << 16) }, { source: B }, { destination: A }, { source: V6, destination: V6 }, { id: -7 }];
    for (const other of [{}, ...others]) for (const piece of THREE.slice(0, 2)) expect(add({ ...piece, ...other })).toBe("held");
    expect(reassembly.datagrams).toBe(6);
    for (const other of [{}, ...others]) expect(add({ ...THREE[2]!, ...other })).toBe(WHOLE);
  });

  test("[FRG-01] the longest datagram comes whole, in pieces of 1480 bytes and of 552", () => {
    for (const size of [1480, 552]) {
      const { add, reassembly } = setUp();
      const bytes = Uint8Array.from({ length: 65_515 }, (_, i) => i ^ (i >>> 8));
      let outcome = "";
      for (let offset = 0; offset < bytes.length; offset += size) {
        const end = Math.min(bytes.length, offset + size);
        outcome = add({ offset, bytes: bytes.subarray(offset, end), more: end < bytes.length });
      }
      expect(outcome.slice(0, 5)).toBe("whole");
      expect(outcome).toHaveLength("whole  ttl=64 class=0".length + bytes.length);
      expect(reassembly.bytes).toBe(0);
    }
  });
});

describe("fragments that cannot be", () => {
  test("[FRG-04] have no bytes, or no multiple of eight and are not the last", () => {
    const { add, reassembly } = setUp();
    for (let length = 1; length <= 17; length++) {
      expect(add({ offset: 0, bytes: new Uint8Array(length), id: length })).toBe(length % 8 === 0 ? "held" : "fragment-bad-length");
    }
    expect(add({ offset: 8, bytes: [] })).toBe("fragment-bad-length");
    expect(add({ offset: 8, bytes: [], more: false })).toBe("fragment-bad-length");
    expect(reassembly.datagrams).toBe(2);
  });

  test("[FRG-04] reach past the longest datagram (ping of death), whichever header is the longer", () => {
    const { add, reassembly } = setUp();
    expect(add({ offset: 65_528, bytes: new Uint8Array(8), more: false })).toBe("fragment-too-far");
    expect(reassembly.datagrams).toBe(0);
    expect(add({ offset: 65_512, bytes: new Uint8Array(3), more: false })).toBe("held");
    expect(add({ offset: 0, bytes: new Uint8Array(8), limit: 65_475 })).toBe("fragment-too-far");
    expect(add({ offset: 8, bytes: new Uint8Array(8) })).toBe("fragment-of-refused");
  });

  const overlaps: [string, Piece][] = [
    ["at the head of another", { offset: 8, bytes: new Uint8Array(16) }],
    ["at its tail", { offset: 24, bytes: new Uint8Array(16) }],
    ["inside of it (teardrop)", { offset: 24, bytes: new Uint8Array(3), more: false }],
    ["around it", { offset: 8, bytes: new Uint8Array(32) }],
    ["with the same beginning and another end", { offset: 16, bytes: new Uint8Array(8) }],
    ["in the same place with other bytes", { offset: 16, bytes: new Uint8Array(16).fill(1) }],
    ["as the end of what goes on", { offset: 16, bytes: new Uint8Array(16), more: false }],
  ];
  test.each(overlaps)(
    "[FRG-05] [IP6-09] one that lies %s ends its datagram, later pieces too, without a word to the sender",
    (_where, piece) => {
      const { network, add, reassembly, timedOut, context } = setUp();
      expect(add({ offset: 0, bytes: new Uint8Array(8), id: 1 })).toBe("held");
      expect(add({ offset: 16, bytes: new Uint8Array(16) })).toBe("held");
      expect(add(piece)).toBe("fragment-overlap");
      expect(add({ offset: 0, bytes: new Uint8Array(16) })).toBe("fragment-of-refused");
      expect(add({ offset: 32, bytes: new Uint8Array(1), more: false })).toBe("fragment-of-refused");
      expect(reassembly.datagrams).toBe(2);
      network.advance(30_000);
      expect([reassembly.datagrams, reassembly.bytes]).toEqual([0, 0]);
      // Only the other one is told of.
      expect(timedOut).toHaveLength(1);
      expect(context.drops.all()).toEqual({ "reassembly-timeout": 1 });
      expect(THREE.map(add).at(-1)).toBe(WHOLE);
    },
  );

  test("[FRG-05] a datagram has one end: another, or something behind it, is an overlap", () => {
    const ends: [Piece, Piece][] = [
      [
        { offset: 8, bytes: new Uint8Array(4), more: false },
        { offset: 16, bytes: new Uint8Array(4), more: false },
      ],
      [
        { offset: 16, bytes: new Uint8Array(4), more: false },
        { offset: 8, bytes: new Uint8Array(4), more: false },
      ],
      [
        { offset: 8, bytes: new Uint8Array(8), more: false },
        { offset: 16, bytes: new Uint8Array(8) },
      ],
      [
        { offset: 16, bytes: new Uint8Array(8) },
        { offset: 8, bytes: new Uint8Array(8), more: false },
      ],
    ];
    for (const pair of ends) {
      const { add } = setUp();
      expect(pair.map(add)).toEqual(["held", "fragment-overlap"]);
    }
  });

  test("[FRG-06] an exact copy is tolerated, of every piece", () => {
    const { add } = setUp();
    expect(THREE.slice(0, 2).map(add)).toEqual(["held", "held"]);
    expect(THREE.slice(0, 2).map(add)).toEqual(["fragment-duplicate", "fragment-duplicate"]);
    expect(add(THREE[2]!)).toBe(WHOLE);
    expect([add(THREE[2]!), add(THREE[2]!), add(THREE[0]!), add(THREE[1]!)]).toEqual(["held", "fragment-duplicate", "held", WHOLE]);
  });
});

describe("congestion marks (RFC 3168 §5.3)", () => {
  test.each([
    [[2, 3, 2], "class=3"],
    [[1, 1, 3], "class=3"],
    [[3, 2, 1], "class=3"],
    [[2, 2, 2], "class=2"],
    [[1, 2, 1], "class=1"],
    [[0, 0, 0], "class=0"],
    [[3, 3, 3], "class=3"],
    [[3, 0, 3], "fragment-ecn-mismatch"],
    [[0, 0, 3], "fragment-ecn-mismatch"],
  ])("[FRG-12] [ECN-11] of fragments with the codepoints %j comes %s", (codepoints, outcome) => {
    const { add, reassembly } = setUp();
    const outcomes = THREE.map((piece, i) => add({ ...piece, trafficClass: codepoints[i]! }));
    expect(outcomes[2]!.split(" ").at(-1)).toBe(outcome);
    expect(reassembly.datagrams).toBe(0);
  });
});

describe("datagrams that do not become whole", () => {
  test("[FRG-03] [IP6-13] are given up at the time that their family says, counted from the first piece; only of those whose first fragment came its sender is told", () => {
    const { network, add, timedOut, reassembly, context } = setUp(60_000);
    add({ offset: 8, bytes: SECOND, id: 1 });
    network.advance(59_000);
    add({ offset: 0, bytes: FIRST, id: 1 });
    add({ offset: 8, bytes: SECOND, id: 2, source: V6 });
    network.advance(999);
    expect(reassembly.datagrams).toBe(2);
    network.advance(1);
    expect(timedOut).toEqual([{ atMs: 60_000, source: A, text: "AAAAAAAA" }]);
    network.advance(59_000);
    expect(timedOut).toHaveLength(1);
    expect([reassembly.datagrams, reassembly.bytes]).toEqual([0, 0]);
    expect(context.drops.all()).toEqual({ "reassembly-timeout": 2 });
  });
});

describe("bounds", () => {
  test("[FRG-08] a datagram has no more pieces than the longest of a narrow path; one more ends it", () => {
    const { add, reassembly } = setUp();
    for (let i = 0; i < MAX_PIECES; i++) expect(add({ offset: 16 * i, bytes: FIRST })).toBe("held");
    const full = reassembly.bytes;
    expect(add({ offset: 16 * MAX_PIECES, bytes: FIRST })).toBe("fragment-too-many");
    expect(add({ offset: 8, bytes: FIRST })).toBe("fragment-of-refused");
    expect(reassembly.bytes).toBeLessThan(full / 10);
  });

  test("[FRG-08] of one source so many datagrams wait, and so many bytes; its oldest go, and nobody else's", () => {
    const { add, reassembly, context } = setUp();
    add({ ...THREE[0]!, source: B });
    for (let id = 0; id <= MAX_DATAGRAMS_OF_SOURCE; id++) add({ ...THREE[0]!, id });
    expect(reassembly.datagrams).toBe(1 + MAX_DATAGRAMS_OF_SOURCE);
    expect(context.drops.of("reassembly-evicted")).toBe(1);
    // The first is forgotten, the second is not.
    expect([add({ ...THREE[1]!, id: 1 }), add({ ...THREE[2]!, id: 1 })]).toEqual(["held", WHOLE]);
    expect([add({ ...THREE[1]!, id: 0 }), add({ ...THREE[2]!, id: 0 })]).toEqual(["held", "held"]);

    for (let id = 0; id < 50; id++) add({ offset: 8, bytes: new Uint8Array(40_000), id: 1000 + id });
    expect(reassembly.bytes).toBeLessThan(MAX_REASSEMBLY_BYTES_OF_SOURCE + 2000);
    expect([add({ ...THREE[1]!, source: B }), add({ ...THREE[2]!, source: B })]).toEqual(["held", WHOLE]);
  });

  test("[FRG-08] in all so many datagrams wait, and so many bytes; above that the oldest go until there is room again", () => {
    const { add, reassembly } = setUp();
    for (let i = 0; i <= MAX_DATAGRAMS; i++) add({ ...THREE[0]!, source: ipv4(0x0a000000 + i) });
    expect(reassembly.datagrams).toBe(MAX_DATAGRAMS);

    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    for (let i = 0; i < 300; i++) {
      expect(add({ offset: 8, bytes: new Uint8Array(40_000), source: ipv4(0x0b000000 + i) })).toBe("held");
      most = Math.max(most, reassembly.bytes);
      if (i > 150) least = Math.min(least, reassembly.bytes);
    }
    expect(most).toBeLessThanOrEqual(MAX_REASSEMBLY_BYTES);
    expect(least).toBeGreaterThan(REASSEMBLY_BYTES_AFTER_EVICTION - 50_000);
    expect(least).toBeLessThanOrEqual(REASSEMBLY_BYTES_AFTER_EVICTION);
  });

  test("[FRG-05] [FRG-08] [FRG-09] twenty thousand pieces that overlap at random, and the known attacks: nothing wrong is put together, and nothing stays", () => {
    const { network, add, reassembly } = setUp();
    const random = new SeededRandom(11);
    const truth = (id: number, at: number): number => (id * 31 + at * 7 + (at >>> 8)) & 0xff;
    let [whole, most] = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      const id = below(random, 40);
      const source = ipv4(0xc6336400 + below(random, 20));
      const isOdd = below(random, 4) === 0;
      const more = below(random, 3) > 0;
      const offset = 8 * below(random, isOdd ? 8192 : 3);
      const length = isOdd ? below(random, 64) : more ? 8 : 5;
      const end = isOdd ? 65_515 : 8 * 3 - 3;
      const bytes = Uint8Array.from({ length: more ? length : Math.min(length, Math.max(0, end - offset)) }, (_, at) =>
        truth(id, offset + at),
      );
      const outcome = add({ offset, bytes, more, id, source });
      most = Math.max(most, reassembly.bytes);
      if (outcome.startsWith("whole ")) {
        whole++;
        const text = outcome.slice(6, outcome.lastIndexOf(" ttl="));
        expect(text).toBe(textOf(Uint8Array.from({ length: text.length }, (_, at) => truth(id, at))));
      }
      if (i % 50 === 0) network.advance(100);
    }
    expect(whole).toBeGreaterThan(20);
    expect(most).toBeLessThan(1_000_000);
    network.advance(30_000);
    expect([reassembly.datagrams, reassembly.bytes]).toEqual([0, 0]);
  });
});
