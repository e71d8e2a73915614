import { describe, expect, test } from "@jest/globals";
import { formatAddress, parseV4 } from "../../../src/stack/core/address.ts";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import type { NetworkInterface } from "../../../src/stack/link/network-interface.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import { connectPair, OUR_ADDRESS, PEER_ADDRESS, TwoHosts } from "../../support/two-hosts.ts";
import { Network, type TestHost, v4 } from "./network.ts";

const SECOND = parseV4("203.0.113.7");

function hostAndPeer() {
  const network = new Network();
  const host = network.host("ours", "203.0.113.2");
  const peer = network.station("peer", "203.0.113.1");
  return { network, host, peer };
}

const changes = (host: TestHost): string[] => {
  const seen: string[] = [];
  host.context.trace.subscribe((event: TraceEvent) => {
    if (event.type === "address-changed") seen.push(`${event.address} ${event.origin} ${event.state}`);
  });
  return seen;
};

describe("a tentative address", () => {
  test("is not ours: no socket is bound to it, nothing leaves from it, nothing comes to it, and nobody is told that it is here", () => {
    const { network, host, peer } = hostAndPeer();
    host.ip.addAddress(host.eth, SECOND, 24, { isTentative: true });
    expect(host.ip.isLocalAddress(SECOND)).toBe(false);
    expect(host.udp.open({ local: SECOND, localPort: 7, user: {} })).toBe("source-not-local");
    expect(host.ip.route(PEER_ADDRESS, SECOND)).toBe("source-not-local");
    peer.arp({ operation: arp.REQUEST, target: v4("203.0.113.7") });
    peer.say(peer.echoRequest(host, "hello", { destination: v4("203.0.113.7") }));
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "arp-not-for-us": 1, "ipv4-not-for-us": 1 });
  });

  test("is no neighbour either", () => {
    const { host } = hostAndPeer();
    host.ip.addAddress(host.eth, SECOND, 24, { isTentative: true });
    expect(host.eth.isNeighbourly(SECOND)).toBe(false);
    expect(host.eth.addressBook.isTentative(SECOND)).toBe(true);
  });

  test("is ours once it is confirmed, and is waited for while it is in doubt", () => {
    const { host } = hostAndPeer();
    const seen = changes(host);
    host.ip.addAddress(host.eth, SECOND, 24, { isTentative: true });
    const path = host.ip.route(PEER_ADDRESS);
    expect(host.eth.addressBook.confirm(SECOND)).toBe(true);
    expect(host.eth.addressBook.confirm(SECOND)).toBe(false);
    expect(host.ip.isLocalAddress(SECOND)).toBe(true);
    expect(typeof path).toBe("object");
    host.eth.addressBook.doubt(SECOND);
    expect(host.ip.route(PEER_ADDRESS, SECOND)).toBe("source-not-local");
    expect(seen).toEqual(["203.0.113.7/24 manual tentative", "203.0.113.7/24 manual preferred", "203.0.113.7/24 manual tentative"]);
  });

  test("that turns out to be another's is removed, and told to be a duplicate", () => {
    const { host } = hostAndPeer();
    const seen = changes(host);
    host.ip.addAddress(host.eth, SECOND, 24, { isTentative: true });
    host.eth.addressBook.remove(SECOND, "duplicate");
    expect(seen.at(-1)).toBe("203.0.113.7/24 manual duplicate");
    expect(host.eth.addresses.map((a) => formatAddress(a.address))).toEqual(["203.0.113.2"]);
  });
});

describe("whose users are told that it leaves", () => {
  const leaving = (host: TestHost): string[] => {
    const told: string[] = [];
    host.ip.listener = {
      writable() {},
      linkChanged() {},
      addressLeaves: (address) => void told.push(formatAddress(address)),
      nameServersAdvertised() {},
    };
    return told;
  };

  test.each(["duplicate", "expired"] as const)("one that was ours and is in doubt, when that ends with %s", (why) => {
    const { host } = hostAndPeer();
    const told = leaving(host);
    host.ip.addAddress(host.eth, SECOND, 24);
    host.eth.addressBook.doubt(SECOND);
    host.eth.addressBook.setLifetime(SECOND, 10, 10);
    expect(told).toEqual([]);
    host.eth.addressBook.remove(SECOND, why);
    expect(told).toEqual(["203.0.113.7"]);
  });

  test("not one that never was", () => {
    const { host } = hostAndPeer();
    const told = leaving(host);
    host.ip.addAddress(host.eth, SECOND, 24, { isTentative: true });
    host.eth.addressBook.setLifetime(SECOND, 10, 10);
    host.eth.addressBook.remove(SECOND, "duplicate");
    expect(told).toEqual([]);
  });
});

describe("an address that ages", () => {
  test("is not chosen once it is deprecated, stays ours, and goes with its route at the end of its life", () => {
    const { network, host } = hostAndPeer();
    const other = parseV4("198.51.100.2");
    const seen = changes(host);
    host.ip.addAddress(host.eth, other, 24, { origin: "dhcp", preferredUntilMs: 1000, validUntilMs: 5000 });
    const chosen = () => {
      const path = host.ip.route(parseV4("198.51.100.9"));
      return typeof path === "string" ? path : formatAddress(path.local);
    };
    expect(chosen()).toBe("198.51.100.2");
    network.advance(999);
    expect(chosen()).toBe("198.51.100.2");
    network.advance(1);
    expect(chosen()).toBe("203.0.113.2");
    expect(host.ip.isLocalAddress(other)).toBe(true);
    network.advance(4000);
    expect(host.ip.isLocalAddress(other)).toBe(false);
    expect(chosen()).toBe("no-route");
    expect(seen).toEqual(["198.51.100.2/24 dhcp preferred", "198.51.100.2/24 dhcp deprecated", "198.51.100.2/24 dhcp expired"]);
    expect(host.context.timers.pending()).toEqual([]);
  });

  test("that is the only one is chosen though it is deprecated", () => {
    const { network, host } = hostAndPeer();
    host.eth.addressBook.setLifetime(parseV4("203.0.113.2"), 0, Number.POSITIVE_INFINITY);
    network.settle();
    const path = host.ip.route(PEER_ADDRESS);
    expect(typeof path === "string" ? path : formatAddress(path.local)).toBe("203.0.113.2");
  });

  test("lives on when it is given more time, and one timer sees to all of them", () => {
    const { network, host } = hostAndPeer();
    for (const text of ["203.0.113.7", "203.0.113.8", "203.0.113.9"]) {
      host.ip.addAddress(host.eth, parseV4(text), 24, { validUntilMs: 1000 });
    }
    expect(host.context.timers.pending()).toHaveLength(1);
    network.advance(500);
    host.eth.addressBook.setLifetime(SECOND, 2000, 2000);
    network.advance(1000);
    expect(host.eth.addresses.map((a) => formatAddress(a.address))).toEqual(["203.0.113.2", "203.0.113.7"]);
    expect(host.eth.addresses[1]).toMatchObject({ state: "preferred", validUntilMs: 2000 });
  });

  test("lives on when who hears of another's end gives it more time, though both would have ended together", () => {
    const { network, host } = hostAndPeer();
    const ends = ["203.0.113.7", "203.0.113.8"].map(parseV4);
    for (const address of ends) host.ip.addAddress(host.eth, address, 24, { validUntilMs: 1000 });
    const seen: string[] = [];
    host.eth.addressBook.watch(({ address }, state) => {
      seen.push(`${formatAddress(address)} ${state}`);
      host.eth.addressBook.setLifetime(ends[1]!, 5000, 5000);
    });
    network.advance(2000);
    expect(seen).toEqual(["203.0.113.7 expired"]);
    expect(host.ip.isLocalAddress(ends[1]!)).toBe(true);
  });

  test("is not given when its time is over", () => {
    const { network, host } = hostAndPeer();
    network.advance(10);
    expect(() => host.ip.addAddress(host.eth, SECOND, 24, { validUntilMs: 10 })).toThrow(/its time is over/);
  });
});

test("the prefix of an address that is not on the link gets no route", () => {
  const { host } = hostAndPeer();
  host.ip.addAddress(host.eth, parseV4("198.51.100.2"), 24, { isPrefixOnLink: false });
  expect(host.eth.isOnLink(parseV4("198.51.100.9"))).toBe(false);
  expect(host.ip.route(parseV4("198.51.100.9"))).toBe("no-route");
});

describe("an address that is taken away", () => {
  test("has its connections reset at both ends, and its listeners and endpoints told", () => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    const { ours } = hosts;
    const told: string[] = [];
    ours.tcp.listen({ local: OUR_ADDRESS, localPort: 80, backlog: 1, acceptable: () => {}, networkDown: () => told.push("listener") });
    ours.tcp.listen({ localPort: 81, backlog: 1, acceptable: () => {}, networkDown: () => told.push("listener to all") });
    ours.udp.open({ local: OUR_ADDRESS, localPort: 53, user: { networkDown: () => told.push("endpoint") } });
    ours.udp.open({ localPort: 54, user: { networkDown: () => told.push("endpoint to all") } });
    expect(ours.ip.removeAddress(ours.ip.interfaces[0]!, OUR_ADDRESS)).toBe(true);
    hosts.simulation.settle();
    expect(client.events).toContain("aborted: network-down");
    expect(server.events).toContain("aborted: reset");
    expect(told).toEqual(["listener", "endpoint"]);
  });

  test("while it is in doubt takes its connections along, though nothing can be sent from it any more", () => {
    const hosts = new TwoHosts();
    const { client } = connectPair(hosts);
    const { addressBook } = hosts.ours.ip.interfaces[0]! as NetworkInterface;
    addressBook.doubt(OUR_ADDRESS);
    addressBook.remove(OUR_ADDRESS, "duplicate");
    hosts.simulation.settle();
    expect(client.events).toContain("aborted: network-down");
  });

  test("but that another interface has too goes in silence", () => {
    const hosts = new TwoHosts();
    const { client } = connectPair(hosts);
    const second = hosts.ours.attach(hosts.wire.device({ name: "second" }), { address: OUR_ADDRESS, prefixLength: 24 });
    expect(hosts.ours.ip.removeAddress(second, OUR_ADDRESS)).toBe(true);
    hosts.simulation.settle();
    expect(client.connection?.state).toBe("ESTABLISHED");
  });
});

test("with another prefix length the route to the prefix is another", () => {
  const { host } = hostAndPeer();
  host.ip.addAddress(host.eth, OUR_ADDRESS, 16);
  expect(host.ip.routes.list().map(({ destination, prefixLength }) => `${destination}/${prefixLength}`)).toEqual(["203.0.0.0/16"]);
});
