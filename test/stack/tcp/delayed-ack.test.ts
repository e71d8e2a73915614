import { describe, expect, test } from "@jest/globals";
import { RFC } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";

type Parts = Parameters<typeof established>[0];

/** One segment of so many bytes comes. @returns after how many milliseconds it is acknowledged */
function acknowledgedAfter(bytes: number, parts: Parts): number {
  const { peer, conn } = established(parts);
  // Nobody reads, so that no window update gets in between.
  conn.user = {};
  const sentAtMs = peer.now;
  peer.send(".", { seq: 1, ack: 1, text: bytes });
  peer.advance(1000);
  return peer.expect(".", { ack: 1 + bytes }).atMs - sentAtMs;
}

describe("one segment alone is acknowledged at once, and not after the delay of its profile", () => {
  const { delayedAckMs } = RFC;

  test("when it fills half of the receive buffer, since no second one may come", () => {
    const jumbo: Parts = { link: { mtu: 9000 }, options: { receiveBufferBytes: 16_384 } };
    expect(acknowledgedAfter(8192, jumbo)).toBe(0);
    expect(acknowledgedAfter(8191, jumbo)).toBe(delayedAckMs);
  });

  test("when it is as large as a loopback's, whose sender has no second one to send", () => {
    const loopback: Parts = { link: { mtu: 40_000 }, options: { receiveBufferBytes: 60_000 } };
    expect(acknowledgedAfter(16_384, loopback)).toBe(0);
    expect(acknowledgedAfter(16_383, loopback)).toBe(delayedAckMs);
  });
});
