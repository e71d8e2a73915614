/** TinyTP over a connection that a test plays. */
import { expect, test } from "@jest/globals";
import type { LsapConnection } from "../../src/irda/irlmp.ts";
import { type StreamMode, TinyTp } from "../../src/irda/tinytp.ts";

class Played {
  readonly dataSize = 11;
  readonly events: string[] = [];
  readonly ttp: TinyTp;

  constructor(credit: number, mode: StreamMode = "tinytp") {
    this.ttp = new TinyTp(mode);
    this.ttp.connection = this as unknown as LsapConnection;
    this.ttp.user = {
      ttpConnected: () => this.events.push("connected"),
      ttpDisconnected: (reason) => this.events.push(`disconnected ${reason}`),
      ttpReadable: () => this.events.push("readable"),
      ttpWritable: () => {},
    };
    this.ttp.lsapConnected(Uint8Array.of(credit));
  }

  kick(): void {}

  disconnect(): void {
    this.events.push("disconnect");
  }

  /** Frames that leave now, each by its first byte and its length. */
  sent(): (readonly [number, number])[] {
    const frames: (readonly [number, number])[] = [];
    for (let pdu = this.ttp.nextLsapData(); pdu !== undefined; pdu = this.ttp.nextLsapData()) {
      frames.push([pdu[0]!, pdu.length - 1]);
      this.ttp.lsapTaken();
    }
    return frames;
  }
}

test("a frame costs a credit, and there are no more frames than credits", () => {
  const it = new Played(2);
  it.ttp.write(new Uint8Array(35));
  expect(it.sent()).toEqual([
    [0, 10],
    [0, 10],
  ]);
  it.ttp.lsapData(Uint8Array.of(5));
  expect(it.sent()).toEqual([
    [0, 10],
    [0, 5],
  ]);
  expect(it.events).toEqual(["connected"]);
  expect(it.ttp.sendQueueBytes).toBe(0);
});

test("credit goes back once the reader has had what came, in a frame without data", () => {
  const played = new Played(0);
  const { ttp } = played;
  for (let i = 0; i < 16; i++) ttp.lsapData(Uint8Array.of(0, i));
  expect(played.sent()).toEqual([]);
  ttp.read(new Uint8Array(16), 0, 16);
  expect(played.sent()).toEqual([[16, 0]]);
});

test("who sends without credit is disconnected: what is kept is bounded", () => {
  const played = new Played(0);
  for (let i = 0; i < 17; i++) played.ttp.lsapData(Uint8Array.of(0, i));
  expect(played.events.slice(-2)).toEqual(["disconnect", "disconnected 2"]);
  expect(played.ttp.readableBytes).toBe(16);
});

test("a close waits for what was written", () => {
  const played = new Played(1);
  played.ttp.write(new Uint8Array(15));
  played.ttp.close();
  expect(played.sent()).toEqual([[0, 10]]);
  expect(played.events).not.toContain("disconnect");
  played.ttp.lsapData(Uint8Array.of(1));
  expect(played.sent()).toEqual([[0, 5]]);
  expect(played.events.at(-1)).toBe("disconnect");
});

test("peeking leaves the bytes", () => {
  const { ttp } = new Played(0);
  ttp.lsapData(Uint8Array.of(0, 1, 2));
  ttp.lsapData(Uint8Array.of(0, 3));
  const target = new Uint8Array(3);
  expect(ttp.read(target, 0, 3, true)).toBe(3);
  expect(ttp.read(target, 0, 3)).toBe(3);
  expect(target).toEqual(Uint8Array.of(1, 2, 3));
  expect(ttp.readableBytes).toBe(0);
});

/** What a program reads. */
function read({ ttp }: Played): number[] {
  const target = new Uint8Array(ttp.readableBytes);
  ttp.read(target, 0, target.length);
  return [...target];
}

test("over 9-wire each frame begins with an empty control channel, and what others say there is passed over", () => {
  const it = new Played(5, "9wire");
  expect([...it.ttp.greeting]).toEqual([16]);
  expect(it.ttp.pduBytes).toBe(9);
  it.ttp.write(Uint8Array.from({ length: 10 }, (_, i) => 100 + i));
  expect([...it.ttp.nextLsapData()!]).toEqual([0, 0, 100, 101, 102, 103, 104, 105, 106, 107, 108]);
  expect([...it.ttp.nextLsapData()!]).toEqual([0, 0, 109]);
  it.ttp.lsapData(Uint8Array.of(0, 3, 0x10, 1, 4, 1, 2));
  it.ttp.lsapData(Uint8Array.of(0, 2, 0x20, 1));
  // The rest of a segmented one has no channel of its own.
  it.ttp.lsapData(Uint8Array.of(0x80, 0, 3));
  it.ttp.lsapData(Uint8Array.of(0, 4, 5));
  it.ttp.lsapData(Uint8Array.of(0, 0, 6));
  it.ttp.lsapData(Uint8Array.of(0, 200, 7));
  expect(read(it)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("frames of control alone use up no memory, and their credit comes back", () => {
  const it = new Played(5, "9wire");
  for (let i = 0; i < 100; i++) {
    it.ttp.lsapData(Uint8Array.of(0, 1, 0));
    it.sent();
  }
  expect([it.events, it.ttp.readableBytes, it.ttp.isOver]).toEqual([["connected"], 0, false]);
});

test("over IrLMP alone bytes go as they are, and one that sends more than there is room for ends the connection", () => {
  const it = new Played(0, "irlpt");
  expect([it.ttp.greeting.length, it.ttp.pduBytes]).toEqual([0, 11]);
  it.ttp.write(Uint8Array.of(1, 2, 3));
  expect([...it.ttp.nextLsapData()!]).toEqual([1, 2, 3]);
  expect(it.ttp.nextLsapData()).toBeUndefined();
  it.ttp.lsapData(Uint8Array.of(7, 8));
  expect(read(it)).toEqual([7, 8]);
  for (let i = 0; i < 16; i++) it.ttp.lsapData(new Uint8Array(2048));
  expect([it.ttp.isBusy, it.ttp.isOver]).toEqual([true, false]);
  for (let i = 0; i < 17; i++) it.ttp.lsapData(new Uint8Array(2048));
  expect(it.ttp.isOver).toBe(true);
  expect(it.events.at(-1)).toBe("disconnected 2");
});
