/** Event objects and network events: the functions of `tapsock/winsock` that wait for them. */
import type { WSANETWORKEVENTS, WSAPOLLFD } from "./abi/event-structures.ts";
import type { SOCKET } from "./abi/structures.ts";
import type { HANDLE } from "./faces/event-functions.ts";
import { face } from "./this-thread.ts";

/** An event object: nonsignalled, with manual reset. @returns its handle, or WSA_INVALID_EVENT */
export function WSACreateEvent(): HANDLE {
  return face.WSACreateEvent();
}

/** Signals an event. @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function WSASetEvent(hEvent: HANDLE): number {
  return face.WSASetEvent(hEvent);
}

/** Takes an event's signal back. @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function WSAResetEvent(hEvent: HANDLE): number {
  return face.WSAResetEvent(hEvent);
}

/** Closes an event. @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function WSACloseEvent(hEvent: HANDLE): number {
  return face.WSACloseEvent(hEvent);
}

/**
 * Waits for one event, or for all.
 * @param cEvents how many of `lphEvents`: 1 to WSA_MAXIMUM_WAIT_EVENTS
 * @param dwTimeout milliseconds, or INFINITE
 * @param fAlertable completion routines may run meanwhile
 * @returns WSA_WAIT_EVENT_0 and the index of the first signalled event, WSA_WAIT_TIMEOUT, or WSA_WAIT_FAILED: WSA_INVALID_HANDLE,
 * WSA_INVALID_PARAMETER
 */
export function WSAWaitForMultipleEvents(
  cEvents: number,
  lphEvents: readonly HANDLE[] | null,
  fWaitAll: number | boolean,
  dwTimeout: number,
  fAlertable: number | boolean,
): number {
  return face.WSAWaitForMultipleEvents(cEvents, lphEvents, fWaitAll, dwTimeout, fAlertable);
}

/**
 * From here on the event is set whenever one of these network events is recorded; the socket becomes nonblocking. It takes the place of
 * what was selected before; 0 and 0 end it.
 * @param lNetworkEvents FD_ bits
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for a handle that is no event
 */
export function WSAEventSelect(s: SOCKET, hEventObject: HANDLE, lNetworkEvents: number): number {
  return face.WSAEventSelect(s, hEventObject, lNetworkEvents);
}

/**
 * Which of the selected network events have been recorded since the last time, with their codes.
 * @param hEventObject is reset in the same step; 0 for none
 * @param lpNetworkEvents filled in: `new_WSANETWORKEVENTS()`
 */
export function WSAEnumNetworkEvents(s: SOCKET, hEventObject: HANDLE, lpNetworkEvents: WSANETWORKEVENTS | Uint8Array | null): number {
  return face.WSAEnumNetworkEvents(s, hEventObject, lpNetworkEvents);
}

/**
 * Waits until one of the sockets has what was asked for, or an error.
 * @param fdArray entries such as `new_WSAPOLLFD(s, POLLIN)`, whose `revents` are filled in
 * @param timeout milliseconds; 0 only looks, a negative number waits for ever
 * @returns how many entries have events; 0 at the time-out; or SOCKET_ERROR: WSAEINVAL, WSAENOTSOCK when no entry is a socket
 */
export function WSAPoll(fdArray: readonly WSAPOLLFD[] | Uint8Array | null, fds: number, timeout: number): number {
  return face.WSAPoll(fdArray, fds, timeout);
}

/** An event object without name. @returns its handle, or 0 */
export function CreateEvent(
  lpEventAttributes: null,
  bManualReset: number | boolean,
  bInitialState: number | boolean,
  lpName: null,
): HANDLE {
  return face.CreateEvent(lpEventAttributes, bManualReset, bInitialState, lpName);
}

/** As CreateEvent. */
export const CreateEventA: typeof CreateEvent = CreateEvent;

/** As CreateEvent. */
export const CreateEventW: typeof CreateEvent = CreateEvent;

/** As WSASetEvent. */
export function SetEvent(hEvent: HANDLE): number {
  return face.SetEvent(hEvent);
}

/** As WSAResetEvent. */
export function ResetEvent(hEvent: HANDLE): number {
  return face.ResetEvent(hEvent);
}

/** Closes an event, a completion port, what CreateFile opened, or a socket as closesocket does. @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function CloseHandle(hObject: HANDLE): number {
  return face.CloseHandle(hObject);
}

/** As WSAWaitForMultipleEvents with one event, or with a socket, which is signalled when an overlapped call without an event of its own is over. */
export function WaitForSingleObject(hHandle: HANDLE, dwMilliseconds: number): number {
  return face.WaitForSingleObject(hHandle, dwMilliseconds);
}

/** As WSAWaitForMultipleEvents. */
export function WaitForMultipleObjects(
  nCount: number,
  lpHandles: readonly HANDLE[] | null,
  bWaitAll: number | boolean,
  dwMilliseconds: number,
): number {
  return face.WaitForMultipleObjects(nCount, lpHandles, bWaitAll, dwMilliseconds);
}
