import { describe, expect, jest, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { RFC } from "../../../src/stack/core/profile.ts";
import { Trace, type TraceEvent } from "../../../src/stack/core/trace.ts";
import { TRACE_EVENTS, TRACE_STAMP } from "../../../src/stack/core/trace-events.ts";
import { TraceLabels } from "../../../src/stack/core/trace-labels.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import { FD_CONNECT, SO_RCVTIMEO, SOL_SOCKET, SOMAXCONN } from "../../../src/winsock/abi/constants.ts";
import { sizeof_sockaddr_in } from "../../../src/winsock/abi/structures.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { connectIrda, InfraredWinsock, irdaStream, OTHER_LAPTOP } from "../../support/infrared-winsock.ts";
import { address, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";

const TCP_AT = 34;
const IP_PROTOCOL_AT = 23;

/** `frame out SYN`, `segment-judged accepted`, …: an event in the words that a test looks for. */
function words(event: TraceEvent): string {
  switch (event.type) {
    case "frame":
      return `frame ${event.direction} ${event.bytes[IP_PROTOCOL_AT] === 6 ? tcp.flagsText(tcp.flags(event.bytes, TCP_AT)) : "ARP"}`;
    case "segment-judged":
      return `segment-judged ${event.verdict}`;
    case "state-changed":
      return `${event.from} to ${event.to}`;
    case "winsock-called":
      return event.name;
    case "winsock-returned":
      return `returned ${event.error}`;
    case "timer-set":
    case "timer-fired":
      return `${event.type} ${event.timer}`;
    default:
      return event.type;
  }
}

/** With its words, since the bytes of a frame are gone later. */
type Seen = TraceEvent & { readonly words: string };

function watched(v: VirtualWinsock): Seen[] {
  const events: Seen[] = [];
  v.ours.trace.subscribe((event) => events.push({ ...event, words: words(event) }));
  return events;
}

/** The events, each with the words of what it follows from. */
function chain(events: readonly Seen[]): string[] {
  const byNumber = new Map(events.map((event) => [event.number, event]));
  return events.map((event) => {
    const cause = event.cause && byNumber.get(event.cause.number);
    return cause === undefined ? event.words : `${event.words} < ${cause.words}`;
  });
}

/** Of one type. */
const of = <Type extends TraceEvent["type"]>(events: readonly Seen[], type: Type) =>
  events.filter((event): event is Extract<Seen, { type: Type }> => event.type === type);

const connect = (v: VirtualWinsock, s: number, port: number): number => v.winsock.connect(s, address(PEER, port), sizeof_sockaddr_in);

describe("a refused connect is a chain of causes", () => {
  const v = new VirtualWinsock({ profile: RFC });
  // So that the neighbour is known.
  connect(v, v.stream(), 81);
  const s = v.stream();
  const events = watched(v);
  connect(v, s, 81);

  test("from the call to what it returned", () => {
    const shown = chain(events).filter((line) => !line.startsWith("timer") && !line.startsWith("turn"));
    expect(shown).toEqual([
      "socket-opened",
      "socket-opened",
      "connect",
      "connection-opened < connect",
      "CLOSED to SYN-SENT < connect",
      "frame out SYN < connect",
      "variables-changed",
      "waits-changed",
      "frame in RST,ACK",
      "SYN-SENT to CLOSED < frame in RST,ACK",
      "segment-judged accepted < frame in RST,ACK",
      "connection-closed < frame in RST,ACK",
      "returned 10061 < frame in RST,ACK",
    ]);
  });

  test("whose numbers follow each other", () => {
    const numbers = events.filter(({ number }) => number > 0).map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  });

  test("of one connection and one call", () => {
    const ids = events.flatMap((event) => ("connection" in event ? [event.connection] : []));
    expect(ids.length).toBeGreaterThan(5);
    expect(new Set(ids).size).toBe(1);
    const [called] = of(events, "winsock-called");
    const [returned] = of(events, "winsock-returned");
    expect({ client: returned?.client, call: returned?.call }).toEqual({ client: called?.client, call: called?.call });
  });

  test("within turns, each of which has begun and ended", () => {
    const turns = events.flatMap((event) => ("turn" in event ? [`${event.type} ${event.turn}`] : []));
    expect(turns).toHaveLength(4);
    for (let i = 0; i < turns.length; i += 2) {
      expect(turns[i]).toMatch(/^turn-begun/);
      expect(turns[i + 1]).toBe(turns[i]!.replace("begun", "ended"));
    }
    const at = (type: string) => events.findIndex((event) => event.words === type);
    expect(at("connect")).toBeLessThan(at("turn-begun"));
    expect(events.at(-1)?.type).toBe("turn-ended");
  });
});

test("what waited for a neighbour leaves because of its answer", () => {
  const v = new VirtualWinsock();
  const events = watched(v);
  connect(v, v.stream(), 81);
  expect(chain(events)).toEqual(expect.arrayContaining(["frame out ARP < connect", "frame out SYN < frame in ARP"]));
});

test("what a timer does has the timer for its cause", () => {
  const v = new VirtualWinsock();
  const events = watched(v);
  connect(v, v.stream(), 81);
  expect(chain(events)).toContain("frame out SYN < timer-fired syn-after-reset");
});

test("a call that waits too long ends by its timer, which is named by the call", () => {
  const v = new VirtualWinsock();
  v.stream();
  const { s } = v.pair();
  v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, Uint8Array.of(200, 0, 0, 0), 4);
  const events = watched(v);
  expect(v.winsock.recv(s, new Uint8Array(8), 8, 0)).toBe(-1);
  expect(chain(events)).toContain("returned 10060 < timer-fired recv-timeout");
  const [called] = of(events, "winsock-called");
  const [fired] = of(events, "timer-fired");
  expect(fired).toMatchObject({ client: called?.client, call: called?.call });
});

test("an acceptor hears of the handshake's last segment", () => {
  const v = new VirtualWinsock();
  const listener = v.stream();
  v.winsock.bind(listener, address("0.0.0.0", 80), sizeof_sockaddr_in);
  v.winsock.listen(listener, SOMAXCONN);
  const events = watched(v);
  v.after(10, () => {
    v.peer.tcp.open({ remote: parseV4(OURS), remotePort: 80, user: NOBODY });
  });
  v.winsock.accept(listener, null, null);
  expect(chain(events)).toEqual(
    expect.arrayContaining(["frame out SYN,ACK < frame in SYN", "socket-opened < frame in ACK", "returned 0 < frame in ACK"]),
  );
});

test("a segment of no connection is named by its flow, one of a connection by the number", () => {
  const v = new VirtualWinsock();
  const events = watched(v);
  v.peerWinsock.connect(v.stream(v.peerWinsock), address(OURS, 99), sizeof_sockaddr_in);
  const [judged] = of(events, "segment-judged");
  expect(judged).toMatchObject({ verdict: "no-connection", flow: expect.stringMatching(/^203\.0\.113\.2:99 – 203\.0\.113\.1:\d+$/) });
  expect(judged).not.toHaveProperty("connection");
});

test("a connection is closed for the trace when its TIME-WAIT is over", () => {
  const v = new VirtualWinsock();
  const { s, peer } = v.pair();
  const events = watched(v);
  v.winsock.closesocket(s);
  v.advance(100);
  v.peerWinsock.closesocket(peer);
  v.advance(100);
  expect(of(events, "state-changed").map((event) => event.words)).toContain("FIN-WAIT-2 to TIME-WAIT");
  expect(of(events, "connection-closed")).toEqual([]);
  v.advance(300_000);
  const [fired] = of(events, "timer-fired").filter(({ timer }) => timer === "time-wait");
  const [closed] = of(events, "connection-closed");
  expect(closed?.connection).toBe(fired?.connection);
  expect(closed?.cause).toEqual({ kind: "timer", number: fired?.number });
});

test("who comes late is told first what is open: connections of every state, sockets, and calls that wait", () => {
  const v = new VirtualWinsock();
  const { s } = v.pair(80);
  const { s: closing, peer } = v.pair(81);
  v.winsock.closesocket(closing);
  v.peerWinsock.closesocket(peer);
  v.advance(10);
  let late: Seen[] = [];
  v.after(10, () => {
    late = watched(v);
  });
  v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, Uint8Array.of(200, 0, 0, 0), 4);
  v.winsock.recv(s, new Uint8Array(8), 8, 0);

  const opened = late.slice(
    0,
    late.findIndex(({ number }) => number > 0),
  );
  expect(opened.every((event) => "earlier" in event && event.earlier === true && event.number === 0)).toBe(true);
  expect(of(opened, "connection-opened").map(({ state, remote }) => `${state} ${remote}`)).toEqual([
    "ESTABLISHED 203.0.113.1:80",
    "TIME-WAIT 203.0.113.1:81",
  ]);
  expect(of(opened, "socket-opened").map(({ label }) => label)).toEqual([expect.stringMatching(/^stream socket \d+ of program \d+$/)]);
  expect(of(opened, "winsock-called").map(({ name }) => name)).toEqual(["recv"]);

  const labels = new TraceLabels();
  for (const event of late) {
    labels.note(event);
    if (event.type === "winsock-returned") expect(labels.call(event)).toBe("recv");
    if (event.type === "timer-fired") expect(event.timer).toBe("recv-timeout");
  }
  expect(labels.connection(of(opened, "connection-opened")[0]!.connection)).toMatch(/^203\.0\.113\.2:\d+ – 203\.0\.113\.1:80$/);
  expect(labels.connection(4711)).toBe("connection 4711");
});

test("a socket is opened and closed in the trace, and calls name it by its id", () => {
  const v = new VirtualWinsock();
  const events = watched(v);
  const first = v.stream();
  v.winsock.closesocket(first);
  v.stream();
  v.winsock.WSACleanup();
  const opened = of(events, "socket-opened");
  expect(opened.map(({ handle }) => handle)).toEqual([first, first + 4]);
  expect(new Set(opened.map(({ socket }) => socket)).size).toBe(2);
  expect(of(events, "socket-closed").map(({ socket }) => socket)).toEqual(opened.map(({ socket }) => socket));
  const closesocket = of(events, "winsock-called").find(({ name }) => name === "closesocket");
  expect(closesocket?.socket).toBe(opened[0]?.socket);
});

test("what a face asks for itself is no call of its program", () => {
  const v = new VirtualWinsock();
  const events = watched(v);
  const face = v.program();
  face.WSARecv(face.WSASocket(2, 1, 0, null, 0, 1), [], 0, null, null, null, null);
  face.WSACloseEvent(face.WSACreateEvent());
  expect(of(events, "winsock-called").map(({ name }) => name)).not.toContain("fence");
  expect(of(events, "winsock-called").map(({ name }) => name)).toContain("WSAStartup");
});

test("every event there is comes in its time, with the fields that its page explains and no others", () => {
  const v = new InfraredWinsock();
  const events = watched(v);
  const { s, peer } = v.pair();
  v.winsock.WSAEventSelect(v.stream(), v.winsock.WSACreateEvent(), FD_CONNECT);
  v.listener(4000, v.winsock);
  v.ours.ip.addAddress(v.ours.ip.interfaces[0]!, parseV4("203.0.113.3"), 24);
  v.ours.attach(new MemoryWire().device({ name: "elsewhere" }), { dhcp: true });
  v.cable.pick({ match: "data", action: "drop", direction: "out", count: 1 });
  v.winsock.send(s, new Uint8Array(3000), 3000, 0);
  v.advance(2000);
  v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, Uint8Array.of(200, 0, 0, 0), 4);
  v.winsock.recv(s, new Uint8Array(8), 8, 0);
  v.winsock.closesocket(s);
  v.peerWinsock.closesocket(peer);
  v.peerWinsock.connect(v.stream(v.peerWinsock), address(OURS, 99), sizeof_sockaddr_in);
  connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "nothing");
  v.advance(300_000);

  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(Object.keys(TRACE_EVENTS)));
  const known = new Map(Object.entries(TRACE_EVENTS).map(([type, { fields }]) => [type, { type, ...TRACE_STAMP, ...fields }]));
  const unknown = events.flatMap(({ words: _, ...event }) =>
    Object.keys(event)
      .filter((field) => !Object.hasOwn(known.get(event.type)!, field))
      .map((field) => `${event.type} ${field}`),
  );
  expect(unknown).toEqual([]);
});

test("with nobody listening no event is made, whatever happens", () => {
  const made = [jest.spyOn(Trace.prototype, "emit"), jest.spyOn(Trace.prototype, "begin")];
  const counts = () => made.map((spy) => spy.mock.calls.length);
  const traffic = (v: VirtualWinsock) => {
    const { s, peer } = v.pair();
    v.winsock.send(s, new Uint8Array(50_000), 50_000, 0);
    v.advance(100);
    v.peerWinsock.recv(peer, new Uint8Array(50_000), 50_000, 0);
    v.winsock.closesocket(s);
    connect(v, v.stream(), 81);
    v.advance(300_000);
  };
  try {
    traffic(new VirtualWinsock());
    const left = new VirtualWinsock();
    left.ours.trace.subscribe(() => {})();
    traffic(left);
    expect(counts()).toEqual([0, 0]);

    const seen = new VirtualWinsock();
    watched(seen);
    traffic(seen);
    expect(Math.min(...counts())).toBeGreaterThan(10);
  } finally {
    for (const spy of made) spy.mockRestore();
  }
});
