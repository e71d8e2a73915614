import { describe, expect, test } from "@jest/globals";
import { htons } from "../../../src/winsock/abi/byte-order.ts";
import { WSANO_DATA, WSANOTINITIALISED } from "../../../src/winsock/abi/errors.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";

const v = new VirtualWinsock();
const { winsock } = v;

/** Windows' protocols, with the alias that is their name in capitals as usual (Wine's tests getprotobyname and getprotobynumber). */
const PROTOCOLS = [
  [0, "ip", "IP"],
  [1, "icmp", "ICMP"],
  [3, "ggp", "GGP"],
  [6, "tcp", "TCP"],
  [8, "egp", "EGP"],
  [12, "pup", "PUP"],
  [17, "udp", "UDP"],
  [20, "hmp", "HMP"],
  [22, "xns-idp", "XNS-IDP"],
  [27, "rdp", "RDP"],
  [41, "ipv6", "IPv6"],
  [43, "ipv6-route", "IPv6-Route"],
  [44, "ipv6-frag", "IPv6-Frag"],
  [50, "esp", "ESP"],
  [51, "ah", "AH"],
  [58, "ipv6-icmp", "IPv6-ICMP"],
  [59, "ipv6-nonxt", "IPv6-NoNxt"],
  [60, "ipv6-opts", "IPv6-Opts"],
  [66, "rvd", "RVD"],
] as const;

describe("protocols", () => {
  test.each(PROTOCOLS)("%d is %s", (number, name, alias) => {
    const expected = { p_name: name, p_aliases: [alias], p_proto: number };
    for (const each of [name, alias, name.toUpperCase()]) expect(winsock.getprotobyname(each)).toEqual(expected);
    expect(winsock.getprotobynumber(number)).toEqual(expected);
    expect(winsock.WSAGetLastError()).toBe(0);
  });

  test("no other number from -1 to 256 is one, nor is another name", () => {
    const known = new Set<number>(PROTOCOLS.map(([number]) => number));
    for (let number = -1; number <= 256; number++) {
      if (!known.has(number)) expect([winsock.getprotobynumber(number), winsock.WSAGetLastError()]).toEqual([null, WSANO_DATA]);
    }
    for (const name of ["unknown", "", null]) expect([winsock.getprotobyname(name), winsock.WSAGetLastError()]).toEqual([null, WSANO_DATA]);
  });
});

describe("services", () => {
  test.each([
    ["domain", "udp", 53, "domain"],
    ["telnet", "tcp", 23, "telnet"],
    ["http", "tcp", 80, "http"],
    ["www", "tcp", 80, "http"],
    ["WWW-HTTP", "TCP", 80, "http"],
    ["echo", null, 7, "echo"],
    ["https", null, 443, "https"],
    ["sink", "udp", 9, "discard"],
    ["epmap", "tcp", 135, "epmap"],
    ["microsoft-ds", "tcp", 445, "microsoft-ds"],
    ["ms-wbt-server", "tcp", 3389, "ms-wbt-server"],
  ])("%s over %s is at %d (Wine's test getservbyname; IANA)", (name, proto, port, s_name) => {
    const found = winsock.getservbyname(name, proto);
    expect(found).toMatchObject({ s_name, s_port: htons(port), s_proto: (proto ?? "tcp").toLowerCase() });
    expect(winsock.getservbyport(htons(port), proto)).toMatchObject({ s_name });
    expect(winsock.WSAGetLastError()).toBe(0);
  });

  test.each([
    ["nonexistent", null],
    ["http", "udp"],
    ["http", "sctp"],
    ["", "tcp"],
    ["80", "tcp"],
    [null, null],
  ])("%j over %j is WSANO_DATA (winsock.md §15)", (name, proto) => {
    expect([winsock.getservbyname(name, proto), winsock.WSAGetLastError()]).toEqual([null, WSANO_DATA]);
  });

  test("of a port the low 16 bits count, and the protocol where it is given (winsock.md §15)", () => {
    expect(winsock.getservbyport(0x12340000 | htons(80), null)?.s_name).toBe("http");
    expect([winsock.getservbyport(htons(514), "udp")?.s_name, winsock.getservbyport(htons(514), "tcp")?.s_name]).toEqual(["syslog", "cmd"]);
    for (const [port, proto] of [
      [0, null],
      [htons(4711), null],
      [htons(80), "udp"],
    ] as const) {
      expect([winsock.getservbyport(port, proto), winsock.WSAGetLastError()]).toEqual([null, WSANO_DATA]);
    }
  });

  test("each thread has one record, which the next call fills anew (Wine's test getservbyname)", () => {
    const first = winsock.getservbyname("domain", "udp");
    const second = winsock.getservbyname("telnet", "tcp");
    expect(second).toBe(first);
    expect(first?.s_name).toBe("telnet");
    expect(v.program().getservbyname("domain", "udp")).not.toBe(first);
    expect(winsock.getprotobyname("tcp")).toBe(winsock.getprotobynumber(17));
  });
});

test("before WSAStartup there are none (Microsoft)", () => {
  const face = createBlockingFace(() => v.blockingPort());
  for (const call of [
    () => face.getservbyname("http", "tcp"),
    () => face.getservbyport(htons(80), "tcp"),
    () => face.getprotobyname("tcp"),
    () => face.getprotobynumber(6),
  ]) {
    expect([call(), face.WSAGetLastError()]).toEqual([null, WSANOTINITIALISED]);
  }
});
