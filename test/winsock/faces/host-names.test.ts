import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import type { hostent } from "../../../src/winsock/abi/name-structures.ts";
import { sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "../../../src/winsock/abi/structures.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address6, OURS6 } from "../../support/ipv6-winsock.ts";
import { address, OURS, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome } from "../../support/winsock-calls.ts";
import { type NamesRig, namesRig } from "../../support/winsock-names.ts";

const FACES = ["in C", "awaited"] as const;
type Face = (typeof FACES)[number];

const codeOr = <T>(promise: Promise<T>): Promise<T | string> =>
  promise.catch((error: unknown) => (error instanceof e.WinsockError ? `${error.syscall}: ${error.code}` : String(error)));

function nameOf(text: string, port: number) {
  const [bare = "", scope = "0"] = text.split("%");
  return text.includes(":") ? address6(bare, port, Number(scope)) : address(text, port);
}

async function nameInfo({ v, promises, settled }: NamesRig, face: Face, text: string, port: number, flags: number): Promise<unknown> {
  if (face === "awaited") return codeOr(settled(promises.getnameinfo({ address: text, port }, { flags })));
  const [host, service] = [{ value: "" }, { value: "" }];
  const length = text.includes(":") ? sizeof_sockaddr_in6 : sizeof_sockaddr_in;
  const code = v.winsock.getnameinfo(nameOf(text, port), length, host, c.NI_MAXHOST, service, c.NI_MAXSERV, flags);
  expect(v.winsock.WSAGetLastError()).toBe(code);
  return code === 0 ? { host: host.value, service: service.value } : `getnameinfo: ${e.errorName(code)}`;
}

describe.each(FACES)("getnameinfo %s", (face) => {
  test.each<[source: string, address: string, port: number, flags: number, expected: unknown]>([
    ["Microsoft", "198.51.100.80", 80, 0, { host: "www.example", service: "http" }],
    ["Microsoft: the port as digits", "198.51.100.80", 80, c.NI_NUMERICSERV, { host: "www.example", service: "80" }],
    ["Microsoft: the address as digits", "198.51.100.80", 80, c.NI_NUMERICHOST, { host: "198.51.100.80", service: "http" }],
    ["Microsoft: a datagram's service", "198.51.100.80", 514, c.NI_DGRAM, { host: "www.example", service: "syslog" }],
    ["the same port of a stream", "198.51.100.80", 514, 0, { host: "www.example", service: "cmd" }],
    ["Microsoft: since Vista a port without a service is its digits", "198.51.100.80", 4711, 0, { host: "www.example", service: "4711" }],
    ["Microsoft: an address without a name is its digits", "198.51.100.99", 80, 0, { host: "198.51.100.99", service: "http" }],
    ["Microsoft: unless a name is required", "198.51.100.99", 80, c.NI_NAMEREQD, "getnameinfo: WSAHOST_NOT_FOUND"],
    ["Microsoft: within our own domain", "203.0.113.9", 80, c.NI_NOFQDN, { host: "printer", service: "http" }],
    ["in full without the flag", "203.0.113.9", 80, 0, { host: "printer.lan", service: "http" }],
    ["NI_NOFQDN of another domain", "198.51.100.80", 80, c.NI_NOFQDN, { host: "www.example", service: "http" }],
    ["the hosts file", "203.0.113.70", 25, 0, { host: "mail.lan", service: "smtp" }],
    ["our own", OURS, 0, 0, { host: "tapsock", service: "0" }],
    ["our own of IPv6", OURS6, 443, 0, { host: "tapsock", service: "https" }],
    ["RFC 6761 §6.3", "127.0.0.1", 80, 0, { host: "localhost", service: "http" }],
    ["RFC 4007 §11", "fe80::7%1", 80, c.NI_NUMERICHOST, { host: "fe80::7%1", service: "http" }],
    ["a flag that is none", "127.0.0.1", 80, 0x20, "getnameinfo: WSAEINVAL"],
  ])("(%s) of %s, %d with %d", async (_source, text, port, flags, expected) => {
    expect(await nameInfo(namesRig(), face, text, port, flags)).toEqual(expected);
  });

  test("a server that is silent is as none, unless a name is required", async () => {
    const rig = namesRig();
    rig.server.answer = () => undefined;
    expect(await nameInfo(rig, face, "198.51.100.80", 80, 0)).toEqual({ host: "198.51.100.80", service: "http" });
    expect(await nameInfo(rig, face, "198.51.100.80", 80, c.NI_NAMEREQD)).toBe("getnameinfo: WSATRY_AGAIN");
  });
});

describe("getnameinfo in C", () => {
  const { v } = namesRig();
  const { winsock } = v;
  const local = address("127.0.0.1", 80);
  const [host, service] = [{ value: "" }, { value: "" }];

  test.each<[source: string, parameters: Parameters<typeof winsock.getnameinfo>, code: number]>([
    ["ReactOS' test getnameinfo", [null, 16, host, 99, service, 99, 0], e.WSAEFAULT],
    ["ReactOS' test getnameinfo", [local, 15, host, 99, service, 99, 0], e.WSAEFAULT],
    ["Microsoft", [address6("::1", 80), 16, host, 99, service, 99, 0], e.WSAEFAULT],
    ["Microsoft", [new Uint8Array(8), 16, host, 99, service, 99, 0], e.WSAEFAULT],
    ["Microsoft", [address("127.0.0.1", 80, c.AF_IPX), 16, host, 99, service, 99, 0], e.WSAEAFNOSUPPORT],
    ["Microsoft", [local, 16, null, 0, null, 0, 0], e.WSAHOST_NOT_FOUND],
    ["Microsoft", [local, 16, host, 0, service, 99, 0], e.WSAEINVAL],
    ["Microsoft", [local, 16, host, 99, service, 0, 0], e.WSAEINVAL],
    ["winsock.md §15", [local, 16, host, 9, null, 0, 0], e.ERROR_INSUFFICIENT_BUFFER],
    ["winsock.md §15", [local, 16, null, 0, service, 4, 0], e.ERROR_INSUFFICIENT_BUFFER],
    ["just enough", [local, 16, host, 10, service, 5, 0], 0],
    ["one alone", [local, 16, null, 0, service, 5, 0], 0],
    ["one alone", [local, 16, host, 10, null, 0, 0], 0],
  ])("(%s) of %j", (_source, parameters, code) => {
    expect([winsock.getnameinfo(...parameters), winsock.WSAGetLastError()]).toEqual([code, code]);
  });

  test("before WSAStartup is WSANOTINITIALISED (ReactOS' test getnameinfo)", () => {
    const face = createBlockingFace(() => v.blockingPort());
    expect(face.getnameinfo(local, 16, host, 99, service, 99, c.NI_NUMERICHOST)).toBe(e.WSANOTINITIALISED);
    expect(face.WSAGetLastError()).toBe(e.WSANOTINITIALISED);
  });

  test("memory gets bytes, or UTF-16 of the wide form", () => {
    const [node, port] = [new Uint8Array(64), new Uint8Array(64)];
    expect(winsock.getnameinfo(local, 16, node, 64, port, 64, 0)).toBe(0);
    expect(new TextDecoder().decode(node.subarray(0, 10))).toBe("localhost\0");
    expect(winsock.GetNameInfoW(local, 16, node, 32, port, 32, 0)).toBe(0);
    expect(new TextDecoder("utf-16le").decode(port.subarray(0, 10))).toBe("http\0");
  });
});

/** A record in one shape. */
async function host({ v, promises, settled }: NamesRig, face: Face, name: string | null): Promise<unknown> {
  if (face === "awaited") return codeOr(settled(promises.gethostbyname(name)));
  return recordOf(v, v.winsock.gethostbyname(name), "gethostbyname");
}

async function hostAt({ v, promises, settled }: NamesRig, face: Face, text: string): Promise<unknown> {
  if (face === "awaited") return codeOr(settled(promises.gethostbyaddr(text)));
  const [family, length] = text.includes(":") ? [c.AF_INET6, 16] : [c.AF_INET, 4];
  const bytes = new Uint8Array(length);
  v.winsock.inet_pton(family, text, bytes);
  return recordOf(v, v.winsock.gethostbyaddr(bytes, length, family), "gethostbyaddr");
}

function recordOf({ winsock }: VirtualWinsock, record: hostent | null, syscall: string): unknown {
  if (record === null) return `${syscall}: ${e.errorName(winsock.WSAGetLastError())}`;
  expect(winsock.WSAGetLastError()).toBe(0);
  const { h_name: name, h_aliases: aliases, h_addrtype, h_length, h_addr_list } = record;
  expect(h_addr_list.map(({ length }) => length)).toEqual(h_addr_list.map(() => h_length));
  return { name, aliases, addresses: h_addr_list.map((each) => winsock.inet_ntop(h_addrtype, each, { value: "" }, 65)) };
}

describe.each(FACES)("gethostbyname %s", (face) => {
  const own = { name: "tapsock", aliases: [], addresses: [OURS] };

  test.each<[source: string, name: string | null, expected: unknown]>([
    ["winsock.md §15", null, own],
    ["Wine's test dns", "", own],
    ["Wine's test gethostbyname: the own name", "tapsock", own],
    ["Wine's test gethostbyname_hack", "localhost", { name: "localhost", aliases: [], addresses: ["127.0.0.1"] }],
    ["Microsoft", "www.example", { name: "www.example", aliases: [], addresses: ["198.51.100.80", "198.51.100.81"] }],
    ["the alias leads on", "alias.example", { name: "www.example", aliases: ["alias.example"], addresses: ["198.51.100.80"] }],
    ["the hosts file", "post", { name: "mail.lan", aliases: ["mail", "post"], addresses: ["203.0.113.70"] }],
    ["the search list", "printer", { name: "printer.lan", aliases: [], addresses: ["203.0.113.9"] }],
    ["Microsoft: an address is its own name", "192.0.2.1", { name: "192.0.2.1", aliases: [], addresses: ["192.0.2.1"] }],
    ["Microsoft: an illegal one", "192.0.2.256", "gethostbyname: WSANO_DATA"],
    ["Microsoft: one of IPv6", "2001:db8::1", "gethostbyname: WSANO_DATA"],
    ["Microsoft: addresses of IPv6 alone", "six.example", "gethostbyname: WSANO_DATA"],
    ["Microsoft", "nxdomain.example", "gethostbyname: WSAHOST_NOT_FOUND"],
    ["no name at all", "www..example", "gethostbyname: WSAHOST_NOT_FOUND"],
  ])("(%s) of %j", async (_source, name, expected) => {
    expect(await host(namesRig(), face, name)).toEqual(expected);
  });

  test("(Wine's test gethostbyname) of several own addresses that of the default route comes first", async () => {
    const rig = namesRig("ipv4");
    const { ip } = rig.v.ours;
    const [first] = ip.interfaces;
    ip.addAddress(first!, parseAddress("10.0.0.2"), 8);
    ip.addRoute({ destination: parseAddress("0.0.0.0"), prefixLength: 0, gateway: parseAddress("10.0.0.1") });
    expect(await host(rig, face, "")).toMatchObject({ addresses: ["10.0.0.2", OURS] });
  });
});

describe.each(FACES)("gethostbyaddr %s", (face) => {
  test.each<[source: string, address: string, expected: unknown]>([
    ["Microsoft", "198.51.100.80", { name: "www.example", aliases: [], addresses: ["198.51.100.80"] }],
    ["the hosts file", "203.0.113.70", { name: "mail.lan", aliases: ["mail", "post"], addresses: ["203.0.113.70"] }],
    ["our own", OURS6, { name: "tapsock", aliases: [], addresses: [OURS6] }],
    ["RFC 6761 §6.3", "::1", { name: "localhost", aliases: [], addresses: ["::1"] }],
    ["Microsoft", "198.51.100.99", "gethostbyaddr: WSAHOST_NOT_FOUND"],
  ])("(%s) of %s", async (_source, text, expected) => {
    expect(await hostAt(namesRig(), face, text)).toEqual(expected);
  });
});

describe("gethostbyname and gethostbyaddr in C", () => {
  const { v } = namesRig();
  const { winsock } = v;

  test("parameters that cannot be (Microsoft, gethostbyaddr)", () => {
    const call = (...parameters: Parameters<typeof winsock.gethostbyaddr>) => [
      winsock.gethostbyaddr(...parameters),
      winsock.WSAGetLastError(),
    ];
    expect(call(null, 4, c.AF_INET)).toEqual([null, e.WSAEFAULT]);
    expect(call(new Uint8Array(4), 3, c.AF_INET)).toEqual([null, e.WSAEFAULT]);
    expect(call(new Uint8Array(3), 4, c.AF_INET)).toEqual([null, e.WSAEFAULT]);
    expect(call(new Uint8Array(16), 15, c.AF_INET6)).toEqual([null, e.WSAEINVAL]);
    expect(call(new Uint8Array(4), 4, c.AF_NETBIOS)).toEqual([null, e.WSAEAFNOSUPPORT]);
  });

  test("an address as a structure", () => {
    expect(winsock.gethostbyaddr({ s_addr: 0x0100007f }, 4, c.AF_INET)?.h_name).toBe("localhost");
    expect(winsock.gethostbyaddr(address6("::1", 0).sin6_addr, 16, c.AF_INET6)?.h_name).toBe("localhost");
  });

  test("a thread has one record, which both fill anew; what was in it stays what it was", () => {
    const record = winsock.gethostbyname("localhost");
    const addresses = record?.h_addr_list;
    expect(winsock.gethostbyaddr(Uint8Array.of(203, 0, 113, 70), 4, c.AF_INET)).toBe(record);
    expect([record?.h_name, winsock.inet_ntoa(addresses![0]!)]).toEqual(["mail.lan", "127.0.0.1"]);
  });

  test("before WSAStartup there are none (winsock.md §2)", () => {
    const face = createBlockingFace(() => v.blockingPort());
    for (const call of [
      () => face.gethostbyname("localhost"),
      () => face.gethostbyname("127.0.0.1"),
      () => face.gethostbyaddr(Uint8Array.of(127, 0, 0, 1), 4, c.AF_INET),
    ]) {
      expect([call(), face.WSAGetLastError()]).toEqual([null, e.WSANOTINITIALISED]);
    }
    expect(outcome(face, face.gethostname({ value: "" }, 99))).toEqual(fails(e.WSANOTINITIALISED));
  });
});

describe("gethostname (Wine's tests gethostname and GetHostNameW)", () => {
  const { winsock } = new VirtualWinsock();

  test.each(["gethostname", "GetHostNameW"] as const)("%s in room for the name and its NUL, and in less", (name) => {
    expect(outcome(winsock, winsock[name](null, 256))).toEqual(fails(e.WSAEFAULT));
    const box = { value: "deadbeef" };
    expect(outcome(winsock, winsock[name](box, "tapsock".length))).toEqual(fails(e.WSAEFAULT));
    expect(box.value).toBe("deadbeef");
    expect(outcome(winsock, winsock[name](box, "tapsock".length + 1))).toEqual([0, 0]);
    expect(box.value).toBe("tapsock");
    expect(winsock.gethostbyname(box.value)?.h_addr_list).toHaveLength(1);
  });

  test("memory gets bytes, or UTF-16 of the wide form", () => {
    const memory = new Uint8Array(32);
    winsock.GetHostNameW(memory, 16);
    expect(new TextDecoder("utf-16le").decode(memory.subarray(0, 16))).toBe("tapsock\0");
    winsock.gethostname(memory, 16);
    expect(new TextDecoder().decode(memory.subarray(0, 8))).toBe("tapsock\0");
    expect(winsock.GetHostNameW(memory.subarray(0, 15), 16)).toBe(-1);
  });

  test("awaited", async () => {
    expect(await namesRig().promises.gethostname()).toBe("tapsock");
  });
});

test("a name that gethostbyaddr is given awaited has to be an address", async () => {
  const { promises } = namesRig();
  expect(await codeOr(promises.gethostbyaddr("www.example"))).toBe("gethostbyaddr: WSAEFAULT");
  expect(await codeOr(promises.getnameinfo({ address: "www.example", port: 80 }))).toBe("getnameinfo: WSAEFAULT");
});
