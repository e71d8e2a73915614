/** Functions of `tapsock/winsock` that C programs ask SIO_GET_EXTENSION_FUNCTION_POINTER for, and the files that some of them send. */
import type { WSAMSG } from "./abi/message-control.ts";
import type { WSAOVERLAPPED } from "./abi/overlapped-structures.ts";
import type { Box, SOCKET } from "./abi/structures.ts";
import type { TRANSMIT_FILE_BUFFERS, TRANSMIT_PACKETS_ELEMENT } from "./abi/transmit-structures.ts";
import type { SockaddrPointer } from "./faces/blocking-face.ts";
import type { HANDLE } from "./faces/event-functions.ts";
import type { CreateFileParameters } from "./faces/file-functions.ts";
import type { CompletionRoutine } from "./faces/transfers.ts";
import { face } from "./this-thread.ts";

// ---- Extension functions ----

/**
 * An overlapped connect of a bound stream, which may send its first bytes with it. Afterwards the socket sends and receives; its names
 * and shutdown want setsockopt(SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT) first.
 * @param lpSendBuffer sent when the connection stands, or null
 * @param lpOverlapped not null
 * @returns FALSE with WSA_IO_PENDING when it has begun, or with why it has not: WSAEINVAL for a socket that is not bound, WSAEISCONN
 */
export function ConnectEx(
  s: SOCKET,
  name: SockaddrPointer | null,
  namelen: number,
  lpSendBuffer: Uint8Array | null,
  dwSendDataLength: number,
  lpdwBytesSent: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
): number {
  return face.ConnectEx(s, name, namelen, lpSendBuffer, dwSendDataLength, lpdwBytesSent, lpOverlapped);
}

/**
 * Ends a connection when what was sent has arrived. Without `lpOverlapped` it waits for that.
 * @param dwFlags 0, or TF_REUSE_SOCKET: the peer has ended too then, and the socket may be used for ConnectEx again
 */
export function DisconnectEx(s: SOCKET, lpOverlapped: WSAOVERLAPPED | null, dwFlags: number, dwReserved: number): number {
  return face.DisconnectEx(s, lpOverlapped, dwFlags, dwReserved);
}

/**
 * An overlapped accept into a new socket, with the first data and both addresses. Afterwards the socket sends and receives; its names,
 * shutdown and what it inherits want setsockopt(SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, the listener) first.
 * @param lpOutputBuffer data, then the local and the remote address: `GetAcceptExSockaddrs` finds them
 * @param dwReceiveDataLength room for data; with any it is over when data has come or the peer has ended
 * @param dwLocalAddressLength, dwRemoteAddressLength 16 bytes more than an address takes
 * @returns FALSE with WSA_IO_PENDING when it has begun, or with why it has not
 */
export function AcceptEx(
  sListenSocket: SOCKET,
  sAcceptSocket: SOCKET,
  lpOutputBuffer: Uint8Array | null,
  dwReceiveDataLength: number,
  dwLocalAddressLength: number,
  dwRemoteAddressLength: number,
  lpdwBytesReceived: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
): number {
  return face.AcceptEx(
    sListenSocket,
    sAcceptSocket,
    lpOutputBuffer,
    dwReceiveDataLength,
    dwLocalAddressLength,
    dwRemoteAddressLength,
    lpdwBytesReceived,
    lpOverlapped,
  );
}

/** Where in AcceptEx's memory the addresses lie. The lengths must be those that AcceptEx was given. */
export function GetAcceptExSockaddrs(
  lpOutputBuffer: Uint8Array,
  dwReceiveDataLength: number,
  dwLocalAddressLength: number,
  dwRemoteAddressLength: number,
  LocalSockaddr: Box<Uint8Array | null>,
  LocalSockaddrLength: Box<number>,
  RemoteSockaddr: Box<Uint8Array | null>,
  RemoteSockaddrLength: Box<number>,
): void {
  face.GetAcceptExSockaddrs(
    lpOutputBuffer,
    dwReceiveDataLength,
    dwLocalAddressLength,
    dwRemoteAddressLength,
    LocalSockaddr,
    LocalSockaddrLength,
    RemoteSockaddr,
    RemoteSockaddrLength,
  );
}

// ---- Datagrams with control data ----

/**
 * Receives a datagram with what options such as IP_PKTINFO and IP_RECVTTL ask for beside it.
 * @param lpMsg `name` is filled in where there is room, `Control` with WSACMSGHDRs (see WSA_CMSG_FIRSTHDR), their lengths are bytes in and
 * out; `dwFlags` may be MSG_PEEK, and comes back as MSG_TRUNC, MSG_CTRUNC, MSG_BCAST and MSG_MCAST
 * @returns 0, or SOCKET_ERROR: WSAEMSGSIZE where data of either kind found no room and was lost, WSAEINVAL on a socket that is not bound
 */
export function WSARecvMsg(
  s: SOCKET,
  lpMsg: WSAMSG | null,
  lpdwNumberOfBytesRecvd: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSARecvMsg(s, lpMsg, lpdwNumberOfBytesRecvd, lpOverlapped, lpCompletionRoutine);
}

/**
 * Sends a datagram with control data that counts for it alone: IP_PKTINFO, IP_TTL, IP_TOS and IP_ECN, their kin of IPPROTO_IPV6, and UDP_SEND_MSG_SIZE.
 * @param lpMsg `name` may be null where the socket is connected
 * @param dwFlags MSG_ flags; those of `lpMsg` are of no account
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for streams and for control data that says nothing, WSAEADDRNOTAVAIL for an address or an interface that is not ours
 */
export function WSASendMsg(
  s: SOCKET,
  lpMsg: WSAMSG | null,
  dwFlags: number,
  lpNumberOfBytesSent: Box<number> | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: CompletionRoutine | null,
): number {
  return face.WSASendMsg(s, lpMsg, dwFlags, lpNumberOfBytesSent, lpOverlapped, lpCompletionRoutine);
}

// ---- Files ----

/**
 * Opens a file of this machine for TransmitFile and TransmitPackets, which are all that can be done with it; CloseHandle closes it, and so
 * does the last WSACleanup. Its handle is one of Winsock's, so WSAStartup comes first.
 * @param parameters the path; GENERIC_READ; a share mode; null; OPEN_EXISTING; flags; null
 * @returns the handle, or INVALID_HANDLE_VALUE: ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED (of GENERIC_WRITE too), or WSA_INVALID_PARAMETER
 */
export function CreateFile(...parameters: CreateFileParameters): HANDLE {
  return face.CreateFile(...parameters);
}

/** As CreateFile: texts are JavaScript's. */
export function CreateFileA(...parameters: CreateFileParameters): HANDLE {
  return face.CreateFileA(...parameters);
}

/** As CreateFile: texts are JavaScript's. */
export function CreateFileW(...parameters: CreateFileParameters): HANDLE {
  return face.CreateFileW(...parameters);
}

/**
 * Sends memory, a file, and memory again over a connected stream. Where the call is overlapped, all of it is read before it returns.
 * @param hFile 0 for none
 * @param nNumberOfBytesToWrite of the file; 0 for all that is left of it
 * @param nNumberOfBytesPerSend is of no account
 * @param lpOverlapped says where in the file to begin; null begins where the file stands, and waits until everything is in the send queue
 * @param lpTransmitBuffers what goes before and behind the file, or null
 * @param dwFlags TF_DISCONNECT begins to end the connection; with TF_REUSE_SOCKET the call is over when the peer has ended it too, and the socket may be
 * used for AcceptEx and ConnectEx again. The others change nothing
 * @returns TRUE, or FALSE: WSAENOTCONN for what is no connected stream, WSA_INVALID_HANDLE for what is no file, WSA_IO_PENDING while it goes on
 */
export function TransmitFile(
  hSocket: SOCKET,
  hFile: HANDLE | null,
  nNumberOfBytesToWrite: number,
  nNumberOfBytesPerSend: number,
  lpOverlapped: WSAOVERLAPPED | null,
  lpTransmitBuffers: TRANSMIT_FILE_BUFFERS | null,
  dwFlags: number,
): number {
  return face.TransmitFile(hSocket, hFile, nNumberOfBytesToWrite, nNumberOfBytesPerSend, lpOverlapped, lpTransmitBuffers, dwFlags);
}

/**
 * Sends memory and pieces of files in one go; over a connected datagram socket, TP_ELEMENT_EOP ends each datagram.
 * @param nSendSize is of no account
 * @param dwFlags TP_DISCONNECT and TP_REUSE_SOCKET, as of TransmitFile
 * @returns as TransmitFile; WSAEINVAL for an element that is neither TP_ELEMENT_MEMORY nor TP_ELEMENT_FILE
 */
export function TransmitPackets(
  hSocket: SOCKET,
  lpPacketArray: readonly TRANSMIT_PACKETS_ELEMENT[] | null,
  nElementCount: number,
  nSendSize: number,
  lpOverlapped: WSAOVERLAPPED | null,
  dwFlags: number,
): number {
  return face.TransmitPackets(hSocket, lpPacketArray, nElementCount, nSendSize, lpOverlapped, dwFlags);
}
