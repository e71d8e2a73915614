import { CALL } from "../provider/calls.ts";
import type { TakenCounter } from "../provider/taken-counter.ts";
import type { HANDLE } from "./event-functions.ts";
import type { KnownStreams, Post } from "./known-streams.ts";

/** So many packets are shown beside those that are asked for, and so many may be taken before the host is asked again. */
const SHOWN_BESIDE = 31;
/** Packets of calls that were over when they were made lie here up to so many; those of others have to be asked for. */
const MOST_HERE = 256;

/** A packet, as the host tells of it. */
export interface TakenPacket {
  readonly key: number;
  /** Of this thread; 0 for none, and for one that another thread began. */
  readonly call: number;
  readonly isOurs: boolean;
  readonly bytes: number;
  readonly error: number;
}

/** Where the packets of a socket go, and what it is called there. */
export interface PortOfSocket {
  readonly port: HANDLE;
  readonly key: number;
}

/** Packets of one port, in the order in which they lie there. */
interface Ahead {
  packets: TakenPacket[];
  /** So many more may be taken before the host is asked, which may have older ones. */
  allowance: number;
  readonly counter: TakenCounter;
}

/**
 * Packets of completion ports that this thread knows of before it asks for them: those that the host has shown beside others, and those of
 * its own calls that were over when they were made. They lie in their port until the program takes them, and the host is told with the next
 * question; so calls that end together, or at once, cost no way to the host each. Where threads share the ports nothing is taken ahead:
 * each takes what it asks for.
 */
export class PacketsAhead {
  readonly #ports = new Map<HANDLE, Ahead>();
  /** Of these there are other handles, by which packets may be taken too. */
  readonly #shared = new Set<HANDLE>();
  readonly #streams: KnownStreams;
  readonly #post: Post;
  /** As of `KnownStreams.generation`, when what is here was learned. */
  #generation = 0;

  constructor(streams: KnownStreams, post: Post) {
    this.#streams = streams;
    this.#post = post;
  }

  /** The oldest of those here. @returns none where the host has to be asked */
  take(port: HANDLE, most: number): TakenPacket[] {
    const ahead = this.#isAlone() ? this.#ports.get(port) : undefined;
    const count = Math.min(most, ahead?.packets.length ?? 0, ahead?.allowance ?? 0);
    if (ahead === undefined || count === 0) return [];
    if (ahead.counter.beginTaking() && ahead.counter.endTaking(count)) {
      ahead.allowance -= count;
      return ahead.packets.splice(0, count);
    }
    this.#drop(port);
    return [];
  }

  /** Whether this thread may take the packet of a call that is over when it is made. */
  mayAdd(port: HANDLE): boolean {
    const ahead = this.#isAlone() ? this.#ports.get(port) : undefined;
    return ahead !== undefined && ahead.allowance > 0 && ahead.packets.length < MOST_HERE && !ahead.counter.isClosed;
  }

  /** Such a call has left, after `mayAdd` said so. */
  add(port: HANDLE, packet: TakenPacket): void {
    this.#ports.get(port)?.packets.push(packet);
  }

  /** The host is asked for packets: it hears what was taken. @returns how many more it may show */
  ask(port: HANDLE): number {
    const isAlone = this.#isAlone();
    this.#tell(port);
    return isAlone && !this.#shared.has(port) ? SHOWN_BESIDE : 0;
  }

  /** The host has answered, and has shown these: whatever was here before it has given, or shown anew. @param allowance as of `Ahead` */
  keep(port: HANDLE, packets: TakenPacket[], allowance: number): void {
    const ahead = this.#ports.get(port);
    if (allowance === 0) {
      if (ahead !== undefined) this.#drop(port);
      return;
    }
    if (ahead !== undefined) {
      ahead.packets = packets;
      ahead.allowance = allowance;
      return;
    }
    const counter = this.#streams.counterOf(port);
    if (counter !== undefined) this.#ports.set(port, { packets, allowance, counter });
  }

  /** There will be other handles of the port. */
  share(port: HANDLE): void {
    this.#tell(port);
    this.#drop(port);
    this.#shared.add(port);
  }

  /** The handle is closed. */
  drop(port: HANDLE): void {
    this.#drop(port);
    this.#shared.delete(port);
  }

  /** Every handle is. */
  clear(): void {
    for (const port of this.#ports.keys()) this.#drop(port);
    this.#shared.clear();
  }

  /** Where other threads have come since, the packets here are as much theirs. */
  #isAlone(): boolean {
    const isAlone = this.#streams.isAlone();
    const { generation } = this.#streams;
    if (generation !== this.#generation) {
      this.#generation = generation;
      for (const port of this.#ports.keys()) {
        this.#tell(port);
        this.#drop(port);
      }
    }
    return isAlone;
  }

  /** The host hears what was taken. */
  #tell(port: HANDLE): void {
    const counter = this.#ports.get(port)?.counter;
    counter?.tell((taken) => this.#post({ op: CALL.taken, s: port, a: taken, b: 0, c: 0, data: null }, () => {}));
  }

  #drop(port: HANDLE): void {
    this.#ports.get(port)?.counter.release();
    this.#ports.delete(port);
  }
}
