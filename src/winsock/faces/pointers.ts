import type { SOCKADDR_IRDA } from "../abi/irda-structures.ts";
import { type Box, type sockaddr, type sockaddr_in, type sockaddr_in6, sockaddrBytes, writeSockaddrIn } from "../abi/structures.ts";

/** A pointer to a socket address. */
export type SockaddrPointer = sockaddr_in | sockaddr_in6 | sockaddr | SOCKADDR_IRDA | Uint8Array;

/** Whether it leads anywhere; programs without types pass undefined where C has NULL. */
export const isPointer = <T extends object>(pointer: T | null | undefined): pointer is T => typeof pointer === "object" && pointer !== null;

/** Bytes of a socket address; null for a null pointer. */
export const nameBytesAt = (name: SockaddrPointer | null): Uint8Array | null => (isPointer(name) ? sockaddrBytes(name) : null);

/** Bytes that may be written to `name`: *namelen, but never more than there are. −1 when a pointer is null, or leads to what is read-only. */
export function roomOf(name: SockaddrPointer | null, namelen: Box<number> | null): number {
  if (!isPointer(name) || !isPointer(namelen) || Object.isFrozen(name) || Object.isFrozen(namelen)) return -1;
  const room = Math.max(0, namelen.value | 0);
  return name instanceof Uint8Array ? Math.min(room, name.length) : room;
}

/** What is answered goes where it was wanted. */
export function writeName(name: SockaddrPointer | null, namelen: Box<number> | null, bytes: Uint8Array): void {
  if (!isPointer(name) || !isPointer(namelen)) return;
  writeSockaddrIn(name, bytes);
  namelen.value = bytes.length;
}
