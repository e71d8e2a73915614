import { type AddressWords, type IpAddress, isV4, sameAddress } from "./address.ts";

interface AddressEntry<V> {
  readonly address: IpAddress;
  value: V;
  /** Another address that falls on the same number. */
  next: AddressEntry<V> | undefined;
}

/**
 * What is known by address, of either family; a look allocates nothing. An IPv4 address has a number of its own; IPv6 addresses that
 * somebody chose to fall on one are walked, so a map that strangers fill needs a bound on its size, as all of ours have.
 */
export class AddressMap<V> {
  readonly #chains = new Map<number, AddressEntry<V>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(address: AddressWords): V | undefined {
    let entry = this.#chains.get(numberOf(address));
    while (entry !== undefined && !sameAddress(entry.address, address)) entry = entry.next;
    return entry?.value;
  }

  set(address: IpAddress, value: V): void {
    const number = numberOf(address);
    const first = this.#chains.get(number);
    for (let entry = first; entry !== undefined; entry = entry.next) {
      if (!sameAddress(entry.address, address)) continue;
      entry.value = value;
      return;
    }
    this.#chains.set(number, { address, value, next: first });
    this.#size++;
  }

  /** @returns whether it was there */
  delete(address: AddressWords): boolean {
    const number = numberOf(address);
    let before: AddressEntry<V> | undefined;
    for (let entry = this.#chains.get(number); entry !== undefined; before = entry, entry = entry.next) {
      if (!sameAddress(entry.address, address)) continue;
      if (before !== undefined) before.next = entry.next;
      else if (entry.next !== undefined) this.#chains.set(number, entry.next);
      else this.#chains.delete(number);
      this.#size--;
      return true;
    }
    return false;
  }

  /** Addresses, those that came first before the others. */
  *keys(): IterableIterator<IpAddress> {
    for (const entry of this.#entries()) yield entry.address;
  }

  *values(): IterableIterator<V> {
    for (const entry of this.#entries()) yield entry.value;
  }

  *#entries(): IterableIterator<AddressEntry<V>> {
    for (const first of this.#chains.values())
      for (let entry: AddressEntry<V> | undefined = first; entry !== undefined; entry = entry.next) yield entry;
  }
}

function numberOf(address: AddressWords): number {
  if (isV4(address)) return address.w3;
  const high = Math.imul(address.w0 ^ Math.imul(address.w1, 0x9e3779b1), 0x85ebca6b);
  return high ^ Math.imul(address.w2 ^ (address.w3 >>> 15), 0xc2b2ae35) ^ address.w3 ^ address.scope;
}
