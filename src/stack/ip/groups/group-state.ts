import type { IpAddress } from "../../core/address.ts";
import type { Timer } from "../../core/timers.ts";
import { type GroupRecord, IS_EXCLUDE, IS_INCLUDE } from "./group-messages.ts";
import { admits, mergedFilter, NO_SOURCE, type SourceFilter, withoutRepetition } from "./source-filter.ts";
import { StateChanges } from "./state-changes.ts";

/** Sources that are remembered between a query that names them and its answer; beyond, the whole group is answered for (RFC 3376 §9.1). */
const MAX_QUERIED_SOURCES = 256;

/** One group on one interface: who wants what of it, and what routers are still to hear. */
export class GroupState {
  readonly group: IpAddress;
  readonly changes = new StateChanges();
  /** An answer to a query of this group, or in older versions the next report. */
  readonly timer: Timer;
  /** In older versions: unasked-for reports that are left after the next. */
  repeats = 0;
  /** In older versions: nobody has reported the group after us, so that it is for us to tell that we leave (RFC 2236 §3). */
  isLastReporter = false;
  readonly #wants = new Map<object, SourceFilter>();
  #filter = NO_SOURCE;
  /** What the query that waits for its answer named; undefined when that is the whole group. */
  #queried: readonly IpAddress[] | undefined;

  constructor(group: IpAddress, makeTimer: (state: GroupState) => Timer) {
    this.group = group;
    this.timer = makeTimer(this);
  }

  get isJoined(): boolean {
    return this.#wants.size > 0;
  }

  /** Of the interface. */
  get filter(): SourceFilter {
    return this.#filter;
  }

  /** @param filter undefined for one that wants it no more */
  setWanted(by: object, filter: SourceFilter | undefined): void {
    if (filter === undefined) this.#wants.delete(by);
    else this.#wants.set(by, filter);
    this.#filter = mergedFilter([...this.#wants.values()]);
  }

  /** A query of this group waits for its answer: RFC 3376 §5.2, rules 3 to 5. */
  noteQuery(sources: readonly IpAddress[], delayMs: number, now: number): void {
    const isPending = this.timer.isPending;
    const isOfAll = sources.length === 0 || (isPending && this.#queried === undefined);
    const all = withoutRepetition([...(isPending ? (this.#queried ?? []) : []), ...sources]);
    this.#queried = isOfAll || all.length > MAX_QUERIED_SOURCES ? undefined : all;
    if (!isPending || now + delayMs < this.timer.deadlineMs) this.timer.set(delayMs);
  }

  /** What the group's answer says; undefined when there is nothing to say to what was asked. */
  takeAnswer(): GroupRecord | undefined {
    const queried = this.#queried;
    this.#queried = undefined;
    if (queried === undefined) return this.current();
    const sources = queried.filter((source) => admits(this.#filter, source));
    return sources.length === 0 ? undefined : { kind: IS_INCLUDE, group: this.group, sources };
  }

  current(): GroupRecord {
    const { mode, sources } = this.#filter;
    return { kind: mode === "include" ? IS_INCLUDE : IS_EXCLUDE, group: this.group, sources };
  }

  cancel(): void {
    this.timer.cancel();
    this.changes.cancel();
    this.repeats = 0;
    this.#queried = undefined;
  }
}
