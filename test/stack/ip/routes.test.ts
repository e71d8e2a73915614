import { describe, expect, test } from "@jest/globals";
import { formatAddress, IPV4_ANY, IPV4_BROADCAST, parseAddress, parseV4 } from "../../../src/stack/core/address.ts";
import { type FrameInfo, GSO_TCPV4, plainFrame } from "../../../src/stack/core/frame-info.ts";
import { LINUX } from "../../../src/stack/core/profile.ts";
import type { FoundPath } from "../../../src/stack/ip/family.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { Network, type TestHost, v4 } from "../link/network.ts";

function setUp(profile?: typeof LINUX) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const router = network.station("router", "203.0.113.1");
  router.introduce(host);
  return { network, host, router };
}

function pathOf(host: TestHost, remote: string, local?: string): FoundPath {
  const path = host.ip.route(parseV4(remote), local === undefined ? undefined : parseV4(local));
  if (typeof path === "string") throw new Error(path);
  return path;
}

const sendOn = (path: FoundPath, protocol = 253, size = 4, info = plainFrame()) =>
  path.send(protocol, new Uint8Array(path.headroom + size), path.headroom, path.headroom + size, info);

describe("choosing a way (RFC 1122 §3.3.1)", () => {
  test("[IP4-18] a host off the link is reached through the gateway's link address", () => {
    const { host, router } = setUp();
    expect(host.ip.route(parseV4("198.51.100.9"))).toBe("no-route");
    host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.1") });
    const path = pathOf(host, "198.51.100.9");
    expect(formatAddress(path.local)).toBe("203.0.113.2");
    expect(sendOn(path)).toBe("sent");
    const [frame] = router.heardIp();
    expect(ethernet.isDestination(frame!, 0, router.device.mac)).toBe(true);
    expect(ipv4.destination(frame!, 14)).toBe(v4("198.51.100.9"));
  });

  test("[IP4-18] the longest prefix wins, then the lowest metric, then an interface that is up", () => {
    const { host } = setUp();
    const second = new MemoryWire().device({ name: "second" });
    const eth1 = host.ip.addInterface(second);
    host.ip.addAddress(eth1, parseV4("198.51.100.2"), 24);
    host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.1"), metric: 10 });
    host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("198.51.100.1"), metric: 20 });
    host.ip.addRoute({ destination: parseV4("192.0.2.77"), prefixLength: 24, gateway: parseV4("198.51.100.1"), metric: 99 });
    const localFor = (remote: string) => formatAddress(pathOf(host, remote).local);
    expect(localFor("8.8.8.8")).toBe("203.0.113.2");
    expect(localFor("192.0.2.1")).toBe("198.51.100.2");
    expect(localFor("198.51.100.50")).toBe("198.51.100.2");
    host.device.setLink(false);
    expect(localFor("8.8.8.8")).toBe("198.51.100.2");
    second.setLink(false);
    expect(host.ip.route(parseV4("8.8.8.8"))).toBe("interface-down");
    expect(JSON.parse(JSON.stringify(host.ip.routes.list()))).toContainEqual({
      destination: "192.0.2.0",
      prefixLength: 24,
      gateway: "198.51.100.1",
      interface: "second",
      metric: 99,
      origin: "manual",
      isUp: false,
    });
    expect(host.ip.routes.remove(parseV4("192.0.2.0"), 24)).toBe(1);
  });

  test("the lowest metric wins whichever route came first", () => {
    const { host } = setUp();
    const eth1 = host.ip.addInterface(new MemoryWire().device({ name: "second" }));
    host.ip.addAddress(eth1, parseV4("198.51.100.2"), 24);
    const route = { destination: parseV4("0.0.0.0"), prefixLength: 0 };
    host.ip.addRoute({ ...route, gateway: parseV4("203.0.113.1"), metric: 20 });
    host.ip.addRoute({ ...route, gateway: parseV4("198.51.100.1"), metric: 10 });
    expect(formatAddress(pathOf(host, "192.0.2.1").local)).toBe("198.51.100.2");
  });

  test("of ways that are all down the best is told of", () => {
    const { host } = setUp();
    const route = { destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.1") };
    host.ip.addRoute({ ...route, metric: 10 });
    host.ip.addRoute({ ...route, gateway: parseV4("203.0.113.9"), metric: 20 });
    host.device.setLink(false);
    expect(host.ip.routes.lookup(parseV4("192.0.2.1"))?.metric).toBe(10);
  });

  test("a source that a sender chose is not taken for IP's choice, nor the other way round, however its paths are remembered", () => {
    const { host } = setUp();
    // So many of both that some share a place with what IP chose.
    const others = Array.from({ length: 50 }, (_, i) => parseV4(`203.0.113.${i + 10}`));
    for (const other of others) host.ip.addAddress(host.eth, other, 24);
    for (let last = 100; last < 200; last++) {
      const from = (local?: (typeof others)[number]) => {
        const path = host.ip.pathTo(parseV4(`203.0.113.${last}`), local);
        return typeof path === "string" ? path : formatAddress(path.local);
      };
      for (const other of others) expect([from(other), from()]).toEqual([formatAddress(other), "203.0.113.2"]);
    }
  });

  test("an address takes the route to its prefix along when it goes, unless another address has that prefix", () => {
    const { host } = setUp();
    const [first, second] = [parseV4("198.51.100.2"), parseV4("198.51.100.3")];
    host.ip.addAddress(host.eth, first, 24);
    host.ip.addAddress(host.eth, second, 24);
    host.ip.addAddress(host.eth, parseV4("198.51.100.4"), 25);
    const routes = () =>
      host.ip.routes
        .list()
        .filter((route) => route.destination === "198.51.100.0")
        .map((route) => route.prefixLength);
    expect(host.ip.removeAddress(host.eth, parseV4("198.51.100.9"))).toBe(false);
    expect(host.ip.removeAddress(host.eth, first)).toBe(true);
    expect(routes()).toEqual([25, 24]);
    expect(host.ip.route(parseV4("198.51.100.200"), first)).toBe("source-not-local");
    expect(host.ip.removeAddress(host.eth, second)).toBe(true);
    expect(routes()).toEqual([25]);
    expect(host.ip.route(parseV4("198.51.100.200"))).toBe("no-route");
  });

  test("a broadcast is for who is bound to an address of the prefix that it names, the limited one for all", () => {
    const { host } = setUp();
    host.ip.addAddress(host.ip.addInterface(new MemoryWire().device({ name: "second" })), parseV4("198.51.100.2"), 24);
    const isFor = (local: string, destination: string) => host.ip.isBroadcastFor(parseV4(local), parseV4(destination));
    expect([isFor("203.0.113.2", "203.0.113.255"), isFor("198.51.100.2", "198.51.100.255")]).toEqual([true, true]);
    expect([isFor("203.0.113.2", "198.51.100.255"), isFor("198.51.100.2", "203.0.113.255")]).toEqual([false, false]);
    expect([isFor("203.0.113.2", "255.255.255.255"), isFor("192.0.2.1", "203.0.113.255")]).toEqual([true, false]);
  });

  test("the limited broadcast leaves by the interface that has the source", () => {
    const { network, host, router } = setUp();
    const wire = new MemoryWire();
    const beyond = wire.device({ name: "beyond" });
    host.ip.addAddress(host.ip.addInterface(wire.device({ name: "second" })), parseV4("198.51.100.2"), 24);
    const heardBeyond = () => beyond.receive({ frame: () => {} }, 10);
    sendOn(pathOf(host, "255.255.255.255", "198.51.100.2"));
    network.settle();
    expect([heardBeyond(), router.heardIp().length]).toEqual([1, 0]);
    sendOn(pathOf(host, "255.255.255.255", "203.0.113.2"));
    network.settle();
    expect([heardBeyond(), router.heardIp().length]).toEqual([0, 1]);
  });

  test("[IP4-06] a source must be ours, and a loopback source does not leave the host", () => {
    const { host } = setUp();
    expect(host.ip.route(parseV4("203.0.113.1"), parseV4("203.0.113.9"))).toBe("source-not-local");
    expect(host.ip.route(parseV4("203.0.113.1"), parseV4("127.0.0.1"))).toBe("source-not-local");
    expect(host.ip.route(parseAddress("2001:db8::1"))).toBe("no-route");
    for (const remote of ["0.0.0.0", "240.0.0.1"]) expect(host.ip.route(parseV4(remote))).toBe("no-route");
  });

  test("our own addresses and 127.0.0.0/8 go through the loopback", () => {
    const { host } = setUp();
    for (const [remote, local] of [
      ["203.0.113.2", "203.0.113.2"],
      ["127.0.0.1", "127.0.0.1"],
      ["127.8.9.10", "127.0.0.1"],
    ] as const) {
      const path = pathOf(host, remote);
      expect([path.isLoopback, formatAddress(path.local), path.mtu]).toEqual([true, local, 65535]);
    }
  });

  test("both kinds of broadcast go to every station, without asking anybody", () => {
    const { host, router } = setUp();
    for (const remote of ["203.0.113.255", "255.255.255.255"]) {
      expect(sendOn(pathOf(host, remote))).toBe("sent");
      const [frame, ...others] = router.heard();
      expect(ethernet.isBroadcast(frame!, 0)).toBe(true);
      expect(ipv4.destination(frame!, 14)).toBe(v4(remote));
      expect(others).toEqual([]);
    }
    expect(host.ip.isBroadcast(parseV4("203.0.113.255"))).toBe(true);
    expect(host.ip.isBroadcast(parseV4("203.0.112.255"))).toBe(false);
    expect(typeof host.ip.route(IPV4_BROADCAST, parseV4("203.0.113.2"))).toBe("object");
  });

  test("[IP4-06] a path follows its destination when routes change, and stops when its source is gone", () => {
    const { host, router } = setUp();
    host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.77") });
    host.eth.neighbours.addStatic(parseV4("203.0.113.77"), ethernet.parseMac("02:00:00:00:00:77")!);
    const path = pathOf(host, "198.51.100.9");
    sendOn(path);
    host.ip.routes.remove(IPV4_ANY, 0);
    expect(sendOn(path)).toBe("dropped");
    host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.1") });
    expect(sendOn(path)).toBe("sent");
    expect(router.heardIp().map((f) => ethernet.destinationText(f, 0))).toEqual(["02:00:00:00:00:77", ethernet.macText(router.device.mac)]);

    host.ip.removeAddress(host.eth, parseV4("203.0.113.2"));
    expect(sendOn(path)).toBe("dropped");
    expect(host.drops()).toEqual({ "no-route": 1, "source-not-local": 1 });
  });

  test("addresses and gateways that cannot be are refused in words", () => {
    const { host } = setUp();
    for (const bad of ["0.0.0.0", "127.0.0.2", "224.0.0.1", "255.255.255.255", "203.0.113.255"]) {
      expect(() => host.ip.addAddress(host.eth, parseV4(bad), 24)).toThrow(RangeError);
    }
    expect(() => host.ip.addAddress(host.eth, parseV4("203.0.113.3"), 33)).toThrow(/1 to 32/);
    expect(() => host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("198.51.100.1") })).toThrow(
      /not on the link/,
    );
    expect(() => host.ip.addRoute({ destination: parseV4("0.0.0.0"), prefixLength: 0, gateway: parseV4("203.0.113.2") })).toThrow(
      /not on the link/,
    );
  });
});

describe("datagrams out", () => {
  test("TCP's forbid fragmentation, others do not (RFC 1191 §3); all carry the profile's TTL", () => {
    const { host, router } = setUp();
    const path = pathOf(host, "203.0.113.1");
    sendOn(path, ipv4.PROTOCOL_TCP);
    sendOn(path, ipv4.PROTOCOL_UDP);
    const [tcp, udp] = router.heardIp();
    expect([ipv4.dontFragment(tcp!, 14), ipv4.dontFragment(udp!, 14)]).toEqual([true, false]);
    expect([ipv4.ttl(tcp!, 14), ipv4.ttl(udp!, 14)]).toEqual([128, 128]);
  });

  test("[IP4-15] [IP4-17] of those that may be fragmented no two have one identification within two minutes (RFC 6864 §4.3)", () => {
    const { network, host, router } = setUp(LINUX);
    const path = pathOf(host, "203.0.113.1");
    const sendMany = (): Uint8Array[] => {
      const frames: Uint8Array[] = [];
      for (let i = 0; i < 66_000; i++) {
        sendOn(path);
        if (i % 500 === 499) frames.push(...router.heardIp());
      }
      return frames;
    };
    const frames = sendMany();
    const fragmentable = frames.filter((f) => !ipv4.dontFragment(f, 14));
    expect(fragmentable.length).toBeGreaterThan(57_344);
    expect(new Set(fragmentable.map((f) => ipv4.identification(f, 14))).size).toBe(fragmentable.length);
    // The others leave all the same, and no router may cut them.
    expect(frames).toHaveLength(66_000);
    expect(new Set(frames.filter((f) => ipv4.dontFragment(f, 14)).map((f) => ipv4.identification(f, 14)))).toEqual(new Set([0]));
    // What must leave in fragments does not.
    expect(sendOn(path, 253, 3000)).toBe("dropped");
    expect(host.drops()).toEqual({ "ipv4-identifications-used-up": 1 });
    network.advance(119_999);
    expect(sendOn(path, 253, 3000)).toBe("dropped");
    network.advance(1);
    expect(sendOn(path, 253, 3000)).toBe("sent");
  });

  test("TCP's are never fragmented, and nothing is longer than a datagram can be", () => {
    const { host } = setUp();
    const path = pathOf(host, "203.0.113.1");
    expect(sendOn(path, ipv4.PROTOCOL_TCP, 1480)).toBe("sent");
    expect(sendOn(path, ipv4.PROTOCOL_TCP, 1481)).toBe("too-long");
    expect(sendOn(path, 253, 65516)).toBe("too-long");
    expect(host.drops()).toEqual({ "ipv4-too-long": 2 });
  });

  test("the offsets of a super-segment are moved to the frame, in a copy", () => {
    const { host } = setUp();
    const given: FrameInfo[] = [];
    const transmit = host.device.transmit.bind(host.device);
    host.device.transmit = (bytes, at, end, info) => {
      given.push({ ...info });
      return transmit(bytes, at, end, info);
    };
    const info: FrameInfo = {
      checksumStart: 0,
      checksumOffset: 16,
      checksumVerified: false,
      gsoType: GSO_TCPV4,
      gsoSize: 1460,
      headerLength: 20,
    };
    sendOn(pathOf(host, "203.0.113.1"), ipv4.PROTOCOL_TCP, 20 + 14600, info);
    expect(given).toEqual([{ ...info, checksumStart: 34, headerLength: 54 }]);
    expect([info.checksumStart, info.headerLength]).toEqual([0, 20]);
  });
});

test("a super-segment may fill a datagram, and is lost when it is longer", () => {
  const { host } = setUp();
  const info: FrameInfo = { ...plainFrame(), checksumStart: 0, checksumOffset: 16, gsoType: GSO_TCPV4, gsoSize: 1460, headerLength: 20 };
  const path = pathOf(host, "203.0.113.1");
  expect(sendOn(path, ipv4.PROTOCOL_TCP, 65_535 - ipv4.MIN_HEADER, info)).toBe("sent");
  expect(host.drops()).toEqual({});
  expect(sendOn(path, ipv4.PROTOCOL_TCP, 65_536 - ipv4.MIN_HEADER, info)).toBe("too-long");
  expect(host.drops()).toEqual({ "ipv4-too-long": 1 });
});

test("a prefix of 31 bits has two hosts and no broadcast (RFC 3021 §2.1)", () => {
  const { host } = setUp();
  host.ip.addAddress(host.eth, parseV4("198.51.100.7"), 31);
  const isBroadcast = (text: string) => host.eth.isBroadcast(parseV4(text));
  expect([isBroadcast("198.51.100.6"), isBroadcast("198.51.100.7")]).toEqual([false, false]);
  host.ip.addAddress(host.eth, parseV4("192.0.2.1"), 30);
  expect([isBroadcast("192.0.2.2"), isBroadcast("192.0.2.3")]).toEqual([false, true]);
});

test("a device that gave as many frames as it was asked for may have more", () => {
  const { host, router } = setUp();
  const frames = (count: number) => {
    for (let i = 0; i < count; i++) router.device.transmit(new Uint8Array(100), 16, 76, plainFrame());
  };
  frames(3);
  expect(host.ip.receive(2)).toBe(true);
  expect(host.ip.receive(2)).toBe(false);
  frames(2);
  expect(host.ip.receive(2)).toBe(true);
});
