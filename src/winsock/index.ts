/**
 * `tapsock/winsock`: the C API of winsock2.h, name for name, over this project's own TCP/IP stack. Calls block the calling thread;
 * the stack goes on in another. Parameters come in C's order:
 *
 * - SOCKET is a number, and INVALID_SOCKET is ~0;
 * - a pointer to a structure is an object with that structure's fields, or a Uint8Array in C layout (x64 Windows);
 * - a pointer to a scalar is a box, `{ value: 0 }`; NULL is null;
 * - lengths are passed as in C (`sizeof_sockaddr_in` and kin), and fields are in network byte order where C's are.
 *
 * No function throws: it returns SOCKET_ERROR or INVALID_SOCKET, and WSAGetLastError has the code. A network that is gone, such as a
 * daemon that ended, is WSAENETDOWN. What a process is on Windows is a thread of JavaScript here: a worker starts up for itself.
 *
 * On which network: `useNetwork(url)` before WSAStartup, or the environment variable TAPSOCK:
 * `embedded:` (the default: a host on a virtual wire with a loopback), `tap:tap0?ip=203.0.113.2/24&gateway=203.0.113.1`, or
 * `daemon:/run/tapsock/tapsock.sock`.
 */

import type { WSANETWORKEVENTS, WSAPOLLFD } from "./abi/event-structures.ts";
import type { SOCKET_ADDRESS_LIST } from "./abi/ioctl-structures.ts";
import type { WSAMSG } from "./abi/message-control.ts";
import type { HWND, MSG } from "./abi/message-structures.ts";
import type { OVERLAPPED_ENTRY, WSABUF, WSAOVERLAPPED } from "./abi/overlapped-structures.ts";
import type { WSAPROTOCOL_INFO } from "./abi/protocol-info.ts";
import type { Box, fd_set, in_addr, in6_addr, SOCKET, timeval, WSADATA } from "./abi/structures.ts";
import type { TRANSMIT_FILE_BUFFERS, TRANSMIT_PACKETS_ELEMENT } from "./abi/transmit-structures.ts";
import type { SockaddrPointer } from "./faces/blocking-face.ts";
import type { BlockingHook } from "./faces/blocking-hooks.ts";
import type { ConnectByNameParameters } from "./faces/connect-functions.ts";
import type { HANDLE } from "./faces/event-functions.ts";
import type { CreateFileParameters } from "./faces/file-functions.ts";
import type { IoctlInput, IoctlOutput } from "./faces/ioctl-values.ts";
import type { OptionPointer } from "./faces/option-values.ts";
import type { ConditionFunction, ProtocolInfoPointer } from "./faces/socket-functions.ts";
import type { CompletionRoutine } from "./faces/transfers.ts";
import type { WindowProcedure } from "./faces/window-functions.ts";
import { face } from "./this-thread.ts";

export { useNetwork } from "../network/networks.ts";
export * from "./abi/index.ts";
export type { AsyncNameFunctions } from "./faces/async-name-functions.ts";
export type { SockaddrPointer } from "./faces/blocking-face.ts";
export type { BlockingHook, HookFunctions } from "./faces/blocking-hooks.ts";
export type { CompletionFunctions } from "./faces/completion-functions.ts";
export type { ConnectByNameParameters, ConnectFunctions } from "./faces/connect-functions.ts";
export type { EventFunctions, HANDLE } from "./faces/event-functions.ts";
export type { ExtensionFunctions } from "./faces/extension-functions.ts";
export type { CreateFileParameters, FileFunctions } from "./faces/file-functions.ts";
export type { IoctlInput, IoctlOutput } from "./faces/ioctl-values.ts";
export type { LookupRoutine } from "./faces/lookups-begun.ts";
export type { MessageFunctions } from "./faces/message-functions.ts";
export type { AddrinfoexPointer, AddrinfoPointer, GetAddrInfoExParameters } from "./faces/name-functions.ts";
export type { OptionPointer } from "./faces/option-values.ts";
export type { OverlappedFunctions } from "./faces/overlapped-functions.ts";
export type { ConditionFunction, ProtocolInfoPointer, SocketFunctions } from "./faces/socket-functions.ts";
export type { TextPointer } from "./faces/text-buffer.ts";
export type { CompletionRoutine } from "./faces/transfers.ts";
export type { TransmitFunctions } from "./faces/transmit-functions.ts";
export type { WindowFunctions, WindowProcedure } from "./faces/window-functions.ts";
export * from "./names.ts";

/**
 * Starts Winsock for this program, which has to come first. Counted: each success wants a WSACleanup.
 * @param wVersionRequested as MAKEWORD(2, 2), which is the highest there is
 * @param lpWSAData filled in with what was agreed on: `new_WSADATA()`
 * @returns 0, or the code itself: WSAVERNOTSUPPORTED, WSAEFAULT, or WSASYSNOTREADY when the network cannot be had (`networkFailure`
 * says why)
 */
export function WSAStartup(wVersionRequested: number, lpWSAData: WSADATA | Uint8Array | null): number {
  return face.WSAStartup(wVersionRequested, lpWSAData);
}

/** Undoes one WSAStartup; the last one closes every socket of the program. @returns 0, or SOCKET_ERROR with WSANOTINITIALISED */
export function WSACleanup(): number {
  return face.WSACleanup();
}

/** The code of the last call of this thread: 0 when it succeeded. */
export function WSAGetLastError(): number {
  return face.WSAGetLastError();
}

/** Sets what WSAGetLastError says, until the next call. */
export function WSASetLastError(iError: number): void {
  face.WSASetLastError(iError);
}

/**
 * Makes a socket in blocking mode.
 * @param af AF_INET, or AF_INET6: one that speaks IPv4 too, by v4-mapped addresses, while IPV6_V6ONLY is off
 * @param type SOCK_STREAM or SOCK_DGRAM
 * @param protocol IPPROTO_TCP, IPPROTO_UDP, or 0 for what suits the type
 * @returns the socket, or INVALID_SOCKET: WSAEAFNOSUPPORT, WSAEPROTONOSUPPORT, WSAESOCKTNOSUPPORT, WSAEMFILE
 */
export function socket(af: number, type: number, protocol: number): SOCKET {
  return face.socket(af, type, protocol);
}

/**
 * Gives a socket its local address and port. Port 0 takes a free one of the profile's range, 49152 to 65535 on Windows.
 * @param name an address of the host, or INADDR_ANY or in6addr_any for all of them
 * @param namelen sizeof_sockaddr_in or sizeof_sockaddr_in6
 * @returns 0, or SOCKET_ERROR: WSAEADDRINUSE, WSAEACCES, WSAEADDRNOTAVAIL, WSAEINVAL when the socket is bound already
 */
export function bind(s: SOCKET, name: SockaddrPointer | null, namelen: number): number {
  return face.bind(s, name, namelen);
}

/**
 * Connects a stream to its peer, or sets the peer of a datagram socket. A blocking stream waits, up to 21 seconds with Windows' profile;
 * a nonblocking one gets WSAEWOULDBLOCK, and the outcome by `select` (Microsoft, "connect function").
 * @param namelen sizeof_sockaddr_in or sizeof_sockaddr_in6
 * @returns 0, or SOCKET_ERROR: WSAECONNREFUSED, WSAETIMEDOUT, WSAENETUNREACH, WSAEHOSTUNREACH, WSAEISCONN and others
 */
export function connect(s: SOCKET, name: SockaddrPointer | null, namelen: number): number {
  return face.connect(s, name, namelen);
}

/** Lets a bound stream be connected to. @param backlog how many connections may wait to be accepted, or SOMAXCONN. @returns 0, or SOCKET_ERROR */
export function listen(s: SOCKET, backlog: number): number {
  return face.listen(s, backlog);
}

/**
 * Waits for a connection of a listening stream and takes it.
 * @param addr filled in with the peer's name, or null
 * @param addrlen bytes of `addr`, in and out; null together with `addr`
 * @returns its socket, or INVALID_SOCKET: WSAEWOULDBLOCK, WSAECONNRESET when the peer was gone before it was accepted, and others
 */
export function accept(s: SOCKET, addr: SockaddrPointer | null, addrlen: Box<number> | null): SOCKET {
  return face.accept(s, addr, addrlen);
}

/**
 * Sends `len` bytes of `buf`: a blocking socket takes all of them as soon as fewer than SO_SNDBUF bytes are waiting.
 * @param flags 0, or MSG_ flags
 * @returns how many were taken, or SOCKET_ERROR: WSAEWOULDBLOCK, WSAECONNRESET, WSAECONNABORTED, WSAENOTCONN, WSAESHUTDOWN and others
 */
export function send(s: SOCKET, buf: Uint8Array | null, len: number, flags: number): number {
  return face.send(s, buf, len, flags);
}

/**
 * Waits for at least one byte (with MSG_WAITALL for `len` of them), and takes what is there up to `len`. Of a datagram socket it takes
 * one datagram.
 * @param flags 0, MSG_PEEK, MSG_WAITALL
 * @returns how many bytes; 0 when the peer has ended the stream; or SOCKET_ERROR: WSAEWOULDBLOCK, WSAECONNRESET, WSAETIMEDOUT and others
 */
export function recv(s: SOCKET, buf: Uint8Array | null, len: number, flags: number): number {
  return face.recv(s, buf, len, flags);
}

/**
 * Sends one datagram to `to`, and binds the socket if it is not bound. On a stream the address counts for nothing.
 * @param tolen sizeof_sockaddr_in or sizeof_sockaddr_in6
 * @returns `len`, or SOCKET_ERROR: WSAEMSGSIZE, WSAENETUNREACH, WSAEACCES for a broadcast without SO_BROADCAST, and others
 */
export function sendto(s: SOCKET, buf: Uint8Array | null, len: number, flags: number, to: SockaddrPointer | null, tolen: number): number {
  return face.sendto(s, buf, len, flags, to, tolen);
}

/**
 * Waits for one datagram and tells its sender. One longer than `len` fills the buffer, and the call fails with WSAEMSGSIZE.
 * @param from filled in with the sender's name, or null
 * @param fromlen bytes of `from`, in and out; null together with `from`
 * @returns how many bytes, or SOCKET_ERROR: WSAECONNRESET after an earlier datagram that found nobody, and others
 */
export function recvfrom(
  s: SOCKET,
  buf: Uint8Array | null,
  len: number,
  flags: number,
  from: SockaddrPointer | null,
  fromlen: Box<number> | null,
): number {
  return face.recvfrom(s, buf, len, flags, from, fromlen);
}

/** Ends receiving, sending or both; the socket stays. @param how SD_RECEIVE, SD_SEND or SD_BOTH. @returns 0, or SOCKET_ERROR */
export function shutdown(s: SOCKET, how: number): number {
  return face.shutdown(s, how);
}

/**
 * Ends a socket. What was sent is delivered and the connection ended in the background, unless SO_LINGER says otherwise.
 * @returns 0, or SOCKET_ERROR: WSAENOTSOCK, WSAEWOULDBLOCK for a nonblocking socket that shall linger
 */
export function closesocket(s: SOCKET): number {
  return face.closesocket(s);
}

/**
 * Waits until a socket of one of the sets can be read, written, or has failed, and leaves in each set those that are so.
 * @param nfds ignored, as on Windows
 * @param timeout how long to wait at most; null waits for ever
 * @returns how many entries are left in all sets, 0 when the time is over, or SOCKET_ERROR: WSAENOTSOCK, WSAEINVAL
 */
export function select(
  nfds: number,
  readfds: fd_set | Uint8Array | null,
  writefds: fd_set | Uint8Array | null,
  exceptfds: fd_set | Uint8Array | null,
  timeout: timeval | Uint8Array | null,
): number {
  return face.select(nfds, readfds, writefds, exceptfds, timeout);
}

/**
 * FIONBIO switches nonblocking mode on (1) or off (0), FIONREAD counts what can be read, SIOCATMARK says whether no urgent data is still ahead.
 * @param argp the argument, in and out
 * @returns 0, or SOCKET_ERROR
 */
export function ioctlsocket(s: SOCKET, cmd: number, argp: Box<number> | null): number {
  return face.ioctlsocket(s, cmd, argp);
}

/**
 * Asks or tells the provider something by a control code: those of ioctlsocket and the SIO_ codes of docs/reference/winsock-options.md.
 * @param lpvInBuffer what the code takes, of `cbInBuffer` bytes: a box, a structure such as tcp_keepalive, a name, or bytes
 * @param lpvOutBuffer what it fills, of `cbOutBuffer` bytes: a box, a structure, an array of INTERFACE_INFO, a name, or bytes
 * @param lpcbBytesReturned bytes of output, or how many it would take; never null
 * @param lpOverlapped null: overlapped calls are refused with WSAEOPNOTSUPP
 * @returns 0, or SOCKET_ERROR: WSAEFAULT for buffers that are too small, WSAEOPNOTSUPP for a code that is not known, and others
 */
export function WSAIoctl(
  s: SOCKET,
  dwIoControlCode: number,
  lpvInBuffer: IoctlInput | null,
  cbInBuffer: number,
  lpvOutBuffer: IoctlOutput | null,
  cbOutBuffer: number,
  lpcbBytesReturned: Box<number> | null,
  lpOverlapped: object | null,
  lpCompletionRoutine: ((...parameters: never[]) => void) | null,
): number {
  return face.WSAIoctl(
    s,
    dwIoControlCode,
    lpvInBuffer,
    cbInBuffer,
    lpvOutBuffer,
    cbOutBuffer,
    lpcbBytesReturned,
    lpOverlapped,
    lpCompletionRoutine,
  );
}

/** The socket's own address and port. @param namelen bytes of `name`, in and out. @returns 0, or SOCKET_ERROR: WSAEINVAL while not bound */
export function getsockname(s: SOCKET, name: SockaddrPointer | null, namelen: Box<number> | null): number {
  return face.getsockname(s, name, namelen);
}

/** The peer's address and port, known from the moment that connect begins. @param namelen bytes of `name`, in and out. @returns 0, or SOCKET_ERROR: WSAENOTCONN */
export function getpeername(s: SOCKET, name: SockaddrPointer | null, namelen: Box<number> | null): number {
  return face.getpeername(s, name, namelen);
}

/**
 * Reads an option; docs/reference/winsock-options.md lists them.
 * @param optval what is filled in: a box, a linger, or bytes
 * @param optlen bytes of `optval`, in and out
 * @returns 0, or SOCKET_ERROR: WSAENOPROTOOPT, WSAEINVAL, WSAEFAULT
 */
export function getsockopt(s: SOCKET, level: number, optname: number, optval: OptionPointer | null, optlen: Box<number> | null): number {
  return face.getsockopt(s, level, optname, optval, optlen);
}

/**
 * Sets an option; docs/reference/winsock-options.md lists them.
 * @param optval a box, a linger, or bytes
 * @param optlen how many bytes of `optval` count
 * @returns 0, or SOCKET_ERROR: WSAENOPROTOOPT, WSAEINVAL, WSAEFAULT
 */
export function setsockopt(s: SOCKET, level: number, optname: number, optval: OptionPointer | null, optlen: number): number {
  return face.setsockopt(s, level, optname, optval, optlen);
}

/** An address in dotted notation as a number in network byte order; INADDR_NONE for text that is no address. */
export function inet_addr(cp: string | null): number {
  return face.inet_addr(cp);
}

/** An address in dotted notation. */
export function inet_ntoa(address: in_addr | Uint8Array): string {
  return face.inet_ntoa(address);
}

/** Reads an address of family `af` into `dst`, in network byte order. @returns 1, 0 for text that is no address, or -1: WSAEAFNOSUPPORT, WSAEFAULT */
export function inet_pton(af: number, text: string | null, dst: Uint8Array | in_addr | in6_addr | null): number {
  return face.inet_pton(af, text, dst);
}

/** An address of family `af` as text, which also goes to `dst`, of `size` bytes with the NUL. @returns the text, or null: WSAEAFNOSUPPORT, STATUS_INVALID_PARAMETER where it does not fit */
export function inet_ntop(
  af: number,
  src: Uint8Array | in_addr | in6_addr | null,
  dst: Box<string> | Uint8Array | null,
  size: number,
): string | null {
  return face.inet_ntop(af, src, dst, size);
}

/** Why the last WSAStartup could not reach the network, in words; undefined when it could. Not one of Winsock's. */
export function networkFailure(): Error | undefined {
  return face.networkFailure();
}

// ---- Events ----

/** An event object: nonsignalled, with manual reset. @returns its handle, or WSA_INVALID_EVENT */
export function WSACreateEvent(): HANDLE {
  return face.WSACreateEvent();
}

/** @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function WSASetEvent(hEvent: HANDLE): number {
  return face.WSASetEvent(hEvent);
}

/** @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function WSAResetEvent(hEvent: HANDLE): number {
  return face.WSAResetEvent(hEvent);
}

/** @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
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

/** As WSASetEvent. */
export function SetEvent(hEvent: HANDLE): number {
  return face.SetEvent(hEvent);
}

/** As WSAResetEvent. */
export function ResetEvent(hEvent: HANDLE): number {
  return face.ResetEvent(hEvent);
}

/** Closes an event, or a socket as closesocket does. @returns TRUE, or FALSE with WSA_INVALID_HANDLE */
export function CloseHandle(hObject: HANDLE): number {
  return face.CloseHandle(hObject);
}

/** As WSAWaitForMultipleEvents with one event. */
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

// ---- Overlapped calls ----

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

// ---- Windows ----

/** A window of the calling thread that nobody sees and that gets messages. @param lpfnWndProc what DispatchMessage calls, or null. @returns the window, or 0 */
export function CreateMessageWindow(lpfnWndProc: WindowProcedure | null): HWND {
  return face.CreateMessageWindow(lpfnWndProc);
}

/** The window goes, and its messages. @returns TRUE, or FALSE with ERROR_INVALID_WINDOW_HANDLE */
export function DestroyWindow(hWnd: HWND): number {
  return face.DestroyWindow(hWnd);
}

/** Puts a message into the queue of the thread whose window it is. @returns TRUE; or FALSE: ERROR_INVALID_WINDOW_HANDLE, ERROR_NOT_ENOUGH_QUOTA when 10,000 wait there */
export function PostMessage(hWnd: HWND, Msg: number, wParam: number, lParam: number): number {
  return face.PostMessage(hWnd, Msg, wParam, lParam);
}

/** Looks for a message of this thread, without waiting. @param wRemoveMsg PM_REMOVE to take it. @returns TRUE when there was one */
export function PeekMessage(lpMsg: MSG | null, hWnd: HWND, wMsgFilterMin: number, wMsgFilterMax: number, wRemoveMsg: number): number {
  return face.PeekMessage(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax, wRemoveMsg);
}

/** Waits for a message of this thread. @param lpMsg filled in: `new_MSG()`. @returns TRUE; FALSE for WM_QUIT; −1 for an error */
export function GetMessage(lpMsg: MSG | null, hWnd: HWND, wMsgFilterMin: number, wMsgFilterMax: number): number {
  return face.GetMessage(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax);
}

/** Calls the procedure of the message's window. @returns what that returns */
export function DispatchMessage(lpMsg: MSG): number {
  return face.DispatchMessage(lpMsg);
}

/**
 * From here on the window gets a message for each of these network events; the socket becomes nonblocking. It takes the place of what was
 * selected before; no events end it.
 * @param lEvent FD_ bits
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for what is no window
 */
export function WSAAsyncSelect(s: SOCKET, hWnd: HWND, wMsg: number, lEvent: number): number {
  return face.WSAAsyncSelect(s, hWnd, wMsg, lEvent);
}

// ---- Extension functions ----

/**
 * An overlapped connect of a bound stream, which may send its first bytes with it. Afterwards the socket sends and receives; its names
 * and shutdown want setsockopt(SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT) first.
 * @param lpSendBuffer sent when the connection stands, or null
 * @param lpOverlapped not null
 * @returns FALSE with WSA_IO_PENDING when it has begun, or with why it has not: WSAEINVAL for a socket that is not bound, WSAEISCONN
 */
export function ConnectEx(
  s: SOCKET,
  name: SockaddrPointer | null,
  namelen: number,
  lpSendBuffer: Uint8Array | null,
  dwSendDataLength: number,
  lpdwBytesSent: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
): number {
  return face.ConnectEx(s, name, namelen, lpSendBuffer, dwSendDataLength, lpdwBytesSent, lpOverlapped);
}

/**
 * Ends a connection when what was sent has arrived. Without `lpOverlapped` it waits for that.
 * @param dwFlags 0, or TF_REUSE_SOCKET: the peer has ended too then, and the socket may be used for ConnectEx again
 */
export function DisconnectEx(s: SOCKET, lpOverlapped: WSAOVERLAPPED | null, dwFlags: number, dwReserved: number): number {
  return face.DisconnectEx(s, lpOverlapped, dwFlags, dwReserved);
}

/**
 * An overlapped accept into a new socket, with the first data and both addresses. Afterwards the socket sends and receives; its names,
 * shutdown and what it inherits want setsockopt(SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, the listener) first.
 * @param lpOutputBuffer data, then the local and the remote address: `GetAcceptExSockaddrs` finds them
 * @param dwReceiveDataLength room for data; with any it is over when data has come or the peer has ended
 * @param dwLocalAddressLength, dwRemoteAddressLength 16 bytes more than an address takes
 * @returns FALSE with WSA_IO_PENDING when it has begun, or with why it has not
 */
export function AcceptEx(
  sListenSocket: SOCKET,
  sAcceptSocket: SOCKET,
  lpOutputBuffer: Uint8Array | null,
  dwReceiveDataLength: number,
  dwLocalAddressLength: number,
  dwRemoteAddressLength: number,
  lpdwBytesReceived: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
): number {
  return face.AcceptEx(
    sListenSocket,
    sAcceptSocket,
    lpOutputBuffer,
    dwReceiveDataLength,
    dwLocalAddressLength,
    dwRemoteAddressLength,
    lpdwBytesReceived,
    lpOverlapped,
  );
}

/** Where in AcceptEx's memory the addresses lie. The lengths must be those that AcceptEx was given. */
export function GetAcceptExSockaddrs(
  lpOutputBuffer: Uint8Array,
  dwReceiveDataLength: number,
  dwLocalAddressLength: number,
  dwRemoteAddressLength: number,
  LocalSockaddr: Box<Uint8Array | null>,
  LocalSockaddrLength: Box<number>,
  RemoteSockaddr: Box<Uint8Array | null>,
  RemoteSockaddrLength: Box<number>,
): void {
  face.GetAcceptExSockaddrs(
    lpOutputBuffer,
    dwReceiveDataLength,
    dwLocalAddressLength,
    dwRemoteAddressLength,
    LocalSockaddr,
    LocalSockaddrLength,
    RemoteSockaddr,
    RemoteSockaddrLength,
  );
}

// ---- Sockets in other ways ----

/**
 * Makes a socket, or, with what WSADuplicateSocket filled in, another handle of one.
 * @param af, type, protocol as for socket; FROM_PROTOCOL_INFO or 0 takes what `lpProtocolInfo` says
 * @param g groups of sockets are not known
 * @param dwFlags WSA_FLAG_OVERLAPPED, without which an overlapped call waits; others have no effect
 * @returns the socket, or INVALID_SOCKET: as socket, and WSAEINVAL for a duplicate that was taken already
 */
export function WSASocket(
  af: number,
  type: number,
  protocol: number,
  lpProtocolInfo: ProtocolInfoPointer | null,
  g: number,
  dwFlags: number,
): SOCKET {
  return face.WSASocket(af, type, protocol, lpProtocolInfo, g, dwFlags);
}

/**
 * Lets a process of the same host, this one included, have a handle of the socket: it gives `lpProtocolInfo` to its WSASocket, once. All
 * handles are of one socket, which lives until the last is closed.
 * @param dwProcessId the process, neither 0 nor −1
 * @param lpProtocolInfo filled in: `new_WSAPROTOCOL_INFOW()`
 */
export function WSADuplicateSocket(s: SOCKET, dwProcessId: number, lpProtocolInfo: ProtocolInfoPointer | null): number {
  return face.WSADuplicateSocket(s, dwProcessId, lpProtocolInfo);
}

/**
 * What protocols there are.
 * @param lpiProtocols those that are wanted, such as IPPROTO_TCP; null for all
 * @param lpdwBufferLength bytes of `lpProtocolBuffer`, out those that it takes: sizeof_WSAPROTOCOL_INFOW for each
 * @returns how many, or SOCKET_ERROR: WSAENOBUFS
 */
export function WSAEnumProtocols(
  lpiProtocols: readonly number[] | null,
  lpProtocolBuffer: WSAPROTOCOL_INFO[] | Uint8Array | null,
  lpdwBufferLength: Box<number> | null,
): number {
  return face.WSAEnumProtocols(lpiProtocols, lpProtocolBuffer, lpdwBufferLength);
}

/** As WSAEnumProtocols, with names of one byte a character: sizeof_WSAPROTOCOL_INFOA for each. */
export function WSAEnumProtocolsA(
  lpiProtocols: readonly number[] | null,
  lpProtocolBuffer: WSAPROTOCOL_INFO[] | Uint8Array | null,
  lpdwBufferLength: Box<number> | null,
): number {
  return face.WSAEnumProtocolsA(lpiProtocols, lpProtocolBuffer, lpdwBufferLength);
}

/** As connect; TCP/IP carries no data with a connect (WSAEPROTONOSUPPORT), and promises no quality (WSAEOPNOTSUPP, WSAEINVAL for a group's). */
export function WSAConnect(
  s: SOCKET,
  name: SockaddrPointer | null,
  namelen: number,
  lpCallerData: WSABUF | null,
  lpCalleeData: WSABUF | null,
  lpSQOS: object | null,
  lpGQOS: object | null,
): number {
  return face.WSAConnect(s, name, namelen, lpCallerData, lpCalleeData, lpSQOS, lpGQOS);
}

/**
 * As accept, but that a function is asked about the connection first.
 * @param lpfnCondition returns CF_ACCEPT; CF_REJECT, which resets the connection: WSAECONNREFUSED; or CF_DEFER, which leaves it for a later accept: WSATRY_AGAIN
 */
export function WSAAccept(
  s: SOCKET,
  addr: SockaddrPointer | null,
  addrlen: Box<number> | null,
  lpfnCondition: ConditionFunction | null,
  dwCallbackData: number,
): SOCKET {
  return face.WSAAccept(s, addr, addrlen, lpfnCondition, dwCallbackData);
}

/** As shutdown with SD_SEND; TCP carries no data with its end (WSAENOPROTOOPT). */
export function WSASendDisconnect(s: SOCKET, lpOutboundDisconnectData: WSABUF | null): number {
  return face.WSASendDisconnect(s, lpOutboundDisconnectData);
}

/** As shutdown with SD_RECEIVE. */
export function WSARecvDisconnect(s: SOCKET, lpInboundDisconnectData: WSABUF | null): number {
  return face.WSARecvDisconnect(s, lpInboundDisconnectData);
}

// ---- Winsock 1.1 ----

/**
 * Sets what runs again and again while a blocking call of this thread waits, in a 1.x process; it may call nothing but WSAIsBlocking and
 * WSACancelBlockingCall.
 * @returns what was set before, or null: WSAEOPNOTSUPP in a process that has not started up with version 1.x
 */
export function WSASetBlockingHook(lpBlockFunc: BlockingHook | null): BlockingHook | null {
  return face.WSASetBlockingHook(lpBlockFunc);
}

/** Sets what ran before any WSASetBlockingHook: it dispatches messages. */
export function WSAUnhookBlockingHook(): number {
  return face.WSAUnhookBlockingHook();
}

/** Whether a blocking call of this thread waits: TRUE within its hook. */
export function WSAIsBlocking(): number {
  return face.WSAIsBlocking();
}

/** Ends the blocking call that waits, which fails with WSAEINTR. @returns 0, or SOCKET_ERROR: WSAEINVAL when none waits */
export function WSACancelBlockingCall(): number {
  return face.WSACancelBlockingCall();
}

// ---- Connecting to whichever address answers ----

/**
 * Finds the addresses of a host and connects to the first of them that answers. A socket of AF_INET6 finds IPv4 addresses too when its
 * IPV6_V6ONLY is off. Afterwards the names of the socket, shutdown and options want setsockopt(SO_UPDATE_CONNECT_CONTEXT) first.
 * @param parameters the socket, node and service, which are needed; lengths and addresses, local (without its port) and remote, all of
 * which may be null; a timeval, null for as long as it takes; and null
 * @returns TRUE, or FALSE: WSAEINVAL without node or service, WSAEFAULT for lengths that are too short (nothing is written then) and for
 * a socket that is no stream, WSATYPE_NOT_FOUND for a service that there is not, WSAETIMEDOUT when the time is over, or the code of the last attempt
 */
export function WSAConnectByName(...parameters: ConnectByNameParameters): number {
  return face.WSAConnectByName(...parameters);
}

/** As WSAConnectByName: texts are JavaScript's. */
export function WSAConnectByNameA(...parameters: ConnectByNameParameters): number {
  return face.WSAConnectByNameA(...parameters);
}

/** As WSAConnectByName: texts are JavaScript's. */
export function WSAConnectByNameW(...parameters: ConnectByNameParameters): number {
  return face.WSAConnectByNameW(...parameters);
}

/**
 * Connects to the first of several addresses that answers, as WSAConnectByName.
 * @param SocketAddress names of the socket's family; of IPv4 v4-mapped ones where that is AF_INET6 and its IPV6_V6ONLY is off
 * @param timeout null for as long as it takes
 * @param Reserved null
 */
export function WSAConnectByList(
  s: SOCKET,
  SocketAddress: SOCKET_ADDRESS_LIST | Uint8Array | null,
  LocalAddressLength: Box<number> | null,
  LocalAddress: SockaddrPointer | null,
  RemoteAddressLength: Box<number> | null,
  RemoteAddress: SockaddrPointer | null,
  timeout: timeval | Uint8Array | null,
  Reserved: object | null,
): number {
  return face.WSAConnectByList(s, SocketAddress, LocalAddressLength, LocalAddress, RemoteAddressLength, RemoteAddress, timeout, Reserved);
}

// ---- Datagrams with control data ----

/**
 * Receives a datagram with what options such as IP_PKTINFO and IP_RECVTTL ask for beside it.
 * @param lpMsg `name` is filled in where there is room, `Control` with WSACMSGHDRs (see WSA_CMSG_FIRSTHDR), their lengths are bytes in and
 * out; `dwFlags` may be MSG_PEEK, and comes back as MSG_TRUNC, MSG_CTRUNC, MSG_BCAST and MSG_MCAST
 * @returns 0, or SOCKET_ERROR: WSAEMSGSIZE where data of either kind found no room and was lost, WSAEINVAL on a socket that is not bound
 */
export function WSARecvMsg(
  s: SOCKET,
  lpMsg: WSAMSG | null,
  lpdwNumberOfBytesRecvd: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSARecvMsg(s, lpMsg, lpdwNumberOfBytesRecvd, lpOverlapped, lpCompletionRoutine);
}

/**
 * Sends a datagram with control data that counts for it alone: IP_PKTINFO, IP_TTL, IP_TOS and IP_ECN, their kin of IPPROTO_IPV6, and UDP_SEND_MSG_SIZE.
 * @param lpMsg `name` may be null where the socket is connected
 * @param dwFlags MSG_ flags; those of `lpMsg` are of no account
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for streams and for control data that says nothing, WSAEADDRNOTAVAIL for an address or an interface that is not ours
 */
export function WSASendMsg(
  s: SOCKET,
  lpMsg: WSAMSG | null,
  dwFlags: number,
  lpNumberOfBytesSent: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSASendMsg(s, lpMsg, dwFlags, lpNumberOfBytesSent, lpOverlapped, lpCompletionRoutine);
}

// ---- Files ----

/**
 * Opens a file of this machine for TransmitFile and TransmitPackets, which are all that can be done with it; CloseHandle closes it, and so
 * does the last WSACleanup. Its handle is one of Winsock's, so WSAStartup comes first.
 * @param parameters the path; GENERIC_READ; a share mode; null; OPEN_EXISTING; flags; null
 * @returns the handle, or INVALID_HANDLE_VALUE: ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED (of GENERIC_WRITE too), or WSA_INVALID_PARAMETER
 */
export function CreateFile(...parameters: CreateFileParameters): HANDLE {
  return face.CreateFile(...parameters);
}

/** As CreateFile: texts are JavaScript's. */
export function CreateFileA(...parameters: CreateFileParameters): HANDLE {
  return face.CreateFileA(...parameters);
}

/** As CreateFile: texts are JavaScript's. */
export function CreateFileW(...parameters: CreateFileParameters): HANDLE {
  return face.CreateFileW(...parameters);
}

/**
 * Sends memory, a file, and memory again over a connected stream. Where the call is overlapped, all of it is read before it returns.
 * @param hFile 0 for none
 * @param nNumberOfBytesToWrite of the file; 0 for all that is left of it
 * @param nNumberOfBytesPerSend is of no account
 * @param lpOverlapped says where in the file to begin; null begins where the file stands, and waits until everything is in the send queue
 * @param lpTransmitBuffers what goes before and behind the file, or null
 * @param dwFlags TF_DISCONNECT begins to end the connection; with TF_REUSE_SOCKET the call is over when the peer has ended it too, and the socket may be
 * used for AcceptEx and ConnectEx again. The others change nothing
 * @returns TRUE, or FALSE: WSAENOTCONN for what is no connected stream, WSA_INVALID_HANDLE for what is no file, WSA_IO_PENDING while it goes on
 */
export function TransmitFile(
  hSocket: SOCKET,
  hFile: HANDLE | null,
  nNumberOfBytesToWrite: number,
  nNumberOfBytesPerSend: number,
  lpOverlapped: WSAOVERLAPPED | null,
  lpTransmitBuffers: TRANSMIT_FILE_BUFFERS | null,
  dwFlags: number,
): number {
  return face.TransmitFile(hSocket, hFile, nNumberOfBytesToWrite, nNumberOfBytesPerSend, lpOverlapped, lpTransmitBuffers, dwFlags);
}

/**
 * Sends memory and pieces of files in one go; over a connected datagram socket, TP_ELEMENT_EOP ends each datagram.
 * @param nSendSize is of no account
 * @param dwFlags TP_DISCONNECT and TP_REUSE_SOCKET, as of TransmitFile
 * @returns as TransmitFile; WSAEINVAL for an element that is neither TP_ELEMENT_MEMORY nor TP_ELEMENT_FILE
 */
export function TransmitPackets(
  hSocket: SOCKET,
  lpPacketArray: readonly TRANSMIT_PACKETS_ELEMENT[] | null,
  nElementCount: number,
  nSendSize: number,
  lpOverlapped: WSAOVERLAPPED | null,
  dwFlags: number,
): number {
  return face.TransmitPackets(hSocket, lpPacketArray, nElementCount, nSendSize, lpOverlapped, dwFlags);
}
