import { describe, expect, test } from "@jest/globals";
import { NewReno } from "../../../src/stack/tcp/congestion/new-reno.ts";
import { established } from "../../support/established.ts";

describe("NewReno", () => {
  test("slow start ends at the threshold, however much one ACK covers (RFC 5681 §3.1)", () => {
    const control = new NewReno(1000, 10);
    control.onLoss(40_000);
    control.onTimeout(40_000, false);
    expect(control.ssthresh).toBe(20_000);
    for (let i = 0; i < 100 && control.cwnd < control.ssthresh; i++) control.onAck(1000, true);
    expect(control.cwnd).toBe(20_000);
    const late = new NewReno(1000, 10);
    late.onLoss(40_000);
    late.onRecovered(5000);
    expect(late.cwnd).toBe(6000);
    late.onAck(60_000, true);
    expect(late.cwnd).toBe(20_000);
  });

  test("windows are whole bytes", () => {
    const control = new NewReno(1000, 10);
    control.onLoss(9001);
    expect([control.cwnd, control.ssthresh]).toEqual([4500, 4500]);
  });
});

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
