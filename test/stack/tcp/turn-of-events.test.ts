import { expect, test } from "@jest/globals";
import { tcpOf } from "../../support/insides.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint, PEER_ADDRESS } from "../../support/two-hosts.ts";

test("a connect in simultaneous open fails when its device goes, and is not told of an abort (RFC 9293 §3.5)", () => {
  const peer = new ScriptPeer();
  const app = new Endpoint();
  peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: app.user });
  peer.expect("S");
  peer.send("S", { seq: 0 });
  peer.expect("S.");
  tcpOf(peer.host).networkDown(() => true);
  peer.settle();
  expect(app.events).toEqual(["failed: network-down"]);
});

test("a listener closed in the turn in which a connection came is not called", () => {
  const peer = new ScriptPeer();
  peer.ourPort = 7;
  let calls = 0;
  const app = new Endpoint();
  const first = peer.host.tcp.listen({ localPort: 7, backlog: 2, acceptable: () => second.close() });
  const second = peer.host.tcp.listen({ localPort: 8, backlog: 2, acceptable: () => calls++ });
  peer.send("S", { seq: 0 });
  peer.send("S", { seq: 0, from: 81, to: 8 });
  peer.sendBatch([
    [".", { seq: 1, ack: 1 }],
    [".", { seq: 1, ack: 1, from: 81, to: 8 }],
  ]);
  expect(calls).toBe(0);
  expect(first.waiting).toBe(1);
  expect(app.events).toEqual([]);
  expect(peer.host.tcp.statuses().map((s) => s.state)).toEqual(["LISTEN", "ESTABLISHED"]);
});
