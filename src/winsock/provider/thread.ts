import { MessageQueue } from "./message-window.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Process } from "./process.ts";
import type { ThreadOptions } from "./thread-options.ts";

/** What is remembered for a thread that never asks. */
const MOST_TAKEN_ELSEWHERE = 65_536;
const MOST_TOLD_AT_ONCE = 1024;

/** One thread of a program. All that the host knows of it is which of its calls wait, and whether it takes their answers. */
export class Thread implements ThreadOptions {
  readonly id: number;
  readonly process: Process;
  /** By the caller's number of each. */
  readonly pending = new Map<number, PendingCall>();
  /** Posted to its windows. */
  readonly messages = new MessageQueue();
  /** Calls and posted packets of this thread that another thread has heard of, as this one, which has names for them, will be told. */
  readonly #takenElsewhere: number[] = [];
  openType = 0;
  /** Leaves its replies unread: what it waits for had better wait on. */
  isHeld = false;

  constructor(id: number, process: Process) {
    this.id = id;
    this.process = process;
    this.messages.onStateChange = () => process.traceWaitable(id, 0, "message-queue", this.messages.stateText);
  }

  /** Another thread has taken the packet of this call, or the one posted under this number. */
  tookElsewhere(call: number): void {
    if (call !== 0 && this.#takenElsewhere.length < MOST_TAKEN_ELSEWHERE) this.#takenElsewhere.push(call);
  }

  /** What came to `tookElsewhere`, once each, as reply data; undefined where nothing did. */
  tellTakenElsewhere(): Uint8Array | undefined {
    if (this.#takenElsewhere.length === 0) return undefined;
    return new Uint8Array(Float64Array.from(this.#takenElsewhere.splice(0, MOST_TOLD_AT_ONCE)).buffer);
  }
}

/** Who makes a call, and by which handle. */
export interface Caller {
  readonly process: Process;
  readonly thread: Thread;
  /** 0 where the call takes none. */
  readonly handle: number;
  /** The call does not keep its thread: it waits where a nonblocking one would fail, and without a time-out. */
  readonly isOverlapped: boolean;
}
