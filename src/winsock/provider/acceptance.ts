import type { TcpConnection, TcpListener } from "../../stack/tcp/tcp-service.ts";
import type { AbortReason, TcpUser } from "../../stack/tcp/tcp-user.ts";

/**
 * What one call accepts: the connection that has waited longest, or under SO_CONDITIONAL_ACCEPT the request, which is answered. Such a call
 * is over when the handshake is.
 */
export class Acceptance implements TcpUser {
  readonly #listener: TcpListener;
  readonly #goesOn: boolean;
  readonly #wake: () => void;
  #answered: TcpConnection | undefined;
  /** Why nothing came of a handshake. */
  failure: AbortReason | undefined;

  /**
   * @param goesOn when nothing comes of a request the next one takes its place; else it was this one that the program agreed to
   * @param wake the call has to look again
   */
  constructor(listener: TcpListener, goesOn: boolean, wake: () => void) {
    this.#listener = listener;
    this.#goesOn = goesOn;
    this.#wake = wake;
  }

  /** A request was answered, and its handshake is not over. */
  get isUnderWay(): boolean {
    return this.#answered !== undefined;
  }

  /** A connection whose handshake may not be over; undefined when there is none, or none that could be answered. */
  take(): TcpConnection | undefined {
    do {
      const connection = this.#listener.accept();
      if (connection !== undefined) return connection;
    } while (this.#goesOn && this.#listener.waiting > 0);
    return undefined;
  }

  /** A connection whose handshake is over, in CLOSED when it was reset since, or when nothing came of it; undefined while there is none. */
  next(): TcpConnection | undefined {
    for (;;) {
      const connection = this.#answered ?? this.take();
      if (connection?.state === "SYN-RECEIVED" && !connection.isFastOpen) {
        this.#answered = connection;
        connection.user = this;
        return undefined;
      }
      const isLost = this.#answered !== undefined && connection?.state === "CLOSED";
      this.#answered = undefined;
      if (!isLost || !this.#goesOn) return connection;
    }
  }

  /** The call ends without it. */
  giveUp(): void {
    this.#answered?.abort();
    this.#answered = undefined;
  }

  established(): void {
    this.#wake();
  }

  aborted(reason: AbortReason): void {
    this.failure = reason;
    this.#wake();
  }
}
