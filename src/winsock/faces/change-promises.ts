import {
  SIO_ADDRESS_LIST_CHANGE,
  SIO_ADDRESS_LIST_QUERY,
  SIO_ROUTING_INTERFACE_CHANGE,
  SIO_ROUTING_INTERFACE_QUERY,
} from "../abi/constants.ts";
import { WinsockError, WSA_OPERATION_ABORTED, WSAEINTR, WSAENETUNREACH, WSAENOTSOCK } from "../abi/errors.ts";
import type { SOCKET } from "../abi/structures.ts";
import { NO_PACKET, OVERLAPPED } from "../provider/overlapped.ts";
import { CallAbort } from "./call-abort.ts";
import { type DisposableGenerator, disposableGenerator } from "./owned-sockets.ts";
import { type NamedAddress, nameBytes, type SocketAddress } from "./promise-addresses.ts";
import type { Cancellable, PromiseCalls } from "./promise-calls.ts";

/** News of the host's own addresses and ways, as JavaScript has it. */
export interface ChangePromises {
  /** The host's addresses of the socket's family whenever they are others than before (SIO_ADDRESS_LIST_CHANGE), `for await`, until the socket is closed. */
  addressListChanges(s: SOCKET, options?: Cancellable): DisposableGenerator<SocketAddress[]>;
  /**
   * The address by which the host would leave for a destination whenever it is another than before (SIO_ROUTING_INTERFACE_CHANGE),
   * `for await`, until the socket is closed; undefined while there is no way.
   */
  routingInterfaceChanges(s: SOCKET, to: NamedAddress, options?: Cancellable): DisposableGenerator<SocketAddress | undefined>;
}

/** The calls by which one looks what there is after a change. */
export interface QueryCalls {
  WSAIoctl(s: SOCKET, code: typeof SIO_ADDRESS_LIST_QUERY): Promise<SocketAddress[]>;
  WSAIoctl(s: SOCKET, code: typeof SIO_ROUTING_INTERFACE_QUERY, input: NamedAddress): Promise<SocketAddress>;
}

export function createChangePromises({ sequence }: PromiseCalls, { WSAIoctl }: QueryCalls): ChangePromises {
  /** @param data what the control code takes @param look what there is after a change */
  async function* changes<T>(s: SOCKET, a: number, data: Uint8Array | undefined, look: () => Promise<T>, signal: AbortSignal) {
    const wait = new CallAbort(signal);
    const call = sequence("WSAIoctl");
    // Also on a nonblocking socket.
    const change = () => call("WSAIoctl", { s, a, d: OVERLAPPED | NO_PACKET, ...(data && { data }) }, wait.signal);
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
      wait.abort(new WinsockError(WSAEINTR, "WSAIoctl"));
      wait.release();
    }
  }

  return {
    addressListChanges: (s, { signal } = {}) =>
      disposableGenerator(signal, (signal) =>
        changes(s, SIO_ADDRESS_LIST_CHANGE, undefined, () => WSAIoctl(s, SIO_ADDRESS_LIST_QUERY), signal),
      ),

    routingInterfaceChanges(s, to, { signal } = {}) {
      const look = async (): Promise<SocketAddress | undefined> => {
        try {
          return await WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, to);
        } catch (error) {
          if (error instanceof WinsockError && error.errno === WSAENETUNREACH) return undefined;
          throw error;
        }
      };
      return disposableGenerator(signal, (signal) => changes(s, SIO_ROUTING_INTERFACE_CHANGE, nameBytes("WSAIoctl", to), look, signal));
    },
  };
}

/** The socket was closed, which ends whatever is told of it. */
const isOver = (error: unknown): boolean => error instanceof WinsockError && ENDS.has(error.errno);
const ENDS: ReadonlySet<number> = new Set([WSAEINTR, WSAENOTSOCK, WSA_OPERATION_ABORTED]);
