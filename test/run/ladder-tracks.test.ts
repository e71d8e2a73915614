import { expect, test } from "@jest/globals";
import { LadderTracks } from "../../src/run/ladder-tracks.ts";
import type { RunEvent } from "../../src/run/run-event.ts";

type Content<Event> = Event extends { readonly host: string } ? Omit<Event, "host" | "number"> : never;

function tracksOf(...contents: readonly Content<RunEvent>[]): LadderTracks {
  const tracks = new LadderTracks();
  contents.forEach((content, place) => {
    tracks.push({ ...content, number: place + 1, host: "a" } as RunEvent, place);
  });
  return tracks;
}

test("a call runs until it returns, whatever is called meanwhile", () => {
  const { calls } = tracksOf(
    { type: "winsock-called", client: 1, call: 1, name: "connect", text: "connect(4, …)", atMs: 0 },
    { type: "winsock-called", client: 2, call: 1, name: "recv", text: "recv(5, …)", atMs: 1 },
    { type: "winsock-returned", client: 1, call: 1, text: "0", error: 0, atMs: 24 },
    { type: "winsock-called", client: 1, call: 2, name: "control", text: "", atMs: 25 },
    { type: "winsock-returned", client: 1, call: 9, text: "0", error: 0, atMs: 26 },
  );
  expect(calls).toHaveLength(2);
  expect(calls[0]).toMatchObject({ name: "connect", place: 0, end: { place: 2, atMs: 24, result: "0", error: 0 } });
  expect(calls[1]!.end).toBeUndefined();
});

test("an alarm runs until it goes off, is cancelled or is set anew; others of its name are others'", () => {
  const { timers } = tracksOf(
    { type: "timer-set", timer: "retransmission", connection: 1, delayMs: 300, atMs: 0 },
    { type: "timer-set", timer: "retransmission", connection: 2, delayMs: 300, atMs: 10 },
    { type: "timer-set", timer: "retransmission", connection: 1, delayMs: 600, atMs: 20 },
    { type: "timer-fired", timer: "retransmission", connection: 1, atMs: 620 },
    { type: "timer-cancelled", timer: "retransmission", connection: 2, atMs: 630 },
    { type: "timer-cancelled", timer: "retransmission", connection: 2, atMs: 640 },
  );
  expect(timers.map(({ connection, dueMs, end }) => [connection, dueMs, end?.how, end?.atMs])).toEqual([
    [1, 300, "set anew", 20],
    [2, 310, "cancelled", 630],
    [1, 620, "fired", 620],
  ]);
});

test("a connection's states", () => {
  const { states } = tracksOf(
    { type: "connection-opened", connection: 3, local: "l", remote: "r", label: "l – r", state: "CLOSED", atMs: 1 },
    {
      type: "state-changed",
      connection: 3,
      from: "CLOSED",
      to: "SYN-SENT",
      sndUna: 0,
      sndNxt: 0,
      sndWnd: 0,
      rcvNxt: 0,
      rcvWnd: 0,
      atMs: 2,
    },
  );
  expect(states.map(({ state, place, connection }) => [state, place, connection])).toEqual([
    ["CLOSED", 0, 3],
    ["SYN-SENT", 1, 3],
  ]);
});
