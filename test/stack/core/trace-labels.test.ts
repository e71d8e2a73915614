import { expect, test } from "@jest/globals";
import type { TraceContent, TraceOpening } from "../../../src/stack/core/trace.ts";
import { TraceLabels } from "../../../src/stack/core/trace-labels.ts";

const label = "203.0.113.2:49152 – 203.0.113.1:80";
const opened = (connection: number): TraceOpening => ({
  type: "connection-opened",
  connection,
  local: "",
  remote: "",
  label,
  state: "CLOSED",
});

function labelsAfter(...contents: TraceContent[]): TraceLabels {
  const labels = new TraceLabels();
  for (const content of contents) labels.note({ number: 0, atMs: 0, ...content });
  return labels;
}

test("what an event closes has its label until the next event", () => {
  const closed: TraceContent = { type: "connection-closed", connection: 1 };
  expect(labelsAfter(opened(1)).connection(1)).toBe(label);
  expect(labelsAfter(opened(1), closed).connection(1)).toBe(label);
  expect(labelsAfter(opened(1), closed, { type: "turn-begun", turn: 1 }).connection(1)).toBe("connection 1");
});

test("what comes again under a number that was closed has its new label for as long as it is open", () => {
  const returned: TraceContent = { type: "winsock-returned", client: 1, call: 1, text: "", error: 0 };
  const called = (name: string): TraceContent => ({ type: "winsock-called", client: 1, call: 1, name, text: "" });
  const turn: TraceContent = { type: "turn-begun", turn: 1 };
  expect(labelsAfter(called("recv"), returned, turn, called("send"), turn).call({ client: 1, call: 1 })).toBe("send");
});

test("calls of different programs are told apart", () => {
  const called = (client: number, name: string): TraceContent => ({ type: "winsock-called", client, call: 1, name, text: "" });
  const labels = labelsAfter(called(1, "recv"), called(2, "send"));
  expect([labels.call({ client: 1, call: 1 }), labels.call({ client: 2, call: 1 }), labels.call({ client: 3, call: 1 })]).toEqual([
    "recv",
    "send",
    "call 1",
  ]);
});

test("sockets have their label while they are open", () => {
  const socket: TraceOpening = { type: "socket-opened", socket: 5, client: 1, handle: 4, label: "stream socket 4 of program 1" };
  expect(labelsAfter(socket).socket(5)).toBe("stream socket 4 of program 1");
  expect(labelsAfter(socket, { type: "socket-closed", socket: 5 }, { type: "turn-begun", turn: 1 }).socket(5)).toBe("socket 5");
});

test("labels whose end was never seen do not gather for ever", () => {
  const labels = labelsAfter(...Array.from({ length: 65_537 }, (_, i) => opened(i)));
  expect([labels.connection(0), labels.connection(1), labels.connection(65_536)]).toEqual(["connection 0", label, label]);
});
