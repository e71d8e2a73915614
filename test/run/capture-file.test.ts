import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CAPTURE_LIMITS, CaptureFileError, looksLikeCapture, readCaptureFile } from "../../src/run/capture-file.ts";
import { enhancedPacket, interfaceDescription, sectionHeader } from "../../src/wire/pcapng-writer.ts";
import { Endpoint, PEER_ADDRESS, TwoHosts } from "../support/two-hosts.ts";

const EPOCH_NS = 1_700_000_000_000_000_000n;

interface Seen {
  readonly atMs: number;
  readonly direction: "in" | "out";
  readonly bytes: Uint8Array;
}

/** The frames of a refused connect from 203.0.113.2 to 203.0.113.1. */
function framesOfConnect(): Seen[] {
  const hosts = new TwoHosts();
  const seen: Seen[] = [];
  hosts.ours.trace.subscribe((event) => {
    if (event.type === "frame") seen.push({ atMs: event.atMs, direction: event.direction, bytes: event.bytes.slice() });
  });
  const endpoint = new Endpoint();
  hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: endpoint.user });
  hosts.simulation.run(() => endpoint.events.length > 0, 60_000);
  expect(seen.length).toBeGreaterThanOrEqual(4);
  return seen;
}

const FRAMES = framesOfConnect();

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const pcapng = (frames: readonly Seen[] = FRAMES, linkType = 1): Uint8Array =>
  joined([
    sectionHeader("tapsock test"),
    interfaceDescription({ name: "tap0", linkType, snapLength: 0 }),
    ...frames.map(({ atMs, direction, bytes }) =>
      enhancedPacket(0, EPOCH_NS + BigInt(Math.round(atMs * 1e6)), bytes, bytes.length, direction, []),
    ),
  ]);

/** draft-ietf-opsawg-pcap. */
function pcap(isLittleEndian: boolean, isNanoseconds: boolean, linkType = 1): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, isNanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, isLittleEndian);
  header.setUint16(4, 2, isLittleEndian);
  header.setUint16(6, 4, isLittleEndian);
  header.setUint32(16, 65535, isLittleEndian);
  header.setUint32(20, linkType, isLittleEndian);
  const records = FRAMES.map(({ atMs, bytes }) => {
    const record = new DataView(new ArrayBuffer(16));
    const ns = EPOCH_NS + BigInt(Math.round(atMs * 1e6));
    record.setUint32(0, Number(ns / 1_000_000_000n), isLittleEndian);
    record.setUint32(4, Number(ns % 1_000_000_000n) / (isNanoseconds ? 1 : 1000), isLittleEndian);
    record.setUint32(8, bytes.length, isLittleEndian);
    record.setUint32(12, bytes.length, isLittleEndian);
    return joined([new Uint8Array(record.buffer), bytes]);
  });
  return joined([new Uint8Array(header.buffer), ...records]);
}

/** A pcapng file of one frame in the other byte order, its time in units of 2^-10 s behind an offset of 5 s. */
function bigEndianPcapng(frame: Uint8Array): Uint8Array {
  const block = (type: number, body: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(12 + ((body.length + 3) & ~3));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type);
    view.setUint32(4, bytes.length);
    bytes.set(body, 8);
    view.setUint32(bytes.length - 4, bytes.length);
    return bytes;
  };
  const section = Uint8Array.of(0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255);
  const options = [0, 9, 0, 1, 0x8a, 0, 0, 0, 0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0];
  const description = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, ...options);
  const packet = new Uint8Array(20 + frame.length);
  const view = new DataView(packet.buffer);
  view.setUint32(8, 2048);
  view.setUint32(12, frame.length);
  view.setUint32(16, frame.length);
  packet.set(frame, 20);
  return joined([block(0x0a0d0d0a, section), block(1, description), block(6, packet)]);
}

describe("a capture as a run", () => {
  test("tells of the client's frames, as the client sent and got them", () => {
    const { header, events, notes } = readCaptureFile(pcapng());
    expect(notes).toEqual([]);
    expect(header).toMatchObject({ kind: "capture", madeBy: "tapsock test" });
    expect(header.hosts.map(({ name }) => name)).toEqual(["203.0.113.2", "203.0.113.1"]);
    expect(events.map(({ host, direction }) => [host, direction])).toEqual(FRAMES.map(({ direction }) => ["203.0.113.2", direction]));
    expect(events.map(({ bytes }) => [...bytes])).toEqual(FRAMES.map(({ bytes }) => [...bytes]));
    expect(events[0]).toMatchObject({ atMs: 0, device: "tap0", length: FRAMES[0]!.bytes.length });
    expect(events.at(-1)!.atMs).toBeCloseTo(FRAMES.at(-1)!.atMs - FRAMES[0]!.atMs, 2);
    expect(header.epochMs).toBeCloseTo(1_700_000_000_000 + FRAMES[0]!.atMs, 0);
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])("from pcap, little-endian %p, nanoseconds %p", (isLittleEndian, isNanoseconds) => {
    const bytes = pcap(isLittleEndian, isNanoseconds);
    expect(looksLikeCapture(bytes)).toBe(true);
    const { header, events } = readCaptureFile(bytes);
    expect(events).toHaveLength(FRAMES.length);
    expect(events.at(-1)!.atMs).toBeCloseTo(FRAMES.at(-1)!.atMs - FRAMES[0]!.atMs, 2);
    expect(header.hosts[0]!.name).toBe("203.0.113.2");
  });

  test("from pcapng of the other byte order, with a resolution and an offset of its own", () => {
    const { header, events } = readCaptureFile(bigEndianPcapng(FRAMES[0]!.bytes));
    expect(events).toHaveLength(1);
    expect(header.epochMs).toBe(7000);
  });

  test("that was cut has what stands before", () => {
    const whole = pcapng();
    const { events, notes } = readCaptureFile(whole.subarray(0, whole.length - 5));
    expect(events).toHaveLength(FRAMES.length - 1);
    expect(notes).toEqual([expect.stringMatching(/^it is cut at byte \d+$/)]);
  });

  test("of another link type is refused by its number", () => {
    expect(() => readCaptureFile(pcapng(FRAMES, 195))).toThrow(/link type is 195, which this program does not know/);
    expect(() => readCaptureFile(pcap(true, false, 127))).toThrow(/link type is 127/);
  });

  test("is bounded in bytes and frames", () => {
    expect(() => readCaptureFile(pcapng(), { ...CAPTURE_LIMITS, bytes: 100 })).toThrow(/more than 100 bytes/);
    const { events, notes } = readCaptureFile(pcapng(), { ...CAPTURE_LIMITS, frames: 2 });
    expect(events).toHaveLength(2);
    expect(notes).toEqual(["only its first 2 frames are shown"]);
  });

  test("of any bytes is read, or refused in a sentence", () => {
    for (const good of [pcapng(), pcap(true, false), pcap(false, true), bigEndianPcapng(FRAMES[0]!.bytes)]) {
      const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
      fc.assert(
        fc.property(fc.array(change, { maxLength: 12 }), fc.nat(good.length), (changes, end) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          for (const part of [bytes, bytes.subarray(0, end)]) {
            try {
              for (const event of readCaptureFile(part).events) expect(event.atMs).toBeGreaterThanOrEqual(0);
            } catch (error) {
              expect(error).toBeInstanceOf(CaptureFileError);
            }
          }
        }),
      );
    }
  });
});

describe("captures as tools make them", () => {
  const times = (ns: readonly bigint[]) =>
    readCaptureFile(
      joined([
        sectionHeader("tapsock test"),
        interfaceDescription({ name: "tap0", linkType: 1, snapLength: 0 }),
        ...ns.map((each) => enhancedPacket(0, EPOCH_NS + each, FRAMES[0]!.bytes, FRAMES[0]!.bytes.length, "out", [])),
      ]),
    ).events.map(({ atMs }) => atMs);

  test("nanoseconds are kept, although Unix time in them is more than a number holds", () => {
    expect(times([0n, 1001n, 2002n, 1_000_000_003n])).toEqual([0, 0.001001, 0.002002, 1000.000003]);
    expect(times([999_999_999n, 1_000_000_001n])).toEqual([0, 0.000002]);
  });

  /** A pcap file whose frames are cut and changed on their way into it. */
  function pcapOf(linkType: number, made: (frame: Uint8Array) => Uint8Array, snap = 65_535): Uint8Array {
    const header = new DataView(new ArrayBuffer(24));
    header.setUint32(0, 0xa1b2c3d4);
    header.setUint32(20, linkType);
    const records = FRAMES.map(({ bytes }, i) => {
      const frame = made(bytes);
      const record = new DataView(new ArrayBuffer(16));
      record.setUint32(0, 1_700_000_000 + i);
      record.setUint32(8, Math.min(snap, frame.length));
      record.setUint32(12, frame.length);
      return joined([new Uint8Array(record.buffer), frame.subarray(0, snap)]);
    });
    return joined([new Uint8Array(header.buffer), ...records]);
  }
  const plain = readCaptureFile(pcapOf(1, (frame) => frame));
  const hostsAndWays = ({ events }: typeof plain) => events.map(({ host, direction }) => `${host} ${direction}`);
  const isIp = ({ bytes }: Pick<Seen, "bytes">): boolean => bytes[12] === 8 && bytes[13] === 0;
  const ipOf = (frame: Uint8Array) => frame.subarray(14);

  test("frames that were cut are who they are from and for, by what is left of them", () => {
    const cut = readCaptureFile(pcapOf(1, (frame) => frame, 50));
    expect(hostsAndWays(cut)).toEqual(hostsAndWays(plain));
    expect(cut.notes).toEqual([]);
    expect(cut.events.every(({ bytes, length }, i) => bytes.length <= 50 && length === FRAMES[i]!.bytes.length)).toBe(true);
  });

  test("tags of VLANs are taken off, and said", () => {
    const tag = Uint8Array.of(0x88, 0xa8, 0, 7, 0x81, 0, 0, 5);
    const tagged = readCaptureFile(pcapOf(1, (frame) => joined([frame.subarray(0, 12), tag, frame.subarray(12)])));
    expect(tagged.events).toEqual(plain.events);
    expect(tagged.notes).toEqual(["its VLAN tags are taken off"]);
  });

  test.each<[string, number, (frame: Uint8Array) => Uint8Array]>([
    ["a tunnel", 101, ipOf],
    ["a BSD loopback", 0, (frame) => joined([Uint8Array.of(2, 0, 0, 0), ipOf(frame)])],
    ["any interface of Linux", 113, (frame) => joined([new Uint8Array(14), frame.subarray(12, 14), ipOf(frame)])],
    ["any interface of Linux, second form", 276, (frame) => joined([frame.subarray(12, 14), new Uint8Array(18), ipOf(frame)])],
  ])("frames of %s get a header of zeros", (_what, linkType, made) => {
    const { events, notes } = readCaptureFile(pcapOf(linkType, made));
    const tcp = events.filter(isIp);
    expect(tcp.map(({ bytes }) => bytes.subarray(14))).toEqual(plain.events.filter(isIp).map(({ bytes }) => bytes.subarray(14)));
    expect(tcp.length).toBeGreaterThan(1);
    expect(tcp.map(({ host, direction }) => `${host} ${direction}`)).toEqual(
      plain.events.filter(isIp).map(({ host, direction }) => `${host} ${direction}`),
    );
    expect(notes[0]).toMatch(/no Ethernet header: zeros/);
  });

  test.each([0, 1, 12, 101, 108, 113, 228, 276])("whatever is in frames of link %i, nothing is thrown", (linkType) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const { events } = readCaptureFile(pcapOf(linkType, () => bytes));
          for (const event of events) expect(event.length).toBeGreaterThanOrEqual(event.bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureFileError);
        }
      }),
    );
  });
});
