/// <reference lib="esnext.disposable" preserve="true" />
/** Things that end with the block of the program that has them: `await using`. */
import type { SOCKET } from "../abi/structures.ts";
import { CallAbort } from "./call-abort.ts";

/** A socket that is closed when its block is left, unless it is closed by then. */
export interface OwnedSocket extends AsyncDisposable {
  readonly socket: SOCKET;
}

/** What is iterated with `for await`, and left with its block; a wait that goes on then is given up. */
export type DisposableGenerator<T> = AsyncGenerator<T, void, undefined> & AsyncDisposable;

/** `what`, with a way to end it that neither spread nor comparison sees. */
export function disposable<T extends object>(what: T, end: () => PromiseLike<void>): T & AsyncDisposable {
  return Object.defineProperty(what, Symbol.asyncDispose, { value: end, configurable: true }) as T & AsyncDisposable;
}

/** Why a generator that was disposed of waits no longer. */
const LEFT = Symbol("left");

/** @param body iterates until its signal is aborted */
export function disposableGenerator<T>(
  signal: AbortSignal | undefined,
  body: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): DisposableGenerator<T> {
  let abort: CallAbort | undefined;
  async function* run(): AsyncGenerator<T, void, undefined> {
    abort = new CallAbort(signal);
    try {
      yield* body(abort.signal);
    } catch (error) {
      if (error !== LEFT) throw error;
    } finally {
      abort.release();
    }
  }
  const generator = run();
  return disposable(generator, async () => {
    abort?.abort(LEFT);
    await generator.return();
  });
}
