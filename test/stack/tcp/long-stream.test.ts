import { test } from "@jest/globals";
import { seqAdd } from "../../../src/stack/core/seq.ts";
import type { Connection } from "../../../src/stack/tcp/connection.ts";
import { established } from "../../support/established.ts";

test("two gigabytes after the last loss, three duplicates are still a loss (RFC 9293 §3.4, RFC 6582 §3.2)", () => {
  const { peer, conn, write } = established();
  // As it stands after such a stream; sending it would take too long.
  const state = conn as Connection;
  state.recover = seqAdd(state.sndUna, -(2 ** 31 - 1) - 5000);
  write(10_000);
  peer.seen.length = 0;
  for (let i = 0; i < 3; i++) peer.send(".", { seq: 1, ack: 1 });
  peer.expect(".", { seq: 1, length: 1000 });
});
