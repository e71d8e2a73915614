/** What getnameinfo makes of a name, on every face. */
import { NI_DGRAM, NI_NAMEREQD, NI_NOFQDN, NI_NUMERICHOST, NI_NUMERICSERV } from "../abi/constants.ts";
import { WSAHOST_NOT_FOUND, WSANO_DATA, WSANO_RECOVERY, WSATRY_AGAIN } from "../abi/errors.ts";
import { serviceAt } from "../abi/service-table.ts";
import { nameAsText } from "../abi/socket-address-text.ts";
import type { CallReply } from "../provider/calls.ts";
import { decodeNames, type FoundNames } from "../provider/name-reply.ts";

export const NAME_INFO_FLAGS = NI_NOFQDN | NI_NUMERICHOST | NI_NAMEREQD | NI_NUMERICSERV | NI_DGRAM;

/** Failures of the question alone, after which the address is its own name. */
const IS_OF_THE_NAME: ReadonlySet<number> = new Set([WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN, WSANO_RECOVERY]);

/** The address of a name without its port. @param name in C layout */
export const numericHost = (name: Uint8Array): string => nameAsText(name.slice().fill(0, 2, 4));

/** @param reply to the host's call getnameinfo @returns its text, or the code that the call fails with */
export function hostOf(name: Uint8Array, flags: number, reply: CallReply): string | number {
  if (reply.error !== 0) {
    if (!IS_OF_THE_NAME.has(reply.error)) return reply.error;
    if ((flags & NI_NAMEREQD) === 0) return numericHost(name);
    return reply.error === WSANO_DATA ? WSAHOST_NOT_FOUND : reply.error;
  }
  const { names, relativeName } = foundNames(reply);
  return (flags & NI_NOFQDN) !== 0 ? relativeName : (names[0] ?? "");
}

/** A port that has no service is its own name, as on Windows since Vista. */
export function serviceOf(name: Uint8Array, flags: number): string {
  const port = (name[2]! << 8) | name[3]!;
  const known = (flags & NI_NUMERICSERV) !== 0 ? undefined : serviceAt(port, (flags & NI_DGRAM) !== 0 ? "udp" : "tcp");
  return known?.name ?? String(port);
}

export const foundNames = ({ data, a }: CallReply): FoundNames => decodeNames(data ?? new Uint8Array(0), a);
