import { FD_CLOSE, FD_MAX_EVENTS } from "../abi/constants.ts";
import { WinsockError, WSAECONNRESET, WSAEINTR, WSAENOTSOCK } from "../abi/errors.ts";
import type { SOCKET } from "../abi/structures.ts";
import type { AcceptedSocket } from "./accept-promises.ts";
import { CallAbort } from "./call-abort.ts";
import { type DisposableGenerator, disposableGenerator } from "./owned-sockets.ts";
import type { SocketAddress } from "./promise-addresses.ts";
import type { Cancellable, PromiseCalls, SelectOptions } from "./promise-calls.ts";

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
  accepted(s: SOCKET, options?: Cancellable): DisposableGenerator<AcceptedSocket>;
  /** Data of a stream as it comes, `for await`, to the peer's end. */
  received(s: SOCKET, options?: Cancellable): DisposableGenerator<Uint8Array>;
  /** Datagrams as they come, each with its sender, `for await`. Ends when the socket is closed. */
  datagrams(s: SOCKET, options?: Cancellable): DisposableGenerator<{ readonly data: Uint8Array } & SocketAddress>;
  /**
   * Network events as they are recorded (WSAEventSelect), `for await`; the socket becomes nonblocking. Ends after FD_CLOSE, where that was
   * selected, and when the socket is closed.
   * @param lNetworkEvents FD_ bits
   */
  networkEvents(s: SOCKET, lNetworkEvents: number, options?: Cancellable): DisposableGenerator<NetworkEventRecord>;
}

/** The calls that are made again and again. */
export interface RepeatedCalls {
  accept(s: SOCKET, options: Cancellable): Promise<AcceptedSocket>;
  recv(s: SOCKET, options: Cancellable): Promise<Uint8Array>;
  recvfrom(s: SOCKET, options: Cancellable): Promise<{ readonly data: Uint8Array } & SocketAddress>;
}

export function createEventPromises(
  { call, sequence, whenClosed, session }: PromiseCalls,
  { accept, recv, recvfrom }: RepeatedCalls,
): EventPromises {
  /** A call that is made again and again, and starts nothing up again once Winsock is ended. @throws WinsockError WSAEINTR then */
  function again<T>(syscall: string, make: () => Promise<T>): () => Promise<T> {
    let startedIn = session();
    return () => {
      if (startedIn !== undefined && session() !== startedIn) return Promise.reject(new WinsockError(WSAEINTR, syscall));
      const made = make();
      startedIn ??= session();
      return made;
    };
  }

  /** What a call gives, again and again, until its socket is closed. @param passed codes of failures after which it goes on */
  async function* repeated<T>(make: () => Promise<T>, ...passed: readonly number[]): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let made: T;
      try {
        made = await make();
      } catch (error) {
        if (isOver(error)) return;
        if (error instanceof WinsockError && passed.includes(error.errno)) continue;
        throw error;
      }
      yield made;
    }
  }

  async function* events(s: SOCKET, lNetworkEvents: number, signal: AbortSignal): AsyncGenerator<NetworkEventRecord, void, undefined> {
    const wait = new CallAbort(signal);
    const step = sequence("WSAWaitForMultipleEvents");
    const forget = whenClosed(s, () => wait.abort(new WinsockError(WSAEINTR, "WSAWaitForMultipleEvents")));
    let event = 0;
    let startedIn: unknown;
    try {
      event = (await step("createEvent", { a: 1 }, signal, { syscall: "WSACreateEvent" })).result;
      startedIn = session();
      await step("selectEvents", { s, a: event, b: lNetworkEvents }, undefined, { syscall: "WSAEventSelect" });
      for (let isOpen = true; isOpen; ) {
        await step("waitForEvents", { b: -1, data: int32s([event]) }, wait.signal);
        const { a: events, data } = await step("enumerateEvents", { s, a: event }, undefined, { syscall: "WSAEnumNetworkEvents" });
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
      wait.release();
      // What went with WSACleanup is not to be closed in what was started since.
      const isThere = event !== 0 && session() === startedIn;
      if (isThere) await call("selectEvents", { s }).catch(() => {});
      if (isThere) await call("closeHandle", { s: event }).catch(() => {});
    }
  }

  return {
    async WSAPoll(entries, { timeoutMs = -1, signal } = {}) {
      const data = int32s(entries.flatMap(({ s, events }) => [s, events]));
      const found = readInt32s((await call("poll", { a: timeoutMs, data }, signal)).data);
      return entries.map((entry, i) => ({ ...entry, revents: found[i] ?? 0 })).filter(({ revents }) => revents !== 0);
    },

    accepted: (s, { signal } = {}) =>
      disposableGenerator(signal, (signal) =>
        // One that the peer reset before its turn came is none any more.
        repeated(
          again("accept", () => accept(s, { signal })),
          WSAECONNRESET,
        ),
      ),

    received: (s, { signal } = {}) =>
      disposableGenerator(signal, async function* (signal) {
        const next = again("recv", () => recv(s, { signal }));
        for (let data = await next(); data.length > 0; data = await next()) yield data;
      }),

    datagrams: (s, { signal } = {}) => disposableGenerator(signal, (signal) => repeated(again("recvfrom", () => recvfrom(s, { signal })))),

    networkEvents: (s, lNetworkEvents, { signal } = {}) => disposableGenerator(signal, (signal) => events(s, lNetworkEvents, signal)),
  };
}

/** The socket was closed, which ends whatever is told of it. */
const isOver = (error: unknown): boolean => error instanceof WinsockError && (error.errno === WSAEINTR || error.errno === WSAENOTSOCK);

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
