import { expect, test } from "@jest/globals";
import { pattern } from "../../support/two-hosts.ts";
import { connected } from "./wired-hosts.ts";

test("a full device makes a connection wait, and the stream goes on when it takes frames again", () => {
  const { simulation, ours, client, server } = connected({ peerQueueFrames: 3 });
  const bytes = pattern(300_000, 3);
  client.write(bytes, 0, bytes.length);
  ours.turn(simulation.now);
  expect(ours.isBlocked).toBe(true);
  simulation.run(() => server.receivedBytes === bytes.length, 60_000);
  expect(Buffer.compare(server.bytes(), bytes)).toBe(0);
  expect(client.status().retransmissions).toBe(0);
});

test("a connection that ends while it waits for the device is waited for no longer", () => {
  const { simulation, ours, client } = connected({ peerQueueFrames: 3 });
  client.write(new Uint8Array(300_000), 0, 300_000);
  ours.turn(simulation.now);
  client.abort();
  expect(ours.isBlocked).toBe(false);
});

test("what a full device keeps from leaving is no try: neither text nor a probe of the window is given up for it (RFC 9293 §3.8.3)", () => {
  const { simulation, ours, client } = connected({ peerQueueFrames: 3 });
  client.write(new Uint8Array(300_000), 0, 300_000);
  let { now } = simulation;
  // Only ours has its turns: nobody takes the frames off the wire.
  while (now < 2_000_000) {
    ours.turn(now);
    now = Math.min(2_000_000, Math.max(now, ours.nextDeadlineMs));
  }
  ours.turn(now);
  expect(ours.isBlocked).toBe(true);
  expect(client.state).toBe("ESTABLISHED");
});
