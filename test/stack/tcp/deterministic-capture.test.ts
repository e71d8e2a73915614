import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { connectPair, pattern, TwoHosts } from "../../support/two-hosts.ts";

/** Runs one lossy transfer and returns the hash of its whole capture file: every frame with its time, and the comments. */
function hashOfRun(seed: number): string {
  const hosts = new TwoHosts({
    seed,
    impairment: { loss: 0.1, duplicate: 0.05, reorder: 0.1, reorderDelayMs: 5, delayMs: 3, jitterMs: 2 },
  });
  const hash = createHash("sha256");
  let blocks = 0;
  const sink = (block: Uint8Array): void => {
    hash.update(block);
    blocks++;
  };
  hosts.capture.start({ sink, trace: hosts.ours.trace });
  const { client, server } = connectPair(hosts);
  const bytes = pattern(50_000, seed);
  client.connection?.write(bytes, 0, bytes.length);
  client.connection?.shutdownSend();
  hosts.simulation.run(() => server.has("end"), 3_600_000);
  hosts.capture.stop();
  expect(server.receivedBytes).toBe(50_000);
  expect(blocks).toBeGreaterThan(50);
  return hash.digest("hex");
}

test("[SYS-02] the same seed gives the same bytes in the capture, another seed others", () => {
  expect(hashOfRun(5)).toBe(hashOfRun(5));
  expect(hashOfRun(5)).not.toBe(hashOfRun(6));
});
