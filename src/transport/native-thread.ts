import { readFileSync, readlinkSync } from "node:fs";

/** A thread of this process as the kernel knows it. An id that is given anew is told by when its thread started. Zeros stand for nobody knows. */
export interface NativeThread {
  readonly id: number;
  /** Clock ticks since boot, modulo 2^32 (proc(5), /proc/pid/stat, field 22). */
  readonly startTicks: number;
}

const UNKNOWN: NativeThread = { id: 0, startTicks: 0 };

/** The thread that calls this; unknown where there is no /proc/thread-self (no Linux). */
export function thisThread(): NativeThread {
  try {
    // "1234/task/1240"
    const id = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    return { id, startTicks: startTicksOf(id) };
  } catch {
    return UNKNOWN;
  }
}

/** Whether the thread has ended, however it did. One that is only held (by a debugger, by swapping, by a signal) has not; nor has an unknown one. */
export function hasEnded({ id, startTicks }: NativeThread): boolean {
  if (id === 0) return false;
  try {
    return startTicksOf(id) !== startTicks;
  } catch (error) {
    // Anything else, a lack of descriptors say, tells nothing about the thread.
    const { code } = error as NodeJS.ErrnoException;
    return (code === "ENOENT" || code === "ESRCH") && thisThread().id !== 0;
  }
}

function startTicksOf(id: number): number {
  const stat = readFileSync(`/proc/self/task/${id}/stat`, "latin1");
  // The name, in parentheses, may have spaces and parentheses of its own; after it comes field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[22 - 3]) | 0;
}
