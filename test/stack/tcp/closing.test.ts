import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";
import { tcpOf } from "../../support/insides.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { connectPair, TwoHosts } from "../../support/two-hosts.ts";

describe("closing and its notices", () => {
  test("nothing is told to a user that has closed, though it happened before (RFC 9293 §3.9.1.5)", () => {
    const { peer, app, conn } = established();
    conn.user = { ...app.user, readable: () => conn.close(false) };
    peer.sendBatch([
      ["P.", { seq: 1, ack: 1, text: 3 }],
      ["R", { seq: 4 }],
    ]);
    expect(app.events).toEqual(["established"]);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("a user that lingers hears that unread text made a reset of its close (RFC 9293 §3.6.1)", () => {
    const { peer, app, conn } = established();
    app.connection = undefined;
    peer.send("P.", { seq: 1, ack: 1, text: 3 });
    peer.advance(1000);
    peer.seen.length = 0;
    conn.close(true);
    peer.expect("R.", { seq: 1, ack: 4 });
    expect(app.events).toEqual(["established", "aborted: reset"]);
  });

  test("a user that lingers hears that late text made a reset of its close (RFC 9293 §3.6.1)", () => {
    const { peer, app, conn } = established();
    conn.close(true);
    peer.expect("F.");
    peer.send("P.", { seq: 1, ack: 1, text: 3 });
    peer.expect("R.", { seq: 2 });
    expect(app.events).toEqual(["established", "aborted: reset"]);
  });

  test.each([
    ["LAST-ACK", 2],
    ["CLOSING", 1],
  ])("a reset in %s is the end that a lingering user waits for, and no failure (RFC 9293 §3.10.7.4, second)", (state, ack) => {
    const { peer, app, conn } = established();
    if (state === "LAST-ACK") peer.send("F.", { seq: 1, ack: 1 });
    conn.close(true);
    peer.settle();
    if (state === "CLOSING") peer.send("F.", { seq: 1, ack });
    expect(conn.state).toBe(state);
    peer.send("R.", { seq: 2, ack });
    expect(app.events).toEqual(["established", "end", "finished"]);
    expect(conn.state).toBe("CLOSED");
  });

  test("text that was taken before the close is no reason for a reset when it comes again with the FIN", () => {
    const { peer, conn } = established();
    peer.send("P.", { seq: 1, ack: 1, text: 3 });
    conn.close(false);
    peer.expect("F.", { seq: 1, ack: 4 });
    peer.send("FP.", { seq: 1, ack: 2, text: 3 });
    peer.expect(".", { seq: 2, ack: 5 });
    expect(peer.host.tcp.statuses().map((row) => row.state)).toEqual(["TIME-WAIT"]);
  });

  test("the last ACK of a simultaneous close is not answered (RFC 9293 §3.6 case 3)", () => {
    const { peer, conn } = established();
    conn.shutdownSend();
    peer.expect("F.", { seq: 1 });
    peer.send("F.", { seq: 1, ack: 1 });
    peer.expect(".", { ack: 2 });
    peer.send(".", { seq: 2, ack: 2 });
    expect(conn.state).toBe("TIME-WAIT");
    peer.expectSilence();
  });
});

describe("TIME-WAIT", () => {
  const inTimeWait = () => {
    const all = established();
    all.conn.shutdownSend();
    all.peer.expect("F.");
    all.peer.send("F.", { seq: 1, ack: 2 });
    all.peer.expect(".", { ack: 2 });
    return all;
  };

  test("[SEG-18] a FIN that comes again is acknowledged and starts the time again (RFC 9293 §3.10.7.4, eighth)", () => {
    const { peer } = inTimeWait();
    peer.advance(200_000);
    peer.send("F.", { seq: 1, ack: 2 });
    peer.expect(".", { seq: 2, ack: 2 });
    peer.advance(200_000);
    expect(peer.host.tcp.statuses()).toHaveLength(1);
    peer.advance(40_000);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("[CLS-08] a SYN that opens the flow anew gets an initial number beyond all that the old connection sent (RFC 1122 §4.2.2.13)", () => {
    const peer = new ScriptPeer();
    peer.ourPort = 7;
    const listener = peer.host.tcp.listen({ localPort: 7, backlog: 4, acceptable: () => {} });
    peer.send("S", { seq: 0, mss: 1000 });
    peer.expect("S.", { seq: 0, ack: 1 });
    peer.send(".", { seq: 1, ack: 1 });
    listener.accept()?.close(false);
    peer.expect("F.", { seq: 1 });
    peer.send("F.", { seq: 1, ack: 2 });
    peer.expect(".", { seq: 2, ack: 2 });
    // A number that is not beyond RCV.NXT may be an old SYN's.
    peer.send("S", { seq: 2, mss: 1000 });
    peer.expect(".", { seq: 2, ack: 2 });
    peer.send("S", { seq: 3, mss: 1000 });
    expect(peer.expect("S.", { ack: 4 }).seq).toBeGreaterThan(2);
  });

  // RFC 6191 §2: RCV.NXT is 2, TS.Recent 1000.
  test.each([
    ["a later timestamp", 1, [1001, 0], true],
    ["a later timestamp across the wrap", 1, [1000 + 0x7fffffff, 0], true],
    ["the same timestamp and a later number", 3, [1000, 0], true],
    ["the same timestamp and the next number", 2, [1000, 0], false],
    ["an earlier timestamp, whatever the number", 5000, [999, 0], false],
    ["an earlier timestamp across the wrap", 5000, [1000 - 0x7fffffff, 0], false],
    ["no timestamp and a later number", 3, undefined, true],
    ["no timestamp and the next number", 2, undefined, false],
  ] as const)("[CLS-09] a SYN with %s", (_, seq, timestamps, isNew) => {
    const peer = new ScriptPeer(LINUX);
    peer.ourPort = 7;
    const listener = peer.host.tcp.listen({ localPort: 7, backlog: 4, acceptable: () => {} });
    peer.send("S", { seq: 0, mss: 1000, timestamps: [1000, 0] });
    peer.expect("S.");
    peer.send(".", { seq: 1, ack: 1, timestamps: [1000, 0] });
    listener.accept()?.close(false);
    peer.expect("F.");
    peer.send("F.", { seq: 1, ack: 2, timestamps: [1000, 0] });
    peer.expect(".");
    peer.advance(500);
    peer.send("S", { seq, mss: 1000, ...(timestamps ? { timestamps } : {}) });
    if (isNew) {
      expect(peer.expect("S.", { ack: seq + 1 }).options.hasTimestamps).toBe(timestamps !== undefined);
      expect(peer.host.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "SYN-RECEIVED"]);
    } else {
      // Where the connection stood, at a clock that has gone on.
      const answer = peer.expect(".", { seq: 2, ack: 2 });
      expect(answer.options.tsEcr).toBe(1000);
      expect(peer.host.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "TIME-WAIT"]);
    }
  });

  test("beyond their cap the oldest is forgotten", () => {
    const peer = new ScriptPeer(LINUX);
    tcpOf(peer.host).limits.timeWaits = 2;
    peer.ourPort = 7;
    const listener = peer.host.tcp.listen({ localPort: 7, backlog: 4, acceptable: () => {} });
    for (const from of [40_001, 40_002, 40_003]) {
      peer.send("S", { seq: 0, mss: 1000, from });
      peer.send(".", { seq: 1, ack: 1, from });
      listener.accept()?.close(false);
      peer.settle();
      peer.send("F.", { seq: 1, ack: 2, from });
    }
    expect(peer.host.tcp.statuses().map(({ state, remote }) => `${state} ${remote.slice(-6)}`)).toEqual([
      "LISTEN *:*",
      "TIME-WAIT :40002",
      "TIME-WAIT :40003",
    ]);
  });

  test("of several each ends at its own time, one that began again last; each is listed, and traced, by name", () => {
    const peer = new ScriptPeer();
    peer.ourPort = 7;
    const listener = peer.host.tcp.listen({ localPort: 7, backlog: 4, acceptable: () => {} });
    const close = (from: number) => {
      peer.send("S", { seq: 0, mss: 1000, from });
      peer.send(".", { seq: 1, ack: 1, from });
      listener.accept()?.close(false);
      peer.settle();
      peer.send("F.", { seq: 1, ack: 2, from });
    };
    const told: string[] = [];
    const names: Record<number, string> = {};
    peer.host.trace.subscribe((event) => {
      if (event.type === "connection-opened") names[event.connection] = event.remote.slice(-6);
      if (event.type === "timer-set" && event.timer === "time-wait") told.push(`set ${names[event.connection!]} ${event.delayMs}`);
      if (event.type === "timer-fired" && event.timer === "time-wait") told.push(`fired ${names[event.connection!]} at ${event.atMs}`);
    });
    for (const from of [40_001, 40_002, 40_003]) {
      close(from);
      peer.advance(1000);
    }
    const pending = () => peer.host.timers.pending().map(({ name, owner, deadlineMs }) => `${name} ${owner.slice(-6)} ${deadlineMs}`);
    expect(pending()).toEqual(["time-wait :40001 240000", "time-wait :40002 241000", "time-wait :40003 242000"]);
    peer.send("F.", { seq: 1, ack: 2, from: 40_002 });
    expect(pending()).toEqual(["time-wait :40001 240000", "time-wait :40003 242000", "time-wait :40002 243000"]);
    const rows = peer.host.tcp.statuses().filter((row) => row.state === "TIME-WAIT");
    expect(rows.map((row) => [row.remote.slice(-6), row.sndNxt, row.rcvNxt, row.timers])).toEqual([
      [":40001", 2 ** 32 - 1, 2 ** 32 - 5, [{ name: "time-wait", inMs: 237_000 }]],
      [":40003", 2 ** 32 - 1, 2 ** 32 - 5, [{ name: "time-wait", inMs: 239_000 }]],
      [":40002", 2 ** 32 - 1, 2 ** 32 - 5, [{ name: "time-wait", inMs: 240_000 }]],
    ]);
    peer.advance(240_000);
    expect(told).toEqual([
      "set :40001 240000",
      "set :40002 240000",
      "set :40003 240000",
      "set :40002 240000",
      "fired :40001 at 240000",
      "fired :40003 at 242000",
      "fired :40002 at 243000",
    ]);
    expect(peer.host.timers.size).toBe(0);
    expect(peer.host.tcp.isPortInUse(7)).toBe(true);
    listener.close();
    expect(peer.host.tcp.isPortInUse(7)).toBe(false);
  });

  test("nothing else starts the time again, so that strangers cannot hold it", () => {
    const { peer } = inTimeWait();
    peer.advance(200_000);
    peer.send(".", { seq: 5000, ack: 9, text: 10 });
    peer.advance(40_000);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });
});

test("a FIN that falls due while loss has shrunk the window below what is in flight leaves whole (RFC 9293 §3.10.4)", () => {
  const { peer, conn, write } = established();
  write(10_000);
  peer.seen.length = 0;
  // The first segment is lost, the window halves, and more is in flight than it allows: without SACK at once, not in proportion.
  for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 1 });
  peer.expect(".", { seq: 1, length: 1000 });
  expect(conn.status().cwnd).toBeLessThan(7000);
  peer.expectSilence();
  conn.shutdownSend();
  peer.expect("F.", { seq: 10_001, length: 0 });
  expect(conn.state).toBe("FIN-WAIT-1");
  peer.expectSilence();
});

test("a reset in TIME-WAIT is ignored beside a listener too, and the wait goes on (RFC 1337 §3)", () => {
  const peer = new ScriptPeer();
  peer.ourPort = 80;
  peer.port = 40_000;
  const listener = peer.host.tcp.listen({ localPort: 80, backlog: 2, acceptable: () => {} });
  peer.send("S", { seq: 0 });
  peer.send(".", { seq: 1, ack: 1 });
  listener.accept()?.shutdownSend();
  peer.settle();
  peer.send("F.", { seq: 1, ack: 2 });
  peer.send("R", { seq: 2 });
  expect(peer.host.tcp.statuses().map((s) => s.state)).toEqual(["LISTEN", "TIME-WAIT"]);
});

test.each([WINDOWS, LINUX])("TIME-WAIT outlives a SYN that a full listener refuses, under $name (RFC 1122 §4.2.2.13)", (profile) => {
  const peer = new ScriptPeer(profile);
  peer.ourPort = 7;
  const listener = peer.host.tcp.listen({ localPort: 7, backlog: 1, acceptable: () => {} });
  const open = (from: number) => {
    peer.send("S", { seq: 0, mss: 1000, from });
    peer.send(".", { seq: 1, ack: 1, from });
  };
  open(80);
  listener.accept()?.close(false);
  peer.settle();
  peer.send("F.", { seq: 1, ack: 2 });
  open(81);
  expect(listener.waiting).toBe(1);
  peer.send("S", { seq: 3, mss: 1000 });
  expect(peer.host.tcp.statuses().map((status) => status.state)).toContain("TIME-WAIT");
  listener.accept();
  peer.seen.length = 0;
  peer.send("S", { seq: 3, mss: 1000 });
  expect(peer.expect("S.", { ack: 4 }).seq).toBeGreaterThan(2);
});

test("a connection that its user has closed counts as undelivered until its FIN is acknowledged, also before that has left", () => {
  const hosts = new TwoHosts();
  const { client } = connectPair(hosts);
  expect(hosts.ours.tcp.hasUndelivered).toBe(false);
  client.connection?.write(new Uint8Array(300_000), 0, 300_000);
  client.connection?.close(false);
  // The first window is on its way, and the FIN is not.
  hosts.ours.turn(hosts.simulation.now);
  expect(hosts.ours.tcp.unfinishedCount).toBe(0);
  expect(hosts.ours.tcp.hasUndelivered).toBe(true);
  hosts.simulation.advance(2000);
  expect(hosts.ours.tcp.hasUndelivered).toBe(false);
});

describe("connections without a user", () => {
  /** `count` connections, the first in the queue first. */
  const accepted = (count: number) => {
    const peer = new ScriptPeer(LINUX);
    tcpOf(peer.host).limits.orphans = 2;
    peer.ourPort = 7;
    const listener = peer.host.tcp.listen({ localPort: 7, backlog: count, acceptable: () => {} });
    const conns = Array.from({ length: count }, (_, i) => {
      peer.send("S", { seq: 0, mss: 1000, from: 40_000 + i });
      peer.send(".", { seq: 1, ack: 1, from: 40_000 + i });
      return listener.accept()!;
    });
    peer.seen.length = 0;
    return { peer, conns };
  };

  test("are so many at most; one more is reset, and a user that lingers is told", () => {
    const { peer, conns } = accepted(4);
    conns[0]!.close(false);
    conns[1]!.close(false);
    peer.settle();
    const told: string[] = [];
    conns[2]!.user = { aborted: (reason) => told.push(reason), finished: () => told.push("finished") };
    conns[2]!.close(true);
    conns[3]!.abort();
    peer.settle();
    expect(peer.seen.map(({ flags, destinationPort }) => [flags, destinationPort])).toEqual([
      ["F.", 40_000],
      ["F.", 40_001],
      ["R.", 40_002],
      ["R.", 40_003],
    ]);
    expect(told).toEqual(["reset"]);
    expect(tcpOf(peer.host).context.drops.of("too-many-orphans")).toBe(1);
  });

  test("count until they are over: in FIN-WAIT-1 and -2 and LAST-ACK, and no longer in TIME-WAIT", () => {
    const { peer, conns } = accepted(5);
    conns[0]!.close(false);
    conns[0]!.close(false);
    peer.settle();
    peer.send(".", { seq: 1, ack: 2, from: 40_000 });
    expect(conns[0]!.state).toBe("FIN-WAIT-2");
    peer.send("F.", { seq: 1, ack: 1, from: 40_001 });
    conns[1]!.close(false);
    peer.settle();
    expect(conns[1]!.state).toBe("LAST-ACK");
    conns[2]!.close(false);
    expect(conns[2]!.state).toBe("CLOSED");
    peer.send("F.", { seq: 1, ack: 2, from: 40_000 });
    conns[3]!.close(false);
    peer.settle();
    expect(conns[3]!.state).toBe("FIN-WAIT-1");
    peer.send(".", { seq: 2, ack: 2, from: 40_001 });
    conns[4]!.close(false);
    peer.settle();
    expect(conns[4]!.state).toBe("FIN-WAIT-1");
  });
});
