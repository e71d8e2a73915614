import { describe, expect, jest, test } from "@jest/globals";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import { Trace, type TraceEvent } from "../../../src/stack/core/trace.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { PEER_ADDRESS } from "../../support/two-hosts.ts";

type VariablesEvent = Extract<TraceEvent, { type: "variables-changed" }>;
type WaitsEvent = Extract<TraceEvent, { type: "waits-changed" }>;

function opened() {
  const peer = new ScriptPeer(WINDOWS);
  const conn = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: NOBODY });
  if (typeof conn === "string") throw new Error(conn);
  return { peer, conn };
}

function established() {
  const { peer, conn } = opened();
  peer.expect("S", { seq: 0 });
  peer.send("S.", { seq: 0, ack: 1, mss: 1000, sackPermitted: true });
  peer.expect(".", { seq: 1 });
  return { peer, conn };
}

function watching(peer: ScriptPeer) {
  const variables: VariablesEvent["variables"][] = [];
  const waits: Omit<WaitsEvent, "number" | "atMs" | "cause" | "type" | "connection">[] = [];
  const order: string[] = [];
  const stop = peer.host.trace.subscribe(({ number: _, atMs: __, cause, ...event }) => {
    order.push(event.type);
    if (event.type === "variables-changed") variables.push(event.variables);
    if (event.type !== "waits-changed") return;
    expect(cause).toBeUndefined();
    const { type: _type, connection: _connection, ...wait } = event;
    waits.push(wait);
  });
  return { variables, waits, order, stop };
}

const shown = (relative: number) => (relative - 3) >>> 0;
const shownOfPeer = (relative: number) => (relative - 7) >>> 0;

describe("Variables of a connection in the trace", () => {
  test("all are told first, then at the end of each turn those that differ", () => {
    const { peer, conn } = opened();
    const { variables, order } = watching(peer);
    peer.settle();
    expect(variables.splice(0)).toEqual([
      {
        iss: shown(0),
        irs: 0,
        sndUna: shown(0),
        sndNxt: shown(1),
        sndWnd: 0,
        rcvNxt: 0,
        rcvWnd: 0,
        cwnd: expect.any(Number),
        ssthresh: 0,
        flight: 1,
        srttMs: 0,
        rttvarMs: 0,
        rtoMs: 1000,
        mss: 536,
        sendQueueBytes: 0,
        receiveQueueBytes: 0,
        retransmissions: 0,
        duplicateAcks: 0,
        recovery: "open",
        sacked: [],
        held: [],
      },
    ]);
    peer.seen.length = 0;
    peer.advance(20);
    peer.send("S.", { seq: 0, ack: 1, mss: 1000 });
    expect(variables.splice(0)).toEqual([
      expect.objectContaining({ sndUna: shown(1), irs: shownOfPeer(0), flight: 0, srttMs: 20, rttvarMs: 10, mss: 1000 }),
    ]);
    conn.write(new Uint8Array(1500), 0, 1500);
    order.length = 0;
    peer.settle();
    expect(variables.splice(0)).toEqual([{ sndNxt: shown(1001), flight: 1000, sendQueueBytes: 1500 }]);
    expect(order.slice(-3)).toEqual(["variables-changed", "waits-changed", "turn-ended"]);
    peer.send(".", { seq: 1, ack: 1 });
    expect(variables.splice(0)).toEqual([{ duplicateAcks: 1, recovery: "disorder" }]);
    peer.send("R", { seq: 70_000 });
    expect(variables).toEqual([]);
  });

  test("ranges that the peer has, and that came before their turn, are told when they change", () => {
    const { peer, conn } = established();
    conn.write(new Uint8Array(4000), 0, 4000);
    peer.settle();
    const { variables } = watching(peer);
    peer.settle();
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 2001]] });
    expect(variables.at(-1)).toMatchObject({ sacked: [[shown(1001), shown(2001)]] });
    peer.send(".", { seq: 101, ack: 1, text: 50, sack: [[1001, 2001]] });
    expect(variables.at(-1)).toMatchObject({ held: [[shownOfPeer(101), shownOfPeer(151)]] });
    expect(variables.at(-1)).not.toHaveProperty("sacked");
    peer.send(".", { seq: 1, ack: 1, text: 100, sack: [[1001, 2001]] });
    expect(variables.at(-1)).toMatchObject({ held: [], receiveQueueBytes: 150 });
  });

  test("what the program reads is told at the end of the next turn", () => {
    const { peer, conn } = established();
    const { variables } = watching(peer);
    peer.send("P.", { seq: 1, ack: 1, text: 100 });
    variables.length = 0;
    conn.read(new Uint8Array(100), 0, 100);
    peer.advance(1000);
    expect(variables[0]).toMatchObject({ receiveQueueBytes: 0 });
  });

  test("who comes later is told all, of each connection, and what a trace before was told is forgotten", () => {
    const { peer } = established();
    const first = watching(peer);
    peer.send(".", { seq: 1, ack: 1, text: 1 });
    expect(first.variables).toHaveLength(1);
    const second = watching(peer);
    peer.send(".", { seq: 2, ack: 1, text: 1 });
    expect(second.variables[0]).toHaveProperty("iss");
    first.stop();
    second.stop();
    peer.send(".", { seq: 3, ack: 1, text: 1 });
    const { variables } = watching(peer);
    peer.send(".", { seq: 4, ack: 1, text: 1 });
    expect(variables[0]).toHaveProperty("iss");
  });

  test("of a connection that is over nothing more is told", () => {
    const { peer, conn } = established();
    const { variables, order } = watching(peer);
    peer.send("P.", { seq: 1, ack: 1, text: 10 });
    peer.send("R", { seq: 11 });
    expect(order).toContain("connection-closed");
    order.length = 0;
    variables.length = 0;
    conn.read(new Uint8Array(10), 0, 10);
    peer.advance(1000);
    expect(order.filter((type) => type.endsWith("changed"))).toEqual([]);
  });

  test("with the trace off nothing is told, or kept to be told", () => {
    const emit = jest.spyOn(Trace.prototype, "emit");
    const { peer, conn } = established();
    conn.write(new Uint8Array(1500), 0, 1500);
    peer.advance(1000);
    expect(emit).not.toHaveBeenCalled();
    emit.mockRestore();
  });
});

describe("Waits in the trace", () => {
  test("are told when the reason is another, and when an alarm was set anew, not when the bytes are more", () => {
    const { peer, conn } = established();
    const { waits } = watching(peer);
    conn.write(new Uint8Array(100), 0, 100);
    peer.settle();
    expect(waits.splice(0)).toEqual([{ reason: "acknowledgement", byteCount: 100 }]);
    conn.write(new Uint8Array(100), 0, 100);
    peer.settle();
    expect(waits.splice(0)).toEqual([{ reason: "nagle", byteCount: 100 }]);
    conn.write(new Uint8Array(100), 0, 100);
    peer.settle();
    expect(waits).toEqual([]);
    peer.advance(1000);
    const lost = { reason: "loss-timeout", byteCount: 100, timer: "retransmission" };
    expect(waits).toEqual([
      { ...lost, untilMs: 900 },
      { ...lost, untilMs: 2100 },
    ]);
  });

  test("TIME-WAIT is a wait with its end, and is told when it begins again", () => {
    const { peer, conn } = established();
    const { waits } = watching(peer);
    conn.close(false);
    peer.settle();
    expect(waits.splice(0)).toEqual([{ reason: "fin-acknowledgement" }]);
    peer.send("F.", { seq: 1, ack: 2 });
    const untilMs = peer.now + WINDOWS.timeWaitMs;
    expect(waits.splice(0)).toEqual([{ reason: "time-wait", timer: "time-wait", untilMs }]);
    peer.advance(500);
    peer.send("F.", { seq: 1, ack: 2 });
    expect(waits.splice(0)).toEqual([{ reason: "time-wait", timer: "time-wait", untilMs: untilMs + 500 }]);
  });
});
