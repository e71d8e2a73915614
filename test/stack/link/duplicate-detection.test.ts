import { describe, expect, test } from "@jest/globals";
import { formatAddress, IPV6_ANY, type IpAddress, parseAddress, solicitedNodeOf } from "../../../src/stack/core/address.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../src/stack/packet/ndp.ts";
import { echoRequest, groupMac, heardIpv6, IP, icmpFrame, PAYLOAD, PEER } from "../ip/v6/neighbour.ts";
import { discoveryHeard, hear } from "../ip/v6/scripted-router.ts";
import { Network, type Station, type TestHost } from "./network.ts";

const CANDIDATE = parseAddress("2001:db8::7");
const GROUP = solicitedNodeOf(CANDIDATE, 0);

function setUp() {
  const network = new Network();
  const host = network.host("us", "203.0.113.2");
  const other = network.station("other", "203.0.113.9");
  const changes: string[] = [];
  const frames: { atMs: number; bytes: Uint8Array }[] = [];
  host.context.trace.subscribe((event) => {
    if (event.type === "address-changed") changes.push(event.state);
    if (event.type === "frame" && event.direction === "out" && ethernet.type(event.bytes, 0) === ethernet.TYPE_IPV6)
      frames.push({ atMs: event.atMs, bytes: event.bytes.slice() });
  });
  const tryIt = () => host.ip.addAddress(host.eth, CANDIDATE, 64, { detectConflicts: true });
  return { network, host, other, changes, frames, tryIt };
}

const stateOf = (host: TestHost): string | undefined =>
  host.eth.addresses.find((a) => formatAddress(a.address) === formatAddress(CANDIDATE))?.state;

const isProbe = (bytes: Uint8Array): boolean =>
  ipv6.nextHeader(bytes, IP) === ipv6.PROTOCOL_ICMP && icmpv6.type(bytes, PAYLOAD) === icmpv6.NEIGHBOUR_SOLICITATION;

function message(type: number, target: IpAddress, mac?: Uint8Array, flags = 0): Uint8Array {
  const bytes = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
  return bytes.slice(0, ndp.writeNeighbourMessage(bytes, 0, type, flags, target, mac));
}

/** Another host asks for the address, in nobody's name. @param nonce in its probe, if it has one */
function probe(host: TestHost, from: Station, nonce?: Uint8Array): string | undefined {
  const bytes = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
  if (nonce !== undefined) ndp.writeProbe(bytes, 0, CANDIDATE, nonce);
  const asks = nonce === undefined ? message(icmpv6.NEIGHBOUR_SOLICITATION, CANDIDATE) : bytes;
  return hear(host, icmpFrame(host, from, asks, { source: IPV6_ANY, destination: GROUP, linkTo: groupMac(GROUP), hopLimit: 255 }));
}

/** Another host says that it has the address. */
function claim(host: TestHost, from: Station): string | undefined {
  const all = parseAddress("ff02::1");
  const says = message(icmpv6.NEIGHBOUR_ADVERTISEMENT, CANDIDATE, from.device.mac, ndp.FLAG_OVERRIDE);
  return hear(host, icmpFrame(host, from, says, { source: CANDIDATE, destination: all, linkTo: groupMac(all), hopLimit: 255 }));
}

describe("an address that is tried (RFC 4862 §5.4)", () => {
  test("[SLC-01] [SLC-02] is asked for once, within a second, from nowhere, in a group that was joined first, and is ours a second later", () => {
    const { network, host, changes, frames, tryIt } = setUp();
    tryIt();
    expect(stateOf(host)).toBe("tentative");
    network.advance(5000);
    const asked = frames.filter(({ bytes }) => isProbe(bytes));
    expect(asked).toHaveLength(1);
    const [first] = asked;
    expect(first!.atMs).toBeLessThanOrEqual(1000);
    expect(ethernet.destinationText(first!.bytes, 0)).toBe("33:33:ff:00:00:07");
    expect(ipv6.hopLimit(first!.bytes, IP)).toBe(255);
    // A report of the group, from :: too.
    const reported = frames.findIndex(({ bytes }) => ipv6.nextHeader(bytes, IP) === 0);
    expect(reported).toBeGreaterThanOrEqual(0);
    expect(reported).toBeLessThan(frames.indexOf(first!));
    expect(changes).toEqual(["tentative", "preferred"]);
    expect(stateOf(host)).toBe("preferred");
  });

  test("[SLC-02] the question names the address, comes from :: and carries a nonce instead of a link address", () => {
    const { network, other, tryIt } = setUp();
    tryIt();
    network.advance(1000);
    expect(discoveryHeard(other)).toEqual([
      { type: icmpv6.NEIGHBOUR_SOLICITATION, from: "::", to: "ff02::1:ff00:7", target: "2001:db8::7", options: [ndp.OPTION_NONCE] },
    ]);
  });

  test("is ours at another moment than on a host beside it", () => {
    const moments = new Set<number>();
    const network = new Network();
    const host = network.host("us", "203.0.113.2");
    for (let i = 1; i <= 3; i++) host.ip.addAddress(host.eth, parseAddress(`2001:db8::${i}`), 64, { detectConflicts: true });
    host.context.trace.subscribe((event) => {
      if (event.type === "address-changed" && event.state === "preferred") moments.add(event.atMs);
    });
    network.advance(3000);
    expect(moments.size).toBe(3);
  });

  test("[SLC-02] [SLC-04] goes to another station that asks for it too", () => {
    const { network, host, other, changes, tryIt } = setUp();
    tryIt();
    network.advance(1000);
    expect(probe(host, other)).toBe("ndp-address-conflict");
    network.advance(5000);
    expect(stateOf(host)).toBeUndefined();
    expect(changes).toEqual(["tentative", "duplicate"]);
  });

  test("[SLC-02] [SLC-04] goes to a station that says it has it, before our question and after", () => {
    for (const waitMs of [0, 1000]) {
      const { network, host, other, changes, tryIt } = setUp();
      tryIt();
      network.advance(waitMs);
      expect(claim(host, other)).toBe("ndp-address-conflict");
      network.advance(5000);
      expect(stateOf(host)).toBeUndefined();
      expect(changes).toEqual(["tentative", "duplicate"]);
    }
  });

  test("[SLC-03] neither sends nor receives, nor answers who asks for it", () => {
    const { network, host, other, frames, tryIt } = setUp();
    host.eth.neighbours.addStatic(PEER, other.device.mac);
    tryIt();
    network.advance(500);
    expect(host.ip.ping(PEER, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 10 }, () => {})).toBe("no-route");
    expect(host.ip.route(PEER, CANDIDATE)).toBe("source-not-local");
    expect(hear(host, icmpFrame(host, other, echoRequest(), { destination: CANDIDATE }))).toBe("ipv6-address-tentative");
    const asks = message(icmpv6.NEIGHBOUR_SOLICITATION, CANDIDATE, other.device.mac);
    const packet = { destination: GROUP, linkTo: groupMac(GROUP), hopLimit: 255 };
    expect(hear(host, icmpFrame(host, other, asks, packet))).toBe("ndp-not-for-us");
    network.settle();
    for (const { bytes } of frames) expect(discoverySource(bytes)).toBe("::");
  });

  test("[SLC-12] is not taken away by our own question that the link hands back, which is asked three times more", () => {
    const { network, host, other, frames, tryIt } = setUp();
    tryIt();
    network.advance(1000);
    const asked = () => frames.filter(({ bytes }) => isProbe(bytes));
    // As it left, from our own station.
    expect(hear(host, asked()[0]!.bytes)).toBe("ndp-own-probe");
    expect(stateOf(host)).toBe("tentative");
    network.advance(3000);
    expect(asked()).toHaveLength(4);
    expect(stateOf(host)).toBe("tentative");
    expect(probe(host, other, new Uint8Array(ndp.NONCE))).toBe("ndp-address-conflict");
    expect(stateOf(host)).toBeUndefined();
  });

  test("waits for the link, and is tried again when it comes back; another's answer counts then too", () => {
    const { network, host, other, frames, tryIt } = setUp();
    host.device.setLink(false);
    tryIt();
    network.advance(10_000);
    expect(frames).toEqual([]);
    host.device.setLink(true);
    network.advance(2000);
    expect(stateOf(host)).toBe("preferred");
    host.device.setLink(false);
    host.device.setLink(true);
    expect(stateOf(host)).toBe("tentative");
    network.advance(1000);
    expect(claim(host, other)).toBe("ndp-address-conflict");
    expect(stateOf(host)).toBeUndefined();
    expect(host.context.timers.pending().filter(({ name }) => name === "duplicate-detection")).toEqual([]);
  });
});

test("once it is ours nobody takes it: who asks is told, who claims it is counted", () => {
  const { network, host, other, tryIt } = setUp();
  tryIt();
  network.advance(2000);
  heardIpv6(other);
  expect(probe(host, other)).toBeUndefined();
  network.settle();
  expect(discoveryHeard(other)).toMatchObject([{ type: icmpv6.NEIGHBOUR_ADVERTISEMENT, to: "ff02::1", target: "2001:db8::7" }]);
  expect(claim(host, other)).toBe("ipv6-source-ours");
  expect(stateOf(host)).toBe("preferred");
});

test("an address that is given without a question is ours at once, as in IPv4", () => {
  const { network, host, frames } = setUp();
  host.ip.addAddress(host.eth, CANDIDATE, 64);
  expect(stateOf(host)).toBe("preferred");
  network.advance(5000);
  expect(frames.filter(({ bytes }) => isProbe(bytes))).toEqual([]);
});

function discoverySource(bytes: Uint8Array): string {
  return formatAddress(
    parseAddress([...Array(8)].map((_, i) => ((bytes[IP + 8 + 2 * i]! << 8) | bytes[IP + 9 + 2 * i]!).toString(16)).join(":")),
  );
}
