import { describe, expect, test } from "@jest/globals";
import { LINUX, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { UNPACKED_HALF_OPEN } from "../../../src/stack/tcp/half-open.ts";
import { tcpOf } from "../../support/insides.ts";
import { ScriptPeer } from "../../support/script-peer.ts";

const PORT = 50_000;

/** A listener that `others` have sent a SYN before the client that is looked at. */
function listening(others: number, profile = WINDOWS) {
  const peer = new ScriptPeer(profile);
  peer.ourPort = 80;
  const listener = peer.host.tcp.listen({ localPort: 80, backlog: 200, acceptable: () => {} });
  for (let i = 0; i < others; i++) peer.send("S", { seq: 0, from: 1024 + i });
  const story: unknown[] = [];
  const ids = new Set<number | undefined>();
  peer.host.trace.subscribe(({ number: _, cause, ...event }) => {
    if (event.type === "connection-opened" && event.remote.endsWith(`:${PORT}`)) ids.add(event.connection);
    if (event.type === "frame" || !("connection" in event)) return;
    const { connection, ...told } = event;
    if (ids.has(connection)) story.push({ ...told, cause: cause?.kind });
  });
  const row = () => peer.host.tcp.statuses().find(({ remote }) => remote.endsWith(`:${PORT}`));
  const pending = () => peer.host.timers.pending().filter(({ owner }) => owner.endsWith(`:${PORT}`));
  /** What is to be seen of the client's connection from outside. */
  const look = () => {
    const seen = peer.seen.filter(({ destinationPort }) => destinationPort === PORT);
    const { id: _, ...shown } = row() ?? { id: 0 };
    story.push(structuredClone({ seen, shown, pending: pending() }));
    peer.seen.length = 0;
  };
  const isPacked = () => row() !== undefined && ![...tcpOf(peer.host).connections()].some(({ remotePort }) => remotePort === PORT);
  return { peer, listener, story, look, isPacked };
}

type Stage = ReturnType<typeof listening>;

const SYN = { seq: 0, from: PORT, mss: 900, windowScale: 3, sackPermitted: true, window: 5000 };

const SCRIPTS: Record<string, (stage: Stage) => void> = {
  "the handshake ends, and text goes both ways": ({ peer, listener, look }) => {
    peer.advance(30);
    peer.send(".", { seq: 1, ack: 1, from: PORT, window: 700, timestamps: [78, 0] });
    look();
    const conn = listener.accept();
    conn?.write(new Uint8Array(4000), 0, 4000);
    peer.settle();
    look();
    peer.send("P.", { seq: 1, ack: 901, from: PORT, window: 700, timestamps: [79, 0], text: 3 });
    peer.advance(1000);
    look();
    expect(conn?.readableBytes).toBe(3);
  },
  "nobody ever answers": ({ peer, look }) => {
    for (let seconds = 0; seconds < 100; seconds++) {
      peer.advance(1000);
      look();
    }
  },
  "the SYN comes again, and again at once": ({ peer, look }) => {
    peer.advance(700);
    peer.send("S", SYN);
    peer.send("S", SYN);
    look();
    peer.advance(5000);
    look();
  },
  "the SYN-ACK is tried again, then answered": ({ peer, look }) => {
    peer.advance(3500);
    look();
    peer.send(".", { seq: 1, ack: 1, from: PORT });
    look();
  },
  "it is reset": ({ peer, look }) => {
    peer.send("R", { seq: 1, from: PORT });
    look();
    peer.advance(10_000);
    look();
  },
  "a reset, a SYN and text beside the window are answered as they are worth": ({ peer, look }) => {
    peer.send("R", { seq: 5, from: PORT });
    look();
    peer.advance(600);
    peer.send("S", { seq: 9, from: PORT });
    look();
    peer.advance(600);
    peer.send("P.", { seq: 999_999, ack: 1, text: 10, from: PORT });
    look();
    peer.send(".", { seq: 1, ack: 7, from: PORT });
    look();
  },
  "the listener closes": ({ peer, listener, look }) => {
    listener.close();
    peer.settle();
    look();
  },
};

describe.each([WINDOWS, LINUX, RFC])("a half-open connection among many is packed, and nobody can tell, under $name", (profile) => {
  test.each(Object.keys(SCRIPTS))("%s", (name) => {
    const [alone, among] = [0, UNPACKED_HALF_OPEN].map((others) => {
      const stage = listening(others, profile);
      stage.peer.send("S", name.startsWith("the handshake") ? { ...SYN, timestamps: [77, 0] } : SYN);
      stage.look();
      expect(stage.isPacked()).toBe(others > 0);
      SCRIPTS[name]!(stage);
      return stage.story;
    });
    expect(alone!.length).toBeGreaterThan(2);
    expect(among).toEqual(alone);
  });
});
