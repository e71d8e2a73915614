import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  BROADCAST_ADDRESS,
  fcs16,
  lapFrameBytes,
  lapSetupBody,
  OUR_QOS,
  parseLapFrame,
  parseSetup,
  parseXid,
  xidBody,
} from "../../src/irda/irlap-frame.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("frames", () => {
  test("the FCS is HDLC's", () => {
    expect(fcs16(new TextEncoder().encode("123456789"))).toBe(0x906e);
  });

  test("a discovery's first slot, as it stands in captures", () => {
    const body = xidBody({ source: 0x01020304, destination: 0xffffffff, slots: 8, slot: 0, info: undefined });
    const frame = lapFrameBytes({ address: BROADCAST_ADDRESS, kind: "xidCommand", isCommand: true, isFinal: true, body });
    expect(hex(frame.subarray(0, -2))).toBe("ff3f0104030201ffffffff020000");
  });

  test("information, with its counters", () => {
    const frame = lapFrameBytes({ address: 0x21, kind: "i", isCommand: true, isFinal: true, nr: 5, ns: 3, body: Uint8Array.of(1, 2) });
    expect(hex(frame.subarray(0, -2))).toBe("43b60102");
    expect(parseLapFrame(frame)).toEqual({
      address: 0x21,
      kind: "i",
      isCommand: true,
      isFinal: true,
      nr: 5,
      ns: 3,
      body: Uint8Array.of(1, 2),
    });
  });

  test("a command and a response of one code are told apart", () => {
    const [disc, rd] = [true, false].map((isCommand) =>
      parseLapFrame(lapFrameBytes({ address: 1, kind: isCommand ? "disc" : "rd", isCommand, isFinal: true })),
    );
    expect([disc?.kind, rd?.kind]).toEqual(["disc", "rd"]);
  });

  test("what is agreed on survives", () => {
    const setup = { source: 1, destination: 2, connectionAddress: 9, qos: OUR_QOS };
    expect(parseSetup(lapSetupBody(setup), true)).toEqual(setup);
    const info = { hints1: 0x84, hints2: 4, charset: 0, name: Uint8Array.of(65) };
    const xid = { source: 7, destination: 8, slots: 8, slot: 3, info };
    expect(parseXid(xidBody(xid))).toEqual(xid);
  });

  test("a damaged bit is found, and nothing is thrown for any bytes", () => {
    const frame = lapFrameBytes({ address: 1, kind: "rr", isCommand: true, isFinal: true });
    frame[1]! ^= 0x20;
    expect(parseLapFrame(frame)).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        parseLapFrame(bytes);
        parseXid(bytes);
        parseSetup(bytes, true);
        parseSetup(bytes, false);
      }),
    );
  });
});
