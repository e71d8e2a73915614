import type { Profile } from "../core/profile.ts";

/**
 * What IPv6 goes by on one link, RFC 4861 §6.3.2: the profile's figures until a router says others. IPv4 has no such thing, and keeps the
 * profile's.
 */
export class LinkParameters {
  /** Of packets whose sender does not choose one: CurHopLimit. */
  hopLimit: number;
  /** Mean time for which a confirmed neighbour is trusted: BaseReachableTime. */
  reachableMs: number;
  /** Between two questions for one neighbour: RetransTimer. */
  retransMs: number;
  /** Largest packet in bytes, where a router says less than the device: LinkMTU. */
  mtu = Number.POSITIVE_INFINITY;

  constructor({ ttl, neighbourReachableMs, neighbourProbeMs }: Profile) {
    this.hopLimit = ttl;
    this.reachableMs = neighbourReachableMs;
    this.retransMs = neighbourProbeMs;
  }
}
