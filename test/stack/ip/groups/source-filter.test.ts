import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type IpAddress, ipv4 } from "../../../../src/stack/core/address.ts";
import {
  ANY_SOURCE,
  admits,
  MAX_MERGED_SOURCES,
  mergedFilter,
  NO_SOURCE,
  type SourceFilter,
  sameFilter,
  wantsNothing,
} from "../../../../src/stack/ip/groups/source-filter.ts";

/** Sources are letters here: a is 192.0.2.1. */
const sources = (letters: string): IpAddress[] => [...letters].map((letter) => ipv4(0xc0000200 + letter.charCodeAt(0) - 96));
const include = (letters: string): SourceFilter => ({ mode: "include", sources: sources(letters) });
const exclude = (letters: string): SourceFilter => ({ mode: "exclude", sources: sources(letters) });
const shown = ({ mode, sources: listed }: SourceFilter): string =>
  `${mode} ${listed.map((s) => String.fromCharCode(96 + (s.w3 & 255))).join("")}`;

describe("what an interface lets in for its sockets (RFC 3376 §3.2)", () => {
  test.each<[string, SourceFilter[], string]>([
    ["nobody", [], "include "],
    ["one that includes", [include("ab")], "include ab"],
    ["the union of what is included", [include("abc"), include("bcd"), include("ef")], "include abcdef"],
    ["the intersection of what is excluded, less what is included", [exclude("abcd"), exclude("bcde"), include("def")], "exclude bc"],
    ["nothing excluded by one is everything", [exclude("ab"), exclude("")], "exclude "],
    ["what one asks for is not blocked for another", [exclude("ab"), include("a")], "exclude b"],
  ])("[MC-09] %s", (_what, filters, merged) => {
    expect(shown(mergedFilter(filters))).toBe(merged);
  });

  const filter = fc.record({
    mode: fc.constantFrom("include" as const, "exclude" as const),
    sources: fc.uniqueArray(fc.constantFrom(..."abcdef")).map((letters) => sources(letters.join(""))),
  });
  test("[MC-09] a source comes in when one of them wants it, and no other", () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 5 }), fc.constantFrom(...sources("abcdefg")), (filters, source) => {
        expect(admits(mergedFilter(filters), source)).toBe(filters.some((f) => admits(f, source)));
      }),
    );
  });

  test("beyond its bound more comes in than was asked for, never less", () => {
    const many = Array.from({ length: MAX_MERGED_SOURCES + 1 }, (_, i) => ipv4(0xc6336400 + i));
    expect(mergedFilter([{ mode: "include", sources: many }])).toEqual(ANY_SOURCE);
    const blocked = mergedFilter([{ mode: "exclude", sources: many }]);
    expect(blocked.sources).toEqual(many.slice(0, MAX_MERGED_SOURCES));
  });
});

test("filters are the same whatever the order of their sources", () => {
  expect(sameFilter(include("ab"), include("ba"))).toBe(true);
  expect(sameFilter(include("ab"), exclude("ab"))).toBe(false);
  expect(sameFilter(include("ab"), include("ac"))).toBe(false);
  expect(sameFilter(include("ab"), include("a"))).toBe(false);
  expect([NO_SOURCE, ANY_SOURCE, include("a")].map(wantsNothing)).toEqual([true, false, false]);
});
