import { describe, expect, test } from "@jest/globals";
import { GSO_TCPV4, plainFrame } from "../../src/stack/core/frame-info.ts";
import { FRAME_HEADROOM, type LinkListener } from "../../src/stack/link/link-device.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { CollectingSink, linkDeviceSuite, testFrame, transmitFrame } from "../support/link-device-suite.ts";

const BROADCAST = new Uint8Array(6).fill(0xff);

describe("MemoryWire", () => {
  describe("as a link device", () => {
    linkDeviceSuite(() => {
      const wire = new MemoryWire();
      const device = wire.device({ name: "host" });
      const peer = wire.device({ name: "peer", promiscuous: true });
      const sink = new CollectingSink();
      return {
        device,
        inject: (frame) => expect(transmitFrame(peer, frame)).toBe("sent"),
        takeSent: () => {
          peer.receive(sink, 1000);
          return sink.frames.splice(0);
        },
        settle: async () => {},
        dispose: () => {},
      };
    });
  });

  const three = () => {
    const wire = new MemoryWire();
    return { wire, a: wire.device({ name: "a" }), b: wire.device({ name: "b" }), c: wire.device({ name: "c" }) };
  };
  const received = (device: { receive(sink: CollectingSink, budget: number): number }) => {
    const sink = new CollectingSink();
    device.receive(sink, 1000);
    return sink.frames;
  };

  test("a frame for one device goes to that device alone", () => {
    const { a, b, c } = three();
    const frame = testFrame(b.mac, a.mac, 46, 1);
    transmitFrame(a, frame);
    expect(received(b)).toEqual([frame]);
    expect(received(c)).toEqual([]);
    expect(received(a)).toEqual([]);
  });

  test("frames for a group or for nobody's address go to all others", () => {
    const { a, b, c } = three();
    transmitFrame(a, testFrame(BROADCAST, a.mac, 46, 1));
    transmitFrame(a, testFrame(Uint8Array.of(2, 9, 9, 9, 9, 9), a.mac, 46, 2));
    expect(received(b)).toHaveLength(2);
    expect(received(c)).toHaveLength(2);
    expect(received(a)).toHaveLength(0);
  });

  test("a promiscuous device sees what is for others", () => {
    const { wire, a, b } = three();
    const tap = wire.device({ name: "monitor", promiscuous: true });
    transmitFrame(a, testFrame(b.mac, a.mac, 46, 1));
    expect(received(tap)).toHaveLength(1);
  });

  test("a full receiver makes the sender wait and tells it when there is room", () => {
    const wire = new MemoryWire();
    const a = wire.device({ name: "a" });
    const b = wire.device({ name: "b", queueFrames: 2 });
    let writable = 0;
    const listener: LinkListener = { readable() {}, writable: () => writable++, linkChanged() {} };
    a.setListener(listener);
    const frame = testFrame(b.mac, a.mac, 46, 1);
    expect([1, 2, 3].map(() => transmitFrame(a, frame))).toEqual(["sent", "sent", "full"]);
    expect(writable).toBe(0);
    b.receive(new CollectingSink(), 1);
    expect(writable).toBe(1);
    expect(transmitFrame(a, frame)).toBe("sent");
    expect(b.counters.drops.size).toBe(0);
  });

  test("a queue is bounded in bytes as well, wraps without mixing frames, and can drop instead of holding back", () => {
    const wire = new MemoryWire({ whenFull: "drop" });
    const a = wire.device({ name: "a" });
    const b = wire.device({ name: "b", queueBytes: 4000 });
    let next = 0;
    let expected = 0;
    const sizes = [600, 46, 1400, 333];
    const frameOf = (i: number) => testFrame(b.mac, a.mac, sizes[i % sizes.length]!, i);
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 3; i++) {
        const dropsBefore = b.counters.drops.get("full") ?? 0;
        transmitFrame(a, frameOf(next));
        if ((b.counters.drops.get("full") ?? 0) === dropsBefore) next++;
      }
      const sink = new CollectingSink();
      b.receive(sink, 2);
      for (const frame of sink.frames) expect(frame).toEqual(frameOf(expected++));
    }
    expect(expected).toBeGreaterThan(60);
    expect(b.counters.drops.get("full")).toBeGreaterThan(0);
  });

  test("a partial checksum is completed for a receiver that cannot take it, and passed on to one that can (virtio 1.2 §5.1.6.2)", () => {
    const wire = new MemoryWire();
    const a = wire.device({ name: "a", offloads: { checksum: true, tso4: true, tso6: true } });
    const plain = wire.device({ name: "plain" });
    const able = wire.device({ name: "able", offloads: { checksum: true, tso4: false, tso6: false } });
    const buffer = new Uint8Array(FRAME_HEADROOM + 64);
    buffer.set(testFrame(BROADCAST, a.mac, 50, 3), FRAME_HEADROOM);
    buffer.set([0x12, 0x34], FRAME_HEADROOM + 40);
    const info = { ...plainFrame(), checksumStart: 34, checksumOffset: 6 };
    expect(a.transmit(buffer, FRAME_HEADROOM, buffer.length, info)).toBe("sent");

    let sum = 0;
    for (let i = 34; i < 64; i += 2) sum += (buffer[FRAME_HEADROOM + i]! << 8) | buffer[FRAME_HEADROOM + i + 1]!;
    const checksum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    let seen = 0;
    plain.receive(
      {
        frame: (b, at, _end, i) => {
          seen++;
          expect((b[at + 40]! << 8) | b[at + 41]!).toBe(checksum);
          expect(i.checksumStart).toBe(0);
        },
      },
      1,
    );
    able.receive(
      {
        frame: (b, at, _end, i) => {
          seen++;
          expect((b[at + 40]! << 8) | b[at + 41]!).toBe(0x1234);
          expect(i).toMatchObject({ checksumStart: 34, checksumOffset: 6, checksumVerified: true });
        },
      },
      1,
    );
    expect(seen).toBe(2);
    expect(buffer[FRAME_HEADROOM + 40]).toBe(0x12); // the sender's bytes are not touched
  });

  test("segmentation is offered only when every other device takes super-frames, and one that comes all the same is refused", () => {
    const all = { checksum: true, tso4: true, tso6: true };
    const wire = new MemoryWire({ offloads: all });
    const a = wire.device({ name: "a" });
    const b = wire.device({ name: "b" });
    expect(a.offloads).toEqual(all);
    b.setOffloads({ checksum: true, tso4: false, tso6: false });
    expect(a.offloads).toEqual({ checksum: true, tso4: false, tso6: false });
    const bytes = new Uint8Array(FRAME_HEADROOM + 4000);
    bytes.set(b.mac, FRAME_HEADROOM);
    const info = { ...plainFrame(), checksumStart: 34, checksumOffset: 16, gsoType: GSO_TCPV4, gsoSize: 1000, headerLength: 54 } as const;
    a.transmit(bytes, FRAME_HEADROOM, bytes.length, info);
    expect(b.counters.drops.get("gso-unsupported")).toBe(1);
    b.setOffloads(all);
    a.transmit(bytes, FRAME_HEADROOM, bytes.length, info);
    let gsoSize = 0;
    b.receive({ frame: (_b, _at, _end, i) => (gsoSize = i.gsoSize) }, 1);
    expect(gsoSize).toBe(1000);
  });

  test("a pulled plug loses frames both ways and is reported", () => {
    const { a, b } = three();
    const changes: boolean[] = [];
    b.setListener({ readable() {}, writable() {}, linkChanged: (up) => changes.push(up) });
    b.setLink(false);
    expect(transmitFrame(a, testFrame(b.mac, a.mac, 46, 1))).toBe("sent");
    expect(transmitFrame(b, testFrame(a.mac, b.mac, 46, 1))).toBe("down");
    b.setLink(true);
    expect(received(b)).toEqual([]);
    expect(changes).toEqual([false, true]);
  });

  test("two devices cannot share a name or an address", () => {
    const { wire, a } = three();
    expect(() => wire.device({ name: "a" })).toThrow(/"a"/);
    expect(() => wire.device({ name: "d", mac: a.mac })).toThrow(/same MAC/);
    expect(() => wire.device({ name: "e", mac: BROADCAST })).toThrow(/unicast/);
  });

  test("a frame that is answered while it is received does not disturb the ones behind it", () => {
    const { a, b } = three();
    const frames = [1, 2, 3].map((seed) => testFrame(b.mac, a.mac, 200, seed));
    for (const frame of frames) transmitFrame(a, frame);
    const seen: Uint8Array[] = [];
    b.receive(
      {
        frame: (bytes, at, end, info) => {
          seen.push(bytes.slice(at, end));
          // Forwarding in place is allowed: the headroom before a received frame belongs to nobody.
          bytes.fill(0xee, at - FRAME_HEADROOM, at);
          bytes.copyWithin(at, at + 6, at + 12);
          b.transmit(bytes, at, end, info);
        },
      },
      10,
    );
    expect(seen).toEqual(frames);
    expect(received(a)).toHaveLength(3);
  });
});
