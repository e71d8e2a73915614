import { CF_ACCEPT, CF_DEFER, CF_REJECT, SOCK_STREAM } from "../abi/constants.ts";
import { WinsockError, WSAECONNREFUSED, WSAEINVAL, WSATRY_AGAIN } from "../abi/errors.ts";
import type { SOCKET } from "../abi/structures.ts";
import { disposable, type OwnedSocket } from "./owned-sockets.ts";
import { LONGEST_NAME, type SocketAddress, socketAddressOf } from "./promise-addresses.ts";
import { type Cancellable, type HostCall, type PromiseCalls, whole } from "./promise-calls.ts";

/** A connection of a listener: its socket, and the peer. `await using` closes it. */
export type AcceptedSocket = OwnedSocket & SocketAddress;

/** What AcceptEx came to. */
export type AcceptedWithData = AcceptedSocket & {
  /** The first data; none where none was asked for, or the peer has ended. */
  readonly data: Uint8Array;
  readonly local: SocketAddress;
};

export interface AcceptExOptions extends Cancellable {
  /** A socket of the listener's family, neither bound nor connected; without it a new one is made. */
  readonly into?: SOCKET;
  /** With any, the call is over when data has come or the peer has ended: at most so many bytes of it. */
  readonly length?: number;
}

/** Who wants to be accepted, and where. */
export interface OfferedConnection {
  readonly caller: SocketAddress;
  readonly callee: SocketAddress;
}

/** Ways to accept, awaited; tapsock/winsock/promises says of each what it does. */
export interface AcceptPromises {
  accept(s: SOCKET, options?: Cancellable): Promise<AcceptedSocket>;
  WSAAccept(s: SOCKET, condition: (offer: OfferedConnection) => number, options?: Cancellable): Promise<AcceptedSocket>;
  AcceptEx(s: SOCKET, options?: AcceptExOptions): Promise<AcceptedWithData>;
}

/** What a verdict fails with. */
const REFUSALS: ReadonlyMap<number, number> = new Map([
  [CF_REJECT, WSAECONNREFUSED],
  [CF_DEFER, WSATRY_AGAIN],
]);

/** @param owned closes a socket at the end of a block */
export function createAcceptPromises(
  { sequence, inOfferTurn, afterOffers, familyOf, opened }: PromiseCalls,
  owned: (s: SOCKET) => OwnedSocket,
): AcceptPromises {
  const ownedAs = <T extends object>(s: SOCKET, told: T): T & OwnedSocket => {
    const { [Symbol.asyncDispose]: end } = owned(s);
    return disposable({ socket: s, ...told }, end);
  };

  /** @param offer the number of the connection that was offered, which it is about */
  async function accept(s: SOCKET, signal: AbortSignal | undefined, call: HostCall, offer?: number): Promise<AcceptedSocket> {
    const offered = offer === undefined ? {} : { b: 1, c: offer };
    const { result, data } = await call("accept", { s, a: LONGEST_NAME, ...offered }, signal);
    opened(result, familyOf(s));
    return ownedAs(result, socketAddressOf(data));
  }

  return {
    accept: (s, { signal } = {}) => afterOffers(s, () => accept(s, signal, sequence("accept")), signal),

    WSAAccept: (s, condition, { signal } = {}) =>
      inOfferTurn(
        s,
        async () => {
          const call = sequence("WSAAccept");
          const { data, a, b: offer } = await call("offer", { s }, signal);
          const names = data ?? new Uint8Array(0);
          const verdict = condition({ caller: socketAddressOf(names.slice(0, a)), callee: socketAddressOf(names.slice(a)) });
          if (verdict === CF_ACCEPT) return accept(s, signal, call, offer);
          if (verdict === CF_REJECT) await call("reject", { s, a: offer });
          throw new WinsockError(REFUSALS.get(verdict) ?? WSAEINVAL, "WSAAccept");
        },
        signal,
      ),

    async AcceptEx(s, { into, length = 0, signal } = {}) {
      signal?.throwIfAborted();
      const call = sequence("AcceptEx");
      let target = into;
      if (target === undefined) {
        const af = familyOf(s);
        target = (await call("socket", { a: af, b: SOCK_STREAM }, signal)).result;
        opened(target, af);
      }
      try {
        const { result, a, b, data } = await call("acceptEx", { s, a: whole(target), b: whole(length) }, signal);
        const bytes = data ?? new Uint8Array(0);
        const [local, remote] = [bytes.subarray(result, result + a), bytes.subarray(result + a, result + a + b)];
        return ownedAs(target, { ...socketAddressOf(remote), data: bytes.subarray(0, result), local: socketAddressOf(local) });
      } catch (error) {
        if (into === undefined) await owned(target)[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}
