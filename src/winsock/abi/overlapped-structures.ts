/** Structures of overlapped and scattered transfers. */
import { STATUS_PENDING } from "./nt-status.ts";

export const sizeof_WSABUF = 16;
export const sizeof_WSAOVERLAPPED = 32;
export const sizeof_OVERLAPPED_ENTRY = 32;

/** A piece of memory of a scattered transfer. */
export interface WSABUF {
  /** Bytes of `buf` that count. */
  len: number;
  buf: Uint8Array | null;
}

/** A transfer that goes on while its program does other things. */
export interface WSAOVERLAPPED {
  /** NTSTATUS: STATUS_PENDING while it goes on. */
  Internal: number;
  /** Bytes transferred. */
  InternalHigh: number;
  Offset: number;
  OffsetHigh: number;
  /** Set when it is over; its low bit says that a completion port hears nothing of it. */
  hEvent: number;
}

/** What GetQueuedCompletionStatusEx fills in. */
export interface OVERLAPPED_ENTRY {
  lpCompletionKey: number;
  lpOverlapped: WSAOVERLAPPED | null;
  /** NTSTATUS. */
  Internal: number;
  dwNumberOfBytesTransferred: number;
}

/** An entry without a packet. */
export function new_OVERLAPPED_ENTRY(): OVERLAPPED_ENTRY {
  return { lpCompletionKey: 0, lpOverlapped: null, Internal: 0, dwNumberOfBytesTransferred: 0 };
}

/** Memory of a transfer: all of it, or its first `len` bytes. */
export function new_WSABUF(buf: Uint8Array | null = null, len = buf?.length ?? 0): WSABUF {
  return { len, buf };
}

/** @param hEvent is set when the transfer is over */
export function new_WSAOVERLAPPED(hEvent = 0): WSAOVERLAPPED {
  return { Internal: 0, InternalHigh: 0, Offset: 0, OffsetHigh: 0, hEvent };
}

/** Microsoft, "HasOverlappedIoCompleted macro": looks at what has come, and does not wait. */
export function HasOverlappedIoCompleted(lpOverlapped: WSAOVERLAPPED): boolean {
  return lpOverlapped.Internal !== STATUS_PENDING;
}
