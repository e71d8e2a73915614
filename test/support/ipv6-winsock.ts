/** The two hosts of `VirtualWinsock` with addresses of IPv6 beside those of IPv4, and calls with names of AF_INET6. */
import { parseAddress } from "../../src/stack/core/address.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { inetNtop, inetPton } from "../../src/winsock/abi/address-text.ts";
import { htons, ntohs } from "../../src/winsock/abi/byte-order.ts";
import { AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, SOCK_DGRAM, SOCK_STREAM } from "../../src/winsock/abi/constants.ts";
import { new_sockaddr_in6, type SOCKET, sizeof_sockaddr_in6, type sockaddr_in6 } from "../../src/winsock/abi/structures.ts";
import { VirtualWinsock, type VirtualWinsockOptions } from "./virtual-winsock.ts";
import { outcome } from "./winsock-calls.ts";

export const OURS6 = "2001:db8::2";
export const PEER6 = "2001:db8::1";
export const NOBODY_THERE6 = "2001:db8::77";
/** No route leads there. */
export const ELSEWHERE6 = "2001:db8:f::1";
export const OUR_LINK_LOCAL = "fe80::2";
export const PEER_LINK_LOCAL = "fe80::1";
/** The zone of our link: the index of the interface. */
export const OUR_ZONE = 1;
export const LOOPBACK_ZONE = 2;

export function ipv6Winsock(options: VirtualWinsockOptions = {}): VirtualWinsock {
  const v = new VirtualWinsock(options);
  give(v.ours, OURS6, OUR_LINK_LOCAL);
  give(v.peer, PEER6, PEER_LINK_LOCAL);
  return v;
}

function give(host: Host, ...addresses: string[]): void {
  for (const address of addresses) host.ip.addAddress(host.ip.interfaces[0]!, parseAddress(address), 64);
}

/** A sockaddr_in6. */
export function address6(text: string, port: number, scope = 0): sockaddr_in6 {
  const name = new_sockaddr_in6();
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  name.sin6_scope_id = scope;
  if (inetPton(AF_INET6, text, name.sin6_addr).value !== 1) throw new Error(`no address: ${text}`);
  return name;
}

export const text6 = (name: sockaddr_in6): string => inetNtop(AF_INET6, name.sin6_addr, { value: "" }, 65).value ?? "";

export const stream6 = (v: VirtualWinsock, face = v.winsock): SOCKET => face.socket(AF_INET6, SOCK_STREAM, 0);
export const datagram6 = (v: VirtualWinsock, face = v.winsock): SOCKET => face.socket(AF_INET6, SOCK_DGRAM, 0);

/** Takes IPV6_V6ONLY off. */
export function dual(v: VirtualWinsock, s: SOCKET, face = v.winsock): SOCKET {
  if (face.setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, { value: 0 }, 4) !== 0) throw new Error(String(face.WSAGetLastError()));
  return s;
}

export const connect6 = (v: VirtualWinsock, s: SOCKET, to: string, port: number, scope = 0, face = v.winsock) =>
  outcome(face, face.connect(s, address6(to, port, scope), sizeof_sockaddr_in6));

export const bind6 = (v: VirtualWinsock, s: SOCKET, to: string, port: number, scope = 0, face = v.winsock) =>
  outcome(face, face.bind(s, address6(to, port, scope), sizeof_sockaddr_in6));

/** What getsockname or getpeername says: `[address%scope]:port`. */
export function name6(v: VirtualWinsock, s: SOCKET, call: "getsockname" | "getpeername" = "getsockname", face = v.winsock): string {
  const name = new_sockaddr_in6();
  const length = { value: sizeof_sockaddr_in6 };
  if (face[call](s, name, length) !== 0) return `error ${face.WSAGetLastError()}`;
  const scope = name.sin6_scope_id === 0 ? "" : `%${name.sin6_scope_id}`;
  return `[${text6(name)}${scope}]:${ntohs(name.sin6_port)}`;
}

/** A listening stream of AF_INET6 on every address. */
export function listener6(v: VirtualWinsock, port: number, face = v.peerWinsock, make: (s: SOCKET) => SOCKET = (s) => s): SOCKET {
  const s = make(stream6(v, face));
  face.bind(s, address6("::", port), sizeof_sockaddr_in6);
  face.listen(s, 8);
  return s;
}
