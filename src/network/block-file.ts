import { closeSync, fstatSync, ftruncateSync, openSync, type Stats, statSync, writeSync } from "node:fs";
import { NetworkError } from "../transport/network-error.ts";

/** Bytes that are collected before they are written. */
const CHUNK_BYTES = 256 * 1024;

/** How often it is looked whether the file is still where it was made. */
const LOOK_MS = 1000;

/** Where the length of a block stands in it: pcapng (draft-ietf-opsawg-pcapng, section 3.1), and recordings alike. */
const BLOCK_LENGTH_AT = 4;

/**
 * A file that gets blocks, those of a capture or of a recording, written in large pieces and when the host is idle. A disk that is full,
 * or a file that somebody deletes or replaces, ends it, not the host; what is in the file then ends with a whole block.
 */
export class BlockFile {
  readonly #path: string;
  readonly #now: () => number;
  readonly #onFailure: (why: string) => void;
  readonly #fd: number;
  readonly #made: Stats;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #held = 0;
  /** Bytes of whole blocks in the file. */
  #written = 0;
  #nextLookMs = 0;
  #hasFailed = false;

  /**
   * @param what the file is, in words
   * @param now milliseconds of any clock
   * @param onFailure called once, when nothing more can be written; called from within `write` and `flush`
   * @throws NetworkError when the file cannot be made
   */
  constructor(path: string, what: string, now: () => number, onFailure: (why: string) => void) {
    this.#path = path;
    this.#now = now;
    this.#onFailure = onFailure;
    try {
      this.#fd = openSync(path, "w", 0o600);
      this.#made = fstatSync(this.#fd);
    } catch (error) {
      throw new NetworkError(`Cannot write the ${what} "${path}": ${messageOf(error)}`);
    }
  }

  /** @param block a whole one */
  write(block: Uint8Array): void {
    if (this.#held + block.length > CHUNK_BYTES) this.flush();
    if (block.length > CHUNK_BYTES) {
      this.#put(block);
      return;
    }
    this.#chunk.set(block, this.#held);
    this.#held += block.length;
  }

  flush(): void {
    if (this.#held === 0) return;
    const length = this.#held;
    this.#held = 0;
    this.#put(this.#chunk.subarray(0, length));
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #put(blocks: Uint8Array): void {
    if (this.#hasFailed) return;
    let at = 0;
    try {
      this.#look();
      while (at < blocks.length) at += writeSync(this.#fd, blocks, at);
      this.#written += at;
    } catch (error) {
      this.#hasFailed = true;
      this.#written += wholeBlocks(blocks.subarray(0, at));
      this.#cutBack();
      this.#onFailure(messageOf(error));
    }
  }

  /** @throws Error when the file is no longer where it was made: nobody would ever see what is written to it */
  #look(): void {
    if (this.#now() < this.#nextLookMs || !this.#made.isFile()) return;
    this.#nextLookMs = this.#now() + LOOK_MS;
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found === undefined) throw new Error("somebody deleted the file");
    if (found.ino !== this.#made.ino || found.dev !== this.#made.dev) throw new Error("somebody put another file in its place");
  }

  #cutBack(): void {
    if (!this.#made.isFile()) return;
    try {
      ftruncateSync(this.#fd, this.#written);
    } catch {
      // It then ends inside a block, which readers of pcapng say, having read all before.
    }
  }
}

/** How many of these bytes, the first ones, are whole blocks. */
function wholeBlocks(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = 0;
  while (end + BLOCK_LENGTH_AT + 4 <= bytes.length) {
    const next = end + view.getUint32(end + BLOCK_LENGTH_AT, true);
    if (next > bytes.length) break;
    end = next;
  }
  return end;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
