import { fchmodSync } from "node:fs";
import { addressOf, ECONNREFUSED, EINTR, ENAMETOOLONG, libc, O_CLOEXEC, O_NONBLOCK } from "./libc.ts";
import { isTooLong, socketName } from "./unix-socket.ts";

/** Datagram sockets of unix(7) as bare descriptors, none of which ever waits. What fails is told as a negative error number. */

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** @returns a descriptor that takes datagrams at `path`, where nothing may lie yet, from its owner alone */
export function bindDatagrams(path: string): number {
  const c = libc();
  if (isTooLong(path)) return -ENAMETOOLONG;
  const fd = openDatagrams();
  if (fd < 0) return fd;
  // Before there is a path: a thread cannot have a umask of its own.
  fchmodSync(fd, 0o600);
  const name = socketName(path);
  if (c.bind(fd, addressOf(name), name.length) === 0) return fd;
  const errno = c.errno();
  c.close(fd);
  return -errno;
}

/** Whether the socket at `path` is one that no living program has bound; false for whatever else keeps datagrams from it. */
export function isAbandoned(path: string): boolean {
  const c = libc();
  const fd = openDatagrams();
  if (fd < 0) return false;
  const name = socketName(path);
  const isRefused = c.connect(fd, addressOf(name), name.length) < 0 && c.errno() === ECONNREFUSED;
  c.close(fd);
  return isRefused;
}

/** @returns how many bytes left */
export function sendDatagram(fd: number, path: string, bytes: Uint8Array): number {
  const c = libc();
  if (isTooLong(path)) return -ENAMETOOLONG;
  const name = socketName(path);
  const [nameAddress, address] = [addressOf(name), addressOf(bytes)];
  for (;;) {
    const n = c.sendto(fd, address, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, nameAddress, name.length);
    if (n >= 0) return n;
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

function openDatagrams(): number {
  const c = libc();
  const fd = c.socket(AF_UNIX, SOCK_DGRAM | O_NONBLOCK | O_CLOEXEC, 0);
  return fd < 0 ? -c.errno() : fd;
}
