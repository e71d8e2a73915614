import type { CallReply, CallRequest } from "../winsock/provider/calls.ts";
import { MAX_DATA, type Message, REPLY } from "./message.ts";

/** A road by which requests reach the host's thread and replies leave it. It never waits. */
export interface RequestServer {
  /** Nobody is left at the other end; call `end`. */
  readonly isClosed: boolean;
  /** There is something to serve that will wake nobody. */
  readonly hasWork: boolean;
  /** Takes at most `budget` requests of each client. @returns whether more wait */
  serve(budget: number): boolean;
  /** What has been answered leaves, and wakes whoever waits for it; once a batch is enough. */
  flush(): void;
  /** @param client the handler's number */
  owns(client: number): boolean;
  /** @returns false when the client is too slow, and the event lost */
  event(client: number, subscription: number, count: number, data: Uint8Array): boolean;
  /** Closes every client. */
  end(): void;
}

/** Gives each client of every road a number of its own. */
export interface ClientNumbers {
  next(): number;
}

export function requestIn(message: Message): CallRequest {
  const { id, op, value, a, b, c, d, e, data } = message;
  return { id, op, s: value, a, b, c, d, e, data };
}

/**
 * The messages of a reply, more than one where its data is longer than a message may be.
 * @param message is refilled for each
 */
export function putReply(message: Message, client: number, op: number, reply: CallReply, put: (message: Message) => void): void {
  message.kind = REPLY;
  message.op = op;
  message.client = client;
  message.id = reply.id;
  message.value = reply.result;
  message.a = reply.a;
  message.b = reply.b;
  message.c = reply.error;
  const { data } = reply;
  let at = 0;
  if (data !== null) {
    for (; data.length - at > MAX_DATA; at += MAX_DATA) {
      message.more = true;
      message.data = data.subarray(at, at + MAX_DATA);
      put(message);
    }
  }
  message.more = false;
  message.data = data === null || at === 0 ? data : data.subarray(at);
  put(message);
}
