import { FD_CLOSE, FD_READ, FIONBIO, FIONREAD, MSG_PEEK, SD_SEND, SO_LINGER, SOL_SOCKET } from "../../../src/winsock/abi/constants.ts";
import { WSAEINTR } from "../../../src/winsock/abi/errors.ts";
import { sizeof_linger } from "../../../src/winsock/abi/structures.ts";
import { encodeSets } from "../../../src/winsock/provider/select.ts";
import { tcpOf } from "../../support/insides.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";
import { type KnownSend, peerByte, sendBytes, wrongWithRead } from "./byte-streams.ts";
import { type ProgramCall, ProgramThread } from "./program-calls.ts";
import { type ProgramStep, type RandomProgram, THREADS } from "./program-step.ts";

const PROCESS = 77;
/** Numbers of clients that no other has. */
const FIRST_CLIENT = 1000;
const PORT = 80;
/** Longer than any wait of a program, and than a connection lives without an answer. */
const UNTIL_ALL_IS_OVER_MS = 1_200_000;
const PACKET_BYTES = 40;

/**
 * Runs a random program: four threads that share a socket, a peer, and a wire that loses. What is true of every program is checked as it
 * goes and at the end.
 * @throws Error that says what is wrong
 */
export function runProgram({ seed, loss, steps }: RandomProgram): void {
  new ProgramRun(seed, loss).run(steps);
}

class ProgramRun {
  readonly #v: VirtualWinsock;
  readonly #threads: ProgramThread[] = [];
  readonly #ended: ProgramThread[] = [];
  #lastClient = FIRST_CLIENT;
  readonly #s: number;
  readonly #event: number;
  readonly #port: number;
  readonly #peer: number;
  readonly #listener: number;
  readonly #connectionsBefore: number;
  /** What the program has received, in the order of the answers. */
  #received = 0;
  readonly #sends: { readonly index: number; readonly call: ProgramCall }[] = [];
  #peerSent = 0;
  readonly #peerRead: Uint8Array[] = [];
  #isClosed = false;
  #wasReset = false;
  #peerHasEnded = false;
  /** Packets that the program itself posted, and those of them that were taken. */
  #posted = 0;
  #takenPosts = 0;
  /** A call that the event tells of is over, and none has been made since, which would reset it. */
  #mustBeSet = false;
  /** FD_READ may be told: it was not since it was selected, or received. */
  #mayTellRead = true;
  /** Bytes that could be read when it was told last; it is told again when more have come. */
  #readableWhenTold = 0;
  #mask = 0;
  #toldClose = 0;

  constructor(seed: number, loss: number) {
    this.#v = new VirtualWinsock({ seed });
    const { provider, peerWinsock, cable } = this.#v;
    this.#connectionsBefore = tcpOf(this.#v.ours).connectionCount;
    for (let i = 0; i < THREADS; i++) this.#threads.push(this.#newThread());
    const [first] = this.#threads as [ProgramThread];
    first.ask("startup", { a: 0x0202 });
    this.#listener = this.#v.listener(PORT);
    this.#s = first.ask("socket", { a: 2, b: 1, c: 6 }).result;
    const connecting = first.make("connect", {
      s: this.#s,
      a: 16,
      data: Uint8Array.of(2, 0, 0, PORT, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    });
    this.#peer = peerWinsock.accept(this.#listener, null, null);
    peerWinsock.ioctlsocket(this.#peer, FIONBIO, { value: 1 });
    this.#v.advance(10);
    check(connecting.reply?.error === 0, "the connection stands");
    this.#event = first.ask("createEvent", { a: 1 }).result;
    this.#port = first.ask("associate", { s: this.#s, b: 9 }).result;
    check(provider.usage.pendingCalls === 0, "nothing waits at the beginning");
    for (const direction of ["in", "out"] as const) {
      cable.configure(direction, { loss, duplicate: loss, reorder: loss, delayMs: 2, jitterMs: loss > 0 ? 3 : 0 });
    }
  }

  run(steps: readonly ProgramStep[]): void {
    for (const step of steps) this.#do(step);
    this.#v.cable.clear();
    this.#settle();
    this.#finish();
  }

  #newThread(): ProgramThread {
    return new ProgramThread(this.#v, ++this.#lastClient, PROCESS, (call) => this.#answered(call));
  }

  #answered(call: ProgramCall): void {
    check(call.answers === 1, `${call.op} is answered once`);
    if (call.event !== 0 && call.wasPending) this.#mustBeSet = true;
    if (call.op === "recv" && call.reply?.error === 0) this.#tookBytes(call.reply.data ?? new Uint8Array(0));
    if (call.op === "dequeue" && call.reply?.error === 0) this.#tookPackets(call);
  }

  #tookBytes(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte !== peerByte(this.#received)) throw new Error(`byte ${this.#received} that was received is ${byte}`);
      this.#received++;
    }
    check(this.#received <= this.#peerSent, "no more is received than was sent");
  }

  #tookPackets(taker: ProgramCall): void {
    const data = taker.reply?.data ?? new Uint8Array(0);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const [key, isOwn, id] = [view.getFloat64(at, true), view.getFloat64(at + 8, true) === 1, view.getFloat64(at + 16, true)];
      if (key === 0) {
        this.#takenPosts++;
        continue;
      }
      const thread = [...this.#threads, ...this.#ended].find(({ calls }) => calls.some((call) => call.id === id));
      const call = thread?.calls.find((each) => each.id === id);
      if (call?.how !== "packet" || (call.client === taker.client) !== isOwn) throw new Error(`a packet tells of ${call?.op ?? "no call"}`);
      check(call.answers > 0, `${call.op} is answered before its packet is taken`);
      call.packets++;
    }
  }

  #do(step: ProgramStep): void {
    switch (step.do) {
      case "time":
        this.#v.advance(step.ms);
        return;
      case "peer sends":
        this.#peerSends(step.bytes);
        return;
      case "peer reads":
        this.#peerReads(step.bytes);
        return;
      case "peer ends":
        if (!this.#wasReset) this.#v.peerWinsock.shutdown(this.#peer, SD_SEND);
        this.#peerHasEnded = true;
        return;
      case "peer resets":
        this.#v.peerWinsock.setsockopt(this.#peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
        this.#v.peerWinsock.closesocket(this.#peer);
        this.#wasReset = true;
        return;
      default:
        this.#doOn(this.#threads[step.thread]!, step);
    }
  }

  #doOn(thread: ProgramThread, step: Extract<ProgramStep, { thread: number }>): void {
    if (step.do === "interrupt") {
      // By another caller's hands: a thread that waits makes no call itself, but its port cancels for it.
      if (thread.blocked !== undefined) thread.make("cancel", { a: thread.blocked.id });
      return;
    }
    if (step.do === "end") {
      this.#end(step.thread);
      return;
    }
    if (step.do === "come" && !thread.isAlive && this.#threads.some(({ isAlive }) => isAlive)) {
      this.#ended.push(thread);
      this.#threads[step.thread] = this.#newThread();
      return;
    }
    if (thread.isAlive && thread.blocked === undefined) this.#call(thread, step);
  }

  #call(thread: ProgramThread, step: Extract<ProgramStep, { thread: number }>): void {
    const s = this.#s;
    switch (step.do) {
      case "receive": {
        this.#mayTellRead = true;
        const event = this.#eventOf(step.how);
        thread.make("recv", { s, a: step.bytes }, { bytes: step.bytes, how: step.how, event });
        return;
      }
      case "send": {
        const index = this.#sends.length;
        const event = this.#eventOf(step.how);
        const data = sendBytes(index, step.bytes);
        this.#sends.push({ index, call: thread.make("send", { s, data }, { bytes: step.bytes, how: step.how, event }) });
        return;
      }
      case "wait for event":
        thread.make("waitForEvents", { a: 0, b: step.ms, data: new Uint8Array(Int32Array.of(this.#event).buffer) });
        return;
      case "dequeue":
        thread.make("dequeue", { s: this.#port, a: step.ms, b: 3 });
        return;
      case "select":
        thread.make("select", { a: step.ms * 1000, data: encodeSets({ read: [s], write: undefined, except: undefined }) });
        return;
      case "network events":
        if (thread.ask("selectEvents", { s, a: step.mask === 0 ? 0 : this.#event, b: step.mask }).error === 0) {
          // What was told is not told again by another selection (docs/winsock-notes.md).
          this.#mask = step.mask;
        }
        return;
      case "enumerate":
        this.#enumerate(thread);
        return;
      case "cancel own":
      case "cancel all":
        thread.ask("cancelIo", { s, b: step.do === "cancel all" ? 1 : 0 });
        return;
      case "post":
        if (thread.ask("postPacket", { s: this.#port, a: 1, b: 0, c: 0 }).error === 0) this.#posted++;
        return;
      case "shutdown":
        thread.ask("shutdown", { s, a: SD_SEND });
        return;
      case "close":
        if (thread.make("closesocket", { s }).reply?.error === 0) this.#isClosed = true;
        return;
      default:
      // "come" of a thread that is there.
    }
  }

  /** A call that begins resets it (Microsoft, "WSAOVERLAPPED structure"). */
  #eventOf(how: string): number {
    if (how !== "event") return 0;
    this.#mustBeSet = false;
    return this.#event;
  }

  /** No event is lost: what holds and may be told is told, and an end once. */
  #enumerate(thread: ProgramThread): void {
    if (this.#isClosed) return;
    const readable = thread.ask("ioctlsocket", { s: this.#s, a: FIONREAD }).a;
    const { error, a: bits } = thread.ask("enumerateEvents", { s: this.#s });
    if (error !== 0) return;
    check((bits & ~this.#mask) === 0, "nothing is told that was not asked for");
    const isNew = this.#mayTellRead || readable > this.#readableWhenTold;
    if ((this.#mask & FD_READ) !== 0 && isNew && readable > 0) check((bits & FD_READ) !== 0, "FD_READ is told of what can be read");
    if ((bits & FD_READ) !== 0) {
      this.#mayTellRead = false;
      this.#readableWhenTold = readable;
    }
    if ((bits & FD_CLOSE) !== 0) this.#toldClose++;
    check(this.#toldClose <= 1, "FD_CLOSE is told once");
  }

  #peerSends(count: number): void {
    const bytes = Uint8Array.from({ length: count }, (_, i) => peerByte(this.#peerSent + i));
    const sent = this.#v.peerWinsock.send(this.#peer, bytes, count, 0);
    if (sent > 0) this.#peerSent += sent;
  }

  #peerReads(most: number): void {
    const buffer = new Uint8Array(Math.max(1, most));
    const n = this.#v.peerWinsock.recv(this.#peer, buffer, buffer.length, 0);
    if (n > 0) this.#peerRead.push(buffer.subarray(0, n));
  }

  /** The last living thread stays, so that somebody can look at what is left. */
  #end(index: number): void {
    const living = this.#threads.filter(({ isAlive }) => isAlive);
    if (living.length > 1) this.#threads[index]!.end();
  }

  /** All has its time to happen: the wire is good, the peer reads, and nobody asks for more. */
  #settle(): void {
    for (let i = 0; i < 60; i++) {
      this.#v.advance(1000);
      this.#peerReads(100_000);
    }
    const asker = this.#threads.find(({ isAlive, blocked }) => isAlive && blocked === undefined) ?? this.#revived();
    this.#enumerate(asker);
    if (this.#mustBeSet) {
      const looked = asker.ask("waitForEvents", { data: new Uint8Array(Int32Array.of(this.#event).buffer) });
      check(looked.result === 0, "the event of a call that is over is set");
    }
    const isOver = this.#peerHasEnded && !this.#wasReset && !this.#isClosed;
    if (isOver && (this.#mask & FD_CLOSE) !== 0 && asker.ask("ioctlsocket", { s: this.#s, a: FIONREAD }).a === 0) {
      const peeked = asker.make("recv", { s: this.#s, a: 1, b: MSG_PEEK });
      if (peeked.reply?.error === 0 && peeked.reply.result === 0) check(this.#toldClose === 1, "the end was told by FD_CLOSE");
    }
    if (!this.#isClosed && this.#threads.every(({ blocked }) => blocked?.op !== "closesocket")) {
      const closing = asker.blocked === undefined ? asker : this.#revived();
      closing.make("closesocket", { s: this.#s });
    }
    for (let i = 0; i < 60; i++) {
      this.#v.advance(UNTIL_ALL_IS_OVER_MS / 60);
      this.#peerReads(100_000);
    }
  }

  /** A thread that comes when all others wait. */
  #revived(): ProgramThread {
    const thread = this.#newThread();
    this.#threads.push(thread);
    return thread;
  }

  #finish(): void {
    const all = [...this.#threads, ...this.#ended];
    for (const { client, calls } of all) {
      for (const { id, op, answers, isAbandoned } of calls) {
        check(answers === (isAbandoned ? 0 : 1), `${op}, call ${id} of thread ${client}, is answered: ${answers} times`);
      }
    }
    const last = this.#revived();
    for (let taken = 1; taken > 0; ) taken = Math.max(0, last.ask("dequeue", { s: this.#port, b: 100 }).result);
    for (const { op, how, packets, reply, wasPending, isAbandoned } of all.flatMap(({ calls }) => calls)) {
      if (how !== "packet") continue;
      const began = !isAbandoned && (wasPending || reply?.error === 0);
      check(packets === (began ? 1 : 0), `${op} that ${began ? "began" : "did not begin"} leaves ${packets} packets`);
    }
    check(this.#takenPosts === this.#posted, "each packet that was posted is taken once");
    this.#checkSent();
    const own = this.#v.provider.usage.each.find(({ client }) => client > FIRST_CLIENT);
    check(
      own !== undefined && own.sockets + own.pendingCalls + own.waitingBytes + own.queuedBytes === 0,
      `a program that has closed all has nothing: ${JSON.stringify(own)}`,
    );
    this.#v.peerWinsock.closesocket(this.#peer);
    this.#v.peerWinsock.closesocket(this.#listener);
    for (const thread of this.#threads) if (thread.isAlive) thread.end();
    this.#v.advance(UNTIL_ALL_IS_OVER_MS);
    const { sockets, pendingCalls, waitingBytes, queuedBytes, threads } = this.#v.provider.usage;
    const left = {
      sockets,
      pendingCalls,
      waitingBytes,
      queuedBytes,
      connections: tcpOf(this.#v.ours).connectionCount - this.#connectionsBefore,
    };
    check(
      Object.values(left).every((count) => count === 0) && threads === 1,
      `nothing is left behind: ${JSON.stringify({ ...left, threads })}`,
    );
  }

  #checkSent(): void {
    const sends = this.#sends.map(({ index, call }): KnownSend => {
      const { reply, bytes: length, isAbandoned } = call;
      const isUnknown = isAbandoned || (reply?.error !== 0 && call.wasPending) || reply?.error === WSAEINTR;
      return { index, length, taken: isUnknown ? undefined : Math.max(0, reply?.result ?? 0) };
    });
    const read = new Uint8Array(this.#peerRead.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.#peerRead) {
      read.set(piece, at);
      at += piece.length;
    }
    // A reset throws away what is on its way.
    const wrong = wrongWithRead(read, sends, false);
    if (wrong !== undefined) throw new Error(wrong);
  }
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`It is not true that ${what}`);
}
