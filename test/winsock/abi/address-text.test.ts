import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { inet_ntoa, inetAddr, inetNtop, inetPton } from "../../../src/winsock/abi/address-text.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, INADDR_NONE } from "../../../src/winsock/abi/constants.ts";
import { STATUS_INVALID_PARAMETER, WSAEAFNOSUPPORT, WSAEFAULT } from "../../../src/winsock/abi/errors.ts";

const NONE = "none";

describe("inet_addr (Microsoft, inet_addr; odd forms as Windows was observed to read them)", () => {
  test.each([
    // The four forms, the last part filling the rest.
    ["127.0.0.1", "127.0.0.1"],
    ["203.0.113", "203.0.0.113"],
    ["10.1", "10.0.0.1"],
    ["10.65537", "10.1.0.1"],
    ["172.16.513", "172.16.2.1"],
    ["3405803777", "203.0.113.1"],
    ["0", "0.0.0.0"],
    // Octal and hexadecimal, mixed at will.
    ["0177.0.0.01", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["0XCB007101", "203.0.113.1"],
    ["0xff.0377.255.0", "255.255.255.0"],
    ["00.00.00.07", "0.0.0.7"],
    // White space after a complete part ends the text, whatever follows.
    ["1 2 3 4", "0.0.0.1"],
    ["3.4.5.6 7", "3.4.5.6"],
    ["1.2.3 .4", "1.2.0.3"],
    ["5.6.7.8\n...", "5.6.7.8"],
    ["5.6.7.8\tx", "5.6.7.8"],
    ["5.6.7.8\v\f\r", "5.6.7.8"],
    // One space alone is 0.0.0.0; other white space in front is an error.
    [" ", "0.0.0.0"],
    ["  ", NONE],
    ["\t", NONE],
    [" 1.2.3.4", NONE],
    ["1. 2.3.4", NONE],
    // A NUL ends a C string.
    ["9.8.7.6\0junk", "9.8.7.6"],
    // Errors.
    ["", NONE],
    [".", NONE],
    ["1.2.3.4.", NONE],
    ["1.", NONE],
    [".1.2.3", NONE],
    ["1..2.3", NONE],
    ["1.2.3.4.5", NONE],
    ["1.2.3.256", NONE],
    ["256.1", NONE],
    ["1.2.65536", NONE],
    ["1.16777216", NONE],
    ["4294967296", NONE],
    ["0x1ffffffff", NONE],
    ["9".repeat(400), NONE],
    ["08.1.1.1", NONE],
    ["1.2.3.0x", NONE],
    ["1.2.3.4:80", NONE],
    ["1.2.3.-4", NONE],
    ["+1.2.3.4", NONE],
    ["1.2.3.4\u00a0", NONE],
    ["1e2", NONE],
    ["::1", NONE],
    ["localhost", NONE],
  ])("%j is %s", (text, expected) => {
    const { value, error } = inetAddr(text);
    expect(expected === NONE ? value : inet_ntoa({ s_addr: value })).toBe(expected === NONE ? INADDR_NONE : expected);
    expect(error).toBeUndefined(); // only NULL touches the last error
  });

  test("127.0.0.1 lies in memory as on the wire, and the result is unsigned", () => {
    expect(inetAddr("127.0.0.1").value).toBe(0x0100007f);
    expect(inetAddr("1.2.3.200").value).toBe(0xc8030201);
    expect(inetAddr("255.255.255.255").value).toBe(INADDR_NONE); // the known ambiguity
  });

  test("NULL is INADDR_NONE with WSAEFAULT", () => {
    expect(inetAddr(null)).toEqual({ value: INADDR_NONE, error: WSAEFAULT });
  });
});

describe("inet_pton (Microsoft, inet_pton; strict)", () => {
  test("fills an in_addr, an in6_addr or bytes", () => {
    const v4 = { s_addr: 0 };
    expect(inetPton(AF_INET, "127.0.0.1", v4)).toEqual({ value: 1, error: undefined });
    expect(v4.s_addr).toBe(0x0100007f);

    const bytes = new Uint8Array(6).fill(0xaa);
    expect(inetPton(AF_INET, "203.0.113.1", bytes).value).toBe(1);
    expect(bytes).toEqual(Uint8Array.of(203, 0, 113, 1, 0xaa, 0xaa));

    const memory = new Uint8Array(16);
    expect(inetPton(AF_INET6, "2001:db8::1", { s6_addr: memory }).value).toBe(1);
    expect(memory).toEqual(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  });

  test.each([
    "",
    " ",
    "1",
    "10.1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.256",
    "1.2.3.1000",
    "1.2.3.010",
    "1.2.3.00",
    "1.2.3.0x4",
    "0x7f000001",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4:80",
    "1.2.3.-4",
    "::1",
    "١.2.3.4",
  ])("%j is not an IPv4 address, and leaves the destination alone", (text) => {
    const dst = { s_addr: 0xdeadbeef };
    expect(inetPton(AF_INET, text, dst)).toEqual({ value: 0, error: undefined });
    expect(dst.s_addr).toBe(0xdeadbeef);
  });

  test.each([
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["fe80::", [0xfe80, 0, 0, 0, 0, 0, 0, 0]],
    ["2001:DB8:0:00:000:0000:a:b", [0x2001, 0xdb8, 0, 0, 0, 0, 0xa, 0xb]],
    ["1:2:3:4:5:6:7::", [1, 2, 3, 4, 5, 6, 7, 0]],
    ["::2:3:4:5:6:7:8", [0, 2, 3, 4, 5, 6, 7, 8]],
    ["1:2:3:4:5:6::8", [1, 2, 3, 4, 5, 6, 0, 8]],
    ["::ffff:203.0.113.1", [0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7101]],
    ["1:2:3:4:5:6:203.0.113.1", [1, 2, 3, 4, 5, 6, 0xcb00, 0x7101]],
    ["::001.2.03.4", [0, 0, 0, 0, 0, 0, 0x0102, 0x0304]],
  ])("%j is an IPv6 address", (text, groups) => {
    const dst = new Uint8Array(16).fill(0xaa);
    expect(inetPton(AF_INET6, text, dst).value).toBe(1);
    expect(Array.from({ length: 8 }, (_, i) => new DataView(dst.buffer).getUint16(2 * i))).toEqual(groups);
  });

  test.each([
    "",
    ":",
    ":::",
    "1",
    "1:2:3",
    "1::2::3",
    "1:::2",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "1::5:",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "::00001",
    "::0x1",
    "::g",
    "::-1",
    "[::1]",
    "::1%2",
    "::1/64",
    " ::1",
    "::1 ",
    "1.2.3.4",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::1.2.3.256",
    "::0001.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
  ])("%j is not an IPv6 address, and leaves the destination alone", (text) => {
    const dst = new Uint8Array(16).fill(0xaa);
    expect(inetPton(AF_INET6, text, dst)).toEqual({ value: 0, error: undefined });
    expect(dst.every((byte) => byte === 0xaa)).toBe(true);
  });

  test("NULL text is WSAEFAULT whatever the family, another family is WSAEAFNOSUPPORT", () => {
    expect(inetPton(AF_UNSPEC, null, { s_addr: 0 })).toEqual({ value: -1, error: WSAEFAULT });
    expect(inetPton(AF_INET, null, { s_addr: 0 })).toEqual({ value: -1, error: WSAEFAULT });
    expect(inetPton(AF_UNSPEC, "127.0.0.1", { s_addr: 0 })).toEqual({ value: -1, error: WSAEAFNOSUPPORT });
  });

  test("no destination, or one that is too short, is WSAEFAULT", () => {
    expect(inetPton(AF_INET, "127.0.0.1", null)).toEqual({ value: -1, error: WSAEFAULT });
    expect(inetPton(AF_INET6, "::1", new Uint8Array(15))).toEqual({ value: -1, error: WSAEFAULT });
  });
});

describe("inet_ntop (Microsoft, inet_ntop; RFC 5952)", () => {
  test.each([
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[0x2001, 0xdb8, 0, 0, 0, 0, 0xab, 0xcd], "2001:db8::ab:cd"],
    [[0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], "2001:db8::"],
    [[1, 2, 3, 4, 5, 6, 7, 8], "1:2:3:4:5:6:7:8"],
    // RFC 5952 §4.2.2: a single group of zeros is not shortened.
    [[1, 0, 3, 4, 5, 6, 7, 8], "1:0:3:4:5:6:7:8"],
    // §4.2.3: the longest run, the first of equals.
    [[1, 0, 0, 4, 0, 0, 0, 8], "1:0:0:4::8"],
    [[1, 0, 0, 4, 5, 0, 0, 8], "1::4:5:0:0:8"],
    // A dotted quad where an IPv4 address is inside.
    [[0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7101], "::ffff:203.0.113.1"],
    [[0, 0, 0, 0, 0, 0, 0xcb00, 0x7101], "::203.0.113.1"],
    [[0, 0, 0, 0, 0xffff, 0, 0xcb00, 0x7101], "::ffff:0:203.0.113.1"],
    [[0xfe80, 0, 0, 0, 0, 0x5efe, 0xcb00, 0x7101], "fe80::5efe:203.0.113.1"],
    [[0xfe80, 0, 0, 0, 0x200, 0x5efe, 0xcb00, 0x7101], "fe80::200:5efe:203.0.113.1"],
    [[0, 0, 0, 0, 0, 0xfffe, 0xcb00, 0x7101], "::fffe:cb00:7101"],
    [[0, 0, 0, 0, 0, 0, 0, 0x7101], "::7101"],
  ])("%j is %s", (groups, text) => {
    const src = Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]));
    const dst = { value: "" };
    expect(inetNtop(AF_INET6, src, dst, 65)).toEqual({ value: text, error: undefined });
    expect(dst.value).toBe(text);
    expect(inetNtop(AF_INET6, { s6_addr: src }, dst, 65).value).toBe(text);
  });

  test("IPv4 from an in_addr or from bytes, into bytes with a NUL", () => {
    const dst = new Uint8Array(16).fill(0xaa);
    expect(inetNtop(AF_INET, { s_addr: 0xc8030201 }, dst, 16).value).toBe("1.2.3.200");
    expect(dst.subarray(0, 11)).toEqual(Uint8Array.of(...new TextEncoder().encode("1.2.3.200"), 0, 0xaa));
    expect(inetNtop(AF_INET, Uint8Array.of(1, 2, 3, 200), dst, 16).value).toBe("1.2.3.200");
  });

  test("the room must hold the text and its NUL", () => {
    const failure = { value: null, error: STATUS_INVALID_PARAMETER };
    const loopback = { s_addr: 0x0100007f };
    expect(inetNtop(AF_INET, loopback, { value: "" }, 10).value).toBe("127.0.0.1");
    for (const size of [9, 0, -1, Number.NaN]) expect(inetNtop(AF_INET, loopback, { value: "" }, size)).toEqual(failure);
    expect(inetNtop(AF_INET, loopback, new Uint8Array(9), 16)).toEqual(failure);
    expect(inetNtop(AF_INET, loopback, null, 16)).toEqual(failure);
    expect(inetNtop(AF_INET, null, { value: "" }, 16)).toEqual(failure);
  });

  test("another family is WSAEAFNOSUPPORT", () => {
    expect(inetNtop(AF_UNSPEC, { s_addr: 0 }, { value: "" }, 16)).toEqual({ value: null, error: WSAEAFNOSUPPORT });
  });

  test("malformed objects are read as zeros", () => {
    expect(inetNtop(AF_INET, {} as never, { value: "" }, 16).value).toBe("0.0.0.0");
    expect(inetNtop(AF_INET6, {} as never, { value: "" }, 65).value).toBe("::");
  });
});

describe("text and back", () => {
  test("every IPv6 address survives inet_ntop and inet_pton", () => {
    const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.constant(0x5efe), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const src = Uint8Array.from(groups.flatMap((word) => [word >>> 8, word & 0xff]));
        const back = new Uint8Array(16);
        expect(inetPton(AF_INET6, inetNtop(AF_INET6, src, { value: "" }, 65).value, back).value).toBe(1);
        expect(back).toEqual(src);
      }),
    );
  });

  test("every IPv4 address but the last survives inet_ntoa, inet_addr and inet_pton", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xfffffffe }), (s_addr) => {
        const text = inet_ntoa({ s_addr });
        const dst = { s_addr: 0 };
        expect(inetAddr(text).value).toBe(s_addr);
        expect(inetPton(AF_INET, text, dst).value).toBe(1);
        expect(dst.s_addr).toBe(s_addr);
      }),
    );
  });

  test("no text makes a parser throw", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789abcfx.: \0%[]-") }));
    fc.assert(
      fc.property(text, (noise) => {
        expect(Number.isInteger(inetAddr(noise).value)).toBe(true);
        expect([0, 1]).toContain(inetPton(AF_INET, noise, { s_addr: 0 }).value);
        expect([0, 1]).toContain(inetPton(AF_INET6, noise, new Uint8Array(16)).value);
      }),
    );
  });
});
