import { describe, expect, test } from "@jest/globals";
import { type FrameInfo, GSO_TCPV4, GSO_TCPV6, GSO_UDP, plainFrame } from "../../src/stack/core/frame-info.ts";
import { below, SeededRandom } from "../../src/stack/core/random.ts";
import { FRAME_HEADROOM } from "../../src/stack/link/link-device.ts";
import { readVirtioHeader, VIRTIO_HEADER, writeVirtioHeader } from "../../src/tap/virtio-header.ts";

/** An Ethernet frame with an IPv4 or IPv6 TCP segment of `payload` bytes, room for the header before it. */
function segment(version: 4 | 6, payload: number, tagged = false): { bytes: Uint8Array; end: number; tcp: number } {
  const ip = 14 + (tagged ? 4 : 0);
  const tcp = ip + (version === 4 ? 20 : 40);
  const bytes = new Uint8Array(FRAME_HEADROOM + tcp + 32 + payload);
  const at = FRAME_HEADROOM;
  if (tagged) bytes.set([0x81, 0, 0, 1], at + 12);
  bytes.set(version === 4 ? [0x08, 0x00, 0x45] : [0x86, 0xdd, 0x60], at + ip - 2);
  bytes[at + ip + (version === 4 ? 9 : 6)] = 6;
  bytes[at + tcp + 12] = 0x80;
  return { bytes, end: bytes.length, tcp };
}

interface Header {
  flags?: number;
  gsoType?: number;
  headerLength?: number;
  gsoSize?: number;
  start?: number;
  offset?: number;
}

function putHeader(bytes: Uint8Array, h: Header): void {
  const view = new DataView(bytes.buffer, FRAME_HEADROOM - VIRTIO_HEADER, VIRTIO_HEADER);
  view.setUint8(0, h.flags ?? 0);
  view.setUint8(1, h.gsoType ?? 0);
  view.setUint16(2, h.headerLength ?? 0, true);
  view.setUint16(4, h.gsoSize ?? 0, true);
  view.setUint16(6, h.start ?? 0, true);
  view.setUint16(8, h.offset ?? 0, true);
}

describe("virtio-net header (virtio 1.2 §5.1.6)", () => {
  test.each([
    ["plain", plainFrame()],
    ["verified", { ...plainFrame(), checksumVerified: true }],
  ])("a %s frame comes out as it went in", (_what, info: FrameInfo) => {
    const { bytes, end } = segment(4, 10);
    writeVirtioHeader(bytes, FRAME_HEADROOM, info);
    const out = plainFrame();
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, out)).toBeUndefined();
    expect(out).toEqual(info);
  });

  test.each([
    [4, false],
    [6, false],
    [4, true],
  ] as const)("an IPv%i super-segment (tagged: %p) comes out as it went in", (version, tagged) => {
    const { bytes, end, tcp } = segment(version, 5000, tagged);
    const info: FrameInfo = {
      checksumStart: tcp,
      checksumOffset: 16,
      checksumVerified: false,
      gsoType: version === 4 ? GSO_TCPV4 : GSO_TCPV6,
      gsoSize: 1448,
      headerLength: tcp + 32,
    };
    writeVirtioHeader(bytes, FRAME_HEADROOM, info);
    const out = plainFrame();
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, out)).toBeUndefined();
    // What is not summed yet never left this machine, so it counts as verified.
    expect(out).toEqual({ ...info, checksumVerified: true });
  });

  test.each([4, 6] as const)("[UDP-15] a super-datagram over IPv%i comes out as it went in, and only as one of UDP", (version) => {
    const { bytes, end, tcp: udp } = segment(version, 5000);
    bytes[FRAME_HEADROOM + 14 + (version === 4 ? 9 : 6)] = 17;
    const info: FrameInfo = {
      checksumStart: udp,
      checksumOffset: 6,
      checksumVerified: true,
      gsoType: GSO_UDP,
      gsoSize: 1200,
      headerLength: udp + 8,
    };
    const out = plainFrame();
    const read = (changed: Partial<FrameInfo>) => {
      writeVirtioHeader(bytes, FRAME_HEADROOM, { ...info, ...changed });
      return readVirtioHeader(bytes, FRAME_HEADROOM, end, out);
    };
    expect(read({})).toBeUndefined();
    expect(out).toEqual(info);
    expect(read({ checksumOffset: 16 })).toBe("vnet-gso-not-udp");
    expect(read({ gsoSize: 0 })).toBe("vnet-gso-size");
    // More than the kernel ever merges: one frame must not be thousands of datagrams.
    const payloadBytes = end - FRAME_HEADROOM - udp - 8;
    expect(read({ gsoSize: Math.ceil(payloadBytes / 128) })).toBeUndefined();
    expect(read({ gsoSize: Math.ceil(payloadBytes / 128) - 1 })).toBe("vnet-gso-size");
    expect(read({ checksumStart: 0 })).toBe("vnet-gso-without-checksum");
    expect(read({ checksumStart: end - FRAME_HEADROOM - 8 })).toBe("vnet-gso-headers");
    expect(read({ checksumStart: 20 })).toBe("vnet-gso-headers");
    if (version === 6) expect(read({ gsoSize: 1, checksumStart: udp + payloadBytes - 100 })).toBe("vnet-gso-not-udp");
    bytes[FRAME_HEADROOM + 14 + (version === 4 ? 9 : 6)] = 6;
    expect(read({})).toBe("vnet-gso-not-udp");
    bytes[FRAME_HEADROOM + 14] = 0x15;
    expect(read({})).toBe("vnet-gso-headers");
  });

  test("a super-segment over IPv6 whose checksum begins elsewhere than its headers lead to is refused", () => {
    const { bytes, end, tcp } = segment(6, 3000);
    const out = plainFrame();
    putHeader(bytes, { flags: 1, gsoType: GSO_TCPV6, gsoSize: 1000, start: tcp, offset: 16 });
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, out)).toBeUndefined();
    bytes.copyWithin(FRAME_HEADROOM + tcp + 40, FRAME_HEADROOM + tcp, FRAME_HEADROOM + tcp + 32);
    putHeader(bytes, { flags: 1, gsoType: GSO_TCPV6, gsoSize: 1000, start: tcp + 40, offset: 16 });
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, out)).toBe("vnet-gso-not-tcp");
  });

  test("the header is little-endian and twelve bytes long", () => {
    const { bytes } = segment(4, 3000);
    bytes.fill(0xa5, 0, FRAME_HEADROOM);
    writeVirtioHeader(bytes, FRAME_HEADROOM, {
      checksumStart: 0x22,
      checksumOffset: 0x10,
      checksumVerified: false,
      gsoType: GSO_TCPV4,
      gsoSize: 0x05a8,
      headerLength: 0x42,
    });
    expect([...bytes.subarray(FRAME_HEADROOM - VIRTIO_HEADER, FRAME_HEADROOM)]).toEqual([
      1, 1, 0x42, 0, 0xa8, 0x05, 0x22, 0, 0x10, 0, 0, 0,
    ]);
    expect(bytes[FRAME_HEADROOM - VIRTIO_HEADER - 1]).toBe(0xa5);
  });

  const gso = { flags: 1, gsoType: 1, gsoSize: 1448, start: 34, offset: 16 };
  test.each<[string, string, Header]>([
    ["a flag that was not agreed", "vnet-flags", { flags: 4 }],
    ["a checksum start inside the Ethernet header", "vnet-checksum-offset", { flags: 1, start: 13, offset: 16 }],
    ["a checksum field beyond the frame", "vnet-checksum-offset", { flags: 1, start: 34, offset: 60000 }],
    ["a checksum start beyond the frame", "vnet-checksum-offset", { flags: 1, start: 65535, offset: 0 }],
    ["an unknown segmentation type", "vnet-gso-type", { ...gso, gsoType: 3 }],
    ["the ECN bit, which was not agreed", "vnet-gso-type", { ...gso, gsoType: 0x81 }],
    ["pieces of no bytes", "vnet-gso-size", { ...gso, gsoSize: 0 }],
    ["segmentation without a partial checksum", "vnet-gso-without-checksum", { ...gso, flags: 0 }],
    ["a checksum where TCP has none", "vnet-gso-not-tcp", { ...gso, offset: 6 }],
    ["a checksum start that is not where TCP begins", "vnet-gso-headers", { ...gso, start: 36 }],
    ["the other IP version", "vnet-gso-headers", { ...gso, gsoType: 4, start: 54 }],
  ])("%s is refused (hardening, attack 38)", (_what, reason, header) => {
    const { bytes, end } = segment(4, 3000);
    putHeader(bytes, header);
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, plainFrame())).toBe(reason);
  });

  test("a super-segment without payload or with an impossible TCP header is refused", () => {
    const empty = segment(4, 0);
    putHeader(empty.bytes, gso);
    expect(readVirtioHeader(empty.bytes, FRAME_HEADROOM, empty.end, plainFrame())).toBe("vnet-gso-headers");
    const short = segment(4, 100);
    short.bytes[FRAME_HEADROOM + short.tcp + 12] = 0x40;
    putHeader(short.bytes, gso);
    expect(readVirtioHeader(short.bytes, FRAME_HEADROOM, short.end, plainFrame())).toBe("vnet-gso-headers");
  });

  test("a super-segment that is not TCP is refused", () => {
    const { bytes, end } = segment(4, 3000);
    bytes[FRAME_HEADROOM + 14 + 9] = 17;
    putHeader(bytes, gso);
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, plainFrame())).toBe("vnet-gso-not-tcp");
  });

  test("the header length is measured in the frame, whatever the header says", () => {
    const { bytes, end } = segment(4, 3000);
    putHeader(bytes, { ...gso, headerLength: 9999 });
    const info = plainFrame();
    expect(readVirtioHeader(bytes, FRAME_HEADROOM, end, info)).toBeUndefined();
    expect(info.headerLength).toBe(66);
  });

  test("[ETH-08] random headers and frames never throw, and what passes stays inside the frame", () => {
    const random = new SeededRandom(38);
    const info = plainFrame();
    let passed = 0;
    for (let i = 0; i < 20_000; i++) {
      const { bytes } = segment(below(random, 2) === 0 ? 4 : 6, below(random, 200), below(random, 4) === 0);
      for (let n = below(random, 6); n > 0; n--) bytes[below(random, bytes.length)] = random.u32() & 0xff;
      putHeader(bytes, {
        flags: below(random, 5),
        gsoType: below(random, 6),
        gsoSize: below(random, 3) === 0 ? 0 : below(random, 65536),
        start: below(random, 3) === 0 ? below(random, 65536) : [34, 54, 38][below(random, 3)]!,
        offset: below(random, 3) === 0 ? below(random, 65536) : 16,
      });
      const end = below(random, 3) === 0 ? FRAME_HEADROOM + below(random, bytes.length - FRAME_HEADROOM) : bytes.length;
      if (readVirtioHeader(bytes, FRAME_HEADROOM, end, info) !== undefined) continue;
      passed++;
      const length = end - FRAME_HEADROOM;
      expect(info.checksumStart === 0 || info.checksumStart + info.checksumOffset + 2 <= length).toBe(true);
      expect(info.gsoType === 0 || (info.gsoSize > 0 && info.headerLength < length && info.headerLength > info.checksumStart)).toBe(true);
    }
    expect(passed).toBeGreaterThan(100);
  });
});
