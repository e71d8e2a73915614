import { canonicalName, dotsIn } from "./domain-names.ts";

/** A name with fewer dots is looked for in the search list before it is taken for a whole one; resolvers everywhere say 1. */
const NDOTS = 1;

/**
 * The absolute names to try for what somebody wrote, in order (RFC 1123 §6.1.4.3, RFC 1535 §6): one that ends in a dot is absolute; one
 * with a dot in it is tried as it is and then in the search list; one without, in the search list first. Those that come out too long
 * are left out. Undefined where the text is no name.
 */
export function namesToTry(text: string, searchList: readonly string[]): string[] | undefined {
  const name = canonicalName(text);
  if (name === undefined) return undefined;
  if (endsInDot(text)) return [name];
  const within = searchList
    .map((domain) => canonicalName(domain === "." ? name : `${name}.${domain}`))
    .filter((each) => each !== undefined);
  const all = dotsIn(name) >= NDOTS ? [name, ...within] : [...within, name];
  return all.filter((each, i) => all.indexOf(each) === i);
}

/** The last dot is no part of the last label: an even number of backslashes, or none, stands before it. */
function endsInDot(text: string): boolean {
  const [, backslashes = ""] = /(\\*)\.$/.exec(text) ?? [];
  return text.endsWith(".") && backslashes.length % 2 === 0;
}
