import { formatAddress, type IpAddress, isMulticast, isUnspecified, isV4, keepAddress, makeAddressSlot } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { DropReason } from "../../core/drop-reasons.ts";
import type { Timer } from "../../core/timers.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as dns from "../../packet/dns.ts";
import * as ndp from "../../packet/ndp.ts";
import { lifetimeEndMs } from "./lifetime.ts";

/** Of each interface; one more is not taken (RFC 8106 §5.3.1 wants three or more). */
export const MOST_NAME_SERVERS = 8;
export const MOST_SEARCH_DOMAINS = 8;
/** No timer is set further ahead; it looks and goes on waiting. */
const LONGEST_WAIT_MS = 2 ** 31;

interface Advertised<T> {
  readonly what: T;
  readonly untilMs: number;
}

/** The name servers and search domains that the routers of one link advertise, RFC 8106. */
export class AdvertisedNames {
  readonly #context: HostContext;
  readonly #through: NetworkInterface;
  readonly #changed: (servers: readonly IpAddress[], searchList: readonly string[]) => void;
  readonly #timer: Timer;
  readonly #servers = new Map<string, Advertised<IpAddress>>();
  readonly #domains = new Map<string, Advertised<string>>();
  readonly #slot = makeAddressSlot();

  /** @param changed hears of the lists whenever they are others than before */
  constructor(
    context: HostContext,
    through: NetworkInterface,
    changed: (servers: readonly IpAddress[], searchList: readonly string[]) => void,
  ) {
    this.#context = context;
    this.#through = through;
    this.#changed = changed;
    this.#timer = context.timers.timer(
      "name-server-lifetime",
      () => through.name,
      () => this.#age(),
    );
  }

  /** RFC 8106 §5.1. @returns why it, or a part of it, was of no use */
  servers(bytes: Uint8Array, option: number): DropReason | undefined {
    if (!ndp.isDnsServersOption(bytes, option)) return "ndp-bad-option";
    let refusal: DropReason | undefined;
    const before = this.#text();
    for (let i = 0; i < ndp.dnsServers(bytes, option); i++) {
      ndp.fillDnsServer(bytes, option, i, this.#slot, this.#through.index);
      const server = keepAddress(this.#slot);
      if (isMulticast(server) || isUnspecified(server) || isV4(server)) refusal ??= "ndp-bad-name-server";
      else if (!this.#take(this.#servers, formatAddress(server), server, ndp.optionLifetime(bytes, option), MOST_NAME_SERVERS))
        refusal ??= "ndp-too-many-name-servers";
    }
    this.#tellIfOther(before);
    return refusal;
  }

  /** RFC 8106 §5.2. @returns why it, or a part of it, was of no use */
  searchList(bytes: Uint8Array, option: number): DropReason | undefined {
    if (!ndp.isSearchListOption(bytes, option)) return "ndp-bad-option";
    const domains = domainsIn(bytes, ndp.searchListAt(option), option + ndp.optionLength(bytes, option));
    if (domains === undefined) return "ndp-bad-search-list";
    let refusal: DropReason | undefined;
    const before = this.#text();
    for (const domain of domains) {
      const seconds = ndp.optionLifetime(bytes, option);
      if (!this.#take(this.#domains, domain.toLowerCase(), domain, seconds, MOST_SEARCH_DOMAINS)) refusal ??= "ndp-too-many-name-servers";
    }
    this.#tellIfOther(before);
    return refusal;
  }

  forget(): void {
    const before = this.#text();
    this.#servers.clear();
    this.#domains.clear();
    this.#tellIfOther(before);
  }

  #take<T>(into: Map<string, Advertised<T>>, key: string, what: T, seconds: number, most: number): boolean {
    if (seconds === 0) into.delete(key);
    else if (into.has(key) || into.size < most) into.set(key, { what, untilMs: lifetimeEndMs(this.#context.now, seconds) });
    else return false;
    return true;
  }

  #age(): void {
    const { now } = this.#context;
    const before = this.#text();
    for (const each of [this.#servers, this.#domains]) for (const [key, { untilMs }] of each) if (untilMs <= now) each.delete(key);
    this.#tellIfOther(before);
  }

  #text(): string {
    return [...this.#servers.keys(), "", ...this.#domains.keys()].join(" ");
  }

  #tellIfOther(before: string): void {
    const all = [...this.#servers.values(), ...this.#domains.values()];
    const nextMs = Math.min(...all.map(({ untilMs }) => untilMs));
    if (nextMs === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.set(Math.min(nextMs - this.#context.now, LONGEST_WAIT_MS));
    if (this.#text() === before) return;
    this.#changed(
      [...this.#servers.values()].map(({ what }) => what),
      [...this.#domains.values()].map(({ what }) => what),
    );
  }
}

/** Names one behind the other, without pointers; zeros fill up the rest. Undefined where they are none. */
function domainsIn(bytes: Uint8Array, at: number, end: number): string[] | undefined {
  const domains: string[] = [];
  for (let next = at; next < end && bytes[next] !== 0; next = dns.nameEnd(bytes, next)) {
    // Counted from the name itself, no pointer leads backwards: none is followed.
    const name = dns.nameText(bytes, next, next, end);
    if (name === undefined) return undefined;
    domains.push(name);
  }
  return domains;
}
