import { describe, expect, test } from "@jest/globals";
import { LINUX } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";

const start = () => established({ profile: LINUX, synAck: { timestamps: [1000, 1], sackPermitted: true } });

describe("TS.Recent", () => {
  test("is not moved by a segment whose ACK was never possible, so that a stranger cannot shut the peer out (RFC 7323 §5.3, RFC 5961 §5)", () => {
    const { peer, app } = start();
    peer.send("P.", { seq: 1, ack: 90_000, timestamps: [900_000_000, 1], text: 5 });
    peer.send("P.", { seq: 1, ack: 1, timestamps: [1001, 1], text: 5 });
    expect(app.receivedBytes).toBe(5);
  });

  test("[TS-07] is not moved by a reset that was not believed (RFC 7323 §5.2)", () => {
    const { peer, app } = start();
    peer.send("P.", { seq: 1, ack: 1, timestamps: [1001, 1], text: 5 });
    peer.send("R", { seq: 0, text: 10, timestamps: [900_000_000, 1] });
    peer.send("P.", { seq: 6, ack: 1, timestamps: [1002, 1], text: 5 });
    expect(app.receivedBytes).toBe(10);
  });

  test("is not moved by text that came before its turn, so that what fills the gap is not too old (RFC 7323 §4.3)", () => {
    const { peer, app } = start();
    peer.send("P.", { seq: 101, ack: 1, timestamps: [2000, 1], text: 5 });
    expect(peer.expect(".", { ack: 1 }).options.tsEcr).toBe(1000);
    peer.send(".", { seq: 1, ack: 1, timestamps: [1500, 1], text: 100 });
    expect(peer.expect(".", { ack: 106 }).options.tsEcr).toBe(1500);
    expect(app.receivedBytes).toBe(105);
    peer.send("P.", { seq: 106, ack: 1, timestamps: [1400, 1], text: 5 });
    expect(app.receivedBytes).toBe(105);
  });

  test("[RST-08] goes on a reset of ours, and SACK does not (RFC 7323 §5.2, RFC 2018 §4)", () => {
    const { peer, conn } = start();
    peer.send("P.", { seq: 100, ack: 1, timestamps: [1001, 1], text: 5 });
    expect(peer.expect(".", { ack: 1 }).options.sackBlocks).toBe(1);
    conn.abort();
    expect(peer.expect("R.").options).toMatchObject({ hasTimestamps: true, sackBlocks: 0 });
  });
});
