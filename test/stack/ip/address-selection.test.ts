import { describe, expect, test } from "@jest/globals";
import { formatAddress, parseAddress, prefixBits } from "../../../src/stack/core/address.ts";
import {
  labelOf,
  orderDestinations,
  precedenceOf,
  type SourceCandidate,
  scopeOf,
  selectSource,
} from "../../../src/stack/ip/address-selection.ts";

const OUTGOING = { interface: "outgoing", nextHop: parseAddress("fe80::1") };

/** `2001:db8::1/48 deprecated temporary other announced`: an address with its facts; prefixes are 64 and 24 bits unless said. */
function candidate(text: string): SourceCandidate {
  const [addressText = "", ...facts] = text.split(" ");
  const [bare = "", prefixLength] = addressText.split("/");
  const address = parseAddress(bare);
  return {
    address,
    bits: prefixBits(address, Number(prefixLength ?? (bare.includes(":") ? 64 : 24))),
    isDeprecated: facts.includes("deprecated"),
    isTemporary: facts.includes("temporary"),
    interface: facts.includes("other") ? "other" : "outgoing",
    announcedBy: facts.includes("announced") ? OUTGOING.nextHop : undefined,
  };
}

const sourceFor = (destination: string, candidates: readonly string[]): string | undefined => {
  const chosen = selectSource(candidates.map(candidate), parseAddress(destination), OUTGOING);
  return chosen && formatAddress(chosen.address);
};

/** The first is the one that should be chosen; it is, in whatever order they come. */
function expectFirst(destination: string, candidates: readonly string[]): void {
  const [first = ""] = candidates;
  const expected = formatAddress(candidate(first).address);
  expect(sourceFor(destination, candidates)).toBe(expected);
  expect(sourceFor(destination, candidates.toReversed())).toBe(expected);
}

describe("source address selection (RFC 6724 §5)", () => {
  test.each([
    ["appropriate scope", "2001:db8:1::1", ["2001:db8:3::1", "fe80::1"]],
    ["appropriate scope", "ff05::1", ["2001:db8:3::1", "fe80::1"]],
    ["same address", "2001:db8:1::1", ["2001:db8:1::1 deprecated", "2001:db8:2::1"]],
    ["appropriate scope", "fe80::1", ["fe80::2 deprecated", "2001:db8:1::1"]],
    ["longest matching prefix", "2001:db8:1::1", ["2001:db8:1::2", "2001:db8:3::2"]],
    ["matching label", "2002:c633:6401::1", ["2002:c633:6401::d5e3:7953:13eb:22e8 temporary", "2001:db8:1::2"]],
    ["temporary address", "2001:db8:1::d5e3:0:0:1", ["2001:db8:1::d5e3:7953:13eb:22e8 temporary", "2001:db8:1::2"]],
  ])("[IP6-16] §10.1, prefer %s: towards %s from the first of %j", (_rule, destination, candidates) => {
    expectFirst(destination, candidates);
  });

  test.each([
    ["1, same address", "2001:db8:1::1", ["2001:db8:1::1 deprecated other", "2001:db8:1::2 announced"]],
    ["2, the smallest scope that is large enough", "fe80::9", ["fe80::1", "2001:db8::1"]],
    ["2, the largest where none is large enough", "2001:db8::9", ["fec0::1", "fe80::1"]],
    ["3, not deprecated", "2001:db8:1::9", ["2001:db8:5::1", "2001:db8:1::1 deprecated"]],
    ["3 before 5", "2001:db8:1::9", ["2001:db8:5::1 other", "2001:db8:1::1 deprecated"]],
    ["5, of the outgoing interface", "2001:db8:1::9", ["2001:db8:5::1", "2001:db8:1::1 other"]],
    ["5.5, announced by the next hop", "2002:c633:6401::9", ["2001:db8:5::1 announced", "2002:c633:6401::1"]],
    ["6 before 7", "2001:db8:1::9", ["2001:db8:5::1", "fd00::1 temporary"]],
    ["7 before 8", "2001:db8:1::9", ["2001:db8:5::1 temporary", "2001:db8:1::1"]],
    ["8, longest matching prefix", "203.0.113.9", ["203.0.113.1", "198.51.100.1"]],
  ])("[IP6-16] rule %s: towards %s from the first of %j", (_rule, destination, candidates) => {
    expectFirst(destination, candidates);
  });

  test("[IP6-16] what lies behind a source's own prefix is no match (§2.2)", () => {
    expect(sourceFor("2001:db8:1::8", ["2001:db8:1::1", "2001:db8:1::9"])).toBe("2001:db8:1::1");
    expect(sourceFor("2001:db8:1::8", ["2001:db8:1::1/128", "2001:db8:1::9/128"])).toBe("2001:db8:1::9");
  });

  test("[IP6-16] another family, and for what means something on one link only another link, is no candidate (§4)", () => {
    expect(sourceFor("2001:db8::1", ["203.0.113.1"])).toBeUndefined();
    expect(sourceFor("203.0.113.1", ["2001:db8::1"])).toBeUndefined();
    expect(sourceFor("fe80::9", ["fe80::1 other"])).toBeUndefined();
    expect(sourceFor("ff0e::9", ["2001:db8::1 other"])).toBeUndefined();
    expect(sourceFor("2001:db8::9", ["2001:db8::1 other"])).toBe("2001:db8::1");
    expect(sourceFor("2001:db8::9", [])).toBeUndefined();
  });

  test("[IP6-16] between equals the first stays", () => {
    expect(sourceFor("2001:db8:1::9", ["2001:db8:1::1", "2001:db8:1::2"])).toBe("2001:db8:1::1");
  });
});

test.each([
  ["::1", 2, 50, 0],
  ["2001:db8::1", 14, 40, 1],
  ["203.0.113.1", 14, 35, 4],
  ["10.1.2.3", 14, 35, 4],
  ["169.254.1.1", 2, 35, 4],
  ["127.0.0.1", 2, 35, 4],
  ["2002:c633:6401::1", 14, 30, 2],
  ["2001:0:1::1", 14, 5, 5],
  ["fd00::1", 14, 3, 13],
  ["::203.0.113.1", 14, 1, 3],
  ["fec0::1", 5, 1, 11],
  ["3ffe::1", 14, 1, 12],
  ["fe80::1", 2, 40, 1],
  ["ff05::1", 5, 40, 1],
  ["ff0e::1", 14, 40, 1],
  ["224.0.0.1", 14, 35, 4],
])("[IP6-16] %s has scope %i (RFC 6724 §3), precedence %i and label %i (§2.1)", (text, scope, precedence, label) => {
  const address = parseAddress(text);
  expect([scopeOf(address), precedenceOf(address), labelOf(address)]).toEqual([scope, precedence, label]);
});

/** The destinations in the order in which they are tried, whichever came first. */
function ordered(candidates: readonly string[], destinations: readonly string[]): string[] {
  const sources = candidates.map(candidate);
  const order = (list: readonly string[]): string[] =>
    orderDestinations(list.map(parseAddress), (destination) => selectSource(sources, destination, OUTGOING)).map(formatAddress);
  expect(order(destinations.toReversed())).toEqual(order(destinations));
  return order(destinations);
}

describe("destination address ordering (RFC 6724 §6)", () => {
  test.each([
    ["matching scope", ["2001:db8:1::2", "fe80::1", "169.254.13.78"], ["2001:db8:1::1", "198.51.100.121"]],
    ["matching scope", ["fe80::1", "198.51.100.117"], ["198.51.100.121", "2001:db8:1::1"]],
    ["higher precedence", ["2001:db8:1::2", "fe80::1", "10.1.2.4"], ["2001:db8:1::1", "10.1.2.3"]],
    ["smaller scope", ["2001:db8:1::2", "fe80::2"], ["fe80::1", "2001:db8:1::1"]],
    ["no deprecated source", ["2001:db8:1::2", "fe80::2 deprecated"], ["2001:db8:1::1", "fe80::1"]],
    ["longest matching prefix", ["2001:db8:1::2", "2001:db8:3f44::2", "fe80::2"], ["2001:db8:1::1", "2001:db8:3ffe::1"]],
    ["matching label", ["2002:c633:6401::2", "fe80::2"], ["2002:c633:6401::1", "2001:db8:1::1"]],
    ["higher precedence", ["2002:c633:6401::2", "2001:db8:1::2", "fe80::2"], ["2001:db8:1::1", "2002:c633:6401::1"]],
  ])("[IP6-17] §10.2, prefer %s: with %j, %j is the order", (_rule, candidates, destinations) => {
    expect(ordered(candidates, destinations)).toEqual(destinations);
  });

  test("[IP6-17] rule 1: what cannot be reached comes last", () => {
    expect(ordered(["203.0.113.2"], ["2001:db8::1", "203.0.113.1"])).toEqual(["203.0.113.1", "2001:db8::1"]);
  });

  test("[IP6-17] rule 9 speaks of one family, and of equals the order stays as it was", () => {
    const reach = (destination: string[]) =>
      orderDestinations(destination.map(parseAddress), (d) => selectSource([candidate("203.0.113.2")], d, OUTGOING)).map(formatAddress);
    expect(reach(["198.51.100.2", "203.0.113.7", "203.0.113.5", "192.0.2.1"])).toEqual([
      "203.0.113.7",
      "203.0.113.5",
      "198.51.100.2",
      "192.0.2.1",
    ]);
  });
});
