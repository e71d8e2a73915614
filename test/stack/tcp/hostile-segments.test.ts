import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LINUX, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint, PEER_ADDRESS } from "../../support/two-hosts.ts";

const FLAG_LETTERS = ["S", "F", "R", "P", ".", "U", "E", "W"];
const flagsOf = (bits: number) => FLAG_LETTERS.filter((_, i) => (bits & (1 << i)) !== 0).join("");

/** Brings a connection into each state that a peer can reach, and gives the script with it. */
const STATES: Record<string, () => ScriptPeer> = {
  LISTEN: () => {
    const peer = new ScriptPeer(RFC);
    peer.ourPort = 80;
    peer.host.tcp.listen({ localPort: 80, backlog: 2, acceptable: () => {} });
    return peer;
  },
  "SYN-SENT": () => {
    const peer = new ScriptPeer(WINDOWS);
    peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: new Endpoint().user });
    peer.expect("S");
    return peer;
  },
  "SYN-RECEIVED": () => {
    const peer = STATES["LISTEN"]!();
    peer.send("S", { seq: 0 });
    return peer;
  },
  ESTABLISHED: () => established().peer,
  "ESTABLISHED with text in flight": () => {
    const { peer, write } = established({ profile: LINUX, synAck: { sackPermitted: true } });
    write(4000);
    return peer;
  },
  "FIN-WAIT-1": () => {
    const { peer, conn } = established();
    conn.shutdownSend();
    peer.settle();
    return peer;
  },
  "FIN-WAIT-2": () => {
    const peer = STATES["FIN-WAIT-1"]!();
    peer.send(".", { seq: 1, ack: 2 });
    return peer;
  },
  "CLOSE-WAIT": () => {
    const { peer } = established();
    peer.send("F.", { seq: 1, ack: 1 });
    return peer;
  },
  CLOSING: () => {
    const peer = STATES["FIN-WAIT-1"]!();
    peer.send("F.", { seq: 1, ack: 1 });
    return peer;
  },
  "LAST-ACK": () => {
    const { peer, conn } = established();
    peer.send("F.", { seq: 1, ack: 1 });
    conn.shutdownSend();
    peer.settle();
    return peer;
  },
  "TIME-WAIT": () => {
    const peer = STATES["FIN-WAIT-1"]!();
    peer.send("F.", { seq: 1, ack: 2 });
    return peer;
  },
};

describe("[HDR-14] every combination of flags (hardening §3 class 6)", () => {
  test.each(Object.keys(STATES))("in %s is judged without an exception, and a reset is never answered by a reset", (state) => {
    for (let bits = 0; bits < 256; bits++) {
      const peer = STATES[state]!();
      peer.seen.length = 0;
      const flags = flagsOf(bits);
      for (const [seq, ack, text] of [
        [1, 1, 0],
        [1, 1, 7],
        [0, 0, 0],
        [30_000, 2, 3],
        [-90_000, 50_000, 1],
      ] as const) {
        peer.send(flags, { seq, ack, text });
        if (flags.includes("R")) expect(peer.seen.some((s) => s.flags.includes("R"))).toBe(false);
        peer.seen.length = 0;
      }
      // Whatever happened, the host comes to rest; letting so much time pass for one in nine keeps the test quick.
      if (bits % 9 !== 0) continue;
      peer.advance(400_000);
      expect(peer.host.timers.size).toBeLessThan(4);
    }
  });
});

describe("bytes from the wire", () => {
  test("random segments never throw, and keep no more than the window", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 0, maxLength: 90 }), { maxLength: 30 }), (segments) => {
        const { peer, conn } = established();
        for (const segment of segments) peer.sendRaw(segment);
        expect(conn.readableBytes).toBeLessThanOrEqual(65_535);
      }),
      { numRuns: 200 },
    );
  });

  test("segments that are right but for their numbers, options and text never throw (valid checksum, learnt ports)", () => {
    const segment = fc.record({
      bits: fc.integer({ min: 0, max: 255 }),
      seq: fc.oneof(fc.integer({ min: -10, max: 70_000 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      ack: fc.oneof(fc.integer({ min: -10, max: 9000 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      text: fc.integer({ min: 0, max: 1400 }),
      window: fc.integer({ min: 0, max: 65_535 }),
      sack: fc.array(fc.tuple(fc.integer({ min: -100, max: 9000 }), fc.integer({ min: -100, max: 9000 })), { maxLength: 3 }),
      later: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 40 }), (script) => {
        const { peer, write } = established({ profile: LINUX, synAck: { sackPermitted: true, windowScale: 2 } });
        write(8000);
        for (const { bits, later, ...fields } of script) {
          peer.send(flagsOf(bits), fields);
          if (later > 2000) peer.advance(later);
          for (const status of peer.host.tcp.statuses()) {
            expect(((status.sndNxt - status.sndUna) | 0) >= 0).toBe(true);
            expect(status.receiveQueueBytes).toBeLessThanOrEqual(200_000);
          }
        }
        peer.advance(3_600_000);
        expect(peer.host.timers.pending().filter((t) => t.name !== "keep-alive").length).toBeLessThan(3);
      }),
      { numRuns: 150 },
    );
  });

  test("[RCV-18] a peer that fills every second byte costs a bounded number of ranges (CVE-2018-5390)", () => {
    const { peer, conn } = established();
    for (let i = 0; i < 5000; i++) peer.send(".", { seq: 3 + i * 2, ack: 1, text: 1 });
    expect(peer.host.context.drops.of("out-of-order-cap")).toBe(5000 - 1024);
    peer.send(".", { seq: 1, ack: 1, text: 2 });
    expect(conn.status().bytesReceived).toBeGreaterThan(2);
  });
});
