import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import { FrozenTime } from "../../src/stack/core/time.ts";
import { Trace } from "../../src/stack/core/trace.ts";
import { FRAME_HEADROOM } from "../../src/stack/link/link-device.ts";
import { CaptureDevice, type CaptureStart } from "../../src/wire/capture-device.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { linkDeviceSuite, transmitFrame } from "../support/link-device-suite.ts";
import { arpFrame, partialUdpFrame, tcpFrame, udpFrame } from "./sample-frames.ts";

/** 2026-11-22T12:00:00Z. */
const EPOCH_MS = Date.UTC(2026, 10, 22, 12);

function captured(start: Partial<CaptureStart> = {}) {
  const time = new FrozenTime(1.25);
  const wire = new MemoryWire({ offloads: { checksum: true, tso4: false, tso6: false } });
  const inner = wire.device({ name: "host", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const peer = wire.device({ name: "peer", mac: Uint8Array.of(2, 0, 0, 0, 0, 2), promiscuous: true });
  const device = new CaptureDevice(inner, { time, epochOffsetMs: EPOCH_MS });
  const blocks: Uint8Array[] = [];
  const begin = () => device.start({ sink: (block) => void blocks.push(block), ...start });
  return { time, inner, peer, device, blocks, begin };
}

/** Type, body length and trailing length of each block, checked for agreement. */
function walk(file: Uint8Array): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const types: number[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, true);
    expect(length % 4).toBe(0);
    expect(view.getUint32(at + length - 4, true)).toBe(length);
    types.push(view.getUint32(at, true));
    at += length;
  }
  return types;
}

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

/** Fields of each frame as tshark reads them, with every checksum checked. */
function tshark(blocks: readonly Uint8Array[], fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "tapsock-capture-"));
  try {
    const file = join(folder, "x.pcapng");
    writeFileSync(file, Buffer.concat(blocks));
    const checks = ["ip", "tcp", "udp"].flatMap((p) => ["-o", `${p}.check_checksum:TRUE`]);
    const out = execFileSync(
      "tshark",
      ["-n", "-r", file, ...checks, "-T", "fields", "-E", "separator=|", ...fields.flatMap((f) => ["-e", f])],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, TZ: "UTC" },
      },
    );
    return out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("|"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("CaptureDevice", () => {
  describe("as a link device, while it captures", () => {
    linkDeviceSuite(() => {
      const t = captured();
      t.begin();
      return {
        device: t.device,
        inject: (frame) => expect(transmitFrame(t.peer, frame)).toBe("sent"),
        takeSent: () => {
          const frames: Uint8Array[] = [];
          t.peer.receive({ frame: (b, at, end) => void frames.push(b.slice(at, end)) }, 1000);
          return frames;
        },
        settle: async () => {},
        dispose: () => {},
      };
    });
  });

  test("blocks are a section header, an interface, frames as they pass, and statistics at the end", () => {
    const t = captured();
    transmitFrame(t.device, udpFrame(1)); // before the capture
    t.begin();
    transmitFrame(t.device, udpFrame(3));
    transmitFrame(t.device, tcpFrame("S"));
    expect(t.blocks).toHaveLength(3); // the second frame waits for what may be said about it
    t.device.flush();
    expect(t.blocks).toHaveLength(4);
    t.device.stop();
    t.device.stop();
    transmitFrame(t.device, udpFrame(1));
    expect(walk(Buffer.concat(t.blocks))).toEqual([0x0a0d0d0a, 1, 6, 6, 5]);
  });

  test("a frame that found the device full is not in the capture", () => {
    const wire = new MemoryWire();
    const device = new CaptureDevice(wire.device({ name: "host" }), { time: new FrozenTime(), epochOffsetMs: 0 });
    wire.device({ name: "peer", mac: Uint8Array.of(2, 0, 0, 0, 0, 2), queueFrames: 1 });
    const blocks: Uint8Array[] = [];
    device.start({ sink: (b) => void blocks.push(b) });
    expect([1, 2].map(() => transmitFrame(device, udpFrame(1)))).toEqual(["sent", "full"]);
    device.stop();
    expect(walk(Buffer.concat(blocks))).toEqual([0x0a0d0d0a, 1, 6, 5]);
  });

  test("the same frames at the same times give the same bytes", () => {
    const run = () => {
      const t = captured();
      t.begin();
      for (const f of [arpFrame(), tcpFrame("S")]) {
        t.time.moveTo(t.time.now + 3);
        transmitFrame(t.device, f);
      }
      t.device.stop();
      return Buffer.concat(t.blocks).toString("hex");
    };
    expect(run()).toBe(run());
  });

  (hasTshark ? test : test.skip)(
    "tshark reads times, directions and lengths, and finds no bad checksum, also where one was partial",
    () => {
      const t = captured();
      t.begin();
      const partial = partialUdpFrame(33);
      const bytes = new Uint8Array(FRAME_HEADROOM + partial.length);
      bytes.set(partial, FRAME_HEADROOM);
      t.device.transmit(bytes, FRAME_HEADROOM, bytes.length, { ...plainFrame(), checksumStart: 34, checksumOffset: 6 });
      t.time.moveTo(2.5);
      const reply = tcpFrame("SA");
      reply.set([2, 0, 0, 0, 0, 1], 0);
      transmitFrame(t.peer, reply);
      t.device.receive({ frame: () => {} }, 10);
      t.time.moveTo(10);
      transmitFrame(t.device, arpFrame());
      t.device.stop();

      const good = "1";
      expect(
        tshark(t.blocks, ["frame.time_epoch", "frame.packet_flags_direction", "frame.len", "udp.checksum.status", "tcp.checksum.status"]),
      ).toEqual([
        ["1795348800.001250000", expect.stringMatching(/^(0x0*)?2$/), "75", good, ""],
        ["1795348800.002500000", expect.stringMatching(/^(0x0*)?1$/), "54", "", good],
        ["1795348800.010000000", expect.stringMatching(/^(0x0*)?2$/), "60", "", ""],
      ]);
      expect(tshark(t.blocks, ["frame.interface_name", "_ws.malformed", "_ws.expert.severity"]).map((f) => f.slice(0, 2))).toEqual([
        ["host", ""],
        ["host", ""],
        ["host", ""],
      ]);
    },
  );

  (hasTshark ? test : test.skip)(
    "[SYS-04] tshark shows drop reasons and Winsock verdicts as comments of the frame that caused them",
    () => {
      const trace = new Trace({ now: 2 });
      const t = captured({ trace, snapLength: 60 });
      t.begin();
      trace.emit({ type: "winsock-called", client: 1, call: 1, name: "connect", text: "connect()" });
      const rst = tcpFrame("RA");
      rst.set([2, 0, 0, 0, 0, 1], 0);
      transmitFrame(t.peer, rst);
      transmitFrame(t.peer, rst);
      let n = 0;
      t.device.receive(
        {
          frame: (b, at, end) => {
            if (n++ === 0) trace.emit({ type: "frame-dropped", device: "host", reason: "tcp-bad-checksum", bytes: b.subarray(at, end) });
            else
              trace.emit({
                type: "winsock-returned",
                client: 1,
                call: 1,
                text: "SOCKET_ERROR, WSAECONNREFUSED – ünicode",
                error: 10061,
              });
          },
        },
        10,
      );
      trace.emit({ type: "frame-dropped", device: "another", reason: "ipv4-not-for-us", bytes: rst });
      t.device.flush();
      t.device.addComment("a remark");
      transmitFrame(t.device, udpFrame(100));
      t.device.stop();
      expect(trace.isOn).toBe(false);
      expect(tshark(t.blocks, ["frame.comment", "frame.len", "frame.cap_len"])).toEqual([
        ["dropped: tcp-bad-checksum", "54", "54"],
        ["connect: SOCKET_ERROR, WSAECONNREFUSED – ünicode", "54", "54"],
        ["a remark", "142", "60"],
      ]);
    },
  );

  test("comments are bounded in length and number, so that one fits its option and many do not swell a frame", () => {
    const t = captured();
    t.begin();
    transmitFrame(t.device, udpFrame(1));
    for (let i = 0; i < 100; i++) t.device.addComment(`${i}`);
    t.device.addComment("ä".repeat(100_000));
    t.device.stop();
    expect(walk(Buffer.concat(t.blocks))).toEqual([0x0a0d0d0a, 1, 6, 5]);
    expect(Buffer.concat(t.blocks).length).toBeLessThan(10_000);
  });
});
