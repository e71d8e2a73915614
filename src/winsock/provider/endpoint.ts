import { type IpAddress, ipv4, isV4 } from "../../stack/core/address.ts";
import { AF_INET, AF_INET6 } from "../abi/constants.ts";
import { sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "../abi/structures.ts";

/** An address and a port, both in host byte order. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** sa_family of a name; undefined when the name is too short to have one. */
export const familyOf = (name: Uint8Array): number | undefined => (name.length < 2 ? undefined : name[0]! | (name[1]! << 8));

/** How long a name of this family has to be; 0 for a family that nobody here knows. */
export function lengthOfFamily(family: number): number {
  if (family === AF_INET) return sizeof_sockaddr_in;
  return family === AF_INET6 ? sizeof_sockaddr_in6 : 0;
}

/** From a sockaddr_in in C layout; the caller has checked family and length. */
export function readEndpoint(name: Uint8Array): Endpoint {
  const address = ipv4((name[4]! << 24) | (name[5]! << 16) | (name[6]! << 8) | name[7]!);
  return { address, port: (name[2]! << 8) | name[3]! };
}

/** A sockaddr_in in C layout, sin_zero zeroed. @throws RangeError for an IPv6 address, which no socket can have yet */
export function sockaddrOf(address: IpAddress, port: number): Uint8Array {
  if (!isV4(address)) throw new RangeError("Cannot write an IPv6 address as a sockaddr_in");
  const bits = address.w3;
  return Uint8Array.of(AF_INET, 0, port >>> 8, port, bits >>> 24, bits >>> 16, bits >>> 8, bits, 0, 0, 0, 0, 0, 0, 0, 0);
}
