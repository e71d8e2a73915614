import { formatAddress } from "../core/address.ts";
import * as dns from "./dns.ts";

/** Records of an answer that are told; the rest are counted. */
const MOST_RECORDS = 4;

const RCODE_WORDS: ReadonlyMap<number, string> = new Map([
  [dns.FORMAT_ERROR, "format error"],
  [dns.SERVER_FAILURE, "server failure"],
  [dns.NAME_ERROR, "no such name"],
  [dns.NOT_IMPLEMENTED, "not implemented"],
  [dns.REFUSED, "refused"],
]);

/** A DNS message that `dns.check` found whole, in a line: `A? www.example.com`, `A www.example.com: 203.0.113.1`. */
export function dnsWords(b: Uint8Array, at: number, end: number): string {
  const question = questionWords(b, at, end);
  if (!dns.isResponse(b, at)) return question.replace(" ", "? ");
  const words = [...answerWords(b, at, end)];
  const code = dns.rcode(b, at);
  if (code !== dns.NO_ERROR) words.push(RCODE_WORDS.get(code) ?? `error ${code}`);
  if (dns.isTruncated(b, at)) words.push("truncated");
  return `${question}: ${words.join(", ") || "nothing"}`;
}

function questionWords(b: Uint8Array, at: number, end: number): string {
  if (dns.questions(b, at) === 0) return "no question";
  const name = dns.questionAt(at);
  return `${dns.typeName(dns.questionType(b, name))} ${dns.nameText(b, at, name, end)}`;
}

function* answerWords(b: Uint8Array, at: number, end: number): Iterable<string> {
  const count = dns.answers(b, at);
  const record = dns.makeRecordView();
  let next = dns.recordsAt(b, at);
  for (let i = 0; i < Math.min(count, MOST_RECORDS); i++) {
    next = dns.readRecord(b, next, record);
    yield recordWords(b, at, end, record);
  }
  if (count > MOST_RECORDS) yield `${count - MOST_RECORDS} more`;
}

function recordWords(b: Uint8Array, at: number, end: number, record: dns.RecordView): string {
  const name = dns.typeName(record.type);
  if (record.class !== dns.CLASS_IN) return name;
  switch (record.type) {
    case dns.TYPE_A:
    case dns.TYPE_AAAA:
      return formatAddress(dns.address(b, record));
    case dns.TYPE_CNAME:
    case dns.TYPE_PTR:
      return `${name} ${dns.nameText(b, at, dns.targetAt(record), end)}`;
    case dns.TYPE_SRV:
      return `${name} ${dns.nameText(b, at, dns.targetAt(record), end)}:${dns.srvPort(b, record)}`;
    default:
      return `${name} of ${record.dataEnd - record.dataAt} bytes`;
  }
}
