import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import type { Connection } from "../../../src/stack/tcp/connection.ts";
import { lossOf } from "../../../src/stack/tcp/loss-state.ts";
import { established } from "../../support/established.ts";
import type { ScriptPeer } from "../../support/script-peer.ts";

/** `[seq, length]` of each segment with text that has left since. */
function sent(peer: ScriptPeer): [number, number][] {
  peer.settle();
  return peer.seen
    .splice(0)
    .filter((s) => s.length > 0)
    .map((s) => [s.seq, s.length]);
}

/** A round trip of 40 ms is known, and segments of 1000 bytes are under way, one each millisecond. */
function underWay(segments: number, profile = LINUX) {
  const parts = established({ profile, handshakeMs: 40, synAck: { sackPermitted: true } });
  for (let i = 0; i < segments; i++) {
    parts.write(1000);
    parts.peer.advance(1);
  }
  expect(sent(parts.peer)).toHaveLength(segments);
  return parts;
}

describe("RACK (RFC 8985 §6)", () => {
  test("[LR-10] [LR-33] two segments under way, the first lost: it is sent again a quarter of a round trip after the other arrived", () => {
    const { peer } = underWay(2);
    peer.advance(39);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 2001]] });
    expect(sent(peer)).toEqual([]);
    // The newest that arrived took 40 ms, and so the first is lost 40 + 10 ms after it left, at 50; now it is 41.
    peer.advance(8);
    expect(sent(peer)).toEqual([]);
    peer.advance(2);
    expect(sent(peer)).toEqual([[1, 1000]]);
  });

  test("[LR-12] [LR-16] two that change places start nothing: the reordering timer is stopped when the first arrives", () => {
    const { peer, conn } = underWay(2);
    peer.advance(39);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 2001]] });
    expect(peer.host.timers.pending().map(({ name }) => name)).toContain("reordering");
    peer.advance(3);
    peer.send(".", { seq: 1, ack: 2001 });
    peer.advance(500);
    expect([sent(peer), conn.status().retransmissions]).toEqual([[], 0]);
  });

  test("three that were reported start recovery at once while no reordering was seen (§6.2 step 4)", () => {
    const { peer } = underWay(5);
    peer.advance(36);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 4001]] });
    expect(sent(peer)).toEqual([[1, 1000]]);
  });

  test("text that is acknowledged in order is no reordering, also beside the first report, or after a loss", () => {
    const { peer, conn, write } = underWay(6);
    peer.advance(35);
    peer.send(".", { seq: 1, ack: 1001, sack: [[2001, 3001]] });
    peer.send(".", { seq: 1, ack: 1001, sack: [[2001, 5001]] });
    expect(sent(peer)).toEqual([[1001, 1000]]);
    peer.advance(40);
    peer.send(".", { seq: 1, ack: 6001 });
    write(6000);
    peer.advance(40);
    sent(peer);
    peer.send(".", { seq: 1, ack: 7001 });
    peer.send(".", { seq: 1, ack: 7001, sack: [[8001, 11_001]] });
    expect(sent(peer)).toEqual([[7001, 1000]]);
    expect(conn.status().retransmissions).toBe(2);
  });

  test("once reordering was seen three do not: the window is a quarter of the shortest round trip (§3.3.2)", () => {
    const { peer } = underWay(6);
    peer.advance(36);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 2001]] });
    // The first comes after the second: the path reorders.
    peer.send(".", { seq: 1, ack: 2001 });
    peer.send(".", { seq: 1, ack: 2001, sack: [[3001, 6001]] });
    expect(sent(peer)).toEqual([]);
    peer.advance(30);
    expect(sent(peer)).toEqual([[2001, 1000]]);
  });

  test("[LR-14] a segment that came twice makes the window longer by a quarter of a round trip (§3.3.2)", () => {
    const { peer, conn } = underWay(6);
    peer.advance(36);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 2001]] });
    peer.send(".", {
      seq: 1,
      ack: 2001,
      sack: [[1, 1001]],
    });
    peer.send(".", { seq: 1, ack: 2001, sack: [[3001, 6001]] });
    // 2001 left at 2 ms and 5001 at 5; a round trip of 37 and a window of two quarters of 37: lost at some 59 ms, at 49 with one.
    peer.advance(9);
    expect([sent(peer), conn.status().retransmissions]).toEqual([[], 0]);
    peer.advance(12);
    expect(sent(peer)).toEqual([[2001, 1000]]);
  });

  test("[LR-25] a retransmission that is lost is found out by what left after it, without a timeout (§3.1)", () => {
    const { peer, conn, write } = underWay(6);
    peer.advance(36);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 4001]] });
    expect(sent(peer)).toEqual([[1, 1000]]);
    write(3000);
    peer.advance(1);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 6001]] });
    const later = sent(peer);
    expect(later[0]).toEqual([6001, 1000]);
    peer.advance(42);
    // What left after the copy arrives, the copy does not.
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 7001]] });
    peer.advance(15);
    expect(sent(peer)).toContainEqual([1, 1000]);
    expect(peer.host.timers.pending().map(({ name }) => name)).not.toContain("tail-loss-probe");
    expect(conn.status().retransmissions).toBe(2);
  });

  test("[CC-15] and it is a second sign of congestion (RFC 5681 §4.3)", () => {
    const { peer, conn, write } = underWay(10, WINDOWS);
    peer.advance(36);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 4001]] });
    const { ssthresh } = conn.status();
    write(5000);
    for (let end = 5001; end <= 10_001; end += 1000) {
      peer.advance(1);
      peer.send(".", { seq: 1, ack: 1, sack: [[1001, end]] });
    }
    sent(peer);
    peer.advance(42);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 11_001]] });
    peer.advance(15);
    expect(conn.status().ssthresh).toBeLessThan(ssthresh);
  });
});

describe("a tail loss probe (RFC 8985 §7)", () => {
  /** `segments` of 1000 bytes have left at once after a round trip of 100 ms. */
  function tail(segments: number) {
    const parts = established({ profile: LINUX, handshakeMs: 100, synAck: { sackPermitted: true } });
    parts.write(segments * 1000);
    expect(sent(parts.peer)).toHaveLength(segments);
    return parts;
  }
  const watches = (peer: ScriptPeer) => peer.host.timers.pending().map(({ name }) => name);

  test("[LR-17] [LR-19] leaves after two round trips: the last segment once more when there is nothing new", () => {
    const { peer } = tail(3);
    expect(watches(peer)).toEqual(["tail-loss-probe"]);
    peer.advance(199);
    expect(sent(peer)).toEqual([]);
    peer.advance(1);
    expect(sent(peer)).toEqual([[2001, 1000]]);
  });

  test("[LR-17] of a single segment it waits for a delayed acknowledgement as well, but never longer than the timeout", () => {
    const { peer } = tail(1);
    // SRTT + 4·RTTVAR are 300 ms, and 2·SRTT + 200 would be 400.
    peer.advance(299);
    expect(sent(peer)).toEqual([]);
    peer.advance(1);
    expect(sent(peer)).toEqual([[1, 1000]]);
  });

  test("[LR-19] carries new text where there is some, also less than a segment, and beyond the congestion window", () => {
    const { peer, conn, write } = tail(10);
    write(2500);
    expect(sent(peer)).toEqual([]);
    peer.advance(200);
    expect(sent(peer)).toEqual([[10_001, 1000]]);
    expect(conn.status().retransmissions).toBe(0);
  });

  test("[LR-18] [LR-20] is followed by the timeout, not by another", () => {
    const { peer } = tail(3);
    peer.advance(200);
    expect(sent(peer)).toEqual([[2001, 1000]]);
    expect(watches(peer)).toEqual(["retransmission"]);
    peer.advance(300);
    expect(sent(peer)).toEqual([[1, 1000]]);
  });

  test("[LR-21] that repairs a loss counts as one: the window is reduced once", () => {
    const { peer, conn, write } = tail(3);
    const before = conn.status().cwnd;
    peer.send(".", { seq: 1, ack: 2001 });
    peer.advance(400);
    expect(sent(peer)).toEqual([[2001, 1000]]);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 3001 });
    // Only what is acknowledged beyond it tells that its original did not arrive.
    write(1000);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 4001 });
    expect(conn.status().cwnd).toBeLessThan(before);
    expect(conn.status().ssthresh).toBeGreaterThan(0);
  });

  test("whose original arrived too reduces nothing: the peer says that it came twice", () => {
    const { peer, conn, write } = tail(3);
    peer.send(".", { seq: 1, ack: 2001 });
    peer.advance(400);
    peer.send(".", { seq: 1, ack: 3001 });
    peer.send(".", { seq: 1, ack: 3001, sack: [[2001, 3001]] });
    write(1000);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 4001 });
    expect(conn.status().ssthresh).toBe(0);
  });

  test("that the device has not taken is not sent any more once what it was to probe is answered", () => {
    for (const answer of [
      { ack: 3001, left: [] },
      { ack: 1, sack: [[2001, 3001]] as const, left: ["reordering"] },
    ]) {
      const { peer, conn } = tail(3);
      // As a full device leaves it.
      lossOf(conn as Connection).probeDue = true;
      peer.send(".", { seq: 1, ...answer });
      expect([sent(peer), watches(peer)]).toEqual([[], answer.left]);
      peer.advance(1);
      expect(lossOf(conn as Connection).probeDue).toBe(false);
    }
  });

  test("that shows a hole starts recovery by what it makes the peer report", () => {
    const { peer } = tail(4);
    peer.advance(200);
    expect(sent(peer)).toEqual([[3001, 1000]]);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 1, sack: [[3001, 4001]] });
    peer.advance(26);
    expect(sent(peer)[0]).toEqual([1, 1000]);
  });
});
