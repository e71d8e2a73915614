import { type AddressWords, type IpAddress, sameAddress } from "../../core/address.ts";
import { AddressMap } from "../../core/address-map.ts";

/** Which sources of a group are wanted: those listed, or all but those (RFC 3376 §2, RFC 3810 §3). */
export interface SourceFilter {
  readonly mode: "include" | "exclude";
  /** Without repetition. */
  readonly sources: readonly IpAddress[];
}

/** Who is no member wants nothing. */
export const NO_SOURCE: SourceFilter = { mode: "include", sources: [] };
/** A member that names no sources takes all. */
export const ANY_SOURCE: SourceFilter = { mode: "exclude", sources: [] };

/** Sources of one group that an interface keeps apart; what goes beyond comes in, and is left out by the filters of the sockets. */
export const MAX_MERGED_SOURCES = 1024;

export const wantsNothing = (filter: SourceFilter): boolean => filter.mode === "include" && filter.sources.length === 0;

/** Whether what `source` sends to the group is wanted. */
export function admits(filter: SourceFilter, source: AddressWords): boolean {
  const isListed = lists(filter.sources, source);
  return filter.mode === "include" ? isListed : !isListed;
}

export const lists = (sources: readonly IpAddress[], source: AddressWords): boolean => sources.some((s) => sameAddress(s, source));

/** What an interface has to let in for all of its sockets, RFC 3376 §3.2: the sources that any of them wants. */
export function mergedFilter(filters: readonly SourceFilter[]): SourceFilter {
  const excluding = filters.filter(({ mode }) => mode === "exclude");
  const included = filters.filter(({ mode }) => mode === "include").flatMap(({ sources }) => sources);
  if (excluding.length === 0) {
    const sources = withoutRepetition(included);
    return sources.length > MAX_MERGED_SOURCES ? ANY_SOURCE : { mode: "include", sources };
  }
  // Blocked is what everybody blocks who blocks, and nobody asks for.
  const [first, ...others] = excluding.map(({ sources }) => sources);
  const blocked = others.reduce((left, sources) => common(left, sources), withoutRepetition(first!));
  return { mode: "exclude", sources: minus(blocked, included).slice(0, MAX_MERGED_SOURCES) };
}

/** Those of `a` that are in `b` too. */
export function common(a: readonly IpAddress[], b: readonly IpAddress[]): IpAddress[] {
  const there = setOf(b);
  return a.filter((source) => there.get(source) === true);
}

/** Those of `a` that are not in `b`. */
export function minus(a: readonly IpAddress[], b: readonly IpAddress[]): IpAddress[] {
  const there = setOf(b);
  return a.filter((source) => there.get(source) === undefined);
}

export const sameFilter = (a: SourceFilter, b: SourceFilter): boolean =>
  a.mode === b.mode && a.sources.length === b.sources.length && minus(a.sources, b.sources).length === 0;

export const withoutRepetition = (sources: readonly IpAddress[]): IpAddress[] => [...setOf(sources).keys()];

function setOf(sources: readonly IpAddress[]): AddressMap<true> {
  const set = new AddressMap<true>();
  for (const source of sources) set.set(source, true);
  return set;
}
