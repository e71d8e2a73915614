/** Sends one event to a client. @returns false when the client is too slow, and the event lost */
export type EventSender = (client: number, subscription: number, count: number, data: Uint8Array) => boolean;

interface Stream {
  readonly client: number;
  readonly kind: string;
  readonly end: () => void;
  /** Events made so far, lost ones included: the next one's number. */
  count: number;
  lost: number;
}

/** How many streams one client may have. */
const MAX_STREAMS = 8;

export interface StreamCounts {
  readonly sent: number;
  readonly lost: number;
}

/** The subscriptions of all clients. A client that does not keep up loses events; it never holds up the host. */
export class EventStreams {
  readonly #send: EventSender;
  readonly #streams = new Map<number, Stream>();
  #last = 0;

  constructor(send: EventSender) {
    this.#send = send;
  }

  /**
   * Begins a stream: `begin` gets the function that sends, and returns what ends its source.
   * @throws RangeError when the client has too many
   */
  start(client: number, kind: string, begin: (emit: (data: Uint8Array) => void) => () => void): number {
    let own = 0;
    for (const stream of this.#streams.values()) if (stream.client === client) own++;
    if (own >= MAX_STREAMS) throw new RangeError(`Cannot start one more ${kind}: a client may have ${MAX_STREAMS} at a time`);
    const subscription = ++this.#last;
    const stream: Stream = { client, kind, end: () => end(), count: 0, lost: 0 };
    const end = begin((data) => {
      if (!this.#send(client, subscription, stream.count++, data)) stream.lost++;
    });
    // Only now, so that a source that cannot begin leaves nothing behind.
    this.#streams.set(subscription, stream);
    return subscription;
  }

  /** @throws RangeError when the client has no such stream */
  stop(client: number, kind: string, subscription: number): StreamCounts {
    const stream = this.#streams.get(subscription);
    if (stream === undefined || stream.client !== client || stream.kind !== kind) {
      throw new RangeError(`Cannot stop the ${kind} ${subscription}: this client has none of that number`);
    }
    stream.end();
    this.#streams.delete(subscription);
    return { sent: stream.count - stream.lost, lost: stream.lost };
  }

  closeClient(client: number): void {
    for (const [subscription, stream] of this.#streams) {
      if (stream.client !== client) continue;
      this.#streams.delete(subscription);
      stream.end();
    }
  }

  totals(): { subscriptions: number; sent: number; lost: number } {
    const totals = { subscriptions: this.#streams.size, sent: 0, lost: 0 };
    for (const stream of this.#streams.values()) {
      totals.sent += stream.count - stream.lost;
      totals.lost += stream.lost;
    }
    return totals;
  }
}
