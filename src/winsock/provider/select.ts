import { WSAEINVAL, WSAENOTSOCK } from "../abi/errors.ts";
import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";

/** Count that stands for a set that is NULL. */
export const NULL_SET = 0xffffffff;

/** The sets of select as handles; undefined for NULL. */
export interface SelectSets {
  readonly read: readonly number[] | undefined;
  readonly write: readonly number[] | undefined;
  readonly except: readonly number[] | undefined;
}

/** From three counted lists of little-endian u32; undefined when the bytes are not that. */
export function decodeSets(data: Uint8Array): SelectSets | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  const sets: (readonly number[] | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    if (data.length - at < 4) return undefined;
    const count = view.getUint32(at, true);
    at += 4;
    if (count === NULL_SET) {
      sets.push(undefined);
      continue;
    }
    if ((data.length - at) / 4 < count) return undefined;
    const members: number[] = [];
    for (let n = 0; n < count; n++) members.push(view.getUint32(at + n * 4, true));
    at += count * 4;
    sets.push(members);
  }
  return { read: sets[0], write: sets[1], except: sets[2] };
}

export function encodeSets(sets: SelectSets): Uint8Array {
  const lists = [sets.read, sets.write, sets.except];
  const bytes = new Uint8Array(lists.reduce((length, list) => length + 4 + (list?.length ?? 0) * 4, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const list of lists) {
    view.setUint32(at, list?.length ?? NULL_SET, true);
    at += 4;
    for (const member of list ?? []) {
      view.setUint32(at, member, true);
      at += 4;
    }
  }
  return bytes;
}

/** What a member costs while select waits: its places in lists and in the sets of those who wait for a socket. */
const BYTES_OF_MEMBER = 64;

/** A socket, and the handle by which the program asked for it. */
type Member = readonly [number, Socket];

interface Members {
  readonly read: readonly Member[] | undefined;
  readonly write: readonly Member[] | undefined;
  readonly except: readonly Member[] | undefined;
}

/**
 * select (Microsoft, "select function").
 * @param find the program's socket of a handle
 * @param timeoutUs microseconds; 0 polls, −1 waits for ever
 */
export function select(sets: SelectSets, timeoutUs: number, find: (handle: number) => Socket | undefined): Answer {
  const all = [...(sets.read ?? []), ...(sets.write ?? []), ...(sets.except ?? [])];
  if (all.length === 0 || timeoutUs < -1) return failed(WSAEINVAL);
  const on = new Set<Socket>();
  for (const handle of all) {
    const socket = find(handle);
    if (socket === undefined) return failed(WSAENOTSOCK);
    on.add(socket);
  }
  // Members that are there twice count once (Wine's test select).
  const resolve = (set: readonly number[] | undefined): readonly Member[] | undefined =>
    set && [...new Set(set)].map((handle) => [handle, find(handle)!]);
  const members: Members = { read: resolve(sets.read), write: resolve(sets.write), except: resolve(sets.except) };
  const attempt = (): Outcome | undefined => look(members);
  const outcome = attempt();
  if (outcome !== undefined) return outcome;
  const nothing: Outcome = {
    result: 0,
    error: 0,
    data: encodeSets({ read: sets.read && [], write: sets.write && [], except: sets.except && [] }),
  };
  if (timeoutUs === 0) return nothing;
  return {
    on: [...on],
    attempt,
    bytes: all.length * BYTES_OF_MEMBER,
    timeoutMs: timeoutUs < 0 ? Number.POSITIVE_INFINITY : timeoutUs / 1000,
    timedOut: () => nothing,
  };
}

/** Undefined when nothing is ready. */
function look(members: Members): Outcome | undefined {
  // A socket that another thread closed meanwhile counts as readable; one that nobody wanted to read is an error (Wine's test select).
  const read = members.read?.filter(([, socket]) => socket.isClosed || socket.isReadable);
  const lost = ([, socket]: Member): boolean => socket.isClosed && !(read?.some(([, other]) => other === socket) ?? false);
  if (members.write?.some(lost) || members.except?.some(lost)) return failed(WSAENOTSOCK);
  const write = members.write?.filter(([, socket]) => !socket.isClosed && socket.isWritable);
  const except = members.except?.filter(([, socket]) => !socket.isClosed && socket.hasException);
  const count = (read?.length ?? 0) + (write?.length ?? 0) + (except?.length ?? 0);
  if (count === 0) return undefined;
  const handles = (ready: readonly Member[] | undefined): number[] | undefined => ready?.map(([handle]) => handle);
  return { result: count, error: 0, data: encodeSets({ read: handles(read), write: handles(write), except: handles(except) }) };
}
