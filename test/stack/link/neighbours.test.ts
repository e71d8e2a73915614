import { describe, expect, test } from "@jest/globals";
import { formatV4, ipv4, parseV4 } from "../../../src/stack/core/address.ts";
import type { Ipv4Path } from "../../../src/stack/ip/ipv4-path.ts";
import { MAX_NEIGHBOURS } from "../../../src/stack/link/neighbours.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { LINUX, WINDOWS } from "../../../src/stack/profile.ts";
import { plainFrame } from "../../../src/tap/link-device.ts";
import { bytesOf, Network, type Station, type TestHost, v4 } from "./network.ts";

const US = v4("203.0.113.2");
const PEER = v4("203.0.113.1");

function setUp(profile = WINDOWS) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const peer = network.station("peer", "203.0.113.1");
  return { network, host, peer };
}

const stateOf = (host: TestHost, address = "203.0.113.1") => host.ip.neighbours().find((n) => n.address === address)?.state;

function pathTo(host: TestHost, address = "203.0.113.1"): Ipv4Path {
  const path = host.ip.route(parseV4(address));
  if (typeof path === "string") throw new Error(path);
  return path;
}

/** Sends `text` as a datagram of an experimental protocol (RFC 3692). */
function send(path: Ipv4Path, text: string | Uint8Array) {
  const payload = typeof text === "string" ? bytesOf(text) : text;
  const bytes = new Uint8Array(path.headroom + payload.length);
  bytes.set(payload, path.headroom);
  return path.send(253, bytes, path.headroom, bytes.length, plainFrame());
}

const payloads = (frames: Uint8Array[]) => frames.map((f) => String.fromCharCode(...f.subarray(34)));

function answer(network: Network, host: TestHost, peer: Station, senderMac = peer.device.mac) {
  peer.arp({ operation: arp.REPLY, target: US, to: host.device.mac, senderMac });
  network.settle();
}

describe("resolving a neighbour (RFC 826, RFC 1122 §2.3.2)", () => {
  test("asks everybody on the link once, keeps what is sent meanwhile, and sends it in order when the answer comes", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    expect([send(path, "one"), send(path, "two")]).toEqual(["queued", "queued"]);
    expect(peer.heardArp()).toEqual([{ operation: arp.REQUEST, sender: US, target: PEER, isBroadcast: true }]);

    answer(network, host, peer);
    const frames = peer.heardIp();
    expect(payloads(frames)).toEqual(["one", "two"]);
    for (const f of frames) expect(ethernet.isDestination(f, 0, peer.device.mac)).toBe(true);
    expect(send(path, "three")).toBe("sent");
    expect(payloads(peer.heardIp())).toEqual(["three"]);
    expect(stateOf(host)).toBe("REACHABLE");
    expect(host.context.timers.size).toBe(0);
  });

  test("asks at most once a second, however much is sent (RFC 1122 §2.3.2.1)", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    for (let i = 0; i < 1000; i++) {
      send(path, "x");
      network.advance(2.5);
    }
    expect(peer.heardArp()).toHaveLength(3);
  });

  test("keeps the newest 16 frames, and counts the lost ones", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    for (let i = 0; i < 20; i++) expect(send(path, `n${i}`)).toBe("queued");
    answer(network, host, peer);
    expect(payloads(peer.heardIp())).toEqual(Array.from({ length: 16 }, (_, i) => `n${i + 4}`));
    expect(host.drops()).toEqual({ "neighbour-queue-full": 4 });
  });

  test("keeps at most 256 KiB for all neighbours together", () => {
    const { host } = setUp();
    const big = new Uint8Array(1480);
    const outcomes: string[] = [];
    for (let station = 10; station < 30; station++) {
      const path = pathTo(host, `203.0.113.${station}`);
      for (let i = 0; i < 16; i++) outcomes.push(send(path, big));
    }
    const queued = host.ip.neighbours().reduce((frames, n) => frames + n.queuedFrames, 0);
    expect(queued).toBe(Math.floor((256 * 1024) / 1514));
    expect(outcomes).toContain("dropped");
  });

  test("a queued frame is a copy: the sender's buffer may change at once", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    const bytes = new Uint8Array(path.headroom + 3);
    bytes.set(bytesOf("abc"), path.headroom);
    path.send(253, bytes, path.headroom, bytes.length, plainFrame());
    bytes.fill(0);
    answer(network, host, peer);
    expect(payloads(peer.heardIp())).toEqual(["abc"]);
  });

  test("gives up after three unanswered requests, drops what waits, and asks anew a second later", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "lost");
    network.advance(2999);
    expect(stateOf(host)).toBe("INCOMPLETE");
    network.advance(1);
    expect(stateOf(host)).toBe("FAILED");
    expect(host.drops()).toEqual({ "neighbour-unresolved": 1 });
    expect(peer.heardArp()).toHaveLength(3);

    expect(send(path, "too soon")).toBe("dropped");
    network.advance(1000);
    expect(send(path, "again")).toBe("queued");
    answer(network, host, peer);
    expect(payloads(peer.heardIp())).toEqual(["again"]);
  });

  test.each([
    [LINUX, ["host-unreachable"]],
    [WINDOWS, []],
  ])("tells the transport of the failure where the profile says so: $name (RFC 1122 §2.4)", (profile, expected) => {
    const { network, host } = setUp(profile);
    const errors: string[] = [];
    host.ip.register({
      protocol: 253,
      input: () => "accepted",
      icmpError: (error) => {
        expect([error.local, error.remote, error.reporter]).toEqual([ipv4(US), ipv4(PEER), ipv4(US)]);
        expect(String.fromCharCode(...error.bytes.subarray(error.transportAt, error.end))).toBe("12345678");
        errors.push(error.kind);
        return true;
      },
    });
    send(pathTo(host), "12345678");
    network.advance(2999);
    expect(errors).toEqual([]);
    network.advance(2);
    expect(errors).toEqual(expected);
  });
});

describe("a known neighbour (RFC 4861 §7.3 in ARP's terms)", () => {
  test("is confirmed by a unicast request once it has grown stale, while traffic goes on", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    expect(stateOf(host)).toBe("STALE");
    peer.heard();

    expect(send(path, "two")).toBe("sent");
    expect(stateOf(host)).toBe("PROBE");
    const frames = peer.heard();
    expect(frames.map((f) => ethernet.type(f, 0))).toEqual([ethernet.TYPE_ARP, ethernet.TYPE_IPV4]);
    expect(ethernet.isDestination(frames[0]!, 0, peer.device.mac)).toBe(true);
    answer(network, host, peer);
    expect(stateOf(host)).toBe("REACHABLE");
  });

  test("that has changed its card is found again within six seconds", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    peer.heard();
    send(path, "two");
    network.advance(3000);
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([false, false, false, true]);

    const newMac = ethernet.parseMac("02:00:00:00:00:99")!;
    answer(network, host, peer, newMac);
    send(path, "three");
    const sent = peer.heardIp();
    expect(ethernet.destinationText(sent[sent.length - 1]!, 0)).toBe("02:00:00:00:00:99");
  });

  test("given by the operator is never asked for, learned over, or flushed with the link", () => {
    const { network, host, peer } = setUp();
    host.eth.neighbours.addStatic(PEER, peer.device.mac);
    peer.arp({ operation: arp.REQUEST, target: US, senderMac: ethernet.parseMac("02:00:00:00:00:99")! });
    network.settle();
    host.device.setLink(false);
    host.device.setLink(true);
    peer.heard();
    expect(send(pathTo(host), "hello")).toBe("sent");
    expect(ethernet.isDestination(peer.heard()[0]!, 0, peer.device.mac)).toBe(true);
    expect(host.eth.neighbours.remove(PEER)).toBe(true);
    expect(host.ip.neighbours()).toEqual([]);
  });

  test("is forgotten when the link goes down, with what waits for others", () => {
    const { network, host, peer } = setUp();
    send(pathTo(host), "one");
    answer(network, host, peer);
    send(pathTo(host, "203.0.113.9"), "waiting");
    host.device.setLink(false);
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.context.timers.size).toBe(0);
    expect(send(pathToLater(host), "two")).toBe("dropped");
  });
});

/** A path made while the link was up, used when it is down. */
function pathToLater(host: TestHost): Ipv4Path {
  host.device.setLink(true);
  const path = pathTo(host);
  host.device.setLink(false);
  return path;
}

describe("answering for our addresses", () => {
  test("a request for us is answered to the asker alone, and teaches us the asker (RFC 826)", () => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, target: US });
    network.settle();
    expect(peer.heardArp()).toEqual([{ operation: arp.REPLY, sender: US, target: PEER, isBroadcast: false }]);
    expect(stateOf(host)).toBe("STALE");
  });

  test("a request for us from the neighbour that we are asking for is as good as its answer", () => {
    const { network, host, peer } = setUp();
    send(pathTo(host), "waiting");
    peer.arp({ operation: arp.REQUEST, target: US });
    network.settle();
    expect(payloads(peer.heardIp())).toEqual(["waiting"]);
  });

  test("a request for somebody else is neither answered nor learned from", () => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, target: v4("203.0.113.77") });
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({ "arp-not-for-us": 1 });
  });

  test("a conflict probe for our address is answered, and nothing is learned (RFC 5227 §2.1.1)", () => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, sender: 0, target: US });
    network.settle();
    expect(peer.heardArp()).toEqual([{ operation: arp.REPLY, sender: US, target: 0, isBroadcast: false }]);
    expect(host.ip.neighbours()).toEqual([]);
  });

  test("an address is announced when asked for (RFC 5227 §3)", () => {
    const { host, peer } = setUp();
    host.ip.addAddress(host.eth, parseV4("203.0.113.3"), 24, { announce: true });
    const own = v4("203.0.113.3");
    expect(peer.heardArp()).toEqual([{ operation: arp.REQUEST, sender: own, target: own, isBroadcast: true }]);
  });
});

describe("forged ARP", () => {
  test("a reply that nobody asked for makes no entry", () => {
    const { network, host, peer } = setUp();
    for (let i = 3; i < 254; i++) peer.arp({ operation: arp.REPLY, sender: v4(`203.0.113.${i}`), target: US, to: host.device.mac });
    network.settle();
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({ "arp-unsolicited": 251 });
  });

  test("a reply that nobody asked for does not change an entry, but has the next use ask", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(2000);
    answer(network, host, peer, ethernet.parseMac("02:66:66:66:66:66")!);
    expect(stateOf(host)).toBe("STALE");
    peer.heard();
    send(path, "two");
    expect(ethernet.isDestination(peer.heardIp()[0]!, 0, peer.device.mac)).toBe(true);
  });

  test("a request for us replaces a link address only when that is a second old", () => {
    const { network, host, peer } = setUp();
    const other = ethernet.parseMac("02:00:00:00:00:99")!;
    peer.arp({ operation: arp.REQUEST, target: US });
    peer.arp({ operation: arp.REQUEST, target: US, senderMac: other });
    network.settle();
    expect(host.ip.neighbours()[0]?.mac).toBe(ethernet.macText(peer.device.mac));
    network.advance(1000);
    peer.arp({ operation: arp.REQUEST, target: US, senderMac: other });
    network.settle();
    expect(host.ip.neighbours()[0]?.mac).toBe("02:00:00:00:00:99");
  });

  test.each([
    ["a broadcast link address", { senderMac: ethernet.BROADCAST_MAC }, "arp-bad-sender-mac"],
    ["a link address of zero", { senderMac: new Uint8Array(6) }, "arp-bad-sender-mac"],
    ["our address", { sender: US }, "arp-address-conflict"],
    ["the broadcast address", { sender: v4("203.0.113.255") }, "arp-bad-sender"],
    ["the limited broadcast address", { sender: 0xffffffff }, "arp-bad-sender"],
    ["an address of another network", { sender: v4("198.51.100.1") }, "arp-bad-sender"],
    ["a multicast address", { sender: v4("224.0.0.1") }, "arp-bad-sender"],
  ])("a sender with %s is not learned", (_what, forged, reason) => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, target: US, ...forged });
    network.settle();
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });

  test("a storm of senders fills the cache to its cap, and leaves who is in use", () => {
    const network = new Network();
    const host = network.host("us", "203.0.113.2");
    const peer = network.station("peer", "203.0.113.1");
    host.ip.addAddress(host.eth, parseV4("10.0.0.1"), 8);
    send(pathTo(host), "one");
    answer(network, host, peer);
    for (let i = 0; i < 2000; i++) {
      peer.arp({ operation: arp.REQUEST, sender: v4("10.1.0.0") + i, target: v4("10.0.0.1") });
      if (i % 100 === 0) network.settle();
    }
    network.settle();
    expect(host.eth.neighbours.size).toBe(MAX_NEIGHBOURS);
    expect(stateOf(host)).toBe("REACHABLE");
    expect(stateOf(host, formatV4(v4("10.1.0.0") + 1999))).toBe("STALE");
  });
});
