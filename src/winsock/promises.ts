/**
 * `tapsock/winsock/promises`: Winsock's names, awaited. Beside the functions it has all constants, error codes and byte-order
 * functions of `tapsock/winsock`.
 *
 * ```ts
 * import { closesocket, connect, recv, send, socket } from "tapsock/winsock/promises";
 *
 * const s = await socket();
 * await connect(s, { address: "203.0.113.1", port: 80 }, { signal: AbortSignal.timeout(5000) });
 * await send(s, "GET / HTTP/1.0\r\n\r\n");
 * for (let bytes = await recv(s); bytes.length > 0; bytes = await recv(s)) process.stdout.write(bytes);
 * await closesocket(s);
 * ```
 *
 * On which network: `useNetwork(url)` before the first call, or the environment variable TAPSOCK; see `tapsock/winsock`.
 */

import type {
  IPPROTO_TCP,
  IRLMP_ENUMDEVICES,
  IRLMP_IAS_QUERY,
  SIO_ADDRESS_LIST_QUERY,
  SIO_ADDRESS_LIST_SORT,
  SIO_GET_BROADCAST_ADDRESS,
  SIO_GET_INTERFACE_LIST,
  SIO_ROUTING_INTERFACE_QUERY,
  SIO_TCP_INFO,
  SO_BSP_STATE,
  SO_LINGER,
  SO_PROTOCOL_INFOA,
  SO_PROTOCOL_INFOW,
  SOL_IRLMP,
  SOL_SOCKET,
  TCP_ICMP_ERROR_INFO,
} from "./abi/constants.ts";
import type { TCP_INFO_v0 } from "./abi/ioctl-structures.ts";
import type { DEVICELIST, IAS_QUERY } from "./abi/irda-structures.ts";
import type { WSAPROTOCOL_INFO } from "./abi/protocol-info.ts";
import type { CSADDR_INFO, ICMP_ERROR_INFO } from "./abi/socket-state.ts";
import type { linger, SOCKET } from "./abi/structures.ts";
import type { AcceptedSocket } from "./faces/accept-promises.ts";
import type { NetworkEventRecord, PollEntry } from "./faces/event-promises.ts";
import type { AddressHints, FoundAddress, HostRecord, LookupTime } from "./faces/name-promises.ts";
import type { DisposableGenerator, OwnedSocket } from "./faces/owned-sockets.ts";
import type { NamedAddress, SocketAddress } from "./faces/promise-addresses.ts";
import type { Cancellable, SelectOptions } from "./faces/promise-calls.ts";
import type {
  BindAddress,
  HostInterface,
  IoctlArgument,
  OptionValue,
  SocketSets,
  StartedWinsock,
  TransferOptions,
} from "./faces/promise-face.ts";
import { awaitedFace } from "./this-thread-promises.ts";

export { type NetworkUse, useNetwork } from "../network/networks.ts";
export * from "./abi/byte-order.ts";
export * from "./abi/constants.ts";
export * from "./abi/errors.ts";
export type { TCP_INFO_v0, TCP_INITIAL_RTO_PARAMETERS, tcp_keepalive } from "./abi/ioctl-structures.ts";
export type { DEVICELIST, IAS_ATTRIBUTE, IAS_QUERY, IAS_SET, IRDA_DEVICE_INFO } from "./abi/irda-structures.ts";
export { new_IAS_QUERY, new_IAS_SET } from "./abi/irda-structures.ts";
export {
  type ControlItem,
  type in_pktinfo,
  type in6_pktinfo,
  read_in_pktinfo,
  read_in6_pktinfo,
  WSA_CMSG_SPACE,
} from "./abi/message-control.ts";
export type { group_req, group_source_req, ip_mreq, ip_mreq_source, ipv6_mreq, MulticastRequest } from "./abi/multicast-requests.ts";
export type { WSAPROTOCOL_INFO } from "./abi/protocol-info.ts";
export type { CSADDR_INFO, ICMP_ERROR_INFO } from "./abi/socket-state.ts";
export type { in_addr, in6_addr, linger, SOCKET } from "./abi/structures.ts";
export * from "./abi/values.ts";
export * from "./awaited-connections.ts";
export * from "./awaited-messages.ts";
export type { NetworkEventRecord, PollEntry } from "./faces/event-promises.ts";
export type { AddressHints, FoundAddress, HostRecord, LookupTime } from "./faces/name-promises.ts";
export type { DisposableGenerator, OwnedSocket } from "./faces/owned-sockets.ts";
export type { InfraredAddress, NamedAddress, SocketAddress } from "./faces/promise-addresses.ts";
export type { Cancellable, SelectOptions, SentData } from "./faces/promise-calls.ts";
export type {
  BindAddress,
  HostInterface,
  IoctlArgument,
  OptionValue,
  SocketSets,
  StartedWinsock,
  TransferOptions,
} from "./faces/promise-face.ts";

/**
 * Starts Winsock. Optional: the first call of any other function does it too, and counts as nothing for WSACleanup.
 * @param version MAKEWORD(2, 2) by default
 * @returns the version that was agreed on, high byte minor; `await using` undoes the start-up
 * @throws WinsockError WSAVERNOTSUPPORTED, or WSASYSNOTREADY whose `cause` says why the network cannot be had
 */
export function WSAStartup(version?: number): Promise<StartedWinsock> {
  return awaitedFace.WSAStartup(version);
}

/**
 * Undoes one WSAStartup. The last one, and the first one where start-up was implied, closes every socket; waiting calls fail with
 * WSAEINTR.
 * @throws WinsockError WSANOTINITIALISED
 */
export function WSACleanup(): Promise<void> {
  return awaitedFace.WSACleanup();
}

/** Makes a socket: of AF_INET, SOCK_STREAM and protocol 0 by default. @throws WinsockError WSAEAFNOSUPPORT, WSAEMFILE and others */
export function socket(af?: number, type?: number, protocol?: number): Promise<SOCKET> {
  return awaitedFace.socket(af, type, protocol);
}

/**
 * Closes a socket at the end of a block, unless it is closed by then: `await using own = owned(await socket())`. Node.js parses that since
 * version 24, TypeScript 5.2 and later rewrites it for older ones.
 */
export function owned(s: SOCKET): OwnedSocket {
  return awaitedFace.owned(s);
}

/**
 * Gives a socket its local address and port. Without an address every local one of the socket's family, of both where IPV6_V6ONLY is
 * off; without a port (or with 0) a free one. An infrared socket takes the name of its service.
 * @throws WinsockError WSAEADDRINUSE, WSAEACCES, WSAEADDRNOTAVAIL, WSAEINVAL when the socket is bound already
 */
export function bind(s: SOCKET, name?: BindAddress): Promise<void> {
  return awaitedFace.bind(s, name);
}

/**
 * Connects a stream to its peer, or sets the peer of a datagram socket.
 * @throws WinsockError WSAECONNREFUSED, WSAETIMEDOUT after 21 seconds with Windows' profile, WSAENETUNREACH, WSAEHOSTUNREACH and others;
 * or the signal's reason
 */
export function connect(s: SOCKET, name: NamedAddress, options?: Cancellable): Promise<void> {
  return awaitedFace.connect(s, name, options);
}

/** Lets a bound stream be connected to. @param backlog how many connections may wait to be accepted; SOMAXCONN by default */
export function listen(s: SOCKET, backlog?: number): Promise<void> {
  return awaitedFace.listen(s, backlog);
}

/**
 * Sends bytes, or text as UTF-8. Sends of one socket leave in the order of the calls.
 * @returns how many bytes were taken: all of them, unless the socket is nonblocking
 * @throws WinsockError WSAECONNRESET, WSAECONNABORTED, WSAENOTCONN, WSAESHUTDOWN and others; or the signal's reason
 */
export function send(s: SOCKET, data: Uint8Array | string, options?: TransferOptions): Promise<number> {
  return awaitedFace.send(s, data, options);
}

/**
 * Receives at least one byte and at most `into` of them (65536 by default); none when the peer has ended the stream. Given memory instead
 * of a length, it fills that and returns the part that it filled: in a long stream that spares the garbage collector most of its work.
 * @throws WinsockError WSAECONNRESET, WSAETIMEDOUT, WSAENOTCONN and others; or the signal's reason
 */
export function recv(s: SOCKET, into?: number | Uint8Array, options?: TransferOptions): Promise<Uint8Array> {
  return awaitedFace.recv(s, into, options);
}

/**
 * Sends one datagram to an address, and binds the socket if it is not bound.
 * @returns how many bytes were taken
 * @throws WinsockError WSAEMSGSIZE, WSAENETUNREACH, WSAEACCES for a broadcast without SO_BROADCAST, and others; or the signal's reason
 */
export function sendto(s: SOCKET, data: Uint8Array | string, to: NamedAddress, options?: TransferOptions): Promise<number> {
  return awaitedFace.sendto(s, data, to, options);
}

/**
 * Receives one datagram of at most `length` bytes (65536 by default), and its sender.
 * @throws WinsockError WSAEMSGSIZE for one that is longer, WSAECONNRESET after an earlier datagram that found nobody, and others; or the
 * signal's reason
 */
export function recvfrom(s: SOCKET, length?: number, options?: TransferOptions): Promise<{ readonly data: Uint8Array } & SocketAddress> {
  return awaitedFace.recvfrom(s, length, options);
}

/** Ends sending, receiving or both; the socket stays. @param how SD_SEND by default */
export function shutdown(s: SOCKET, how?: number): Promise<void> {
  return awaitedFace.shutdown(s, how);
}

/** Ends a socket. What was sent is delivered and the connection ended in the background, unless SO_LINGER says otherwise. */
export function closesocket(s: SOCKET): Promise<void> {
  return awaitedFace.closesocket(s);
}

/** The socket's own address and port. @throws WinsockError WSAEINVAL while it is not bound */
export function getsockname(s: SOCKET): Promise<SocketAddress> {
  return awaitedFace.getsockname(s);
}

/** The peer's address and port, known from the moment that connect begins. @throws WinsockError WSAENOTCONN */
export function getpeername(s: SOCKET): Promise<SocketAddress> {
  return awaitedFace.getpeername(s);
}

/**
 * Sets an option; docs/reference/winsock-options.md lists them.
 * @param value a number or a boolean stands for a DWORD; null is NULL, which SO_UPDATE_CONNECT_CONTEXT takes
 * @throws WinsockError WSAENOPROTOOPT, WSAEINVAL, WSAEFAULT for what is no value
 */
export function setsockopt(s: SOCKET, level: number, optname: number, value: OptionValue | null): Promise<void> {
  return awaitedFace.setsockopt(s, level, optname, value);
}

/** Reads SO_LINGER. */
export function getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_LINGER): Promise<linger>;
/** Reads how the catalogue describes the socket's protocol. */
export function getsockopt(
  s: SOCKET,
  level: typeof SOL_SOCKET,
  optname: typeof SO_PROTOCOL_INFOA | typeof SO_PROTOCOL_INFOW,
): Promise<WSAPROTOCOL_INFO>;
/** Reads both names of the socket, its type and protocol. */
export function getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_BSP_STATE): Promise<CSADDR_INFO>;
/** Reads what ICMP said of the last connect that failed. @throws WinsockError WSAEINVAL where it said nothing */
export function getsockopt(s: SOCKET, level: typeof IPPROTO_TCP, optname: typeof TCP_ICMP_ERROR_INFO): Promise<ICMP_ERROR_INFO>;
/** The infrared devices around, which takes a discovery of some seconds. */
export function getsockopt(s: SOCKET, level: typeof SOL_IRLMP, optname: typeof IRLMP_ENUMDEVICES): Promise<DEVICELIST>;
/** Asks an infrared device for an attribute: `question` with the answer. @throws WinsockError WSAECONNREFUSED, WSAETIMEDOUT and others; or the signal's reason */
export function getsockopt(
  s: SOCKET,
  level: typeof SOL_IRLMP,
  optname: typeof IRLMP_IAS_QUERY,
  question: IAS_QUERY,
  options?: Cancellable,
): Promise<IAS_QUERY>;
/** Reads an option; docs/reference/winsock-options.md lists them. @throws WinsockError WSAENOPROTOOPT, WSAEINVAL; or the signal's reason */
export function getsockopt(s: SOCKET, level: number, optname: number, question?: IAS_QUERY, options?: Cancellable): Promise<number>;
export function getsockopt(s: SOCKET, level: number, optname: number, question?: IAS_QUERY, options?: Cancellable): Promise<unknown> {
  return awaitedFace.getsockopt(s, level, optname, question, options);
}

/**
 * Waits until a socket of one of the sets can be read, written, or has failed.
 * @returns those that are so: no sockets at all when the time is over
 * @throws WinsockError WSAENOTSOCK, WSAEINVAL; or the signal's reason
 */
export function select(
  sets: SocketSets,
  options?: SelectOptions,
): Promise<{ readonly read: SOCKET[]; readonly write: SOCKET[]; readonly except: SOCKET[] }> {
  return awaitedFace.select(sets, options);
}

/** FIONBIO switches nonblocking mode on or off, FIONREAD counts what can be read. @returns the argument as the command left it */
export function ioctlsocket(s: SOCKET, cmd: number, argument?: number | boolean): Promise<number> {
  return awaitedFace.ioctlsocket(s, cmd, argument);
}

/** The host's addresses of the socket's family, that it may be bound to. */
export function WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_QUERY): Promise<SocketAddress[]>;
/** The same addresses in the order in which they should be tried (RFC 6724). */
export function WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_SORT, input: readonly NamedAddress[]): Promise<SocketAddress[]>;
/** The address from which datagrams to `input` leave. @throws WinsockError WSAENETUNREACH */
export function WSAIoctl(s: SOCKET, code: typeof SIO_ROUTING_INTERFACE_QUERY, input: NamedAddress): Promise<SocketAddress>;
/** The address of everybody on a link. */
export function WSAIoctl(s: SOCKET, code: typeof SIO_GET_BROADCAST_ADDRESS): Promise<SocketAddress>;
/** The host's IPv4 addresses with their netmasks. */
export function WSAIoctl(s: SOCKET, code: typeof SIO_GET_INTERFACE_LIST): Promise<HostInterface[]>;
/** What is measured of a connection. @param version 0, which is the default. @throws WinsockError WSAENOTCONN */
export function WSAIoctl(s: SOCKET, code: typeof SIO_TCP_INFO, version?: number): Promise<TCP_INFO_v0>;
/**
 * Asks or tells the provider something by a control code; docs/reference/winsock-options.md lists them.
 * @param input what the code takes: a number or a boolean for a DWORD, a structure, or bytes
 * @returns the number that it gives, undefined for nothing
 * @throws WinsockError WSAEFAULT without the input that the code takes, WSAEOPNOTSUPP for a code that is not known, and others; or the
 * signal's reason, of a code that waits such as SIO_ADDRESS_LIST_CHANGE
 */
export function WSAIoctl(s: SOCKET, code: number, input?: IoctlArgument, options?: Cancellable): Promise<number | undefined>;
export function WSAIoctl(s: SOCKET, code: number, input?: IoctlArgument, options?: Cancellable): Promise<unknown> {
  return awaitedFace.WSAIoctl(s, code, input, options);
}

/**
 * Finds the addresses of a host, in the order in which to try them, and the port of a service. Each can be given to `connect` as it is.
 * @param node a name, an address as text, `""` for the host itself, or null for its loopback (with AI_PASSIVE for all its addresses)
 * @param service a port, or the name of a service such as `http`
 * @throws WinsockError WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN, WSANO_RECOVERY, WSATYPE_NOT_FOUND for the service, and others; or the
 * signal's reason
 */
export function getaddrinfo(node: string | null, service?: string | number | null, hints?: AddressHints): Promise<FoundAddress[]> {
  return awaitedFace.getaddrinfo(node, service, hints);
}

/**
 * As getaddrinfo, for no longer than a time.
 * @throws WinsockError as getaddrinfo: WSATRY_AGAIN when the time is over; or the signal's reason
 */
export function GetAddrInfoEx(
  node: string | null,
  service?: string | number | null,
  hints?: AddressHints & LookupTime,
): Promise<FoundAddress[]> {
  return awaitedFace.GetAddrInfoEx(node, service, hints);
}

/**
 * Finds the name of an address and of its port. An address without a name, and a port without a service, are told as numbers.
 * @throws WinsockError WSAEFAULT for what is no address, WSAHOST_NOT_FOUND and others with NI_NAMEREQD; or the signal's reason
 */
export function getnameinfo(
  name: NamedAddress,
  options?: Cancellable & { readonly flags?: number },
): Promise<{ readonly host: string; readonly service: string }> {
  return awaitedFace.getnameinfo(name, options);
}

/** Finds the IPv4 addresses of a host, of this one unless a name is given. @throws WinsockError WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN and others; or the signal's reason */
export function gethostbyname(name?: string | null, options?: Cancellable): Promise<HostRecord> {
  return awaitedFace.gethostbyname(name, options);
}

/** Finds the names of an address. @throws WinsockError WSAEFAULT for text that is none, WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN and others; or the signal's reason */
export function gethostbyaddr(address: string, options?: Cancellable): Promise<HostRecord> {
  return awaitedFace.gethostbyaddr(address, options);
}

/** What the host calls itself. */
export function gethostname(): Promise<string> {
  return awaitedFace.gethostname();
}

/**
 * Waits until one of the sockets has what was asked for, or an error.
 * @returns the entries that have events, each with what was found in `revents`: none at all when the time is over
 * @throws WinsockError WSAENOTSOCK when no entry is a socket, WSAEINVAL; or the signal's reason
 */
export function WSAPoll<E extends PollEntry>(
  entries: readonly E[],
  options?: SelectOptions,
): Promise<(E & { readonly revents: number })[]> {
  return awaitedFace.WSAPoll(entries, options);
}

/**
 * Each connection of a listener as it comes: `for await (const { socket } of accepted(listener))`. Ends when the listener is closed;
 * a connection that its peer resets before its turn comes is passed over. As those that follow it waits no longer than its block, with `await using`.
 */
export function accepted(s: SOCKET, options?: Cancellable): DisposableGenerator<AcceptedSocket> {
  return awaitedFace.accepted(s, options);
}

/** Data of a stream as it comes, to the peer's end: `for await (const data of received(s))`. @throws WinsockError as recv; or the signal's reason */
export function received(s: SOCKET, options?: Cancellable): DisposableGenerator<Uint8Array> {
  return awaitedFace.received(s, options);
}

/**
 * Datagrams as they come, each with its sender: `for await (const { data, address } of datagrams(s))`. Ends when the socket is closed.
 * @throws WinsockError as recvfrom: WSAECONNRESET too, after a datagram that found nobody, unless WSAIoctl has set SIO_UDP_CONNRESET to false
 */
export function datagrams(s: SOCKET, options?: Cancellable): DisposableGenerator<{ readonly data: Uint8Array } & SocketAddress> {
  return awaitedFace.datagrams(s, options);
}

/**
 * Network events as they are recorded: `for await (const { events } of networkEvents(s, FD_READ | FD_CLOSE))`. The socket becomes
 * nonblocking. Ends after FD_CLOSE, where that was selected, and when the socket is closed. With FD_OOB it tells of urgent data.
 * @param lNetworkEvents FD_ bits
 */
export function networkEvents(s: SOCKET, lNetworkEvents: number, options?: Cancellable): DisposableGenerator<NetworkEventRecord> {
  return awaitedFace.networkEvents(s, lNetworkEvents, options);
}

/**
 * The host's addresses of the socket's family whenever they are others than before (SIO_ADDRESS_LIST_CHANGE):
 * `for await (const addresses of addressListChanges(s))`. Ends when the socket is closed.
 */
export function addressListChanges(s: SOCKET, options?: Cancellable): DisposableGenerator<SocketAddress[]> {
  return awaitedFace.addressListChanges(s, options);
}

/**
 * The address by which the host would leave for a destination whenever it is another than before (SIO_ROUTING_INTERFACE_CHANGE), undefined
 * while there is no way: `for await (const source of routingInterfaceChanges(s, to))`. Ends when the socket is closed.
 */
export function routingInterfaceChanges(
  s: SOCKET,
  to: NamedAddress,
  options?: Cancellable,
): DisposableGenerator<SocketAddress | undefined> {
  return awaitedFace.routingInterfaceChanges(s, to, options);
}
