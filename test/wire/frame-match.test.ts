import { describe, expect, test } from "@jest/globals";
import { below, SeededRandom } from "../../src/stack/core/random.ts";
import { FRAME_KINDS, isOfKind } from "../../src/wire/frame-match.ts";
import { arpFrame, tcpFrame, udpFrame } from "./sample-frames.ts";

const kindsOf = (frame: Uint8Array) => FRAME_KINDS.filter((kind) => isOfKind(kind, frame, 0, frame.length));

describe("isOfKind", () => {
  test.each<[string, Uint8Array, string[]]>([
    ["an ARP request", arpFrame(), ["any", "arp"]],
    ["a datagram", udpFrame(20), ["any", "udp"]],
    ["a SYN", tcpFrame("S"), ["any", "tcp", "syn"]],
    ["a SYN-ACK", tcpFrame("SA"), ["any", "tcp", "syn-ack"]],
    ["a bare ACK, padded to the Ethernet minimum", padded(tcpFrame("A")), ["any", "tcp", "ack"]],
    ["data", tcpFrame("PA", 10), ["any", "tcp", "data"]],
    ["a FIN with data", tcpFrame("FA", 10), ["any", "tcp", "fin", "data"]],
    ["a reset", tcpFrame("RA"), ["any", "tcp", "rst"]],
  ])("%s", (_what, frame, kinds) => {
    expect(kindsOf(frame)).toEqual(kinds);
  });

  test("random and truncated bytes are of some kind or none, and never read beyond the frame", () => {
    const random = new SeededRandom(1);
    for (let i = 0; i < 5000; i++) {
      const frame = tcpFrame("PA", below(random, 40));
      for (let n = below(random, 5); n > 0; n--) frame[below(random, frame.length)] = random.u32() & 0xff;
      const end = below(random, frame.length + 1);
      const alone = frame.slice(0, end);
      for (const kind of FRAME_KINDS) expect(isOfKind(kind, frame, 0, end)).toBe(isOfKind(kind, alone, 0, end));
    }
  });
});

function padded(frame: Uint8Array): Uint8Array {
  const out = new Uint8Array(60);
  out.set(frame);
  return out;
}
