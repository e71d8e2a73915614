/** Membership of groups and the filters of their sources, at the levels of both families (RFC 3678 §4 and §5, Windows' structures). */
import { type IpAddress, sameAddress } from "../../stack/core/address.ts";
import type { MembershipFailure, MembershipService } from "../../stack/ip/groups/memberships.ts";
import type { InterfaceService } from "../../stack/link/interface-service.ts";
import * as c from "../abi/constants.ts";
import { WSAEADDRNOTAVAIL, WSAEFAULT, WSAEINVAL, WSAENOBUFS, WSAENOPROTOOPT } from "../abi/errors.ts";
import {
  sizeof_group_req,
  sizeof_group_source_req,
  sizeof_ip_mreq,
  sizeof_ip_mreq_source,
  sizeof_ipv6_mreq,
} from "../abi/multicast-requests.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import type { SocketOption } from "./option.ts";
import type { Socket } from "./socket.ts";
import { familyOf, type SocketFamily, socketFamily } from "./socket-family.ts";

/** A request as it was read. `through` is undefined for the default interface. */
interface MembershipRequest {
  readonly group: IpAddress;
  readonly source: IpAddress | undefined;
  readonly through: InterfaceService | undefined;
}

type Reader = (socket: Socket, bytes: Uint8Array) => MembershipRequest | number;
type Act = (memberships: MembershipService, request: MembershipRequest) => MembershipFailure | undefined;

const u32 = (b: Uint8Array, at: number): number => (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;

/** Undefined for 0; a code for one that is none of ours. */
export function interfaceByIndex(socket: Socket, index: number): InterfaceService | undefined | number {
  if (index === 0) return undefined;
  return socket.context.host.ip.interfaces.find((one) => one.index === index) ?? WSAEADDRNOTAVAIL;
}

/** By one of its addresses, or by its index as 0.0.0.n (Microsoft, "IPPROTO_IP Socket Options"). */
export function interfaceByName(
  socket: Socket,
  bytes: Uint8Array,
  at: number,
  family: SocketFamily,
): InterfaceService | undefined | number {
  if (bytes[at] === 0) return interfaceByIndex(socket, (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
  const { ip } = socket.context.host;
  const address = family.readAddress(bytes, at);
  const through = ip.interfaces.find((one) => one.addresses.some((own) => sameAddress(own.address, address)));
  return through ?? WSAEADDRNOTAVAIL;
}

const INET = socketFamily(c.AF_INET)!;
const INET6 = socketFamily(c.AF_INET6)!;

const readMreq: Reader = (socket, bytes) => {
  const through = interfaceByName(socket, bytes, INET.addressBytes, INET);
  return typeof through === "number" ? through : { group: INET.readAddress(bytes, 0), source: undefined, through };
};

const readMreqSource: Reader = (socket, bytes) => {
  const through = interfaceByName(socket, bytes, 2 * INET.addressBytes, INET);
  if (typeof through === "number") return through;
  return { group: INET.readAddress(bytes, 0), source: INET.readAddress(bytes, INET.addressBytes), through };
};

const readMreq6: Reader = (socket, bytes) => {
  const through = interfaceByIndex(socket, u32(bytes, INET6.addressBytes));
  return typeof through === "number" ? through : { group: INET6.readAddress(bytes, 0), source: undefined, through };
};

const GROUP_AT = 8;
const SOURCE_AT = 136;

const addressAt = (bytes: Uint8Array, at: number): IpAddress | undefined => {
  const name = bytes.subarray(at);
  const family = socketFamily(familyOf(name) ?? c.AF_UNSPEC);
  return family === undefined || name.length < family.nameBytes ? undefined : family.readName(name).address;
};

const readGroup =
  (hasSource: boolean): Reader =>
  (socket, bytes) => {
    const through = interfaceByIndex(socket, u32(bytes, 0));
    if (typeof through === "number") return through;
    const group = addressAt(bytes, GROUP_AT);
    const source = hasSource ? addressAt(bytes, SOURCE_AT) : undefined;
    return group === undefined || (hasSource && source === undefined) ? WSAEINVAL : { group, source, through };
  };

function codeOf(failure: MembershipFailure | undefined): number {
  switch (failure) {
    case undefined:
      return 0;
    case "not-member":
    case "no-interface":
    case "already-listed":
    case "not-listed":
      return WSAEADDRNOTAVAIL;
    case "too-many-groups":
    case "too-many-sources":
      return WSAENOBUFS;
    default:
      return WSAEINVAL;
  }
}

const request = (structure: string, size: number, read: Reader, act: Act): SocketOption => ({
  lengths: "structure",
  structure,
  only: "datagram",
  getError: WSAENOPROTOOPT,
  write: (socket, bytes) => {
    if (bytes.length < size) return WSAEFAULT;
    const wanted = read(socket, bytes);
    if (typeof wanted === "number") return wanted;
    return socket instanceof DatagramSocket ? codeOf(act(socket.memberships, wanted)) : WSAENOPROTOOPT;
  },
});

const join: Act = (m, { group, through }) => m.join(group, through);
const leave: Act = (m, { group, through }) => m.leave(group, through);
const joinSource: Act = (m, { group, source, through }) => m.joinSource(group, source!, through);
const leaveSource: Act = (m, { group, source, through }) => m.leaveSource(group, source!, through);
const block: Act = (m, { group, source, through }) => m.blockSource(group, source!, through);
const unblock: Act = (m, { group, source, through }) => m.unblockSource(group, source!, through);

/** Protocol-independent, at either level. */
const EITHER: readonly (readonly [number, SocketOption])[] = [
  [c.MCAST_JOIN_GROUP, request("group_req", sizeof_group_req, readGroup(false), join)],
  [c.MCAST_LEAVE_GROUP, request("group_req", sizeof_group_req, readGroup(false), leave)],
  [c.MCAST_BLOCK_SOURCE, request("group_source_req", sizeof_group_source_req, readGroup(true), block)],
  [c.MCAST_UNBLOCK_SOURCE, request("group_source_req", sizeof_group_source_req, readGroup(true), unblock)],
  [c.MCAST_JOIN_SOURCE_GROUP, request("group_source_req", sizeof_group_source_req, readGroup(true), joinSource)],
  [c.MCAST_LEAVE_SOURCE_GROUP, request("group_source_req", sizeof_group_source_req, readGroup(true), leaveSource)],
];

export const IP_MEMBERSHIPS: readonly (readonly [number, SocketOption])[] = [
  [c.IP_ADD_MEMBERSHIP, request("ip_mreq", sizeof_ip_mreq, readMreq, join)],
  [c.IP_DROP_MEMBERSHIP, request("ip_mreq", sizeof_ip_mreq, readMreq, leave)],
  [c.IP_ADD_SOURCE_MEMBERSHIP, request("ip_mreq_source", sizeof_ip_mreq_source, readMreqSource, joinSource)],
  [c.IP_DROP_SOURCE_MEMBERSHIP, request("ip_mreq_source", sizeof_ip_mreq_source, readMreqSource, leaveSource)],
  [c.IP_BLOCK_SOURCE, request("ip_mreq_source", sizeof_ip_mreq_source, readMreqSource, block)],
  [c.IP_UNBLOCK_SOURCE, request("ip_mreq_source", sizeof_ip_mreq_source, readMreqSource, unblock)],
  ...EITHER,
];

export const IPV6_MEMBERSHIPS: readonly (readonly [number, SocketOption])[] = [
  [c.IPV6_JOIN_GROUP, request("ipv6_mreq", sizeof_ipv6_mreq, readMreq6, join)],
  [c.IPV6_LEAVE_GROUP, request("ipv6_mreq", sizeof_ipv6_mreq, readMreq6, leave)],
  ...EITHER,
];
