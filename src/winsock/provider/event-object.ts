import { HandleObject } from "./waitable.ts";

/** What WSACreateEvent and CreateEvent make: nonsignalled or signalled, until somebody says otherwise or, with automatic reset, until one waiter has gone. */
export class EventObject extends HandleObject {
  readonly #isManualReset: boolean;
  #isSet: boolean;

  constructor(isManualReset: boolean, isSet: boolean) {
    super();
    this.#isManualReset = isManualReset;
    this.#isSet = isSet;
  }

  get isSignalled(): boolean {
    return this.#isSet;
  }

  set(): void {
    this.#become(true);
    this.wake();
  }

  reset(): void {
    this.#become(false);
  }

  /** A wait is over because of it. */
  consume(): void {
    if (!this.#isManualReset) this.#become(false);
  }

  /** For the trace. */
  get stateText(): string {
    return this.#isSet ? "signalled" : "not signalled";
  }

  #become(isSet: boolean): void {
    if (this.#isSet === isSet) return;
    this.#isSet = isSet;
    this.onStateChange?.();
  }

  override abort(): void {}
}
