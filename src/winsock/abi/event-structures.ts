/** Structures of WSAPoll and WSAEnumNetworkEvents, in both forms that a program may pass them in (see structures.ts). */
import { FD_MAX_EVENTS } from "./constants.ts";
import type { SOCKET } from "./structures.ts";

export const sizeof_WSAPOLLFD = 16;
export const sizeof_WSANETWORKEVENTS = 44;

/** One socket of a WSAPoll. */
export interface WSAPOLLFD {
  fd: SOCKET;
  /** POLL bits that are asked for. */
  events: number;
  /** POLL bits that were found. */
  revents: number;
}

/** What WSAEnumNetworkEvents fills in. */
export interface WSANETWORKEVENTS {
  /** FD_ bits. */
  lNetworkEvents: number;
  /** Ten codes, by FD_..._BIT. */
  iErrorCode: number[];
}

/** An entry of WSAPoll. @param events POLL bits that are asked for */
export function new_WSAPOLLFD(fd: SOCKET = 0, events = 0): WSAPOLLFD {
  return { fd, events, revents: 0 };
}

/** No events. */
export function new_WSANETWORKEVENTS(): WSANETWORKEVENTS {
  return { lNetworkEvents: 0, iErrorCode: new Array<number>(FD_MAX_EVENTS).fill(0) };
}

const whole = (value: unknown): number => (typeof value === "number" ? value | 0 : 0);
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** How many entries are there, of those that the program says. */
export const pollEntries = (fds: readonly WSAPOLLFD[] | Uint8Array, count: number): number =>
  Math.min(count, fds instanceof Uint8Array ? Math.floor(fds.length / sizeof_WSAPOLLFD) : fds.length);

/** Descriptor and events of each entry. */
export function readPollFds(fds: readonly WSAPOLLFD[] | Uint8Array, count: number): { readonly fd: number; readonly events: number }[] {
  if (fds instanceof Uint8Array) {
    const view = viewOf(fds);
    return Array.from({ length: count }, (_, i) => ({
      fd: view.getInt32(i * sizeof_WSAPOLLFD, true),
      events: view.getInt16(i * sizeof_WSAPOLLFD + 8, true),
    }));
  }
  return fds.slice(0, count).map((entry) => ({ fd: whole(entry?.fd), events: whole(entry?.events) }));
}

/** revents of each entry. */
export function writePollEvents(fds: readonly WSAPOLLFD[] | Uint8Array, revents: readonly number[]): void {
  if (fds instanceof Uint8Array) {
    const view = viewOf(fds);
    for (const [i, found] of revents.entries()) view.setInt16(i * sizeof_WSAPOLLFD + 10, found, true);
    return;
  }
  for (const [i, found] of revents.entries()) if (fds[i] !== undefined) fds[i].revents = found;
}

/** The bits, and the codes of those that are there: others keep what they held. */
export function writeNetworkEvents(target: WSANETWORKEVENTS | Uint8Array, bits: number, errors: readonly number[]): void {
  if (target instanceof Uint8Array) {
    const view = viewOf(target);
    view.setInt32(0, bits, true);
    for (const [i, error] of errors.entries()) if ((bits & (1 << i)) !== 0) view.setInt32(4 + 4 * i, error, true);
    return;
  }
  target.lNetworkEvents = bits;
  if (!Array.isArray(target.iErrorCode)) target.iErrorCode = [];
  for (const [i, error] of errors.entries()) if ((bits & (1 << i)) !== 0) target.iErrorCode[i] = error;
}
