import { SOCKET_ERROR } from "../abi/constants.ts";
import { WSA_IO_PENDING, WSAEFAULT, WSAENETDOWN } from "../abi/errors.ts";
import { STATUS_PENDING, STATUS_SUCCESS, statusOfError } from "../abi/nt-status.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import type { Box, SOCKET } from "../abi/structures.ts";
import { type BlockingPort, CALL, type CallReply, type CallRequest, FENCE } from "../provider/calls.ts";
import { HAS_ROUTINE, NO_PACKET, OVERLAPPED, PACKET_AHEAD, SAID_TO_GO_ON, WENT_ON } from "../provider/overlapped.ts";
import { POSTED } from "../provider/socket.ts";
import type { AlertableThread } from "./alertable.ts";
import type { PacketNames } from "./completion-functions.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";
import type { KnownStreams } from "./known-streams.ts";
import type { PacketsAhead, PortOfSocket } from "./packets-ahead.ts";
import type { ReadAhead } from "./read-ahead.ts";

/** Runs in an alertable wait of the thread that made the call: code, bytes transferred, the call's WSAOVERLAPPED, MSG_ flags. */
export type CompletionRoutine = (dwError: number, cbTransferred: number, lpOverlapped: WSAOVERLAPPED, dwFlags: number) => void;

/** One call carries no more. */
const PIECE = 256 * 1024;
/** A receive that brings so many bytes is part of a stream. */
const STREAM_FROM = 4096;

/** A transfer that was begun and is not known to be over. */
export interface Transfer {
  readonly overlapped: WSAOVERLAPPED;
  readonly routine: CompletionRoutine | null;
  /** The host's names of its calls: more than one where it goes in pieces. */
  readonly calls: number[];
  isOver: boolean;
  error: number;
  /** It failed, but not when it was made. */
  hadGoneOn: boolean;
  bytes: number;
  flags: number;
  /** Its program was told that it goes on. */
  isPending: boolean;
}

/** How the end of a call without a routine is told. @param d, e as of `CallRequest` */
interface Told {
  readonly d: number;
  readonly e: number;
  readonly leavesPacket: boolean;
}

/** Makes the calls of a transfer, and hears their answers. @param d, e as of `CallRequest`, of the last call */
type PostCalls = (port: BlockingPort, transfer: Transfer, d: number, e: number) => void;

export interface BeginOptions {
  /** Filled in where the transfer is over at once. */
  readonly bytes?: Box<number> | null;
  readonly routine?: CompletionRoutine | null;
  /** One that fails at once leaves the status as if it went on (Wine's tests connect and AcceptEx). */
  readonly staysPending?: boolean;
  /** One that is over before its program could be told so is told to be pending all the same (Wine's tests connect, AcceptEx and DisconnectEx). */
  readonly neverAtOnce?: boolean;
  /** As of `PacketNames.made`; those of its socket's sends unless given. */
  readonly unseen?: Set<number>;
  /** Of this failure the program is told as of a call that went on, although the answer came at once (Wine's test unsupported_ioctls). */
  readonly toldLater?: number;
}

export interface TransferCore extends FaceCore {
  readonly thread: AlertableThread;
  readonly packets: PacketNames;
  readonly ahead: PacketsAhead;
  port(): BlockingPort | undefined;
  readonly streams: KnownStreams;
  /** No other call is made of the host now. */
  readonly isInHook: () => boolean;
  setLastError(error: number): void;
}

/** What is known of the overlapped calls of one socket. */
interface SocketFlow {
  /** Sends that had to ask the host, and are not over. */
  sends: number;
  /** The last receive brought much, and the next one is in the middle of a stream. */
  isStreaming: boolean;
  /** What the last receive brought, where it was all that was wanted: there is more. */
  whole: number;
  /** What the host told of the socket (`FENCE`); undefined where it may be otherwise by now. */
  facts: number | undefined;
  /** Where its packets go, if this thread has seen to it. */
  completion: PortOfSocket | undefined;
  /** Receives that want what comes after the bytes that were shown: they are filled here, oldest first. */
  readonly behind: ReceiveBehind[];
  /** As of `PacketNames.made`: while there are any, later calls may not be told of first. */
  readonly unseenSends: Set<number>;
  readonly unseenReceives: Set<number>;
}

interface ReceiveBehind {
  readonly transfer: Transfer;
  readonly buffers: readonly Uint8Array[];
  /** As of `SocketFlow`, when it was made; undefined for one that leaves no packet. */
  readonly completion: PortOfSocket | undefined;
}

/**
 * The overlapped calls of one thread that go on. A call is posted, and a fence after it: when the fence is answered, so is a call that was
 * over at once, and every other one is pending. Its answer comes with those of later calls, before whatever tells of its end.
 *
 * In a stream nobody waits for the fence. A send that the queue is known to take is over when it is called (`SendCredit`), and a receive
 * goes on as far as its program is concerned, until the program looks.
 */
export class Transfers {
  readonly #core: TransferCore;
  readonly #going = new Map<WSAOVERLAPPED, Transfer>();
  readonly #flows = new Map<SOCKET, SocketFlow>();
  /** Sockets in the middle of a stream, of which bytes were asked since the program last waited. */
  readonly #wanting = new Set<SOCKET>();
  /** Sockets with receives that are filled here. */
  readonly #filling = new Set<SOCKET>();
  /** As of `KnownStreams.generation`, when the flows' facts were told. */
  #generation = 0;

  constructor(core: TransferCore) {
    this.#core = core;
  }

  /** Undefined for one that is over, or never was. */
  of(overlapped: WSAOVERLAPPED): Transfer | undefined {
    return this.#going.get(overlapped);
  }

  /** Begins a transfer. @returns 0 when it is over already; SOCKET_ERROR with WSA_IO_PENDING, or with why it did not begin */
  begin(s: SOCKET, overlapped: WSAOVERLAPPED, post: PostCalls, options: BeginOptions = {}): number {
    const { bytes = null, routine = null, staysPending = false, neverAtOnce = false, toldLater = 0, unseen } = options;
    const core = this.#core;
    core.streams.handBack(s);
    const port = core.port();
    // The face's own way to say what is wrong without a network.
    if (port === undefined) return core.call(CALL.fence, s, 0, 0, 0, null).result;
    const bytesBefore = overlapped.InternalHigh;
    const transfer = this.#newTransfer(port, overlapped, routine);
    // With a routine the event is the program's own.
    const event = routine === null ? overlapped.hEvent | 0 : 0;
    if (routine !== null) core.thread.expect();
    const how = OVERLAPPED | ((event & 1) === 0 ? 0 : NO_PACKET) | (routine === null ? 0 : HAS_ROUTINE);
    post(port, transfer, how, event & ~3);
    const last = transfer.calls.at(-1)!;
    // Before any packet can be taken: which of the program's threads takes it is not known.
    core.packets.made(last, overlapped, s === 0 ? undefined : (unseen ?? this.#flowOf(s).unseenSends));
    // What was answered at once is here after this, and no packet tells of it again, unless the program is told that it goes on.
    const { a: facts, data: takenElsewhere } = core.call(CALL.fence, s, toldLater === 0 && !neverAtOnce ? last : 0, 0, 2, null);
    core.packets.takenElsewhere(takenElsewhere);
    const leavesPacket = (event & 1) === 0 && (facts & FENCE.hasPort) !== 0;
    if (!leavesPacket) core.packets.take(last);
    if (s !== 0) this.#flowOf(s).facts = facts;
    port.takeReplies();
    // A socket that is not overlapped keeps its thread, whatever its mode (Microsoft, "WSASocket function").
    if ((facts & FENCE.isSynchronous) !== 0) while (!transfer.isOver && port.awaitPosted());
    if (!transfer.isOver) {
      transfer.isPending = true;
      return core.fail(WSA_IO_PENDING);
    }
    if (neverAtOnce && (transfer.error === 0 || transfer.hadGoneOn)) return core.fail(WSA_IO_PENDING);
    if (toldLater !== 0 && transfer.error === toldLater && (facts & FENCE.isSynchronous) === 0) {
      this.#queueRoutine(transfer);
      return core.fail(WSA_IO_PENDING);
    }
    if (transfer.error !== 0 || (facts & FENCE.skipsPackets) !== 0) core.packets.take(last);
    if (transfer.error !== 0) {
      if (routine !== null) core.thread.forgo();
      overlapped.InternalHigh = bytesBefore;
      if (staysPending) setStatus(overlapped, STATUS_PENDING);
      return core.fail(transfer.error);
    }
    if (bytes !== null) bytes.value = transfer.bytes;
    this.#queueRoutine(transfer);
    core.setLastError(0);
    return 0;
  }

  /** WSASend. */
  beginSend(s: SOCKET, overlapped: WSAOVERLAPPED, bytes: Uint8Array, flags: number, options: BeginOptions): number {
    const { streams } = this.#core;
    const flow = this.#flowOf(s);
    const port = flags === 0 && bytes.length > 0 && bytes.length <= PIECE ? this.#streamPort(flow, options) : undefined;
    port?.takeReplies();
    const isTaken = flow.sends === 0 && streams.takesSend(s);
    if (port === undefined || (flow.sends === 0 && !isTaken && !streams.isFilling(s))) {
      return this.begin(s, overlapped, this.sendOf(s, bytes, flags, true), { ...options, unseen: flow.unseenSends });
    }
    // It waits for room, or behind those that wait.
    if (!isTaken) return this.#goesOn(s, port, overlapped, this.sendOf(s, bytes, flags, true), flow.unseenSends);
    return this.#isOver(s, overlapped, bytes.length, options, flow.unseenSends, ({ d, e }) => {
      // Before it leaves: the answer may be here when it has.
      const answered = streams.sendLeft(s, bytes.length);
      return port.post({ op: CALL.send, s, a: 0, b: POSTED, c: 0, d, e, data: bytes }, answered);
    });
  }

  /**
   * It is over when it is called, and the host hears so.
   * @param leave the call by which it does, as it is to be told. @returns the call's id
   */
  #isOver(
    s: SOCKET,
    overlapped: WSAOVERLAPPED,
    count: number,
    { bytes }: BeginOptions,
    unseen: Set<number>,
    leave: (told: Told) => number,
  ): number {
    const { packets, ahead, setLastError } = this.#core;
    if (this.#going.delete(overlapped)) setStatus(overlapped, STATUS_SUCCESS);
    else overlapped.Internal = STATUS_SUCCESS;
    // It goes on for another face.
    if (overlapped.Internal !== STATUS_SUCCESS) setStatus(overlapped, STATUS_SUCCESS);
    overlapped.InternalHigh = count;
    const told = this.#toldBy(s, overlapped);
    const { completion, facts = 0 } = this.#flowOf(s);
    const leavesPacket = told.leavesPacket && (facts & FENCE.skipsPackets) === 0;
    const mayBe = leavesPacket && told.e === 0 && unseen.size === 0;
    const isAhead = mayBe && completion !== undefined && ahead.mayAdd(completion.port);
    const call = leave(isAhead ? { ...told, d: told.d | PACKET_AHEAD } : told);
    if (leavesPacket) packets.made(call, overlapped, isAhead ? undefined : unseen);
    if (isAhead) ahead.add(completion.port, { key: completion.key, call, isOurs: true, bytes: count, error: 0 });
    if (bytes) bytes.value = count;
    this.#keepOrder();
    setLastError(0);
    return 0;
  }

  /** WSARecv and WSARecvFrom without flags. @param answered as of `callOf` */
  beginReceive(
    s: SOCKET,
    overlapped: WSAOVERLAPPED,
    buffers: readonly Uint8Array[],
    request: Omit<CallRequest, "id">,
    answered: (transfer: Transfer, reply: CallReply) => void,
    options: BeginOptions,
  ): number {
    const flow = this.#flowOf(s);
    const { streams } = this.#core;
    const port = flow.isStreaming ? this.#streamPort(flow, options) : undefined;
    const isPlain = request.op === CALL.recv;
    const noting = (isBehind: boolean): PostCalls =>
      this.callOf(isBehind ? { ...request, c: 1 } : request, (transfer, reply) => {
        answered(transfer, reply);
        flow.isStreaming = reply.error === 0 && transfer.bytes >= STREAM_FROM;
        flow.whole = flow.isStreaming && transfer.bytes === request.a ? transfer.bytes : 0;
      });
    const unseen = flow.unseenReceives;
    if (port === undefined) return this.begin(s, overlapped, noting(false), { ...options, unseen });
    if (isPlain) {
      // What the host has to show may be that the connection is dead, which comes before bytes.
      port.takeReplies();
      this.#fill(s, port, flow);
      const ahead = flow.behind.length === 0 ? streams.readAhead(s) : undefined;
      const shown = ahead === undefined ? 0 : takeInto(buffers, ahead);
      if (ahead !== undefined && shown > 0) return this.#receivedShown(s, port, ahead, overlapped, shown, options);
      if (streams.readAhead(s)?.isAsked === true) return this.#goesOnBehind(s, port, flow, overlapped, buffers, noting(true));
      if (flow.whole > 0) this.#wanting.add(s);
    }
    streams.handBackShownOf(s);
    return this.#goesOn(s, port, overlapped, noting(false), unseen);
  }

  /** The program goes to wait for its calls: what comes after the bytes that they want had better be here when it is wanted. */
  aboutToWait(): void {
    if (this.#wanting.size === 0) return;
    for (const s of this.#wanting) {
      const whole = this.#flows.get(s)?.whole ?? 0;
      if (whole > 0) this.#core.streams.received(s, whole, whole);
    }
    this.#wanting.clear();
  }

  /** Some receives are filled here. */
  get mayFill(): boolean {
    return this.#filling.size > 0;
  }

  /** Answers that have come fill the receives that stand behind what was shown. @param isAhead the thread may take their packets without asking */
  fill(isAhead = true): void {
    const port = this.#filling.size === 0 ? undefined : this.#core.port();
    if (port === undefined) return;
    port.takeReplies();
    for (const s of this.#filling) this.#fill(s, port, this.#flowOf(s), isAhead);
  }

  /** Makes a call that may take long, and fills receives meanwhile. */
  callAndFill(request: Omit<CallRequest, "id">): CallReply {
    let reply: CallReply | undefined;
    const port = this.#core.port();
    port?.post(request, (answer) => {
      reply = { ...answer, data: answer.data?.slice() ?? null };
    });
    while (reply === undefined && port?.awaitPosted() === true) this.fill(false);
    return reply ?? { id: 0, result: SOCKET_ERROR, error: WSAENETDOWN, a: 0, b: 0, data: null };
  }

  /** The thread turns to something else: the host fills receives from here on. */
  release(): void {
    const port = this.#filling.size === 0 ? undefined : this.#core.port();
    if (port === undefined) return;
    for (const s of [...this.#filling]) this.#giveBack(s, port, this.#flowOf(s));
  }

  #giveBack(s: SOCKET, port: BlockingPort, flow: SocketFlow): void {
    this.#filling.delete(s);
    flow.behind.length = 0;
    this.#core.streams.handBackShownOf(s);
    port.post({ op: CALL.taken, s, a: 0, b: 0, c: 1, data: null }, () => {});
  }

  #fill(s: SOCKET, port: BlockingPort, flow: SocketFlow, isAhead = true): void {
    const { streams, ahead: packets, packets: names } = this.#core;
    const { behind, unseenReceives: unseen } = flow;
    if (behind.length === 0) return;
    const ahead = streams.readAhead(s);
    for (let next = behind[0]; next !== undefined && ahead !== undefined && ahead.heldBytes > 0; next = behind[0]) {
      const { transfer, buffers, completion } = next;
      const bytes = takeInto(buffers, ahead);
      if (bytes === 0) break;
      behind.shift();
      transfer.bytes = bytes;
      this.#finish(transfer, 0);
      const call = transfer.calls[0]!;
      // None that is older may come after it.
      const isOldest = unseen.values().next().value === call;
      const mayAdd = isAhead && isOldest && completion !== undefined && packets.mayAdd(completion.port);
      ahead.counter.tellWith((a) =>
        port.post({ op: CALL.taken, s, a, b: bytes, c: 0, d: mayAdd ? PACKET_AHEAD : 0, e: call, data: null }, () => {}),
      );
      if (mayAdd) {
        packets.add(completion.port, { key: completion.key, call, isOurs: true, bytes, error: 0 });
        names.seen(call);
      }
      streams.tookShown(s, ahead);
    }
    if (behind.length === 0) this.#filling.delete(s);
    // No more is to come that way: the host knows what is.
    else if (ahead?.isAsked !== true) this.#giveBack(s, port, flow);
  }

  #goesOnBehind(
    s: SOCKET,
    port: BlockingPort,
    flow: SocketFlow,
    overlapped: WSAOVERLAPPED,
    buffers: readonly Uint8Array[],
    post: PostCalls,
  ): number {
    const result = this.#goesOn(s, port, overlapped, post, flow.unseenReceives);
    const transfer = this.#going.get(overlapped);
    if (transfer === undefined) return result;
    const leavesPacket = this.#toldBy(s, overlapped).leavesPacket;
    flow.behind.push({ transfer, buffers, completion: leavesPacket ? flow.completion : undefined });
    this.#filling.add(s);
    return result;
  }

  #receivedShown(s: SOCKET, port: BlockingPort, ahead: ReadAhead, overlapped: WSAOVERLAPPED, count: number, options: BeginOptions): number {
    const { streams } = this.#core;
    const { unseenReceives } = this.#flowOf(s);
    const result = this.#isOver(s, overlapped, count, options, unseenReceives, ({ d, e }) => {
      let call = 0;
      ahead.counter.tellWith((taken) => {
        call = port.post({ op: CALL.taken, s, a: taken, b: count, c: 0, d, e, data: null }, () => {});
      });
      return call;
    });
    streams.tookShown(s, ahead);
    return result;
  }

  /** In the middle of a stream: the program is told that it goes on, before anybody knows. */
  #goesOn(s: SOCKET, port: BlockingPort, overlapped: WSAOVERLAPPED, post: PostCalls, unseen: Set<number>): number {
    const transfer = this.#newTransfer(port, overlapped, null);
    const { d, e, leavesPacket } = this.#toldBy(s, overlapped);
    post(port, transfer, d | SAID_TO_GO_ON, e);
    // Where the network is gone the answer is here already.
    if (transfer.isOver) return this.#core.fail(transfer.error);
    transfer.isPending = true;
    if (leavesPacket) this.#core.packets.made(transfer.calls.at(-1)!, overlapped, unseen);
    this.#keepOrder();
    return this.#core.fail(WSA_IO_PENDING);
  }

  /** The program changes what the host told of the socket. */
  forgetFacts(s: SOCKET): void {
    const flow = this.#flows.get(s);
    if (flow !== undefined) flow.facts = undefined;
  }

  /** The socket has got a port, by this thread. */
  associated(s: SOCKET, completion: PortOfSocket): void {
    this.#flowOf(s).completion = completion;
  }

  /** A handle is closed that may have been a port's. */
  forgetPort(port: HANDLE): void {
    for (const flow of this.#flows.values()) if (flow.completion?.port === port) flow.completion = undefined;
  }

  /** The socket is closed. */
  drop(s: SOCKET): void {
    this.#flows.delete(s);
    this.#wanting.delete(s);
    this.#filling.delete(s);
  }

  /** Every socket is. */
  clear(): void {
    this.#flows.clear();
    this.#wanting.clear();
    this.#filling.clear();
  }

  /** Undefined where a call has to ask the host what becomes of it. */
  #streamPort(flow: SocketFlow, { routine = null }: BeginOptions): BlockingPort | undefined {
    const { streams, isInHook, port } = this.#core;
    if (routine !== null || isInHook() || !streams.isAlone()) return undefined;
    if (this.#generation !== streams.generation) {
      this.#generation = streams.generation;
      for (const each of this.#flows.values()) each.facts = undefined;
    }
    return ((flow.facts ?? FENCE.isSynchronous) & FENCE.isSynchronous) === 0 ? port() : undefined;
  }

  /** Whoever came while a call left must not come before it. */
  #keepOrder(): void {
    if (!this.#core.streams.isAlone()) this.#core.call(CALL.fence, 0, 0, 0, 0, null);
  }

  #toldBy(s: SOCKET, { hEvent }: WSAOVERLAPPED): Told {
    const event = hEvent | 0;
    const mayLeave = (event & 1) === 0;
    const hasPort = ((this.#flowOf(s).facts ?? 0) & FENCE.hasPort) !== 0;
    return { d: OVERLAPPED | (mayLeave ? 0 : NO_PACKET), e: event & ~3, leavesPacket: mayLeave && hasPort };
  }

  #flowOf(s: SOCKET): SocketFlow {
    let flow = this.#flows.get(s);
    if (flow === undefined) {
      flow = {
        sends: 0,
        isStreaming: false,
        whole: 0,
        facts: undefined,
        completion: undefined,
        behind: [],
        unseenSends: new Set(),
        unseenReceives: new Set(),
      };
      this.#flows.set(s, flow);
    }
    return flow;
  }

  #newTransfer(port: BlockingPort, overlapped: WSAOVERLAPPED, routine: CompletionRoutine | null): Transfer {
    const transfer: Transfer = {
      overlapped,
      routine,
      calls: [],
      isOver: false,
      error: 0,
      hadGoneOn: false,
      bytes: 0,
      flags: 0,
      isPending: false,
    };
    showStatus(overlapped, () => {
      port.takeReplies();
      this.fill();
    });
    overlapped.InternalHigh = 0;
    this.#going.set(overlapped, transfer);
    return transfer;
  }

  /** A send, in as many pieces as it takes; it is over with the last of them. @param learns what its answer says of the queue holds afterwards */
  sendOf(s: SOCKET, bytes: Uint8Array, flags: number, learns = false): PostCalls {
    return (port, transfer, d, e) => {
      let left = Math.max(1, Math.ceil(bytes.length / PIECE));
      let failure = 0;
      const flow = this.#flowOf(s);
      flow.sends++;
      for (let at = 0; at === 0 || at < bytes.length; at += PIECE) {
        const isLast = at + PIECE >= bytes.length;
        const how = isLast ? { c: 0, d, e } : { c: 1, d: OVERLAPPED | NO_PACKET, e: 0 };
        const request = { op: CALL.send, s, a: flags, b: at > 0 ? 1 : 0, ...how, data: bytes.subarray(at, at + PIECE) };
        const id = port.post(request, ({ result, error, a, b }) => {
          if (result > 0) transfer.bytes += result;
          failure ||= error;
          left--;
          if (left > 0) return;
          flow.sends--;
          // While another one waits, the queue has no room whatever it says.
          if (learns && flow.sends === 0 && result > 0) this.#core.streams.learnQueue(s, a, b);
          this.#finish(transfer, failure);
        });
        transfer.calls.push(id);
      }
    };
  }

  /** @param answered notes what its answer brought */
  callOf(request: Omit<CallRequest, "id">, answered: (transfer: Transfer, reply: CallReply) => void): PostCalls {
    return (port, transfer, d, e) => {
      const id = port.post({ ...request, d, e }, (reply) => {
        // It was filled here.
        if (transfer.isOver) return;
        this.#noLongerBehind(request.s, transfer);
        transfer.hadGoneOn = reply.error !== 0 && reply.data === null && reply.a === WENT_ON;
        this.#finish(transfer, noted(() => answered(transfer, reply)) ? reply.error : WSAEFAULT);
      });
      transfer.calls.push(id);
    };
  }

  /** The host has answered it. */
  #noLongerBehind(s: SOCKET, transfer: Transfer): void {
    const behind = this.#flows.get(s)?.behind;
    const at = behind?.findIndex((each) => each.transfer === transfer) ?? -1;
    if (at >= 0) behind?.splice(at, 1);
  }

  /** Its last answer has come. */
  #finish(transfer: Transfer, error: number): void {
    const { overlapped } = transfer;
    transfer.isOver = true;
    transfer.error = error;
    if (this.#going.get(overlapped) === transfer) this.#going.delete(overlapped);
    setStatus(overlapped, statusOfError(error));
    overlapped.InternalHigh = transfer.bytes;
    if (transfer.isPending) this.#queueRoutine(transfer);
  }

  #queueRoutine({ routine, error, bytes, overlapped, flags }: Transfer): void {
    if (routine !== null) this.#core.thread.queue(() => routine(error, bytes, overlapped, flags), true);
  }
}

/** Bytes that were shown before they were wanted go where they are wanted. @returns how many */
function takeInto(buffers: readonly Uint8Array[], ahead: ReadAhead): number {
  let count = 0;
  for (const buffer of buffers) {
    const taken = ahead.take(buffer);
    count += taken;
    if (taken < buffer.length) break;
  }
  return count;
}

/** Memory that cannot be written is no reason for whoever takes the answer, in whatever call, to fail. @returns whether it could be */
export function noted(note: () => void): boolean {
  try {
    note();
    return true;
  } catch {
    return false;
  }
}

/** While a transfer goes on, whoever reads its status sees what has come by then. */
function showStatus(overlapped: WSAOVERLAPPED, look: () => void): void {
  let isLooking = false;
  Object.defineProperty(overlapped, "Internal", {
    configurable: true,
    enumerable: true,
    get() {
      if (!isLooking) {
        isLooking = true;
        look();
        isLooking = false;
      }
      // What has come may have put a plain value in place of this.
      const now = Object.getOwnPropertyDescriptor(overlapped, "Internal");
      return now !== undefined && "value" in now ? now.value : STATUS_PENDING;
    },
    set() {},
  });
}

function setStatus(overlapped: WSAOVERLAPPED, status: number): void {
  Object.defineProperty(overlapped, "Internal", { configurable: true, enumerable: true, writable: true, value: status });
}
