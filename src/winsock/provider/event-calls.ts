import { FALSE, TRUE, WSA_MAXIMUM_WAIT_EVENTS } from "../abi/constants.ts";
import { WAIT_TIMEOUT, WSA_INVALID_HANDLE, WSA_INVALID_PARAMETER, WSAEFAULT, WSAEINVAL, WSAEMFILE } from "../abi/errors.ts";
import { EventObject } from "./event-object.ts";
import type { EventSink } from "./network-events.ts";
import { type Answer, DONE, failed, type Outcome, succeeded } from "./outcome.ts";
import type { Process } from "./process.ts";
import type { Socket } from "./socket.ts";

/** Events as the program handles them: WSACreateEvent and kin, WSAWaitForMultipleEvents, WSAEventSelect, WSAEnumNetworkEvents. */

/** What a waiting call costs for each event. */
const BYTES_OF_EVENT = 64;
/** WSA_WAIT_FAILED: -1 as a DWORD. */
const WAIT_FAILED = 0xffffffff;

/** BOOL functions fail by FALSE. */
const refused = (error: number): Outcome => ({ result: FALSE, error });
const waitFailed = (error: number): Outcome => ({ result: WAIT_FAILED, error });

export function createEvent(process: Process, isManualReset: boolean, isSet: boolean): Outcome {
  if (!process.hasRoom) return refused(WSAEMFILE);
  return succeeded(process.open(new EventObject(isManualReset, isSet)));
}

/** WSASetEvent and WSAResetEvent. */
export function changeEvent(event: EventObject | undefined, isSet: boolean): Outcome {
  if (event === undefined) return refused(WSA_INVALID_HANDLE);
  if (isSet) event.set();
  else event.reset();
  return succeeded(TRUE);
}

/**
 * WSAWaitForMultipleEvents (Microsoft's page of that name). Result: the index of the first signalled event, of all of them 0.
 * @param data handles, little-endian u32 each
 * @param timeoutMs −1 for ever
 */
export function waitForEvents(process: Process, data: Uint8Array | null, waitsForAll: boolean, timeoutMs: number): Answer {
  if (data === null) return waitFailed(WSAEFAULT);
  const count = data.length >>> 2;
  // None at all is a sleep.
  if (count > WSA_MAXIMUM_WAIT_EVENTS || timeoutMs < -1) return waitFailed(WSA_INVALID_PARAMETER);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const events: EventObject[] = [];
  for (let i = 0; i < count; i++) {
    const handle = view.getUint32(4 * i, true);
    const event = process.event(handle) ?? process.socket(handle)?.done;
    if (event === undefined) return waitFailed(WSA_INVALID_HANDLE);
    events.push(event);
  }
  const attempt = (): Outcome | undefined => {
    const first = events.findIndex(({ isSignalled }) => isSignalled);
    if (first < 0 || (waitsForAll && !events.every(({ isSignalled }) => isSignalled))) return undefined;
    for (const event of waitsForAll ? events : [events[first]!]) event.consume();
    return succeeded(waitsForAll ? 0 : first);
  };
  const timedOut = succeeded(WAIT_TIMEOUT);
  const outcome = attempt();
  if (outcome !== undefined) return outcome;
  if (timeoutMs === 0) return timedOut;
  return {
    on: [...new Set(events)],
    attempt,
    timeoutMs: timeoutMs < 0 ? Number.POSITIVE_INFINITY : timeoutMs,
    timedOut: () => timedOut,
    bytes: count * BYTES_OF_EVENT,
    refused: waitFailed(WSA_INVALID_PARAMETER),
  };
}

/** The event of a WSAEventSelect: set at each record of a selected event. */
class EventSetter implements EventSink {
  readonly takesMessages = false;
  readonly event: EventObject;

  constructor(event: EventObject) {
    this.event = event;
  }

  tell(): void {
    this.event.set();
  }

  ofSocket(): EventSink {
    return this;
  }
}

/** WSAEventSelect: the socket is nonblocking from here on, also when nothing is selected any more. */
export function selectEvents(process: Process, socket: Socket, handle: number, mask: number): Outcome {
  const event = handle === 0 ? undefined : process.event(handle);
  if (event === undefined && (mask !== 0 || handle !== 0)) return failed(WSAEINVAL);
  socket.isNonblocking = true;
  socket.events.select(event && new EventSetter(event), mask, socket.conditions);
  return DONE;
}

/** WSAEnumNetworkEvents. Reply a: lNetworkEvents; data: iErrorCode, ten little-endian i32. @param handle of the event that is reset in the same step, 0 for none */
export function enumerateEvents(process: Process, socket: Socket, handle: number): Outcome {
  const event = handle === 0 ? undefined : process.event(handle);
  if (handle !== 0 && event === undefined) return failed(WSAEINVAL);
  const bits = socket.events.take();
  event?.reset();
  const errors = socket.events.errors(bits);
  const data = new Uint8Array(4 * errors.length);
  const view = new DataView(data.buffer);
  for (const [i, error] of errors.entries()) view.setInt32(4 * i, error, true);
  return { result: 0, error: 0, a: bits, data };
}
