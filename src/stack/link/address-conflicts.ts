import { type AddressWords, formatAddress, type IpAddress, isUnspecified, isV4, sameAddress } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import type { HostContext } from "../core/context.ts";
import { fraction } from "../core/random.ts";
import type { Timer } from "../core/timers.ts";
import type { InterfaceAddresses } from "./interface-addresses.ts";
import type { ConflictPolicy } from "./interface-service.ts";

// RFC 5227 §1.1, in milliseconds where a time is meant.
const PROBE_WAIT = 1000;
const PROBE_NUM = 3;
const PROBE_MIN = 1000;
const PROBE_MAX = 2000;
const ANNOUNCE_WAIT = 2000;
const ANNOUNCE_NUM = 2;
const ANNOUNCE_INTERVAL = 2000;
const MAX_CONFLICTS = 10;
const RATE_LIMIT_INTERVAL = 60_000;
const DEFEND_INTERVAL = 10_000;

/** What conflict detection needs of its interface. */
export interface ConflictLink {
  readonly name: string;
  readonly isUp: boolean;
  /** Asks who has the address, in nobody's name. */
  probe(address: IpAddress): void;
  /** Says that the address is ours. */
  announce(address: IpAddress): void;
}

/** `waiting` for the link or its turn, `probing`, then twice `announcing`, then `held`. */
type ConflictPhase = "waiting" | "probing" | "announcing" | "held";

/** One address that is looked after. */
interface Case {
  readonly address: IpAddress;
  readonly timer: Timer;
  /** It is tried again whenever the link comes back. */
  readonly isProbed: boolean;
  phase: ConflictPhase;
  /** Probes, then announcements. */
  sent: number;
  /** When another station claimed it last; −∞ for never. */
  claimedAtMs: number;
}

/**
 * Sees to it that an IPv4 address has one owner on its link, RFC 5227: tries an address before it is used, tells the link of one that
 * is ours, and defends it. It holds nothing of any address but ours.
 */
export class AddressConflicts {
  policy: ConflictPolicy = "defend-once";
  readonly #context: HostContext;
  readonly #link: ConflictLink;
  readonly #addresses: InterfaceAddresses;
  readonly #cases = new AddressMap<Case>();
  /** Since an address was found to be unique. */
  #conflicts = 0;
  #lastTryMs = Number.NEGATIVE_INFINITY;

  constructor(context: HostContext, link: ConflictLink, addresses: InterfaceAddresses) {
    this.#context = context;
    this.#link = link;
    this.#addresses = addresses;
  }

  /**
   * Tries a tentative address: three probes within seven seconds, and then it is ours and announced, or removed as a duplicate. While
   * the link is down this waits, and after ten conflicts it waits for a minute (RFC 5227 §2.1.1).
   */
  try(address: IpAddress): void {
    this.#await(this.#begin(address, true));
  }

  /** Tells the link, twice, that an address is ours (RFC 5227 §2.3). */
  announce(address: IpAddress): void {
    if (this.#link.isUp) this.#announce(this.#begin(address, false));
  }

  /** The address is none of ours any more, or never became so. */
  forget(address: AddressWords): void {
    this.#cases.get(address)?.timer.cancel();
    this.#cases.delete(address);
  }

  linkChanged(isUp: boolean): void {
    if (!isUp) {
      for (const entry of this.#cases.values()) {
        entry.timer.cancel();
        if (entry.phase === "probing") entry.phase = "waiting";
      }
      return;
    }
    // The link may be another than before (RFC 5227 §2.1): what was unique there is tried again, and the others are told of.
    for (const { address, state } of this.#addresses.all) {
      if (!isV4(address)) continue;
      const entry = this.#cases.get(address);
      if (entry?.isProbed === true) {
        this.#addresses.doubt(address);
        this.#await(entry);
      } else if (state !== "tentative") {
        const told = entry ?? this.#begin(address, false);
        told.phase = "announcing";
        told.sent = 0;
        // Not all stations of a switch at once, and not from here: the device is in the middle of something.
        told.timer.set(PROBE_WAIT * fraction(this.#context.random));
      }
    }
  }

  /** Another station says that it has `sender`. @returns whether that is an address that we try or have */
  claimed(sender: AddressWords): boolean {
    if (this.#addresses.isOwn(sender)) {
      this.#defend(sender);
      return true;
    }
    return this.#conflict(sender);
  }

  /** Another station tries `target` for itself (RFC 5227 §2.1.1). @returns whether we do so too: then neither of us gets it */
  probed(target: AddressWords): boolean {
    return this.#conflict(target);
  }

  #begin(address: IpAddress, isProbed: boolean): Case {
    const before = this.#cases.get(address);
    before?.timer.cancel();
    const timer = this.#context.timers.timer(
      "address-conflict",
      () => `${this.#link.name} ${formatAddress(address)}`,
      () => this.#due(made),
    );
    const claimedAtMs = before?.claimedAtMs ?? Number.NEGATIVE_INFINITY;
    const made: Case = { address, timer, isProbed, phase: "waiting", sent: 0, claimedAtMs };
    this.#cases.set(address, made);
    return made;
  }

  /** Until a random moment of the first second (so that hosts that start together do not speak together), or until it may be tried at all. */
  #await(entry: Case): void {
    entry.phase = "waiting";
    entry.sent = 0;
    if (!this.#link.isUp) return;
    const { now, random } = this.#context;
    const pauseMs = this.#conflicts < MAX_CONFLICTS ? 0 : Math.max(0, this.#lastTryMs + RATE_LIMIT_INTERVAL - now);
    this.#lastTryMs = now + pauseMs;
    entry.timer.set(pauseMs + PROBE_WAIT * fraction(random));
  }

  #due(entry: Case): void {
    switch (entry.phase) {
      case "waiting":
      case "probing":
        if (entry.sent < PROBE_NUM) this.#probe(entry);
        else this.#unique(entry);
        return;
      case "announcing":
        this.#announceOnce(entry);
        return;
      case "held":
    }
  }

  #probe(entry: Case): void {
    entry.phase = "probing";
    entry.sent++;
    const pauseMs = entry.sent < PROBE_NUM ? PROBE_MIN + (PROBE_MAX - PROBE_MIN) * fraction(this.#context.random) : ANNOUNCE_WAIT;
    entry.timer.set(pauseMs);
    this.#link.probe(entry.address);
  }

  #unique(entry: Case): void {
    this.#conflicts = 0;
    this.#addresses.confirm(entry.address);
    this.#announce(entry);
  }

  #announce(entry: Case): void {
    entry.phase = "announcing";
    entry.sent = 0;
    this.#announceOnce(entry);
  }

  #announceOnce(entry: Case): void {
    entry.sent++;
    if (entry.sent < ANNOUNCE_NUM) entry.timer.set(ANNOUNCE_INTERVAL);
    else entry.phase = "held";
    this.#link.announce(entry.address);
  }

  /** An address that is being tried is another's. @returns whether it was being tried */
  #conflict(address: AddressWords): boolean {
    const entry = isUnspecified(address) ? undefined : this.#cases.get(address);
    if (entry === undefined || !this.#addresses.isTentative(address)) return false;
    this.#conflicts++;
    this.#addresses.remove(entry.address, "duplicate");
    return true;
  }

  /** Another station uses an address of ours, RFC 5227 §2.4. */
  #defend(sender: AddressWords): void {
    const { now } = this.#context;
    const own = this.#addresses.all.find((a) => sameAddress(a.address, sender))?.address;
    if (own === undefined) return;
    let entry = this.#cases.get(own);
    if (entry === undefined) {
      entry = this.#begin(own, false);
      entry.phase = "held";
    }
    const isRepeated = now - entry.claimedAtMs < DEFEND_INTERVAL;
    if (this.policy === "keep") {
      if (isRepeated) return;
    } else if (this.policy === "yield" || isRepeated) {
      this.#addresses.remove(own, "duplicate");
      return;
    }
    entry.claimedAtMs = now;
    this.#link.announce(own);
  }
}
