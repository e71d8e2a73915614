import { SOCKET_ERROR } from "../abi/constants.ts";
import { WSAENETDOWN } from "../abi/errors.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import type { SOCKET } from "../abi/structures.ts";
import { type BlockingPort, CALL, type CallReply, type CallRequest } from "../provider/calls.ts";
import { PACKET_AHEAD } from "../provider/overlapped.ts";
import type { PortOfSocket } from "./packets-ahead.ts";
import { lengthOf } from "./scattered.ts";
import type { SocketFlow } from "./socket-flow.ts";
import type { BeginOptions, Transfer, TransferCore, Transfers } from "./transfers.ts";

/** A receive that brings so many bytes is part of a stream. */
const STREAM_FROM = 4096;

/** A receive that wants what comes after the bytes that are shown. */
interface ReceiveBehind {
  readonly transfer: Transfer;
  readonly buffers: readonly Uint8Array[];
  /** Where its packet goes; undefined for one that leaves none that this thread could know of. */
  readonly completion: PortOfSocket | undefined;
}

/** A receive as its function makes it. */
export interface ReceiveRequest extends Omit<CallRequest, "id"> {
  /** Notes what an answer brought. */
  readonly answered: (transfer: Transfer, reply: CallReply) => void;
}

/**
 * Overlapped receives in the middle of a stream. One that finds bytes that were shown is over when it is called. One that finds none, while more
 * are to be shown, stands behind them: it is filled here when they come. The host knows of it as of any other, but leaves it alone until the
 * thread turns to something else, or another thread comes; so nobody finds it lost, whoever waits for its end.
 */
export class StreamReceives {
  readonly #core: TransferCore;
  readonly #transfers: Transfers;
  /** Oldest first. Where there are none the socket is not in here. */
  readonly #behind = new Map<SOCKET, ReceiveBehind[]>();
  /** Sockets in the middle of a stream of which the host was asked for bytes since the thread last waited. */
  readonly #wanting = new Set<SOCKET>();

  constructor(core: TransferCore, transfers: Transfers) {
    this.#core = core;
    this.#transfers = transfers;
  }

  /** WSARecv without flags, where bytes are here. @returns undefined where it has to be made */
  takeShown(s: SOCKET, overlapped: WSAOVERLAPPED, buffers: readonly Uint8Array[], options: BeginOptions): number | undefined {
    const flow = this.#transfers.flows.of(s);
    const port = flow.isStreaming ? this.#transfers.streamPort(flow, options) : undefined;
    if (port === undefined) return undefined;
    // What the host has to show may be that the connection is dead, which comes before bytes.
    port.takeReplies();
    this.#fill(s, port);
    const ahead = this.#behind.has(s) ? undefined : this.#core.streams.readAhead(s);
    if (ahead === undefined || ahead.heldBytes === 0) return undefined;
    const count = Math.min(ahead.heldBytes, lengthOf(buffers));
    const result = this.#transfers.endAtOnce(s, overlapped, count, options, flow.unseenReceives, ({ d, e }) => {
      let call: number | undefined;
      ahead.takeAndTell(buffers, (a, b) => {
        call = port.post({ op: CALL.taken, s, a, b, c: 0, d, e, data: null }, () => {});
      });
      return call;
    });
    if (result !== undefined) this.#core.streams.tookShown(s, ahead);
    return result;
  }

  /** WSARecv and WSARecvFrom without flags, where `takeShown` has found nothing. */
  begin(s: SOCKET, overlapped: WSAOVERLAPPED, buffers: readonly Uint8Array[], request: ReceiveRequest, options: BeginOptions): number {
    const { streams } = this.#core;
    const flow = this.#transfers.flows.of(s);
    const { unseenReceives: unseen } = flow;
    const port = flow.isStreaming ? this.#transfers.streamPort(flow, options) : undefined;
    const isPlain = request.op === CALL.recv;
    const isBehind = port !== undefined && isPlain && streams.readAhead(s)?.isAsked === true;
    const { answered, ...call } = request;
    const post = this.#transfers.callOf(isBehind ? { ...call, c: 1 } : call, (transfer, reply) => {
      this.#leave(s, transfer);
      answered(transfer, reply);
      noteStream(flow, transfer.bytes, reply.error, request.a);
    });
    if (port === undefined) return this.#transfers.begin(s, overlapped, post, { ...options, unseen });
    if (!isBehind) {
      if (isPlain && flow.whole > 0) this.#wanting.add(s);
      streams.handBackShownOf(s);
      return this.#transfers.goOn(s, port, overlapped, post, unseen);
    }
    const result = this.#transfers.goOn(s, port, overlapped, post, unseen);
    const transfer = this.#transfers.of(overlapped);
    if (transfer !== undefined) this.#standBehind(s, { transfer, buffers, completion: this.#transfers.completionOf(s, overlapped) });
    return result;
  }

  #standBehind(s: SOCKET, receive: ReceiveBehind): void {
    const behind = this.#behind.get(s);
    if (behind === undefined) this.#behind.set(s, [receive]);
    else behind.push(receive);
  }

  /** The program goes to wait for its calls: what comes after the bytes that they want had better be here when it is wanted. */
  aboutToWait(): void {
    if (this.#wanting.size === 0) return;
    for (const s of this.#wanting) {
      const { whole } = this.#transfers.flows.of(s);
      if (whole > 0) this.#core.streams.received(s, whole, whole);
    }
    this.#wanting.clear();
  }

  /** Some receives are filled here. */
  get mayFill(): boolean {
    return this.#behind.size > 0;
  }

  /** Answers that have come fill receives. @param isAhead the thread may take their packets without asking */
  fill(isAhead = true): void {
    const port = this.mayFill ? this.#core.port() : undefined;
    if (port === undefined) return;
    port.takeReplies();
    for (const s of [...this.#behind.keys()]) this.#fill(s, port, isAhead);
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
    const port = this.mayFill ? this.#core.port() : undefined;
    if (port === undefined) return;
    for (const s of [...this.#behind.keys()]) this.#giveBack(s, port);
  }

  /** The socket is about to be closed: what stands behind is the host's to end. */
  drop(s: SOCKET): void {
    const port = this.#behind.has(s) ? this.#core.port() : undefined;
    if (port !== undefined) this.#giveBack(s, port);
    this.#wanting.delete(s);
  }

  /** Every socket is. */
  clear(): void {
    this.#behind.clear();
    this.#wanting.clear();
  }

  #giveBack(s: SOCKET, port: BlockingPort): void {
    this.#behind.delete(s);
    this.#core.streams.handBackShownOf(s);
    port.post({ op: CALL.taken, s, a: 0, b: 0, c: 1, data: null }, () => {});
  }

  /** The host has answered it. */
  #leave(s: SOCKET, transfer: Transfer): void {
    const behind = this.#behind.get(s);
    const at = behind?.findIndex((each) => each.transfer === transfer) ?? -1;
    if (behind === undefined || at < 0) return;
    behind.splice(at, 1);
    if (behind.length === 0) this.#behind.delete(s);
  }

  #fill(s: SOCKET, port: BlockingPort, isAhead = true): void {
    const behind = this.#behind.get(s);
    if (behind === undefined) return;
    const { streams, ahead: packets, packets: names } = this.#core;
    const { unseenReceives: unseen } = this.#transfers.flows.of(s);
    const ahead = streams.readAhead(s);
    for (let next = behind[0]; next !== undefined && ahead !== undefined && ahead.heldBytes > 0; next = behind[0]) {
      const { transfer, buffers, completion } = next;
      const call = transfer.calls[0]!;
      // None that is older may come after it.
      const isOldest = unseen.values().next().value === call;
      const mayAdd = isAhead && isOldest && completion !== undefined && packets.mayAdd(completion.port);
      const d = mayAdd ? PACKET_AHEAD : 0;
      // Another thread that came between would have the host fill it once more.
      const bytes = ahead.takeAndTell(buffers, (a, b) => port.post({ op: CALL.taken, s, a, b, c: 0, d, e: call, data: null }, () => {}));
      if (bytes === 0) break;
      behind.shift();
      transfer.bytes = bytes;
      this.#transfers.finish(transfer, 0);
      if (mayAdd) {
        packets.add(completion.port, { key: completion.key, call, isOurs: true, bytes, error: 0 });
        names.seen(call);
      }
      streams.tookShown(s, ahead);
    }
    if (behind.length === 0) this.#behind.delete(s);
    // No more is to come that way: the host knows what is.
    else if (ahead?.isAsked !== true) this.#giveBack(s, port);
  }
}

/** What the end of a receive tells of the next one. */
function noteStream(flow: SocketFlow, bytes: number, error: number, wanted: number): void {
  flow.isStreaming = error === 0 && bytes >= STREAM_FROM;
  flow.whole = flow.isStreaming && bytes === wanted ? bytes : 0;
}
