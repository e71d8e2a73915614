import { describe, expect, test } from "@jest/globals";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import { connectPair, TwoHosts } from "../../support/two-hosts.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The peer sends 8 MiB, and `take` is called for every piece that arrives, or at times. @returns the largest window that was offered, in bytes */
function largestWindow(take: (connection: TcpConnection) => void, everyMs?: number, delayMs = 1): number {
  const hosts = new TwoHosts({ impairment: { delayMs } });
  // The host has run for a while.
  hosts.simulation.advance(1000);
  const { client, server } = connectPair(hosts);
  const connection = client.connection!;
  let largest = 0;
  connection.user = { readable: () => everyMs === undefined && take(connection) };
  const tick = () => {
    take(connection);
    hosts.simulation.at(hosts.simulation.now + everyMs!, tick);
  };
  if (everyMs !== undefined) tick();
  server.connection!.write(new Uint8Array(8 * MIB), 0, 8 * MIB);
  const isOver = () => {
    const { bytesReceived, rcvWnd } = connection.status();
    largest = Math.max(largest, rcvWnd);
    return bytesReceived === 8 * MIB;
  };
  for (let i = 0; i < 2000 && !isOver(); i++) hosts.simulation.advance(1);
  return largest;
}

const all = (connection: TcpConnection) => connection.discard(connection.readableBytes);

describe("the receive window", () => {
  test("[RCV-16] grows for a user that reads all at once", () => {
    expect(largestWindow(all)).toBeGreaterThan(MIB);
  });

  test("does not grow for a user that the network overtakes", () => {
    const slow = (connection: TcpConnection) => connection.read(new Uint8Array(4 * KIB), 0, 4 * KIB);
    expect(largestWindow(slow, 2)).toBeLessThanOrEqual(64 * KIB);
  });

  test.each([
    ["grows for a user that is late, and takes a whole buffer in a moment", 0.2, true],
    ["does not grow for one that takes it in its time", 2, false],
  ])("%s", (_what, everyMs, grows) => {
    // Most of a buffer is always there.
    const some = (connection: TcpConnection) => connection.read(new Uint8Array(24 * KIB), 0, 24 * KIB);
    const largest = largestWindow(some, everyMs, 0.01);
    expect([largest > 64 * KIB, largest < MIB]).toEqual([grows, true]);
  });
});
