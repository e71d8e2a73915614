import type { Time } from "./time.ts";

/** What a listing of pending timers shows. */
export interface PendingTimer {
  readonly name: string;
  readonly owner: string;
  readonly deadlineMs: number;
}

/** Whose alarm a timer is, by the ids of the trace; empty for an owner that has none. */
export interface TimerSubject {
  readonly connection?: number;
  readonly client?: number;
  readonly call?: number;
}

const NO_SUBJECT: TimerSubject = {};

/** Who has an alarm. */
export interface TimerHolder {
  /** In words, for listings. */
  readonly label: string;
  /** For the trace. */
  readonly subject: TimerSubject;
}

/** Hears of timers for the trace; all but the last are called before the effect. */
export interface TimerObserver {
  timerSet(name: string, holder: TimerHolder, delayMs: number): void;
  timerFired(name: string, holder: TimerHolder): void;
  /** One that was pending will not go off. */
  timerCancelled(name: string, holder: TimerHolder): void;
  /** What the timer that fired last had to do is done. */
  timerDone(): void;
}

/** What has a place in the queue: something is due at one moment, or is to be looked at then. */
export abstract class QueueEntry {
  /** When the queue looks at it, on the queue's time; meaningful while in the queue. */
  deadlineMs = 0;
  /** Equal deadlines go off in this order: that of setting, and for who `keepsOrder` that of making. */
  order = 0;
  /** Place in the queue's heap, −1 when not in it. */
  heapIndex = -1;

  /** Whether its place among equal deadlines is given for good: for who is moved lazily, so that nothing depends on when that is. */
  get keepsOrder(): boolean {
    return false;
  }

  /** When something is due indeed: at `deadlineMs` or later, Infinity when nothing is. */
  abstract get dueMs(): number;
  /** Called by the queue, which it has left: what was due at `deadlineMs` happens. */
  abstract goOff(): void;
  abstract pending(): PendingTimer[];

  /** Nothing is due, and the queue has let go of it. */
  rests(): void {}
}

/**
 * One named alarm, made once and set many times. It sits in its queue only while pending, so setting and cancelling cost
 * O(log n) of the pending timers and allocate nothing.
 */
export class Timer extends QueueEntry implements TimerHolder {
  /** Such as `retransmission`; the trace and `TimerQueue.pending` show it. */
  readonly name: string;
  readonly subject: TimerSubject;
  readonly #owner: () => string;
  readonly #queue: TimerQueue;
  readonly #fire: () => void;

  constructor(queue: TimerQueue, name: string, owner: () => string, fire: () => void, subject: TimerSubject) {
    super();
    this.#queue = queue;
    this.name = name;
    this.subject = subject;
    this.#owner = owner;
    this.#fire = fire;
  }

  get label(): string {
    return this.#owner();
  }

  get isPending(): boolean {
    return this.heapIndex >= 0;
  }

  /** Goes off once, `delayMs` from now; replaces an earlier setting. */
  set(delayMs: number): void {
    this.#queue.observer?.timerSet(this.name, this, delayMs);
    this.#queue.add(this, this.#queue.now + Math.max(0, delayMs));
  }

  cancel(): void {
    if (!this.isPending) return;
    this.#queue.observer?.timerCancelled(this.name, this);
    this.#queue.remove(this);
  }

  get dueMs(): number {
    return this.deadlineMs;
  }

  goOff(): void {
    this.#queue.observer?.timerFired(this.name, this);
    this.#fire();
  }

  pending(): PendingTimer[] {
    return [{ name: this.name, owner: this.label, deadlineMs: this.deadlineMs }];
  }
}

/** Who has a table of alarms. */
export interface AlarmOwner extends TimerHolder {
  /** The alarm with this number goes off. */
  fired(kind: number): void;
}

const NEVER = Number.POSITIVE_INFINITY;
const NONE_SET: number[] = [];

/**
 * Several named alarms of one owner, as a table of deadlines with one place in the queue. That moves only when something becomes due
 * earlier; a deadline put off or cancelled is found out when the queue gets there. So the alarm of every segment, which is set anew
 * before it goes off, costs a store.
 */
export class Alarms extends QueueEntry {
  readonly #queue: TimerQueue;
  /** An alarm's number is its index. */
  readonly #names: readonly string[];
  readonly #owner: AlarmOwner;
  /** By number, Infinity when not pending; of no length while none is, since most owners are quiet most of the time. */
  #deadlines: number[] = NONE_SET;

  constructor(queue: TimerQueue, names: readonly string[], owner: AlarmOwner) {
    super();
    this.#queue = queue;
    this.#names = names;
    this.#owner = owner;
    this.order = queue.drawOrder();
  }

  override get keepsOrder(): boolean {
    return true;
  }

  /** Goes off once, `delayMs` from now; replaces an earlier setting. */
  set(kind: number, delayMs: number): void {
    const queue = this.#queue;
    queue.observer?.timerSet(this.#names[kind]!, this.#owner, delayMs);
    this.restore(kind, queue.now + Math.max(0, delayMs));
  }

  /** On the queue's time; Infinity when not pending. */
  deadlineOf(kind: number): number {
    return this.#deadlines.length === 0 ? NEVER : this.#deadlines[kind]!;
  }

  /** As it was set before, in another place. */
  restore(kind: number, deadlineMs: number): void {
    if (this.#deadlines.length === 0) this.#deadlines = this.#names.map(() => NEVER);
    this.#deadlines[kind] = deadlineMs;
    if (this.heapIndex < 0 || deadlineMs < this.deadlineMs) this.#queue.add(this, deadlineMs);
  }

  cancel(kind: number): void {
    const { observer } = this.#queue;
    if (observer !== undefined && this.isPending(kind)) observer.timerCancelled(this.#names[kind]!, this.#owner);
    if (this.#deadlines.length > 0) this.#deadlines[kind] = NEVER;
  }

  cancelAll(): void {
    const { observer } = this.#queue;
    if (observer !== undefined) for (const { name } of this.list()) observer.timerCancelled(name, this.#owner);
    this.abandon();
  }

  /** Nothing in here goes off any more: what is set goes on in another place. */
  abandon(): void {
    this.#deadlines = NONE_SET;
    this.#queue.remove(this);
  }

  isPending(kind: number): boolean {
    return this.deadlineOf(kind) !== NEVER;
  }

  get dueMs(): number {
    const deadlines = this.#deadlines;
    let first = NEVER;
    for (let kind = 0; kind < deadlines.length; kind++) if (deadlines[kind]! < first) first = deadlines[kind]!;
    return first;
  }

  goOff(): void {
    const kind = this.#deadlines.indexOf(this.deadlineMs);
    this.#deadlines[kind] = NEVER;
    // Back in its place first: whatever the alarm does or throws, the others stay set.
    const next = this.dueMs;
    if (next !== NEVER) this.#queue.add(this, next);
    else this.rests();
    this.#queue.observer?.timerFired(this.#names[kind]!, this.#owner);
    this.#owner.fired(kind);
  }

  override rests(): void {
    this.#deadlines = NONE_SET;
  }

  pending(): PendingTimer[] {
    return this.list().map(({ name, deadlineMs }) => ({ name, owner: this.#owner.label, deadlineMs }));
  }

  /** Those that are pending, the soonest first. */
  list(): { readonly name: string; readonly deadlineMs: number }[] {
    return this.#deadlines
      .map((deadlineMs, kind) => ({ name: this.#names[kind]!, deadlineMs }))
      .filter(({ deadlineMs }) => deadlineMs !== NEVER)
      .sort((a, b) => a.deadlineMs - b.deadlineMs);
  }
}

/** Every pending timer of a host, earliest first: a binary heap in which each entry knows its place. */
export class TimerQueue implements Time {
  readonly #time: Time;
  readonly #heap: QueueEntry[] = [];
  readonly #mistake: (error: unknown) => void;
  #order = 0;
  /** Undefined when nobody looks. */
  observer: TimerObserver | undefined;

  /** @param mistake hears of what an alarm threw; by default it is thrown on */
  constructor(time: Time, mistake: (error: unknown) => void = rethrow) {
    this.#time = time;
    this.#mistake = mistake;
  }

  get now(): number {
    return this.#time.now;
  }

  timer(name: string, owner: () => string, fire: () => void, subject = NO_SUBJECT): Timer {
    return new Timer(this, name, owner, fire, subject);
  }

  /** @param names of the alarms, one for each number from 0 */
  alarms(names: readonly string[], owner: AlarmOwner): Alarms {
    return new Alarms(this, names, owner);
  }

  /** On the queue's time; Infinity when nothing is pending. */
  get nextDeadlineMs(): number {
    return this.#first()?.deadlineMs ?? NEVER;
  }

  /** Places in the queue. */
  get size(): number {
    return this.#heap.length;
  }

  /** Every pending timer, soonest first. */
  pending(): PendingTimer[] {
    return this.#heap
      .slice()
      .sort(compare)
      .flatMap((entry) => entry.pending())
      .sort((a, b) => a.deadlineMs - b.deadlineMs);
  }

  /** Runs what is due now, in order, including what those set for now; returns how many ran. A bound keeps a timer that re-arms itself at zero from holding the loop. */
  runDue(bound = 10_000): number {
    const now = this.#time.now;
    let ran = 0;
    while (ran < bound) {
      // Most often nothing is near, and whether the first place is still right need not be known.
      if (this.#heap.length === 0 || this.#heap[0]!.deadlineMs > now) break;
      const first = this.#first();
      if (first === undefined || first.deadlineMs > now) break;
      this.remove(first);
      try {
        first.goOff();
      } catch (error) {
        this.#mistake(error);
      } finally {
        this.observer?.timerDone();
      }
      ran++;
    }
    return ran;
  }

  /** The entry that is due next, where its place says when. */
  #first(): QueueEntry | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      const { dueMs } = first;
      if (dueMs === first.deadlineMs) return first;
      if (dueMs === NEVER) {
        this.remove(first);
        first.rests();
      } else this.#place(first, dueMs);
    }
  }

  /** To its place, or to another. */
  add(entry: QueueEntry, deadlineMs: number): void {
    if (!entry.keepsOrder) entry.order = this.drawOrder();
    this.#place(entry, deadlineMs);
  }

  /** For an entry that keeps its order. */
  drawOrder(): number {
    return this.#order++;
  }

  #place(entry: QueueEntry, deadlineMs: number): void {
    entry.deadlineMs = deadlineMs;
    if (entry.heapIndex < 0) {
      entry.heapIndex = this.#heap.length;
      this.#heap.push(entry);
    } else {
      this.#sink(entry.heapIndex);
    }
    this.#rise(entry.heapIndex);
  }

  remove(entry: QueueEntry): void {
    const at = entry.heapIndex;
    if (at < 0) return;
    entry.heapIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#heap[at] = last;
    last.heapIndex = at;
    this.#sink(at);
    this.#rise(last.heapIndex);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt]!;
      if (compare(entry, parent) >= 0) break;
      heap[at] = parent;
      parent.heapIndex = at;
      at = parentAt;
    }
    heap[at] = entry;
    entry.heapIndex = at;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let at = from;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      if (childAt + 1 < heap.length && compare(heap[childAt + 1]!, heap[childAt]!) < 0) childAt++;
      const child = heap[childAt]!;
      if (compare(entry, child) <= 0) break;
      heap[at] = child;
      child.heapIndex = at;
      at = childAt;
    }
    heap[at] = entry;
    entry.heapIndex = at;
  }
}

function rethrow(error: unknown): never {
  throw error;
}

const compare = (a: QueueEntry, b: QueueEntry): number => a.deadlineMs - b.deadlineMs || a.order - b.order;
