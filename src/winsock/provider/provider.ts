import { InfraredMedium, type InfraredMediumService } from "../../irda/infrared-medium.ts";
import type { StationSettings } from "../../irda/infrared-station.ts";
import {
  AF_IRDA,
  DUPLICATE_CLOSE_SOURCE,
  FALSE,
  FD_ACCEPT,
  FD_OOB,
  FD_READ,
  FD_WRITE,
  LOBYTE,
  SO_UPDATE_ACCEPT_CONTEXT,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SOCKET,
  TF_REUSE_SOCKET,
} from "../abi/constants.ts";
import {
  WSA_INVALID_HANDLE,
  WSA_OPERATION_ABORTED,
  WSAEACCES,
  WSAEFAULT,
  WSAEINTR,
  WSAEINVAL,
  WSAEMFILE,
  WSAENETDOWN,
  WSAENOBUFS,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
  WSAEWOULDBLOCK,
  WSANOTINITIALISED,
  WSAVERNOTSUPPORTED,
} from "../abi/errors.ts";
import { getU32 } from "../abi/fields.ts";
import { negotiateVersion } from "../abi/startup-version.ts";
import { Bindings } from "./bindings.ts";
import { callName, callText, outcomeText } from "./call-text.ts";
import { CALL, type CallHandler, type CallReply, type CallRequest, FENCE, type Replier } from "./calls.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { Duplicates } from "./duplicates.ts";
import { changeEvent, createEvent, enumerateEvents, selectEvents, waitForEvents } from "./event-calls.ts";
import { HANDLE_STEP } from "./handles.ts";
import { addressesOfName, namesOfAddress, ownName } from "./host-names.ts";
import { ioctl } from "./ioctl.ts";
import { IrdaSocket } from "./irda-socket.ts";
import { DEFAULT_LIMITS, type ProviderLimits } from "./limits.ts";
import { MessageWindow } from "./message-window.ts";
import { hostForWindow, NameMessage } from "./name-messages.ts";
import { getOption, setOption } from "./options.ts";
import { type Answer, DONE, failed, isWait, type Outcome, type Sequel, succeeded } from "./outcome.ts";
import { overlappedCall, WENT_ON } from "./overlapped.ts";
import { PendingCall } from "./pending-call.ts";
import { poll } from "./poll.ts";
import { associate, dequeue, postPacket, setNotificationModes } from "./port-calls.ts";
import { Process, type ProcessUsage } from "./process.ts";
import type { ProviderHost } from "./provider-host.ts";
import { decodeSets, select } from "./select.ts";
import { beginServiceLookup, endServiceLookup, ServiceLookup } from "./service-lookup.ts";
import { Socket, type SocketContext, TRANSFER_LIMIT } from "./socket.ts";
import { LONGEST_FAMILY_NAME, type SocketFamily } from "./socket-family.ts";
import { resolveKind } from "./socket-kind.ts";
import { StreamSocket } from "./stream-socket.ts";
import { type Caller, Thread } from "./thread.ts";
import { answerThreadOption } from "./thread-options.ts";
import type { HandleObject } from "./waitable.ts";
import { createWindow, destroyWindow, getMessage, peekMessage, postMessage, selectMessages } from "./window-calls.ts";

/** Answers `CALL.control`; `reply` takes the bytes of the answer and may be called later. */
export type ControlHandler = (client: number, data: Uint8Array, reply: (data: Uint8Array) => void) => void;

/** Of all programs, with what each of them may have. */
export interface ProviderUsage extends Omit<ProcessUsage, "client"> {
  readonly clients: number;
  readonly limits: ProviderLimits;
  readonly each: readonly ProcessUsage[];
}

/**
 * The service provider: sockets as Windows sees them, for any number of programs over one host. It never waits; a call that has to is
 * a record that the events of its sockets complete.
 */
export class Provider implements CallHandler {
  readonly #host: ProviderHost;
  readonly #context: SocketContext;
  readonly #limits: ProviderLimits;
  readonly #threads = new Map<number, Thread>();
  readonly #processes = new Set<Process>();
  /** Those that more threads may join. */
  readonly #byKey = new Map<number, Process>();
  readonly #duplicates: Duplicates;
  #control: ControlHandler | undefined;

  /** @param limits those that differ from the defaults */
  constructor(host: ProviderHost, limits: Partial<ProviderLimits> = {}) {
    this.#host = host;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#duplicates = new Duplicates(host);
    this.#context = {
      host,
      tcpBindings: new Bindings((port, change) => host.tcp.holdPort(port, change)),
      udpBindings: new Bindings(),
      rawBindings: new Bindings(),
      infrared: undefined,
      lastSocket: 0,
      scratch: new Uint8Array(LONGEST_FAMILY_NAME + TRANSFER_LIMIT),
    };
    host.context.trace.introduceBy((tell) => {
      for (const process of this.#processes) process.introduce(tell);
    });
  }

  /** Who answers management requests; without one they fail with WSAEOPNOTSUPP. */
  setControl(control: ControlHandler): void {
    this.#control = control;
  }

  /** The host gets an infrared device in this room, and its programs AF_IRDA. @throws RangeError when the id is taken, or no id */
  joinInfrared(medium: InfraredMediumService, settings: StationSettings): void {
    if (!(medium instanceof InfraredMedium)) throw new TypeError("An infrared medium is made by createInfraredMedium");
    this.#context.infrared = medium.join(this.#host.context, settings);
  }

  openClient(client: number, key = 0, isAdministrator = true): void {
    if (this.#threads.has(client)) return;
    const process = this.#byKey.get(key) ?? this.#newProcess(client, key, isAdministrator);
    // What is shown to one thread another might receive.
    for (const { pending } of process.threads.values()) {
      for (const call of [...pending.values()]) if (call.name === SHOW) call.end(failed(WSAEOPNOTSUPP));
    }
    const thread = new Thread(client, process);
    process.threads.set(client, thread);
    this.#threads.set(client, thread);
  }

  #newProcess(id: number, key: number, isAdministrator: boolean): Process {
    const process = new Process(id, key, isAdministrator, this.#context, this.#limits);
    this.#processes.add(process);
    if (key !== 0) this.#byKey.set(key, process);
    return process;
  }

  closeClient(client: number): void {
    const thread = this.#threads.get(client);
    if (thread === undefined) return;
    const { process } = thread;
    this.#threads.delete(client);
    process.threads.delete(client);
    for (const call of [...thread.pending.values()]) {
      call.abandon();
      process.waiting.change(-call.bytes);
    }
    process.closeAll(isWindowOf(thread), (window) => window.abort());
    if (process.threads.size === 0) {
      this.#processes.delete(process);
      this.#byKey.delete(process.key);
      this.#duplicates.forget(process, (socket) => socket.abort());
      process.closeAll(isAny, (object) => object.abort());
    }
    this.#host.context.requestTurn();
  }

  hold(client: number, isHeld: boolean): void {
    const thread = this.#threads.get(client);
    if (thread === undefined || thread.isHeld === isHeld) return;
    thread.isHeld = isHeld;
    if (isHeld) return;
    for (const call of [...thread.pending.values()]) call.retry();
    this.#host.context.requestTurn();
  }

  /** Programs attached and what they have, for `status`. */
  get usage(): ProviderUsage {
    const each = [...this.#processes].map((process) => process.usage);
    const sum = (what: Exclude<keyof ProcessUsage, "client">): number => each.reduce((total, usage) => total + usage[what], 0);
    return {
      clients: each.length,
      threads: sum("threads"),
      sockets: sum("sockets"),
      pendingCalls: sum("pendingCalls"),
      queuedBytes: sum("queuedBytes"),
      waitingBytes: sum("waitingBytes"),
      limits: this.#limits,
      each,
    };
  }

  call(client: number, request: CallRequest, reply: Replier): void {
    const thread = this.#threads.get(client);
    if (thread === undefined) {
      reply(replyFor(request.id, failed(WSAENETDOWN)));
      return;
    }
    if (request.op === CALL.control) {
      this.#manage(thread, request, reply);
      return;
    }
    const { trace } = this.#host.context;
    if (!trace.isOn || isOfFace(request.op)) {
      this.#perform(thread, request, reply);
      return;
    }
    const name = callName(request.op) ?? "unknown";
    const socket = thread.process.socket(request.s)?.id;
    const before = trace.begin({
      type: "winsock-called",
      client,
      call: request.id,
      ...(socket === undefined ? {} : { socket }),
      name,
      text: callText(request),
    });
    try {
      this.#perform(thread, request, reply);
    } finally {
      trace.end(before);
    }
  }

  #perform(thread: Thread, request: CallRequest, reply: Replier): void {
    const { id: client, process, pending } = thread;
    const sequel = sequelOf(request, thread);
    const isOverlapped = sequel !== undefined;
    const caller = { process, thread, handle: request.s, isOverlapped };
    const answer = typeof sequel === "number" ? failed(sequel) : this.#answer(caller, request);
    const overAtOnce = (outcome: Outcome): void => {
      this.#finish(client, request.id, request.op, outcome, reply);
      if (typeof sequel === "object" && (outcome.error === 0 || sequel.isSaidToGoOn === true)) sequel.completed(outcome, true);
    };
    if (!isWait(answer)) {
      overAtOnce(answer);
    } else if (pending.has(request.id)) {
      answer.cancelled?.();
      this.#finish(client, request.id, request.op, failed(WSAEINVAL), reply);
    } else if (process.pendingCalls >= this.#limits.pendingCalls || (answer.bytes ?? 0) > process.waiting.left) {
      answer.cancelled?.();
      overAtOnce(answer.refused ?? failed(WSAENOBUFS));
    } else {
      // Only the numbers are kept: the request's bytes are the caller's again after this.
      const { id, op } = request;
      const { bytes = 0 } = answer;
      process.waiting.change(bytes);
      const finish = (outcome: Outcome) => {
        pending.delete(id);
        process.waiting.change(-bytes);
        if (typeof sequel !== "object") {
          this.#finish(client, id, op, outcome, reply);
          return;
        }
        const final = sequel.outcome(outcome);
        this.#finish(client, id, op, hasNothing(final) ? { ...final, a: WENT_ON } : final, reply);
        sequel.completed(final, false);
      };
      const { timers } = this.#host.context;
      const call = new PendingCall(client, id, callName(op) ?? "call", caller, answer, timers, () => thread.isHeld, finish);
      pending.set(id, call);
      if (answer.isUntried === true) call.retry();
    }
    this.#host.context.requestTurn();
  }

  #manage(thread: Thread, request: CallRequest, reply: Replier): void {
    if (this.#control === undefined || request.data === null) {
      reply(replyFor(request.id, failed(request.data === null ? WSAEFAULT : WSAEOPNOTSUPP)));
      return;
    }
    this.#control(thread.id, request.data, (data) => {
      if (this.#threads.get(thread.id) === thread) reply(replyFor(request.id, { result: 0, error: 0, data }));
    });
  }

  #finish(client: number, id: number, op: number, outcome: Outcome, reply: Replier): void {
    const { trace } = this.#host.context;
    if (trace.isOn && !isOfFace(op)) {
      trace.emit({ type: "winsock-returned", client, call: id, text: outcomeText(op, outcome), error: outcome.error });
    }
    reply(replyFor(id, outcome));
  }

  #answer(caller: Caller, request: CallRequest): Answer {
    const { process, thread } = caller;
    const { op, a, b, c, data } = request;
    switch (op) {
      case CALL.startup:
        return start(process, a);
      case CALL.cancel:
        return cancel(thread, a);
      default:
        if (process.startups === 0) return failed(WSANOTINITIALISED);
    }
    switch (op) {
      case CALL.cleanup:
        return cleanUp(process, this.#duplicates);
      case CALL.socket:
        return newSocket(process, request);
      case CALL.socketOfDuplicate:
        return this.#duplicates.take(a, process);
      case CALL.getaddrinfo:
        return addressesOfName(this.#host, data, a, b, c);
      case CALL.getnameinfo:
        return namesOfAddress(this.#host, data);
      case CALL.hostForWindow:
        return hostForWindow(this.#host, request);
      case CALL.gethostname:
        return ownName(this.#host);
      case CALL.lookupBegin:
        return beginServiceLookup(process, a, data);
      case CALL.lookupNext:
        return process.serviceLookup(request.s)?.next(this.#host, a, b !== 0, c) ?? failed(WSA_INVALID_HANDLE);
      case CALL.lookupEnd:
        return endServiceLookup(process, request.s);
      case CALL.select: {
        const sets = data === null ? undefined : decodeSets(data);
        return sets === undefined ? failed(WSAEFAULT) : select(sets, a, (handle) => process.socket(handle));
      }
      case CALL.fence:
        return fence(caller, a, c === 2);
      case CALL.cancelIo:
        return cancelIo(caller, a, b !== 0);
      case CALL.createWindow:
        return createWindow(caller);
      case CALL.destroyWindow:
        return destroyWindow(caller);
      case CALL.postMessage:
        return postMessage(caller, a, b, c);
      case CALL.peekMessage:
        return peekMessage(caller, a, b, c !== 0);
      case CALL.getMessage:
        return getMessage(caller, a, b);
      case CALL.associate:
        return associate(process, request.s, a, b);
      case CALL.dequeue:
        return dequeue(caller, a, b);
      case CALL.postPacket:
        return postPacket(caller, a, b, c);
      case CALL.poll:
        return poll(data, a, (handle) => process.socket(handle));
      case CALL.createEvent:
        return createEvent(process, a !== 0, b !== 0);
      case CALL.setEvent:
        return changeEvent(process.event(request.s), true);
      case CALL.resetEvent:
        return changeEvent(process.event(request.s), false);
      case CALL.waitForEvents:
        return waitForEvents(process, data, a !== 0, b);
      case CALL.closeHandle:
        return closeHandle(caller);
      case CALL.duplicateHandle:
        return duplicateHandle(caller, a);
    }
    const ofThread = answerThreadOption(thread, request);
    if (ofThread !== undefined) return ofThread;
    const socket = process.socket(request.s);
    if (socket === undefined) return failed(WSAENOTSOCK);
    return op === CALL.duplicateSocket ? this.#duplicates.give(socket, process) : answerFor(socket, caller, request);
  }
}

const SHOW = callName(CALL.show);

/** What a face asks for itself, which is no call of the program. */
const isOfFace = (op: number): boolean => op === CALL.show || op === CALL.taken || op === CALL.fence;

function start(process: Process, wanted: number): Outcome {
  const version = negotiateVersion(wanted);
  if (version === undefined) return { result: WSAVERNOTSUPPORTED, error: WSAVERNOTSUPPORTED };
  process.startups++;
  if (LOBYTE(version) === 1) process.isLegacy = true;
  return { result: 0, error: 0, a: version };
}

/** @returns the code where there can be none; undefined for a call that keeps its thread */
const sequelOf = (request: CallRequest, thread: Thread): Sequel | number | undefined =>
  request.op === CALL.hostForWindow ? new NameMessage(thread, request) : overlappedCall(request, thread);

/** Whoever of the program's threads does it last ends it for all of them (Microsoft, "WSACleanup function"). */
function cleanUp(process: Process, duplicates: Duplicates): Outcome {
  process.startups--;
  if (process.startups > 0) return { result: 0, error: 0, a: process.startups };
  for (const { pending } of process.threads.values()) {
    for (const call of [...pending.values()]) call.interrupt(call.isOverlapped ? WSA_OPERATION_ABORTED : WSAEINTR);
  }
  process.closeAll(isSocket, (socket) => socket.closeAtCleanup());
  duplicates.forget(process, (socket) => socket.closeAtCleanup());
  process.closeAll(isLookup, (lookup) => lookup.abort());
  process.isLegacy = false;
  return DONE;
}

/** What a call that is over by now has to tell is told by its answer: as of one that was over at once, it leaves no packet. */
function fence({ process, thread, handle }: Caller, call: number, tellsTaken: boolean): Outcome {
  const socket = process.socket(handle);
  if (handle !== 0 && socket === undefined) return failed(WSAENOTSOCK);
  if (call !== 0) socket?.completion?.port.withdraw(thread.id, call, !socket.skipsPackets);
  const a =
    (socket?.isSynchronous === true ? FENCE.isSynchronous : 0) |
    (socket?.completion === undefined ? 0 : FENCE.hasPort) |
    (socket?.skipsPackets === true ? FENCE.skipsPackets : 0);
  const data = tellsTaken ? thread.tellTakenElsewhere() : undefined;
  return { result: 0, error: 0, a, b: process.isLegacy ? 1 : 0, ...(data && { data }) };
}

/** It failed, and brought nothing. */
const hasNothing = ({ error, data }: Outcome): boolean => error !== 0 && data === undefined;

/** Reply a: 1 when the call had still to be answered. */
function cancel({ pending }: Thread, id: number): Outcome {
  const call = pending.get(id);
  call?.giveUp();
  return { result: 0, error: 0, a: call === undefined ? 0 : 1 };
}

/** Overlapped calls by this handle: one of this thread, which alone has its number; or all, of this thread or of all threads. */
function cancelIo({ process, thread, handle }: Caller, id: number, ofAllThreads: boolean): Outcome {
  if (process.socket(handle) === undefined) return { result: FALSE, error: WSA_INVALID_HANDLE };
  let count = 0;
  for (const { pending } of ofAllThreads && id === 0 ? process.threads.values() : [thread]) {
    for (const call of [...pending.values()]) {
      if (!call.isOverlapped || call.handle !== handle || (id !== 0 && call.call !== id)) continue;
      call.interrupt(WSA_OPERATION_ABORTED);
      count++;
    }
  }
  return succeeded(count);
}

const isLookup = (object: HandleObject): object is ServiceLookup => object instanceof ServiceLookup;
const isSocket = (object: HandleObject): object is Socket => object instanceof Socket;
/** Windows go with the thread that made them (Microsoft, "DestroyWindow function": no other thread may destroy them). */
const isWindowOf =
  ({ messages }: Thread) =>
  (object: HandleObject): object is MessageWindow =>
    object instanceof MessageWindow && object.queue === messages;
const isAny = (_object: HandleObject): _object is HandleObject => true;

function newSocket(process: Process, { a: af, b: wanted, c: protocol, e = 0 }: CallRequest): Outcome {
  const kind = resolveKind(af, wanted, protocol, process.hasInfrared);
  if ("code" in kind) return failed(kind.code);
  if (kind.type === SOCK_RAW && !process.isAdministrator) return failed(WSAEACCES);
  if (!process.hasRoom) return failed(WSAEMFILE);
  const { family, type } = kind;
  const infrared = family.af === AF_IRDA ? process.newIrdaSocket() : undefined;
  const socket = infrared ?? newIpSocket(process, family, type, protocol);
  socket.isSynchronous = e === 1;
  return succeeded(process.open(socket));
}

function newIpSocket(process: Process, family: SocketFamily, type: number, protocol: number): Socket {
  if (type === SOCK_STREAM) return process.newStreamSocket(family);
  return type === SOCK_RAW ? process.newRawSocket(family, protocol) : process.newUdpSocket(family);
}

/** A socket that has other handles lives on. One whose close would have to wait where it may not stays as it is. */
function closeSocket(socket: Socket, { process, handle }: Caller): Answer {
  if (socket.handles > 1) {
    process.close(handle);
    return DONE;
  }
  const answer = socket.close();
  if (socket.isClosed) process.close(handle);
  return answer;
}

/** CloseHandle, of a socket too. */
function closeHandle(caller: Caller): Answer {
  const { process, handle } = caller;
  const socket = process.socket(handle);
  if (socket !== undefined) return closeSocket(socket, caller);
  const object = process.event(handle) ?? process.completionPort(handle);
  if (object === undefined) return { result: FALSE, error: WSA_INVALID_HANDLE };
  if (process.close(handle)) object.abort();
  return DONE;
}

/** DuplicateHandle (Microsoft's page): a second handle of the same object, which lives until the last one is closed. */
function duplicateHandle({ process, handle }: Caller, options: number): Outcome {
  const object = process.socket(handle) ?? process.event(handle) ?? process.completionPort(handle);
  if (object === undefined) return { result: 0, error: WSA_INVALID_HANDLE };
  if (!process.hasRoom) return { result: 0, error: WSAEMFILE };
  if (object instanceof Socket) object.isShared = true;
  const duplicate = process.open(object);
  if ((options & DUPLICATE_CLOSE_SOURCE) !== 0) process.close(handle - (handle % HANDLE_STEP));
  return succeeded(duplicate);
}

/** A call was answered after which these events count anew; one with a pointer that leads nowhere was none, but to a window. */
function reenabling(socket: Socket, bits: number, answer: Answer): Answer {
  const isNone = !isWait(answer) && answer.error === WSAEFAULT && socket.events.sink?.takesMessages !== true;
  if (!isNone) socket.reenable(bits);
  return answer;
}

/** Only a send that found no room lets FD_WRITE come again (Wine's test write_events). */
function sent(socket: Socket, answer: Answer): Answer {
  if (!isWait(answer) && answer.error === WSAEWOULDBLOCK) socket.reenable(FD_WRITE);
  return answer;
}

const NOTHING = new Uint8Array(0);

function accepted(socket: Socket, room: number, isOffered: boolean, process: Process): Answer {
  if (socket instanceof StreamSocket) return socket.accept(room, isOffered, process);
  return socket instanceof IrdaSocket ? socket.accept(room, process) : failed(WSAEOPNOTSUPP);
}

/** SO_UPDATE_ACCEPT_CONTEXT, whose value is another socket. */
function setAcceptContext(socket: Socket, { process }: Caller, level: number, name: number, value: Uint8Array | null): Outcome | undefined {
  if (level !== SOL_SOCKET || name !== SO_UPDATE_ACCEPT_CONTEXT || !(socket instanceof StreamSocket)) return undefined;
  if (value === null || value.length < 4) return failed(WSAEFAULT);
  return socket.updateAcceptContext(process.socket(new DataView(value.buffer, value.byteOffset).getUint32(0, true)));
}

function answerFor(socket: Socket, caller: Caller, request: CallRequest): Answer {
  const { op, a, b, c, data } = request;
  switch (op) {
    case CALL.bind:
      return socket.bind(data, a);
    case CALL.connect:
      return socket.connect(data, a);
    case CALL.listen:
      return socket.listen(a);
    case CALL.accept:
      return reenabling(socket, FD_ACCEPT, accepted(socket, a, b === 1, caller.process));
    case CALL.send:
      return sent(socket, socket.send(data, a, b, c === 1, caller.isOverlapped));
    case CALL.recv:
      return reenabling(socket, FD_READ | FD_OOB, socket.recv(a, b, caller.isOverlapped));
    case CALL.show:
      return socket instanceof StreamSocket ? socket.show(a, b, c, caller.process.threads.size > 1) : failed(WSAEOPNOTSUPP);
    case CALL.taken:
      return socket instanceof StreamSocket ? socket.taken(a) : failed(WSAEOPNOTSUPP);
    case CALL.sendto: {
      // A stream looks at its state first, and at no name.
      if (a > (data?.length ?? 0)) return socket instanceof StreamSocket ? socket.sendto(null, b) : failed(WSAEFAULT);
      const name = data !== null && a >= 0 ? data.subarray(0, a) : null;
      return sent(socket, socket.sendto(data?.subarray(Math.max(0, a)) ?? null, b, name, c, caller.isOverlapped));
    }
    case CALL.recvfrom:
      return reenabling(socket, FD_READ | FD_OOB, socket.recvfrom(a, b, c, caller.isOverlapped));
    case CALL.recvMsg:
      if (!(socket instanceof DatagramSocket)) return failed(WSAEOPNOTSUPP);
      return reenabling(socket, FD_READ | FD_OOB, socket.recvMsg(a, b, c, firstWord(data), caller.isOverlapped));
    case CALL.sendMsg:
      return socket instanceof DatagramSocket ? sent(socket, sendMsg(socket, request)) : failed(WSAEINVAL);
    case CALL.offer:
      return socket instanceof StreamSocket ? socket.offer() : failed(WSAEOPNOTSUPP);
    case CALL.reject:
      return socket instanceof StreamSocket ? reenabling(socket, FD_ACCEPT, socket.reject()) : failed(WSAEOPNOTSUPP);
    case CALL.connectEx: {
      const name = data !== null && b >= 0 ? data.subarray(0, b) : null;
      return socket instanceof StreamSocket ? socket.connectEx(name, a, data?.subarray(Math.max(0, b)) ?? NOTHING) : failed(WSAEINVAL);
    }
    case CALL.acceptEx: {
      const target = caller.process.socket(a);
      if (target === undefined) return failed(WSAENOTSOCK);
      return socket instanceof StreamSocket ? socket.acceptEx(target, b) : failed(WSAEINVAL);
    }
    case CALL.disconnectEx:
      if ((a & ~TF_REUSE_SOCKET) !== 0) return failed(WSAEINVAL);
      return socket instanceof StreamSocket ? socket.disconnectEx(a !== 0) : failed(WSAEINVAL);
    case CALL.selectMessages:
      return selectMessages(caller, socket, a, b, c);
    case CALL.notificationModes:
      return setNotificationModes(socket, a);
    case CALL.selectEvents:
      return selectEvents(caller.process, socket, a, b);
    case CALL.enumerateEvents:
      return enumerateEvents(caller.process, socket, a);
    case CALL.shutdown:
      return socket.shutdown(a);
    case CALL.closesocket:
      return closeSocket(socket, caller);
    case CALL.ioctlsocket:
      return socket.ioctlsocket(a >>> 0, b, c === 1);
    case CALL.WSAIoctl:
      return ioctl(socket, request, caller.isOverlapped);
    case CALL.getsockname:
      return socket.getsockname(a);
    case CALL.getpeername:
      return socket.getpeername(a);
    case CALL.getsockopt:
      return getOption(socket, a, b, c, data);
    case CALL.setsockopt:
      return setAcceptContext(socket, caller, a, b, data) ?? setOption(socket, a, b, data, c);
    default:
      return failed(WSAEOPNOTSUPP);
  }
}

const firstWord = (data: Uint8Array | null): number => (data === null ? 0 : getU32(data, 0));

function sendMsg(socket: DatagramSocket, { a, b, c, data }: CallRequest): Answer {
  const controlLength = firstWord(data);
  const controlAt = 4 + Math.max(0, a);
  if (data === null || controlAt + controlLength > data.length) return failed(WSAEFAULT);
  const name = a < 0 ? null : data.subarray(4, controlAt);
  const payloadAt = controlAt + controlLength;
  return socket.sendMsg(data.subarray(payloadAt), b, name, c, data.subarray(controlAt, payloadAt));
}

function replyFor(id: number, outcome: Outcome): CallReply {
  return { id, result: outcome.result, error: outcome.error, a: outcome.a ?? 0, b: outcome.b ?? 0, data: outcome.data ?? null };
}
