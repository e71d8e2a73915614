import { FD_CLOSE, FD_MAX_EVENTS, SIO_ADDRESS_LIST_CHANGE, SIO_ROUTING_INTERFACE_CHANGE } from "../abi/constants.ts";
import { WinsockError, WSA_OPERATION_ABORTED, WSAEINTR, WSAENETUNREACH, WSAENOTSOCK } from "../abi/errors.ts";
import type { SOCKET } from "../abi/structures.ts";
import { callName } from "../provider/call-text.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import { NO_PACKET, OVERLAPPED } from "../provider/overlapped.ts";
import type { Cancellable, SelectOptions, SocketAddress } from "./promise-face.ts";

/** What WSAPoll is asked of a socket. */
export interface PollEntry {
  readonly s: SOCKET;
  /** POLL bits: POLLIN, POLLOUT. */
  readonly events: number;
}

/** What happened on a socket. */
export interface NetworkEventRecord {
  /** FD_ bits. */
  readonly events: number;
  /** The code of each bit that has one: by FD_CONNECT or FD_CLOSE a WSA code. */
  readonly errors: Readonly<Record<number, number>>;
}

/** Waiting and being told, as JavaScript has it. */
export interface EventPromises {
  /** Resolves with the entries that have events, each with what was found: none at all when the time is over. */
  WSAPoll<E extends PollEntry>(entries: readonly E[], options?: SelectOptions): Promise<(E & { readonly revents: number })[]>;
  /** Each connection of a listener as it comes, `for await`. Ends when the listener is closed. */
  accepted(s: SOCKET, options?: Cancellable): AsyncGenerator<{ readonly socket: SOCKET } & SocketAddress, void, undefined>;
  /** Data of a stream as it comes, `for await`, to the peer's end. */
  received(s: SOCKET, options?: Cancellable): AsyncGenerator<Uint8Array, void, undefined>;
  /**
   * Network events as they are recorded (WSAEventSelect), `for await`; the socket becomes nonblocking. Ends after FD_CLOSE, where that was
   * selected, and when the socket is closed.
   * @param lNetworkEvents FD_ bits
   */
  networkEvents(s: SOCKET, lNetworkEvents: number, options?: Cancellable): AsyncGenerator<NetworkEventRecord, void, undefined>;
  /** The host's addresses of the socket's family whenever they are others than before (SIO_ADDRESS_LIST_CHANGE), `for await`, until the socket is closed. */
  addressListChanges(s: SOCKET, options?: Cancellable): AsyncGenerator<SocketAddress[], void, undefined>;
  /**
   * The address by which the host would leave for a destination whenever it is another than before (SIO_ROUTING_INTERFACE_CHANGE),
   * `for await`, until the socket is closed; undefined while there is no way.
   */
  routingInterfaceChanges(s: SOCKET, to: SocketAddress, options?: Cancellable): AsyncGenerator<SocketAddress | undefined, void, undefined>;
}

type EventCall = "poll" | "createEvent" | "closeHandle" | "waitForEvents" | "selectEvents" | "enumerateEvents" | "WSAIoctl";

export interface EventCalls {
  /** @throws WinsockError, or the signal's reason */
  ask(
    syscall: EventCall,
    fields: { readonly s?: SOCKET; readonly a?: number; readonly b?: number; readonly d?: number; readonly data?: Uint8Array },
    signal?: AbortSignal,
  ): Promise<CallReply>;
  accept(s: SOCKET, options?: Cancellable): Promise<{ readonly socket: SOCKET } & SocketAddress>;
  recv(s: SOCKET, options: Cancellable): Promise<Uint8Array>;
  addresses(s: SOCKET): Promise<SocketAddress[]>;
  sourceTowards(s: SOCKET, to: SocketAddress): Promise<SocketAddress>;
  /** In C layout. */
  nameBytes(to: SocketAddress): Uint8Array;
  /** Closing a socket does not set the event that tells of it. @returns no more to be told */
  whenClosed(s: SOCKET, told: () => void): () => void;
}

export function createEventPromises({ ask, accept, recv, whenClosed, addresses, sourceTowards, nameBytes }: EventCalls): EventPromises {
  /** Under the C function's name. */
  async function askFor(syscall: EventCall, ...rest: [Parameters<EventCalls["ask"]>[1], AbortSignal?]): Promise<CallReply> {
    try {
      return await ask(syscall, ...rest);
    } catch (error) {
      throw error instanceof WinsockError ? new WinsockError(error.errno, callName(CALL[syscall]) ?? syscall) : error;
    }
  }

  /** @param data what the control code takes @param look what there is after a change */
  async function* changes<T>(s: SOCKET, a: number, data: Uint8Array | undefined, look: () => Promise<T>, { signal }: Cancellable) {
    const leaving = new AbortController();
    const either = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]);
    // Also on a nonblocking socket.
    const change = () => ask("WSAIoctl", { s, a, d: OVERLAPPED | NO_PACKET, ...(data && { data }) }, either);
    try {
      for (let next = change(); ; ) {
        await next;
        // What changes while the program looks is its next change.
        next = change();
        next.catch(() => {});
        yield await look();
      }
    } catch (error) {
      if (!isOver(error)) throw error;
    } finally {
      leaving.abort();
    }
  }

  return {
    async WSAPoll(entries, { timeoutMs = -1, signal } = {}) {
      const data = int32s(entries.flatMap(({ s, events }) => [s, events]));
      const reply = await askFor("poll", { a: timeoutMs, data }, signal);
      const found = readInt32s(reply.data);
      return entries.map((entry, i) => ({ ...entry, revents: found[i] ?? 0 })).filter(({ revents }) => revents !== 0);
    },

    async *accepted(s, options = {}) {
      for (;;) {
        try {
          yield await accept(s, options);
        } catch (error) {
          if (isOver(error)) return;
          throw error;
        }
      }
    },

    async *received(s, options = {}) {
      for (let data = await recv(s, options); data.length > 0; data = await recv(s, options)) yield data;
    },

    async *networkEvents(s, lNetworkEvents, { signal } = {}) {
      const closing = new AbortController();
      const forget = whenClosed(s, () => closing.abort(new WinsockError(WSAEINTR, "WSAWaitForMultipleEvents")));
      const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      let event = 0;
      try {
        event = (await askFor("createEvent", { a: 1 })).result;
        await askFor("selectEvents", { s, a: event, b: lNetworkEvents });
        for (let isOpen = true; isOpen; ) {
          await askFor("waitForEvents", { b: -1, data: int32s([event]) }, either);
          const { a: events, data } = await askFor("enumerateEvents", { s, a: event });
          const codes = readInt32s(data);
          const bits = Array.from({ length: FD_MAX_EVENTS }, (_, i) => i).filter((i) => (events & (1 << i)) !== 0);
          const errors = Object.fromEntries(bits.filter((i) => codes[i] !== 0).map((i) => [1 << i, codes[i] ?? 0]));
          isOpen = (events & FD_CLOSE) === 0;
          if (events !== 0) yield { events, errors };
        }
      } catch (error) {
        if (!isOver(error)) throw error;
      } finally {
        forget();
        if (event !== 0) await askFor("selectEvents", { s }).catch(() => {});
        if (event !== 0) await askFor("closeHandle", { s: event }).catch(() => {});
      }
    },

    addressListChanges: (s, options = {}) => changes(s, SIO_ADDRESS_LIST_CHANGE, undefined, () => addresses(s), options),

    routingInterfaceChanges(s, to, options = {}) {
      const look = async (): Promise<SocketAddress | undefined> => {
        try {
          return await sourceTowards(s, to);
        } catch (error) {
          if (error instanceof WinsockError && error.errno === WSAENETUNREACH) return undefined;
          throw error;
        }
      };
      return changes(s, SIO_ROUTING_INTERFACE_CHANGE, nameBytes(to), look, options);
    },
  };
}

/** The socket was closed, which ends whatever is told of it. */
const isOver = (error: unknown): boolean => error instanceof WinsockError && ENDS.has(error.errno);
const ENDS: ReadonlySet<number> = new Set([WSAEINTR, WSAENOTSOCK, WSA_OPERATION_ABORTED]);

function int32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setInt32(4 * i, value, true);
  return bytes;
}

function readInt32s(bytes: Uint8Array | null): number[] {
  if (bytes === null) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length >>> 2 }, (_, i) => view.getInt32(4 * i, true));
}
