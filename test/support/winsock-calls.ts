/** Winsock calls with less ceremony, for tests. */

import { AF_INET, FIONBIO, SO_ERROR, SOCK_DGRAM, SOCKET_ERROR, SOL_SOCKET } from "../../src/winsock/abi/constants.ts";
import { FD_ISSET, FD_SET } from "../../src/winsock/abi/fd-set.ts";
import { new_fd_set, new_sockaddr_in, type SOCKET, sizeof_sockaddr_in } from "../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import { address, type VirtualWinsock } from "./virtual-winsock.ts";

/** What a call came to: its value, and the last error after it. */
export const outcome = (face: BlockingFace, result: number): readonly [number, number] => [result, face.WSAGetLastError()];
export const fails = (error: number): readonly [number, number] => [SOCKET_ERROR, error];
export const SUCCESS = [0, 0] as const;

export function connect(v: VirtualWinsock, s: SOCKET, to: string, port: number, face = v.winsock): readonly [number, number] {
  return outcome(face, face.connect(s, address(to, port), sizeof_sockaddr_in));
}

export function bind(v: VirtualWinsock, s: SOCKET, to: string, port: number, face = v.winsock): readonly [number, number] {
  return outcome(face, face.bind(s, address(to, port), sizeof_sockaddr_in));
}

export function nonblocking(v: VirtualWinsock, s: SOCKET): SOCKET {
  v.winsock.ioctlsocket(s, FIONBIO, { value: 1 });
  return s;
}

export const set = (v: VirtualWinsock, s: SOCKET, option: number): number => v.winsock.setsockopt(s, SOL_SOCKET, option, { value: 1 }, 4);

/** Which of select's three sets the socket is in after at most `seconds`. */
export function selected(v: VirtualWinsock, s: SOCKET, seconds: number): string {
  const [read, write, except] = [new_fd_set(), new_fd_set(), new_fd_set()];
  for (const fds of [read, write, except]) FD_SET(s, fds);
  v.winsock.select(0, read, write, except, { tv_sec: seconds, tv_usec: 0 });
  return [FD_ISSET(s, read) ? "read" : "", FD_ISSET(s, write) ? "write" : "", FD_ISSET(s, except) ? "except" : ""]
    .filter(Boolean)
    .join("+");
}

export function soError(v: VirtualWinsock, s: SOCKET): number {
  const value = { value: -1 };
  v.winsock.getsockopt(s, SOL_SOCKET, SO_ERROR, value, { value: 4 });
  return value.value;
}

export function localName(v: VirtualWinsock, s: SOCKET): { readonly address: string; readonly port: number } {
  const name = new_sockaddr_in();
  v.winsock.getsockname(s, name, { value: sizeof_sockaddr_in });
  return { address: v.winsock.inet_ntoa(name.sin_addr), port: ((name.sin_port & 255) << 8) | (name.sin_port >>> 8) };
}

export const datagram = (face: BlockingFace): SOCKET => face.socket(AF_INET, SOCK_DGRAM, 0);

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function recv(face: BlockingFace, s: SOCKET): string {
  const buffer = new Uint8Array(100);
  const length = face.recv(s, buffer, buffer.length, 0);
  return length < 0 ? `error ${face.WSAGetLastError()}` : new TextDecoder().decode(buffer.subarray(0, length));
}

export const say = (face: BlockingFace, s: SOCKET, text: string): number => face.send(s, bytes(text), bytes(text).length, 0);
