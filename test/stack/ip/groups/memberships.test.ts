import { describe, expect, test } from "@jest/globals";
import { formatAddress, type IpAddress, parseV4 } from "../../../../src/stack/core/address.ts";
import { MAX_INTERFACE_GROUPS } from "../../../../src/stack/ip/groups/interface-groups.ts";
import { MAX_FILTER_SOURCES, MAX_SOCKET_GROUPS, Memberships } from "../../../../src/stack/ip/groups/memberships.ts";
import { Network } from "../../link/network.ts";

const GROUP = parseV4("239.1.2.3");
const [A, B, C] = [parseV4("192.0.2.1"), parseV4("192.0.2.2"), parseV4("192.0.2.3")];

function setUp() {
  const host = new Network().host("us", "203.0.113.2");
  const socket = () => new Memberships(host.ip);
  const ofInterface = () =>
    host.ip
      .groupsOn(host.eth, GROUP)
      .list()
      .map(({ group, filter }) => `${formatAddress(group)} ${filter.mode} ${filter.sources.map(formatAddress).join(",")}`);
  return { host, socket, ofInterface };
}

const group = (i: number): IpAddress => parseV4(`239.2.${i >> 8}.${i & 255}`);

describe("memberships of a socket (RFC 3678 §4 and §5)", () => {
  test("any source: join, block, unblock, leave", () => {
    const { host, socket, ofInterface } = setUp();
    const s = socket();
    expect(s.join(GROUP)).toBeUndefined();
    expect(s.list()).toEqual([{ group: GROUP, interface: host.eth, filter: { mode: "exclude", sources: [] } }]);
    expect(s.join(GROUP)).toBe("already-member");
    expect(s.joinSource(GROUP, A)).toBe("wrong-mode");
    expect(s.leaveSource(GROUP, A)).toBe("wrong-mode");
    expect(s.blockSource(GROUP, A)).toBeUndefined();
    expect(s.blockSource(GROUP, A)).toBe("already-listed");
    expect(s.unblockSource(GROUP, B)).toBe("not-listed");
    expect(ofInterface()).toEqual(["239.1.2.3 exclude 192.0.2.1"]);
    expect([s.admits(host.eth, GROUP, A), s.admits(host.eth, GROUP, B), s.admits(host.eth, group(1), B)]).toEqual([false, true, false]);
    expect(s.unblockSource(GROUP, A)).toBeUndefined();
    expect(s.leave(GROUP)).toBeUndefined();
    expect(s.leave(GROUP)).toBe("not-member");
    expect(s.blockSource(GROUP, A)).toBe("not-member");
    expect(ofInterface()).toEqual([]);
  });

  test("named sources: the last that is given up ends the membership", () => {
    const { host, socket, ofInterface } = setUp();
    const s = socket();
    expect(s.joinSource(GROUP, A)).toBeUndefined();
    expect(s.joinSource(GROUP, B)).toBeUndefined();
    expect(s.joinSource(GROUP, B)).toBe("already-listed");
    expect(s.join(GROUP)).toBe("already-member");
    expect(s.blockSource(GROUP, A)).toBe("wrong-mode");
    expect(s.unblockSource(GROUP, A)).toBe("wrong-mode");
    expect(ofInterface()).toEqual(["239.1.2.3 include 192.0.2.1,192.0.2.2"]);
    expect([s.admits(host.eth, GROUP, A), s.admits(host.eth, GROUP, C)]).toEqual([true, false]);
    expect(s.leaveSource(GROUP, C)).toBe("not-listed");
    expect(s.leaveSource(GROUP, A)).toBeUndefined();
    expect(s.leaveSource(GROUP, B)).toBeUndefined();
    expect([s.list(), ofInterface()]).toEqual([[], []]);
    expect(s.leaveSource(GROUP, B)).toBe("not-member");
  });

  test("a whole filter at once joins, changes and leaves", () => {
    const { socket, ofInterface } = setUp();
    const s = socket();
    expect(s.setFilter(GROUP, { mode: "include", sources: [] })).toBe("not-member");
    expect(s.setFilter(GROUP, { mode: "include", sources: [A, B, A] })).toBeUndefined();
    expect(ofInterface()).toEqual(["239.1.2.3 include 192.0.2.1,192.0.2.2"]);
    expect(s.setFilter(GROUP, { mode: "exclude", sources: [C] })).toBeUndefined();
    expect(ofInterface()).toEqual(["239.1.2.3 exclude 192.0.2.3"]);
    expect(s.setFilter(GROUP, { mode: "include", sources: [] })).toBeUndefined();
    expect([s.list(), ofInterface()]).toEqual([[], []]);
  });

  test("[MC-09] the interface has what its sockets want together", () => {
    const { socket, ofInterface } = setUp();
    const [one, two] = [socket(), socket()];
    one.joinSource(GROUP, A);
    two.joinSource(GROUP, B);
    expect(ofInterface()).toEqual(["239.1.2.3 include 192.0.2.1,192.0.2.2"]);
    two.setFilter(GROUP, { mode: "exclude", sources: [A, B] });
    expect(ofInterface()).toEqual(["239.1.2.3 exclude 192.0.2.2"]);
    one.leaveAll();
    expect(ofInterface()).toEqual(["239.1.2.3 exclude 192.0.2.1,192.0.2.2"]);
    two.leaveAll();
    expect(ofInterface()).toEqual([]);
  });

  test("what is no group, no source or no interface of ours is refused", () => {
    const { host, socket } = setUp();
    const s = socket();
    const stranger = new Network().host("other", "203.0.113.9").eth;
    expect(s.join(A)).toBe("not-a-group");
    expect(s.leave(A)).toBe("not-a-group");
    expect(s.setFilter(A, { mode: "exclude", sources: [] })).toBe("not-a-group");
    expect(s.joinSource(GROUP, GROUP)).toBe("not-a-source");
    expect(s.joinSource(GROUP, parseV4("0.0.0.0"))).toBe("not-a-source");
    expect(s.setFilter(GROUP, { mode: "include", sources: [GROUP] })).toBe("not-a-source");
    expect(() => s.join(GROUP, stranger)).toThrow(RangeError);
    host.ip.removeAddress(host.eth, parseV4("203.0.113.2"));
    host.ip.removeAddress(host.ip.interfaces[0]!, parseV4("127.0.0.1"));
    expect(s.join(GROUP)).toBe("no-interface");
    expect(s.list()).toEqual([]);
  });

  test("[MC-14] a socket has 64 groups at most, and 128 sources in each", () => {
    const { socket } = setUp();
    const s = socket();
    for (let i = 0; i < MAX_SOCKET_GROUPS; i++) expect(s.join(group(i))).toBeUndefined();
    expect(s.join(GROUP)).toBe("too-many-groups");
    expect(s.leave(group(0))).toBeUndefined();
    const many = Array.from({ length: MAX_FILTER_SOURCES + 1 }, (_, i) => parseV4(`198.51.100.${i}`));
    expect(s.setFilter(GROUP, { mode: "include", sources: many })).toBe("too-many-sources");
    expect(s.setFilter(GROUP, { mode: "include", sources: many.slice(1) })).toBeUndefined();
    expect(s.joinSource(GROUP, many[0]!)).toBe("too-many-sources");
    expect(MAX_FILTER_SOURCES).toBeGreaterThanOrEqual(64);
  });

  test("[MC-14] an interface has 512 groups at most, whoever joined them", () => {
    const { host, socket } = setUp();
    for (let i = 0; i < MAX_INTERFACE_GROUPS / MAX_SOCKET_GROUPS; i++) {
      const s = socket();
      for (let k = 0; k < MAX_SOCKET_GROUPS; k++) expect(s.join(group(i * MAX_SOCKET_GROUPS + k))).toBeUndefined();
    }
    const last = socket();
    expect(last.join(GROUP)).toBe("too-many-groups");
    expect(last.list()).toEqual([]);
    // What others are members of has its room already.
    expect(last.join(group(0))).toBeUndefined();
    expect(host.ip.groupsOn(host.eth, GROUP).list()).toHaveLength(MAX_INTERFACE_GROUPS);
  });
});
