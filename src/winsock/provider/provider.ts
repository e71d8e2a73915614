import type { HostContext } from "../../stack/core/context.ts";
import {
  WSA_INVALID_HANDLE,
  WSAEFAULT,
  WSAEINVAL,
  WSAENETDOWN,
  WSAENOBUFS,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
  WSANOTINITIALISED,
} from "../abi/errors.ts";
import { Bindings } from "./bindings.ts";
import { callName, callText, outcomeText } from "./call-text.ts";
import { CALL, type CallHandler, type CallReply, type CallRequest, type Replier } from "./calls.ts";
import { Duplicates } from "./duplicates.ts";
import { changeEvent, createEvent, waitForEvents } from "./event-calls.ts";
import { addressesOfName, namesOfAddress, ownName } from "./host-names.ts";
import { KeptBytes } from "./kept-bytes.ts";
import { DEFAULT_LIMITS, type ProviderLimits } from "./limits.ts";
import { MessageWindow } from "./message-window.ts";
import { hostForWindow, NameMessage } from "./name-messages.ts";
import { type Answer, DONE, failed, isWait, type Outcome, type Sequel } from "./outcome.ts";
import { overlappedCall, WENT_ON } from "./overlapped.ts";
import { PendingCall } from "./pending-call.ts";
import { poll } from "./poll.ts";
import { associate, dequeue, postPacket } from "./port-calls.ts";
import { Process, type ProcessUsage } from "./process.ts";
import { cancel, cancelIo, cleanUp, closeHandle, duplicateHandle, fence, newSocket, start } from "./process-calls.ts";
import type { ProviderHost } from "./provider-host.ts";
import { decodeSets, select } from "./select.ts";
import { beginServiceLookup, endServiceLookup } from "./service-lookup.ts";
import { type InfraredSockets, type SocketContext, TRANSFER_LIMIT } from "./socket.ts";
import { answerFor } from "./socket-calls.ts";
import { LONGEST_FAMILY_NAME } from "./socket-family.ts";
import { type Caller, Thread } from "./thread.ts";
import { answerThreadOption } from "./thread-options.ts";
import type { HandleObject } from "./waitable.ts";
import { createWindow, destroyWindow, getMessage, peekMessage, postMessage } from "./window-calls.ts";

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
      kept: new KeptBytes(),
    };
    host.context.trace.introduceBy((tell) => {
      for (const process of this.#processes) process.introduce(tell);
    });
  }

  /** Who answers management requests; without one they fail with WSAEOPNOTSUPP. */
  setControl(control: ControlHandler): void {
    this.#control = control;
  }

  /**
   * Its programs get AF_IRDA; `joinInfrared` makes what they get it by, and is what others call.
   * @internal
   */
  useInfrared(join: (host: HostContext) => InfraredSockets): void {
    this.#context.infrared = join(this.#host.context);
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
      if (typeof sequel !== "object") return;
      const wasToldOf = sequel.isSaidToGoOn === true || sequel.isSaidToBeOver === true;
      if (outcome.error === 0 || wasToldOf) sequel.completed(outcome, true);
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
      const finish = (outcome: Outcome, isAhead: boolean) => {
        pending.delete(id);
        process.waiting.change(-bytes);
        if (typeof sequel !== "object") {
          this.#finish(client, id, op, outcome, reply);
          return;
        }
        const final = sequel.outcome(outcome);
        this.#finish(client, id, op, hasNothing(final) ? { ...final, a: WENT_ON } : final, reply);
        if (sequel.isSaidToBeOver !== true) sequel.completed(final, false, isAhead);
      };
      if (typeof sequel === "object" && sequel.isSaidToBeOver === true) sequel.completed(DONE, true);
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
        if (b === 1) process.giveBackShown();
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
        // Of what is taken ahead nobody who watches would hear.
        return dequeue(caller, a, b, this.#host.context.trace.isWatched ? 0 : c);
      case CALL.taken: {
        const port = process.completionPort(request.s);
        if (port === undefined) break;
        port.takeAhead(a);
        return DONE;
      }
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
const OF_FACE: ReadonlySet<number> = new Set([CALL.show, CALL.taken, CALL.fence, CALL.room]);
const isOfFace = (op: number): boolean => OF_FACE.has(op);

/** @returns the code where there can be none; undefined for a call that keeps its thread */
const sequelOf = (request: CallRequest, thread: Thread): Sequel | number | undefined =>
  request.op === CALL.hostForWindow ? new NameMessage(thread, request) : overlappedCall(request, thread);

/** It failed, and brought nothing. */
const hasNothing = ({ error, data }: Outcome): boolean => error !== 0 && data === undefined;

/** Windows go with the thread that made them (Microsoft, "DestroyWindow function": no other thread may destroy them). */
const isWindowOf =
  ({ messages }: Thread) =>
  (object: HandleObject): object is MessageWindow =>
    object instanceof MessageWindow && object.queue === messages;
const isAny = (_object: HandleObject): _object is HandleObject => true;

function replyFor(id: number, outcome: Outcome): CallReply {
  return { id, result: outcome.result, error: outcome.error, a: outcome.a ?? 0, b: outcome.b ?? 0, data: outcome.data ?? null };
}
