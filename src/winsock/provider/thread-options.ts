/** SO_OPENTYPE: an option of the thread, which getsockopt and setsockopt know by any handle, of a socket or of nothing (Wine's test sockopt_validity). */
import { SO_OPENTYPE, SOL_SOCKET } from "../abi/constants.ts";
import { WSAEFAULT } from "../abi/errors.ts";
import { sizeof_DWORD } from "../abi/structures.ts";
import { CALL, type CallRequest } from "./calls.ts";
import { DONE, failed, type Outcome } from "./outcome.ts";

export interface ThreadOptions {
  /** 0, SO_SYNCHRONOUS_ALERT or SO_SYNCHRONOUS_NONALERT. */
  openType: number;
}

/** The answer to a call about a thread's option; undefined for any other call. */
export function answerThreadOption(thread: ThreadOptions, { op, a, b, c, data }: CallRequest): Outcome | undefined {
  if (a !== SOL_SOCKET || b !== SO_OPENTYPE) return undefined;
  if (op === CALL.getsockopt) {
    if (c < sizeof_DWORD) return failed(WSAEFAULT);
    const { openType } = thread;
    return { result: 0, error: 0, data: Uint8Array.of(openType, openType >>> 8, openType >>> 16, openType >>> 24) };
  }
  if (op !== CALL.setsockopt) return undefined;
  if (data === null || data.length < sizeof_DWORD) return failed(WSAEFAULT);
  thread.openType = data[0]! | (data[1]! << 8) | (data[2]! << 16) | (data[3]! << 24);
  return DONE;
}
