import { describe, expect, test } from "@jest/globals";
import { type IpAddress, parseAddress, withScope } from "../../../src/stack/core/address.ts";
import { GSO_TCPV6 } from "../../../src/stack/core/frame-info.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import type { Host } from "../../../src/stack/host/host.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import { NO_OFFLOADS, type Offloads } from "../../../src/stack/link/link-device.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import { Loopback } from "../../../src/wire/loopback.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { ipOf } from "../../support/insides.ts";
import { Endpoint, pattern } from "../../support/two-hosts.ts";

const OUR_ADDRESS = parseAddress("2001:db8::2");
const PEER_ADDRESS = parseAddress("2001:db8::1");
const TEXT = 300_000;

/** Two hosts on one wire, with IPv6 alone. */
function twoHosts(offloads: Offloads = NO_OFFLOADS) {
  const simulation = new Simulation(3);
  const wire = new MemoryWire();
  const make = (name: string, seed: number, address: IpAddress, profile = WINDOWS) => {
    const host = simulation.host({ random: new SeededRandom(seed), profile });
    const device = wire.device({ name, offloads });
    host.attach(new Loopback());
    host.attach(device, { address, prefixLength: 64 });
    return { host, device };
  };
  const ours = make("ours", 7, OUR_ADDRESS);
  const peer = make("peer", 8, PEER_ADDRESS, LINUX);
  return { simulation, wire, ours: ours.host, device: ours.device, peer: peer.host };
}

/** Sends a text both ways between two hosts, or one and itself, and says what came. */
function exchange(simulation: Simulation, from: Host, to: Host, remote: IpAddress) {
  const client = new Endpoint();
  const server = new Endpoint();
  const listener = to.tcp.listen({
    localPort: 80,
    backlog: 8,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted !== undefined) server.use(accepted);
    },
  });
  const opened = from.tcp.open({ remote, remotePort: 80, user: client.user });
  if (typeof opened === "string") throw new Error(opened);
  client.connection = opened;
  simulation.run(() => server.connection !== undefined && client.has("established"), simulation.now + 60_000);
  const there = pattern(TEXT, 1);
  const back = pattern(TEXT, 2);
  client.connection!.write(there, 0, there.length);
  server.connection!.write(back, 0, back.length);
  simulation.run(() => server.receivedBytes === TEXT && client.receivedBytes === TEXT, simulation.now + 60_000);
  expect(Buffer.compare(server.bytes(), there)).toBe(0);
  expect(Buffer.compare(client.bytes(), back)).toBe(0);
  return { client: client.connection, server: server.connection! };
}

describe("TCP over IPv6", () => {
  test.each([
    ["segments and checksums of our own", NO_OFFLOADS],
    ["checksums left to the device", { checksum: true, tso4: false, tso6: false }],
    ["super-segments", { checksum: true, tso4: true, tso6: true }],
  ])("a text goes both ways with %s", (_how, offloads) => {
    const { simulation, ours, peer } = twoHosts(offloads);
    const { client, server } = exchange(simulation, ours, peer, PEER_ADDRESS);
    expect(client.status()).toMatchObject({ local: expect.stringMatching(/^\[2001:db8::2\]:/), remote: "[2001:db8::1]:80" });
    // 1500 bytes, less 40 of IPv6 and 20 of TCP, and 12 of timestamps if they were agreed on.
    expect(server.status().mss).toBeGreaterThanOrEqual(1428);
    expect(server.status().mss).toBeLessThanOrEqual(1440);
    // What the peer reports of its groups is for routers.
    expect(ours.context.drops.all()).toEqual({ "ipv6-group-not-joined": 1 });
  });

  test("super-segments leave as such where the device cuts TCP over IPv6", () => {
    const { simulation, wire, ours, peer } = twoHosts({ checksum: true, tso4: false, tso6: true });
    const kinds = new Set<number>();
    const listener = wire.device({ name: "ear", promiscuous: true, offloads: { checksum: true, tso4: true, tso6: true } });
    exchange(simulation, ours, peer, PEER_ADDRESS);
    const sink = { frame: (_b: Uint8Array, _at: number, _end: number, info: { gsoType: number }) => void kinds.add(info.gsoType) };
    while (listener.receive(sink, 64) > 0);
    expect(kinds).toContain(GSO_TCPV6);
  });

  test("a host talks to itself over ::1 and over its own address", () => {
    for (const remote of [parseAddress("::1"), OUR_ADDRESS]) {
      const { simulation, ours } = twoHosts();
      exchange(simulation, ours, ours, remote);
    }
  });

  test("nobody listens: the connection is refused", () => {
    const { simulation, ours } = twoHosts();
    const client = new Endpoint();
    ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 81, user: client.user });
    simulation.advance(10_000);
    expect(client.events).toEqual(["failed: refused"]);
  });

  test("[IP6-15] segments of a flow have one flow label, and flows have different ones", () => {
    const { simulation, wire, ours, peer } = twoHosts();
    const ear = wire.device({ name: "ear", promiscuous: true });
    exchange(simulation, ours, peer, PEER_ADDRESS);
    const labels = new Map<number, Set<number>>();
    const sink = {
      frame: (b: Uint8Array, at: number) => {
        const ip = at + 14;
        if (b[at + 12] !== 0x86 || ipv6.nextHeader(b, ip) !== 6 || b[ip + 23] !== 2) return;
        const port = (b[ip + 40]! << 8) | b[ip + 41]!;
        labels.set(port, (labels.get(port) ?? new Set()).add(ipv6.flowLabel(b, ip)));
      },
    };
    while (ear.receive(sink, 64) > 0);
    expect([...labels.values()].map((seen) => seen.size)).toEqual([1]);
    const paths = Array.from({ length: 200 }, () => ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: {} }));
    expect(paths.filter((path) => typeof path === "string")).toEqual([]);
    simulation.advance(0);
    while (ear.receive(sink, 64) > 0);
    const all = [...labels.values()].flatMap((seen) => [...seen]);
    expect(new Set(all).size).toBeGreaterThan(190);
    expect(all.filter((label) => (label & 0x80000) !== 0).length).toBeGreaterThan(60);
  });
});

describe("UDP over IPv6", () => {
  test("a datagram comes with where it is from and to which address it went", () => {
    const { simulation, ours, peer } = twoHosts();
    const server = peer.udp.open({ localPort: 7, user: {} });
    const client = ours.udp.open({ user: {} });
    if (typeof server === "string" || typeof client === "string") throw new Error();
    expect(client.send(pattern(1000, 5), 0, 1000, PEER_ADDRESS, 7)).toBe("queued");
    simulation.advance(10);
    expect(server.receive()).toMatchObject({ from: OUR_ADDRESS, to: PEER_ADDRESS, payload: pattern(1000, 5) });
  });

  test("[IP6-19] traffic class and hop limit are the sender's to choose, and the receiver's to read", () => {
    const { simulation, ours, peer } = twoHosts();
    const server = peer.udp.open({ localPort: 7, user: {} });
    const client = ours.udp.open({ user: {} });
    if (typeof server === "string" || typeof client === "string") throw new Error();
    client.trafficClass = 0xb9;
    client.ttl = 33;
    client.send(pattern(10, 5), 0, 10, PEER_ADDRESS, 7);
    simulation.advance(10);
    expect(server.receive()).toMatchObject({ trafficClass: 0xb9, ttl: 33 });
  });

  test("an error comes back for a port where nobody listens", () => {
    const { simulation, ours } = twoHosts();
    const kinds: string[] = [];
    const client = ours.udp.open({ user: { icmpError: (kind) => kinds.push(kind) } });
    if (typeof client === "string") throw new Error(client);
    client.connect(PEER_ADDRESS, 9);
    client.send(new Uint8Array(4));
    simulation.advance(10);
    expect(kinds).toEqual(["port-unreachable"]);
  });
});

describe("addresses of one link (RFC 4007)", () => {
  const OUR_LINK = parseAddress("fe80::2");
  const PEER_LINK = parseAddress("fe80::1");

  function onTwoLinks() {
    const setUp = twoHosts();
    const { ours, peer, simulation } = setUp;
    const second = new MemoryWire();
    const other = simulation.host({ random: new SeededRandom(9) });
    other.ip.addAddress(other.attach(second.device({ name: "other" })), PEER_LINK, 64);
    const eth1 = ours.attach(second.device({ name: "eth1" }));
    const [, eth0] = ours.ip.interfaces;
    ours.ip.addAddress(eth0!, OUR_LINK, 64);
    ours.ip.addAddress(eth1, OUR_LINK, 64);
    peer.ip.addAddress(peer.ip.interfaces[1]!, PEER_LINK, 64);
    return { ...setUp, other };
  }

  test("[IP6-20] the same address on two links is two hosts, and two neighbours", () => {
    const { simulation, ours, peer, other } = onTwoLinks();
    exchange(simulation, ours, peer, withScope(PEER_LINK, 2));
    exchange(simulation, ours, other, withScope(PEER_LINK, 3));
    const links = ours.ip.neighbours().filter(({ address }) => address.startsWith("fe80::1"));
    expect(links.map(({ interface: through, address }) => [through, address])).toEqual([
      ["ours", "fe80::1%2"],
      ["eth1", "fe80::1%3"],
    ]);
    expect(new Set(links.map(({ mac }) => mac)).size).toBe(2);
  });

  test("without a zone the first link is meant", () => {
    const { simulation, ours, peer } = onTwoLinks();
    const { client } = exchange(simulation, ours, peer, PEER_LINK);
    expect(client.status().remote).toBe("[fe80::1%2]:80");
  });

  test("without a zone the source's link is meant, and no packet leaves it (RFC 4007 §9)", () => {
    const { ours } = onTwoLinks();
    const ip = ipOf(ours);
    ip.addRoute({ destination: parseAddress("::"), prefixLength: 0, gateway: withScope(PEER_LINK, 2) });
    for (const find of [ip.route.bind(ip), ip.pathTo.bind(ip)]) {
      const way = find(PEER_LINK, withScope(OUR_LINK, 3));
      expect(typeof way === "string" ? way : way.remote).toEqual(withScope(PEER_LINK, 3));
      const toGroup = find(parseAddress("ff02::9"), withScope(OUR_LINK, 3));
      expect(typeof toGroup === "string" ? toGroup : toGroup.remote.scope).toBe(3);
      expect(find(withScope(PEER_LINK, 2), withScope(OUR_LINK, 3))).toBe("source-not-local");
      expect(find(withScope(parseAddress("ff02::9"), 2), withScope(OUR_LINK, 3))).toBe("source-not-local");
      expect(find(parseAddress("2001:db8:9::9"), withScope(OUR_LINK, 3))).toBe("source-not-local");
    }
  });

  test("a route's gateway without a zone is on the link of the interface that is named", () => {
    const { ours } = onTwoLinks();
    const eth1 = ours.ip.interfaces[2]!;
    ours.ip.addRoute({ destination: parseAddress("2001:db8:9::"), prefixLength: 48, gateway: PEER_LINK, interface: eth1 });
    expect(ours.ip.routes.list().map(({ gateway }) => gateway)).toContain("fe80::1%3");
  });

  test("our own is reached, with its zone, and errors come back from there", () => {
    const { simulation, ours } = twoHosts();
    const own = withScope(parseAddress("fe80::22"), 2);
    ours.ip.addAddress(ours.ip.interfaces[1]!, own, 64);
    exchange(simulation, ours, ours, own);
    const kinds: string[] = [];
    const client = ours.udp.open({ user: { icmpError: (kind) => kinds.push(kind) } });
    if (typeof client === "string") throw new Error(client);
    client.connect(own, 9);
    client.send(new Uint8Array(4));
    simulation.advance(10);
    expect(kinds).toEqual(["port-unreachable"]);
  });
});

test("an MTU that is lowered below 1280 binds IPv4 alone", () => {
  const { ours } = twoHosts();
  const eth = ours.ip.interfaces[1]!;
  ours.ip.limitMtu(eth, 576);
  expect(ours.ip.mtuTo(PEER_ADDRESS)).toBe(1280);
  expect(() => ours.ip.addAddress(eth, parseAddress("2001:db8:9::2"), 64)).not.toThrow();
});
