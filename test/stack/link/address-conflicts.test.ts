import { describe, expect, test } from "@jest/globals";
import { formatAddress, parseV4 } from "../../../src/stack/core/address.ts";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import type { ConflictPolicy } from "../../../src/stack/link/interface-service.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { connectPair, Endpoint, OUR_ADDRESS, PEER_ADDRESS, TwoHosts } from "../../support/two-hosts.ts";
import { Network, type Station, type TestHost, v4 } from "./network.ts";

const CANDIDATE = parseV4("203.0.113.7");
const ANOTHER = Uint8Array.of(0x02, 0, 0x5e, 0, 0x53, 0x99);

/** An ARP packet that our host broadcast. */
interface Said {
  readonly atMs: number;
  readonly what: "probe" | "announcement" | "request" | "reply";
}

function setUp() {
  const network = new Network();
  const host = network.host("ours", "203.0.113.2");
  const other = network.station("other", "203.0.113.9");
  const said: Said[] = [];
  host.context.trace.subscribe((event) => {
    if (event.type !== "frame" || event.direction !== "out" || ethernet.type(event.bytes, 0) !== ethernet.TYPE_ARP) return;
    const sender = arp.senderIp(event.bytes, 14);
    const asks = arp.operation(event.bytes, 14) === arp.REQUEST;
    const isForCandidate = arp.targetIp(event.bytes, 14) === CANDIDATE.w3;
    const isProbe = asks && sender === 0 && isForCandidate && ethernet.isBroadcast(event.bytes, 0);
    const isAnnouncement = asks && sender === CANDIDATE.w3 && isForCandidate && ethernet.isBroadcast(event.bytes, 0);
    said.push({ atMs: event.atMs, what: isProbe ? "probe" : isAnnouncement ? "announcement" : asks ? "request" : "reply" });
  });
  const tryIt = () => host.ip.addAddress(host.eth, CANDIDATE, 24, { detectConflicts: true });
  return { network, host, other, said, tryIt };
}

const stateOf = (host: TestHost): string | undefined => host.eth.addresses.find((a) => a.address.w3 === CANDIDATE.w3)?.state;
const claim = (from: Station, options: { operation?: number; senderMac?: Uint8Array } = {}) =>
  from.arp({ operation: arp.REQUEST, sender: CANDIDATE.w3, target: v4("203.0.113.1"), senderMac: ANOTHER, ...options });
const times = (said: readonly Said[], what: Said["what"]): number[] => said.filter((s) => s.what === what).map((s) => s.atMs);

describe("an address that is tried", () => {
  test("[ACD-01] is probed three times, 1 to 2 s apart after 0 to 1 s, in nobody's name, and is ours 2 s after the last", () => {
    const { network, host, said, tryIt } = setUp();
    tryIt();
    expect(stateOf(host)).toBe("tentative");
    network.advance(1000 + 2000 + 2000 + 2000);
    expect(said.slice(0, 3).map((s) => s.what)).toEqual(["probe", "probe", "probe"]);
    const [first = 0, second = 0, third = 0] = times(said, "probe");
    expect(first).toBeLessThanOrEqual(1000);
    for (const gap of [second - first, third - second]) {
      expect(gap).toBeGreaterThanOrEqual(1000);
      expect(gap).toBeLessThanOrEqual(2000);
    }
    expect(times(said, "probe")).toHaveLength(3);
    expect(times(said, "announcement")[0]).toBe(third + 2000);
    expect(stateOf(host)).toBe("preferred");
  });

  test("[ACD-01] is probed at other moments by another host", () => {
    const moments = [1, 2].map((seed) => {
      const hosts = new TwoHosts({ seed });
      const seen: number[] = [];
      hosts.ours.trace.subscribe((event) => {
        if (event.type === "frame" && event.direction === "out") seen.push(event.atMs);
      });
      hosts.ours.ip.addAddress(hosts.ours.ip.interfaces[0]!, CANDIDATE, 24, { detectConflicts: true });
      hosts.simulation.advance(5000);
      return seen;
    });
    expect(moments[0]).not.toEqual(moments[1]);
  });

  test("[ACD-03] is announced twice, 2 s apart, once it is ours", () => {
    const { network, said, tryIt } = setUp();
    tryIt();
    network.advance(60_000);
    const announced = times(said, "announcement");
    expect(announced).toHaveLength(2);
    expect(announced[1]! - announced[0]!).toBe(2000);
  });

  test("[ACD-06] [ACD-07] is answered for, and in an idle hour nothing more is said of it", () => {
    const { network, host, other, said, tryIt } = setUp();
    tryIt();
    network.advance(60_000);
    said.length = 0;
    network.advance(3_600_000);
    expect(said).toEqual([]);
    expect(host.context.timers.pending()).toEqual([]);
    other.arp({ operation: arp.REQUEST, target: CANDIDATE.w3 });
    network.settle();
    expect(said.map((s) => s.what)).toEqual(["reply"]);
  });

  // From the beginning to 2 s after the last probe; the last moment is the one before that.
  test.each([0, 500, 1500, 3000, 4000, 5500])("[ACD-02] is given up when another station uses it %i ms after the beginning", (atMs) => {
    const { network, host, other, said, tryIt } = setUp();
    tryIt();
    network.advance(atMs);
    expect(stateOf(host)).toBe("tentative");
    claim(other);
    network.settle();
    expect(stateOf(host)).toBeUndefined();
    expect(host.drops()["arp-address-conflict"]).toBe(1);
    said.length = 0;
    network.advance(60_000);
    expect(said).toEqual([]);
  });

  test("[ACD-02] is given up for a reply in its name, and for another station that probes it too", () => {
    const { network, host, other, tryIt } = setUp();
    tryIt();
    claim(other, { operation: arp.REPLY });
    network.settle();
    expect(stateOf(host)).toBeUndefined();
    tryIt();
    other.arp({ operation: arp.REQUEST, sender: 0, target: CANDIDATE.w3 });
    network.settle();
    expect(stateOf(host)).toBeUndefined();
  });

  test("[ACD-02] is not given up for our own probes that come back, for who asks for it in its own name, or for a probe of another address", () => {
    const { network, host, other, tryIt } = setUp();
    tryIt();
    network.advance(1500);
    const { mac } = host.device;
    other.arp({ operation: arp.REQUEST, sender: 0, senderMac: mac, target: CANDIDATE.w3 });
    other.arp({ operation: arp.REQUEST, sender: CANDIDATE.w3, senderMac: mac, target: CANDIDATE.w3 });
    other.arp({ operation: arp.REQUEST, target: CANDIDATE.w3 });
    other.arp({ operation: arp.REQUEST, sender: 0, target: v4("203.0.113.8") });
    network.advance(7000);
    expect(stateOf(host)).toBe("preferred");
  });

  test("[ACD-05] the eleventh attempt after ten conflicts waits until a minute after the tenth began", () => {
    const { network, other, said, tryIt } = setUp();
    for (let i = 0; i < 10; i++) {
      tryIt();
      network.advance(1000);
      claim(other);
      network.settle();
    }
    const tenthAtMs = network.time.now - 1000;
    said.length = 0;
    tryIt();
    network.advance(70_000);
    const [first = 0] = times(said, "probe");
    expect(first - tenthAtMs).toBeGreaterThanOrEqual(60_000);
    expect(first - tenthAtMs).toBeLessThanOrEqual(61_000);
    // It was unique: what is tried next need not wait.
    said.length = 0;
    const nextAtMs = network.time.now;
    tryIt();
    network.advance(5000);
    expect(times(said, "probe")[0]! - nextAtMs).toBeLessThanOrEqual(1000);
  });

  test("and taken away meanwhile is forgotten", () => {
    const { network, host, said, tryIt } = setUp();
    tryIt();
    expect(host.ip.removeAddress(host.eth, CANDIDATE)).toBe(true);
    network.advance(60_000);
    expect(said).toEqual([]);
    expect(host.context.timers.pending()).toEqual([]);
  });
});

describe("an address of ours that another station uses", () => {
  function held(policy?: ConflictPolicy) {
    const setup = setUp();
    if (policy !== undefined) setup.host.eth.conflicts.policy = policy;
    setup.tryIt();
    setup.network.advance(60_000);
    setup.said.length = 0;
    const claimNow = () => {
      claim(setup.other);
      setup.network.settle();
    };
    return { ...setup, claimNow };
  }

  test("[ACD-04] is defended once; when it is claimed again within 10 s it is given up", () => {
    const { network, host, said, claimNow } = held();
    claimNow();
    expect(said.map((s) => s.what)).toEqual(["announcement"]);
    expect(stateOf(host)).toBe("preferred");
    network.advance(9_999);
    claimNow();
    expect(stateOf(host)).toBeUndefined();
    expect(said).toHaveLength(1);
  });

  test("[ACD-04] is defended again when 10 s have passed", () => {
    const { network, host, said, claimNow } = held();
    for (let i = 0; i < 5; i++) {
      claimNow();
      network.advance(10_000);
    }
    expect(said).toHaveLength(5);
    expect(stateOf(host)).toBe("preferred");
  });

  test("[ACD-04] is given up at once by the policy that yields, and kept for good by the one that keeps, defended once in 10 s", () => {
    const yields = held("yield");
    yields.claimNow();
    expect(stateOf(yields.host)).toBeUndefined();
    expect(yields.said).toEqual([]);
    const keeps = held("keep");
    for (let i = 0; i < 10_000; i += 100) {
      keeps.claimNow();
      keeps.network.advance(100);
    }
    expect(stateOf(keeps.host)).toBe("preferred");
    expect(keeps.said).toHaveLength(1);
  });

  test("[ACD-04] has its connections reset at both ends when it is given up", () => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    const attacker = hosts.wire.device({ name: "attacker" });
    const frame = new Uint8Array(42);
    ethernet.writeHeader(frame, 0, ethernet.BROADCAST_MAC, attacker.mac, ethernet.TYPE_ARP);
    arp.writeRequest(frame, 14, attacker.mac, OUR_ADDRESS.w3, PEER_ADDRESS.w3);
    for (let i = 0; i < 2; i++) {
      attacker.transmit(frame, 0, frame.length, plainFrame());
      hosts.simulation.settle();
    }
    expect(client.events).toContain("aborted: network-down");
    expect(server.events).toContain("aborted: reset");
  });
});

describe("a link that comes back", () => {
  const bounce = (hosts: TwoHosts) => {
    const [device] = hosts.wire.devices;
    device?.setLink(false);
    hosts.simulation.advance(100);
    device?.setLink(true);
  };

  test("hears of an address that was never tried, twice", () => {
    const { network, host, other } = setUp();
    host.device.setLink(false);
    network.advance(10);
    other.heard();
    host.device.setLink(true);
    expect(other.heard()).toEqual([]);
    network.advance(5000);
    const us = v4("203.0.113.2");
    const announcement = { operation: arp.REQUEST, sender: us, target: us, isBroadcast: true };
    expect(other.heardArp()).toEqual([announcement, announcement]);
  });

  test("has an address tried again that was tried before; its connections wait", () => {
    const hosts = new TwoHosts();
    const { ours, simulation } = hosts;
    ours.ip.addAddress(ours.ip.interfaces[0]!, OUR_ADDRESS, 24, { detectConflicts: true });
    simulation.advance(10_000);
    const { client, server } = connectPair(hosts);
    bounce(hosts);
    simulation.settle();
    expect(ours.ip.interfaces[0]?.addresses[0]?.state).toBe("tentative");
    client.connection?.write(new Uint8Array(1000), 0, 1000);
    simulation.advance(20_000);
    expect(ours.ip.interfaces[0]?.addresses[0]?.state).toBe("preferred");
    expect(server.receivedBytes).toBe(1000);
  });

  test("lets a SYN go on that was waiting", () => {
    const hosts = new TwoHosts();
    const { ours, peer, simulation } = hosts;
    ours.ip.addAddress(ours.ip.interfaces[0]!, OUR_ADDRESS, 24, { detectConflicts: true });
    simulation.advance(10_000);
    peer.tcp.listen({ localPort: 80, backlog: 1, acceptable: () => {} });
    const client = new Endpoint();
    ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: client.user });
    bounce(hosts);
    simulation.advance(15_000);
    expect(client.events).toContain("established");
  });

  test("is waited for with an address that is tried while it is down", () => {
    const { network, host, said, tryIt } = setUp();
    host.device.setLink(false);
    tryIt();
    network.advance(60_000);
    expect(said).toEqual([]);
    host.device.setLink(true);
    network.advance(9000);
    expect(times(said, "probe")).toHaveLength(3);
    expect(host.eth.addresses.map((a) => `${formatAddress(a.address)} ${a.state}`)).toEqual([
      "203.0.113.2 preferred",
      "203.0.113.7 preferred",
    ]);
  });
});

test("a host that is attached with conflict detection has no address at first, and no use of it is made", () => {
  const hosts = new TwoHosts();
  const device = hosts.wire.device({ name: "third" });
  const third = hosts.simulation.host({ random: hosts.simulation.random });
  third.attach(device, { address: CANDIDATE, prefixLength: 24, gateway: PEER_ADDRESS, detectConflicts: true, conflictPolicy: "keep" });
  expect(third.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: {} })).toBe("no-route");
  hosts.simulation.advance(7000);
  expect(typeof third.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: {} })).toBe("object");
});
