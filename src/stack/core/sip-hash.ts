/**
 * SipHash-2-4 (Aumasson and Bernstein) in 64 bits, as TCP Fast Open's cookies are made by it in Linux, so that servers that share a key
 * may stand for one another. 64-bit words are pairs of 32-bit ones, the lower first.
 */
export class SipHash {
  readonly #key: readonly [number, number, number, number];
  readonly #v = new Int32Array(8);

  /** @param key 128 bits, the lowest word first */
  constructor(key: readonly [number, number, number, number]) {
    this.#key = key;
  }

  /** Of whole bytes. @returns the eight bytes of the hash, the lowest first */
  of(bytes: Uint8Array): Uint8Array {
    const v = this.#v;
    const [k0, k1, k2, k3] = this.#key;
    v[0] = k0 ^ 0x70736575;
    v[1] = k1 ^ 0x736f6d65;
    v[2] = k2 ^ 0x6e646f6d;
    v[3] = k3 ^ 0x646f7261;
    v[4] = k0 ^ 0x6e657261;
    v[5] = k1 ^ 0x6c796765;
    v[6] = k2 ^ 0x79746573;
    v[7] = k3 ^ 0x74656462;
    const whole = bytes.length & ~7;
    for (let at = 0; at < whole; at += 8) this.#absorb(word(bytes, at), word(bytes, at + 4));
    this.#absorb(word(bytes, whole), word(bytes, whole + 4) | (bytes.length << 24));
    v[4]! ^= 0xff;
    for (let round = 0; round < 4; round++) this.#round();
    const hash = new Uint8Array(8);
    put(hash, 0, v[0]! ^ v[2]! ^ v[4]! ^ v[6]!);
    put(hash, 4, v[1]! ^ v[3]! ^ v[5]! ^ v[7]!);
    return hash;
  }

  #absorb(low: number, high: number): void {
    const v = this.#v;
    v[6]! ^= low;
    v[7]! ^= high;
    this.#round();
    this.#round();
    v[0]! ^= low;
    v[1]! ^= high;
  }

  #round(): void {
    this.#add(0, 2);
    this.#turn(2, 13);
    this.#mix(2, 0);
    this.#swap(0);
    this.#add(4, 6);
    this.#turn(6, 16);
    this.#mix(6, 4);
    this.#add(0, 6);
    this.#turn(6, 21);
    this.#mix(6, 0);
    this.#add(4, 2);
    this.#turn(2, 17);
    this.#mix(2, 4);
    this.#swap(4);
  }

  #add(to: number, from: number): void {
    const v = this.#v;
    const low = (v[to]! >>> 0) + (v[from]! >>> 0);
    v[to] = low;
    v[to + 1] = v[to + 1]! + v[from + 1]! + (low > 0xffffffff ? 1 : 0);
  }

  #mix(to: number, from: number): void {
    this.#v[to]! ^= this.#v[from]!;
    this.#v[to + 1]! ^= this.#v[from + 1]!;
  }

  /** To the left by fewer than 32 bits. */
  #turn(at: number, bits: number): void {
    const v = this.#v;
    const low = v[at]!;
    const high = v[at + 1]!;
    v[at] = (low << bits) | (high >>> (32 - bits));
    v[at + 1] = (high << bits) | (low >>> (32 - bits));
  }

  /** By 32 bits. */
  #swap(at: number): void {
    const v = this.#v;
    const low = v[at]!;
    v[at] = v[at + 1]!;
    v[at + 1] = low;
  }
}

/** What lies beyond the end is zero. */
const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
