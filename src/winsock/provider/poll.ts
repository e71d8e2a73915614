import { POLLERR, POLLHUP, POLLNVAL, POLLRDBAND, POLLRDNORM, POLLWRNORM } from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOTSOCK } from "../abi/errors.ts";
import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";

/** What may be asked for; the others are told unasked, or not at all. */
const ASKABLE = POLLRDNORM | POLLRDBAND | POLLWRNORM;
const UNASKED = POLLERR | POLLHUP | POLLNVAL;
/** An entry: descriptor and events in, little-endian i32 each. */
const ENTRY = 8;
/** What an entry costs while the call waits. */
const BYTES_OF_ENTRY = 64;

interface Entry {
  /** Undefined for what is no socket. */
  readonly socket: Socket | undefined;
  readonly events: number;
}

/**
 * WSAPoll (Microsoft's page, and Wine's test WSAPoll). Result: entries with events; reply data: revents, little-endian i32 each.
 * @param data entries of descriptor and events
 * @param timeoutMs negative for ever
 */
export function poll(data: Uint8Array | null, timeoutMs: number, find: (handle: number) => Socket | undefined): Answer {
  if (data === null) return failed(WSAEFAULT);
  const count = Math.floor(data.length / ENTRY);
  if (count === 0) return failed(WSAEINVAL);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const entries: Entry[] = [];
  let hasSocket = false;
  for (let i = 0; i < count; i++) {
    const fd = view.getInt32(i * ENTRY, true);
    const events = view.getInt32(i * ENTRY + 4, true);
    const socket = find(fd);
    hasSocket ||= socket !== undefined;
    // A wrong bit is minded of a socket, and of what follows one unless it is plainly none.
    const isMinded = socket !== undefined || (hasSocket && fd >= 0);
    if (isMinded && (events & ~ASKABLE) !== 0) return { ...failed(WSAEINVAL), data: encoded(new Array<number>(count).fill(0)) };
    entries.push({ socket, events });
  }
  if (!hasSocket) return { ...failed(WSAENOTSOCK), data: encoded(entries.map(() => POLLNVAL)) };
  const attempt = (): Outcome | undefined => {
    const found = entries.map(eventsOf);
    const counted = entries.filter(({ socket }, i) => socket !== undefined && found[i] !== 0).length;
    return counted === 0 ? undefined : { result: counted, error: 0, data: encoded(found) };
  };
  const outcome = attempt();
  if (outcome !== undefined) return outcome;
  const timedOut = (): Outcome => ({ result: 0, error: 0, data: encoded(entries.map(eventsOf)) });
  if (timeoutMs === 0) return timedOut();
  return {
    on: [...new Set(entries.flatMap(({ socket }) => socket ?? []))],
    attempt,
    timeoutMs: timeoutMs < 0 ? Number.POSITIVE_INFINITY : timeoutMs,
    timedOut,
    bytes: count * BYTES_OF_ENTRY,
  };
}

function eventsOf({ socket, events }: Entry): number {
  if (socket === undefined || socket.isClosed) return POLLNVAL;
  return socket.pollEvents & (events | UNASKED);
}

function encoded(all: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * all.length);
  const view = new DataView(bytes.buffer);
  for (const [i, events] of all.entries()) view.setInt32(4 * i, events, true);
  return bytes;
}
