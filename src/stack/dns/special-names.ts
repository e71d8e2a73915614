import { type AddressWords, type IpAddress, isLoopback, parseAddress } from "../core/address.ts";
import type { DnsFailure, DnsRecordType } from "./dns-service.ts";
import { isWithinDomain } from "./domain-names.ts";

const LOOPBACK_V4 = parseAddress("127.0.0.1");
const LOOPBACK_V6 = parseAddress("::1");

/** Names that nobody is asked for, and what is known of them: the addresses of ours, or why there is nothing. */
export function specialAnswer(name: string, type: DnsRecordType): readonly IpAddress[] | DnsFailure | undefined {
  // RFC 6761 §6.3: always the loopback.
  if (isWithinDomain(name, "localhost")) {
    if (type === "A") return [LOOPBACK_V4];
    return type === "AAAA" ? [LOOPBACK_V6] : "no-data";
  }
  // RFC 6761 §6.4 and RFC 7686 §2: there are none, and it is nobody's business that somebody asked.
  return isWithinDomain(name, "invalid") || isWithinDomain(name, "onion") ? "no-such-name" : undefined;
}

/** The name of an address that needs no asking. */
export const specialReverse = (address: AddressWords): string | undefined => (isLoopback(address) ? "localhost" : undefined);
