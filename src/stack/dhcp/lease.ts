import {
  type IpAddress,
  ipv4,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isReserved,
  isUnspecified,
  lastOfPrefix,
  prefixBits,
  prefixOf,
  sameAddress,
  samePrefix,
} from "../core/address.ts";
import { fraction, type Random } from "../core/random.ts";
import * as dhcp from "../packet/dhcp.ts";
import type { DhcpLease, LeaseRoute } from "./dhcp-service.ts";

/** What is taken of each list; the rest would only be somebody's wish to fill our memory. */
const MAX_ROUTERS = 4;
const MAX_SERVERS = 8;
const MAX_DOMAINS = 8;
const MAX_ROUTES = 32;

/** Seconds; the check for conflicts alone takes seven. */
const SHORTEST_LEASE = 30;
/** Says that the lease has no end, RFC 2131 §3.3. */
const FOR_EVER = 0xffffffff;
/** RFC 2131 §4.4.5; each moves by up to this share of the lease, so that clients that started together do not renew together. */
const RENEWAL_SHARE = 0.5;
const REBINDING_SHARE = 0.875;
const FUZZ = 0.02;

/** Every host takes so much (RFC 1122 §3.3.3): a smaller MTU is an attack or a mistake. */
const SMALLEST_MTU = 576;

/**
 * The lease that an acknowledgement gives, or an offer promises; undefined when its address, mask or time cannot be used. Other values
 * that make no sense are left out.
 * @param given yiaddr
 * @param requestedAtMs when it was asked for: its time counts from then (RFC 2131 §4.4.1)
 */
export function leaseIn(options: dhcp.Options, given: number, requestedAtMs: number, random: Random): DhcpLease | undefined {
  const address = ipv4(given);
  const server = addressIn(options, dhcp.OPTION_SERVER_ID);
  const prefixLength = prefixIn(options, address);
  const seconds = dhcp.wordOption(options, dhcp.OPTION_LEASE_TIME);
  if (server === undefined || prefixLength === undefined || seconds === undefined || seconds < SHORTEST_LEASE) return undefined;
  if (!isHost(server) || !isHostOf(address, prefixLength)) return undefined;

  const bits = prefixBits(address, prefixLength);
  const isNeighbour = (other: IpAddress): boolean =>
    isHostOf(other, prefixLength) && samePrefix(other, address, bits) && !sameAddress(other, address);
  const routes = routesIn(options, isNeighbour);
  const isMtu = (dhcp.shortOption(options, dhcp.OPTION_MTU) ?? 0) > 0;
  const domain = dhcp.domainOption(options, dhcp.OPTION_DOMAIN);
  const searchList = dhcp.searchListOption(options, MAX_DOMAINS);
  return {
    address,
    prefixLength,
    server,
    routes,
    dnsServers: dhcp.addressesOption(options, dhcp.OPTION_DNS_SERVERS, MAX_SERVERS).filter(isHost),
    domain,
    searchList: searchList.length === 0 && domain !== undefined ? [domain] : searchList,
    ntpServers: dhcp.addressesOption(options, dhcp.OPTION_NTP_SERVERS, MAX_SERVERS).filter(isHost),
    mtu: isMtu ? Math.max(SMALLEST_MTU, dhcp.shortOption(options, dhcp.OPTION_MTU)!) : undefined,
    ...times(options, seconds, requestedAtMs, random),
  };
}

/** T1 < T2 < the end of the lease, whatever the server says (RFC 2131 §4.4.5). */
function times(
  options: dhcp.Options,
  seconds: number,
  fromMs: number,
  random: Random,
): Pick<DhcpLease, "renewAtMs" | "rebindAtMs" | "expiresAtMs"> {
  const never = Number.POSITIVE_INFINITY;
  if (seconds === FOR_EVER) return { renewAtMs: never, rebindAtMs: never, expiresAtMs: never };
  const told1 = dhcp.wordOption(options, dhcp.OPTION_RENEWAL_TIME);
  const told2 = dhcp.wordOption(options, dhcp.OPTION_REBINDING_TIME);
  const fuzzed = (share: number) => seconds * (share + FUZZ * (fraction(random) - 0.5));
  const usual1 = fuzzed(RENEWAL_SHARE);
  const usual2 = fuzzed(REBINDING_SHARE);
  const isSane = told1 !== undefined && told2 !== undefined && told1 > 0 && told1 < told2 && told2 < seconds;
  return {
    renewAtMs: fromMs + 1000 * (isSane ? told1 : usual1),
    rebindAtMs: fromMs + 1000 * (isSane ? told2 : usual2),
    expiresAtMs: fromMs + 1000 * seconds,
  };
}

/** Of the mask, or of the address's class where there is none (RFC 950); undefined for one with holes, or one that leaves no network. */
function prefixIn(options: dhcp.Options, { w3 }: IpAddress): number | undefined {
  if (!options.has(dhcp.OPTION_MASK)) return w3 >>> 31 === 0 ? 8 : w3 >>> 30 === 2 ? 16 : 24;
  const mask = dhcp.wordOption(options, dhcp.OPTION_MASK);
  if (mask === undefined) return undefined;
  const length = Math.clz32(~mask);
  const isContiguous = length === 32 || mask << length === 0;
  return isContiguous && length > 0 ? length : undefined;
}

/** Classless routes alone count where there are such (RFC 3442); routers beyond the link do not. */
function routesIn(options: dhcp.Options, isNeighbour: (address: IpAddress) => boolean): LeaseRoute[] {
  const classless = dhcp.routesOption(options, MAX_ROUTES);
  if (classless === undefined) {
    const routers = dhcp.addressesOption(options, dhcp.OPTION_ROUTERS, MAX_ROUTERS).filter(isNeighbour);
    return routers.map((gateway) => ({ destination: ipv4(0), prefixLength: 0, gateway }));
  }
  return classless
    .filter(({ destination, prefixLength, router }) => {
      const isDestination = prefixLength === 0 || !(isLoopback(destination) || isMulticast(destination) || isReserved(destination));
      return isDestination && (isNeighbour(router) || (isUnspecified(router) && prefixLength > 0));
    })
    .map(({ destination, prefixLength, router }) => ({ destination, prefixLength, gateway: isUnspecified(router) ? undefined : router }));
}

function addressIn(options: dhcp.Options, code: number): IpAddress | undefined {
  const word = dhcp.wordOption(options, code);
  return word === undefined ? undefined : ipv4(word);
}

/** Network 0 is nobody's (RFC 1122 §3.2.1.3). */
const isHost = (a: IpAddress): boolean =>
  a.w3 >>> 24 !== 0 && !isLoopback(a) && !isMulticast(a) && !isReserved(a) && !isLimitedBroadcast(a);

/** Neither the network's own address nor its broadcast, where the prefix has such (RFC 3021). */
function isHostOf(address: IpAddress, prefixLength: number): boolean {
  if (!isHost(address)) return false;
  const bits = prefixBits(address, prefixLength);
  return prefixLength > 30 || !(sameAddress(address, prefixOf(address, bits)) || sameAddress(address, lastOfPrefix(address, bits)));
}
