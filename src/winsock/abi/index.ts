/**
 * `tapsock/winsock/abi`: the constants, error codes, structures and byte-order functions of winsock2.h alone, without a network behind
 * them. Nothing here needs Node.js.
 */
export * from "./byte-order.ts";
export * from "./constants.ts";
export * from "./errors.ts";
export * from "./event-structures.ts";
export * from "./fd-set.ts";
export * from "./in6-addr.ts";
export * from "./message-structures.ts";
export {
  type addrinfo,
  type addrinfoex,
  type hostent,
  new_addrinfo,
  new_addrinfoex,
  new_hostent,
  new_protoent,
  new_servent,
  type protoent,
  type servent,
  sizeof_addrinfo,
  sizeof_addrinfoex,
  sizeof_hostent,
  sizeof_protoent,
  sizeof_servent,
} from "./name-structures.ts";
export * from "./nt-status.ts";
export * from "./overlapped-structures.ts";
export * from "./structures.ts";
