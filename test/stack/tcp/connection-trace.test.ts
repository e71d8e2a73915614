import { expect, test } from "@jest/globals";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import { established } from "../../support/established.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { PEER_ADDRESS } from "../../support/two-hosts.ts";

/** Both sides begin just below the wrap: ours at 2^32 − 3, the peer's at 2^32 − 7. */
const OURS = 2 ** 32 - 3;
const PEERS = 2 ** 32 - 7;

function watch<Type extends TraceEvent["type"]>(peer: ScriptPeer, type: Type): Extract<TraceEvent, { type: Type }>[] {
  const events: Extract<TraceEvent, { type: Type }>[] = [];
  peer.host.trace.subscribe((event) => {
    if (event.type === type) events.push(event as Extract<TraceEvent, { type: Type }>);
  });
  return events;
}

test("a change of state says where both sides of the connection stand, unsigned", () => {
  const peer = new ScriptPeer();
  const changes = watch(peer, "state-changed");
  peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: NOBODY });
  peer.expect("S");
  peer.send("S.", { ack: 1, window: 5000 });
  expect(changes).toMatchObject([
    { from: "CLOSED", to: "SYN-SENT", sndUna: OURS, sndNxt: OURS + 1, sndWnd: 0 },
    { from: "SYN-SENT", to: "ESTABLISHED", sndUna: OURS + 1, sndNxt: OURS + 1, sndWnd: 5000, rcvNxt: PEERS + 1 },
  ]);
  expect(changes[1]?.rcvWnd).toBeGreaterThan(0);
});

test("so does a change of the congestion window, beyond the wrap", () => {
  const { peer, write } = established();
  const changes = watch(peer, "cwnd-changed");
  write(3000);
  peer.send(".", { seq: 1, ack: 1001, window: 4000 });
  peer.advance(5000);
  // OURS + 1001 and OURS + 3001, modulo 2^32.
  expect(changes[0]).toMatchObject({ why: "timeout", sndUna: 998, sndNxt: 2998, sndWnd: 4000, rcvNxt: PEERS + 1 });
});

test("every segment is judged, of use or not, by the connection's number", () => {
  const { peer } = established();
  const judged = watch(peer, "segment-judged");
  peer.send("P.", { seq: 1, ack: 1, text: 10 });
  peer.send("R", { seq: 50 });
  peer.send(".", { seq: 100_000, ack: 1 });
  expect(judged.map(({ verdict }) => verdict)).toEqual(["accepted", "rst-challenged", "outside-window"]);
  const { id } = peer.host.tcp.statuses().find(({ state }) => state === "ESTABLISHED")!;
  expect(judged.map(({ connection }) => connection)).toEqual([id, id, id]);
});

test("a segment that opens or closes a connection is judged between its opening and its end", () => {
  const peer = new ScriptPeer();
  const seen: string[] = [];
  peer.host.trace.subscribe((event) => {
    if (event.type.startsWith("connection-") || event.type === "segment-judged")
      seen.push(`${event.type} ${"connection" in event ? event.connection : ""}`);
  });
  peer.host.tcp.listen({ localPort: 90, backlog: 4, acceptable: () => {} });
  peer.send("S", { from: 4000, to: 90 });
  peer.send("R", { seq: 1, from: 4000, to: 90 });
  expect(seen).toEqual(["connection-opened 1", "segment-judged 1", "segment-judged 1", "connection-closed 1"]);
});
