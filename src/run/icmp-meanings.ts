const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: "echo reply",
  3: "destination unreachable",
  4: "source quench",
  5: "redirect",
  8: "echo request",
  9: "router advertisement",
  10: "router solicitation",
  11: "time exceeded",
  12: "parameter problem",
};

const UNREACHABLE_CODES: Readonly<Record<number, string>> = {
  0: "network unreachable",
  1: "host unreachable",
  2: "protocol unreachable",
  3: "port unreachable",
  4: "fragmentation needed and DF set",
  5: "source route failed",
  13: "administratively prohibited",
};

const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: "destination unreachable",
  2: "packet too big",
  3: "time exceeded",
  4: "parameter problem",
  128: "echo request",
  129: "echo reply",
  130: "multicast listener query",
  131: "multicast listener report",
  132: "multicast listener done",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbor solicitation",
  136: "neighbor advertisement",
  137: "redirect",
  143: "multicast listener report, version 2",
};

/** What a type of RFC 792 and its code say. */
export const icmpMeaning = (type: number, code: number): string | undefined =>
  (type === 3 ? UNREACHABLE_CODES[code] : undefined) ?? ICMP_TYPES[type];

/** What a type of RFC 4443, 4861 and kin says. */
export const icmpv6Meaning = (type: number, code: number): string | undefined =>
  type === 1 && code === 4 ? "port unreachable" : ICMPV6_TYPES[type];
