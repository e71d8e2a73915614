import type { TraceContent, TraceOpening } from "../../stack/core/trace.ts";
import { SOCK_RAW, SOCK_STREAM } from "../abi/constants.ts";
import { CompletionPort } from "./completion-port.ts";
import { EventObject } from "./event-object.ts";
import { HANDLE_STEP, HandleTable } from "./handles.ts";
import { ByteBudget, type ProviderLimits } from "./limits.ts";
import { MessageWindow } from "./message-window.ts";
import { RawSocket } from "./raw-socket.ts";
import { ServiceLookup } from "./service-lookup.ts";
import { type Owner, Socket, type SocketContext } from "./socket.ts";
import type { SocketFamily } from "./socket-family.ts";
import { type Acceptor, StreamSocket } from "./stream-socket.ts";
import type { Thread } from "./thread.ts";
import { UdpSocket } from "./udp-socket.ts";
import type { HandleObject } from "./waitable.ts";

type WaitableKind = Extract<TraceContent, { readonly type: "waitable-changed" }>["kind"];

/** What one program has, as the limits count it. */
export interface ProcessUsage {
  /** The number of its first thread. */
  readonly client: number;
  readonly threads: number;
  readonly sockets: number;
  readonly pendingCalls: number;
  readonly queuedBytes: number;
  readonly waitingBytes: number;
}

/** A program: start-up count, handles and what they may cost. It has threads, and ends with the last of them. */
export class Process implements Owner, Acceptor {
  /** The number of its first thread. */
  readonly id: number;
  /** What its threads are known by; 0 for a program of one. */
  readonly key: number;
  /** A member of the Administrators group, as Windows calls who may have raw sockets. */
  readonly isAdministrator: boolean;
  readonly threads = new Map<number, Thread>();
  readonly queued: ByteBudget;
  readonly waiting: ByteBudget;
  /** Successful WSAStartups less WSACleanups. */
  startups = 0;
  isLegacy = false;
  readonly #handles: HandleTable<HandleObject>;
  #sockets = 0;
  readonly #context: SocketContext;

  constructor(id: number, key: number, isAdministrator: boolean, context: SocketContext, limits: ProviderLimits) {
    this.id = id;
    this.key = key;
    this.isAdministrator = isAdministrator;
    this.#context = context;
    this.#handles = new HandleTable(limits.sockets);
    this.queued = new ByteBudget(limits.queuedBytes);
    this.waiting = new ByteBudget(limits.waitingBytes);
  }

  get usage(): ProcessUsage {
    const { id: client, threads, queued, waiting, pendingCalls } = this;
    return {
      client,
      threads: threads.size,
      sockets: this.#sockets,
      pendingCalls,
      queuedBytes: queued.used,
      waitingBytes: waiting.used,
    };
  }

  /** Calls that wait, of all threads. */
  get pendingCalls(): number {
    let count = 0;
    for (const { pending } of this.threads.values()) count += pending.size;
    return count;
  }

  get hasInfrared(): boolean {
    return this.#context.infrared !== undefined;
  }

  get hasRoom(): boolean {
    return !this.#handles.isFull;
  }

  /** Undefined for what is no socket. */
  socket(handle: number): Socket | undefined {
    const object = this.#handles.get(handle);
    return object instanceof Socket ? object : undefined;
  }

  /** Undefined for what is no event. The two low bits of a handle are the program's own. */
  event(handle: number): EventObject | undefined {
    const object = this.#handles.get(handle - (handle % HANDLE_STEP));
    return object instanceof EventObject ? object : undefined;
  }

  /** Undefined for what is no completion port. */
  completionPort(handle: number): CompletionPort | undefined {
    const object = this.#handles.get(handle);
    return object instanceof CompletionPort ? object : undefined;
  }

  /** Undefined for what is no window. */
  window(handle: number): MessageWindow | undefined {
    const object = this.#handles.get(handle);
    return object instanceof MessageWindow ? object : undefined;
  }

  /** Undefined for what is no lookup. */
  serviceLookup(handle: number): ServiceLookup | undefined {
    const object = this.#handles.get(handle);
    return object instanceof ServiceLookup ? object : undefined;
  }

  newStreamSocket(family: SocketFamily): StreamSocket {
    return new StreamSocket(this, this.#context, family);
  }

  /** Undefined on a host without an infrared device. */
  newIrdaSocket(): Socket | undefined {
    return this.#context.infrared?.newSocket(this, this.#context);
  }

  newUdpSocket(family: SocketFamily): UdpSocket {
    return new UdpSocket(this, this.#context, family);
  }

  newRawSocket(family: SocketFamily, protocol: number): RawSocket {
    return new RawSocket(this, this.#context, family, protocol);
  }

  /** A new handle of the object. Look at `hasRoom` before. */
  open(object: HandleObject): number {
    const handle = this.#handles.reserve();
    object.handles++;
    this.#handles.set(handle, object);
    if (object instanceof Socket) this.#sockets++;
    const { trace } = this.#context.host.context;
    if (trace.isOn && object instanceof Socket) trace.emit(socketOpened(object, handle, this.id));
    if (object instanceof EventObject) this.#show(object, handle, "event");
    if (object instanceof CompletionPort) this.#show(object, handle, "completion-port");
    return handle;
  }

  /** From here on the trace tells of each of its states; by another handle, if it has several, than before. */
  #show(object: EventObject | CompletionPort, handle: number, kind: WaitableKind): void {
    const tell = (): void => this.traceWaitable(this.id, handle, kind, object.stateText);
    object.onStateChange = tell;
    tell();
  }

  /** @param client the thread, or its program */
  traceWaitable(client: number, handle: number, kind: WaitableKind, state: string): void {
    const { trace } = this.#context.host.context;
    if (trace.isOn) trace.emit({ type: "waitable-changed", client, handle, kind, state });
  }

  /** The handle refers to nothing any more. @returns whether it was the object's last one, so that the object has to go */
  close(handle: number): boolean {
    const object = this.#handles.get(handle);
    if (object === undefined) return false;
    this.#handles.remove(handle);
    if (object instanceof Socket) this.#sockets--;
    object.handles--;
    if (object.handles > 0) return false;
    const { trace } = this.#context.host.context;
    if (trace.isOn && object instanceof Socket) trace.emit({ type: "socket-closed", socket: object.id });
    return true;
  }

  /** Gives up every handle that is chosen. @param end of an object that has no other */
  closeAll<T extends HandleObject>(isChosen: (object: HandleObject) => object is T, end: (object: T) => void): void {
    for (const [handle, object] of this.#handles.all()) if (isChosen(object) && this.close(handle)) end(object);
  }

  /** None of its threads takes bytes ahead any more. */
  giveBackShown(): void {
    for (const [, object] of this.#handles.all()) if (object instanceof StreamSocket) object.giveBackShown();
  }

  /** Tells the trace what the program has open. */
  introduce(tell: (opening: TraceOpening) => void): void {
    for (const [handle, object] of this.#handles.all()) if (object instanceof Socket) tell(socketOpened(object, handle, this.id));
    for (const { pending } of this.threads.values())
      for (const { client, call, name } of pending.values()) tell({ type: "winsock-called", client, call, name, text: `${name}(…)` });
  }
}

const socketOpened = ({ id, type }: Socket, handle: number, client: number): TraceOpening => ({
  type: "socket-opened",
  socket: id,
  client,
  handle,
  label: `${typeName(type)} socket ${handle} of program ${client}`,
});

const typeName = (type: number): string => (type === SOCK_STREAM ? "stream" : type === SOCK_RAW ? "raw" : "datagram");
