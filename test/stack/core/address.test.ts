import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type AddressWords,
  fillV4,
  formatAddress,
  formatEndpoint,
  type IpAddress,
  ipv4,
  ipv6,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isReserved,
  isUnspecified,
  isV4,
  keepAddress,
  lastOfPrefix,
  longestPrefix,
  makeAddressSlot,
  parseAddress,
  parseV4,
  prefixBits,
  prefixOf,
  readAddress,
  sameAddress,
  samePrefix,
} from "../../../src/stack/core/address.ts";
import { AddressMap } from "../../../src/stack/core/address-map.ts";
import { formatIpv6Words } from "../../../src/stack/core/ipv6-text.ts";

const V6_LOOPBACK = ipv6(0, 0, 0, 1);
const V6_ANY = ipv6(0, 0, 0, 0);
const GLOBAL = ipv6(0x20010db8, 0x007a0000, 0, 2);

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const anyAddress = fc.oneof(
  word.map(ipv4),
  fc.tuple(word, word, word, word).map(([a, b, c, d]) => ipv6(a, b, c, d)),
);

/** The 128 bits as a reader would write them. */
const bitsOf = ({ w0, w1, w2, w3 }: AddressWords): string => [w0, w1, w2, w3].map((w) => (w >>> 0).toString(2).padStart(32, "0")).join("");

describe("an address of either family", () => {
  test("has its words signed, whatever it was made of", () => {
    expect(ipv4(0xcb007102).w3).toBe(0xcb007102 | 0);
    expect(ipv6(0xffffffff, 0x80000000, 0, 1)).toMatchObject({ w0: -1, w1: -(2 ** 31), w2: 0, w3: 1 });
    expect(parseV4("203.0.113.2")).toMatchObject({ w0: 0, w1: 0, w2: 0xffff, w3: 0xcb007102 | 0 });
  });

  test.each<[string, (a: AddressWords) => boolean, IpAddress[], IpAddress[]]>([
    [
      "IPv4",
      isV4,
      [parseV4("0.0.0.0"), parseV4("255.255.255.255")],
      [V6_ANY, V6_LOOPBACK, GLOBAL, ipv6(0, 1, 0xffff, 5), ipv6(1, 0, 0xffff, 5)],
    ],
    ["unspecified", isUnspecified, [parseV4("0.0.0.0"), V6_ANY], [parseV4("0.0.0.1"), V6_LOOPBACK, ipv6(0, 0, 1, 0), ipv6(0, 1, 0, 0)]],
    [
      "loopback",
      isLoopback,
      [parseV4("127.0.0.1"), parseV4("127.255.0.9"), V6_LOOPBACK],
      [parseV4("128.0.0.1"), V6_ANY, ipv6(0, 0, 0, 0x7f000001), ipv6(0, 0, 1, 1), ipv6(0, 1, 0, 1)],
    ],
    [
      "multicast",
      isMulticast,
      [parseV4("224.0.0.1"), parseV4("239.255.255.255"), ipv6(0xff020000, 0, 0, 1)],
      [parseV4("223.255.255.255"), parseV4("240.0.0.1"), GLOBAL],
    ],
    ["limited broadcast", isLimitedBroadcast, [parseV4("255.255.255.255")], [parseV4("255.255.255.254"), ipv6(-1, -1, -1, -1)]],
    [
      "reserved",
      isReserved,
      [parseV4("240.0.0.0"), parseV4("255.255.255.254")],
      [parseV4("255.255.255.255"), parseV4("239.0.0.1"), ipv6(0, 0, 0, 0xf0000000)],
    ],
  ])("is %s or is not", (_name, is, those, others) => {
    expect(those.map(is)).toEqual(those.map(() => true));
    expect(others.map(is)).toEqual(others.map(() => false));
  });

  test("is the same as another by its words and its zone", () => {
    expect(sameAddress(GLOBAL, ipv6(0x20010db8, 0x007a0000, 0, 2))).toBe(true);
    for (const other of [
      ipv6(0x20010db9, 0x007a0000, 0, 2),
      ipv6(0x20010db8, 1, 0, 2),
      ipv6(0x20010db8, 0x007a0000, 1, 2),
      ipv6(0x20010db8, 0x007a0000, 0, 3),
    ]) {
      expect(sameAddress(GLOBAL, other)).toBe(false);
    }
    expect(sameAddress(ipv6(0xfe800000, 0, 0, 1, 1), ipv6(0xfe800000, 0, 0, 1, 2))).toBe(false);
  });

  test("shares a prefix with another where as many first bits are the same", () => {
    fc.assert(
      fc.property(anyAddress, anyAddress, fc.integer({ min: 0, max: 128 }), (a, b, bits) => {
        expect(samePrefix(a, b, bits)).toBe(bitsOf(a).slice(0, bits) === bitsOf(b).slice(0, bits));
        expect(samePrefix(a, prefixOf(a, bits), bits)).toBe(true);
        expect(bitsOf(prefixOf(a, bits))).toBe(bitsOf(a).slice(0, bits).padEnd(128, "0"));
      }),
    );
  });

  test("has prefixes of its own zone (RFC 4007 §6)", () => {
    const linkLocal = ipv6(0xfe800000, 0, 0, 1, 3);
    expect([prefixOf(linkLocal, 64).scope, keepAddress(linkLocal).scope]).toEqual([3, 3]);
  });

  test("has prefixes of its family's length", () => {
    expect([longestPrefix(parseV4("10.0.0.1")), longestPrefix(GLOBAL)]).toEqual([32, 128]);
    expect([prefixBits(parseV4("10.0.0.1"), 8), prefixBits(GLOBAL, 64)]).toEqual([104, 64]);
    expect(formatAddress(lastOfPrefix(parseV4("203.0.113.2"), prefixBits(parseV4("203.0.113.2"), 24)))).toBe("203.0.113.255");
  });

  test("as text", () => {
    expect([formatEndpoint(parseV4("203.0.113.2"), 80), formatEndpoint(V6_LOOPBACK, 80)]).toEqual(["203.0.113.2:80", "[::1]:80"]);
    for (const text of ["1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "1.2.3.", ""]) expect(() => parseV4(text)).toThrow(RangeError);
  });

  test("is kept as it was when the slot it came in is refilled", () => {
    const slot = makeAddressSlot();
    fillV4(slot, 0x7f000001);
    const kept = keepAddress(slot);
    fillV4(slot, 0xffffffff);
    expect([formatAddress(kept), formatAddress(slot)]).toEqual(["127.0.0.1", "255.255.255.255"]);
  });
});

describe("the text of an IPv6 address (RFC 5952)", () => {
  test.each([
    // §4.1: leading zeros go
    ["2001:0db8::0001", "2001:db8::1"],
    // §4.2.1: "::" is used to its maximum
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8::0:1", "2001:db8::1"],
    // §4.2.2: one group of zeros is no run
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    // §4.2.3: the longest run; of equal ones the first
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    // §4.3: lower case
    ["2001:db8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"],
    // §1: all that a reader has met for one address
    ...[
      "2001:db8:0:0:1:0:0:1",
      "2001:0db8:0:0:1:0:0:1",
      "2001:db8::1:0:0:1",
      "2001:db8::0:1:0:0:1",
      "2001:0db8::1:0:0:1",
      "2001:DB8:0:0:1::1",
    ].map((text): [string, string] => [text, "2001:db8::1:0:0:1"]),
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["ff02::1:ff00:1", "ff02::1:ff00:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    // RFC 4007 §11
    ["fe80::1%4", "fe80::1%4"],
    ["fe80::1%4294967295", "fe80::1%4294967295"],
    // §5; one shape for both families makes the mapped address the IPv4 address itself
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["192.0.2.1", "192.0.2.1"],
  ])("[IP6-22] %s is written %s", (text, written) => {
    expect(formatAddress(parseAddress(text))).toBe(written);
  });

  test("[IP6-22] one with an IPv4 address inside is written with a dotted quad where the prefix says so (§5)", () => {
    expect(formatIpv6Words(0, 0, 0xffff, 0xc0000201 | 0)).toBe("::ffff:192.0.2.1");
    expect(formatIpv6Words(0, 0, 0, 0xc0000201 | 0)).toBe("::c000:201");
  });

  test("[IP6-22] any address is read back as it was written", () => {
    fc.assert(fc.property(anyAddress, (address) => expect(parseAddress(formatAddress(address))).toEqual(address)));
    const mostlyZero = fc.tuple(...Array.from({ length: 4 }, () => fc.constantFrom(0, 1, 0x10000, 0x10001)));
    fc.assert(
      fc.property(mostlyZero, ([a, b, c, d]) => expect(parseAddress(formatAddress(ipv6(a!, b!, c!, d!)))).toEqual(ipv6(a!, b!, c!, d!))),
    );
  });

  test.each(
    (
      ": ::: 1::2::3 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7:8:: 1::2:3:4:5:6:7:8 12345::1 g::1 :1::2 1::2: " +
      "::1.2.3 ::1.2.3.4:5 ::256.1.1.1 1.2.3.4::1 ::01.2.3.4 fe80::1%eth0 fe80::1% fe80::1%4294967296 fe80::1%1%2 1.2.3.4%1 01.2.3.4 1.2.3 [::1] -1.2.3.4"
    ).split(" "),
  )("is none: %s", (text) => {
    expect(readAddress(text)).toBeUndefined();
    expect(() => parseAddress(text)).toThrow(RangeError);
  });
});

test("a map by address does as a map by text, whichever addresses fall on one number", () => {
  // Few addresses, so that they meet, and two families of them that share words.
  const few = fc.oneof(
    fc.integer({ min: 0, max: 5 }).map(ipv4),
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 1 })).map(([a, b]) => ipv6(a, 0, b * 0xffff, a)),
  );
  const act = fc.record({ address: few, value: fc.integer(), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const map = new AddressMap<number>();
      const model = new Map<string, number>();
      for (const { address, value, isSet } of acts) {
        const key = formatAddress(address);
        if (isSet) {
          map.set(address, value);
          model.set(key, value);
        } else expect(map.delete(address)).toBe(model.delete(key));
        expect(map.get(address)).toBe(model.get(key));
        expect(map.size).toBe(model.size);
      }
      expect([...map.keys()].map(formatAddress).sort()).toEqual([...model.keys()].sort());
      expect([...map.values()].sort()).toEqual([...model.values()].sort());
    }),
  );
});

test("addresses of IPv6 that are chosen to fall on one number are kept apart", () => {
  const map = new AddressMap<number>();
  // The number mixes the words; a flip that it cannot see is searched for among many.
  const addresses = Array.from({ length: 2000 }, (_, i) => ipv6(0x20010db8, i % 7, i % 3 === 0 ? 0 : i << 15, i));
  for (const [i, address] of addresses.entries()) map.set(address, i);
  expect(addresses.map((address) => map.get(address))).toEqual(addresses.map((_, i) => i));
});

test("of addresses that fall on one number any may go, and the others stay", () => {
  // The last word and the zone are mixed alike: 5^0, 4^1, 7^2 and 6^3 are one.
  const addresses = [5, 4, 7, 6].map((last, zone) => ipv6(0xfe800000, 0, 0, last, zone));
  for (const gone of addresses) {
    const map = new AddressMap<number>();
    for (const address of addresses) map.set(address, address.scope);
    expect(map.delete(gone)).toBe(true);
    expect(map.delete(gone)).toBe(false);
    expect(addresses.map((address) => map.get(address))).toEqual(addresses.map(({ scope }) => (scope === gone.scope ? undefined : scope)));
    expect([...map.values()].sort()).toEqual([0, 1, 2, 3].filter((zone) => zone !== gone.scope));
  }
});
