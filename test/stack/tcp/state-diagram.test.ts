import { expect, test } from "@jest/globals";
import { isEdge, isSynchronized } from "../../../src/stack/tcp/state-diagram.ts";
import type { TcpState } from "../../../src/stack/tcp/tcp-user.ts";

const STATES: readonly TcpState[] = [
  "CLOSED",
  "LISTEN",
  "SYN-SENT",
  "SYN-RECEIVED",
  "ESTABLISHED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "CLOSE-WAIT",
  "CLOSING",
  "LAST-ACK",
  "TIME-WAIT",
];

test("the edges are those of RFC 9293 figure 5, and a FIN that comes with the handshake's last segment", () => {
  const edges = STATES.flatMap((from) => STATES.filter((to) => to !== "CLOSED" && isEdge(from, to)).map((to) => `${from} → ${to}`));
  expect(edges.sort()).toEqual(
    [
      "CLOSED → SYN-SENT", // OPEN
      "CLOSED → SYN-RECEIVED", // what a listener makes of a SYN begins here
      "LISTEN → SYN-RECEIVED",
      "LISTEN → SYN-SENT", // SEND
      "SYN-SENT → SYN-RECEIVED", // both opened
      "SYN-SENT → ESTABLISHED",
      "SYN-RECEIVED → LISTEN",
      "SYN-RECEIVED → ESTABLISHED",
      "SYN-RECEIVED → FIN-WAIT-1",
      "SYN-RECEIVED → CLOSE-WAIT",
      "ESTABLISHED → FIN-WAIT-1",
      "ESTABLISHED → CLOSE-WAIT",
      "FIN-WAIT-1 → FIN-WAIT-2",
      "FIN-WAIT-1 → CLOSING",
      "FIN-WAIT-1 → TIME-WAIT",
      "FIN-WAIT-2 → TIME-WAIT",
      "CLOSE-WAIT → LAST-ACK",
      "CLOSING → TIME-WAIT",
    ].sort(),
  );
});

test("every state can end in CLOSED", () => {
  expect(STATES.filter((from) => !isEdge(from, "CLOSED"))).toEqual([]);
});

test("the synchronized states are those from ESTABLISHED on (RFC 9293 §3.3.2)", () => {
  expect(STATES.filter(isSynchronized)).toEqual(STATES.slice(STATES.indexOf("ESTABLISHED")));
});
