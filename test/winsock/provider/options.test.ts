import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOBUFS, WSAENOPROTOOPT, WSAENOTSOCK } from "../../../src/winsock/abi/errors.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, nonblocking, outcome, SUCCESS, selected, soError } from "../../support/winsock-calls.ts";

const { SOL_SOCKET, IPPROTO_TCP } = c;
const byName: ReadonlyMap<string, number> = new Map(Object.entries(c).filter((e): e is [string, number] => typeof e[1] === "number"));
const option = (name: keyof typeof c): number => byName.get(name) ?? Number.NaN;
type Class = "bool" | "byte" | "dword" | "linger";

interface Row {
  readonly name: string;
  readonly level: number;
  readonly option: number;
  readonly lengths: Class;
  /** What a fresh socket says, as bytes of four. */
  readonly fresh: number;
  readonly on: "stream" | "datagram";
}

const row = (name: keyof typeof c, lengths: Class, fresh: number, on: "stream" | "datagram" = "stream"): Row => ({
  name,
  level: name.startsWith("TCP_") ? IPPROTO_TCP : SOL_SOCKET,
  option: option(name),
  lengths,
  fresh,
  on,
});

const SETTABLE: readonly Row[] = [
  row("SO_DEBUG", "byte", 0),
  row("SO_REUSEADDR", "bool", 0),
  row("SO_EXCLUSIVEADDRUSE", "bool", 0),
  row("SO_KEEPALIVE", "byte", 0),
  row("SO_DONTROUTE", "byte", 0),
  row("SO_BROADCAST", "bool", 0, "datagram"),
  row("SO_LINGER", "linger", 0),
  row("SO_DONTLINGER", "bool", 1),
  row("SO_OOBINLINE", "bool", 0),
  row("SO_SNDBUF", "dword", 65536),
  row("SO_RCVBUF", "dword", 65536),
  row("SO_SNDTIMEO", "dword", 0),
  row("SO_RCVTIMEO", "dword", 0),
  row("SO_ERROR", "dword", 0),
  row("TCP_NODELAY", "byte", 0),
  row("TCP_MAXRT", "dword", 0),
  row("TCP_MAXRTMS", "dword", 0),
  row("TCP_FAIL_CONNECT_ON_ICMP_ERROR", "dword", 0),
];

const le = (value: number, length = 4): Uint8Array => Uint8Array.from({ length }, (_, i) => (i < 4 ? value >>> (8 * i) : 0));

function world(on: "stream" | "datagram") {
  const v = new VirtualWinsock();
  const s = on === "stream" ? v.stream() : datagram(v.winsock);
  const set = (level: number, option: number, bytes: Uint8Array | null, length = bytes?.length ?? 4) =>
    outcome(v.winsock, v.winsock.setsockopt(s, level, option, bytes, length));
  /** Result, error, *optlen after, and the buffer, which held 0xee before. */
  const get = (level: number, option: number, length: number) => {
    const bytes = new Uint8Array(8).fill(0xee);
    const optlen = { value: length };
    const [result, error] = outcome(v.winsock, v.winsock.getsockopt(s, level, option, bytes, optlen));
    return { result, error, length: optlen.value, bytes: [...bytes.subarray(0, 4)] };
  };
  return { v, s, set, get };
}

describe("getsockopt and setsockopt (Wine's test set_getsockopt)", () => {
  test.each(SETTABLE)("$name of a fresh socket is $fresh", ({ level, option, lengths, fresh, on }) => {
    const size = lengths === "byte" ? 1 : 4;
    const { get } = world(on);
    const expected = [...le(fresh).subarray(0, size), 0xee, 0xee, 0xee].slice(0, 4);
    expect(get(level, option, 4)).toEqual({ result: 0, error: 0, length: size, bytes: expected });
  });

  test.each(SETTABLE)("$name: lengths that setsockopt takes ($lengths)", ({ level, option, lengths, on }) => {
    const lengthsTaken = [0, 1, 2, 3, 4, 8].filter((length) => world(on).set(level, option, le(1, length))[1] === 0);
    const taken: Record<Class, readonly number[]> = {
      bool: level === SOL_SOCKET ? [0, 1, 2, 3, 4, 8] : [1, 2, 3, 4, 8],
      byte: [1, 2, 3, 4, 8],
      dword: [4, 8],
      linger: [4, 8],
    };
    expect(lengthsTaken).toEqual(taken[lengths]);
  });

  test.each(SETTABLE)("$name: a length of -1 ($lengths)", ({ level, option, lengths, on }) => {
    const isTaken = level === SOL_SOCKET && (lengths === "bool" || lengths === "dword");
    expect(world(on).set(level, option, le(1), -1)).toEqual(isTaken ? SUCCESS : fails(WSAENOBUFS));
  });

  test.each(SETTABLE)("$name: lengths that getsockopt takes ($lengths)", ({ level, option, lengths, on }) => {
    const results = [-1, 0, 1, 2, 4, 8].map((length) => {
      const { error, length: after } = world(on).get(level, option, length);
      return error === 0 ? after : error;
    });
    const [short, long] = lengths === "byte" ? [[1, 1], 1] : lengths === "bool" ? [[1, 2], 4] : [[WSAEFAULT, WSAEFAULT], 4];
    expect(results).toEqual([WSAEFAULT, WSAEFAULT, ...short, long, long]);
  });

  test.each(SETTABLE.filter((r) => r.lengths === "bool"))("$name: any number but 0 is 1", ({ level, option, on }) => {
    const { set, get } = world(on);
    set(level, option, le(0x100));
    expect(get(level, option, 4).bytes).toEqual([1, 0, 0, 0]);
  });

  test.each(SETTABLE.filter((r) => r.lengths === "byte"))("$name: only the low byte counts", ({ level, option, on }) => {
    const { set, get } = world(on);
    set(level, option, le(2));
    expect(get(level, option, 4).bytes[0]).toBe(1);
    set(level, option, le(0x100));
    expect(get(level, option, 4).bytes[0]).toBe(0);
  });

  test.each(SETTABLE.filter((r) => r.lengths === "dword" && !r.name.includes("ICMP")))(
    "$name is returned exactly as set",
    ({ level, option, on }) => {
      const { set, get } = world(on);
      for (const value of [0, 1, 12345, 0xffffffff]) {
        set(level, option, le(value));
        expect(get(level, option, 4).bytes).toEqual([...le(value)]);
      }
    },
  );

  test.each([
    ["SO_ACCEPTCONN", "stream", WSAENOPROTOOPT],
    ["SO_TYPE", "stream", WSAENOPROTOOPT],
    ["SO_TYPE", "datagram", WSAEINVAL],
    ["SO_USELOOPBACK", "stream", WSAEINVAL],
    ["SO_SNDLOWAT", "stream", WSAEINVAL],
    ["SO_RCVLOWAT", "stream", WSAEINVAL],
    ["SO_BROADCAST", "stream", WSAENOPROTOOPT],
    ["SO_KEEPALIVE", "datagram", WSAENOPROTOOPT],
    ["SO_LINGER", "datagram", WSAENOPROTOOPT],
    ["SO_CONNDATA", "stream", WSAENOPROTOOPT],
  ] as const)("setting %s on a %s is %i", (name, on, error) => {
    expect(world(on).set(SOL_SOCKET, option(name), le(1))).toEqual(fails(error));
  });

  test("a bad handle comes before bad pointers, those before the level, that before the name", () => {
    const { v, s, set } = world("stream");
    const get = (socket: number, level: number, name: number, value: Uint8Array | null) =>
      outcome(v.winsock, v.winsock.getsockopt(socket, level, name, value, value && { value: 4 }));
    expect(get(99, 0xbad, 0xbad, null)).toEqual(fails(WSAENOTSOCK));
    expect(get(s, 0xbad, 0xbad, null)).toEqual(fails(WSAEFAULT));
    expect(get(s, 0xbad, 0xbad, new Uint8Array(4))).toEqual(fails(WSAEINVAL));
    expect(get(s, SOL_SOCKET, 0xbad, new Uint8Array(4))).toEqual(fails(WSAENOPROTOOPT));
    expect(set(SOL_SOCKET, c.SO_SNDBUF, null)).toEqual(fails(WSAEFAULT));
  });

  test("values come in boxes and structures too, and a byte-sized option leaves the box's other bytes alone", () => {
    const { v, s } = world("stream");
    const { winsock: w } = v;
    const box = { value: 0xabcdef01 };
    expect(w.getsockopt(s, IPPROTO_TCP, c.TCP_NODELAY, box, { value: 4 })).toBe(0);
    expect(box.value).toBe(0xabcdef00);
    w.setsockopt(s, SOL_SOCKET, c.SO_LINGER, { l_onoff: 1, l_linger: 300 }, 4);
    const linger = { l_onoff: 0, l_linger: 0 };
    expect(w.getsockopt(s, SOL_SOCKET, c.SO_LINGER, linger, { value: 4 })).toBe(0);
    expect(linger).toEqual({ l_onoff: 1, l_linger: 300 });
    const boxed = { value: 0 };
    expect(w.getsockopt(s, SOL_SOCKET, c.SO_LINGER, boxed, { value: 4 })).toBe(0);
    expect(boxed).toEqual({ value: 300 * 0x10000 + 1 });
    w.getsockopt(s, SOL_SOCKET, c.SO_TYPE, box, { value: 4 });
    expect(box.value).toBe(c.SOCK_STREAM);
  });

  test("SO_ACCEPTCONN tells a listener; SO_CONNECT_TIME counts seconds, or is -1 without a connection (Wine's test connect_time)", () => {
    const { v, s, get } = world("stream");
    expect(get(SOL_SOCKET, c.SO_CONNECT_TIME, 4).bytes).toEqual([255, 255, 255, 255]);
    const listener = v.listener(5000, v.winsock);
    const flag = { value: 0 };
    v.winsock.getsockopt(listener, SOL_SOCKET, c.SO_ACCEPTCONN, flag, { value: 4 });
    expect(flag.value).toBe(1);
    const pair = v.pair();
    v.advance(2500);
    v.winsock.getsockopt(pair.s, SOL_SOCKET, c.SO_CONNECT_TIME, flag, { value: 4 });
    expect(flag.value).toBe(2);
    expect(s).not.toBe(pair.s);
  });

  test("an accepted socket has its listener's options and blocking mode (Wine's test accept_inheritance)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const listener = v.listener(5000, w);
    const inherited = [c.SO_KEEPALIVE, c.SO_OOBINLINE, c.SO_SNDBUF, c.SO_RCVBUF, c.SO_SNDTIMEO, c.SO_RCVTIMEO];
    for (const name of inherited) w.setsockopt(listener, SOL_SOCKET, name, { value: 1 }, 4);
    w.setsockopt(listener, IPPROTO_TCP, c.TCP_NODELAY, { value: 1 }, 4);
    w.setsockopt(listener, SOL_SOCKET, c.SO_DEBUG, { value: 1 }, 4);
    v.peerWinsock.connect(v.stream(v.peerWinsock), { sin_family: 2, sin_port: 0x8813, sin_addr: { s_addr: 0x027100cb } }, 16);
    w.ioctlsocket(listener, c.FIONBIO, { value: 1 });
    const s = w.accept(listener, null, null);
    const read = (level: number, name: number) => {
      const box = { value: 0 };
      w.getsockopt(s, level, name, box, { value: 4 });
      return box.value;
    };
    expect(inherited.map((name) => read(SOL_SOCKET, name))).toEqual(inherited.map(() => 1));
    expect(read(IPPROTO_TCP, c.TCP_NODELAY)).toBe(1);
    expect(read(SOL_SOCKET, c.SO_DEBUG)).toBe(0);
    expect(w.recv(s, new Uint8Array(1), 1, 0)).toBe(-1); // and does not wait
  });

  test("TCP_MAXRT of -1 takes every limit off: SYNs go on until somebody answers (Microsoft, IPPROTO_TCP Socket Options)", () => {
    const v = new VirtualWinsock();
    v.listener(80);
    v.cable.configure("out", { loss: 1 });
    v.after(200_000, () => v.cable.configure("out", { loss: 0 }));
    const s = v.stream();
    expect(v.winsock.setsockopt(s, IPPROTO_TCP, c.TCP_MAXRT, { value: -1 }, 4)).toBe(0);
    expect(v.winsock.connect(s, address(PEER, 80), 16)).toBe(0);
    expect(v.nowMs).toBeGreaterThan(200_000);
  });

  test("TCP_MAXRT's limit counts from the connect, whatever other option is set meanwhile, and the same one again", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = nonblocking(v, v.stream());
    w.setsockopt(s, IPPROTO_TCP, c.TCP_MAXRT, { value: 5 }, 4);
    connect(v, s, NOBODY_THERE, 80);
    for (let seconds = 1; seconds < 5; seconds++) {
      v.advance(1000);
      for (const option of [c.SO_SNDTIMEO, c.SO_SNDBUF, c.SO_RCVBUF]) w.setsockopt(s, SOL_SOCKET, option, { value: 65_536 + seconds }, 4);
      w.setsockopt(s, IPPROTO_TCP, c.TCP_NODELAY, { value: seconds % 2 }, 4);
      w.setsockopt(s, IPPROTO_TCP, c.TCP_MAXRT, { value: 5 }, 4);
    }
    v.advance(1001);
    expect(selected(v, s, 0)).toBe("except");
    expect(soError(v, s)).toBe(10060);
  });

  test.each(["connected", "accepted"])("keepalive of a socket that was %s goes on where it was when an option is set", (kind) => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const pair = kind === "connected" ? v.pair() : undefined;
    const listener = v.listener(90, w);
    w.setsockopt(listener, SOL_SOCKET, c.SO_KEEPALIVE, { value: 1 }, 4);
    if (pair === undefined) connect(v, v.stream(v.peerWinsock), OURS, 90, v.peerWinsock);
    const s = pair?.s ?? w.accept(listener, null, null);
    if (pair !== undefined) w.setsockopt(s, SOL_SOCKET, c.SO_KEEPALIVE, { value: 1 }, 4);
    const probeInMs = () =>
      v.ours.tcp
        .statuses()
        .flatMap((status) => status.timers)
        .find((timer) => timer.name === "keep-alive")?.inMs;
    expect(probeInMs()).toBe(v.ours.context.profile.keepAliveIdleMs);
    v.advance(60_000);
    for (const option of [c.SO_RCVTIMEO, c.SO_KEEPALIVE, c.SO_OOBINLINE, c.SO_RCVBUF]) w.setsockopt(s, SOL_SOCKET, option, { value: 1 }, 4);
    w.setsockopt(s, IPPROTO_TCP, c.TCP_NODELAY, { value: 1 }, 4);
    expect(probeInMs()).toBe(v.ours.context.profile.keepAliveIdleMs - 60_000);
  });

  test("TCP_MAXRT bounds a connect attempt in seconds (Microsoft, IPPROTO_TCP Socket Options)", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    v.winsock.setsockopt(s, IPPROTO_TCP, c.TCP_MAXRT, { value: 5 }, 4);
    v.winsock.connect(s, { sin_family: 2, sin_port: 0x5000, sin_addr: { s_addr: 0x4d7100cb } }, 16);
    expect([v.winsock.WSAGetLastError(), v.nowMs]).toEqual([10060, 5000]);
  });
});

test.each([
  [c.SOMAXCONN, 200],
  [0, 1],
  [5, 5],
  [500, 200],
  [c.SOMAXCONN_HINT(5), 200],
  [c.SOMAXCONN_HINT(500), 500],
  [c.SOMAXCONN_HINT(100_000), 65_535],
])("listen with a backlog of %d lets %d connections wait (Microsoft, listen function)", (backlog, waiting) => {
  const v = new VirtualWinsock();
  const asked: number[] = [];
  const listen = v.ours.tcp.listen.bind(v.ours.tcp);
  v.ours.tcp.listen = (request) => {
    asked.push(request.backlog);
    return listen(request);
  };
  const s = v.stream();
  bind(v, s, "0.0.0.0", 5000);
  expect(outcome(v.winsock, v.winsock.listen(s, backlog))).toEqual(SUCCESS);
  expect(asked).toEqual([waiting]);
});
