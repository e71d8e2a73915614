import { describe, expect, test } from "@jest/globals";
import { Channel, newChannelMemory } from "../../src/runtime/channel.ts";
import { DaemonRelay } from "../../src/runtime/daemon-relay.ts";
import { emptyMessage, MAX_DATA, type Message, REPLY } from "../../src/runtime/message.ts";
import type { LinkReceiver } from "../../src/runtime/message-link.ts";
import { RingReader } from "../../src/runtime/ring.ts";
import type { SocketLink } from "../../src/runtime/socket-link.ts";

describe("a relay whose client's ring is full", () => {
  test("has work as soon as the client has made room, rung or not", () => {
    const channel = new Channel(newChannelMemory());
    let resumed = 0;
    const link: { receiver: LinkReceiver | undefined; resume(): void } = { receiver: undefined, resume: () => resumed++ };
    const relay = new DaemonRelay(
      channel,
      link as unknown as SocketLink,
      () => {},
      () => {},
    );
    const reply: Message = { ...emptyMessage(), kind: REPLY, data: new Uint8Array(MAX_DATA) };
    while (link.receiver!.message(reply));
    expect(relay.hasWork).toBe(false);

    const reader = new RingReader(channel.replies);
    const got = emptyMessage();
    while (reader.read(got)) reader.release();
    expect(relay.hasWork).toBe(true);
    relay.pump();
    expect(resumed).toBe(1);
    expect(relay.hasWork).toBe(false);
  });
});
