import { expect, test } from "@jest/globals";
import { seqAdd } from "../../../src/stack/core/seq.ts";
import type { Connection } from "../../../src/stack/tcp/connection.ts";
import { lossOf, NO_LOSS } from "../../../src/stack/tcp/loss-state.ts";
import { established } from "../../support/established.ts";

/** A timeout, its repair, and text that was sent and acknowledged since. */
function longAfterTimeout({ stillInFlight }: { stillInFlight: number }) {
  const { peer, conn, write } = established();
  write(1000);
  peer.advance(1500);
  peer.send(".", { seq: 1, ack: 1001 });
  write(1000 + stillInFlight);
  peer.send(".", { seq: 1, ack: 2001 });
  return { peer, write, state: conn as Connection };
}

const threeDuplicates = (peer: ReturnType<typeof established>["peer"]) => {
  peer.seen.length = 0;
  for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 2001 });
};

/** Beside what limited transmit lets go. */
const sentAgain = (peer: ReturnType<typeof established>["peer"]) => peer.seen.some(({ seq, length }) => seq === 2001 && length === 1000);

test("two gigabytes after the last loss, three duplicates are still a loss (RFC 9293 §3.4, RFC 6582 §3.2)", () => {
  const { peer, write, state } = longAfterTimeout({ stillInFlight: 1000 });
  // As it stands after such a stream; sending it would take too long.
  lossOf(state).recoveryPoint = seqAdd(state.sndUna, -(2 ** 31 - 1) - 5000);
  write(4000);
  threeDuplicates(peer);
  expect(sentAgain(peer)).toBe(true);
});

test("once text sent after a timeout is acknowledged and none is in flight, nothing is kept of the loss", () => {
  const { peer, write, state } = longAfterTimeout({ stillInFlight: 0 });
  expect(state.loss).toBe(NO_LOSS);
  write(5000);
  threeDuplicates(peer);
  expect(state.loss).not.toBe(NO_LOSS);
  expect(sentAgain(peer)).toBe(true);
});
