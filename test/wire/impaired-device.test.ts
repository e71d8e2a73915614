import { describe, expect, test } from "@jest/globals";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import { below, SeededRandom } from "../../src/stack/core/random.ts";
import { FrozenTime } from "../../src/stack/core/time.ts";
import { TimerQueue } from "../../src/stack/core/timers.ts";
import { Trace, type TraceEvent } from "../../src/stack/core/trace.ts";
import { FRAME_HEADROOM, type LinkListener } from "../../src/stack/link/link-device.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import { ImpairedDevice } from "../../src/wire/impaired-device.ts";
import type { Direction } from "../../src/wire/impairment.ts";
import { tellTrace } from "../../src/wire/line-trace.ts";
import { MemoryWire, type WireOptions } from "../../src/wire/memory-wire.ts";
import { linkDeviceSuite, transmitFrame } from "../support/link-device-suite.ts";
import { arpFrame, hasGoodChecksum, partialUdpFrame, tcpFrame, udpFrame } from "./sample-frames.ts";

/** A host behind an impaired device on one side of a wire, a peer on the other. */
function impaired(options: { seed?: number; wire?: WireOptions; peerQueueFrames?: number } = {}) {
  const time = new FrozenTime();
  const timers = new TimerQueue(time);
  const wire = new MemoryWire(options.wire);
  const inner = wire.device({ name: "host", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const peer = wire.device({
    name: "peer",
    mac: Uint8Array.of(2, 0, 0, 0, 0, 2),
    promiscuous: true,
    ...(options.peerQueueFrames === undefined ? {} : { queueFrames: options.peerQueueFrames }),
  });
  const device = new ImpairedDevice(inner, { timers, random: new SeededRandom(options.seed ?? 7) });
  const takeFrom = (from: { receive: ImpairedDevice["receive"] }): Uint8Array[] => {
    const frames: Uint8Array[] = [];
    from.receive({ frame: (b, at, end) => void frames.push(b.slice(at, end)) }, 1000);
    return frames;
  };
  return {
    time,
    timers,
    inner,
    peer,
    device,
    advance: (ms: number) => {
      time.moveTo(time.now + ms);
      timers.runDue();
    },
    /** What has come to the peer / to the host since. */
    atPeer: () => takeFrom(peer),
    atHost: () => takeFrom(device),
  };
}

const numbered = (n: number) => {
  const frame = udpFrame(20);
  frame[60 - 6] = n;
  return frame;
};
const numberOf = (frame: Uint8Array) => frame[60 - 6];
const toHost = (frame: Uint8Array) => {
  const f = frame.slice();
  f.set([2, 0, 0, 0, 0, 1], 0);
  return f;
};

describe("ImpairedDevice", () => {
  describe("as a link device, with nothing configured", () => {
    linkDeviceSuite(() => {
      const t = impaired();
      return {
        device: t.device,
        inject: (frame) => expect(transmitFrame(t.peer, frame)).toBe("sent"),
        takeSent: t.atPeer,
        settle: async () => {},
        dispose: () => {},
      };
    });
  });

  describe("as a link device, with delay", () => {
    linkDeviceSuite(() => {
      const t = impaired();
      t.device.configure("in", { delayMs: 10 });
      t.device.configure("out", { delayMs: 10 });
      // Frames have to be received from below before their delay begins.
      const settle = async () => {
        t.device.receive({ frame: () => {} }, 0);
        t.advance(10);
      };
      return {
        device: t.device,
        inject: (frame) => {
          expect(transmitFrame(t.peer, frame)).toBe("sent");
          expect(t.device.receive({ frame: () => expect("a delayed frame").toBe("not here yet") }, 1)).toBe(1);
        },
        takeSent: t.atPeer,
        settle,
        dispose: () => {},
      };
    });
  });

  test("delay and order: frames leave after their delay, in order, and jitter does not reorder them", () => {
    const t = impaired();
    t.device.configure("out", { delayMs: 50, jitterMs: 40 });
    for (let n = 0; n < 20; n++) transmitFrame(t.device, numbered(n));
    t.advance(49);
    expect(t.atPeer()).toEqual([]);
    t.advance(41);
    expect(t.atPeer().map(numberOf)).toEqual([...Array(20).keys()]);
    expect(t.timers.size).toBe(0);
  });

  test("reordering holds some frames back while later ones pass, and loses none", () => {
    const t = impaired();
    t.device.configure("out", { reorder: 0.3, reorderDelayMs: 5 });
    for (let n = 0; n < 50; n++) transmitFrame(t.device, numbered(n));
    const first = t.atPeer().map(numberOf);
    t.advance(5);
    const late = t.atPeer().map(numberOf);
    expect(late.length).toBeGreaterThan(5);
    expect([...first, ...late].sort((a, b) => a! - b!)).toEqual([...Array(50).keys()]);
    expect(t.device.describe().out.reordered).toBe(late.length);
  });

  test.each<Direction>(["in", "out"])("loss %s is a share of the frames, drawn from the seed", (direction) => {
    const run = (seed: number) => {
      const t = impaired({ seed });
      t.device.configure(direction, { loss: 0.25 });
      const seen: (number | undefined)[] = [];
      for (let n = 0; n < 200; n++) {
        transmitFrame(direction === "out" ? t.device : t.peer, direction === "out" ? numbered(n) : toHost(numbered(n)));
        seen.push(...(direction === "out" ? t.atPeer() : t.atHost()).map(numberOf));
      }
      expect(t.device.counters.drops.get("loss")).toBe(200 - seen.length);
      return seen;
    };
    const seen = run(1);
    expect(seen.length).toBeGreaterThan(120);
    expect(seen.length).toBeLessThan(180);
    expect(run(1)).toEqual(seen);
    expect(run(2)).not.toEqual(seen);
  });

  test("duplicates come twice, in both directions", () => {
    const t = impaired();
    t.device.configure("out", { duplicate: 1 });
    t.device.configure("in", { duplicate: 1 });
    transmitFrame(t.device, numbered(3));
    expect(t.atPeer().map(numberOf)).toEqual([3, 3]);
    transmitFrame(t.peer, toHost(numbered(4)));
    expect(t.atHost().map(numberOf)).toEqual([4, 4]);
  });

  test("a corrupted frame differs in one bit after the Ethernet header, and is no longer called verified", () => {
    const t = impaired({ wire: { offloads: { checksum: true, tso4: false, tso6: false } } });
    t.device.configure("in", { corrupt: 1 });
    const frame = toHost(partialUdpFrame(30));
    const bytes = new Uint8Array(FRAME_HEADROOM + frame.length);
    bytes.set(frame, FRAME_HEADROOM);
    t.peer.transmit(bytes, FRAME_HEADROOM, bytes.length, { ...plainFrame(), checksumStart: 34, checksumOffset: 6 });
    const whole = toHost(udpFrame(30));
    let flipped = 0;
    t.device.receive(
      {
        frame: (b, at, end, info) => {
          expect(end - at).toBe(whole.length);
          for (let i = 0; i < whole.length; i++) {
            for (let x = b[at + i]! ^ whole[i]!; x > 0; x &= x - 1) {
              flipped++;
              expect(i).toBeGreaterThanOrEqual(14);
            }
          }
          expect(info).toMatchObject({ checksumStart: 0, checksumVerified: false });
        },
      },
      10,
    );
    expect(flipped).toBe(1);
  });

  test("a partial checksum is completed before a frame waits", () => {
    const t = impaired({ wire: { offloads: { checksum: true, tso4: false, tso6: false } } });
    t.device.configure("out", { delayMs: 1 });
    const frame = partialUdpFrame(31);
    const bytes = new Uint8Array(FRAME_HEADROOM + frame.length);
    bytes.set(frame, FRAME_HEADROOM);
    t.device.transmit(bytes, FRAME_HEADROOM, bytes.length, { ...plainFrame(), checksumStart: 34, checksumOffset: 6 });
    bytes.fill(0);
    t.advance(1);
    const out = t.atPeer();
    expect(out.map(hasGoodChecksum)).toEqual([true]);
  });

  test("a rate spaces frames by their length, and a full queue loses the rest", () => {
    const t = impaired();
    t.device.configure("out", { rateBitsPerSecond: 1_000_000, queueFrames: 3 });
    const frame = udpFrame(1000 - 42); // 1000 bytes: 8 ms
    for (let n = 0; n < 5; n++) transmitFrame(t.device, frame);
    expect(t.device.counters.drops.get("queue-full")).toBe(2);
    t.advance(7.9);
    expect(t.atPeer()).toHaveLength(0);
    t.advance(0.1);
    expect(t.atPeer()).toHaveLength(1);
    t.advance(16);
    expect(t.atPeer()).toHaveLength(2);
  });

  test("picks take the next frames of their kind and no others, then are gone", () => {
    const t = impaired();
    t.device.dropNext("syn-ack", "in");
    t.device.pick({ match: "data", direction: "out", count: 2, action: "duplicate" });
    t.device.pick({ match: "arp", action: "delay", delayMs: 30 });
    for (const flags of ["S", "SA", "SA"]) transmitFrame(t.peer, toHost(tcpFrame(flags)));
    expect(t.atHost()).toEqual([toHost(tcpFrame("S")), toHost(tcpFrame("SA"))]);

    const data = tcpFrame("PA", 5);
    for (const f of [data, tcpFrame("A"), data, data]) transmitFrame(t.device, f);
    expect(t.atPeer()).toHaveLength(6);

    transmitFrame(t.device, arpFrame());
    transmitFrame(t.device, data);
    expect(t.atPeer()).toEqual([data]);
    t.advance(30);
    expect(t.atPeer()).toEqual([arpFrame()]);
    expect(t.device.describe()).toMatchObject({ impaired: false, picks: [] });
  });

  test("there are not more picks than a frame can be held against", () => {
    const { device } = impaired();
    for (let i = 0; i < 100; i++) device.pick({ match: "any", action: "drop", count: 1_000_000 });
    expect(() => device.pick({ match: "any", action: "drop" })).toThrow(/100 picks are in force; clear them first/);
    device.clear();
    device.pick({ match: "any", action: "drop" });
    expect(device.describe().picks).toHaveLength(1);
  });

  test("a pick lets as many pass first as it says, of those that no other takes", () => {
    const t = impaired();
    t.device.pick({ match: "data", direction: "out", skip: 2, action: "drop" });
    t.device.pick({ match: "data", direction: "out", skip: 3, action: "drop" });
    const frames = [1, 2, 3, 4, 5, 6].map((length) => tcpFrame("PA", length));
    for (const each of frames.slice(0, 2)) transmitFrame(t.device, each);
    transmitFrame(t.device, tcpFrame("A"));
    expect(t.device.describe().picks).toEqual([
      { match: "data", direction: "out", count: 1, action: "drop" },
      { match: "data", direction: "out", skip: 1, count: 1, action: "drop" },
    ]);
    for (const each of frames.slice(2)) transmitFrame(t.device, each);
    // The third by the first, which the second does not count; then the fifth.
    expect(t.atPeer()).toEqual([frames[0], frames[1], tcpFrame("A"), frames[3], frames[5]]);
    expect(() => t.device.pick({ match: "data", skip: -1, action: "drop" })).toThrow(/whole number/);
  });

  test("while it impairs there is no segmentation, from the inner device neither; afterwards all is as before", () => {
    const all = { checksum: true, tso4: true, tso6: true };
    const t = impaired({ wire: { offloads: all } });
    expect(t.device.offloads).toEqual(all);
    t.device.configure("in", { loss: 0.1 });
    expect(t.device.offloads).toEqual({ checksum: true, tso4: false, tso6: false });
    expect(t.peer.offloads.tso4).toBe(false);
    t.device.clear();
    expect(t.device.offloads).toEqual(all);
    expect(t.peer.offloads).toEqual(all);
  });

  test("clear lets waiting frames go at once and in order, and describe survives JSON", () => {
    const t = impaired();
    t.device.configure("out", { delayMs: 1000 });
    t.device.dropNext("rst");
    for (let n = 0; n < 3; n++) transmitFrame(t.device, numbered(n));
    const report = JSON.parse(JSON.stringify(t.device.describe()));
    expect(report).toMatchObject({
      impaired: true,
      out: { waiting: 3, delayed: 3, settings: { delayMs: 1000 } },
      picks: [{ match: "rst", count: 1, action: "drop" }],
    });
    t.device.clear();
    expect(t.atPeer().map(numberOf)).toEqual([0, 1, 2]);
    expect(t.device.describe().impaired).toBe(false);
    expect(t.timers.size).toBe(0);
  });

  test("a full inner device holds the host back, and delayed frames wait for it without being lost", () => {
    const t = impaired({ peerQueueFrames: 2 });
    let writable = 0;
    const listener: LinkListener = { readable() {}, writable: () => writable++, linkChanged() {} };
    t.device.setListener(listener);
    t.device.configure("out", { delayMs: 1 });
    for (let n = 0; n < 4; n++) transmitFrame(t.device, numbered(n));
    t.advance(1);
    expect(transmitFrame(t.device, numbered(9))).toBe("full");
    expect(t.atPeer().map(numberOf)).toEqual([0, 1]);
    expect(writable).toBe(1);
    t.advance(1);
    expect(t.atPeer().map(numberOf)).toEqual([2, 3]);
    expect(transmitFrame(t.device, numbered(4))).toBe("sent");
  });

  test("the host hears when a delayed frame has arrived", () => {
    const t = impaired();
    let readable = 0;
    t.device.setListener({ readable: () => readable++, writable() {}, linkChanged() {} });
    t.device.configure("in", { delayMs: 5 });
    transmitFrame(t.peer, toHost(numbered(1)));
    expect(readable).toBe(1);
    expect(t.atHost()).toEqual([]);
    t.advance(5);
    expect(readable).toBe(2);
    expect(t.atHost().map(numberOf)).toEqual([1]);
  });

  test("settings and picks outside their range are refused in words", () => {
    const { device } = impaired();
    expect(() => device.configure("in", { loss: 1.5 })).toThrow("Cannot set loss to 1.5: want a share from 0 to 1");
    expect(() => device.configure("out", { delayMs: Number.NaN })).toThrow(/delayMs/);
    expect(() => device.pick({ match: "ping" as "icmp", action: "drop" })).toThrow(/"ping"/);
    expect(() => device.pick({ match: "icmp", action: "drop", count: 0 })).toThrow(/0 frames/);
    expect(device.isImpaired).toBe(false);
  });

  test("close leaves no timer behind", () => {
    const t = impaired();
    t.device.configure("out", { delayMs: 100 });
    transmitFrame(t.device, numbered(1));
    t.device.close();
    expect(t.timers.pending()).toEqual([]);
    expect(transmitFrame(t.device, numbered(2))).toBe("down");
  });
});

describe("What the line tells of", () => {
  function told(seed?: number) {
    const t = impaired(seed === undefined ? {} : { seed });
    const fates: unknown[] = [];
    t.device.observer = (direction, fate, bytes, at, end, delayMs) => {
      fates.push([direction, fate, bytes[at + 13], end - at, ...(delayMs === 0 ? [] : [delayMs])]);
    };
    return { ...t, fates };
  }

  test("each fate, once for each frame that has it, and nothing of what passes or is slow", () => {
    const t = told();
    transmitFrame(t.device, numbered(1));
    t.device.configure("out", { delayMs: 5, rateBitsPerSecond: 1_000_000 });
    transmitFrame(t.device, numbered(1));
    expect(t.fates).toEqual([]);
    t.device.configure("out", { delayMs: 0, rateBitsPerSecond: 0 });
    for (const [action, fate] of [
      ["drop", "picked"],
      ["duplicate", "duplicated"],
      ["corrupt", "corrupted"],
    ] as const) {
      t.device.pick({ match: "udp", action });
      transmitFrame(t.device, numbered(1));
      expect(t.fates.splice(0)).toEqual([["out", fate, 0, 62]]);
    }
    t.device.pick({ match: "udp", action: "delay", delayMs: 300 });
    transmitFrame(t.device, numbered(1));
    expect(t.fates.splice(0)).toEqual([["out", "delayed", 0, 62, 300]]);
    t.device.configure("out", { reorder: 1, reorderDelayMs: 7 });
    transmitFrame(t.device, numbered(1));
    expect(t.fates.splice(0)).toEqual([["out", "reordered", 0, 62, 7]]);
    t.device.configure("out", { reorder: 0, loss: 1 });
    transmitFrame(t.device, numbered(1));
    expect(t.fates.splice(0)).toEqual([["out", "lost", 0, 62]]);
    t.device.configure("out", { loss: 0, delayMs: 1, queueFrames: 0 });
    transmitFrame(t.device, numbered(1));
    expect(t.fates.splice(0)).toEqual([["out", "queue-full", 0, 62]]);
  });

  test("what comes in is told of when it comes to the line", () => {
    const t = told();
    t.device.configure("in", { loss: 1 });
    transmitFrame(t.peer, toHost(numbered(1)));
    expect(t.atHost()).toEqual([]);
    expect(t.fates).toEqual([["in", "lost", 0, 62]]);
  });

  test("in the trace of a host it has the device's name, and a trace that is off is not written to", () => {
    const t = impaired();
    const trace = new Trace(t.time);
    tellTrace(t.device, trace);
    t.device.dropNext("udp", "out", 2);
    transmitFrame(t.device, numbered(1));
    const events: TraceEvent[] = [];
    trace.subscribe((event) => events.push("bytes" in event ? { ...event, bytes: event.bytes.slice() } : event));
    transmitFrame(t.device, numbered(2));
    expect(events).toEqual([
      {
        number: 1,
        atMs: 0,
        cause: undefined,
        type: "frame-impaired",
        device: "host",
        direction: "out",
        fate: "picked",
        bytes: numbered(2),
      },
    ]);
  });
});

describe("Picks of one segment", () => {
  const withSequence = (sequence: number, payload = 10) => {
    const frame = tcpFrame("PA", payload);
    new DataView(frame.buffer).setUint32(38, sequence);
    return frame;
  };

  test("a sequence number or a port is asked for beside the kind", () => {
    const t = impaired();
    t.device.pick({ match: "data", action: "drop", sequence: 0xfffffff0 });
    t.device.pick({ match: "any", action: "drop", port: 5000 });
    transmitFrame(t.device, withSequence(1));
    transmitFrame(t.device, arpFrame());
    expect(t.atPeer()).toHaveLength(2);
    expect(t.device.describe().picks).toEqual([
      { match: "data", count: 1, action: "drop", sequence: 0xfffffff0 },
      { match: "any", count: 1, action: "drop", port: 5000 },
    ]);
    transmitFrame(t.device, withSequence(0xfffffff0));
    transmitFrame(t.device, udpFrame(3));
    expect(t.atPeer()).toEqual([]);
    expect(t.device.describe().picks).toEqual([]);
  });

  test.each([{ sequence: -1 }, { sequence: 2 ** 32 }, { sequence: 0.5 }, { port: 0 }, { port: 65_536 }])("%j is refused", (where) => {
    expect(() => impaired().device.pick({ match: "any", action: "drop", ...where })).toThrow(RangeError);
  });
});

describe("A reset in the receiver's place, RFC 9293 §3.10.7.1", () => {
  const numbersOf = (frame: Uint8Array) => {
    const view = new DataView(frame.buffer, frame.byteOffset);
    return { seq: view.getUint32(38), ack: view.getUint32(42), flags: frame[47] };
  };

  test("a segment out is swallowed, and its reset comes to the host", () => {
    const t = impaired();
    t.device.pick({ match: "syn", action: "reset" });
    transmitFrame(t.device, tcpFrame("S"));
    expect(t.atPeer()).toEqual([]);
    const [reset] = t.atHost();
    expect(numbersOf(reset!)).toEqual({ seq: 0, ack: 2, flags: 0x14 });
    expect([...reset!.subarray(0, 12)]).toEqual([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
    expect([...reset!.subarray(26, 38)]).toEqual([203, 0, 113, 2, 203, 0, 113, 1, 0, 0x50, 0x9c, 0x40]);
    expect(hasGoodChecksum(reset!.subarray(0, 54))).toBe(true);
  });

  test("a segment in with an ACK is answered with the number that it expects, and text without one is acknowledged", () => {
    const t = impaired();
    t.device.pick({ match: "tcp", action: "reset", direction: "in", count: 2 });
    const acked = toHost(tcpFrame("PA", 10));
    new DataView(acked.buffer).setUint32(42, 4_000_000_000);
    transmitFrame(t.peer, acked);
    transmitFrame(t.peer, toHost(tcpFrame("F", 10)));
    expect(t.atHost()).toEqual([]);
    expect(t.atPeer().map(numbersOf)).toEqual([
      { seq: 4_000_000_000, ack: 0, flags: 0x04 },
      { seq: 0, ack: 12, flags: 0x14 },
    ]);
  });

  test("what no reset answers is passed over, and cannot be asked for by its kind", () => {
    const t = impaired();
    t.device.pick({ match: "any", action: "reset" });
    for (const frame of [arpFrame(), udpFrame(4), tcpFrame("R")]) transmitFrame(t.device, frame);
    expect(t.atPeer()).toHaveLength(3);
    expect(t.device.describe().picks).toHaveLength(1);
    for (const match of ["arp", "icmp", "udp", "rst"] as const) {
      expect(() => t.device.pick({ match, action: "reset" })).toThrow("Cannot answer");
    }
  });

  test("a segment over IPv6 is answered over IPv6", () => {
    const t = impaired();
    t.device.pick({ match: "syn", action: "reset" });
    transmitFrame(t.device, ipv6Syn());
    const [reset] = t.atHost();
    expect([...reset!.subarray(12, 21)]).toEqual([0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6]);
    expect([reset![37], reset![53]]).toEqual([2, 1]);
    expect(tcp.verifyChecksum(reset!, 54, 74, 3 + 6 + 20 + 2 * (0x2001 + 0xdb8))).toBe(true);
  });

  test("whatever bytes are picked, nothing throws", () => {
    const t = impaired();
    const random = new SeededRandom(3);
    t.device.pick({ match: "any", action: "reset", count: 1_000_000 });
    for (let i = 0; i < 3000; i++) {
      const frame = i % 2 === 0 ? tcpFrame("PA", below(random, 40)) : ipv6Syn();
      for (let n = below(random, 5); n > 0; n--) frame[below(random, frame.length)] = random.u32() & 0xff;
      transmitFrame(t.device, frame.slice(0, Math.max(14, below(random, frame.length + 1))));
      t.atPeer();
      for (const reset of t.atHost()) expect(reset.length).toBeGreaterThanOrEqual(60);
    }
  });
});

/** From 2001:db8::1, port 40000, to 2001:db8::2, port 80; the checksum is not right. */
function ipv6Syn(): Uint8Array {
  const b = new Uint8Array(74);
  b.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64]);
  b.set([0x20, 0x01, 0x0d, 0xb8], 22);
  b.set([0x20, 0x01, 0x0d, 0xb8], 38);
  b[37] = 1;
  b[53] = 2;
  b.set([0x9c, 0x40, 0, 80, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x02], 54);
  return b;
}
