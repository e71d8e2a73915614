import { expect, test } from "@jest/globals";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import { ScriptPeer } from "../../support/script-peer.ts";

type ListenerEvent = Extract<TraceEvent, { type: "listener-changed" }>;

function watching(peer: ScriptPeer) {
  const told: Pick<ListenerEvent, "listener" | "local" | "backlog" | "waiting" | "halfOpen" | "closed">[] = [];
  const stop = peer.host.trace.subscribe((event) => {
    if (event.type !== "listener-changed") return;
    const { number: _, atMs: __, cause: ___, type: ____, ...rest } = event;
    told.push(rest);
  });
  return { told, stop };
}

test("a listener is told of when it comes, at the end of each turn that changes who waits, and when it goes", () => {
  const peer = new ScriptPeer(WINDOWS);
  peer.ourPort = 80;
  const { told } = watching(peer);
  const listener = peer.host.tcp.listen({ localPort: 80, backlog: 4, acceptable: () => {} });
  const about = { listener: 1, local: "*:80", backlog: 4, waiting: 0, halfOpen: 0 };
  expect(told.splice(0)).toEqual([about]);
  peer.send("S", { seq: 0, mss: 1000, from: 40_001 });
  expect(told.splice(0)).toEqual([{ ...about, halfOpen: 1 }]);
  peer.sendBatch([
    ["S", { seq: 0, mss: 1000, from: 40_002 }],
    [".", { seq: 1, ack: 1, from: 40_001 }],
  ]);
  expect(told.splice(0)).toEqual([{ ...about, waiting: 1, halfOpen: 1 }]);
  peer.send(".", { seq: 1, ack: 1, from: 40_002 });
  expect(told.splice(0)).toEqual([{ ...about, waiting: 2 }]);
  listener.accept();
  listener.setBacklog(9);
  peer.send(".", { seq: 1, ack: 1, from: 40_002 });
  expect(told.splice(0)).toEqual([{ ...about, backlog: 9, waiting: 1 }]);
  listener.close();
  peer.settle();
  listener.close();
  expect(told).toEqual([{ ...about, backlog: 9, closed: true }]);
});

test("who subscribes later hears of those that are there at the end of a turn, and two listeners have two numbers", () => {
  const peer = new ScriptPeer(WINDOWS);
  const listen = (localPort: number) => peer.host.tcp.listen({ localPort, backlog: 4, acceptable: () => {} });
  listen(80);
  listen(81);
  const { told, stop } = watching(peer);
  peer.send("S", { seq: 0, to: 99 });
  expect(told.map(({ listener, local }) => [listener, local])).toEqual([
    [1, "*:80"],
    [2, "*:81"],
  ]);
  stop();
  expect(watching(peer).told).toEqual([]);
});
