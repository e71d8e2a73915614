import { describe, expect, test } from "@jest/globals";
import { HostLoop } from "../../src/network/host-loop.ts";
import { Channel, newChannelMemory } from "../../src/transport/channel.ts";
import { ChannelServer } from "../../src/transport/channel-server.ts";
import { Doorbell, newDoorbellMemory } from "../../src/transport/doorbell.ts";
import { emptyMessage, type Message, OPEN, REPLY, REQUEST } from "../../src/transport/message.ts";
import { RingReader, RingWriter } from "../../src/transport/ring.ts";
import { EchoHandler, PRODUCE } from "../transport/echo-handler.ts";

/** A loop in this thread, with one client; `sleeping` plays what happens instead of its wait. */
function loopWithClient() {
  const doorbell = new Doorbell(newDoorbellMemory());
  const channel = new Channel(newChannelMemory());
  const handler = new EchoHandler();
  const server = new ChannelServer(channel, handler, { next: () => 1 });
  const calls: string[] = [];
  const parts = { idle: () => {}, sleeping: () => {} };
  const clock = { nowMs: 0 };
  const host = {
    nowMs: 0,
    turned: () => {},
    enter(nowMs: number) {
      host.nowMs = nowMs;
    },
    turn(nowMs: number) {
      host.nowMs = nowMs;
      calls.push("turn");
      host.turned();
      return false;
    },
    nextDeadlineMs: Number.POSITIVE_INFINITY,
  };
  const waiter = {
    wait() {
      calls.push("wait");
      parts.sleeping();
    },
  };
  let servers = [server];
  const newServers = () => servers.splice(0);
  const loop = new HostLoop({ host, now: () => clock.nowMs, doorbell, waiter, newServers, idle: () => parts.idle() });
  const requests = new RingWriter(channel.requests);
  const replies = new RingReader(channel.replies);
  requests.write({ ...emptyMessage(), kind: OPEN, client: 1 });
  doorbell.announceAttachment();
  servers = [server];
  return { doorbell, channel, handler, server, host, clock, calls, parts, loop, requests, replies };
}

describe("the host's loop", () => {
  test("does not sleep while the client has made room for replies that wait, rung or not", () => {
    const { doorbell, calls, parts, loop, requests, replies } = loopWithClient();
    const message: Message = emptyMessage();
    const length = 3 * 1024 * 1024;
    let bytes = 0;
    requests.write({ ...emptyMessage(), kind: REQUEST, client: 1, id: 1, op: PRODUCE, a: length });
    const take = () => {
      while (replies.read(message)) {
        expect(message.kind).toBe(REPLY);
        bytes += message.data?.length ?? 0;
        if (replies.release()) doorbell.ring();
      }
    };
    // The client reads while the host is awake, when ringing does nothing, between its last look and its sleep.
    const { aboutToSleep } = doorbell;
    doorbell.aboutToSleep = () => {
      take();
      aboutToSleep.call(doorbell);
    };
    parts.sleeping = () => doorbell.stop();
    loop.run();
    take();
    expect(bytes).toBe(length);
    expect(calls.filter((c) => c === "wait").length).toBe(1);
  });

  test("wakes the client for what is sent when the host has become idle", () => {
    const { doorbell, channel, server, parts, loop } = loopWithClient();
    parts.idle = () => server.event(1, 7, 0, new Uint8Array(3));
    channel.aboutToSleep();
    let isAwake = false;
    const { wakeClient } = channel;
    channel.wakeClient = () => {
      isAwake = true;
      wakeClient.call(channel);
    };
    parts.sleeping = () => {
      expect(isAwake).toBe(true);
      doorbell.stop();
    };
    loop.run();
    expect.assertions(1);
  });

  test("tells the host the time before a client's calls, and at its turn", () => {
    const { doorbell, handler, host, clock, parts, loop, requests } = loopWithClient();
    requests.write({ ...emptyMessage(), kind: REQUEST, client: 1, id: 1, op: PRODUCE, a: 1 });
    parts.sleeping = () => doorbell.stop();
    const times: string[] = [];
    const { call } = handler;
    handler.call = (...args) => {
      times.push(`call at ${host.nowMs}`);
      clock.nowMs = 7;
      call.apply(handler, args);
    };
    host.turned = () => times.push(`turn at ${host.nowMs}`);
    clock.nowMs = 5;
    loop.run();
    expect(times.slice(0, 2)).toEqual(["call at 5", "turn at 7"]);
  });

  test("gives the host a turn after a client has left, for what closing it has to send", () => {
    const { doorbell, channel, handler, calls, parts, loop } = loopWithClient();
    parts.sleeping = () => {
      if (handler.closed.length > 0) doorbell.stop();
      channel.markClosed();
    };
    const { closeClient } = handler;
    handler.closeClient = (client) => {
      calls.push("close");
      closeClient.call(handler, client);
    };
    loop.run();
    expect(calls.slice(calls.indexOf("close"))).toEqual(["close", "turn", "wait"]);
  });
});
