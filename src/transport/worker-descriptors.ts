import { getEnvironmentData, setEnvironmentData, threadId } from "node:worker_threads";
import { closeDescriptor } from "../tap/unix-socket.ts";

/**
 * Which descriptors worker threads have opened without Node's knowledge. Node closes none of them when a worker is terminated, so
 * whoever started it does: the table is memory that all threads of the program share.
 */

const KEY = "tapsock descriptors of workers";
/** Pairs of words: the worker's thread id, and the descriptor plus one; 0 where a pair is free. */
const PAIRS = 1024;

const table = ((): Int32Array => {
  const found = getEnvironmentData(KEY) as SharedArrayBuffer | undefined;
  if (found !== undefined) return new Int32Array(found);
  const memory = new SharedArrayBuffer(PAIRS * 8);
  setEnvironmentData(KEY, memory as unknown as Parameters<typeof setEnvironmentData>[1]);
  return new Int32Array(memory);
})();

/** Notes a descriptor of this thread. A table that is full notes nothing: that worker's end is then noticed when the process ends. */
export function noteDescriptor(fd: number): void {
  for (let at = 0; at < table.length; at += 2) {
    if (Atomics.compareExchange(table, at + 1, 0, fd + 1) !== 0) continue;
    Atomics.store(table, at, threadId);
    return;
  }
}

/** Call it before the descriptor is closed, whose number may be another's at once. */
export function forgetDescriptor(fd: number): void {
  for (let at = 0; at < table.length; at += 2) {
    if (Atomics.load(table, at) !== threadId || Atomics.load(table, at + 1) !== fd + 1) continue;
    Atomics.store(table, at, 0);
    Atomics.store(table, at + 1, 0);
    return;
  }
}

/** Closes what the worker that has ended left open. */
export function closeDescriptorsOf(worker: number): void {
  for (let at = 0; at < table.length; at += 2) {
    if (Atomics.load(table, at) !== worker) continue;
    const fd = Atomics.load(table, at + 1) - 1;
    Atomics.store(table, at, 0);
    Atomics.store(table, at + 1, 0);
    closeDescriptor(fd);
  }
}
