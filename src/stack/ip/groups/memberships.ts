import { type AddressWords, type IpAddress, isMulticast, isUnspecified, sameAddress, sameFamily } from "../../core/address.ts";
import type { InterfaceService } from "../../link/interface-service.ts";
import { ANY_SOURCE, admits, lists, type SourceFilter, wantsNothing, withoutRepetition } from "./source-filter.ts";

/** Groups that one socket may be a member of; one more is refused. */
export const MAX_SOCKET_GROUPS = 64;
/** Sources in the filter of one membership. */
export const MAX_FILTER_SOURCES = 128;

/** A socket's membership of a group on one interface. */
export interface Membership {
  readonly group: IpAddress;
  readonly interface: InterfaceService;
  readonly filter: SourceFilter;
}

/** `not-a-group`, `not-a-source`: no such address. `wrong-mode`: sources are asked for where they are left out, or the other way round. */
export type MembershipFailure =
  | "not-a-group"
  | "not-a-source"
  | "no-interface"
  | "already-member"
  | "not-member"
  | "wrong-mode"
  | "already-listed"
  | "not-listed"
  | "too-many-groups"
  | "too-many-sources";

/** The memberships of one socket, with the calls of RFC 3376 §3 and RFC 3678 §4 and §5. Without `through` the routes say which interface is meant. */
export interface MembershipService {
  list(): readonly Membership[];
  /** Takes what anybody sends to the group. */
  join(group: IpAddress, through?: InterfaceService): MembershipFailure | undefined;
  /** Without `through`: the first membership of the group. */
  leave(group: IpAddress, through?: InterfaceService): MembershipFailure | undefined;
  /** Takes what this source sends to the group, beside those that were named before. */
  joinSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined;
  /** With its last source the membership ends. */
  leaveSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined;
  /** Leaves out one source of a membership that takes any. */
  blockSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined;
  unblockSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined;
  /** Joins, changes or (with no source included) leaves: RFC 3376 §3.1. */
  setFilter(group: IpAddress, filter: SourceFilter, through?: InterfaceService): MembershipFailure | undefined;
  /** The socket is closed. */
  leaveAll(): void;
  /** Whether the socket wants what `source` sent to `group`, and came in through this interface. */
  admits(through: InterfaceService, group: AddressWords, source: AddressWords): boolean;
}

/** What memberships need of the internet layer. */
export interface MembershipOwner {
  /** Where a group of which no interface was named is joined. */
  interfaceFor(group: IpAddress): InterfaceService | undefined;
  /** The group in the zone of the interface, if it has one (RFC 4007 §6). */
  groupIn(through: InterfaceService, group: IpAddress): IpAddress;
  /** @param filter undefined ends the membership @returns false when the interface has no room for one more group */
  setWanted(by: object, group: IpAddress, through: InterfaceService, filter: SourceFilter | undefined): boolean;
}

interface KeptMembership extends Membership {
  filter: SourceFilter;
}

/** Memberships of one socket, each told to its interface. */
export class Memberships implements MembershipService {
  readonly #owner: MembershipOwner;
  #all: readonly KeptMembership[] = [];

  constructor(owner: MembershipOwner) {
    this.#owner = owner;
  }

  list(): readonly Membership[] {
    return this.#all;
  }

  admits(through: InterfaceService, group: AddressWords, source: AddressWords): boolean {
    for (const m of this.#all) if (m.interface === through && sameAddress(m.group, group)) return admits(m.filter, source);
    return false;
  }

  join(group: IpAddress, through?: InterfaceService): MembershipFailure | undefined {
    const at = this.#placeOf(group, through);
    if (typeof at === "string") return at;
    return this.#find(group, at) === undefined ? this.#set(group, at, ANY_SOURCE) : "already-member";
  }

  leave(group: IpAddress, through?: InterfaceService): MembershipFailure | undefined {
    if (!isMulticast(group)) return "not-a-group";
    const membership = this.#find(group, through);
    if (membership === undefined) return "not-member";
    this.#end(membership);
    return undefined;
  }

  joinSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined {
    const at = this.#placeOf(group, through);
    if (typeof at === "string") return at;
    if (!isSourceOf(group, source)) return "not-a-source";
    const { mode, sources } = this.#find(group, at)?.filter ?? { mode: "include", sources: [] };
    if (mode === "exclude") return "wrong-mode";
    return lists(sources, source) ? "already-listed" : this.#set(group, at, { mode, sources: [...sources, source] });
  }

  leaveSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined {
    return this.#takeOut(group, source, through, "include");
  }

  blockSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined {
    if (!isSourceOf(group, source)) return "not-a-source";
    const membership = this.#find(group, through);
    if (membership === undefined) return "not-member";
    const { mode, sources } = membership.filter;
    if (mode === "include") return "wrong-mode";
    return lists(sources, source) ? "already-listed" : this.#set(group, membership.interface, { mode, sources: [...sources, source] });
  }

  unblockSource(group: IpAddress, source: IpAddress, through?: InterfaceService): MembershipFailure | undefined {
    return this.#takeOut(group, source, through, "exclude");
  }

  setFilter(group: IpAddress, filter: SourceFilter, through?: InterfaceService): MembershipFailure | undefined {
    const at = this.#placeOf(group, through);
    if (typeof at === "string") return at;
    if (!filter.sources.every((source) => isSourceOf(group, source))) return "not-a-source";
    if (!wantsNothing(filter)) return this.#set(group, at, { mode: filter.mode, sources: withoutRepetition(filter.sources) });
    const membership = this.#find(group, at);
    if (membership === undefined) return "not-member";
    this.#end(membership);
    return undefined;
  }

  leaveAll(): void {
    for (const membership of this.#all) this.#end(membership);
  }

  #placeOf(group: IpAddress, through: InterfaceService | undefined): InterfaceService | MembershipFailure {
    if (!isMulticast(group)) return "not-a-group";
    return through ?? this.#owner.interfaceFor(group) ?? "no-interface";
  }

  #find(group: IpAddress, through: InterfaceService | undefined): KeptMembership | undefined {
    const isIt = (m: Membership) =>
      (through === undefined || m.interface === through) && sameAddress(m.group, this.#owner.groupIn(m.interface, group));
    return this.#all.find(isIt);
  }

  #set(group: IpAddress, through: InterfaceService, filter: SourceFilter): MembershipFailure | undefined {
    if (filter.sources.length > MAX_FILTER_SOURCES) return "too-many-sources";
    const known = this.#find(group, through);
    if (known === undefined && this.#all.length >= MAX_SOCKET_GROUPS) return "too-many-groups";
    const membership = known ?? { group: this.#owner.groupIn(through, group), interface: through, filter };
    if (!this.#owner.setWanted(membership, membership.group, through, filter)) return "too-many-groups";
    membership.filter = filter;
    if (known === undefined) this.#all = [...this.#all, membership];
    return undefined;
  }

  #takeOut(group: IpAddress, source: IpAddress, through: InterfaceService | undefined, mode: SourceFilter["mode"]) {
    const membership = this.#find(group, through);
    if (membership === undefined) return "not-member";
    const { filter } = membership;
    if (filter.mode !== mode) return "wrong-mode";
    if (!lists(filter.sources, source)) return "not-listed";
    const left = { mode, sources: filter.sources.filter((s) => !sameAddress(s, source)) };
    if (!wantsNothing(left)) return this.#set(group, membership.interface, left);
    this.#end(membership);
    return undefined;
  }

  #end(membership: KeptMembership): void {
    this.#all = this.#all.filter((m) => m !== membership);
    this.#owner.setWanted(membership, membership.group, membership.interface, undefined);
  }
}

/** Whether a host of the group's family may have the address. */
const isSourceOf = (group: IpAddress, source: IpAddress): boolean =>
  sameFamily(group, source) && !isUnspecified(source) && !isMulticast(source);
