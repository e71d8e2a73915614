/** Functions of `tapsock/winsock/promises` that send files, and datagrams with what goes beside them. */
import type { SOCKET } from "./abi/structures.ts";
import type { ReceivedMessage, ReceiveMessageOptions, SentMessage } from "./faces/message-promises.ts";
import type { Cancellable } from "./faces/promise-calls.ts";
import type { AwaitedFile, TransmitElement, TransmitFileOptions, TransmitOptions } from "./faces/transmit-promises.ts";
import { awaitedFace } from "./this-thread-promises.ts";

export type { ReceivedMessage, ReceiveMessageOptions, SentMessage } from "./faces/message-promises.ts";
export type { AwaitedFile, TransmitElement, TransmitFileOptions, TransmitOptions } from "./faces/transmit-promises.ts";

/**
 * Receives one datagram with its control data, flags and sender.
 * @throws WinsockError WSAEMSGSIZE for one that is longer than `length`, WSAEOPNOTSUPP for a stream, and as recvfrom; or the signal's reason
 */
export function WSARecvMsg(s: SOCKET, options?: ReceiveMessageOptions): Promise<ReceivedMessage> {
  return awaitedFace.WSARecvMsg(s, options);
}

/**
 * Sends one datagram with control data, such as the address that it leaves from (IP_PKTINFO).
 * @returns how many bytes were taken
 * @throws WinsockError WSAEINVAL for a stream, or control data that means nothing, and as sendto; or the signal's reason
 */
export function WSASendMsg(s: SOCKET, message: SentMessage, options?: Cancellable & { readonly flags?: number }): Promise<number> {
  return awaitedFace.WSASendMsg(s, message, options);
}

/**
 * Sends a file over a stream, with what goes before and behind it. It is read as it is sent; other sends of the socket come after it.
 * @param file a `FileHandle` of `node:fs/promises`, or null for none
 * @returns how many bytes were sent
 * @throws WinsockError WSAENOTCONN, WSAEINVAL for TF_REUSE_SOCKET without TF_DISCONNECT, and as send; what reading the file throws; or the
 * signal's reason
 */
export function TransmitFile(s: SOCKET, file: AwaitedFile | null, options?: TransmitFileOptions): Promise<number> {
  return awaitedFace.TransmitFile(s, file, options);
}

/**
 * Sends memory and pieces of files: over a stream as one send, over a connected datagram socket as datagrams, of which each ends where
 * an element says so.
 * @returns how many bytes were sent
 * @throws WinsockError WSAEFAULT for an element that is none, WSAEMSGSIZE for a datagram that is too long, and as TransmitFile
 */
export function TransmitPackets(s: SOCKET, elements: readonly TransmitElement[], options?: TransmitOptions): Promise<number> {
  return awaitedFace.TransmitPackets(s, elements, options);
}
