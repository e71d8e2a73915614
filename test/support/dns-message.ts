/** DNS messages for tests, written without the code under test. */

export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41 } as const;

/** Flags of answers from a server that recurses. */
const ANSWER = 0x8180;
export const TRUNCATED_ANSWER = 0x8380;
export const NXDOMAIN = 0x8183;
export const FORMERR = 0x8181;
export const SERVFAIL = 0x8182;
export const REFUSED = 0x8185;

export interface RecordParts {
  readonly name: string;
  readonly type: number;
  /** IN unless given. */
  readonly class?: number;
  /** 300 s unless given. */
  readonly ttl?: number;
  readonly data: readonly number[];
  /** What the length field says, if not the truth. */
  readonly length?: number;
}

export interface MessageParts {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly (readonly [name: string, type: number])[];
  readonly answers?: readonly RecordParts[];
  readonly authorities?: readonly RecordParts[];
  readonly additionals?: readonly RecordParts[];
  /** What the counts say, if not the truth. */
  readonly counts?: readonly [number, number, number, number];
}

export const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));
const two = (value: number): number[] => [(value >> 8) & 255, value & 255];
const four = (value: number): number[] => [...two(value >>> 16), ...two(value & 0xffff)];

/** A name as sent, without compression; no escapes. */
export const nameBytes = (name: string): number[] =>
  name === "." ? [0] : [...name.split(".").flatMap((label) => [label.length, ...ascii(label)]), 0];

/** The quad of an A record. */
export const a = (name: string, quad: string, ttl = 300): RecordParts => ({ name, type: TYPE.A, ttl, data: quad.split(".").map(Number) });
export const aaaa = (name: string, groups: readonly number[], ttl = 300): RecordParts => ({
  name,
  type: TYPE.AAAA,
  ttl,
  data: groups.flatMap(two),
});
export const cname = (name: string, target: string, ttl = 300): RecordParts => ({ name, type: TYPE.CNAME, ttl, data: nameBytes(target) });
export const ptr = (name: string, target: string, ttl = 300): RecordParts => ({ name, type: TYPE.PTR, ttl, data: nameBytes(target) });
export const srv = (name: string, priority: number, weight: number, port: number, target: string): RecordParts => ({
  name,
  type: TYPE.SRV,
  data: [...two(priority), ...two(weight), ...two(port), ...nameBytes(target)],
});
export const txt = (name: string, ...strings: readonly string[]): RecordParts => ({
  name,
  type: TYPE.TXT,
  data: strings.flatMap((text) => [text.length, ...ascii(text)]),
});
export const soa = (name: string, minimum: number, ttl = 300): RecordParts => ({
  name,
  type: TYPE.SOA,
  ttl,
  data: [...nameBytes("ns.example"), ...nameBytes("root.example"), ...[1, 2, 3, 4, minimum].flatMap(four)],
});

function recordBytes({ name, type, class: klass = 1, ttl = 300, data, length = data.length }: RecordParts): number[] {
  return [...nameBytes(name), ...two(type), ...two(klass), ...four(ttl), ...two(length), ...data];
}

export function message(parts: MessageParts): Uint8Array {
  const { id = 0x1234, flags = ANSWER, questions = [], answers = [], authorities = [], additionals = [] } = parts;
  const counts = parts.counts ?? [questions.length, answers.length, authorities.length, additionals.length];
  return Uint8Array.from([
    ...two(id),
    ...two(flags),
    ...counts.flatMap(two),
    ...questions.flatMap(([name, type]) => [...nameBytes(name), ...two(type), ...two(1)]),
    ...[...answers, ...authorities, ...additionals].flatMap(recordBytes),
  ]);
}
