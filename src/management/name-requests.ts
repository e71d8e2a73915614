import { formatAddress, readAddress } from "../stack/core/address.ts";
import type { DnsAnswer, DnsFailure, DnsRecord, DnsService, HostAddresses } from "../stack/dns/dns-service.ts";
import type { CheckedRequest, NameRecord, ResolveReport } from "./management.ts";

/** What a name means to the host: its addresses where no type is asked for; an address is looked up by its name when that is PTR. */
export function resolveName(
  dns: DnsService,
  { name, type }: Extract<CheckedRequest, { readonly op: "resolve" }>,
  done: (report: ResolveReport) => void,
): void {
  const told = (result: HostAddresses | DnsAnswer | DnsFailure): void => done(reportOf(result));
  const address = type === "PTR" ? readAddress(name) : undefined;
  if (address !== undefined) dns.reverse(address, told);
  else if (type === undefined) dns.lookup(name, "both", told);
  else dns.query(name, type, told);
}

function reportOf(result: HostAddresses | DnsAnswer | DnsFailure): ResolveReport {
  if (typeof result === "string") return { outcome: "failure", reason: result };
  const { name, canonicalName, aliases, origin } = result;
  const records = "records" in result ? result.records.map(nameRecord) : result.addresses.map((each) => addressRecord(formatAddress(each)));
  return { outcome: "answer", name, canonicalName, aliases, origin, records };
}

const addressRecord = (address: string): NameRecord => ({ type: address.includes(":") ? "AAAA" : "A", address });

const nameRecord = (record: DnsRecord): NameRecord => ("address" in record ? addressRecord(formatAddress(record.address)) : record);
