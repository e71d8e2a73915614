import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";
import { tcpOf } from "../../support/insides.ts";

describe("what may leave", () => {
  test("[CC-04] [SND-03] ten segments at first (RFC 6928), each of the peer's MSS, PSH on the last (RFC 9293 §3.9.1.2)", () => {
    const { peer, write } = established();
    write(20_000);
    expect(peer.seen.map((s) => s.length)).toEqual(Array(10).fill(1000));
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 10_001 });
    expect(peer.seen.at(-1)).toMatchObject({ flags: "P.", length: 1000 });
  });

  test("[HDR-01] [WSC-06] the peer's window bounds what is sent, as an unsigned 16-bit number and scaled (RFC 9293 MUST-1, RFC 7323 §2)", () => {
    const { peer, write } = established({ synAck: { window: 2500 } });
    write(9000);
    expect(peer.seen.map((s) => s.length)).toEqual([1000, 1000]);
    const scaled = established({ synAck: { window: 1000, windowScale: 2 } });
    scaled.peer.send(".", { seq: 1, ack: 1, window: 1000 });
    scaled.write(9000);
    expect(scaled.peer.seen.reduce((sum, s) => sum + s.length, 0)).toBe(4000);
  });

  test("[SND-08] [SND-09] Nagle holds a small segment while something is in flight, TCP_NODELAY does not (RFC 9293 §3.7.4)", () => {
    const { peer, write } = established();
    write(10);
    peer.expect("P.", { length: 10 });
    write(10);
    peer.expectSilence();
    peer.send(".", { seq: 1, ack: 11 });
    peer.expect("P.", { seq: 11, length: 10 });
    const quick = established({ options: { noDelay: true } });
    quick.write(10);
    quick.write(10);
    expect(quick.peer.seen.map((s) => s.length)).toEqual([10, 10]);
  });

  test("the FIN rides on the last text, and is sent alone when there is none (RFC 9293 §3.10.4)", () => {
    const { peer, conn, write } = established();
    write(10);
    conn.shutdownSend();
    peer.settle();
    expect(peer.seen.map((s) => [s.flags, s.seq, s.length])).toEqual([
      ["P.", 1, 10],
      ["F.", 11, 0],
    ]);
  });

  test("a FIN for which the window has no number left does not ride on the text that fills it", () => {
    const { peer, conn } = established();
    peer.send(".", { seq: 1, ack: 1, window: 10 });
    conn.write(new Uint8Array(10), 0, 10);
    conn.shutdownSend();
    peer.expect("P.", { seq: 1, length: 10 });
    const roomy = established();
    roomy.peer.send(".", { seq: 1, ack: 1, window: 11 });
    roomy.conn.write(new Uint8Array(10), 0, 10);
    roomy.conn.shutdownSend();
    roomy.peer.expect("FP.", { seq: 1, length: 10 });
  });

  test("[SND-10] less than a segment leaves when it is half of the largest window ever offered, and not when it is less (RFC 9293 §3.8.6.2.1)", () => {
    const { peer, write } = established({ synAck: { window: 400 } });
    write(5000);
    peer.expect(".", { seq: 1, length: 400 });
    peer.send(".", { seq: 1, ack: 401, window: 200 });
    peer.expect(".", { seq: 401, length: 200 });
    peer.send(".", { seq: 1, ack: 601, window: 199 });
    peer.expectSilence();
    peer.send(".", { seq: 1, ack: 601, window: 200 });
    peer.expect(".", { seq: 601, length: 200 });
  });

  test("[SEG-11] an older segment must not shrink the window (RFC 9293 §3.10.7.4, WL1 and WL2)", () => {
    const { peer, write } = established();
    peer.send(".", { seq: 2, ack: 1, window: 50_000 });
    peer.send(".", { seq: 1, ack: 1, window: 10 });
    write(5000);
    expect(peer.seen.reduce((sum, s) => sum + s.length, 0)).toBe(5000);
  });
});

describe("the retransmission timer (RFC 6298)", () => {
  test("[RTO-13] [FLT-01] text is sent again after the timeout, doubling, and after the profile's tries the connection is given up", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    write(10);
    peer.advance(120_000);
    const gaps = peer.seen.map((s) => s.atMs).map((at, i, all) => (i === 0 ? 0 : at - (all[i - 1] ?? 0)));
    expect(gaps).toEqual([0, 300, 600, 1200, 2400, 4800]);
    expect(app.events).toContain("aborted: timed-out");
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("[RTO-12] an ACK restarts the timer for what is left, and stops it when nothing is (§5.2, §5.3)", () => {
    const { peer, write } = established({ profile: WINDOWS });
    write(2000);
    peer.seen.length = 0;
    peer.advance(200);
    peer.send(".", { seq: 1, ack: 1001 });
    peer.advance(299);
    peer.expectSilence();
    peer.advance(301);
    expect(peer.seen[0]).toMatchObject({ seq: 1001 });
    peer.send(".", { seq: 1, ack: 2001 });
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("[RTO-08] Karn: what was sent twice is not measured (§3)", () => {
    const { peer, conn, write } = established({ profile: WINDOWS });
    const before = conn.status().srttMs;
    write(10);
    peer.advance(300);
    peer.advance(50);
    peer.send(".", { seq: 1, ack: 11 });
    expect(conn.status().srttMs).toBe(before);
  });

  test("the first sample sets SRTT and RTTVAR, later ones smooth them (§2.2, §2.3)", () => {
    const { peer, conn, write } = established({ profile: LINUX });
    write(10);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 11 });
    const { srttMs, rttvarMs } = conn.status();
    // The handshake took no time: R = 0; then R' = 100.
    expect(srttMs).toBeCloseTo(12.5);
    expect(rttvarMs).toBeCloseTo(25);
  });
});

describe("a FIN that is lost", () => {
  test("[CLS-06] is sent again, alone or behind the text that it left with (RFC 9293 §3.8.1)", () => {
    const { peer, conn, write } = established();
    write(10);
    peer.send(".", { seq: 1, ack: 11 });
    conn.shutdownSend();
    peer.settle();
    peer.seen.length = 0;
    peer.advance(1000);
    peer.expect("F.", { seq: 11, length: 0 });
    peer.send(".", { seq: 1, ack: 12 });
    expect(conn.state).toBe("FIN-WAIT-2");

    const both = established();
    both.conn.write(new Uint8Array(10), 0, 10);
    both.conn.shutdownSend();
    both.peer.expect("FP.", { seq: 1, length: 10 });
    both.peer.advance(1000);
    both.peer.expect("FP.", { seq: 1, length: 10 });
  });
});

describe("a connection's share of a turn", () => {
  test("is 64 segments in each of four rounds, so that no connection keeps the others waiting; the rest follows", () => {
    const { peer, conn, write } = established({ synAck: { mss: 100 } });
    // A window grows while there is more to send than it lets leave.
    write(100_000);
    while (conn.status().bytesSent < 100_000) peer.send(".", { seq: 1, ack: 1 + conn.status().bytesSent });
    peer.send(".", { seq: 1, ack: 100_001 });
    expect(conn.status().cwnd).toBeGreaterThan(40_000);
    peer.seen.length = 0;
    const before = conn.status().bytesSent;
    conn.write(new Uint8Array(40_000), 0, 40_000);
    expect(tcpOf(peer.host).flush()).toBe(true);
    expect(conn.status().bytesSent - before).toBe(4 * 64 * 100);
    peer.settle();
    expect(peer.seen.map((s) => s.length)).toEqual(Array(400).fill(100));
  });
});

describe("a window that grew (RFC 5681 §4.1)", () => {
  /** A window of twenty segments, all acknowledged. @returns the acknowledgement that is due next */
  function grown() {
    const parts = established();
    parts.write(20_000);
    parts.peer.send(".", { seq: 1, ack: 10_001 });
    parts.peer.send(".", { seq: 1, ack: 20_001 });
    expect(parts.conn.status().cwnd).toBe(20_000);
    parts.peer.seen.length = 0;
    return parts;
  }

  test("[CC-16] shrinks to the initial one when nothing was sent for longer than a retransmission timeout, and not before", () => {
    for (const [idleMs, cwnd] of [
      [1000, 20_000],
      [1001, 10_000],
    ] as const) {
      const { peer, conn, write } = grown();
      expect(conn.status().rtoMs).toBe(1000);
      peer.advance(idleMs);
      write(1000);
      expect(conn.status().cwnd).toBe(cwnd);
    }
  });

  test("stays as it is while acknowledgements still come in, however slowly", () => {
    const { peer, conn, write } = grown();
    write(3000);
    for (const ack of [21_001, 22_001]) {
      peer.advance(800);
      peer.send(".", { seq: 1, ack });
    }
    write(1000);
    expect(conn.status().cwnd).toBe(20_000);
  });
});

describe("fast retransmit", () => {
  test("[CC-12] three duplicates send the lost segment again at once; the window halves (RFC 5681 §3.2)", () => {
    const { peer, conn, write } = established();
    write(10_000);
    peer.seen.length = 0;
    for (let i = 0; i < 2; i++) peer.send(".", { seq: 1, ack: 1 });
    peer.expectSilence();
    peer.send(".", { seq: 1, ack: 1 });
    peer.expect(".", { seq: 1, length: 1000 });
    expect(conn.status().ssthresh).toBe(5000);
  });

  test("[LR-01] a partial ACK sends the next hole (RFC 6582 §3.2)", () => {
    const { peer, write } = established();
    write(10_000);
    peer.seen.length = 0;
    for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 1 });
    peer.expect(".", { seq: 1 });
    peer.send(".", { seq: 1, ack: 3001 });
    peer.expect(".", { seq: 3001 });
  });

  test("with SACK only the holes are sent again (RFC 6675)", () => {
    const { peer, write } = established({ synAck: { sackPermitted: true } });
    write(10_000);
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 3001]] });
    peer.send(".", {
      seq: 1,
      ack: 1,
      sack: [
        [1001, 3001],
        [4001, 6001],
      ],
    });
    peer.send(".", {
      seq: 1,
      ack: 1,
      sack: [
        [1001, 3001],
        [4001, 10_001],
      ],
    });
    const again = peer.seen.map((s) => s.seq);
    expect(again).toEqual([1, 3001]);
  });

  test("[LR-32] SACK blocks outside of what is outstanding are ignored (hardening: SACK)", () => {
    const { peer, conn, write } = established({ synAck: { sackPermitted: true } });
    write(3000);
    peer.seen.length = 0;
    for (let i = 0; i < 10; i++)
      peer.send(".", {
        seq: 1,
        ack: 1,
        sack: [
          [5001 + i, 90_000],
          [-500, -100],
        ],
      });
    peer.expectSilence();
    expect(conn.status().retransmissions).toBe(0);
  });

  test("[CC-13] limited transmit: the first two duplicates let new text leave (RFC 3042)", () => {
    const { peer, write } = established();
    write(20_000);
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1 });
    peer.expect(".", { seq: 10_001, length: 1000 });
    peer.send(".", { seq: 1, ack: 1 });
    peer.expect(".", { seq: 11_001, length: 1000 });
  });
});

describe("a shut window", () => {
  test("[ZWP-01] [ZWP-02] [ZWP-03] [ZWP-05] is probed at doubling intervals, for as long as the probes are answered (RFC 9293 §3.8.6.1 MUST-35 to 37)", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    write(100);
    peer.expectSilence();
    let before = peer.now;
    for (let i = 0; i < 20; i++) {
      const gap = Math.min(300 * 2 ** i, 60_000);
      peer.advance(gap);
      expect(peer.expect("P.", { seq: 1, length: 1 }).atMs - before).toBe(gap);
      before = peer.now;
      peer.send(".", { seq: 1, ack: 1, window: 0 });
    }
    expect(app.events).toEqual(["established"]);
    peer.send(".", { seq: 1, ack: 1, window: 5000 });
    peer.expect("P.", { seq: 1, length: 100 });
  });

  test("an octet that the peer took in as a probe counts as sent, and the rest follows", () => {
    const { peer, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    write(100);
    peer.advance(1000);
    peer.expect("P.", { seq: 1, length: 1 });
    peer.seen.length = 0;
    // The update that opened the window was lost: the peer had room when the octet came.
    peer.send(".", { seq: 1, ack: 2, window: 5000 });
    peer.expect("P.", { seq: 2, length: 99 });
  });

  test("when nobody answers the probes the connection is given up", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    write(100);
    peer.advance(600_000);
    expect(app.events).toContain("aborted: timed-out");
  });

  test("is silent while text is outstanding: retransmission alone ends the connection (RFC 9293 MUST-26, MUST-29)", () => {
    const { peer, app, conn, write } = established({ profile: { ...WINDOWS, dataRetries: 8 }, options: { keepAlive: true } });
    peer.advance(7_199_990);
    write(10);
    peer.advance(30_000);
    // Ten intervals of keepalive have long gone by.
    expect(conn.state).toBe("ESTABLISHED");
    expect(peer.seen.filter((s) => s.length === 0)).toEqual([]);
    peer.advance(300_000);
    expect(app.events).toContain("aborted: timed-out");
    expect(peer.seen.filter((s) => s.length === 10)).toHaveLength(9);
  });

  test("a window below a segment is not filled by crumbs (RFC 9293 §3.8.6.2.1)", () => {
    const { peer, write } = established();
    peer.send(".", { seq: 1, ack: 1, window: 20 });
    write(5000);
    peer.expectSilence();
    peer.advance(5000);
    // The override of the wait: what fits is sent.
    expect(peer.seen[0]).toMatchObject({ seq: 1, length: 20 });
  });
});

describe("keepalive (RFC 9293 §3.8.4)", () => {
  test("[FLT-08] [FLT-14] probes after the idle time, and gives up when nobody answers", () => {
    const { peer, app } = established({ profile: WINDOWS, options: { keepAlive: true } });
    peer.advance(7_200_000);
    peer.expect(".", { seq: 0, length: 0 });
    peer.send(".", { seq: 1, ack: 1 });
    peer.advance(7_199_000);
    peer.expectSilence();
    peer.advance(12_000);
    expect(peer.seen).toHaveLength(10);
    expect(app.events).toContain("aborted: timed-out");
  });
});
