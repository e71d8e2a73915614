import { MAXGETHOSTSTRUCT } from "./constants.ts";
import { setU16, setU32 } from "./fields.ts";

const POINTER = 8;

/** A structure and what is put behind it: where C has pointers there are offsets from the structure's first byte. */
export class StructureMemory {
  #bytes = new Uint8Array(MAXGETHOSTSTRUCT);
  #end: number;

  /** @param structure its bytes */
  constructor(structure: number) {
    this.#end = structure;
  }

  setShort(at: number, value: number): void {
    setU16(this.#bytes, at, value);
  }

  setWord(at: number, value: number): void {
    setU32(this.#bytes, at, value);
  }

  setPointer(at: number, target: number): void {
    setU32(this.#bytes, at, target);
  }

  /** @returns where so many zeros begin, on a boundary */
  reserve(count: number, boundary: number): number {
    const at = Math.ceil(this.#end / boundary) * boundary;
    this.#end = at + count;
    if (this.#end > this.#bytes.length) {
      const longer = new Uint8Array(2 * this.#end);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    return at;
  }

  /** @returns where they lie */
  put(bytes: Uint8Array, boundary = 1): number {
    const at = this.reserve(bytes.length, boundary);
    this.#bytes.set(bytes, at);
    return at;
  }

  /** With its NUL: a byte a character, or UTF-16. @returns where it lies */
  putText(text: string, isWide = false): number {
    const width = isWide ? 2 : 1;
    const at = this.reserve((text.length + 1) * width, width);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (isWide) setU16(this.#bytes, at + 2 * i, unit);
      else this.#bytes[at + i] = Math.min(unit, 0xff);
    }
    return at;
  }

  /** Pointers with a NULL behind them, and what they point to. */
  setList<T>(at: number, targets: readonly T[], put: (target: T) => number): void {
    const list = this.reserve((targets.length + 1) * POINTER, POINTER);
    this.setPointer(at, list);
    for (const [i, target] of targets.entries()) this.setPointer(list + i * POINTER, put(target));
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#end);
  }
}
