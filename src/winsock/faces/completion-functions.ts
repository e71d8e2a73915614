import { FALSE, INFINITE, INVALID_HANDLE_VALUE, TRUE, WSA_WAIT_IO_COMPLETION } from "../abi/constants.ts";
import {
  ERROR_CONNECTION_ABORTED,
  ERROR_CONNECTION_REFUSED,
  ERROR_HOST_UNREACHABLE,
  ERROR_MORE_DATA,
  ERROR_NETNAME_DELETED,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_NOT_SUPPORTED,
  ERROR_SEM_TIMEOUT,
  WSA_INVALID_PARAMETER,
  WSAECONNABORTED,
  WSAECONNREFUSED,
  WSAECONNRESET,
  WSAEFAULT,
  WSAEHOSTUNREACH,
  WSAEMSGSIZE,
  WSAENETUNREACH,
  WSAEOPNOTSUPP,
  WSAETIMEDOUT,
} from "../abi/errors.ts";
import { statusOfError } from "../abi/nt-status.ts";
import { new_WSAOVERLAPPED, type OVERLAPPED_ENTRY, type WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import type { Box, SOCKET } from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import { PACKET_NUMBERS } from "../provider/port-calls.ts";
import type { AlertableThread } from "./alertable.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";
import type { PacketsAhead, PortOfSocket, TakenPacket } from "./packets-ahead.ts";

/** Completion ports: kernel32's names. */
export interface CompletionFunctions {
  CreateIoCompletionPort(
    FileHandle: SOCKET,
    ExistingCompletionPort: HANDLE,
    CompletionKey: number,
    NumberOfConcurrentThreads: number,
  ): HANDLE;
  GetQueuedCompletionStatus(
    CompletionPort: HANDLE,
    lpNumberOfBytesTransferred: Box<number> | null,
    lpCompletionKey: Box<number> | null,
    lpOverlapped: Box<WSAOVERLAPPED | null> | null,
    dwMilliseconds: number,
  ): number;
  GetQueuedCompletionStatusEx(
    CompletionPort: HANDLE,
    lpCompletionPortEntries: OVERLAPPED_ENTRY[] | null,
    ulCount: number,
    ulNumEntriesRemoved: Box<number> | null,
    dwMilliseconds: number,
    fAlertable: number | boolean,
  ): number;
  PostQueuedCompletionStatus(
    CompletionPort: HANDLE,
    dwNumberOfBytesTransferred: number,
    dwCompletionKey: number,
    lpOverlapped: WSAOVERLAPPED | null,
  ): number;
  SetFileCompletionNotificationModes(FileHandle: SOCKET, Flags: number): number;
}

/**
 * Which structure of the program a packet tells of: the host knows its calls by numbers, and the program wants its own object back.
 */
export class PacketNames {
  readonly #overlapped = new Map<number, WSAOVERLAPPED>();
  /** Calls of which this thread does not know whether their packets are there, each among those of its socket and direction. */
  readonly #unseen = new Map<number, Set<number>>();
  #lastPosted = 0;

  /** Every handle is closed. */
  clear(): void {
    this.#overlapped.clear();
    this.#unseen.clear();
  }

  /** A call was made that leaves a packet, if its socket has a port. @param unseen of its socket and direction, where its packet is still to be seen */
  made(call: number, overlapped: WSAOVERLAPPED, unseen?: Set<number>): void {
    this.#overlapped.set(call, overlapped);
    if (unseen === undefined) return;
    unseen.add(call);
    this.#unseen.set(call, unseen);
  }

  /** Its packet is there. */
  seen(call: number): void {
    this.#unseen.get(call)?.delete(call);
    this.#unseen.delete(call);
  }

  /** The program's own packet. @returns the number of what it calls lpOverlapped */
  posted(overlapped: WSAOVERLAPPED): number {
    this.#lastPosted--;
    this.#overlapped.set(this.#lastPosted, overlapped);
    return this.#lastPosted;
  }

  /** Other threads have had these packets, and objects of their own for them. @param calls as the answer to a fence has them */
  takenElsewhere(calls: Uint8Array | null): void {
    if (calls !== null) for (const call of float64s(calls)) this.take(call);
  }

  take(call: number): WSAOVERLAPPED | null {
    const overlapped = this.#overlapped.get(call) ?? null;
    this.#overlapped.delete(call);
    this.seen(call);
    return overlapped;
  }
}

export interface CompletionCore extends FaceCore {
  readonly thread: AlertableThread;
  readonly packets: PacketNames;
  readonly ahead: PacketsAhead;
  /** No call is made now: a hook runs. */
  readonly isInHook: () => boolean;
  setLastError(error: number): void;
  /** What answers have come is where the program looks for it. */
  takeReplies(): void;
  /** Receives get what has come for them. */
  fill(): void;
  /** The thread is about to wait for packets. */
  aboutToWait(): void;
  /** The socket has got a port. */
  associated(s: SOCKET, completion: PortOfSocket): void;
}

/** As the program is told of it. */
interface PacketToTell {
  readonly key: number;
  readonly overlapped: WSAOVERLAPPED | null;
  readonly bytes: number;
  readonly error: number;
}

export function completionFunctions({
  call,
  thread,
  packets,
  ahead,
  isInHook,
  setLastError,
  takeReplies,
  fill,
  aboutToWait,
  associated,
}: CompletionCore): CompletionFunctions {
  function refuse(error: number): number {
    setLastError(error);
    return FALSE;
  }

  /**
   * The oldest packets: those that are known of here, or else what the host says now.
   * @param ask makes the call; undefined where a routine ran instead
   * @returns undefined where there are none; the last error says why
   */
  function dequeue(port: HANDLE, most: number, ask: (beside: number) => CallReply | undefined): PacketToTell[] | undefined {
    // A hook may make no call, and hears so.
    const mayCall = !isInHook();
    if (mayCall) fill();
    const taken = mayCall ? ahead.take(port, most) : [];
    if (taken.length > 0) {
      // The answers of the calls that they tell of came before.
      takeReplies();
      setLastError(0);
      return taken.map(told);
    }
    if (mayCall) aboutToWait();
    const reply = ask(mayCall ? ahead.ask(port) : 0);
    setLastError(reply === undefined ? WSA_WAIT_IO_COMPLETION : reply.error);
    return reply?.error === 0 ? read(port, reply) : undefined;
  }

  function read(port: HANDLE, { data, result, b: allowance }: CallReply): PacketToTell[] {
    const numbers = data === null ? [] : float64s(data);
    // Taking the answers of the calls that they tell of gives this reply's memory away.
    takeReplies();
    const all = Array.from({ length: numbers.length / PACKET_NUMBERS }, (_, packet): TakenPacket => {
      const at = packet * PACKET_NUMBERS;
      const [key = 0, isOurs = 0, call = 0, bytes = 0, error = 0] = numbers.slice(at, at + PACKET_NUMBERS);
      if (isOurs === 1) packets.seen(call);
      return { key, call, isOurs: isOurs === 1, bytes, error };
    });
    ahead.keep(port, all.slice(result), allowance);
    return all.slice(0, result).map(told);
  }

  function told({ key, call, isOurs, bytes, error }: TakenPacket): PacketToTell {
    if (!isOurs) return { key, overlapped: call === 0 ? null : foreign(bytes, error), bytes, error };
    const overlapped = packets.take(call);
    // A long send is several calls, of which the packet tells the last.
    const isOfTransfer = overlapped !== null && call > 0;
    return { key, overlapped, bytes: isOfTransfer ? overlapped.InternalHigh : bytes, error };
  }

  /** Objects are one thread's: of what another thread began there is one that says what is known of it. */
  function foreign(bytes: number, error: number): WSAOVERLAPPED {
    return { ...new_WSAOVERLAPPED(), Internal: statusOfError(error), InternalHigh: bytes };
  }

  const milliseconds = (dwMilliseconds: number): number => (dwMilliseconds >>> 0 === INFINITE ? -1 : dwMilliseconds >>> 0);

  return {
    CreateIoCompletionPort(FileHandle, ExistingCompletionPort, CompletionKey) {
      const s = FileHandle === INVALID_HANDLE_VALUE ? 0 : FileHandle;
      const key = Math.trunc(CompletionKey);
      const { result, error } = call(CALL.associate, s, ExistingCompletionPort | 0, key, 0, null);
      if (error === 0 && s !== 0) associated(s, { port: result, key });
      return error === 0 ? result : 0;
    },

    GetQueuedCompletionStatus(CompletionPort, lpNumberOfBytesTransferred, lpCompletionKey, lpOverlapped, dwMilliseconds) {
      if (lpNumberOfBytesTransferred === null || lpCompletionKey === null || lpOverlapped === null) return refuse(WSAEFAULT);
      const ask = (beside: number): CallReply => call(CALL.dequeue, CompletionPort, milliseconds(dwMilliseconds), 1, beside, null);
      const packet = dequeue(CompletionPort, 1, ask)?.[0];
      if (packet === undefined) {
        lpOverlapped.value = null;
        return FALSE;
      }
      lpNumberOfBytesTransferred.value = packet.bytes;
      lpCompletionKey.value = packet.key;
      lpOverlapped.value = packet.overlapped;
      return packet.error === 0 ? TRUE : refuse(win32Of(packet.error));
    },

    GetQueuedCompletionStatusEx(CompletionPort, lpCompletionPortEntries, ulCount, ulNumEntriesRemoved, dwMilliseconds, fAlertable) {
      if (!Array.isArray(lpCompletionPortEntries) || ulNumEntriesRemoved === null) return refuse(WSAEFAULT);
      const count = Math.min(ulCount >>> 0, lpCompletionPortEntries.length);
      if (count === 0) return refuse(WSA_INVALID_PARAMETER);
      if (fAlertable && thread.run()) return refuse(WSA_WAIT_IO_COMPLETION);
      const taken = dequeue(CompletionPort, count, (beside) => {
        const request = { op: CALL.dequeue, s: CompletionPort, a: milliseconds(dwMilliseconds), b: count, c: beside, data: null };
        return fAlertable ? thread.callUnlessRun(request) : call(request.op, request.s, request.a, request.b, request.c, null);
      });
      if (taken === undefined) return FALSE;
      for (const [i, { key, overlapped, bytes, error }] of taken.entries()) {
        const entry = lpCompletionPortEntries[i];
        const told = { lpCompletionKey: key, lpOverlapped: overlapped, Internal: statusOfError(error), dwNumberOfBytesTransferred: bytes };
        if (entry !== undefined) Object.assign(entry, told);
      }
      ulNumEntriesRemoved.value = taken.length;
      return TRUE;
    },

    PostQueuedCompletionStatus(CompletionPort, dwNumberOfBytesTransferred, dwCompletionKey, lpOverlapped) {
      const name = lpOverlapped === null ? 0 : packets.posted(lpOverlapped);
      const [bytes, key] = [dwNumberOfBytesTransferred >>> 0, Math.trunc(dwCompletionKey)];
      const { error, data } = call(CALL.postPacket, CompletionPort, bytes, key, name, null);
      packets.takenElsewhere(data);
      if (error !== 0 && name !== 0) packets.take(name);
      return error === 0 ? TRUE : FALSE;
    },

    SetFileCompletionNotificationModes(FileHandle, Flags) {
      return call(CALL.notificationModes, FileHandle, Flags >>> 0, 0, 0, null).error === 0 ? TRUE : FALSE;
    },
  };
}

/** What these functions return when a parameter cannot be read. */
export const completionFault = (name: string): number | undefined => (/Completion/.test(name) ? FALSE : undefined);

/** The code by which kernel32 knows what Winsock calls otherwise (winsock.md §20). */
const WIN32: ReadonlyMap<number, number> = new Map([
  [WSAECONNRESET, ERROR_NETNAME_DELETED],
  [WSAECONNABORTED, ERROR_CONNECTION_ABORTED],
  [WSAECONNREFUSED, ERROR_CONNECTION_REFUSED],
  [WSAETIMEDOUT, ERROR_SEM_TIMEOUT],
  [WSAENETUNREACH, ERROR_NETWORK_UNREACHABLE],
  [WSAEHOSTUNREACH, ERROR_HOST_UNREACHABLE],
  [WSAEOPNOTSUPP, ERROR_NOT_SUPPORTED],
  [WSAEMSGSIZE, ERROR_MORE_DATA],
]);

export const win32Of = (error: number): number => WIN32.get(error) ?? error;

/** Little-endian. */
function float64s(data: Uint8Array): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Array.from({ length: data.length >>> 3 }, (_, i) => view.getFloat64(8 * i, true));
}
