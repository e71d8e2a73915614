import type { TraceOpening } from "../../stack/core/trace.ts";
import { LOBYTE, SOCK_STREAM } from "../abi/constants.ts";
import {
  WSAEFAULT,
  WSAEINVAL,
  WSAEMFILE,
  WSAENETDOWN,
  WSAENOBUFS,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
  WSANOTINITIALISED,
  WSAVERNOTSUPPORTED,
} from "../abi/errors.ts";
import { negotiateVersion } from "../abi/startup-version.ts";
import { Bindings } from "./bindings.ts";
import { callName, callText, outcomeText } from "./call-text.ts";
import { CALL, type CallHandler, type CallReply, type CallRequest, type Replier } from "./calls.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { HandleTable } from "./handles.ts";
import { ioctl } from "./ioctl.ts";
import { ByteBudget, DEFAULT_LIMITS, type ProviderLimits } from "./limits.ts";
import { getOption, setOption } from "./options.ts";
import { type Answer, DONE, failed, isWait, type Outcome, succeeded } from "./outcome.ts";
import { PendingCall } from "./pending-call.ts";
import type { ProviderHost } from "./provider-host.ts";
import { decodeSets, select } from "./select.ts";
import { type Socket, type SocketContext, TRANSFER_LIMIT } from "./socket.ts";
import { LONGEST_FAMILY_NAME, type SocketFamily } from "./socket-family.ts";
import { resolveKind } from "./socket-kind.ts";
import { StreamSocket } from "./stream-socket.ts";
import { answerThreadOption, type ThreadOptions } from "./thread-options.ts";

/** Answers `CALL.control`; `reply` takes the bytes of the answer and may be called later. */
export type ControlHandler = (client: number, data: Uint8Array, reply: (data: Uint8Array) => void) => void;

/** What one program has, as the limits count it. */
export interface ClientUsage {
  readonly client: number;
  readonly sockets: number;
  readonly pendingCalls: number;
  readonly queuedBytes: number;
  readonly waitingBytes: number;
}

/** Of all programs, with what each of them may have. */
export interface ProviderUsage extends Omit<ClientUsage, "client"> {
  readonly clients: number;
  readonly limits: ProviderLimits;
  readonly each: readonly ClientUsage[];
}

/** A program: what WSAStartup began for it. */
class Client implements ThreadOptions {
  readonly id: number;
  readonly sockets: HandleTable<Socket>;
  readonly pending = new Map<number, PendingCall>();
  readonly queued: ByteBudget;
  readonly waiting: ByteBudget;
  readonly #context: SocketContext;
  isStarted = false;
  isLegacy = false;
  isHeld = false;
  openType = 0;

  constructor(id: number, context: SocketContext, limits: ProviderLimits) {
    this.id = id;
    this.#context = context;
    this.sockets = new HandleTable(limits.sockets);
    this.queued = new ByteBudget(limits.queuedBytes);
    this.waiting = new ByteBudget(limits.waitingBytes);
  }

  get usage(): ClientUsage {
    const { id, sockets, pending, queued, waiting } = this;
    return { client: id, sockets: sockets.size, pendingCalls: pending.size, queuedBytes: queued.used, waitingBytes: waiting.used };
  }

  get hasRoom(): boolean {
    return !this.sockets.isFull;
  }

  newStreamSocket(family: SocketFamily): StreamSocket {
    return this.#opened(new StreamSocket(this.sockets.reserve(), this, this.#context, family));
  }

  newDatagramSocket(family: SocketFamily): DatagramSocket {
    return this.#opened(new DatagramSocket(this.sockets.reserve(), this, this.#context, family));
  }

  /** The program has no such socket any more. */
  forget(socket: Socket): void {
    this.sockets.remove(socket.handle);
    const { trace } = this.#context.host.context;
    if (trace.isOn) trace.emit({ type: "socket-closed", socket: socket.id });
  }

  /** Tells the trace what the program has open. */
  introduce(tell: (opening: TraceOpening) => void): void {
    for (const socket of this.sockets.all()) tell(socketOpened(socket, this.id));
    for (const { client, call, name } of this.pending.values()) {
      tell({ type: "winsock-called", client, call, name, text: `${name}(…)` });
    }
  }

  #opened<T extends Socket>(socket: T): T {
    this.sockets.set(socket.handle, socket);
    const { trace } = this.#context.host.context;
    if (trace.isOn) trace.emit(socketOpened(socket, this.id));
    return socket;
  }
}

/**
 * The service provider: sockets as Windows sees them, for any number of programs over one host. It never waits; a call that has to is
 * a record that the events of its sockets complete.
 */
export class Provider implements CallHandler {
  readonly #host: ProviderHost;
  readonly #context: SocketContext;
  readonly #limits: ProviderLimits;
  readonly #clients = new Map<number, Client>();
  #control: ControlHandler | undefined;

  /** @param limits those that differ from the defaults */
  constructor(host: ProviderHost, limits: Partial<ProviderLimits> = {}) {
    this.#host = host;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#context = {
      host,
      tcpBindings: new Bindings((port, change) => host.tcp.holdPort(port, change)),
      udpBindings: new Bindings(),
      lastSocket: 0,
      scratch: new Uint8Array(LONGEST_FAMILY_NAME + TRANSFER_LIMIT),
    };
    host.context.trace.introduceBy((tell) => {
      for (const client of this.#clients.values()) client.introduce(tell);
    });
  }

  /** Who answers management requests; without one they fail with WSAEOPNOTSUPP. */
  setControl(control: ControlHandler): void {
    this.#control = control;
  }

  openClient(client: number): void {
    if (!this.#clients.has(client)) this.#clients.set(client, new Client(client, this.#context, this.#limits));
  }

  closeClient(client: number): void {
    const program = this.#clients.get(client);
    if (program === undefined) return;
    this.#clients.delete(client);
    for (const call of [...program.pending.values()]) call.abandon();
    for (const socket of program.sockets.all()) {
      socket.abort();
      program.forget(socket);
    }
    this.#host.context.requestTurn();
  }

  hold(client: number, isHeld: boolean): void {
    const program = this.#clients.get(client);
    if (program === undefined || program.isHeld === isHeld) return;
    program.isHeld = isHeld;
    if (isHeld) return;
    for (const call of [...program.pending.values()]) call.retry();
    this.#host.context.requestTurn();
  }

  /** Programs attached and what they have, for `status`. */
  get usage(): ProviderUsage {
    const each = [...this.#clients.values()].map((client) => client.usage);
    const sum = (what: Exclude<keyof ClientUsage, "client">): number => each.reduce((total, usage) => total + usage[what], 0);
    return {
      clients: each.length,
      sockets: sum("sockets"),
      pendingCalls: sum("pendingCalls"),
      queuedBytes: sum("queuedBytes"),
      waitingBytes: sum("waitingBytes"),
      limits: this.#limits,
      each,
    };
  }

  call(client: number, request: CallRequest, reply: Replier): void {
    const program = this.#clients.get(client);
    if (program === undefined) {
      reply(replyFor(request.id, failed(WSAENETDOWN)));
      return;
    }
    if (request.op === CALL.control) {
      this.#manage(program, request, reply);
      return;
    }
    const { trace } = this.#host.context;
    if (!trace.isOn || isReadAhead(request.op)) {
      this.#perform(program, request, reply);
      return;
    }
    const name = callName(request.op) ?? "unknown";
    const socket = program.sockets.get(request.s)?.id;
    const before = trace.begin({
      type: "winsock-called",
      client,
      call: request.id,
      ...(socket === undefined ? {} : { socket }),
      name,
      text: callText(request),
    });
    try {
      this.#perform(program, request, reply);
    } finally {
      trace.end(before);
    }
  }

  #perform(program: Client, request: CallRequest, reply: Replier): void {
    const client = program.id;
    const answer = this.#answer(program, request);
    if (!isWait(answer)) {
      this.#finish(client, request.id, request.op, answer, reply);
    } else if (program.pending.has(request.id)) {
      answer.cancelled?.();
      this.#finish(client, request.id, request.op, failed(WSAEINVAL), reply);
    } else if (program.pending.size >= this.#limits.pendingCalls || (answer.bytes ?? 0) > program.waiting.left) {
      answer.cancelled?.();
      this.#finish(client, request.id, request.op, answer.refused ?? failed(WSAENOBUFS), reply);
    } else {
      // Only the numbers are kept: the request's bytes are the caller's again after this.
      const { id, op } = request;
      const { bytes = 0 } = answer;
      program.waiting.change(bytes);
      const finish = (outcome: Outcome) => {
        program.pending.delete(id);
        program.waiting.change(-bytes);
        this.#finish(client, id, op, outcome, reply);
      };
      const { timers } = this.#host.context;
      const pending = new PendingCall(client, id, callName(op) ?? "call", answer, timers, () => program.isHeld, finish);
      program.pending.set(id, pending);
    }
    this.#host.context.requestTurn();
  }

  #manage(client: Client, request: CallRequest, reply: Replier): void {
    if (this.#control === undefined || request.data === null) {
      reply(replyFor(request.id, failed(request.data === null ? WSAEFAULT : WSAEOPNOTSUPP)));
      return;
    }
    this.#control(client.id, request.data, (data) => {
      if (this.#clients.get(client.id) === client) reply(replyFor(request.id, { result: 0, error: 0, data }));
    });
  }

  #finish(client: number, id: number, op: number, outcome: Outcome, reply: Replier): void {
    const { trace } = this.#host.context;
    if (trace.isOn && !isReadAhead(op)) {
      trace.emit({ type: "winsock-returned", client, call: id, text: outcomeText(op, outcome), error: outcome.error });
    }
    reply(replyFor(id, outcome));
  }

  #answer(client: Client, request: CallRequest): Answer {
    const { op, a, b, c, data } = request;
    switch (op) {
      case CALL.startup:
        return start(client, a);
      case CALL.cancel:
        client.pending.get(a)?.interrupt();
        return DONE;
      default:
        if (!client.isStarted) return failed(WSANOTINITIALISED);
    }
    switch (op) {
      case CALL.cleanup:
        return cleanUp(client);
      case CALL.socket:
        return newSocket(client, a, b, c);
      case CALL.select: {
        const sets = data === null ? undefined : decodeSets(data);
        return sets === undefined ? failed(WSAEFAULT) : select(sets, a, (handle) => client.sockets.get(handle));
      }
    }
    const ofThread = answerThreadOption(client, request);
    if (ofThread !== undefined) return ofThread;
    const socket = client.sockets.get(request.s);
    return socket === undefined ? failed(WSAENOTSOCK) : answerFor(socket, client, request);
  }
}

const socketOpened = ({ id, handle, type }: Socket, client: number): TraceOpening => ({
  type: "socket-opened",
  socket: id,
  client,
  handle,
  label: `${type === SOCK_STREAM ? "stream" : "datagram"} socket ${handle} of program ${client}`,
});

/** How a face gets what recv will return, which is no call of the program. */
const isReadAhead = (op: number): boolean => op === CALL.show || op === CALL.taken;

function start(client: Client, wanted: number): Outcome {
  const version = negotiateVersion(wanted);
  if (version === undefined) return { result: WSAVERNOTSUPPORTED, error: WSAVERNOTSUPPORTED };
  client.isStarted = true;
  if (LOBYTE(version) === 1) client.isLegacy = true;
  return { result: 0, error: 0, a: version };
}

function cleanUp(client: Client): Outcome {
  for (const call of [...client.pending.values()]) call.interrupt();
  for (const socket of client.sockets.all()) {
    client.forget(socket);
    // Without the wait that SO_LINGER asks for, and whatever the blocking mode (Microsoft, "WSACleanup function").
    if (socket.options.linger.seconds > 0) socket.options.linger = { on: false, seconds: 0 };
    socket.close();
  }
  client.isStarted = false;
  client.isLegacy = false;
  return DONE;
}

function newSocket(client: Client, ...parameters: Parameters<typeof resolveKind>): Outcome {
  const kind = resolveKind(...parameters);
  if ("code" in kind) return failed(kind.code);
  if (!client.hasRoom) return failed(WSAEMFILE);
  const { family, type } = kind;
  const socket = type === SOCK_STREAM ? client.newStreamSocket(family) : client.newDatagramSocket(family);
  return succeeded(socket.handle);
}

function answerFor(socket: Socket, client: Client, request: CallRequest): Answer {
  const { op, a, b, c, data } = request;
  switch (op) {
    case CALL.bind:
      return socket.bind(data, a);
    case CALL.connect:
      return socket.connect(data, a);
    case CALL.listen:
      return socket.listen(a);
    case CALL.accept:
      return socket instanceof StreamSocket ? socket.accept(a, client) : failed(WSAEOPNOTSUPP);
    case CALL.send:
      return socket.send(data, a, b, c === 1);
    case CALL.recv:
      return socket.recv(a, b);
    case CALL.show:
      return socket instanceof StreamSocket ? socket.show(a, b, c) : failed(WSAEOPNOTSUPP);
    case CALL.taken:
      return socket instanceof StreamSocket ? socket.taken(a) : failed(WSAEOPNOTSUPP);
    case CALL.sendto: {
      // A stream looks at its state first, and at no name.
      if (a > (data?.length ?? 0)) return socket instanceof StreamSocket ? socket.sendto(null, b) : failed(WSAEFAULT);
      const name = data !== null && a >= 0 ? data.subarray(0, a) : null;
      return socket.sendto(data?.subarray(Math.max(0, a)) ?? null, b, name, c);
    }
    case CALL.recvfrom:
      return socket.recvfrom(a, b, c);
    case CALL.shutdown:
      return socket.shutdown(a);
    case CALL.closesocket: {
      const answer = socket.close();
      if (socket.isClosed) client.forget(socket);
      return answer;
    }
    case CALL.ioctlsocket:
      return socket.ioctlsocket(a >>> 0, b, c === 1);
    case CALL.WSAIoctl:
      return ioctl(socket, request);
    case CALL.getsockname:
      return socket.getsockname(a);
    case CALL.getpeername:
      return socket.getpeername(a);
    case CALL.getsockopt:
      return getOption(socket, a, b, c);
    case CALL.setsockopt:
      return setOption(socket, a, b, data, c);
    default:
      return failed(WSAEOPNOTSUPP);
  }
}

function replyFor(id: number, outcome: Outcome): CallReply {
  return { id, result: outcome.result, error: outcome.error, a: outcome.a ?? 0, b: outcome.b ?? 0, data: outcome.data ?? null };
}
