import { describe, expect, test } from "@jest/globals";
import { LINUX, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint } from "../../support/two-hosts.ts";

describe("the backed-off timeout", () => {
  test("stays until something that was sent once is measured: Karn's second half (RFC 9293 §3.8.1, RFC 6298 §5)", () => {
    const { peer, conn, write } = established({ profile: WINDOWS });
    write(10);
    peer.advance(300 + 600);
    peer.send(".", { seq: 1, ack: 11 });
    // Nor does a window update end it.
    peer.send(".", { seq: 1, ack: 11, window: 65_000 });
    peer.send(".", { seq: 1, ack: 11, window: 65_500 });
    expect(conn.status().rtoMs).toBe(1200);
    write(10);
    peer.advance(50);
    peer.send(".", { seq: 1, ack: 21 });
    expect(conn.status().rtoMs).toBe(300);
  });

  test("new text is measured while a timeout is still being repaired, so that the back-off ends", () => {
    const { peer, conn, write } = established({ profile: WINDOWS });
    write(20_000);
    peer.advance(300);
    peer.send(".", { seq: 1, ack: 9001 });
    peer.advance(10);
    peer.send(".", { seq: 1, ack: 11_001 });
    // What lay behind the copy was acknowledged 310 ms after it left; twenty segments are two rounds of samples or more (RFC 7323 §4.2).
    expect(conn.status().rtoMs).toBeLessThan(600);
    expect(conn.status().rtoMs).toBeGreaterThanOrEqual(300);
  });

  test("a loss after progress is a second loss: the threshold halves again (RFC 5681 §3.1, §4.3)", () => {
    const { peer, conn, write } = established();
    write(10_000);
    peer.advance(1000);
    expect(conn.status().ssthresh).toBe(5000);
    peer.send(".", { seq: 1, ack: 4001 });
    peer.advance(2000);
    expect(conn.status().ssthresh).toBe(3000);
    peer.advance(4000);
    expect(conn.status().ssthresh).toBe(3000);
  });
});

describe("TCP_MAXRT on a connection that stands", () => {
  test("ends it when that time has passed since the text was sent, not at some later doubling (Microsoft: TCP_MAXRT)", () => {
    const { peer, app, write } = established({ profile: WINDOWS, options: { maxRetransmissionMs: 5000 } });
    write(10);
    peer.advance(4990);
    expect(app.events).toEqual(["established"]);
    peer.advance(20);
    expect(app.events).toContain("aborted: timed-out");
  });

  test("without end it tries for ever", () => {
    const { peer, app, write } = established({ profile: WINDOWS, options: { maxRetransmissionMs: Number.POSITIVE_INFINITY } });
    write(10);
    peer.advance(3_600_000);
    expect(app.events).toEqual(["established"]);
  });
});

/** A listener of ours and the peer's SYN to it; the SYN-ACK is the first thing seen. */
function halfOpen(profile = RFC) {
  const peer = new ScriptPeer(profile);
  peer.ourPort = 7;
  const app = new Endpoint();
  const listener = peer.host.tcp.listen({
    localPort: 7,
    backlog: 4,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted !== undefined) app.use(accepted);
    },
  });
  peer.send("S", { seq: 0, mss: 1000 });
  peer.expect("S.", { seq: 0, ack: 1 });
  return { peer, app };
}

describe("a SYN-ACK that is lost", () => {
  test("[OPN-25] is sent again at doubling intervals in every profile (RFC 9293 MUST-22; tcp_syn_linear_timeouts is of SYNs alone)", () => {
    const { peer } = halfOpen(LINUX);
    peer.advance(40_000);
    expect(peer.seen.map((s) => [s.flags, s.atMs])).toEqual([1000, 3000, 7000, 15_000, 31_000].map((at) => ["S.", at]));
  });

  test("leaves a first window of one segment and a timeout of three seconds (RFC 5681 §3.1, RFC 6298 §5.7)", () => {
    const { peer, app } = halfOpen();
    peer.advance(1000);
    peer.expect("S.");
    peer.send(".", { seq: 1, ack: 1 });
    app.connection?.write(new Uint8Array(5000), 0, 5000);
    peer.settle();
    expect(peer.seen.map((s) => s.length)).toEqual([1000]);
    expect(app.connection?.status().rtoMs).toBe(3000);
  });

  test("and answered twice is not measured (Karn, RFC 6298 §3)", () => {
    const { peer, app } = halfOpen();
    peer.advance(900);
    peer.send("S", { seq: 0, mss: 1000 });
    peer.expect("S.");
    peer.advance(50);
    peer.send(".", { seq: 1, ack: 1 });
    expect(app.connection?.status().srttMs).toBe(0);
  });
});

describe("duplicates after a timeout, without SACK (RFC 6582 §3.2 step 1)", () => {
  test("answer our own second copies, and start no fast retransmit", () => {
    const { peer, write } = established();
    write(5000);
    peer.advance(1100);
    peer.seen.length = 0;
    // All had come; what was sent again after the timeout makes duplicates.
    peer.send(".", { seq: 1, ack: 5001 });
    write(3000);
    peer.seen.length = 0;
    for (let i = 0; i < 4; i++) peer.send(".", { seq: 1, ack: 5001 });
    expect(peer.seen.filter((s) => s.seq === 5001)).toEqual([]);
  });

  test("of text that was sent since do", () => {
    const { peer, write } = established();
    write(5000);
    peer.advance(1100);
    peer.send(".", { seq: 1, ack: 5001 });
    write(1000);
    peer.send(".", { seq: 1, ack: 6001 });
    write(4000);
    peer.seen.length = 0;
    for (let i = 0; i < 4; i++) peer.send(".", { seq: 1, ack: 6001 });
    expect(peer.seen.filter((s) => s.seq === 6001)).toHaveLength(1);
  });
});
