import { isV4 } from "../core/address.ts";
import * as dns from "../packet/dns.ts";
import type { NegativeAnswer } from "./cache.ts";
import type { DnsAnswer, DnsFailure, DnsRecord, DnsRecordType } from "./dns-service.ts";
import { canonicalName, isWithinDomain } from "./domain-names.ts";

/** What a server's message says to one question. */
export type DnsReply =
  | { readonly kind: "answer"; readonly answer: DnsAnswer }
  /** For how long that is so, in seconds; 0 where the server does not say. `hasAliases`: it is said of another name, where they end. */
  | { readonly kind: "negative"; readonly answer: NegativeAnswer; readonly ttlSeconds: number; readonly hasAliases: boolean }
  /** To be asked for over TCP. */
  | { readonly kind: "truncated" }
  /** The server may understand the question without its OPT record, RFC 6891 §7. */
  | { readonly kind: "not-understood" }
  | { readonly kind: "failure"; readonly failure: DnsFailure };

/** Aliases that are followed, RFC 1034 §3.6.2 leaves the number to us. */
const MAX_ALIASES = 16;

const TYPE_NUMBERS: Readonly<Record<DnsRecordType, number>> = {
  A: dns.TYPE_A,
  AAAA: dns.TYPE_AAAA,
  CNAME: dns.TYPE_CNAME,
  PTR: dns.TYPE_PTR,
  SRV: dns.TYPE_SRV,
  TXT: dns.TYPE_TXT,
};

export const typeNumber = (type: DnsRecordType): number => TYPE_NUMBERS[type];

/** A record of the message and its owner, as a canonical name. */
interface OwnedRecord extends dns.RecordView {
  readonly owner: string;
}

/**
 * Takes from the message in [at, end), which is the answer to the question for `name` and `type`, what answers it, and nothing else: records
 * that belong to the name or to where its aliases lead. All others might be anybody's (RFC 5452 §6).
 */
export function readReply(b: Uint8Array, at: number, end: number, name: string, type: DnsRecordType): DnsReply {
  if (dns.isTruncated(b, at)) return { kind: "truncated" };
  const code = dns.rcode(b, at);
  if (code === dns.FORMAT_ERROR || code === dns.NOT_IMPLEMENTED) return { kind: "not-understood" };
  if (code === dns.REFUSED) return failure("refused");
  if (code !== dns.NO_ERROR && code !== dns.NAME_ERROR) return failure("server-failed");

  const answers: OwnedRecord[] = [];
  const authorities: OwnedRecord[] = [];
  let next = dns.recordsAt(b, at);
  for (let i = 0; i < dns.answers(b, at) + dns.authorities(b, at); i++) {
    const record = dns.makeRecordView();
    next = dns.readRecord(b, next, record);
    const owner = dns.nameText(b, at, record.nameAt, end)?.toLowerCase();
    if (record.class !== dns.CLASS_IN || owner === undefined) continue;
    (i < dns.answers(b, at) ? answers : authorities).push({ ...record, owner });
  }

  const aliases: string[] = [];
  let current = name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (;;) {
    const found = answers.filter((record) => record.owner === current && record.type === typeNumber(type));
    const records = found.map((record) => recordOf(b, at, end, type, record)).filter((record) => record !== undefined);
    if (records.length > 0) {
      for (const { ttl } of found) ttlSeconds = Math.min(ttlSeconds, ttl);
      return { kind: "answer", answer: { name, canonicalName: current, aliases, records, origin: "server", ttlSeconds } };
    }
    const alias = answers.find((record) => record.owner === current && record.type === dns.TYPE_CNAME);
    if (alias === undefined) break;
    if (aliases.length === MAX_ALIASES) return failure("bad-answer");
    aliases.push(current);
    current = dns.nameText(b, at, dns.targetAt(alias), end)!.toLowerCase();
    ttlSeconds = Math.min(ttlSeconds, alias.ttl);
  }
  return nothing(b, at, authorities, current, ttlSeconds, aliases.length > 0);
}

const failure = (why: DnsFailure): DnsReply => ({ kind: "failure", failure: why });

/** The server found nothing, or does not know and names others to ask. */
function nothing(
  b: Uint8Array,
  at: number,
  authorities: readonly OwnedRecord[],
  name: string,
  aliasTtlSeconds: number,
  hasAliases: boolean,
): DnsReply {
  const hasNoName = dns.rcode(b, at) === dns.NAME_ERROR;
  const soa = authorities.find(({ type, owner }) => type === dns.TYPE_SOA && isWithinDomain(name, owner));
  // RFC 2308 §2.2: without SOA it may be a referral, which only a server that does not recurse gives.
  if (!hasNoName && soa === undefined && !dns.offersRecursion(b, at)) return failure("server-failed");
  const ttlSeconds = soa === undefined ? 0 : Math.min(soa.ttl, dns.soaMinimum(b, soa), aliasTtlSeconds);
  return { kind: "negative", answer: hasNoName ? "no-such-name" : "no-data", ttlSeconds, hasAliases };
}

function recordOf(b: Uint8Array, at: number, end: number, type: DnsRecordType, record: dns.RecordView): DnsRecord | undefined {
  switch (type) {
    case "A":
    case "AAAA": {
      // An IPv4 address in the dress of IPv6 would pass for one of the other family.
      const address = dns.address(b, record);
      return isV4(address) === (type === "A") ? { type, address } : undefined;
    }
    case "CNAME":
    case "PTR":
      return { type, target: targetOf(b, at, end, record) };
    case "SRV":
      return {
        type,
        priority: dns.srvPriority(b, record),
        weight: dns.srvWeight(b, record),
        port: dns.srvPort(b, record),
        target: targetOf(b, at, end, record),
      };
    case "TXT":
      return { type, texts: dns.texts(b, record) };
  }
}

const targetOf = (b: Uint8Array, at: number, end: number, record: dns.RecordView): string =>
  canonicalName(dns.nameText(b, at, dns.targetAt(record), end)!)!;
