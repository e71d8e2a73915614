import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type FrameInfo, GSO_TCPV4, plainFrame } from "../../src/stack/core/frame-info.ts";
import { FRAME_HEADROOM } from "../../src/stack/link/link-device.ts";
import { configureInterface, interfaceState } from "../../src/tap/interface-config.ts";
import { type LinuxTap, openTap, type TapOptions } from "../../src/tap/linux-tap.ts";
import { Poller, wake } from "../../src/tap/poll.ts";
import { TapError } from "../../src/tap/tap-error.ts";
import { linkDeviceSuite } from "../support/link-device-suite.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PacketSocket } from "./packet-socket.ts";

/** A subnet of its own, so that this file can share a namespace with others: the kernel is .241, we are .242. */
const KERNEL = [203, 0, 113, 241] as const;
const OURS = [203, 0, 113, 242] as const;
const PREFIX_LENGTH = 28;
const ARP = 0x0806;
const IPV4 = 0x0800;

const taps: LinuxTap[] = [];
const cleanups: (() => void)[] = [];

function open(options: TapOptions = {}): LinuxTap {
  const tap = openTap({ name: "lt%d", ...options });
  taps.push(tap);
  return tap;
}

/** Up and with the kernel's address. */
function openConfigured(options: TapOptions = {}): LinuxTap {
  const tap = open(options);
  configureInterface(tap.name, { up: true, address: KERNEL.join("."), prefixLength: PREFIX_LENGTH });
  return tap;
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}

afterEach(() => {
  for (const tap of taps.splice(0)) tap.close();
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Received {
  readonly bytes: Uint8Array;
  readonly info: FrameInfo;
}

/** Waits in poll for the first frame that `wanted` accepts; answers the kernel's ARP requests on the way. */
function frameThat(tap: LinuxTap, wanted: (f: Received) => boolean): Received {
  const poller = new Poller();
  try {
    poller.add(tap.descriptor, "read");
    const found: Received[] = [];
    for (let waits = 0; waits < 100 && found.length === 0; waits++) {
      if (poller.wait(100) === 0 || !poller.isReadable(tap.descriptor)) continue;
      tap.receive(
        {
          frame: (b, at, end, info) => {
            const frame = { bytes: b.slice(at, end), info: { ...info } };
            if (wanted(frame)) found.push(frame);
            else if (typeOf(frame.bytes) === ARP && frame.bytes[21] === 1 && frame.bytes[41] === OURS[3])
              send(tap, arpReply(tap, frame.bytes));
          },
        },
        64,
      );
    }
    if (found.length === 0) throw new Error("The frame did not come");
    return found[0]!;
  } finally {
    poller.close();
  }
}

function send(tap: LinuxTap, frame: Uint8Array, info: FrameInfo = plainFrame()): string {
  const bytes = new Uint8Array(FRAME_HEADROOM + frame.length);
  bytes.set(frame, FRAME_HEADROOM);
  return tap.transmit(bytes, FRAME_HEADROOM, bytes.length, info);
}

const typeOf = (frame: Uint8Array): number => (frame[12]! << 8) | frame[13]!;

function arpReply(tap: LinuxTap, request: Uint8Array): Uint8Array {
  const reply = new Uint8Array(42);
  reply.set([...request.subarray(6, 12), ...tap.mac, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 2]);
  reply.set([...tap.mac, ...OURS, ...request.subarray(22, 32)], 22);
  return reply;
}

function ipv4(tap: LinuxTap, protocol: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(34 + payload.length);
  const total = 20 + payload.length;
  frame.set([...interfaceState(tap.name).mac, ...tap.mac, 0x08, 0x00]);
  frame.set([0x45, 0, total >>> 8, total & 0xff, 0, 1, 0x40, 0, 64, protocol, 0, 0, ...OURS, ...KERNEL], 14);
  putSum(frame, 24, sumOf(frame, 14, 34));
  frame.set(payload, 34);
  return frame;
}

function sumOf(b: Uint8Array, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i++) sum += (i - at) % 2 === 0 ? b[i]! << 8 : b[i]!;
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return sum;
}

function putSum(b: Uint8Array, at: number, sum: number): void {
  b[at] = (~sum >>> 8) & 0xff;
  b[at + 1] = ~sum & 0xff;
}

/** Makes the kernel send a datagram to us. */
async function datagramFromKernel(payload: string): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => socket.send(payload, 5000, OURS.join("."), (error) => (error ? reject(error) : resolve())));
  socket.close();
}

describe("LinuxTap", () => {
  if (whyNoTap() === undefined) {
    describe("as a link device", () => {
      linkDeviceSuite(() => {
        const tap = open();
        configureInterface(tap.name, { up: true });
        const kernel = new PacketSocket(tap.name);
        const peer = Uint8Array.of(2, 0, 0, 0, 0, 0x77);
        return {
          device: tap,
          inject: (frame) => kernel.write(frame),
          takeSent: () => kernel.read(0x88b5, peer),
          settle: () => new Promise((resolve) => setTimeout(resolve, 5)),
          dispose: () => {
            kernel.close();
            tap.close();
          },
        };
      });
    });
  }

  tapTest("creates a TAP that vanishes when it is closed, with an address of our own", () => {
    const tap = open({ name: "lt-new", mtu: 1300 });
    expect(tap).toMatchObject({ name: "lt-new", mtu: 1300, isPersistent: false, isUp: true });
    const state = interfaceState("lt-new");
    expect(state).toMatchObject({ up: false, mtu: 1300 });
    expect(tap.mac).not.toEqual(state.mac);
    tap.close();
    expect(tap.descriptor).toBe(-1);
    expect(() => interfaceState("lt-new")).toThrow(/ENODEV/);
  });

  tapTest("lets the kernel choose a number, and takes the MAC that it is given", () => {
    const mac = Uint8Array.of(2, 1, 2, 3, 4, 5);
    const tap = open({ mac });
    expect(tap.name).toMatch(/^lt\d+$/);
    expect(tap.mac).toEqual(mac);
  });

  tapTest("attaches to a persistent TAP, also to one with many queues, and leaves it behind", () => {
    for (const more of [[], ["multi_queue"], ["vnet_hdr"]]) {
      ip("tuntap", "add", "lt-kept", "mode", "tap", ...more);
      cleanups.push(() => ip("link", "del", "lt-kept"));
      const tap = open({ name: "lt-kept" });
      expect(tap.isPersistent).toBe(true);
      tap.close();
      expect(interfaceState("lt-kept").mtu).toBe(1500);
      cleanups.pop()?.();
    }
  });

  tapTest("a name in use, and an interface that is no TAP, are told apart, with a hint", () => {
    const errorOf = (act: () => unknown): TapError => {
      try {
        act();
      } catch (error) {
        if (error instanceof TapError) return error;
        throw error;
      }
      throw new Error("It did not fail");
    };
    open({ name: "lt-busy" });
    expect(errorOf(() => open({ name: "lt-busy" }))).toMatchObject({
      code: "EBUSY",
      action: 'attach to TAP "lt-busy"',
      hint: "the name is in use by another program: end that, or choose another name",
    });
    expect(errorOf(() => open({ name: "lo" }))).toMatchObject({ code: "EINVAL", hint: expect.stringContaining("not a TAP") });
  });

  tapTest("configures the kernel's side without the ip command, and says what it could not do", () => {
    const tap = openConfigured();
    configureInterface(tap.name, { mtu: 1400 });
    expect(interfaceState(tap.name)).toMatchObject({ up: true, mtu: 1400 });
    expect(execFileSync("ip", ["-4", "addr", "show", tap.name], { encoding: "utf8" })).toContain("inet 203.0.113.241/28");
    configureInterface(tap.name, { address: "2001:db8:241::1", prefixLength: 64 });
    // A second time it is there, which is what was asked for.
    configureInterface(tap.name, { address: "2001:db8:241::1", prefixLength: 64 });
    expect(execFileSync("ip", ["-6", "addr", "show", tap.name], { encoding: "utf8" })).toContain("inet6 2001:db8:241::1/64");
    configureInterface(tap.name, { up: false });
    expect(interfaceState(tap.name).up).toBe(false);
    expect(() => configureInterface("lt-none", { up: true })).toThrow(/take lt-none up: ENODEV/);
    expect(() => configureInterface(tap.name, { address: "203.0.113" })).toThrow(/"203.0.113": EINVAL/);
    expect(() => configureInterface(tap.name, { prefixLength: 33 })).toThrow(/prefix length 33: EINVAL/);
    expect(() => configureInterface(tap.name, { address: "ff02::1", prefixLength: 64 })).toThrow(/"ff02::1": E/);
    expect(() => configureInterface(tap.name, { address: "2001:db8::1", prefixLength: 129 })).toThrow(/"2001:db8::1": EINVAL/);
    expect(() => configureInterface("lt-none", { address: "2001:db8::1" })).toThrow(/find the interface lt-none: ENODEV/);
    expect(() => configureInterface(tap.name, { mtu: 1 })).toThrow(TapError);
  });

  tapTest(
    "the kernel's ARP request comes in, our hand-made reply goes out, and the datagram follows with its checksum to be made",
    async () => {
      const tap = openConfigured();
      await datagramFromKernel("over the TAP");
      const request = frameThat(tap, (f) => typeOf(f.bytes) === ARP);
      expect([...request.bytes.subarray(38, 42)]).toEqual([...OURS]);
      send(tap, arpReply(tap, request.bytes));
      const datagram = frameThat(tap, (f) => typeOf(f.bytes) === IPV4 && f.bytes[23] === 17);
      expect(new TextDecoder().decode(datagram.bytes.subarray(42))).toBe("over the TAP");
      expect(datagram.info).toMatchObject({ checksumStart: 34, checksumOffset: 6, checksumVerified: true });
    },
  );

  tapTest("with offloads off the kernel computes checksums; the switch works while the TAP is open", async () => {
    const tap = openConfigured({ offloads: false });
    expect(tap.offloads).toEqual({ checksum: false, tso4: false, tso6: false });
    const isDatagram = (f: Received) => typeOf(f.bytes) === IPV4 && f.bytes[23] === 17;
    await datagramFromKernel("one");
    const whole = frameThat(tap, isDatagram);
    expect(whole.info.checksumStart).toBe(0);
    const pseudo = sumOf(whole.bytes, 26, 34) + 17 + (whole.bytes.length - 34);
    const sum = pseudo + sumOf(whole.bytes, 34, whole.bytes.length);
    expect((sum >>> 16) + (sum & 0xffff)).toBe(0xffff);

    tap.setOffloads(true);
    expect(tap.offloads).toEqual({ checksum: true, tso4: true, tso6: true, uso: true });
    await datagramFromKernel("two");
    expect(frameThat(tap, isDatagram).info.checksumStart).toBe(34);

    tap.setOffloads({ checksum: true, tso4: false, tso6: false });
    expect(tap.offloads).toEqual({ checksum: true, tso4: false, tso6: false });
  });

  tapTest("the kernel answers our hand-made ICMP echo", () => {
    const tap = openConfigured();
    const echo = new Uint8Array(8 + 32).fill(0x61);
    echo.set([8, 0, 0, 0, 0x12, 0x34, 0, 1]);
    putSum(echo, 2, sumOf(echo, 0, echo.length));
    expect(send(tap, ipv4(tap, 1, echo))).toBe("sent");
    const reply = frameThat(tap, (f) => typeOf(f.bytes) === IPV4 && f.bytes[23] === 1);
    expect([...reply.bytes.subarray(34, 42)]).toEqual([0, 0, expect.any(Number), expect.any(Number), 0x12, 0x34, 0, 1]);
    expect(reply.bytes.subarray(42)).toEqual(echo.subarray(8));
  });

  tapTest("the kernel takes a super-segment whole: its reset acknowledges every byte", () => {
    const tap = openConfigured();
    const payload = 20_000;
    const tcp = new Uint8Array(20 + payload);
    // PSH without ACK, to a port where nobody listens: the RST's ACK is SEG.SEQ + SEG.LEN (RFC 9293 §3.10.7.1).
    tcp.set([0x9c, 0x40, 0x00, 0x07, 0, 0, 0x10, 0, 0, 0, 0, 0, 0x50, 0x08, 0xff, 0xff]);
    const frame = ipv4(tap, 6, tcp);
    const pseudo = sumOf(frame, 26, 34) + 6 + tcp.length;
    const folded = (pseudo >>> 16) + (pseudo & 0xffff);
    frame[50] = folded >>> 8;
    frame[51] = folded & 0xff;
    const info: FrameInfo = {
      checksumStart: 34,
      checksumOffset: 16,
      checksumVerified: false,
      gsoType: GSO_TCPV4,
      gsoSize: 1460,
      headerLength: 54,
    };
    expect(send(tap, frame, info)).toBe("sent");
    // It may be cut before TCP sees it; then each piece is answered.
    const last = 0x1000 + payload;
    const reset = frameThat(
      tap,
      (f) => typeOf(f.bytes) === IPV4 && f.bytes[23] === 6 && new DataView(f.bytes.buffer).getUint32(42) === last,
    );
    expect(reset.bytes[47]! & 0x14).toBe(0x14);
  });

  tapTest("the kernel hands over a super-segment whose header holds against the frame", () => {
    const tap = openConfigured();
    const client = connect(7, OURS.join("."));
    client.on("error", () => {});
    const isTcp = (f: Received) => typeOf(f.bytes) === IPV4 && f.bytes[23] === 6;
    return new Promise<void>((resolve, reject) => {
      client.on("connect", () => {
        client.write(Buffer.alloc(12_000, 0x62));
        setImmediate(() => {
          try {
            const data = frameThat(tap, (f) => isTcp(f) && f.bytes.length > 1514);
            expect(data.info).toMatchObject({ gsoType: GSO_TCPV4, gsoSize: 1460, checksumStart: 34, checksumOffset: 16, headerLength: 54 });
            expect(data.bytes.subarray(54).every((b) => b === 0x62)).toBe(true);
            resolve();
          } catch (error) {
            reject(error);
          } finally {
            client.destroy();
          }
        });
      });
      // The kernel's SYN leaves after this turn of the event loop.
      setImmediate(() => {
        const syn = frameThat(tap, isTcp).bytes;
        const synAck = new Uint8Array(24);
        synAck.set([...syn.subarray(36, 38), ...syn.subarray(34, 36), 0, 0, 0, 1]);
        new DataView(synAck.buffer).setUint32(8, new DataView(syn.buffer).getUint32(38) + 1);
        synAck.set([0x60, 0x12, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 0x05, 0xb4], 12);
        const frame = ipv4(tap, 6, synAck);
        const pseudo = sumOf(frame, 26, 34) + 6 + synAck.length;
        const folded = (pseudo >>> 16) + (pseudo & 0xffff);
        frame[50] = folded >>> 8;
        frame[51] = folded & 0xff;
        send(tap, frame, { ...plainFrame(), checksumStart: 34, checksumOffset: 16 });
      });
    });
  });

  tapTest("a frame whose caller left no headroom arrives all the same", () => {
    const tap = openConfigured();
    const kernel = new PacketSocket(tap.name);
    const frame = new Uint8Array(60).fill(7);
    frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...tap.mac, 0x88, 0xb5]);
    expect(tap.transmit(frame, 0, 60, plainFrame())).toBe("sent");
    expect(kernel.read(0x88b5, new Uint8Array(6))).toEqual([frame]);
    kernel.close();
  });

  tapTest("an interface that is taken down and up again is reported both ways", () => {
    const tap = openConfigured();
    const changes: boolean[] = [];
    let writable = 0;
    tap.setListener({ readable() {}, writable: () => writable++, linkChanged: (up) => changes.push(up) });
    const frame = ipv4(tap, 17, new Uint8Array(8));
    configureInterface(tap.name, { up: false });
    expect(send(tap, frame)).toBe("down");
    expect(send(tap, frame)).toBe("down");
    expect(tap).toMatchObject({ isUp: false, isGone: false, wantsWritable: true });
    configureInterface(tap.name, { up: true });
    const poller = new Poller();
    poller.add(tap.descriptor, "read+write");
    poller.wait(5000);
    expect(poller.isWritable(tap.descriptor)).toBe(true);
    tap.becameWritable();
    poller.close();
    expect(changes).toEqual([false, true]);
    expect(writable).toBe(1);
    expect(tap.wantsWritable).toBe(false);
    expect(send(tap, frame)).toBe("sent");
  });

  tapTest("a deleted interface takes the device down for good, and poll says so", () => {
    const tap = openConfigured();
    const changes: boolean[] = [];
    tap.setListener({ readable() {}, writable() {}, linkChanged: (up) => changes.push(up) });
    ip("link", "del", tap.name);
    const poller = new Poller();
    poller.add(tap.descriptor, "read");
    expect(poller.wait(5000)).toBe(1);
    expect(poller.isReadable(tap.descriptor)).toBe(true);
    expect(poller.hasFailed(tap.descriptor)).toBe(true);
    poller.close();
    expect(tap.receive({ frame: () => {} }, 10)).toBe(0);
    expect(changes).toEqual([false]);
    expect(tap).toMatchObject({ isUp: false, isGone: true, wantsWritable: false });
    expect(send(tap, new Uint8Array(60))).toBe("down");
    expect(changes).toEqual([false]);
    expect(() => tap.setOffloads(false)).not.toThrow();
  });

  tapTest("a user without permission is told what to do", () => {
    process.seteuid?.(65534);
    let caught: unknown;
    try {
      open({ name: "lt-nobody" });
    } catch (error) {
      caught = error;
    } finally {
      process.seteuid?.(0);
    }
    expect(caught).toBeInstanceOf(TapError);
    expect((caught as TapError).code).toMatch(/^(EACCES|EPERM)$/);
    expect((caught as TapError).hint).toMatch(/give this user|CAP_NET_ADMIN/);
  });
});

describe("Poller", () => {
  const linuxTest = process.platform === "linux" ? test : test.skip;

  linuxTest("a wake-up from another thread ends a wait", () => {
    const poller = new Poller();
    // An eventfd counts what is written to it, eight bytes at a time: what `wake` does there.
    const worker = new Worker(
      "const { workerData: fd } = require('node:worker_threads'); require('node:fs').writeSync(fd, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]))",
      {
        eval: true,
        workerData: poller.wakeDescriptor,
      },
    );
    expect(poller.wait(20_000)).toBe(1);
    expect(poller.isReadable(poller.wakeDescriptor)).toBe(true);
    expect(poller.drainWake()).toBe(true);
    expect(poller.drainWake()).toBe(false);
    poller.close();
    return worker.terminate().then(() => {});
  });

  linuxTest("wake-ups before a wait are not lost, and count as one", () => {
    const poller = new Poller();
    wake(poller.wakeDescriptor);
    wake(poller.wakeDescriptor);
    expect(poller.wait(Number.POSITIVE_INFINITY)).toBe(1);
    expect(poller.drainWake()).toBe(true);
    expect(poller.wait(0)).toBe(0);
    expect(poller.isReadable(poller.wakeDescriptor)).toBe(false);
    poller.close();
    poller.close();
  });

  linuxTest("a wait never ends before its time, fractions included", () => {
    const poller = new Poller();
    for (const timeoutMs of [0.2, 1.7, 3]) {
      const before = performance.now();
      expect(poller.wait(timeoutMs)).toBe(0);
      expect(performance.now() - before).toBeGreaterThanOrEqual(timeoutMs);
    }
    poller.close();
  });

  linuxTest("many descriptors can come and go; interest in writing is asked for apart", () => {
    const pollers = Array.from({ length: 20 }, () => new Poller());
    const main = pollers[0]!;
    for (const p of pollers.slice(1)) main.add(p.wakeDescriptor, "read");
    wake(pollers[7]!.wakeDescriptor);
    wake(pollers[19]!.wakeDescriptor);
    expect(main.wait(1000)).toBe(2);
    expect(pollers.map((p) => main.isReadable(p.wakeDescriptor)).flatMap((r, i) => (r ? [i] : []))).toEqual([7, 19]);
    main.remove(pollers[7]!.wakeDescriptor);
    main.add(pollers[3]!.wakeDescriptor, "read+write");
    expect(main.wait(1000)).toBe(2);
    expect(main.isWritable(pollers[3]!.wakeDescriptor)).toBe(true);
    expect(main.isWritable(pollers[19]!.wakeDescriptor)).toBe(false);
    expect(main.isReadable(pollers[7]!.wakeDescriptor)).toBe(false);
    for (const p of pollers) p.close();
  });
});
