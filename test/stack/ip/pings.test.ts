import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import type { Path, SendResult } from "../../../src/stack/ip/path.ts";
import type { PingResult } from "../../../src/stack/ip/ping.ts";
import { type EchoFormat, MAX_PINGS, Pings } from "../../../src/stack/ip/pings.ts";
import * as icmp from "../../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { Network } from "../link/network.ts";

const PEER = parseV4("203.0.113.1");
const HEADROOM = 50;
const ECHO: EchoFormat = {
  protocol: ipv4.PROTOCOL_ICMP,
  request: icmp.ECHO_REQUEST,
  writeHeader: icmp.writeEcho,
  putChecksum: icmp.putChecksum,
};
const request = (sequence: number) => ({ id: 1, sequence, payloadBytes: 8, timeoutMs: 1000 });

/** Requests over a path that does with them what the test says. */
function setUp() {
  const network = new Network();
  const { context } = network.host("us", "203.0.113.2");
  const pings = new Pings(context, ECHO, new Uint8Array(2000));
  const results: PingResult[] = [];
  const path = { remote: PEER, fate: "sent" as SendResult, maxMessage: 65515, headroom: HEADROOM, send: () => path.fate };
  const send = (sequence: number, fields: Partial<ReturnType<typeof request>> = {}) =>
    pings.send(path as unknown as Path, { ...request(sequence), ...fields }, (result) => results.push(result));
  return { network, context, pings, results, path, send };
}

describe("an echo request", () => {
  test.each<SendResult>(["full", "dropped"])("that is %s is over at once: nobody waits for it, and its number is free", (fate) => {
    const { network, context, results, path, send } = setUp();
    path.fate = fate;
    expect(send(1)).toBe(fate);
    expect(context.timers.pending()).toEqual([]);
    path.fate = "queued";
    expect(send(1)).toBeUndefined();
    network.advance(1000);
    expect(results).toEqual([{ kind: "timed-out" }]);
  });

  test("has a number that no other has that waits", () => {
    const { network, send } = setUp();
    expect([send(1), send(1), send(2), send(1, { id: 2 })]).toEqual([undefined, "in-use", undefined, undefined]);
    network.advance(1000);
    expect(send(1)).toBeUndefined();
  });

  test("fits the largest datagram of the path's family, its header included", () => {
    const { send, path } = setUp();
    path.maxMessage = 80;
    expect([send(1, { payloadBytes: 72 }), send(2, { payloadBytes: 73 })]).toEqual([undefined, "too-long"]);
  });

  test("is refused when as many wait as may", () => {
    const { network, results, send } = setUp();
    for (let i = 0; i < MAX_PINGS; i++) expect(send(i)).toBeUndefined();
    expect(send(MAX_PINGS)).toBe("too-many");
    network.advance(1000);
    expect(results).toHaveLength(MAX_PINGS);
    expect(send(MAX_PINGS)).toBeUndefined();
  });

  test("ends by an error that quotes it, and by no other", () => {
    const { pings, results, send } = setUp();
    const reporter = parseV4("203.0.113.9");
    const quote = (type: number, sequence: number) => {
      const bytes = new Uint8Array(icmp.HEADER);
      icmp.writeEcho(bytes, 0, type, 1, sequence);
      return bytes;
    };
    send(1);
    expect(pings.error(PEER, quote(icmp.ECHO_REPLY, 1), 0, "host-unreachable", reporter)).toBe("icmp-quote-unexpected");
    expect(pings.error(PEER, quote(icmp.ECHO_REQUEST, 2), 0, "host-unreachable", reporter)).toBe("icmp-quote-unexpected");
    expect(pings.error(parseV4("203.0.113.2"), quote(icmp.ECHO_REQUEST, 1), 0, "host-unreachable", reporter)).toBe("icmp-quote-unexpected");
    expect(results).toEqual([]);
    expect(pings.error(PEER, quote(icmp.ECHO_REQUEST, 1), 0, "host-unreachable", reporter)).toBe("accepted");
    expect(pings.error(PEER, quote(icmp.ECHO_REQUEST, 1), 0, "host-unreachable", reporter)).toBe("icmp-quote-unexpected");
    expect(results).toEqual([{ kind: "host-unreachable", reporter }]);
  });
});
