import type { FrameDescription } from "../stack/packet/frame-description.ts";
import { nearestWord } from "./nearest-word.ts";

/** What a filter is asked about. */
export interface FilteredPacket {
  readonly description: FrameDescription;
  /** Bytes of it were sent before. */
  readonly isRetransmission: boolean;
  /** A drop reason, or `accepted`; undefined where nobody judged it. */
  readonly verdict: string | undefined;
  /** The line took it away. */
  readonly isLost: boolean;
  /** Names of the hosts that it left and came to. */
  readonly from: string | undefined;
  readonly to: readonly string[];
}

/** What is wrong with a word, for who writes the sentence. */
export type FilterProblem =
  | { readonly kind: "unknown"; readonly word: string; readonly near: string | undefined }
  | { readonly kind: "needs-port"; readonly word: string; readonly value: string | undefined }
  | { readonly kind: "needs-address"; readonly word: string };

export interface PacketFilter {
  readonly problems: readonly FilterProblem[];
  /** With no word that is understood, everything passes. */
  readonly passes: (packet: FilteredPacket) => boolean;
}

type Test = (packet: FilteredPacket) => boolean;

const hasFlag =
  (flag: string): Test =>
  ({ description }) =>
    description.protocol === "tcp" && description.flags.split(",").includes(flag);

const isProtocol =
  (...protocols: readonly FrameDescription["protocol"][]): Test =>
  ({ description }) =>
    protocols.includes(description.protocol);

/** Words that stand alone. */
const TESTS: Readonly<Record<string, Test>> = {
  syn: hasFlag("SYN"),
  ack: hasFlag("ACK"),
  fin: hasFlag("FIN"),
  rst: hasFlag("RST"),
  psh: hasFlag("PSH"),
  urg: hasFlag("URG"),
  tcp: isProtocol("tcp"),
  udp: isProtocol("udp"),
  arp: isProtocol("arp"),
  icmp: isProtocol("icmp", "icmpv6"),
  dns: ({ description }) => description.protocol === "udp" && description.dns !== undefined,
  ipv6: ({ description }) => description.protocol === "icmpv6" || description.source.includes("::") || description.source.startsWith("["),
  data: ({ description }) => (description.protocol === "tcp" || description.protocol === "udp") && description.payloadLength > 0,
  retransmit: ({ isRetransmission }) => isRetransmission,
  lost: ({ isLost }) => isLost,
  dropped: ({ isLost, verdict }) => isLost || (verdict !== undefined && verdict !== "accepted"),
  accepted: ({ verdict }) => verdict === "accepted",
  malformed: ({ description }) => description.malformed !== undefined,
};

/** All words, for who lists them; the last three want a value behind them. */
export const FILTER_WORDS: readonly string[] = [...Object.keys(TESTS), "port", "from", "to"];

/** Other ways to say the same. */
const SYNONYMS: Readonly<Record<string, string>> = {
  retransmission: "retransmit",
  retransmitted: "retransmit",
  drop: "dropped",
  reset: "rst",
  icmpv6: "icmp",
  loss: "lost",
};

/**
 * Reads a filter: words with spaces between, all of which a packet must satisfy, each of them turned into its contrary by `not` or `!`
 * before it. Whatever it is given, it answers: what it does not know is named and left out.
 */
export function parsePacketFilter(text: string): PacketFilter {
  const tests: Test[] = [];
  const problems: FilterProblem[] = [];
  const parts = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  for (let i = 0; i < parts.length; i++) {
    let isTurned = false;
    let word = parts[i]!;
    while (word.startsWith("!") || word === "not") {
      isTurned = !isTurned;
      word = word === "not" || word === "!" ? (parts[++i] ?? "") : word.slice(1);
    }
    if (word === "") continue;
    const made = word === "port" || word === "from" || word === "to" ? testWithValue(word, parts[++i]) : testOf(word);
    if (typeof made === "function") tests.push(isTurned ? (packet) => !made(packet) : made);
    else problems.push(made);
  }
  return { problems, passes: (packet) => tests.every((passes) => passes(packet)) };
}

function testOf(word: string): Test | FilterProblem {
  const name = SYNONYMS[word] ?? word;
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  return test ?? { kind: "unknown", word, near: nearestWord(word, FILTER_WORDS) };
}

function testWithValue(word: "port" | "from" | "to", value: string | undefined): Test | FilterProblem {
  if (word === "port") {
    const port = value !== undefined && /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
    if (!(port <= 65_535)) return { kind: "needs-port", word, value };
    return ({ description: d }) => (d.protocol === "tcp" || d.protocol === "udp") && (d.sourcePort === port || d.destinationPort === port);
  }
  if (value === undefined) return { kind: "needs-address", word };
  return (packet) => {
    const hosts = word === "from" ? [packet.from] : packet.to;
    return isEnd(word === "from" ? packet.description.source : packet.description.destination, value) || hosts.includes(value);
  };
}

/** Whether an end is meant by an address, with its port or without. */
function isEnd(end: string, value: string): boolean {
  const whole = end.toLowerCase();
  if (whole === value) return true;
  const address = whole.startsWith("[") ? whole.slice(1, whole.indexOf("]")) : whole.replace(/(?<=\.\d+):\d+$/, "");
  return address === value;
}
