/**
 * RFC 6724: from which address of ours a datagram leaves when nobody has said so (§5), and which of several addresses of a host is tried
 * first (§6). Functions over facts, for both families: an IPv4 address takes part as ::ffff:a.b.c.d (§3.2).
 */
import {
  type AddressWords,
  type IpAddress,
  isLoopback,
  isMulticast,
  isV4,
  parseAddress,
  sameAddress,
  samePrefix,
} from "../core/address.ts";

/** A row of the policy table, §2.1. */
interface Policy {
  readonly prefix: IpAddress;
  /** Of 128. */
  readonly bits: number;
  readonly precedence: number;
  readonly label: number;
}

const policy = (prefix: string, bits: number, precedence: number, label: number): Policy => ({
  prefix: parseAddress(prefix),
  bits,
  precedence,
  label,
});

/** The default policy table of §2.1, longest prefix first, so that the first that matches is the one. */
const POLICIES: readonly Policy[] = [
  policy("::1", 128, 50, 0),
  policy("::ffff:0:0", 96, 35, 4),
  policy("::", 96, 1, 3),
  policy("2001::", 32, 5, 5),
  policy("2002::", 16, 30, 2),
  policy("3ffe::", 16, 1, 12),
  policy("fec0::", 10, 1, 11),
  policy("fc00::", 7, 3, 13),
  policy("::", 0, 40, 1),
];

const policyOf = (address: AddressWords): Policy => POLICIES.find(({ prefix, bits }) => samePrefix(address, prefix, bits))!;

/** Higher is preferred as a destination. */
export const precedenceOf = (address: AddressWords): number => policyOf(address).precedence;

/** Source and destination with the same label suit each other. */
export const labelOf = (address: AddressWords): number => policyOf(address).label;

/** Values of the scope field of a multicast address, RFC 4291 §2.7; unicast addresses have one too, RFC 6724 §3.1. */
const LINK_LOCAL = 0x2;
const SITE_LOCAL = 0x5;
const GLOBAL = 0xe;

const V4_LINK_LOCAL = { prefix: parseAddress("169.254.0.0"), bits: 112 };
const V6_LINK_LOCAL = { prefix: parseAddress("fe80::"), bits: 10 };
const V6_SITE_LOCAL = { prefix: parseAddress("fec0::"), bits: 10 };

const isWithin = (address: AddressWords, { prefix, bits }: { readonly prefix: IpAddress; readonly bits: number }): boolean =>
  samePrefix(address, prefix, bits);

/** §3.1 and §3.2: how far an address means something. Private IPv4 addresses (RFC 1918) and unique local ones (RFC 4193) count as global. */
export function scopeOf(address: AddressWords): number {
  if (isV4(address)) return isLoopback(address) || isWithin(address, V4_LINK_LOCAL) ? LINK_LOCAL : GLOBAL;
  if (isMulticast(address)) return (address.w0 >>> 16) & 0xf;
  if (isLoopback(address) || isWithin(address, V6_LINK_LOCAL)) return LINK_LOCAL;
  return isWithin(address, V6_SITE_LOCAL) ? SITE_LOCAL : GLOBAL;
}

/** What is known of an address of ours. */
export interface SourceCandidate {
  readonly address: IpAddress;
  /** Of 128: an IPv4 prefix of 24 is 120. */
  readonly bits: number;
  /** Its preferred lifetime is over, RFC 4862 §2. */
  readonly isDeprecated: boolean;
  /** Made to be given up soon, RFC 8981. */
  readonly isTemporary: boolean;
  /** Whatever stands for the interface that has it; compared by identity. */
  readonly interface: unknown;
  /** The router that announced its prefix, where that is known. */
  readonly announcedBy?: AddressWords | undefined;
}

/** The way that a datagram will take, which is chosen before its source is. */
export interface OutgoingWay {
  readonly interface: unknown;
  /** The router, or the destination itself. */
  readonly nextHop?: AddressWords | undefined;
}

/**
 * Source address for `destination`, §5. Candidates are our unicast addresses that may be used (none that is still tentative); those of
 * the other family are left out, and those of other links where the destination means something on one link only (§4). Of equal ones
 * the first is taken. Rule 4 is about Mobile IPv6, which is not spoken here.
 * @returns undefined when no candidate can be used
 */
export function selectSource<C extends SourceCandidate>(
  candidates: Iterable<C>,
  destination: AddressWords,
  outgoing: OutgoingWay,
): C | undefined {
  const isV4Destination = isV4(destination);
  const isOfOneLink = isMulticast(destination) || scopeOf(destination) <= LINK_LOCAL;
  let best: C | undefined;
  for (const candidate of candidates) {
    if (isV4(candidate.address) !== isV4Destination) continue;
    if (isOfOneLink && candidate.interface !== outgoing.interface) continue;
    if (best === undefined || isBetterSource(candidate, best, destination, outgoing)) best = candidate;
  }
  return best;
}

/** Whether `a` is to be preferred to `b`, by the first rule that tells them apart. */
function isBetterSource(a: SourceCandidate, b: SourceCandidate, destination: AddressWords, outgoing: OutgoingWay): boolean {
  // Rule 1: prefer the destination itself.
  const isSame = sameAddress(a.address, destination);
  if (isSame !== sameAddress(b.address, destination)) return isSame;

  // Rule 2: prefer the smallest scope that reaches as far as the destination's.
  const scopeA = scopeOf(a.address);
  const scopeB = scopeOf(b.address);
  if (scopeA < scopeB) return scopeA >= scopeOf(destination);
  if (scopeB < scopeA) return scopeB < scopeOf(destination);

  // Rule 3: avoid deprecated addresses.
  if (a.isDeprecated !== b.isDeprecated) return b.isDeprecated;

  // Rule 5: prefer the outgoing interface.
  const isOutgoing = a.interface === outgoing.interface;
  if (isOutgoing !== (b.interface === outgoing.interface)) return isOutgoing;

  // Rule 5.5: prefer a prefix that the next hop announced.
  const isNextHops = isAnnouncedBy(a, outgoing.nextHop);
  if (isNextHops !== isAnnouncedBy(b, outgoing.nextHop)) return isNextHops;

  // Rule 6: prefer the destination's label.
  const label = labelOf(destination);
  const hasLabel = labelOf(a.address) === label;
  if (hasLabel !== (labelOf(b.address) === label)) return hasLabel;

  // Rule 7: prefer temporary addresses.
  if (a.isTemporary !== b.isTemporary) return a.isTemporary;

  // Rule 8: the longest matching prefix.
  return commonPrefixBits(a, destination) > commonPrefixBits(b, destination);
}

const isAnnouncedBy = (candidate: SourceCandidate, router: AddressWords | undefined): boolean =>
  router !== undefined && candidate.announcedBy !== undefined && sameAddress(candidate.announcedBy, router);

/** CommonPrefixLen of §2.2, of 128: the bits after the source's own prefix do not count. */
function commonPrefixBits({ address, bits }: SourceCandidate, destination: AddressWords): number {
  let common = 0;
  for (const difference of [
    address.w0 ^ destination.w0,
    address.w1 ^ destination.w1,
    address.w2 ^ destination.w2,
    address.w3 ^ destination.w3,
  ]) {
    common += Math.clz32(difference);
    if (difference !== 0) break;
  }
  return Math.min(common, bits);
}

/** A destination with what the rules need to know of it. */
interface RankedDestination {
  readonly address: IpAddress;
  /** Undefined when it cannot be reached. */
  readonly source: SourceCandidate | undefined;
}

/**
 * The order in which to try the addresses of a host, §6. Those of which the rules say nothing stay as they were. Rule 4 (Mobile IPv6) and
 * rule 7 (tunnels) speak of what there is none of here.
 * @param sourceTowards the source that a datagram would leave with, or undefined when there is no way
 */
export function orderDestinations(
  destinations: readonly IpAddress[],
  sourceTowards: (destination: IpAddress) => SourceCandidate | undefined,
): IpAddress[] {
  return destinations
    .map((address): RankedDestination => ({ address, source: sourceTowards(address) }))
    .sort(compareDestinations)
    .map(({ address }) => address);
}

/** Below 0 when `a` is to be tried before `b`, by the first rule that tells them apart. */
function compareDestinations(a: RankedDestination, b: RankedDestination): number {
  // Rule 1: avoid what cannot be reached.
  const byUse = preferTrue(a.source !== undefined, b.source !== undefined);
  if (byUse !== 0) return byUse;

  if (a.source !== undefined && b.source !== undefined) {
    // Rule 2: prefer a destination of its source's scope.
    const byScope = preferTrue(hasScopeOf(a.address, a.source), hasScopeOf(b.address, b.source));
    if (byScope !== 0) return byScope;

    // Rule 3: avoid a deprecated source.
    const byAge = preferTrue(!a.source.isDeprecated, !b.source.isDeprecated);
    if (byAge !== 0) return byAge;

    // Rule 5: prefer a destination of its source's label.
    const byLabel = preferTrue(hasLabelOf(a.address, a.source), hasLabelOf(b.address, b.source));
    if (byLabel !== 0) return byLabel;
  }

  // Rule 6: prefer the higher precedence.
  const byPrecedence = precedenceOf(b.address) - precedenceOf(a.address);
  if (byPrecedence !== 0) return byPrecedence;

  // Rule 8: prefer the smaller scope.
  const bySmallerScope = scopeOf(a.address) - scopeOf(b.address);
  if (bySmallerScope !== 0) return bySmallerScope;

  // Rule 9: within a family, the longest prefix in common with its source.
  if (a.source === undefined || b.source === undefined || isV4(a.address) !== isV4(b.address)) return 0;
  return commonPrefixBits(b.source, b.address) - commonPrefixBits(a.source, a.address);
}

const preferTrue = (a: boolean, b: boolean): number => Number(b) - Number(a);

const hasScopeOf = (destination: IpAddress, source: SourceCandidate): boolean => scopeOf(destination) === scopeOf(source.address);

const hasLabelOf = (destination: IpAddress, source: SourceCandidate): boolean => labelOf(destination) === labelOf(source.address);
