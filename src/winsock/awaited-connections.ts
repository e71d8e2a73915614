/** Functions of `tapsock/winsock/promises` that make, share and accept connections beside those of Berkeley. */
import type { WSAPROTOCOL_INFO } from "./abi/protocol-info.ts";
import type { SOCKET } from "./abi/structures.ts";
import type { AcceptExOptions, AcceptedSocket, AcceptedWithData, OfferedConnection } from "./faces/accept-promises.ts";
import type { FoundConnection } from "./faces/connect-promises.ts";
import type { NamedAddress } from "./faces/promise-addresses.ts";
import type { Cancellable, SelectOptions, SentData } from "./faces/promise-calls.ts";
import { awaitedFace } from "./this-thread-promises.ts";

export type { AcceptExOptions, AcceptedSocket, AcceptedWithData, OfferedConnection } from "./faces/accept-promises.ts";
export type { FoundConnection } from "./faces/connect-promises.ts";

/**
 * Takes a connection of a listening stream, as soon as there is one.
 * @returns its socket, with the peer's address and port; `await using` closes it at the end of its block
 * @throws WinsockError WSAECONNRESET when the peer was gone before it was accepted, and others; or the signal's reason
 */
export function accept(s: SOCKET, options?: Cancellable): Promise<AcceptedSocket> {
  return awaitedFace.accept(s, options);
}

/**
 * Takes a connection when the program wants it. With SO_CONDITIONAL_ACCEPT set before listen the client is answered only then.
 * @param condition decides at once: CF_ACCEPT, CF_REJECT, or CF_DEFER to be asked again by another call
 * @throws WinsockError WSAECONNREFUSED for what was rejected, WSATRY_AGAIN for what was deferred, WSAEINVAL for another verdict,
 * WSAEACCES for a client that gave up before it was answered, and as accept; or the signal's reason
 */
export function WSAAccept(s: SOCKET, condition: (offer: OfferedConnection) => number, options?: Cancellable): Promise<AcceptedSocket> {
  return awaitedFace.WSAAccept(s, condition, options);
}

/**
 * Takes a connection together with its first data and both addresses. The socket sends and receives then; its names, shutdown and what it
 * inherits want setsockopt(SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, the listener) first.
 * @throws WinsockError WSAEINVAL for a socket that does not listen, or an `into` that is in use, and others; or the signal's reason. A
 * socket that the call made itself is closed then, with the connection that it may have by then
 */
export function AcceptEx(s: SOCKET, options?: AcceptExOptions): Promise<AcceptedWithData> {
  return awaitedFace.AcceptEx(s, options);
}

/**
 * Connects a bound stream, and sends its first data. The socket sends and receives then; its names and shutdown want
 * setsockopt(SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, null) first.
 * @returns how many bytes were taken
 * @throws WinsockError WSAEINVAL for a socket that is not bound, WSAEISCONN, and as connect; or the signal's reason
 */
export function ConnectEx(s: SOCKET, name: NamedAddress, options?: Cancellable & { readonly data?: SentData }): Promise<number> {
  return awaitedFace.ConnectEx(s, name, options);
}

/**
 * Ends a connection, when what was sent has arrived.
 * @param options flags: 0, or TF_REUSE_SOCKET: the peer has ended too then, and the socket may be used for ConnectEx again
 * @throws WinsockError WSAENOTCONN and others; or the signal's reason: the end goes on in the background then
 */
export function DisconnectEx(s: SOCKET, options?: Cancellable & { readonly flags?: number }): Promise<void> {
  return awaitedFace.DisconnectEx(s, options);
}

/**
 * Finds the addresses of a host, and connects to the first one that answers; of both families on a socket whose IPV6_V6ONLY is off.
 * @param service a port, or the name of a service
 * @throws WinsockError WSAHOST_NOT_FOUND and others of getaddrinfo, what the last address failed with, WSAETIMEDOUT when the time is over;
 * or the signal's reason
 */
export function WSAConnectByName(s: SOCKET, node: string, service: string | number, options?: SelectOptions): Promise<FoundConnection> {
  return awaitedFace.WSAConnectByName(s, node, service, options);
}

/** As WSAConnectByName, of addresses that the program has. @throws WinsockError WSAEINVAL for none, and as WSAConnectByName; or the signal's reason */
export function WSAConnectByList(s: SOCKET, names: readonly NamedAddress[], options?: SelectOptions): Promise<FoundConnection> {
  return awaitedFace.WSAConnectByList(s, names, options);
}

/**
 * Makes a socket by a description: an entry of the catalogue, or what WSADuplicateSocket gave, which counts once.
 * @throws WinsockError WSAEINVAL for a duplicate that was taken or is none, and as socket
 */
export function WSASocket(info: WSAPROTOCOL_INFO): Promise<SOCKET> {
  return awaitedFace.WSASocket(info);
}

/**
 * Describes a socket so that another program of the host, or this one, may make a handle of it with WSASocket.
 * @param dwProcessId of the program that shall have it
 * @throws WinsockError WSAENOTSOCK, WSAEINVAL for what is no process, WSAENOBUFS for too many that nobody has taken
 */
export function WSADuplicateSocket(s: SOCKET, dwProcessId: number): Promise<WSAPROTOCOL_INFO> {
  return awaitedFace.WSADuplicateSocket(s, dwProcessId);
}

/** The catalogue. @param protocols IPPROTO_ numbers; all of them without */
export function WSAEnumProtocols(protocols?: readonly number[]): Promise<WSAPROTOCOL_INFO[]> {
  return awaitedFace.WSAEnumProtocols(protocols);
}
