import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { seqDiff } from "../../../src/stack/core/seq.ts";
import { sackLeftEdge, sackRightEdge } from "../../../src/stack/packet/tcp-options.ts";
import { established } from "../../support/established.ts";

const text = (s: string) => new TextEncoder().encode(s);

describe("sequence numbers", () => {
  test("[SEG-04] text left of RCV.NXT and right of the window is cut off (RFC 9293 §3.10.7.4)", () => {
    const { peer, app } = established();
    peer.send("P.", { seq: 1, ack: 1, text: text("abcde") });
    peer.send("P.", { seq: 3, ack: 1, text: text("cdefgh") });
    expect(new TextDecoder().decode(app.bytes())).toBe("abcdefgh");
  });

  test("[SEG-05] [SEG-08] [RCV-13] text after a gap waits for it, and the gap is reported at once (RFC 9293 SHLD-31, RFC 5681 §4.2)", () => {
    const { peer, app } = established({ synAck: { sackPermitted: true } });
    peer.send("P.", { seq: 6, ack: 1, text: text("fgh") });
    const duplicate = peer.expect(".", { ack: 1 });
    expect(duplicate.options.sackBlocks).toBe(1);
    expect(app.receivedBytes).toBe(0);
    peer.send("P.", { seq: 1, ack: 1, text: text("abcde") });
    peer.expect(".", { ack: 9 });
    expect(new TextDecoder().decode(app.bytes())).toBe("abcdefgh");
  });

  test("[SCK-04] of what is held out of order, what came last is reported first (RFC 2018 §4)", () => {
    const { peer } = established({ synAck: { sackPermitted: true } });
    const blocks = [11, 31, 21].map((at) => {
      peer.send("P.", { seq: at, ack: 1, text: 5 });
      const { options } = peer.expect(".", { ack: 1 });
      return Array.from({ length: options.sackBlocks }, (_, i) =>
        [sackLeftEdge(options, i), sackRightEdge(options, i)].map((edge) => seqDiff(edge, peer.isn)),
      );
    });
    expect(blocks).toEqual([
      [[11, 16]],
      [
        [31, 36],
        [11, 16],
      ],
      [
        [21, 26],
        [31, 36],
        [11, 16],
      ],
    ]);
  });

  test("[SCK-04] and of more than fit, those that were reported last stay: each block is told of several times (RFC 2018 §4)", () => {
    const { peer } = established({ profile: LINUX, synAck: { sackPermitted: true, timestamps: [7, 1] } });
    const reported = [11, 31, 51, 21, 41, 53, 1].map((at) => {
      peer.send("P.", { seq: at, ack: 1, text: 5, timestamps: [8, 1] });
      const { options } = peer.expect(".");
      return Array.from({ length: options.sackBlocks }, (_, i) => seqDiff(sackLeftEdge(options, i), peer.isn));
    });
    // Beside timestamps there is room for three.
    expect(reported).toEqual([[11], [31, 11], [51, 31, 11], [21, 51, 31], [41, 21, 51], [51, 41, 21], [51, 41, 21]]);
  });

  test("text that is old in part is acknowledged at once: the peer has missed an ACK (RFC 9293 §3.10.7.4)", () => {
    const { peer } = established();
    peer.send("P.", { seq: 1, ack: 1, text: text("abcde") });
    peer.expectSilence();
    peer.send("P.", { seq: 3, ack: 1, text: text("cdefgh") });
    peer.expect(".", { ack: 9 });
  });

  test("[RCV-21] the first copy of a byte wins (hardening: blind injection)", () => {
    const { peer, app } = established();
    peer.send(".", { seq: 3, ack: 1, text: text("CD") });
    peer.send(".", { seq: 1, ack: 1, text: text("abxxef") });
    expect(new TextDecoder().decode(app.bytes())).toBe("abCDef");
  });

  test("[SEG-02] [SEC-11] a segment outside of the window is answered by where we stand, an empty one at most twice a second (RFC 9293 §3.10.7.4, RFC 5961 §7)", () => {
    const { peer } = established();
    peer.send(".", { seq: 1 + 200_000, ack: 1 });
    peer.expect(".", { seq: 1, ack: 1 });
    peer.send(".", { seq: 1 + 200_000, ack: 1 });
    peer.expectSilence();
    peer.advance(500);
    peer.send(".", { seq: 1 + 200_000, ack: 1 });
    peer.expect(".", { seq: 1, ack: 1 });
  });

  test("[SEG-22] a keepalive (one number back, with or without a byte) is answered and delivers nothing (RFC 9293 §3.8.4)", () => {
    const { peer, app } = established();
    peer.send(".", { seq: 0, ack: 1 });
    peer.expect(".", { ack: 1 });
    peer.send(".", { seq: 0, ack: 1, text: 1 });
    peer.expect(".", { ack: 1 });
    expect(app.receivedBytes).toBe(0);
  });

  test("text that is here already is answered, counted by what it was, and delivered once (RFC 9293 §3.10.7.4, first)", () => {
    const { peer, app } = established();
    const { drops } = peer.host.context;
    peer.send("P.", { seq: 1, ack: 1, text: text("abc") });
    peer.advance(1000);
    peer.expect(".", { ack: 4 });
    // Its last byte lies before RCV.NXT, so that it is not acceptable at all.
    peer.send("P.", { seq: 1, ack: 1, text: text("abc") });
    peer.expect(".", { ack: 4 });
    expect([drops.of("outside-window"), drops.of("text-duplicate")]).toEqual([1, 0]);
    // With a FIN behind it that reaches into the window, the text is old and the FIN is not.
    peer.send("FP.", { seq: 1, ack: 1, text: text("abc") });
    peer.expect(".", { ack: 5 });
    expect([drops.of("outside-window"), drops.of("text-duplicate")]).toEqual([1, 1]);
    expect(app.receivedBytes).toBe(3);
  });

  test("[HDR-04] a spoilt checksum is dropped in silence and counted (RFC 9293 MUST-3)", () => {
    const { peer, app } = established();
    peer.send("P.", { seq: 1, ack: 1, text: text("abc"), badChecksum: true });
    peer.expectSilence();
    expect(app.receivedBytes).toBe(0);
    expect(peer.host.context.drops.of("tcp-bad-checksum")).toBe(1);
  });

  test("[SEG-09] a segment without ACK is dropped (RFC 9293 §3.10.7.4, fifth)", () => {
    const { peer, app } = established();
    peer.send("P", { seq: 1, text: text("abc") });
    peer.expectSilence();
    expect(app.receivedBytes).toBe(0);
  });
});

describe("resets and SYNs in a connection", () => {
  test("[RST-05] [SEC-06] a reset at exactly RCV.NXT ends the connection (RFC 5961 §3.2)", () => {
    const { peer, app } = established();
    peer.send("R", { seq: 1 });
    expect(app.events).toContain("aborted: reset");
    expect(peer.host.tcp.statuses()).toEqual([]);
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("the window ends before RCV.NXT + RCV.WND (RFC 9293 §3.10.7.4, table 6)", () => {
    const { peer, conn } = established();
    const { rcvWnd } = conn.status();
    peer.send("R", { seq: 1 + rcvWnd });
    peer.expectSilence();
    peer.send("R", { seq: rcvWnd });
    peer.expect(".", { ack: 1 });
  });

  test("[SEC-06] a reset elsewhere in the window is questioned by one challenge ACK; outside it is ignored (RFC 5961 §3.2)", () => {
    const { peer, app } = established();
    peer.send("R", { seq: 50 });
    peer.expect(".", { seq: 1, ack: 1 });
    peer.send("R", { seq: 51 });
    peer.expectSilence();
    peer.send("R", { seq: 1_000_000 });
    peer.expectSilence();
    expect(app.connection?.state).toBe("ESTABLISHED");
  });

  test("[SEC-08] a SYN, wherever it lies, is questioned and never obeyed (RFC 5961 §4.2)", () => {
    for (const seq of [1, 500, 5_000_000]) {
      const { peer, app } = established();
      peer.send("S", { seq });
      peer.expect(".", { seq: 1, ack: 1 });
      expect(app.connection?.state).toBe("ESTABLISHED");
    }
  });

  test("[SEG-10] [SEC-09] an ACK of what was never sent, or of long ago, is answered by where we stand (RFC 9293 §3.10.7.4, RFC 5961 §5.2)", () => {
    for (const ack of [2, -200_000]) {
      const { peer, app } = established();
      peer.send("P.", { seq: 1, ack, text: text("evil") });
      peer.expect(".", { seq: 1, ack: 1 });
      expect(app.receivedBytes).toBe(0);
    }
  });
});

describe("closing", () => {
  test("[CLS-07] [SEG-16] we close first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT for the profile's time (RFC 9293 §3.6)", () => {
    const { peer, app, conn } = established({ profile: WINDOWS });
    conn.shutdownSend();
    peer.expect("F.", { seq: 1, ack: 1 });
    expect(conn.state).toBe("FIN-WAIT-1");
    peer.send(".", { seq: 1, ack: 2 });
    expect(conn.state).toBe("FIN-WAIT-2");
    expect(app.events).toContain("finished");
    peer.send("P.", { seq: 1, ack: 2, text: text("late") });
    expect(new TextDecoder().decode(app.bytes())).toBe("late");
    peer.send("F.", { seq: 5, ack: 2 });
    peer.seen.length = 0;
    expect(conn.state).toBe("TIME-WAIT");
    peer.advance(119_000);
    expect(peer.host.tcp.statuses().map((s) => s.state)).toEqual(["TIME-WAIT"]);
    // A FIN sent again is acknowledged and starts the wait anew.
    peer.send("F.", { seq: 5, ack: 2 });
    peer.expect(".", { seq: 2, ack: 6 });
    peer.advance(119_000);
    expect(peer.host.tcp.statuses()).toHaveLength(1);
    peer.advance(2000);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("[SEG-17] the peer closes first: CLOSE-WAIT, LAST-ACK, gone (RFC 9293 §3.6)", () => {
    const { peer, app, conn } = established();
    peer.send("F.", { seq: 1, ack: 1 });
    peer.expect(".", { ack: 2 });
    expect(conn.state).toBe("CLOSE-WAIT");
    expect(app.events).toContain("end");
    conn.write(text("still"), 0, 5);
    peer.expect("P.", { seq: 1, ack: 2, length: 5 });
    conn.shutdownSend();
    peer.send(".", { seq: 2, ack: 6 });
    peer.expect("F.", { seq: 6, ack: 2 });
    expect(conn.state).toBe("LAST-ACK");
    peer.send(".", { seq: 2, ack: 7 });
    expect(peer.host.tcp.statuses()).toEqual([]);
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("[SEG-16] [CLS-10] both close at once: CLOSING, then TIME-WAIT (RFC 9293 §3.6 case 3)", () => {
    const { peer, conn } = established();
    conn.shutdownSend();
    peer.expect("F.", { seq: 1 });
    peer.send("F.", { seq: 1, ack: 1 });
    expect(conn.state).toBe("CLOSING");
    peer.expect(".", { ack: 2 });
    peer.send(".", { seq: 2, ack: 2 });
    expect(conn.state).toBe("TIME-WAIT");
  });

  test("[SEG-16] a FIN that acknowledges ours leads straight to TIME-WAIT (RFC 9293 §3.10.7.4, eighth)", () => {
    const { peer, conn } = established();
    conn.shutdownSend();
    peer.expect("F.", { seq: 1 });
    peer.send("F.", { seq: 1, ack: 2 });
    peer.expect(".", { seq: 2, ack: 2 });
    expect(conn.state).toBe("TIME-WAIT");
  });

  test("[SEG-13] a FIN before its text is not taken until the gap is filled (RFC 9293 §3.10.7.4, eighth)", () => {
    const { peer, app, conn } = established();
    peer.send("F.", { seq: 4, ack: 1 });
    peer.expect(".", { ack: 1 });
    expect(conn.state).toBe("ESTABLISHED");
    peer.send("PF.", { seq: 1, ack: 1, text: text("abc") });
    peer.expect(".", { ack: 5 });
    expect(app.events).toContain("end");
  });

  test("[CLS-04] closing with unread text resets, so that the peer knows it was not read (RFC 9293 §3.6.1)", () => {
    const { peer, app, conn } = established();
    app.connection = undefined;
    peer.send("P.", { seq: 1, ack: 1, text: text("abc") });
    expect(conn.readableBytes).toBe(3);
    conn.close(false);
    peer.settle();
    expect(peer.seen.map((s) => s.flags)).toContain("R.");
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("[CLS-04] text that arrives after the user has closed is answered by a reset (RFC 9293 §3.6.1)", () => {
    const { peer, conn } = established();
    conn.close(false);
    peer.expect("F.");
    peer.send("P.", { seq: 1, ack: 2, text: text("abc") });
    peer.expect("R.", { seq: 2 });
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("[CLS-15] abort sends a reset and leaves no TIME-WAIT (RFC 9293 §3.10.5)", () => {
    const { peer, conn } = established();
    conn.abort();
    peer.expect("R.", { seq: 1, ack: 1 });
    expect(peer.host.tcp.statuses()).toEqual([]);
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("[CLS-11] an orphan in FIN-WAIT-2 is forgotten after the profile's time (Microsoft: TcpFinWait2Delay; tcp_fin_timeout)", () => {
    const { peer, conn } = established({ profile: LINUX });
    conn.close(false);
    peer.expect("F.");
    peer.send(".", { seq: 1, ack: 2 });
    peer.advance(59_000);
    expect(conn.state).toBe("FIN-WAIT-2");
    peer.advance(1001);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("[RST-07] a reset in TIME-WAIT is ignored (RFC 1337 §3)", () => {
    const { peer, conn } = established();
    conn.shutdownSend();
    peer.expect("F.");
    peer.send("F.", { seq: 1, ack: 2 });
    peer.send("R", { seq: 2 });
    expect(conn.state).toBe("TIME-WAIT");
    expect(peer.host.tcp.statuses()).toHaveLength(1);
  });
});

describe("windows and acknowledgements of ours", () => {
  test("[RCV-09] [RCV-11] two full segments are acknowledged at once, one within the delay (RFC 9293 §3.8.6.3)", () => {
    const { peer } = established({ profile: WINDOWS });
    peer.send("P.", { seq: 1, ack: 1, text: 100 });
    peer.expectSilence();
    peer.advance(40);
    peer.expect(".", { ack: 101 });
    peer.send(".", { seq: 101, ack: 1, text: 1000 });
    peer.send(".", { seq: 1101, ack: 1, text: 1000 });
    peer.expect(".", { ack: 2101 });
  });

  test("[SEG-06] [SEG-07] a batch of sixteen segments is acknowledged once, after all of it (RFC 9293 MUST-58, MUST-59)", () => {
    const { peer } = established();
    peer.sendBatch(Array.from({ length: 16 }, (_, i) => [".", { seq: 1 + i * 1000, ack: 1, text: 1000 }] as const));
    peer.expect(".", { ack: 16_001 });
    peer.expectSilence();
  });

  test("[RCV-08] a user that does not read closes the window, and reading opens it again with an update (RFC 9293 §3.8.6.2.2)", () => {
    const { peer, app, conn } = established({ options: { receiveBufferBytes: 8000 } });
    app.connection = undefined;
    for (let i = 0; i < 8; i++) peer.send(".", { seq: 1 + i * 1000, ack: 1, text: 1000 });
    const last = peer.seen.at(-1);
    expect({ ack: last?.ack, window: last?.window }).toEqual({ ack: 8001, window: 0 });
    peer.seen.length = 0;
    // A probe of the closed window is answered and nothing is taken.
    peer.send(".", { seq: 8001, ack: 1, text: 1 });
    peer.expect(".", { ack: 8001, window: 0 });
    const bytes = new Uint8Array(8000);
    expect(conn.read(bytes, 0, 8000)).toBe(8000);
    peer.expect(".", { ack: 8001, window: 8000 });
  });

  test("[SEG-04] text beyond the window is cut off, and the octets up to its edge are taken (RFC 9293 §3.10.7.4)", () => {
    const { peer, app, conn } = established({ options: { receiveBufferBytes: 8000 } });
    app.connection = undefined;
    peer.send(".", { seq: 1, ack: 1, text: 1400 });
    for (let seq = 1401; seq < 7001; seq += 1400) peer.send(".", { seq, ack: 1, text: 1400 });
    peer.seen.length = 0;
    peer.send("PF.", { seq: 7001, ack: 1, text: 1400 });
    peer.expect(".", { ack: 8001, window: 0 });
    expect(conn.readableBytes).toBe(8000);
    expect(conn.state).toBe("ESTABLISHED");
  });

  test("[SEG-03] with the window shut, RST and ACK still count (RFC 9293 MUST-66)", () => {
    const { peer, app, write } = established({ options: { receiveBufferBytes: 8000 } });
    app.connection = undefined;
    for (let i = 0; i < 8; i++) peer.send(".", { seq: 1 + i * 1000, ack: 1, text: 1000 });
    peer.seen.length = 0;
    write(10);
    peer.expect("P.", { seq: 1, length: 10 });
    peer.send(".", { seq: 8001, ack: 11, text: 1 });
    expect(peer.host.tcp.statuses()[0]?.sndUna).toBe((peer.ourIsn + 11) >>> 0);
    peer.send("R", { seq: 8001 });
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("[TS-06] PAWS: a segment with an old timestamp is dropped and answered (RFC 7323 §5.3)", () => {
    const { peer, app } = established({ profile: LINUX, synAck: { timestamps: [1000, 1] } });
    peer.send("P.", { seq: 1, ack: 1, timestamps: [1001, 1], text: text("a") });
    peer.seen.length = 0;
    peer.send("P.", { seq: 2, ack: 1, timestamps: [900, 1], text: text("b") });
    peer.expect(".", { ack: 2 });
    expect(app.receivedBytes).toBe(1);
    peer.send("P.", { seq: 2, ack: 1, timestamps: [1002, 1], text: text("b") });
    expect(app.receivedBytes).toBe(2);
  });
});
