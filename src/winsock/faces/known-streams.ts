import { WSAEOPNOTSUPP } from "../abi/errors.ts";
import type { SOCKET } from "../abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../provider/calls.ts";
import { SharedProcess } from "../provider/shared-process.ts";
import { POSTED } from "../provider/socket.ts";
import type { TakenCounter } from "../provider/taken-counter.ts";
import { ReadAhead, SHOWN_AT_ONCE } from "./read-ahead.ts";
import { SendCredit } from "./send-credit.ts";

/** Of more than these each is asked for less far ahead. */
const FEW_STREAMS = 8;

/** Posts a call on the face's port. @returns false when it did not leave */
export type Post = (request: Omit<CallRequest, "id">, replied: (reply: CallReply) => void) => boolean;

/**
 * What a face knows of its program's streams: how much their send queues take, and bytes that were shown before they are wanted. With
 * that a plain send or receive need not wait for the host. Where threads share the sockets nobody knows any of it, and every call waits.
 */
export class KnownStreams {
  readonly #credits = new Map<SOCKET, SendCredit>();
  readonly #readAheads = new Map<SOCKET, ReadAhead>();
  readonly #spares: Uint8Array[] = [];
  /** Of these there may be other handles: what is known of them is not known for certain. */
  readonly #shared = new Set<SOCKET>();
  readonly #post: Post;
  readonly #findProcess: () => SharedProcess | undefined;
  readonly #alone = new SharedProcess();
  /** As of `SharedProcess.joins`, when what is here was learned. */
  #joins = 0;

  /** @param findProcess of the thread's port; undefined for one of a single thread */
  constructor(post: Post, findProcess: () => SharedProcess | undefined = () => undefined) {
    this.#post = post;
    this.#findProcess = findProcess;
  }

  #process(): SharedProcess {
    return this.#findProcess() ?? this.#alone;
  }

  /** Another one than before, when `isAlone` has found that other threads have come since. */
  get generation(): number {
    return this.#joins;
  }

  /** Looks whether other threads have come since. @returns whether nobody else has to do with the sockets */
  isAlone(): boolean {
    const process = this.#process();
    const { joins } = process;
    if (joins !== this.#joins) {
      this.#joins = joins;
      this.#credits.clear();
      this.handBackShown();
    }
    return process.isAlone;
  }

  /** Something other than a plain send or receive is asked: the host shall decide on all it has, and hears what was taken of it. */
  handBack(s: SOCKET): void {
    this.#credits.get(s)?.forget();
    this.#forgetShown(s);
  }

  /** The bytes shown of every stream are the host's again. */
  handBackShown(): void {
    for (const s of this.#readAheads.keys()) this.#forgetShown(s);
  }

  /** There may be other handles of the socket: nothing of it is known from here on. */
  share(s: SOCKET): void {
    this.handBack(s);
    this.#credits.delete(s);
    this.#forgetAhead(s);
    this.#shared.add(s);
  }

  /** The socket is closed. */
  drop(s: SOCKET): void {
    this.#shared.delete(s);
    this.#credits.delete(s);
    this.#forgetAhead(s);
  }

  /** Every socket is closed. */
  clear(): void {
    this.#credits.clear();
    for (const s of this.#readAheads.keys()) this.#forgetAhead(s);
    this.#shared.clear();
  }

  /** A send would be taken whatever its length. */
  takesSend(s: SOCKET): boolean {
    return this.isAlone() && this.#credits.get(s)?.isOpen === true;
  }

  /** The host knows when: until then there is nothing to send. */
  awaitsRoom(s: SOCKET): boolean {
    return this.isAlone() && this.#credits.get(s)?.isUsedUp === true;
  }

  /** As that, and the host has not even answered the last sends: to ask it would be to wait for all of them. */
  isFilling(s: SOCKET): boolean {
    return this.isAlone() && this.#credits.get(s)?.isFilling === true;
  }

  /** What the answer to a send says of the queue. */
  learnQueue(s: SOCKET, queued: number, quota: number): void {
    if (this.#shared.has(s) || !this.isAlone()) return;
    let credit = this.#credits.get(s);
    if (credit === undefined) {
      credit = new SendCredit();
      this.#credits.set(s, credit);
    }
    credit.learn(0, queued, quota);
  }

  /** A send has to ask. */
  forgetQueue(s: SOCKET): void {
    this.#credits.get(s)?.forget();
  }

  /** Sends bytes to a stream of which `takesSend` is true. @returns whether they have left */
  postSend(s: SOCKET, data: Uint8Array, hasMore: boolean): boolean {
    const credit = this.#credits.get(s);
    if (credit === undefined) return false;
    // Before they leave: the answer may be here when they have.
    credit.posted(data.length);
    const hasLeft = this.#post({ op: CALL.send, s, a: 0, b: POSTED, c: hasMore ? 1 : 0, data }, (reply) =>
      credit.answered(data.length, reply.error, reply.a, reply.b),
    );
    if (!hasLeft) credit.notPosted(data.length);
    return hasLeft;
  }

  /** A send of which `takesSend` is true leaves by another way than `postSend`. @returns what hears its answer */
  sendLeft(s: SOCKET, bytes: number): (reply: CallReply) => void {
    const credit = this.#credits.get(s);
    credit?.posted(bytes);
    return ({ error, a: queued, b: quota }) => credit?.answered(bytes, error, queued, quota);
  }

  /** A receive is asked of the host: the bytes shown are its again. Sends are not concerned. */
  handBackShownOf(s: SOCKET): void {
    this.#forgetShown(s);
  }

  /** Undefined while nothing was ever asked to be shown. */
  readAhead(s: SOCKET): ReadAhead | undefined {
    return this.#readAheads.get(s);
  }

  /** The host has answered a plain receive with `received` bytes. */
  received(s: SOCKET, wanted: number, received: number): void {
    if (received !== wanted || this.#shared.has(s) || !this.isAlone()) return;
    const ahead = this.#readAheads.get(s) ?? this.#newAhead(s);
    if (ahead?.isStream(wanted, received) === true && this.#mayCount(s, ahead)) this.#askToShow(s, ahead);
  }

  /** Counts what is taken ahead by this handle; undefined where nothing may be. */
  counterOf(handle: SOCKET): TakenCounter | undefined {
    return this.#process().counterOf(handle);
  }

  #newAhead(s: SOCKET): ReadAhead | undefined {
    const counter = this.counterOf(s);
    if (counter === undefined) return undefined;
    const ahead = new ReadAhead(counter, this.#spares);
    this.#readAheads.set(s, ahead);
    return ahead;
  }

  /** The other threads that there were have gone: it may be begun anew. */
  #mayCount(s: SOCKET, ahead: ReadAhead): boolean {
    if (!ahead.counter.isClosed) return true;
    ahead.counter.release();
    const counter = this.counterOf(s);
    if (counter === undefined) this.#readAheads.delete(s);
    else ahead.counter = counter;
    return counter !== undefined;
  }

  /** The program has had some of the bytes shown. */
  tookShown(s: SOCKET, ahead: ReadAhead): void {
    const isOneOfMany = this.#readAheads.size > FEW_STREAMS;
    if (!ahead.isWorthAsking(isOneOfMany)) {
      if (ahead.isWorthTelling) this.tellTaken(s, ahead);
      return;
    }
    while (ahead.isWorthAsking(isOneOfMany) && this.#askToShow(s, ahead));
  }

  /** The host hears how many of the bytes shown the program has had. */
  tellTaken(s: SOCKET, ahead: ReadAhead): void {
    ahead.counter.tell((taken) => this.#post({ op: CALL.taken, s, a: taken, b: 0, c: 0, data: null }, () => {}));
  }

  #forgetShown(s: SOCKET): void {
    const ahead = this.#readAheads.get(s);
    if (ahead === undefined) return;
    this.tellTaken(s, ahead);
    ahead.forget();
  }

  #forgetAhead(s: SOCKET): void {
    this.#readAheads.get(s)?.counter.release();
    this.#readAheads.delete(s);
  }

  /** @returns whether it could be asked */
  #askToShow(s: SOCKET, ahead: ReadAhead): boolean {
    let [hasLeft, hasFailed] = [false, false];
    ahead.counter.tellWith((taken) => {
      const request = { op: CALL.show, s, a: SHOWN_AT_ONCE, b: ahead.asks(), c: taken, data: null };
      hasLeft = this.#post(request, (reply) => {
        // Where others have come that is the reason, and ends with them.
        if (reply.error === WSAEOPNOTSUPP && this.#process().isAlone) ahead.refused();
        else if (reply.error !== 0) {
          ahead.forget();
          hasFailed = true;
        } else if (reply.data !== null) ahead.add(reply.data, reply.isLent === true);
        ahead.answered();
      });
      if (!hasLeft) ahead.hasNotAsked();
    });
    // It may have failed before it left: the network is gone.
    return hasLeft && !hasFailed;
  }
}
