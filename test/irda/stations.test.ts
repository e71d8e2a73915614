import { describe, expect, test } from "@jest/globals";
import type { IasAnswer } from "../../src/irda/ias.ts";
import type { InfraredCall } from "../../src/irda/infrared-station.ts";
import type { DiscoveredDevice } from "../../src/irda/irlap.ts";
import { ACCESS_EXCLUSIVE, LM_OPCODE, LM_REASON, MODE_TAKEN } from "../../src/irda/irlmp-frame.ts";
import { ECHO, End, InfraredRoom, LAPTOP, PHONE, PRINTER } from "../support/infrared-room.ts";

const PRINTER_SETTINGS = { id: PRINTER, name: "printer", services: [{ name: "Print" }] };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("discovery", () => {
  test("finds everybody in sight with name and hints, each in a slot of its own choice", () => {
    const room = new InfraredRoom([ECHO, PRINTER_SETTINGS]);
    const found = room.answerOf<readonly DiscoveredDevice[]>((done) => room.laptop.discover(done))!;
    expect(room.simulation.now).toBeGreaterThan(700);
    expect(room.simulation.now).toBeLessThan(3100);
    expect(found.map(({ id }) => id).sort()).toEqual([PHONE, PRINTER].sort());
    expect(found.find(({ id }) => id === PHONE)).toMatchObject({ name: bytes("phone"), hints1: 0x84, charset: 0 });
  });

  test("finds nobody in an empty room", () => {
    const room = new InfraredRoom([]);
    expect(room.answerOf((done) => room.laptop.discover(done))).toEqual([]);
  });
});

describe("IAS", () => {
  const ask = (className: string, attribute: string): IasAnswer | undefined => {
    const room = new InfraredRoom([ECHO]);
    return room.answerOf((done) => room.laptop.query(PHONE, className, attribute, done));
  };

  test.each([
    ["Phone", "Calls", { type: "integer", value: 7 }],
    ["Phone", "Number", { type: "string", value: bytes("555"), charset: 0 }],
    ["Phone", "Tones", { type: "octets", value: Uint8Array.of(1, 2, 3) }],
    ["Device", "DeviceName", { type: "string", value: bytes("phone"), charset: 0 }],
    ["Phone", "Colour", "no-attribute"],
    ["Fax", "Number", "no-class"],
  ])("%s %s", (className, attribute, answer) => {
    expect(ask(className, attribute)).toEqual(answer);
  });

  test("a device that is not there does not answer", () => {
    const room = new InfraredRoom([ECHO]);
    expect(room.answerOf((done) => room.laptop.query(PRINTER, "Device", "DeviceName", done))).toBe("no-answer");
  });
});

describe("connections", () => {
  test("what is sent to the echo comes back, far more than credits and windows hold", () => {
    const room = new InfraredRoom([ECHO]);
    const end = room.connect(room.laptop, PHONE, "Echo") as End;
    expect(end).toBeInstanceOf(End);
    const text = "0123456789abcdef".repeat(8192);
    end.call!.ttp.write(bytes(text));
    room.simulation.run(() => end.text.length >= text.length, room.simulation.now + 120_000);
    expect(end.text === text).toBe(true);
  });

  test("a service that nobody offers refuses, a device that is away does not answer", () => {
    const room = new InfraredRoom([ECHO]);
    expect(room.connect(room.laptop, PHONE, "Fax")).toBe("refused");
    expect(room.connect(room.laptop, PHONE, 0x33)).toBe("refused");
    expect(room.connect(room.laptop, PRINTER, "Print")).toBe("no-answer");
  });

  test("many connections share the link to one device; another device has to wait", () => {
    const room = new InfraredRoom([ECHO, PRINTER_SETTINGS]);
    const first = room.connect(room.laptop, PHONE, "Echo") as End;
    expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
    expect(room.connect(room.laptop, PRINTER, "Print")).toBe("other-device");
    first.call!.close();
  });

  test("without a free LSAP nothing is asked or connected, and that is said", () => {
    const room = new InfraredRoom([ECHO]);
    for (let i = 0; i < 64; i++) expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
    expect(room.connect(room.laptop, PHONE, "Echo")).toBe("no-lsap");
    expect(room.laptop.query(PHONE, "Device", "DeviceName", () => {})).toBe("no-lsap");
  });

  test("a link of others makes the medium busy", () => {
    const room = new InfraredRoom([ECHO, PRINTER_SETTINGS]);
    const end = room.connect(room.station(PRINTER), PHONE, "Echo") as End;
    expect(room.connect(room.laptop, PHONE, "Echo")).toBe("media-busy");
    end.call!.close();
    room.simulation.advance(5000);
    expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
  });

  test("exclusive mode wants the link alone, and keeps it", () => {
    const room = new InfraredRoom([ECHO]);
    const first = room.connect(room.laptop, PHONE, "Echo") as End;
    expect(room.connect(room.laptop, PHONE, "Echo", true)).toBe("exclusive");
    first.call!.close();
    room.simulation.advance(500);
    expect(room.connect(room.laptop, PHONE, "Echo", true)).toBeInstanceOf(End);
    expect(room.connect(room.station(PHONE), LAPTOP, "Echo")).toBe("exclusive");
  });
});

describe("one link after another", () => {
  test.each([
    ["answers", true],
    ["does not answer", false],
  ])("who gives up connecting to a device that %s is connected to the next one, and to no other", (_, isInSight) => {
    const room = new InfraredRoom([ECHO, PRINTER_SETTINGS]);
    room.medium.setInSight(PHONE, isInSight);
    const call = room.laptop.connect(PHONE, "Echo", false, new End()) as InfraredCall;
    room.simulation.advance(5);
    call.abort();
    const end = room.connect(room.laptop, PRINTER, "Print");
    expect(end).toBeInstanceOf(End);
    expect(room.laptop.lmp.lap.peer).toBe(PRINTER);
  });

  test("a link that is about to go for want of connections is made anew for the next one", () => {
    for (let waitMs = 1900; waitMs < 2200; waitMs += 10) {
      const room = new InfraredRoom([ECHO]);
      const end = room.connect(room.laptop, PHONE, "Echo") as End;
      end.call!.close();
      room.simulation.advance(waitMs);
      expect([waitMs, room.connect(room.laptop, PHONE, "Echo")]).toEqual([waitMs, expect.any(End)]);
    }
  });

  test("what was sent before a close arrives, and the end after it, though the link is wanted elsewhere", () => {
    let heard = "";
    const received = (piece: Uint8Array | undefined): void => {
      heard += piece === undefined ? "." : String.fromCharCode(...piece);
    };
    const room = new InfraredRoom([{ id: PHONE, name: "phone", services: [{ name: "Note", received }] }, PRINTER_SETTINGS]);
    const end = room.connect(room.laptop, PHONE, "Note") as End;
    // As much as one turn takes: the end has to wait for the next.
    const text = "x".repeat(2 * 2045);
    let peerReason = 0;
    const tell = room.station(PHONE).lmp;
    const heardControl = tell.lapData.bind(tell);
    tell.lapData = (body) => {
      if (body[0]! >= 0x80 && body[2] === 2 && body[1] !== 0) peerReason = body[3]!;
      heardControl(body);
    };
    end.call!.ttp.write(bytes(text));
    end.call!.close();
    room.simulation.run(() => end.call!.ttp.isOver, room.simulation.now + 1000);
    expect(room.connect(room.laptop, PRINTER, "Print")).toBeInstanceOf(End);
    expect(heard).toBe(`${text}.`);
    expect(peerReason).toBe(LM_REASON.userRequest);
  });
});

test("a peer that confirms exclusive mode unasked takes the link from nobody", () => {
  const room = new InfraredRoom([ECHO]);
  const end = room.connect(room.laptop, PHONE, "Echo") as End;
  const { local, remote } = end.call!.ttp.connection!;
  room.station(PHONE).lmp.sendControl(remote, local, LM_OPCODE.accessConfirm, MODE_TAKEN, Uint8Array.of(ACCESS_EXCLUSIVE));
  room.simulation.advance(1000);
  expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
});

test("a device that does not answer a connect, or the wish for exclusive mode, is given up", () => {
  const room = new InfraredRoom([ECHO]);
  const { lmp } = room.station(PHONE);
  const silent = { lsapConnected: () => {}, lsapDisconnected: () => {}, lsapData: () => {}, nextLsapData: () => undefined };
  lmp.serve(0x20, () => silent);
  expect(room.connect(room.laptop, PHONE, 0x20)).toBe("no-answer");
  // Opcode 3 is the access mode.
  const { lapData } = lmp;
  lmp.lapData = (body) => (body[2] === 3 ? undefined : lapData.call(lmp, body));
  expect(room.connect(room.laptop, PHONE, "Echo", true)).toBe("no-answer");
  expect(room.connect(room.laptop, PHONE, "Echo")).toBeInstanceOf(End);
  expect(room.laptop.lmp.others()).toBe(1);
});

test("an echo takes no more in than it can send to one who does not read", () => {
  const room = new InfraredRoom([ECHO]);
  const end = room.connect(room.laptop, PHONE, "Echo") as End;
  const { ttp } = end.call!;
  const readable = end.readable.bind(end);
  end.readable = () => {};
  ttp.write(new Uint8Array(400_000).fill(0x61));
  room.simulation.advance(120_000);
  expect(ttp.sendQueueBytes).toBeGreaterThan(200_000);
  end.readable = readable;
  readable();
  room.simulation.run(() => end.text.length >= 400_000, room.simulation.now + 240_000);
  expect(end.text === "a".repeat(400_000)).toBe(true);
});

test("a beam that is cut ends the link after its threshold", () => {
  const room = new InfraredRoom([ECHO]);
  const end = room.connect(room.laptop, PHONE, "Echo") as End;
  const cutAtMs = room.simulation.now;
  room.medium.setInSight(PHONE, false);
  room.simulation.run(() => end.events.includes("lost"), cutAtMs + 60_000);
  expect(end.events).toEqual(["connected", "lost"]);
  expect(room.simulation.now - cutAtMs).toBeGreaterThan(10_000);
  expect(room.simulation.now - cutAtMs).toBeLessThan(20_000);
});

test("a link without connections goes, and then nothing is left to happen", () => {
  const room = new InfraredRoom([ECHO]);
  const end = room.connect(room.laptop, PHONE, "Echo") as End;
  end.call!.close();
  room.simulation.run(() => false);
  expect(room.laptop.lmp.lap.isConnected).toBe(false);
  expect(room.station(PHONE).lmp.lap.isConnected).toBe(false);
  expect(room.simulation.nextMs).toBe(Number.POSITIVE_INFINITY);
});

test("frames that are lost come again", () => {
  const room = new InfraredRoom([ECHO]);
  const end = room.connect(room.laptop, PHONE, "Echo") as End;
  end.call!.ttp.write(bytes("a".repeat(30_000)));
  for (let i = 0; i < 20; i++) {
    room.simulation.advance(170);
    room.medium.setInSight(PHONE, i % 2 === 0);
  }
  room.medium.setInSight(PHONE, true);
  room.simulation.run(() => end.text.length >= 30_000, room.simulation.now + 120_000);
  expect(end.text).toBe("a".repeat(30_000));
});
