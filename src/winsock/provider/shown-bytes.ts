import type { Loans } from "../../stack/tcp/loans.ts";
import type { TcpConnection } from "../../stack/tcp/tcp-service.ts";
import { DONE } from "./outcome.ts";
import type { Waitable } from "./waitable.ts";

/**
 * Unread bytes of one stream that its program's face has seen before the program asks for them (winsock/faces/read-ahead.ts). What waits at the
 * socket for them: those who have asked to be shown more, and receives that stand behind what is shown, which the face fills.
 */
export class ShownBytes {
  readonly #loans: Loans;
  readonly #socket: Waitable;
  /** Times that they were given back. */
  #rounds = 0;

  constructor(loans: Loans, socket: Waitable) {
    this.#loans = loans;
    this.#socket = socket;
  }

  /** Of those that are not taken. */
  get bytes(): number {
    return this.#loans.bytes;
  }

  /** All but the oldest so many were thrown away by the face. */
  keep(bytes: number): void {
    this.#loans.keep(bytes);
  }

  /** Bytes are shown and not taken, or will be. */
  get isShowing(): boolean {
    return this.bytes > 0 || this.#socket.isQueued("show");
  }

  /** Receives wait that do not stand behind what is shown: they have what comes first. */
  get isBehindReceives(): boolean {
    for (const { direction, isBehindShown } of this.#socket.waiting) if (direction === "receive" && !isBehindShown) return true;
    return false;
  }

  /** A receive wants what comes after these. @returns whether it still stands there: what was given back is as any other bytes are */
  standBehind(): () => boolean {
    const round = this.#rounds;
    return () => this.#rounds === round;
  }

  /** At most `most` bytes beyond those shown: where they lie, if whoever asks can read them there, else a copy. */
  next(connection: TcpConnection, most: number): Uint8Array {
    const lent = connection.lend(most, this.bytes, this.#loans);
    if (lent !== undefined) return lent;
    const bytes = connection.look(most, this.bytes);
    this.#loans.copied(bytes.length);
    return bytes;
  }

  /** The program has had so many. @param connection undefined when that is over */
  take(connection: TcpConnection | undefined, bytes: number): void {
    const count = Math.min(Math.max(0, bytes), this.bytes);
    if (count === 0) return;
    connection?.discard(count);
    this.#loans.return(count);
  }

  /** What was not taken is to be had again, and what was asked to be shown is of no use. Receives that stood behind it have it first. */
  giveBack(): void {
    this.forget();
    const { waiting } = this.#socket;
    if (waiting.size === 0) return;
    for (const call of [...waiting]) if (call.direction === "show") call.end(DONE);
    this.#socket.wake();
  }

  /** The stream is over. */
  forget(): void {
    this.keep(0);
    this.#rounds++;
  }
}
