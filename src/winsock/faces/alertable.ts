import { WSAEINPROGRESS, WSAENETDOWN, WSAETIMEDOUT } from "../abi/errors.ts";
import { type BlockingPort, CALL, type CallReply, type CallRequest } from "../provider/calls.ts";
import type { BlockingHooks } from "./blocking-hooks.ts";

/** A hook that has nothing to do is asked again after so long. */
const HOOK_PAUSE_MS = 20;

type CallToMake = Omit<CallRequest, "id">;

/** Calls whose thread may have to wait in them; what is queued for it runs meanwhile (Microsoft, "connect function", on alertable waits). */
const WAITING_CALLS: ReadonlySet<number> = new Set([
  CALL.accept,
  CALL.connect,
  CALL.lookupNext,
  CALL.offer,
  CALL.poll,
  CALL.recv,
  CALL.recvfrom,
  CALL.recvMsg,
  CALL.select,
  CALL.send,
  CALL.sendMsg,
  CALL.sendto,
  CALL.WSAIoctl,
]);

/**
 * What is queued for a thread to run while it waits: completion routines, and what QueueUserAPC queued. A call that waits goes on after
 * they have run; one that need not wait runs none of them (Wine's tests connect, accept and select).
 */
export class AlertableThread {
  readonly #port: () => BlockingPort | undefined;
  readonly #hooks: BlockingHooks;
  readonly #queue: (() => void)[] = [];
  /** Routines that completions still to come will queue. */
  #expected = 0;
  /** Something runs in the middle of a blocking call. */
  #isInterrupting = false;

  /**
   * @param port undefined while the network is not in use
   * @param hooks of a 1.x process, which run while a blocking call waits
   */
  constructor(port: () => BlockingPort | undefined, hooks: BlockingHooks) {
    this.#port = port;
    this.#hooks = hooks;
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  /** A routine will be queued some time. */
  expect(): void {
    this.#expected++;
  }

  /** @param wasExpected the routine is the one that `expect` told of */
  queue(routine: () => void, wasExpected: boolean): void {
    if (wasExpected) this.#expected--;
    this.#queue.push(routine);
  }

  /** A routine that was expected will not come. */
  forgo(): void {
    this.#expected--;
  }

  /** Runs all that is queued, what these queue included. @returns whether there was anything */
  run(): boolean {
    if (this.#queue.length === 0) return false;
    for (let routine = this.#queue.shift(); routine !== undefined; routine = this.#queue.shift()) attempt(routine);
    return true;
  }

  /** Whether the call has to be made by `call`, since its thread may be interrupted in it, or is in the middle of another. */
  concerns(op: number): boolean {
    const mayRun = this.#queue.length > 0 || this.#expected > 0 || this.#isInterrupting || this.#hooks.isLegacy;
    return mayRun && WAITING_CALLS.has(op);
  }

  /**
   * Makes a call that may wait, and runs meanwhile what is queued. Within what interrupted such a call one that would wait is refused.
   * @param limit when it is there the call ends with WSAETIMEDOUT
   */
  call(port: BlockingPort, request: CallToMake, limit?: PostedAnswer): CallReply {
    const call = new PostedAnswer(port, request);
    if (this.#isInterrupting) {
      if (!call.isThere) call.cancel();
      return call.wasCancelled ? refusal(WSAEINPROGRESS) : call.wait();
    }
    while (!call.isThere) {
      this.#isInterrupting = true;
      try {
        this.run();
      } finally {
        this.#isInterrupting = false;
      }
      if (call.isThere) break;
      if (limit?.isThere === true) {
        call.cancel();
        return call.wasCancelled ? refusal(WSAETIMEDOUT) : call.wait();
      }
      if (this.#hooks.isLegacy) this.#runHook(port, call);
      else if (!port.awaitPosted()) return refusal(WSAENETDOWN);
    }
    return call.wait();
  }

  /** The hook runs, and again when something has come, or after a while. */
  #runHook(port: BlockingPort, call: PostedAnswer): void {
    this.#isInterrupting = true;
    try {
      if (this.#hooks.run()) call.cancel();
    } finally {
      this.#isInterrupting = false;
    }
    if (call.isThere) return;
    const pause = sleep(port, HOOK_PAUSE_MS);
    while (!call.isThere && !pause.isThere) if (!port.awaitPosted()) return;
    if (!pause.isThere) pause.cancel();
  }

  /**
   * Makes a call that waits until it is answered or something is there to be run, which is run then.
   * @returns undefined when something was run instead
   */
  callUnlessRun(request: CallToMake): CallReply | undefined {
    const port = this.#port();
    if (port === undefined) return undefined;
    const call = new PostedAnswer(port, request);
    while (!call.isThere && this.#queue.length === 0) if (!port.awaitPosted()) return refusal(WSAENETDOWN);
    if (!call.isThere) call.cancel();
    if (!call.wasCancelled) return call.wait();
    this.run();
    return undefined;
  }
}

/** One call, whose answer may be long in coming. */
export class PostedAnswer {
  readonly #port: BlockingPort;
  readonly #id: number;
  #reply: CallReply | undefined;
  #isCancelled = false;

  constructor(port: BlockingPort, request: CallToMake) {
    this.#port = port;
    this.#id = port.post(request, (reply) => {
      this.#reply = { ...reply, data: reply.data?.slice() ?? null };
    });
    this.#fence();
  }

  get isThere(): boolean {
    return this.#reply !== undefined;
  }

  /** It had not come to an end of its own before. */
  get wasCancelled(): boolean {
    return this.#isCancelled;
  }

  cancel(): void {
    const result = this.#port.call({ op: CALL.cancel, s: 0, a: this.#id, b: 0, c: 0, data: null });
    this.#port.takeReplies();
    this.#isCancelled = result.a === 1;
  }

  wait(): CallReply {
    while (this.#reply === undefined) if (!this.#port.awaitPosted()) return refusal(WSAENETDOWN);
    return this.#reply;
  }

  /** After this an answer that was given at once is there. */
  #fence(): void {
    this.#port.call({ op: CALL.fence, s: 0, a: 0, b: 0, c: 0, data: null });
    this.#port.takeReplies();
  }
}

/** A wait for nothing, which is answered when its time is over. */
export const sleep = (port: BlockingPort, ms: number): PostedAnswer =>
  new PostedAnswer(port, { op: CALL.waitForEvents, s: 0, a: 0, b: ms, c: 0, data: new Uint8Array(0) });

const refusal = (error: number): CallReply => ({ id: 0, result: -1, error, a: 0, b: 0, data: null });

/** What a program's routine throws is the program's, and must not be taken for the failure of the call that it interrupted. */
function attempt(routine: () => void): void {
  try {
    routine();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
