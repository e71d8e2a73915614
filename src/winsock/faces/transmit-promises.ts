import { SO_TYPE, SOCK_STREAM, SOL_SOCKET, TF_DISCONNECT, TF_REUSE_SOCKET } from "../abi/constants.ts";
import { WinsockError, WSAEFAULT, WSAEINVAL, WSAENOTCONN } from "../abi/errors.ts";
import type { SOCKET } from "../abi/structures.ts";
import { NO_PACKET, OVERLAPPED } from "../provider/overlapped.ts";
import { LONGEST_NAME } from "./promise-addresses.ts";
import { type Cancellable, type HostCall, type PromiseCalls, type SentData, sentBytes } from "./promise-calls.ts";
import { joined } from "./scattered.ts";

/** A file that is open for reading: a `FileHandle` of `node:fs/promises` is one. */
export interface AwaitedFile {
  /** @param position where in the file; null for where it stands. @returns how many bytes were read: 0 at its end */
  read(buffer: Uint8Array, offset: number, length: number, position: number | null): Promise<{ readonly bytesRead: number }>;
}

export interface TransmitOptions extends Cancellable {
  /** TF_ flags; of TF_DISCONNECT and TF_REUSE_SOCKET it depends what becomes of the connection. */
  readonly flags?: number;
}

export interface TransmitFileOptions extends TransmitOptions {
  /** Goes before the file, and behind it. */
  readonly head?: SentData;
  readonly tail?: SentData;
  /** Where in the file to begin; left out for where it stands. */
  readonly from?: number;
  /** Bytes of the file; 0, the default, for the rest of it. */
  readonly length?: number;
}

/** Memory, or a piece of a file. */
export interface TransmitElement {
  readonly data?: SentData;
  readonly file?: AwaitedFile;
  /** Of a file: as of TransmitFile. */
  readonly from?: number;
  readonly length?: number;
  /** TP_ELEMENT_EOP: on a datagram socket, a datagram ends here. */
  readonly endsPacket?: boolean;
}

/** mswsock.h's functions that send files, awaited; tapsock/winsock/promises says of each what it does. */
export interface TransmitPromises {
  TransmitFile(s: SOCKET, file: AwaitedFile | null, options?: TransmitFileOptions): Promise<number>;
  TransmitPackets(s: SOCKET, elements: readonly TransmitElement[], options?: TransmitOptions): Promise<number>;
}

/** One call carries no more. */
const PIECE = 256 * 1024;
/** One send, of which other pieces of the program's do not see the middle: as an overlapped one it waits whatever the socket's mode. */
const HOW = OVERLAPPED | NO_PACKET;

export function createTransmitPromises({ sequence, inSendTurn }: PromiseCalls): TransmitPromises {
  /** What both check first (Wine's test TransmitFile). @throws WinsockError for a socket that cannot send */
  async function isStream(call: HostCall, s: SOCKET, signal: AbortSignal | undefined): Promise<boolean> {
    const { data } = await call("getsockopt", { s, a: SOL_SOCKET, b: SO_TYPE, c: 4 }, signal);
    const found = data?.[0] === SOCK_STREAM;
    // A send of nothing finds what is wrong with a stream; of a datagram socket it would send something.
    if (found) await call("send", { s, data: new Uint8Array(0) }, signal);
    else await call("getpeername", { s, a: LONGEST_NAME }, signal);
    return found;
  }

  /** Pieces that the provider knows to be one send. @returns bytes sent */
  async function sendAll(call: HostCall, s: SOCKET, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<number> {
    let sent = 0;
    const sendPiece = async (data: Uint8Array, hasMore: boolean): Promise<void> => {
      await call("send", { s, b: sent > 0 ? 1 : 0, c: hasMore ? 1 : 0, d: HOW, data }, signal);
      sent += data.length;
    };
    let last: Uint8Array | undefined;
    for await (const piece of pieces) {
      if (last !== undefined) await sendPiece(last, true);
      last = piece;
    }
    if (last !== undefined) await sendPiece(last, false);
    return sent;
  }

  async function transmit(
    syscall: string,
    call: HostCall,
    s: SOCKET,
    elements: readonly TransmitElement[],
    { flags = 0, signal }: TransmitOptions,
  ): Promise<number> {
    const sent = await sendAll(call, s, piecesOfAll(syscall, elements), signal);
    if ((flags & TF_REUSE_SOCKET) !== 0) await call("disconnectEx", { s, a: TF_REUSE_SOCKET }, signal);
    // "Start a transport-level disconnect after all the file data has been queued" (Microsoft): nobody waits for its end.
    else if ((flags & TF_DISCONNECT) !== 0) call("disconnectEx", { s }).catch(() => {});
    return sent;
  }

  /** Of a connected datagram socket: each end of a packet ends a datagram. */
  async function transmitDatagrams(
    syscall: string,
    call: HostCall,
    s: SOCKET,
    elements: readonly TransmitElement[],
    signal: AbortSignal | undefined,
  ): Promise<number> {
    let sent = 0;
    let begun: Uint8Array[] = [];
    for (const [i, element] of elements.entries()) {
      for await (const piece of piecesOf(syscall, element)) begun.push(piece);
      if (element.endsPacket !== true && i < elements.length - 1) continue;
      // What is longer than any datagram is refused, however much of it is seen.
      sent += (await call("send", { s, data: joined(begun).subarray(0, PIECE) }, signal)).result;
      begun = [];
    }
    return sent;
  }

  function checkFlags(syscall: string, { flags = 0, signal }: TransmitOptions): void {
    signal?.throwIfAborted();
    if ((flags & (TF_DISCONNECT | TF_REUSE_SOCKET)) === TF_REUSE_SOCKET) throw new WinsockError(WSAEINVAL, syscall);
  }

  return {
    async TransmitFile(s, file, options = {}) {
      const { head = "", tail = "", from, length, signal } = options;
      const syscall = "TransmitFile";
      return inSendTurn(
        s,
        async () => {
          const call = sequence(syscall);
          if (!(await isStream(call, s, signal))) throw new WinsockError(WSAENOTCONN, syscall);
          checkFlags(syscall, options);
          const part = { ...(from !== undefined && { from }), ...(length !== undefined && { length }) };
          return transmit(syscall, call, s, [{ data: head }, ...(file === null ? [] : [{ file, ...part }]), { data: tail }], options);
        },
        signal,
      );
    },

    async TransmitPackets(s, elements, options = {}) {
      const syscall = "TransmitPackets";
      return inSendTurn(
        s,
        async () => {
          const call = sequence(syscall);
          const goesInStream = await isStream(call, s, options.signal);
          checkFlags(syscall, options);
          if (!Array.isArray(elements) || elements.length === 0) throw new WinsockError(WSAEINVAL, syscall);
          const checked: readonly TransmitElement[] = elements;
          if (!checked.every(isElement)) throw new WinsockError(WSAEFAULT, syscall);
          return goesInStream ? transmit(syscall, call, s, checked, options) : transmitDatagrams(syscall, call, s, checked, options.signal);
        },
        options.signal,
      );
    },
  };
}

/** Either memory, or a file from somewhere on. */
function isElement({ data, file, from = 0, length = 0 }: TransmitElement): boolean {
  if (!(from >= 0) || !(length >= 0)) return false;
  return file === undefined ? typeof data === "string" || data instanceof Uint8Array : data === undefined;
}

/** The bytes of an element, a file's as they are read. */
async function* piecesOf(syscall: string, { data, file, from, length = 0 }: TransmitElement): AsyncGenerator<Uint8Array, void> {
  if (file === undefined) {
    const bytes = sentBytes(data ?? "");
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
    return;
  }
  for (let read = 0; length === 0 || read < length; ) {
    const piece = new Uint8Array(length === 0 ? PIECE : Math.min(PIECE, length - read));
    const { bytesRead } = await file.read(piece, 0, piece.length, from === undefined ? null : from + read);
    if (bytesRead === 0) return;
    // A file of the program's own making may say anything.
    if (!(bytesRead > 0 && bytesRead <= piece.length)) throw new WinsockError(WSAEFAULT, syscall);
    read += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

async function* piecesOfAll(syscall: string, elements: readonly TransmitElement[]): AsyncGenerator<Uint8Array, void> {
  for (const element of elements) yield* piecesOf(syscall, element);
}
