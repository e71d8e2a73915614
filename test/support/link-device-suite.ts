import { expect, test } from "@jest/globals";
import { clearFrameInfo, plainFrame } from "../../src/stack/core/frame-info.ts";
import { FRAME_HEADROOM, type FrameSink, type LinkDevice } from "../../src/stack/link/link-device.ts";

/** A device and what lies on its other side. */
export interface LinkDeviceUnderTest {
  readonly device: LinkDevice;
  /** The other side sends this frame to the host. */
  inject(frame: Uint8Array): void;
  /** Frames that the device has let out since the last call, as the other side saw them. */
  takeSent(): readonly Uint8Array[];
  /** Lets pass what is not immediate: the event loop, the kernel. */
  settle(): Promise<void>;
  /** Only frames of type 0x88b5 are looked at, for a kernel has things of its own to say. */
  dispose(): void;
}

/** IEEE 802 local experimental. */
const EXPERIMENTAL = 0x88b5;

/** A frame from `source` to `destination` with `payload` bytes that differ from frame to frame. */
export function testFrame(destination: Uint8Array, source: Uint8Array, payload: number, seed: number): Uint8Array {
  const frame = new Uint8Array(14 + payload);
  frame.set(destination, 0);
  frame.set(source, 6);
  frame[12] = EXPERIMENTAL >>> 8;
  frame[13] = EXPERIMENTAL & 0xff;
  for (let i = 14; i < frame.length; i++) frame[i] = (seed * 31 + i * 7) & 0xff;
  return frame;
}

/** Collects copies of the test frames that it is given. */
export class CollectingSink implements FrameSink {
  readonly frames: Uint8Array[] = [];

  frame(bytes: Uint8Array, at: number, end: number): void {
    if (((bytes[at + 12]! << 8) | bytes[at + 13]!) === EXPERIMENTAL) this.frames.push(bytes.slice(at, end));
  }
}

/** Sends a whole frame with headroom around it, and spoils the buffer afterwards as a caller that reuses it would. */
export function transmitFrame(device: LinkDevice, frame: Uint8Array): string {
  const buffer = new Uint8Array(FRAME_HEADROOM + frame.length + 8).fill(0xa5);
  buffer.set(frame, FRAME_HEADROOM);
  const result = device.transmit(buffer, FRAME_HEADROOM, FRAME_HEADROOM + frame.length, clearFrameInfo(plainFrame()));
  expect(buffer.subarray(FRAME_HEADROOM, FRAME_HEADROOM + frame.length)).toEqual(frame); // only the headroom may be overwritten
  buffer.fill(0x5a);
  return result;
}

const PEER = Uint8Array.of(0x02, 0, 0, 0, 0, 0x77);

/** What every LinkDevice must do. */
export function linkDeviceSuite(make: () => LinkDeviceUnderTest | Promise<LinkDeviceUnderTest>): void {
  const run = (use: (t: LinkDeviceUnderTest) => void | Promise<void>) => async () => {
    const t = await make();
    try {
      await use(t);
    } finally {
      t.dispose();
    }
  };
  const receiveAll = (device: LinkDevice): Uint8Array[] => {
    const sink = new CollectingSink();
    while (device.receive(sink, 16) === 16);
    return sink.frames;
  };

  test(
    "frames for the host come out byte-exact and in order",
    run(async ({ device, inject, settle }) => {
      const frames = [46, 1, 1486, 100].map((payload, i) => testFrame(device.mac, PEER, payload, i));
      for (const frame of frames) inject(frame);
      await settle();
      expect(receiveAll(device)).toEqual(frames);
    }),
  );

  test(
    "frames from the host arrive byte-exact and in order, and their buffer may be reused at once",
    run(async ({ device, takeSent, settle }) => {
      const frames = [46, 1, device.isLoopback ? 60000 : 1486, 100].map((payload, i) => testFrame(PEER, device.mac, payload, i));
      for (const frame of frames) expect(transmitFrame(device, frame)).toBe("sent");
      await settle();
      expect(takeSent()).toEqual(frames);
    }),
  );

  test(
    "receive hands over no more frames than its budget, and fewer only when it is dry",
    run(async ({ device, inject, settle }) => {
      receiveAll(device);
      for (let i = 0; i < 5; i++) inject(testFrame(device.mac, PEER, 64, i));
      await settle();
      const sink = new CollectingSink();
      expect(device.receive(sink, 0)).toBe(0);
      for (let calls = 0; calls < 50 && sink.frames.length < 5; calls++) {
        const before = sink.frames.length;
        const n = device.receive(sink, 2);
        expect(n).toBeLessThanOrEqual(2);
        expect(sink.frames.length - before).toBeLessThanOrEqual(n);
        if (n < 2) break;
      }
      expect(sink.frames).toHaveLength(5);
      expect(receiveAll(device)).toHaveLength(0);
    }),
  );

  test(
    "frames and bytes are counted in both directions",
    run(async ({ device, inject, settle }) => {
      receiveAll(device);
      const { framesIn, framesOut, bytesIn, bytesOut } = device.counters;
      transmitFrame(device, testFrame(PEER, device.mac, 86, 1));
      inject(testFrame(device.mac, PEER, 46, 2));
      await settle();
      receiveAll(device);
      // A loopback gets its own frame, too, and injecting into it is sending; a kernel may add frames.
      expect(device.counters.framesOut - framesOut).toBe(device.isLoopback ? 2 : 1);
      expect(device.counters.bytesOut - bytesOut).toBe(device.isLoopback ? 160 : 100);
      expect(device.counters.framesIn - framesIn).toBeGreaterThanOrEqual(device.isLoopback ? 2 : 1);
      expect(device.counters.bytesIn - bytesIn).toBeGreaterThanOrEqual(device.isLoopback ? 160 : 60);
    }),
  );

  test(
    "a runt, a frame beyond every MTU and a bad offload request are dropped with a reason, not thrown",
    run(async ({ device, takeSent, settle }) => {
      const dropped = () => [...device.counters.drops.values()].reduce((a, b) => a + b, 0);
      const before = dropped();
      const huge = new Uint8Array(FRAME_HEADROOM + 70000);
      const info = plainFrame();
      expect(device.transmit(huge, FRAME_HEADROOM, FRAME_HEADROOM + 13, info)).toBe("sent");
      expect(device.transmit(huge, FRAME_HEADROOM, FRAME_HEADROOM, info)).toBe("sent");
      expect(device.transmit(huge, FRAME_HEADROOM, huge.length, info)).toBe("sent");
      expect(device.transmit(huge, FRAME_HEADROOM, huge.length + 100, info)).toBe("sent");
      expect(device.transmit(huge, FRAME_HEADROOM, FRAME_HEADROOM + 60, { ...info, checksumStart: 34, checksumOffset: 60 })).toBe("sent");
      await settle();
      expect(takeSent()).toEqual([]);
      expect(dropped() - before).toBe(5);
    }),
  );

  test(
    "an 802.1Q tag fits on top of the MTU",
    run(async ({ device, takeSent, settle }) => {
      if (device.isLoopback) return;
      const tagged = testFrame(PEER, device.mac, device.mtu + 4, 3);
      tagged.set([0x81, 0x00, 0x00, 0x05, EXPERIMENTAL >>> 8, EXPERIMENTAL & 0xff], 12);
      expect(transmitFrame(device, tagged)).toBe("sent");
      await settle();
      expect(device.counters.drops.get("too-long") ?? 0).toBe(0);
      takeSent();
    }),
  );

  test(
    "after close it is down: transmit says so, receive is dry, and closing again does nothing",
    run(async ({ device, inject, settle }) => {
      expect(device.isUp).toBe(true);
      expect(device.isGone).toBe(false);
      inject(testFrame(device.mac, PEER, 46, 1));
      await settle();
      device.close();
      device.close();
      expect(device.isUp).toBe(false);
      expect(device.isGone).toBe(true);
      expect(transmitFrame(device, testFrame(PEER, device.mac, 46, 1))).toBe("down");
      expect(device.receive(new CollectingSink(), 10)).toBe(0);
    }),
  );
}
