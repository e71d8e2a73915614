import { CALL } from "../provider/calls.ts";
import type { TakenCounter } from "../provider/taken-counter.ts";
import type { HANDLE } from "./event-functions.ts";
import type { KnownStreams, Post } from "./known-streams.ts";

/** So many packets are shown beside those that are asked for. */
const SHOWN_BESIDE = 31;

/** A packet, as the host tells of it. */
export interface TakenPacket {
  readonly key: number;
  /** Of this thread; 0 for none, and for one that another thread began. */
  readonly call: number;
  readonly isOurs: boolean;
  readonly bytes: number;
  readonly error: number;
}

/** Packets of one port. */
interface Shown {
  readonly packets: TakenPacket[];
  readonly counter: TakenCounter;
}

/**
 * Packets of completion ports that the host has shown beside those that the program asked for. They stay in their queue until the program
 * takes them, and the host is told with the next question; so calls that end together cost one way to the host. Where threads share the
 * ports nothing is shown: each takes what it asks for.
 */
export class PacketsAhead {
  readonly #ports = new Map<HANDLE, Shown>();
  /** Of these there are other handles, by which packets may be taken too. */
  readonly #shared = new Set<HANDLE>();
  readonly #streams: KnownStreams;
  readonly #post: Post;
  /** As of `KnownStreams.generation`, when what is here was shown. */
  #generation = 0;

  constructor(streams: KnownStreams, post: Post) {
    this.#streams = streams;
    this.#post = post;
  }

  /** The oldest of those here. @returns none where the host has to be asked */
  take(port: HANDLE, most: number): TakenPacket[] {
    const shown = this.#isAlone() ? this.#ports.get(port) : undefined;
    const count = Math.min(most, shown?.packets.length ?? 0);
    if (shown === undefined || count === 0) return [];
    if (shown.counter.beginTaking() && shown.counter.endTaking(count)) return shown.packets.splice(0, count);
    this.#drop(port);
    return [];
  }

  /** The host is asked for packets, since there are none here: it hears what was taken. @returns how many more it may show */
  ask(port: HANDLE): number {
    const isAlone = this.#isAlone();
    this.#tell(port);
    return isAlone && !this.#shared.has(port) ? SHOWN_BESIDE : 0;
  }

  /** The host has shown these. */
  keep(port: HANDLE, packets: readonly TakenPacket[]): void {
    if (packets.length === 0) return;
    let shown = this.#ports.get(port);
    if (shown === undefined) {
      const counter = this.#streams.counterOf(port);
      if (counter === undefined) return;
      shown = { packets: [], counter };
      this.#ports.set(port, shown);
    }
    shown.packets.push(...packets);
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
      for (const port of this.#ports.keys()) this.#drop(port);
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
