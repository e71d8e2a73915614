import { FALSE, INFINITE, INVALID_SOCKET, MSG_PARTIAL, SOCKET_ERROR, TRUE, WSA_WAIT_IO_COMPLETION } from "../abi/constants.ts";
import {
  ERROR_NOT_FOUND,
  WSA_INVALID_HANDLE,
  WSA_INVALID_PARAMETER,
  WSA_IO_INCOMPLETE,
  WSAEFAULT,
  WSAEINVAL,
  WSAEMSGSIZE,
} from "../abi/errors.ts";
import { errorOfStatus } from "../abi/nt-status.ts";
import type { WSABUF, WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import type { Box, SOCKET } from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import type { BlockingFace, SockaddrPointer } from "./blocking-face.ts";
import { win32Of } from "./completion-functions.ts";
import type { HANDLE } from "./event-functions.ts";
import { buffersOf, joined, lengthOf, scatter } from "./scattered.ts";
import type { StreamReceives } from "./stream-receives.ts";
import type { CompletionRoutine, Transfer, TransferCore, Transfers } from "./transfers.ts";

/** What overlapped calls need of their face: also its plain calls, for what is not overlapped. */
export interface OverlappedCore extends TransferCore, Pick<BlockingFace, "send" | "recv" | "sendto" | "recvfrom"> {
  readonly transfers: Transfers;
  readonly receives: StreamReceives;
  /** Bytes of a socket address; null for a null pointer. */
  nameBytes(name: SockaddrPointer | null): Uint8Array | null;
  /** Room that may be written to, −1 for a null pointer. */
  roomOf(name: SockaddrPointer | null, namelen: Box<number> | null): number;
  writeName(name: SockaddrPointer | null, namelen: Box<number> | null, bytes: Uint8Array): void;
}

/** Transfers that go on by themselves, in and out of scattered memory: winsock2.h's names, and kernel32's. */
export interface OverlappedFunctions {
  WSASend(
    s: SOCKET,
    lpBuffers: readonly WSABUF[] | null,
    dwBufferCount: number,
    lpNumberOfBytesSent: Box<number> | null,
    dwFlags: number,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
  WSASendTo(
    s: SOCKET,
    lpBuffers: readonly WSABUF[] | null,
    dwBufferCount: number,
    lpNumberOfBytesSent: Box<number> | null,
    dwFlags: number,
    lpTo: SockaddrPointer | null,
    iTolen: number,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
  WSARecv(
    s: SOCKET,
    lpBuffers: readonly WSABUF[] | null,
    dwBufferCount: number,
    lpNumberOfBytesRecvd: Box<number> | null,
    lpFlags: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
  WSARecvFrom(
    s: SOCKET,
    lpBuffers: readonly WSABUF[] | null,
    dwBufferCount: number,
    lpNumberOfBytesRecvd: Box<number> | null,
    lpFlags: Box<number> | null,
    lpFrom: SockaddrPointer | null,
    lpFromlen: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
  WSAGetOverlappedResult(
    s: SOCKET,
    lpOverlapped: WSAOVERLAPPED | null,
    lpcbTransfer: Box<number> | null,
    fWait: number | boolean,
    lpdwFlags: Box<number> | null,
  ): number;
  GetOverlappedResult(
    hFile: SOCKET,
    lpOverlapped: WSAOVERLAPPED | null,
    lpNumberOfBytesTransferred: Box<number> | null,
    bWait: number | boolean,
  ): number;
  CancelIo(hFile: SOCKET): number;
  CancelIoEx(hFile: SOCKET, lpOverlapped: WSAOVERLAPPED | null): number;
  SleepEx(dwMilliseconds: number, bAlertable: number | boolean): number;
  GetCurrentThread(): HANDLE;
  QueueUserAPC(pfnAPC: (dwData: number) => void, hThread: HANDLE, dwData: number): number;
}

/** WSARecv's, from lpBuffers on. */
type ReceiveParameters = Parameters<OverlappedFunctions["WSARecv"]> extends [SOCKET, ...infer Rest] ? Rest : never;

/** In what WSARecv and WSARecvFrom differ. */
interface Receive {
  /** The plain call. */
  now(memory: Uint8Array, flags: number): number;
  readonly op: number;
  /** For an address. */
  readonly room: number;
  /** Notes whose they are. @returns the bytes that came */
  dataOf(reply: CallReply): Uint8Array | null;
}

/** One call carries no more. */
const PIECE = 256 * 1024;
/** GetCurrentThread's pseudo handle. */
const CURRENT_THREAD = -2;

export function overlappedFunctions(core: OverlappedCore): OverlappedFunctions {
  const { thread, transfers, receives, fail } = core;

  /** What a receive brought goes where it was wanted. */
  function received(buffers: readonly Uint8Array[], transfer: Transfer, reply: CallReply, data: Uint8Array | null): void {
    const count = data === null ? 0 : scatter(buffers, data);
    transfer.bytes = reply.error === WSAEMSGSIZE || reply.error === 0 ? count : 0;
    transfer.flags = reply.error === WSAEMSGSIZE ? MSG_PARTIAL : 0;
  }

  /** As the plain calls, where there is no overlapped structure. */
  function plain(result: number, bytes: Box<number>): number {
    if (result < 0) return SOCKET_ERROR;
    bytes.value = result;
    return 0;
  }

  function receive(s: SOCKET, parameters: ReceiveParameters, { now, op, room, dataOf }: Receive): number {
    const [lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpOverlapped, lpCompletionRoutine] = parameters;
    if (dwBufferCount === 0) return fail(WSAEINVAL);
    const buffers = buffersOf(lpBuffers, dwBufferCount >>> 0);
    if (typeof buffers === "number" || lpFlags === null || (lpOverlapped === null && lpNumberOfBytesRecvd === null)) {
      return fail(WSAEFAULT);
    }
    const flags = lpFlags.value | 0;
    if (lpOverlapped === null) {
      lpFlags.value = 0;
      return plain(
        receiveScattered(buffers, (memory) => now(memory, flags)),
        lpNumberOfBytesRecvd!,
      );
    }
    const wanted = Math.min(lengthOf(buffers), PIECE);
    const options = { bytes: lpNumberOfBytesRecvd, routine: lpCompletionRoutine };
    const isOrdinary = flags === 0 && wanted > 0;
    const over = isOrdinary && op === CALL.recv ? receives.takeShown(s, lpOverlapped, buffers, options) : undefined;
    if (over !== undefined) return over;
    const request = { op, s, a: wanted, b: flags, c: room, data: null };
    const answered = (transfer: Transfer, reply: CallReply): void => received(buffers, transfer, reply, dataOf(reply));
    if (isOrdinary) return receives.begin(s, lpOverlapped, buffers, { ...request, answered }, options);
    return transfers.begin(s, lpOverlapped, transfers.callOf(request, answered), options);
  }

  const functions: OverlappedFunctions = {
    WSASend(s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, lpOverlapped, lpCompletionRoutine) {
      const buffers = buffersOf(lpBuffers, dwBufferCount >>> 0);
      if (typeof buffers === "number" || (lpOverlapped === null && lpNumberOfBytesSent === null)) return fail(WSAEFAULT);
      const bytes = joined(buffers);
      if (lpOverlapped === null) return plain(core.send(s, bytes, bytes.length, dwFlags), lpNumberOfBytesSent!);
      return transfers.beginSend(s, lpOverlapped, bytes, dwFlags | 0, { bytes: lpNumberOfBytesSent, routine: lpCompletionRoutine });
    },

    WSASendTo(s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, lpTo, iTolen, lpOverlapped, lpCompletionRoutine) {
      const buffers = buffersOf(lpBuffers, dwBufferCount >>> 0);
      if (typeof buffers === "number" || (lpOverlapped === null && lpNumberOfBytesSent === null)) return fail(WSAEFAULT);
      const bytes = joined(buffers);
      if (lpOverlapped === null) return plain(core.sendto(s, bytes, bytes.length, dwFlags, lpTo, iTolen), lpNumberOfBytesSent!);
      const name = core.nameBytes(lpTo);
      // Longer than any datagram may only be a stream, which ignores the address.
      if (name === null || bytes.length > PIECE - name.length) {
        return transfers.begin(s, lpOverlapped, transfers.sendOf(s, bytes, dwFlags | 0), {
          bytes: lpNumberOfBytesSent,
          routine: lpCompletionRoutine,
        });
      }
      const data = joined([name, bytes]);
      const request = { op: CALL.sendto, s, a: name.length, b: dwFlags | 0, c: iTolen | 0, data };
      return transfers.begin(
        s,
        lpOverlapped,
        transfers.callOf(request, (transfer, { result }) => {
          transfer.bytes = Math.max(0, result);
        }),
        { bytes: lpNumberOfBytesSent, routine: lpCompletionRoutine },
      );
    },

    WSARecv(s, ...parameters) {
      return receive(s, parameters, {
        now: (memory, flags) => core.recv(s, memory, memory.length, flags),
        op: CALL.recv,
        room: 0,
        dataOf: ({ data }) => data,
      });
    },

    WSARecvFrom(s, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpFrom, lpFromlen, lpOverlapped, lpCompletionRoutine) {
      return receive(s, [lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpOverlapped, lpCompletionRoutine], {
        now: (memory, flags) => core.recvfrom(s, memory, memory.length, flags, lpFrom, lpFromlen),
        op: CALL.recvfrom,
        room: lpFrom === null || lpFromlen === null ? -1 : Math.max(0, core.roomOf(lpFrom, lpFromlen)),
        dataOf({ data, a }) {
          const name = data?.subarray(0, a) ?? null;
          if (name !== null && name.length > 0) core.writeName(lpFrom, lpFromlen, name);
          return data?.subarray(a) ?? null;
        },
      });
    },

    WSAGetOverlappedResult(s, lpOverlapped, lpcbTransfer, fWait, lpdwFlags) {
      if (core.call(CALL.fence, s === 0 ? INVALID_SOCKET : s, 0, 0, 0, null).error !== 0) return FALSE;
      if (lpOverlapped === null) return refuse(WSA_INVALID_PARAMETER);
      if (lpcbTransfer === null) return refuse(WSAEFAULT);
      const transfer = transfers.of(lpOverlapped);
      if (transfer !== undefined && !fWait) return refuse(WSA_IO_INCOMPLETE);
      while (transfer !== undefined && !transfer.isOver) {
        if (core.port()?.awaitPosted() !== true) break;
      }
      lpcbTransfer.value = lpOverlapped.InternalHigh;
      if (lpdwFlags !== null) lpdwFlags.value = transfer?.flags ?? 0;
      const error = errorOfStatus(lpOverlapped.Internal);
      if (error !== 0) return refuse(error);
      core.setLastError(0);
      return TRUE;
    },

    GetOverlappedResult(_hFile, lpOverlapped, lpNumberOfBytesTransferred, bWait) {
      if (lpOverlapped === null || lpNumberOfBytesTransferred === null) return refuse(WSA_INVALID_PARAMETER);
      core.port()?.takeReplies();
      if (bWait) receives.release();
      else receives.fill();
      const transfer = transfers.of(lpOverlapped);
      if (transfer !== undefined && !bWait) return refuse(WSA_IO_INCOMPLETE);
      while (transfer !== undefined && !transfer.isOver) if (core.port()?.awaitPosted() !== true) break;
      lpNumberOfBytesTransferred.value = lpOverlapped.InternalHigh;
      const error = win32Of(errorOfStatus(lpOverlapped.Internal));
      core.setLastError(error);
      return error === 0 ? TRUE : FALSE;
    },

    CancelIo(hFile) {
      const { error } = core.call(CALL.cancelIo, hFile, 0, 0, 0, null);
      core.port()?.takeReplies();
      return error === 0 ? TRUE : FALSE;
    },

    CancelIoEx(hFile, lpOverlapped) {
      const calls = lpOverlapped === null ? [0] : (transfers.of(lpOverlapped)?.calls ?? []);
      let count = 0;
      for (const id of calls) count += Math.max(0, core.call(CALL.cancelIo, hFile, id, 1, 0, null).result);
      core.port()?.takeReplies();
      return count > 0 ? TRUE : refuse(ERROR_NOT_FOUND);
    },

    SleepEx(dwMilliseconds, bAlertable) {
      const ms = dwMilliseconds >>> 0;
      const request = { op: CALL.waitForEvents, s: 0, a: 0, b: ms === INFINITE ? -1 : ms, c: 0, data: new Uint8Array(0) };
      if (!bAlertable) {
        core.call(request.op, 0, request.a, request.b, 0, request.data);
        return 0;
      }
      core.port()?.takeReplies();
      if (thread.run()) return WSA_WAIT_IO_COMPLETION;
      return core.port() !== undefined && thread.callUnlessRun(request) === undefined ? WSA_WAIT_IO_COMPLETION : 0;
    },

    GetCurrentThread: () => CURRENT_THREAD,

    QueueUserAPC(pfnAPC, hThread, dwData) {
      if (hThread !== CURRENT_THREAD || typeof pfnAPC !== "function") return refuse(WSA_INVALID_HANDLE);
      thread.queue(() => pfnAPC(dwData), false);
      core.setLastError(0);
      return TRUE;
    },
  };

  function refuse(error: number): number {
    core.setLastError(error);
    return FALSE;
  }

  return functions;
}

/** What these functions return when a parameter cannot be read. */
export function overlappedFault(name: string): number | undefined {
  if (name === "SleepEx") return 0;
  return /^(WSAGetOverlappedResult|GetOverlappedResult|CancelIo|CancelIoEx|QueueUserAPC|GetCurrentThread)$/.test(name) ? FALSE : undefined;
}

/** Into one piece of memory directly, into several by way of another. */
function receiveScattered(buffers: readonly Uint8Array[], receive: (memory: Uint8Array) => number): number {
  if (buffers.length === 1) return receive(buffers[0]!);
  const memory = new Uint8Array(lengthOf(buffers));
  const received = receive(memory);
  if (received > 0) scatter(buffers, memory.subarray(0, received));
  return received;
}
