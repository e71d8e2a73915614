import type { DropReason } from "./drop-reasons.ts";

/** Packets that came to nothing, counted by the reason. */
export class DropCounters {
  readonly #counts = new Map<DropReason, number>();

  count(reason: DropReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  of(reason: DropReason): number {
    return this.#counts.get(reason) ?? 0;
  }

  /** All reasons seen so far, for `status` and the tests. */
  all(): Partial<Record<DropReason, number>> {
    return Object.fromEntries([...this.#counts].sort());
  }
}
