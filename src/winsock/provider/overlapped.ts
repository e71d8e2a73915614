import { WSA_INVALID_HANDLE, WSA_OPERATION_ABORTED, WSAECONNABORTED, WSAEINTR, WSAEINVAL, WSAENOBUFS } from "../abi/errors.ts";
import { CALL, type CallRequest } from "./calls.ts";
import type { Completion } from "./completion-port.ts";
import type { EventObject } from "./event-object.ts";
import type { Outcome, Sequel } from "./outcome.ts";
import { POSTED, type Socket } from "./socket.ts";
import { StreamSocket } from "./stream-socket.ts";
import type { Thread } from "./thread.ts";

/**
 * Bits of `d` of a request: the call is overlapped; it leaves no packet at a completion port; a routine will hear of its end; its program
 * was told already that it goes on, and is told of its end as of any that did, whatever comes of it; its program was told that it is over,
 * and has its packet, whatever comes of it: one that its thread knows of and may take without asking.
 */
export const OVERLAPPED = 1;
export const NO_PACKET = 2;
export const HAS_ROUTINE = 4;
export const SAID_TO_GO_ON = 8;
export const PACKET_AHEAD = 16;
/** `a` of the reply to an overlapped call that failed without data after it had gone on: its caller may have been too slow to see that. */
export const WENT_ON = 1;

/**
 * What becomes of an overlapped call that has begun (Microsoft, "WSAOVERLAPPED structure"): its event is set and its packet posted when it
 * is over, after the answer has left, so that a program that is woken by them finds its memory filled.
 */
export class OverlappedCall implements Sequel {
  readonly #thread: number;
  readonly #call: number;
  readonly #event: EventObject | undefined;
  readonly #socket: Socket | undefined;
  readonly #completion: Completion | undefined;
  readonly isSaidToGoOn: boolean;
  /** Bytes that the packet tells of; undefined where that is still to be seen. */
  readonly #bytesAhead: number | undefined;

  constructor(thread: Thread, request: CallRequest, event: EventObject | undefined, socket: Socket | undefined) {
    const { id, d = 0 } = request;
    this.#thread = thread.id;
    this.#call = id;
    this.#event = event ?? socket?.done;
    this.#socket = socket;
    this.#completion = (d & NO_PACKET) === 0 ? socket?.completion : undefined;
    this.#bytesAhead = (d & PACKET_AHEAD) === 0 ? undefined : bytesTransferred(request);
    this.isSaidToGoOn = (d & (SAID_TO_GO_ON | PACKET_AHEAD)) !== 0;
    this.#event?.reset();
  }

  get isSaidToBeOver(): boolean {
    return this.#bytesAhead !== undefined;
  }

  /** Calls that wait end otherwise here than where a thread is blocked in them: closesocket aborts them (Wine's tests iocp and completion_port). */
  outcome(outcome: Outcome): Outcome {
    if (outcome.error !== WSAEINTR) return outcome;
    const isOfStream = this.#socket instanceof StreamSocket && this.#socket.isClosed && this.#socket.isConnected;
    return { ...outcome, error: isOfStream ? WSAECONNABORTED : WSA_OPERATION_ABORTED };
  }

  completed({ result, error }: Outcome, wasAtOnce: boolean, isAhead = this.isSaidToBeOver): void {
    this.#event?.set();
    if (this.#completion === undefined || (wasAtOnce && !this.isSaidToGoOn && this.#socket?.skipsPackets === true)) return;
    const { port, key } = this.#completion;
    const bytes = this.#bytesAhead ?? Math.max(0, result);
    const packet = { key, thread: this.#thread, call: this.#call, bytes, error: this.isSaidToBeOver ? 0 : error };
    port.post(packet, isAhead);
  }
}

/** Of a send or of a receive that was over when it was called. */
const bytesTransferred = ({ op, b, data }: CallRequest): number => (op === CALL.taken ? b : (data?.length ?? 0));

/** Its face has told its program so already: bytes of a stream are taken, or on their way, and the call cannot be refused. */
const isSaidToBeOver = ({ op, b }: CallRequest): boolean => op === CALL.taken || (op === CALL.send && b === POSTED);

/** @returns the code where the call cannot be overlapped so; undefined for one that is not overlapped */
export function overlappedCall(request: CallRequest, thread: Thread): OverlappedCall | number | undefined {
  const { d = 0, e = 0, s } = request;
  if ((d & OVERLAPPED) === 0) return undefined;
  const { process } = thread;
  const event = e === 0 ? undefined : process.event(e);
  const isOver = isSaidToBeOver(request);
  if (e !== 0 && event === undefined && !isOver) return WSA_INVALID_HANDLE;
  const socket = process.socket(s);
  if (socket?.completion !== undefined) {
    if ((d & HAS_ROUTINE) !== 0) return WSAEINVAL;
    const { hasRoom, hasRoomAhead, isShort } = socket.completion.port;
    const mayBeBeyond = isOver ? hasRoomAhead || isShort : (d & SAID_TO_GO_ON) !== 0 && isShort;
    if (!hasRoom && !mayBeBeyond) return isOver ? new OverlappedCall(thread, { ...request, d: d | NO_PACKET }, event, socket) : WSAENOBUFS;
  }
  return new OverlappedCall(thread, request, event, socket);
}
