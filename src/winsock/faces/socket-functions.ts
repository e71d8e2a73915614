import {
  AF_UNSPEC,
  CF_ACCEPT,
  CF_DEFER,
  CF_REJECT,
  FROM_PROTOCOL_INFO,
  INVALID_SOCKET,
  SD_RECEIVE,
  SD_SEND,
  SO_PROTOCOL_INFOW,
  SOCKET_ERROR,
  SOL_SOCKET,
  WSA_FLAG_OVERLAPPED,
} from "../abi/constants.ts";
import {
  WSAECONNREFUSED,
  WSAEFAULT,
  WSAEINVAL,
  WSAENOBUFS,
  WSAENOPROTOOPT,
  WSAEOPNOTSUPP,
  WSAEPROTONOSUPPORT,
  WSATRY_AGAIN,
} from "../abi/errors.ts";
import type { WSABUF } from "../abi/overlapped-structures.ts";
import {
  protocolInfoBytes,
  readProtocolInfo,
  sizeof_WSAPROTOCOL_INFOA,
  sizeof_WSAPROTOCOL_INFOW,
  type WSAPROTOCOL_INFO,
} from "../abi/protocol-info.ts";
import type { Box, SOCKET } from "../abi/structures.ts";
import { CALL } from "../provider/calls.ts";
import { protocolCatalogue } from "../provider/protocols.ts";
import type { FaceCore } from "./event-functions.ts";
import { isPointer, type SockaddrPointer } from "./pointers.ts";

/** What WSAAccept asks about a connection: CF_ACCEPT, CF_REJECT or CF_DEFER. */
export type ConditionFunction = (
  lpCallerId: WSABUF,
  lpCallerData: WSABUF | null,
  lpSQOS: null,
  lpGQOS: null,
  lpCalleeId: WSABUF,
  lpCalleeData: WSABUF | null,
  g: Box<number>,
  dwCallbackData: number,
) => number;

/** A pointer to a protocol's description. */
export type ProtocolInfoPointer = WSAPROTOCOL_INFO | Uint8Array;

/** winsock2.h's functions that make, share, connect and end sockets in other ways than those of Berkeley. */
export interface SocketFunctions {
  WSASocket(af: number, type: number, protocol: number, lpProtocolInfo: ProtocolInfoPointer | null, g: number, dwFlags: number): SOCKET;
  WSADuplicateSocket(s: SOCKET, dwProcessId: number, lpProtocolInfo: ProtocolInfoPointer | null): number;
  WSAEnumProtocols(
    lpiProtocols: readonly number[] | null,
    lpProtocolBuffer: WSAPROTOCOL_INFO[] | Uint8Array | null,
    lpdwBufferLength: Box<number> | null,
  ): number;
  /** As WSAEnumProtocols, with names of one byte a character. */
  WSAEnumProtocolsA(
    lpiProtocols: readonly number[] | null,
    lpProtocolBuffer: WSAPROTOCOL_INFO[] | Uint8Array | null,
    lpdwBufferLength: Box<number> | null,
  ): number;
  WSAConnect(
    s: SOCKET,
    name: SockaddrPointer | null,
    namelen: number,
    lpCallerData: WSABUF | null,
    lpCalleeData: WSABUF | null,
    lpSQOS: object | null,
    lpGQOS: object | null,
  ): number;
  WSAAccept(
    s: SOCKET,
    addr: SockaddrPointer | null,
    addrlen: Box<number> | null,
    lpfnCondition: ConditionFunction | null,
    dwCallbackData: number,
  ): SOCKET;
  WSASendDisconnect(s: SOCKET, lpOutboundDisconnectData: WSABUF | null): number;
  WSARecvDisconnect(s: SOCKET, lpInboundDisconnectData: WSABUF | null): number;
}

export interface SocketCore extends FaceCore {
  /** Another handle of this socket may be somewhere. */
  share(s: SOCKET): void;
  connect(s: SOCKET, name: SockaddrPointer | null, namelen: number): number;
  /** @param offer the number of the connection that was offered, which it is about */
  accept(s: SOCKET, addr: SockaddrPointer | null, addrlen: Box<number> | null, offer?: number): SOCKET;
  shutdown(s: SOCKET, how: number): number;
}

export function socketFunctions(core: SocketCore): SocketFunctions {
  const { call, fail } = core;

  /** What is given counts, then what the description says. */
  const given = (value: number, described: number | undefined): number =>
    value === FROM_PROTOCOL_INFO || (value === 0 && described !== undefined) ? (described ?? AF_UNSPEC) : value | 0;

  function enumerate(
    protocols: readonly number[] | null,
    buffer: WSAPROTOCOL_INFO[] | Uint8Array | null,
    length: Box<number> | null,
    characterBytes: 1 | 2,
  ): number {
    if (!isPointer(length)) return fail(WSAEFAULT);
    const size = characterBytes === 2 ? sizeof_WSAPROTOCOL_INFOW : sizeof_WSAPROTOCOL_INFOA;
    const wanted = protocols?.slice(0, protocols.includes(0) ? protocols.indexOf(0) : undefined);
    const found = protocolCatalogue().filter(({ iProtocol }) => wanted === undefined || wanted.includes(iProtocol));
    const room = length.value >>> 0;
    length.value = found.length * size;
    if (!isPointer(buffer) || room < found.length * size) return fail(WSAENOBUFS);
    for (const [i, info] of found.entries()) {
      if (buffer instanceof Uint8Array) buffer.set(protocolInfoBytes(info, characterBytes), i * size);
      else buffer[i] = info;
    }
    return found.length;
  }

  return {
    WSASocket(af, type, protocol, lpProtocolInfo, _g, dwFlags) {
      const info = isPointer(lpProtocolInfo) ? infoOf(lpProtocolInfo) : undefined;
      const duplicate = info?.dwProviderReserved ?? 0;
      const parameters = [given(af, info?.iAddressFamily), given(type, info?.iSocketType), given(protocol, info?.iProtocol)] as const;
      const isSynchronous = (dwFlags & WSA_FLAG_OVERLAPPED) === 0 ? 1 : 0;
      const { result, error } =
        duplicate === 0 ? call(CALL.socket, 0, ...parameters, null, isSynchronous) : call(CALL.socketOfDuplicate, 0, duplicate, 0, 0, null);
      if (error !== 0) return INVALID_SOCKET;
      if (duplicate !== 0) core.share(result);
      return result;
    },

    WSADuplicateSocket(s, dwProcessId, lpProtocolInfo) {
      const fence = call(CALL.fence, s === 0 ? INVALID_SOCKET : s, 0, 0, 0, null);
      if (fence.error !== 0) return SOCKET_ERROR;
      const pid = dwProcessId >>> 0;
      if (pid === 0 || pid === 0xffffffff) return fail(WSAEINVAL);
      if (!isPointer(lpProtocolInfo)) return fail(WSAEFAULT);
      const described = call(CALL.getsockopt, s, SOL_SOCKET, SO_PROTOCOL_INFOW, sizeof_WSAPROTOCOL_INFOW, null);
      if (described.data === null) return SOCKET_ERROR;
      const info = readProtocolInfo(described.data);
      core.share(s);
      const reply = call(CALL.duplicateSocket, s, pid, 0, 0, null);
      if (reply.error !== 0) return SOCKET_ERROR;
      const told = { ...info, dwProviderReserved: reply.a };
      if (lpProtocolInfo instanceof Uint8Array) {
        const characterBytes = lpProtocolInfo.length >= sizeof_WSAPROTOCOL_INFOW ? 2 : 1;
        lpProtocolInfo.set(protocolInfoBytes(told, characterBytes).subarray(0, lpProtocolInfo.length));
      } else Object.assign(lpProtocolInfo, told);
      return 0;
    },

    WSAEnumProtocols: (lpiProtocols, lpProtocolBuffer, lpdwBufferLength) => {
      const started = call(CALL.fence, 0, 0, 0, 0, null);
      return started.error === 0 ? enumerate(lpiProtocols, lpProtocolBuffer, lpdwBufferLength, 2) : SOCKET_ERROR;
    },

    WSAEnumProtocolsA: (lpiProtocols, lpProtocolBuffer, lpdwBufferLength) => {
      const started = call(CALL.fence, 0, 0, 0, 0, null);
      return started.error === 0 ? enumerate(lpiProtocols, lpProtocolBuffer, lpdwBufferLength, 1) : SOCKET_ERROR;
    },

    WSAConnect(s, name, namelen, lpCallerData, lpCalleeData, lpSQOS, lpGQOS) {
      const fence = call(CALL.fence, s === 0 ? INVALID_SOCKET : s, 0, 0, 0, null);
      if (fence.error !== 0) return SOCKET_ERROR;
      // TCP carries no data with a connect, and promises no quality (Microsoft, "WSAConnect function").
      if (isPointer(lpCallerData) && lpCallerData.len !== 0) return fail(WSAEPROTONOSUPPORT);
      if (isPointer(lpGQOS)) return fail(WSAEINVAL);
      if (isPointer(lpSQOS)) return fail(WSAEOPNOTSUPP);
      const result = core.connect(s, name, namelen);
      if (result === 0 && isPointer(lpCalleeData)) lpCalleeData.len = 0;
      return result;
    },

    WSAAccept(s, addr, addrlen, lpfnCondition, dwCallbackData) {
      if (typeof lpfnCondition !== "function") return core.accept(s, addr, addrlen);
      const { error, a, b: offer, data } = call(CALL.offer, s, 0, 0, 0, null);
      if (error !== 0 || data === null) return INVALID_SOCKET;
      const [peer, own] = [data.slice(0, a), data.slice(a)];
      const id = (name: Uint8Array): WSABUF => ({ len: name.length, buf: name });
      const verdict = lpfnCondition(id(peer), null, null, null, id(own), null, { value: 0 }, dwCallbackData);
      if (verdict === CF_ACCEPT) return core.accept(s, addr, addrlen, offer);
      if (verdict === CF_REJECT) call(CALL.reject, s, offer, 0, 0, null);
      fail(verdict === CF_REJECT ? WSAECONNREFUSED : verdict === CF_DEFER ? WSATRY_AGAIN : WSAEINVAL);
      return INVALID_SOCKET;
    },

    // TCP carries no data with its end either.
    WSASendDisconnect: (s, lpOutboundDisconnectData) =>
      isPointer(lpOutboundDisconnectData) ? fail(WSAENOPROTOOPT) : core.shutdown(s, SD_SEND),
    WSARecvDisconnect: (s, lpInboundDisconnectData) =>
      isPointer(lpInboundDisconnectData) ? fail(WSAENOPROTOOPT) : core.shutdown(s, SD_RECEIVE),
  };
}

/** What these functions return when a parameter cannot be read. */
export const socketFault = (name: string): number | undefined =>
  name === "WSASocket" || name === "WSAAccept" ? INVALID_SOCKET : undefined;

const infoOf = (pointer: ProtocolInfoPointer): WSAPROTOCOL_INFO => (pointer instanceof Uint8Array ? readProtocolInfo(pointer) : pointer);
