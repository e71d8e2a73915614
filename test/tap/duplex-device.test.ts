import { Duplex } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { DuplexDevice } from "../../src/tap/duplex-device.ts";
import { CollectingSink, linkDeviceSuite, testFrame, transmitFrame } from "../support/link-device-suite.ts";

const PEER = Uint8Array.of(2, 0, 0, 0, 0, 9);
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One chunk is one frame, as in tuntap2's Tap; `release` lets the next write finish. */
function stream(options: { holdWrites?: boolean } = {}) {
  const written: Uint8Array[] = [];
  const held: (() => void)[] = [];
  const duplex = new Duplex({
    readableObjectMode: false,
    writableHighWaterMark: 4000,
    readableHighWaterMark: 4000,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(Uint8Array.from(chunk));
      if (options.holdWrites) held.push(done);
      else done();
    },
  });
  return { duplex, written, release: () => held.shift()?.() };
}

describe("DuplexDevice", () => {
  describe("as a link device", () => {
    linkDeviceSuite(() => {
      const { duplex, written } = stream();
      const device = new DuplexDevice({ stream: duplex, name: "duplex0" });
      return {
        device,
        inject: (frame) => void duplex.push(Buffer.from(frame)),
        takeSent: () => written.splice(0),
        settle: nextTurn,
        dispose: () => void duplex.destroy(),
      };
    });
  });

  test("a stream whose write says false holds the host back until it drains", async () => {
    const { duplex, written, release } = stream({ holdWrites: true });
    const device = new DuplexDevice({ stream: duplex, name: "duplex0" });
    let writable = 0;
    device.setListener({ readable() {}, writable: () => writable++, linkChanged() {} });
    const results: string[] = [];
    for (let i = 0; i < 5; i++) results.push(transmitFrame(device, testFrame(PEER, device.mac, 1400, i)));
    expect(results).toEqual(["sent", "sent", "sent", "full", "full"]);
    for (let i = 0; i < 3; i++) {
      release();
      await nextTurn();
    }
    expect(writable).toBe(1);
    expect(transmitFrame(device, testFrame(PEER, device.mac, 46, 9))).toBe("sent");
    expect(written).toHaveLength(4);
    duplex.destroy();
  });

  test("a host that does not receive pauses the stream, and nothing is lost", async () => {
    const { duplex } = stream();
    const device = new DuplexDevice({ stream: duplex, name: "duplex0", queueFrames: 8 });
    for (let i = 0; i < 20; i++) {
      duplex.push(Buffer.from(testFrame(device.mac, PEER, 46, i)));
      await nextTurn();
    }
    expect(duplex.isPaused()).toBe(true);
    expect(device.counters.framesIn).toBe(4);
    const sink = new CollectingSink();
    device.receive(sink, 4);
    expect(duplex.isPaused()).toBe(false);
    expect(device.counters.drops.size).toBe(0);
    duplex.destroy();
  });

  test("a stream that will not pause loses what the queue cannot hold, counted", () => {
    const { duplex } = stream();
    const device = new DuplexDevice({ stream: duplex, name: "duplex0", queueFrames: 8 });
    for (let i = 0; i < 20; i++) duplex.emit("data", Buffer.from(testFrame(device.mac, PEER, 46, i)));
    expect(device.counters.drops.get("full")).toBe(12);
    duplex.destroy();
  });

  test.each([
    ["ends", (d: Duplex) => void d.push(null)],
    ["closes", (d: Duplex) => void d.destroy()],
    ["fails", (d: Duplex) => void d.destroy(new Error("pulled out"))],
  ])("when the stream %s the link goes down, once", async (what, act) => {
    const { duplex } = stream();
    const device = new DuplexDevice({ stream: duplex, name: "duplex0" });
    const changes: boolean[] = [];
    device.setListener({ readable() {}, writable() {}, linkChanged: (up) => changes.push(up) });
    act(duplex);
    await nextTurn();
    await nextTurn();
    expect(changes).toEqual([false]);
    expect(device.isUp).toBe(false);
    expect(device.failure?.message).toBe(what === "fails" ? "pulled out" : undefined);
    expect(transmitFrame(device, testFrame(PEER, device.mac, 46, 1))).toBe("down");
  });

  test("chunks that are not frames are counted by reason", () => {
    const { duplex } = stream();
    const device = new DuplexDevice({ stream: duplex, name: "duplex0" });
    duplex.emit("data", "text");
    duplex.emit("data", Buffer.alloc(5));
    duplex.emit("data", Buffer.alloc(3000));
    expect(Object.fromEntries(device.counters.drops)).toEqual({ "not-bytes": 1, runt: 1, "too-long": 1 });
    duplex.destroy();
  });

  test("close lets the stream write what it has taken", async () => {
    const { duplex, written, release } = stream({ holdWrites: true });
    const device = new DuplexDevice({ stream: duplex, name: "duplex0" });
    for (let i = 0; i < 2; i++) transmitFrame(device, testFrame(PEER, device.mac, 46, i));
    device.close();
    release();
    await nextTurn();
    release();
    await nextTurn();
    expect(written).toHaveLength(2);
    expect(duplex.destroyed).toBe(true);
  });
});
