import { SOCKET_ERROR } from "../abi/constants.ts";
import { WSAEFAULT } from "../abi/errors.ts";
import { asyncNameFault } from "./async-name-functions.ts";
import type { BlockingFace } from "./blocking-face.ts";
import { completionFault } from "./completion-functions.ts";
import { connectFault } from "./connect-functions.ts";
import { eventFault } from "./event-functions.ts";
import { extensionFault } from "./extension-functions.ts";
import { fileFault } from "./file-functions.ts";
import { overlappedFault } from "./overlapped-functions.ts";
import { processFault } from "./process-functions.ts";
import { socketFault } from "./socket-functions.ts";
import { transmitFault } from "./transmit-functions.ts";
import { windowFault } from "./window-functions.ts";

/**
 * The face, but what JavaScript throws for a parameter (a frozen structure, a BigInt, a getter that fails) is the fault that memory
 * out of reach is in C.
 * @param faulted hears of it, before the function returns what says WSAEFAULT
 */
export function guardedFace(face: BlockingFace, faulted: () => void): BlockingFace {
  const guard = ([name, call]: [string, (...parameters: never[]) => unknown]) => {
    const safe = (...parameters: never[]) => {
      try {
        return call(...parameters);
      } catch {
        faulted();
        return faultOf(name);
      }
    };
    return [name, safe];
  };
  return Object.fromEntries(Object.entries(face).map(guard)) as BlockingFace;
}

const RETURNS_CODE: ReadonlySet<string> = new Set([
  ...["WSAStartup", "getaddrinfo", "GetAddrInfoW", "GetAddrInfoExA", "GetAddrInfoExW", "getnameinfo", "GetNameInfoW"],
  ...["GetAddrInfoExOverlappedResult", "GetAddrInfoExCancel"],
]);
const RETURNS_POINTER: ReadonlySet<string> = new Set([
  ...["inet_ntop", "InetNtopW", "gethostbyname", "gethostbyaddr"],
  ...["getservbyname", "getservbyport", "getprotobyname", "getprotobynumber"],
]);
const RETURNS_TEXT: ReadonlySet<string> = new Set(["inet_ntoa", "gai_strerrorA", "gai_strerrorW"]);

/** What the function of this name returns for a parameter that cannot be read. */
function faultOf(name: string): unknown {
  if (RETURNS_CODE.has(name)) return WSAEFAULT;
  if (RETURNS_POINTER.has(name)) return null;
  if (RETURNS_TEXT.has(name)) return "";
  for (const fault of FAULTS) {
    const result = fault(name);
    if (result !== undefined) return result;
  }
  return SOCKET_ERROR;
}

const FAULTS: readonly ((name: string) => number | undefined)[] = [
  eventFault,
  overlappedFault,
  completionFault,
  windowFault,
  asyncNameFault,
  extensionFault,
  socketFault,
  connectFault,
  fileFault,
  processFault,
  transmitFault,
];
