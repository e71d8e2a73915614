import { type IpAddress, ipv6, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { DropReason } from "../../core/drop-reasons.ts";
import type { AddressEnd, AddressState } from "../../core/states.ts";
import type { InterfaceAddress } from "../../link/interface-service.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import { hasRoomForAddress, MOST_OWN_ADDRESSES } from "./address-limit.ts";
import { INTERFACE_ID_BITS, type InterfaceIds } from "./interface-ids.ts";
import { lifetimeEndMs } from "./lifetime.ts";
import type { TemporaryAddresses } from "./temporary-addresses.ts";

const PREFIX_BITS = 128 - INTERFACE_ID_BITS;
/** What an advertisement cannot take from an address at once, RFC 4862 §5.5.3 (e). */
const TWO_HOURS_MS = 2 * 3600 * 1000;
/** RFC 7217 §6. */
const IDGEN_RETRIES = 3;

/** A prefix under which we have, or would like to have, an address. */
interface AutonomousPrefix {
  readonly prefix: IpAddress;
  /** Undefined once too many were found to be others'. */
  address: IpAddress | undefined;
  /** DAD_Counter of RFC 7217. */
  tries: number;
  preferredUntilMs: number;
  validUntilMs: number;
}

/** The addresses that one interface gives itself, RFC 4862 §5.3 and §5.5: the link-local one, and one for each prefix that is advertised. */
export class Slaac {
  readonly #context: HostContext;
  readonly #through: NetworkInterface;
  readonly #ids: InterfaceIds;
  readonly #temporary: TemporaryAddresses | undefined;
  readonly #failed: () => void;
  readonly #linkLocalPrefix: IpAddress;
  #linkLocal: IpAddress | undefined;
  #linkLocalTries = 0;
  #prefixes: readonly AutonomousPrefix[] = [];

  /**
   * @param temporary makes addresses that change beside those that stay; undefined makes none
   * @param failed no link-local address is free, without which there is no IPv6 on the link (RFC 4862 §5.4.5)
   */
  constructor(
    context: HostContext,
    through: NetworkInterface,
    ids: InterfaceIds,
    temporary: TemporaryAddresses | undefined,
    failed: () => void,
  ) {
    this.#context = context;
    this.#through = through;
    this.#ids = ids;
    this.#temporary = temporary;
    this.#failed = failed;
    this.#linkLocalPrefix = ipv6(0xfe800000, 0, 0, 0, through.index);
    through.addressBook.watch((address, state) => this.#addressChanged(address, state));
  }

  /**
   * The link is there: forms the link-local address (RFC 4862 §5.3). One that is there is tried again by who watches the link. Where all
   * were others' they may be free on this link.
   */
  begin(): void {
    this.#prefixes = this.#prefixes.filter(({ address }) => address !== undefined);
    this.#temporary?.begin();
    if (this.#linkLocal !== undefined) return;
    this.#linkLocalTries = 0;
    this.#formLinkLocal();
  }

  /** Takes all addresses of prefixes away. */
  end(): void {
    const { addressBook } = this.#through;
    for (const { address } of this.#prefixes) if (address !== undefined) addressBook.remove(address);
    this.#prefixes = [];
    this.#temporary?.end();
  }

  /**
   * A router advertises a prefix for addresses, RFC 4862 §5.5.3; that it is a prefix of hosts is known.
   * @param valid lifetime in seconds, as it stands in the option
   * @param preferred likewise
   * @returns why it was of no use
   */
  advertised(prefix: IpAddress, bits: number, valid: number, preferred: number): DropReason | undefined {
    if (preferred > valid) return "ndp-bad-lifetimes";
    if (bits !== PREFIX_BITS) return "ndp-bad-prefix";
    const { now } = this.#context;
    this.#prefixes = this.#prefixes.filter((each) => each.address !== undefined || each.validUntilMs > now);
    const validUntilMs = lifetimeEndMs(now, valid);
    const preferredUntilMs = lifetimeEndMs(now, preferred);
    const known = this.#prefixes.find((each) => sameAddress(each.prefix, prefix));
    if (known === undefined) {
      if (valid === 0) return undefined;
      if (this.#prefixes.length >= MOST_OWN_ADDRESSES || !hasRoomForAddress(this.#through)) return "ndp-too-many-addresses";
      const made = { prefix, address: undefined, tries: 0, preferredUntilMs, validUntilMs };
      this.#prefixes = [...this.#prefixes, made];
      this.#form(made);
      return this.#temporary?.follow(prefix, preferredUntilMs, validUntilMs);
    }
    known.validUntilMs = this.#newEndMs(known.validUntilMs, validUntilMs);
    known.preferredUntilMs = Math.min(preferredUntilMs, known.validUntilMs);
    if (known.address !== undefined) this.#through.addressBook.setLifetime(known.address, known.preferredUntilMs, known.validUntilMs);
    return this.#temporary?.follow(prefix, known.preferredUntilMs, known.validUntilMs);
  }

  /** Nobody who can send one forged advertisement ends an address within two hours, §5.5.3 (e). */
  #newEndMs(endMs: number, advertisedMs: number): number {
    const twoHoursOnMs = this.#context.now + TWO_HOURS_MS;
    if (advertisedMs > twoHoursOnMs || advertisedMs > endMs) return advertisedMs;
    return Math.min(endMs, twoHoursOnMs);
  }

  #form(entry: AutonomousPrefix): void {
    const { prefix, preferredUntilMs, validUntilMs } = entry;
    entry.address = this.#ids.stable(prefix, this.#through.mac, entry.tries);
    const settings = { origin: "slaac", isTentative: true, isPrefixOnLink: false, preferredUntilMs, validUntilMs } as const;
    this.#through.addressBook.add(entry.address, PREFIX_BITS, settings);
    this.#through.duplicates.try(entry.address);
  }

  #formLinkLocal(): void {
    this.#linkLocal = this.#ids.stable(this.#linkLocalPrefix, this.#through.mac, this.#linkLocalTries);
    this.#through.addressBook.add(this.#linkLocal, PREFIX_BITS, { origin: "link-local", isTentative: true });
    this.#through.duplicates.try(this.#linkLocal);
  }

  #addressChanged({ address, origin }: InterfaceAddress, state: AddressState | AddressEnd): void {
    if (state !== "duplicate" && state !== "removed" && state !== "expired") return;
    if (origin === "link-local") this.#linkLocalEnded(address, state);
    if (origin !== "slaac") return;
    const entry = this.#prefixes.find((each) => each.address !== undefined && sameAddress(each.address, address));
    if (entry === undefined) return;
    entry.address = undefined;
    // A frame that comes before its timer may find the time of the prefix over.
    const isOver = entry.validUntilMs <= this.#context.now;
    if (state !== "duplicate" || isOver) this.#prefixes = this.#prefixes.filter((each) => each !== entry);
    else if (entry.tries < IDGEN_RETRIES) {
      entry.tries++;
      this.#form(entry);
    }
  }

  #linkLocalEnded(address: IpAddress, why: AddressEnd): void {
    if (this.#linkLocal === undefined || !sameAddress(this.#linkLocal, address)) return;
    this.#linkLocal = undefined;
    if (why !== "duplicate") return;
    if (this.#linkLocalTries < IDGEN_RETRIES) {
      this.#linkLocalTries++;
      this.#formLinkLocal();
    } else this.#failed();
  }
}
