import { type AddressWords, type IpAddress, ipv6 } from "../../core/address.ts";
import { KeyedHash } from "../../core/keyed-hash.ts";
import type { Random } from "../../core/random.ts";

/** Bits that the interface's id takes of an address (RFC 4291 §2.5.1): what is left is the prefix. */
export const INTERFACE_ID_BITS = 64;

/** The counter of RFC 7217 is far below; what is added to it makes another id. */
const NEXT_ID = 0x10000;

/**
 * The lower halves of addresses that a host gives itself: stable ones, of which nobody can tell where else the host has been (RFC 7217),
 * and random ones (RFC 8981 §3.3.1). The secret is drawn once, and nothing else knows it.
 */
export class InterfaceIds {
  readonly #random: Random;
  /** Two make 64 bits of the message, two more the id of these: 256 bits of secret in all. */
  readonly #inner: readonly [KeyedHash, KeyedHash];
  readonly #outer: readonly [KeyedHash, KeyedHash];

  constructor(random: Random) {
    this.#random = random;
    this.#inner = [new KeyedHash(random), new KeyedHash(random)];
    this.#outer = [new KeyedHash(random), new KeyedHash(random)];
  }

  /**
   * The address under this prefix that the interface has whenever it is there: RFC 7217 §5, without a network's name, for Ethernet has none.
   * @param tries the DAD_Counter: how many addresses of this prefix were found to be others'
   */
  stable(prefix: AddressWords, mac: Uint8Array, tries: number): IpAddress {
    const netIface = ipv6((mac[0]! << 8) | mac[1]!, (mac[2]! << 24) | (mac[3]! << 16) | (mac[4]! << 8) | mac[5]!, 0, 0);
    for (let counter = tries; ; counter += NEXT_ID) {
      const a = this.#inner[0].ofPair(prefix, netIface, counter);
      const b = this.#inner[1].ofPair(prefix, netIface, counter);
      const high = this.#outer[0].of(a, b, 0);
      const low = this.#outer[1].of(a, b, 1);
      if (!isReserved(high, low)) return join(prefix, high, low);
    }
  }

  /** An address under this prefix that tells nothing. */
  random(prefix: AddressWords): IpAddress {
    for (;;) {
      const high = this.#random.u32();
      const low = this.#random.u32();
      if (!isReserved(high, low)) return join(prefix, high, low);
    }
  }
}

const join = ({ w0, w1, scope }: AddressWords, high: number, low: number): IpAddress => ipv6(w0, w1, high, low, scope);

/** RFC 5453: the routers' anycast address, those of IANA's Ethernet block, and the anycast addresses of RFC 2526. */
function isReserved(high: number, low: number): boolean {
  if (high === 0 && low === 0) return true;
  if (high === 0x02005eff && low >>> 24 === 0xfe) return true;
  return high === 0xfdffffff && low >= 0xffffff80;
}
