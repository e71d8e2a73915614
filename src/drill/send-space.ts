import type { TcpConnection } from "../stack/tcp/tcp-service.ts";
import type { ChangingProfile } from "./sysctl.ts";

/** Memory that Linux counts for a buffer beside the text in it. */
const BUFFER_OVERHEAD = 1280;
/** The same of a full segment, and what it rounds text and headers up to (a power of two). */
const SEGMENT_HEADERS = 640;
const SEGMENT_OVERHEAD = 256;
const LEAST_SEGMENTS = 10;
/** Text in one buffer at most. */
const LARGEST_BUFFER = 65_535 - 320;

/**
 * How much a program may write, as Linux counts it: what is written fills buffers of whole segments, half of the peer's window large at most;
 * the last one is filled up whatever is queued, and another is begun while what is queued is below the limit, and what is unsent below
 * TCP_NOTSENT_LOWAT. So a write ends at the end of a buffer. The limit grows with the congestion window.
 */
export class SendSpace {
  /** SO_SNDBUF as it is reported; undefined where the limit grows by itself. */
  fixedLimit: number | undefined;
  /** TCP_NOTSENT_LOWAT; undefined for no limit. */
  lowat: number | undefined;
  #limit = 0;
  #written = 0;
  /** Where buffers end, in bytes written; the last may not be full. */
  readonly #ends: number[] = [];
  /** The peer's largest window. */
  #largestWindow = 0;
  /** Where the last begins. */
  #lastBegins = 0;

  /** Takes over what a listener was told for its connections. */
  inherit(from: SendSpace): void {
    this.fixedLimit = from.fixedLimit;
    this.lowat = from.lowat;
  }

  /** Bytes that may be written now in one piece. */
  next(connection: TcpConnection, profile: ChangingProfile): number {
    const goal = this.#goal(connection);
    const begins = Math.max(this.#lastBegins, this.#written - unsentOf(connection));
    const inLast = this.#written - begins;
    if (inLast > 0 && inLast < goal) return goal - inLast;
    return this.#isFree(connection, profile) ? goal : 0;
  }

  /** Bytes are about to be written, no more than `next` allowed. */
  writes(bytes: number, connection: TcpConnection): void {
    const begins = Math.max(this.#lastBegins, this.#written - unsentOf(connection));
    const isNew = begins === this.#written || this.#written - begins >= this.#goal(connection);
    if (isNew) this.#lastBegins = this.#written;
    else this.#ends.pop();
    this.#written += bytes;
    this.#ends.push(this.#written);
  }

  /** A third of the limit is free, and less than half of what may be unsent is. */
  isWritable(connection: TcpConnection, profile: ChangingProfile): boolean {
    const lowat = this.lowat ?? profile.notSentLowat;
    if (lowat !== undefined && unsentOf(connection) * 2 >= lowat) return false;
    const queued = this.#queued(connection);
    return this.limit(profile) - queued >= queued >>> 1;
  }

  limit(profile: ChangingProfile): number {
    return this.fixedLimit ?? Math.max(this.#limit, profile.sendBufferBytes);
  }

  /** Somebody waits for room: the limit follows the congestion window, unless that is what holds everything up. */
  grow(connection: TcpConnection, profile: ChangingProfile): void {
    const { cwnd, mss, sndNxt, sndUna } = connection.status();
    if ((sndNxt - sndUna) >>> 0 >= cwnd) return;
    const segments = Math.max(LEAST_SEGMENTS, Math.floor(cwnd / mss));
    const ofSegment = 2 ** Math.ceil(Math.log2(mss + SEGMENT_HEADERS)) + SEGMENT_OVERHEAD;
    this.#limit = Math.min(profile.sendBufferMaxBytes, Math.max(this.#limit, 2 * segments * ofSegment));
  }

  /** Text in one buffer: whole segments, at least one. */
  #goal(connection: TcpConnection): number {
    const { mss, sndWnd } = connection.status();
    this.#largestWindow = Math.max(this.#largestWindow, sndWnd);
    const segment = Math.max(1, mss);
    return Math.max(1, Math.floor(Math.min(LARGEST_BUFFER, this.#largestWindow >>> 1) / segment)) * segment;
  }

  #isFree(connection: TcpConnection, profile: ChangingProfile): boolean {
    const lowat = this.lowat ?? profile.notSentLowat;
    if (lowat !== undefined && unsentOf(connection) >= lowat) return false;
    return this.#queued(connection) < this.limit(profile);
  }

  #queued(connection: TcpConnection): number {
    const acknowledged = this.#written - connection.sendQueueBytes;
    while (this.#ends.length > 0 && this.#ends[0]! <= acknowledged) this.#ends.shift();
    return connection.sendQueueBytes + BUFFER_OVERHEAD * this.#ends.length;
  }
}

/** Bytes that were written and have not left. */
function unsentOf(connection: TcpConnection): number {
  const { sndNxt, sndUna, sendQueueBytes } = connection.status();
  return Math.max(0, sendQueueBytes - ((sndNxt - sndUna) >>> 0));
}
