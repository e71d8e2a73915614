import { AF_INET, AF_UNSPEC, IPPROTO_TCP, IPPROTO_UDP, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from "../abi/constants.ts";
import { WSAEACCES, WSAEAFNOSUPPORT, WSAEINVAL, WSAEPROTONOSUPPORT, WSAESOCKTNOSUPPORT } from "../abi/errors.ts";

/** What socket() makes of its three parameters (Wine's tests WSASocket and Protocol): the type, or the code that it fails with. */
export function resolveKind(family: number, type: number, protocol: number): { readonly type: number } | { readonly code: number } {
  if (family === AF_UNSPEC && protocol === 0) return { code: WSAEINVAL };
  if (type === SOCK_RAW && (family === AF_INET || family === AF_UNSPEC)) return { code: WSAEACCES };
  if (type !== 0 && type !== SOCK_STREAM && type !== SOCK_DGRAM) return { code: WSAESOCKTNOSUPPORT };
  if (family !== AF_UNSPEC && family !== AF_INET) {
    // IPv6 sockets come later; until then the family is as unknown as any other.
    return { code: WSAEAFNOSUPPORT };
  }
  const typeOfProtocol = protocol === IPPROTO_TCP ? SOCK_STREAM : protocol === IPPROTO_UDP ? SOCK_DGRAM : undefined;
  if (protocol !== 0 && typeOfProtocol === undefined) return { code: WSAEPROTONOSUPPORT };
  if (type !== 0 && typeOfProtocol !== undefined && type !== typeOfProtocol) return { code: WSAEPROTONOSUPPORT };
  return { type: type || (typeOfProtocol ?? SOCK_STREAM) };
}
