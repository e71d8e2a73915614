import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { REQUEST_LIFE_MS } from "../../../src/stack/tcp/connection-request.ts";
import { HALF_OPEN_CAP } from "../../../src/stack/tcp/listener.ts";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { OUR_ADDRESS, PEER_ADDRESS } from "../../support/two-hosts.ts";

const PORT = 50_000;
const SYN = { seq: 0, from: PORT, mss: 900, windowScale: 3, sackPermitted: true, window: 5000 };

function conditional(profile: Profile = WINDOWS, backlog = 8) {
  const peer = new ScriptPeer(profile);
  peer.ourPort = 80;
  const told: string[] = [];
  const listener = peer.host.tcp.listen({ localPort: 80, backlog, isConditional: true, acceptable: () => told.push("acceptable") });
  const verdicts: string[] = [];
  peer.host.trace.subscribe((event) => {
    if (event.type === "segment-judged") verdicts.push(event.verdict);
  });
  /** Accepts the oldest request, and hears of its handshake. */
  const accept = (): TcpConnection => {
    const conn = listener.accept()!;
    conn.user = { established: () => told.push("established"), aborted: (reason) => told.push(reason) };
    peer.settle();
    return conn;
  };
  const connections = () => peer.host.tcp.connectionCount;
  return { peer, listener, told, verdicts, accept, connections };
}

describe("a listener whose user decides (RFC 9293 §3.10.7.2 says what answers a SYN, and not when)", () => {
  test.each([WINDOWS, LINUX, RFC])("answers no SYN before its user accepts, under $name", (profile) => {
    const { peer, listener, told, accept, connections } = conditional(profile);
    peer.send("S", { ...SYN, timestamps: [77, 0] });
    peer.advance(100);
    peer.expectSilence();
    expect(told).toEqual(["acceptable"]);
    expect([listener.waiting, connections()]).toEqual([1, 0]);
    expect(listener.next).toMatchObject({ state: "LISTEN", remotePort: PORT, localPort: 80, remote: PEER_ADDRESS, local: OUR_ADDRESS });

    const conn = accept();
    const answer = peer.expect("S.", { seq: 0, ack: 1 });
    expect(answer.options).toMatchObject({ sackPermitted: true, tsEcr: 77 });
    expect([listener.waiting, conn.state]).toEqual([0, "SYN-RECEIVED"]);
    expect(conn.status()).toMatchObject({ sndWnd: 5000 });
    peer.send(".", { seq: 1, ack: 1, from: PORT, timestamps: [78, 0] });
    expect(told).toEqual(["acceptable", "established"]);
    peer.send("P.", { seq: 1, ack: 1, from: PORT, text: 3, timestamps: [79, 0] });
    expect([conn.state, conn.readableBytes]).toEqual(["ESTABLISHED", 3]);
    // The queue of connections never saw it.
    expect(listener.waiting).toBe(0);
  });

  test("takes the peer's SYN once more for the same request, and echoes the clock of the last", () => {
    const { peer, listener, told, verdicts, accept } = conditional();
    peer.send("S", { ...SYN, timestamps: [77, 0] });
    peer.advance(3000);
    peer.send("S", { ...SYN, timestamps: [3077, 0] });
    expect(listener.waiting).toBe(1);
    expect(told).toEqual(["acceptable"]);
    expect(verdicts).toEqual(["accepted", "syn-duplicate"]);
    accept();
    expect(peer.expect("S.", { seq: 0, ack: 1 }).options.tsEcr).toBe(3077);
  });

  test("answers the peer's last SYN, whose options need not be those of the first", () => {
    const { peer, listener, verdicts, accept } = conditional();
    peer.send("S", { ...SYN, timestamps: [77, 0] });
    const first = listener.next;
    peer.advance(3000);
    peer.send("S", { seq: 0, from: PORT, mss: 700, window: 2000 });
    expect(listener.next).toBe(first);
    expect(verdicts).toEqual(["accepted", "syn-duplicate"]);
    const conn = accept();
    const { hasTimestamps, windowScale, sackPermitted } = peer.expect("S.", { seq: 0, ack: 1 }).options;
    expect([hasTimestamps, windowScale, sackPermitted]).toEqual([false, -1, false]);
    expect(conn.status()).toMatchObject({ sndWnd: 2000, mss: 700 });
  });

  test("refuses with a reset that a SYN believes, and asks anew when the peer tries again", () => {
    const { peer, listener, told } = conditional();
    peer.send("S", SYN);
    listener.refuse(listener.next!);
    peer.expect("R.", { seq: -peer.ourIsn, ack: 1 });
    expect(listener.waiting).toBe(0);
    peer.send("S", SYN);
    expect([listener.waiting, told]).toEqual([1, ["acceptable", "acceptable"]]);
    peer.expectSilence();
  });

  test("forgets a request whose peer is silent, counting from its last SYN", () => {
    const { peer, listener, accept } = conditional();
    peer.send("S", SYN);
    peer.advance(REQUEST_LIFE_MS - 1);
    peer.send("S", SYN);
    peer.advance(REQUEST_LIFE_MS - 1);
    expect(listener.waiting).toBe(1);
    expect(peer.host.timers.pending().map(({ name }) => name)).toContain("connection-request");
    peer.advance(1);
    expect([listener.waiting, listener.accept()]).toEqual([0, undefined]);
    peer.expectSilence();
    expect(peer.host.timers.pending().map(({ name }) => name)).not.toContain("connection-request");
    // Its next SYN asks again.
    peer.send("S", SYN);
    accept();
    peer.expect("S.", { seq: 0, ack: 1 });
  });

  test("a reset takes a request back when its number follows the SYN's, and no other does (RFC 5961 §3.2)", () => {
    const { peer, listener, verdicts } = conditional();
    peer.send("S", SYN);
    peer.send("R", { seq: 2, from: PORT });
    peer.send("R", { seq: 1, from: PORT + 1 });
    expect(listener.waiting).toBe(1);
    peer.send("R", { seq: 1, from: PORT });
    expect(listener.waiting).toBe(0);
    expect(verdicts).toEqual(["accepted", "rst-to-listener", "rst-to-listener", "accepted"]);
    peer.expectSilence();
  });

  test("a SYN with another number is another request, and takes the place of the one before", () => {
    const { peer, listener, accept } = conditional();
    peer.send("S", SYN);
    const first = listener.next!;
    peer.send("S", { ...SYN, seq: 5000 });
    expect(listener.waiting).toBe(1);
    expect(listener.next).not.toBe(first);
    listener.refuse(first);
    peer.expectSilence();
    accept();
    peer.expect("S.", { seq: 0, ack: 5001 });
  });

  test("an ACK of something that was never sent is answered as by any listener, and leaves the request", () => {
    const { peer, listener } = conditional();
    peer.send("S", SYN);
    peer.send(".", { seq: 1, ack: 1, from: PORT });
    peer.expect("R", { seq: 1 });
    expect(listener.waiting).toBe(1);
  });

  test("closing it refuses whom it never answered", () => {
    const { peer, listener } = conditional();
    peer.send("S", SYN);
    peer.send("S", { ...SYN, from: PORT + 1 });
    listener.close();
    peer.settle();
    expect(peer.seen.map(({ flags, destinationPort }) => [flags, destinationPort])).toEqual([
      ["R.", PORT],
      ["R.", PORT + 1],
    ]);
    expect(peer.host.timers.pending().map(({ name }) => name)).not.toContain("connection-request");
  });

  test("the address that a request was sent to goes, and the request with it", () => {
    const { peer, listener } = conditional();
    peer.send("S", SYN);
    const { ip } = peer.host;
    ip.removeAddress(ip.interfaces[0]!, OUR_ADDRESS);
    peer.settle();
    expect(listener.waiting).toBe(0);
  });
});

describe("what a user has accepted before its handshake", () => {
  test("is reset by the peer: the user hears of it", () => {
    const { peer, told, accept, connections } = conditional();
    peer.send("S", SYN);
    accept();
    peer.send("R", { seq: 1, from: PORT });
    expect(told).toEqual(["acceptable", "reset"]);
    expect(connections()).toBe(0);
  });

  test("is never answered: the SYN-ACK is tried as often as any, then the user hears of it", () => {
    const { peer, told, accept, connections } = conditional();
    peer.send("S", SYN);
    accept();
    peer.advance(10_000);
    expect(peer.seen.map(({ flags }) => flags)).toEqual(Array.from({ length: 1 + WINDOWS.synAckRetries }, () => "S."));
    expect(told).toEqual(["acceptable", "timed-out"]);
    expect(connections()).toBe(0);
  });

  test("is given up by the user: reset", () => {
    const { peer, told, accept } = conditional();
    peer.send("S", SYN);
    const conn = accept();
    peer.expect("S.");
    conn.abort();
    peer.expect("R.", { seq: 1, ack: 1 });
    expect(told).toEqual(["acceptable"]);
  });

  test("is written to and closed: text and FIN leave after the handshake (RFC 9293 §3.10.4)", () => {
    const { peer, accept } = conditional();
    peer.send("S", SYN);
    const conn = accept();
    conn.write(new Uint8Array(5), 0, 5);
    conn.close(false);
    peer.expect("S.");
    peer.expectSilence();
    peer.send(".", { seq: 1, ack: 1, from: PORT });
    peer.settle();
    const sent = peer.seen.splice(0);
    expect(sent.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThanOrEqual(5);
    expect(sent.at(-1)?.flags).toContain("F");
    peer.send("F.", { seq: 1, ack: 7, from: PORT });
    expect(conn.state).toBe("TIME-WAIT");
  });

  test("does not begin where the same flow was opened from here meanwhile", () => {
    const { peer, listener, connections } = conditional();
    peer.send("S", SYN);
    const ours = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: PORT, localPort: 80, user: {} });
    expect(typeof ours).toBe("object");
    expect(listener.accept()).toBeUndefined();
    expect(connections()).toBe(1);
  });

  test("leaves TIME-WAIT of its flow until it is accepted, and begins beyond it (RFC 1122 §4.2.2.13)", () => {
    const { peer, listener, accept, connections } = conditional();
    peer.send("S", SYN);
    const old = accept();
    peer.send(".", { seq: 1, ack: 1, from: PORT });
    old.close(false);
    peer.settle();
    peer.send("F.", { seq: 1, ack: 2, from: PORT });
    expect(peer.host.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "TIME-WAIT"]);
    peer.seen.length = 0;
    peer.send("S", { ...SYN, seq: 900 });
    expect([listener.waiting, connections()]).toEqual([1, 1]);
    peer.send("S", { ...SYN, seq: 900 });
    expect([listener.waiting, connections()]).toEqual([1, 1]);
    accept();
    peer.expect("S.", { seq: 65_537 + 2, ack: 901 });
    expect(peer.host.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "SYN-RECEIVED"]);
  });
});

describe("a flood of SYNs to a listener whose user decides (hardening: SYN flood)", () => {
  test("takes as many places as the backlog has, the oldest giving way in silence (RFC 4987 §3.4)", () => {
    const { peer, listener, connections } = conditional(WINDOWS, 3);
    for (let i = 0; i < 10; i++) peer.send("S", { ...SYN, from: 1024 + i });
    expect([listener.waiting, listener.next?.remotePort, connections()]).toEqual([3, 1031, 0]);
    peer.expectSilence();
    // Who gave way is there again with its next SYN.
    peer.send("S", { ...SYN, from: 1024 });
    expect([listener.waiting, listener.next?.remotePort]).toEqual([3, 1032]);
  });

  test("takes no more than half-open connections may, whatever the backlog", () => {
    const { peer, listener } = conditional(WINDOWS, 65_535);
    for (let i = 0; i < HALF_OPEN_CAP + 10; i++) peer.send("S", { seq: 0, from: 1024 + i });
    expect(listener.waiting).toBe(HALF_OPEN_CAP);
    expect(peer.host.timers.pending().filter(({ name }) => name === "connection-request").length).toBe(HALF_OPEN_CAP);
    peer.expectSilence();
    peer.advance(REQUEST_LIFE_MS);
    expect(listener.waiting).toBe(0);
  });
});

describe("a paused listener (Microsoft, SO_PAUSE_ACCEPT)", () => {
  test.each([false, true])("answers each SYN by a reset, and lets in whom it has (conditional: %s)", (isConditional) => {
    const peer = new ScriptPeer(WINDOWS);
    peer.ourPort = 80;
    const listener = peer.host.tcp.listen({ localPort: 80, backlog: 8, isConditional, acceptable: () => {} });
    peer.send("S", SYN);
    if (!isConditional) peer.send(".", { seq: 1, ack: 1, from: PORT });
    peer.seen.length = 0;
    listener.isPaused = true;
    peer.send("S", { ...SYN, from: PORT + 1 });
    peer.expect("R.", { ack: 1 });
    expect(peer.host.context.drops.of("listener-paused")).toBe(1);
    expect(listener.accept()).toMatchObject({ remotePort: PORT });
    listener.isPaused = false;
    peer.settle();
    peer.seen.length = 0;
    peer.send("S", { ...SYN, from: PORT + 1 });
    expect([listener.waiting, peer.seen.length]).toEqual(isConditional ? [1, 0] : [0, 1]);
  });

  test("takes the SYN of a request that waits once more, and one with another number as another's", () => {
    const { peer, listener, verdicts, accept } = conditional();
    peer.send("S", { ...SYN, timestamps: [77, 0] });
    listener.isPaused = true;
    peer.advance(REQUEST_LIFE_MS - 1);
    peer.send("S", { ...SYN, timestamps: [3077, 0] });
    peer.expectSilence();
    peer.advance(1000);
    expect(listener.waiting).toBe(1);
    expect(verdicts).toEqual(["accepted", "syn-duplicate"]);
    accept();
    expect(peer.expect("S.", { seq: 0, ack: 1 }).options.tsEcr).toBe(3077);

    listener.isPaused = false;
    peer.send("S", { ...SYN, from: PORT + 1 });
    listener.isPaused = true;
    peer.send("S", { ...SYN, seq: 5000, from: PORT + 1 });
    peer.expect("R.", { ack: 5001 });
    expect(verdicts.at(-1)).toBe("listener-paused");
    // Whoever begins anew has given up what it asked for before.
    expect(listener.waiting).toBe(0);
  });
});
