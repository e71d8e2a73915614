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
 * was told already that it goes on, and is told of its end as of any that did, whatever comes of it; its thread knows of its packet, and may
 * take that without asking.
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
  readonly #isAhead: boolean;
  /** What its program was told that it brought; undefined where that is still to be seen. */
  readonly #bytesTold: number | undefined;

  constructor(thread: Thread, request: CallRequest, event: EventObject | undefined, socket: Socket | undefined) {
    const { id, d = 0 } = request;
    this.#thread = thread.id;
    this.#call = id;
    this.#event = event ?? socket?.done;
    this.#socket = socket;
    this.#completion = (d & NO_PACKET) === 0 ? socket?.completion : undefined;
    this.#isAhead = (d & PACKET_AHEAD) !== 0;
    this.#bytesTold = isSaidToBeOver(request) ? bytesTold(request) : undefined;
    this.isSaidToGoOn = (d & SAID_TO_GO_ON) !== 0;
    this.#event?.reset();
  }

  get isSaidToBeOver(): boolean {
    return this.#bytesTold !== undefined;
  }

  /** Calls that wait end otherwise here than where a thread is blocked in them: closesocket aborts them (Wine's tests iocp and completion_port). */
  outcome(outcome: Outcome): Outcome {
    if (outcome.error !== WSAEINTR) return outcome;
    const isOfStream = this.#socket instanceof StreamSocket && this.#socket.isClosed && this.#socket.isConnected;
    return { ...outcome, error: isOfStream ? WSAECONNABORTED : WSA_OPERATION_ABORTED };
  }

  completed({ result, error }: Outcome, wasAtOnce: boolean, isAhead = this.#isAhead): void {
    this.#event?.set();
    const mayBeSkipped = wasAtOnce && !this.isSaidToGoOn && !isAhead;
    if (this.#completion === undefined || (mayBeSkipped && this.#socket?.skipsPackets === true)) return;
    const { port, key } = this.#completion;
    const [bytes, code] = this.#bytesTold === undefined ? [Math.max(0, result), error] : [this.#bytesTold, 0];
    port.post({ key, thread: this.#thread, call: this.#call, bytes, error: code }, isAhead);
  }
}

/** Its face has told its program so already: bytes of a stream are taken, or on their way, and the call cannot be refused. */
const isSaidToBeOver = ({ op, b }: CallRequest): boolean => op === CALL.taken || (op === CALL.send && b === POSTED);
const bytesTold = ({ op, b, data }: CallRequest): number => (op === CALL.taken ? b : (data?.length ?? 0));

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
