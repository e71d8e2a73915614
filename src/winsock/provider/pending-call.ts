import type { Timer, TimerQueue } from "../../stack/core/timers.ts";
import { WSAEINTR } from "../abi/errors.ts";
import { type CallDirection, failed, type Outcome, type Wait } from "./outcome.ts";
import type { Caller } from "./thread.ts";

/** A call whose answer is still to come: it sits with what it waits for until it ends, exactly once. */
export class PendingCall {
  readonly client: number;
  readonly call: number;
  /** The C function's. */
  readonly name: string;
  /** By which handle it was made; only overlapped calls can be cancelled by it. */
  readonly handle: number;
  readonly isOverlapped: boolean;
  readonly #wait: Wait;
  readonly #finish: (outcome: Outcome, isAhead: boolean) => void;
  readonly #timer: Timer | undefined;
  readonly #isHeld: () => boolean;
  #isOver = false;

  /**
   * @param name for listings of timers
   * @param isHeld whether the program leaves its replies unread, so that this call had better wait on
   */
  constructor(
    client: number,
    call: number,
    name: string,
    { handle, isOverlapped }: Pick<Caller, "handle" | "isOverlapped">,
    wait: Wait,
    timers: TimerQueue,
    isHeld: () => boolean,
    finish: (outcome: Outcome, isAhead: boolean) => void,
  ) {
    this.client = client;
    this.call = call;
    this.name = name;
    this.handle = handle;
    this.isOverlapped = isOverlapped;
    this.#wait = wait;
    this.#isHeld = isHeld;
    this.#finish = finish;
    for (const waitable of wait.on) waitable.waiting.add(this);
    const isForEver = wait.timeoutMs === Number.POSITIVE_INFINITY;
    if (isForEver && wait.lookAgainMs === undefined) return;
    this.#timer = timers.timer(
      `${name}-timeout`,
      () => `winsock ${name}`,
      isForEver ? () => this.#lookAgain() : () => this.end(wait.timedOut()),
      this,
    );
    this.#timer.set(isForEver ? wait.lookAgainMs! : wait.timeoutMs);
  }

  /** Those behind it may have waited for it. */
  #lookAgain(): void {
    for (const waitable of this.#wait.on) waitable.wake();
  }

  /** Something that it waits for changed. */
  retry(): void {
    if (this.#isOver || this.#isHeld()) return;
    const outcome = this.#wait.attempt(this);
    if (outcome !== undefined) this.end(outcome);
  }

  /** Bytes that are kept while it waits. */
  get bytes(): number {
    return this.#wait.bytes ?? 0;
  }

  /** What it is about goes one way and not the other: earlier calls of the same direction come first. */
  get direction(): CallDirection | undefined {
    return this.#wait.direction;
  }

  /** As of `Wait`. */
  get isBehindShown(): boolean {
    return this.#wait.isBehindShown?.() === true;
  }

  /** Its program gives it up, and gets what it has. */
  giveUp(): void {
    const gathered = this.#isOver ? undefined : this.#wait.gathered?.();
    if (gathered === undefined) this.interrupt();
    else this.end(gathered);
  }

  /** Ends with this code, whatever the state of things. */
  interrupt(code = WSAEINTR): void {
    if (this.#isOver) return;
    this.abandon();
    this.#finish(failed(code), false);
  }

  /** Ends without an answer, because nobody is there to hear it. */
  abandon(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#wait.cancelled?.();
  }

  /** @param isAhead as of `Sequel.completed` */
  end(outcome: Outcome, isAhead = false): void {
    if (this.#isOver) return;
    this.#leave();
    this.#finish(outcome, isAhead);
  }

  #leave(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    for (const waitable of this.#wait.on) waitable.waiting.delete(this);
  }
}
