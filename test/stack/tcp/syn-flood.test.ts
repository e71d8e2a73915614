import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { HALF_OPEN_CAP } from "../../../src/stack/tcp/listener.ts";
import { ScriptPeer } from "../../support/script-peer.ts";

function flooded(profile = WINDOWS, backlog = 200) {
  const peer = new ScriptPeer({ ...profile, synCookies: "never" });
  peer.ourPort = 80;
  const listener = peer.host.tcp.listen({ localPort: 80, backlog, acceptable: () => {} });
  const halfOpen = () => peer.host.tcp.statuses().filter((row) => row.state === "SYN-RECEIVED").length;
  let next = 1024;
  /** SYNs of clients that never were: nobody answers for them. */
  const flood = (count: number) => {
    for (let i = 0; i < count; i++) peer.send("S", { seq: 0, from: next++ });
  };
  return { peer, listener, halfOpen, flood };
}

describe("a flood of SYNs that nobody stands behind, without cookies (hardening: SYN flood; RFC 4987 §3.4, recycling the oldest)", () => {
  test("at 10,000 a second for two seconds each client 50 ms away gets in, and half-open connections stay within their cap", () => {
    const { peer, listener, halfOpen, flood } = flooded();
    let clients = 0;
    for (let ms = 0; ms < 2000; ms++) {
      flood(10);
      if (ms % 50 === 0) peer.send("S", { seq: 0, from: 50_000 + clients++ });
      if (ms >= 50 && ms % 50 === 0) peer.send(".", { seq: 1, ack: 1, from: 50_000 + clients - 2 });
      if (ms % 250 === 0) expect(halfOpen()).toBeLessThanOrEqual(HALF_OPEN_CAP);
      peer.advance(1);
    }
    expect(listener.waiting).toBe(clients - 1);
    // Those that gave way did so in silence.
    expect(peer.seen.filter((segment) => segment.flags.includes("R"))).toEqual([]);
    peer.advance(60_000);
    expect(halfOpen()).toBe(0);
  });

  test("the oldest gives way, and its SYN sent again starts anew", () => {
    const { peer, listener, halfOpen, flood } = flooded();
    peer.send("S", { seq: 0, from: 50_000 });
    flood(HALF_OPEN_CAP);
    expect(halfOpen()).toBe(HALF_OPEN_CAP);
    peer.seen.length = 0;
    peer.send("S", { seq: 0, from: 50_000 });
    peer.expect("S.", { seq: 0, ack: 1 });
    peer.send(".", { seq: 1, ack: 1, from: 50_000 });
    expect(listener.waiting).toBe(1);
  });

  test("above half the cap no SYN-ACK is sent again of itself, below it is", () => {
    const { peer, halfOpen, flood } = flooded();
    flood(HALF_OPEN_CAP / 2 + 1);
    peer.seen.length = 0;
    peer.advance(1500);
    peer.expectSilence();
    peer.advance(60_000);
    expect(halfOpen()).toBe(0);
    flood(10);
    peer.seen.length = 0;
    peer.advance(1500);
    expect(peer.seen.map((segment) => segment.flags)).toEqual(Array.from({ length: 10 }, () => "S."));
  });

  test("a client that found the accept queue full is still reminded under pressure, and gets in when there is room", () => {
    const { peer, listener, flood } = flooded(LINUX, 1);
    peer.send("S", { seq: 0, from: 50_000 });
    peer.send("S", { seq: 0, from: 50_001 });
    flood(HALF_OPEN_CAP / 2 + 1);
    peer.send(".", { seq: 1, ack: 1, from: 50_000 });
    peer.send(".", { seq: 1, ack: 1, from: 50_001 });
    expect(listener.waiting).toBe(1);
    listener.accept();
    peer.seen.length = 0;
    peer.advance(1500);
    expect(peer.seen.map(({ flags, destinationPort }) => [flags, destinationPort])).toEqual([["S.", 50_001]]);
    peer.send(".", { seq: 1, ack: 1, from: 50_001 });
    expect(listener.waiting).toBe(1);
  });
});
