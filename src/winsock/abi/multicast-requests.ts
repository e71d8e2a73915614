/** What memberships of groups are asked for with, RFC 3678: objects with C's fields, or bytes in C layout. */
import { field, integer, putBytes, setU32 } from "./fields.ts";
import { type in_addr, type in6_addr, sizeof_in6_addr, type sockaddr_in, type sockaddr_in6, sockaddrBytes } from "./structures.ts";

export const sizeof_ip_mreq = 8;
export const sizeof_ip_mreq_source = 12;
export const sizeof_ipv6_mreq = 20;
export const sizeof_group_req = 136;
export const sizeof_group_source_req = 264;

/** IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP. */
export interface ip_mreq {
  imr_multiaddr: in_addr;
  /** An address of the interface, its index as 0.0.0.n, or INADDR_ANY for the default one. */
  imr_interface: in_addr;
}

/** IP_ADD_SOURCE_MEMBERSHIP, IP_DROP_SOURCE_MEMBERSHIP, IP_BLOCK_SOURCE, IP_UNBLOCK_SOURCE. */
export interface ip_mreq_source {
  imr_multiaddr: in_addr;
  imr_sourceaddr: in_addr;
  /** As in ip_mreq. */
  imr_interface: in_addr;
}

/** IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP. */
export interface ipv6_mreq {
  ipv6mr_multiaddr: in6_addr;
  /** The index of the interface, 0 for the default one. */
  ipv6mr_interface: number;
}

/** MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP, at either level. */
export interface group_req {
  /** The index of the interface, 0 for the default one. */
  gr_interface: number;
  gr_group: sockaddr_in | sockaddr_in6;
}

/** MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_SOURCE_GROUP, MCAST_BLOCK_SOURCE, MCAST_UNBLOCK_SOURCE. */
export interface group_source_req {
  gsr_interface: number;
  gsr_group: sockaddr_in | sockaddr_in6;
  gsr_source: sockaddr_in | sockaddr_in6;
}

export type MulticastRequest = ip_mreq | ip_mreq_source | ipv6_mreq | group_req | group_source_req;

/** A zeroed ip_mreq. */
export function new_ip_mreq(): ip_mreq {
  return { imr_multiaddr: { s_addr: 0 }, imr_interface: { s_addr: 0 } };
}

/** A zeroed ip_mreq_source. */
export function new_ip_mreq_source(): ip_mreq_source {
  return { imr_multiaddr: { s_addr: 0 }, imr_sourceaddr: { s_addr: 0 }, imr_interface: { s_addr: 0 } };
}

/** A zeroed ipv6_mreq. */
export function new_ipv6_mreq(): ipv6_mreq {
  return { ipv6mr_multiaddr: { s6_addr: new Uint8Array(sizeof_in6_addr) }, ipv6mr_interface: 0 };
}

/** Where group_req and group_source_req have their names: behind the index, aligned. */
const GROUP_AT = 8;
const SOURCE_AT = 136;

/** The request in C layout, its structure told by its fields; undefined for what is none. */
export function multicastRequestBytes(request: object): Uint8Array | undefined {
  if (field(request, "ipv6mr_multiaddr") !== undefined) {
    const bytes = new Uint8Array(sizeof_ipv6_mreq);
    putBytes(bytes, 0, field(field(request, "ipv6mr_multiaddr"), "s6_addr"));
    setU32(bytes, sizeof_in6_addr, integer(request, "ipv6mr_interface"));
    return bytes;
  }
  if (field(request, "imr_multiaddr") !== undefined) {
    const hasSource = field(request, "imr_sourceaddr") !== undefined;
    const parts = hasSource ? ["imr_multiaddr", "imr_sourceaddr", "imr_interface"] : ["imr_multiaddr", "imr_interface"];
    const bytes = new Uint8Array(4 * parts.length);
    parts.forEach((part, i) => {
      setU32(bytes, 4 * i, integer(field(request, part), "s_addr"));
    });
    return bytes;
  }
  if (field(request, "gr_group") !== undefined) {
    const bytes = new Uint8Array(sizeof_group_req);
    setU32(bytes, 0, integer(request, "gr_interface"));
    putName(bytes, GROUP_AT, field(request, "gr_group"));
    return bytes;
  }
  if (field(request, "gsr_group") === undefined) return undefined;
  const bytes = new Uint8Array(sizeof_group_source_req);
  setU32(bytes, 0, integer(request, "gsr_interface"));
  putName(bytes, GROUP_AT, field(request, "gsr_group"));
  putName(bytes, SOURCE_AT, field(request, "gsr_source"));
  return bytes;
}

function putName(bytes: Uint8Array, at: number, name: unknown): void {
  if (typeof name === "object" && name !== null) putBytes(bytes, at, sockaddrBytes(name as sockaddr_in));
}
