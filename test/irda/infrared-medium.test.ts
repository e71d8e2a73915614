import { describe, expect, test } from "@jest/globals";
import { InfraredMedium } from "../../src/irda/infrared-medium.ts";
import { BROADCAST_ADDRESS, lapFrameBytes, parseLapFrame } from "../../src/irda/irlap-frame.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import { ECHO, End, InfraredRoom, LAPTOP, PHONE, PRINTER } from "../support/infrared-room.ts";

describe("the medium", () => {
  test("carries frames whole, with their FCS, and shows them to who looks", () => {
    const room = new InfraredRoom([ECHO]);
    const seen: string[] = [];
    room.medium.observer = (frame, from) => {
      seen.push(`${from === LAPTOP ? "laptop" : "phone"} ${parseLapFrame(frame)?.kind}`);
    };
    expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
    expect(seen.slice(0, 4)).toEqual(["laptop snrm", "phone ua", "laptop i", "phone i"]);
  });

  test("takes its time: ten bits to the byte, at 9600 bit/s outside of a connection", () => {
    const room = new InfraredRoom([ECHO]);
    let snrmBytes = 0;
    room.medium.observer = (frame, from) => {
      if (from === LAPTOP && snrmBytes === 0) snrmBytes = frame.length;
      else if (from === PHONE) {
        expect(room.simulation.now).toBeCloseTo(1 + (snrmBytes * 10 * 1000) / 9600, 3);
        room.medium.observer = undefined;
      }
    };
    room.connect(room.laptop, PHONE, "Echo");
    expect(room.medium.observer).toBeUndefined();
  });

  test("loses what two send at once: two discoveries of one moment find nobody", () => {
    const room = new InfraredRoom([{ id: PRINTER, name: "printer" }]);
    const found: number[] = [];
    for (const station of [room.laptop, room.station(PRINTER)]) station.discover((devices) => found.push(devices.length));
    room.simulation.run(() => found.length === 2, 10_000);
    expect(found).toEqual([0, 0]);
  });

  test("does not keep what a device sends faster than it leaves", () => {
    const room = new InfraredRoom([]);
    const frames: number[] = [];
    room.medium.observer = (frame) => frames.push(frame.length);
    const body = new Uint8Array(14);
    const snrm = lapFrameBytes({ address: BROADCAST_ADDRESS, kind: "snrm", isCommand: true, isFinal: true, body });
    for (let i = 0; i < 1000; i++) room.laptop.heard(snrm);
    expect(frames.length).toBeLessThan(20);
  });

  test("two devices of one id, or of none, are a mistake that is said", () => {
    const { context } = new Simulation(1).host({ random: new SeededRandom(1) });
    expect(() => new InfraredMedium({ devices: [ECHO] }).join(context, { id: PHONE, name: "x" })).toThrow(RangeError);
    expect(() => new InfraredMedium({ devices: [] }).join(context, { id: 0, name: "x" })).toThrow(RangeError);
  });
});
