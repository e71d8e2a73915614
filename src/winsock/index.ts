/**
 * `tapsock/winsock`: the C API of winsock2.h, name for name, over this project's own TCP/IP stack. Calls block the calling thread;
 * the stack goes on in another. Parameters come in C's order:
 *
 * - SOCKET is a number, and INVALID_SOCKET is ~0;
 * - a pointer to a structure is an object with that structure's fields, or a Uint8Array in C layout (x64 Windows);
 * - a pointer to a scalar is a box, `{ value: 0 }`; NULL is null;
 * - lengths are passed as in C (`sizeof_sockaddr_in` and kin), and fields are in network byte order where C's are.
 *
 * No function throws: it returns SOCKET_ERROR or INVALID_SOCKET, and WSAGetLastError has the code. A network that is gone, such as a
 * daemon that ended, is WSAENETDOWN. What a process is on Windows is a thread of JavaScript here: a worker starts up for itself.
 *
 * On which network: `useNetwork(url)` before WSAStartup, or the environment variable TAPSOCK:
 * `embedded:` (the default: a host on a virtual wire with a loopback), `tap:tap0?ip=203.0.113.2/24&gateway=203.0.113.1`, or
 * `daemon:/run/tapsock/tapsock.sock`.
 */
import { openBlockingPort } from "../network/networks.ts";
import { createBlockingFace } from "./faces/blocking-face.ts";

export { useNetwork } from "../network/networks.ts";
export * from "./abi/byte-order.ts";
export * from "./abi/constants.ts";
export * from "./abi/errors.ts";
export * from "./abi/fd-set.ts";
export * from "./abi/structures.ts";
export type { BlockingFace, OptionPointer, SockaddrPointer } from "./faces/blocking-face.ts";

export const {
  WSAStartup,
  WSACleanup,
  WSAGetLastError,
  WSASetLastError,
  socket,
  bind,
  connect,
  listen,
  accept,
  send,
  recv,
  sendto,
  recvfrom,
  shutdown,
  closesocket,
  select,
  ioctlsocket,
  getsockname,
  getpeername,
  getsockopt,
  setsockopt,
  inet_addr,
  inet_ntoa,
  inet_pton,
  inet_ntop,
  networkFailure,
} = createBlockingFace(openBlockingPort);
