/** AbortSignals as calls mind them: a listener goes with its call, however long the program's signal lives. */

/**
 * The signal of something that takes more than one call: aborted with the program's, or by itself. (AbortSignal.any would do, but that a
 * signal remembers for as long as it lives what was made of it.)
 */
export class CallAbort {
  readonly #own = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #follow = () => this.abort(this.#outer?.reason);

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#follow();
    else outer?.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  abort(reason: unknown): void {
    this.#own.abort(reason);
  }

  /** It is over; the program's signal hears no more of it. */
  release(): void {
    this.#outer?.removeEventListener("abort", this.#follow);
  }
}

/** Waits, but no longer than the signal lets. @throws its reason */
export function unlessAborted(what: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return what;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    what.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** The wait of a call for those before it, which a signal can end. Once its turn has come the call itself minds the signal. */
export class Turn {
  readonly #signal: AbortSignal | undefined;
  #leave = () => {};

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  unlessAborted<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#leave = () => reject(this.#signal?.reason);
      this.#signal?.addEventListener("abort", this.#leave, { once: true });
      call.then(resolve, reject);
    });
  }

  come(): void {
    this.#signal?.removeEventListener("abort", this.#leave);
  }
}
