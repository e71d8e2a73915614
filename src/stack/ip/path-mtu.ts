import type { AddressWords, IpAddress } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import type { Time } from "../core/time.ts";

/** No path is believed to be narrower (RFC 1122 §3.3.2's datagram that every host takes): a forged message can do little harm. */
export const MIN_PATH_MTU = 576;
/** After this a lowered MTU is forgotten, so that a better path is found (RFC 1191 §6.3). */
export const PATH_MTU_LIFETIME_MS = 600_000;
/** Destinations with a lowered MTU; the victim is the oldest. */
export const MAX_PATH_MTUS = 512;

/** RFC 1191 §7: MTUs in use, for routers that do not say theirs. */
const PLATEAUS = [32000, 17914, 8166, 4352, 2002, 1492, 1006] as const;

export interface PathMtu {
  readonly mtu: number;
  readonly untilMs: number;
}

/** What path MTU discovery has found, by destination, RFC 1191. Only lowered ones are here. */
export class PathMtus {
  readonly #time: Time;
  readonly #lowered = new AddressMap<PathMtu>();

  constructor(time: Time) {
    this.#time = time;
  }

  /** @returns Infinity where nothing was found */
  to(remote: AddressWords): number {
    if (this.#lowered.size === 0) return Number.POSITIVE_INFINITY;
    const found = this.#lowered.get(remote);
    if (found === undefined) return Number.POSITIVE_INFINITY;
    if (this.#time.now < found.untilMs) return found.mtu;
    this.#lowered.delete(remote);
    return Number.POSITIVE_INFINITY;
  }

  /**
   * Sets an MTU that holds while `isBelieved` judges it, and stays if that says so; one that is not believed changes nothing, nor takes
   * another's place.
   * @returns what `isBelieved` said
   */
  lower(remote: IpAddress, mtu: number, isBelieved: () => boolean): boolean {
    const before = this.#lowered.get(remote);
    const lowered = { mtu, untilMs: this.#time.now + PATH_MTU_LIFETIME_MS };
    this.#lowered.set(remote, lowered);
    if (!isBelieved()) {
      if (before === undefined) this.#lowered.delete(remote);
      else this.#lowered.set(remote, before);
      return false;
    }
    // At the end again: the oldest is the victim.
    this.#lowered.delete(remote);
    this.#lowered.set(remote, lowered);
    if (this.#lowered.size > MAX_PATH_MTUS) {
      const [oldest] = this.#lowered.keys();
      if (oldest !== undefined) this.#lowered.delete(oldest);
    }
    return true;
  }

  get size(): number {
    return this.#lowered.size;
  }
}

/**
 * The MTU to believe after a fragmentation-needed, at least MIN_PATH_MTU.
 * @param reported what the router says, 0 when it does not
 * @param datagramBytes total length of the datagram that did not fit
 */
export function mtuAfterReport(reported: number, datagramBytes: number): number {
  const mtu = reported > 0 ? reported : (PLATEAUS.find((plateau) => plateau < datagramBytes) ?? MIN_PATH_MTU);
  return Math.max(MIN_PATH_MTU, mtu);
}
