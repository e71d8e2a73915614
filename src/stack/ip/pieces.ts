import type { DropReason } from "../core/drop-reasons.ts";

/** Pieces of one datagram: as many as the longest has on a path of 576 bytes, and a few more. */
export const MAX_PIECES = 128;
/** What the payload of any datagram has at most. */
const MAX_PAYLOAD = 65535;

/** A stretch of a datagram's payload, at least one byte. */
export interface Piece {
  /** In the payload. */
  readonly offset: number;
  readonly end: number;
  /** Where its bytes lie among those that are kept. */
  readonly place: number;
}

/**
 * What has come of one datagram's payload. The bytes lie one behind the other in the order in which they came, in room that doubles, so
 * that memory is what was sent, whatever the offsets say; the pieces are found by bisection.
 */
export class Pieces {
  readonly #list: Piece[] = [];
  #kept = new Uint8Array(0);
  #keptBytes = 0;
  /** Where the payload ends; −1 before the last piece has come. */
  #total = -1;

  /** By offset, and none overlaps another. */
  get list(): readonly Piece[] {
    return this.#list;
  }

  get count(): number {
    return this.#list.length;
  }

  get roomBytes(): number {
    return this.#kept.length;
  }

  /** End of the piece that lies furthest. */
  get reach(): number {
    return this.#list[this.#list.length - 1]?.end ?? 0;
  }

  /** Nothing overlaps, so that the bytes need only be counted. */
  get areWhole(): boolean {
    return this.#keptBytes === this.#total;
  }

  /**
   * Keeps a copy of `bytes[at, end)`.
   * @param more whether the payload goes on after it
   * @returns undefined, or why it does not go with the others; only `fragment-duplicate` leaves those worth keeping
   */
  add(bytes: Uint8Array, at: number, end: number, offset: number, more: boolean): DropReason | undefined {
    const list = this.#list;
    const ends = offset + end - at;
    const index = this.#indexOf(offset);
    const before = list[index - 1];
    const after = list[index];
    if (after !== undefined && after.offset === offset && after.end === ends) {
      const isSame = more === (ends !== this.#total) && this.#isKept(after, bytes, at);
      return isSame ? "fragment-duplicate" : "fragment-overlap";
    }
    if ((before !== undefined && before.end > offset) || (after !== undefined && after.offset < ends)) return "fragment-overlap";
    // There is one end, and nothing lies behind it.
    if (this.#total >= 0 && (!more || ends > this.#total)) return "fragment-overlap";
    if (!more && this.reach > ends) return "fragment-overlap";
    if (list.length >= MAX_PIECES) return "fragment-too-many";

    if (!more) this.#total = ends;
    list.splice(index, 0, { offset, end: ends, place: this.#keep(bytes, at, end) });
    return undefined;
  }

  /** Copies these pieces, which follow one on another, to `into[at…]`. @returns where they end there */
  copyTo(into: Uint8Array, at: number, pieces: readonly Piece[]): number {
    let to = at;
    for (const { offset, end, place } of pieces) {
      into.set(this.#kept.subarray(place, place + end - offset), to);
      to += end - offset;
    }
    return to;
  }

  /** Of the first piece at `offset` or behind it. */
  #indexOf(offset: number): number {
    const list = this.#list;
    let low = 0;
    let high = list.length;
    // Most come in order.
    if (offset >= this.reach) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isKept({ offset, end, place }: Piece, bytes: Uint8Array, at: number): boolean {
    const kept = this.#kept;
    for (let i = end - offset - 1; i >= 0; i--) if (kept[place + i] !== bytes[at + i]) return false;
    return true;
  }

  /** @returns where the copy lies */
  #keep(bytes: Uint8Array, at: number, end: number): number {
    const place = this.#keptBytes;
    const needed = place + end - at;
    if (needed > this.#kept.length) {
      const grown = new Uint8Array(Math.min(MAX_PAYLOAD, Math.max(needed, this.#kept.length * 2)));
      grown.set(this.#kept.subarray(0, place));
      this.#kept = grown;
    }
    this.#kept.set(bytes.subarray(at, end), place);
    this.#keptBytes = needed;
    return place;
  }
}
