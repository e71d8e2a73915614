import type { AddressWords, IpAddress } from "../../core/address.ts";

/** What a group record says (RFC 3376 §4.2.12; RFC 3810 §5.2.12 has the same numbers). */
export const IS_INCLUDE = 1;
export const IS_EXCLUDE = 2;
export const TO_INCLUDE = 3;
export const TO_EXCLUDE = 4;
export const ALLOW_SOURCES = 5;
export const BLOCK_SOURCES = 6;

export interface GroupRecord {
  readonly kind:
    | typeof IS_INCLUDE
    | typeof IS_EXCLUDE
    | typeof TO_INCLUDE
    | typeof TO_EXCLUDE
    | typeof ALLOW_SOURCES
    | typeof BLOCK_SOURCES;
  readonly group: IpAddress;
  readonly sources: readonly IpAddress[];
}

/** What the querier of a link speaks: IGMPv3 and MLDv2 are `current`, IGMPv2 and MLDv1 `older`, IGMPv1 `oldest`. */
export type QuerierVersion = "current" | "older" | "oldest";

/** A router asks who is a member of what (RFC 3376 §4.1, RFC 3810 §5.1). */
export interface GroupQuery {
  readonly version: QuerierVersion;
  /** How long an answer may take, in milliseconds. */
  readonly maxResponseMs: number;
  /** Undefined asks for every group. */
  readonly group: IpAddress | undefined;
  /** Empty asks for the group, whatever the source. */
  readonly sources: readonly IpAddress[];
  /** The querier's Robustness Variable; 0 when it does not tell. */
  readonly robustness: number;
  /** The querier's Query Interval, in milliseconds; 0 when it does not tell. */
  readonly intervalMs: number;
}

/** One interface's memberships as routers hear of them, in the protocol of its family: IGMP or MLD. */
export interface GroupMessages {
  /** In the current version; several messages when one has no room. */
  report(records: readonly GroupRecord[]): void;
  /** One group in an older version. */
  olderReport(version: "older" | "oldest", group: IpAddress): void;
  /** IGMPv2's leave, MLDv1's done. */
  leave(group: IpAddress): void;
  /** Whether routers are told of the group at all: not of the one that every host is in, and none that stays on this host. */
  isReported(group: AddressWords): boolean;
}

/**
 * Divides records among messages that have room for `room` bytes of them (RFC 3376 §4.2.16): the sources of one that is too long go into
 * several, except where they are left out: what is blocked may be said in part only once.
 * @param recordBytes of a record without sources
 * @param sourceBytes of each source
 */
export function divideRecords(records: readonly GroupRecord[], room: number, recordBytes: number, sourceBytes: number): GroupRecord[][] {
  const messages: GroupRecord[][] = [];
  let message: GroupRecord[] = [];
  let left = room;
  const mostSources = Math.max(1, Math.floor((room - recordBytes) / sourceBytes));
  for (const record of records) {
    for (const piece of pieces(record, mostSources)) {
      const size = recordBytes + piece.sources.length * sourceBytes;
      if (size > left && message.length > 0) {
        messages.push(message);
        message = [];
        left = room;
      }
      message.push(piece);
      left -= size;
    }
  }
  if (message.length > 0) messages.push(message);
  return messages;
}

function pieces(record: GroupRecord, mostSources: number): GroupRecord[] {
  const { kind, sources } = record;
  if (sources.length <= mostSources) return [record];
  if (kind === IS_EXCLUDE || kind === TO_EXCLUDE) return [{ ...record, sources: sources.slice(0, mostSources) }];
  const all: GroupRecord[] = [];
  for (let at = 0; at < sources.length; at += mostSources) all.push({ ...record, sources: sources.slice(at, at + mostSources) });
  return all;
}
