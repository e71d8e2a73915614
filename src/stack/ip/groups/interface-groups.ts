import { type AddressWords, formatAddress, type IpAddress } from "../../core/address.ts";
import { AddressMap } from "../../core/address-map.ts";
import type { HostContext } from "../../core/context.ts";
import { fraction } from "../../core/random.ts";
import type { Timer } from "../../core/timers.ts";
import type { GroupMessages, GroupQuery, GroupRecord, QuerierVersion } from "./group-messages.ts";
import { GroupState } from "./group-state.ts";
import { Querier } from "./querier.ts";
import { NO_SOURCE, type SourceFilter, sameFilter, wantsNothing } from "./source-filter.ts";

/** Groups of one family that an interface is a member of; one more is refused. */
export const MAX_INTERFACE_GROUPS = 512;
/** However short an answer may take, a storm of queries does not set off one of answers. */
const LEAST_RESPONSE_MS = 100;
/** Within this a change is told again (RFC 3376 §8.11; RFC 3810 §9.11). */
const REPEAT_MS = 1000;
/** The same in older versions (RFC 2236 §8.10). */
const OLDER_REPEAT_MS = 10_000;

/** The groups that one interface is a member of, of one family, and the talk with the routers of its link: RFC 3376 §5 and §7, RFC 3810 §6 and §8. */
export class InterfaceGroups {
  readonly #context: HostContext;
  readonly #messages: GroupMessages;
  readonly #label: string;
  readonly #groups = new AddressMap<GroupState>();
  readonly #querier: Querier;
  /** The next report of changes. */
  readonly #changeTimer: Timer;
  /** The answer to a query of all groups. */
  readonly #answerTimer: Timer;
  #joined = 0;
  #spoken: QuerierVersion = "current";

  /** @param label of the interface, for listings of timers */
  constructor(context: HostContext, messages: GroupMessages, label: string) {
    this.#context = context;
    this.#messages = messages;
    this.#label = label;
    this.#querier = new Querier(context);
    this.#changeTimer = this.#timer("group-change", label, () => this.#reportChanges());
    this.#answerTimer = this.#timer("group-answer", label, () => this.#answerForAll());
  }

  isJoined(group: AddressWords): boolean {
    return this.#joined > 0 && this.#groups.get(group)?.isJoined === true;
  }

  /** In the order in which they were joined. */
  list(): { readonly group: IpAddress; readonly filter: SourceFilter }[] {
    return this.#all()
      .filter((state) => state.isJoined)
      .map(({ group, filter }) => ({ group, filter }));
  }

  /**
   * A socket wants the group, with this filter from now on, or wants it no more.
   * @param by stands for the socket's membership
   * @returns false when there is no room for one more group
   */
  setWanted(by: object, group: IpAddress, filter: SourceFilter | undefined): boolean {
    this.#followVersion();
    const wasJoined = this.isJoined(group);
    if (!wasJoined && filter === undefined) return true;
    if (!wasJoined && this.#joined >= MAX_INTERFACE_GROUPS) return false;
    const state = this.#groups.get(group) ?? this.#makeState(group);
    const before = state.filter;
    state.setWanted(by, filter);
    if (wasJoined !== state.isJoined) this.#joined += state.isJoined ? 1 : -1;
    if (this.#messages.isReported(group)) this.#tellChange(state, before);
    this.#forgetIfDone(state);
    return true;
  }

  /** A router asks. */
  query(query: GroupQuery): void {
    this.#querier.heard(query);
    this.#followVersion();
    const withinMs = Math.max(query.maxResponseMs, LEAST_RESPONSE_MS);
    if (query.group === undefined) this.#noteQueryOfAll(withinMs);
    else {
      const state = this.#groups.get(query.group);
      if (state !== undefined && this.#isTold(state)) this.#noteQueryOf(state, query.sources, withinMs);
    }
  }

  /** Another member reports a group in an older version, so that we need not (RFC 2236 §3, RFC 2710 §4). */
  reportedByOther(group: AddressWords): void {
    this.#followVersion();
    const state = this.#groups.get(group);
    if (state === undefined || this.#spoken === "current") return;
    state.timer.cancel();
    state.repeats = 0;
    state.isLastReporter = false;
  }

  /** The link is there again, or the address that reports come from: routers are told of everything anew (RFC 3810 §5.2.13). */
  announce(): void {
    this.#followVersion();
    for (const state of this.#all()) if (this.#isTold(state)) this.#noteChange(state, NO_SOURCE);
    if (this.#spoken === "current") this.#reportChanges();
  }

  #timer(name: string, owner: string, fire: () => void): Timer {
    const fireInVersion = () => {
      if (!this.#followVersion()) fire();
    };
    return this.#context.timers.timer(name, () => owner, fireInVersion);
  }

  #makeState(group: IpAddress): GroupState {
    const owner = `${this.#label} ${formatAddress(group)}`;
    const made = new GroupState(group, (state) => this.#timer("group-report", owner, () => this.#reportDue(state)));
    this.#groups.set(group, made);
    return made;
  }

  #all(): GroupState[] {
    return [...this.#groups.values()];
  }

  #isTold(state: GroupState): boolean {
    return state.isJoined && this.#messages.isReported(state.group);
  }

  /** Goes over to what the querier speaks now, giving up what was to be said otherwise (RFC 3376 §7.2.1). @returns whether it did */
  #followVersion(): boolean {
    const { version } = this.#querier;
    if (version === this.#spoken) return false;
    this.#spoken = version;
    this.#changeTimer.cancel();
    this.#answerTimer.cancel();
    for (const state of this.#all()) {
      state.cancel();
      this.#forgetIfDone(state);
    }
    return true;
  }

  /** What was left is kept until routers have heard of it often enough. */
  #forgetIfDone(state: GroupState): void {
    if (state.isJoined) return;
    const isCrowded = this.#groups.size - this.#joined > MAX_INTERFACE_GROUPS;
    if (state.changes.isPending && !isCrowded) return;
    state.cancel();
    this.#groups.delete(state.group);
  }

  // Changes, RFC 3376 §5.1

  #noteChange(state: GroupState, before: SourceFilter): void {
    if (this.#spoken === "current") state.changes.note(before, state.filter, this.#querier.robustness);
    else this.#changedInOlder(state, before);
  }

  #tellChange(state: GroupState, before: SourceFilter): void {
    if (sameFilter(before, state.filter)) return;
    this.#noteChange(state, before);
    if (this.#spoken !== "current") return;
    this.#messages.report(state.changes.take(state.group, state.filter));
    if (!this.#changeTimer.isPending && state.changes.isPending) this.#setWithin(this.#changeTimer, REPEAT_MS);
  }

  #reportChanges(): void {
    const records: GroupRecord[] = [];
    let hasMore = false;
    for (const state of this.#all()) {
      if (!state.changes.isPending) continue;
      records.push(...state.changes.take(state.group, state.filter));
      hasMore ||= state.changes.isPending;
      this.#forgetIfDone(state);
    }
    if (records.length > 0) this.#messages.report(records);
    if (hasMore) this.#setWithin(this.#changeTimer, REPEAT_MS);
  }

  /** Older versions know members and no sources: RFC 2236 §6, RFC 1112 appendix I. */
  #changedInOlder(state: GroupState, before: SourceFilter): void {
    if (state.isJoined && wantsNothing(before)) {
      state.repeats = this.#querier.robustness - 1;
      this.#reportOlder(state);
    } else if (!state.isJoined) {
      state.timer.cancel();
      if (this.#spoken === "older" && state.isLastReporter) this.#messages.leave(state.group);
    }
  }

  #reportOlder(state: GroupState): void {
    if (this.#spoken !== "current") this.#messages.olderReport(this.#spoken, state.group);
    state.isLastReporter = true;
    if (state.repeats === 0) return;
    state.repeats--;
    this.#setWithin(state.timer, OLDER_REPEAT_MS);
  }

  // Queries, RFC 3376 §5.2

  #noteQueryOfAll(withinMs: number): void {
    if (this.#spoken === "current") {
      this.#setEarlier(this.#answerTimer, withinMs);
      return;
    }
    for (const state of this.#all()) if (this.#isTold(state)) this.#setEarlier(state.timer, withinMs);
  }

  #noteQueryOf(state: GroupState, sources: readonly IpAddress[], withinMs: number): void {
    if (this.#spoken !== "current") {
      this.#setEarlier(state.timer, withinMs);
      return;
    }
    const { now, random } = this.#context;
    const delayMs = fraction(random) * withinMs;
    // An answer for all groups that comes first answers this too.
    if (this.#answerTimer.isPending && this.#answerTimer.deadlineMs <= now + delayMs) return;
    state.noteQuery(sources, delayMs, now);
  }

  #answerForAll(): void {
    const records = this.#all()
      .filter((state) => this.#isTold(state))
      .map((state) => state.current());
    if (records.length > 0) this.#messages.report(records);
  }

  #reportDue(state: GroupState): void {
    if (!this.#isTold(state)) return;
    if (this.#spoken !== "current") {
      this.#reportOlder(state);
      return;
    }
    const answer = state.takeAnswer();
    if (answer !== undefined) this.#messages.report([answer]);
  }

  #setWithin(timer: Timer, ms: number): void {
    timer.set(fraction(this.#context.random) * ms);
  }

  /** Never later than it was. */
  #setEarlier(timer: Timer, ms: number): void {
    const delayMs = fraction(this.#context.random) * ms;
    if (!timer.isPending || this.#context.now + delayMs < timer.deadlineMs) timer.set(delayMs);
  }
}
