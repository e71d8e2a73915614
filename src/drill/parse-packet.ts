import { ACK, CWR, ECE, FIN, PSH, RST, SYN, URG } from "../stack/packet/tcp.ts";
import type { IcmpLine, IpNotes, ScriptFlags, ScriptTcpOption, TcpLine, UdpLine } from "./script.ts";
import { UnsupportedScript } from "./script-error.ts";
import type { ScriptScanner } from "./script-scanner.ts";
import { scriptOptionBytes } from "./tcp-option-bytes.ts";

/** The ninth flag of TCP, once NS, beside the data offset. */
export const AE = 0x100;

export const FLAG_LETTERS: readonly (readonly [string, number])[] = [
  ["S", SYN],
  ["F", FIN],
  ["R", RST],
  ["P", PSH],
  ["U", URG],
  ["E", ECE],
  ["W", CWR],
  ["A", AE],
  [".", ACK],
];

const PORTS = /(\d+)\s*>\s*(\d+)(?=\s)/y;
const FLAGS = /[^\s(<>[]+/y;
const HEX_BLOB = /[0-9a-fA-F]+(?![0-9a-zA-Z_])/y;
const MAX_OPTION_BYTES = 40;
/** Headers around or in place of TCP's that the original tool knows. */
const OTHER_HEADERS = ["ipv4", "ipv6", "gre", "mpls", "psp"];

/** A line that begins with `<` or `>`. */
export function parsePacket(scanner: ScriptScanner, line: number): TcpLine | UdpLine | IcmpLine {
  const isInbound = scanner.takes("<");
  if (!isInbound) scanner.need(">");
  const ip = parseIpNotes(scanner, isInbound);
  const word = scanner.peekWord();
  if (word !== undefined && OTHER_HEADERS.includes(word)) throw new UnsupportedScript(line, `header "${word}"`);
  if (word === "udp") return parseUdp(scanner, isInbound, ip, line);
  if (word === "icmp") return parseIcmp(scanner, isInbound, ip, line);
  return parseTcp(scanner, isInbound, ip);
}

const ECN_WORDS: Readonly<Record<string, number | "ect01">> = { noecn: 0, ect1: 1, ect0: 2, ce: 3, ect01: "ect01" };

function parseIpNotes(scanner: ScriptScanner, isInbound: boolean): IpNotes {
  const close = scanner.takes("[") ? "]" : scanner.takes("(") ? ")" : undefined;
  if (close === undefined) return {};
  let notes: IpNotes = {};
  do {
    const word = scanner.needWord("what the IP header holds, such as ect0 or ttl");
    if (word === "tos") notes = { ...notes, tos: scanner.needInteger("tos", 0, 255) };
    else if (word === "ttl") notes = { ...notes, ttl: scanner.needInteger("ttl", 0, 255) };
    else if (word === "flowlabel") notes = { ...notes, flowLabel: scanner.needInteger("flowlabel", 0, 0xfffff) };
    else {
      const ecn = ECN_WORDS[word];
      if (ecn === undefined) throw scanner.fault(`"${word}" says nothing of an IP header`);
      if (ecn === "ect01" && isInbound) throw scanner.fault("ect01 can only be expected, not sent");
      notes = { ...notes, ecn };
    }
  } while (scanner.takes(","));
  scanner.need(close);
  return notes;
}

function parsePorts(scanner: ScriptScanner): { readonly sourcePort: number; readonly destinationPort: number } {
  const [source, destination] = (scanner.take(PORTS) ?? "0>0").split(">").map(Number);
  if (source! > 65535 || destination! > 65535) throw scanner.fault("a port is at most 65535");
  return { sourcePort: source!, destinationPort: destination! };
}

function parseTcp(scanner: ScriptScanner, isInbound: boolean, ip: IpNotes): TcpLine {
  const ports = parsePorts(scanner);
  const flags = parseFlags(scanner);
  const seq = scanner.needInteger("a sequence number");
  scanner.need(":");
  const last = scanner.needInteger("a sequence number");
  scanner.need("(");
  const length = scanner.needInteger("a length", 0, 65535);
  scanner.need(")");
  if ((seq + length) % 2 ** 32 !== last) throw scanner.fault(`${seq}:${last}(${length}) does not add up`);
  const ack = scanner.takesWord("ack") ? scanner.needInteger("ack") : 0;
  const window = scanner.takesWord("win") ? scanner.needInteger("win", 0, 65535) : undefined;
  if (window === undefined && isInbound) throw scanner.fault("a packet that is sent needs its window");
  const urgent = scanner.takesWord("urg") ? scanner.needInteger("urg", 0, 65535) : 0;
  const options = parseTcpOptions(scanner, isInbound);
  return { kind: "tcp", isInbound, ip, ...ports, flags, seq, length, ack, window, urgent, options };
}

function parseFlags(scanner: ScriptScanner): ScriptFlags {
  const text = scanner.take(FLAGS);
  if (text === undefined || !/^(?:-|[SFRPUEWA0-7.]+)$/.test(text))
    throw scanner.error(`expected TCP flags, not ${JSON.stringify(text ?? "")}`);
  let bits = 0;
  for (const [letter, bit] of FLAG_LETTERS) if (text.includes(letter)) bits |= bit;
  const digits = text.replace(/[^0-7]/g, "");
  if (digits.length > 1) throw scanner.fault("one digit is the whole counter of AccECN");
  const ace = Number(digits);
  if (ace > 0 && (bits & (ECE | CWR | AE)) !== 0) throw scanner.fault("a digit stands for E, W and A, and not beside them");
  return {
    text,
    bits: bits | ((ace & 1) !== 0 ? ECE : 0) | ((ace & 2) !== 0 ? CWR : 0) | ((ace & 4) !== 0 ? AE : 0),
    ace: ace > 0 ? ace : undefined,
  };
}

function parseTcpOptions(scanner: ScriptScanner, isInbound: boolean): readonly ScriptTcpOption[] | undefined {
  if (!scanner.takes("<")) return [];
  if (scanner.takes("...")) {
    if (isInbound) throw scanner.fault("the options of a packet that is sent must be written out");
    scanner.need(">");
    return undefined;
  }
  const options: ScriptTcpOption[] = [];
  while (!scanner.takes(">")) {
    if (options.length > 0) scanner.need(",");
    options.push(parseTcpOption(scanner));
  }
  const bytes = options.reduce((sum, option) => sum + scriptOptionBytes(option), 0);
  if (bytes % 4 !== 0) throw scanner.fault(`the options take ${bytes} bytes, which is no multiple of four: nop or eol is missing`);
  if (bytes > MAX_OPTION_BYTES) throw scanner.fault(`the options take ${bytes} bytes, and a header has room for ${MAX_OPTION_BYTES}`);
  return options;
}

function parseTcpOption(scanner: ScriptScanner): ScriptTcpOption {
  const kind = scanner.needWord("a TCP option");
  switch (kind) {
    case "nop":
    case "eol":
    case "sackOK":
      return { kind };
    case "mss":
      return { kind, value: scanner.needInteger("mss", 0, 65535) };
    case "wscale":
      return { kind, value: scanner.needInteger("wscale", 0, 255) };
    case "sack":
      return { kind, blocks: parseSackBlocks(scanner) };
    case "TS": {
      if (!scanner.takesWord("val")) throw scanner.error('expected "val"');
      const val = scanner.needInteger("val");
      if (!scanner.takesWord("ecr")) throw scanner.error('expected "ecr"');
      return { kind, val, ecr: scanner.needInteger("ecr") };
    }
    case "FO":
    case "FOEXP":
      return { kind, hex: parseHex(scanner, kind, 72) };
    case "md5":
      return { kind, hex: parseHex(scanner, kind, 32) };
    case "ECN":
      return parseEcnOption(scanner);
    default:
      throw scanner.fault(`"${kind}" is no TCP option`);
  }
}

function parseHex(scanner: ScriptScanner, kind: string, mostDigits: number): string {
  const hex = scanner.take(HEX_BLOB) ?? "";
  if (hex.length % 2 !== 0) throw scanner.fault(`${kind} wants an even number of digits`);
  if (hex.length > mostDigits) throw scanner.fault(`${kind} has at most ${mostDigits / 2} bytes`);
  return hex.toLowerCase();
}

function parseSackBlocks(scanner: ScriptScanner): (readonly [number, number])[] {
  const blocks: (readonly [number, number])[] = [];
  while (blocks.length === 0 || scanner.peek(/\d/y) !== undefined) {
    const left = scanner.needInteger("a SACK block");
    scanner.need(":");
    blocks.push([left, scanner.needInteger("a SACK block")]);
  }
  return blocks;
}

const COUNTERS = { true: ["e1b", "ceb", "e0b"], false: ["e0b", "ceb", "e1b"] } as const;

function parseEcnOption(scanner: ScriptScanner): ScriptTcpOption {
  const isE1First = scanner.peekWord() === "e1b";
  const counters: number[] = [];
  for (const name of COUNTERS[`${isE1First}`]) {
    if (!scanner.takesWord(name)) break;
    counters.push(scanner.needInteger(name, 0, 0xffffff));
  }
  return { kind: "ECN", isE1First, counters };
}

function parseUdp(scanner: ScriptScanner, isInbound: boolean, ip: IpNotes, line: number): UdpLine {
  scanner.takesWord("udp");
  const ports = parsePorts(scanner);
  scanner.need("(");
  const length = scanner.needInteger("a length", 0, 65535);
  scanner.need(")");
  const next = scanner.peekWord();
  if (next !== undefined && OTHER_HEADERS.includes(next)) throw new UnsupportedScript(line, `header "${next}"`);
  return { kind: "udp", isInbound, ip, ...ports, length };
}

function parseIcmp(scanner: ScriptScanner, isInbound: boolean, ip: IpNotes, line: number): IcmpLine {
  scanner.takesWord("icmp");
  const type = scanner.needWord("a type of ICMP");
  const next = scanner.peekWord();
  const code = next === undefined || next === "mtu" || next === "id" ? undefined : scanner.needWord("a code of ICMP");
  const mtu = scanner.takesWord("mtu") ? scanner.needInteger("mtu", 0, 65535) : undefined;
  const id = scanner.takesWord("id") ? scanner.needInteger("id", 0, 65535) : undefined;
  return { kind: "icmp", isInbound, ip, line, type, code, mtu, id, quoted: parseQuoted(scanner) };
}

function parseQuoted(scanner: ScriptScanner): IcmpLine["quoted"] {
  if (!scanner.takes("[")) return undefined;
  let quoted: IcmpLine["quoted"];
  const kind = scanner.peekWord();
  if (kind === "udp" || kind === "raw") {
    scanner.needWord(kind);
    scanner.need("(");
    quoted = { kind, length: scanner.needInteger("a length", 0, 65535) };
  } else {
    const seq = scanner.needInteger("a sequence number");
    scanner.need(":");
    scanner.needInteger("a sequence number");
    scanner.need("(");
    scanner.needInteger("a length", 0, 65535);
    quoted = { kind: "tcp", seq };
  }
  scanner.need(")");
  scanner.need("]");
  return quoted;
}
