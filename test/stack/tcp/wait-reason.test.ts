import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, WINDOWS } from "../../../src/stack/core/profile.ts";
import { WAIT_REASONS, type WaitReason, waitSentence } from "../../../src/stack/core/wait-reasons.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import type { WaitStatus } from "../../../src/stack/tcp/tcp-user.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { PEER_ADDRESS } from "../../support/two-hosts.ts";

interface Scene {
  readonly peer: ScriptPeer;
  readonly conn: TcpConnection;
}

function opened(profile: Profile = WINDOWS, isKnown = true): Scene {
  const peer = new ScriptPeer(profile, isKnown);
  const conn = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: NOBODY });
  if (typeof conn === "string") throw new Error(conn);
  peer.settle();
  return { peer, conn };
}

function established({ window = 65_535, profile = WINDOWS } = {}): Scene {
  const scene = opened(profile);
  scene.peer.send("S.", { seq: 0, ack: 1, mss: 1000, window, sackPermitted: true });
  scene.peer.seen.length = 0;
  return scene;
}

/** A listener whose accept queue is full, and one more that has completed its handshake. */
function crowded(): Scene {
  const peer = new ScriptPeer({ ...LINUX, backlogOverflow: "drop" });
  peer.ourPort = 80;
  peer.host.tcp.listen({ localPort: 80, backlog: 1, acceptable: () => {} });
  for (const from of [40_001, 40_002]) peer.send("S", { seq: 0, mss: 1000, from });
  for (const from of [40_001, 40_002]) peer.send(".", { seq: 1, ack: 1, from });
  return { peer, conn: undefined as unknown as TcpConnection };
}

function halfOpen(count: number): Scene {
  const peer = new ScriptPeer(WINDOWS);
  peer.ourPort = 80;
  peer.host.tcp.listen({ localPort: 80, backlog: 200, acceptable: () => {} });
  for (let i = 0; i < count; i++) peer.send("S", { seq: 0, mss: 1000, from: 40_000 + i });
  return { peer, conn: undefined as unknown as TcpConnection };
}

const write = ({ conn, peer }: Scene, length: number): void => {
  conn.write(new Uint8Array(length), 0, length);
  peer.settle();
};

/** Of the connection that the test has made, or that is still half open. */
function waitOf({ peer }: Scene): WaitStatus | undefined {
  const rows = peer.host.tcp.statuses();
  return (rows.find(({ state }) => state === "SYN-RECEIVED") ?? rows.at(-1))?.wait;
}

const CASES: readonly (readonly [what: string, wait: WaitStatus, make: () => Scene])[] = [
  ["a SYN is not answered", { reason: "syn-answer", timer: "retransmission", inMs: 1000 }, () => opened()],
  [
    "a SYN was refused, and is tried again",
    { reason: "syn-answer", timer: "syn-after-reset", inMs: 500 },
    () => {
      const scene = opened();
      scene.peer.send("R.", { seq: 0, ack: 1 });
      return scene;
    },
  ],
  ["the SYN waits for the neighbour", { reason: "neighbour" }, () => opened(WINDOWS, false)],
  [
    "text waits for a neighbour that is forgotten",
    { reason: "neighbour" },
    () => {
      const scene = established();
      scene.peer.forget();
      write(scene, 10);
      return scene;
    },
  ],
  [
    "the device takes nothing",
    { reason: "device-full" },
    () => {
      const scene = established();
      const device = scene.peer.host.devices[0]!;
      device.transmit = () => "full";
      write(scene, 10);
      return scene;
    },
  ],
  ["a SYN is answered", { reason: "handshake-end", timer: "retransmission", inMs: 1000 }, () => halfOpen(1)],
  ["a SYN is answered, and the connection packed", { reason: "handshake-end", timer: "retransmission", inMs: 1000 }, () => halfOpen(80)],
  ["the accept queue is full", { reason: "accept-queue" }, () => crowded()],
  [
    "text on its way",
    { reason: "acknowledgement", byteCount: 1500 },
    () => {
      const scene = established();
      scene.conn.setOptions({ noDelay: true });
      write(scene, 1500);
      return scene;
    },
  ],
  [
    "text and a FIN on their way",
    { reason: "acknowledgement", byteCount: 10 },
    () => {
      const scene = established();
      write(scene, 10);
      scene.conn.shutdownSend();
      scene.peer.settle();
      return scene;
    },
  ],
  [
    "text was lost",
    { reason: "loss-timeout", byteCount: 10, timer: "retransmission", inMs: 1100 },
    () => {
      const scene = established();
      write(scene, 10);
      scene.peer.advance(1000);
      return scene;
    },
  ],
  [
    "a FIN was lost",
    { reason: "loss-timeout", byteCount: 0, timer: "retransmission", inMs: 1100 },
    () => {
      const scene = established();
      scene.conn.shutdownSend();
      scene.peer.advance(1000);
      return scene;
    },
  ],
  [
    "less than a segment while another is on its way",
    { reason: "nagle", byteCount: 20 },
    () => {
      const scene = established();
      write(scene, 10);
      write(scene, 20);
      return scene;
    },
  ],
  [
    "the congestion window is used up",
    { reason: "congestion-window", byteCount: 40_000 },
    () => {
      const scene = established();
      write(scene, 50_000);
      return scene;
    },
  ],
  [
    "the peer's window is used up",
    { reason: "peer-window", byteCount: 5000 },
    () => {
      const scene = established({ window: 3000 });
      write(scene, 8000);
      return scene;
    },
  ],
  [
    "the peer's window is too small for a segment, and nothing is on its way",
    { reason: "peer-window", byteCount: 1000, timer: "persist", inMs: 300 },
    () => {
      const scene = established({ window: 4000 });
      scene.peer.send(".", { seq: 1, ack: 1, window: 100 });
      write(scene, 1000);
      return scene;
    },
  ],
  [
    "the peer's window is shut",
    { reason: "peer-window-shut", byteCount: 2000, timer: "persist", inMs: 300 },
    () => {
      const scene = established({ window: 3000 });
      write(scene, 5000);
      scene.peer.send(".", { seq: 1, ack: 3001, window: 0 });
      return scene;
    },
  ],
  [
    "only a FIN waits for a window that is shut",
    { reason: "peer-window-shut", byteCount: 0, timer: "persist", inMs: 300 },
    () => {
      const scene = established({ window: 0 });
      scene.conn.shutdownSend();
      scene.peer.settle();
      return scene;
    },
  ],
  [
    "the peer shut its window over what is on its way, and says so each time",
    { reason: "peer-window-shut", byteCount: 3000, timer: "retransmission", inMs: 600 },
    () => {
      const scene = established({ window: 3000 });
      write(scene, 3000);
      scene.peer.send(".", { seq: 1, ack: 1, window: 0 });
      scene.peer.advance(300);
      scene.peer.send(".", { seq: 1, ack: 1, window: 0 });
      return scene;
    },
  ],
  [
    "an acknowledgement is put off",
    { reason: "delayed-ack", timer: "delayed-ack", inMs: 40 },
    () => {
      const scene = established();
      scene.peer.send("P.", { seq: 1, ack: 1, text: 10 });
      return scene;
    },
  ],
  [
    "the program does not read",
    { reason: "unread", byteCount: 10 },
    () => {
      const scene = established();
      scene.peer.send("P.", { seq: 1, ack: 1, text: 10 });
      scene.peer.advance(500);
      return scene;
    },
  ],
  [
    "a FIN is on its way",
    { reason: "fin-acknowledgement" },
    () => {
      const scene = established();
      scene.conn.shutdownSend();
      scene.peer.settle();
      return scene;
    },
  ],
  [
    "half closed",
    { reason: "peer-fin" },
    () => {
      const scene = established();
      scene.conn.shutdownSend();
      scene.peer.settle();
      scene.peer.send(".", { seq: 1, ack: 2 });
      return scene;
    },
  ],
  [
    "closed, and the peer is not",
    { reason: "peer-fin", timer: "fin-wait-2", inMs: WINDOWS.finWait2Ms },
    () => {
      const scene = established();
      scene.conn.shutdownSend();
      scene.peer.settle();
      scene.peer.send(".", { seq: 1, ack: 2 });
      scene.conn.close(false);
      return scene;
    },
  ],
  [
    "the peer has closed",
    { reason: "own-close" },
    () => {
      const scene = established();
      scene.peer.send("F.", { seq: 1, ack: 1 });
      return scene;
    },
  ],
  [
    "over",
    { reason: "time-wait", timer: "time-wait", inMs: WINDOWS.timeWaitMs },
    () => {
      const scene = established();
      scene.conn.close(false);
      scene.peer.settle();
      scene.peer.send("F.", { seq: 1, ack: 2 });
      return scene;
    },
  ],
  ["nothing happens", { reason: "nothing-to-do" }, () => established()],
];

describe("What a connection waits for", () => {
  test.each(CASES)("%s: %j", (_what, wait, make) => {
    expect(waitOf(make())).toEqual(wait);
  });

  test("every reason there is has its case here", () => {
    expect(new Set(CASES.map(([, { reason }]) => reason))).toEqual(new Set(Object.keys(WAIT_REASONS)));
  });

  test("how long it has been quiet counts from what came or left last", () => {
    const scene = established();
    scene.peer.advance(3000);
    expect(scene.conn.status().quietMs).toBe(3000);
    write(scene, 10);
    scene.peer.advance(100);
    expect(scene.conn.status().quietMs).toBe(100);
    scene.peer.send(".", { seq: 1, ack: 11 });
    expect(scene.conn.status().quietMs).toBe(0);
  });

  test("a listener waits for nothing", () => {
    const { peer } = halfOpen(0);
    expect(peer.host.tcp.statuses()).toMatchObject([{ state: "LISTEN", wait: undefined }]);
  });
});

describe("The sentence of a wait", () => {
  test.each<[WaitReason, Parameters<typeof waitSentence>[1], string]>([
    [
      "nagle",
      { byteCount: 1 },
      "has 1 byte to send, less than a segment: by Nagle's rule they wait until all that is on its way is acknowledged",
    ],
    [
      "peer-window-shut",
      { byteCount: 3000, timer: "persist", untilMs: 1300 },
      "has 3000 bytes to send, and the peer's window is shut; asks again when the persist timer goes off in 300 ms",
    ],
    [
      "loss-timeout",
      { byteCount: 0, timer: "retransmission", untilMs: 2550 },
      "has a FIN that the peer has not acknowledged in time; sends again when the retransmission timer goes off in 1.6 s",
    ],
    [
      "delayed-ack",
      { timer: "delayed-ack", untilMs: 1040 },
      "owes the peer an acknowledgement, which waits for data to travel with, or for the delayed-ack timer in 40 ms",
    ],
    ["syn-answer", {}, "waits for the answer to its SYN; tries again, or gives up, when the time comes"],
  ])("%s %j", (reason, details, sentence) => {
    expect(waitSentence(reason, details, 1000)).toBe(sentence);
  });

  test("no sentence keeps a place for what it does not know", () => {
    for (const reason of Object.keys(WAIT_REASONS) as WaitReason[]) expect(waitSentence(reason, {}, 0)).not.toMatch(/[{}]/);
  });
});
