import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import {
  type addrinfo,
  type addrinfoex,
  new_addrinfo,
  new_addrinfoex,
  sizeof_addrinfo,
  sizeof_addrinfoex,
} from "../../../src/winsock/abi/name-structures.ts";
import { STATUS_PENDING } from "../../../src/winsock/abi/nt-status.ts";
import { new_WSAOVERLAPPED, type WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_sockaddr_in, type timeval } from "../../../src/winsock/abi/structures.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import type { LookupRoutine } from "../../../src/winsock/faces/lookups-begun.ts";
import { OUR_LINK_LOCAL, OUR_ZONE, OURS6 } from "../../support/ipv6-winsock.ts";
import { OURS } from "../../support/virtual-winsock.ts";
import { type Getaddrinfo, getaddrinfoAwaited, getaddrinfoInC, type NamesRig, namesRig } from "../../support/winsock-names.ts";

type Row = readonly [
  source: string,
  node: string | null,
  service: string | null,
  hints: Parameters<Getaddrinfo>[2],
  expected: string | readonly string[],
];

const W = "Wine's test getaddrinfo";
const MS = 'Microsoft, "getaddrinfo function"';
const RFC = "RFC 3493 §6.1";
const OWN = [`[${OURS6}]:0 0/0`, `[${OUR_LINK_LOCAL}%${OUR_ZONE}]:0 0/0`, `${OURS}:0 0/0`];
const BOTH_LOOPBACKS = ["[::1]:0 0/0", "127.0.0.1:0 0/0"];
const FOUND = ["[2001:db8::80]:0 0/0", "198.51.100.80:0 0/0", "198.51.100.81:0 0/0"];

/** Of a host with addresses of both families, whose search list is `lan`. */
const ROWS: readonly Row[] = [
  // Nothing to look for, and the host itself.
  [W, null, null, undefined, "WSAHOST_NOT_FOUND"],
  [W, "", null, undefined, OWN],
  [W, "", "", undefined, OWN],
  [W, "", "0", undefined, OWN],
  [`${W}: the own name is as the empty one`, "tapsock", null, undefined, OWN],
  ["whatever the case of its letters", "TapSock", null, undefined, OWN],
  [MS, "..localmachine", null, { family: c.AF_INET }, [`${OURS}:0 0/0`]],
  [W, null, "0", undefined, BOTH_LOOPBACKS],
  [W, null, "", undefined, BOTH_LOOPBACKS],
  [MS, null, "80", { family: c.AF_INET }, ["127.0.0.1:80 0/0"]],
  [MS, null, "80", { flags: c.AI_PASSIVE }, ["[::]:80 0/0", "0.0.0.0:80 0/0"]],
  [MS, null, "80", { flags: c.AI_PASSIVE, family: c.AF_INET }, ["0.0.0.0:80 0/0"]],
  [MS, null, "80", { flags: c.AI_PASSIVE, family: c.AF_INET6 }, ["[::]:80 0/0"]],
  [`${MS}: the flag is of no account with a name`, "127.0.0.1", "80", { flags: c.AI_PASSIVE }, ["127.0.0.1:80 0/0"]],
  // localhost, with whatever else is wanted (the table hinttests of Wine's test).
  [W, "localhost", null, undefined, BOTH_LOOPBACKS],
  [W, "localhost", "80", {}, ["[::1]:80 0/0", "127.0.0.1:80 0/0"]],
  ...[0, c.SOCK_STREAM, c.SOCK_DGRAM].flatMap((socktype) =>
    [0, c.IPPROTO_TCP, c.IPPROTO_UDP, c.IPPROTO_IPV6, 999].flatMap((protocol): Row[] => [
      [W, "localhost", null, { socktype, protocol }, BOTH_LOOPBACKS.map((each) => each.replace("0/0", `${socktype}/${protocol}`))],
      [W, "localhost", null, { socktype, protocol, family: c.AF_INET }, [`127.0.0.1:0 ${socktype}/${protocol}`]],
    ]),
  ),
  ...[c.IPPROTO_TCP, c.IPPROTO_UDP, c.IPPROTO_IPV6].flatMap((protocol): Row[] => [
    [W, "localhost", null, { socktype: 999, protocol }, "WSAESOCKTNOSUPPORT"],
    [W, "localhost", null, { socktype: 999, protocol, family: c.AF_INET }, "WSAESOCKTNOSUPPORT"],
  ]),
  [MS, "localhost", null, { family: c.AF_IPX }, "WSAEAFNOSUPPORT"],
  [MS, "localhost", null, { family: 999 }, "WSAEAFNOSUPPORT"],
  // Addresses as text.
  [W, "192.168.1.253", null, undefined, ["192.168.1.253:0 0/0"]],
  [W, "192.168.1.253:1024", null, { flags: c.AI_NUMERICHOST }, "WSAHOST_NOT_FOUND"],
  [W, "2a00:2039:dead:beef:cafe::6666", null, undefined, ["[2a00:2039:dead:beef:cafe::6666]:0 0/0"]],
  [W, "[beef::cafe]", null, undefined, ["[beef::cafe]:0 0/0"]],
  [W, "[beef::cafe]", null, { flags: c.AI_NUMERICHOST, family: c.AF_INET6 }, ["[beef::cafe]:0 0/0"]],
  [W, "[beef::cafe]", null, { flags: c.AI_NUMERICHOST, family: c.AF_INET }, "WSAHOST_NOT_FOUND"],
  [W, "[beef::cafe]:10239", null, undefined, ["[beef::cafe]:0 0/0"]],
  [`${W}: the port of the service counts`, "[beef::cafe]:10239", "80", undefined, ["[beef::cafe]:80 0/0"]],
  [W, "[beef::cafe", null, { flags: c.AI_NUMERICHOST }, "WSAHOST_NOT_FOUND"],
  [W, "beef::cafe]", null, { flags: c.AI_NUMERICHOST }, "WSAHOST_NOT_FOUND"],
  ["a broken address is no name either", "beef::cafe]", null, undefined, "WSAHOST_NOT_FOUND"],
  [W, "localhost", "80", { flags: c.AI_NUMERICHOST }, "WSAHOST_NOT_FOUND"],
  ["winsock.md §15", "1.2.3", null, { flags: c.AI_NUMERICHOST }, "WSAHOST_NOT_FOUND"],
  ["winsock.md §15", "1.2.3", null, undefined, "WSAHOST_NOT_FOUND"],
  ["RFC 4007 §11", "fe80::7%1", "80", undefined, ["[fe80::7%1]:80 0/0"]],
  ["an address of the other family", "::1", null, { family: c.AF_INET }, "WSAHOST_NOT_FOUND"],
  ["an address of the other family", "192.0.2.1", null, { family: c.AF_INET6 }, "WSAHOST_NOT_FOUND"],
  [RFC, "192.0.2.1", "80", { family: c.AF_INET6, flags: c.AI_V4MAPPED }, ["[::ffff:192.0.2.1]:80 0/0"]],
  [`${MS}: its text is its name`, "192.0.2.1", null, { flags: c.AI_CANONNAME }, ["192.0.2.1:0 0/0 192.0.2.1"]],
  // Services.
  ["winsock.md §15: modulo 2^16", "127.0.0.1", "65536", undefined, ["127.0.0.1:0 0/0"]],
  ["winsock.md §15: modulo 2^16", "127.0.0.1", "65616", undefined, ["127.0.0.1:80 0/0"]],
  ["winsock.md §15: with its sign", "127.0.0.1", "-1", undefined, ["127.0.0.1:65535 0/0"]],
  [MS, "127.0.0.1", "http", undefined, ["127.0.0.1:80 0/0"]],
  [MS, "127.0.0.1", "HTTP", { socktype: c.SOCK_STREAM }, ["127.0.0.1:80 1/0"]],
  [MS, "127.0.0.1", "domain", { socktype: c.SOCK_DGRAM, protocol: c.IPPROTO_UDP }, ["127.0.0.1:53 2/17"]],
  [W, null, "nonexistentservice", {}, "WSATYPE_NOT_FOUND"],
  ["winsock.md §15", "127.0.0.1", "nonexistentservice", undefined, "WSATYPE_NOT_FOUND"],
  [`${MS}: not over that type`, "127.0.0.1", "telnet", { socktype: c.SOCK_DGRAM }, "WSATYPE_NOT_FOUND"],
  [`${MS}: not over that protocol`, "127.0.0.1", "tftp", { protocol: c.IPPROTO_TCP }, "WSATYPE_NOT_FOUND"],
  [`${MS}: over none`, "127.0.0.1", "http", { socktype: c.SOCK_RAW }, "WSATYPE_NOT_FOUND"],
  [MS, "127.0.0.1", "http", { flags: c.AI_NUMERICSERV }, "WSAHOST_NOT_FOUND"],
  [MS, "127.0.0.1", "80", { flags: c.AI_NUMERICSERV }, ["127.0.0.1:80 0/0"]],
  // Flags.
  [MS, "localhost", null, { flags: 0x01000000 }, "WSAEINVAL"],
  [MS, "localhost", null, { flags: 0x200 }, "WSAEINVAL"],
  [MS, "localhost", null, { flags: c.AI_CANONNAME | c.AI_FQDN }, "WSAEINVAL"],
  [MS, null, "80", { flags: c.AI_CANONNAME }, "WSANO_RECOVERY"],
  [MS, null, "80", { flags: c.AI_FQDN }, "WSANO_RECOVERY"],
  [`${MS}: hints for other name spaces`, "127.0.0.1", null, { flags: c.AI_FILESERVER | c.AI_SECURE }, ["127.0.0.1:0 0/0"]],
  // Names that a server knows.
  [MS, "www.example", null, undefined, FOUND],
  [MS, "www.example", "https", { socktype: c.SOCK_STREAM, family: c.AF_INET }, ["198.51.100.80:443 1/0", "198.51.100.81:443 1/0"]],
  [MS, "www.example", null, { family: c.AF_INET6 }, ["[2001:db8::80]:0 0/0"]],
  [W, "www.example", null, { flags: c.AI_ALL | c.AI_DNS_ONLY, socktype: 1, protocol: 6 }, FOUND.map((each) => each.replace("0/0", "1/6"))],
  [MS, "alias.example", null, { flags: c.AI_CANONNAME, family: c.AF_INET }, ["198.51.100.80:0 0/0 www.example"]],
  [MS, "alias.example", null, { flags: c.AI_FQDN, family: c.AF_INET }, ["198.51.100.80:0 0/0 alias.example"]],
  [MS, "printer", null, { flags: c.AI_FQDN }, ["203.0.113.9:0 0/0 printer.lan"]],
  ["only the first has it", "www.example", null, { flags: c.AI_CANONNAME }, [`${FOUND[0]} www.example`, ...FOUND.slice(1)]],
  ["the hosts file", "post", null, { flags: c.AI_CANONNAME }, ["203.0.113.70:0 0/0 mail.lan"]],
  [W, "nxdomain.example", null, undefined, "WSAHOST_NOT_FOUND"],
  [MS, "four.example", null, { family: c.AF_INET6 }, "WSANO_DATA"],
  [MS, "six.example", null, { family: c.AF_INET }, "WSANO_DATA"],
  [MS, "four.example", null, { family: c.AF_INET6, flags: c.AI_V4MAPPED }, ["[::ffff:198.51.100.4]:0 0/0"]],
  [MS, "www.example", null, { family: c.AF_INET6, flags: c.AI_V4MAPPED }, ["[2001:db8::80]:0 0/0"]],
  [
    MS,
    "www.example",
    null,
    { family: c.AF_INET6, flags: c.AI_V4MAPPED | c.AI_ALL },
    ["[2001:db8::80]:0 0/0", "[::ffff:198.51.100.80]:0 0/0", "[::ffff:198.51.100.81]:0 0/0"],
  ],
  [`${RFC}: without AI_V4MAPPED it is nothing`, "www.example", null, { family: c.AF_INET6, flags: c.AI_ALL }, ["[2001:db8::80]:0 0/0"]],
  [`${RFC}: of AF_INET6 only`, "four.example", null, { family: c.AF_INET, flags: c.AI_V4MAPPED }, ["198.51.100.4:0 0/0"]],
  // What is no name.
  ["a label of 64", `${"a".repeat(64)}.example`, null, undefined, "WSAHOST_NOT_FOUND"],
  ["longer than any", "a.".repeat(600), null, undefined, "WSAHOST_NOT_FOUND"],
  ["an empty label", "www..example", null, undefined, "WSAHOST_NOT_FOUND"],
  ["RFC 6761 §6.4", "www.invalid", null, undefined, "WSAHOST_NOT_FOUND"],
  ["a NUL ends it", "127.0.0.1\0junk", "80\0junk", undefined, ["127.0.0.1:80 0/0"]],
  // Letters beyond ASCII (Wine's test GetAddrInfoW).
  ["Wine's test GetAddrInfoW", "テスト.example", null, { family: c.AF_INET }, ["198.51.100.7:0 0/0"]],
  ["Wine's test GetAddrInfoW", "xn--zckzah.example", null, { family: c.AF_INET }, ["198.51.100.7:0 0/0"]],
  ["Wine's test GetAddrInfoW", "テスト.example", null, { family: c.AF_INET, flags: c.AI_DISABLE_IDN_ENCODING }, "WSAHOST_NOT_FOUND"],
  ["what would be part of a URL", "テスト/.example", null, undefined, "WSAHOST_NOT_FOUND"],
];

const callsOf = (rig: NamesRig): Readonly<Record<string, Getaddrinfo>> => ({
  "in C": getaddrinfoInC(rig.v.winsock),
  awaited: getaddrinfoAwaited(rig),
});

describe.each(["in C", "awaited"])("getaddrinfo %s", (face) => {
  test.each(ROWS)("(%s) of %j and %j with %j is %j", async (_source, node, service, hints, expected) => {
    expect(await callsOf(namesRig())[face]!(node, service, hints)).toEqual(expected);
  });

  test("(Wine's test getaddrinfo) on a host without addresses of IPv6 a server's are not given, and the loopback's are", async () => {
    const call = callsOf(namesRig("ipv4"))[face]!;
    expect(await call("www.example", null)).toEqual(["198.51.100.80:0 0/0", "198.51.100.81:0 0/0"]);
    expect(await call("www.example", null, { family: c.AF_INET6 })).toBe("WSANO_DATA");
    expect(await call("localhost", null)).toEqual(BOTH_LOOPBACKS);
    expect(await call("2001:db8::1", null)).toEqual(["[2001:db8::1]:0 0/0"]);
    expect(await call("", null)).toEqual([`${OURS}:0 0/0`]);
  });

  test(`(${MS}) AI_ADDRCONFIG leaves out families of which the host has the loopback's addresses only`, async () => {
    const rig = namesRig("ipv4");
    const call = callsOf(rig)[face]!;
    expect(await call("localhost", null, { flags: c.AI_ADDRCONFIG })).toEqual(["127.0.0.1:0 0/0"]);
    expect(await call("localhost", null, { flags: c.AI_ADDRCONFIG, family: c.AF_INET6 })).toBe("WSANO_DATA");
  });

  test("what a server does is told by code", async () => {
    const rig = namesRig();
    const call = callsOf(rig)[face]!;
    for (const [flags, expected] of [
      [0x8182, "WSATRY_AGAIN"], // SERVFAIL
      [0x8185, "WSANO_RECOVERY"], // REFUSED
      [0x8183, "WSAHOST_NOT_FOUND"], // NXDOMAIN
    ] as const) {
      rig.v.ours.dns.flushCache();
      rig.server.answer = ({ bytes }) => Uint8Array.from(bytes, (byte, i) => (i === 2 ? flags >> 8 : i === 3 ? flags & 255 : byte));
      expect([expected, await call("www.example", null)]).toEqual([expected, expected]);
    }
    rig.server.answer = () => undefined;
    expect(await call("slow.example", null)).toBe("WSATRY_AGAIN");
    rig.v.ours.dns.configure("configured", { servers: [] });
    expect(await call("www.example", null)).toBe("WSAHOST_NOT_FOUND");
  });
});

describe("getaddrinfo in C", () => {
  const { v } = namesRig();
  const { winsock } = v;

  test("before WSAStartup is WSANOTINITIALISED, of an address too (ReactOS' test nostartup)", () => {
    const face = createBlockingFace(() => v.blockingPort());
    const result = { value: new_addrinfo() as addrinfo | null };
    for (const node of ["localhost", "127.0.0.1", null]) expect(face.getaddrinfo(node, "80", null, result)).toBe(e.WSANOTINITIALISED);
    expect([face.WSAGetLastError(), result.value]).toEqual([e.WSANOTINITIALISED, null]);
  });

  test("hints in C layout; those with a field set that has to be zero are WSANO_RECOVERY (Microsoft)", () => {
    const result = { value: null as addrinfo | null };
    const hints = new Uint8Array(sizeof_addrinfo);
    hints[4] = c.AF_INET;
    hints[8] = c.SOCK_STREAM;
    expect(winsock.getaddrinfo("localhost", "80", hints, result)).toBe(0);
    expect(result.value).toMatchObject({ ai_family: c.AF_INET, ai_socktype: c.SOCK_STREAM, ai_next: null, ai_addrlen: 16 });
    hints[16] = 16;
    expect(winsock.getaddrinfo("localhost", "80", hints, result)).toBe(e.WSANO_RECOVERY);
    for (const wrong of [{ ai_addrlen: 1 }, { ai_canonname: "" }, { ai_addr: new_sockaddr_in() }, { ai_next: new_addrinfo() }]) {
      expect(winsock.getaddrinfo("localhost", "80", { ...new_addrinfo(), ...wrong }, result)).toBe(e.WSANO_RECOVERY);
    }
    expect(winsock.getaddrinfo("localhost", null, null, null)).toBe(e.WSAEFAULT);
  });

  test("an address that the program gave is marked AI_NUMERICHOST, one that was found is not (winsock.md §15)", () => {
    const result = { value: null as addrinfo | null };
    winsock.getaddrinfo("192.0.2.1", null, null, result);
    expect(result.value?.ai_flags).toBe(c.AI_NUMERICHOST);
    winsock.getaddrinfo("localhost", null, null, result);
    expect(result.value?.ai_flags).toBe(0);
    for (const free of [winsock.freeaddrinfo, winsock.FreeAddrInfoW]) {
      expect(() => free(result.value)).not.toThrow();
      expect(() => free(null)).not.toThrow();
    }
  });

  test("GetAddrInfoW is the same function", async () => {
    const result = { value: null as addrinfo | null };
    expect(winsock.GetAddrInfoW("six.example", "80", null, result)).toBe(0);
    expect(result.value).toMatchObject({ ai_family: c.AF_INET6, ai_addrlen: 28, ai_addr: { sin6_port: 0x5000 } });
  });
});

describe("GetAddrInfoEx (Wine's test GetAddrInfoExW)", () => {
  const { winsock } = namesRig().v;
  const result = { value: null as addrinfoex | null };
  const four = [null, null, null, null] as const;

  test.each<[source: string, name: string | null, namespace: number, code: number]>([
    ["Wine", null, c.NS_DNS, e.WSAHOST_NOT_FOUND],
    ["Wine", "", c.NS_DNS, 0],
    ["Wine", "localhost", c.NS_DNS, 0],
    ["Microsoft", "www.example", c.NS_ALL, 0],
    ["Wine", "nxdomain.example", c.NS_DNS, e.WSAHOST_NOT_FOUND],
    ["Microsoft: a name space that is not installed", "localhost", c.NS_EMAIL, e.WSASERVICE_NOT_FOUND],
  ])("(%s) of %j in name space %d is %d", (_source, name, namespace, code) => {
    for (const call of [winsock.GetAddrInfoExA, winsock.GetAddrInfoExW]) {
      result.value = new_addrinfoex();
      expect([call(name, null, namespace, null, null, result, ...four), winsock.WSAGetLastError()]).toEqual([code, code]);
      expect(result.value).toEqual(code === 0 ? expect.objectContaining({ ai_blob: null, ai_bloblen: 0, ai_provider: null }) : null);
    }
  });

  test("hints as an object and in C layout, where a blob and a provider are of no account", () => {
    const hints = { ...new_addrinfoex(), ai_family: c.AF_INET6, ai_flags: c.AI_ALL | c.AI_V4MAPPED, ai_socktype: c.SOCK_DGRAM };
    expect(winsock.GetAddrInfoExW("four.example", "domain", c.NS_ALL, null, hints, result, ...four)).toBe(0);
    expect(result.value).toMatchObject({ ai_family: c.AF_INET6, ai_addr: { sin6_port: 0x3500 }, ai_next: null });
    const bytes = new Uint8Array(sizeof_addrinfoex);
    bytes[4] = c.AF_INET;
    bytes[56] = 1;
    expect(winsock.GetAddrInfoExW("localhost", null, c.NS_ALL, null, bytes, result, ...four)).toBe(0);
    expect(result.value).toMatchObject({ ai_family: c.AF_INET, ai_next: null });
    bytes[64] = 1;
    expect(winsock.GetAddrInfoExW("localhost", null, c.NS_ALL, null, bytes, result, ...four)).toBe(e.WSANO_RECOVERY);
    expect(() => [winsock.FreeAddrInfoExA(result.value), winsock.FreeAddrInfoExW(null)]).not.toThrow();
  });

  test("what cannot be is refused, and so is another provider", () => {
    const event = winsock.WSACreateEvent();
    const overlapped = new_WSAOVERLAPPED();
    const routine = () => {};
    const ask = (...rest: [timeval | null, WSAOVERLAPPED | null, LookupRoutine | null, { value: number } | null]): number =>
      winsock.GetAddrInfoExW("localhost", null, c.NS_DNS, null, null, result, ...rest);
    expect([
      ask(null, null, routine, null),
      ask(null, null, null, { value: 0 }),
      ask(null, { ...overlapped, hEvent: event }, routine, null),
      ask({ tv_sec: -1, tv_usec: 0 }, null, null, null),
    ]).toEqual(Array(4).fill(e.WSAEINVAL));
    expect(winsock.GetAddrInfoExA("localhost", null, c.NS_DNS, null, null, result, null, overlapped, null, null)).toBe(e.WSAEINVAL);
    expect(winsock.GetAddrInfoExW("localhost", null, c.NS_DNS, {}, null, result, ...four)).toBe(e.WSASERVICE_NOT_FOUND);
    expect(winsock.GetAddrInfoExW("localhost", null, c.NS_DNS, null, null, null, ...four)).toBe(e.WSAEFAULT);
    const face = createBlockingFace(() => namesRig().v.blockingPort());
    expect(face.GetAddrInfoExW("localhost", null, c.NS_DNS, null, null, result, ...four)).toBe(e.WSANOTINITIALISED);
  });
});

describe("GetAddrInfoEx that does not wait", () => {
  /** Begins with an event. */
  function begun(name: string, timeout: timeval | null = null, rig = namesRig()) {
    const { winsock } = rig.v;
    const overlapped = { ...new_WSAOVERLAPPED(), hEvent: winsock.WSACreateEvent() };
    const result = { value: new_addrinfoex() as addrinfoex | null };
    const handle = { value: 0 };
    const code = winsock.GetAddrInfoExW(name, "80", c.NS_DNS, null, null, result, timeout, overlapped, null, handle);
    return { ...rig, winsock, overlapped, result, handle, code };
  }

  test.each<[name: string, code: number, address: object | null]>([
    ["four.example", 0, { ai_family: c.AF_INET, ai_addr: { sin_port: 0x5000 } }],
    ["192.0.2.7", 0, { ai_family: c.AF_INET, ai_flags: c.AI_NUMERICHOST }],
    ["localhost", 0, { ai_family: c.AF_INET6 }],
    ["nxdomain.example", e.WSAHOST_NOT_FOUND, null],
  ])("of %s: pending, then its event with %d (Wine's test GetAddrInfoExW)", (name, code, address) => {
    const { winsock, overlapped, result, code: first } = begun(name);
    expect([first, winsock.WSAGetLastError()]).toEqual([e.WSA_IO_PENDING, e.WSA_IO_PENDING]);
    expect(winsock.WaitForSingleObject(overlapped.hEvent, c.INFINITE)).toBe(0);
    expect(winsock.GetAddrInfoExOverlappedResult(overlapped)).toBe(code);
    if (address === null) expect(result.value).toBeNull();
    else expect(result.value).toMatchObject(address);
  });

  test("while it goes on it says so, and nothing is there", () => {
    const { winsock, overlapped, result, handle } = begun("four.example");
    expect(winsock.GetAddrInfoExOverlappedResult(overlapped)).toBe(e.WSAEINPROGRESS);
    expect([overlapped.Internal, result.value]).toEqual([STATUS_PENDING, null]);
    expect(handle.value).not.toBe(0);
    expect(winsock.GetAddrInfoExOverlappedResult(new_WSAOVERLAPPED())).toBe(e.WSAEINVAL);
    expect(winsock.GetAddrInfoExOverlappedResult(null)).toBe(e.WSAEINVAL);
  });

  test("who asks hears of its end without waiting", () => {
    const { v, winsock, overlapped } = begun("four.example");
    v.advance(5000);
    expect(winsock.GetAddrInfoExOverlappedResult(overlapped)).toBe(0);
  });

  test("what fails at once is told at once", () => {
    const rig = namesRig();
    rig.v.ours.dns.configure("configured", { servers: [] });
    const { winsock, code, handle, overlapped } = begun("four.example", null, rig);
    expect([code, winsock.WSAGetLastError(), handle.value]).toEqual([e.WSAHOST_NOT_FOUND, e.WSAHOST_NOT_FOUND, 0]);
    expect(winsock.GetAddrInfoExOverlappedResult(overlapped)).toBe(e.WSAHOST_NOT_FOUND);
  });

  test("its routine runs in an alertable wait", () => {
    const { winsock } = namesRig().v;
    const result = { value: null as addrinfoex | null };
    const told: unknown[] = [];
    const overlapped = new_WSAOVERLAPPED();
    const routine = (...parameters: unknown[]) => void told.push(...parameters);
    expect(winsock.GetAddrInfoExW("four.example", null, c.NS_DNS, null, null, result, null, overlapped, routine, null)).toBe(
      e.WSA_IO_PENDING,
    );
    expect(winsock.SleepEx(10_000, 1)).toBe(c.WSA_WAIT_IO_COMPLETION);
    expect(told).toEqual([0, 0, overlapped]);
    expect(result.value).toMatchObject({ ai_family: c.AF_INET });
  });

  test("cancelled it is over at once, and its question is asked no more (Microsoft, GetAddrInfoExCancel)", () => {
    const { winsock, v, server, overlapped, result, handle } = begun("slow.example", null, silent());
    expect(winsock.GetAddrInfoExCancel(handle)).toBe(0);
    expect(winsock.WaitForSingleObject(overlapped.hEvent, 0)).toBe(0);
    expect([winsock.GetAddrInfoExOverlappedResult(overlapped), result.value]).toEqual([e.WSA_E_CANCELLED, null]);
    expect(winsock.GetAddrInfoExCancel(handle)).toBe(e.WSA_INVALID_HANDLE);
    // The questions that had left already.
    v.advance(10);
    const asked = server.heard.length;
    v.advance(60_000);
    expect(server.heard.length).toBe(asked);
    expect(winsock.GetAddrInfoExCancel({ value: 4711 })).toBe(e.WSA_INVALID_HANDLE);
    expect(winsock.GetAddrInfoExCancel(null)).toBe(e.WSA_INVALID_HANDLE);
    const unreadable = {
      get value(): number {
        throw new Error("no memory of the program's");
      },
    };
    expect(winsock.GetAddrInfoExCancel(unreadable)).toBe(e.WSAEFAULT);
  });

  test("one that takes longer than it may is given up, whether it waits or not", () => {
    const { winsock, v, server, overlapped } = begun("slow.example", { tv_sec: 1, tv_usec: 500_000 }, silent());
    const from = v.nowMs;
    expect(winsock.WaitForSingleObject(overlapped.hEvent, c.INFINITE)).toBe(0);
    expect([winsock.GetAddrInfoExOverlappedResult(overlapped), v.nowMs - from]).toEqual([e.WSATRY_AGAIN, 1500]);
    const result = { value: null as addrinfoex | null };
    const timeout = { tv_sec: 0, tv_usec: 250_000 };
    expect(winsock.GetAddrInfoExW("slow.example", null, c.NS_DNS, null, null, result, timeout, null, null, null)).toBe(e.WSATRY_AGAIN);
    expect(v.nowMs - from).toBe(1750);
    const asked = server.heard.length;
    v.advance(60_000);
    expect(server.heard.length).toBe(asked);
  });

  function silent() {
    const rig = namesRig();
    rig.server.answer = () => undefined;
    return rig;
  }
});

test("an awaited lookup ends with its signal, and its question with it", async () => {
  const { promises, settled, server, v } = namesRig();
  server.answer = () => undefined;
  const aborter = new AbortController();
  const looking = promises.getaddrinfo("slow.example", "http", { signal: aborter.signal });
  v.after(500, () => aborter.abort(new Error("changed my mind")));
  await expect(settled(looking)).rejects.toThrow("changed my mind");
  expect(v.ours.dns.status().waiting).toBe(0);
  const gone = AbortSignal.abort(new Error("gone"));
  await expect(promises.getaddrinfo("127.0.0.1", null, { signal: gone })).rejects.toThrow("gone");
});
