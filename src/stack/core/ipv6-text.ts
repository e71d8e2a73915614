/** The text form of the 128 bits of an IPv6 address, without its zone: RFC 4291 §2.2 as it may be read, RFC 5952 as it is written. */

const GROUPS = 8;

const GROUP = /^[0-9a-f]{1,4}$/i;
/** As inet_pton reads it: no leading zeros, which some take for octal. */
const QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** The 32 bits of a dotted quad, unsigned, or undefined where it is none. */
export function readQuad(text: string): number | undefined {
  const parts = QUAD.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((bits, part) => bits * 256 + part, 0);
}

/** The four words, the highest first, or undefined where the text is no IPv6 address. */
export function readIpv6Words(text: string): readonly [number, number, number, number] | undefined {
  const [left = "", right, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const before = readGroups(left, right === undefined);
  const after = right === undefined ? [] : readGroups(right, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = GROUPS - before.length - after.length;
  // "::" stands for one group at least (RFC 4291 §2.2 says one or more).
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  const word = (at: number): number => (groups[at]! << 16) | groups[at + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

/** Groups between colons; a dotted quad may be the last of those at the end of the address. */
function readGroups(text: string, isAtEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    const quad = isAtEnd && i === parts.length - 1 ? readQuad(part) : undefined;
    if (quad !== undefined) groups.push(quad >>> 16, quad & 0xffff);
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/**
 * RFC 5952: lower case, no leading zeros (§4.1), `::` for the longest run of two zero groups or more, the first of equals (§4.2), and a
 * dotted quad where the prefix alone says that an IPv4 address is inside (§5): of those, ::ffff:0:0/96.
 */
export function formatIpv6Words(w0: number, w1: number, w2: number, w3: number): string {
  const groups = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `::ffff:${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`;
  const run = longestZeroRun(groups);
  const text = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(":");
  return run.length < 2 ? text(groups) : `${text(groups.slice(0, run.at))}::${text(groups.slice(run.at + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; ) {
    let end = at;
    while (groups[end] === 0) end++;
    if (end - at > best.length) best = { at, length: end - at };
    at = Math.max(end, at + 1);
  }
  return best;
}
