import {
  AF_IRDA,
  AF_UNSPEC,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IRDA_PROTO_SOCK_STREAM,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
} from "../abi/constants.ts";
import { WSAEAFNOSUPPORT, WSAEINVAL, WSAEPROTONOSUPPORT, WSAESOCKTNOSUPPORT } from "../abi/errors.ts";
import { DEFAULT_FAMILY, IRDA, type SocketFamily, socketFamily } from "./socket-family.ts";

/** What a socket is to be. */
export interface SocketKind {
  readonly family: SocketFamily;
  readonly type: number;
}

/** What fits into a header's field. */
const LAST_PROTOCOL = 255;

/** IrDA has streams alone. */
function resolveInfrared(type: number, protocol: number): SocketKind | { readonly code: number } {
  if (type !== 0 && type !== SOCK_STREAM) return { code: WSAESOCKTNOSUPPORT };
  if (protocol !== 0 && protocol !== IRDA_PROTO_SOCK_STREAM) return { code: WSAEPROTONOSUPPORT };
  return { family: IRDA, type: SOCK_STREAM };
}

/** What socket() makes of its three parameters (Wine's tests WSASocket and Protocol), or the code that it fails with. @param hasInfrared whether there is an infrared device to speak through */
export function resolveKind(af: number, type: number, protocol: number, hasInfrared = false): SocketKind | { readonly code: number } {
  if (af === AF_IRDA && hasInfrared) return resolveInfrared(type, protocol);
  if (af === AF_UNSPEC && protocol === 0) return { code: WSAEINVAL };
  const family = af === AF_UNSPEC ? DEFAULT_FAMILY : socketFamily(af);
  if (type === SOCK_RAW) {
    if (family === undefined) return { code: WSAEAFNOSUPPORT };
    return protocol >= 0 && protocol <= LAST_PROTOCOL ? { family, type } : { code: WSAEPROTONOSUPPORT };
  }
  if (type !== 0 && type !== SOCK_STREAM && type !== SOCK_DGRAM) return { code: WSAESOCKTNOSUPPORT };
  if (family === undefined) return { code: WSAEAFNOSUPPORT };
  const typeOfProtocol = protocol === IPPROTO_TCP ? SOCK_STREAM : protocol === IPPROTO_UDP ? SOCK_DGRAM : undefined;
  if (protocol !== 0 && typeOfProtocol === undefined) return { code: WSAEPROTONOSUPPORT };
  if (type !== 0 && typeOfProtocol !== undefined && type !== typeOfProtocol) return { code: WSAEPROTONOSUPPORT };
  return { family, type: type || (typeOfProtocol ?? SOCK_STREAM) };
}
