import { joinPieces } from "../../transport/message.ts";
import {
  AF_INET,
  HIBYTE,
  type IPPROTO_TCP,
  type IRLMP_ENUMDEVICES,
  type IRLMP_IAS_QUERY,
  LOBYTE,
  MAKEWORD,
  MSG_WAITALL,
  SD_SEND,
  SIO_ADDRESS_LIST_QUERY,
  SIO_ADDRESS_LIST_SORT,
  SIO_GET_BROADCAST_ADDRESS,
  SIO_GET_INTERFACE_LIST,
  SIO_ROUTING_INTERFACE_QUERY,
  SIO_TCP_INFO,
  type SO_BSP_STATE,
  SO_LINGER,
  type SO_PROTOCOL_INFOA,
  type SO_PROTOCOL_INFOW,
  SOCK_STREAM,
  type SOL_IRLMP,
  SOL_SOCKET,
  SOMAXCONN,
  type TCP_ICMP_ERROR_INFO,
} from "../abi/constants.ts";
import { WinsockError, WSA_OPERATION_ABORTED, WSAEINTR, WSAEINVAL, WSANOTINITIALISED, WSASYSNOTREADY } from "../abi/errors.ts";
import {
  addressListBytes,
  addressListNames,
  readInterfaceList,
  readTcpInfo,
  type TCP_INFO_v0,
  type TCP_INITIAL_RTO_PARAMETERS,
  type tcp_keepalive,
} from "../abi/ioctl-structures.ts";
import type { DEVICELIST, IAS_QUERY, IAS_SET } from "../abi/irda-structures.ts";
import type { MulticastRequest } from "../abi/multicast-requests.ts";
import type { WSAPROTOCOL_INFO } from "../abi/protocol-info.ts";
import type { CSADDR_INFO, ICMP_ERROR_INFO } from "../abi/socket-state.ts";
import { type linger, readLinger, type SOCKET, sockaddrBytes } from "../abi/structures.ts";
import { callName } from "../provider/call-text.ts";
import { type AsyncPort, CALL, type CallReply } from "../provider/calls.ts";
import { decodeSets, encodeSets } from "../provider/select.ts";
import { type AcceptPromises, createAcceptPromises } from "./accept-promises.ts";
import { Turn, unlessAborted } from "./call-abort.ts";
import { type ChangePromises, createChangePromises } from "./change-promises.ts";
import { type ConnectPromises, createConnectPromises } from "./connect-promises.ts";
import { createEventPromises, type EventPromises } from "./event-promises.ts";
import { ioctlInputBytes, ioctlNumber } from "./ioctl-values.ts";
import { KnownStreams } from "./known-streams.ts";
import { createMessagePromises, type MessagePromises } from "./message-promises.ts";
import { createNamePromises, type NamePromises } from "./name-promises.ts";
import { readOptionStructure, optionBytes as structureBytes } from "./option-values.ts";
import { disposable, type OwnedSocket } from "./owned-sockets.ts";
import {
  addressDetail,
  anyName,
  type InfraredAddress,
  LONGEST_NAME,
  type NamedAddress,
  nameBytes,
  noSender,
  type SocketAddress,
  socketAddressOf,
} from "./promise-addresses.ts";
import {
  type AwaitedCall,
  type CallFields,
  type CallSubject,
  type Cancellable,
  type HostCall,
  type PromiseCalls,
  type SelectOptions,
  type SentData,
  sentBytes,
  whole,
} from "./promise-calls.ts";
import { createSocketPromises, type SocketPromises } from "./socket-promises.ts";
import { createTransmitPromises, type TransmitPromises } from "./transmit-promises.ts";

export interface TransferOptions extends Cancellable {
  /** MSG_ flags; 0 by default. */
  readonly flags?: number;
}

export interface SocketSets {
  readonly read?: readonly SOCKET[] | undefined;
  readonly write?: readonly SOCKET[] | undefined;
  readonly except?: readonly SOCKET[] | undefined;
}

/** What setsockopt takes; a number or a boolean stands for a DWORD. */
export type OptionValue = number | boolean | linger | MulticastRequest | IAS_SET | Uint8Array;

/** Winsock as it was started; `await using` undoes it. */
export interface StartedWinsock extends AsyncDisposable {
  /** High byte minor. */
  readonly version: number;
}

/** Where to bind a socket: what is left out is left to the host. */
export type BindAddress = Partial<SocketAddress> | InfraredAddress | string;

/**
 * Winsock under the same names with JavaScript's habits: calls are awaited, lengths are left out, addresses are text, and a failure is
 * a thrown WinsockError. Sockets are in blocking mode as in C, which here only means that the promise takes its time: a program may
 * have any number of calls waiting.
 */
export interface PromiseFace
  extends AcceptPromises,
    ChangePromises,
    ConnectPromises,
    EventPromises,
    MessagePromises,
    NamePromises,
    SocketPromises,
    TransmitPromises {
  /** Optional: the first call of any other function does it too, and counts as nothing for WSACleanup. @returns the version, high byte minor */
  WSAStartup(version?: number): Promise<StartedWinsock>;
  /** Undoes one WSAStartup. The last one, and the first one where start-up was implied, closes every socket; waiting calls fail with WSAEINTR. */
  WSACleanup(): Promise<void>;
  socket(af?: number, type?: number, protocol?: number): Promise<SOCKET>;
  /** Closes a socket at the end of a block: `await using own = owned(await socket())`. */
  owned(s: SOCKET): OwnedSocket;
  /** Without an address every local one of the socket's family, of both where IPV6_V6ONLY is off; without a port (or with 0) a free one. */
  bind(s: SOCKET, name?: BindAddress): Promise<void>;
  connect(s: SOCKET, name: NamedAddress, options?: Cancellable): Promise<void>;
  listen(s: SOCKET, backlog?: number): Promise<void>;
  /** Text goes as UTF-8. @returns how many bytes were taken: all of them, unless the socket is nonblocking */
  send(s: SOCKET, data: SentData, options?: TransferOptions): Promise<number>;
  /**
   * At most `length` bytes (65536 by default); none when the peer has ended the stream. Given memory instead of a length, it fills that
   * and returns the part that it filled: in a long stream that spares the garbage collector most of its work.
   */
  recv(s: SOCKET, into?: number | Uint8Array, options?: TransferOptions): Promise<Uint8Array>;
  sendto(s: SOCKET, data: SentData, to: NamedAddress, options?: TransferOptions): Promise<number>;
  recvfrom(s: SOCKET, length?: number, options?: TransferOptions): Promise<{ readonly data: Uint8Array } & SocketAddress>;
  /** SD_SEND by default. */
  shutdown(s: SOCKET, how?: number): Promise<void>;
  closesocket(s: SOCKET): Promise<void>;
  getsockname(s: SOCKET): Promise<SocketAddress>;
  getpeername(s: SOCKET): Promise<SocketAddress>;
  setsockopt(s: SOCKET, level: number, optname: number, value: OptionValue | null): Promise<void>;
  /** A number, except for those that are structures. */
  getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_LINGER): Promise<linger>;
  getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_PROTOCOL_INFOA | typeof SO_PROTOCOL_INFOW): Promise<WSAPROTOCOL_INFO>;
  getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_BSP_STATE): Promise<CSADDR_INFO>;
  getsockopt(s: SOCKET, level: typeof IPPROTO_TCP, optname: typeof TCP_ICMP_ERROR_INFO): Promise<ICMP_ERROR_INFO>;
  getsockopt(s: SOCKET, level: typeof SOL_IRLMP, optname: typeof IRLMP_ENUMDEVICES): Promise<DEVICELIST>;
  getsockopt(
    s: SOCKET,
    level: typeof SOL_IRLMP,
    optname: typeof IRLMP_IAS_QUERY,
    question: IAS_QUERY,
    options?: Cancellable,
  ): Promise<IAS_QUERY>;
  getsockopt(s: SOCKET, level: number, optname: number, question?: IAS_QUERY, options?: Cancellable): Promise<number>;
  /** Resolves with those that are ready: no sockets at all when the time is over. */
  select(
    sets: SocketSets,
    options?: SelectOptions,
  ): Promise<{ readonly read: SOCKET[]; readonly write: SOCKET[]; readonly except: SOCKET[] }>;
  /** @returns the argument as the command left it */
  ioctlsocket(s: SOCKET, cmd: number, argument?: number | boolean): Promise<number>;
  /** @returns what the code gives, as text, structures and numbers; undefined for nothing */
  WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_QUERY): Promise<SocketAddress[]>;
  WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_SORT, input: readonly NamedAddress[]): Promise<SocketAddress[]>;
  WSAIoctl(s: SOCKET, code: typeof SIO_ROUTING_INTERFACE_QUERY, input: NamedAddress): Promise<SocketAddress>;
  WSAIoctl(s: SOCKET, code: typeof SIO_GET_BROADCAST_ADDRESS): Promise<SocketAddress>;
  WSAIoctl(s: SOCKET, code: typeof SIO_GET_INTERFACE_LIST): Promise<HostInterface[]>;
  WSAIoctl(s: SOCKET, code: typeof SIO_TCP_INFO, version?: number): Promise<TCP_INFO_v0>;
  WSAIoctl(s: SOCKET, code: number, input?: IoctlArgument, options?: Cancellable): Promise<number | undefined>;
}

/** One address of an interface, as SIO_GET_INTERFACE_LIST tells it. */
export interface HostInterface {
  /** IFF_ flags. */
  readonly flags: number;
  readonly address: string;
  readonly broadcastAddress: string;
  readonly netmask: string;
}

/** What WSAIoctl takes; a number or a boolean stands for a DWORD. */
export type IoctlArgument =
  | number
  | boolean
  | tcp_keepalive
  | TCP_INITIAL_RTO_PARAMETERS
  | NamedAddress
  | readonly NamedAddress[]
  | Uint8Array;

/** Longer transfers travel in pieces of this many bytes. */
const PIECE = 256 * 1024;
const DEFAULT_RECEIVE = 65536;
/** What is known of a socket. */
interface SocketRecord {
  readonly family: number;
  /** A close that is under way, or has failed. */
  closing?: Promise<void>;
}

/** Calls that come one after another on each socket. */
interface Turns {
  /** What they say when WSACleanup ends their wait. */
  readonly syscall: string;
  /** The last one of each socket. */
  readonly last: Map<SOCKET, Promise<unknown>>;
}

const newTurns = (syscall: string): Turns => ({ syscall, last: new Map() });

/** How much of a receive goes into one piece. */
const pieceOf = (length: unknown): number => (typeof length === "number" ? Math.min(length, PIECE) : -1);
const VERSION = MAKEWORD(2, 2);
const NO_BYTES = new Uint8Array(0);
/** @param openPort reaches the network; called by the first call, and by the first one after the last WSACleanup */
export function createPromiseFace(openPort: () => Promise<AsyncPort>): PromiseFace {
  let opening: Promise<AsyncPort> | undefined;
  let openedPort: AsyncPort | undefined;
  let startups = 0;
  /** Sends of each socket, so that the pieces of two long ones do not mix. */
  const sending = newTurns("send");
  /** Plain receives of each socket: what the host has shown belongs to them in their order. */
  const receiving = newTurns("recv");
  /** Of each listener what asks about connections before it takes them. */
  const offering = newTurns("accept");
  /** Of the program's sockets. A number that was given away anew has another record. */
  const sockets = new Map<SOCKET, SocketRecord>();
  /** Who wants to know that a socket is closed. */
  const closings = new Map<SOCKET, Set<() => void>>();
  const streams = new KnownStreams((request, replied) => openedPort?.post(request, replied) === true);

  /** The port, started up at least once. */
  function port(version = VERSION): Promise<AsyncPort> {
    opening ??= open(version).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  async function open(version: number): Promise<AsyncPort> {
    let opened: AsyncPort;
    try {
      opened = await openPort();
    } catch (cause) {
      const error = new WinsockError(WSASYSNOTREADY, "WSAStartup");
      error.cause = cause;
      throw error;
    }
    const reply = await opened.call({ op: CALL.startup, s: 0, a: version, b: 0, c: 0, data: null });
    if (reply.error === 0) {
      openedPort = opened;
      return opened;
    }
    opened.close();
    throw new WinsockError(reply.error, "WSAStartup");
  }

  /** Anything but a plain send or receive: the host shall decide on all it has. @throws WinsockError, or the signal's reason */
  async function call(op: AwaitedCall, fields: CallFields, signal?: AbortSignal, about?: CallSubject): Promise<CallReply> {
    const { s = 0 } = fields;
    if (op === "select" || op === "poll") streams.handBackShown();
    else streams.handBack(s);
    if (op === "closesocket") streams.drop(s);
    return request(op, fields, signal, about);
  }

  function sequence(syscall: string): HostCall {
    let startedIn = opening;
    return async (op, fields, signal, about) => {
      if (startedIn !== undefined && opening !== startedIn) throw new WinsockError(WSAEINTR, syscall);
      const reply = call(op, fields, signal, { syscall, ...about });
      startedIn ??= opening;
      return reply;
    };
  }

  /** @throws WinsockError, or the signal's reason */
  async function request(op: AwaitedCall, fields: CallFields, signal?: AbortSignal, about: CallSubject = {}): Promise<CallReply> {
    signal?.throwIfAborted();
    const { s = 0, a = 0, b = 0, c = 0, d = 0, data = null } = fields;
    const reply = await (await port()).call({ op: CALL[op], s: whole(s), a: whole(a), b: whole(b), c: whole(c), d, data }, signal);
    if (reply.error === 0) return reply;
    if (reply.error === WSAEINTR || reply.error === WSA_OPERATION_ABORTED) signal?.throwIfAborted();
    throw new WinsockError(reply.error, about.syscall ?? callName(CALL[op]) ?? op, about);
  }

  /** One after another on each socket. One that is aborted before its turn is told so at once, and then passed over. */
  function inTurn<T>({ syscall, last }: Turns, s: SOCKET, act: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const before = last.get(s);
    const turn = before === undefined ? undefined : new Turn(signal);
    const startedIn = opening;
    const begin = async () => {
      turn?.come();
      // Its socket went with WSACleanup, and its call must not start up again.
      if (startedIn !== undefined && opening !== startedIn) throw new WinsockError(WSAEINTR, syscall);
      return act();
    };
    const mine = before === undefined ? act() : before.then(begin, begin);
    last.set(s, mine);
    const forget = () => {
      if (last.get(s) === mine) last.delete(s);
    };
    mine.then(forget, forget);
    return turn === undefined ? mine : turn.unlessAborted(mine);
  }

  /** @param before bytes that were taken already */
  async function sendPieces(s: SOCKET, bytes: Uint8Array, flags: number, signal: AbortSignal | undefined, before = 0): Promise<number> {
    let sent = before;
    const startedIn = opening;
    do {
      if (sent > 0 && opening !== startedIn) throw new WinsockError(WSAEINTR, "send");
      const end = Math.min(sent + PIECE, bytes.length);
      if (flags === 0 && (await postSend(s, bytes.subarray(sent, end), end < bytes.length, signal))) {
        sent = end;
        continue;
      }
      const piece = { s, a: flags, b: sent > 0 ? 1 : 0, c: end < bytes.length ? 1 : 0, data: bytes.subarray(sent, end) };
      const { result, a, b } = await request("send", piece, signal);
      if (result > 0) streams.learnQueue(s, a, b);
      if (sent + result < end) return sent + result;
      sent = end;
    } while (sent < bytes.length);
    return sent;
  }

  /** Where the host is known to take these bytes, there is nothing to wait for. @returns whether they have left */
  async function postSend(s: SOCKET, bytes: Uint8Array, hasMore: boolean, signal: AbortSignal | undefined): Promise<boolean> {
    if (bytes.length === 0 || !streams.takesSend(s)) return false;
    signal?.throwIfAborted();
    await port();
    return streams.postSend(s, bytes, hasMore);
  }

  /** Of bytes that were shown before, or else of the host. */
  async function receivePlain(s: SOCKET, into: number | Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const length = into instanceof Uint8Array ? into.length : into;
    const ahead = streams.readAhead(s);
    if (ahead?.isAsked === true && !ahead.isForgotten && ahead.heldBytes === 0) {
      streams.tellTaken(s, ahead);
      const startedIn = opening;
      // One that is given up is no reason to live on.
      await (await port()).waitingFor(unlessAborted(ahead.nextAnswer(), signal));
      if (opening !== startedIn) throw new WinsockError(WSAEINTR, "recv");
    }
    if (ahead !== undefined && ahead.heldBytes > 0 && length > 0) {
      const room = into instanceof Uint8Array ? into : new Uint8Array(Math.min(length, ahead.heldBytes));
      const bytes = room.subarray(0, ahead.take(room));
      streams.tookShown(s, ahead);
      return bytes;
    }
    const wanted = pieceOf(length);
    // Apart from the receive, which an abort may keep from leaving. The host gives what it has shown once more.
    streams.handBackShownOf(s);
    const { data } = await request("recv", { s, a: wanted }, signal);
    const bytes = data ?? NO_BYTES;
    streams.received(s, wanted, bytes.length);
    return into instanceof Uint8Array ? filled(into, bytes) : bytes;
  }

  async function sendPiecesTo(
    s: SOCKET,
    bytes: Uint8Array,
    to: NamedAddress,
    flags: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const name = nameBytes("sendto", to);
    // Longer than any datagram may only be a stream, which ignores the address.
    const first = bytes.subarray(0, PIECE);
    const both = new Uint8Array(name.length + first.length);
    both.set(name);
    both.set(first, name.length);
    const { result } = await call("sendto", { s, a: name.length, b: flags, c: name.length, data: both }, signal, addressDetail(to));
    return result < first.length || first.length === bytes.length ? result : sendPieces(s, bytes, flags, signal, result);
  }

  async function recv(s: SOCKET, into: number | Uint8Array = DEFAULT_RECEIVE, options: TransferOptions = {}): Promise<Uint8Array> {
    const { flags = 0, signal } = options;
    if (flags === 0) return inTurn(receiving, s, () => receivePlain(s, into, signal), signal);
    if (!(into instanceof Uint8Array)) return receiveFlagged(s, into, flags, signal);
    return filled(into, await receiveFlagged(s, into.length, flags, signal));
  }

  async function receiveFlagged(s: SOCKET, length: number, flags: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const receive = sequence("recv");
    const first = (await receive("recv", { s, a: pieceOf(length), b: flags }, signal)).data ?? NO_BYTES;
    // Only MSG_WAITALL insists on all, and only a long one comes in pieces.
    if ((flags & MSG_WAITALL) === 0) return first;
    const pieces = [first];
    let received = first.length;
    while (received < length && pieces.at(-1)!.length === PIECE) {
      try {
        const { data } = await receive("recv", { s, a: pieceOf(length - received), b: flags }, signal);
        pieces.push(data ?? NO_BYTES);
      } catch {
        // What came is received, an abort or not; the next call will tell what is wrong.
        break;
      }
      received += pieces.at(-1)!.length;
    }
    return joinPieces(pieces);
  }

  async function readName(syscall: "getsockname" | "getpeername", s: SOCKET): Promise<SocketAddress> {
    return socketAddressOf((await call(syscall, { s, a: LONGEST_NAME })).data);
  }

  function getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_LINGER): Promise<linger>;
  function getsockopt(
    s: SOCKET,
    level: typeof SOL_SOCKET,
    optname: typeof SO_PROTOCOL_INFOA | typeof SO_PROTOCOL_INFOW,
  ): Promise<WSAPROTOCOL_INFO>;
  function getsockopt(s: SOCKET, level: typeof SOL_SOCKET, optname: typeof SO_BSP_STATE): Promise<CSADDR_INFO>;
  function getsockopt(s: SOCKET, level: typeof IPPROTO_TCP, optname: typeof TCP_ICMP_ERROR_INFO): Promise<ICMP_ERROR_INFO>;
  function getsockopt(s: SOCKET, level: typeof SOL_IRLMP, optname: typeof IRLMP_ENUMDEVICES): Promise<DEVICELIST>;
  function getsockopt(
    s: SOCKET,
    level: typeof SOL_IRLMP,
    optname: typeof IRLMP_IAS_QUERY,
    question: IAS_QUERY,
    options?: Cancellable,
  ): Promise<IAS_QUERY>;
  function getsockopt(s: SOCKET, level: number, optname: number, question?: IAS_QUERY, options?: Cancellable): Promise<number>;
  async function getsockopt(
    s: SOCKET,
    level: number,
    optname: number,
    question?: IAS_QUERY,
    { signal }: Cancellable = {},
  ): Promise<unknown> {
    const asked = structureBytes(question ?? null);
    const { data } = await call("getsockopt", { s, a: level, b: optname, c: asked?.length ?? OPTION_ROOM, data: asked }, signal);
    const bytes = data ?? NO_BYTES;
    const structure = readOptionStructure(level, optname, bytes);
    if (structure !== undefined) return { ...question, ...structure };
    if (level === SOL_SOCKET && optname === SO_LINGER) return readLinger(bytes);
    return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  function WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_QUERY): Promise<SocketAddress[]>;
  function WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_SORT, input: readonly NamedAddress[]): Promise<SocketAddress[]>;
  function WSAIoctl(s: SOCKET, code: typeof SIO_ROUTING_INTERFACE_QUERY, input: NamedAddress): Promise<SocketAddress>;
  function WSAIoctl(s: SOCKET, code: typeof SIO_GET_BROADCAST_ADDRESS): Promise<SocketAddress>;
  function WSAIoctl(s: SOCKET, code: typeof SIO_GET_INTERFACE_LIST): Promise<HostInterface[]>;
  function WSAIoctl(s: SOCKET, code: typeof SIO_TCP_INFO, version?: number): Promise<TCP_INFO_v0>;
  function WSAIoctl(s: SOCKET, code: number, input?: IoctlArgument, options?: Cancellable): Promise<number | undefined>;
  async function WSAIoctl(s: SOCKET, code: number, input?: IoctlArgument, { signal }: Cancellable = {}): Promise<unknown> {
    const data = ioctlArgumentBytes(code === SIO_TCP_INFO ? (input ?? 0) : input);
    const reply = await call("WSAIoctl", { s, a: code >>> 0, c: IOCTL_ROOM, data }, signal);
    return ioctlResult(code, reply.data ?? NO_BYTES);
  }

  const calls: PromiseCalls = {
    call,
    sequence,
    inSendTurn: (s, act, signal) => inTurn(sending, s, act, signal),
    inOfferTurn: (s, act, signal) => inTurn(offering, s, act, signal),
    afterOffers: (s, act, signal) => (offering.last.has(s) ? inTurn(offering, s, act, signal) : act()),
    familyOf: (s) => sockets.get(s)?.family ?? AF_INET,
    opened: (s, family) => {
      sockets.set(s, { family });
    },
    share: (s) => streams.share(s),
    session: () => opening,
    whenClosed(s, told) {
      const all = closings.get(s) ?? new Set();
      closings.set(s, all.add(told));
      return () => {
        all.delete(told);
        if (all.size === 0 && closings.get(s) === all) closings.delete(s);
      };
    },
  };
  const { familyOf } = calls;

  async function close(s: SOCKET): Promise<void> {
    await call("closesocket", { s });
    sockets.delete(s);
    for (const told of [...(closings.get(s) ?? [])]) told();
  }

  /** Of the socket that has this number now. */
  function owned(s: SOCKET): OwnedSocket {
    const mine = sockets.get(s);
    const isMine = () => mine !== undefined && sockets.get(s) === mine;
    return disposable({ socket: s }, async () => {
      // Who closes it now hears how that goes.
      await mine?.closing?.catch(() => {});
      if (isMine()) await face.closesocket(s);
    });
  }

  const face: PromiseFace = {
    ...createNamePromises(request),
    ...createAcceptPromises(calls, owned),
    ...createConnectPromises(calls),
    ...createMessagePromises(calls),
    ...createSocketPromises(calls),
    ...createTransmitPromises(calls),
    ...createChangePromises(calls, { WSAIoctl }),
    ...createEventPromises(calls, {
      accept: (s, options) => face.accept(s, options),
      recv: (s, options) => recv(s, DEFAULT_RECEIVE, options),
      recvfrom: (s, options) => face.recvfrom(s, DEFAULT_RECEIVE, options),
    }),
    owned,
    WSAIoctl,

    async WSAStartup(version = VERSION) {
      const reply = await (await port(version)).call({ op: CALL.startup, s: 0, a: version, b: 0, c: 0, data: null });
      if (reply.error !== 0) throw new WinsockError(reply.error, "WSAStartup");
      startups++;
      const startedIn = opening;
      return disposable({ version: MAKEWORD(LOBYTE(reply.a), HIBYTE(reply.a)) }, async () => {
        if (opening === startedIn) await face.WSACleanup();
      });
    },

    async WSACleanup() {
      const startedIn = opening;
      const closing = await startedIn;
      if (closing === undefined || opening !== startedIn) throw new WinsockError(WSANOTINITIALISED, "WSACleanup");
      const undo = () => closing.call({ op: CALL.cleanup, s: 0, a: 0, b: 0, c: 0, data: null });
      if (startups > 1) {
        startups--;
        await undo();
        return;
      }
      opening = undefined;
      openedPort = undefined;
      // Beside those that the program asked for there is the one of the first call.
      const counted = startups + 1;
      startups = 0;
      for (const { last } of [sending, receiving, offering]) last.clear();
      streams.clear();
      sockets.clear();
      for (const told of [...closings.values()].flatMap((all) => [...all])) told();
      for (let i = 0; i < counted; i++) await undo();
      closing.close();
    },

    async socket(af = AF_INET, type = SOCK_STREAM, protocol = 0) {
      const s = (await call("socket", { a: af, b: type, c: protocol })).result;
      calls.opened(s, af);
      return s;
    },

    async bind(s, name = {}) {
      const given: NamedAddress = typeof name === "string" ? name : { ...anyName(familyOf(s)), ...definedOf(name) };
      const bytes = nameBytes("bind", given);
      await call("bind", { s, a: bytes.length, data: bytes }, undefined, addressDetail(given));
    },

    async connect(s, name, { signal } = {}) {
      const bytes = nameBytes("connect", name);
      await call("connect", { s, a: bytes.length, data: bytes }, signal, addressDetail(name));
    },

    async listen(s, backlog = SOMAXCONN) {
      await call("listen", { s, a: backlog });
    },

    send(s, data, { flags = 0, signal } = {}) {
      const bytes = sentBytes(data);
      return inTurn(sending, s, () => sendPieces(s, bytes, flags, signal), signal);
    },

    recv,

    sendto(s, data, to, { flags = 0, signal } = {}) {
      const bytes = sentBytes(data);
      return inTurn(sending, s, () => sendPiecesTo(s, bytes, to, flags, signal), signal);
    },

    async recvfrom(s, length = DEFAULT_RECEIVE, { flags = 0, signal } = {}) {
      const { a, data } = await call("recvfrom", { s, a: pieceOf(length), b: flags, c: LONGEST_NAME }, signal);
      const bytes = data ?? NO_BYTES;
      return { data: bytes.subarray(a), ...(a === 0 ? noSender(familyOf(s)) : socketAddressOf(bytes.subarray(0, a))) };
    },

    async shutdown(s, how = SD_SEND) {
      await call("shutdown", { s, a: how });
    },

    closesocket(s) {
      const closing = close(s);
      const record = sockets.get(s);
      if (record !== undefined) record.closing = closing;
      return closing;
    },

    getsockname: (s) => readName("getsockname", s),

    getpeername: (s) => readName("getpeername", s),

    async setsockopt(s, level, optname, value) {
      const bytes = optionBytes(value);
      await call("setsockopt", { s, a: level, b: optname, c: bytes?.length ?? 0, data: bytes });
    },

    getsockopt,

    async select(sets, { timeoutMs, signal } = {}) {
      if (timeoutMs !== undefined && !(timeoutMs >= 0)) throw new WinsockError(WSAEINVAL, "select");
      const isBounded = timeoutMs !== undefined && timeoutMs < Number.POSITIVE_INFINITY;
      const data = encodeSets({ read: sets.read?.map(whole), write: sets.write?.map(whole), except: sets.except?.map(whole) });
      const reply = await call("select", { a: isBounded ? Math.ceil(timeoutMs * 1000) : -1, data }, signal);
      const ready = reply.data === null ? undefined : decodeSets(reply.data);
      return { read: [...(ready?.read ?? [])], write: [...(ready?.write ?? [])], except: [...(ready?.except ?? [])] };
    },

    async ioctlsocket(s, cmd, argument = 0) {
      return (await call("ioctlsocket", { s, a: cmd >>> 0, b: Number(argument) })).a;
    },
  };
  return face;
}

/** The bytes in the memory that was given for them. */
function filled(memory: Uint8Array, bytes: Uint8Array): Uint8Array {
  memory.set(bytes);
  return memory.subarray(0, bytes.length);
}

/** More than any option has. */
const OPTION_ROOM = 4096;
/** More than any control code returns. */
const IOCTL_ROOM = 65536;

/** In C layout; null for nothing. */
function ioctlArgumentBytes(input: IoctlArgument | undefined): Uint8Array | null {
  if (input instanceof Uint8Array) return input;
  if (isList(input)) return addressListBytes(input.map((name) => nameBytes("WSAIoctl", name)));
  if (typeof input === "string" || isAddress(input)) return nameBytes("WSAIoctl", input);
  return ioctlInputBytes(typeof input === "object" ? input : input === undefined ? null : { value: Number(input) });
}

const isList = (input: unknown): input is readonly NamedAddress[] => Array.isArray(input);
const isAddress = (input: unknown): input is Exclude<NamedAddress, string> =>
  typeof input === "object" && input !== null && ("address" in input || "service" in input);

/** Without what is there and says nothing. */
const definedOf = (name: object): object => Object.fromEntries(Object.entries(name).filter(([, value]) => value !== undefined));

/** What a control code came to: addresses as text, structures for what C has structures for, a number for a number. */
function ioctlResult(code: number, bytes: Uint8Array): unknown {
  switch (code) {
    case SIO_ADDRESS_LIST_QUERY:
    case SIO_ADDRESS_LIST_SORT:
      return (addressListNames(bytes) ?? []).map(socketAddressOf);
    case SIO_ROUTING_INTERFACE_QUERY:
    case SIO_GET_BROADCAST_ADDRESS:
      return socketAddressOf(bytes);
    case SIO_GET_INTERFACE_LIST:
      return readInterfaceList(bytes).map(({ iiFlags, iiAddress, iiBroadcastAddress, iiNetmask }) => ({
        flags: iiFlags,
        address: socketAddressOf(sockaddrBytes(iiAddress)).address,
        broadcastAddress: socketAddressOf(sockaddrBytes(iiBroadcastAddress)).address,
        netmask: socketAddressOf(sockaddrBytes(iiNetmask)).address,
      }));
    case SIO_TCP_INFO:
      return readTcpInfo(bytes);
    default:
      return bytes.length === 0 ? undefined : ioctlNumber(bytes);
  }
}

/** Null for what is no value at all, which is NULL in C. */
function optionBytes(value: OptionValue | null | undefined): Uint8Array | null {
  if (typeof value === "object" && value !== null) return structureBytes(value);
  if (typeof value !== "boolean" && !Number.isInteger(value)) return null;
  const number = Number(value);
  return Uint8Array.of(number, number >>> 8, number >>> 16, number >>> 24);
}
