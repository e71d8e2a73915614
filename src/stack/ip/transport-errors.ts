import type { AddressWords, IpAddress } from "../core/address.ts";
import type { Path, RouteFailure } from "./path.ts";
import type { PathMtus } from "./path-mtu.ts";
import type { IcmpError, Transport } from "./transport.ts";

/** What control messages of either family need of IP. */
export interface ControlMessageUser {
  readonly pathMtus: PathMtus;
  /** `local` undefined leaves the choice to IP. */
  pathTo(remote: AddressWords, local: AddressWords | undefined): Path | RouteFailure;
  transport(protocol: number): Transport | undefined;
  /** MTU that paths to `remote` have now; 0 when there is no path. */
  mtuTo(remote: IpAddress): number;
}

/**
 * Hands an error to the transport that it is about. The MTU that it reports, if any, is in force while the transport judges it, and stays
 * so only when it is believed; one above today's changes nothing: a router may be behind the times, or lie (RFC 1191 §3, RFC 8201 §4).
 * @param error `mtu` is what is reported, 0 when the error is about something else
 * @returns whether it was believed
 */
export function tellTransport(transport: Pick<Transport, "icmpError">, error: IcmpError, user: ControlMessageUser): boolean {
  if (error.mtu === 0) return transport.icmpError(error);
  const { remote } = error;
  const mtuNow = user.mtuTo(remote);
  if (error.mtu >= mtuNow) return transport.icmpError({ ...error, mtu: mtuNow });
  return user.pathMtus.lower(remote, error.mtu, () => transport.icmpError(error));
}
