import { expect, test } from "@jest/globals";
import { connected } from "./wired-hosts.ts";

test("Nagle holds the tail of a super-segment as it holds a small segment (RFC 9293 §3.7.4)", () => {
  const { simulation, ours, client } = connected({ offloads: { checksum: true, tso4: true, tso6: false } });
  const sent = () => client.status().bytesSent;
  const write = (bytes: number) => {
    client.write(new Uint8Array(bytes), 0, bytes);
    // One turn of ours: the peer has not answered yet.
    ours.turn(simulation.now);
  };
  const { mss } = client.status();
  write(100);
  expect(sent()).toBe(100);
  write(3 * mss + 10);
  expect(sent()).toBe(100 + 3 * mss);
  write(mss - 10);
  expect(sent()).toBe(100 + 4 * mss);
  client.setOptions({ noDelay: true });
  write(2 * mss + 10);
  expect(sent()).toBe(100 + 6 * mss + 10);
});
