import { MessageQueue } from "./message-window.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Process } from "./process.ts";
import type { ThreadOptions } from "./thread-options.ts";

/** One thread of a program. All that the host knows of it is which of its calls wait, and whether it takes their answers. */
export class Thread implements ThreadOptions {
  readonly id: number;
  readonly process: Process;
  /** By the caller's number of each. */
  readonly pending = new Map<number, PendingCall>();
  /** Posted to its windows. */
  readonly messages = new MessageQueue();
  openType = 0;
  /** Leaves its replies unread: what it waits for had better wait on. */
  isHeld = false;

  constructor(id: number, process: Process) {
    this.id = id;
    this.process = process;
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
