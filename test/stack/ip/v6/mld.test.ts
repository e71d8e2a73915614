import { describe, expect, test } from "@jest/globals";
import { type AddressWords, formatAddress, type IpAddress, makeAddressSlot, parseAddress } from "../../../../src/stack/core/address.ts";
import { Memberships } from "../../../../src/stack/ip/groups/memberships.ts";
import { ANY_SOURCE } from "../../../../src/stack/ip/groups/source-filter.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import * as extensionHeaders from "../../../../src/stack/packet/extension-headers.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import * as mld from "../../../../src/stack/packet/mld.ts";
import { Network, type Station, type TestHost } from "../../link/network.ts";
import { groupMac, IP, PAYLOAD, receive } from "./neighbour.ts";

const GROUP = parseAddress("ff3e::1234");
const OTHER = parseAddress("ff05::2");
const OURS = parseAddress("fe80::2");
const ROUTER = parseAddress("fe80::1");
const ALL_NODES = parseAddress("ff02::1");
const SOURCE = parseAddress("2001:db8::9");
const KINDS = ["?", "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"];
const MESSAGE = PAYLOAD + 8;

function setUp(isTentative = false) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2");
  const router = network.station("router", "203.0.113.1");
  host.ip.addAddress(host.eth, OURS, 64, { isTentative });
  const said = (ms: number): string[] => {
    network.advance(ms);
    return reports(router).map(inWords);
  };
  const socket = () => new Memberships(host.ip);
  return { network, host, router, said, socket };
}

/** Frames with hop-by-hop options: MLD's. */
const reports = (router: Station): Uint8Array[] =>
  router.heard().filter((f) => ethernet.type(f, 0) === ethernet.TYPE_IPV6 && ipv6.nextHeader(f, IP) === extensionHeaders.HOP_BY_HOP);

const plain = (slot: AddressWords): string => formatAddress({ ...slot, scope: 0 });

function destinationOf(frame: Uint8Array): string {
  const slot = makeAddressSlot();
  ipv6.fillDestination(frame, IP, slot, 0);
  return plain(slot);
}

function sourceOf(frame: Uint8Array): string {
  const slot = makeAddressSlot();
  ipv6.fillSource(frame, IP, slot, 0);
  return plain(slot);
}

function inWords(frame: Uint8Array): string {
  const end = ipv6.payloadEnd(frame, IP);
  const [from, to, slot] = [makeAddressSlot(), makeAddressSlot(), makeAddressSlot()];
  ipv6.fillSource(frame, IP, from, 0);
  ipv6.fillDestination(frame, IP, to, 0);
  expect(icmpv6.verifyChecksum(frame, MESSAGE, end, from, to)).toBe(true);
  const start = `to ${plain(to)}:`;
  mld.fillGroup(frame, MESSAGE, slot, 0);
  if (icmpv6.type(frame, MESSAGE) === icmpv6.LISTENER_REPORT_V1) return `${start} v1 ${plain(slot)}`;
  if (icmpv6.type(frame, MESSAGE) === icmpv6.LISTENER_DONE) return `${start} done ${plain(slot)}`;
  expect(icmpv6.type(frame, MESSAGE)).toBe(icmpv6.LISTENER_REPORT_V2);
  const records: string[] = [];
  let record = mld.firstRecord(MESSAGE);
  for (let i = 0; i < mld.recordCount(frame, MESSAGE); i++, record = mld.nextRecord(frame, record)) {
    mld.fillRecordGroup(frame, record, slot);
    const group = plain(slot);
    const sources = Array.from({ length: mld.recordSourceCount(frame, record) }, (_, k) => {
      mld.fillRecordSource(frame, record, k, slot);
      return plain(slot);
    });
    records.push(`${KINDS[mld.recordKind(frame, record)]} ${group} {${sources}}`);
  }
  expect(record).toBe(end);
  return `${start} ${records.join(" ")}`;
}

interface Asked {
  readonly version?: 1 | 2;
  readonly group?: IpAddress;
  readonly sources?: readonly IpAddress[];
  readonly maxResponseMs?: number;
  readonly to?: IpAddress;
  readonly from?: IpAddress;
  readonly hopLimit?: number;
  readonly hasRouterAlert?: boolean;
  /** Bytes of the message; those that it needs unless given. */
  readonly bytes?: number;
  readonly type?: number;
}

function query(router: Station, asked: Asked = {}): Uint8Array {
  const { version = 2, group = parseAddress("::"), sources = [], maxResponseMs = 10_000, from = ROUTER, hopLimit = 1 } = asked;
  const to = asked.to ?? (asked.group === undefined ? ALL_NODES : group);
  const message = new Uint8Array(version === 1 ? mld.V1_MESSAGE : mld.V2_QUERY_HEADER + 16 * sources.length);
  icmpv6.writeHeader(message, 0, asked.type ?? icmpv6.LISTENER_QUERY, 0);
  mld.writeBody(message, 0, group, maxResponseMs);
  if (version === 2) message.set([2, 125, 0, sources.length], 24);
  for (const [i, source] of sources.entries()) ipv6.putAddress(message, mld.V2_QUERY_HEADER + 16 * i, source);
  const bytes = asked.bytes ?? message.length;
  const body = message.slice(0, bytes);
  icmpv6.putChecksum(body, 0, bytes, from, to);
  const hasAlert = asked.hasRouterAlert !== false;
  const at = hasAlert ? MESSAGE : PAYLOAD;
  const frame = new Uint8Array(at + bytes);
  ethernet.writeHeader(frame, 0, groupMac(to), router.device.mac, ethernet.TYPE_IPV6);
  ipv6.writeHeader(frame, IP, frame.length - PAYLOAD, from, to, hasAlert ? extensionHeaders.HOP_BY_HOP : ipv6.PROTOCOL_ICMP, hopLimit);
  if (hasAlert) extensionHeaders.writeRouterAlert(frame, PAYLOAD, ipv6.PROTOCOL_ICMP);
  frame.set(body, at);
  return frame;
}

describe("what leaves (RFC 3810 §5)", () => {
  test("[MC-10] reports go to ff02::16 from the link-local address, with a hop limit of 1 and a router alert", () => {
    const { host, router, socket, said } = setUp();
    said(5000);
    expect(socket().join(GROUP, host.eth)).toBeUndefined();
    const [frame] = reports(router);
    expect(ethernet.destinationText(frame!, 0)).toBe("33:33:00:00:00:16");
    expect([sourceOf(frame!), ipv6.hopLimit(frame!, IP)]).toEqual(["fe80::2", 1]);
    expect([...frame!.subarray(PAYLOAD, MESSAGE)]).toEqual([58, 0, 5, 2, 0, 0, 1, 0]);
    expect(inWords(frame!)).toBe("to ff02::16: TO_EX ff3e::1234 {}");
    expect(said(5000)).toEqual(["to ff02::16: TO_EX ff3e::1234 {}"]);
    expect(host.drops()).toEqual({});
  });

  test("[MC-10] [MC-13] an address on trial listens already, from ::, and says it again when it is ours", () => {
    const { network, host, router } = setUp(true);
    network.advance(5000);
    const before = reports(router);
    expect(before.map((f) => `${sourceOf(f)} ${inWords(f)}`)).toEqual(Array(2).fill(":: to ff02::16: TO_EX ff02::1:ff00:2 {}"));
    host.eth.addressBook.confirm(host.eth.addresses.find(({ state }) => state === "tentative")!.address);
    network.advance(5000);
    const after = reports(router);
    expect(after.map((f) => `${sourceOf(f)} ${inWords(f)}`)).toEqual(Array(2).fill("fe80::2 to ff02::16: TO_EX ff02::1:ff00:2 {}"));
    // Once, not with every address that follows.
    host.ip.addAddress(host.eth, parseAddress("2001:db8::2"), 64);
    host.ip.addAddress(host.eth, parseAddress("2001:db8::7"), 64);
    network.advance(5000);
    expect(reports(router).map(inWords)).toEqual(Array(2).fill("to ff02::16: TO_EX ff02::1:ff00:7 {}"));
    host.ip.removeAddress(host.eth, parseAddress("2001:db8::7"));
    host.ip.removeAddress(host.eth, parseAddress("2001:db8::2"));
    network.advance(5000);
    expect(reports(router).map(inWords)).toEqual(Array(2).fill("to ff02::16: TO_IN ff02::1:ff00:7 {}"));
  });

  test("nobody hears of all nodes, nor of what stays on this host (RFC 3810 §6)", () => {
    const { host, socket, said } = setUp();
    said(5000);
    const s = socket();
    for (const group of ["ff02::1", "ff01::5", "ff10::5"]) expect(s.join(parseAddress(group), host.eth)).toBeUndefined();
    expect(said(5000)).toEqual([]);
  });

  test("a group of one link belongs to the interface that it was joined on, however it is written", () => {
    const { host, socket } = setUp();
    const s = socket();
    const mdns = parseAddress("ff02::fb");
    expect(s.join(mdns, host.eth)).toBeUndefined();
    expect(s.list().map(({ group }) => group.scope)).toEqual([host.eth.index]);
    expect(s.join({ ...mdns, scope: host.eth.index } as IpAddress)).toBe("already-member");
    expect(s.leave(mdns)).toBeUndefined();
    expect(s.list()).toEqual([]);
  });
});

describe("queries", () => {
  function joined() {
    const all = setUp();
    const s = all.socket();
    s.join(GROUP, all.host.eth);
    all.said(5000);
    return { ...all, s };
  }

  test("[MC-04] all groups, one of them, and sources of one are answered for", () => {
    const { host, router, s, said } = joined();
    receive(host, query(router));
    expect(said(12_000)).toEqual(["to ff02::16: IS_EX ff02::1:ff00:2 {} IS_EX ff3e::1234 {}"]);
    receive(host, query(router, { group: GROUP }));
    expect(said(12_000)).toEqual(["to ff02::16: IS_EX ff3e::1234 {}"]);
    s.setFilter(GROUP, { mode: "include", sources: [SOURCE] }, host.eth);
    said(5000);
    receive(host, query(router, { group: GROUP, sources: [SOURCE, parseAddress("2001:db8::8")] }));
    expect(said(12_000)).toEqual(["to ff02::16: IS_IN ff3e::1234 {2001:db8::9}"]);
    expect(host.drops()).toEqual({});
  });

  test("[MC-11] an older querier is spoken to in version 1, and 260 s after its last query no more", () => {
    const { network, host, router, s, said } = joined();
    receive(host, query(router, { version: 1 }));
    expect(said(10_000).sort()).toEqual(["to ff02::1:ff00:2: v1 ff02::1:ff00:2", "to ff3e::1234: v1 ff3e::1234"]);
    s.leave(GROUP);
    expect(said(1000)).toEqual(["to ff02::2: done ff3e::1234"]);
    s.join(OTHER, host.eth);
    expect(said(10_000)).toEqual(Array(2).fill("to ff05::2: v1 ff05::2"));
    network.advance(260_000);
    s.leave(OTHER);
    expect(said(5000)).toEqual(Array(2).fill("to ff02::16: TO_IN ff05::2 {}"));
  });

  test("[MC-11] another's report of version 1 spares us ours", () => {
    const { host, router, said } = joined();
    receive(host, query(router, { version: 1, group: GROUP }));
    receive(host, query(router, { version: 1, group: GROUP, type: icmpv6.LISTENER_REPORT_V1 }));
    expect(said(12_000)).toEqual([]);
    expect(host.drops()).toEqual({});
  });

  test.each<[string, Asked, string]>([
    ["[MC-12] from a global address", { from: SOURCE }, "mld-bad-source"],
    ["[MC-12] from a router's other hop", { hopLimit: 2 }, "mld-forwarded"],
    ["without a router alert", { hasRouterAlert: false }, "mld-without-router-alert"],
    ["of all groups, to one of them", { to: GROUP }, "mld-misdirected-query"],
    ["of something that is no group", { group: SOURCE, to: ALL_NODES }, "mld-bad-group"],
    ["of 26 bytes", { bytes: 26 }, "mld-bad-length"],
    ["of 23 bytes", { bytes: 23 }, "mld-truncated"],
    ["with fewer sources than it says", { group: GROUP, sources: [SOURCE, SOURCE], bytes: 44 }, "mld-truncated"],
    ["of another type", { version: 1, type: icmpv6.LISTENER_DONE, group: GROUP }, "mld-unknown-type"],
    ["about another group than it was sent to", { version: 1, type: icmpv6.LISTENER_REPORT_V1, group: OTHER, to: GROUP }, "mld-bad-report"],
  ])("one %s is not believed", (_what, asked, reason) => {
    const { host, router, said } = joined();
    receive(host, query(router, asked));
    expect(said(300_000)).toEqual([]);
    expect(host.drops()).toEqual({ [reason]: 1 });
  });

  test.each([
    [0x7fff, 32_767],
    [0x8000, 32_768],
    [0x8fff, 65_528],
    [0xffff, 8_387_584],
  ])("a maximum response code of %i stands for %i ms (RFC 3810 §5.1.3)", (code, ms) => {
    const message = new Uint8Array(28);
    mld.writeBody(message, 0, GROUP, code);
    expect([mld.maxResponseMs(message, 0, 2), mld.maxResponseMs(message, 0, 1)]).toEqual([ms, code]);
  });
});

test("[ETH-09] a group of IPv6 is 33:33 and its last 32 bits, for datagrams too, which come back to members here", () => {
  const { network, host, router, said } = setUp();
  said(5000);
  const [sender, member] = [0, 1].map(() => host.udp.open({ localPort: 5353, sharesWith: () => true, user: {} }));
  if (typeof sender !== "object" || typeof member !== "object") throw new Error("no endpoint");
  const mdns = parseAddress("ff02::fb");
  expect(member.memberships.join(mdns, host.eth)).toBeUndefined();
  router.heard();
  sender.multicast.interface = host.eth;
  expect(sender.send(Uint8Array.of(1, 2, 3), 0, 3, mdns, 5353)).toBe("sent");
  network.settle();
  const frames = router.heard();
  expect(frames.map((f) => ethernet.destinationText(f, 0))).toEqual(["33:33:00:00:00:fb"]);
  expect([destinationOf(frames[0]!), sourceOf(frames[0]!), ipv6.hopLimit(frames[0]!, IP)]).toEqual(["ff02::fb", "fe80::2", 1]);
  expect([member.receive()?.payload, sender.receive()]).toEqual([Uint8Array.of(1, 2, 3), undefined]);
});

test.each([
  ["a router's MTU", 1400, (host: TestHost) => void Object.assign(host.eth.parameters, { mtu: 1400 })],
  ["what every link carries, whatever a lease says for IPv4", 1280, (host: TestHost) => host.eth.limitMtu(576)],
])("reports are as long as IPv6's packets are there: %s", (_what, mtu, lower) => {
  const { network, host, router } = setUp();
  lower(host);
  for (let i = 1; i <= 100; i++) host.ip.setWanted({}, parseAddress(`ff0e::${i.toString(16)}`), host.eth, ANY_SOURCE);
  network.advance(10_000);
  router.heard();
  host.ip.groupsOn(host.eth, GROUP).announce();
  network.settle();
  const longest = Math.max(...reports(router).map((frame) => frame.length - IP));
  expect(longest).toBeLessThanOrEqual(mtu);
  expect(longest).toBeGreaterThan(mtu - 20);
});
