import type { CallHandler, CallReply, CallRequest, Replier } from "../../src/winsock/provider/calls.ts";

/** Answers at once with the request's own data. */
export const ECHO = 1;
/** Answers when the test says so. */
export const HOLD = 2;
/** Answers with `a` bytes of a pattern. */
export const PRODUCE = 3;

export const producedBytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 255);

/** A provider's stand-in that a test can read. */
export class EchoHandler implements CallHandler {
  readonly clients = new Set<number>();
  readonly closed: number[] = [];
  readonly held: { readonly client: number; readonly id: number; readonly reply: Replier }[] = [];
  calls = 0;

  openClient(client: number): void {
    this.clients.add(client);
  }

  /** Every hold, in order. */
  readonly holds: boolean[] = [];

  hold(_client: number, isHeld: boolean): void {
    this.holds.push(isHeld);
  }

  closeClient(client: number): void {
    this.clients.delete(client);
    this.closed.push(client);
  }

  call(client: number, request: CallRequest, reply: Replier): void {
    this.calls++;
    if (request.op === HOLD) this.held.push({ client, id: request.id, reply });
    else reply(this.#answer(request));
  }

  #answer({ id, op, s, a, b, c, data }: CallRequest): CallReply {
    return { id, result: s, error: c, a, b, data: op === PRODUCE ? producedBytes(a) : data };
  }
}
