import type { SOCKADDR_IRDA } from "../abi/irda-structures.ts";
import type { sockaddr, sockaddr_in, sockaddr_in6 } from "../abi/structures.ts";

/** A pointer to a socket address. */
export type SockaddrPointer = sockaddr_in | sockaddr_in6 | sockaddr | SOCKADDR_IRDA | Uint8Array;

/** Whether it leads anywhere; programs without types pass undefined where C has NULL. */
export const isPointer = <T extends object>(pointer: T | null | undefined): pointer is T => typeof pointer === "object" && pointer !== null;
