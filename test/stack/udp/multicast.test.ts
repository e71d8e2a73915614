import { describe, expect, test } from "@jest/globals";
import { formatAddress, type IpAddress, parseV4 } from "../../../src/stack/core/address.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import type { UdpEndpoint, UdpOpenRequest } from "../../../src/stack/udp/udp-service.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { bytesOf, Network, type Station, type TestHost, textOf, v4 } from "../link/network.ts";

const GROUP = parseV4("239.1.2.3");
const PORT = 5353;

function setUp(profile = WINDOWS) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const peer = network.station("peer", "203.0.113.1");
  peer.introduce(host);
  return { network, host, peer };
}

function open(host: TestHost, request: Omit<UdpOpenRequest, "user"> = {}): UdpEndpoint {
  const endpoint = host.udp.open({ localPort: PORT, sharesWith: () => true, ...request, user: {} });
  if (typeof endpoint === "string") throw new Error(endpoint);
  return endpoint;
}

function texts(endpoint: UdpEndpoint): string[] {
  const all: string[] = [];
  for (let d = endpoint.receive(); d !== undefined; d = endpoint.receive()) all.push(textOf(d.payload));
  return all;
}

const send = (endpoint: UdpEndpoint, text: string, to: IpAddress = GROUP) => endpoint.send(bytesOf(text), 0, text.length, to, PORT);

/** A datagram of the peer to a group. */
function toGroup(peer: Station, host: TestHost, text: string, group: IpAddress = GROUP, source?: string): Uint8Array {
  const linkTo = new Uint8Array(6);
  ethernet.putMulticastMacV4(linkTo, 0, group.w3);
  const from = source === undefined ? {} : { source: v4(source) };
  return peer.udp(host, { from: 7, to: PORT }, text, { destination: group.w3, linkTo, ...from });
}

/** IGMP aside. */
const heardUdp = (peer: Station): Uint8Array[] => peer.heardIp().filter((f) => ipv4.protocol(f, 14) === ipv4.PROTOCOL_UDP);

describe("receiving", () => {
  test("[UDP-10] every member on the port gets a copy, and nobody else", () => {
    const { network, host, peer } = setUp();
    const [one, two, bystander] = [open(host), open(host), open(host)];
    const elsewhere = open(host, { localPort: 9 });
    for (const member of [one, two, elsewhere]) expect(member.memberships.join(GROUP)).toBeUndefined();
    peer.say(toGroup(peer, host, "to all members"));
    network.settle();
    expect([one, two, bystander, elsewhere].map(texts)).toEqual([["to all members"], ["to all members"], [], []]);
    two.memberships.leave(GROUP);
    one.close();
    elsewhere.close();
    peer.say(toGroup(peer, host, "too late"));
    network.settle();
    expect(texts(two)).toEqual([]);
    expect(host.drops()).toEqual({ "ipv4-group-not-joined": 1 });
  });

  test("[UDP-05] a datagram says to which group it was sent, and where it came in", () => {
    const { network, host, peer } = setUp();
    const endpoint = open(host);
    endpoint.memberships.join(GROUP);
    peer.say(toGroup(peer, host, "x"));
    peer.say(peer.udp(host, { from: 7, to: PORT }, "y"));
    network.settle();
    const [to, alone] = [endpoint.receive()!, endpoint.receive()!];
    expect([formatAddress(to.to), formatAddress(alone.to)]).toEqual(["239.1.2.3", "203.0.113.2"]);
    expect([to.interface, alone.interface]).toEqual([host.eth, host.eth]);
  });

  test("[IP4-04] of groups only those that somebody joined come in, each on its interface", () => {
    const { network, host, peer } = setUp();
    const endpoint = open(host);
    endpoint.memberships.join(GROUP);
    const other = host.ip.addInterface(new MemoryWire().device({ name: "other" }));
    host.ip.addAddress(other, parseV4("198.51.100.2"), 24);
    const frame = toGroup(peer, host, "x");
    other.frame(frame, 0, frame.length, { ...PLAIN });
    expect(host.drops()).toEqual({ "ipv4-group-not-joined": 1 });
    peer.say(toGroup(peer, host, "y", parseV4("239.1.2.4")));
    network.settle();
    expect(host.drops()).toEqual({ "ipv4-group-not-joined": 2 });
    expect(endpoint.memberships.join(GROUP, other)).toBeUndefined();
    other.frame(frame, 0, frame.length, { ...PLAIN });
    expect([endpoint.peek()?.interface, ...texts(endpoint)]).toEqual([other, "x"]);
  });

  test.each<[string, string]>([
    ["203.0.113.2", "accepted"],
    ["203.0.113.255", "accepted"],
    ["255.255.255.255", "accepted"],
    ["239.1.2.3", "accepted"],
    ["224.0.0.1", "udp-not-member"],
    ["239.1.2.4", "ipv4-group-not-joined"],
    ["203.0.113.3", "ipv4-not-for-us"],
    ["203.0.113.0", "ipv4-not-for-us"],
    ["198.51.100.255", "ipv4-not-for-us"],
    ["127.0.0.1", "ipv4-loopback-from-wire"],
    ["0.0.0.0", "ipv4-not-for-us"],
    ["240.0.0.1", "ipv4-not-for-us"],
  ])("[IP4-04] a datagram to %s: %s", (destination, verdict) => {
    const { network, host, peer } = setUp();
    const endpoint = open(host);
    endpoint.memberships.join(GROUP);
    peer.say(peer.udp(host, { from: 7, to: PORT }, "x", { destination: v4(destination) }));
    network.settle();
    expect(endpoint.queuedDatagrams).toBe(verdict === "accepted" ? 1 : 0);
    expect(host.drops()).toEqual(verdict === "accepted" ? {} : { [verdict]: 1 });
  });

  test("[MC-09] of a source that a member leaves out nothing comes, from one that it asks for all", () => {
    const { network, host, peer } = setUp();
    const [any, some, but] = [open(host), open(host), open(host)];
    any.memberships.join(GROUP);
    some.memberships.joinSource(GROUP, parseV4("203.0.113.1"));
    but.memberships.setFilter(GROUP, { mode: "exclude", sources: [parseV4("203.0.113.1")] });
    peer.say(toGroup(peer, host, "one"));
    peer.say(toGroup(peer, host, "nine", GROUP, "203.0.113.9"));
    network.settle();
    expect([any, some, but].map(texts)).toEqual([["one", "nine"], ["one"], ["nine"]]);
    any.close();
    but.close();
    peer.say(toGroup(peer, host, "nine", GROUP, "203.0.113.9"));
    network.settle();
    expect(texts(some)).toEqual([]);
    expect(host.drops()).toEqual({ "udp-not-member": 1 });
  });

  test("[UDP-10] one bound to an address of the interface, or connected to the sender, is a member like others", () => {
    const { network, host, peer } = setUp();
    const bound = open(host, { local: parseV4("203.0.113.2") });
    const toLoopback = open(host, { local: parseV4("127.0.0.1") });
    const [toPeer, toOther] = [open(host), open(host)];
    toPeer.connect(parseV4("203.0.113.1"), 7);
    toOther.connect(parseV4("203.0.113.1"), 8);
    for (const e of [bound, toLoopback, toPeer, toOther]) e.memberships.join(GROUP, host.eth);
    peer.say(toGroup(peer, host, "x"));
    network.settle();
    expect([bound, toLoopback, toPeer, toOther].map(texts)).toEqual([["x"], [], ["x"], []]);
  });

  test("[UDP-03] nobody is told that nobody listens", () => {
    const { network, host, peer } = setUp();
    open(host, { localPort: 9 }).memberships.join(GROUP);
    peer.heard();
    peer.say(toGroup(peer, host, "x"));
    network.settle();
    expect(host.drops()).toEqual({ "udp-no-endpoint": 1 });
    expect(peer.heard()).toEqual([]);
  });
});

describe("sending", () => {
  test.each([
    ["224.0.0.1", "01:00:5e:00:00:01"],
    ["224.0.0.251", "01:00:5e:00:00:fb"],
    ["224.128.0.1", "01:00:5e:00:00:01"],
    ["239.255.255.250", "01:00:5e:7f:ff:fa"],
    ["232.129.2.3", "01:00:5e:01:02:03"],
  ])("[ETH-09] to %s goes to %s, and nobody is asked for an address", (group, mac) => {
    const { host, peer } = setUp();
    expect(send(open(host), "x", parseV4(group))).toBe("sent");
    const frames = peer.heard();
    expect(frames.map((f) => ethernet.destinationText(f, 0))).toEqual([mac]);
    expect([formatAddress(parseV4(group)), ipv4.ttl(frames[0]!, 14)]).toEqual([group, 1]);
  });

  test("[UDP-07] the TTL is the endpoint's own, for others on the same path too; 0 leaves it on this host", () => {
    const { network, host, peer } = setUp();
    const [near, far, home, member] = [open(host), open(host), open(host), open(host)];
    member.memberships.join(GROUP);
    peer.heard();
    far.multicast.ttl = 32;
    home.multicast.ttl = 0;
    for (const e of [near, far, home, near]) expect(send(e, `${e.multicast.ttl}`)).toBe("sent");
    network.settle();
    expect(heardUdp(peer).map((f) => ipv4.ttl(f, 14))).toEqual([1, 32, 1]);
    expect(texts(member)).toEqual(["1", "32", "0", "1"]);
  });

  test("by the interface that was named, else by that of the bound address, else by the routes, else by the first", () => {
    const { host, peer } = setUp();
    const wire = new MemoryWire();
    const far = wire.device({ name: "far", promiscuous: true });
    const other = host.ip.addInterface(wire.device({ name: "other" }));
    host.ip.addAddress(other, parseV4("198.51.100.2"), 24);
    const heard = (): string[] => {
      const all: string[] = [];
      const note = (where: string) => (bytes: Uint8Array, at: number) =>
        void all.push(`${where} ${formatAddress(host.eth.addresses.length > 0 ? sourceOf(bytes, at) : GROUP)}`);
      for (const [device, where] of [
        [peer.device, "eth"],
        [far, "other"],
      ] as const)
        device.receive({ frame: note(where) }, 64);
      return all;
    };
    const endpoint = open(host);
    send(endpoint, "x");
    expect(heard()).toEqual(["eth 203.0.113.2"]);
    host.ip.addRoute({ destination: parseV4("224.0.0.0"), prefixLength: 4, interface: other });
    send(endpoint, "x");
    expect(heard()).toEqual(["other 198.51.100.2"]);
    send(open(host, { local: parseV4("203.0.113.2") }), "x");
    expect(heard()).toEqual(["eth 203.0.113.2"]);
    endpoint.multicast.interface = host.eth;
    send(endpoint, "x");
    expect(heard()).toEqual(["eth 203.0.113.2"]);
    // Connected, it goes on as its options say.
    endpoint.connect(GROUP, PORT);
    expect(endpoint.local).toEqual(parseV4("203.0.113.2"));
    endpoint.multicast.interface = other;
    endpoint.send(bytesOf("x"));
    expect(heard()).toEqual(["other 198.51.100.2"]);
    host.ip.removeAddress(other, parseV4("198.51.100.2"));
    expect(send(open(host), "x")).toBe("no-route");
  });

  test("a link that is down is told of, a loopback address does not leave", () => {
    const { host } = setUp();
    expect(send(open(host, { local: parseV4("127.0.0.1") }), "x")).toBe("sent");
    const far = open(host, { local: parseV4("127.0.0.1") });
    far.multicast.interface = host.eth;
    expect(send(far, "x")).toBe("source-not-local");
    host.device.setLink(false);
    const endpoint = open(host);
    endpoint.multicast.interface = host.eth;
    expect(send(endpoint, "x")).toBe("interface-down");
  });

  test("hosts that are members hear each other", () => {
    const network = new Network();
    const all = ["203.0.113.2", "203.0.113.3", "203.0.113.4"].map((address, i) => open(network.host(`h${i}`, address)));
    const [from, member, stranger] = all as [UdpEndpoint, UdpEndpoint, UdpEndpoint];
    member.memberships.join(GROUP);
    send(from, "hello");
    network.settle();
    expect([from, member, stranger].map(texts)).toEqual([[], ["hello"], []]);
    expect(formatAddress(GROUP)).toBe("239.1.2.3");
  });
});

describe("what this host sends to a group that it is a member of (RFC 1112 §6.1)", () => {
  test("comes back with the next turn, once, and leaves as well", () => {
    const { network, host, peer } = setUp();
    const [sender, member] = [open(host), open(host)];
    sender.memberships.join(GROUP);
    member.memberships.join(GROUP);
    peer.heard();
    send(sender, "to all");
    expect(member.queuedDatagrams).toBe(0);
    network.settle();
    expect([sender, member].map(texts)).toEqual([["to all"], ["to all"]]);
    expect(heardUdp(peer)).toHaveLength(1);
    expect(host.drops()).toEqual({});
  });

  test.each([
    ["the sender's option, as in BSD", LINUX, [[], ["from b"]]],
    ["the receiver's option, as Microsoft's page says", WINDOWS, [[], ["from a", "from b"]]],
  ])("as %s", (_what, profile, expected) => {
    const { network, host } = setUp(profile);
    const [a, b] = [open(host), open(host)];
    a.memberships.join(GROUP);
    b.memberships.join(GROUP);
    a.multicast.loop = false;
    send(a, "from a");
    send(b, "from b");
    network.settle();
    const got = [a, b].map(texts);
    // BSD: who does not loop is not heard; Windows: who does not loop does not hear.
    expect(got).toEqual(profile === LINUX ? [["from b"], ["from b"]] : expected);
  });

  test("what the device has no room for is heard here once, when it has left", () => {
    const { network, host, peer } = setUp();
    const member = open(host);
    member.memberships.join(GROUP);
    network.settle();
    const { transmit } = host.device;
    host.device.transmit = () => "full";
    expect(send(member, "once")).toBe("full");
    host.device.transmit = transmit;
    peer.heard();
    expect(send(member, "once")).toBe("sent");
    network.settle();
    expect(texts(member)).toEqual(["once"]);
  });

  test("an endless conversation with itself leaves time for others, and what waits is bounded", () => {
    const { network, host } = setUp();
    const echo = host.udp.open({ localPort: PORT, user: { readable: () => again() } });
    if (typeof echo === "string") throw new Error(echo);
    let rounds = 0;
    const again = () => {
      echo.receive();
      if (rounds++ < 10_000) send(echo, "again");
    };
    echo.memberships.join(GROUP);
    send(echo, "first");
    network.settle();
    expect(rounds).toBe(10_001);

    for (let i = 0; i < 2000; i++) send(echo, "a burst");
    expect(host.drops()["looped-queue-full"]).toBe(2000 - 1024);
  });
});

const PLAIN = { checksumStart: 0, checksumOffset: 0, checksumVerified: false, gsoType: 0, gsoSize: 0, headerLength: 0 } as const;

const sourceOf = (bytes: Uint8Array, at: number): IpAddress => parseV4([...bytes.subarray(at + 26, at + 30)].join("."));
