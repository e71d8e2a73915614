/** Handles are multiples of 4 below this, as they are on Windows in practice. */
export const HANDLE_LIMIT = 2 ** 24;
export const HANDLE_STEP = 4;
/** With most handles free the next one is found at once, however the others lie. */
const MOST_ENTRIES = HANDLE_LIMIT / HANDLE_STEP / 4;

/** The handles of one program: never 0 or INVALID_SOCKET, and one that was closed comes back only after all others had their turn. */
export class HandleTable<T> {
  readonly #entries = new Map<number, T>();
  readonly #limit: number;
  #last = 0;

  /** @param limit entries; at most a quarter of all handles */
  constructor(limit: number) {
    this.#limit = Math.min(limit, MOST_ENTRIES);
  }

  get size(): number {
    return this.#entries.size;
  }

  get isFull(): boolean {
    return this.#entries.size >= this.#limit;
  }

  /** The next free handle. Look at `isFull` before. */
  reserve(): number {
    do {
      this.#last = (this.#last + HANDLE_STEP) % HANDLE_LIMIT;
    } while (this.#last === 0 || this.#entries.has(this.#last));
    return this.#last;
  }

  set(handle: number, entry: T): void {
    this.#entries.set(handle, entry);
  }

  get(handle: number): T | undefined {
    return this.#entries.get(handle);
  }

  remove(handle: number): void {
    this.#entries.delete(handle);
  }

  /** A copy, so that entries may be removed while it is walked. */
  all(): [number, T][] {
    return [...this.#entries];
  }
}
