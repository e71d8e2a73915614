import { memoryAt } from "../tap/libc.ts";
import type { Message } from "./message.ts";

/** Rings that are looked at anew when so many others came since; a program has a few busy streams at a time. */
const MOST = 64;

/** A program's view of the host's rings, for bytes that are lent instead of copied (`MappedRings`). */
export class LentViews {
  readonly #views = new Map<number, Uint8Array>();

  /** The bytes of which a message of kind LENT tells. They stay until they are reported as taken. */
  bytesOf({ value, a: address, b: capacity, c: offset }: Message): Uint8Array {
    let view = this.#views.get(address);
    if (view?.length !== capacity) {
      if (this.#views.size >= MOST) this.#views.clear();
      view = memoryAt(address, capacity);
      this.#views.set(address, view);
    }
    return view.subarray(offset, offset + value);
  }
}
