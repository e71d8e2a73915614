import type { HostContext } from "../core/context.ts";
import { fraction } from "../core/random.ts";

/** RFC 4861 §10. */
const MIN_RANDOM_FACTOR = 0.5;
const MAX_RANDOM_FACTOR = 1.5;
/** How long a draw holds (RFC 4861 §6.3.2: a few hours). */
const REDRAW_MS = 2 * 3600 * 1000;

/** For how long neighbours are trusted: drawn around a mean, so that hosts do not ask in step, and now and then anew (RFC 4861 §6.3.2, ReachableTime). */
export class ReachableTime {
  readonly #context: HostContext;
  #baseMs = 0;
  #drawnMs = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(context: HostContext) {
    this.#context = context;
  }

  /** @param baseMs the mean; another one than before is drawn around at once */
  draw(baseMs: number): number {
    const { now, random } = this.#context;
    if (now >= this.#untilMs || baseMs !== this.#baseMs) {
      this.#baseMs = baseMs;
      this.#drawnMs = baseMs * (MIN_RANDOM_FACTOR + (MAX_RANDOM_FACTOR - MIN_RANDOM_FACTOR) * fraction(random));
      this.#untilMs = now + REDRAW_MS;
    }
    return this.#drawnMs;
  }
}
