import {
  type AddressWords,
  formatAddress,
  type IpAddress,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isReserved,
  isUnspecified,
  isV4,
  lastOfPrefix,
  longestPrefix,
  prefixBits,
  sameAddress,
  sameFamily,
  samePrefix,
} from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { AddressEnd, AddressState } from "../core/states.ts";
import type { Timer } from "../core/timers.ts";
import { MIN_MTU as MIN_MTU_V6 } from "../packet/ipv6.ts";
import type { AddressSettings, AddressWatcher, InterfaceAddress } from "./interface-service.ts";

/** Whose addresses these are, and who hears what becomes of them. */
export interface AddressHolder {
  readonly name: string;
  readonly isLoopback: boolean;
  /** Its own MTU says what the link carries, whatever a lease has lowered. */
  readonly device: { readonly mtu: number };
  /** The address is about to go; what stands on it can still be told, and its peers. Not called for one that was never ours. */
  addressLeaves(address: IpAddress): void;
  /** Addresses or their states are others than before. @param ended the one that is no more */
  addressesChanged(ended: InterfaceAddress | undefined): void;
}

/** An address as the book keeps it. */
interface KeptAddress extends InterfaceAddress {
  /** Ours now or before it came into doubt, so that something may stand on it. */
  readonly wasOurs: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;
/** No timer is set further ahead, so that its delay stays an exact number; it looks and goes on waiting. */
const LONGEST_WAIT_MS = 2 ** 31;

/**
 * The addresses of one interface and their lives, for both families: tentative until who tries them says otherwise, then preferred,
 * deprecated, gone (RFC 4862 §5.5.4). One timer sees to all of them.
 */
export class InterfaceAddresses {
  readonly #context: HostContext;
  readonly #holder: AddressHolder;
  readonly #timer: Timer;
  readonly #watchers = new Set<AddressWatcher>();
  #all: readonly KeptAddress[] = [];
  /** Those that are ours: all but the tentative. Read for every packet. */
  #own: readonly InterfaceAddress[] = [];

  constructor(context: HostContext, holder: AddressHolder) {
    this.#context = context;
    this.#holder = holder;
    this.#timer = context.timers.timer(
      "address-lifetime",
      () => holder.name,
      () => this.#age(),
    );
  }

  /** In the order in which they were added; each is replaced by another when it changes. */
  get all(): readonly InterfaceAddress[] {
    return this.#all;
  }

  /** @returns ends the watching */
  watch(watcher: AddressWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Adds an address, or gives one that is there another prefix length, origin, state and life. @throws RangeError when a host cannot have it */
  add(address: IpAddress, prefixLength: number, settings: AddressSettings = {}): void {
    this.#assertHostAddress(address, prefixLength);
    const bits = prefixBits(address, prefixLength);
    const broadcast = broadcastOf(address, prefixLength, bits);
    if (broadcast !== undefined && sameAddress(address, broadcast)) {
      throw new RangeError(`Cannot give ${this.#holder.name} the address ${formatAddress(address)}: it is the prefix's broadcast`);
    }
    const { origin = "manual", isTentative = false, isPrefixOnLink = true, validUntilMs = NEVER } = settings;
    const preferredUntilMs = Math.min(settings.preferredUntilMs ?? NEVER, validUntilMs);
    const now = this.#context.now;
    if (!(validUntilMs > now))
      throw new RangeError(`Cannot give ${this.#holder.name} the address ${formatAddress(address)}: its time is over`);
    const state = isTentative ? "tentative" : stateAt(now, preferredUntilMs);
    const wasOurs = !isTentative || this.#find(address)?.wasOurs === true;
    const added = {
      address,
      prefixLength,
      bits,
      broadcast,
      state,
      origin,
      isPrefixOnLink,
      preferredUntilMs,
      validUntilMs,
      wasOurs,
    } as const;
    this.#replace([...this.#all.filter((a) => !sameAddress(a.address, address)), added]);
    this.#tell(added, state);
  }

  /** @returns false when it is not there */
  remove(address: AddressWords, why: AddressEnd = "removed"): boolean {
    const removed = this.#find(address);
    if (removed === undefined) return false;
    if (removed.wasOurs) this.#holder.addressLeaves(removed.address);
    this.#replace(this.#all.filter((a) => !sameAddress(a.address, address)));
    this.#tell(removed, why);
    return true;
  }

  /** A tentative address is unique: it is ours from now on. @returns false when there is no such */
  confirm(address: AddressWords): boolean {
    const tried = this.#find(address);
    if (tried?.state !== "tentative") return false;
    this.#become(tried, stateAt(this.#context.now, tried.preferredUntilMs));
    return true;
  }

  /** An address of ours is to be tried again, since the link may be another now. What stands on it waits. @returns false when there is no such */
  doubt(address: AddressWords): boolean {
    const doubted = this.#find(address);
    if (doubted === undefined) return false;
    this.#become(doubted, "tentative");
    return true;
  }

  /** Sets how long an address lives, on the host's time. One whose time is over goes at once. @returns false when it is not there */
  setLifetime(address: AddressWords, preferredUntilMs: number, validUntilMs: number): boolean {
    const found = this.#find(address);
    if (found === undefined) return false;
    const changed = { ...found, validUntilMs, preferredUntilMs: Math.min(preferredUntilMs, validUntilMs) };
    this.#replace(this.#all.map((a) => (a === found ? changed : a)));
    this.#age();
    return true;
  }

  isOwn(address: AddressWords): boolean {
    for (const a of this.#own) if (sameAddress(a.address, address)) return true;
    return false;
  }

  isTentative(address: AddressWords): boolean {
    return this.#find(address)?.state === "tentative";
  }

  /** In whatever state. */
  has(address: AddressWords): boolean {
    return this.#find(address) !== undefined;
  }

  /** The directed broadcast of a prefix. */
  isDirectedBroadcast(address: AddressWords): boolean {
    for (const a of this.#all) if (a.broadcast !== undefined && sameAddress(a.broadcast, address)) return true;
    return false;
  }

  isOnLink(address: AddressWords): boolean {
    for (const a of this.#all) if (a.isPrefixOnLink && samePrefix(address, a.address, a.bits)) return true;
    return false;
  }

  /** The one to speak to `target` with: preferred before deprecated (RFC 6724 §5 rule 3), then the one whose prefix holds it, then the first. */
  towards(target: AddressWords): IpAddress | undefined {
    let best: InterfaceAddress | undefined;
    let bestMerit = 0;
    for (const a of this.#own) {
      if (!sameFamily(a.address, target)) continue;
      const merit = (a.state === "preferred" ? 2 : 0) + (samePrefix(target, a.address, a.bits) ? 1 : 0) + 1;
      if (merit <= bestMerit) continue;
      best = a;
      bestMerit = merit;
    }
    return best?.address;
  }

  #assertHostAddress(address: IpAddress, prefixLength: number): void {
    const { name } = this.#holder;
    const isHost =
      !isUnspecified(address) &&
      !isLimitedBroadcast(address) &&
      !isMulticast(address) &&
      !isReserved(address) &&
      isLoopback(address) === this.#holder.isLoopback;
    if (!isHost) throw new RangeError(`Cannot give ${name} the address ${formatAddress(address)}: it is not a host's address on this link`);
    const longest = longestPrefix(address);
    if (!(Number.isInteger(prefixLength) && prefixLength >= 1 && prefixLength <= longest)) {
      throw new RangeError(`Cannot give ${name} a prefix of ${prefixLength} bits: expected 1 to ${longest}`);
    }
    if (!isV4(address) && this.#holder.device.mtu < MIN_MTU_V6) {
      const text = formatAddress(address);
      throw new RangeError(
        `Cannot give ${name} the address ${text}: IPv6 needs an MTU of ${MIN_MTU_V6} bytes, and the link has ${this.#holder.device.mtu}`,
      );
    }
  }

  #find(address: AddressWords): KeptAddress | undefined {
    for (const a of this.#all) if (sameAddress(a.address, address)) return a;
    return undefined;
  }

  /** What time has done to them. */
  #age(): void {
    const now = this.#context.now;
    for (const { address } of this.#all) {
      // Who is told of one may take away or change another.
      const a = this.#find(address);
      if (a === undefined) continue;
      if (a.validUntilMs <= now) this.remove(address, "expired");
      else if (a.state !== "tentative") this.#become(a, stateAt(now, a.preferredUntilMs));
    }
    this.#wait();
  }

  #become(address: KeptAddress, state: AddressState): void {
    if (address.state === state) return;
    const changed = { ...address, state, wasOurs: address.wasOurs || state !== "tentative" };
    this.#replace(this.#all.map((a) => (a === address ? changed : a)));
    this.#tell(changed, state);
  }

  #replace(all: readonly KeptAddress[]): void {
    this.#all = all;
    this.#own = all.filter((a) => a.state !== "tentative");
    this.#wait();
  }

  /** For the next address that time changes. */
  #wait(): void {
    const now = this.#context.now;
    let nextMs = NEVER;
    for (const a of this.#all) nextMs = Math.min(nextMs, a.state === "preferred" ? a.preferredUntilMs : a.validUntilMs);
    if (nextMs === NEVER) this.#timer.cancel();
    else this.#timer.set(Math.min(nextMs - now, LONGEST_WAIT_MS));
  }

  #tell(which: InterfaceAddress, state: AddressState | AddressEnd): void {
    const { trace } = this.#context;
    const isEnd = state === "removed" || state === "expired" || state === "duplicate";
    this.#holder.addressesChanged(isEnd ? which : undefined);
    if (trace.isOn) {
      const address = `${formatAddress(which.address)}/${which.prefixLength}`;
      trace.emit({ type: "address-changed", device: this.#holder.name, address, state, origin: which.origin });
    }
    for (const watcher of this.#watchers) watcher(which, state);
  }
}

const stateAt = (now: number, preferredUntilMs: number): AddressState => (now < preferredUntilMs ? "preferred" : "deprecated");

const broadcastOf = (address: IpAddress, prefixLength: number, bits: number): IpAddress | undefined =>
  isV4(address) && prefixLength <= 30 ? lastOfPrefix(address, bits) : undefined;
