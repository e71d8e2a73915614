import { WSAEINVAL, WSAEMFILE, WSAENOBUFS } from "../abi/errors.ts";
import { failed, type Outcome, succeeded } from "./outcome.ts";
import type { Process } from "./process.ts";
import type { ProviderHost } from "./provider-host.ts";
import type { Socket } from "./socket.ts";

/** Sockets on their way to another process, of one process; each keeps its socket alive. */
const MOST_ON_THEIR_WAY = 1024;

interface Duplicate {
  readonly socket: Socket;
  readonly from: Process;
}

/**
 * WSADuplicateSocket: a socket goes to another process, or to the same, as a number in a WSAPROTOCOL_INFO, of which WSASocket makes a
 * handle. Whoever has the number may have the socket, so it is not to be guessed; it counts once.
 */
export class Duplicates {
  readonly #host: ProviderHost;
  readonly #onTheirWay = new Map<number, Duplicate>();

  constructor(host: ProviderHost) {
    this.#host = host;
  }

  /** Reply a: the number. */
  give(socket: Socket, from: Process): Outcome {
    let count = 0;
    for (const each of this.#onTheirWay.values()) if (each.from === from) count++;
    if (count >= MOST_ON_THEIR_WAY) return failed(WSAENOBUFS);
    let number = 0;
    while (number === 0 || this.#onTheirWay.has(number)) number = this.#host.context.random.u32() >>> 0;
    socket.handles++;
    socket.isShared = true;
    this.#onTheirWay.set(number, { socket, from });
    return { result: 0, error: 0, a: number };
  }

  /** Result: a handle of the socket that goes by this number. */
  take(number: number, to: Process): Outcome {
    const duplicate = this.#onTheirWay.get(number);
    if (duplicate === undefined) return failed(WSAEINVAL);
    if (!to.hasRoom) return failed(WSAEMFILE);
    this.#onTheirWay.delete(number);
    const handle = to.open(duplicate.socket);
    // The handle has taken over what kept it alive.
    duplicate.socket.handles--;
    return succeeded(handle);
  }

  /** The process is no more: what it gave and nobody took is taken back. @param end of a socket without other handles */
  forget(from: Process, end: (socket: Socket) => void): void {
    for (const [number, { socket, from: giver }] of this.#onTheirWay) {
      if (giver !== from) continue;
      this.#onTheirWay.delete(number);
      socket.handles--;
      if (socket.handles === 0) end(socket);
    }
  }
}
