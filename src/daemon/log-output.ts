import { fstatSync, writeSync } from "node:fs";
import { addressOf, libc } from "../tap/libc.ts";

const POLLOUT = 0x004;
const POLLERR = 0x008;
const POLLHUP = 0x010;

/** A pipe that poll(2) calls writable takes so many bytes without waiting (pipe(7), PIPE_BUF). */
const PIPE_BUF = 4096;

/**
 * Where lines of the log go. A reader that does not read must not hold the daemon: lines that do not fit into its pipe are lost, and
 * their number is said when there is room again. Nothing here throws.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #lostLine: (count: number) => string;
  readonly #mayWait: boolean;
  #lost = 0;

  /** @param lostLine the line that says how many were lost */
  constructor(fd: number, lostLine: (count: number) => string) {
    this.#fd = fd;
    this.#lostLine = lostLine;
    this.#mayWait = isPipe(fd);
  }

  /** @param line with its end */
  write(line: string): void {
    if (this.#lost > 0 && this.#put(this.#lostLine(this.#lost))) this.#lost = 0;
    if (this.#lost > 0 || !this.#put(line)) this.#lost++;
  }

  #put(line: string): boolean {
    if (this.#mayWait && !hasRoom(this.#fd)) return false;
    const bytes = Buffer.from(line);
    const fits = !this.#mayWait || bytes.length <= PIPE_BUF;
    try {
      writeSync(this.#fd, fits ? bytes : Buffer.concat([bytes.subarray(0, PIPE_BUF - 1), Buffer.from("\n")]));
      return true;
    } catch (error) {
      // EAGAIN from what is non-blocking; or nobody listens to stderr any more, who will not miss it.
      return (error as NodeJS.ErrnoException).code !== "EAGAIN";
    }
  }
}

function isPipe(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}

/** Whether a write will not wait. Where poll(2) cannot be asked (no Linux, no koffi) it is taken to be so. */
function hasRoom(fd: number): boolean {
  try {
    const entry = new Int32Array([fd, POLLOUT]);
    // What is broken fails at once.
    return libc().poll(addressOf(entry), 1, 0) !== 0 && ((entry[1]! >>> 16) & (POLLOUT | POLLERR | POLLHUP)) !== 0;
  } catch {
    return true;
  }
}
