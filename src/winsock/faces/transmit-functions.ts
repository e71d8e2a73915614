import {
  FALSE,
  INVALID_SOCKET,
  SO_TYPE,
  SOCK_STREAM,
  SOCKET_ERROR,
  SOL_SOCKET,
  TF_DISCONNECT,
  TF_REUSE_SOCKET,
  TP_ELEMENT_EOP,
  TP_ELEMENT_FILE,
  TP_ELEMENT_MEMORY,
  TRUE,
} from "../abi/constants.ts";
import { WSA_INVALID_HANDLE, WSAEFAULT, WSAEINVAL, WSAENETDOWN, WSAENOTCONN } from "../abi/errors.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import { type SOCKET, sizeof_sockaddr_storage } from "../abi/structures.ts";
import type { TRANSMIT_FILE_BUFFERS, TRANSMIT_PACKETS_ELEMENT } from "../abi/transmit-structures.ts";
import { type BlockingPort, CALL, type CallReply } from "../provider/calls.ts";
import { NO_PACKET, OVERLAPPED } from "../provider/overlapped.ts";
import type { HANDLE } from "./event-functions.ts";
import type { FileObject, Files } from "./file-functions.ts";
import { isPointer } from "./pointers.ts";
import { joined } from "./scattered.ts";
import type { TransferCore, Transfers } from "./transfers.ts";

/** mswsock.h's functions that send files. Both are BOOL. */
export interface TransmitFunctions {
  TransmitFile(
    hSocket: SOCKET,
    hFile: HANDLE | null,
    nNumberOfBytesToWrite: number,
    nNumberOfBytesPerSend: number,
    lpOverlapped: WSAOVERLAPPED | null,
    lpTransmitBuffers: TRANSMIT_FILE_BUFFERS | null,
    dwFlags: number,
  ): number;
  TransmitPackets(
    hSocket: SOCKET,
    lpPacketArray: readonly TRANSMIT_PACKETS_ELEMENT[] | null,
    nElementCount: number,
    nSendSize: number,
    lpOverlapped: WSAOVERLAPPED | null,
    dwFlags: number,
  ): number;
}

interface TransmitCore extends TransferCore {
  readonly transfers: Transfers;
  readonly files: Files;
}

/** Memory, or bytes of a file that are yet to be read. */
type TransmitPart = Uint8Array | { readonly of: FileObject; readonly from: number | undefined; readonly length: number };

/** One call carries no more. */
const PIECE = 256 * 1024;
/** nFileOffset for where the file stands. */
const WHERE_IT_STANDS = -1;

export function transmitFunctions(core: TransmitCore): TransmitFunctions {
  const { transfers, files } = core;

  function refuse(error: number): number {
    core.setLastError(error);
    return FALSE;
  }

  /** What both check first (Wine's test TransmitFile). @returns the code of a socket that cannot send */
  function kindOf(handle: SOCKET): "stream" | "datagram" | number {
    const s = handle === 0 ? INVALID_SOCKET : handle;
    const { error, data } = core.call(CALL.getsockopt, s, SOL_SOCKET, SO_TYPE, 4, null);
    if (error !== 0) return error;
    const kind = data?.[0] === SOCK_STREAM ? "stream" : "datagram";
    // A send of nothing finds what is wrong with a stream; of a datagram socket it would send something.
    const probe =
      kind === "stream"
        ? core.call(CALL.send, s, 0, 0, 0, new Uint8Array(0))
        : core.call(CALL.getpeername, s, sizeof_sockaddr_storage, 0, 0, null);
    return probe.error === 0 ? kind : probe.error;
  }

  /** Pieces that the provider knows to be one send, which waits for room as any, nonblocking or not. @returns the code */
  function sendNow(port: BlockingPort, s: SOCKET, pieces: Iterable<Uint8Array>): number {
    let last: Uint8Array | undefined;
    let isFirst = true;
    for (const piece of pieces) {
      if (last !== undefined) {
        const error = sendPiece(port, s, last, isFirst, true);
        if (error !== 0) return error;
        isFirst = false;
      }
      last = piece;
    }
    return last === undefined ? 0 : sendPiece(port, s, last, isFirst, false);
  }

  function sendPiece(port: BlockingPort, s: SOCKET, data: Uint8Array, isFirst: boolean, hasMore: boolean): number {
    let answer: Pick<CallReply, "error"> | undefined;
    const how = { a: 0, b: isFirst ? 0 : 1, c: hasMore ? 1 : 0, d: OVERLAPPED | NO_PACKET, e: 0 };
    port.post({ op: CALL.send, s, ...how, data }, ({ error }) => {
      answer = { error };
    });
    while (answer === undefined) if (!port.awaitPosted()) return WSAENETDOWN;
    return answer.error;
  }

  function sendParts(s: SOCKET, parts: readonly TransmitPart[], isReused: boolean, disconnects: boolean): number {
    core.streams.handBack(s);
    const port = core.port();
    if (port === undefined) return refuse(WSAENETDOWN);
    const error = sendNow(port, s, piecesOfAll(parts));
    if (error !== 0) return refuse(error);
    if (isReused) return core.call(CALL.disconnectEx, s, TF_REUSE_SOCKET, 0, 0, null).error === 0 ? TRUE : FALSE;
    if (disconnects) beginDisconnect(port, s);
    core.setLastError(0);
    return TRUE;
  }

  /** "Start a transport-level disconnect after all the file data has been queued" (Microsoft): nobody waits for its end. */
  function beginDisconnect(port: BlockingPort, s: SOCKET): void {
    port.post({ op: CALL.disconnectEx, s, a: 0, b: 0, c: 0, data: null }, () => {});
  }

  /** What is to be sent is read before it begins. */
  function beginStream(s: SOCKET, overlapped: WSAOVERLAPPED, bytes: Uint8Array, isReused: boolean, disconnects: boolean): number {
    const send = transfers.sendOf(s, bytes, 0);
    if (!isReused) {
      const result = transfers.begin(s, overlapped, (port, transfer, d, e) => {
        send(port, transfer, d, e);
        if (!disconnects) return;
        while (!transfer.isOver && port.awaitPosted());
        beginDisconnect(port, s);
      });
      return result === SOCKET_ERROR ? FALSE : TRUE;
    }
    const end = transfers.callOf({ op: CALL.disconnectEx, s, a: TF_REUSE_SOCKET, b: 0, c: 0, data: null }, (transfer) => {
      transfer.bytes = bytes.length;
    });
    const result = transfers.begin(s, overlapped, (port, transfer, d, e) => {
      // Its end is the end of the transfer: the bytes have to be on their way before.
      sendNow(port, s, piecesOf(bytes));
      end(port, transfer, d, e);
    });
    return result === SOCKET_ERROR ? FALSE : TRUE;
  }

  function transmit(s: SOCKET, parts: readonly TransmitPart[], overlapped: WSAOVERLAPPED | null, flags: number): number {
    const isReused = (flags & TF_REUSE_SOCKET) !== 0;
    const disconnects = (flags & TF_DISCONNECT) !== 0;
    if (!isPointer(overlapped)) return sendParts(s, parts, isReused, disconnects);
    return beginStream(s, overlapped, joined([...piecesOfAll(parts)]), isReused, disconnects);
  }

  /** Of a connected datagram socket: each end of a packet ends a datagram. */
  function transmitDatagrams(s: SOCKET, datagrams: readonly Uint8Array[], overlapped: WSAOVERLAPPED | null): number {
    const last = isPointer(overlapped) ? datagrams.at(-1) : undefined;
    let sent = 0;
    for (const bytes of last === undefined ? datagrams : datagrams.slice(0, -1)) {
      const { result } = core.call(CALL.send, s, 0, 0, 0, bytes);
      if (result < 0) return FALSE;
      sent += result;
    }
    if (last === undefined || !isPointer(overlapped)) return TRUE;
    const post = transfers.callOf({ op: CALL.send, s, a: 0, b: 0, c: 0, data: last }, (transfer, { result }) => {
      transfer.bytes = sent + Math.max(0, result);
    });
    return transfers.begin(s, overlapped, post) === SOCKET_ERROR ? FALSE : TRUE;
  }

  /** @returns the code for an element that is none */
  function partOf(element: TRANSMIT_PACKETS_ELEMENT): TransmitPart | number {
    const kind = element.dwElFlags & ~TP_ELEMENT_EOP;
    const length = element.cLength >>> 0;
    if (kind === TP_ELEMENT_MEMORY) return memoryOf(element.pBuffer, length) ?? WSAEFAULT;
    if (kind !== TP_ELEMENT_FILE) return WSAEINVAL;
    const of = files.get(element.hFile);
    if (of === undefined) return WSA_INVALID_HANDLE;
    return { of, from: element.nFileOffset === WHERE_IT_STANDS ? undefined : element.nFileOffset, length };
  }

  return {
    TransmitFile(hSocket, hFile, nNumberOfBytesToWrite, _perSend, lpOverlapped, lpTransmitBuffers, dwFlags) {
      const kind = kindOf(hSocket);
      if (typeof kind === "number") return refuse(kind);
      if (kind === "datagram") return refuse(WSAENOTCONN);
      if ((dwFlags & (TF_DISCONNECT | TF_REUSE_SOCKET)) === TF_REUSE_SOCKET) return refuse(WSAEINVAL);
      const buffers = isPointer(lpTransmitBuffers) ? lpTransmitBuffers : undefined;
      const head = memoryOf(buffers?.Head, (buffers?.HeadLength ?? 0) >>> 0);
      const tail = memoryOf(buffers?.Tail, (buffers?.TailLength ?? 0) >>> 0);
      if (head === undefined || tail === undefined) return refuse(WSAEFAULT);
      const parts: TransmitPart[] = [head];
      if (hFile !== null && hFile !== 0) {
        const of = files.get(hFile);
        if (of === undefined) return refuse(WSA_INVALID_HANDLE);
        const from = isPointer(lpOverlapped) ? (lpOverlapped.OffsetHigh >>> 0) * 2 ** 32 + (lpOverlapped.Offset >>> 0) : undefined;
        parts.push({ of, from, length: nNumberOfBytesToWrite >>> 0 });
      }
      return transmit(hSocket, [...parts, tail], lpOverlapped, dwFlags);
    },

    TransmitPackets(hSocket, lpPacketArray, nElementCount, _sendSize, lpOverlapped, dwFlags) {
      const kind = kindOf(hSocket);
      if (typeof kind === "number") return refuse(kind);
      if ((dwFlags & (TF_DISCONNECT | TF_REUSE_SOCKET)) === TF_REUSE_SOCKET) return refuse(WSAEINVAL);
      const count = nElementCount >>> 0;
      if (count === 0) return refuse(WSAEINVAL);
      if (!Array.isArray(lpPacketArray) || count > lpPacketArray.length) return refuse(WSAEFAULT);
      const elements: readonly TRANSMIT_PACKETS_ELEMENT[] = lpPacketArray.slice(0, count);
      const parts = elements.map(partOf);
      const wrong = parts.find((part) => typeof part === "number");
      if (typeof wrong === "number") return refuse(wrong);
      const found = parts as readonly TransmitPart[];
      if (kind === "stream") return transmit(hSocket, found, lpOverlapped, dwFlags);
      const datagrams: Uint8Array[] = [];
      let begun: Uint8Array[] = [];
      for (const [i, part] of found.entries()) {
        begun.push(...piecesOf(part));
        if ((elements[i]!.dwElFlags & TP_ELEMENT_EOP) === 0 && i < count - 1) continue;
        // What is longer than any datagram is refused, however much of it is seen.
        datagrams.push(joined(begun).subarray(0, PIECE));
        begun = [];
      }
      return transmitDatagrams(hSocket, datagrams, lpOverlapped);
    },
  };
}

/** What these functions return when a parameter cannot be read. */
export const transmitFault = (name: string): number | undefined => (name.startsWith("Transmit") ? FALSE : undefined);

/** Undefined where C would read memory that is not the program's. */
function memoryOf(buffer: Uint8Array | null | undefined, length: number): Uint8Array | undefined {
  if (length === 0) return new Uint8Array(0);
  return buffer instanceof Uint8Array && length <= buffer.length ? buffer.subarray(0, length) : undefined;
}

/** The bytes of a part, a file's as they are read: it stands behind them afterwards, where it was read from where it stood. */
function* piecesOf(part: TransmitPart): Generator<Uint8Array, void> {
  if (part instanceof Uint8Array) {
    for (let at = 0; at < part.length; at += PIECE) yield part.subarray(at, at + PIECE);
    return;
  }
  const { of, from, length } = part;
  const begin = from ?? of.position;
  const end = length === 0 ? Math.max(begin, of.file.size) : begin + length;
  for (let at = begin; at < end; ) {
    const piece = new Uint8Array(Math.min(PIECE, end - at));
    const count = of.file.read(piece, at);
    if (count === 0) return;
    at += count;
    if (from === undefined) of.position = at;
    yield piece.subarray(0, count);
  }
}

function* piecesOfAll(parts: readonly TransmitPart[]): Generator<Uint8Array, void> {
  for (const part of parts) yield* piecesOf(part);
}
