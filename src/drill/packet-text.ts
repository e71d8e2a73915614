import { ACK, SYN } from "../stack/packet/tcp.ts";
import type { Conversation } from "./conversation.ts";
import { FLAG_LETTERS } from "./parse-packet.ts";
import type { IpNotes, TcpLine } from "./script.ts";
import type { SentOption, SentSegment } from "./sent-packet.ts";

/** A segment in the script's own words and numbers. */
export function segmentText(segment: SentSegment, talk: Conversation): string {
  const isSyn = (segment.flags & SYN) !== 0;
  const seq = talk.localInScript(segment.seq, isSyn);
  const hasAck = (segment.flags & ACK) !== 0;
  const ecn = segment.tos & 3;
  return [
    ">",
    ...(ecn === 0 ? [] : [`[${["noecn", "ect1", "ect0", "ce"][ecn]}]`]),
    flagsText(segment.flags),
    `${seq}:${(seq + segment.length) >>> 0}(${segment.length})`,
    ...(hasAck ? [`ack ${talk.remoteInScript(segment.ack, isSyn)}`] : []),
    `win ${segment.window}`,
    ...(segment.urgent > 0 ? [`urg ${segment.urgent}`] : []),
    ...optionsText(segment.options.map((option) => inScriptNumbers(option, talk))),
  ].join(" ");
}

/** A line as it stands in the script. */
export function lineText(line: TcpLine): string {
  const { flags, seq, length, window, urgent, options } = line;
  return [
    line.isInbound ? "<" : ">",
    ...notesText(line.ip),
    flags.text,
    `${seq}:${(seq + length) >>> 0}(${length})`,
    ...((flags.bits & ACK) !== 0 ? [`ack ${line.ack}`] : []),
    ...(window === undefined ? [] : [`win ${window}`]),
    ...(urgent > 0 ? [`urg ${urgent}`] : []),
    ...(options === undefined ? ["<...>"] : optionsText(options)),
  ].join(" ");
}

const ECN_WORDS = ["noecn", "ect1", "ect0", "ce"] as const;

function notesText({ ecn, tos, ttl, flowLabel }: IpNotes): string[] {
  const notes = [
    ...(ecn === undefined ? [] : [typeof ecn === "string" ? ecn : ECN_WORDS[ecn]!]),
    ...(tos === undefined ? [] : [`tos 0x${tos.toString(16)}`]),
    ...(ttl === undefined ? [] : [`ttl ${ttl}`]),
    ...(flowLabel === undefined ? [] : [`flowlabel 0x${flowLabel.toString(16)}`]),
  ];
  return notes.length === 0 ? [] : [`[${notes.join(", ")}]`];
}

/** `S.`, `P.`, `-` for none. */
export function flagsText(bits: number): string {
  const letters = FLAG_LETTERS.filter(([, bit]) => (bits & bit) !== 0).map(([letter]) => letter);
  return letters.length === 0 ? "-" : letters.join("");
}

const optionsText = (options: readonly SentOption[]): string[] => (options.length === 0 ? [] : [`<${options.map(optionText).join(",")}>`]);

export function optionText(option: SentOption): string {
  switch (option.kind) {
    case "nop":
    case "eol":
    case "sackOK":
      return option.kind;
    case "mss":
    case "wscale":
      return `${option.kind} ${option.value}`;
    case "sack":
      return `sack ${option.blocks.map(([left, right]) => `${left}:${right}`).join(" ")}`;
    case "TS":
      return `TS val ${option.val} ecr ${option.ecr}`;
    case "FO":
    case "FOEXP":
    case "md5":
      return option.hex === "" ? option.kind : `${option.kind} ${option.hex}`;
    case "ECN": {
      const names = option.isE1First ? ["e1b", "ceb", "e0b"] : ["e0b", "ceb", "e1b"];
      return `ECN ${option.counters.map((counter, i) => `${names[i]} ${counter}`).join(" ")}`.trimEnd();
    }
    case "other":
      return `kind ${option.number}${option.hex === "" ? "" : ` ${option.hex}`}`;
  }
}

/** SACK blocks and our timestamp as the script counts them. */
export function inScriptNumbers(option: SentOption, talk: Conversation): SentOption {
  if (option.kind === "sack") {
    return {
      kind: "sack",
      blocks: option.blocks.map(([left, right]) => [talk.remoteInScript(left, false), talk.remoteInScript(right, false)]),
    };
  }
  if (option.kind === "TS") return { ...option, val: talk.timestampInScript(option.val) ?? option.val };
  return option;
}
