import { describe, expect, test } from "@jest/globals";
import { formatV4, ipv4, parseV4 } from "../../../src/stack/core/address.ts";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import type { FoundPath } from "../../../src/stack/ip/family.ts";
import { MAX_NEIGHBOURS, MAX_QUEUED_BYTES } from "../../../src/stack/link/neighbours.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as ipv4Packet from "../../../src/stack/packet/ipv4.ts";
import { bytesOf, Network, type Station, type TestHost, v4 } from "./network.ts";

const US = v4("203.0.113.2");
const PEER = v4("203.0.113.1");
const BROADCAST = ethernet.BROADCAST_MAC;
const NEW_CARD = ethernet.parseMac("02:00:00:00:00:99")!;

function setUp(profile = WINDOWS) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const peer = network.station("peer", "203.0.113.1");
  return { network, host, peer };
}

const stateOf = (host: TestHost, address = "203.0.113.1") => host.ip.neighbours().find((n) => n.address === address)?.state;

function pathTo(host: TestHost, address = "203.0.113.1"): FoundPath {
  const path = host.ip.route(parseV4(address));
  if (typeof path === "string") throw new Error(path);
  return path;
}

/** Sends `text` as a datagram of an experimental protocol (RFC 3692). */
function send(path: FoundPath, text: string | Uint8Array) {
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

  test("[ARP-05] asks at most once a second, however much is sent (RFC 1122 §2.3.2.1)", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    for (let i = 0; i < 1000; i++) {
      send(path, "x");
      network.advance(2.5);
    }
    expect(peer.heardArp()).toHaveLength(3);
  });

  test("[ARP-06] keeps the newest 64 frames, and counts the lost ones", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    for (let i = 0; i < 68; i++) expect(send(path, `n${i}`)).toBe("queued");
    answer(network, host, peer);
    expect(payloads(peer.heardIp())).toEqual(Array.from({ length: 64 }, (_, i) => `n${i + 4}`));
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

  test("keeps as much as its bound for one neighbour, and then the newest", () => {
    const { host } = setUp();
    const neighbour = host.eth.neighbours.obtain(parseV4("203.0.113.1"));
    const give = (bytes: number) => host.eth.neighbours.send(neighbour, new Uint8Array(16 + bytes), 16, 16 + bytes, plainFrame());
    const half = MAX_QUEUED_BYTES / 2;
    expect([give(half), give(half)]).toEqual(["queued", "queued"]);
    expect([neighbour.queue.length, host.drops()]).toEqual([2, {}]);
    expect(give(60)).toBe("queued");
    expect([neighbour.queue.length, neighbour.queuedBytes, host.drops()]).toEqual([2, half + 60, { "neighbour-queue-full": 1 }]);
    expect(give(2 * half + 1)).toBe("dropped");
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

  test("[ARP-07] gives up after three unanswered requests, drops what waits, and asks anew a second later", () => {
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
  ])("[ARP-07] tells the transport of the failure where the profile says so: $name (RFC 1122 §2.4)", (profile, expected) => {
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
  test("[ARP-03] [ARP-11] is used for five seconds once it has grown stale, then confirmed by a unicast request, while traffic goes on", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    expect(stateOf(host)).toBe("STALE");
    peer.heard();

    expect(send(path, "two")).toBe("sent");
    expect(stateOf(host)).toBe("DELAY");
    network.advance(4999);
    expect(peer.heard().map((f) => ethernet.type(f, 0))).toEqual([ethernet.TYPE_IPV4]);
    network.advance(1);
    expect(stateOf(host)).toBe("PROBE");
    const [request] = peer.heard();
    expect([ethernet.type(request!, 0), arp.targetIp(request!, 14)]).toEqual([ethernet.TYPE_ARP, PEER]);
    expect(ethernet.isDestination(request!, 0, peer.device.mac)).toBe(true);
    expect(send(path, "three")).toBe("sent");
    answer(network, host, peer);
    expect(stateOf(host)).toBe("REACHABLE");
    expect(host.context.timers.size).toBe(0);
  });

  test("is stale from the very moment that its confirmation ends", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    const { untilMs } = host.eth.neighbours.obtain(parseV4("203.0.113.1"));
    network.advance(untilMs - network.time.now);
    expect([network.time.now, stateOf(host)]).toEqual([untilMs, "STALE"]);
    send(path, "two");
    expect(stateOf(host)).toBe("DELAY");
  });

  test("is asked at its station three times, then by broadcast three times, and found although its card is another", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    peer.heard();
    send(path, "two");
    network.advance(8000);
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([false, false, false, true]);

    const newMac = ethernet.parseMac("02:00:00:00:00:99")!;
    answer(network, host, peer, newMac);
    send(path, "three");
    const sent = peer.heardIp();
    expect(ethernet.destinationText(sent[sent.length - 1]!, 0)).toBe("02:00:00:00:00:99");
  });

  test("is given up when it answers neither at its station nor by broadcast", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    send(path, "two");
    network.advance(5000 + 6000 - 1);
    expect(stateOf(host)).toBe("INCOMPLETE");
    network.advance(1);
    expect(stateOf(host)).toBe("FAILED");
  });

  test("[ARP-04] is trusted, waited for and asked as long and as often as the profile says", () => {
    const { network, host, peer } = setUp({
      ...WINDOWS,
      neighbourReachableMs: 1000,
      neighbourDelayMs: 200,
      neighbourProbeMs: 100,
      neighbourUnicastProbes: 2,
      neighbourMulticastProbes: 4,
    });
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    expect(stateOf(host)).toBe("REACHABLE");
    network.advance(499);
    expect(stateOf(host)).toBe("REACHABLE");
    network.advance(1001);
    expect(stateOf(host)).toBe("STALE");
    peer.heard();
    send(path, "two");
    network.advance(200 + 599);
    expect(stateOf(host)).toBe("INCOMPLETE");
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([false, false, true, true, true, true]);
    network.advance(1);
    expect(stateOf(host)).toBe("FAILED");
  });

  test("an answer that nobody asked for does not confirm one that is waited for", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    send(path, "two");
    answer(network, host, peer);
    expect(stateOf(host)).toBe("DELAY");
    expect(host.drops()).toEqual({ "arp-unsolicited": 1 });
  });

  test("given by the operator is never asked for, learned over, or flushed with the link", () => {
    const { network, host, peer } = setUp();
    host.eth.neighbours.addStatic(ipv4(PEER), peer.device.mac);
    peer.arp({ operation: arp.REQUEST, target: US, senderMac: ethernet.parseMac("02:00:00:00:00:99")! });
    network.settle();
    host.device.setLink(false);
    host.device.setLink(true);
    peer.heard();
    expect(send(pathTo(host), "hello")).toBe("sent");
    expect(ethernet.isDestination(peer.heard()[0]!, 0, peer.device.mac)).toBe(true);
    expect(host.eth.neighbours.remove(ipv4(PEER))).toBe(true);
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
function pathToLater(host: TestHost): FoundPath {
  host.device.setLink(true);
  const path = pathTo(host);
  host.device.setLink(false);
  return path;
}

describe("what transports say of a neighbour (RFC 4861 §7.3.1, RFC 1122 §3.3.1.4)", () => {
  function reached() {
    const all = setUp();
    const path = pathTo(all.host);
    send(path, "one");
    answer(all.network, all.host, all.peer);
    all.peer.heard();
    return { ...all, path };
  }

  test("[ARP-11] a neighbour that they get through to is never asked", () => {
    const { network, host, peer, path } = reached();
    for (let second = 0; second < 300; second++) {
      send(path, "more");
      path.confirm();
      network.advance(1000);
    }
    expect(stateOf(host)).toBe("REACHABLE");
    expect(peer.heardArp()).toEqual([]);
    expect(host.context.timers.size).toBe(0);
  });

  test.each(["STALE", "DELAY", "PROBE"])("their word makes one that is %s reachable again", (state) => {
    const { network, host, path } = reached();
    network.advance(45_000);
    if (state !== "STALE") send(path, "two");
    if (state === "PROBE") network.advance(5500);
    expect(stateOf(host)).toBe(state);
    path.confirm();
    expect(stateOf(host)).toBe("REACHABLE");
    expect(host.context.timers.size).toBe(0);
  });

  test("their word counts once a second, is nothing where nobody has answered yet, and nothing against a station that is doubted", () => {
    const { network, host, peer, path } = reached();
    path.confirm();
    network.advance(999);
    announce(network, peer, NEW_CARD);
    path.confirm();
    expect(stateOf(host)).toBe("PROBE");
    network.advance(1);
    path.confirm();
    expect(stateOf(host)).toBe("PROBE");

    const other = pathTo(host, "203.0.113.9");
    send(other, "waits");
    other.confirm();
    expect(stateOf(host, "203.0.113.9")).toBe("INCOMPLETE");
    pathTo(host, "203.0.113.10").confirm();
    expect(stateOf(host, "203.0.113.10")).toBeUndefined();
  });

  test("one that they do not get through to is asked for by broadcast, once a second, and kept when it answers", () => {
    const { network, host, peer, path } = reached();
    network.advance(1000);
    for (let i = 0; i < 9; i++) {
      path.suspect();
      network.advance(100);
    }
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([true]);
    answer(network, host, peer);
    expect(stateOf(host)).toBe("REACHABLE");
    path.suspect();
    network.advance(0);
    expect(peer.heardArp()).toHaveLength(0);
  });

  test("an address that the operator gave stays as it is", () => {
    const { host, peer } = setUp();
    peer.introduce(host);
    const path = pathTo(host);
    send(path, "one");
    path.confirm();
    path.suspect();
    expect(stateOf(host)).toBe("STATIC");
    expect(peer.heardArp()).toEqual([]);
  });
});

/** The peer tells everybody of its link address, unasked (RFC 5227 §3; some systems use a reply). */
function announce(network: Network, peer: Station, senderMac: Uint8Array, kind: "announcement" | "broadcast reply" = "announcement") {
  peer.arp({ operation: kind === "announcement" ? arp.REQUEST : arp.REPLY, target: peer.address, senderMac, to: BROADCAST });
  network.settle();
}

describe("a neighbour that moves to another card and announces it (RFC 826, packet reception)", () => {
  const destinationsOf = (peer: Station) => peer.heardIp().map((f) => ethernet.destinationText(f, 0));
  const NEW_TEXT = ethernet.macText(NEW_CARD);

  test.each(["announcement", "broadcast reply"] as const)(
    "is asked for by broadcast at once, and reached at the new card when it answers: %s",
    (kind) => {
      const { network, host, peer } = setUp();
      const path = pathTo(host);
      send(path, "one");
      answer(network, host, peer);
      network.advance(5000);
      peer.heard();
      announce(network, peer, NEW_CARD, kind);
      expect(peer.heardArp()).toEqual([{ operation: arp.REQUEST, sender: US, target: PEER, isBroadcast: true }]);
      answer(network, host, peer, NEW_CARD);
      network.advance(100);
      send(path, "two");
      expect(destinationsOf(peer)).toEqual([NEW_TEXT]);
      expect(stateOf(host)).toBe("REACHABLE");
      expect(host.context.timers.size).toBe(0);
    },
  );

  test("is found although it was confirmed a moment before", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    announce(network, peer, NEW_CARD);
    peer.heard();
    network.advance(1000);
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([true]);
    answer(network, host, peer, NEW_CARD);
    network.advance(100);
    send(path, "two");
    expect(destinationsOf(peer)).toEqual([NEW_TEXT]);
  });

  test("is asked for by broadcast even where it is being asked at the old card", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    send(path, "two");
    network.advance(500);
    peer.heard();
    announce(network, peer, NEW_CARD);
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([true]);
    answer(network, host, peer, NEW_CARD);
    network.advance(100);
    peer.heard();
    send(path, "three");
    expect(destinationsOf(peer)).toEqual([NEW_TEXT]);
  });

  test("and had grown stale is asked for by broadcast at its next use", () => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, target: US });
    network.advance(5000);
    peer.heard();
    announce(network, peer, NEW_CARD);
    expect(peer.heardArp()).toEqual([]);
    send(pathTo(host), "one");
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([true]);
  });

  test("while we ask for it is as good as its answer: what waits leaves", () => {
    const { network, host, peer } = setUp();
    send(pathTo(host), "waiting");
    announce(network, peer, NEW_CARD);
    expect(destinationsOf(peer)).toEqual([NEW_TEXT]);
  });

  test.each(["announcement", "broadcast reply"] as const)(
    "after it was given up is asked for at the next use, without the pause: %s",
    (kind) => {
      const { network, host, peer } = setUp();
      const path = pathTo(host);
      send(path, "lost");
      network.advance(3001);
      expect(stateOf(host)).toBe("FAILED");
      announce(network, peer, NEW_CARD, kind);
      peer.heard();
      expect(send(path, "again")).toBe("queued");
      expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([true]);
    },
  );

  test("and answers the question at its new card only: the old one is given up after a moment, by what it says of itself", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    send(path, "two");
    network.advance(5000);
    answer(network, host, peer, NEW_CARD);
    network.advance(100);
    peer.heard();
    send(path, "three");
    expect(destinationsOf(peer)).toEqual([NEW_TEXT]);
  });

  test("does not move an address that the operator gave", () => {
    const { network, host, peer } = setUp();
    host.eth.neighbours.addStatic(ipv4(PEER), peer.device.mac);
    announce(network, peer, NEW_CARD);
    announce(network, peer, NEW_CARD, "broadcast reply");
    network.advance(5000);
    peer.heard();
    send(pathTo(host), "hello");
    expect(destinationsOf(peer)).toEqual([ethernet.macText(peer.device.mac)]);
    expect(host.context.timers.size).toBe(0);
  });

  test("is given up when nobody answers at either card", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(5000);
    announce(network, peer, NEW_CARD);
    network.advance(3001);
    expect(stateOf(host)).toBe("FAILED");
    expect(host.context.timers.size).toBe(0);
  });

  test("asks for us from the new card a moment after it was learned: the next use asks everybody", () => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, target: US });
    peer.arp({ operation: arp.REQUEST, target: US, senderMac: NEW_CARD });
    network.settle();
    peer.heard();
    send(pathTo(host), "one");
    expect(peer.heardArp().map((a) => a.isBroadcast)).toEqual([true]);
  });
});

describe("answering for our addresses", () => {
  test("[ARP-01] [ACD-07] a request for us is answered to the asker alone, and teaches us the asker (RFC 826)", () => {
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

  test("[ARP-01] a request for somebody else is neither answered nor learned from", () => {
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

  test("[ARP-09] a request in the name of another network's address is answered to its link address, and nothing is learned (RFC 826)", () => {
    const { network, host, peer } = setUp();
    const elsewhere = v4("198.51.100.1");
    peer.arp({ operation: arp.REQUEST, sender: elsewhere, target: US });
    network.settle();
    const [reply] = peer.heard();
    expect(ethernet.isDestination(reply!, 0, peer.device.mac)).toBe(true);
    expect([arp.operation(reply!, 14), arp.senderIp(reply!, 14), arp.targetIp(reply!, 14)]).toEqual([arp.REPLY, US, elsewhere]);
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({});
  });

  test("a request in the name of another network's address leaves what is known of the asker as it is", () => {
    const { network, host, peer } = setUp();
    send(pathTo(host), "one");
    answer(network, host, peer);
    network.advance(2000);
    peer.arp({ operation: arp.REQUEST, sender: v4("198.51.100.1"), target: US, senderMac: NEW_CARD });
    network.settle();
    expect(host.ip.neighbours()).toMatchObject([{ address: "203.0.113.1", mac: ethernet.macText(peer.device.mac), state: "REACHABLE" }]);
  });

  test.each([
    ["a reply", { operation: arp.REPLY, target: US }],
    ["an announcement", { operation: arp.REQUEST, target: v4("198.51.100.1") }],
  ])("%s in the name of another network's address is of no use", (_what, said) => {
    const { network, host, peer } = setUp();
    peer.arp({ ...said, sender: v4("198.51.100.1") });
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "arp-bad-sender": 1 });
  });

  test("a peer in another network, behind our gateway by our routes, is answered through the gateway: ping and UDP", () => {
    const { network, host, peer } = setUp();
    host.ip.addRoute({ destination: ipv4(0), prefixLength: 0, gateway: ipv4(PEER) });
    const elsewhere = v4("198.51.100.1");
    peer.arp({ operation: arp.REQUEST, sender: elsewhere, target: US });
    peer.say(peer.echoRequest(host, "12345678", { source: elsewhere }));
    peer.say(peer.udp(host, { from: 5000, to: 9 }, "nobody there", { source: elsewhere }));
    network.settle();
    answer(network, host, peer);
    const replies = peer.heardIp();
    expect(replies).toHaveLength(2);
    for (const r of replies) {
      expect(ethernet.isDestination(r, 0, peer.device.mac)).toBe(true);
      expect(ipv4Packet.destination(r, 14)).toBe(elsewhere);
    }
  });

  test("an address is announced when asked for (RFC 5227 §3)", () => {
    const { host, peer } = setUp();
    host.ip.addAddress(host.eth, parseV4("203.0.113.3"), 24, { announce: true });
    const own = v4("203.0.113.3");
    expect(peer.heardArp()).toEqual([{ operation: arp.REQUEST, sender: own, target: own, isBroadcast: true }]);
  });
});

describe("forged ARP", () => {
  test("[ARP-08] a reply that nobody asked for makes no entry", () => {
    const { network, host, peer } = setUp();
    for (let i = 3; i < 254; i++) peer.arp({ operation: arp.REPLY, sender: v4(`203.0.113.${i}`), target: US, to: host.device.mac });
    network.settle();
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({ "arp-unsolicited": 251 });
  });

  test("[ARP-08] a reply that nobody asked for does not change an entry, but has everybody asked", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(2000);
    peer.heard();
    answer(network, host, peer, ethernet.parseMac("02:66:66:66:66:66")!);
    expect(peer.heardArp()).toEqual([{ operation: arp.REQUEST, sender: US, target: PEER, isBroadcast: true }]);
    send(path, "two");
    expect(ethernet.isDestination(peer.heardIp()[0]!, 0, peer.device.mac)).toBe(true);
    answer(network, host, peer);
    expect(stateOf(host)).toBe("REACHABLE");
    expect(host.context.timers.size).toBe(0);
  });

  test("who answers our question quicker than the owner does not get the address, as long as the owner answers too", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(2000);
    const forger = ethernet.parseMac("02:66:66:66:66:66")!;
    for (let round = 0; round < 20; round++) {
      announce(network, peer, forger, round % 2 === 0 ? "announcement" : "broadcast reply");
      answer(network, host, peer, forger);
      answer(network, host, peer);
      peer.heard();
      send(path, "x");
      network.advance(100);
      send(path, "y");
      for (const f of peer.heardIp()) expect(ethernet.isDestination(f, 0, peer.device.mac)).toBe(true);
    }
  });

  test("of two strangers who answer our question while the owner is silent the first gets the address, and the second not by being last", () => {
    const { network, host, peer } = setUp();
    const path = pathTo(host);
    send(path, "one");
    answer(network, host, peer);
    network.advance(45_000);
    send(path, "two");
    network.advance(5000);
    expect(stateOf(host)).toBe("PROBE");
    answer(network, host, peer, NEW_CARD);
    network.advance(50);
    answer(network, host, peer, ethernet.parseMac("02:66:66:66:66:66")!);
    // The first claim is decided when it is 100 ms old.
    network.advance(49);
    expect(host.ip.neighbours()).toMatchObject([{ mac: ethernet.macText(peer.device.mac) }]);
    network.advance(1);
    expect(host.ip.neighbours()).toMatchObject([{ mac: ethernet.macText(NEW_CARD), state: "REACHABLE" }]);
  });

  test("a storm of announcements makes us ask once a second (RFC 1122 §2.3.2.1)", () => {
    const { network, host, peer } = setUp();
    send(pathTo(host), "one");
    answer(network, host, peer);
    network.advance(2000);
    peer.heard();
    let asked = 0;
    for (let i = 0; i < 1000; i++) {
      announce(network, peer, ethernet.parseMac(`02:66:66:66:66:${(i % 100).toString().padStart(2, "0")}`)!);
      const questions = peer.heardArp().filter((a) => a.sender === US).length;
      asked += questions;
      if (questions > 0) answer(network, host, peer);
      network.advance(5);
    }
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(6);
  });

  test("[ARP-08] a request for us replaces a link address only when that is a second old", () => {
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
    ["the broadcast address", { sender: v4("203.0.113.255") }, "arp-bad-sender"],
    ["the limited broadcast address", { sender: 0xffffffff }, "arp-bad-sender"],
    ["a loopback address", { sender: v4("127.0.0.1") }, "arp-bad-sender"],
    ["a reserved address", { sender: v4("240.0.0.1") }, "arp-bad-sender"],
    ["our own link address", { senderMac: undefined }, "arp-bad-sender-mac"],
    ["a multicast address", { sender: v4("224.0.0.1") }, "arp-bad-sender"],
  ])("[ARP-10] a sender with %s is not learned", (_what, forged, reason) => {
    const { network, host, peer } = setUp();
    const senderMac = "senderMac" in forged ? (forged.senderMac ?? host.device.mac) : peer.device.mac;
    peer.arp({ operation: arp.REQUEST, target: US, ...forged, senderMac });
    network.settle();
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });

  test("a sender with our address is not learned, and is told that it is ours (RFC 5227 §2.4)", () => {
    const { network, host, peer } = setUp();
    peer.arp({ operation: arp.REQUEST, sender: US, target: US });
    network.settle();
    expect(host.ip.neighbours()).toEqual([]);
    expect(host.drops()).toEqual({ "arp-address-conflict": 1 });
    expect(peer.heardArp()).toEqual([{ operation: arp.REQUEST, sender: US, target: US, isBroadcast: true }]);
  });

  test("[ARP-09] a storm of senders fills the cache to its cap, and leaves who is in use", () => {
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
    // Of those that are not in use the oldest went.
    const states = [0, 1400, 1600, 1999].map((n) => stateOf(host, formatV4(v4("10.1.0.0") + n)));
    expect(states).toEqual([undefined, undefined, "STALE", "STALE"]);
  });

  test("those who never answered make room for those who come, and not those who did", () => {
    const network = new Network();
    const host = network.host("us", "203.0.113.2");
    const peer = network.station("peer", "203.0.113.1");
    host.ip.addAddress(host.eth, parseV4("10.0.0.1"), 8);
    send(pathTo(host), "one");
    answer(network, host, peer);
    for (let i = 0; i < MAX_NEIGHBOURS * 2; i++) {
      network.advance(1);
      send(pathTo(host, formatV4(v4("10.1.0.0") + i)), "nobody");
    }
    expect([host.eth.neighbours.size, stateOf(host)]).toEqual([MAX_NEIGHBOURS, "REACHABLE"]);
    expect(stateOf(host, formatV4(v4("10.1.0.0")))).toBeUndefined();
  });

  test("a storm of senders does not end the question for somebody else", () => {
    const network = new Network();
    const host = network.host("us", "203.0.113.2");
    const peer = network.station("peer", "203.0.113.1");
    host.ip.addAddress(host.eth, parseV4("10.0.0.1"), 8);
    send(pathTo(host), "waits");
    for (let i = 0; i < MAX_NEIGHBOURS * 2; i++) {
      peer.arp({ operation: arp.REQUEST, sender: v4("10.1.0.0") + i, target: v4("10.0.0.1") });
      if (i % 100 === 0) network.settle();
    }
    network.settle();
    expect([host.eth.neighbours.size, stateOf(host)]).toEqual([MAX_NEIGHBOURS, "INCOMPLETE"]);
  });
});
