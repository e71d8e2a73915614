import type { Box } from "../abi/structures.ts";

/** Where a call puts text: a box, or memory that gets it with its NUL, in UTF-16 where the call is a W form. */
export type TextPointer = Box<string> | Uint8Array;

/** What a C function sees of a string, which is null where a program passed none. */
export function textOf(text: unknown): string | null {
  if (typeof text !== "string") return null;
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

/** @param size characters that there is room for, the NUL included @returns false, and nothing written, where that is too little */
export function putTextInto(target: TextPointer | null | undefined, size: number, text: string, isWide: boolean): boolean {
  if (typeof target !== "object" || target === null) return false;
  const width = isWide ? 2 : 1;
  const room = target instanceof Uint8Array ? Math.min(size, Math.floor(target.length / width)) : size;
  // Written this way round so that a size that is not a number fails too.
  if (!(room > text.length)) return false;
  if (!(target instanceof Uint8Array)) {
    target.value = text;
    return true;
  }
  for (let i = 0; i <= text.length; i++) {
    const unit = i < text.length ? text.charCodeAt(i) : 0;
    target[i * width] = unit;
    if (isWide) target[i * width + 1] = unit >>> 8;
  }
  return true;
}
