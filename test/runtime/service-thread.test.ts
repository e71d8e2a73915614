import { expect, test } from "@jest/globals";
import { parseNetworkUrl } from "../../src/runtime/network-url.ts";
import { hostThread } from "../../src/runtime/networks.ts";

/** The host's thread runs what was built: `npm run build` first. */

test("channels that come and go one after the other share a little memory, instead of taking more each time", async () => {
  const network = parseNetworkUrl("embedded:");
  if (network.kind === "daemon") throw new Error("not a host of our own");
  const thread = hostThread(network.host);
  try {
    await thread.untilRunning();
    const memories = new Set<SharedArrayBuffer>();
    for (let i = 0; i < 50; i++) {
      const channel = thread.attach();
      memories.add(channel.memory);
      channel.markClosed();
      thread.doorbell.ring();
      // The host lets go of it in its own time.
      for (let tries = 0; tries < 1000 && !channel.isSpent; tries++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(channel.isSpent).toBe(true);
    }
    expect(memories.size).toBe(1);
  } finally {
    await thread.stop();
  }
});
