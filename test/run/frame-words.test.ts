import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sentFrames } from "../../src/run/frame-words.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { seq } from "../../src/stack/core/seq.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import { datagram } from "../support/injector.ts";

const { ACK, FIN, RST, SYN } = tcp;
const A = "203.0.113.2";
const B = "203.0.113.1";

interface Told {
  readonly from?: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack?: number;
  readonly length?: number;
  readonly window?: number;
}

/** A frame with a segment from A, port 1000, to B, port 80, or the other way. */
function frame({ from = A, fromPort, toPort, flags, seq: number, ack = 0, length = 0, window = 1000 }: Told): Uint8Array {
  const isOut = from === A;
  const segment = new Uint8Array(tcp.MIN_HEADER + length).fill(0x61);
  const [source, destination] = [fromPort ?? (isOut ? 1000 : 80), toPort ?? (isOut ? 80 : 1000)];
  tcp.writeHeader(segment, 0, source, destination, seq(number | 0), seq(ack | 0), tcp.MIN_HEADER, flags, window);
  const packet = datagram(from, isOut ? B : A, ipv4.PROTOCOL_TCP, segment);
  const bytes = new Uint8Array(14 + packet.length);
  bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
  bytes.set(packet, 14);
  return bytes;
}

const INFO = { checksumVerified: true, needsChecksum: false, gsoSize: 0, headerLength: 0 } as never;
const hostOf = (bytes: Uint8Array): string => (bytes[29] === 2 ? "a" : "b");
const event = (bytes: Uint8Array, direction: "in" | "out", host: string, atMs: number): RunEvent =>
  ({ number: 1, atMs, type: "frame", direction, device: "eth0", bytes, length: bytes.length, info: INFO, host }) as RunEvent;
const sent = (bytes: Uint8Array, atMs = 0): RunEvent => event(bytes, "out", hostOf(bytes), atMs);
const came = (bytes: Uint8Array, atMs = 0): RunEvent => event(bytes.slice(), "in", hostOf(bytes) === "a" ? "b" : "a", atMs);
const impaired = (bytes: Uint8Array, fate: string, direction: "in" | "out"): RunEvent =>
  ({ number: 1, atMs: 0, type: "frame-impaired", device: "eth0", direction, fate, bytes, length: bytes.length, host: "a" }) as RunEvent;

const wordsOf = (told: readonly Told[]): string[][] => sentFrames(told.map((each) => sent(frame(each)))).map(({ words }) => [...words]);
const last = (told: readonly Told[]): string[] => wordsOf(told).at(-1)!;

const HANDSHAKE: readonly Told[] = [
  { flags: SYN, seq: 100 },
  { from: B, flags: SYN | ACK, seq: 500, ack: 101 },
  { flags: ACK, seq: 101, ack: 501 },
];
const DATA: Told = { flags: ACK, seq: 101, ack: 501, length: 10 };

describe("what a segment is", () => {
  test.each<[string, number, number, string[]]>([
    ["a SYN", SYN, 0, ["syn"]],
    ["a SYN-ACK", SYN | ACK, 0, ["syn-ack"]],
    ["an acknowledgement", ACK, 0, ["ack"]],
    ["data", ACK, 5, ["data"]],
    ["a FIN with data", FIN | ACK, 5, ["fin", "data"]],
    ["a reset", RST | ACK, 0, ["rst"]],
  ])("%s", (_what, flags, length, words) => expect(last([{ flags, seq: 1, ack: 1, length }])).toEqual(["tcp", ...words]));
});

describe("what is sent again", () => {
  test("the same numbers once more, or a part of them; not what follows", () => {
    expect(last([...HANDSHAKE, DATA])).not.toContain("retransmission");
    expect(last([...HANDSHAKE, DATA, DATA])).toContain("retransmission");
    expect(last([...HANDSHAKE, DATA, { ...DATA, seq: 106, length: 5 }])).toContain("retransmission");
    expect(last([...HANDSHAKE, DATA, { ...DATA, seq: 111 }])).not.toContain("retransmission");
  });

  test("a SYN and a FIN too, and a bare acknowledgement never", () => {
    expect(last([HANDSHAKE[0]!, HANDSHAKE[0]!])).toContain("retransmission");
    const fin: Told = { flags: FIN | ACK, seq: 101, ack: 501 };
    expect(last([...HANDSHAKE, fin, fin])).toContain("retransmission");
    expect(last([...HANDSHAKE, DATA, HANDSHAKE[2]!])).not.toContain("retransmission");
  });

  test("numbers that wrap around go on", () => {
    const syn: Told = { flags: SYN, seq: 0xfffffff0 };
    const before: Told = { flags: ACK, seq: 0xfffffff1, ack: 501, length: 30 };
    const behind: Told = { flags: ACK, seq: 15, ack: 501, length: 10 };
    expect(last([syn, before, behind])).not.toContain("retransmission");
    expect(last([syn, before, behind, before])).toContain("retransmission");
  });

  test("a stream of more than 2 GiB is no retransmission of itself", () => {
    const step = 0x40000000;
    const told: Told[] = [
      { flags: SYN, seq: 0 },
      ...[0, 1, 2, 3, 4].map((i) => ({ flags: ACK, seq: (1 + i * step) >>> 0, ack: 1, length: 10 })),
    ];
    expect(wordsOf(told).flat()).not.toContain("retransmission");
  });

  test("a port that is used again begins anew", () => {
    expect(last([...HANDSHAKE, DATA, { flags: SYN, seq: 90 }])).not.toContain("retransmission");
    expect(last([...HANDSHAKE, DATA, { flags: SYN, seq: 90 }, { ...DATA, seq: 91 }])).not.toContain("retransmission");
  });

  test("another connection's numbers are its own", () => {
    expect(last([...HANDSHAKE, DATA, { ...DATA, fromPort: 1001 }])).not.toContain("retransmission");
  });
});

describe("duplicate acknowledgements", () => {
  const peer: Told = { from: B, flags: ACK, seq: 501, ack: 101, length: 10 };
  const again: Told = { flags: ACK, seq: 101, ack: 501 };

  test("say the same number and window while more is on its way", () => {
    expect(last([...HANDSHAKE, peer, again])).toContain("duplicate-ack");
  });

  test("are none when all is acknowledged, the window moves, or there is data in them", () => {
    expect(last([...HANDSHAKE, again])).not.toContain("duplicate-ack");
    expect(last([...HANDSHAKE, peer, { ...again, window: 900 }])).not.toContain("duplicate-ack");
    expect(last([...HANDSHAKE, peer, { ...again, length: 3 }])).not.toContain("duplicate-ack");
    expect(last([...HANDSHAKE, peer, { ...again, ack: 511 }])).not.toContain("duplicate-ack");
  });
});

describe("shut windows", () => {
  const shut: Told = { from: B, flags: ACK, seq: 501, ack: 111, window: 0 };

  test("are seen where they are told, and not in resets", () => {
    expect(last([...HANDSHAKE, DATA, shut])).toContain("zero-window");
    expect(last([{ flags: RST, seq: 1, window: 0 }])).not.toContain("zero-window");
  });

  test("are probed by one byte, new or old, while they are shut", () => {
    const probe: Told = { flags: ACK, seq: 111, ack: 501, length: 1 };
    expect(last([...HANDSHAKE, DATA, shut, probe])).toContain("probe");
    expect(last([...HANDSHAKE, DATA, shut, { flags: ACK, seq: 110, ack: 501 }])).toContain("probe");
    expect(last([...HANDSHAKE, DATA, shut, { ...shut, window: 50 }, probe])).not.toContain("probe");
    expect(last([...HANDSHAKE, DATA, probe])).not.toContain("probe");
  });
});

describe("what became of a frame", () => {
  const bytes = frame(DATA);

  test("it arrived, at its time", () => {
    const [seen] = sentFrames([sent(bytes, 3), came(bytes, 8)]);
    expect(seen).toMatchObject({ atMs: 3, arrivedMs: 8, host: "a" });
    expect([...seen!.words]).toContain("arrived");
  });

  test.each(["lost", "picked", "queue-full"])("it is lost when a line says %s, at either end", (fate) => {
    // What leaves has been on the line when it is told to be sent.
    for (const events of [
      [impaired(bytes, fate, "out"), sent(bytes)],
      [sent(bytes), impaired(bytes, fate, "in")],
    ]) {
      const [seen] = sentFrames(events);
      expect([...seen!.words]).toContain("lost");
      expect(seen!.arrivedMs).toBeUndefined();
    }
  });

  test("one that is held or doubled is not lost", () => {
    const [seen] = sentFrames([
      sent(bytes),
      impaired(bytes, "delayed", "in"),
      impaired(bytes, "duplicated", "in"),
      came(bytes, 9),
      came(bytes, 9),
    ]);
    expect([...seen!.words]).toContain("arrived");
    expect([...seen!.words]).not.toContain("lost");
  });

  test("nobody saw what became of it, and places count from where the events begin", () => {
    const [seen] = sentFrames([sent(bytes)], 70);
    expect(seen).toMatchObject({ event: 70, arrivedMs: undefined });
    expect([...seen!.words].some((word) => word === "arrived" || word === "lost")).toBe(false);
  });

  test("of two that are alike, the first is the one that comes first", () => {
    const [first, second] = sentFrames([sent(bytes, 1), sent(bytes, 2), came(bytes, 5)]);
    expect([first!.arrivedMs, second!.arrivedMs]).toEqual([5, undefined]);
  });
});

test("bytes of strangers are described, never thrown at", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    // Right as far as the header of TCP, then anything.
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(59)).map(([noise, at]) => {
      const bytes = frame({ flags: ACK, seq: 1, ack: 1, length: 20 });
      bytes.set(noise.subarray(0, bytes.length - 14 - (at % 30)), 14 + (at % 30));
      return bytes;
    }),
  );
  const told = fc.array(fc.tuple(hostile, fc.constantFrom("in", "out", "lost"), fc.nat(3000)), { maxLength: 20 });
  fc.assert(
    fc.property(told, (all) => {
      const events = all.map(([bytes, what, more]) => {
        if (what === "lost") return impaired(bytes, what, more % 2 === 0 ? "in" : "out");
        // Not all of it may have been kept.
        return { ...event(bytes, what as "in" | "out", "a", 0), length: bytes.length + more } as RunEvent;
      });
      expect(sentFrames(events)).toHaveLength(all.filter(([, what]) => what === "out").length);
    }),
  );
});
