/** A thread that takes one request, answers nothing, and ends as a host's thread does after an uncaught exception. */
import { workerData } from "node:worker_threads";
import { Channel } from "../../dist/transport/channel.js";
import { Doorbell } from "../../dist/transport/doorbell.js";
import { RingReader } from "../../dist/transport/ring.js";

const doorbell = new Doorbell(workerData.doorbell);
const channel = new Channel(workerData.channel);
const reader = new RingReader(channel.requests);
while (!reader.hasMessage) {
  doorbell.aboutToSleep();
  if (!reader.hasMessage) doorbell.sleep(100);
  doorbell.awake();
}
doorbell.becomeEnded("an exception that nobody caught");
channel.release();
