import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../../src/stack/core/address.ts";
import { SeededRandom } from "../../../../src/stack/core/random.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import { beside, echoRequest, frameOf, groupMac, heardIpv6, IP, icmpFrame, PAYLOAD, type Packet, PEER, receive, US } from "./neighbour.ts";

const ALL_NODES = parseAddress("ff02::1");

describe("the IPv6 header", () => {
  test.each([
    ["[IP6-01] of another version", (f: Uint8Array) => f.fill(0x50, IP, IP + 1), "ipv6-bad-version"],
    [
      "[IP6-01] with a payload longer than the frame",
      (f: Uint8Array) => ipv6.setPayloadLength(f, IP, f.length - PAYLOAD + 1),
      "ipv6-truncated",
    ],
  ])("%s is dropped", (_what, spoil, reason) => {
    const { host, peer } = beside();
    const frame = icmpFrame(host, peer, echoRequest());
    spoil(frame);
    receive(host, frame);
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(heardIpv6(peer)).toEqual([]);
  });

  test("[IP6-01] a hop limit of 0 is a router's business; bytes behind the payload are padding", () => {
    const { network, host, peer } = beside();
    const frame = icmpFrame(host, peer, echoRequest(), { hopLimit: 0 });
    const padded = new Uint8Array(frame.length + 12);
    padded.set(frame);
    receive(host, padded);
    network.settle();
    expect(heardIpv6(peer).map((f) => [icmpv6.type(f, PAYLOAD), f.length])).toEqual([[icmpv6.ECHO_REPLY, frame.length]]);
  });

  test.each([
    ["ff02::1", "ipv6-source-not-unicast"],
    ["::1", "ipv6-source-loopback"],
    ["::ffff:203.0.113.1", "ipv6-source-v4-mapped"],
    ["2001:db8::2", "ipv6-source-ours"],
  ])("[IP6-18] a packet from %s is dropped", (source, reason) => {
    const { host, peer } = beside();
    receive(host, mappedAware(host, peer, source));
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(heardIpv6(peer)).toEqual([]);
  });

  test("[IP6-18] the unspecified address is a source for control messages only", () => {
    const { host, peer } = beside();
    receive(host, frameOf(host, peer, new Uint8Array(8), { next: 17, source: parseAddress("::") }));
    expect(host.drops()).toEqual({ "ipv6-source-not-unicast": 1 });
  });

  test.each([
    ["2001:db8::3", "ipv6-not-for-us"],
    ["::1", "ipv6-loopback-from-wire"],
    ["ff02::9999", "ipv6-group-not-joined"],
    ["ff02::1:ff00:3", "ipv6-group-not-joined"],
  ])("a packet to %s is dropped: nothing is forwarded", (destination, reason) => {
    const { network, host, peer } = beside();
    receive(host, icmpFrame(host, peer, echoRequest(), { destination: parseAddress(destination) }));
    network.settle();
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(heardIpv6(peer)).toEqual([]);
  });

  test("one host's packet in a frame for a group is not answered", () => {
    const { host, peer } = beside();
    receive(host, icmpFrame(host, peer, echoRequest(), { linkTo: groupMac(ALL_NODES) }));
    expect(host.drops()).toEqual({ "ipv6-unicast-in-link-broadcast": 1 });
  });
});

/** An IPv4-mapped source cannot be told as such from an IPv4 address, so its words are put into a frame by hand. */
function mappedAware(host: Parameters<typeof icmpFrame>[0], peer: Parameters<typeof icmpFrame>[1], source: string): Uint8Array {
  return icmpFrame(host, peer, echoRequest(), { source: parseAddress(source) });
}

/** An extension header of options, padded to whole units of eight. */
function options(next: number, ...bytes: readonly number[]): number[] {
  const all = [next, 0, ...bytes];
  while (all.length % 8 !== 0) all.push(0);
  all[1] = all.length / 8 - 1;
  return all;
}

const NONE = 59;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION = 60;
const ICMP = 58;

/** An echo request behind these headers, each of which names the next. */
function behind(
  headers: readonly number[],
  first: number,
  packet: Partial<Packet> = {},
): (typeof packet & { frame: Uint8Array }) & ReturnType<typeof beside> {
  const setUp = beside();
  const { host, peer } = setUp;
  const message = echoRequest();
  icmpv6.putChecksum(message, 0, message.length, packet.source ?? PEER, packet.destination ?? US);
  const frame = frameOf(host, peer, Uint8Array.from([...headers, ...message]), { next: first, ...packet });
  return { ...packet, ...setUp, frame };
}

/** What came back: the message's type and code, and the pointer of a parameter problem. */
const answers = (peer: Parameters<typeof heardIpv6>[0]) =>
  heardIpv6(peer).map((f) => {
    const type = icmpv6.type(f, PAYLOAD);
    return type === icmpv6.ECHO_REPLY ? "echo reply" : `type ${type} code ${icmpv6.code(f, PAYLOAD)} at ${icmpv6.pointer(f, PAYLOAD)}`;
  });

describe("extension headers (RFC 8200 §4)", () => {
  test("[IP6-02] known ones are walked over in their order", () => {
    const chain = [...options(DESTINATION, 5, 2, 0, 0), ...options(ROUTING, 1, 0), ...[DESTINATION, 0, 0, 0, 0, 0, 0, 0], ...options(ICMP)];
    const { network, host, peer, frame } = behind(chain, HOP_BY_HOP);
    receive(host, frame);
    network.settle();
    expect(host.drops()).toEqual({});
    expect(answers(peer)).toEqual(["echo reply"]);
  });

  test("[IP6-02] hop-by-hop options in second place are a next header that is not known there", () => {
    const { host, peer, frame } = behind([...options(HOP_BY_HOP), ...options(ICMP)], DESTINATION);
    receive(host, frame);
    expect(host.drops()).toEqual({ "ipv6-hop-by-hop-not-first": 1 });
    expect(answers(peer)).toEqual(["type 4 code 1 at 40"]);
  });

  test.each([50, 51, 135, 254])("[IP6-03] next header %i is not known: a parameter problem points at it", (next) => {
    const { host, peer, frame } = behind(options(next), DESTINATION);
    receive(host, frame);
    expect(host.drops()).toEqual({ "ipv6-unknown-protocol": 1 });
    expect(answers(peer)).toEqual(["type 4 code 1 at 40"]);
  });

  test("nothing follows: the packet is dropped without a word", () => {
    const { host, peer, frame } = behind(options(NONE), DESTINATION);
    receive(host, frame);
    expect(host.drops()).toEqual({ "ipv6-no-next-header": 1 });
    expect(answers(peer)).toEqual([]);
  });

  const UNICAST = { destination: US };
  const GROUP = { destination: ALL_NODES, linkTo: groupMac(ALL_NODES) };
  test.each([
    [0x1e, "a host", UNICAST, ["echo reply"]],
    [0x1e, "a group", GROUP, ["echo reply"]],
    [0x5e, "a host", UNICAST, []],
    [0x5e, "a group", GROUP, []],
    [0x9e, "a host", UNICAST, ["type 4 code 2 at 42"]],
    [0x9e, "a group", GROUP, ["type 4 code 2 at 42"]],
    [0xde, "a host", UNICAST, ["type 4 code 2 at 42"]],
    [0xde, "a group", GROUP, []],
  ])("[IP6-04] an unknown option of type %i in a packet to %s does what its two highest bits say", (type, _to, packet, expected) => {
    const { network, host, peer, frame } = behind(options(ICMP, type, 4, 1, 2, 3, 4), DESTINATION, packet);
    receive(host, frame);
    network.settle();
    expect(answers(peer)).toEqual(expected);
    expect(host.drops()).toEqual(expected[0] === "echo reply" ? {} : { "ipv6-unknown-option": 1 });
  });

  test.each([0, 2, 4, 253])(
    "[IP6-05] a routing header of type %i with segments left points at the type; with none it is passed over",
    (type) => {
      const left = behind([ICMP, 2, type, 1, 0, 0, 0, 0, ...new Array<number>(16).fill(0x20)], ROUTING);
      receive(left.host, left.frame);
      expect(left.host.drops()).toEqual({ "ipv6-routing-header": 1 });
      expect(answers(left.peer)).toEqual(["type 4 code 0 at 42"]);

      const done = behind([ICMP, 2, type, 0, 0, 0, 0, 0, ...new Array<number>(16).fill(0x20)], ROUTING);
      receive(done.host, done.frame);
      done.network.settle();
      expect(answers(done.peer)).toEqual(["echo reply"]);
    },
  );

  test.each([
    ["nine options in a header", options(ICMP, ...new Array<number>(9).fill(0).flatMap(() => [0x1e, 0])), "ipv6-too-many-options"],
    [
      "a hundred headers",
      [...new Array<number>(99).fill(0).flatMap(() => options(DESTINATION)), ...options(ICMP)],
      "ipv6-too-many-headers",
    ],
    ["a header of two kilobytes", options(ICMP, 0x1e, 255, ...new Array<number>(1400).fill(0)), "ipv6-too-many-headers"],
    ["a header that reaches beyond the packet", [ICMP, 200, 1, 4, 0, 0, 0, 0], "ipv6-truncated-header"],
    ["an option that reaches beyond its header", [ICMP, 0, 0x1e, 200, 0, 0, 0, 0], "ipv6-bad-option"],
  ])("[IP6-06] %s is too much", (_what, headers, reason) => {
    const { host, frame } = behind(headers, DESTINATION);
    receive(host, frame);
    expect(host.drops()).toEqual({ [reason]: 1 });
  });

  test("random chains come to an end, and throw nothing", () => {
    const random = new SeededRandom(6);
    const { host, peer } = beside();
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from({ length: random.u32() % 200 }, () => random.u32() & (random.u32() & 1 ? 0xff : 0x3f));
      receive(host, frameOf(host, peer, bytes, { next: [HOP_BY_HOP, ROUTING, DESTINATION, 44, ICMP][i % 5]! }));
    }
    expect(host.drops()["internal-error"]).toBeUndefined();
  });
});

test("[IP6-07] IPv6 needs an MTU of 1280 bytes", () => {
  const { host } = beside();
  Object.defineProperty(host.device, "mtu", { value: 1279 });
  expect(() => host.ip.addAddress(host.eth, parseAddress("2001:db8::9"), 64)).toThrow(/1280/);
});

describe("groups that are on no link (RFC 4291 §2.7)", () => {
  test("what comes for them is dropped, whoever is a member", () => {
    const { host, peer } = beside();
    for (const text of ["ff00::9", "ff01::9", "ff01::1", "ff11::1"]) {
      const destination = parseAddress(text);
      host.ip.groupsOn(host.eth, destination).setWanted({}, host.eth.scoped(destination), { mode: "exclude", sources: [] });
      receive(host, icmpFrame(host, peer, echoRequest(), { destination, linkTo: groupMac(destination) }));
    }
    expect(host.drops()).toEqual({ "ipv6-group-scope": 4 });
  });

  test("what goes to those of an interface is heard there and nowhere else, and to scope 0 goes nothing", () => {
    const { network, host, peer } = beside();
    const endpoint = host.udp.open({ localPort: 7, user: {} });
    if (typeof endpoint === "string") throw new Error(endpoint);
    const group = host.eth.scoped(parseAddress("ff01::9"));
    endpoint.memberships.join(group, host.eth);
    endpoint.multicast.interface = host.eth;
    expect(endpoint.send(new Uint8Array(3), 0, 3, group, 7)).toBe("sent");
    expect(endpoint.send(new Uint8Array(3), 0, 3, parseAddress("ff00::9"), 7)).toBe("no-route");
    network.settle();
    expect([endpoint.receive()?.payload.length, heardIpv6(peer)]).toEqual([3, []]);
  });
});

test("[IP6-18] options before a datagram do not make the unspecified address a source for it", () => {
  const { host, peer } = beside();
  const payload = Uint8Array.from([17, 0, 1, 4, 0, 0, 0, 0, 0x30, 0x39, 0, 7, 0, 8, 0xff, 0xff]);
  receive(host, frameOf(host, peer, payload, { next: 0, source: parseAddress("::") }));
  expect(host.drops()).toEqual({ "ipv6-source-not-unicast": 1 });
});
