import type { AddressWords } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { KeyedHash } from "../../core/keyed-hash.ts";
import * as ipv4 from "../../packet/ipv4.ts";

const COUNTERS = 256;

/**
 * IPv4 Identification (RFC 6864). Each flow of datagrams counts up from a random start in a counter that it may share with a few
 * others, chosen by a keyed hash: no value comes back within 65536 datagrams of a flow, and nobody outside can count another's.
 */
export class Identifications {
  readonly #hash: KeyedHash;
  readonly #next = new Uint16Array(COUNTERS);
  readonly #zeroWhenAtomic: boolean;

  constructor(context: HostContext) {
    this.#hash = new KeyedHash(context.random);
    for (let i = 0; i < COUNTERS; i++) this.#next[i] = context.random.u32();
    this.#zeroWhenAtomic = context.profile.ipIdentification === "zero";
  }

  /** Which counter serves datagrams from `local` to `remote`; to be kept by the path. */
  counterOf(local: AddressWords, remote: AddressWords): number {
    return this.#hash.ofPair(local, remote, 0) % COUNTERS;
  }

  /** @param fragment flags of the datagram: one with DONT_FRAGMENT is atomic, and its identification means nothing (RFC 6864 §4.1) */
  take(counter: number, fragment: number): number {
    if (this.#zeroWhenAtomic && fragment === ipv4.DONT_FRAGMENT) return 0;
    return this.#next[counter]!++ & 0xffff;
  }
}
