/**
 * Fields of structures in both forms: of an object, which comes from a program without types and may hold anything, and of bytes in the
 * layout of x64 Windows, little-endian. Bytes missing at the end of a short array count as 0 and are not written.
 */

export function field(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? (of as Readonly<Record<string, unknown>>)[name] : undefined;
}

export function integer(of: unknown, name: string): number {
  const value = field(of, name);
  return typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : 0;
}

export function putBytes(target: Uint8Array, at: number, source: unknown): void {
  if (!(source instanceof Uint8Array) && !Array.isArray(source)) return;
  const length = Math.min(source.length, target.length - at);
  for (let i = 0; i < length; i++) target[at + i] = integer(source, String(i));
}

export const getU16 = (b: Uint8Array, at: number): number => (b[at] ?? 0) | ((b[at + 1] ?? 0) << 8);
export const getI32 = (b: Uint8Array, at: number): number => getU16(b, at) | (getU16(b, at + 2) << 16);
export const getU32 = (b: Uint8Array, at: number): number => getI32(b, at) >>> 0;
/** Exact up to 2^53. */
export const getU64 = (b: Uint8Array, at: number): number => getU32(b, at + 4) * 2 ** 32 + getU32(b, at);

// A typed array ignores a store past its end, which is how a short target keeps what fits.
export function setU16(b: Uint8Array, at: number, value: number): void {
  b[at] = value;
  b[at + 1] = value >>> 8;
}

export function setU32(b: Uint8Array, at: number, value: number): void {
  setU16(b, at, value);
  setU16(b, at + 2, value >>> 16);
}

export function setU64(b: Uint8Array, at: number, value: number): void {
  setU32(b, at, value);
  setU32(b, at + 4, Math.floor(value / 2 ** 32));
}
