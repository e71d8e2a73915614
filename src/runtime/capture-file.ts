import { closeSync, openSync, writeSync } from "node:fs";
import { NetworkError } from "./network-error.ts";

/** Bytes that are collected before they are written. */
const CHUNK_BYTES = 256 * 1024;

/** A file that gets pcapng blocks, written in large pieces and when the host is idle. A disk that is full ends the capture, not the host. */
export class CaptureFile {
  readonly #fd: number;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #held = 0;
  #hasFailed = false;

  /** @throws NetworkError when the file cannot be made */
  constructor(path: string) {
    try {
      this.#fd = openSync(path, "w", 0o600);
    } catch (error) {
      throw new NetworkError(`Cannot write the capture file "${path}": ${error instanceof Error ? error.message : String(error)}`);
    }
  }

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
    this.#put(this.#chunk.subarray(0, this.#held));
    this.#held = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #put(bytes: Uint8Array): void {
    if (this.#hasFailed) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch {
      this.#hasFailed = true;
    }
  }
}
