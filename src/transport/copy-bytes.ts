import { addressOf, isLibcLoaded, libc } from "../tap/libc.ts";

/** Below this a system library's copy gains nothing. */
const WORTH_A_CALL = 2048;

/**
 * `target.set(source, at)`. Where one side is shared memory, V8 copies word by word (bytes by bytes where the two are not aligned alike),
 * far below what the machine can do, so that long pieces go through memcpy(3) where it is at hand. Both sides must be
 * the caller's alone meanwhile.
 */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array): void {
  const isShared = target.buffer instanceof SharedArrayBuffer || source.buffer instanceof SharedArrayBuffer;
  if (!isShared || source.length < WORTH_A_CALL || !isLibcLoaded()) {
    target.set(source, at);
    return;
  }
  if (at < 0 || at + source.length > target.length) throw new RangeError(`Cannot copy ${source.length} bytes to ${at} of ${target.length}`);
  libc().memcpy(addressOf(target) + at, addressOf(source), source.length);
}

/** A copy in memory of its own. */
export function copyOf(source: Uint8Array): Uint8Array {
  if (source.length < WORTH_A_CALL) return source.slice();
  // Zeroes that are written over at once are not worth writing.
  const { buffer } = Buffer.allocUnsafeSlow(source.length);
  const copy = new Uint8Array(buffer);
  copyBytes(copy, 0, source);
  return copy;
}
