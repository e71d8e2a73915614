import { WSA_IO_PENDING, WSAEFAULT } from "../abi/errors.ts";
import { STATUS_PENDING, STATUS_SUCCESS, statusOfError } from "../abi/nt-status.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import type { Box, SOCKET } from "../abi/structures.ts";
import { type BlockingPort, CALL, type CallReply, type CallRequest, FENCE } from "../provider/calls.ts";
import { HAS_ROUTINE, NO_PACKET, OVERLAPPED, PACKET_AHEAD, SAID_TO_GO_ON, WENT_ON } from "../provider/overlapped.ts";
import { POSTED } from "../provider/socket.ts";
import type { AlertableThread } from "./alertable.ts";
import type { PacketNames } from "./completion-functions.ts";
import type { FaceCore } from "./event-functions.ts";
import type { KnownStreams } from "./known-streams.ts";
import type { PacketsAhead, PortOfSocket } from "./packets-ahead.ts";
import { type SocketFlow, SocketFlows } from "./socket-flow.ts";

/** Runs in an alertable wait of the thread that made the call: code, bytes transferred, the call's WSAOVERLAPPED, MSG_ flags. */
export type CompletionRoutine = (dwError: number, cbTransferred: number, lpOverlapped: WSAOVERLAPPED, dwFlags: number) => void;

/** One call carries no more. */
const PIECE = 256 * 1024;

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
interface EndTold {
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
  /** Answers have been taken, and may be for receives that stand behind what was shown. */
  readonly fillReceives: () => void;
  /** No other call is made of the host now. */
  readonly isInHook: () => boolean;
  setLastError(error: number): void;
}

/**
 * The overlapped calls of one thread that go on. A call is posted, and a fence after it: when the fence is answered, so is a call that was
 * over at once, and every other one is pending. Its answer comes with those of later calls, before whatever tells of its end.
 *
 * In a stream nobody waits for the fence. A send that the queue is known to take is over when it is called (`SendCredit`); for receives see
 * `StreamReceives`.
 */
export class Transfers {
  readonly #core: TransferCore;
  readonly #going = new Map<WSAOVERLAPPED, Transfer>();
  readonly flows = new SocketFlows();
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
    core.packets.made(last, overlapped, s === 0 ? undefined : (unseen ?? this.flows.of(s).unseenSends));
    // What was answered at once is here after this, and no packet tells of it again, unless the program is told that it goes on.
    const { a: facts, data: takenElsewhere } = core.call(CALL.fence, s, toldLater === 0 && !neverAtOnce ? last : 0, 0, 2, null);
    core.packets.takenElsewhere(takenElsewhere);
    const leavesPacket = (event & 1) === 0 && (facts & FENCE.hasPort) !== 0;
    if (!leavesPacket) core.packets.take(last);
    if (s !== 0) this.flows.of(s).facts = facts;
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
    const flow = this.flows.of(s);
    const port = flags === 0 && bytes.length > 0 && bytes.length <= PIECE ? this.streamPort(flow, options) : undefined;
    port?.takeReplies();
    const isTaken = flow.sends === 0 && streams.takesSend(s);
    if (port === undefined || (flow.sends === 0 && !isTaken && !streams.isFilling(s))) {
      return this.begin(s, overlapped, this.sendOf(s, bytes, flags, true), { ...options, unseen: flow.unseenSends });
    }
    // It waits for room, or behind those that wait.
    if (!isTaken) return this.goOn(s, port, overlapped, this.sendOf(s, bytes, flags, true), flow.unseenSends);
    return this.endAtOnce(s, overlapped, bytes.length, options, flow.unseenSends, ({ d, e }) => {
      // Before it leaves: the answer may be here when it has.
      const answered = streams.sendLeft(s, bytes.length);
      return port.post({ op: CALL.send, s, a: 0, b: POSTED, c: 0, d, e, data: bytes }, answered);
    })!;
  }

  /**
   * A transfer that is over when its function is called; the host hears so.
   * @param leave the call by which it does, as it is to be told. @returns the call's id; undefined where it is not over after all
   * @returns 0; undefined where it has to begin
   */
  endAtOnce(
    s: SOCKET,
    overlapped: WSAOVERLAPPED,
    count: number,
    { bytes }: BeginOptions,
    unseen: Set<number>,
    leave: (told: EndTold) => number | undefined,
  ): number | undefined {
    const { packets, ahead, setLastError } = this.#core;
    // First: of a structure that cannot be written nothing leaves.
    if (this.#going.delete(overlapped)) setStatus(overlapped, STATUS_SUCCESS);
    else overlapped.Internal = STATUS_SUCCESS;
    // It goes on for another face.
    if (overlapped.Internal !== STATUS_SUCCESS) setStatus(overlapped, STATUS_SUCCESS);
    overlapped.InternalHigh = count;
    const told = this.#toldBy(s, overlapped);
    const { completion, facts = 0 } = this.flows.of(s);
    const leavesPacket = told.leavesPacket && (facts & FENCE.skipsPackets) === 0;
    const mayBe = leavesPacket && told.e === 0 && unseen.size === 0;
    const isAhead = mayBe && completion !== undefined && ahead.mayAdd(completion.port);
    const call = leave(isAhead ? { ...told, d: told.d | PACKET_AHEAD } : told);
    if (call === undefined) return undefined;
    if (leavesPacket) packets.made(call, overlapped, isAhead ? undefined : unseen);
    if (isAhead) ahead.add(completion.port, { key: completion.key, call, isOurs: true, bytes: count, error: 0 });
    if (bytes) bytes.value = count;
    this.#keepOrder();
    setLastError(0);
    return 0;
  }

  /** In the middle of a stream: the program is told that it goes on, before anybody knows. */
  goOn(s: SOCKET, port: BlockingPort, overlapped: WSAOVERLAPPED, post: PostCalls, unseen: Set<number>): number {
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

  /** Undefined where a call has to ask the host what becomes of it. */
  streamPort(flow: SocketFlow, { routine = null }: BeginOptions): BlockingPort | undefined {
    const { streams, isInHook, port } = this.#core;
    if (routine !== null || isInHook() || !streams.isAlone()) return undefined;
    if (this.#generation !== streams.generation) {
      this.#generation = streams.generation;
      this.flows.forgetAllFacts();
    }
    return ((flow.facts ?? FENCE.isSynchronous) & FENCE.isSynchronous) === 0 ? port() : undefined;
  }

  /** Whoever came while a call left must not come before it. */
  #keepOrder(): void {
    if (!this.#core.streams.isAlone()) this.#core.call(CALL.fence, 0, 0, 0, 0, null);
  }

  /** Where the packet of a call goes, if it leaves one that this thread can know of: one whose event is none leaves nothing. */
  completionOf(s: SOCKET, overlapped: WSAOVERLAPPED): PortOfSocket | undefined {
    const { leavesPacket, e } = this.#toldBy(s, overlapped);
    return leavesPacket && e === 0 ? this.flows.of(s).completion : undefined;
  }

  #toldBy(s: SOCKET, { hEvent }: WSAOVERLAPPED): EndTold {
    const event = hEvent | 0;
    const mayLeave = (event & 1) === 0;
    const hasPort = ((this.flows.of(s).facts ?? 0) & FENCE.hasPort) !== 0;
    return { d: OVERLAPPED | (mayLeave ? 0 : NO_PACKET), e: event & ~3, leavesPacket: mayLeave && hasPort };
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
      this.#core.fillReceives();
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
      const flow = this.flows.of(s);
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
          this.finish(transfer, failure);
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
        transfer.hadGoneOn = reply.error !== 0 && reply.data === null && reply.a === WENT_ON;
        this.finish(transfer, noted(() => answered(transfer, reply)) ? reply.error : WSAEFAULT);
      });
      transfer.calls.push(id);
    };
  }

  /** Its last answer has come. */
  finish(transfer: Transfer, error: number): void {
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
