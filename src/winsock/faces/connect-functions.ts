import {
  AI_ALL,
  AI_V4MAPPED,
  FALSE,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_PROTOCOL_INFOW,
  SOCK_STREAM,
  SOL_SOCKET,
  TRUE,
} from "../abi/constants.ts";
import { WSAEFAULT, WSAEINPROGRESS, WSAEINTR, WSAEINVAL, WSAENETDOWN, WSAETIMEDOUT, WSAHOST_NOT_FOUND } from "../abi/errors.ts";
import { addressListNames, addressListOf, type SOCKET_ADDRESS_LIST } from "../abi/ioctl-structures.ts";
import { readProtocolInfo, sizeof_WSAPROTOCOL_INFOW } from "../abi/protocol-info.ts";
import { nameLength } from "../abi/socket-address-text.ts";
import { type Box, readTimeval, type SOCKET, type timeval, writeSockaddrIn } from "../abi/structures.ts";
import { type BlockingPort, CALL, type CallReply, type CallRequest } from "../provider/calls.ts";
import { planAddressLookup } from "./address-lookup.ts";
import { type AlertableThread, type PostedAnswer, sleep } from "./alertable.ts";
import type { FaceCore } from "./event-functions.ts";
import { isPointer, type SockaddrPointer } from "./pointers.ts";
import { textOf } from "./text-buffer.ts";

/** Of WSAConnectByName. */
export type ConnectByNameParameters = [
  s: SOCKET,
  nodename: string | null,
  servicename: string | null,
  LocalAddressLength: Box<number> | null,
  LocalAddress: SockaddrPointer | null,
  RemoteAddressLength: Box<number> | null,
  RemoteAddress: SockaddrPointer | null,
  timeout: timeval | Uint8Array | null,
  Reserved: object | null,
];

/** winsock2.h's functions that find the one of several addresses that answers. All are BOOL. */
export interface ConnectFunctions {
  WSAConnectByName(...parameters: ConnectByNameParameters): number;
  WSAConnectByNameA(...parameters: ConnectByNameParameters): number;
  WSAConnectByNameW(...parameters: ConnectByNameParameters): number;
  WSAConnectByList(
    s: SOCKET,
    SocketAddress: SOCKET_ADDRESS_LIST | Uint8Array | null,
    LocalAddressLength: Box<number> | null,
    LocalAddress: SockaddrPointer | null,
    RemoteAddressLength: Box<number> | null,
    RemoteAddress: SockaddrPointer | null,
    timeout: timeval | Uint8Array | null,
    Reserved: object | null,
  ): number;
}

interface ConnectCore extends FaceCore {
  readonly thread: AlertableThread;
  port(): BlockingPort | undefined;
  setLastError(error: number): void;
}

/** Where a name that is asked for goes. */
interface NameTarget {
  readonly length: Box<number> | null;
  readonly name: SockaddrPointer | null;
}

/** A program's socket, and what its calls may take of time. */
interface Attempt {
  readonly s: SOCKET;
  readonly af: number;
  readonly port: BlockingPort;
  readonly limit: PostedAnswer | undefined;
  readonly local: NameTarget;
  readonly remote: NameTarget;
}

export function connectFunctions(core: ConnectCore): ConnectFunctions {
  function refuse(error: number): number {
    core.setLastError(error);
    return FALSE;
  }

  /** A call of an attempt, which ends with its time. */
  function ask({ port, limit }: Attempt, request: Omit<CallRequest, "id">): CallReply {
    try {
      return core.thread.call(port, request, limit);
    } catch {
      return { id: 0, result: -1, error: WSAENETDOWN, a: 0, b: 0, data: null };
    }
  }

  /** What the two functions check alike (Wine's test WSAConnectByName). @returns the code where something is wrong */
  function begin(s: SOCKET, local: NameTarget, remote: NameTarget, timeout: timeval | Uint8Array | null): Attempt | number {
    const described = core.call(CALL.getsockopt, s, SOL_SOCKET, SO_PROTOCOL_INFOW, sizeof_WSAPROTOCOL_INFOW, null);
    if (described.data === null) return described.error;
    const { iAddressFamily: af, iSocketType: type } = readProtocolInfo(described.data);
    if (type !== SOCK_STREAM || !hasRoom(local, af) || !hasRoom(remote, af)) return WSAEFAULT;
    const ms = isPointer(timeout) ? milliseconds(readTimeval(timeout)) : undefined;
    if (ms !== undefined && ms < 0) return WSAEINVAL;
    const port = core.port();
    if (port === undefined) return WSAENETDOWN;
    return { s, af, port, limit: ms === undefined ? undefined : sleep(port, ms), local, remote };
  }

  /** One after the other, until one answers or the time is over. */
  function connectToAny(attempt: Attempt, names: readonly Uint8Array[]): number {
    const { s, af, limit, local, remote } = attempt;
    const any = new Uint8Array(nameLength(af)!);
    any[0] = af;
    // A socket that the program has bound is refused, which is as good.
    core.call(CALL.bind, s, any.length, 0, 0, any);
    let error = WSAHOST_NOT_FOUND;
    for (const name of names) {
      ({ error } = ask(attempt, { op: CALL.connectEx, s, a: name.length, b: name.length, c: 0, data: name }));
      if (error === 0) {
        writeNames(s, local, remote, name);
        break;
      }
      if (ENDS_ALL.has(error) || (error === WSAETIMEDOUT && limit?.isThere === true)) break;
    }
    limit?.cancel();
    core.setLastError(error);
    return error === 0 ? TRUE : FALSE;
  }

  /** The port of the local one is not told (Wine's test WSAConnectByName). */
  function writeNames(s: SOCKET, local: NameTarget, remote: NameTarget, peer: Uint8Array): void {
    writeTo(remote, peer);
    const { data } = core.call(CALL.getsockname, s, peer.length, 0, 0, null);
    if (data !== null) writeTo(local, data.slice().fill(0, 2, 4));
  }

  /** IPV6_V6ONLY; a socket of IPv4 has nothing to say of it. */
  function isV6Only(s: SOCKET): boolean {
    const { data } = core.call(CALL.getsockopt, s, IPPROTO_IPV6, IPV6_V6ONLY, 4, null);
    return data?.[0] !== 0;
  }

  function connectByName(...parameters: ConnectByNameParameters): number {
    const [s, nodename, servicename, localLength, local, remoteLength, remote, timeout, reserved] = parameters;
    if (core.call(CALL.fence, 0, 0, 0, 0, null).error !== 0) return FALSE;
    const [node, service] = [textOf(nodename), textOf(servicename)];
    if (node === null || service === null || isPointer(reserved)) return refuse(WSAEINVAL);
    const attempt = begin(s, { length: localLength, name: local }, { length: remoteLength, name: remote }, timeout);
    if (typeof attempt === "number") return refuse(attempt);
    const flags = isV6Only(s) ? 0 : AI_V4MAPPED | AI_ALL;
    const hints = { flags, family: attempt.af, socktype: SOCK_STREAM, protocol: IPPROTO_TCP, isClean: true };
    const lookup = planAddressLookup(node, service, hints);
    const question = typeof lookup === "number" ? undefined : lookup.question;
    const reply = question === undefined ? undefined : ask(attempt, { op: CALL.getaddrinfo, s: 0, ...question, c: 0 });
    if (typeof lookup === "number" || (reply !== undefined && reply.error !== 0)) {
      attempt.limit?.cancel();
      return refuse(typeof lookup === "number" ? lookup : reply!.error);
    }
    return connectToAny(
      attempt,
      lookup.entries(reply).map(({ name }) => name),
    );
  }

  return {
    WSAConnectByName: connectByName,
    WSAConnectByNameA: connectByName,
    WSAConnectByNameW: connectByName,

    WSAConnectByList(s, list, localLength, local, remoteLength, remote, timeout, reserved) {
      if (core.call(CALL.fence, 0, 0, 0, 0, null).error !== 0) return FALSE;
      if (!isPointer(list) || isPointer(reserved)) return refuse(WSAEINVAL);
      const names = addressListNames(list instanceof Uint8Array ? list : addressListOf(list));
      if (names === undefined) return refuse(WSAEFAULT);
      if (names.length === 0) return refuse(WSAEINVAL);
      const attempt = begin(s, { length: localLength, name: local }, { length: remoteLength, name: remote }, timeout);
      return typeof attempt === "number" ? refuse(attempt) : connectToAny(attempt, names);
    },
  };
}

/** It is not the address that was refused: the program gave up, or may not wait now. */
const ENDS_ALL: ReadonlySet<number> = new Set([WSAEINTR, WSAEINPROGRESS]);

/** What these functions return when a parameter cannot be read. */
export const connectFault = (name: string): number | undefined => (/^WSAConnectBy/.test(name) ? FALSE : undefined);

/** Without a length no name is told, whatever there is room for. */
function hasRoom({ length, name }: NameTarget, af: number): boolean {
  if (!isPointer(length) || !isPointer(name)) return true;
  const needed = nameLength(af)!;
  return length.value >= needed && !(name instanceof Uint8Array && name.length < needed);
}

function writeTo({ length, name }: NameTarget, bytes: Uint8Array): void {
  if (!isPointer(length) || !isPointer(name)) return;
  writeSockaddrIn(name, bytes);
  length.value = bytes.length;
}

/** The whole of what is left of a millisecond counts. */
const milliseconds = ({ tv_sec, tv_usec }: timeval): number =>
  tv_sec < 0 || tv_usec < 0 ? -1 : Math.min(0x7fffffff, tv_sec * 1000 + Math.ceil(tv_usec / 1000));
