import { type IpAddress, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { DropReason } from "../../core/drop-reasons.ts";
import { fraction } from "../../core/random.ts";
import type { AddressEnd, AddressState } from "../../core/states.ts";
import type { Timer } from "../../core/timers.ts";
import type { InterfaceAddress } from "../../link/interface-service.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import { hasRoomForAddress } from "./address-limit.ts";
import { INTERFACE_ID_BITS, type InterfaceIds } from "./interface-ids.ts";

// RFC 8981 §3.8; times in milliseconds.
const TEMP_VALID_LIFETIME = 2 * 86_400_000;
const TEMP_PREFERRED_LIFETIME = 86_400_000;
const MAX_DESYNC_FACTOR = 0.4 * TEMP_PREFERRED_LIFETIME;
const TEMP_IDGEN_RETRIES = 3;
/** One question whether an address is unique, and how long its answer is waited for, each as often as there are retries; and two seconds. */
const REGEN_ADVANCE_BASE = 2000;
const DUP_ADDR_DETECT_TRANSMITS = 1;

const PREFIX_BITS = 128 - INTERFACE_ID_BITS;

/** A prefix as routers advertised it last, and the addresses that we have under it. */
interface FollowedPrefix {
  readonly prefix: IpAddress;
  preferredUntilMs: number;
  validUntilMs: number;
  addresses: readonly TemporaryAddress[];
  /** Found to be others' since one was free. */
  duplicates: number;
}

interface TemporaryAddress {
  readonly address: IpAddress;
  /** Whatever routers advertise. */
  readonly preferredUntilMs: number;
  readonly validUntilMs: number;
}

/** Addresses that a host has for a day each and gives up, so that it is not known again by them: RFC 8981 §3. */
export class TemporaryAddresses {
  readonly #context: HostContext;
  readonly #through: NetworkInterface;
  readonly #ids: InterfaceIds;
  readonly #timer: Timer;
  #prefixes: readonly FollowedPrefix[] = [];

  constructor(context: HostContext, through: NetworkInterface, ids: InterfaceIds) {
    this.#context = context;
    this.#through = through;
    this.#ids = ids;
    this.#timer = context.timers.timer(
      "temporary-address",
      () => through.name,
      () => this.#renew(),
    );
    through.addressBook.watch((address, state) => this.#addressChanged(address, state));
  }

  /** A prefix under which we give ourselves addresses has these lifetimes from now on (RFC 8981 §3.4). @returns why there is no address under it */
  follow(prefix: IpAddress, preferredUntilMs: number, validUntilMs: number): DropReason | undefined {
    this.#dropEnded();
    let followed = this.#prefixes.find((each) => sameAddress(each.prefix, prefix));
    if (followed === undefined) {
      followed = { prefix, preferredUntilMs, validUntilMs, addresses: [], duplicates: 0 };
      this.#prefixes = [...this.#prefixes, followed];
    }
    followed.preferredUntilMs = preferredUntilMs;
    followed.validUntilMs = validUntilMs;
    for (const { address, ...own } of followed.addresses) {
      const ends = [Math.min(own.preferredUntilMs, preferredUntilMs), Math.min(own.validUntilMs, validUntilMs)] as const;
      this.#through.addressBook.setLifetime(address, ...ends);
    }
    const isRefused = !this.#renewUnder(followed);
    this.#wait();
    return isRefused ? "ndp-too-many-addresses" : undefined;
  }

  /** The link is there: another one maybe, where nothing is known of duplicates. */
  begin(): void {
    for (const followed of this.#prefixes) followed.duplicates = 0;
  }

  end(): void {
    this.#timer.cancel();
    const all = this.#prefixes.flatMap(({ addresses }) => addresses);
    this.#prefixes = [];
    for (const { address } of all) this.#through.addressBook.remove(address);
  }

  /** So long before an address is deprecated the next one is made: REGEN_ADVANCE of RFC 8981 §3.8. */
  get #advanceMs(): number {
    return REGEN_ADVANCE_BASE + TEMP_IDGEN_RETRIES * DUP_ADDR_DETECT_TRANSMITS * this.#through.parameters.retransMs;
  }

  #renew(): void {
    this.#dropEnded();
    for (const followed of this.#prefixes) this.#renewUnder(followed);
    this.#wait();
  }

  /** @returns false when an address is due, and there is no room for one more */
  #renewUnder(followed: FollowedPrefix): boolean {
    const { now } = this.#context;
    if (followed.duplicates > TEMP_IDGEN_RETRIES || this.#renewalMs(followed) > now) return true;
    const lifeMs = TEMP_PREFERRED_LIFETIME - MAX_DESYNC_FACTOR * fraction(this.#context.random);
    // One that would be given up at once is not worth the asking.
    if (Math.min(now + lifeMs, followed.preferredUntilMs) - now <= this.#advanceMs) return true;
    if (!hasRoomForAddress(this.#through)) return false;
    this.#form(followed, now + lifeMs, now + TEMP_VALID_LIFETIME);
    return true;
  }

  #form(followed: FollowedPrefix, preferredUntilMs: number, validUntilMs: number): void {
    const { addressBook, duplicates } = this.#through;
    const address = this.#ids.random(followed.prefix);
    followed.addresses = [...followed.addresses, { address, preferredUntilMs, validUntilMs }];
    addressBook.add(address, PREFIX_BITS, {
      origin: "temporary",
      isTentative: true,
      isPrefixOnLink: false,
      preferredUntilMs: Math.min(preferredUntilMs, followed.preferredUntilMs),
      validUntilMs: Math.min(validUntilMs, followed.validUntilMs),
    });
    duplicates.try(address);
  }

  /** When the newest address under the prefix needs a successor; a prefix without any needs one now. */
  #renewalMs({ addresses }: FollowedPrefix): number {
    const newest = addresses.at(-1);
    return newest === undefined ? Number.NEGATIVE_INFINITY : newest.preferredUntilMs - this.#advanceMs;
  }

  #wait(): void {
    const { now } = this.#context;
    const due = this.#prefixes.map((each) => this.#renewalMs(each)).filter((ms) => ms > now);
    if (due.length === 0) this.#timer.cancel();
    else this.#timer.set(Math.min(...due) - now);
  }

  #dropEnded(): void {
    const { now } = this.#context;
    this.#prefixes = this.#prefixes.filter(({ validUntilMs }) => validUntilMs > now);
  }

  #addressChanged({ address, origin }: InterfaceAddress, state: AddressState | AddressEnd): void {
    if (origin !== "temporary") return;
    const isIt = (each: TemporaryAddress): boolean => sameAddress(each.address, address);
    const followed = this.#prefixes.find(({ addresses }) => addresses.some(isIt));
    if (followed === undefined) return;
    if (state === "preferred") followed.duplicates = 0;
    if (state !== "duplicate" && state !== "removed" && state !== "expired") return;
    const ended = followed.addresses.find(isIt)!;
    followed.addresses = followed.addresses.filter((each) => each !== ended);
    // A frame that comes before its timer may find the time of the address over.
    const isOver = Math.min(ended.validUntilMs, followed.validUntilMs) <= this.#context.now;
    if (state !== "duplicate" || isOver) return;
    followed.duplicates++;
    if (followed.duplicates <= TEMP_IDGEN_RETRIES) this.#form(followed, ended.preferredUntilMs, ended.validUntilMs);
  }
}
