import type { DrillSocket, ReadinessWatcher } from "./drill-socket.ts";
import { symbol } from "./symbols.ts";

const EDGE = symbol("EPOLLET");
const ONE_SHOT = symbol("EPOLLONESHOT");
const ALWAYS = symbol("EPOLLERR") | symbol("EPOLLHUP");
/** What says how to watch, and not what for. */
const MODES = EDGE | ONE_SHOT | symbol("EPOLLEXCLUSIVE");

/** What its user gave with a socket and gets back with its events. */
export interface EpollData {
  /** `fd`, `ptr`, `u32` or `u64`. */
  readonly kind: string;
  readonly value: number;
}

class EpollItem implements ReadinessWatcher {
  readonly socket: DrillSocket;
  events: number;
  data: EpollData;
  /** In the list of those that may be ready. */
  isListed = true;
  isDisabled = false;

  constructor(socket: DrillSocket, events: number, data: EpollData) {
    this.socket = socket;
    this.events = events;
    this.data = data;
  }

  woken(): void {
    if (!this.isDisabled) this.isListed = true;
  }
}

/** An epoll instance: sockets that may be ready are listed, and those of level kind stay listed while they are. */
export class DrillEpoll {
  readonly #items = new Map<DrillSocket, EpollItem>();

  has(socket: DrillSocket): boolean {
    return this.#items.has(socket);
  }

  add(socket: DrillSocket, events: number, data: EpollData): void {
    const item = new EpollItem(socket, events, data);
    this.#items.set(socket, item);
    socket.watchers.add(item);
  }

  change(socket: DrillSocket, events: number, data: EpollData): void {
    const item = this.#items.get(socket);
    if (item === undefined) return;
    item.events = events;
    item.data = data;
    item.isDisabled = false;
    item.isListed = true;
  }

  remove(socket: DrillSocket): void {
    const item = this.#items.get(socket);
    if (item === undefined) return;
    this.#items.delete(socket);
    socket.watchers.delete(item);
  }

  /** @param ready what holds of a socket now, as poll has it @returns at most `most` sockets with what is ready of them */
  wait(most: number, ready: (socket: DrillSocket) => number): { readonly events: number; readonly data: EpollData }[] {
    const found: { readonly events: number; readonly data: EpollData }[] = [];
    for (const item of this.#items.values()) {
      if (!item.isListed || found.length === most) continue;
      const events = ready(item.socket) & ((item.events & ~MODES) | ALWAYS);
      if (events === 0 || (item.events & EDGE) !== 0) item.isListed = false;
      if (events === 0) continue;
      if ((item.events & ONE_SHOT) !== 0) {
        item.isDisabled = true;
        item.isListed = false;
      }
      found.push({ events, data: item.data });
    }
    return found;
  }

  close(): void {
    for (const socket of [...this.#items.keys()]) this.remove(socket);
  }
}
