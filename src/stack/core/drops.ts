/** Packets that came to nothing, counted by the reason's name. Reasons are fixed words of the code, so their number is bounded. */
export class DropCounters {
  readonly #counts = new Map<string, number>();

  count(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  of(reason: string): number {
    return this.#counts.get(reason) ?? 0;
  }

  /** All reasons seen so far, for `status` and the tests. */
  all(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort());
  }
}
