/**
 * WSALookupServiceBegin, Next and End. M names Microsoft's pages of them, G its page "Basic Approach for GetXbyY in the API" and those
 * below it; R what is known of Microsoft's provider for DNS; ? what no source says.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { ntohs } from "../../../src/winsock/abi/byte-order.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { getU16, getU32, getU64 } from "../../../src/winsock/abi/fields.ts";
import { type GUID, guid } from "../../../src/winsock/abi/guid.ts";
import {
  type AFPROTOCOLS,
  new_WSAQUERYSETA,
  new_WSAQUERYSETW,
  querySetBytes,
  readQuerySet,
  sizeof_WSAQUERYSETW,
  type WSAQUERYSETW,
} from "../../../src/winsock/abi/query-set.ts";
import {
  SVCID_HOSTNAME,
  SVCID_INET_HOSTADDRBYINETSTRING,
  SVCID_INET_HOSTADDRBYNAME,
  SVCID_INET_SERVICEBYNAME,
  SVCID_TCP,
  SVCID_UDP,
} from "../../../src/winsock/abi/service-classes.ts";
import type { CSADDR_INFO } from "../../../src/winsock/abi/socket-state.ts";
import type { sockaddr_in, sockaddr_in6 } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { callText } from "../../../src/winsock/provider/call-text.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { OURS6 } from "../../support/ipv6-winsock.ts";
import { address, OURS, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome, SUCCESS } from "../../support/winsock-calls.ts";
import { endpointOf, namesRig } from "../../support/winsock-names.ts";

const HOST = SVCID_INET_HOSTADDRBYNAME;
const { LUP_RETURN_NAME: NAME, LUP_RETURN_TYPE: TYPE, LUP_RETURN_ADDR: ADDR, LUP_RETURN_BLOB: BLOB, LUP_RETURN_ALIASES: ALIASES } = c;

interface Restrictions extends Partial<WSAQUERYSETW> {
  readonly of?: string;
  readonly by?: GUID;
}

function restrictions({ of, by = HOST, ...more }: Restrictions): WSAQUERYSETW {
  return { ...new_WSAQUERYSETW(), lpszServiceInstanceName: of ?? null, lpServiceClassId: by, ...more };
}

/** @returns the lookup, or why there is none */
function begin(w: BlockingFace, set: Restrictions, flags: number = c.LUP_RETURN_ALL): number | string {
  const handle = { value: -1 };
  const result = w.WSALookupServiceBeginW(restrictions(set), flags, handle);
  return result === 0 ? handle.value : (e.errorName(w.WSAGetLastError()) ?? "");
}

function next(w: BlockingFace, lookup: number | string, flags = 0, length = 65536): WSAQUERYSETW | string {
  const results = new_WSAQUERYSETW();
  const result = w.WSALookupServiceNextW(Number(lookup), flags, { value: length }, results);
  return result === 0 ? results : (e.errorName(w.WSAGetLastError()) ?? "");
}

/** `tcp 203.0.113.1:80`. */
function endpoints(set: WSAQUERYSETW | string, end: "RemoteAddr" | "LocalAddr" = "RemoteAddr"): string[] | string {
  if (typeof set === "string") return set;
  expect(set.dwNumberOfCsAddrs).toBe(set.lpcsaBuffer?.length ?? 0);
  return (set.lpcsaBuffer ?? []).map((each: CSADDR_INFO) => {
    expect(each.iSocketType).toBe(each.iProtocol === c.IPPROTO_TCP ? c.SOCK_STREAM : c.SOCK_DGRAM);
    const { address: host, port } = endpointOf(each[end].lpSockaddr as sockaddr_in | sockaddr_in6);
    return `${each.iProtocol === c.IPPROTO_TCP ? "tcp" : "udp"} ${host.includes(":") ? `[${host}]` : host}:${port}`;
  });
}

/** What a hostent in C layout says, whose pointers are offsets. */
function hostentOf(set: WSAQUERYSETW | string): unknown {
  const bytes = typeof set === "string" ? null : (set.lpBlob?.pBlobData ?? null);
  if (bytes === null) return set;
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, bytes.indexOf(0, at)));
  const list = (at: number): number[] => {
    const found: number[] = [];
    for (let each = getU64(bytes, at); getU64(bytes, each) !== 0; each += 8) found.push(getU64(bytes, each));
    return found;
  };
  const length = getU16(bytes, 18);
  const addresses = list(getU64(bytes, 24) === 0 ? 0 : 24).map((at) => [...bytes.subarray(at, at + length)].join("."));
  return { name: text(getU64(bytes, 0)), aliases: list(8).map(text), type: getU16(bytes, 16), addresses };
}

const V4 = ["198.51.100.80", "198.51.100.81"];
const V6 = "2001:db8::80";

describe("the addresses of a host", () => {
  test("by SVCID_INET_HOSTADDRBYNAME are IPv4's, as gethostbyname's, and come in one result (G)", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const lookup = begin(w, { of: "www.example", lpszQueryString: "as asked" });
    const found = next(w, lookup);
    expect(endpoints(found)).toEqual(V4.map((host) => `tcp ${host}:0`));
    expect(endpoints(found, "LocalAddr")).toEqual(["tcp 0.0.0.0:0", "tcp 0.0.0.0:0"]);
    expect(found).toMatchObject({
      dwSize: sizeof_WSAQUERYSETW,
      lpszServiceInstanceName: "www.example",
      lpServiceClassId: HOST,
      lpVersion: null,
      lpszComment: null,
      dwNameSpace: c.NS_DNS,
      lpNSProviderId: guid("22059d40-7e9e-11cf-ae5a-00aa00a7112b"),
      lpszContext: null,
      lpafpProtocols: null,
      lpszQueryString: "as asked",
      dwOutputFlags: 0,
    });
    expect(hostentOf(found)).toEqual({ name: "www.example", aliases: [], type: c.AF_INET, addresses: V4 });
    expect([next(w, lookup), next(w, lookup)]).toEqual(["WSA_E_NO_MORE", "WSA_E_NO_MORE"]);
    expect(outcome(w, w.WSALookupServiceEnd(Number(lookup)))).toEqual(SUCCESS);
    expect([next(w, lookup), outcome(w, w.WSALookupServiceEnd(Number(lookup)))]).toEqual([
      "WSA_INVALID_HANDLE",
      fails(e.WSA_INVALID_HANDLE),
    ]);
  });

  const any = (iAddressFamily: number, iProtocol: number): AFPROTOCOLS => ({ iAddressFamily, iProtocol });
  test.each<[source: string, by: GUID, protocols: AFPROTOCOLS[], expected: string[] | string]>([
    ["M: of both families", SVCID_HOSTNAME, [], [...V4, `[${V6}]`].map((host) => `tcp ${host}:0`)],
    ["M: a port of TCP", SVCID_TCP(80), [], [...V4, `[${V6}]`].map((host) => `tcp ${host}:80`)],
    ["M: a port of UDP", SVCID_UDP(53), [], [...V4, `[${V6}]`].map((host) => `udp ${host}:53`)],
    ["M: of one family", SVCID_TCP(80), [any(c.AF_INET6, c.IPPROTO_TCP)], [`tcp [${V6}]:80`]],
    ["M: of IPv6 by name", HOST, [any(c.AF_INET6, c.IPPROTO_TCP)], [`tcp [${V6}]:0`]],
    [
      "M: by both protocols",
      HOST,
      [any(c.AF_INET, c.IPPROTO_TCP), any(c.AF_INET, c.IPPROTO_UDP)],
      V4.flatMap((h) => [`tcp ${h}:0`, `udp ${h}:0`]),
    ],
    ["R: of any family", HOST, [any(c.AF_UNSPEC, c.IPPROTO_UDP)], [...V4, `[${V6}]`].map((host) => `udp ${host}:0`)],
    ["M: a protocol that the class does not have", SVCID_UDP(53), [any(c.AF_INET, c.IPPROTO_TCP)], "WSANO_DATA"],
    ["R: a family that is none", HOST, [any(c.AF_IRDA, c.IPPROTO_TCP)], "WSANO_DATA"],
  ])("(%s)", (_, by, lpafpProtocols, expected) => {
    const { v } = namesRig();
    const lookup = begin(v.winsock, { of: "www.example", by, lpafpProtocols, dwNumberOfProtocols: lpafpProtocols.length });
    const found = typeof lookup === "string" ? lookup : endpoints(next(v.winsock, lookup));
    expect(typeof found === "string" ? found : found.toSorted()).toEqual(typeof expected === "string" ? expected : expected.toSorted());
  });

  test("of IPv6 alone make a hostent of IPv6 (?)", () => {
    const { v } = namesRig();
    const found = next(v.winsock, begin(v.winsock, { of: "six.example", by: SVCID_HOSTNAME }));
    expect(hostentOf(found)).toMatchObject({ type: c.AF_INET6, addresses: [[0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 6].join(".")] });
  });

  test("with LUP_RES_SERVICE stand where a socket is bound (M)", () => {
    const { v } = namesRig();
    const lookup = begin(v.winsock, { of: "four.example", by: SVCID_TCP(80) }, ADDR | c.LUP_RES_SERVICE);
    const found = next(v.winsock, lookup);
    expect([endpoints(found, "LocalAddr"), endpoints(found)]).toEqual([["tcp 198.51.100.4:80"], ["tcp 0.0.0.0:0"]]);
  });

  test("without a name are this host's (G)", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const found = next(w, begin(w, { by: SVCID_HOSTNAME }));
    expect(found).toMatchObject({ lpszServiceInstanceName: "tapsock" });
    expect(endpoints(found)).toEqual(expect.arrayContaining([`tcp ${OURS}:0`, `tcp [${OURS6}]:0`]));
    expect(endpoints(next(w, begin(w, {})))).toEqual([`tcp ${OURS}:0`]);
  });

  test("come of the hosts file, and of names with letters beyond ASCII", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    expect(endpoints(next(w, begin(w, { of: "mail" })))).toEqual(["tcp 203.0.113.70:0"]);
    expect(endpoints(next(w, begin(w, { of: "テスト.example" })))).toEqual(["tcp 198.51.100.7:0"]);
  });

  test.each([
    ["that there is not (M)", "nobody.example", "WSASERVICE_NOT_FOUND"],
    ["without an address of the family (M)", "six.example", "WSANO_DATA"],
    ["that is an address (G)", "198.51.100.80", "WSASERVICE_NOT_FOUND"],
    ["that is no name", "a b/c?", "WSASERVICE_NOT_FOUND"],
    ["longer than any", "a".repeat(2000), "WSASERVICE_NOT_FOUND"],
  ])("of a name %s are told not to be there, each time", (_, of, code) => {
    const { v } = namesRig();
    const lookup = begin(v.winsock, { of });
    expect([next(v.winsock, lookup), next(v.winsock, lookup)]).toEqual([code, code]);
  });

  test("of a name whose server is silent are WSATRY_AGAIN, and asked for again", () => {
    const { v, server } = namesRig();
    const { answer } = server;
    server.answer = () => undefined;
    const lookup = begin(v.winsock, { of: "www.example" });
    expect([next(v.winsock, lookup), v.nowMs > 1000]).toEqual(["WSATRY_AGAIN", true]);
    server.answer = answer;
    expect(endpoints(next(v.winsock, lookup))).toHaveLength(2);
  });
});

describe("what is given", () => {
  const FIELDS = ["lpszServiceInstanceName", "lpServiceClassId", "lpcsaBuffer", "lpBlob"] as const;
  const there = (set: WSAQUERYSETW | string) => FIELDS.filter((name) => typeof set !== "string" && set[name] !== null);

  test.each([
    [NAME, [FIELDS[0]]],
    [TYPE, [FIELDS[1]]],
    [ADDR, [FIELDS[2]]],
    [BLOB, [FIELDS[3]]],
    [NAME | ADDR, [FIELDS[0], FIELDS[2]]],
    [0, []],
  ])("is what the flags ask for: 0x%i (M)", (flags, expected) => {
    const { v } = namesRig();
    expect(there(next(v.winsock, begin(v.winsock, { of: "www.example" }, flags)))).toEqual(expected);
  });

  test("is restricted further by the flags of WSALookupServiceNext (M)", () => {
    const { v } = namesRig();
    expect(there(next(v.winsock, begin(v.winsock, { of: "www.example" }, NAME | ADDR), ADDR | BLOB))).toEqual(["lpcsaBuffer"]);
  });

  test("with LUP_RETURN_ALIASES is each alias in its turn too, and says so (M)", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const named = (set: WSAQUERYSETW | string) => (typeof set === "string" ? set : [set.lpszServiceInstanceName, set.dwOutputFlags]);
    const lookup = begin(w, { of: "alias.example" }, NAME | ALIASES);
    expect([next(w, lookup), next(w, lookup), next(w, lookup)].map(named)).toEqual([
      ["www.example", 0],
      ["alias.example", c.RESULT_IS_ALIAS],
      "WSA_E_NO_MORE",
    ]);
    const without = begin(w, { of: "alias.example" }, NAME);
    expect([next(w, without), next(w, without)].map(named)).toEqual([["www.example", 0], "WSA_E_NO_MORE"]);
  });
});

describe("the name of an address (G)", () => {
  test.each([
    ["198.51.100.80", "www.example"],
    ["203.0.113.70", "mail.lan"],
    [OURS6, "tapsock"],
  ])("%s", (of, name) => {
    const { v } = namesRig();
    const found = next(v.winsock, begin(v.winsock, { of, by: SVCID_INET_HOSTADDRBYINETSTRING }));
    expect([(found as WSAQUERYSETW).lpszServiceInstanceName, endpoints(found)]).toEqual([
      name,
      [`tcp ${of.includes(":") ? `[${of}]` : of}:0`],
    ]);
    expect(hostentOf(found)).toMatchObject({ name });
  });

  test("may come of lpcsaBuffer instead of its text (R)", () => {
    const { v } = namesRig();
    const RemoteAddr = { lpSockaddr: address("198.51.100.80", 80), iSockaddrLength: 16 };
    const lpcsaBuffer = [{ LocalAddr: { lpSockaddr: null, iSockaddrLength: 0 }, RemoteAddr, iSocketType: 0, iProtocol: 0 }];
    const lookup = begin(v.winsock, { by: SVCID_INET_HOSTADDRBYINETSTRING, dwNumberOfCsAddrs: 1, lpcsaBuffer });
    expect(next(v.winsock, lookup)).toMatchObject({ lpszServiceInstanceName: "www.example" });
  });

  test.each([
    ["198.51.100.99", 0, "WSASERVICE_NOT_FOUND"],
    ["no address", "WSAEINVAL", ""],
    [undefined, "WSAEINVAL", ""],
  ])("that has none, or of what is none: %s", (of, begun, code) => {
    const { v } = namesRig();
    const lookup = begin(v.winsock, { ...(of !== undefined && { of }), by: SVCID_INET_HOSTADDRBYINETSTRING });
    expect([typeof lookup === "string" ? lookup : 0, typeof lookup === "string" ? "" : next(v.winsock, lookup)]).toEqual([begun, code]);
  });
});

describe("a service (G)", () => {
  test.each([
    ["http/tcp", "http", SVCID_TCP(80)],
    ["80/tcp", "http", SVCID_TCP(80)],
    ["www", "http", SVCID_TCP(80)],
    ["514/udp", "syslog", SVCID_UDP(514)],
    ["syslog", "syslog", SVCID_UDP(514)],
    ["514", "cmd", SVCID_TCP(514)],
  ])("%s", (of, name, type) => {
    const { v } = namesRig();
    const lookup = begin(v.winsock, { of, by: SVCID_INET_SERVICEBYNAME }, NAME | TYPE | ADDR | BLOB);
    const found = next(v.winsock, lookup) as WSAQUERYSETW;
    expect([found.lpszServiceInstanceName, found.lpServiceClassId, found.lpcsaBuffer]).toEqual([name, type, null]);
    const { pBlobData } = found.lpBlob!;
    expect(ntohs(getU16(pBlobData!, 24))).toBe(type.Data1 & 0xffff);
    expect(next(v.winsock, lookup)).toBe("WSA_E_NO_MORE");
  });

  test.each(["nonsense/tcp", "http/sctp", "80/udp/", "99999", "/", "syslog/tcp"])("that there is not: %s", (of) => {
    const { v } = namesRig();
    expect(next(v.winsock, begin(v.winsock, { of, by: SVCID_INET_SERVICEBYNAME }))).toBe("WSASERVICE_NOT_FOUND");
  });
});

describe("WSALookupServiceBegin", () => {
  test.each<[string, Restrictions, number, string]>([
    ["M: without a class", { lpServiceClassId: null }, NAME, "WSAEINVAL"],
    ["Wine's test WSALookupService: of zeros alone", { dwSize: 0, lpServiceClassId: null }, 0, "WSAEINVAL"],
    ["M: of a size that is none", { dwSize: 119 }, NAME, "WSAEFAULT"],
    ["R: with flags that are none", {}, 0x4000_0000, "WSAEINVAL"],
    ["R: for containers and none", {}, c.LUP_CONTAINERS | c.LUP_NOCONTAINERS, "WSAEINVAL"],
    ["R: for containers, of which DNS has none", {}, c.LUP_CONTAINERS, "WSANO_DATA"],
    ["R: within a context", { lpszContext: "example" }, NAME, "WSANO_DATA"],
    ["M: in another name space", { dwNameSpace: c.NS_NLA }, NAME, "WSASERVICE_NOT_FOUND"],
    ["M: of another provider", { lpNSProviderId: SVCID_HOSTNAME }, NAME, "WSASERVICE_NOT_FOUND"],
    ["M: of a class that there is not", { by: guid("00090035-0001-0000-c000-000000000046") }, NAME, "WSASERVICE_NOT_FOUND"],
    ["R: of a service without a name", { by: SVCID_INET_SERVICEBYNAME }, NAME, "WSAEINVAL"],
    ["with more than there can be to ask for", { of: "a".repeat(5000) }, NAME, "WSAEINVAL"],
  ])("(%s) is refused", (_, set, flags, code) => {
    const { v } = namesRig();
    expect(begin(v.winsock, set, flags)).toBe(code);
  });

  test("takes the root for a context, and its own name space and provider", () => {
    const { v } = namesRig();
    const set = { lpszContext: "\\", dwNameSpace: c.NS_DNS, lpNSProviderId: guid("22059d40-7e9e-11cf-ae5a-00aa00a7112b") };
    expect(typeof begin(v.winsock, set, c.LUP_NOCONTAINERS | c.LUP_DEEP)).toBe("number");
  });

  test("needs restrictions, a place for its handle, and a start-up (M)", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    expect(outcome(w, w.WSALookupServiceBeginW(null, NAME, { value: 0 }))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(w, w.WSALookupServiceBeginW(restrictions({}), NAME, null))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(w, w.WSALookupServiceBeginW(new Uint8Array(100), NAME, { value: 0 }))).toEqual(fails(e.WSAEFAULT));
    w.WSACleanup();
    expect(begin(w, {})).toBe("WSANOTINITIALISED");
    expect([next(w, 4), outcome(w, w.WSALookupServiceEnd(4))]).toEqual(["WSANOTINITIALISED", fails(e.WSANOTINITIALISED)]);
  });

  test("is bounded by what a program may keep, and what it took comes back at the end, at WSACleanup and with the program", () => {
    const v = new VirtualWinsock();
    const provider = new Provider(v.ours, { waitingBytes: 60_000 });
    const w = v.program(provider);
    const [first, second] = [begin(w, {}), begin(w, {})];
    expect([typeof first, typeof second, begin(w, {})]).toEqual(["number", "number", "WSA_NOT_ENOUGH_MEMORY"]);
    w.WSALookupServiceEnd(Number(first));
    expect(typeof begin(w, {})).toBe("number");
    const again = v.blockingPort(provider);
    w.WSACleanup();
    expect(provider.usage.waitingBytes).toBe(0);
    const start = () => again.call({ op: CALL.startup, s: 0, a: 0x202, b: 0, c: 0, data: null });
    const lookUp = () => again.call({ op: CALL.lookupBegin, s: 0, a: NAME, b: 0, c: 0, data: querySetBytes(restrictions({}), true) });
    for (const end of [() => again.call({ op: CALL.cleanup, s: 0, a: 0, b: 0, c: 0, data: null }), () => again.close()]) {
      start();
      lookUp();
      expect(provider.usage.waitingBytes).toBeGreaterThan(0);
      end();
      expect(provider.usage.waitingBytes).toBe(0);
    }
  });
});

test("what lookups keep of their restrictions is no more than a program may keep for them", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const v = new VirtualWinsock();
  const port = v.blockingPort();
  port.call({ op: CALL.startup, s: 0, a: 0x202, b: 0, c: 0, data: null });
  const data = querySetBytes(restrictions({ lpszQueryString: "a".repeat(3900) }), true);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 500; i++) port.call({ op: CALL.lookupBegin, s: 0, a: NAME, b: 0, c: 0, data });
  collect();
  const kept = process.memoryUsage().heapUsed - before;
  expect(v.provider.usage.waitingBytes).toBeGreaterThan(500 * 16 * 1024);
  expect(kept).toBeLessThan(v.provider.usage.waitingBytes);
});

describe("WSALookupServiceNext", () => {
  test("without enough room says how much it takes, and gives the same result to the next call (M)", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const lookup = begin(w, { of: "alias.example" }, NAME | ALIASES | ADDR);
    const length = { value: 0 };
    expect(outcome(w, w.WSALookupServiceNextW(Number(lookup), 0, length, null))).toEqual(fails(e.WSAEFAULT));
    const needed = length.value;
    expect(needed).toBeGreaterThan(sizeof_WSAQUERYSETW);
    length.value = needed - 1;
    const results = new_WSAQUERYSETW();
    expect(outcome(w, w.WSALookupServiceNextW(Number(lookup), 0, length, results))).toEqual(fails(e.WSAEFAULT));
    expect([length.value, results]).toEqual([needed, new_WSAQUERYSETW()]);
    expect(outcome(w, w.WSALookupServiceNextW(Number(lookup), 0, length, results))).toEqual(SUCCESS);
    expect(results.lpszServiceInstanceName).toBe("www.example");
    expect(next(w, lookup)).toMatchObject({ lpszServiceInstanceName: "alias.example" });
  });

  test("with LUP_FLUSHPREVIOUS passes over a result that was too long, and over no other (M)", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const lookup = begin(w, { of: "alias.example" }, NAME | ALIASES);
    expect(next(w, lookup, c.LUP_FLUSHPREVIOUS, 10)).toBe("WSAEFAULT");
    expect(next(w, lookup, c.LUP_FLUSHPREVIOUS)).toMatchObject({ lpszServiceInstanceName: "alias.example" });
    const other = begin(w, { of: "alias.example" }, NAME | ALIASES);
    expect(next(w, other, c.LUP_FLUSHPREVIOUS)).toMatchObject({ lpszServiceInstanceName: "www.example" });
    const third = begin(w, { of: "alias.example" }, NAME | ALIASES);
    expect(next(w, third, 0, 10)).toBe("WSAEFAULT");
    expect(next(w, third)).toMatchObject({ lpszServiceInstanceName: "www.example" });
    expect(next(w, third, c.LUP_FLUSHPREVIOUS)).toMatchObject({ lpszServiceInstanceName: "alias.example" });
  });

  test("needs a length, and flags that are such", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const lookup = Number(begin(w, { of: "www.example" }));
    expect(outcome(w, w.WSALookupServiceNextW(lookup, 0, null, new_WSAQUERYSETW()))).toEqual(fails(e.WSAEFAULT));
    expect(next(w, lookup, 0x4000_0000)).toBe("WSAEINVAL");
  });

  test("fills memory in C layout, wide and narrow, where a pointer is an offset", () => {
    const { v } = namesRig();
    const { winsock: w } = v;
    const handle = { value: 0 };
    const narrow = querySetBytes({ ...new_WSAQUERYSETA(), lpszServiceInstanceName: "www.example", lpServiceClassId: HOST }, false);
    expect(w.WSALookupServiceBeginA(narrow, NAME | ADDR, handle)).toBe(0);
    const [length, memory] = [{ value: 0 }, new Uint8Array(2000)];
    w.WSALookupServiceNextA(handle.value, 0, length, null);
    const needed = length.value;
    length.value = memory.length;
    expect(w.WSALookupServiceNextA(handle.value, 0, length, memory)).toBe(0);
    const name = getU64(memory, 8);
    expect([getU32(memory, 0), String.fromCharCode(...memory.subarray(name, name + 12))]).toEqual([120, "www.example\0"]);
    expect(memory.subarray(needed).every((byte) => byte === 0)).toBe(true);
    expect(endpoints(readQuerySet(memory, false))).toEqual(V4.map((host) => `tcp ${host}:0`));
    w.WSALookupServiceBeginW(restrictions({ of: "www.example" }), NAME, handle);
    expect(w.WSALookupServiceNextW(handle.value, 0, length, memory)).toBe(0);
    expect(readQuerySet(memory, true).lpszServiceInstanceName).toBe("www.example");
  });

  test("ends with WSA_E_CANCELLED when a routine of its thread ends the lookup meanwhile (M)", () => {
    const { v, server } = namesRig();
    const { winsock: w } = v;
    server.answer = () => undefined;
    const lookup = begin(w, { of: "www.example" });
    w.QueueUserAPC(() => void w.WSALookupServiceEnd(Number(lookup)), w.GetCurrentThread(), 0);
    expect([next(w, lookup), v.nowMs]).toEqual(["WSA_E_CANCELLED", 0]);
    expect(next(w, lookup)).toBe("WSA_INVALID_HANDLE");
  });

  test("ends with WSA_E_CANCELLED when another thread ends the lookup, and asks no server any more", async () => {
    const { v, server } = namesRig();
    server.answer = () => undefined;
    const threads = [101, 102].map((client) => {
      v.provider.openClient(client, 7);
      let lastId = 0;
      return (op: number, fields: { s?: number; a?: number; b?: number; c?: number; data?: Uint8Array | null }) => {
        const request = { id: ++lastId, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields };
        return new Promise<{ error: number; a: number }>((resolve) =>
          v.provider.call(client, request, ({ error, a }) => resolve({ error, a })),
        );
      };
    });
    const [one, other] = [threads[0]!, threads[1]!];
    await one(CALL.startup, { a: 0x202 });
    const { a: s } = await one(CALL.lookupBegin, { a: NAME, data: querySetBytes(restrictions({ of: "www.example" }), true) });
    const waiting = one(CALL.lookupNext, { s, b: 1, c: 1000 });
    v.advance(10);
    expect(await other(CALL.lookupEnd, { s })).toMatchObject({ error: 0 });
    expect(await waiting).toMatchObject({ error: e.WSA_E_CANCELLED });
    const heard = server.heard.length;
    v.advance(60_000);
    expect([server.heard.length, v.provider.usage.waitingBytes, v.provider.usage.pendingCalls]).toEqual([heard, 0, 0]);
  });

  test("of two threads at once gives each result once", async () => {
    const { v } = namesRig();
    const port = v.asyncPort();
    const call = (op: number, s: number, a: number, b: number, c: number, data: Uint8Array | null = null) =>
      port.call({ op, s, a, b, c, data });
    await call(CALL.startup, 0, 0x202, 0, 0);
    const set = querySetBytes(restrictions({ of: "alias.example" }), true);
    const { a: s } = await call(CALL.lookupBegin, 0, NAME | ALIASES, 0, 0, set);
    const both = [call(CALL.lookupNext, s, 0, 1, 1000), call(CALL.lookupNext, s, 0, 1, 1000), call(CALL.lookupNext, s, 0, 1, 1000)];
    v.advance(5000);
    const found = await Promise.all(both);
    expect(found.map(({ error, data }) => (error === 0 ? readQuerySet(data!, true).lpszServiceInstanceName : error))).toEqual([
      "www.example",
      "alias.example",
      e.WSA_E_NO_MORE,
    ]);
  });

  test("ends with WSACleanup", async () => {
    const { v, server } = namesRig();
    server.answer = () => undefined;
    const port = v.asyncPort();
    const call = (op: number, s: number, a: number, b: number, c: number, data: Uint8Array | null = null) =>
      port.call({ op, s, a, b, c, data });
    await call(CALL.startup, 0, 0x202, 0, 0);
    const { a: s } = await call(CALL.lookupBegin, 0, NAME, 0, 0, querySetBytes(restrictions({ of: "www.example" }), true));
    const waiting = call(CALL.lookupNext, s, 0, 1, 1000);
    await call(CALL.cleanup, 0, 0, 0, 0);
    expect((await waiting).error).toBe(e.WSAEINTR);
  });
});

test("the trace shows a lookup as a C programmer would write it", () => {
  const data = querySetBytes(restrictions({ of: "www.example" }), true);
  const request = { id: 1, op: CALL.lookupBegin, s: 0, a: NAME | ADDR, b: 0, c: 0, data };
  expect(callText(request)).toBe('WSALookupServiceBegin("www.example", LUP_RETURN_NAME|LUP_RETURN_ADDR)');
  expect(callText({ ...request, data: null, a: 0 })).toBe("WSALookupServiceBegin(NULL, 0)");
  expect(callText({ ...request, op: CALL.lookupNext, s: 8 })).toBe("WSALookupServiceNext(s=8)");
});
