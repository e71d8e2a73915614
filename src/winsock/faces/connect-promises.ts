import { AI_ALL, AI_V4MAPPED, IPPROTO_IPV6, IPPROTO_TCP, IPV6_V6ONLY, SO_TYPE, SOCK_STREAM, SOL_SOCKET } from "../abi/constants.ts";
import { WinsockError, WSAEFAULT, WSAEINVAL, WSAENETDOWN, WSAETIMEDOUT, WSAHOST_NOT_FOUND, WSANOTINITIALISED } from "../abi/errors.ts";
import { nameLength } from "../abi/socket-address-text.ts";
import type { SOCKET } from "../abi/structures.ts";
import type { CallReply } from "../provider/calls.ts";
import { planAddressLookup } from "./address-lookup.ts";
import { CallAbort } from "./call-abort.ts";
import { addressDetail, LONGEST_NAME, type NamedAddress, nameBytes, type SocketAddress, socketAddressOf } from "./promise-addresses.ts";
import { type Cancellable, type HostCall, type PromiseCalls, type SelectOptions, type SentData, sentBytes } from "./promise-calls.ts";
import { textOf } from "./text-buffer.ts";

/** Both ends of the connection that a search came to. */
export interface FoundConnection {
  /** Its port is 0, which WSAConnectByName does not tell. */
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
}

/** winsock2.h's and mswsock.h's other ways to connect and to disconnect, awaited; tapsock/winsock/promises says of each what it does. */
export interface ConnectPromises {
  ConnectEx(s: SOCKET, name: NamedAddress, options?: Cancellable & { readonly data?: SentData }): Promise<number>;
  DisconnectEx(s: SOCKET, options?: Cancellable & { readonly flags?: number }): Promise<void>;
  WSAConnectByName(s: SOCKET, node: string, service: string | number, options?: SelectOptions): Promise<FoundConnection>;
  WSAConnectByList(s: SOCKET, names: readonly NamedAddress[], options?: SelectOptions): Promise<FoundConnection>;
}

/** Why a search for the address that answers is over before its end. */
const OUT_OF_TIME = Symbol("out of time");
/** It is not the address that was refused: no other one would fare better. */
const ENDS_ALL: ReadonlySet<number> = new Set([WSANOTINITIALISED, WSAENETDOWN]);

export function createConnectPromises({ call, sequence, familyOf }: PromiseCalls): ConnectPromises {
  /** Within its time, which the host's clock measures. @throws WinsockError WSAETIMEDOUT when that is over */
  async function within<T>(
    syscall: string,
    { timeoutMs, signal }: SelectOptions,
    act: (signal: AbortSignal, call: HostCall) => Promise<T>,
  ): Promise<T> {
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) throw new WinsockError(WSAEINVAL, syscall);
    const search = new CallAbort(signal);
    const clock = new AbortController();
    if (timeoutMs !== undefined && timeoutMs <= 0x7fffffff) {
      const sleeping = call("waitForEvents", { b: Math.ceil(timeoutMs), data: new Uint8Array(0) }, clock.signal);
      sleeping.then(
        () => search.abort(OUT_OF_TIME),
        () => {},
      );
    }
    try {
      return await act(search.signal, sequence(syscall));
    } catch (error) {
      throw error === OUT_OF_TIME ? new WinsockError(WSAETIMEDOUT, syscall) : error;
    } finally {
      clock.abort();
      search.release();
    }
  }

  /** @throws WinsockError WSAENOTSOCK, or WSAEFAULT for a socket that is no stream of the internet (Wine's test WSAConnectByName) */
  async function streamFamily(syscall: string, s: SOCKET, signal: AbortSignal, call: HostCall): Promise<number> {
    const { data } = await call("getsockopt", { s, a: SOL_SOCKET, b: SO_TYPE, c: 4 }, signal);
    const af = familyOf(s);
    if (data?.[0] !== SOCK_STREAM || nameLength(af) === undefined) throw new WinsockError(WSAEFAULT, syscall);
    return af;
  }

  /** One after the other, until one answers or there is no more time. */
  async function connectToAny(
    syscall: string,
    s: SOCKET,
    af: number,
    names: readonly Uint8Array[],
    signal: AbortSignal,
    call: HostCall,
  ): Promise<FoundConnection> {
    const any = new Uint8Array(nameLength(af)!);
    any[0] = af;
    // A socket that the program has bound is refused, which is as good.
    await call("bind", { s, a: any.length, data: any }, signal).catch(passWinsock);
    let failure = new WinsockError(WSAHOST_NOT_FOUND, syscall);
    for (const name of names) {
      try {
        await call("connectEx", { s, a: name.length, b: name.length, data: name }, signal, addressDetail(socketAddressOf(name)));
        const own = socketAddressOf((await call("getsockname", { s, a: LONGEST_NAME }, signal)).data);
        return { local: { ...own, port: 0 }, remote: socketAddressOf(name) };
      } catch (error) {
        passWinsock(error);
        failure = error as WinsockError;
        if (ENDS_ALL.has(failure.errno)) break;
      }
    }
    throw failure;
  }

  /** IPV6_V6ONLY; a socket of IPv4 has nothing to say of it. */
  async function isV6Only(s: SOCKET, signal: AbortSignal, call: HostCall): Promise<boolean> {
    const answer = await call("getsockopt", { s, a: IPPROTO_IPV6, b: IPV6_V6ONLY, c: 4 }, signal).catch(passWinsock);
    return answer?.data?.[0] !== 0;
  }

  return {
    async ConnectEx(s, name, { data = "", signal } = {}) {
      const to = nameBytes("ConnectEx", name);
      const first = sentBytes(data);
      const both = new Uint8Array(to.length + first.length);
      both.set(to);
      both.set(first, to.length);
      return (await call("connectEx", { s, a: to.length, b: to.length, data: both }, signal, addressDetail(name))).result;
    },

    async DisconnectEx(s, { flags = 0, signal } = {}) {
      await call("disconnectEx", { s, a: flags }, signal);
    },

    WSAConnectByName: (s, node, service, options = {}) =>
      within("WSAConnectByName", options, async (signal, call) => {
        const syscall = "WSAConnectByName";
        const [host, port] = [textOf(node), typeof service === "number" ? String(service) : textOf(service)];
        if (host === null || port === null) throw new WinsockError(WSAEINVAL, syscall);
        const family = await streamFamily(syscall, s, signal, call);
        const flags = (await isV6Only(s, signal, call)) ? 0 : AI_V4MAPPED | AI_ALL;
        const lookup = planAddressLookup(host, port, { flags, family, socktype: SOCK_STREAM, protocol: IPPROTO_TCP, isClean: true });
        if (typeof lookup === "number") throw new WinsockError(lookup, syscall);
        const reply: CallReply | undefined = lookup.question === undefined ? undefined : await call("getaddrinfo", lookup.question, signal);
        const names = lookup.entries(reply).map(({ name }) => name);
        return connectToAny(syscall, s, family, names, signal, call);
      }),

    WSAConnectByList: (s, names, options = {}) =>
      within("WSAConnectByList", options, async (signal, call) => {
        const syscall = "WSAConnectByList";
        if (!Array.isArray(names) || names.length === 0) throw new WinsockError(WSAEINVAL, syscall);
        const listed = names.map((name: NamedAddress) => nameBytes(syscall, name));
        return connectToAny(syscall, s, await streamFamily(syscall, s, signal, call), listed, signal, call);
      }),
  };
}

/** @throws what is no answer of the host's */
function passWinsock(error: unknown): undefined {
  if (!(error instanceof WinsockError)) throw error;
}
