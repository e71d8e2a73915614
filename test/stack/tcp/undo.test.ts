import { describe, expect, test } from "@jest/globals";
import { LINUX } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";

/** Ten segments of 1000 bytes are under way after a round trip of 100 ms. */
function underWay() {
  const parts = established({ profile: LINUX, handshakeMs: 100, synAck: { sackPermitted: true } });
  parts.write(10_000);
  parts.peer.seen.length = 0;
  return parts;
}

describe("a reduction of the window that was for nothing is taken back", () => {
  test("[CC-18] when everything that was sent again came twice (RFC 3708)", () => {
    const { peer, conn } = underWay();
    const { cwnd } = conn.status();
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 4001]] });
    expect(conn.status().retransmissions).toBe(1);
    expect(conn.status().ssthresh).toBeGreaterThan(0);
    // The first was late.
    peer.advance(20);
    peer.send(".", { seq: 1, ack: 4001 });
    peer.advance(80);
    peer.send(".", { seq: 1, ack: 10_001, sack: [[1, 1001]] });
    expect(conn.status().cwnd).toBeGreaterThanOrEqual(cwnd);
    expect(conn.status().ssthresh).toBe(0);
  });

  test("[CC-18] and also when the peer says so after recovery has ended", () => {
    const { peer, conn } = underWay();
    const { cwnd } = conn.status();
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 1, sack: [[1001, 4001]] });
    peer.send(".", { seq: 1, ack: 10_001 });
    expect(conn.status().ssthresh).toBeGreaterThan(0);
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 10_001, sack: [[1, 1001]] });
    expect([conn.status().cwnd >= cwnd, conn.status().ssthresh]).toEqual([true, 0]);
  });

  test("not when only a part came twice", () => {
    const { peer, conn } = underWay();
    peer.advance(100);
    peer.send(".", {
      seq: 1,
      ack: 1,
      sack: [
        [1001, 2001],
        [3001, 6001],
      ],
    });
    peer.send(".", {
      seq: 1,
      ack: 1,
      sack: [
        [3001, 10_001],
        [1001, 2001],
      ],
    });
    expect(conn.status().retransmissions).toBe(2);
    peer.send(".", { seq: 1, ack: 10_001, sack: [[1, 1001]] });
    expect(conn.status().ssthresh).toBeGreaterThan(0);
  });

  test("[CC-18] when the timestamp echoed is older than the copy (Eifel, RFC 3522)", () => {
    const { peer, conn, write } = established({
      profile: LINUX,
      handshakeMs: 100,
      synAck: { sackPermitted: true, timestamps: [7, 1] },
    });
    // Beside timestamps a segment holds 988 bytes.
    write(9880);
    const tsVal = peer.seen.find((s) => s.length > 0)!.options.tsVal;
    const { cwnd } = conn.status();
    peer.advance(100);
    peer.send(".", { seq: 1, ack: 1, sack: [[989, 3953]], timestamps: [8, tsVal] });
    expect(conn.status().retransmissions).toBe(1);
    peer.advance(10);
    peer.send(".", { seq: 1, ack: 9881, timestamps: [9, tsVal] });
    expect([conn.status().cwnd >= cwnd, conn.status().ssthresh]).toEqual([true, 0]);
  });
});

describe("a timeout that was too early (F-RTO, RFC 5682)", () => {
  test("[CC-19] new text leaves after the first answer, and the second undoes it when what was never sent again arrives", () => {
    const { peer, conn, write } = underWay();
    const { cwnd } = conn.status();
    // The probe of the tail and the timeout both come before the answers.
    peer.advance(1000);
    expect(conn.status().cwnd).toBeLessThan(cwnd);
    write(5000);
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1001 });
    peer.settle();
    expect(peer.seen.filter((s) => s.length > 0).map((s) => s.seq)).toEqual([10_001, 11_001]);
    peer.send(".", { seq: 1, ack: 2001 });
    expect([conn.status().cwnd >= cwnd, conn.status().ssthresh]).toEqual([true, 0]);
  });

  test("nothing is sent again in the turn in which new text has left, however little of it there was (step 2.b)", () => {
    const { peer, conn, write } = underWay();
    peer.advance(1000);
    write(700);
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1001 });
    // Nor when the user makes the connection look again.
    conn.setOptions({ noDelay: true });
    peer.settle();
    expect(peer.seen.filter((s) => s.length > 0).map((s) => [s.seq, s.length])).toEqual([[10_001, 700]]);
  });

  test("where there is no new text, what is lost is sent again", () => {
    const { peer } = underWay();
    peer.advance(1000);
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1001 });
    peer.settle();
    expect(peer.seen.filter((s) => s.length > 0).map((s) => s.seq)).toEqual([1001, 2001]);
  });

  test("is a real one when the new text makes the peer report a hole: what is lost is sent again", () => {
    const { peer, conn, write } = underWay();
    peer.advance(1000);
    write(5000);
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1001 });
    peer.settle();
    peer.seen.length = 0;
    peer.send(".", { seq: 1, ack: 1001, sack: [[10_001, 11_001]] });
    peer.settle();
    expect(peer.seen.filter((s) => s.length > 0)[0]).toMatchObject({ seq: 1001, length: 1000 });
    expect(conn.status().ssthresh).toBeGreaterThan(0);
  });

  test("without SACK what waited at the peer for the copy proves nothing", () => {
    const { peer, conn, write } = established({ profile: LINUX, handshakeMs: 100 });
    write(3000);
    peer.advance(300);
    const { ssthresh } = conn.status();
    expect(ssthresh).toBeGreaterThan(0);
    peer.send(".", { seq: 1, ack: 3001 });
    expect(conn.status().ssthresh).toBe(ssthresh);
  });
});
