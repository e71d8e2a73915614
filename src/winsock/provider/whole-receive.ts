import type { TcpConnection } from "../../stack/tcp/tcp-service.ts";
import type { Outcome } from "./outcome.ts";

/**
 * A receive with MSG_WAITALL: collects until there are `count` bytes, or the stream ends. Bytes that it has left the stream: whoever gives it
 * up gets them.
 */
export class WholeReceive {
  readonly #count: number;
  #bytes = new Uint8Array(0);
  #received = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Takes what there is. @returns undefined while more has to come */
  take(connection: TcpConnection): Outcome | undefined {
    // It has memory for what came, and not for all that was asked for.
    const reached = Math.min(this.#count, this.#received + connection.readableBytes);
    if (reached > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#count, Math.max(reached, 2 * this.#bytes.length)));
      grown.set(this.#bytes.subarray(0, this.#received));
      this.#bytes = grown;
    }
    this.#received += connection.read(this.#bytes, this.#received, reached);
    const isOver = this.#received === this.#count || (connection.readableBytes === 0 && connection.finReceived);
    return isOver ? this.#outcome : undefined;
  }

  /** What it has; undefined for nothing. */
  get gathered(): Outcome | undefined {
    return this.#received === 0 ? undefined : this.#outcome;
  }

  get #outcome(): Outcome {
    return { result: this.#received, error: 0, data: this.#bytes.subarray(0, this.#received) };
  }
}
