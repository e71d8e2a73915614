import type { CallDirection } from "./outcome.ts";
import type { PendingCall } from "./pending-call.ts";

/** Something that calls may wait for: a socket, an event. */
export abstract class Waitable {
  /** Calls that wait for something to happen here, in the order in which they came. */
  readonly waiting = new Set<PendingCall>();

  /** An earlier call of this direction still waits. */
  isQueued(direction: CallDirection): boolean {
    for (const call of this.waiting) if (call.direction === direction) return true;
    return false;
  }

  /** No earlier call of its direction waits here. */
  isNext(call: PendingCall): boolean {
    for (const each of this.waiting) if (each.direction === call.direction) return each === call;
    return true;
  }

  /** Something changed: calls that wait here look again. */
  wake(): void {
    if (this.waiting.size === 0) return;
    for (const call of [...this.waiting]) call.retry();
  }
}

/** What a handle refers to. It lives as long as there are handles to it, in whatever processes. */
export abstract class HandleObject extends Waitable {
  /** How many refer to it. */
  handles = 0;
  /** For the trace, of what it shows. */
  onStateChange: (() => void) | undefined;

  /** The last handle goes with the process that had it: at once and without ceremony. */
  abstract abort(): void;
}
