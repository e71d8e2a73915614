/** Overlapped calls and what tells of their end: functions of `tapsock/winsock`. */
import type { OVERLAPPED_ENTRY, WSABUF, WSAOVERLAPPED } from "./abi/overlapped-structures.ts";
import type { Box, SOCKET } from "./abi/structures.ts";
import type { SockaddrPointer } from "./faces/blocking-face.ts";
import type { HANDLE } from "./faces/event-functions.ts";
import type { CompletionRoutine } from "./faces/transfers.ts";
import { face } from "./this-thread.ts";

/**
 * Sends the bytes of all buffers. With `lpOverlapped` the call does not wait: it returns 0 when it is over already, or SOCKET_ERROR with
 * WSA_IO_PENDING, and later sets the event, or queues the routine for the thread's next alertable wait.
 * @param lpNumberOfBytesSent filled in when the call is over at once; may be null with `lpOverlapped` only
 * @param lpOverlapped `new_WSAOVERLAPPED(event)`, the program's again when the transfer is over; null for an ordinary call
 * @param lpCompletionRoutine takes the event's place; null for none
 */
export function WSASend(
  s: SOCKET,
  lpBuffers: readonly WSABUF[] | null,
  dwBufferCount: number,
  lpNumberOfBytesSent: Box<number> | null,
  dwFlags: number,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSASend(s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, lpOverlapped, lpCompletionRoutine);
}

/** As WSASend, to an address, as sendto. */
export function WSASendTo(
  s: SOCKET,
  lpBuffers: readonly WSABUF[] | null,
  dwBufferCount: number,
  lpNumberOfBytesSent: Box<number> | null,
  dwFlags: number,
  lpTo: SockaddrPointer | null,
  iTolen: number,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSASendTo(s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, lpTo, iTolen, lpOverlapped, lpCompletionRoutine);
}

/**
 * Receives into the buffers, one after the other. Overlapped as WSASend; the nonblocking mode and SO_RCVTIMEO do not count then, and
 * receives are filled in the order in which they were begun. With no room at all it waits until there is something to be received.
 * @param lpFlags MSG_ flags in, and out when the call is over at once
 */
export function WSARecv(
  s: SOCKET,
  lpBuffers: readonly WSABUF[] | null,
  dwBufferCount: number,
  lpNumberOfBytesRecvd: Box<number> | null,
  lpFlags: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSARecv(s, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpOverlapped, lpCompletionRoutine);
}

/** As WSARecv, with the sender's address, as recvfrom; `lpFrom` and `lpFromlen` are the system's until the transfer is over. */
export function WSARecvFrom(
  s: SOCKET,
  lpBuffers: readonly WSABUF[] | null,
  dwBufferCount: number,
  lpNumberOfBytesRecvd: Box<number> | null,
  lpFlags: Box<number> | null,
  lpFrom: SockaddrPointer | null,
  lpFromlen: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSARecvFrom(s, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, lpFrom, lpFromlen, lpOverlapped, lpCompletionRoutine);
}

/**
 * What an overlapped call came to.
 * @param lpcbTransfer filled in with the bytes transferred
 * @param fWait waits for its end
 * @param lpdwFlags filled in with MSG_ flags, or null
 * @returns TRUE, or FALSE with the call's code, or with WSA_IO_INCOMPLETE while it goes on
 */
export function WSAGetOverlappedResult(
  s: SOCKET,
  lpOverlapped: WSAOVERLAPPED | null,
  lpcbTransfer: Box<number> | null,
  fWait: number | boolean,
  lpdwFlags: Box<number> | null,
): number {
  return face.WSAGetOverlappedResult(s, lpOverlapped, lpcbTransfer, fWait, lpdwFlags);
}

/**
 * As WSAGetOverlappedResult, with kernel32's codes: ERROR_NETNAME_DELETED for a connection that was reset, and so on.
 * @param bWait waits until the call is over
 * @returns TRUE, or FALSE with WSA_IO_INCOMPLETE, or with why the call failed
 */
export function GetOverlappedResult(
  hFile: SOCKET,
  lpOverlapped: WSAOVERLAPPED | null,
  lpNumberOfBytesTransferred: Box<number> | null,
  bWait: number | boolean,
): number {
  return face.GetOverlappedResult(hFile, lpOverlapped, lpNumberOfBytesTransferred, bWait);
}

/** Ends the overlapped calls that this thread has begun on a socket, with WSA_OPERATION_ABORTED. @returns TRUE, or FALSE */
export function CancelIo(hFile: SOCKET): number {
  return face.CancelIo(hFile);
}

/** Ends one overlapped call on a socket, or, with null, all of them. @returns TRUE, or FALSE with ERROR_NOT_FOUND when there was none */
export function CancelIoEx(hFile: SOCKET, lpOverlapped: WSAOVERLAPPED | null): number {
  return face.CancelIoEx(hFile, lpOverlapped);
}

/** Sleeps; an alertable sleep ends when something that is queued for the thread has run. @returns 0, or WAIT_IO_COMPLETION then */
export function SleepEx(dwMilliseconds: number, bAlertable: number | boolean): number {
  return face.SleepEx(dwMilliseconds, bAlertable);
}

/** Waits, and is not alertable. @param dwMilliseconds or INFINITE */
export function Sleep(dwMilliseconds: number): void {
  face.SleepEx(dwMilliseconds, false);
}

/** The handle by which QueueUserAPC knows the calling thread. */
export function GetCurrentThread(): HANDLE {
  return face.GetCurrentThread();
}

/** Queues a function for the thread's next alertable wait, blocking Winsock calls among them. @returns TRUE, or FALSE for another thread's handle */
export function QueueUserAPC(pfnAPC: (dwData: number) => void, hThread: HANDLE, dwData: number): number {
  return face.QueueUserAPC(pfnAPC, hThread, dwData);
}

/**
 * A port that is told of the end of overlapped calls; and a socket's association with one, for good.
 * @param FileHandle a socket, or INVALID_HANDLE_VALUE for a port alone
 * @param ExistingCompletionPort a port, or 0 for a new one
 * @param CompletionKey comes with each packet of this socket
 * @returns the port, or 0: WSA_INVALID_HANDLE, WSA_INVALID_PARAMETER when the socket has a port already
 */
export function CreateIoCompletionPort(
  FileHandle: SOCKET,
  ExistingCompletionPort: HANDLE,
  CompletionKey: number,
  NumberOfConcurrentThreads: number,
): HANDLE {
  return face.CreateIoCompletionPort(FileHandle, ExistingCompletionPort, CompletionKey, NumberOfConcurrentThreads);
}

/**
 * Waits for a packet.
 * @param lpOverlapped its value is the very structure that the call was made with, or null at the time-out, which leaves the other boxes alone
 * @returns TRUE; or FALSE with WAIT_TIMEOUT, or with the kernel32 code of a call that failed
 */
export function GetQueuedCompletionStatus(
  CompletionPort: HANDLE,
  lpNumberOfBytesTransferred: Box<number> | null,
  lpCompletionKey: Box<number> | null,
  lpOverlapped: Box<WSAOVERLAPPED | null> | null,
  dwMilliseconds: number,
): number {
  return face.GetQueuedCompletionStatus(CompletionPort, lpNumberOfBytesTransferred, lpCompletionKey, lpOverlapped, dwMilliseconds);
}

/** Waits for packets, and takes as many as there are and find room. @returns TRUE; or FALSE with WAIT_TIMEOUT, or WAIT_IO_COMPLETION (0xC0) when something that was queued for the thread has run */
export function GetQueuedCompletionStatusEx(
  CompletionPort: HANDLE,
  lpCompletionPortEntries: OVERLAPPED_ENTRY[] | null,
  ulCount: number,
  ulNumEntriesRemoved: Box<number> | null,
  dwMilliseconds: number,
  fAlertable: number | boolean,
): number {
  return face.GetQueuedCompletionStatusEx(
    CompletionPort,
    lpCompletionPortEntries,
    ulCount,
    ulNumEntriesRemoved,
    dwMilliseconds,
    fAlertable,
  );
}

/** Puts a packet of the program's own into a port. @returns TRUE, or FALSE */
export function PostQueuedCompletionStatus(
  CompletionPort: HANDLE,
  dwNumberOfBytesTransferred: number,
  dwCompletionKey: number,
  lpOverlapped: WSAOVERLAPPED | null,
): number {
  return face.PostQueuedCompletionStatus(CompletionPort, dwNumberOfBytesTransferred, dwCompletionKey, lpOverlapped);
}

/** Whether calls that are over at once leave a packet: not with FILE_SKIP_COMPLETION_PORT_ON_SUCCESS. @returns TRUE, or FALSE */
export function SetFileCompletionNotificationModes(FileHandle: SOCKET, Flags: number): number {
  return face.SetFileCompletionNotificationModes(FileHandle, Flags);
}
