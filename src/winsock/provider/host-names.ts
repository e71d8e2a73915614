import { type IpAddress, isLinkLocalV6, isLoopback, parseAddress } from "../../stack/core/address.ts";
import type { DnsAnswer, DnsFailure, DnsOrigin, DnsRequest, HostAddresses } from "../../stack/dns/dns-service.ts";
import { orderDestinations } from "../../stack/ip/address-selection.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, AI_ADDRCONFIG, AI_ALL, AI_PASSIVE, AI_V4MAPPED } from "../abi/constants.ts";
import {
  WSA_NOT_ENOUGH_MEMORY,
  WSAEAFNOSUPPORT,
  WSAEFAULT,
  WSAHOST_NOT_FOUND,
  WSANO_DATA,
  WSANO_RECOVERY,
  WSATRY_AGAIN,
} from "../abi/errors.ts";
import { asciiBytes, asciiText, encodeAddresses, encodeNames, type FoundAddresses } from "./name-reply.ts";
import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { ProviderHost } from "./provider-host.ts";
import { familyOf, type SocketFamily, socketFamily } from "./socket-family.ts";
import { Waitable } from "./waitable.ts";

/** Names as programs ask for them, over the host's resolver: what getaddrinfo, getnameinfo and gethostname need of the host. */

/** Longer texts are no names (RFC 1035 §2.3.4); escapes make a text of a name longer than the name. */
const LONGEST_TEXT = 1024;
/** Of one answer no more is given, so that what a waiting call brings is bounded. */
const MOST_ADDRESSES = 256;
const MOST_ALIASES = 32;
/** What a call that waits for an answer may have to keep: as many addresses and names, of 28 and 255 bytes. */
const BYTES_OF_ANSWER = 16 * 1024;

/** Why there is no answer, as the calls say it (Microsoft, "getaddrinfo function", "gethostbyname function"). */
const CODES: Readonly<Record<DnsFailure, number>> = {
  "bad-name": WSAHOST_NOT_FOUND,
  "no-such-name": WSAHOST_NOT_FOUND,
  "no-servers": WSAHOST_NOT_FOUND,
  "no-data": WSANO_DATA,
  "timed-out": WSATRY_AGAIN,
  unreachable: WSATRY_AGAIN,
  "server-failed": WSATRY_AGAIN,
  "too-many": WSATRY_AGAIN,
  refused: WSANO_RECOVERY,
  "bad-answer": WSANO_RECOVERY,
};

/** A name that stands for the host itself, beside its own and the empty one (Microsoft, "getaddrinfo function"). */
const LOCAL_MACHINE = "..localmachine";

const [INET, INET6] = [AF_INET, AF_INET6].map((af) => socketFamily(af)!) as [SocketFamily, SocketFamily];
const LOOPBACKS: readonly IpAddress[] = ["::1", "127.0.0.1"].map(parseAddress);

/** Sits between the resolver and the call that waits for it. */
class Question extends Waitable {
  #outcome: Outcome | undefined;

  /** @param ask starts the request, which tells at once what is known @param answer what the call comes to */
  static ask<T>(
    ask: (done: (result: T) => void) => DnsRequest,
    answer: (result: T) => Outcome,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Answer {
    const question = new Question();
    const request = ask((result) => question.#tell(answer(result)));
    if (question.#outcome !== undefined) return question.#outcome;
    return {
      on: [question],
      attempt: () => question.#outcome,
      timeoutMs,
      timedOut() {
        request.cancel();
        return failed(WSATRY_AGAIN);
      },
      bytes: BYTES_OF_ANSWER,
      refused: failed(WSA_NOT_ENOUGH_MEMORY),
      cancelled: () => request.cancel(),
    };
  }

  #tell(outcome: Outcome): void {
    this.#outcome = outcome;
    this.wake();
  }
}

const text = (data: Uint8Array): string | undefined => (data.length > LONGEST_TEXT ? undefined : asciiText(data));

/**
 * Of NULL the loopback's, or with AI_PASSIVE those that stand for all; of the host's own name its own; of others what the resolver finds.
 * @param data the name, or null
 * @param milliseconds how long it may take, 0 for as long as it does
 */
export function addressesOfName(host: ProviderHost, data: Uint8Array | null, family: number, flags: number, milliseconds = 0): Answer {
  if (family !== AF_UNSPEC && socketFamily(family) === undefined) return failed(WSAEAFNOSUPPORT);
  const name = data === null ? undefined : text(data);
  if (data !== null && name === undefined) return failed(WSAHOST_NOT_FOUND);
  if (name === undefined) {
    const all = (flags & AI_PASSIVE) !== 0 ? [INET6.any, INET.any] : LOOPBACKS;
    const hasInet6 = host.ip.addresses().some((address) => INET6.admits(address, true));
    const those = all.filter((address) => hasInet6 || INET.admits(address, true));
    return found(host, { name: "", canonicalName: "", aliases: [] }, those, family, flags & ~AI_ADDRCONFIG);
  }
  if (isOwnName(host, name)) {
    return found(host, { name: host.name, canonicalName: host.name, aliases: [] }, ownAddresses(host), family, flags);
  }
  const families = family === AF_INET ? "ipv4" : family === AF_INET6 && (flags & AI_V4MAPPED) === 0 ? "ipv6" : "both";
  return Question.ask<HostAddresses | DnsFailure>(
    (done) => host.dns.lookup(name, families, done),
    (result) => {
      if (typeof result === "string") return failed(CODES[result]);
      return found(host, result, usable(host, result.addresses, result.origin), family, flags);
    },
    milliseconds > 0 ? milliseconds : undefined,
  );
}

const isOwnName = (host: ProviderHost, name: string): boolean =>
  name === "" || name === LOCAL_MACHINE || name.toLowerCase() === host.name.toLowerCase();

/** The loopback's only where there is no other; of each family that by which the host would leave for far away first (Wine's test gethostbyname). */
function ownAddresses(host: ProviderHost): IpAddress[] {
  const all = host.ip.addresses().filter((address) => host.ip.isLocalAddress(address));
  const others = all.filter((address) => !isLoopback(address));
  if (others.length === 0) return all;
  const ordered = orderDestinations(others, (to) => host.ip.sourceTowards(to));
  const outgoing = FAR_AWAY.map((remote) => host.ip.sourceTowards(remote)?.address);
  const families = new Set(ordered.map((address) => INET.admits(address, true)));
  return [...families].flatMap((isInet) => {
    const those = ordered.filter((address) => INET.admits(address, true) === isInet);
    return [...those.filter((address) => outgoing.includes(address)), ...those.filter((address) => !outgoing.includes(address))];
  });
}

/** Addresses for documentation, which lie on no link (RFC 5737, RFC 3849): only a default route leads there. */
const FAR_AWAY: readonly IpAddress[] = ["192.0.2.1", "2001:db8::1"].map(parseAddress);

/** Where the host has no address of IPv6 beyond its links, those of a name server are not given (Wine's test getaddrinfo). */
function usable(host: ProviderHost, addresses: readonly IpAddress[], origin: DnsOrigin): readonly IpAddress[] {
  if ((origin !== "server" && origin !== "cache") || isConfigured(host, INET6)) return addresses;
  return addresses.filter((address) => INET.admits(address, true));
}

const isConfigured = (host: ProviderHost, family: SocketFamily): boolean =>
  host.ip.addresses().some((address) => family.admits(address, true) && !isLoopback(address) && !isLinkLocalV6(address));

/** Those that the program wants, in the shape in which it wants them; WSANO_DATA where there are none. */
function found(
  host: ProviderHost,
  { name, canonicalName, aliases }: Omit<FoundAddresses, "addresses">,
  all: readonly IpAddress[],
  family: number,
  flags: number,
): Outcome {
  const isWanted = (each: SocketFamily): boolean => (flags & AI_ADDRCONFIG) === 0 || isConfigured(host, each);
  const ofFamily = (address: IpAddress): SocketFamily => (INET.admits(address, true) ? INET : INET6);
  const there = all.filter((address) => isWanted(ofFamily(address)));
  const exact = there.filter((address) => family === AF_UNSPEC || ofFamily(address).af === family);
  const isMapped = family === AF_INET6 && (flags & AI_V4MAPPED) !== 0 && (exact.length === 0 || (flags & AI_ALL) !== 0);
  const addresses = (isMapped ? there : exact)
    .slice(0, MOST_ADDRESSES)
    .map((address) => (isMapped ? INET6 : ofFamily(address)).writeName(address, 0));
  if (addresses.length === 0) return failed(WSANO_DATA);
  const { data, a } = encodeAddresses({ name, canonicalName, aliases: aliases.slice(0, MOST_ALIASES), addresses });
  return { result: addresses.length, error: 0, data, a };
}

/** Of an address of its own the host's own name, without asking anybody; of others what the resolver finds. @param data a name in C layout */
export function namesOfAddress(host: ProviderHost, data: Uint8Array | null): Answer {
  const family = data === null ? undefined : socketFamily(familyOf(data) ?? AF_UNSPEC);
  if (data === null || data.length < 2) return failed(WSAEFAULT);
  if (family === undefined) return failed(WSAEAFNOSUPPORT);
  if (data.length < family.nameBytes) return failed(WSAEFAULT);
  const { address } = family.readName(data);
  if (host.ip.isLocalAddress(address) && !isLoopback(address)) return named(host, [host.name]);
  return Question.ask<DnsAnswer | DnsFailure>(
    (done) => host.dns.reverse(address, done),
    (result) => {
      if (typeof result === "string") return failed(CODES[result]);
      return named(
        host,
        result.records.flatMap((record) => (record.type === "PTR" ? [record.target] : [])),
      );
    },
  );
}

function named(host: ProviderHost, all: readonly string[]): Outcome {
  const names = all.slice(0, MOST_ALIASES);
  const [first] = names;
  if (first === undefined) return failed(WSANO_DATA);
  const domain = host.dns.status().searchList.find((each) => first.endsWith(`.${each}`));
  const relativeName = domain === undefined ? first : first.slice(0, -domain.length - 1);
  return { result: names.length, error: 0, ...encodeNames({ names, relativeName }) };
}

export const ownName = (host: ProviderHost): Outcome => ({ result: 0, error: 0, data: asciiBytes(host.name) });
