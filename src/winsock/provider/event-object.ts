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
    this.#isSet = true;
    this.wake();
  }

  reset(): void {
    this.#isSet = false;
  }

  /** A wait is over because of it. */
  consume(): void {
    if (!this.#isManualReset) this.#isSet = false;
  }

  override abort(): void {}
}
