import type { Time } from "../core/time.ts";

/** Smallest ring: a request or a line of chat; what needs more doubles it. */
const FIRST_CAPACITY = 2 * 1024;
/**
 * How often rings are looked at while any are in use. A ring is given back after one to two of these without use: far above the gaps
 * within a transfer, since making rings anew after every burst costs more than sending.
 */
const SWEEP_MS = 1000;
/** Unused rings kept for the next connection that needs one; beyond it they go to the garbage collector at once. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** What a buffer without bytes has. */
export const EMPTY_RING = new Uint8Array(0);

/** A buffer as the pool sees it. */
export interface RingUser {
  /** One sweep interval is over: give back what was not needed in it. @returns false when there is nothing more to gain until the next use */
  trim(): boolean;
}

/** Memory for rings that can be read outside the host's own thread, which then need not be given a copy. */
export interface RingSource {
  /** @returns undefined where the pool had better make an ordinary one: of this size, or of any more */
  take(capacity: number): Uint8Array | undefined;
  /** It is of this source. */
  owns(ring: Uint8Array): boolean;
  /** Nobody reads or writes the ring any more. */
  give(ring: Uint8Array): void;
}

/** A ring that is read in place. */
interface Hold {
  readers: number;
  /** Its buffer has no more use for it. */
  isGiven: boolean;
}

/** Unused rings of one size. */
interface Spares {
  readonly rings: Uint8Array[];
  /** Fewest at once since the last sweep: that many nobody needs. */
  low: number;
}

/**
 * The memory of all send and receive buffers of a host: rings of powers of two, lent while there are bytes in them. One deadline serves
 * every buffer, and there is none while nothing can be given back, so that an idle host sleeps on. It is housekeeping and no event
 * of TCP's, therefore no timer that a trace or a listing of timers would show.
 */
export class RingPool {
  /** Most bytes of unused rings kept. */
  spareLimit = SPARE_BYTES;
  readonly #spares = new Map<number, Spares>();
  readonly #watched = new Set<RingUser>();
  readonly #held = new Map<Uint8Array, Hold>();
  readonly #time: Time;
  readonly #source: RingSource | undefined;
  /** When `sweep` is due, on the host's clock; Infinity while there is nothing to be given back. */
  sweepAtMs = Number.POSITIVE_INFINITY;
  #lentBytes = 0;
  #spareBytes = 0;

  /** @param source of rings that can be lent; without one there are none */
  constructor(time: Time, source?: RingSource) {
    this.#time = time;
    this.#source = source;
  }

  /** Bytes that buffers hold, and those kept for them. */
  get bytes(): number {
    return this.#lentBytes + this.#spareBytes;
  }

  /** Bytes that buffers hold. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  /** A ring of this capacity, which `capacityFor` gave. What it holds is of no meaning. */
  take(capacity: number): Uint8Array {
    this.#lentBytes += capacity;
    const spares = this.#spares.get(capacity);
    const ring = spares?.rings.pop();
    if (spares === undefined || ring === undefined) return this.#source?.take(capacity) ?? new Uint8Array(capacity);
    this.#spareBytes -= capacity;
    spares.low = Math.min(spares.low, spares.rings.length);
    return ring;
  }

  /** The buffer keeps no reference to it. */
  give(ring: Uint8Array): void {
    const capacity = ring.length;
    if (capacity === 0) return;
    const hold = this.#held.get(ring);
    if (hold !== undefined) {
      hold.isGiven = true;
      return;
    }
    this.#lentBytes -= capacity;
    if (this.#spareBytes + capacity > this.spareLimit) {
      this.#drop(ring);
      return;
    }
    this.#spareBytes += capacity;
    const spares = this.#spares.get(capacity);
    if (spares === undefined) this.#spares.set(capacity, { rings: [ring], low: 0 });
    else spares.rings.push(ring);
    this.#setSweep();
  }

  /** Whether the bytes of this ring may be read where they lie. */
  canLend(ring: Uint8Array): boolean {
    return this.#source?.owns(ring) === true;
  }

  /** Somebody reads the ring where it lies: it has no other use until as many let go. */
  hold(ring: Uint8Array): void {
    const hold = this.#held.get(ring);
    if (hold !== undefined) hold.readers++;
    else if (ring.length > 0) this.#held.set(ring, { readers: 1, isGiven: false });
  }

  letGo(ring: Uint8Array): void {
    const hold = this.#held.get(ring);
    if (hold === undefined || --hold.readers > 0) return;
    this.#held.delete(ring);
    if (hold.isGiven) this.give(ring);
  }

  /** The buffer is in use: its `trim` is called after each interval until it says that there is nothing more to gain. */
  watch(user: RingUser): void {
    this.#watched.add(user);
    this.#setSweep();
  }

  /** Takes back what was not needed in the last interval, if it is over. */
  sweepIfDue(): void {
    if (this.#time.now < this.sweepAtMs) return;
    for (const user of this.#watched) if (!user.trim()) this.#watched.delete(user);
    for (const [capacity, spares] of this.#spares) {
      for (const ring of spares.rings.splice(0, spares.low)) this.#drop(ring);
      this.#spareBytes -= spares.low * capacity;
      spares.low = spares.rings.length;
      if (spares.low === 0) this.#spares.delete(capacity);
    }
    this.sweepAtMs = Number.POSITIVE_INFINITY;
    if (this.#watched.size > 0 || this.#spareBytes > 0) this.#setSweep();
  }

  #drop(ring: Uint8Array): void {
    if (this.canLend(ring)) this.#source?.give(ring);
  }

  #setSweep(): void {
    if (this.sweepAtMs === Number.POSITIVE_INFINITY) this.sweepAtMs = this.#time.now + SWEEP_MS;
  }
}

/** The capacity of a ring that holds `bytes`, above 0: a power of two, so that positions wrap by a mask. */
export function capacityFor(bytes: number): number {
  let capacity = FIRST_CAPACITY;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}
