import { SOCKET_ERROR } from "../abi/constants.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Waitable } from "./waitable.ts";

/** What a call comes to: the parts of a CallReply that depend on the call. */
export interface Outcome {
  readonly result: number;
  /** 0 or a WSA code. */
  readonly error: number;
  readonly a?: number;
  readonly b?: number;
  /** Valid until the reply was given. */
  readonly data?: Uint8Array;
}

/** Calls of one direction on one socket are answered in the order in which they were made. */
export type CallDirection = "receive" | "send" | "accept" | "show";

/** A call that cannot be answered yet. It is tried again whenever something that it waits for changes. */
export interface Wait {
  readonly on: readonly Waitable[];
  /** The answer, if there is one by now. @param self the call, where it waits already */
  readonly attempt: (self?: PendingCall) => Outcome | undefined;
  /** Infinity waits for ever. */
  readonly timeoutMs: number;
  /** The answer when the time is over. */
  readonly timedOut: () => Outcome;
  /** What it waits for is looked at again after so long, where it waits for ever and its answer depends on how long it has. */
  readonly lookAgainMs?: number;
  readonly direction?: CallDirection | undefined;
  /** Whether it is a receive that wants what comes after the bytes that are shown, and that its face fills while any are. */
  readonly isBehindShown?: () => boolean;
  /** `attempt` was not called yet. */
  readonly isUntried?: boolean;
  /** Bytes that are kept, or may have to be, while it waits. */
  readonly bytes?: number;
  /** The answer when the program may keep no more of them; WSAENOBUFS unless given. */
  readonly refused?: Outcome;
  /** The answer of a call that its program gives up, where it has something that would be lost; WSAEINTR without. */
  readonly gathered?: () => Outcome | undefined;
  /** Undoes what was begun, when the call is cancelled. */
  readonly cancelled?: () => void;
}

export type Answer = Outcome | Wait;

export const isWait = (answer: Answer): answer is Wait => "attempt" in answer;

export const DONE: Outcome = { result: 0, error: 0 };
export const succeeded = (result: number): Outcome => ({ result, error: 0 });
export const failed = (error: number): Outcome => ({ result: SOCKET_ERROR, error });

/** What becomes of a call whose thread does not wait for it, beside its answer: an event is set, a packet or a message posted. */
export interface Sequel {
  /** As it ends where a waiting call would have ended otherwise. */
  outcome(outcome: Outcome): Outcome;
  /** Its program hears of its end even where it failed at once. */
  readonly isSaidToGoOn?: boolean;
  /** It is completed when it is made, whatever it still has to wait for. */
  readonly isSaidToBeOver?: boolean;
  /** The answer has left. @param wasAtOnce without the call having had to wait. @param isAhead its thread knows of it, and may take its packet without asking */
  completed(outcome: Outcome, wasAtOnce: boolean, isAhead?: boolean): void;
}
