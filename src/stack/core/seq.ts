/**
 * A TCP sequence number, modulo 2^32 (RFC 9293 §3.4), as a signed 32-bit integer, which a field holds without a box. Compare with seqDiff, never
 * with `<`; for people it becomes unsigned (`seqShown`).
 */
export type Seq = number & { readonly brand: "Seq" };

/** The sequence number that `n` stands for, modulo 2^32. `n` may be negative or beyond 2^32, up to 2^53. */
export const seq = (n: number): Seq => (n | 0) as Seq;

/** As standards and tools write it: 0 to 2^32 − 1. */
export const seqShown = (a: Seq): number => a >>> 0;

/** `a` moved on by `bytes`, which may be negative. */
export const seqAdd = (a: Seq, bytes: number): Seq => seq(a + bytes);

/** How far `a` lies after `b`, in bytes; negative when before. Holds for distances under 2^31. */
export const seqDiff = (a: Seq, b: Seq): number => (a - b) | 0;

/** The later of two. */
export const seqMax = (a: Seq, b: Seq): Seq => (seqDiff(a, b) >= 0 ? a : b);

/** The earlier of two. */
export const seqMin = (a: Seq, b: Seq): Seq => (seqDiff(a, b) <= 0 ? a : b);
