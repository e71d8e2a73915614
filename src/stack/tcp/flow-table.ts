import { type AddressWords, type IpAddress, sameAddress } from "../core/address.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";

/** What can be found by its flow: connections and what is left of them in TIME-WAIT. */
export interface Flow {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
}

/**
 * Finds a flow by its addresses and ports without allocating: open addressing with linear probing, hashed with a secret so that no peer
 * can choose flows that collide. Grows at three quarters full.
 */
export class FlowTable<T extends Flow> {
  readonly #hash: KeyedHash;
  #slots: (T | undefined)[] = new Array(64).fill(undefined);
  #size = 0;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#size;
  }

  find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): T | undefined {
    const mask = this.#slots.length - 1;
    for (let i = this.#hash.ofPair(local, remote, (localPort << 16) | remotePort) & mask; ; i = (i + 1) & mask) {
      const flow = this.#slots[i];
      if (flow === undefined) return undefined;
      if (flow.remotePort !== remotePort || flow.localPort !== localPort) continue;
      if (sameAddress(flow.remote, remote) && sameAddress(flow.local, local)) return flow;
    }
  }

  /** The caller has made sure that no such flow is here. */
  add(flow: T): void {
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#grow();
    this.#place(flow);
    this.#size++;
  }

  delete(flow: T): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#home(flow);
    while (slots[hole] !== flow) {
      if (slots[hole] === undefined) return;
      hole = (hole + 1) & mask;
    }
    this.#size--;
    // Close the gap: whatever was pushed past it by a collision moves back.
    for (let i = (hole + 1) & mask; slots[i] !== undefined; i = (i + 1) & mask) {
      const home = this.#home(slots[i]!);
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        slots[hole] = slots[i];
        hole = i;
      }
    }
    slots[hole] = undefined;
  }

  *values(): IterableIterator<T> {
    for (const flow of this.#slots) if (flow !== undefined) yield flow;
  }

  #home(flow: T): number {
    return this.#hash.ofPair(flow.local, flow.remote, (flow.localPort << 16) | flow.remotePort) & (this.#slots.length - 1);
  }

  #place(flow: T): void {
    const mask = this.#slots.length - 1;
    let i = this.#home(flow);
    while (this.#slots[i] !== undefined) i = (i + 1) & mask;
    this.#slots[i] = flow;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array(old.length * 2).fill(undefined);
    for (const flow of old) if (flow !== undefined) this.#place(flow);
  }
}
