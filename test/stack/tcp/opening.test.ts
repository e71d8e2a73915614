import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { LINUX, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import type { IcmpError, IcmpErrorKind } from "../../../src/stack/ip/transport.ts";
import { established } from "../../support/established.ts";
import { tcpOf } from "../../support/insides.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint, OUR_ADDRESS, PEER_ADDRESS, TwoHosts } from "../../support/two-hosts.ts";

function connecting(profile = RFC) {
  const peer = new ScriptPeer(profile);
  const app = new Endpoint();
  const opened = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: app.user });
  if (typeof opened === "string") throw new Error(opened);
  app.connection = opened;
  return { peer, app };
}

/** An ICMP error that quotes the SYN, its sequence number off by `shift`. */
function quoteOf(peer: ScriptPeer, kind: IcmpErrorKind, shift: number): IcmpError {
  const syn = peer.expect("S");
  const quote = new DataView(new ArrayBuffer(8));
  quote.setUint16(0, syn.sourcePort);
  quote.setUint16(2, syn.destinationPort);
  quote.setUint32(4, peer.ourIsn + shift);
  const bytes = new Uint8Array(quote.buffer);
  return {
    kind,
    type: 3,
    code: 3,
    reporter: PEER_ADDRESS,
    local: OUR_ADDRESS,
    remote: PEER_ADDRESS,
    bytes,
    transportAt: 0,
    end: 8,
    mtu: 0,
  };
}

function listening(profile = RFC, backlog = 4) {
  const peer = new ScriptPeer(profile);
  peer.ourPort = 80;
  peer.port = 40_000;
  const app = new Endpoint();
  const listener = peer.host.tcp.listen({
    localPort: 80,
    backlog,
    acceptable: () => {
      if (app.connection !== undefined) return;
      const accepted = listener.accept();
      if (accepted !== undefined) app.use(accepted);
    },
  });
  return { peer, app, listener };
}

describe("active open", () => {
  test("a SYN, a SYN-ACK and the ACK make a connection (RFC 9293 §3.5)", () => {
    const { peer, app } = connecting();
    peer.expect("S", { seq: 0, mss: 1460 });
    peer.advance(20);
    peer.send("S.", { seq: 0, ack: 1, mss: 1460 });
    peer.expect(".", { seq: 1, ack: 1, length: 0 });
    expect(app.events).toEqual(["established"]);
    expect(app.connection?.state).toBe("ESTABLISHED");
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("an attempt that is given up before the host's turn never touches the wire", () => {
    const { peer, app } = connecting();
    app.connection?.abort();
    peer.expectSilence();
    expect(peer.host.tcp.statuses()).toEqual([]);
    expect(peer.host.timers.pending()).toEqual([]);
  });

  test("[OPN-18] an ACK of something else than our SYN is answered by RST with its number, and the attempt goes on (RFC 9293 §3.10.7.3)", () => {
    const { peer, app } = connecting();
    peer.expect("S");
    peer.send("S.", { seq: 0, ack: 77 });
    peer.expect("R", { seq: 77 });
    peer.expect("S", { seq: 0 });
    peer.send("R.", { seq: 0, ack: 77 });
    peer.expectSilence();
    expect(app.connection?.state).toBe("SYN-SENT");
  });

  test("[OPN-19] a reset without an acceptable ACK is ignored, so that nobody off the path can refuse for the peer (RFC 9293 §3.5.3)", () => {
    const { peer, app } = connecting();
    peer.expect("S");
    peer.send("R", { seq: 1 });
    // Of the number before the SYN's, of the SYN's own, and of one that was never sent.
    for (const ack of [-1, 0, 2]) peer.send("R.", { seq: 1, ack });
    peer.expectSilence();
    expect(app.events).toEqual([]);
  });

  test.each([RFC, LINUX])("profile $name gives up at the first reset (RFC 9293 §3.10.7.3)", (profile) => {
    const { peer, app } = connecting(profile);
    peer.expect("S");
    peer.advance(20);
    peer.send("R.", { seq: 0, ack: 1 });
    expect(app.events).toEqual(["failed: refused"]);
    peer.expectSilence();
    expect(peer.host.timers.pending()).toEqual([]);
    expect(peer.host.tcp.statuses()).toEqual([]);
  });

  test("profile windows sends five SYNs half a second apart before it is refused (KB175523)", () => {
    const { peer, app } = connecting(WINDOWS);
    const times: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      times.push(peer.expect("S", { seq: 0 }).atMs);
      expect(app.events).toEqual([]);
      peer.send("R.", { seq: 0, ack: 1 });
      if (attempt < 4) peer.advance(500);
    }
    expect(times).toEqual([0, 500, 1000, 1500, 2000]);
    expect(app.events).toEqual(["failed: refused"]);
    peer.advance(30_000);
    peer.expectSilence();
  });

  test("profile windows: a listener that appears between two SYNs is reached (KB175523)", () => {
    const { peer, app } = connecting(WINDOWS);
    peer.expect("S");
    peer.send("R.", { seq: 0, ack: 1 });
    peer.advance(500);
    peer.expect("S", { seq: 0 });
    peer.send("S.", { seq: 0, ack: 1 });
    peer.expect(".", { seq: 1, ack: 1 });
    expect(app.events).toEqual(["established"]);
  });

  test("profile windows: unanswered SYNs leave at 0, 1, 3, 7 and 15 s, and the attempt ends at 21 s (TCP_MAXRT)", () => {
    const { peer, app } = connecting(WINDOWS);
    peer.advance(20_999);
    expect(peer.seen.map((s) => [s.flags, s.atMs])).toEqual([0, 1000, 3000, 7000, 15_000].map((at) => ["S", at]));
    expect(app.events).toEqual([]);
    peer.advance(1);
    expect(app.events).toEqual(["failed: timed-out"]);
  });

  test("profile windows: a reset and then silence end in a time-out, not in a refusal", () => {
    const { peer, app } = connecting(WINDOWS);
    peer.expect("S");
    peer.send("R.", { seq: 0, ack: 1 });
    peer.advance(21_000);
    expect(app.events).toEqual(["failed: timed-out"]);
  });

  test("profile linux: four SYNs a second apart, then doubling, and 131 s in all (tcp_syn_linear_timeouts)", () => {
    const { peer, app } = connecting(LINUX);
    peer.advance(130_999);
    expect(peer.seen.map((s) => s.atMs)).toEqual([0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67].map((s) => s * 1000));
    peer.advance(1);
    expect(app.events).toEqual(["failed: timed-out"]);
  });

  test("[OPN-26] profile rfc tries for at least three minutes (RFC 9293 MUST-23)", () => {
    const { peer, app } = connecting(RFC);
    peer.advance(180_000);
    expect(app.events).toEqual([]);
    peer.advance(120_000);
    expect(app.events).toEqual(["failed: timed-out"]);
  });

  test("[MTU-09] a peer that asks for tiny segments gets no smaller ones than 48 bytes (CVE-2019-11479)", () => {
    for (const mss of [1, 47, 48]) {
      const { peer, conn, write } = established({ synAck: { mss } });
      write(480);
      expect(peer.seen.map((s) => s.length)).toEqual(Array(10).fill(48));
      expect(conn.status().mss).toBe(48);
    }
    const withTimestamps = established({ profile: LINUX, synAck: { mss: 1, timestamps: [1, 1] } });
    expect(withTimestamps.conn.status().mss).toBe(36);
  });

  test("TCP_MAXRT shortens the attempt", () => {
    const { peer, app } = connecting(WINDOWS);
    app.connection?.setOptions({ maxRetransmissionMs: 2500 });
    peer.advance(2499);
    expect(app.events).toEqual([]);
    peer.advance(1);
    expect(app.events).toEqual(["failed: timed-out"]);
  });

  test("[OPN-01] both sides' SYNs may cross: simultaneous open (RFC 9293 §3.5 MUST-10)", () => {
    const { peer, app } = connecting();
    peer.expect("S", { seq: 0 });
    peer.send("S", { seq: 0 });
    peer.expect("S.", { seq: 0, ack: 1 });
    peer.send(".", { seq: 1, ack: 1 });
    expect(app.connection?.state).toBe("ESTABLISHED");
    expect(app.events).toEqual(["established"]);
  });

  test("[OPN-01] two hosts that connect to each other get one connection, and are quiet then (RFC 9293 §3.5, figure 8)", () => {
    const hosts = new TwoHosts({ impairment: { delayMs: 10 } });
    const [one, two] = [new Endpoint(), new Endpoint()];
    const a = hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 5000, localPort: 6000, user: one.user });
    const b = hosts.peer.tcp.open({ remote: OUR_ADDRESS, remotePort: 6000, localPort: 5000, user: two.user });
    let frames = 0;
    hosts.ours.trace.subscribe((event) => {
      if (event.type === "frame") frames++;
    });
    hosts.simulation.advance(5000);
    expect([one.events, two.events]).toEqual([["established"], ["established"]]);
    expect([a, b].map((c) => (typeof c === "string" ? c : c.state))).toEqual(["ESTABLISHED", "ESTABLISHED"]);
    expect(frames).toBeLessThan(16);
  });

  test("[OPN-24] a SYN that comes again is answered by the SYN-ACK at most twice a second (hardening: no amplifier)", () => {
    const { peer } = listening();
    peer.send("S", { seq: 0 });
    for (let i = 0; i < 100; i++) peer.send("S", { seq: 0 });
    expect(peer.seen.filter((s) => s.flags === "S.").length).toBeLessThanOrEqual(2);
  });

  test("[OPN-21] text before the handshake is dropped (RFC 9293 §3.10.7.3)", () => {
    const { peer, app } = connecting();
    peer.expect("S");
    peer.send("P", { seq: 1, text: 5 });
    peer.expectSilence();
    expect(app.receivedBytes).toBe(0);
  });

  test.each(["0.0.0.0", "255.255.255.255", "203.0.113.255", "224.0.0.1"])(
    "[OPN-08] %s is no peer for a connection, and no SYN leaves (RFC 9293 MUST-46)",
    (text) => {
      const peer = new ScriptPeer();
      const opened = peer.host.tcp.open({ remote: parseV4(text), remotePort: 80, user: new Endpoint().user });
      expect(typeof opened).toBe("string");
      peer.expectSilence();
    },
  );

  test("what a SYN looks like: options in the profile's order, window and scale (p0f signatures)", () => {
    expect(optionsOf(WINDOWS)).toMatchObject({ window: 64240, mss: 1460, windowScale: 8, sackPermitted: true, hasTimestamps: false });
    expect(optionsOf(LINUX)).toMatchObject({ window: 64240, mss: 1460, windowScale: 7, sackPermitted: true, hasTimestamps: true });
  });

  test("[CC-06] [RTO-14] a handshake that needed a second SYN starts with one segment and distrusts the first estimate (RFC 5681 §3.1, RFC 6298 §5.7)", () => {
    const { peer, app } = connecting();
    peer.expect("S");
    peer.advance(1000);
    peer.expect("S");
    peer.send("S.", { seq: 0, ack: 1, mss: 1460 });
    peer.expect(".");
    const status = app.connection?.status();
    expect(status?.cwnd).toBe(1460);
    expect(status?.rtoMs).toBe(3000);
  });

  test.each([
    ["port-unreachable", LINUX, ["failed: refused"]],
    ["host-unreachable", LINUX, ["failed: host-unreachable"]],
    ["net-unreachable", LINUX, ["failed: net-unreachable"]],
    ["port-unreachable", WINDOWS, []],
    ["host-unreachable", WINDOWS, []],
  ] as const)("an ICMP %s in SYN-SENT: what $name makes of it (RFC 1122 §4.2.3.9; Microsoft: a soft error)", (kind, profile, events) => {
    const { peer, app } = connecting(profile);
    expect(tcpOf(peer.host).icmpError(quoteOf(peer, kind, 0))).toBe(true);
    peer.settle();
    expect(app.events).toEqual(events);
  });

  test("TCP_FAIL_CONNECT_ON_ICMP_ERROR makes an ICMP error the end of the attempt (Microsoft: IPPROTO_TCP options)", () => {
    const { peer, app } = connecting(WINDOWS);
    app.connection?.setOptions({ failConnectOnIcmpError: true });
    tcpOf(peer.host).icmpError(quoteOf(peer, "port-unreachable", 0));
    peer.settle();
    expect(app.events).toEqual(["failed: host-unreachable"]);
  });

  test("[ICE-06] an ICMP error that quotes a number we have not sent is not believed (RFC 5927 §4.1)", () => {
    for (const shift of [-1, 1, 5]) {
      const { peer, app } = connecting(LINUX);
      expect(tcpOf(peer.host).icmpError(quoteOf(peer, "port-unreachable", shift))).toBe(false);
      expect(app.events).toEqual([]);
    }
  });

  function optionsOf(profile: typeof RFC) {
    const { peer } = connecting(profile);
    const syn = peer.expect("S");
    return { window: syn.window, ...syn.options };
  }
});

describe("passive open", () => {
  test("SYN, SYN-ACK, ACK: the connection waits to be accepted (RFC 9293 §3.10.7.2)", () => {
    const { peer, app } = listening();
    peer.send("S", { seq: 0, mss: 1460 });
    peer.expect("S.", { seq: 0, ack: 1, mss: 1460 });
    expect(app.connection).toBeUndefined();
    peer.send(".", { seq: 1, ack: 1 });
    expect(app.connection?.state).toBe("ESTABLISHED");
  });

  test("[OPN-15] [OPN-16] a reset to a listener is ignored, an ACK is answered by a reset with its number (RFC 9293 §3.10.7.2)", () => {
    const { peer } = listening();
    peer.send("R", { seq: 0 });
    peer.expectSilence();
    peer.send(".", { seq: 5, ack: 9 });
    peer.expect("R", { seq: 9 });
  });

  test("[OPN-31] the first text may complete the handshake when the ACK was lost (RFC 9293 §3.10.7.4)", () => {
    const { peer, app } = listening();
    peer.send("S", { seq: 0 });
    peer.expect("S.");
    peer.send("P.", { seq: 1, ack: 1, text: 3 });
    expect(app.connection?.state).toBe("ESTABLISHED");
    expect(app.receivedBytes).toBe(3);
  });

  test("[OPN-22] an ACK of something else in SYN-RECEIVED is answered by a reset with its number (RFC 9293 §3.10.7.4)", () => {
    const { peer, app } = listening();
    peer.send("S", { seq: 0 });
    peer.expect("S.");
    for (const ack of [0, 2]) {
      peer.send(".", { seq: 1, ack });
      peer.expect("R", { seq: ack });
    }
    peer.send(".", { seq: 1, ack: 1 });
    expect(app.connection?.state).toBe("ESTABLISHED");
  });

  test("[RST-04] a reset in SYN-RECEIVED goes back to LISTEN and tells nobody (RFC 9293 §3.10.7.4)", () => {
    const { peer, app, listener } = listening();
    peer.send("S", { seq: 0 });
    peer.expect("S.");
    peer.send("R", { seq: 1 });
    expect(app.connection).toBeUndefined();
    expect(listener.waiting).toBe(0);
    peer.send("S", { seq: 100 });
    peer.expect("S.", { ack: 101 });
  });

  test("[SEC-16] the SYN-ACK is sent again with back-off, then the half-open connection is forgotten (RFC 9293 MUST-22)", () => {
    const { peer } = listening(WINDOWS);
    peer.send("S", { seq: 0 });
    peer.advance(60_000);
    expect(peer.seen.map((s) => [s.flags, s.atMs])).toEqual([
      ["S.", 0],
      ["S.", 1000],
      ["S.", 3000],
    ]);
    expect(peer.host.tcp.statuses().map((s) => s.state)).toEqual(["LISTEN"]);
  });

  test("a full queue answers with a reset under windows, and with silence under linux (Microsoft: listen; tcp_abort_on_overflow 0)", () => {
    for (const [profile, answer] of [
      [WINDOWS, "R."],
      [LINUX, undefined],
    ] as const) {
      const peer = new ScriptPeer(profile);
      peer.ourPort = 80;
      const listener = peer.host.tcp.listen({ localPort: 80, backlog: 1, acceptable: () => {} });
      peer.port = 40_000;
      peer.send("S", { seq: 0 });
      peer.expect("S.");
      peer.send(".", { seq: 1, ack: 1 });
      expect(listener.waiting).toBe(1);
      peer.port = 40_001;
      peer.send("S", { seq: 0 });
      if (answer === undefined) peer.expectSilence();
      else peer.expect(answer, { seq: -peer.ourIsn | 0, ack: 1 });
    }
  });

  test("[OPN-33] an ECN-setup SYN is a SYN (RFC 3168 §6.1.1)", () => {
    const { peer } = listening();
    peer.send("SEW", { seq: 0 });
    peer.expect("S.", { ack: 1 });
  });

  test("timestamps that a peer offers are answered under windows, though its own SYN has none", () => {
    const { peer } = listening(WINDOWS);
    peer.send("S", { seq: 0, timestamps: [9, 0], sackPermitted: true, windowScale: 3, mss: 1400 });
    const answer = peer.expect("S.", { ack: 1 });
    expect(answer.options).toMatchObject({ hasTimestamps: true, tsEcr: 9, sackPermitted: true, windowScale: 8 });
  });

  test("[SCK-02] [WSC-01] options that the SYN did not offer are not in the SYN-ACK (RFC 7323 §2.2, §3.2; RFC 2018 §2)", () => {
    const { peer } = listening(LINUX);
    peer.send("S", { seq: 0, mss: 1400 });
    const answer = peer.expect("S.", { ack: 1 });
    expect(answer.options).toMatchObject({ hasTimestamps: false, sackPermitted: false, windowScale: -1 });
  });
});

describe("no connection", () => {
  test("[OPN-28] a segment with ACK is reset with its ACK's number, one without with all of it acknowledged (RFC 9293 §3.10.7.1)", () => {
    const peer = new ScriptPeer();
    peer.ourPort = 81;
    peer.send(".", { seq: 4, ack: 9 });
    peer.expect("R", { seq: 9 });
    peer.send("S", { seq: 4 });
    expect(peer.expect("R.", { ack: 5 }).window).toBe(0);
    peer.send("SFP", { seq: 4, text: 3 });
    peer.expect("R.", { ack: 9 });
  });

  test("[RST-01] a reset is never answered (RFC 9293 §3.5.2)", () => {
    const peer = new ScriptPeer();
    peer.ourPort = 81;
    peer.send("R", { seq: 4 });
    peer.send("R.", { seq: 4, ack: 9 });
    peer.expectSilence();
  });

  test("[RST-09] a thousand resets a second at most (hardening: no reflector)", () => {
    const peer = new ScriptPeer();
    peer.ourPort = 81;
    for (let i = 0; i < 1500; i++) peer.send("S", { seq: i });
    expect(peer.seen).toHaveLength(1000);
    expect(peer.host.context.drops.of("reset-rate-limited")).toBe(500);
  });
});

describe("an ACK of an old connection answers our SYN", () => {
  test("[OPN-27] the reset that removes it is followed by the SYN at once, once in a timeout (RFC 9293 §3.5.1, figure 9)", () => {
    const { peer } = connecting();
    peer.expect("S", { seq: 0 });
    peer.advance(10);
    peer.send(".", { seq: 777, ack: 5000 });
    peer.expect("R", { seq: 5000 });
    expect(peer.expect("S", { seq: 0 }).atMs).toBe(10);
    // A peer that answers each SYN so makes no loop.
    peer.send(".", { seq: 777, ack: 5000 });
    peer.expect("R", { seq: 5000 });
    peer.expectSilence();
    peer.advance(1000);
    peer.expect("S", { seq: 0 });
  });
});
