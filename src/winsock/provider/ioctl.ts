import { orderDestinations } from "../../stack/ip/address-selection.ts";
import type { Overhearing } from "../../stack/raw/raw-service.ts";
import * as c from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENETUNREACH, WSAENOTCONN, WSAEOPNOTSUPP, WSAEWOULDBLOCK } from "../abi/errors.ts";
import { extensionFunctionIndex } from "../abi/extension-functions.ts";
import { sizeof_GUID } from "../abi/guid.ts";
import { addressListBytes, addressListNames, sizeof_INTERFACE_INFO, sizeof_SOCKET_ADDRESS_LIST } from "../abi/ioctl-structures.ts";
import { sizeof_DWORD, sizeof_SOCKET } from "../abi/structures.ts";
import type { CallRequest } from "./calls.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { addressListChange, destinationIn, routingInterfaceChange } from "./host-news.ts";
import { interfaceList, localAddresses } from "./interface-list.ts";
import { dword, type IoctlCommand, readDword, refused, returned, untouched } from "./ioctl-buffers.ts";
import { keepaliveValues, setInitialRto, tcpInfo } from "./ioctl-tcp.ts";
import { isStream } from "./option.ts";
import type { Answer, Wait } from "./outcome.ts";
import { RawSocket } from "./raw-socket.ts";
import type { Socket } from "./socket.ts";
import { familyOf, familyOfAddress, socketFamily } from "./socket-family.ts";

/** Of one type of socket; the other says WSAEOPNOTSUPP. */
const ofStreams =
  (command: IoctlCommand): IoctlCommand =>
  (socket, buffers) =>
    isStream(socket) ? command(socket, buffers) : refused(WSAEOPNOTSUPP);
const ofDatagrams =
  (command: IoctlCommand): IoctlCommand =>
  (socket, buffers) =>
    socket instanceof DatagramSocket ? command(socket, buffers) : refused(WSAEOPNOTSUPP);

const ofUdp =
  (command: IoctlCommand): IoctlCommand =>
  (socket, buffers) =>
    socket.type === c.SOCK_DGRAM ? command(socket, buffers) : refused(WSAEOPNOTSUPP);

/** One that takes a DWORD. @param set 0 or a code */
const takesDword =
  (set: (socket: Socket, value: number) => number): IoctlCommand =>
  (socket, { input }) => {
    if (input === null || input.length < sizeof_DWORD) return refused(WSAEFAULT);
    const code = set(socket, readDword(input));
    return code === 0 ? returned() : refused(code);
  };

/** What ioctlsocket does, by way of WSAIoctl (Wine's tests fionbio and fionread_siocatmark). */
const ofSocket =
  (code: number): IoctlCommand =>
  (socket, { input, room }) => {
    const isIn = (code & c.IOC_IN) !== 0;
    if (isIn ? input === null || input.length < sizeof_DWORD : room < sizeof_DWORD) return untouched(WSAEFAULT);
    const { a, ...outcome } = socket.ioctlsocket(code, isIn ? readDword(input!) : 0, false);
    return outcome.error !== 0 || isIn ? { ...outcome, a: 0 } : returned(dword(a ?? 0));
  };

/** The handle itself: nothing lies between a program and this provider. */
const sameHandle: IoctlCommand = (_, { handle, room, isOverlapped }) => {
  if (isOverlapped) return refused(WSAEOPNOTSUPP);
  if (room < sizeof_SOCKET) return refused(WSAEFAULT);
  const bytes = new Uint8Array(sizeof_SOCKET);
  bytes.set(dword(handle));
  return returned(bytes);
};

/** The pointer that a face makes a function of (`extensionFunctionAt`). */
const extensionPointer: IoctlCommand = (_, { input, room }) => {
  if (input === null || input.length < sizeof_GUID || room < sizeof_SOCKET) return refused(WSAEFAULT);
  const index = extensionFunctionIndex(input);
  if (index === undefined) return refused(WSAEINVAL);
  const bytes = new Uint8Array(sizeof_SOCKET);
  bytes.set(dword(index));
  return returned(bytes);
};

const addressListQuery: IoctlCommand = ({ context, family }, { room }) => {
  const addresses = localAddresses(context.host.ip).filter(({ address }) => familyOfAddress(address) === family);
  const list = addressListBytes(addresses.map(({ address }) => family.writeName(address, 0)));
  if (room > 0 && room < sizeof_SOCKET_ADDRESS_LIST) return refused(WSAEINVAL);
  return room < list.length ? refused(WSAEFAULT, list.length) : returned(list);
};

/** In the order in which they should be tried, RFC 6724 §6. */
const addressListSort: IoctlCommand = ({ context }, { input, room }) => {
  const names = input === null ? undefined : addressListNames(input);
  if (names === undefined) return refused(WSAEFAULT);
  const known = names.flatMap((name) => {
    const family = socketFamily(familyOf(name) ?? c.AF_UNSPEC);
    return family === undefined || name.length < family.nameBytes ? [] : [{ name, address: family.readName(name).address }];
  });
  if (known.length < names.length) return refused(WSAEINVAL);
  const order = orderDestinations(
    known.map(({ address }) => address),
    (address) => context.host.ip.sourceTowards(address),
  );
  const list = addressListBytes(order.map((address) => known.find((one) => one.address === address)!.name));
  return room < list.length ? refused(WSAEFAULT, list.length) : returned(list);
};

const routingInterfaceQuery: IoctlCommand = ({ context, family }, { input, room }) => {
  const destination = destinationIn(input, family);
  if (typeof destination === "number") return refused(destination);
  if (room < 0) return refused(WSAEFAULT);
  if (room < family.nameBytes) return refused(WSAEFAULT, family.nameBytes);
  const source = context.host.ip.sourceTowards(context.host.ip.scoped(destination));
  return source === undefined ? refused(WSAENETUNREACH) : returned(family.writeName(source.address, 0));
};

const getInterfaceList: IoctlCommand = ({ context }, { room }) => {
  const list = interfaceList(context.host.ip);
  return room < Math.max(list.length, sizeof_INTERFACE_INFO) ? refused(WSAEFAULT) : returned(list);
};

/** Of IPv4, which alone has one. */
const broadcastAddress: IoctlCommand = ({ family }, { room }) => {
  if (family.broadcast === undefined) return refused(WSAEOPNOTSUPP);
  return room < family.nameBytes ? refused(WSAEFAULT) : returned(family.writeName(family.broadcast, 0));
};

/** What Windows says until it has measured the path. */
const LEAST_BACKLOG = 0x10000;

const idealSendBacklog: IoctlCommand = (socket, { room }) => {
  const facts = isStream(socket) ? socket.connectionFacts : undefined;
  if (facts === undefined) return refused(WSAENOTCONN);
  return room < sizeof_DWORD ? refused(WSAEFAULT) : returned(dword(Math.max(LEAST_BACKLOG, facts.idealSendBacklog)));
};

/** It waits for something to change that nobody is told of yet. */
const idealSendBacklogChange: IoctlCommand = ({ isNonblocking }, { isOverlapped }) =>
  refused(isNonblocking && !isOverlapped ? WSAEWOULDBLOCK : WSAEOPNOTSUPP);

const reports = (field: "reportsPortUnreachable" | "reportsTtlExceeded"): IoctlCommand =>
  ofUdp(
    takesDword((s, v) => {
      s.options[field] = v !== 0;
      return 0;
    }),
  );

/** RCVALL_VALUE, as far as it changes something: Microsoft's page says of RCVALL_SOCKETLEVELONLY that it does not. */
const OVERHEARING: ReadonlyMap<number, Overhearing | undefined> = new Map([
  [c.RCVALL_OFF, undefined],
  [c.RCVALL_ON, "device"],
  [c.RCVALL_IPLEVEL, "host"],
]);

/** Microsoft, "SIO_RCVALL Control Code", whose value may be a UCHAR. */
const receiveAll: IoctlCommand = (socket, { input }) => {
  if (!(socket instanceof RawSocket) || input === null || input.length === 0) return refused(WSAEINVAL);
  const value = input.length < sizeof_DWORD ? input[0]! : readDword(input);
  if (value > c.RCVALL_IPLEVEL) return refused(WSAEINVAL);
  const code = socket.overhear(OVERHEARING.has(value) ? OVERHEARING.get(value) : socket.overhearing);
  return code === 0 ? returned() : refused(code);
};

const COMMANDS: ReadonlyMap<number, IoctlCommand> = new Map<number, IoctlCommand>([
  [c.FIONBIO, ofSocket(c.FIONBIO)],
  [c.FIONREAD, ofSocket(c.FIONREAD)],
  [c.SIOCATMARK, ofSocket(c.SIOCATMARK)],
  [c.SIO_GET_EXTENSION_FUNCTION_POINTER, extensionPointer],
  [c.SIO_BASE_HANDLE, sameHandle],
  [c.SIO_BSP_HANDLE, sameHandle],
  [c.SIO_BSP_HANDLE_SELECT, sameHandle],
  [c.SIO_BSP_HANDLE_POLL, sameHandle],
  [c.SIO_ADDRESS_LIST_QUERY, addressListQuery],
  [c.SIO_ADDRESS_LIST_SORT, addressListSort],
  [c.SIO_ADDRESS_LIST_CHANGE, addressListChange],
  [c.SIO_ROUTING_INTERFACE_QUERY, routingInterfaceQuery],
  [c.SIO_ROUTING_INTERFACE_CHANGE, routingInterfaceChange],
  [c.SIO_GET_INTERFACE_LIST, getInterfaceList],
  [c.SIO_GET_BROADCAST_ADDRESS, broadcastAddress],
  [c.SIO_IDEAL_SEND_BACKLOG_QUERY, ofStreams(idealSendBacklog)],
  [c.SIO_IDEAL_SEND_BACKLOG_CHANGE, ofStreams(idealSendBacklogChange)],
  [c.SIO_KEEPALIVE_VALS, ofStreams(keepaliveValues)],
  [c.SIO_TCP_INITIAL_RTO, ofStreams(setInitialRto)],
  [c.SIO_TCP_INFO, ofStreams(tcpInfo)],
  // Obsolete, and a shortcut only: what goes through the loopback is copied once anyway.
  [c.SIO_LOOPBACK_FAST_PATH, ofStreams(takesDword((s) => (s.peer === undefined ? 0 : WSAEINVAL)))],
  [c.SIO_RCVALL, receiveAll],
  [c.SIO_UDP_CONNRESET, reports("reportsPortUnreachable")],
  [c.SIO_UDP_NETRESET, reports("reportsTtlExceeded")],
  [
    c.SIO_ENABLE_CIRCULAR_QUEUEING,
    ofDatagrams((s) => {
      s.options.dropsOldestDatagrams = true;
      s.applyOptions();
      return returned();
    }),
  ],
]);

/** Codes that are told from unknown ones. */
export const IOCTLS: readonly number[] = [...COMMANDS.keys()];

/** `b` of a call. */
const NO_COUNT = 1;

/** WSAIoctl. A NULL for the bytes returned is WSAEFAULT whatever is asked for (Wine's tests fionbio, keepalive_vals, unsupported_ioctls). */
export function ioctl(socket: Socket, { s: handle, a, b: how, data: input, c: room }: CallRequest, isOverlapped: boolean): Answer {
  if (how === NO_COUNT) return untouched(WSAEFAULT);
  const command = COMMANDS.get(a >>> 0);
  if (command !== undefined) return command(socket, { handle, input, room, isOverlapped });
  return isOverlapped ? refusedLater(socket) : refused(WSAEOPNOTSUPP);
}

/** An overlapped call with a code that nobody knows goes on before it fails (Wine's test unsupported_ioctls). */
const refusedLater = (socket: Socket): Wait => ({
  on: [socket],
  attempt: () => refused(WSAEOPNOTSUPP),
  timeoutMs: Number.POSITIVE_INFINITY,
  timedOut: () => refused(WSAEOPNOTSUPP),
  isUntried: true,
});
