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
 * daemon that ended, is WSAENETDOWN. A thread of JavaScript and the workers that it starts are threads of one process: sockets, handles and
 * start-up are the process's, last error, queued routines and messages the thread's. A worker is a process of its own after
 * `useNetwork(url, { process: "own" })`.
 *
 * On which network: `useNetwork(url)` before WSAStartup, or the environment variable TAPSOCK:
 * `embedded:` (the default: a host on a virtual wire with a loopback), `tap:tap0?ip=203.0.113.2/24&gateway=203.0.113.1`, or
 * `daemon:/run/tapsock/tapsock.sock`.
 */

import type { InfraredMediumOptions } from "../irda/infrared-medium.ts";
import { putInSight } from "../network/networks.ts";
import type { SOCKET_ADDRESS_LIST } from "./abi/ioctl-structures.ts";
import type { WSABUF, WSAOVERLAPPED } from "./abi/overlapped-structures.ts";
import type { WSAPROTOCOL_INFO } from "./abi/protocol-info.ts";
import type { Box, fd_set, in_addr, in6_addr, SOCKET, timeval, WSADATA } from "./abi/structures.ts";
import type { SockaddrPointer } from "./faces/blocking-face.ts";
import type { BlockingHook } from "./faces/blocking-hooks.ts";
import type { ConnectByNameParameters } from "./faces/connect-functions.ts";
import type { IoctlInput, IoctlOutput } from "./faces/ioctl-values.ts";
import type { OptionPointer } from "./faces/option-values.ts";
import type { ConditionFunction, ProtocolInfoPointer } from "./faces/socket-functions.ts";
import type { CompletionRoutine } from "./faces/transfers.ts";
import { face } from "./this-thread.ts";

export type { InfraredMediumOptions } from "../irda/infrared-medium.ts";
export type {
  InfraredAttributeSettings,
  InfraredConversation,
  InfraredServiceSettings,
  StationSettings,
} from "../irda/infrared-station.ts";
export type { StreamMode } from "../irda/tinytp.ts";
export { type NetworkUse, useNetwork } from "../network/networks.ts";
export * from "./abi/index.ts";
export * from "./events.ts";
export * from "./extensions.ts";
export type { AsyncNameFunctions } from "./faces/async-name-functions.ts";
export type { SockaddrPointer } from "./faces/blocking-face.ts";
export type { BlockingHook, HookFunctions } from "./faces/blocking-hooks.ts";
export type { CompletionFunctions } from "./faces/completion-functions.ts";
export type { ConnectByNameParameters, ConnectFunctions } from "./faces/connect-functions.ts";
export type { EventFunctions, HANDLE } from "./faces/event-functions.ts";
export type { ExtensionFunctions } from "./faces/extension-functions.ts";
export type { CreateFileParameters, FileFunctions } from "./faces/file-functions.ts";
export type { IoctlFunctions } from "./faces/ioctl-functions.ts";
export type { IoctlInput, IoctlOutput } from "./faces/ioctl-values.ts";
export type { LookupRoutine } from "./faces/lookups-begun.ts";
export type { MessageFunctions } from "./faces/message-functions.ts";
export type { AddrinfoexPointer, AddrinfoPointer, GetAddrInfoExParameters } from "./faces/name-functions.ts";
export type { OptionPointer } from "./faces/option-values.ts";
export type { OverlappedFunctions } from "./faces/overlapped-functions.ts";
export type { ProcessFunctions } from "./faces/process-functions.ts";
export type { QuerySetPointer, ServiceLookupFunctions } from "./faces/service-lookup-functions.ts";
export type { ConditionFunction, ProtocolInfoPointer, SocketFunctions } from "./faces/socket-functions.ts";
export type { TextPointer } from "./faces/text-buffer.ts";
export type { CompletionRoutine } from "./faces/transfers.ts";
export type { TransmitFunctions } from "./faces/transmit-functions.ts";
export type { WindowFunctions, WindowProcedure } from "./faces/window-functions.ts";
export * from "./names.ts";
export * from "./overlapped.ts";
export * from "./processes.ts";
export * from "./windows.ts";

/**
 * Puts simulated infrared devices in sight of the hosts that this program starts from now on (`embedded:`, `tap:`), which so have an
 * infrared device of their own. They live in the host's thread, where no function of the program's can go: their services echo, or take
 * what comes. What a daemon's host has in sight is said to the daemon.
 * @throws TypeError for a service with a function, NetworkError when something is wrong with the devices, or a network is in use
 */
export const createInfraredMedium: (options: InfraredMediumOptions) => void = putInSight;

/**
 * Starts Winsock for this process, which has to come first. Counted for all of its threads: each success wants a WSACleanup.
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
 * @param type SOCK_STREAM, SOCK_DGRAM, or SOCK_RAW, which is for administrators
 * @param protocol IPPROTO_TCP, IPPROTO_UDP, or 0 for what suits the type; of SOCK_RAW any that IP's header can say
 * @returns the socket, or INVALID_SOCKET: WSAEAFNOSUPPORT, WSAEPROTONOSUPPORT, WSAESOCKTNOSUPPORT, WSAEMFILE, WSAEACCES
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
 * @param lpOverlapped null for a call that waits, if it is one that has to wait
 * @param lpCompletionRoutine hears of the end of an overlapped call in an alertable wait; null for none
 * @returns 0, or SOCKET_ERROR: WSA_IO_PENDING for one that goes on, WSAEFAULT for buffers that are too small, WSAEOPNOTSUPP for a code that
 * is not known, and others
 */
export function WSAIoctl(
  s: SOCKET,
  dwIoControlCode: number,
  lpvInBuffer: IoctlInput | null,
  cbInBuffer: number,
  lpvOutBuffer: IoctlOutput | null,
  cbOutBuffer: number,
  lpcbBytesReturned: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
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

/** As WSASocket, with a description whose text has one byte a character. */
export const WSASocketA: typeof WSASocket = WSASocket;

/** As WSASocket. */
export const WSASocketW: typeof WSASocket = WSASocket;

/**
 * Lets a process of the same host, this one included, have a handle of the socket: it gives `lpProtocolInfo` to its WSASocket, once. All
 * handles are of one socket, which lives until the last is closed.
 * @param dwProcessId the process, neither 0 nor −1
 * @param lpProtocolInfo filled in: `new_WSAPROTOCOL_INFOW()`
 */
export function WSADuplicateSocket(s: SOCKET, dwProcessId: number, lpProtocolInfo: ProtocolInfoPointer | null): number {
  return face.WSADuplicateSocket(s, dwProcessId, lpProtocolInfo);
}

/** As WSADuplicateSocket, into a description whose text has one byte a character. */
export const WSADuplicateSocketA: typeof WSADuplicateSocket = WSADuplicateSocket;

/** As WSADuplicateSocket. */
export const WSADuplicateSocketW: typeof WSADuplicateSocket = WSADuplicateSocket;

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

/** As WSAEnumProtocols. */
export const WSAEnumProtocolsW: typeof WSAEnumProtocols = WSAEnumProtocols;

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
 * As accept, but that a function is asked about the connection first. With SO_CONDITIONAL_ACCEPT set before listen it is asked before the
 * client is answered: what CF_REJECT refuses never was connected, and WSAEACCES says that the client has given up meanwhile.
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
