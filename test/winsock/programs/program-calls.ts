import { CALL, type CallReply, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { NO_PACKET, OVERLAPPED } from "../../../src/winsock/provider/overlapped.ts";
import type { VirtualWinsock } from "../../support/virtual-winsock.ts";

/** A call of a thread, and what came of it. */
export interface ProgramCall {
  readonly client: number;
  readonly id: number;
  readonly op: keyof typeof CALL;
  /** Wanted of a receive, given to a send. */
  readonly bytes: number;
  readonly how: "waits" | "event" | "packet";
  /** 0 for none. */
  readonly event: number;
  /** How often it was answered; more than once is what must not be. */
  answers: number;
  reply: CallReply | undefined;
  /** It went on after it had been made. */
  wasPending: boolean;
  /** Packets that told of it. */
  packets: number;
  /** Its thread ended before it was answered. */
  isAbandoned: boolean;
}

/** One thread: it makes calls, and hears their answers when they come. */
export class ProgramThread {
  readonly client: number;
  isAlive = true;
  /** The call that it waits in. */
  blocked: ProgramCall | undefined;
  readonly calls: ProgramCall[] = [];
  readonly #v: VirtualWinsock;
  readonly #answered: (call: ProgramCall) => void;
  #lastId: number;

  /** @param client also makes the numbers of its calls its own */
  constructor(v: VirtualWinsock, client: number, process: number, answered: (call: ProgramCall) => void) {
    this.#v = v;
    this.client = client;
    this.#lastId = client * 100_000;
    this.#answered = answered;
    v.provider.openClient(client, process);
  }

  /** Makes a call. @param fields of the request @param what how it goes on, if it has to */
  make(
    op: keyof typeof CALL,
    fields: Partial<CallRequest>,
    { bytes = 0, how = "waits", event = 0 }: Partial<Pick<ProgramCall, "bytes" | "how" | "event">> = {},
  ): ProgramCall {
    const id = ++this.#lastId;
    const { client } = this;
    const call: ProgramCall = {
      ...{ client, id, op, bytes, how, event, answers: 0 },
      ...{ reply: undefined, wasPending: false, packets: 0, isAbandoned: false },
    };
    this.calls.push(call);
    const d = how === "waits" ? 0 : OVERLAPPED | (how === "event" ? NO_PACKET : 0);
    const request = { id, s: 0, a: 0, b: 0, c: 0, d, e: event, data: null, ...fields, op: CALL[op] };
    this.#v.provider.call(client, request, (reply) => {
      call.answers++;
      call.reply = { ...reply, data: reply.data?.slice() ?? null };
      if (this.blocked === call) this.blocked = undefined;
      this.#answered(call);
    });
    call.wasPending = call.reply === undefined;
    if (call.wasPending && how === "waits") this.blocked = call;
    return call;
  }

  /** A call that is answered at once. */
  ask(op: keyof typeof CALL, fields: Partial<CallRequest> = {}): CallReply {
    const { reply } = this.make(op, fields);
    if (reply === undefined) throw new Error(`${op} was not answered at once`);
    return reply;
  }

  end(): void {
    this.isAlive = false;
    this.blocked = undefined;
    this.#v.provider.closeClient(this.client);
    for (const call of this.calls) call.isAbandoned = call.answers === 0;
  }
}
