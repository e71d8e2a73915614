/** Below this a call out of JavaScript gains nothing. */
const WORTH_A_CALL = 256;

/** Copies `source`, which is not empty, to `target` at `at`, where it fits. */
export type SharedCopy = (target: Uint8Array, at: number, source: Uint8Array) => void;

let sharedCopy: SharedCopy | undefined;

/** Whoever has loaded a quick way to copy shared memory brings it here; without one copies are JavaScript's. */
export function useSharedCopy(copy: SharedCopy): void {
  sharedCopy = copy;
}

/**
 * `target.set(source, at)`. Where one side is shared memory, V8 copies word by word (bytes by bytes where the two are not aligned alike),
 * far below what the machine can do, so that all but short pieces go through what `useSharedCopy` was given. Both sides must be
 * the caller's alone meanwhile.
 */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array): void {
  // Browsers may have no SharedArrayBuffer at all; whoever brought a copy has.
  if (sharedCopy === undefined || source.length < WORTH_A_CALL || !isShared(target, source)) {
    target.set(source, at);
    return;
  }
  if (at < 0 || at + source.length > target.length) throw new RangeError(`Cannot copy ${source.length} bytes to ${at} of ${target.length}`);
  sharedCopy(target, at, source);
}

const isShared = (target: Uint8Array, source: Uint8Array): boolean =>
  target.buffer instanceof SharedArrayBuffer || source.buffer instanceof SharedArrayBuffer;
