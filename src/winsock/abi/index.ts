/**
 * `tapsock/winsock/abi`: the constants, error codes, structures and byte-order functions of winsock2.h alone, without a network behind
 * them. Nothing here needs Node.js.
 */
export * from "./byte-order.ts";
export * from "./constants.ts";
export * from "./errors.ts";
export * from "./extension-functions.ts";
export * from "./fd-set.ts";
export * from "./guid.ts";
export * from "./in6-addr.ts";
export * from "./ioctl-structures.ts";
export * from "./multicast-requests.ts";
export * from "./protocol-info.ts";
export * from "./socket-state.ts";
export * from "./structures.ts";
