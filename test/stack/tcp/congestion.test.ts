import { expect, test } from "@jest/globals";
import { established } from "../../support/established.ts";

test("acknowledging is not sending: after an idle time the window starts again (RFC 5681 §4.1)", () => {
  const { peer, write } = established();
  write(20_000);
  peer.send(".", { seq: 1, ack: 10_001 });
  peer.send(".", { seq: 1, ack: 20_001 });
  peer.seen.length = 0;
  peer.advance(10_000);
  peer.send("P.", { seq: 1, ack: 20_001, text: 5 });
  peer.advance(200);
  peer.expect(".", { ack: 6 });
  write(40_000);
  expect(peer.seen).toHaveLength(10);
});
