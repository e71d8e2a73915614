/** What one program may have of its host: nobody else's memory is its to use up. */
export interface ProviderLimits {
  /** Sockets; the next one is WSAEMFILE. At most `HANDLE_LIMIT` / 16, so that a free handle is found at once. */
  readonly sockets: number;
  /** Calls that wait at the same time; the next one is WSAENOBUFS. */
  readonly pendingCalls: number;
  /** Bytes in the send queues of its sockets; beyond, a send waits for room as it does for SO_SNDBUF, and without SO_SNDBUF is WSAENOBUFS. */
  readonly queuedBytes: number;
  /** Bytes kept for calls that wait (sends, MSG_WAITALL, the sets of select) and for changes of the host to be told of; the call that would need more is WSAENOBUFS. */
  readonly waitingBytes: number;
}

/** A server outgrows them late: a socket, and a call that waits, for each of 131,072 clients. */
export const DEFAULT_LIMITS: ProviderLimits = {
  sockets: 131_072,
  pendingCalls: 131_072,
  queuedBytes: 64 * 1024 * 1024,
  waitingBytes: 64 * 1024 * 1024,
};

/** Bytes that one program holds, of those that it may hold. */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get left(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  /** @param bytes negative when they are given back */
  change(bytes: number): void {
    this.#used += bytes;
  }
}
