import type { Host } from "../stack/host/host.ts";
import type { TcpConnection } from "../stack/tcp/tcp-service.ts";
import type { OpenFailure, WriteEnding } from "../stack/tcp/tcp-user.ts";
import { DrillSocket } from "./drill-socket.ts";
import { DrillEpoll, type EpollData } from "./epoll.ts";
import { type DrillError, ERROR_NUMBERS, isNamed } from "./error-names.ts";
import type { CallLine, ScriptExpr } from "./script.ts";
import { DrillMismatch, ScriptError } from "./script-error.ts";
import type { DrillSettings } from "./script-options.ts";
import { socketOption } from "./socket-options.ts";
import { bitNames, bitsOf, fieldOf, intOf, isEllipsis, isNull, itemsOf, symbol } from "./symbols.ts";
import type { ChangingProfile } from "./sysctl.ts";

/** What a call came to. */
export type CallOutcome = { readonly value: number } | { readonly error: DrillError };

/** A call that has begun: each try says what it came to, or undefined while it waits. */
export type CallAttempt = () => CallOutcome | undefined;

/** Where calls are made. */
export interface CallWorld {
  readonly host: Host;
  readonly profile: ChangingProfile;
  readonly settings: DrillSettings;
  readonly nowMs: number;
  /** Everything happens that needs no time to pass. */
  settle(): void;
  /** Something is to be looked at again then. */
  wakeAt(atMs: number): void;
  socketMade(socket: DrillSocket): void;
  listens(socket: DrillSocket): void;
  connects(socket: DrillSocket, connection: TcpConnection): void;
  accepts(socket: DrillSocket, connection: TcpConnection): void;
  /** @param isMore the end of the write is not the end of what belongs together */
  wrote(socket: DrillSocket, bytes: number, isMore: boolean): void;
}

const MSG = {
  peek: symbol("MSG_PEEK"),
  dontWait: symbol("MSG_DONTWAIT"),
  truncate: symbol("MSG_TRUNC"),
  outOfBand: symbol("MSG_OOB"),
  more: symbol("MSG_MORE"),
  endOfRecord: symbol("MSG_EOR"),
};
const NONBLOCK = symbol("O_NONBLOCK");
const RDWR = symbol("O_RDWR");
const ZEROES = new Uint8Array(65_536);

const OPEN_ERRORS: Readonly<Record<OpenFailure, DrillError>> = {
  "no-route": "ENETUNREACH",
  "source-not-local": "EADDRNOTAVAIL",
  "interface-down": "ENETDOWN",
  "address-in-use": "EADDRINUSE",
  "no-free-port": "EADDRNOTAVAIL",
};

const value = (number: number): CallOutcome => ({ value: number });
const failure = (error: DrillError): CallOutcome => ({ error });

/** The calls of a script, on descriptors that the script names. */
export class SocketCalls {
  readonly #world: CallWorld;
  readonly #open = new Map<number, DrillSocket | DrillEpoll>();

  constructor(world: CallWorld) {
    this.#world = world;
  }

  /** Sockets that are open. */
  *sockets(): Generator<DrillSocket> {
    for (const one of this.#open.values()) if (one instanceof DrillSocket) yield one;
  }

  /**
   * Begins a call.
   * @param mayWait the script gives it time to
   */
  begin(call: CallLine, line: number, mayWait: boolean): CallAttempt {
    return new CallReader(this, call, line, mayWait).attempt();
  }

  /** Those who wait for room hear that there is some. */
  wakeWriters(): void {
    for (const socket of this.sockets()) {
      if (!socket.wantsRoom || socket.connection === undefined) continue;
      socket.space.grow(socket.connection, this.#world.profile);
      if (!this.isWritable(socket)) continue;
      socket.wantsRoom = false;
      socket.wake();
    }
  }

  // Descriptors

  get world(): CallWorld {
    return this.#world;
  }

  socket(fd: number): DrillSocket | undefined {
    const there = this.#open.get(fd);
    return there instanceof DrillSocket ? there : undefined;
  }

  epoll(fd: number): DrillEpoll | undefined {
    const there = this.#open.get(fd);
    return there instanceof DrillEpoll ? there : undefined;
  }

  /** Gives a descriptor the name that the script has for it. */
  put(result: ScriptExpr, line: number, what: DrillSocket | DrillEpoll): CallOutcome {
    const fd = intOf(result, line);
    // A script that expects a failure is told so by the number.
    if (fd < 0) return value(0);
    if (this.#open.has(fd)) throw new ScriptError(line, `descriptor ${fd} is still open`);
    this.#open.set(fd, what);
    return value(fd);
  }

  close(fd: number): CallOutcome {
    const there = this.#open.get(fd);
    if (there === undefined) return failure("EBADF");
    this.#open.delete(fd);
    if (there instanceof DrillEpoll) {
      there.close();
      return value(0);
    }
    for (const other of this.#open.values()) if (other instanceof DrillEpoll) other.remove(there);
    there.listener?.close();
    if (there.lingerSeconds === 0) there.connection?.abort();
    else there.connection?.close(false);
    return value(0);
  }

  /** Whether poll would tell of room to write. */
  isWritable({ connection, space }: DrillSocket): boolean {
    return connection !== undefined && space.isWritable(connection, this.#world.profile);
  }

  /** What holds of a socket now; who does not find room is woken when there is some. */
  ready(socket: DrillSocket): number {
    return socket.ready(() => {
      const isWritable = this.isWritable(socket);
      if (!isWritable) socket.wantsRoom = true;
      return isWritable;
    });
  }
}

type Operation = (reader: CallReader) => CallAttempt;

/** One call, with its arguments. */
class CallReader {
  readonly calls: SocketCalls;
  readonly call: CallLine;
  readonly line: number;
  readonly mayWait: boolean;

  constructor(calls: SocketCalls, call: CallLine, line: number, mayWait: boolean) {
    this.calls = calls;
    this.call = call;
    this.line = line;
    this.mayWait = mayWait;
  }

  attempt(): CallAttempt {
    const operation = OPERATIONS[this.call.name];
    if (operation === undefined) throw new ScriptError(this.line, `call ${this.call.name} is not known`);
    return operation(this);
  }

  get world(): CallWorld {
    return this.calls.world;
  }

  arg(i: number): ScriptExpr | undefined {
    return this.call.args[i];
  }

  int(i: number): number {
    return intOf(this.arg(i), this.line);
  }

  /** A call on a socket, which is looked up once. */
  onSocket(act: (socket: DrillSocket) => CallAttempt): CallAttempt {
    const socket = this.calls.socket(this.int(0));
    return socket === undefined ? () => failure("EBADF") : act(socket);
  }

  /** A call that never waits. */
  atOnce(act: (socket: DrillSocket) => CallOutcome): CallAttempt {
    return this.onSocket((socket) => () => act(socket));
  }
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  socket: (reader) => () => {
    const { world } = reader;
    const type = reader.int(1);
    const protocol = reader.int(2);
    if (protocol !== 0 && protocol !== symbol("IPPROTO_TCP")) return failure("EPROTONOSUPPORT");
    const socket = new DrillSocket();
    socket.isNonBlocking = (type & NONBLOCK) !== 0;
    const outcome = reader.calls.put(reader.call.result, reader.line, socket);
    world.socketMade(socket);
    return outcome;
  },
  bind: (reader) =>
    reader.atOnce((socket) => {
      if (socket.bound !== undefined || socket.stage !== "new") return failure("EINVAL");
      socket.bound = { address: undefined, port: reader.world.settings.bindPort };
      return value(0);
    }),
  listen: (reader) =>
    reader.atOnce((socket) => {
      if (socket.stage !== "new") return failure("EINVAL");
      const { host, settings, profile } = reader.world;
      socket.listener = host.tcp.listen({
        localPort: socket.bound?.port ?? settings.bindPort,
        // Linux lets one more wait than it was told.
        backlog: reader.int(1) + (profile.name === "linux" ? 1 : 0),
        options: socket.options,
        acceptable: () => socket.wake(),
      });
      socket.stage = "listening";
      reader.world.listens(socket);
      return value(0);
    }),
  accept: accept,
  accept4: accept,
  connect,
  close: (reader) => () => reader.calls.close(reader.int(0)),
  closesocket: (reader) => () => reader.calls.close(reader.int(0)),
  shutdown: (reader) => reader.atOnce((socket) => shutdown(socket, reader.int(1), reader.world)),
  fcntl: (reader) =>
    reader.atOnce((socket) => {
      if (reader.int(1) === symbol("F_GETFL")) return value(RDWR | (socket.isNonBlocking ? NONBLOCK : 0));
      socket.isNonBlocking = (reader.int(2) & NONBLOCK) !== 0;
      return value(0);
    }),
  ioctl,
  ioctlsocket: ioctl,
  read: (reader) => receive(reader, reader.int(2), 0),
  recv: (reader) => receive(reader, reader.int(2), reader.int(3)),
  recvfrom: (reader) => receive(reader, reader.int(2), reader.int(3)),
  readv: (reader) => receive(reader, vectorBytes(reader.arg(1), reader.line), 0),
  recvmsg: receiveMessage,
  write: (reader) => send(reader, reader.int(2), 0),
  send: (reader) => send(reader, reader.int(2), reader.int(3)),
  sendto: (reader) => send(reader, reader.int(2), reader.int(3)),
  writev: (reader) => send(reader, vectorBytes(reader.arg(1), reader.line), 0),
  sendmsg: (reader) => send(reader, vectorBytes(messageField(reader, "msg_iov"), reader.line), reader.int(2)),
  setsockopt: (reader) => reader.atOnce((socket) => setOption(reader, socket)),
  getsockopt: (reader) => reader.atOnce((socket) => getOption(reader, socket)),
  poll,
  WSAPoll: poll,
  epoll_create: (reader) => () => reader.calls.put(reader.call.result, reader.line, new DrillEpoll()),
  epoll_create1: (reader) => () => reader.calls.put(reader.call.result, reader.line, new DrillEpoll()),
  epoll_ctl: epollControl,
  epoll_wait: epollWait,
};

/** Whether there is such a call. */
export const isKnownCall = (name: string): boolean => OPERATIONS[name] !== undefined;

// Connections

function accept(reader: CallReader): CallAttempt {
  return reader.onSocket((socket) => () => {
    const { listener } = socket;
    if (listener === undefined) return failure("EINVAL");
    const connection = listener.accept();
    if (connection === undefined) return socket.isNonBlocking ? failure("EAGAIN") : undefined;
    const child = new DrillSocket();
    child.options = { ...socket.options };
    child.space.inherit(socket.space);
    child.receiveBufferBytes = socket.receiveBufferBytes;
    child.tellsInq = socket.tellsInq;
    for (const [name, set] of socket.values) child.values.set(name, set);
    const outcome = reader.calls.put(reader.call.result, reader.line, child);
    child.accepted(connection);
    reader.world.accepts(child, connection);
    return outcome;
  });
}

function connect(reader: CallReader): CallAttempt {
  const family = reader.arg(1);
  if (family?.kind === "word" && family.name === "AF_UNSPEC") return reader.atOnce(disconnect);
  let hasBegun = false;
  return reader.onSocket((socket) => () => {
    if (!hasBegun) {
      hasBegun = true;
      const refusal = beginConnect(reader, socket);
      if (refusal !== "begun") return refusal;
      if (socket.isNonBlocking) {
        reader.world.settle();
        // On a host where the answer needs no time it is here already.
        if (socket.stage === "connecting") return failure("EINPROGRESS");
      }
    }
    if (socket.stage === "connecting") return undefined;
    const error = socket.takeError();
    if (error !== undefined) {
      socket.disconnected();
      return failure(error);
    }
    socket.takeConnected();
    return value(0);
  });
}

function beginConnect(reader: CallReader, socket: DrillSocket): CallOutcome | "begun" {
  switch (socket.stage) {
    case "listening":
      return failure("EISCONN");
    case "connecting":
      return socket.isNonBlocking ? failure("EALREADY") : "begun";
    case "connected":
      return socket.takeConnected() ? value(0) : failure("EISCONN");
    case "failed": {
      const error = socket.takeError();
      socket.disconnected();
      return failure(error ?? "ECONNABORTED");
    }
    default:
  }
  const { host, settings } = reader.world;
  const request = {
    remote: settings.remote,
    remotePort: settings.connectPort,
    ...(socket.bound === undefined ? {} : { localPort: socket.bound.port }),
    options: socket.options,
    user: socket,
  };
  const opened = host.tcp.open(request);
  if (typeof opened === "string") return failure(OPEN_ERRORS[opened]);
  socket.connecting(opened);
  reader.world.connects(socket, opened);
  return "begun";
}

function disconnect(socket: DrillSocket): CallOutcome {
  socket.connection?.abort();
  socket.disconnected();
  return value(0);
}

function shutdown(socket: DrillSocket, how: number, { profile }: CallWorld): CallOutcome {
  const { connection } = socket;
  if (how < 0 || how > 2) return failure("EINVAL");
  if (connection === undefined || socket.stage !== "connected") return failure("ENOTCONN");
  if (how !== symbol("SHUT_WR")) {
    socket.isReadShut = true;
    // Linux goes on taking data that nobody will be told to wait for; elsewhere it is thrown away.
    if (profile.name !== "linux") connection.shutdownReceive();
  }
  if (how !== symbol("SHUT_RD") && !socket.isWriteShut) {
    socket.isWriteShut = true;
    connection.shutdownSend();
  }
  socket.wake();
  return value(0);
}

// Options

function setOption(reader: CallReader, socket: DrillSocket): CallOutcome {
  const { line } = reader;
  const level = reader.int(1);
  const name = reader.int(2);
  const given = reader.arg(3);
  if (level === symbol("SOL_SOCKET") && name === symbol("SO_LINGER")) {
    const isOn = bitsOf(fieldOf(given, "onoff", line) ?? itemsOf(given, line)[0], line) !== 0;
    const seconds = bitsOf(fieldOf(given, "linger", line) ?? itemsOf(given, line)[1], line);
    socket.lingerSeconds = isOn ? seconds : undefined;
    return value(0);
  }
  const option = socketOption(level, name);
  if (option?.set === undefined) return failure("ENOPROTOOPT");
  const [first] = itemsOf(given, line);
  option.set(socket, intOf(first, line));
  return value(0);
}

function getOption(reader: CallReader, socket: DrillSocket): CallOutcome {
  const { line } = reader;
  const level = reader.int(1);
  const name = reader.int(2);
  const [first] = itemsOf(reader.arg(3), line);
  if (level === symbol("SOL_SOCKET") && name === symbol("SO_ERROR")) return compareError(first, socket.takeError(), line);
  const wanted = intOf(first, line);
  const came = optionValue(level, name, socket);
  if (came === undefined) return failure("ENOPROTOOPT");
  if ((came | 0) !== (wanted | 0)) throw new DrillMismatch("the option has another value", String(wanted), String(came));
  return value(0);
}

/** An error that waits to be told, by its number or name. */
function compareError(wanted: ScriptExpr | undefined, came: DrillError | undefined, line: number): CallOutcome {
  const isSame =
    wanted?.kind === "word"
      ? came !== undefined && isNamed(came, wanted.name)
      : intOf(wanted, line) === (came === undefined ? 0 : ERROR_NUMBERS[came]);
  if (!isSame)
    throw new DrillMismatch("SO_ERROR is another", wanted?.kind === "word" ? wanted.name : String(intOf(wanted, line)), came ?? "0");
  return value(0);
}

function optionValue(level: number, name: number, socket: DrillSocket): number | undefined {
  return socketOption(level, name)?.get?.(socket);
}

function ioctl(reader: CallReader): CallAttempt {
  return reader.atOnce((socket) => {
    const { line } = reader;
    const code = reader.int(1);
    const first = itemsOf(reader.arg(2), line)[0];
    if (code === symbol("FIONBIO")) {
      socket.isNonBlocking = intOf(first, line) !== 0;
      return value(0);
    }
    if (socket.stage === "listening") return failure("EINVAL");
    const came = code === symbol("SIOCINQ") ? socket.readableBytes : (socket.connection?.sendQueueBytes ?? 0);
    const wanted = intOf(first, line);
    if (came !== wanted) throw new DrillMismatch("another number of bytes waits", String(wanted), String(came));
    return value(0);
  });
}

// Reading

function receive(reader: CallReader, bytes: number, flags: number): CallAttempt {
  const isIntoNothing = bytes > 0 && isNull(reader.arg(1));
  return reader.onSocket((socket) => () => take(socket, bytes, flags, isIntoNothing));
}

function take(socket: DrillSocket, bytes: number, flags: number, isIntoNothing: boolean): CallOutcome | undefined {
  const { connection } = socket;
  if (connection !== undefined && (flags & MSG.outOfBand) !== 0) return takeUrgent(connection, flags);
  if (connection !== undefined && connection.readableBytes > 0) {
    if (isIntoNothing) return failure("EFAULT");
    const taken = Math.min(bytes, connection.readableBytes);
    if ((flags & MSG.peek) === 0) connection.discard(taken);
    return value(taken);
  }
  const error = socket.takeError();
  if (error !== undefined) return failure(error);
  if (socket.isAtEnd) return value(0);
  if (socket.stage === "new" || socket.stage === "listening") return failure("ENOTCONN");
  return socket.isNonBlocking || (flags & MSG.dontWait) !== 0 ? failure("EAGAIN") : undefined;
}

function takeUrgent(connection: TcpConnection, flags: number): CallOutcome {
  const byte = connection.readUrgent((flags & MSG.peek) !== 0);
  return byte === undefined ? failure(connection.urgentAhead > 0 ? "EAGAIN" : "EINVAL") : value(1);
}

function messageField(reader: CallReader, name: string): ScriptExpr | undefined {
  return fieldOf(reader.arg(1), name, reader.line);
}

function vectorBytes(vector: ScriptExpr | undefined, line: number): number {
  return itemsOf(vector, line).reduce((sum, piece) => sum + intOf(itemsOf(piece, line)[1], line), 0);
}

function receiveMessage(reader: CallReader): CallAttempt {
  const { line } = reader;
  const bytes = vectorBytes(messageField(reader, "msg_iov"), line);
  const flags = reader.int(2);
  return reader.onSocket((socket) => () => {
    const outcome = take(socket, bytes, flags, false);
    if (outcome === undefined || "error" in outcome) return outcome;
    const wantedFlags = messageField(reader, "msg_flags");
    const wanted = wantedFlags === undefined ? 0 : bitsOf(wantedFlags, line);
    const cameFlags = flags & MSG.truncate;
    if (wanted !== cameFlags) {
      throw new DrillMismatch("msg_flags has another value", bitNames(wanted, "MSG_"), bitNames(cameFlags, "MSG_"));
    }
    compareControl(reader, socket);
    return outcome;
  });
}

/** Of control messages there is one kind: how much is left to read. */
function compareControl(reader: CallReader, socket: DrillSocket): void {
  const { line } = reader;
  const wanted = messageField(reader, "msg_control");
  const came = socket.tellsInq ? [socket.readableBytes || (socket.connection?.finReceived === true ? 1 : 0)] : [];
  const messages = wanted === undefined ? [] : itemsOf(wanted, line);
  const numbers = messages.map((message) => {
    const isInq =
      intOf(fieldOf(message, "cmsg_level", line), line) === symbol("SOL_TCP") &&
      intOf(fieldOf(message, "cmsg_type", line), line) === symbol("TCP_CM_INQ");
    return isInq ? intOf(fieldOf(message, "cmsg_data", line), line) : undefined;
  });
  if (wanted !== undefined && String(numbers) !== String(came)) {
    const told = (values: readonly (number | undefined)[]): string =>
      values.map((each) => `TCP_CM_INQ ${each ?? "?"}`).join(", ") || "none";
    throw new DrillMismatch("control messages differ", told(numbers), told(came));
  }
}

// Writing

function send(reader: CallReader, bytes: number, flags: number): CallAttempt {
  const isFromNothing = bytes > 0 && isNull(reader.arg(1)) && reader.call.name !== "sendmsg" && reader.call.name !== "writev";
  let written = 0;
  let isWaiting = false;
  return reader.onSocket((socket) => () => {
    const mayNotWait = socket.isNonBlocking || (flags & MSG.dontWait) !== 0;
    if (socket.stage === "connecting") return mayNotWait ? failure("EAGAIN") : undefined;
    const error = socket.takeError();
    if (error !== undefined) return written > 0 ? value(written) : failure(error);
    const { connection } = socket;
    if (connection === undefined || socket.stage !== "connected" || socket.isWriteShut) return failure("EPIPE");
    if (isFromNothing) return failure("EFAULT");
    // Who has waited goes on when there is room enough to be worth it.
    if (isWaiting && socket.wantsRoom) return undefined;
    while (written < bytes) {
      const piece = Math.min(bytes - written, socket.space.next(connection, reader.world.profile));
      if (piece === 0) break;
      socket.space.writes(piece, connection);
      const isUrgent = (flags & MSG.outOfBand) !== 0 && written + piece === bytes;
      const isTaken = isUrgent
        ? connection.writeUrgent(ZEROES, 0, piece)
        : connection.write(ZEROES, 0, piece, written + piece === bytes ? endingOf(flags) : "more");
      if (!isTaken) return written > 0 ? value(written) : failure("EPIPE");
      written += piece;
      // What leaves at once leaves room for more.
      if (written < bytes) reader.world.settle();
    }
    if (written < bytes) {
      // What was taken is as much as there is for now, and more does not come of itself.
      if (written > 0) connection.write(ZEROES, 0, 0);
      socket.wantsRoom = true;
      isWaiting = true;
    }
    if (written < bytes && !mayNotWait) return undefined;
    if (written === 0 && bytes > 0) return failure("EAGAIN");
    reader.world.wrote(socket, written, (flags & MSG.more) !== 0);
    return value(written);
  });
}

function endingOf(flags: number): WriteEnding | undefined {
  if ((flags & MSG.more) !== 0) return "more";
  return (flags & MSG.endOfRecord) !== 0 ? "record" : undefined;
}

// Waiting for several

/** Milliseconds after which a call ends by itself; undefined for never. @returns whether that time has come */
function deadline(reader: CallReader, timeoutMs: number): () => boolean {
  if (timeoutMs < 0) return () => false;
  const untilMs = reader.world.nowMs + timeoutMs;
  if (timeoutMs > 0) reader.world.wakeAt(untilMs);
  return () => reader.world.nowMs >= untilMs;
}

function poll(reader: CallReader): CallAttempt {
  const { line, calls } = reader;
  const isOver = deadline(reader, reader.int(2));
  const entries = itemsOf(reader.arg(0), line).map((entry) => ({
    fd: intOf(fieldOf(entry, "fd", line), line),
    events: bitsOf(fieldOf(entry, "events", line), line),
    revents: bitsOf(fieldOf(entry, "revents", line), line),
  }));
  return () => {
    const came = entries.map(({ fd, events }) => {
      const socket = calls.socket(fd);
      if (socket === undefined) return symbol("POLLNVAL");
      return calls.ready(socket) & (events | symbol("POLLERR") | symbol("POLLHUP"));
    });
    const count = came.filter((revents) => revents !== 0).length;
    if (count === 0 && !isOver()) return undefined;
    entries.forEach(({ fd, revents }, i) => {
      if (came[i] !== revents) {
        throw new DrillMismatch(`revents of descriptor ${fd} differ`, bitNames(revents, "POLL"), bitNames(came[i]!, "POLL"));
      }
    });
    return value(count);
  };
}

function epollControl(reader: CallReader): CallAttempt {
  const { line, calls } = reader;
  return () => {
    const epoll = calls.epoll(reader.int(0));
    const socket = calls.socket(reader.int(2));
    if (epoll === undefined || socket === undefined) return failure("EBADF");
    const operation = reader.int(1);
    const isThere = epoll.has(socket);
    if (operation === symbol("EPOLL_CTL_DEL")) {
      if (!isThere) return failure("ENOENT");
      epoll.remove(socket);
      return value(0);
    }
    const { events, data } = epollEvent(reader.arg(3), line);
    if (operation === symbol("EPOLL_CTL_ADD")) {
      if (isThere) return failure("EEXIST");
      epoll.add(socket, events, data);
    } else {
      if (!isThere) return failure("ENOENT");
      epoll.change(socket, events, data);
    }
    return value(0);
  };
}

function epollEvent(event: ScriptExpr | undefined, line: number): { readonly events: number; readonly data: EpollData } {
  const events = bitsOf(fieldOf(event, "events", line), line);
  const kind = ["fd", "ptr", "u32", "u64"].find((one) => fieldOf(event, one, line) !== undefined) ?? "fd";
  const given = fieldOf(event, kind, line);
  return { events, data: { kind, value: given === undefined || isEllipsis(given) ? 0 : bitsOf(given, line) } };
}

function epollWait(reader: CallReader): CallAttempt {
  const { line, calls } = reader;
  const isOver = deadline(reader, reader.int(3));
  const wanted = epollEvent(reader.arg(1), line);
  return () => {
    const epoll = calls.epoll(reader.int(0));
    if (epoll === undefined) return failure("EBADF");
    const found = epoll.wait(reader.int(2), (socket) => calls.ready(socket));
    if (found.length === 0 && !isOver()) return undefined;
    const came = found[0] ?? { events: 0, data: { kind: wanted.data.kind, value: 0 } };
    if (came.events !== wanted.events || came.data.value !== wanted.data.value) {
      const told = ({ events, data }: typeof came): string => `${bitNames(events, "EPOLL")} of ${data.kind} ${data.value}`;
      throw new DrillMismatch("epoll tells another event", told(wanted), told(came));
    }
    return value(found.length);
  };
}
