import { WSAENETDOWN } from "../winsock/abi/errors.ts";
import type { CallReply } from "../winsock/provider/calls.ts";
import { LENT, type Message, REPLY } from "./message.ts";

/** Calls on one port whose answer, of one message at most, nobody waits for; and the numbers that tell a port's calls apart. */
export class PostedCalls {
  readonly #replied = new Map<number, (reply: CallReply) => void>();
  readonly #rings: Uint8Array | undefined;
  #lastId = 0;

  /** @param rings the memory of the host's rings (`SharedRings`), of which it may lend bytes in its own process */
  constructor(rings?: SharedArrayBuffer) {
    this.#rings = rings === undefined ? undefined : new Uint8Array(rings);
  }

  get size(): number {
    return this.#replied.size;
  }

  /** A number that no posted call has. */
  nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#replied.has(this.#lastId));
    return this.#lastId;
  }

  /** A call has left, and `replied` shall hear its answer. */
  add(id: number, replied: (reply: CallReply) => void): void {
    this.#replied.set(id, replied);
  }

  /** Gives the message to whoever posted its call. @returns whether there was somebody */
  deliver(message: Message): boolean {
    const isReply = message.kind === REPLY || (message.kind === LENT && this.#rings !== undefined);
    const replied = isReply ? this.#replied.get(message.id) : undefined;
    if (replied === undefined) return false;
    this.#replied.delete(message.id);
    if (message.kind === REPLY) replied(replyIn(message, message.data));
    else replied(lentReply(message, this.#rings!));
    return true;
  }

  /** The network is gone: every one is answered with WSAENETDOWN. */
  fail(): void {
    const lost = [...this.#replied];
    this.#replied.clear();
    for (const [id, replied] of lost) replied(failedCall(id, WSAENETDOWN));
  }
}

/** What a message of kind REPLY says; `data` is its own, or all that came in pieces. */
export const replyIn = (m: Message, data: Uint8Array | null): CallReply => ({
  id: m.id,
  result: m.value,
  error: m.c,
  a: m.a,
  b: m.b,
  data,
});

const lentReply = ({ id, value, a }: Message, rings: Uint8Array): CallReply => ({
  id,
  result: value,
  error: 0,
  a: 0,
  b: 0,
  data: rings.subarray(a, a + value),
  isLent: true,
});

/** The answer to a call that the port itself refuses. */
export const failedCall = (id: number, error: number): CallReply => ({ id, result: -1, error, a: 0, b: 0, data: null });
