import type { CallDirection } from "./outcome.ts";
import { HandleObject, Waitable } from "./waitable.ts";

/** Windows' own limit on what waits for a thread; what is posted beyond is refused. */
export const MOST_MESSAGES = 10_000;

/** A message of a window, as MSG has it. */
export interface WindowMessage {
  readonly hwnd: number;
  readonly message: number;
  readonly wParam: number;
  readonly lParam: number;
}

/** What was posted to the windows of one thread. */
export class MessageQueue extends Waitable {
  /** For the trace. */
  onStateChange: (() => void) | undefined;
  #messages: WindowMessage[] = [];

  /** @returns false when there is no room */
  post(message: WindowMessage): boolean {
    if (this.#messages.length >= MOST_MESSAGES) return false;
    this.#messages.push(message);
    this.onStateChange?.();
    this.wake();
    return true;
  }

  /**
   * The first message that is wanted; undefined when there is none.
   * @param hwnd 0 for any window
   * @param last 0 together with `first` 0 for any message
   */
  next(hwnd: number, first: number, last: number, isTaken: boolean): WindowMessage | undefined {
    const isAny = first === 0 && last === 0;
    const at = this.#messages.findIndex((m) => (hwnd === 0 || m.hwnd === hwnd) && (isAny || (m.message >= first && m.message <= last)));
    const found = this.#messages[at];
    if (isTaken && found !== undefined) {
      this.#messages.splice(at, 1);
      this.onStateChange?.();
    }
    return found;
  }

  /** For the trace. */
  get stateText(): string {
    return this.#messages.length === 1 ? "1 message" : `${this.#messages.length} messages`;
  }

  /** The window is gone. */
  forget(hwnd: number): void {
    const before = this.#messages.length;
    this.#messages = this.#messages.filter((message) => message.hwnd !== hwnd);
    if (this.#messages.length < before) this.onStateChange?.();
  }

  override isQueued(_direction: CallDirection): boolean {
    return false;
  }
}

/** A window of which there is nothing but its messages (Microsoft, "Message-Only Windows"). */
export class MessageWindow extends HandleObject {
  /** Of the thread that made it. */
  readonly queue: MessageQueue;
  isGone = false;

  constructor(queue: MessageQueue) {
    super();
    this.queue = queue;
  }

  override abort(): void {
    this.isGone = true;
  }
}
