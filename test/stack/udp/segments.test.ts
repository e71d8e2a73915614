import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { type FrameInfo, GSO_NONE, GSO_UDP } from "../../../src/stack/core/frame-info.ts";
import type { Offloads } from "../../../src/stack/link/link-device.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { Network } from "../link/network.ts";

const USO = { checksum: true, tso4: false, tso6: false, uso: true };

/** Two hosts, and somebody who hears what is between them. */
function setUp(offloads: Offloads) {
  const network = new Network();
  const [us, them] = [network.host("us", "203.0.113.2"), network.host("them", "203.0.113.3")];
  for (const host of [us, them]) host.device.setOffloads(offloads);
  us.eth.neighbours.addStatic(parseV4("203.0.113.3"), them.device.mac);
  const ear = network.wire.device({ name: "ear", promiscuous: true, offloads });
  const endpoint = us.udp.open({ user: {} });
  const server = them.udp.open({ localPort: 7, user: {} });
  if (typeof endpoint === "string" || typeof server === "string") throw new Error("no endpoint");
  const send = (size: number, segmentBytes: number) => {
    endpoint.segmentBytes = segmentBytes;
    const payload = Uint8Array.from({ length: size }, (_, i) => i / segmentBytes);
    return endpoint.send(payload, 0, size, parseV4("203.0.113.3"), 7);
  };
  /** Frames as `bytes of payload / of each piece`, and the lengths of what was received. */
  const seen = () => {
    const frames: string[] = [];
    const note = (_b: Uint8Array, at: number, end: number, info: FrameInfo) => {
      const size = end - at - 42;
      frames.push(info.gsoType === GSO_NONE ? `${size}` : `${size}/${info.gsoSize} type ${info.gsoType} headers ${info.headerLength}`);
    };
    network.settle();
    ear.receive({ frame: note }, 1000);
    const lengths: number[] = [];
    for (let d = server.receive(); d !== undefined; d = server.receive()) lengths.push(d.payload.length);
    return { frames, lengths };
  };
  return { network, us, them, endpoint, server, ear, send, seen };
}

describe("a send that says into what datagrams it is to be cut", () => {
  test("[UDP-15] is one frame where the device cuts, and several datagrams for who receives it", () => {
    const { send, seen } = setUp(USO);
    expect(send(3500, 1000)).toBe("sent");
    expect(seen()).toEqual({ frames: [`3500/1000 type ${GSO_UDP} headers 42`], lengths: [1000, 1000, 1000, 500] });
    expect(send(900, 1000)).toBe("sent");
    expect(seen()).toEqual({ frames: ["900"], lengths: [900] });
  });

  test("[UDP-15] is cut here where the device does not", () => {
    const { send, seen } = setUp({ checksum: true, tso4: true, tso6: true });
    expect(send(3500, 1000)).toBe("sent");
    expect(seen()).toEqual({ frames: ["1000", "1000", "1000", "500"], lengths: [1000, 1000, 1000, 500] });
  });

  test("takes as many frames as it needs, of 64 datagrams each at most", () => {
    const { server, send, seen } = setUp(USO);
    server.setReceiveBuffer(1 << 20);
    expect(send(100_000, 1400)).toBe("sent");
    const { frames, lengths } = seen();
    expect(frames.map((f) => f.split(" ")[0])).toEqual(["64400/1400", "35600/1400"]);
    expect([lengths.length, lengths.reduce((sum, n) => sum + n)]).toEqual([72, 100_000]);
    expect(send(650, 10)).toBe("sent");
    expect(seen().frames.map((f) => f.split(" ")[0])).toEqual(["640/10", "10"]);
  });

  test("leaves in pieces that routers must not cut, for they would have one identification (RFC 6864 §4.3)", () => {
    const { ear, network, send } = setUp(USO);
    const flags: boolean[] = [];
    send(3000, 1000);
    send(1000, 1000);
    network.settle();
    ear.receive({ frame: (b, at) => void flags.push(ipv4.dontFragment(b, at + 14)) }, 10);
    expect(flags).toEqual([true, false]);
  });

  test("falls into fragments like any other where its datagrams do not fit, or is too long where those are forbidden", () => {
    const { endpoint, send, seen } = setUp(USO);
    expect(send(4000, 2000)).toBe("sent");
    const { frames, lengths } = seen();
    expect([frames.length, lengths]).toEqual([4, [2000, 2000]]);
    endpoint.dontFragment = true;
    expect(send(4000, 2000)).toBe("too-long");
  });

  test("stops where its receiver's queue is full, and for one that closes in between", () => {
    const { them, server, send, seen } = setUp(USO);
    server.setReceiveBuffer(2500);
    send(4000, 1000);
    expect(seen().lengths).toEqual([1000, 1000]);
    expect([server.lostDatagrams, them.drops()]).toEqual([2, { "udp-queue-full": 1 }]);
    server.user = { readable: () => server.close() };
    send(4000, 1000);
    seen();
    expect(server.queuedDatagrams).toBe(0);
  });
});
