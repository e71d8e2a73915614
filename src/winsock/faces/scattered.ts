/** Memory in pieces, as WSABUFs give it. */
import { copyBytes } from "../../stack/core/copy-bytes.ts";
import { WSAEFAULT } from "../abi/errors.ts";
import type { WSABUF } from "../abi/overlapped-structures.ts";

/** The pieces of memory, or the code for what is none. */
export function buffersOf(lpBuffers: readonly WSABUF[] | null, count: number): Uint8Array[] | number {
  if (!Array.isArray(lpBuffers) || count > lpBuffers.length) return WSAEFAULT;
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const { len, buf } = lpBuffers[i] as WSABUF;
    const length = len >>> 0;
    if (length > 0 && !(buf instanceof Uint8Array && length <= buf.length)) return WSAEFAULT;
    if (length > 0) pieces.push(buf!.subarray(0, length));
  }
  return pieces;
}

export const lengthOf = (buffers: readonly Uint8Array[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** @returns how many bytes found room */
export function scatter(buffers: readonly Uint8Array[], data: Uint8Array): number {
  let at = 0;
  for (const buffer of buffers) {
    const count = Math.min(buffer.length, data.length - at);
    if (count <= 0) break;
    copyBytes(buffer, 0, data.subarray(at, at + count));
    at += count;
  }
  return at;
}
