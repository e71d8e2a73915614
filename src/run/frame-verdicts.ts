import type { RunEvent } from "./run-event.ts";

/** Frames of each host whose verdict may still come. */
const MAX_AWAITED = 1024;

/**
 * What a host made of the frames that came to it: `accepted`, or the reason for which one was dropped. Events are pushed in the order of
 * the run.
 */
export class FrameVerdicts {
  readonly #verdicts = new Map<number, string>();
  /** By host: places of frames that came, by the numbers of their events. */
  readonly #awaited = new Map<string, Map<number, number>>();
  readonly #latest = new Map<string, number>();

  /** Of the frame that came with the event at a place; undefined where nobody judged it. */
  of(place: number): string | undefined {
    return this.#verdicts.get(place);
  }

  push(event: RunEvent, place: number): void {
    if (event.type === "frame") {
      if (event.direction === "in") this.#came(event.host, event.number, place);
      return;
    }
    if (event.type !== "segment-judged" && event.type !== "frame-dropped") return;
    const caused = event.cause?.kind === "frame" ? this.#awaited.get(event.host)?.get(event.cause.number) : undefined;
    const judged = caused ?? (event.type === "frame-dropped" ? this.#latest.get(event.host) : undefined);
    if (judged === undefined) return;
    const verdict = event.type === "frame-dropped" ? event.reason : event.verdict;
    // A frame of several datagrams is judged more than once: a reason says more than that the rest was of use.
    if (verdict !== "accepted" || !this.#verdicts.has(judged)) this.#verdicts.set(judged, verdict);
  }

  #came(host: string, number: number, place: number): void {
    let awaited = this.#awaited.get(host);
    if (awaited === undefined) {
      awaited = new Map();
      this.#awaited.set(host, awaited);
    }
    awaited.set(number, place);
    if (awaited.size > MAX_AWAITED) awaited.delete(awaited.keys().next().value as number);
    this.#latest.set(host, place);
  }
}
