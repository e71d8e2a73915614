/** What the parts of the promise face need of it, by which they call the host. */
import type { SOCKET } from "../abi/structures.ts";
import type { CALL, CallReply, CallRequest } from "../provider/calls.ts";

export interface Cancellable {
  /** Ends the call: it throws `signal.reason`, unless it is over by then. */
  readonly signal?: AbortSignal | undefined;
}

/** A call that ends with its time, or with its signal. */
export interface SelectOptions extends Cancellable {
  /** Milliseconds; 0 only looks, and without it the call waits for ever. */
  readonly timeoutMs?: number | undefined;
}

/** A call that is one of the program's own. */
export type AwaitedCall = Exclude<keyof typeof CALL, "cancel" | "control" | "show" | "taken">;

export type CallFields = Partial<Omit<CallRequest, "id" | "op">>;

/** What an error of a call says beside its code. */
export interface CallSubject {
  /** The function, where it is not the one that the call is named after. */
  readonly syscall?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

export interface PromiseCalls {
  /** The host decides on all it has of the socket, shown bytes included. @throws WinsockError, or the signal's reason */
  call(op: AwaitedCall, fields: CallFields, signal?: AbortSignal, about?: CallSubject): Promise<CallReply>;
  /**
   * Calls that make up one of the program's: where Winsock is ended under the first ones, those after them start nothing up again.
   * @throws WinsockError WSAEINTR of that call
   */
  sequence(syscall: string): HostCall;
  /** In turn with the sends of a socket. */
  inSendTurn<T>(s: SOCKET, act: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** What asks whether a connection is wanted, and then takes it: meanwhile nobody else accepts of this listener. */
  inOfferTurn<T>(s: SOCKET, act: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** In turn with those that ask; at once where none does. */
  afterOffers<T>(s: SOCKET, act: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** AF_INET for a socket that is not known. */
  familyOf(s: SOCKET): number;
  /** The program has a new socket. */
  opened(s: SOCKET, family: number): void;
  /** Another handle of this socket may be somewhere. */
  share(s: SOCKET): void;
  /** What stands for the time from one start-up to its end; undefined while Winsock is not started. */
  session(): unknown;
  /** Closing a socket does not set the event that tells of it. @returns no more to be told */
  whenClosed(s: SOCKET, told: () => void): () => void;
}

export type HostCall = PromiseCalls["call"];

/** Bytes, or text, which goes as UTF-8. */
export type SentData = Uint8Array | string;

export const sentBytes = (data: SentData): Uint8Array => (typeof data === "string" ? new TextEncoder().encode(data) : data);

/** Programs without types pass anything for a number; −1 stands for what is none, which as a socket, length, level or flag is refused. */
export const whole = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : -1);
