/**
 * The FD_ macros of winsock2.h. On Windows an fd_set is a list of sockets with a count, not a bit mask, so these search and shift.
 * They keep the header's rules: FD_SET ignores a socket that is already there and silently drops one for which there is no room;
 * FD_CLR closes the gap; FD_ZERO resets the count alone. A program may itself put more than FD_SETSIZE members into a larger array;
 * searching and clearing then cover them all.
 */
import { FD_SETSIZE } from "./constants.ts";
import type { fd_set, SOCKET } from "./structures.ts";

/** Makes the set empty: its count is 0, its array keeps what it held. */
export function FD_ZERO(set: fd_set): void {
  set.fd_count = 0;
}

/** Adds a socket, unless it is a member or there are FD_SETSIZE of them. */
export function FD_SET(fd: SOCKET, set: fd_set): void {
  if (indexOf(fd, set) >= 0 || set.fd_count >= FD_SETSIZE) return;
  set.fd_array[set.fd_count] = fd;
  set.fd_count++;
}

/** Takes a socket out, and closes the gap. */
export function FD_CLR(fd: SOCKET, set: fd_set): void {
  const at = indexOf(fd, set);
  if (at < 0) return;
  set.fd_array.copyWithin(at, at + 1, set.fd_count);
  set.fd_count--;
}

/** 1 when `fd` is a member, 0 when it is not. */
export function FD_ISSET(fd: SOCKET, set: fd_set): number {
  return indexOf(fd, set) >= 0 ? 1 : 0;
}

function indexOf(fd: SOCKET, set: fd_set): number {
  const at = set.fd_array.indexOf(fd);
  return at < set.fd_count ? at : -1;
}
