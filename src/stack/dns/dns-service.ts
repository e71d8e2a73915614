import type { IpAddress } from "../core/address.ts";

/** What a host can be asked about a name. */
export type DnsRecordType = "A" | "AAAA" | "CNAME" | "PTR" | "SRV" | "TXT";

/** One record of an answer. Names are absolute, in lower case, without the last dot; octets that are not printable stand as `\DDD`. */
export type DnsRecord =
  | { readonly type: "A" | "AAAA"; readonly address: IpAddress }
  | { readonly type: "CNAME" | "PTR"; readonly target: string }
  /** RFC 2782: the lowest priority first, among those by weight. */
  | { readonly type: "SRV"; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
  /** Strings as RFC 1035 §5.1 writes them, without their quotes. */
  | { readonly type: "TXT"; readonly texts: readonly string[] };

/** Why there is no answer, each with the sentence that explains it. */
export const DNS_FAILURES = {
  "bad-name":
    "It is no name: a part is empty or longer than 63 octets, all of it is longer than 253, or it holds characters that no name has.",
  "no-such-name": "There is no such name.",
  "no-data": "The name exists, and has nothing of what was asked for.",
  "no-servers": "The host has no name server to ask.",
  "timed-out": "No name server answered.",
  unreachable: "There is no way to any name server, or nothing listens on its port.",
  "server-failed": "The name server could not find out.",
  refused: "The name server refuses to answer.",
  "bad-answer": "The name server's answer makes no sense: aliases that lead nowhere or in a circle, for example.",
  "too-many": "Too many questions wait for their answers already.",
} as const;

/** In a word; `DNS_FAILURES` has the sentence. Whoever tries `timed-out`, `unreachable`, `server-failed` or `too-many` again may have luck. */
export type DnsFailure = keyof typeof DNS_FAILURES;

/** Who knew the answer: a rule (`localhost`, RFC 6761), the hosts file, what a server said before, or a server now. */
export type DnsOrigin = "rule" | "hosts" | "cache" | "server";

export interface DnsAnswer {
  /** That was asked for, in full: with the domain of the search list that led to the answer. */
  readonly name: string;
  /** At the end of the aliases; `name` where it is none. */
  readonly canonicalName: string;
  /** Names on the way from `name` to `canonicalName`, the last one left out. */
  readonly aliases: readonly string[];
  /** All of the type that was asked for; never none. */
  readonly records: readonly DnsRecord[];
  readonly origin: DnsOrigin;
  /** How long it may be kept, in seconds. */
  readonly ttlSeconds: number;
}

/** What is known of a host, for whoever wants to connect to it. */
export interface HostAddresses {
  readonly name: string;
  readonly canonicalName: string;
  readonly aliases: readonly string[];
  /** In the order in which they should be tried, RFC 6724 §6; never none. */
  readonly addresses: readonly IpAddress[];
  readonly origin: DnsOrigin;
}

export type AddressFamilies = "both" | "ipv4" | "ipv6";

/** Something that was asked for. */
export interface DnsRequest {
  /** Nobody waits any more: the callback will not be called. After it was, this does nothing. */
  cancel(): void;
}

export interface DnsServer {
  readonly address: IpAddress;
  /** 53 unless given. */
  readonly port?: number;
}

/** What somebody says about how names are resolved here. */
export interface DnsConfiguration {
  /** In the order in which they are asked. */
  readonly servers: readonly DnsServer[];
  /** Domains in which names without enough dots are looked for. */
  readonly searchList?: readonly string[];
}

export interface DnsServerStatus {
  /** `203.0.113.1:53`. */
  readonly server: string;
  /** Who named it. */
  readonly source: string;
  /** It did not answer a moment ago, so others are asked first. */
  readonly isAvoided: boolean;
  readonly asked: number;
  readonly answered: number;
  readonly timedOut: number;
}

export interface DnsStatus {
  readonly servers: readonly DnsServerStatus[];
  readonly searchList: readonly string[];
  readonly hostsNames: number;
  readonly cachedAnswers: number;
  readonly cachedBytes: number;
  /** Questions that were answered without asking anybody. */
  readonly fromCache: number;
  /** Questions that were asked already, and got the same answer. */
  readonly joined: number;
  /** Answers too long for UDP. */
  readonly overTcp: number;
  /** Questions whose answer is awaited. */
  readonly waiting: number;
}

/**
 * Names, as the programs of a host see them: a stub resolver (RFC 1034 §5.3.1) with a cache. A callback is called exactly once, at once
 * where the answer is known; never after `cancel`.
 */
export interface DnsService {
  /**
   * The addresses of a host. A name that ends in a dot is absolute; any other is looked for in the search list too, before or after the
   * name itself by how many dots it has (`ndots`). An address as text is its own answer.
   */
  lookup(name: string, families: AddressFamilies, done: (result: HostAddresses | DnsFailure) => void): DnsRequest;
  /** Records of one type, with the search list as in `lookup`. */
  query(name: string, type: DnsRecordType, done: (result: DnsAnswer | DnsFailure) => void): DnsRequest;
  /** The names of an address: PTR records of its name under in-addr.arpa or ip6.arpa. */
  reverse(address: IpAddress, done: (result: DnsAnswer | DnsFailure) => void): DnsRequest;
  /**
   * Replaces what `source` has said: `configured` for the operator, whose word alone counts while there is one; others such as `dhcp`
   * add up, in the order in which they came. Without servers and search list, `source` has nothing to say any more. Where that
   * makes others be asked, what servers said before is forgotten.
   */
  configure(source: string, configuration: DnsConfiguration): void;
  /** The hosts file's text, in place of an earlier one: lines of an address and its names, `#` begins a comment. Lines that are none count for nothing. */
  setHosts(text: string): void;
  /** What each source has said last. */
  readonly configurations: ReadonlyMap<string, DnsConfiguration>;
  readonly hostsText: string;
  /** Forgets what servers said. @returns how many answers that were */
  flushCache(): number;
  status(): DnsStatus;
}
