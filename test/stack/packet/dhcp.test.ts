import { describe, expect, test } from "@jest/globals";
import { formatAddress } from "../../../src/stack/core/address.ts";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import * as dhcp from "../../../src/stack/packet/dhcp.ts";
import { OFFERED, replyTo } from "../../support/dhcp-script.ts";
import { ascii } from "../../support/dns-message.ts";

const MAC = Uint8Array.of(2, 0, 0x5e, 0, 0x53, 1);
const message = (rawOptions: readonly number[], fields: { file?: readonly number[]; name?: readonly number[] } = {}) =>
  replyTo({ xid: 1 }, dhcp.OFFER, OFFERED, MAC, {
    rawOptions: Uint8Array.from(rawOptions),
    file: Uint8Array.from(fields.file ?? []),
    name: Uint8Array.from(fields.name ?? []),
  });
const read = (b: Uint8Array) => dhcp.readOptions(b, 0, b.length);
const plain = (b: Uint8Array) => {
  const options = read(b);
  return typeof options === "string" ? options : Object.fromEntries([...options].map(([code, data]) => [code, [...data]]));
};
const optionsOf = (code: number, data: readonly number[]): dhcp.Options => new Map([[code, Uint8Array.from(data)]]);

test("a client's message is written field by field, its options in order, and padded to 300 bytes", () => {
  const b = new Uint8Array(400).fill(0xa5);
  dhcp.writeRequest(b, 0, 0xdeadbeef, 70_000, true, 0x0a000001, MAC);
  const end = dhcp.writeEnd(b, 0, dhcp.writeWordOption(b, dhcp.writeOption(b, dhcp.HEADER, 53, [1]), 50, -1));
  expect(end).toBe(300);
  expect([...b.subarray(0, 12)]).toEqual([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0xff, 0xff, 0x80, 0]);
  expect([...b.subarray(12, 16)]).toEqual([10, 0, 0, 1]);
  expect([...b.subarray(28, 34)]).toEqual([...MAC]);
  expect([...b.subarray(34, 236)].every((byte) => byte === 0)).toBe(true);
  expect([...b.subarray(236, 251)]).toEqual([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 50, 4, 255, 255, 255, 255, 255, 0]);
  expect(b[300]).toBe(0xa5);
  expect([dhcp.xid(b, 0), dhcp.secs(b, 0), dhcp.wantsBroadcast(b, 0), dhcp.isForClient(b, 0, MAC)]).toEqual([
    0xdeadbeef,
    0xffff,
    true,
    true,
  ]);
});

test("a message that is cut in its fixed part, or has another cookie, is none", () => {
  const b = message([255]);
  for (let end = 0; end < dhcp.HEADER; end++) expect(dhcp.check(b, 0, end)).toBe("dhcp-truncated");
  expect(dhcp.check(b, 0, b.length)).toBeUndefined();
  b[237] = 0;
  expect(dhcp.check(b, 0, b.length)).toBe("dhcp-bad-cookie");
});

describe("[DHC-10] options", () => {
  test("are read past padding and to their end, with or without its mark", () => {
    expect(plain(message([0, 0, 53, 1, 2, 0, 1, 4, 255, 255, 255, 0, 255, 9, 9]))).toEqual({ 1: [255, 255, 255, 0], 53: [2] });
    expect(plain(message([53, 1, 2]))).toEqual({ 53: [2] });
    expect(plain(message([53, 0, 255]))).toEqual({ 53: [] });
    expect(plain(message([]))).toEqual({});
  });

  test("go on in the file and the name where they say so, file first", () => {
    const fields = { file: [6, 4, 1, 1, 1, 1, 255], name: [6, 4, 2, 2, 2, 2] };
    expect(plain(message([52, 1, 1, 255], fields))).toEqual({ 6: [1, 1, 1, 1], 52: [1] });
    expect(plain(message([52, 1, 2, 255], fields))).toEqual({ 6: [2, 2, 2, 2], 52: [2] });
    expect(plain(message([52, 1, 3, 255], fields))).toEqual({ 6: [1, 1, 1, 1, 2, 2, 2, 2], 52: [3] });
    expect(plain(message([255], fields))).toEqual({});
  });

  test("that say otherwise than 1 to 3 there, or run past the field, are malformed", () => {
    for (const overload of [
      [52, 1, 0],
      [52, 1, 4],
      [52, 0],
      [52, 2, 1, 1],
    ])
      expect(plain(message(overload))).toBe("dhcp-bad-option");
    const tooLong = Array.from({ length: 128 }, (_, i) => (i === 124 ? 6 : i === 125 ? 3 : 0));
    expect(plain(message([52, 1, 1, 255], { file: tooLong }))).toBe("dhcp-bad-option");
    for (const cut of [[53], [53, 2, 1], [53, 255]]) expect(plain(message(cut))).toBe("dhcp-bad-option");
  });

  test("that come in pieces are one (RFC 3396)", () => {
    const long = Array.from({ length: 300 }, (_, i) => i & 255);
    const pieces = [121, 255, ...long.slice(0, 255), 53, 1, 5, 121, 45, ...long.slice(255), 255];
    expect(plain(message(pieces))).toEqual({ 53: [5], 121: long });
  });

  test("cut at any byte never read beyond the cut", () => {
    const whole = message([52, 1, 3, 53, 1, 2, 121, 8, 24, 203, 0, 113, 203, 0, 113, 1, 255], { file: [6, 4, 1, 1, 1, 1] });
    for (let end = dhcp.HEADER; end <= whole.length; end++) {
      const options = dhcp.readOptions(whole.slice(0, end), 0, end);
      if (typeof options !== "string") for (const data of options.values()) expect(data).not.toContain(undefined);
    }
  });
});

describe("the value of an option", () => {
  test("has the length of its kind, or there is none", () => {
    expect(dhcp.byteOption(optionsOf(53, [2]), 53)).toBe(2);
    expect(dhcp.byteOption(optionsOf(53, [2, 2]), 53)).toBeUndefined();
    expect(dhcp.byteOption(optionsOf(53, []), 53)).toBeUndefined();
    expect(dhcp.shortOption(optionsOf(26, [2, 64]), 26)).toBe(576);
    expect(dhcp.shortOption(optionsOf(26, [2]), 26)).toBeUndefined();
    expect(dhcp.wordOption(optionsOf(51, [255, 255, 255, 255]), 51)).toBe(0xffffffff);
    expect(dhcp.wordOption(optionsOf(51, [255, 255, 255]), 51)).toBeUndefined();
  });

  test("is a list of whole addresses, of which only so many are taken", () => {
    const list = (data: readonly number[]) => dhcp.addressesOption(optionsOf(6, data), 6, 2).map(formatAddress);
    expect(list([203, 0, 113, 1, 203, 0, 113, 2, 203, 0, 113, 3])).toEqual(["203.0.113.1", "203.0.113.2"]);
    expect(list([203, 0, 113])).toEqual([]);
    expect(list([])).toEqual([]);
  });

  test.each([
    ["example.org", "example.org"],
    ["Example.ORG.", "example.org"],
    ["example.org\0", "example.org"],
    ["", undefined],
    ["two words", undefined],
    ["\x1b[31mred", undefined],
    ["a..b", undefined],
    ["a".repeat(64), undefined],
    [`${"a.".repeat(127)}aa`, undefined],
  ])("is a domain, or none: %j", (text, domain) => {
    expect(dhcp.domainOption(optionsOf(15, ascii(text)), 15)).toBe(domain);
  });

  test("is a search list with pointers into itself, and ends where one leads nowhere (RFC 3397)", () => {
    const list = (data: readonly number[], limit = 8) => dhcp.searchListOption(optionsOf(119, data), limit);
    const eng = [3, ...ascii("eng"), 5, ...ascii("apple"), 3, ...ascii("com"), 0, 9, ...ascii("marketing"), 0xc0, 4];
    expect(list(eng)).toEqual(["eng.apple.com", "marketing.apple.com"]);
    expect(list(eng, 1)).toEqual(["eng.apple.com"]);
    expect(list([0xc0, 0])).toEqual([]);
    expect(list([1, 97, 0xc0, 0])).toEqual([]);
    expect(list([1, 97, 0, 0xc0])).toEqual(["a"]);
    expect(list([63])).toEqual([]);
    expect(list([1, 27, 0, 1, 98, 0])).toEqual(["b"]);
  });

  test("is a list of routes with as many octets as their prefixes have (RFC 3442)", () => {
    const routes = (data: readonly number[], limit = 8) =>
      dhcp
        .routesOption(optionsOf(121, data), limit)
        ?.map((r) => `${formatAddress(r.destination)}/${r.prefixLength} ${formatAddress(r.router)}`);
    expect(routes([0, 1, 1, 1, 1, 8, 10, 2, 2, 2, 2, 25, 203, 0, 113, 128, 3, 3, 3, 3, 32, 9, 9, 9, 9, 0, 0, 0, 0])).toEqual([
      "0.0.0.0/0 1.1.1.1",
      "10.0.0.0/8 2.2.2.2",
      "203.0.113.128/25 3.3.3.3",
      "9.9.9.9/32 0.0.0.0",
    ]);
    expect(routes([33, 1, 1, 1, 1, 1, 2, 2, 2, 2])).toBeUndefined();
    expect(routes([24, 10, 0, 0, 1, 1, 1])).toBeUndefined();
    expect(routes([0, 1, 1, 1, 1, 0, 1, 1, 1, 1], 1)).toHaveLength(1);
    expect(dhcp.routesOption(new Map(), 8)).toBeUndefined();
  });
});

test("[DHC-10] nothing that is random is read wrongly: 20,000 messages", () => {
  const random = new SeededRandom(3);
  for (let i = 0; i < 20_000; i++) {
    const b = message(Array.from({ length: below(random, 120) }, () => (below(random, 3) === 0 ? below(random, 8) : below(random, 256))));
    const options = read(b);
    if (typeof options === "string") continue;
    for (const code of [1, 3, 6, 15, 26, 42, 51, 119, 121]) {
      dhcp.wordOption(options, code);
      dhcp.addressesOption(options, code, 4);
      dhcp.domainOption(options, code);
    }
    dhcp.searchListOption(options, 8);
    dhcp.routesOption(options, 8);
  }
});
