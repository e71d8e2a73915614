import { copyBytes } from "../../stack/core/copy-bytes.ts";
import { inet_ntoa as dottedQuad, inetAddr, inetNtop, inetPton } from "../abi/address-text.ts";
import { INVALID_SOCKET, LOBYTE, MSG_WAITALL, SOCKET_ERROR, SOL_IRLMP } from "../abi/constants.ts";
import { WSAEFAULT, WSAEINPROGRESS, WSAEINVAL, WSAENETDOWN, WSANOTINITIALISED, WSASYSNOTREADY, WSAVERNOTSUPPORTED } from "../abi/errors.ts";
import { type HWND, new_MSG, PM_REMOVE } from "../abi/message-structures.ts";
import { HIGHEST_VERSION, negotiateVersion } from "../abi/startup-version.ts";
import {
  type Box,
  type fd_set,
  type in_addr,
  type in6_addr,
  readFdSet,
  readTimeval,
  type SOCKET,
  type timeval,
  type WSADATA,
  writeWsadata,
} from "../abi/structures.ts";
import { type BlockingPort, CALL, type CallReply } from "../provider/calls.ts";
import { decodeSets, encodeSets } from "../provider/select.ts";
import { type AddressTextFunctions, createAddressTextFunctions } from "./address-text-functions.ts";
import { AlertableThread } from "./alertable.ts";
import { type AsyncNameFunctions, asyncNameFunctions } from "./async-name-functions.ts";
import { BlockingHooks, type HookFunctions, hookFunctions } from "./blocking-hooks.ts";
import { type CompletionFunctions, completionFunctions, PacketNames } from "./completion-functions.ts";
import { type ConnectFunctions, connectFunctions } from "./connect-functions.ts";
import { type EventFunctions, eventFunctions } from "./event-functions.ts";
import { type ExtensionFunctions, extensionFunctions } from "./extension-functions.ts";
import { type FileFunctions, type FileOpener, Files, fileFunctions } from "./file-functions.ts";
import { guardedFace } from "./guarded-face.ts";
import { type IoctlFunctions, ioctlFunctions } from "./ioctl-functions.ts";
import { KnownStreams, type Post } from "./known-streams.ts";
import { LookupsBegun } from "./lookups-begun.ts";
import { type MessageFunctions, messageFunctions } from "./message-functions.ts";
import { createNameFunctions, type NameFunctions } from "./name-functions.ts";
import { type OptionPointer, optionBytes, writeOption } from "./option-values.ts";
import { type OverlappedFunctions, overlappedFunctions } from "./overlapped-functions.ts";
import { PacketsAhead } from "./packets-ahead.ts";
import { isPointer, nameBytesAt, roomOf, type SockaddrPointer, writeName } from "./pointers.ts";
import { type ProcessFunctions, processFunctions } from "./process-functions.ts";
import { joined } from "./scattered.ts";
import { writeSets } from "./select-sets.ts";
import { type ServiceLookupFunctions, serviceLookupFunctions } from "./service-lookup-functions.ts";
import { type SocketFunctions, socketFunctions } from "./socket-functions.ts";
import { StreamReceives } from "./stream-receives.ts";
import { Transfers } from "./transfers.ts";
import { type TransmitFunctions, transmitFunctions } from "./transmit-functions.ts";
import { fillMessage, type WindowFunctions, type WindowProcedure, windowFunctions } from "./window-functions.ts";

export type { SockaddrPointer } from "./pointers.ts";

/** The C API of winsock2.h: Microsoft's names, parameters in C's order. Every function reports failure by its value, and none of them throws. */
export interface BlockingFace
  extends NameFunctions,
    AddressTextFunctions,
    EventFunctions,
    OverlappedFunctions,
    CompletionFunctions,
    WindowFunctions,
    AsyncNameFunctions,
    ExtensionFunctions,
    SocketFunctions,
    ConnectFunctions,
    MessageFunctions,
    FileFunctions,
    ProcessFunctions,
    TransmitFunctions,
    IoctlFunctions,
    ServiceLookupFunctions,
    HookFunctions {
  /** Version as MAKEWORD(2, 2). Counted. @returns 0, or the code itself: WSAVERNOTSUPPORTED, WSAEFAULT, WSASYSNOTREADY (Microsoft, "WSAStartup function") */
  WSAStartup(wVersionRequested: number, lpWSAData: WSADATA | Uint8Array | null): number;
  /** Undoes one WSAStartup; the last one closes every socket of the program. */
  WSACleanup(): number;
  /** The code of the last call: 0 when it succeeded. */
  WSAGetLastError(): number;
  WSASetLastError(iError: number): void;
  /** @returns a socket in blocking mode, or INVALID_SOCKET */
  socket(af: number, type: number, protocol: number): SOCKET;
  /** Port 0 takes a free one from 49152 to 65535. */
  bind(s: SOCKET, name: SockaddrPointer | null, namelen: number): number;
  /** Waits up to 21 seconds, as Windows does; a nonblocking socket gets WSAEWOULDBLOCK, and the outcome by select (Microsoft, "connect function"). */
  connect(s: SOCKET, name: SockaddrPointer | null, namelen: number): number;
  /** SOMAXCONN, or how many connections may wait to be accepted. */
  listen(s: SOCKET, backlog: number): number;
  /** Waits for a connection. `addrlen` counts bytes, in and out. @returns its socket, or INVALID_SOCKET */
  accept(s: SOCKET, addr: SockaddrPointer | null, addrlen: Box<number> | null): SOCKET;
  /** Takes all `len` bytes once less than SO_SNDBUF bytes are waiting. @returns how many were taken */
  send(s: SOCKET, buf: Uint8Array | null, len: number, flags: number): number;
  /** Waits for at least one byte (MSG_WAITALL: for all). @returns how many; 0 when the peer has ended the stream */
  recv(s: SOCKET, buf: Uint8Array | null, len: number, flags: number): number;
  /** One datagram to `to`; binds the socket if it is not bound. */
  sendto(s: SOCKET, buf: Uint8Array | null, len: number, flags: number, to: SockaddrPointer | null, tolen: number): number;
  /** One datagram and its sender; one longer than `len` fills the buffer and is WSAEMSGSIZE. */
  recvfrom(
    s: SOCKET,
    buf: Uint8Array | null,
    len: number,
    flags: number,
    from: SockaddrPointer | null,
    fromlen: Box<number> | null,
  ): number;
  /** SD_RECEIVE, SD_SEND or SD_BOTH. */
  shutdown(s: SOCKET, how: number): number;
  /** What was sent is delivered and the connection ended in the background, unless SO_LINGER says otherwise. */
  closesocket(s: SOCKET): number;
  /** Leaves in each set the sockets that are ready. `nfds` is ignored; no `timeout` waits for ever. @returns how many entries are left */
  select(
    nfds: number,
    readfds: fd_set | Uint8Array | null,
    writefds: fd_set | Uint8Array | null,
    exceptfds: fd_set | Uint8Array | null,
    timeout: timeval | Uint8Array | null,
  ): number;
  /** FIONBIO and FIONREAD. */
  ioctlsocket(s: SOCKET, cmd: number, argp: Box<number> | null): number;
  /** `namelen` counts bytes, in and out. */
  getsockname(s: SOCKET, name: SockaddrPointer | null, namelen: Box<number> | null): number;
  /** `namelen` counts bytes, in and out; known from the moment that connect begins. */
  getpeername(s: SOCKET, name: SockaddrPointer | null, namelen: Box<number> | null): number;
  /** Fills `optval`: a box, a linger, or bytes. `optlen` counts bytes, in and out. */
  getsockopt(s: SOCKET, level: number, optname: number, optval: OptionPointer | null, optlen: Box<number> | null): number;
  /** `optval`: a box, a linger, or bytes, of which `optlen` count. */
  setsockopt(s: SOCKET, level: number, optname: number, optval: OptionPointer | null, optlen: number): number;
  /** Network byte order; INADDR_NONE for text that is no address. */
  inet_addr(cp: string | null): number;
  inet_ntoa(address: in_addr | Uint8Array): string;
  /** 1, 0 for text that is no address, -1 for an error. */
  inet_pton(af: number, text: string | null, dst: Uint8Array | in_addr | in6_addr | null): number;
  /** The text, which also goes to `dst`, or null. */
  inet_ntop(af: number, src: Uint8Array | in_addr | in6_addr | null, dst: Box<string> | Uint8Array | null, size: number): string | null;
  /** Not Winsock's: why the last WSAStartup could not reach the network, in words; undefined when it could. */
  networkFailure(): Error | undefined;
}

/** The program of which a face is one thread. */
export interface ProgramOptions {
  /** As `openPort`, where another thread of the program may have made the WSAStartup; undefined where none can have. */
  readonly joinPort?: () => BlockingPort | undefined;
  /** What GetCurrentProcessId says; any number but 0. */
  readonly processId?: number;
}

/** Longer transfers travel in pieces of this many bytes. */
const PIECE = 256 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * A face for one thread of a program: last error, queued routines, messages and what is overlapped are its own; start-up count, sockets and
 * other handles are the program's.
 * @param openPort reaches the network; called by the first WSAStartup, and by the first one after the last WSACleanup
 * @param openFile opens what CreateFile names; without it there are no files
 */
export function createBlockingFace(
  openPort: () => BlockingPort,
  openFile?: FileOpener,
  { joinPort = () => undefined, processId = 4 }: ProgramOptions = {},
): BlockingFace {
  let port: BlockingPort | undefined;
  let lastError = 0;
  let failure: Error | undefined;
  const procedures = new Map<HWND, WindowProcedure>();
  /** What a 1.x process does while it waits, where it has said nothing else: one message goes to its window. */
  function dispatchOne(): boolean {
    if (port === undefined || procedures.size === 0) return false;
    const message = new_MSG();
    const isThere = fillMessage(message, ask(port, { op: CALL.peekMessage, s: 0, a: 0, b: 0, c: PM_REMOVE, data: null }));
    if (isThere) procedures.get(message.hwnd)?.(message.hwnd, message.message, message.wParam, message.lParam);
    return isThere;
  }
  const hooks = new BlockingHooks(dispatchOne);
  /** As `reach`, where the thread is about to wait for whatever it is. */
  function reachToWait(): BlockingPort | undefined {
    receives.release();
    return reach();
  }
  const thread = new AlertableThread(reachToWait, hooks);
  const packets = new PacketNames();
  const files = new Files();
  /** By name, for who asks for a pointer to one. */
  const functions = new Map<string, unknown>();
  const post: Post = (request, replied) => {
    port?.post(request, replied);
    return port !== undefined;
  };
  const streams = new KnownStreams(post, () => port?.process);
  const packetsAhead = new PacketsAhead(streams, post);

  /** Anything but a plain send or receive: the host shall decide on all it has. */
  function call(op: number, s: number, a: number, b: number, c: number, data: Uint8Array | null, e = 0): CallReply {
    if (op === CALL.select || op === CALL.poll) streams.handBackShown();
    else streams.handBack(s);
    if (op === CALL.closesocket || op === CALL.closeHandle) {
      streams.drop(s);
      transfers.flows.drop(s);
      receives.drop(s);
    }
    if (op === CALL.closeHandle) {
      files.drop(s);
      packetsAhead.drop(s);
      transfers.flows.forgetPort(s);
    }
    if (op === CALL.associate || op === CALL.notificationModes) transfers.flows.forgetFacts(s);
    return request(op, s, a, b, c, data, e);
  }

  /** Sets the last error, as every call does: 0 when it succeeds. */
  function request(op: number, s: number, a: number, b: number, c: number, data: Uint8Array | null, e = 0): CallReply {
    if (hooks.isRunning) return failedHere(WSAEINPROGRESS);
    const reached = reach();
    const made = { op, s: s | 0, a, b, c, e, data };
    if (op !== CALL.dequeue) receives.release();
    const fills = op === CALL.dequeue && receives.mayFill;
    const answered = (port: BlockingPort): CallReply => (fills ? receives.callAndFill(made) : ask(port, made, thread));
    const reply = reached === undefined ? failed(WSANOTINITIALISED) : answered(reached);
    lastError = reply.error;
    // Another thread made the last WSACleanup.
    if (reply.error === WSANOTINITIALISED) leave();
    return reply;
  }

  /** The port; where this thread has none, one to what another has started up. */
  function reach(): BlockingPort | undefined {
    if (port !== undefined) return port;
    let joined: BlockingPort | undefined;
    try {
      joined = joinPort();
    } catch {
      // What cannot be reached is not in use.
    }
    if (joined === undefined) return undefined;
    const { error, b } = arrive(joined);
    if (error === 0) {
      port = joined;
      hooks.isLegacy = b === 1;
    } else closed(joined);
    return port;
  }

  /** From here on other threads take nothing ahead, and what they have asked before comes before what is asked here. */
  function arrive(port: BlockingPort): CallReply {
    const afterOthers = (b = 0): CallReply => ask(port, { op: CALL.fence, s: 0, a: 0, b, c: 1, data: null });
    if (port.process?.isAlone === false) {
      port.process.closeCounters((s, a) => {
        // They may have taken packets of which the host is only to hear.
        afterOthers();
        ask(port, { op: CALL.taken, s, a, b: 0, c: 0, data: null });
      });
    }
    return afterOthers(1);
  }

  function failedHere(error: number): CallReply {
    lastError = error;
    return failed(error);
  }

  function fail(error: number): number {
    lastError = error;
    return SOCKET_ERROR;
  }

  function startUp(wanted: number, data: WSADATA | Uint8Array | null): number {
    const version = negotiateVersion(wanted);
    // The structure is filled in although the version is refused.
    if (isPointer(data)) writeWsadata(data, wsadata(version ?? HIGHEST_VERSION));
    if (version === undefined) return WSAVERNOTSUPPORTED;
    if (!isPointer(data)) return WSAEFAULT;
    const isNew = reach() === undefined;
    if (port === undefined) {
      try {
        port = openPort();
        failure = undefined;
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        return WSASYSNOTREADY;
      }
    }
    const reply = ask(port, { op: CALL.startup, s: 0, a: wanted, b: 0, c: 0, data: null });
    if (reply.error !== 0) {
      if (isNew) leave();
      return reply.error;
    }
    if (isNew) arrive(port);
    if (LOBYTE(version) === 1) hooks.isLegacy = true;
    lastError = 0;
    return 0;
  }

  function cleanUp(): number {
    const reached = reach();
    if (reached === undefined) return fail(WSANOTINITIALISED);
    lastError = 0;
    const reply = ask(reached, { op: CALL.cleanup, s: 0, a: 0, b: 0, c: 0, data: null });
    if (reply.error === 0 && reply.a > 0) return 0;
    leave();
    return reply.error === WSANOTINITIALISED ? fail(WSANOTINITIALISED) : 0;
  }

  /** The program has nothing open any more. */
  function leave(): void {
    hooks.isLegacy = false;
    hooks.unhook();
    streams.clear();
    // Their handles go with the port, and the next one begins with the same numbers.
    files.clear();
    packets.clear();
    packetsAhead.clear();
    transfers.flows.clear();
    receives.clear();
    procedures.clear();
    const leaving = port;
    port = undefined;
    if (leaving !== undefined) closed(leaving);
  }

  /** send, and the rest of a long sendto: pieces that the provider knows to be one call. */
  function sendPieces(s: SOCKET, bytes: Uint8Array, flags: number, before: number): number {
    let sent = before;
    do {
      const end = Math.min(sent + PIECE, bytes.length);
      if (flags === 0 && postSend(s, bytes.subarray(sent, end), end < bytes.length)) {
        lastError = 0;
        sent = end;
        continue;
      }
      const reply = request(CALL.send, s, flags, sent > 0 ? 1 : 0, end < bytes.length ? 1 : 0, bytes.subarray(sent, end));
      if (reply.result > 0) streams.learnQueue(s, reply.a, reply.b);
      if (reply.result < 0) {
        if (sent === 0) return SOCKET_ERROR;
        // What was taken is taken; the next call will tell what is wrong.
        lastError = 0;
        return sent;
      }
      if (sent + reply.result < end) return sent + reply.result;
      sent = end;
    } while (sent < bytes.length);
    return sent;
  }

  /** Where the host is known to take these bytes, there is nothing to wait for. @returns whether they are on their way */
  function postSend(s: SOCKET, bytes: Uint8Array, hasMore: boolean): boolean {
    if (port === undefined || bytes.length === 0 || hooks.isRunning) return false;
    if (!streams.takesSend(s) && !streams.awaitsRoom(s)) return false;
    port.takeReplies();
    if (streams.awaitsRoom(s)) awaitRoom(port, s);
    if (!streams.takesSend(s) || !streams.postSend(s, bytes, hasMore)) return false;
    // Whoever came while it left must not come before it.
    if (!streams.isAlone()) ask(port, { op: CALL.fence, s: 0, a: 0, b: 0, c: 0, data: null });
    return true;
  }

  /** Bytes had better not be sent before there is room for them: the host would have to keep them. */
  function awaitRoom(port: BlockingPort, s: SOCKET): void {
    if (thread.concerns(CALL.send)) return;
    const { error, a, b } = ask(port, { op: CALL.room, s, a: 0, b: 0, c: 0, data: null });
    if (error === 0) streams.learnQueue(s, a, b);
    // The send itself says what is wrong.
    else streams.forgetQueue(s);
  }

  /** A plain receive, of bytes that were shown before it was called or else of the host. @returns undefined when only the host can tell */
  function receiveShown(s: SOCKET, buf: Uint8Array): number | undefined {
    receives.release();
    const ahead = streams.readAhead(s);
    if (ahead === undefined || port === undefined || buf.length === 0) return undefined;
    // What is queued for the thread could not run while it waits for bytes to be shown.
    if (thread.concerns(CALL.recv)) {
      streams.handBack(s);
      return undefined;
    }
    if (ahead.isAsked && !ahead.isForgotten) {
      // What it has to show may be that the connection is dead, which comes before bytes.
      port.takeReplies();
      if (ahead.isAsked && ahead.heldBytes === 0) {
        streams.tellTaken(s, ahead);
        const { answers } = ahead;
        ahead.waitFor(buf);
        while (ahead.isAsked && ahead.answers === answers && port.awaitPosted());
      }
    }
    const received = ahead.stopWaiting() || ahead.take(buf);
    if (received === 0) return undefined;
    lastError = 0;
    streams.tookShown(s, ahead);
    return received;
  }

  function receive(s: SOCKET, buf: Uint8Array, flags: number): number {
    if (flags !== 0) return receiveWhole(s, buf, flags);
    const shown = receiveShown(s, buf);
    if (shown !== undefined) return shown;
    const wanted = Math.min(buf.length, PIECE);
    // The host gives what it has shown once more.
    streams.handBackShownOf(s);
    const { result, data } = request(CALL.recv, s, wanted, 0, 0, null);
    if (data !== null) copyBytes(buf, 0, data);
    if (result < 0) return SOCKET_ERROR;
    streams.received(s, wanted, result);
    return result;
  }

  function receiveWhole(s: SOCKET, buf: Uint8Array, flags: number): number {
    let received = 0;
    do {
      const reply = call(CALL.recv, s, Math.min(buf.length - received, PIECE), flags, 0, null);
      if (reply.data !== null) copyBytes(buf, received, reply.data);
      if (reply.result < 0) {
        if (received === 0) return SOCKET_ERROR;
        lastError = 0;
        return received;
      }
      received += reply.result;
      if (reply.result === 0) return received;
      // Only MSG_WAITALL insists on a full buffer, and only a long one comes in pieces.
    } while ((flags & MSG_WAITALL) !== 0 && received < buf.length);
    return received;
  }

  function readName(op: number, s: SOCKET, name: SockaddrPointer | null, namelen: Box<number> | null): number {
    const reply = call(op, s, roomOf(name, namelen), 0, 0, null);
    if (reply.error === 0 && reply.data !== null) writeName(name, namelen, reply.data);
    return reply.result;
  }

  /** @param offer the number of what WSAAccept's condition function agreed to */
  function accept(s: SOCKET, addr: SockaddrPointer | null, addrlen: Box<number> | null, offer?: number): SOCKET {
    const wantsName = isPointer(addr) && isPointer(addrlen);
    const room = wantsName ? Math.max(0, roomOf(addr, addrlen)) : -1;
    const reply = call(CALL.accept, s, room, offer === undefined ? 0 : 1, offer ?? 0, null);
    if (reply.error === 0 && reply.data !== null) writeName(addr, addrlen, reply.data);
    return reply.error === 0 ? reply.result : INVALID_SOCKET;
  }

  /** There may be other handles of a socket or a port. */
  const share = (s: number): void => {
    streams.share(s);
    packetsAhead.share(s);
  };
  const setLastError = (error: number): void => {
    lastError = error;
  };
  const core = { call, fail, thread, packets, setLastError, nameBytes: nameBytesAt, roomOf, writeName };
  const transferCore = {
    ...core,
    ahead: packetsAhead,
    port: reach,
    streams,
    fillReceives: () => receives.fill(),
    isInHook: () => hooks.isRunning,
  };
  const transfers = new Transfers(transferCore);
  const receives = new StreamReceives(transferCore, transfers);

  const caller = {
    isStarted: () => reach() !== undefined,
    setError: setLastError,
  };

  const face: BlockingFace = {
    ...createNameFunctions({
      ...caller,
      lookups: new LookupsBegun({ ...core, transfers }),
      ask: (op, a, b, data, c = 0) => request(op, 0, a, b, c, data),
    }),
    ...createAddressTextFunctions({ ...caller, askOf: (op, s, a, b, c) => request(op, s, a, b, c, null) }),
    ...eventFunctions(core),
    ...windowFunctions(core, procedures),
    ...asyncNameFunctions({ ...core, port: reach }),
    ...hookFunctions(hooks, () => reach() !== undefined, core),
    ...socketFunctions({
      ...core,
      share,
      connect: (...parameters) => face.connect(...parameters),
      accept,
      shutdown: (...parameters) => face.shutdown(...parameters),
    }),
    ...connectFunctions({ ...core, port: reach }),
    ...fileFunctions(core, files, openFile),
    ...processFunctions({ ...core, processId, lastError: () => lastError, share }),
    ...transmitFunctions({ ...transferCore, transfers, files }),
    ...messageFunctions({ ...transferCore, transfers }),
    ...extensionFunctions({ ...transferCore, transfers }),
    ...serviceLookupFunctions(core),
    ...ioctlFunctions({ ...core, transfers, functionNamed: (name) => functions.get(name) }),
    ...completionFunctions({
      ...core,
      ahead: packetsAhead,
      isInHook: () => hooks.isRunning,
      takeReplies: () => port?.takeReplies(),
      fill: () => receives.fill(),
      aboutToWait: () => receives.aboutToWait(),
      associated: (s, completion) => transfers.flows.associated(s, completion),
    }),
    ...overlappedFunctions({
      ...transferCore,
      receives,
      transfers,
      send: (...parameters) => face.send(...parameters),
      recv: (...parameters) => face.recv(...parameters),
      sendto: (...parameters) => face.sendto(...parameters),
      recvfrom: (...parameters) => face.recvfrom(...parameters),
    }),

    WSAStartup: startUp,
    WSACleanup: cleanUp,
    WSAGetLastError: () => lastError,
    WSASetLastError(iError) {
      lastError = iError | 0;
    },
    networkFailure: () => failure,

    socket: (af, type, protocol) => call(CALL.socket, 0, af | 0, type | 0, protocol | 0, null).result,

    bind: (s, name, namelen) => call(CALL.bind, s, namelen | 0, 0, 0, nameBytesAt(name)).result,

    connect: (s, name, namelen) => call(CALL.connect, s, namelen | 0, 0, 0, nameBytesAt(name)).result,

    listen: (s, backlog) => call(CALL.listen, s, backlog | 0, 0, 0, null).result,

    accept: (s, addr, addrlen) => accept(s, addr, addrlen),

    send(s, buf, len, flags) {
      const bytes = bytesToRead(buf, len);
      if (bytes === null) return call(CALL.send, s, flags | 0, 0, 0, null).result;
      return sendPieces(s, bytes, flags | 0, 0);
    },

    recv(s, buf, len, flags) {
      const target = bytesToWrite(buf, len);
      // The provider's word for a length that cannot be: it knows what else may be wrong first.
      if (target === null) return call(CALL.recv, s, -1, flags | 0, 0, null).result;
      return receive(s, target, flags | 0);
    },

    sendto(s, buf, len, flags, to, tolen) {
      const bytes = bytesToRead(buf, len);
      const name = nameBytesAt(to);
      // Without a payload that could be read the provider gets none, and says what is wrong first.
      if (bytes === null && name === null) return call(CALL.send, s, flags | 0, 0, 0, null).result;
      if (bytes === null) return call(CALL.sendto, s, name?.length ?? -1, flags | 0, tolen | 0, null).result;
      if (name === null) return sendPieces(s, bytes, flags | 0, 0);
      // Longer than any datagram may only be a stream, which ignores the address.
      const first = bytes.subarray(0, Math.min(bytes.length, PIECE - name.length));
      const reply = call(CALL.sendto, s, name.length, flags | 0, tolen | 0, joined([name, first]));
      if (reply.result < 0 || reply.result < first.length || first.length === bytes.length) return reply.result;
      return sendPieces(s, bytes, flags | 0, first.length);
    },

    recvfrom(s, buf, len, flags, from, fromlen) {
      const target = bytesToWrite(buf, len);
      const wantsName = isPointer(from) && isPointer(fromlen);
      const room = wantsName ? Math.max(0, roomOf(from, fromlen)) : -1;
      const wanted = target === null ? -1 : Math.min(target.length, PIECE);
      const reply = call(CALL.recvfrom, s, wanted, flags | 0, room, null);
      if (reply.data !== null && target !== null) {
        if (wantsName && reply.a > 0) writeName(from, fromlen, reply.data.subarray(0, reply.a));
        target.set(reply.data.subarray(reply.a, reply.a + target.length));
      }
      return reply.result;
    },

    shutdown: (s, how) => call(CALL.shutdown, s, how | 0, 0, 0, null).result,

    closesocket: (s) => call(CALL.closesocket, s, 0, 0, 0, null).result,

    select(_nfds, readfds, writefds, exceptfds, timeout) {
      const targets = [readfds, writefds, exceptfds].map((set) => (isPointer(set) ? set : undefined));
      const [read, write, except] = targets.map((set) => (set === undefined ? undefined : readFdSet(set)));
      const timeoutUs = isPointer(timeout) ? microseconds(readTimeval(timeout)) : -1;
      if (timeoutUs === undefined && reach() !== undefined) return fail(WSAEINVAL);
      const reply = call(CALL.select, 0, timeoutUs ?? 0, 0, 0, encodeSets({ read, write, except }));
      const ready = reply.error === 0 && reply.data !== null ? decodeSets(reply.data) : undefined;
      // Counted where the program can count them: what is ready twice in one set stands there once.
      return ready === undefined ? reply.result : writeSets(targets, [ready.read, ready.write, ready.except]);
    },

    ioctlsocket(s, cmd, argp) {
      const argument = isPointer(argp) ? integerOf(argp.value) : 0;
      const reply = call(CALL.ioctlsocket, s, cmd >>> 0, argument, isPointer(argp) ? 0 : 1, null);
      if (reply.error === 0 && isPointer(argp) && (cmd & IOC_OUT_BIT) !== 0) argp.value = reply.a;
      return reply.result;
    },

    getsockname: (s, name, namelen) => readName(CALL.getsockname, s, name, namelen),

    getpeername: (s, name, namelen) => readName(CALL.getpeername, s, name, namelen),

    getsockopt(s, level, optname, optval, optlen) {
      let room = -1;
      if (isPointer(optval) && isPointer(optlen)) {
        const length = optlen.value | 0;
        room = optval instanceof Uint8Array ? Math.min(length, optval.length) : length;
      }
      // A question to an infrared device stands where its answer goes.
      const question = (level | 0) === SOL_IRLMP && room >= 0 ? optionBytes(optval) : null;
      const reply = call(CALL.getsockopt, s, level | 0, optname | 0, room, question);
      if (reply.error === 0 && reply.data !== null && isPointer(optval) && isPointer(optlen)) {
        writeOption(optval, level | 0, optname | 0, reply.data);
        optlen.value = reply.data.length;
      } else if (reply.error === WSAEFAULT && reply.a > 0 && isPointer(optlen)) {
        // How much room it takes.
        optlen.value = reply.a;
      }
      return reply.result;
    },

    setsockopt: (s, level, optname, optval, optlen) =>
      call(CALL.setsockopt, s, level | 0, optname | 0, optlen | 0, optionBytes(optval)).result,

    inet_addr(cp) {
      const { value, error } = inetAddr(cp);
      if (error !== undefined) lastError = error;
      return value;
    },

    inet_ntoa: dottedQuad,

    inet_pton(af, text, dst) {
      const { value, error } = inetPton(af, text, dst);
      if (error !== undefined) lastError = error;
      return value;
    },

    inet_ntop(af, src, dst, size) {
      const { value, error } = inetNtop(af, src, dst, size);
      if (error !== undefined) lastError = error;
      return value;
    },
  };
  const guarded = guardedFace(face, () => {
    lastError = WSAEFAULT;
  });
  for (const [name, call] of Object.entries(guarded)) functions.set(name, call);
  return guarded;
}

/** Set in ioctl codes that write their argument (IOC_OUT). */
const IOC_OUT_BIT = 0x40000000;

const failed = (error: number): CallReply => ({ id: 0, result: SOCKET_ERROR, error, a: 0, b: 0, data: null });

function closed(port: BlockingPort): void {
  try {
    port.close();
  } catch {
    // The network is gone, which is what closing was for.
  }
}

/** A network that is gone is WSAENETDOWN, however it says so. */
function ask(port: BlockingPort, request: Parameters<BlockingPort["call"]>[0], thread?: AlertableThread): CallReply {
  try {
    return thread?.concerns(request.op) === true ? thread.call(port, request) : port.call(request);
  } catch {
    return failed(WSAENETDOWN);
  }
}

const integerOf = (value: unknown): number => (typeof value === "number" || typeof value === "boolean" ? Number(value) | 0 : 0);

/** wVersion 2.2's WSADATA says 0 where 1.1's told limits (Microsoft, "WSADATA structure"). */
function wsadata(version: number): WSADATA {
  const isOld = LOBYTE(version) === 1;
  return {
    wVersion: version,
    wHighVersion: HIGHEST_VERSION,
    szDescription: "WinSock 2.0",
    szSystemStatus: "Running",
    iMaxSockets: isOld ? 32767 : 0,
    iMaxUdpDg: isOld ? 65467 : 0,
    lpVendorInfo: null,
  };
}

/** The first `len` bytes; null where C would read memory that is not the program's. */
function bytesToRead(buf: Uint8Array | null, len: number): Uint8Array | null {
  if (len === 0) return NOTHING;
  return buf instanceof Uint8Array && len > 0 && len <= buf.length ? buf.subarray(0, len) : null;
}

const bytesToWrite = bytesToRead;

/** Undefined for a time that is not one. */
function microseconds({ tv_sec, tv_usec }: timeval): number | undefined {
  return tv_sec < 0 || tv_usec < 0 ? undefined : tv_sec * 1_000_000 + tv_usec;
}
