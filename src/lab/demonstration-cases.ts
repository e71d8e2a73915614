import { describeError, WSAECONNREFUSED, WSAENETUNREACH, WSAETIMEDOUT } from "../winsock/abi/errors.ts";

/** Where everything is in the demonstration. */
export const HOST_ADDRESS = "203.0.113.2";
export const KERNEL_ADDRESS = "203.0.113.1";
export const PREFIX_LENGTH = 24;
export const OPEN_PORT = 8080;
export const CLOSED_PORT = 8081;
/** Resolves to the kernel's hardware address, and the kernel drops what is for neither itself nor to be forwarded. */
export const SWALLOWING_ADDRESS = "203.0.113.9";
/** In no subnet that the host knows, and there is no default route. */
export const UNROUTED_ADDRESS = "198.51.100.1";

export interface DemonstrationCase {
  readonly title: string;
  readonly address: string;
  readonly port: number;
  /** What connect must leave for WSAGetLastError; 0 when it must succeed. */
  readonly expected: number;
  /** What to look for while it runs. */
  readonly hint: string;
}

export const CASES: readonly DemonstrationCase[] = [
  {
    title: "an open port",
    address: KERNEL_ADDRESS,
    port: OPEN_PORT,
    expected: 0,
    hint: "Three segments open the connection; closesocket then sends a FIN.",
  },
  {
    title: "a closed port",
    address: KERNEL_ADDRESS,
    port: CLOSED_PORT,
    expected: WSAECONNREFUSED,
    hint: "Every SYN is answered by a reset. Windows does not believe the first: it asks again, half a second apart.",
  },
  {
    title: "an address that swallows SYNs",
    address: SWALLOWING_ADDRESS,
    port: OPEN_PORT,
    expected: WSAETIMEDOUT,
    hint: "Nobody answers. The SYN is sent again after 1, 2, 4 and 8 seconds; after 21 seconds Windows gives up.",
  },
  {
    title: "an address without a route",
    address: UNROUTED_ADDRESS,
    port: 80,
    expected: WSAENETUNREACH,
    hint: "The host has no route there, so nothing is sent at all.",
  },
];

/** The code that the example program's output tells of: 0 when it says that it connected, undefined when it says neither. */
export function codeInOutput(output: string): number | undefined {
  if (/^Connected to server\.$/m.test(output)) return 0;
  const code = /^(?:WSAStartup|socket|connect) function failed with error: (-?\d+)$/m.exec(output)?.[1];
  return code === undefined ? undefined : Number(code);
}

/** `connected`, or the error's name and number. */
export function verdictText(code: number | undefined): string {
  if (code === undefined) return "no verdict: the program ended without saying what connect returned";
  return code === 0 ? "connected" : describeError(code).replace(/:.*$/s, "");
}
