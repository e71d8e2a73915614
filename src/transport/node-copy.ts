const { fill } = Buffer.prototype;

/**
 * A copy for `useSharedCopy`: where the filling is as long as what it fills, Node's `fill` is one memcpy(3), shared memory or not and
 * however the two sides are aligned. Every thread of Node has it.
 * @param source has at least one byte
 */
export function copyInNode(target: Uint8Array, at: number, source: Uint8Array): void {
  fill.call(target, source, at, at + source.length);
}
