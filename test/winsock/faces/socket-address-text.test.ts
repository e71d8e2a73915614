import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_addrinfo } from "../../../src/winsock/abi/name-structures.ts";
import {
  new_sockaddr_in,
  new_sockaddr_in6,
  sizeof_sockaddr_in,
  sizeof_sockaddr_in6,
  type sockaddr_in,
  type sockaddr_in6,
} from "../../../src/winsock/abi/structures.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address6 } from "../../support/ipv6-winsock.ts";
import { address, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome } from "../../support/winsock-calls.ts";
import { endpointOf } from "../../support/winsock-names.ts";

const { winsock } = new VirtualWinsock();
const unstarted = createBlockingFace(() => new VirtualWinsock().blockingPort());
const INVALID = fails(e.WSAEINVAL);
const quad = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");

describe("WSAStringToAddress of AF_INET (Wine's test WSAStringToAddress)", () => {
  test.each<[text: string, address: number, port: number]>([
    ["1.1.1.1", 0x01010101, 0],
    ["0.0.0.0", 0, 0],
    ["127.127.127.127", 0x7f7f7f7f, 0],
    ["127.127.127.127:123", 0x7f7f7f7f, 123],
    ["127.127.127.127:65535", 0x7f7f7f7f, 65535],
    ["127.127.127.127:0xAbCd", 0x7f7f7f7f, 43981],
    ["127.127.127.127:0XaBcD", 0x7f7f7f7f, 43981],
    ["127.127.127.127:010", 0x7f7f7f7f, 8],
    ["127.127.127.127:007", 0x7f7f7f7f, 7],
    ["255.255.255.255", 0xffffffff, 0],
    ["255.255.255.255:123", 0xffffffff, 123],
    ["255.255.255.255:65535", 0xffffffff, 65535],
    ["1.1.1.0xaA", 0x010101aa, 0],
    ["1.1.1.0XaA", 0x010101aa, 0],
    ["1.1.1.0xff", 0x010101ff, 0],
    ["1.1.1.010", 0x01010108, 0],
    ["1.1.1.00", 0x01010100, 0],
    ["1.1.1.007", 0x01010107, 0],
    ["1", 0x00000001, 0],
    ["1:1", 0x00000001, 1],
    ["1.2", 0x01000002, 0],
    ["1.2:1", 0x01000002, 1],
    ["1.2.3", 0x01020003, 0],
    ["1.2.3:1", 0x01020003, 1],
    ["203569230", 0x0c22384e, 0],
    ["203569230:123", 0x0c22384e, 123],
    ["1.223756", 0x01036a0c, 0],
    ["3.4.756", 0x030402f4, 0],
    ["0x00010203", 0x00010203, 0],
    ["0X00010203", 0x00010203, 0],
    ["0x00010203:10", 0x00010203, 10],
    ["0x1234", 0x00001234, 0],
    ["0x123456789", 0x23456789, 0],
    ["017700000001", 0x7f000001, 0],
    ["0777", 0x000001ff, 0],
    ["0777:10", 0x000001ff, 10],
  ])("%j is an address", (text, bits, port) => {
    for (const call of [winsock.WSAStringToAddressA, winsock.WSAStringToAddressW]) {
      const name = new_sockaddr_in();
      const length = { value: sizeof_sockaddr_in + 10 };
      winsock.WSASetLastError(1);
      expect(outcome(winsock, call(text, c.AF_INET, null, name, length))).toEqual([0, 0]);
      expect([name.sin_family, endpointOf(name), length.value]).toEqual([c.AF_INET, { address: quad(bits), port }, sizeof_sockaddr_in]);
    }
  });

  /** What can be read of the address before it goes wrong is there all the same. */
  test.each<[text: string, address: number]>([
    ["", 0],
    [" ", 0],
    ["127.127.127.127:", 0x7f7f7f7f],
    ["127.127.127.127:0", 0x7f7f7f7f],
    ["127.127.127.127:65537", 0x7f7f7f7f],
    ["127.127.127.127::1", 0x7f7f7f7f],
    ["127.127.127.127:0x", 0x7f7f7f7f],
    ["127.127.127.127:0x10000", 0x7f7f7f7f],
    ["127.127.127.127:08", 0x7f7f7f7f],
    ["127.127.127.127:008", 0x7f7f7f7f],
    ["127.127.127.127:0a", 0x7f7f7f7f],
    ["127.127.127.127:0o10", 0x7f7f7f7f],
    ["127.127.127.127:0b10", 0x7f7f7f7f],
    ["255.255.255.256", 0],
    ["a", 0],
    ["1.1.1.0x", 0],
    ["1.1.1.0x100", 0],
    ["1.1.1.08", 0],
    ["1.1.1.008", 0x01010100],
    ["1.1.1.0a", 0x01010100],
    ["1.1.1.0o10", 0x01010100],
    ["1.1.1.0b10", 0x01010100],
    ["1.1.1.-2", 0],
    ["-1", 0],
    ["1000.2000", 0],
    ["1.2.", 0],
    ["1..2", 0],
    ["1...2", 0],
    ["1.2.3.", 0],
    ["2001::1", 0x000007d1],
    ["756.3.4", 0],
    ["3.756.4", 0],
    ["3.4.756.1", 0],
    ["3.4.65536", 0],
    ["3.4.5.6.7", 0],
    ["3.4.5.+6", 0],
    [" 3.4.5.6", 0],
    ["\t3.4.5.6", 0],
    ["3.4.5.6 ", 0x03040506],
    ["3.4.5.6:7 ", 0x03040506],
    ["3.4.5.6: 7", 0x03040506],
    ["3. 4.5.6", 0],
    [".", 0],
    ["[0.1.2.3]", 0],
    ["0x00010Q03", 0x00000010],
    ["x00010203", 0],
    ["1234BEEF", 0x000004d2],
    ["::1", 0],
    [":1", 0],
  ])("%j is none", (text, bits) => {
    for (const call of [winsock.WSAStringToAddressA, winsock.WSAStringToAddressW]) {
      const name: sockaddr_in = { ...new_sockaddr_in(), sin_family: 0xabab, sin_port: 0xabab, sin_addr: { s_addr: 0xabababab } };
      const length = { value: sizeof_sockaddr_in + 10 };
      expect(outcome(winsock, call(text, c.AF_INET, null, name, length))).toEqual(INVALID);
      expect([name.sin_family, endpointOf(name)]).toEqual([0, { address: quad(bits), port: 0 }]);
      expect(length.value).toBe(sizeof_sockaddr_in + 10);
    }
  });
});

describe("WSAStringToAddress of AF_INET6 (Wine's test WSAStringToAddress)", () => {
  test.each<[text: string, address: string, port: number]>([
    ["::1", "::1", 0],
    ["[::1]", "::1", 0],
    ["[::1]:65535", "::1", 65535],
    ["2001::1", "2001::1", 0],
    ["001::1", "1::1", 0],
    ["::1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7", 0],
    ["fe80::1%3", "fe80::1%3", 0],
    ["[fe80::1%3]:0x50", "fe80::1%3", 80],
  ])("%j is an address", (text, expected, port) => {
    const name = new_sockaddr_in6();
    const length = { value: sizeof_sockaddr_in6 + 10 };
    expect(outcome(winsock, winsock.WSAStringToAddressW(text, c.AF_INET6, null, name, length))).toEqual([0, 0]);
    expect([name.sin6_family, endpointOf(name), length.value]).toEqual([c.AF_INET6, { address: expected, port }, sizeof_sockaddr_in6]);
  });

  test.each([
    "::1]:65535",
    "1.2.3.4",
    "1:2:3:",
    "",
    "[::1",
    "[::1]:",
    "[::1]:0",
    "[::1]80",
    "::1:80:[",
    "fe80::1%",
    "fe80::1%eth0",
    "::1 ",
  ])("%j is none", (text) => {
    const name: sockaddr_in6 = { ...new_sockaddr_in6(), sin6_family: 0xabab, sin6_scope_id: 7, sin6_flowinfo: 7 };
    const length = { value: 40 };
    expect(outcome(winsock, winsock.WSAStringToAddressA(text, c.AF_INET6, null, name, length))).toEqual(INVALID);
    expect([name.sin6_family, name.sin6_scope_id, name.sin6_flowinfo, name.sin6_port, length.value]).toEqual([0, 0, 0, 0, 40]);
  });
});

describe("WSAStringToAddress with parameters that cannot be", () => {
  test("too little room is WSAEFAULT with what is needed, whatever the text (Wine's test WSAStringToAddress)", () => {
    for (const [family, needed] of [
      [c.AF_INET, sizeof_sockaddr_in],
      [c.AF_INET6, sizeof_sockaddr_in6],
    ] as const) {
      const length = { value: 0 };
      expect(outcome(winsock, winsock.WSAStringToAddressA("", family, null, new_sockaddr_in(), length))).toEqual(fails(e.WSAEFAULT));
      expect(length.value).toBe(needed);
      const short = { value: 100 };
      expect(outcome(winsock, winsock.WSAStringToAddressA("1.2.3.4", family, null, new Uint8Array(8), short))).toEqual(fails(e.WSAEFAULT));
    }
  });

  test("no start-up, no pointers, another family", () => {
    const call = winsock.WSAStringToAddressW;
    expect(outcome(winsock, call("1.2.3.4", c.AF_INET, null, null, { value: 16 }))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(winsock, call("1.2.3.4", c.AF_INET, null, new_sockaddr_in(), null))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(winsock, call(null, c.AF_INET, null, new_sockaddr_in(), { value: 16 }))).toEqual(INVALID);
    expect(outcome(winsock, call("1.2.3.4", c.AF_UNSPEC, null, new_sockaddr_in(), { value: 16 }))).toEqual(INVALID);
    const before = unstarted.WSAStringToAddressW("1.2.3.4", c.AF_INET, null, new_sockaddr_in(), { value: 16 });
    expect(outcome(unstarted, before)).toEqual(fails(e.WSANOTINITIALISED));
  });

  test("memory gets the name in C layout", () => {
    const bytes = new Uint8Array(16).fill(0xaa);
    expect(winsock.WSAStringToAddressW("203.0.113.1:80", c.AF_INET, null, bytes, { value: 16 })).toBe(0);
    expect(bytes).toEqual(Uint8Array.of(2, 0, 0, 80, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 0, 0));
  });
});

describe("WSAAddressToString (Wine's test WSAAddressToString)", () => {
  test.each<[name: sockaddr_in | sockaddr_in6, length: number, text: string]>([
    [address("0.0.0.0", 0), 16, "0.0.0.0"],
    [address("255.255.255.255", 0), 16, "255.255.255.255"],
    [address("0.0.0.0", 65535), 16, "0.0.0.0:65535"],
    [address("255.255.255.255", 65535), 16, "255.255.255.255:65535"],
    [address6("::1", 0), 28, "::1"],
    [address6("20ab::1", 0), 28, "20ab::1"],
    [address6("20ab::2001", 33274), 28, "[20ab::2001]:33274"],
    [address6("20ab::2001", 33274, 0x1234), 28, "[20ab::2001%4660]:33274"],
    [address6("20ab::2001", 0, 0x1234), 28, "20ab::2001%4660"],
  ])("of %j is %s", (name, length, text) => {
    for (const call of [winsock.WSAAddressToStringA, winsock.WSAAddressToStringW]) {
      const box = { value: "" };
      const size = { value: 64 };
      expect(outcome(winsock, call(name, length, null, box, size))).toEqual([0, 0]);
      expect([box.value, size.value]).toEqual([text, text.length + 1]);
      const exact = { value: text.length + 1 };
      expect(call(name, length, null, box, exact)).toBe(0);
      const short = { value: text.length };
      expect(outcome(winsock, call(name, length, null, box, short))).toEqual(fails(e.WSAEFAULT));
      expect(short.value).toBe(text.length + 1);
    }
  });

  test("the size that is needed comes without a buffer too", () => {
    const size = { value: 0 };
    expect(outcome(winsock, winsock.WSAAddressToStringW(address("0.0.0.0", 0), 16, null, null, size))).toEqual(fails(e.WSAEFAULT));
    expect(size.value).toBe(8);
  });

  test("memory gets bytes, or UTF-16 of the wide form, which needs twice the room", () => {
    const memory = new Uint8Array(20).fill(0xaa);
    expect(winsock.WSAAddressToStringA(address("1.2.3.4", 0), 16, null, memory, { value: 20 })).toBe(0);
    expect(memory.subarray(0, 9)).toEqual(Uint8Array.from("1.2.3.4\0\xaa", (each) => each.charCodeAt(0)));
    expect(winsock.WSAAddressToStringW(address("1.2.3.4", 0), 16, null, memory, { value: 10 })).toBe(0);
    expect(new TextDecoder("utf-16le").decode(memory.subarray(0, 16))).toBe("1.2.3.4\0");
    expect(winsock.WSAAddressToStringW(address("1.2.3.4", 0), 16, null, memory.subarray(0, 15), { value: 10 })).toBe(-1);
  });

  test("parameters that cannot be (Microsoft, WSAAddressToString)", () => {
    const call = winsock.WSAAddressToStringW;
    const size = { value: 64 };
    expect(outcome(winsock, call(null, 16, null, { value: "" }, size))).toEqual(INVALID);
    expect(outcome(winsock, call(address("1.2.3.4", 0), 16, null, { value: "" }, null))).toEqual(INVALID);
    expect(outcome(winsock, call(address("1.2.3.4", 0), 15, null, { value: "" }, size))).toEqual(INVALID);
    expect(outcome(winsock, call(address("1.2.3.4", 0, c.AF_IPX), 16, null, { value: "" }, size))).toEqual(INVALID);
    expect(outcome(unstarted, unstarted.WSAAddressToStringA(address("1.2.3.4", 0), 16, null, { value: "" }, size))).toEqual(
      fails(e.WSANOTINITIALISED),
    );
  });
});

describe("InetPton and InetNtop (Wine's tests inet_pton and addr_to_print)", () => {
  test.each([
    [c.AF_INET, "1.1.1.1", 1],
    [c.AF_INET, "0.0.0.0", 1],
    [c.AF_INET, "127.127.127.255:123", 0],
    [c.AF_INET, "127.127.127.256", 0],
    [c.AF_INET, "1.1.1.010", 0],
    [c.AF_INET, "1.1.1", 0],
    [c.AF_INET, "3.4.5.6 ", 0],
    [c.AF_INET, "", 0],
    [c.AF_INET, "::1", 0],
    [c.AF_INET6, "2001:db8:85a3::8a2e:370:7334", 1],
    [c.AF_INET6, "1::001.2.3.4", 1],
    [c.AF_INET6, "1::0001.2.3.4", 0],
    [c.AF_INET6, "::%16", 0],
    [c.AF_INET6, "[::]", 0],
    [c.AF_INET6, "1.2.3.4", 0],
  ])("of family %d %j is %d, and bad text is WSAEINVAL of the wide form only", (family, text, expected) => {
    for (const [call, error] of [
      [winsock.inet_pton, 4711],
      [winsock.InetPtonW, expected === 1 ? 4711 : e.WSAEINVAL],
    ] as const) {
      winsock.WSASetLastError(4711);
      expect(outcome(winsock, call(family, text, new Uint8Array(16)))).toEqual([expected, error]);
    }
  });

  test("no text and another family", () => {
    for (const call of [winsock.inet_pton, winsock.InetPtonW]) {
      for (const family of [c.AF_UNSPEC, c.AF_INET])
        expect(outcome(winsock, call(family, null, new Uint8Array(16)))).toEqual(fails(e.WSAEFAULT));
      expect(outcome(winsock, call(c.AF_UNSPEC, "127.0.0.1", new Uint8Array(16)))).toEqual(fails(e.WSAEAFNOSUPPORT));
    }
  });

  test("both work before WSAStartup (winsock.md §2)", () => {
    const memory = new Uint8Array(4);
    expect(unstarted.InetPtonW(c.AF_INET, "21.16.32.32", memory)).toBe(1);
    expect(unstarted.InetNtopW(c.AF_INET, memory, { value: "" }, 16)).toBe("21.16.32.32");
    expect(unstarted.inet_ntoa(memory)).toBe("21.16.32.32");
  });

  test.each(["inet_ntop", "InetNtopW"] as const)("%s with room for the text and its NUL or more, and with less", (name) => {
    const src = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0xcc, 0x98, 0xbd, 0x74);
    const call = winsock[name];
    expect(call(c.AF_INET6, src, { value: "" }, 18)).toBe("::fffe:cc98:bd74");
    for (const [dst, size] of [
      [{ value: "" }, 16],
      [{ value: "" }, 0],
      [null, 64],
      [new Uint8Array(16), 64],
    ] as const) {
      expect([call(c.AF_INET6, src, dst, size), winsock.WSAGetLastError()]).toEqual([null, e.STATUS_INVALID_PARAMETER]);
    }
    expect([call(1, src, { value: "" }, 64), winsock.WSAGetLastError()]).toEqual([null, e.WSAEAFNOSUPPORT]);
  });

  test("memory of InetNtopW gets UTF-16", () => {
    const memory = new Uint8Array(64);
    winsock.InetNtopW(c.AF_INET, Uint8Array.of(1, 2, 3, 4), memory, 32);
    expect(new TextDecoder("utf-16le").decode(memory.subarray(0, 16))).toBe("1.2.3.4\0");
  });
});

describe("WSAHtonl and kin (Microsoft; winsock.md §13)", () => {
  const s = winsock.socket(c.AF_INET, c.SOCK_STREAM, 0);

  test.each([
    ["WSAHtonl", 0x01020304, 0x04030201],
    ["WSANtohl", 0xff000001, 0x010000ff],
    ["WSAHtons", 80, 0x5000],
    ["WSANtohs", 0x5000, 80],
  ] as const)("%s", (name, value, expected) => {
    const box = { value: 0 };
    winsock.WSASetLastError(1);
    expect([...outcome(winsock, winsock[name](s, value, box)), box.value]).toEqual([0, 0, expected]);
    expect(outcome(winsock, winsock[name](s, value, null))).toEqual(fails(e.WSAEFAULT));
    // That it is no socket comes before the pointer (winsock.md §1).
    expect(outcome(winsock, winsock[name](0xdead, value, null))).toEqual(fails(e.WSAENOTSOCK));
    expect(outcome(unstarted, unstarted[name](s, value, box))).toEqual(fails(e.WSANOTINITIALISED));
  });
});

test("gai_strerror has a sentence for every code", () => {
  expect(winsock.gai_strerrorW(e.EAI_NONAME)).toBe("No machine of that name is known.");
  expect(winsock.gai_strerrorA(e.EAI_NONAME)).toBe(winsock.gai_strerrorW(e.EAI_NONAME));
  expect(winsock.gai_strerrorW(4711)).toBe("Error 4711: This is not one of Winsock's codes.");
});

describe("text and back", () => {
  const port = fc.integer({ min: 0, max: 0xffff });

  test("every name survives WSAAddressToString and WSAStringToAddress, zone and port included", () => {
    const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));
    const inet = fc.record({ address: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }), port });
    const inet6 = fc.record({
      groups: fc.array(group, { minLength: 8, maxLength: 8 }),
      port,
      scope: fc.integer({ min: 0, max: 0xffffffff }),
    });
    const survives = (name: Uint8Array): void => {
      const text = { value: "" };
      expect(winsock.WSAAddressToStringW(name, name.length, null, text, { value: 65 })).toBe(0);
      const back = new Uint8Array(name.length);
      expect(winsock.WSAStringToAddressW(text.value, name[0]!, null, back, { value: name.length })).toBe(0);
      expect(back).toEqual(name);
    };
    fc.assert(
      fc.property(inet, inet6, (four, six) => {
        survives(Uint8Array.of(c.AF_INET, 0, four.port >> 8, four.port & 255, ...four.address, 0, 0, 0, 0, 0, 0, 0, 0));
        const name = new Uint8Array(sizeof_sockaddr_in6);
        name.set([c.AF_INET6, 0, six.port >> 8, six.port & 255]);
        name.set(
          six.groups.flatMap((word) => [word >> 8, word & 255]),
          8,
        );
        new DataView(name.buffer).setUint32(24, six.scope, true);
        survives(name);
      }),
    );
  });

  test("no text makes a reader throw, or leaves a family that it has not read", () => {
    const noise = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789abcfx.: \0%[]-") }));
    fc.assert(
      fc.property(noise, fc.constantFrom(c.AF_INET, c.AF_INET6), (text, family) => {
        const name = new Uint8Array(28);
        const result = winsock.WSAStringToAddressA(text, family, null, name, { value: 28 });
        expect([result, name[0]]).toEqual(result === 0 ? [0, family] : [-1, 0]);
        // What is numeric is so for getaddrinfo too, which takes it strictly.
        const found = { value: null };
        const hints = { ...new_addrinfo(), ai_flags: c.AI_NUMERICHOST };
        expect([0, e.WSAHOST_NOT_FOUND]).toContain(winsock.getaddrinfo(text === "" ? "x" : text, null, hints, found));
      }),
    );
  });
});
