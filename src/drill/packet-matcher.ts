import { ACK, CWR, ECE, FIN, PSH, RST, SYN, URG } from "../stack/packet/tcp.ts";
import type { Conversation } from "./conversation.ts";
import { flagsText, inScriptNumbers, lineText, optionText, segmentText } from "./packet-text.ts";
import { AE } from "./parse-packet.ts";
import type { IpNotes, TcpLine } from "./script.ts";
import { DrillMismatch } from "./script-error.ts";
import type { SentIp, SentOption, SentSegment } from "./sent-packet.ts";

/** When the PSH flag is compared: always, or where it says something that every sender says alike. */
export type PshRule = "lenient" | "strict";

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [FIN, "FIN"],
  [SYN, "SYN"],
  [RST, "RST"],
  [PSH, "PSH"],
  [ACK, "ACK"],
  [URG, "URG"],
  [ECE, "ECE"],
  [CWR, "CWR"],
  [AE, "AE"],
];

/**
 * Compares a segment with the line that expects it, in the order of the headers; the first difference is thrown.
 * @param timeUs how far our timestamps may be off, in microseconds; undefined leaves them uncompared
 */
export function matchSegment(line: TcpLine, segment: SentSegment, talk: Conversation, psh: PshRule, ts?: TimestampRule): void {
  const problem = difference(line, segment, talk, psh, ts);
  if (problem !== undefined) throw new DrillMismatch(problem, lineText(line), segmentText(segment, talk));
}

/** How exactly our timestamps are to be met. */
export interface TimestampRule {
  readonly tickUs: number;
  readonly toleranceUs: number;
}

function difference(
  line: TcpLine,
  segment: SentSegment,
  talk: Conversation,
  psh: PshRule,
  ts: TimestampRule | undefined,
): string | undefined {
  if (segment.fault !== undefined) return segment.fault;
  if (segment.length !== line.length) return differs("payload length", line.length, segment.length);
  const ip = ipDifference(line.ip, segment, talk);
  if (ip !== undefined) return ip;
  const isSyn = (segment.flags & SYN) !== 0;
  const flags = flagDifference(line, segment, talk, psh);
  if (flags !== undefined) return flags;
  if (segment.reserved !== 0) return differs("reserved bits", 0, segment.reserved);
  const seq = talk.localInScript(segment.seq, isSyn);
  if (seq !== line.seq) return differs("sequence number", line.seq, seq);
  const ack = (segment.flags & ACK) !== 0 ? talk.remoteInScript(segment.ack, isSyn) : segment.ack;
  if (ack !== line.ack) return differs("acknowledgment number", line.ack, ack);
  if (line.window !== undefined && segment.window !== line.window) return differs("window", line.window, segment.window);
  if (segment.urgent !== line.urgent) return differs("urgent pointer", line.urgent, segment.urgent);
  return optionDifference(line, segment, talk, ts) ?? payloadDifference(segment);
}

const differs = (what: string, expected: number | string, came: number | string): string => `${what} is ${came}, not ${expected}`;

/** What a line says of the IP header. */
export function ipDifference(notes: IpNotes, ip: SentIp, talk: Conversation): string | undefined {
  const ecn = ip.tos & 3;
  if (notes.ecn === "ect01" ? ecn !== 1 && ecn !== 2 : notes.ecn !== undefined && ecn !== notes.ecn) {
    return differs("ECN", String(notes.ecn), ecn);
  }
  if (notes.tos !== undefined && notes.tos !== ip.tos) return differs("tos", notes.tos, ip.tos);
  if (notes.ttl !== undefined && notes.ttl !== ip.ttl) return differs("ttl", notes.ttl, ip.ttl);
  if (notes.flowLabel !== undefined && !talk.isFlowLabel(notes.flowLabel, ip.flowLabel)) {
    return `flow label 0x${ip.flowLabel.toString(16)} is not what the script calls 0x${notes.flowLabel.toString(16)}`;
  }
  return undefined;
}

function flagDifference(line: TcpLine, segment: SentSegment, talk: Conversation, psh: PshRule): string | undefined {
  const { bits, ace } = line.flags;
  let compared = FIN | SYN | RST | ACK | URG | ECE | CWR | AE;
  // How long writes are cut is every sender's own business, and with it where PSH stands but at their ends.
  if (psh === "strict" || line.length === 0 || talk.writeEnds.has((line.seq + line.length) >>> 0)) compared |= PSH;
  if (ace !== undefined) {
    const counter = ((segment.flags & (ECE | CWR)) >>> 6) | ((segment.flags & AE) >>> 6);
    if (counter !== ace) return differs("ACE counter", ace, counter);
    compared &= ~(ECE | CWR | AE);
  }
  const wrong = (bits ^ segment.flags) & compared;
  if (wrong === 0) return undefined;
  const names = FLAG_NAMES.filter(([bit]) => (wrong & bit) !== 0).map(([, name]) => name);
  return `flags are ${flagsText(segment.flags)}, not ${line.flags.text}: ${names.join(", ")}`;
}

function optionDifference(line: TcpLine, segment: SentSegment, talk: Conversation, ts: TimestampRule | undefined): string | undefined {
  if (line.options === undefined) return undefined;
  const count = Math.max(line.options.length, segment.options.length);
  for (let i = 0; i < count; i++) {
    const wanted = line.options[i];
    const there = segment.options[i];
    if (wanted === undefined) return `option ${optionText(there!)} is not expected`;
    if (there === undefined) return `option ${optionText(wanted)} is missing`;
    if (wanted.kind === "TS" && there.kind === "TS") talk.sawTimestamp(wanted.val, there.val);
    const shown = inScriptNumbers(there, talk);
    if (!isSameOption(wanted, shown, ts)) return differs("option", optionText(wanted), optionText(shown));
  }
  return undefined;
}

function isSameOption(wanted: SentOption, there: SentOption, ts: TimestampRule | undefined): boolean {
  if (wanted.kind === "TS" && there.kind === "TS") {
    return ts === undefined || Math.abs((there.val - wanted.val) | 0) * ts.tickUs <= ts.toleranceUs;
  }
  return optionText(wanted) === optionText(there);
}

function payloadDifference({ bytes, length }: SentSegment): string | undefined {
  for (let at = bytes.length - length; at < bytes.length; at++) {
    if (bytes[at] !== 0) return `byte ${at - bytes.length + length} of the payload is ${bytes[at]}, not 0`;
  }
  return undefined;
}

/**
 * Whether `next` is what a sender with segmentation offload would have sent together with `sum`: the same header over the text that follows.
 * @returns why not, or undefined
 */
export function joinProblem(sum: SentSegment, next: SentSegment, previousLength: number, isLast: boolean): string | undefined {
  const same = SYN | RST | ACK | URG | ECE | AE;
  if (next.seq !== (sum.seq + sum.length) >>> 0) return "the next segment does not follow it";
  if (next.headerBytes !== sum.headerBytes) return "the next segment has a header of another length";
  if (next.ack !== sum.ack) return "the next segment acknowledges something else";
  if (next.window !== sum.window) return "the next segment offers another window";
  if (((next.flags ^ sum.flags) & same) !== 0) return "the next segment has other flags";
  if (!isLast && next.length !== previousLength) return "the next segment has another length";
  return undefined;
}

/** Two segments as one: what it says is the later's, where it begins the earlier's. */
export function joinSegments(sum: SentSegment, next: SentSegment): SentSegment {
  const bytes = new Uint8Array(next.bytes.length + sum.length);
  bytes.set(next.bytes);
  // Text is compared with zeroes at the end of the datagram, wherever its header lies.
  bytes.set(sum.bytes.subarray(sum.bytes.length - sum.length), next.bytes.length - next.length);
  bytes.set(next.bytes.subarray(next.bytes.length - next.length), next.bytes.length - next.length + sum.length);
  return {
    ...next,
    bytes,
    seq: sum.seq,
    flags: (next.flags & ~CWR) | (sum.flags & CWR),
    length: sum.length + next.length,
    fault: sum.fault ?? next.fault,
  };
}
