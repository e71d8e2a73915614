import type { IpAddress } from "../../stack/core/address.ts";
import { formatAddress, isUnspecified } from "../../stack/core/address.ts";
import { AF_UNSPEC, FD_ADDRESS_LIST_CHANGE, FD_ROUTING_INTERFACE_CHANGE } from "../abi/constants.ts";
import { WSA_OPERATION_ABORTED, WSAEAFNOSUPPORT, WSAEINTR, WSAEINVAL, WSAENOBUFS, WSAEWOULDBLOCK } from "../abi/errors.ts";
import { sizeof_sockaddr } from "../abi/structures.ts";
import { BYTES_OF_WATCH } from "./awaited-news.ts";
import { localAddresses } from "./interface-list.ts";
import { type IoctlCommand, refused, returned } from "./ioctl-buffers.ts";
import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { ProviderHost } from "./provider-host.ts";
import { familyOf, familyOfAddress, type SocketFamily, socketFamily } from "./socket-family.ts";

/** What a change is a change of, in parts that are the same where it is. */
type WatchedState = () => readonly unknown[];

/** Calls `changed` once, when the state is another than it is now. @returns ends it before */
function watch({ ip }: ProviderHost, state: WatchedState, changed: () => void): () => void {
  const before = state();
  const end = ip.watchWays(() => {
    if (isSame(state(), before)) return;
    end();
    changed();
  });
  return end;
}

const isSame = (now: readonly unknown[], before: readonly unknown[]): boolean =>
  now.length === before.length && now.every((part, i) => part === before[i]);

/**
 * A control code that waits for a change (Microsoft, "Winsock IOCTLs"): a blocking call and an overlapped one are over with the change; one
 * that may not wait fails, and the change is told as a network event, which counts anew from here on.
 * @param about what the change is of, among all that the socket asks for
 */
function change(socket: Parameters<IoctlCommand>[0], isOverlapped: boolean, bit: number, about: string, state: WatchedState): Answer {
  const { context, news, events } = socket;
  events.reenable(bit);
  if (socket.isNonblocking && !isOverlapped) {
    const isAwaited = news.await(about, (over) =>
      watch(context.host, state, () => {
        over();
        events.raise(bit);
      }),
    );
    return refused(isAwaited ? WSAEWOULDBLOCK : WSAENOBUFS);
  }
  let hasChanged = false;
  const end = watch(context.host, state, () => {
    hasChanged = true;
    socket.wake();
  });
  const attempt = (): Outcome | undefined => {
    if (!hasChanged && !socket.isClosed) return undefined;
    end();
    return hasChanged ? returned() : failed(isOverlapped ? WSA_OPERATION_ABORTED : WSAEINTR);
  };
  return { on: [socket], attempt, timeoutMs: Number.POSITIVE_INFINITY, timedOut: () => returned(), bytes: BYTES_OF_WATCH, cancelled: end };
}

/** SIO_ADDRESS_LIST_CHANGE: waits until SIO_ADDRESS_LIST_QUERY would tell other addresses than now. */
export const addressListChange: IoctlCommand = (socket, { isOverlapped }) => {
  const { context, family } = socket;
  const state: WatchedState = () =>
    localAddresses(context.host.ip)
      .filter(({ address }) => familyOfAddress(address) === family)
      .map(({ address }) => formatAddress(address))
      .sort();
  return change(socket, isOverlapped, FD_ADDRESS_LIST_CHANGE, "", state);
};

/** SIO_ROUTING_INTERFACE_CHANGE: waits until SIO_ROUTING_INTERFACE_QUERY would tell another interface or address for this destination than now. */
export const routingInterfaceChange: IoctlCommand = (socket, { input, isOverlapped }) => {
  const { ip } = socket.context.host;
  const destination = destinationIn(input, socket.family);
  if (typeof destination === "number") return refused(destination);
  const state: WatchedState = () => {
    const source = ip.sourceTowards(ip.scoped(destination));
    return source === undefined ? [] : [source.interface, formatAddress(source.address)];
  };
  return change(socket, isOverlapped, FD_ROUTING_INTERFACE_CHANGE, formatAddress(destination), state);
};

/** Where the way leads that a program asks for, or the code for none (Wine's test get_routing_interface_query, marked as Windows' behaviour). */
export function destinationIn(input: Uint8Array | null, family: SocketFamily): IpAddress | number {
  if (input === null || input.length < sizeof_sockaddr) return WSAEINVAL;
  const named = socketFamily(familyOf(input) ?? AF_UNSPEC);
  if (named !== family) return WSAEAFNOSUPPORT;
  if (input.length < family.nameBytes) return WSAEINVAL;
  const { address } = family.readName(input);
  return isUnspecified(address) ? WSAEINVAL : address;
}
