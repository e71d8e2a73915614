/**
 * DNS messages, RFC 1035 §4, with what RFC 9267 found that others get wrong. Integers are big-endian; lengths and offsets count bytes;
 * `at` is where the message begins and `end` where it ends. Names are text as RFC 1035 §5.1 writes them, without the last dot: printable
 * ASCII stands for itself, a dot or backslash within a label behind a backslash, any other octet as `\DDD`. So no text has a control
 * character in it, and two names are the same when their texts are, but for the case of letters.
 */
import { type AddressWords, type IpAddress, ipv4, ipv6, isV4 } from "../core/address.ts";
import { i32, putU16, u8, u16, u32 } from "./bytes.ts";

export const PORT = 53;

export const HEADER = 12;

/** Octets of a name as sent, its last zero included, RFC 1035 §3.1. */
export const MAX_NAME = 255;
export const MAX_LABEL = 63;

export const TYPE_A = 1;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_PTR = 12;
export const TYPE_TXT = 16;
export const TYPE_AAAA = 28;
export const TYPE_SRV = 33;
export const TYPE_OPT = 41;

export const CLASS_IN = 1;

/** RCODE, RFC 1035 §4.1.1. */
export const NO_ERROR = 0;
export const FORMAT_ERROR = 1;
export const SERVER_FAILURE = 2;
export const NAME_ERROR = 3;
export const NOT_IMPLEMENTED = 4;
export const REFUSED = 5;

/** Largest answer asked for over UDP: what passes every path unfragmented. */
export const UDP_PAYLOAD = 1232;

const ID = 0;
const FLAGS = 2;
const QUESTIONS = 4;
const ANSWERS = 6;
const AUTHORITIES = 8;
const ADDITIONALS = 10;

const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const RCODE = 0x000f;

/** The two high bits of a length say that it is a pointer; one of them alone says nothing (RFC 1035 §4.1.4). */
const POINTER = 0xc0;
const POINTER_TARGET = 0x3fff;
/** No name has more labels than this, and one jump for each label is plenty. */
const MAX_JUMPS = 127;

/** Type and class, after the name of a question. */
const QUESTION_FIXED = 4;
/** Type, class, time to live and length, after the name of a record. */
const RECORD_FIXED = 10;
const SRV_FIXED = 6;
const SOA_FIXED = 20;
const MINIMUM_IN_SOA_FIXED = 16;
/** A longest name, type and class, and the eleven bytes of OPT. */
const OPT_RECORD = 11;

/** The largest query that `writeQuery` writes. */
export const MAX_QUERY = HEADER + MAX_NAME + QUESTION_FIXED + OPT_RECORD;

export type Malformed = "dns-truncated" | "dns-bad-name" | "dns-bad-data";

/** One record of a message, refilled while walking. Offsets are into the message's bytes. */
export interface RecordView {
  nameAt: number;
  type: number;
  class: number;
  /** In seconds, below 2^31. */
  ttl: number;
  dataAt: number;
  dataEnd: number;
}

export const makeRecordView = (): RecordView => ({ nameAt: 0, type: 0, class: 0, ttl: 0, dataAt: 0, dataEnd: 0 });

/**
 * Says what is wrong with the message in [at, end), or undefined when all that its counts promise lies there: every name within its
 * bounds, every record's data within the message and of its type's shape. Run it before any of the functions below. Bytes behind the last
 * record are let be.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  if (end - at < HEADER) return "dns-truncated";
  let next = at + HEADER;
  for (let i = questions(b, at); i > 0; i--) {
    if (nameText(b, at, next, end) === undefined) return next < end ? "dns-bad-name" : "dns-truncated";
    next = nameEnd(b, next) + QUESTION_FIXED;
    if (next > end) return "dns-truncated";
  }
  const record = makeRecordView();
  for (let i = records(b, at); i > 0; i--) {
    if (nameText(b, at, next, end) === undefined) return next < end ? "dns-bad-name" : "dns-truncated";
    if (nameEnd(b, next) + RECORD_FIXED > end) return "dns-truncated";
    next = readRecord(b, next, record);
    if (next > end) return "dns-truncated";
    const malformed = checkData(b, at, record);
    if (malformed !== undefined) return malformed;
  }
  return undefined;
}

/** Names in the data may point to anywhere before them, but begin and end within it. */
function checkData(b: Uint8Array, at: number, { type, class: klass, dataAt, dataEnd }: RecordView): Malformed | undefined {
  if (klass !== CLASS_IN) return undefined;
  const length = dataEnd - dataAt;
  switch (type) {
    case TYPE_A:
      return length === 4 ? undefined : "dns-bad-data";
    case TYPE_AAAA:
      return length === 16 ? undefined : "dns-bad-data";
    case TYPE_CNAME:
    case TYPE_PTR:
      return checkNameIn(b, at, dataAt, dataEnd, dataEnd);
    case TYPE_SRV:
      return length < SRV_FIXED ? "dns-bad-data" : checkNameIn(b, at, dataAt + SRV_FIXED, dataEnd, dataEnd);
    case TYPE_SOA: {
      if (nameText(b, at, dataAt, dataEnd) === undefined) return "dns-bad-name";
      return checkNameIn(b, at, nameEnd(b, dataAt), dataEnd, dataEnd - SOA_FIXED);
    }
    case TYPE_TXT: {
      let string = dataAt;
      while (string < dataEnd) string += 1 + u8(b, string);
      return length > 0 && string === dataEnd ? undefined : "dns-bad-data";
    }
  }
  return undefined;
}

/** A name that lies before `limit` and ends exactly at `expectedEnd`. */
function checkNameIn(b: Uint8Array, at: number, name: number, limit: number, expectedEnd: number): Malformed | undefined {
  if (nameText(b, at, name, limit) === undefined) return "dns-bad-name";
  return nameEnd(b, name) === expectedEnd ? undefined : "dns-bad-data";
}

export const id = (b: Uint8Array, at: number): number => u16(b, at + ID);
export const isResponse = (b: Uint8Array, at: number): boolean => (u16(b, at + FLAGS) & RESPONSE) !== 0;
/** 0 is a standard query, and the answer to one. */
export const opcode = (b: Uint8Array, at: number): number => (u16(b, at + FLAGS) & OPCODE) >>> 11;
/** The answer had no room: ask again over TCP. */
export const isTruncated = (b: Uint8Array, at: number): boolean => (u16(b, at + FLAGS) & TRUNCATED) !== 0;
/** The server asks others on our behalf. */
export const offersRecursion = (b: Uint8Array, at: number): boolean => (u16(b, at + FLAGS) & RECURSION_AVAILABLE) !== 0;
/** Without the bits that an OPT record may add, which no answer to a plain query has. */
export const rcode = (b: Uint8Array, at: number): number => u16(b, at + FLAGS) & RCODE;
export const questions = (b: Uint8Array, at: number): number => u16(b, at + QUESTIONS);
export const answers = (b: Uint8Array, at: number): number => u16(b, at + ANSWERS);
export const authorities = (b: Uint8Array, at: number): number => u16(b, at + AUTHORITIES);
/** Of all three sections. */
export const records = (b: Uint8Array, at: number): number => answers(b, at) + authorities(b, at) + u16(b, at + ADDITIONALS);

export const questionAt = (at: number): number => at + HEADER;
/** Of the question whose name begins at `name`. */
export const questionType = (b: Uint8Array, name: number): number => u16(b, nameEnd(b, name));

/** Where the first record begins: after all questions. */
export function recordsAt(b: Uint8Array, at: number): number {
  let next = questionAt(at);
  for (let i = questions(b, at); i > 0; i--) next = nameEnd(b, next) + QUESTION_FIXED;
  return next;
}

/** Fills `record` with the one that begins at `from`. @returns where the next one begins */
export function readRecord(b: Uint8Array, from: number, record: RecordView): number {
  const fixed = nameEnd(b, from);
  record.nameAt = from;
  record.type = u16(b, fixed);
  record.class = u16(b, fixed + 2);
  // With the high bit set it means 0, RFC 2181 §8.
  record.ttl = Math.max(0, i32(b, fixed + 4));
  record.dataAt = fixed + RECORD_FIXED;
  record.dataEnd = record.dataAt + u16(b, fixed + 8);
  return record.dataEnd;
}

/** Of an A or AAAA record. */
export function address(b: Uint8Array, { type, dataAt }: RecordView): IpAddress {
  if (type === TYPE_A) return ipv4(i32(b, dataAt));
  return ipv6(i32(b, dataAt), i32(b, dataAt + 4), i32(b, dataAt + 8), i32(b, dataAt + 12));
}

export const srvPriority = (b: Uint8Array, { dataAt }: RecordView): number => u16(b, dataAt);
export const srvWeight = (b: Uint8Array, { dataAt }: RecordView): number => u16(b, dataAt + 2);
export const srvPort = (b: Uint8Array, { dataAt }: RecordView): number => u16(b, dataAt + 4);
/** Where the name in the data of a CNAME, PTR or SRV record begins. */
export const targetAt = ({ type, dataAt }: RecordView): number => (type === TYPE_SRV ? dataAt + SRV_FIXED : dataAt);
/** Of a SOA record: how long, in seconds, what is not there may be taken as not there, RFC 2308 §4. */
export const soaMinimum = (b: Uint8Array, { dataEnd }: RecordView): number =>
  Math.min(u32(b, dataEnd - SOA_FIXED + MINIMUM_IN_SOA_FIXED), 0x7fffffff);

/** The strings of a TXT record, their octets as in a name, but for the dot. */
export function texts(b: Uint8Array, { dataAt, dataEnd }: RecordView): string[] {
  const strings: string[] = [];
  for (let string = dataAt; string < dataEnd; string += 1 + u8(b, string)) {
    let text = "";
    for (let i = 1; i <= u8(b, string); i++) text += octetText(u8(b, string + i), '"');
    strings.push(text);
  }
  return strings;
}

/** Whether two stretches of bytes are the same, such as a question as sent and as it comes back. */
export function sameBytes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

// Names

/**
 * The name that begins at `name`, or undefined where it is none: a label or the name is too long, it leaves [at, end), or a pointer in it
 * does not lead backwards. A pointer that leads before the beginning of the labels that it follows makes every jump go further back, so
 * no chain of them has a loop (RFC 9267 §2).
 * @param first where the first name may lie
 */
export function nameText(b: Uint8Array, at: number, name: number, end: number, first = at + HEADER): string | undefined {
  let text = "";
  let octets = 1;
  let jumps = 0;
  let runAt = name;
  let next = name;
  for (;;) {
    if (next >= end) return undefined;
    const length = u8(b, next);
    if (length === 0) return text === "" ? "." : text;
    if (length >= POINTER) {
      if (next + 2 > end || ++jumps > MAX_JUMPS) return undefined;
      next = at + (u16(b, next) & POINTER_TARGET);
      if (next >= runAt || next < first) return undefined;
      runAt = next;
      continue;
    }
    octets += 1 + length;
    if (length > MAX_LABEL || octets > MAX_NAME || next + 1 + length > end) return undefined;
    if (text !== "") text += ".";
    for (let i = 1; i <= length; i++) text += octetText(u8(b, next + i), ".");
    next += 1 + length;
  }
}

/** Where the name that begins at `name` ends: behind its zero, or behind its first pointer. For names that `nameText` has read. */
export function nameEnd(b: Uint8Array, name: number): number {
  let next = name;
  for (;;) {
    const length = u8(b, next);
    if (length === 0) return next + 1;
    if (length >= POINTER) return next + 2;
    next += 1 + length;
  }
}

const BACKSLASH = 0x5c;

function octetText(octet: number, special: string): string {
  if (octet <= 0x20 || octet >= 0x7f) return `\\${String(octet).padStart(3, "0")}`;
  const character = String.fromCharCode(octet);
  return character === special || octet === BACKSLASH ? `\\${character}` : character;
}

/** One octet of a text: `\DDD`, a character that is no digit behind a backslash, or one that stands for itself. */
const OCTET = /\\(\d{3})|\\([!-/:-~])|([!-[\]-~])/y;

/**
 * Writes a name without compression; it may end in a dot, and `.` is the root. `b` has room for MAX_NAME bytes from `at`.
 * @returns where it ends, or undefined where the text is no name
 */
export function writeName(b: Uint8Array, at: number, text: string): number | undefined {
  if (text === ".") {
    b[at] = 0;
    return at + 1;
  }
  let lengthAt = at;
  let next = at + 1;
  OCTET.lastIndex = 0;
  while (OCTET.lastIndex < text.length) {
    const match = OCTET.exec(text);
    if (match === null) return undefined;
    const [, decimal, escaped, plain] = match;
    if (plain === ".") {
      if (next - lengthAt === 1) return undefined;
      b[lengthAt] = next - lengthAt - 1;
      lengthAt = next++;
      continue;
    }
    const octet = decimal === undefined ? (escaped ?? plain ?? "").charCodeAt(0) : Number(decimal);
    // The last octet of all is the root's.
    if (octet > 0xff || next - lengthAt > MAX_LABEL || next - at >= MAX_NAME - 1) return undefined;
    b[next++] = octet;
  }
  if (next === at + 1) return undefined;
  const lastLabel = next - lengthAt - 1;
  b[lengthAt] = lastLabel;
  if (lastLabel === 0) return next;
  b[next] = 0;
  return next + 1;
}

/** The name under which the names of an address are looked for, RFC 1035 §3.5 and RFC 3596 §2.5. */
export function reverseName(of: AddressWords): string {
  const words = isV4(of) ? [of.w3] : [of.w0, of.w1, of.w2, of.w3];
  const digits = words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  if (!isV4(of)) return `${[...digits].reverse().join(".")}.ip6.arpa`;
  const octets = (digits.match(/../g) ?? []).map((octet) => Number.parseInt(octet, 16));
  return `${octets.reverse().join(".")}.in-addr.arpa`;
}

/**
 * Writes a query for recursion with one question, RFC 1035 §4.1. `b` has room for MAX_QUERY bytes from `at`.
 * @param udpPayload largest answer that may come by UDP, told in an OPT record (RFC 6891); 0 leaves that out
 * @returns where it ends, or undefined where the name is none
 */
export function writeQuery(b: Uint8Array, at: number, queryId: number, name: string, type: number, udpPayload: number): number | undefined {
  putU16(b, at + ID, queryId);
  putU16(b, at + FLAGS, RECURSION_DESIRED);
  putU16(b, at + QUESTIONS, 1);
  putU16(b, at + ANSWERS, 0);
  putU16(b, at + AUTHORITIES, 0);
  putU16(b, at + ADDITIONALS, udpPayload > 0 ? 1 : 0);
  const named = writeName(b, questionAt(at), name);
  if (named === undefined) return undefined;
  putU16(b, named, type);
  putU16(b, named + 2, CLASS_IN);
  const end = named + QUESTION_FIXED;
  if (udpPayload === 0) return end;
  b.fill(0, end, end + OPT_RECORD);
  putU16(b, end + 1, TYPE_OPT);
  putU16(b, end + 3, udpPayload);
  return end + OPT_RECORD;
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [TYPE_A, "A"],
  [2, "NS"],
  [TYPE_CNAME, "CNAME"],
  [TYPE_SOA, "SOA"],
  [TYPE_PTR, "PTR"],
  [15, "MX"],
  [TYPE_TXT, "TXT"],
  [TYPE_AAAA, "AAAA"],
  [TYPE_SRV, "SRV"],
  [TYPE_OPT, "OPT"],
  [65, "HTTPS"],
  [255, "ANY"],
]);

/** `AAAA`, or `TYPE99` as RFC 3597 §5 has it. */
export const typeName = (type: number): string => TYPE_NAMES.get(type) ?? `TYPE${type}`;
