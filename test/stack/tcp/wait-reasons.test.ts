import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import { ImpairedDevice } from "../../../src/wire/impaired-device.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";

const OURS = parseV4("203.0.113.2");
const PEER = parseV4("203.0.113.1");
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(120);

/** Two hosts 10 ms apart, ours traced; what our connections are told to wait for, in order, without repetitions. */
class Pair {
  readonly simulation = new Simulation(3);
  readonly ours = this.simulation.host({ random: new SeededRandom(1), profile: WINDOWS });
  readonly peer = this.simulation.host({ random: new SeededRandom(2), profile: WINDOWS });
  readonly line: ImpairedDevice;
  readonly events: TraceEvent[] = [];
  accepted: TcpConnection | undefined;

  constructor() {
    const wire = new MemoryWire();
    const { timers, random } = this.simulation;
    this.line = new ImpairedDevice(wire.device({ name: "ours" }), { timers, random });
    this.line.configure("out", { delayMs: 10 });
    this.line.configure("in", { delayMs: 10 });
    this.ours.attach(this.line, { address: OURS, prefixLength: 24 });
    this.peer.attach(wire.device({ name: "peer" }), { address: PEER, prefixLength: 24 });
    this.ours.trace.subscribe((event) => this.events.push({ ...event }));
    const listener = this.peer.tcp.listen({
      localPort: 80,
      backlog: 5,
      acceptable: () => {
        this.accepted = listener.accept();
        if (this.accepted !== undefined) this.accepted.user = {};
      },
    });
  }

  open(): TcpConnection {
    const opened = this.ours.tcp.open({ remote: PEER, remotePort: 80, user: {} });
    if (typeof opened === "string") throw new Error(opened);
    return opened;
  }

  /** Established, and quiet. */
  connected(): TcpConnection {
    const connection = this.open();
    this.simulation.advance(500);
    expect(connection.state).toBe("ESTABLISHED");
    return connection;
  }

  get waits() {
    return this.events.flatMap((event) => (event.type === "waits-changed" ? [event] : []));
  }

  get reason() {
    return this.waits.at(-1)?.reason;
  }
}

describe("what a connection waits for", () => {
  test("while it opens: the neighbour, the answer with its deadline, then nothing", () => {
    const pair = new Pair();
    pair.open();
    pair.simulation.advance(500);
    expect(pair.waits.map(({ reason }) => reason)).toEqual(["neighbour", "nothing-to-do"]);
    pair.line.dropNext("tcp", "out", 1000);
    pair.ours.tcp.open({ remote: PEER, remotePort: 80, user: {} });
    pair.simulation.advance(1500);
    const asked = pair.waits.slice(2);
    expect(asked.map(({ reason, timer, untilMs }) => [reason, timer, untilMs])).toEqual([
      ["syn-answer", "retransmission", 1500],
      ["syn-answer", "retransmission", 3500],
    ]);
  });

  test("with text on its way: the acknowledgement; with more of it than a segment in flight: Nagle", () => {
    const pair = new Pair();
    const connection = pair.connected();
    connection.write(bytes(100), 0, 100);
    pair.simulation.advance(1);
    expect(pair.waits.at(-1)).toMatchObject({ reason: "acknowledgement", byteCount: 100, timer: "retransmission" });
    connection.write(bytes(50), 0, 50);
    pair.simulation.advance(1);
    expect(pair.waits.at(-1)).toMatchObject({ reason: "nagle", byteCount: 50 });
    pair.simulation.advance(500);
    expect(pair.reason).toBe("nothing-to-do");
  });

  test("of a peer that does not read: its window, then its shut window with the persist timer", () => {
    const pair = new Pair();
    const connection = pair.connected();
    pair.accepted!.setOptions({ receiveBufferBytes: 8000 });
    connection.write(bytes(2_000_000), 0, 2_000_000);
    pair.simulation.advance(2000);
    expect(pair.waits.at(-1)).toMatchObject({ reason: "peer-window-shut", timer: "persist", byteCount: expect.any(Number) });
    expect(pair.waits.map(({ reason }) => reason)).toContain("congestion-window");
  });

  test("after a loss: the retransmission timer, put off each time", () => {
    const pair = new Pair();
    const connection = pair.connected();
    pair.line.dropNext("data", "out", 3);
    connection.write(bytes(100), 0, 100);
    pair.simulation.advance(2500);
    const lost = pair.waits.filter(({ reason }) => reason === "loss-timeout");
    expect(lost.length).toBeGreaterThanOrEqual(2);
    expect(lost[0]!.untilMs).toBeLessThan(lost[1]!.untilMs!);
  });

  test("with something to read: the program; having read it, the acknowledgement that is owed", () => {
    const pair = new Pair();
    const connection = pair.connected();
    pair.accepted!.write(bytes(100), 0, 100);
    pair.simulation.advance(15);
    expect(pair.waits.at(-1)).toMatchObject({ reason: "unread", byteCount: 100 });
    connection.read(bytes(100), 0, 100);
    pair.simulation.advance(1);
    expect(pair.waits.at(-1)).toMatchObject({ reason: "delayed-ack", timer: "delayed-ack" });
  });

  test("at its end: the FIN's acknowledgement, the peer's FIN, TIME-WAIT; or the program's own close", () => {
    const pair = new Pair();
    const connection = pair.connected();
    connection.shutdownSend();
    pair.simulation.advance(1);
    expect(pair.reason).toBe("fin-acknowledgement");
    pair.simulation.advance(100);
    expect(pair.reason).toBe("peer-fin");
    pair.accepted!.close(false);
    pair.simulation.advance(100);
    expect(pair.reason).toBe("time-wait");
    const other = pair.connected();
    pair.accepted!.close(false);
    pair.simulation.advance(100);
    expect([pair.reason, other.state]).toEqual(["own-close", "CLOSE-WAIT"]);
  });
});

describe("variables", () => {
  test("are told whole at first, and then what changed", () => {
    const pair = new Pair();
    const connection = pair.connected();
    const told = () => pair.events.flatMap((event) => (event.type === "variables-changed" ? [event.variables] : []));
    const first = told()[0]!;
    expect(Object.keys(first)).toHaveLength(21);
    expect(first).toMatchObject({ flight: 1, rtoMs: 1000, recovery: "open", sacked: [] });
    const before = told().length;
    connection.write(bytes(100), 0, 100);
    pair.simulation.advance(1);
    expect(told().slice(before)).toEqual([{ sndNxt: (first.iss! + 101) >>> 0, flight: 100, sendQueueBytes: 100 }]);
  });

  test("show what the peer holds, and what is held here, beyond a gap", () => {
    const pair = new Pair();
    const connection = pair.connected();
    pair.line.dropNext("data", "out");
    connection.write(bytes(10_000), 0, 10_000);
    pair.simulation.advance(25);
    const sacked = pair.events.flatMap((event) =>
      event.type === "variables-changed" && (event.variables.sacked?.length ?? 0) > 0 ? [event.variables.sacked!] : [],
    );
    expect(sacked.length).toBeGreaterThan(0);
    pair.line.dropNext("data", "in");
    pair.accepted!.write(bytes(10_000), 0, 10_000);
    pair.simulation.advance(100);
    const held = pair.events.flatMap((event) =>
      event.type === "variables-changed" && (event.variables.held?.length ?? 0) > 0 ? [event.variables.held!] : [],
    );
    expect(held.length).toBeGreaterThan(0);
  });

  test("are told whole to who comes later, of connections at rest too", () => {
    const pair = new Pair();
    pair.connected();
    const late: TraceEvent[] = [];
    pair.ours.trace.subscribe((event) => late.push({ ...event }));
    pair.simulation.advance(1);
    const told = late.flatMap((event) => (event.type === "variables-changed" ? [Object.keys(event.variables).length] : []));
    expect(told).toEqual([21]);
    expect(late.some((event) => event.type === "waits-changed" && event.reason === "nothing-to-do")).toBe(true);
  });
});
