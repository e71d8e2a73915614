/** A thread that takes one request and dies of a lack of memory, or is terminated, without a word: give it a small heap. */
import { workerData } from "node:worker_threads";
import { Channel } from "../../dist/transport/channel.js";
import { Doorbell } from "../../dist/transport/doorbell.js";
import { thisThread } from "../../dist/transport/native-thread.js";
import { RingReader } from "../../dist/transport/ring.js";

const doorbell = new Doorbell(workerData.doorbell);
doorbell.useThread(thisThread());
doorbell.becomeRunning();
const reader = new RingReader(new Channel(workerData.channel).requests);
while (!reader.hasMessage) {
  doorbell.aboutToSleep();
  if (!reader.hasMessage) doorbell.sleep(100);
  doorbell.awake();
}
const kept = [];
for (;;) kept.push(new Array(10_000).fill(kept.length));
