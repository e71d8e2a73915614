import { workerData } from "node:worker_threads";
import { Doorbell } from "../transport/doorbell.ts";
import { thisThread } from "../transport/native-thread.ts";
import type { ThreadData } from "./service-thread.ts";

/**
 * What every service thread begins with. It has next to nothing to load itself, so that whatever keeps the real program from loading is
 * told through the doorbell: whoever started the thread is blocked there, and hears no event of it.
 */

const { doorbell: memory } = workerData as ThreadData;
const doorbell = new Doorbell(memory);
doorbell.useThread(thisThread());
try {
  await import("./host-thread.js");
} catch (error) {
  doorbell.declareEnded(
    `Cannot start the network: host-thread cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
  );
}
