/** An event as it goes out, and what it counts for where it is left out. */
export interface KeptEvent {
  /** JSON of a `RunEvent`. */
  readonly text: string;
  readonly atMs: number;
  readonly events: number;
  readonly frames: number;
  readonly bytes: number;
}

export interface KeptLimits {
  readonly events: number;
  readonly bytes: number;
}

/** For hours of a quiet host and minutes of a busy one. */
export const KEPT_LIMITS: KeptLimits = { events: 100_000, bytes: 48 * 1024 * 1024 };

/** The events of a run until now, the oldest given up when there are many. Places count from the first event of the run. */
export class KeptEvents {
  readonly #limits: KeptLimits;
  #events: KeptEvent[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limits: KeptLimits = KEPT_LIMITS) {
    this.#limits = limits;
  }

  /** Place of the oldest that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Place that the next will have. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  push(event: KeptEvent): void {
    this.#events.push(event);
    this.#bytes += event.text.length;
    if (this.#events.length > this.#limits.events || this.#bytes > this.#limits.bytes) this.#giveUpOldest();
  }

  at(place: number): KeptEvent | undefined {
    return this.#events[place - this.#first];
  }

  slice(from: number, to: number): readonly KeptEvent[] {
    return this.#events.slice(Math.max(0, from - this.#first), Math.max(0, to - this.#first));
  }

  clear(): void {
    this.#events = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** A tenth at a time, so that it is seldom. */
  #giveUpOldest(): void {
    const most = { events: this.#limits.events * 0.9, bytes: this.#limits.bytes * 0.9 };
    let count = 0;
    while (count < this.#events.length && (this.#events.length - count > most.events || this.#bytes > most.bytes)) {
      this.#bytes -= this.#events[count++]!.text.length;
    }
    this.#events.splice(0, count);
    this.#first += count;
  }
}
