import { HIBYTE, LOBYTE, MAKEWORD } from "./constants.ts";

/** The highest version there is: 2.2. */
export const HIGHEST_VERSION = MAKEWORD(2, 2);

/** The version that WSAStartup gives to whom asks for `wanted`; undefined is WSAVERNOTSUPPORTED (Microsoft, "WSAStartup function"). */
export function negotiateVersion(wanted: number): number | undefined {
  const major = LOBYTE(wanted);
  const minor = HIBYTE(wanted);
  if (major === 0) return undefined;
  if (major === 1) return minor <= 1 ? MAKEWORD(major, minor) : MAKEWORD(1, 1);
  return major === 2 && minor <= 2 ? MAKEWORD(major, minor) : HIGHEST_VERSION;
}
