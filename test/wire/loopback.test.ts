import { describe, expect, test } from "@jest/globals";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import { FRAME_HEADROOM } from "../../src/stack/link/link-device.ts";
import { Loopback } from "../../src/wire/loopback.ts";
import { CollectingSink, linkDeviceSuite, testFrame, transmitFrame } from "../support/link-device-suite.ts";

describe("Loopback", () => {
  describe("as a link device", () => {
    linkDeviceSuite(() => {
      const device = new Loopback();
      const sink = new CollectingSink();
      return {
        device,
        inject: (frame) => expect(transmitFrame(device, frame)).toBe("sent"),
        takeSent: () => {
          device.receive(sink, 1000);
          return sink.frames.splice(0);
        },
        settle: async () => {},
        dispose: () => {},
      };
    });
  });

  test("a partial checksum comes back as it is, marked as verified", () => {
    const device = new Loopback();
    const bytes = new Uint8Array(FRAME_HEADROOM + 60);
    device.transmit(bytes, FRAME_HEADROOM, bytes.length, { ...plainFrame(), checksumStart: 34, checksumOffset: 16 });
    let verified = false;
    device.receive({ frame: (_b, _at, _end, info) => (verified = info.checksumVerified && info.checksumStart === 34) }, 1);
    expect(verified).toBe(true);
  });

  test("the longest IPv4 datagram passes, and a full queue holds the sender back", () => {
    const device = new Loopback({ queueBytes: 140_000 });
    let writable = 0;
    device.setListener({ readable() {}, writable: () => writable++, linkChanged() {} });
    const frame = testFrame(device.mac, device.mac, 65535, 1);
    expect([1, 2, 3].map(() => transmitFrame(device, frame))).toEqual(["sent", "sent", "full"]);
    expect(device.receive(new CollectingSink(), 1)).toBe(1);
    expect(writable).toBe(1);
    expect(transmitFrame(device, frame)).toBe("sent");
  });

  test("a frame that is answered by another in the sink does not hold receive beyond its budget", () => {
    const device = new Loopback();
    transmitFrame(device, testFrame(device.mac, device.mac, 46, 1));
    const n = device.receive({ frame: (b, at, end, info) => void device.transmit(b.slice(), at, end, info) }, 100);
    expect(n).toBe(100);
  });
});
