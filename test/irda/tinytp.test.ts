/** TinyTP over a connection that a test plays. */
import { expect, test } from "@jest/globals";
import type { LsapConnection } from "../../src/irda/irlmp.ts";
import { TinyTp } from "../../src/irda/tinytp.ts";

class Played {
  readonly dataSize = 11;
  readonly events: string[] = [];
  readonly ttp = new TinyTp();

  constructor(credit: number) {
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
