import {
  type AddressSlot,
  type AddressWords,
  type IpAddress,
  isPackedAddress,
  keepAddress,
  makeAddressSlot,
  PACKED_ADDRESS_WORDS,
  packAddress,
  unpackAddress,
} from "../core/address.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";

/** Columns of a record that are its flow: the words of both addresses, and both ports in one. */
const LOCAL = 0;
const REMOTE = PACKED_ADDRESS_WORDS;
const PORTS = 2 * PACKED_ADDRESS_WORDS;
/** The first of the columns that are for the table's owner to fill. */
export const FIRST_COLUMN = PORTS + 1;

const LEAST_RECORDS = 64;
const LEAST_PLACES = 128;
/** The end of a chain of free records. */
const NONE = -1;

/**
 * Records of flows in two arrays of numbers, for what there may be thousands of and of which little is kept: one takes some hundred bytes,
 * and the collector sees none of them. A record's number stays the same until it is deleted, and is another's then. Found as in a
 * `FlowTable`; memory goes back when the last is gone.
 */
export class PackedFlows {
  readonly #hash: KeyedHash;
  readonly #columns: number;
  readonly #timeColumns: number;
  #words: Int32Array;
  #times: Float64Array;
  /** The number of a record and one; 0 for a free place. */
  #places: Int32Array;
  #size = 0;
  /** How many records have ever been used since the arrays were made. */
  #used = 0;
  /** The first of those that are free again; each says in its first column which is next. */
  #free = NONE;
  readonly #local: AddressSlot = makeAddressSlot();
  readonly #remote: AddressSlot = makeAddressSlot();

  /**
   * @param columns words of 32 bits in a record, the first `FIRST_COLUMN` included
   * @param timeColumns moments in a record
   */
  constructor(hash: KeyedHash, columns: number, timeColumns: number) {
    this.#hash = hash;
    this.#columns = columns;
    this.#timeColumns = timeColumns;
    this.#words = new Int32Array(LEAST_RECORDS * columns);
    this.#times = new Float64Array(LEAST_RECORDS * timeColumns);
    this.#places = new Int32Array(LEAST_PLACES);
  }

  get size(): number {
    return this.#size;
  }

  /** Memory that the arrays take. */
  get bytes(): number {
    return this.#words.byteLength + this.#times.byteLength + this.#places.byteLength;
  }

  /** Numbers are below this: for who keeps something else of each. */
  get capacity(): number {
    return this.#words.length / this.#columns;
  }

  /** @returns −1 for none */
  find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): number {
    if (this.#size === 0) return NONE;
    const mask = this.#places.length - 1;
    const ports = (localPort << 16) | remotePort;
    for (let i = this.#hash.ofPair(local, remote, ports) & mask; ; i = (i + 1) & mask) {
      const record = this.#places[i]! - 1;
      if (record < 0) return NONE;
      if (this.word(record, PORTS) === ports && this.#isAt(record, REMOTE, remote) && this.#isAt(record, LOCAL, local)) return record;
    }
  }

  /** The caller has made sure that no such flow is here. @returns the record's number; its other columns hold anything */
  add(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): number {
    if ((this.#size + 1) * 4 > this.#places.length * 3) this.#rehash(this.#places.length * 2);
    let record = this.#free;
    if (record !== NONE) this.#free = this.word(record, 0);
    else {
      record = this.#used++;
      if (record === this.capacity) this.#grow();
    }
    packAddress(this.#words, record * this.#columns + LOCAL, local);
    packAddress(this.#words, record * this.#columns + REMOTE, remote);
    this.setWord(record, PORTS, (localPort << 16) | remotePort);
    this.#place(record);
    this.#size++;
    return record;
  }

  delete(record: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = this.#home(record);
    while (places[hole] !== record + 1) hole = (hole + 1) & mask;
    // Close the gap: whatever was pushed past it by a collision moves back.
    for (let i = (hole + 1) & mask; places[i] !== 0; i = (i + 1) & mask) {
      const home = this.#home(places[i]! - 1);
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        places[hole] = places[i]!;
        hole = i;
      }
    }
    places[hole] = 0;
    this.setWord(record, 0, this.#free);
    this.#free = record;
    this.#size--;
    if (this.#size === 0 && this.capacity > LEAST_RECORDS) this.#giveBack();
  }

  /** Every record's number, in no order. */
  *records(): IterableIterator<number> {
    for (const place of this.#places) if (place !== 0) yield place - 1;
  }

  word(record: number, column: number): number {
    return this.#words[record * this.#columns + column]!;
  }

  setWord(record: number, column: number, value: number): void {
    this.#words[record * this.#columns + column] = value;
  }

  /** On the host's clock, in milliseconds. */
  time(record: number, column: number): number {
    return this.#times[record * this.#timeColumns + column]!;
  }

  setTime(record: number, column: number, ms: number): void {
    this.#times[record * this.#timeColumns + column] = ms;
  }

  local(record: number): IpAddress {
    return keepAddress(this.#addressAt(record, LOCAL, this.#local));
  }

  remote(record: number): IpAddress {
    return keepAddress(this.#addressAt(record, REMOTE, this.#remote));
  }

  localPort(record: number): number {
    return this.word(record, PORTS) >>> 16;
  }

  remotePort(record: number): number {
    return this.word(record, PORTS) & 0xffff;
  }

  #isAt(record: number, column: number, address: AddressWords): boolean {
    return isPackedAddress(this.#words, record * this.#columns + column, address);
  }

  /** In a slot that is filled again by the next call. */
  #addressAt(record: number, column: number, slot: AddressSlot): AddressSlot {
    unpackAddress(slot, this.#words, record * this.#columns + column);
    return slot;
  }

  #home(record: number): number {
    const local = this.#addressAt(record, LOCAL, this.#local);
    const remote = this.#addressAt(record, REMOTE, this.#remote);
    return this.#hash.ofPair(local, remote, this.word(record, PORTS)) & (this.#places.length - 1);
  }

  #place(record: number): void {
    const mask = this.#places.length - 1;
    let i = this.#home(record);
    while (this.#places[i] !== 0) i = (i + 1) & mask;
    this.#places[i] = record + 1;
  }

  #rehash(places: number): void {
    const before = this.#places;
    this.#places = new Int32Array(places);
    for (const place of before) if (place !== 0) this.#place(place - 1);
  }

  #grow(): void {
    const records = this.capacity + (this.capacity >> 1);
    const words = new Int32Array(records * this.#columns);
    words.set(this.#words);
    this.#words = words;
    const times = new Float64Array(records * this.#timeColumns);
    times.set(this.#times);
    this.#times = times;
  }

  #giveBack(): void {
    this.#words = new Int32Array(LEAST_RECORDS * this.#columns);
    this.#times = new Float64Array(LEAST_RECORDS * this.#timeColumns);
    this.#places = new Int32Array(LEAST_PLACES);
    this.#used = 0;
    this.#free = NONE;
  }
}
