/**
 * `tapsock/winsock/promises`: Winsock's names, awaited. Beside the functions it has all constants, error codes and byte-order
 * functions of `tapsock/winsock`.
 *
 * ```ts
 * import { closesocket, connect, recv, send, socket } from "tapsock/winsock/promises";
 *
 * const s = await socket();
 * await connect(s, { address: "203.0.113.1", port: 80 }, { signal: AbortSignal.timeout(5000) });
 * await send(s, "GET / HTTP/1.0\r\n\r\n");
 * for (let bytes = await recv(s); bytes.length > 0; bytes = await recv(s)) process.stdout.write(bytes);
 * await closesocket(s);
 * ```
 *
 * On which network: `useNetwork(url)` before the first call, or the environment variable TAPSOCK; see `tapsock/winsock`.
 */
import { openAsyncPort } from "../network/networks.ts";
import { createPromiseFace } from "./faces/promise-face.ts";

export { useNetwork } from "../network/networks.ts";
export * from "./abi/byte-order.ts";
export * from "./abi/constants.ts";
export * from "./abi/errors.ts";
export type { linger, SOCKET } from "./abi/structures.ts";
export type { Cancellable, PromiseFace, SelectOptions, SocketAddress, SocketSets, TransferOptions } from "./faces/promise-face.ts";

export const {
  WSAStartup,
  WSACleanup,
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
  getsockname,
  getpeername,
  setsockopt,
  getsockopt,
  select,
  ioctlsocket,
} = createPromiseFace(openAsyncPort);
