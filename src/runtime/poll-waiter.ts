import type { LinuxTap } from "../tap/linux-tap.ts";
import { Poller } from "../tap/poll.ts";
import type { Doorbell } from "./doorbell.ts";
import type { Waiter } from "./host-loop.ts";

/** Sleeps in poll(2) on a TAP and on a wake-up descriptor. */
export class PollWaiter implements Waiter {
  readonly #tap: LinuxTap;
  readonly #poller = new Poller();
  readonly #descriptor: number;
  #interest: "read" | "read+write" | "none" = "none";

  /** @throws TapError when the system has no descriptors left */
  constructor(doorbell: Doorbell, tap: LinuxTap) {
    this.#tap = tap;
    this.#descriptor = tap.descriptor;
    doorbell.useDescriptor(this.#poller.wakeDescriptor);
  }

  wait(timeoutMs: number): void {
    this.#watch(this.#tap.isGone ? "none" : this.#tap.wantsWritable ? "read+write" : "read");
    if (this.#poller.wait(timeoutMs) === 0) return;
    if (this.#poller.isReadable(this.#poller.wakeDescriptor)) this.#poller.drainWake();
    if (this.#interest === "read+write" && this.#poller.isWritable(this.#descriptor)) this.#tap.becameWritable();
  }

  close(): void {
    this.#poller.close();
  }

  #watch(interest: "read" | "read+write" | "none"): void {
    if (interest === this.#interest) return;
    this.#interest = interest;
    if (interest === "none") this.#poller.remove(this.#descriptor);
    else this.#poller.add(this.#descriptor, interest);
  }
}
