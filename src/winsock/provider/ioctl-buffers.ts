import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";

/** What a command of WSAIoctl is given beside its socket. */
export interface IoctlBuffers {
  /** By which it was named. */
  readonly handle: number;
  /** cbInBuffer bytes, or null. */
  readonly input: Uint8Array | null;
  /** cbOutBuffer, or −1 for a NULL buffer. */
  readonly room: number;
  /** It does not keep its thread. */
  readonly isOverlapped: boolean;
}

export type IoctlCommand = (socket: Socket, buffers: IoctlBuffers) => Answer;

/** How a command says what came of it: bytes returned in `a`, −1 for those that are left as they were. */
export const returned = (data: Uint8Array = new Uint8Array(0)): Outcome => ({ result: 0, error: 0, a: data.length, data });
/** @param needed bytes of output that it would take */
export const refused = (error: number, needed = 0): Outcome => ({ ...failed(error), a: needed });
export const untouched = (error: number): Outcome => ({ ...failed(error), a: -1 });

export const dword = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
export const readDword = (bytes: Uint8Array, at = 0): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
