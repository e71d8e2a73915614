/** Nothing is thrown and nothing grows for whatever bytes the medium brings. */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { lapFrameBytes } from "../../src/irda/irlap-frame.ts";
import { ECHO, End, InfraredRoom, PHONE } from "../support/infrared-room.ts";

const kinds = ["i", "rr", "rnr", "rej", "srej", "snrm", "rnrm", "disc", "rd", "ua", "dm", "frmr", "xidCommand", "xidResponse"] as const;

const frame = fc.record({
  address: fc.constantFrom(...Array.from({ length: 128 }, (_, i) => i)),
  kind: fc.constantFrom(...kinds),
  isCommand: fc.boolean(),
  isFinal: fc.boolean(),
  nr: fc.integer({ min: 0, max: 7 }),
  ns: fc.integer({ min: 0, max: 7 }),
  // LM-PDUs to the LSAPs that there are, more often than chance would have it.
  body: fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .tuple(fc.constantFrom(0, 0x10, 0x11, 0x80, 0x90, 0x91), fc.integer({ min: 0, max: 127 }), fc.uint8Array({ maxLength: 8 }))
      .map(([to, from, rest]) => Uint8Array.of(to, from, ...rest)),
  ),
});

test("to a device alone, and to one in the middle of a connection", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 60 }), fc.boolean(), (frames, isInLink) => {
      const room = new InfraredRoom([ECHO]);
      let address: number | undefined;
      room.medium.observer = (bytes) => {
        if (bytes[0]! >>> 1 !== 0x7f) address = bytes[0]! >>> 1;
      };
      if (isInLink) expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
      for (const each of frames) {
        for (const station of [room.laptop, room.station(PHONE)])
          station.heard(lapFrameBytes({ ...each, address: address ?? each.address }));
        room.simulation.advance(5);
      }
      room.medium.setInSight(PHONE, false);
      room.simulation.advance(60_000);
      expect(room.laptop.lmp.lap.isConnected).toBe(false);
    }),
    { numRuns: 60 },
  );
});
