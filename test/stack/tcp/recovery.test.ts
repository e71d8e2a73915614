import { describe, expect, test } from "@jest/globals";
import { LINUX } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";

/** What the last acts of a test made leave: `[seq, length]` of each segment with text. */
function sent(peer: ReturnType<typeof established>["peer"]): [number, number][] {
  peer.settle();
  return peer.seen
    .splice(0)
    .filter((s) => s.length > 0)
    .map((s) => [s.seq, s.length]);
}

/** Ten segments of 1000 bytes are under way, and as many wait. */
function underWay(synAck: Parameters<typeof established>[0] = {}) {
  const parts = established(synAck);
  parts.write(20_000);
  expect(sent(parts.peer)).toHaveLength(10);
  return parts;
}

describe("a duplicate acknowledgement (RFC 5681 §2)", () => {
  test("[CC-12] is none when it opens or shuts the window, however many come", () => {
    const { peer, conn } = underWay();
    for (let i = 1; i <= 6; i++) peer.send(".", { seq: 1, ack: 1, window: 60_000 + (i % 2) * 100 });
    expect([sent(peer), conn.status().retransmissions]).toEqual([[], 0]);
    // Three that only repeat the last are.
    for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 1, window: 60_000 });
    expect(sent(peer)).toContainEqual([1, 1000]);
  });

  test("is none when it carries text", () => {
    const { peer, conn } = underWay();
    for (let i = 0; i < 5; i++) peer.send("P.", { seq: 1 + i * 10, ack: 1, text: 10 });
    expect([sent(peer), conn.status().retransmissions]).toEqual([[], 0]);
  });

  test("is none while nothing is outstanding", () => {
    const { peer, conn, write } = established();
    for (let i = 0; i < 5; i++) peer.send(".", { seq: 1, ack: 1 });
    write(5000);
    expect([sent(peer).length, conn.status().retransmissions]).toEqual([5, 0]);
  });
});

describe("fast recovery without SACK (RFC 6582)", () => {
  /** Three duplicates, of which the first two let a segment leave each: twelve are under way, and the first was sent again. */
  function recovering() {
    const parts = underWay();
    for (let i = 0; i < 3; i++) parts.peer.send(".", { seq: 1, ack: 1 });
    expect(sent(parts.peer)).toEqual([
      [10_001, 1000],
      [11_001, 1000],
      [1, 1000],
    ]);
    expect(parts.conn.status()).toMatchObject({ cwnd: 6000, ssthresh: 6000 });
    return parts;
  }

  test("new text leaves once the duplicates tell that less is under way than the halved window holds", () => {
    const { peer } = recovering();
    for (let i = 4; i <= 6; i++) peer.send(".", { seq: 1, ack: 1 });
    expect(sent(peer)).toEqual([]);
    peer.send(".", { seq: 1, ack: 1 });
    expect(sent(peer)).toEqual([[12_001, 1000]]);
  });

  test("a partial acknowledgement sends the next hole again and makes room for one new segment", () => {
    const { peer } = recovering();
    for (let i = 4; i <= 9; i++) peer.send(".", { seq: 1, ack: 1 });
    expect(sent(peer)).toHaveLength(3);
    peer.send(".", { seq: 1, ack: 2001 });
    expect(sent(peer)).toEqual([
      [2001, 1000],
      [15_001, 1000],
    ]);
  });

  test("the acknowledgement of all that was under way at the loss, and no earlier one, ends it", () => {
    const { peer, conn } = recovering();
    peer.send(".", { seq: 1, ack: 11_001 });
    expect(sent(peer)).toContainEqual([11_001, 1000]);
    peer.send(".", { seq: 1, ack: 12_001 });
    expect(conn.status().cwnd).toBeLessThanOrEqual(6000);
    sent(peer);
    // It ended: three duplicates more are a second loss.
    const { retransmissions } = conn.status();
    for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 12_001 });
    expect(conn.status().retransmissions).toBe(retransmissions + 1);
    expect(sent(peer)).toContainEqual([12_001, 1000]);
  });

  test("a segment in which all that was under way is acknowledged at once leaves a window of two (§3.2 step 3)", () => {
    const { peer, conn, write } = established();
    write(10_000);
    for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 1 });
    peer.send(".", { seq: 1, ack: 10_001 });
    expect(conn.status()).toMatchObject({ cwnd: 2000, ssthresh: 5000 });
    sent(peer);
    write(5000);
    expect(sent(peer)).toEqual([
      [10_001, 1000],
      [11_001, 1000],
    ]);
  });
});

describe("what is lost by SACK (RFC 6675)", () => {
  const withSack = () => underWay({ synAck: { sackPermitted: true } });

  test("is what lies below more than two segments that were reported, in one block or in three (§4, IsLost)", () => {
    const exactlyTwo = withSack();
    exactlyTwo.peer.send(".", { seq: 1, ack: 1, sack: [[1001, 3001]] });
    expect(exactlyTwo.conn.status().retransmissions).toBe(0);
    const more = withSack();
    more.peer.send(".", { seq: 1, ack: 1, sack: [[1001, 3002]] });
    expect(sent(more.peer)[0]).toEqual([1, 1000]);
    const crumbs = withSack();
    crumbs.peer.send(".", {
      seq: 1,
      ack: 1,
      sack: [
        [1001, 1002],
        [2001, 2002],
        [3001, 3002],
      ],
    });
    expect(sent(crumbs.peer)[0]).toEqual([1, 1000]);
  });

  test("is nothing when the same is reported again and again (§2, a duplicate brings news)", () => {
    const { peer, conn } = withSack();
    for (let i = 0; i < 10; i++) peer.send(".", { seq: 1, ack: 1, sack: [[5001, 6001]] });
    expect(conn.status().retransmissions).toBe(0);
  });

  test("[LR-32] is nothing for a block from half the number space away, whose ends seem to lie on both sides of what is under way", () => {
    const { peer, conn } = withSack();
    for (let i = 0; i < 4; i++) peer.send(".", { seq: 1, ack: 1, sack: [[1 + 0x4000_0000, 0x8000_4000 + i]] });
    expect(sent(peer)).toEqual([]);
    expect(conn.status().retransmissions).toBe(0);
    // What is reported after it is still understood.
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 4002]] });
    expect(sent(peer)[0]).toEqual([1, 1000]);
  });

  test("reported up to the last byte under way counts", () => {
    const { peer } = withSack();
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 10_001]] });
    expect(sent(peer)[0]).toEqual([1, 1000]);
  });
});

describe("what a device cuts into segments (TSO)", () => {
  const TSO = { offloads: { checksum: true, tso4: true, tso6: false } };

  /** Ten segments of 1000 bytes left as one super-segment, and nothing more is written. */
  function superSegment(synAck: NonNullable<Parameters<typeof established>[0]>["synAck"] = {}) {
    const parts = established({ synAck, link: TSO });
    parts.write(10_000);
    expect(sent(parts.peer)).toEqual([[1, 10_000]]);
    return parts;
  }

  test("is sent again one segment at a time without SACK, however much room there is: only the first is known to be lost (RFC 6582 §3.2)", () => {
    const { peer } = superSegment();
    for (let i = 0; i < 9; i++) peer.send(".", { seq: 1, ack: 1 });
    expect(sent(peer)).toEqual([[1, 1000]]);
    // A window of five segments is open, and nothing under way.
    peer.send(".", { seq: 1, ack: 2001 });
    expect(sent(peer)).toEqual([[2001, 1000]]);
  });

  test("is sent again as far as the halved window goes with SACK, in whole segments (RFC 6675 §5)", () => {
    const { peer, conn } = superSegment({ sackPermitted: true });
    // Five segments are lost and one is under way, in a window of five.
    peer.send(".", { seq: 1, ack: 1, sack: [[5001, 9001]] });
    expect(conn.status().cwnd).toBe(5000);
    expect(sent(peer)).toEqual([[1, 4000]]);
    peer.send(".", { seq: 1, ack: 1, sack: [[5001, 10_001]] });
    expect(sent(peer)).toEqual([[4001, 1000]]);
  });

  test("is sent again in whole segments also where a datagram could hold a part of one more", () => {
    const { peer, conn, write } = established({ synAck: { sackPermitted: true, windowScale: 7 }, link: TSO });
    write(700_000);
    while (conn.status().bytesSent < 700_000) peer.send(".", { seq: 1, ack: 1 + conn.status().bytesSent });
    const acked = 700_001;
    peer.send(".", { seq: 1, ack: acked });
    expect(conn.status().cwnd).toBeGreaterThan(300_000);
    sent(peer);
    write(300_000);
    sent(peer);
    peer.send(".", { seq: 1, ack: acked, sack: [[acked + 150_000, acked + 300_000]] });
    expect(sent(peer)).toEqual([
      [acked, 65_000],
      [acked + 65_000, 65_000],
      [acked + 130_000, 20_000],
    ]);
  });

  test("is sent again after a timeout as slow start allows: one segment, then two (RFC 5681 §3.1)", () => {
    const { peer } = superSegment();
    peer.advance(1000);
    expect(sent(peer)).toEqual([[1, 1000]]);
    peer.send(".", { seq: 1, ack: 1001 });
    expect(sent(peer)).toEqual([[1001, 2000]]);
  });
});

describe("a timeout", () => {
  test("[LR-09] takes back what a peer reported, when it turns out to have thrown it away (RFC 2018 §8)", () => {
    const { peer, write } = established({ synAck: { sackPermitted: true } });
    write(3000);
    sent(peer);
    // The first byte is reported and not acknowledged: it was there and is there no more.
    peer.send(".", { seq: 1, ack: 1, sack: [[1, 1001]] });
    peer.advance(1000);
    expect(sent(peer)).toEqual([[1, 1000]]);
    peer.send(".", { seq: 1, ack: 1001 });
    expect(sent(peer)).toEqual([
      [1001, 1000],
      [2001, 1000],
    ]);
  });

  test("leaves alone what a peer reported and may still have", () => {
    const { peer, write } = established({ synAck: { sackPermitted: true } });
    write(3000);
    sent(peer);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 2001]] });
    peer.advance(1000);
    expect(sent(peer)).toEqual([[1, 1000]]);
    peer.send(".", { seq: 1, ack: 2001 });
    expect(sent(peer)).toEqual([[2001, 1000]]);
  });
});

describe("round trips are measured without timestamps", () => {
  test("one at a time, each from when its own segment left", () => {
    const { peer, conn, write } = established({ profile: LINUX });
    write(10);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 11 });
    expect(conn.status()).toMatchObject({ srttMs: 12.5, rttvarMs: 25 });
    peer.advance(400);
    write(10);
    peer.advance(20);
    peer.send(".", { seq: 1, ack: 21 });
    // RTTVAR = 3/4·25 + 1/4·|12.5 − 20| = 20.625; SRTT = 7/8·12.5 + 1/8·20 = 13.4375.
    expect(conn.status()).toMatchObject({ srttMs: 13.4375, rttvarMs: 20.625 });
  });

  test("not by what duplicates had sent again (Karn, RFC 6298 §3)", () => {
    const { peer, conn, write } = established();
    const { srttMs } = conn.status();
    write(10_000);
    peer.advance(50);
    for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 1 });
    peer.advance(40);
    peer.send(".", { seq: 1, ack: 10_001 });
    expect(conn.status().srttMs).toBe(srttMs);
  });
});
