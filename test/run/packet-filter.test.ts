import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FILTER_WORDS, type FilteredPacket, parsePacketFilter } from "../../src/run/packet-filter.ts";
import { describeFrame } from "../../src/stack/packet/describe.ts";

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g)!, (pair) => Number.parseInt(pair, 16));

const SYN = fromHex(`
  02005e256ac6 02005ecbdc6a 0800
  4500002c 46d04000 80060000 cb007102 cb007101
  cd520050 fd90ef36 00000000 60020200 0000 0000 020405b4`);
const ARP = fromHex("ffffffffffff 02005ecbdc6a 0806 0001 0800 06 04 0001 02005ecbdc6a cb007102 000000000000 cb007101");

function packet(bytes: Uint8Array, more: Partial<FilteredPacket> = {}): FilteredPacket {
  const description = describeFrame(bytes, 0, bytes.length);
  return { description, isRetransmission: false, verdict: undefined, isLost: false, from: "client", to: ["server"], ...more };
}

const passes = (text: string, of: FilteredPacket): boolean => parsePacketFilter(text).passes(of);

test("the packets are what the tests take them for", () => {
  expect(packet(SYN).description).toMatchObject({ protocol: "tcp", flags: "SYN", source: "203.0.113.2:52562", destinationPort: 80 });
  expect(packet(ARP).description).toMatchObject({ protocol: "arp", targetIp: "203.0.113.1" });
});

test.each([
  ["syn", true, false],
  ["SYN", true, false],
  ["rst", false, false],
  ["fin", false, false],
  ["tcp", true, false],
  ["arp", false, true],
  ["udp", false, false],
  ["data", false, false],
  ["port 80", true, false],
  ["port 52562", true, false],
  ["port 81", false, false],
  ["from 203.0.113.2", true, true],
  ["from 203.0.113.2:52562", true, false],
  ["from client", true, true],
  ["from server", false, false],
  ["to 203.0.113.1", true, true],
  ["to server", true, true],
  ["to 203.0.113.2", false, false],
  ["syn port 80 from 203.0.113.2", true, false],
  ["syn port 81", false, false],
  ["not arp", true, false],
  ["!syn", false, true],
  ["not not arp", false, true],
  ["not port 80", false, true],
  ["", true, true],
  ["  ", true, true],
])("“%s”: a SYN %s, an ARP request %s", (text, syn, arp) => {
  const filter = parsePacketFilter(text);
  expect(filter.problems).toEqual([]);
  expect([filter.passes(packet(SYN)), filter.passes(packet(ARP))]).toEqual([syn, arp]);
});

test("what became of a packet", () => {
  expect(passes("retransmit", packet(SYN, { isRetransmission: true }))).toBe(true);
  expect(passes("retransmit", packet(SYN))).toBe(false);
  expect(passes("dropped", packet(SYN, { verdict: "tcp-bad-checksum" }))).toBe(true);
  expect(passes("dropped", packet(SYN, { isLost: true }))).toBe(true);
  expect(passes("dropped", packet(SYN, { verdict: "accepted" }))).toBe(false);
  expect(passes("dropped", packet(SYN))).toBe(false);
  expect(passes("lost", packet(SYN, { verdict: "tcp-bad-checksum" }))).toBe(false);
  expect(passes("accepted", packet(SYN, { verdict: "accepted" }))).toBe(true);
});

test("an address of IPv6 is meant with its port and without", () => {
  const described = { ...packet(SYN).description, source: "[2001:db8::2]:49152", destination: "2001:db8::1" };
  const v6 = { ...packet(SYN), description: described } as FilteredPacket;
  expect(passes("from 2001:db8::2", v6)).toBe(true);
  expect(passes("from [2001:db8::2]:49152", v6)).toBe(true);
  expect(passes("to 2001:db8::1", v6)).toBe(true);
  expect(passes("from 2001:db8::", v6)).toBe(false);
});

test("what is not understood is named, and left out", () => {
  const filter = parsePacketFilter("sym frobnicate port http from");
  expect(filter.problems).toEqual([
    { kind: "unknown", word: "sym", near: "syn" },
    { kind: "unknown", word: "frobnicate", near: undefined },
    { kind: "needs-port", word: "port", value: "http" },
    { kind: "needs-address", word: "from" },
  ]);
  expect(filter.passes(packet(ARP))).toBe(true);
  expect(parsePacketFilter("port 65536").problems).toEqual([{ kind: "needs-port", word: "port", value: "65536" }]);
  expect(parsePacketFilter("port").problems).toEqual([{ kind: "needs-port", word: "port", value: undefined }]);
  expect(parsePacketFilter("constructor").problems).toHaveLength(1);
});

test("any text is a filter, and every word that is listed is understood", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parsePacketFilter(text).passes(packet(SYN));
    }),
  );
  for (const word of FILTER_WORDS)
    expect(parsePacketFilter(`${word} 80`).problems.filter((p) => "word" in p && p.word === word)).toEqual([]);
});
