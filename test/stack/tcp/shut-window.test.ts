import { describe, expect, test } from "@jest/globals";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import { established } from "../../support/established.ts";
import type { ScriptPeer } from "../../support/script-peer.ts";

/** Answers every segment that comes with the same words for `ms` of time. */
function answerFor(peer: ScriptPeer, ms: number, answer: { seq: number; ack: number; window: number }): number {
  const until = peer.now + ms;
  let answered = 0;
  while (peer.now < until) {
    peer.advance(100);
    if (peer.seen.splice(0).length === 0) continue;
    answered++;
    peer.send(".", answer);
  }
  return answered;
}

const timers = (peer: ScriptPeer): string[] => peer.host.timers.pending().map((t) => t.name);

describe("the persist timer", () => {
  test("stops when what waited for a larger window has been sent, and an idle connection lives on (RFC 9293 §3.8.6.2.1)", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 20 });
    write(30);
    peer.expectSilence();
    peer.advance(300);
    peer.expect("P.", { seq: 1, length: 20 });
    peer.send(".", { seq: 1, ack: 21, window: 20 });
    peer.expect("P.", { seq: 21, length: 10 });
    peer.send(".", { seq: 1, ack: 31, window: 20 });
    expect(timers(peer)).toEqual([]);
    peer.advance(3_600_000);
    peer.expectSilence();
    expect(app.events).toEqual(["established"]);
  });

  test("[ZWP-08] does not run beside the retransmission timer, nor longer and longer while the peer takes what is sent", () => {
    const { peer, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 20 });
    write(200);
    for (let sent = 0; sent < 180; sent += 20) {
      peer.advance(300);
      peer.expect("P.", { seq: 1 + sent, length: 20 });
      expect(timers(peer)).toEqual(["retransmission"]);
      peer.send(".", { seq: 1, ack: 21 + sent, window: 20 });
    }
    peer.expect("P.", { seq: 181, length: 20 });
  });

  test("[ZWP-09] does not keep an orphan for ever, however often its probes are answered (CVE-2008-4609, tcp_orphan_retries)", () => {
    const { peer, conn, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    write(100);
    conn.close(false);
    // A reader that rests for a minute gets the rest of the stream.
    answerFor(peer, 60_000, { seq: 1, ack: 1, window: 0 });
    expect(peer.host.tcp.statuses()).toHaveLength(1);
    answerFor(peer, 1_200_000, { seq: 1, ack: 1, window: 0 });
    expect(peer.host.tcp.statuses()).toEqual([]);
    expect(timers(peer)).toEqual([]);
  });

  test("tries twelve times for an orphan, neither more nor less", () => {
    const { peer, conn, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    write(100);
    conn.close(false);
    expect(answerFor(peer, 1_200_000, { seq: 1, ack: 1, window: 0 })).toBe(12);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("gives up after as many unanswered probes as text has retransmissions (RFC 9293 §3.8.3 R2)", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    write(100);
    peer.advance(600_000);
    expect(app.events).toContain("aborted: timed-out");
    expect(peer.seen).toHaveLength(WINDOWS.dataRetries);
  });
});

describe("a window that shrinks to nothing over what is in flight", () => {
  test("[RCV-06] is probed by retransmissions for as long as the peer answers (RFC 9293 §3.8.6 SHLD-17, MUST-35)", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    write(1000);
    peer.expect("P.", { seq: 1, length: 1000 });
    // The peer had to throw it away, and says so.
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    expect(answerFor(peer, 600_000, { seq: 1, ack: 1, window: 0 })).toBeGreaterThan(8);
    expect(app.events).toEqual(["established"]);
    const before = peer.seen.length;
    peer.send(".", { seq: 1, ack: 1, window: 5000 });
    peer.advance(60_000);
    expect(peer.seen[before]).toMatchObject({ seq: 1, length: 1000 });
  });

  test("is probed twelve times for an orphan, and then as a silent peer would be", () => {
    const { peer, conn, write } = established({ profile: WINDOWS });
    write(1000);
    peer.expect("P.", { seq: 1, length: 1000 });
    conn.close(false);
    peer.expect("F.", { seq: 1001 });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    // After the twelve the last three of the five tries that text has.
    expect(answerFor(peer, 3_600_000, { seq: 1, ack: 1, window: 0 })).toBe(15);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("gives the connection up when nobody answers", () => {
    const { peer, app, write } = established({ profile: WINDOWS });
    write(1000);
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    peer.advance(120_000);
    expect(app.events).toContain("aborted: timed-out");
  });

  test("holds a FIN too, and the connection outlives a reader that rests (RFC 9293 §3.8.6.1 MUST-37)", () => {
    const { peer, app, conn } = established({ profile: WINDOWS });
    conn.shutdownSend();
    peer.expect("F.", { seq: 1 });
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    answerFor(peer, 300_000, { seq: 1, ack: 1, window: 0 });
    expect(app.events).toEqual(["established"]);
    peer.send(".", { seq: 1, ack: 2, window: 5000 });
    expect(conn.state).toBe("FIN-WAIT-2");
  });
});

describe("a FIN that finds the window full", () => {
  /** Its user has closed, and the peer's window has room for `text` bytes of text and no more. */
  function closedWith(text: number) {
    const parts = established({ profile: WINDOWS });
    const { peer, conn, write } = parts;
    peer.send(".", { seq: 1, ack: 1, window: text });
    if (text > 0) write(text);
    conn.shutdownSend();
    peer.settle();
    return parts;
  }

  test("stays behind text that fills the window to its edge, and leaves when the peer makes room (RFC 9293 §3.4, §3.8.6)", () => {
    const { peer, conn } = closedWith(20);
    peer.expect("P.", { seq: 1, length: 20 });
    peer.expectSilence();
    expect(conn.state).toBe("ESTABLISHED");
    peer.send(".", { seq: 1, ack: 21, window: 0 });
    peer.expectSilence();
    peer.send(".", { seq: 1, ack: 21, window: 1 });
    peer.expect("F.", { seq: 21, length: 0 });
    peer.send(".", { seq: 1, ack: 22, window: 1 });
    expect(conn.state).toBe("FIN-WAIT-2");
    expect(timers(peer)).toEqual([]);
  });

  test("[ZWP-07] is asked for by an octet that the peer has, at doubling intervals, and does not leave itself", () => {
    const { peer, app, conn } = closedWith(0);
    peer.expectSilence();
    for (const wait of [300, 600, 1200, 2400]) {
      peer.advance(wait - 1);
      peer.expectSilence();
      peer.advance(1);
      peer.expect(".", { seq: 0, length: 0 });
      peer.send(".", { seq: 1, ack: 1, window: 0 });
    }
    answerFor(peer, 300_000, { seq: 1, ack: 1, window: 0 });
    expect(app.events).toEqual(["established"]);
    peer.send(".", { seq: 1, ack: 1, window: 5000 });
    peer.expect("F.", { seq: 1 });
    expect(conn.state).toBe("FIN-WAIT-1");
  });

  test("is given up when nobody answers what asks for room", () => {
    const { peer, app } = closedWith(0);
    peer.advance(600_000);
    expect(app.events).toContain("aborted: timed-out");
    expect(timers(peer)).toEqual([]);
  });

  test("does not keep an orphan for ever", () => {
    const { peer, conn } = closedWith(0);
    conn.close(false);
    answerFor(peer, 1_200_000, { seq: 1, ack: 1, window: 0 });
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("leaves keepalive to the timer that waits for the window (RFC 9293 §3.8.4 MUST-26)", () => {
    const { peer, conn } = closedWith(0);
    const since = peer.now;
    conn.setOptions({ keepAlive: true });
    answerFor(peer, WINDOWS.keepAliveIdleMs, { seq: 1, ack: 1, window: 0 });
    peer.advance(1);
    // What the peer says meanwhile answers the other timer: the idle time begins anew, whole.
    expect(peer.host.timers.pending().find(({ name }) => name === "keep-alive")?.deadlineMs).toBe(since + 2 * WINDOWS.keepAliveIdleMs);
    expect(conn.state).toBe("ESTABLISHED");
  });
});

test("a window that opens over what is in flight ends the back-off: the tries had asked for the window, not for the path", () => {
  const { peer, conn, write } = established({ profile: WINDOWS });
  write(10);
  peer.send(".", { seq: 1, ack: 1, window: 0 });
  for (const wait of [300, 600, 1200]) {
    peer.advance(wait);
    peer.send(".", { seq: 1, ack: 1, window: 0 });
  }
  expect(conn.status().rtoMs).toBe(2400);
  peer.seen.length = 0;
  peer.send(".", { seq: 1, ack: 1, window: 5000 });
  peer.advance(299);
  peer.expectSilence();
  peer.advance(1);
  peer.expect("P.", { seq: 1, length: 10 });
});

describe("a receiver that makes room", () => {
  /** A buffer of 5840 bytes, four full segments of the link, which is the least; `bytes` of it hold text, in segments of 1000. */
  function filled(bytes: number) {
    const parts = established({ options: { receiveBufferBytes: 4096 } });
    parts.conn.user = NOBODY;
    for (let at = 0; at < bytes; at += 1000) parts.peer.send(".", { seq: 1 + at, ack: 1, text: 1000 });
    parts.peer.advance(1000);
    parts.peer.seen.length = 0;
    const read = (count: number) => {
      parts.conn.read(new Uint8Array(count), 0, count);
      parts.peer.settle();
    };
    return { ...parts, read };
  }

  test("says so when it is worth two segments, and not before (RFC 9293 §3.8.6.2.2)", () => {
    const { peer, read } = filled(3000);
    read(1999);
    peer.expectSilence();
    read(1);
    peer.expect(".", { ack: 3001, window: 4840 });
    read(1000);
    peer.expectSilence();
  });

  test("says nothing while the window that the peer knows is more than half of the buffer", () => {
    const { peer, read } = filled(2000);
    read(2000);
    peer.expectSilence();
  });
});
