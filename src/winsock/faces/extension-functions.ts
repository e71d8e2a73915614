import { FALSE, INVALID_SOCKET, SOCKET_ERROR, TF_REUSE_SOCKET, TRUE } from "../abi/constants.ts";
import { WSA_INVALID_PARAMETER, WSAEFAULT, WSAEINVAL } from "../abi/errors.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import { type Box, type SOCKET, sizeof_sockaddr_in } from "../abi/structures.ts";
import { CALL } from "../provider/calls.ts";
import type { SockaddrPointer } from "./blocking-face.ts";
import type { TransferCore, Transfers } from "./transfers.ts";

/** What AcceptEx wants of room for an address beyond the address. */
const ADDRESS_EXTRA = 16;
/** In front of an address in AcceptEx's memory: how long it is. */
const LENGTH_PREFIX = 4;

/** mswsock.h's functions. All but the last are BOOL. */
export interface ExtensionFunctions {
  ConnectEx(
    s: SOCKET,
    name: SockaddrPointer | null,
    namelen: number,
    lpSendBuffer: Uint8Array | null,
    dwSendDataLength: number,
    lpdwBytesSent: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
  ): number;
  DisconnectEx(s: SOCKET, lpOverlapped: WSAOVERLAPPED | null, dwFlags: number, dwReserved: number): number;
  AcceptEx(
    sListenSocket: SOCKET,
    sAcceptSocket: SOCKET,
    lpOutputBuffer: Uint8Array | null,
    dwReceiveDataLength: number,
    dwLocalAddressLength: number,
    dwRemoteAddressLength: number,
    lpdwBytesReceived: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
  ): number;
  GetAcceptExSockaddrs(
    lpOutputBuffer: Uint8Array,
    dwReceiveDataLength: number,
    dwLocalAddressLength: number,
    dwRemoteAddressLength: number,
    LocalSockaddr: Box<Uint8Array | null>,
    LocalSockaddrLength: Box<number>,
    RemoteSockaddr: Box<Uint8Array | null>,
    RemoteSockaddrLength: Box<number>,
  ): void;
}

export interface ExtensionCore extends TransferCore {
  readonly transfers: Transfers;
  nameBytes(name: SockaddrPointer | null): Uint8Array | null;
}

export function extensionFunctions(core: ExtensionCore): ExtensionFunctions {
  const { transfers } = core;
  const bool = (result: number): number => (result === SOCKET_ERROR ? FALSE : TRUE);

  function refuse(error: number): number {
    core.setLastError(error);
    return FALSE;
  }

  /** Whether there is a start-up in force, and a socket, comes first (Wine's tests connect and AcceptEx). Sets the last error. */
  const isSocket = (s: SOCKET): boolean => core.call(CALL.fence, s === 0 ? INVALID_SOCKET : s, 0, 0, 0, null).error === 0;

  return {
    ConnectEx(s, name, namelen, lpSendBuffer, dwSendDataLength, lpdwBytesSent, lpOverlapped) {
      if (!isSocket(s)) return FALSE;
      if (lpOverlapped === null) return refuse(WSA_INVALID_PARAMETER);
      const length = lpSendBuffer === null ? 0 : dwSendDataLength >>> 0;
      if (lpSendBuffer !== null && length > lpSendBuffer.length) return refuse(WSAEFAULT);
      const nameOf = core.nameBytes(name);
      const first = lpSendBuffer?.subarray(0, length) ?? new Uint8Array(0);
      const data = new Uint8Array((nameOf?.length ?? 0) + first.length);
      if (nameOf !== null) data.set(nameOf);
      data.set(first, nameOf?.length ?? 0);
      const request = { op: CALL.connectEx, s, a: namelen | 0, b: nameOf?.length ?? -1, c: 0, data };
      const post = transfers.callOf(request, (transfer, { result }) => {
        transfer.bytes = Math.max(0, result);
      });
      return bool(transfers.begin(s, lpOverlapped, post, { bytes: lpdwBytesSent, staysPending: true, neverAtOnce: true }));
    },

    DisconnectEx(s, lpOverlapped, dwFlags) {
      if ((dwFlags & ~TF_REUSE_SOCKET) !== 0) return refuse(WSAEINVAL);
      const request = { op: CALL.disconnectEx, s, a: dwFlags | 0, b: 0, c: 0, data: null };
      if (lpOverlapped === null) return bool(core.call(request.op, s, request.a, 0, 0, null).result);
      return bool(
        transfers.begin(
          s,
          lpOverlapped,
          transfers.callOf(request, () => {}),
          { neverAtOnce: true },
        ),
      );
    },

    AcceptEx(
      sListenSocket,
      sAcceptSocket,
      lpOutputBuffer,
      dwReceiveDataLength,
      dwLocalAddressLength,
      dwRemoteAddressLength,
      lpdwBytesReceived,
      lpOverlapped,
    ) {
      if (!isSocket(sListenSocket)) return FALSE;
      if (lpOverlapped === null) return refuse(WSA_INVALID_PARAMETER);
      const [room, local, remote] = [dwReceiveDataLength >>> 0, dwLocalAddressLength >>> 0, dwRemoteAddressLength >>> 0];
      if (lpOutputBuffer === null || remote === 0 || room + local + remote > lpOutputBuffer.length) return refuse(WSAEFAULT);
      const least = sizeof_sockaddr_in + ADDRESS_EXTRA;
      if (remote < least || (local > 0 && local < least)) return refuse(WSAEFAULT);
      const request = { op: CALL.acceptEx, s: sListenSocket, a: sAcceptSocket, b: room, c: 0, data: null };
      const post = transfers.callOf(request, (transfer, { result, a, b, data }) => {
        if (result < 0 || data === null) return;
        transfer.bytes = result;
        lpOutputBuffer.set(data.subarray(0, result));
        writeAddress(lpOutputBuffer.subarray(room, room + local), data.subarray(result, result + a));
        writeAddress(lpOutputBuffer.subarray(room + local, room + local + remote), data.subarray(result + a, result + a + b));
      });
      return bool(transfers.begin(sListenSocket, lpOverlapped, post, { bytes: lpdwBytesReceived, staysPending: true, neverAtOnce: true }));
    },

    GetAcceptExSockaddrs(
      lpOutputBuffer,
      dwReceiveDataLength,
      dwLocalAddressLength,
      dwRemoteAddressLength,
      LocalSockaddr,
      LocalSockaddrLength,
      RemoteSockaddr,
      RemoteSockaddrLength,
    ) {
      const remoteAt = dwReceiveDataLength + dwLocalAddressLength;
      readAddress(lpOutputBuffer.subarray(dwReceiveDataLength, remoteAt), LocalSockaddr, LocalSockaddrLength);
      readAddress(lpOutputBuffer.subarray(remoteAt, remoteAt + dwRemoteAddressLength), RemoteSockaddr, RemoteSockaddrLength);
    },
  };
}

/** What these functions return when a parameter cannot be read. */
export const extensionFault = (name: string): number | undefined => (/^(ConnectEx|DisconnectEx|AcceptEx)$/.test(name) ? FALSE : undefined);

/** The length, as u32, and the address. Without room for any, nothing. */
function writeAddress(target: Uint8Array, name: Uint8Array): void {
  if (target.length < LENGTH_PREFIX + name.length) return;
  new DataView(target.buffer, target.byteOffset).setUint32(0, name.length, true);
  target.set(name, LENGTH_PREFIX);
}

function readAddress(source: Uint8Array, address: Box<Uint8Array | null>, length: Box<number>): void {
  const hasOne = source.length >= LENGTH_PREFIX;
  const count = hasOne ? Math.min(new DataView(source.buffer, source.byteOffset).getUint32(0, true), source.length - LENGTH_PREFIX) : 0;
  address.value = count === 0 ? null : source.subarray(LENGTH_PREFIX, LENGTH_PREFIX + count);
  length.value = count;
}
