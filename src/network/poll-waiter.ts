import type { LinuxTap } from "../tap/linux-tap.ts";
import { Poller } from "../tap/poll.ts";
import type { Doorbell } from "../transport/doorbell.ts";
import type { Waiter } from "./host-loop.ts";

/** Sleeps in poll(2) on a TAP, on a wake-up descriptor, and on what else makes work when it is readable. */
export class PollWaiter implements Waiter {
  readonly #tap: LinuxTap | undefined;
  readonly #poller = new Poller();
  readonly #descriptor: number;
  #interest: "read" | "read+write" | "none" = "none";

  /** @throws TapError when the system has no descriptors left */
  constructor(doorbell: Doorbell, tap: LinuxTap | undefined) {
    this.#tap = tap;
    this.#descriptor = tap?.descriptor ?? -1;
    doorbell.useDescriptor(this.#poller.wakeDescriptor);
  }

  /** Ends each wait when this descriptor is readable. */
  watch(descriptor: number): void {
    this.#poller.add(descriptor, "read");
  }

  wait(timeoutMs: number): void {
    const tap = this.#tap;
    if (tap !== undefined) this.#watch(tap.isGone ? "none" : tap.wantsWritable ? "read+write" : "read");
    if (this.#poller.wait(timeoutMs) === 0) return;
    if (this.#poller.isReadable(this.#poller.wakeDescriptor)) this.#poller.drainWake();
    if (this.#interest === "read+write" && this.#poller.isWritable(this.#descriptor)) tap?.becameWritable();
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
