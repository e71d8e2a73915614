import { describe, expect, test } from "@jest/globals";
import { Ladder, type LadderOptions } from "../../src/lab/ladder.ts";
import { PLAIN } from "../../src/lab/text-style.ts";
import { parseV4 } from "../../src/stack/core/address.ts";
import { seq, seqAdd } from "../../src/stack/core/seq.ts";
import type { TraceEvent } from "../../src/stack/core/trace.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import { connect6, ipv6Winsock, listener6, PEER_LINK_LOCAL, PEER6, stream6 } from "../support/ipv6-winsock.ts";
import { frame, HOST_ISS, happened, NOWHERE, opened, refusedConnect, segmentFrame } from "./refused-connect.ts";

function drawn(events: readonly TraceEvent[], options: Partial<LadderOptions> = {}): string[] {
  const lines: string[] = [];
  const ladder = new Ladder({ write: (line) => lines.push(line), ...options });
  for (const event of events) ladder.event(event);
  ladder.pause();
  return lines;
}

describe("the ladder", () => {
  test("draws a refused connect with its call, segments, states, timers and verdict", () => {
    const lines = drawn(refusedConnect());
    const text = lines.join("\n");

    expect(text).toContain("socket(AF_INET, SOCK_STREAM,");
    expect(text).toContain("CLOSED → SYN-SENT");
    expect(text).toContain("ARP who has 203.0.113.1?");
    expect(text).toContain("◷ retransmission timer set, 500 ms");
    expect(text).toMatch(/^ +0\.501 .*retransmission timer fired/m);
    expect(text).toContain("SYN seq=0 win=64240 mss=1460 ws=8 sackOk");
    expect(text).toContain("connect = SOCKET_ERROR");
    expect(text).toContain("⇒ WSAECONNREFUSED (10061): ");
    expect(lines.filter((line) => line.includes("◀"))).toHaveLength(3);
  });

  test("draws a connect over IPv6 towards one peer, from neighbour discovery to the last state", () => {
    const v = ipv6Winsock();
    const events: TraceEvent[] = [];
    v.ours.trace.subscribe((event) => {
      events.push(event.type === "frame" || event.type === "frame-dropped" ? { ...event, bytes: event.bytes.slice() } : event);
    });
    listener6(v, 80);
    connect6(v, stream6(v), PEER6, 80);
    connect6(v, stream6(v), PEER_LINK_LOCAL, 80);
    const text = drawn(events, { peer: PEER6 }).join("\n");
    expect(text).toMatch(/tapsock +peer 2001:db8::1$/m);
    expect(text).toContain("ICMPv6 who has 2001:db8::1?");
    expect(text).toMatch(/◀─+ ICMPv6 2001:db8::1 is at 02:/);
    expect(text).toContain("SYN seq=0 win=");
    expect(text).toContain("SYN-SENT → ESTABLISHED");
    expect(text).not.toContain("fe80::1 is at");
    const linkLocal = drawn(events, { peer: `${PEER_LINK_LOCAL}%1` }).join("\n");
    expect(linkLocal).toMatch(/tapsock +peer fe80::1/);
    expect(linkLocal).toMatch(/─ SYN seq=0/);
    expect(linkLocal).not.toContain("2001:db8::1 is at");
  });

  test("is at most 100 columns wide and ends every arrow on a lifeline", () => {
    const lines = drawn(refusedConnect());

    expect(Math.max(...lines.map((line) => line.length))).toBe(100);
    for (const line of lines.filter((each) => each.includes("▶"))) expect(line).toMatch(/│─.*▶│$/);
  });

  test.each([
    [80, 80],
    [120, 120],
    [40, 72],
    [300, 120],
    [0, 100],
  ])("on %i columns is %i columns wide, and loses no word", (columns, width) => {
    const lines = drawn(refusedConnect(), { width: columns });
    expect(Math.max(...lines.map((line) => line.length))).toBe(width);
    for (const line of lines.filter((each) => each.includes("▶"))) expect(line).toMatch(/│─.*▶│$/);
    expect(lines.join(" ").match(/win=64240|mss=1460|sackOk/g)).toHaveLength(6);
  });

  test("counts sequence numbers from each side's first, across the wrap at 2^32", () => {
    const peerIss = seq(0x7fffffff);
    const lines = drawn([
      frame(0, "out", segmentFrame({ seq: HOST_ISS, flags: tcp.SYN, port: 80 })),
      frame(1, "in", segmentFrame({ direction: "in", seq: peerIss, ack: seqAdd(HOST_ISS, 1), flags: tcp.SYN | tcp.ACK, port: 80 })),
      frame(
        2,
        "out",
        segmentFrame({ seq: seqAdd(HOST_ISS, 1), ack: seqAdd(peerIss, 1), flags: tcp.ACK | tcp.PSH, port: 80, payload: 700 }),
      ),
      frame(3, "in", segmentFrame({ direction: "in", seq: seqAdd(peerIss, 1), ack: seqAdd(HOST_ISS, 701), flags: tcp.ACK, port: 80 })),
    ]).join("\n");

    expect(lines).toContain("SYN,ACK seq=0 ack=1");
    expect(lines).toContain("PSH,ACK seq=1 ack=1 len=700");
    expect(lines).toContain("ACK seq=1 ack=701");
  });

  test("says of a fragment that it is one, and which", () => {
    const piece = segmentFrame({ seq: HOST_ISS, flags: tcp.ACK, port: 80, payload: 700 });
    piece[14 + 9] = ipv4.PROTOCOL_UDP;
    ipv4.setIdentification(piece, 14, 9);
    ipv4.setFragment(piece, 14, 1480, true);
    const lines = drawn([frame(0, "out", piece)], { width: 120 }).join("\n");
    expect(lines).toMatch(/│─+ udp fragment id=9 offset=1480, more follow len=720 .*▶│/);
  });

  test("prints a call before its return is known when nothing else happens", () => {
    const lines: string[] = [];
    const ladder = new Ladder({ write: (line) => lines.push(line) });
    ladder.event(happened(0, { type: "winsock-called", client: 1, call: 7, name: "recv", text: "256, 1460" }));
    expect(lines).toEqual([]);
    ladder.pause();
    expect(lines.join()).toContain("recv(256, 1460)");
  });

  test("keeps a call and its return on one line, whatever else the trace says between them that has no line", () => {
    const lines = drawn([
      happened(0, { type: "winsock-called", client: 1, call: 7, name: "socket", text: "socket(2, 1, 6)" }),
      happened(0, { type: "turn-begun", turn: 1 }),
      happened(0, { type: "socket-opened", socket: 1, client: 1, handle: 4, label: "stream socket 4 of program 1" }),
      happened(0, opened(3, "203.0.113.2:1", "203.0.113.1:80")),
      happened(0, { type: "segment-judged", connection: 3, verdict: "accepted" }),
      happened(0, { type: "connection-closed", connection: 3 }),
      happened(0, { type: "socket-closed", socket: 1 }),
      happened(0, { type: "turn-ended", turn: 1 }),
      happened(0, { type: "winsock-returned", client: 1, call: 7, text: "4", error: 0 }),
    ]);
    expect(lines).toEqual([expect.stringContaining("socket(2, 1, 6) = 4")]);
  });

  test("knows what was open before it was there, and draws nothing for it", () => {
    const lines = drawn(
      [
        happened(0, { type: "winsock-called", client: 1, call: 7, name: "recv", text: "recv(…)", earlier: true }),
        happened(0, { ...opened(3, "203.0.113.2:1", "203.0.113.1:80"), earlier: true }),
        happened(1, { type: "timer-fired", timer: "delayed-ack", connection: 3 }),
        happened(2, { type: "timer-fired", timer: "keep-alive", connection: 4 }),
        happened(3, { type: "winsock-returned", client: 1, call: 7, text: "5", error: 0 }),
      ],
      { peer: "203.0.113.1" },
    ).slice(1);
    expect(lines).toEqual([expect.stringContaining("delayed-ack timer fired"), expect.stringContaining("… recv = 5")]);
  });

  test("leaves out frames of other peers, also of one whose address begins alike", () => {
    const near = "203.0.113.1";
    const lines = drawn(
      [
        frame(0, "out", segmentFrame({ seq: seq(1), flags: tcp.SYN, port: 80, peer: parseV4("203.0.113.10").w3 })),
        happened(1, opened(3, "203.0.113.2:1", "203.0.113.10:80")),
        happened(1, { type: "state-changed", connection: 3, from: "CLOSED", to: "SYN-SENT", ...NOWHERE }),
        frame(2, "out", segmentFrame({ seq: seq(1), flags: tcp.SYN, port: 81 })),
      ],
      { peer: near },
    ).join("\n");

    expect(lines).not.toContain("203.0.113.10");
    expect(lines).not.toContain("SYN-SENT");
    expect(lines.match(/SYN seq=0/g)).toHaveLength(1);
  });

  test("has a form without colours and Unicode, and colours only where asked for", () => {
    expect(drawn(refusedConnect()).join("")).not.toContain("\x1b");
    expect(drawn(refusedConnect(), { style: { colours: true, unicode: true } }).join("")).toContain("\x1b[31m");
    const ascii = drawn(refusedConnect(), { style: { ...PLAIN, unicode: false } }).join("");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the claim is about exactly these
    expect(ascii.replaceAll("→", "")).toMatch(/^[\x00-\x7f]*$/);
  });

  test("takes frames that are no frames", () => {
    const whole = segmentFrame({ seq: seq(1), flags: tcp.SYN, port: 80 });
    for (let length = 0; length <= whole.length; length++) {
      expect(drawn([frame(0, "in", whole.subarray(0, length))]).length).toBeGreaterThan(0);
    }
  });
});
