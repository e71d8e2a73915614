import {
  FALSE,
  INFINITE,
  SOCKET_ERROR,
  TRUE,
  WAIT_FAILED,
  WSA_INVALID_EVENT,
  WSA_MAXIMUM_WAIT_EVENTS,
  WSA_WAIT_IO_COMPLETION,
  WSA_WAIT_TIMEOUT,
} from "../abi/constants.ts";
import { WSA_INVALID_PARAMETER, WSAEFAULT, WSAEINVAL } from "../abi/errors.ts";
import {
  pollEntries,
  readPollFds,
  sizeof_WSANETWORKEVENTS,
  type WSANETWORKEVENTS,
  type WSAPOLLFD,
  writeNetworkEvents,
  writePollEvents,
} from "../abi/event-structures.ts";
import type { SOCKET } from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import type { AlertableThread } from "./alertable.ts";

/** A handle of an event, of which the two low bits are the program's own. WSA_INVALID_EVENT is 0. */
export type HANDLE = number;

/** What the functions of a face have in common: the way to the host, and the last error. */
export interface FaceCore {
  /** Sets the last error, as every call does. */
  call(op: number, s: number, a: number, b: number, c: number, data: Uint8Array | null, e?: number): CallReply;
  /** Sets the last error. @returns SOCKET_ERROR */
  fail(error: number): number;
}

/** Event objects and network events: winsock2.h's names, and those of kernel32 that do the same. */
export interface EventFunctions {
  WSACreateEvent(): HANDLE;
  WSASetEvent(hEvent: HANDLE): number;
  WSAResetEvent(hEvent: HANDLE): number;
  WSACloseEvent(hEvent: HANDLE): number;
  WSAWaitForMultipleEvents(
    cEvents: number,
    lphEvents: readonly HANDLE[] | null,
    fWaitAll: number | boolean,
    dwTimeout: number,
    fAlertable: number | boolean,
  ): number;
  WSAEventSelect(s: SOCKET, hEventObject: HANDLE, lNetworkEvents: number): number;
  WSAEnumNetworkEvents(s: SOCKET, hEventObject: HANDLE, lpNetworkEvents: WSANETWORKEVENTS | Uint8Array | null): number;
  WSAPoll(fdArray: readonly WSAPOLLFD[] | Uint8Array | null, fds: number, timeout: number): number;
  CreateEvent(lpEventAttributes: null, bManualReset: number | boolean, bInitialState: number | boolean, lpName: null): HANDLE;
  SetEvent(hEvent: HANDLE): number;
  ResetEvent(hEvent: HANDLE): number;
  CloseHandle(hObject: HANDLE): number;
  WaitForSingleObject(hHandle: HANDLE, dwMilliseconds: number): number;
  WaitForMultipleObjects(nCount: number, lpHandles: readonly HANDLE[] | null, bWaitAll: number | boolean, dwMilliseconds: number): number;
}

export function eventFunctions({ call, fail, thread }: FaceCore & { readonly thread: AlertableThread }): EventFunctions {
  const create = (isManualReset: number, isSet: number): HANDLE =>
    Math.max(WSA_INVALID_EVENT, call(CALL.createEvent, 0, isManualReset, isSet, 0, null).result);
  /** A BOOL. */
  const change = (op: number, handle: HANDLE): number => Math.max(FALSE, call(op, handle, 0, 0, 0, null).result);

  function close(handle: HANDLE): number {
    return call(CALL.closeHandle, handle, 0, 0, 0, null).error === 0 ? TRUE : FALSE;
  }

  function wait(handles: readonly HANDLE[] | null, count: number, waitsForAll: boolean, timeout: number, isAlertable = false): number {
    if (!Array.isArray(handles) || count === 0 || count > WSA_MAXIMUM_WAIT_EVENTS || count > handles.length) {
      fail(WSA_INVALID_PARAMETER);
      return WAIT_FAILED;
    }
    const ms = timeout >>> 0;
    const data = words(handles.slice(0, count));
    const [a, b] = [waitsForAll ? 1 : 0, ms === INFINITE ? -1 : ms];
    if (isAlertable) {
      // Looked at first: what is there already comes before what is queued, as where nothing is waited for.
      const now = call(CALL.waitForEvents, 0, a, 0, 0, data);
      if (now.result !== WSA_WAIT_TIMEOUT) return now.result >>> 0;
      if (thread.run()) return WSA_WAIT_IO_COMPLETION;
      const reply = thread.callUnlessRun({ op: CALL.waitForEvents, s: 0, a, b, c: 0, data });
      return reply === undefined ? WSA_WAIT_IO_COMPLETION : reply.result >>> 0;
    }
    return call(CALL.waitForEvents, 0, a, b, 0, data).result >>> 0;
  }

  return {
    WSACreateEvent: () => create(1, 0),
    WSASetEvent: (hEvent) => change(CALL.setEvent, hEvent),
    WSAResetEvent: (hEvent) => change(CALL.resetEvent, hEvent),
    WSACloseEvent: close,
    WSAWaitForMultipleEvents: (cEvents, lphEvents, fWaitAll, dwTimeout, fAlertable) =>
      wait(lphEvents, cEvents >>> 0, Boolean(fWaitAll), dwTimeout, Boolean(fAlertable)),

    WSAEventSelect: (s, hEventObject, lNetworkEvents) => call(CALL.selectEvents, s, hEventObject | 0, lNetworkEvents | 0, 0, null).result,

    WSAEnumNetworkEvents(s, hEventObject, lpNetworkEvents) {
      const isShort = lpNetworkEvents instanceof Uint8Array && lpNetworkEvents.length < sizeof_WSANETWORKEVENTS;
      if (typeof lpNetworkEvents !== "object" || lpNetworkEvents === null || isShort) return fail(WSAEFAULT);
      const { result, a, data } = call(CALL.enumerateEvents, s, hEventObject | 0, 0, 0, null);
      if (result === 0 && data !== null) writeNetworkEvents(lpNetworkEvents, a, integers(data));
      return result;
    },

    WSAPoll(fdArray, fds, timeout) {
      if (fds === 0) return fail(WSAEINVAL);
      if (!(Array.isArray(fdArray) || fdArray instanceof Uint8Array) || pollEntries(fdArray, fds >>> 0) < fds >>> 0) return fail(WSAEFAULT);
      const asked = readPollFds(fdArray, fds >>> 0);
      const request = words(asked.flatMap(({ fd, events }) => [fd, events]));
      const { result, data } = call(CALL.poll, 0, timeout | 0, 0, 0, request);
      if (data !== null) writePollEvents(fdArray, integers(data));
      return result;
    },

    CreateEvent: (_attributes, bManualReset, bInitialState) => create(bManualReset ? 1 : 0, bInitialState ? 1 : 0),
    SetEvent: (hEvent) => change(CALL.setEvent, hEvent),
    ResetEvent: (hEvent) => change(CALL.resetEvent, hEvent),
    CloseHandle: close,
    WaitForSingleObject: (hHandle, dwMilliseconds) => wait([hHandle], 1, false, dwMilliseconds),
    WaitForMultipleObjects: (nCount, lpHandles, bWaitAll, dwMilliseconds) =>
      wait(lpHandles, nCount >>> 0, Boolean(bWaitAll), dwMilliseconds),
  };
}

/** What the functions of this name return when a parameter cannot be read. */
export function eventFault(name: string): number | undefined {
  if (name === "WSAWaitForMultipleEvents" || name.startsWith("WaitFor")) return WAIT_FAILED;
  if (name === "WSAEventSelect" || name === "WSAEnumNetworkEvents" || name === "WSAPoll") return SOCKET_ERROR;
  return /Event$|^CloseHandle$/.test(name) ? FALSE : undefined;
}

/** Numbers as little-endian i32. */
function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setInt32(4 * i, value, true);
  return bytes;
}

function integers(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length >>> 2 }, (_, i) => view.getInt32(4 * i, true));
}
