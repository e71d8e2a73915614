import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../../src/stack/core/address.ts";
import { SeededRandom } from "../../../../src/stack/core/random.ts";
import { writeFragmentHeader } from "../../../../src/stack/packet/extension-headers.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../../src/stack/packet/ndp.ts";
import type { Station, TestHost } from "../../link/network.ts";
import { beside, echoRequest, frameOf, heardIpv6, IP, PAYLOAD, PEER, receive, US } from "./neighbour.ts";

const FRAGMENT = 44;
const ICMP = 58;

/** The part of a message that lies in [from, to), in a fragment. */
function fragment(
  host: TestHost,
  peer: Station,
  message: Uint8Array,
  from: number,
  to: number,
  options: { more?: boolean; id?: number; next?: number } = {},
) {
  const { more = to < message.length, id = 77, next = ICMP } = options;
  const payload = new Uint8Array(8 + Math.max(0, to - from));
  writeFragmentHeader(payload, 0, next, from, more, id);
  payload.set(message.subarray(from, to), 8);
  return frameOf(host, peer, payload, { next: FRAGMENT });
}

function signed(message: Uint8Array): Uint8Array {
  icmpv6.putChecksum(message, 0, message.length, PEER, US);
  return message;
}

const echo = (bytes: number) => signed(echoRequest("x".repeat(bytes)));

const answers = (peer: Station) =>
  heardIpv6(peer).map((f) => {
    const type = icmpv6.type(f, PAYLOAD);
    return ipv6.nextHeader(f, IP) === FRAGMENT
      ? "fragment"
      : `type ${type} code ${icmpv6.code(f, PAYLOAD)} at ${icmpv6.pointer(f, PAYLOAD)}`;
  });

describe("fragments that come in (RFC 8200 §4.5)", () => {
  test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 0, 2]]])("a packet is put together in the order %j", (order) => {
    const { network, host, peer } = beside();
    const message = echo(1000);
    const cuts: [number, number][] = [
      [0, 400],
      [400, 800],
      [800, message.length],
    ];
    for (const i of order) receive(host, fragment(host, peer, message, ...cuts[i]!));
    network.settle();
    expect(host.drops()).toEqual({});
    const [reply] = heardIpv6(peer);
    expect(reply?.subarray(PAYLOAD + 8)).toEqual(message.subarray(8));
  });

  test("[IP6-10] one that is a whole packet leaves alone those that wait with the same number", () => {
    const { network, host, peer } = beside();
    const message = echo(600);
    receive(host, fragment(host, peer, message, 0, 400));
    const alone = echo(8);
    receive(host, fragment(host, peer, alone, 0, alone.length));
    receive(host, fragment(host, peer, message, 400, message.length));
    network.settle();
    expect(heardIpv6(peer).map((f) => f.length)).toEqual([PAYLOAD + alone.length, PAYLOAD + message.length]);
  });

  test.each([
    ["at its head", [0, 400], [392, 800]],
    ["at its tail", [400, 800], [0, 408]],
    ["inside it", [0, 800], [80, 160]],
  ] as const)("[IP6-09] one that overlaps another %s ends the packet, and what comes of it later", (_where, first, second) => {
    const { network, host, peer } = beside();
    const message = echo(1000);
    receive(host, fragment(host, peer, message, first[0], first[1]));
    receive(host, fragment(host, peer, message, second[0], second[1]));
    for (const [from, to] of [
      [0, 400],
      [400, 800],
      [800, message.length],
    ] as const)
      receive(host, fragment(host, peer, message, from, to));
    network.settle();
    expect(answers(peer)).toEqual([]);
    expect(host.drops()["fragment-overlap"]).toBe(1);
  });

  test("[IP6-12] a length that is no multiple of eight is pointed at", () => {
    const { network, host, peer } = beside();
    receive(host, fragment(host, peer, echo(1000), 0, 401));
    network.settle();
    expect(answers(peer)).toEqual(["type 4 code 0 at 4"]);
    expect(host.drops()).toEqual({ "fragment-bad-length": 1 });
  });

  test("[IP6-12] an offset beyond the longest packet is pointed at", () => {
    const { network, host, peer } = beside();
    const far = new Uint8Array(65_528 + 64);
    receive(host, fragment(host, peer, far, 65_528, far.length));
    network.settle();
    expect(answers(peer)).toEqual(["type 4 code 0 at 42"]);
    expect(host.drops()).toEqual({ "fragment-too-far": 1 });
  });

  test.each([
    ["inside an extension header", Uint8Array.from([ICMP, 4, 1, 4, 0, 0, 0, 0]), 60],
    ["before the transport's header", new Uint8Array(0), 17],
  ])("[IP6-08] a first fragment that ends %s is refused, and its sender told", (_where, bytes, next) => {
    const { network, host, peer } = beside();
    receive(host, fragment(host, peer, bytes, 0, bytes.length, { more: true, next }));
    network.settle();
    expect(host.drops()).toEqual({ "fragment-tiny-first": 1 });
    expect(answers(peer)).toEqual(["type 4 code 3 at 0"]);
  });

  test("[IP6-13] after a minute the sender of a first fragment is told; of others nobody is", () => {
    const { network, host, peer } = beside();
    const message = echo(1000);
    receive(host, fragment(host, peer, message, 0, 400, { id: 1 }));
    receive(host, fragment(host, peer, message, 400, 800, { id: 2 }));
    network.advance(59_900);
    expect(answers(peer)).toEqual([]);
    network.advance(200);
    expect(answers(peer)).toEqual(["type 3 code 1 at 0"]);
    expect(host.drops()).toEqual({ "reassembly-timeout": 2 });
  });

  test.each([true, false])("[NDP-02] neighbour discovery in fragments is ignored, more to come: %s", (isCut) => {
    const { network, host, peer } = beside();
    const message = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
    ndp.writeNeighbourMessage(message, 0, icmpv6.NEIGHBOUR_SOLICITATION, 0, US, peer.device.mac);
    signed(message);
    const cut = isCut ? 16 : message.length;
    const frames = [fragment(host, peer, message, 0, cut), ...(isCut ? [fragment(host, peer, message, cut, message.length)] : [])];
    for (const frame of frames) {
      frame[IP + 7] = 255;
      receive(host, frame);
    }
    network.settle();
    expect(host.drops()).toEqual({ "ndp-in-fragment": 1 });
    expect(answers(peer)).toEqual([]);
  });

  test("random pieces never make a packet that nobody sent, and throw nothing", () => {
    const random = new SeededRandom(9);
    const { network, host, peer } = beside();
    const message = echo(200);
    for (let i = 0; i < 3000; i++) {
      const from = (random.u32() % 30) * 8;
      const to = Math.min(message.length, from + (random.u32() % 80));
      receive(host, fragment(host, peer, message, from, to, { more: (random.u32() & 3) !== 0, id: random.u32() % 40 }));
    }
    network.advance(100_000);
    for (const reply of heardIpv6(peer)) {
      if (icmpv6.type(reply, PAYLOAD) === icmpv6.ECHO_REPLY) expect(reply.subarray(PAYLOAD + 8)).toEqual(message.subarray(8));
    }
    expect(host.drops()["internal-error"]).toBeUndefined();
  });
});

describe("fragments that leave", () => {
  /** What the host sends when it answers an echo request of this many bytes. */
  function answered(count: number) {
    const { network, host, peer } = beside();
    const message = echo(4000);
    for (let i = 0; i < count; i++) {
      for (let from = 0; from < message.length; from += 1200) {
        receive(host, fragment(host, peer, message, from, Math.min(from + 1200, message.length), { id: i }));
      }
    }
    network.settle();
    return { frames: heardIpv6(peer), message };
  }

  test("[IP6-11] they fit the path, follow each other, and none is a whole packet", () => {
    const { frames, message } = answered(1);
    expect(frames.map((f) => [f.length, (f[PAYLOAD + 2]! << 8) | f[PAYLOAD + 3]!])).toEqual([
      [1510, 0 + 1],
      [1510, 1448 + 1],
      [PAYLOAD + 8 + message.length - 2 * 1448, 2 * 1448],
    ]);
    const whole = frames.flatMap((f) => [...f.subarray(PAYLOAD + 8)]);
    expect(icmpv6.verifyChecksum(Uint8Array.from(whole), 0, whole.length, US, PEER)).toBe(true);
    // What fits leaves without a fragment header.
    const { network, host, peer } = beside();
    receive(host, frameOf(host, peer, echo(1400), { next: ICMP }));
    network.settle();
    expect(heardIpv6(peer).map((f) => ipv6.nextHeader(f, IP))).toEqual([ICMP]);
  });

  test("[IP6-14] their numbers cannot be foretold", () => {
    const { frames } = answered(60);
    const ids = [...new Set(frames.map((f) => new DataView(f.buffer, f.byteOffset).getUint32(PAYLOAD + 4)))];
    expect(ids).toHaveLength(60);
    const steps = ids.slice(1).map((id, i) => (id - ids[i]!) >>> 0);
    expect(new Set(steps).size).toBe(59);
    expect(steps.filter((step) => step < 2 ** 20).length).toBeLessThan(5);
  });

  test("what is longer than the path and must not be cut is refused", () => {
    const { host } = beside();
    const path = host.ip.route(parseAddress("2001:db8::1"));
    if (typeof path === "string") throw new Error(path);
    const bytes = new Uint8Array(path.headroom + 2000);
    const info = { checksumStart: 0, checksumOffset: 0, checksumVerified: false, gsoType: 0, gsoSize: 0, headerLength: 0 } as const;
    expect(path.send(17, bytes, path.headroom, bytes.length, info, { ttl: undefined, trafficClass: 0, dontFragment: true })).toBe(
      "too-long",
    );
    expect(host.drops()).toEqual({ "ipv6-too-long": 1 });
  });
});
