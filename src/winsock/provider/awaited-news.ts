import type { ByteBudget } from "./limits.ts";

/** What it costs a program to wait for a change: less in memory than in the look that each change of the host's ways takes for it. */
export const BYTES_OF_WATCH = 16 * 1024;

/** The changes of the host that a nonblocking socket has asked for, each of which is told as a network event, once. */
export class AwaitedNews {
  readonly #budget: ByteBudget;
  readonly #ends = new Map<string, () => void>();

  /** @param budget of its program, which answers for what it waits for */
  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /**
   * In place of what was asked about the same thing before.
   * @param begin starts watching, and calls `over` once the change was there. @returns ends it before
   * @returns false when the program may wait for no more
   */
  await(about: string, begin: (over: () => void) => () => void): boolean {
    this.#end(about);
    if (this.#budget.left < BYTES_OF_WATCH) return false;
    this.#budget.change(BYTES_OF_WATCH);
    this.#ends.set(
      about,
      begin(() => this.#end(about)),
    );
    return true;
  }

  end(): void {
    for (const about of [...this.#ends.keys()]) this.#end(about);
  }

  #end(about: string): void {
    const end = this.#ends.get(about);
    if (end === undefined) return;
    end();
    this.#ends.delete(about);
    this.#budget.change(-BYTES_OF_WATCH);
  }
}
