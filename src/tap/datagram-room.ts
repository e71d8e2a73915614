import { type Dirent, lstatSync, mkdirSync, opendirSync, type Stats, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { addressOf, EADDRINUSE, ECONNREFUSED, EEXIST, ENOENT, ENOTDIR, EPERM } from "./libc.ts";
import { TapError } from "./tap-error.ts";
import { bindDatagrams, isAbandoned, sendDatagram } from "./unix-datagram.ts";
import { closeDescriptor, MAX_SOCKET_PATH, receiveNow } from "./unix-socket.ts";

/** Eight digits: a station's number, which is its socket's name. */
const STATION = /^[0-9a-f]{8}$/;
const NAME_BYTES = 8;
/** Longest path of a room in bytes, for its sockets' names have to fit behind it. */
export const MAX_ROOM_PATH = MAX_SOCKET_PATH - 1 - NAME_BYTES;
/** Others that hear us, and entries of the directory that are looked at to find them. */
const MOST_OTHERS = 64;
const MOST_ENTRIES = 256;

const nameOf = (station: number): string => station.toString(16).padStart(NAME_BYTES, "0");

/**
 * A place of this machine where programs hear each other: a directory in which each has a Unix datagram socket, by the name of its number.
 * What one sends, all others get who are there at that moment and take it in; nobody is asked, nobody waits, and nobody is in charge.
 */
export class DatagramRoom {
  /** To be polled for reading. */
  readonly descriptor: number;
  readonly #path: string;
  readonly #own: string;
  readonly #buffer: Uint8Array;
  readonly #largest: number;
  #isClosed = false;

  private constructor(path: string, own: string, descriptor: number, largest: number) {
    this.#path = path;
    this.#own = own;
    this.descriptor = descriptor;
    this.#largest = largest;
    // By the byte more one is known that is too long.
    this.#buffer = new Uint8Array(largest + 1);
  }

  /**
   * Makes the directory, for its owner alone, where there is none.
   * @param station from 0 to 0xffffffff; nobody else in the room may have it
   * @param largest bytes of a datagram; what comes longer is dropped
   * @throws TapError when the place cannot be had, anybody may write to it, or the number is taken
   */
  static enter(path: string, station: number, largest: number): DatagramRoom {
    makeDirectory(path);
    const own = nameOf(station);
    const socket = join(path, own);
    let descriptor = bindDatagrams(socket);
    if (descriptor === -EADDRINUSE && isAbandoned(socket) && removeSocket(socket)) descriptor = bindDatagrams(socket);
    if (descriptor === -EADDRINUSE) throw cannotEnter(path, EADDRINUSE, `another station with the id 0x${own} is there; choose another id`);
    if (descriptor < 0) throw cannotEnter(path, -descriptor, "name another directory");
    return new DatagramRoom(path, own, descriptor, largest);
  }

  /** To everybody else who is here. Who has no room for it does not get it. */
  send(bytes: Uint8Array): void {
    for (const name of this.#others()) {
      const socket = join(this.#path, name);
      // Who was killed has left its socket behind.
      if (sendDatagram(this.descriptor, socket, bytes) === -ECONNREFUSED) removeSocket(socket);
    }
  }

  /** Hands over at most `budget` datagrams and returns how many were there; fewer than `budget` means that none is left. Each is its taker's. */
  receive(take: (bytes: Uint8Array) => void, budget: number): number {
    for (let count = 0; count < budget; count++) {
      const length = receiveNow(this.descriptor, addressOf(this.#buffer), this.#buffer.length);
      if (length < 0) return count;
      if (length <= this.#largest) take(this.#buffer.slice(0, length));
    }
    return budget;
  }

  /** Leaves the room; a second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    removeSocket(join(this.#path, this.#own));
    closeDescriptor(this.descriptor);
  }

  #others(): string[] {
    const found: string[] = [];
    try {
      const directory = opendirSync(this.#path);
      try {
        let entry: Dirent | null = directory.readSync();
        for (let i = 0; entry !== null && i < MOST_ENTRIES && found.length < MOST_OTHERS; i++) {
          // A link would lead to a socket of another program.
          if (entry.isSocket() && STATION.test(entry.name) && entry.name !== this.#own) found.push(entry.name);
          entry = directory.readSync();
        }
      } finally {
        directory.closeSync();
      }
    } catch {
      // Whoever removed the directory has put everybody out of sight.
    }
    return found;
  }
}

const cannotEnter = (path: string, errno: number, hint: string): TapError => new TapError(`enter the room ${path}`, errno, hint);

function makeDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    const { errno = -ENOENT, code } = error as NodeJS.ErrnoException;
    throw cannotEnter(path, -errno, `the directory cannot be made (${code}); name another one`);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) throw cannotEnter(path, ENOTDIR, "expected a directory, or nothing yet");
  if (!isOurs(found)) throw cannotEnter(path, EPERM, "the directory belongs to somebody else; name another one");
  if ((found.mode & 0o002) !== 0)
    throw cannotEnter(path, EPERM, "anybody may write there; name another directory, or take that right away");
}

/** Node's own `recursive` tries for ever where the system lets nobody make a directory, as in /proc. */
function makeWithParents(path: string, parents = true): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === -EEXIST) return;
    if (errno !== -ENOENT || !parents || dirname(path) === path) throw error;
    makeWithParents(dirname(path));
    makeWithParents(path, false);
  }
}

/** Each takes datagrams from its own user alone: root, too, would say something in somebody else's room and hear nothing. */
const isOurs = ({ uid }: Stats): boolean => uid === (process.geteuid?.() ?? 0);

/** @returns whether a socket lay there; anything else is left where it is */
function removeSocket(path: string): boolean {
  try {
    if (!lstatSync(path).isSocket()) return false;
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
