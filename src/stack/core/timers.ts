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

/** Hears of timers for the trace; the first two are called before the effect. */
export interface TimerObserver {
  timerSet(timer: Timer, delayMs: number): void;
  timerFired(timer: Timer): void;
  /** What the timer that fired last had to do is done. */
  timerDone(): void;
}

/**
 * One named alarm, made once and set many times. It sits in its queue only while pending, so setting and cancelling cost
 * O(log n) of the pending timers and allocate nothing.
 */
export class Timer {
  /** Such as `retransmission`; the trace and `TimerQueue.pending` show it. */
  readonly name: string;
  /** Whose alarm it is, in words for a listing. */
  readonly owner: () => string;
  readonly subject: TimerSubject;
  readonly #queue: TimerQueue;
  readonly #fire: () => void;
  /** When it goes off, on the queue's time; meaningful while pending. */
  deadlineMs = 0;
  /** Order of setting, so that equal deadlines go off in the order in which they were set. */
  order = 0;
  /** Place in the queue's heap, −1 when not pending. */
  heapIndex = -1;

  constructor(queue: TimerQueue, name: string, owner: () => string, fire: () => void, subject: TimerSubject) {
    this.#queue = queue;
    this.name = name;
    this.owner = owner;
    this.subject = subject;
    this.#fire = fire;
  }

  get isPending(): boolean {
    return this.heapIndex >= 0;
  }

  /** Goes off once, `delayMs` from now; replaces an earlier setting. */
  set(delayMs: number): void {
    this.#queue.add(this, delayMs);
  }

  cancel(): void {
    this.#queue.remove(this);
  }

  /** Called by the queue. */
  fire(): void {
    this.#fire();
  }
}

/** Every pending timer of a host, earliest first: a binary heap in which each timer knows its place. */
export class TimerQueue implements Time {
  readonly #time: Time;
  readonly #heap: Timer[] = [];
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

  /** On the queue's time; Infinity when nothing is pending. */
  get nextDeadlineMs(): number {
    return this.#heap[0]?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Every pending timer, soonest first. */
  pending(): PendingTimer[] {
    return this.#heap
      .slice()
      .sort(compare)
      .map((t) => ({ name: t.name, owner: t.owner(), deadlineMs: t.deadlineMs }));
  }

  /** Runs what is due now, in order, including what those set for now; returns how many ran. A bound keeps a timer that re-arms itself at zero from holding the loop. */
  runDue(bound = 10_000): number {
    const now = this.#time.now;
    let ran = 0;
    while (ran < bound) {
      const first = this.#heap[0];
      if (first === undefined || first.deadlineMs > now) break;
      this.remove(first);
      this.observer?.timerFired(first);
      try {
        first.fire();
      } catch (error) {
        this.#mistake(error);
      } finally {
        this.observer?.timerDone();
      }
      ran++;
    }
    return ran;
  }

  add(timer: Timer, delayMs: number): void {
    this.observer?.timerSet(timer, delayMs);
    timer.deadlineMs = this.#time.now + Math.max(0, delayMs);
    timer.order = this.#order++;
    if (timer.heapIndex < 0) {
      timer.heapIndex = this.#heap.length;
      this.#heap.push(timer);
    } else {
      this.#sink(timer.heapIndex);
    }
    this.#rise(timer.heapIndex);
  }

  remove(timer: Timer): void {
    const at = timer.heapIndex;
    if (at < 0) return;
    timer.heapIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#heap[at] = last;
    last.heapIndex = at;
    this.#sink(at);
    this.#rise(last.heapIndex);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const timer = heap[from]!;
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt]!;
      if (compare(timer, parent) >= 0) break;
      heap[at] = parent;
      parent.heapIndex = at;
      at = parentAt;
    }
    heap[at] = timer;
    timer.heapIndex = at;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const timer = heap[from]!;
    let at = from;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      if (childAt + 1 < heap.length && compare(heap[childAt + 1]!, heap[childAt]!) < 0) childAt++;
      const child = heap[childAt]!;
      if (compare(timer, child) <= 0) break;
      heap[at] = child;
      child.heapIndex = at;
      at = childAt;
    }
    heap[at] = timer;
    timer.heapIndex = at;
  }
}

function rethrow(error: unknown): never {
  throw error;
}

const compare = (a: Timer, b: Timer): number => a.deadlineMs - b.deadlineMs || a.order - b.order;
