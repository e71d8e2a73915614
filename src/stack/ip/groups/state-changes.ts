import type { IpAddress } from "../../core/address.ts";
import { AddressMap } from "../../core/address-map.ts";
import { ALLOW_SOURCES, BLOCK_SOURCES, type GroupRecord, TO_EXCLUDE, TO_INCLUDE } from "./group-messages.ts";
import { admits, minus, type SourceFilter } from "./source-filter.ts";

/** What routers have still to be told of one group's changes, each of them as often as the Robustness Variable says (RFC 3376 §5.1, RFC 3810 §6.1). */
export class StateChanges {
  /** Reports in which the mode is to be told. */
  #modeReports = 0;
  /** Reports in which a source is to be told. */
  readonly #sourceReports = new AddressMap<number>();

  get isPending(): boolean {
    return this.#modeReports > 0 || this.#sourceReports.size > 0;
  }

  /** The filter has changed. @param robustness how often to tell of it */
  note(before: SourceFilter, after: SourceFilter, robustness: number): void {
    if (before.mode !== after.mode) {
      this.#modeReports = robustness;
      return;
    }
    const changed = [...minus(before.sources, after.sources), ...minus(after.sources, before.sources)];
    for (const source of changed) this.#sourceReports.set(source, robustness);
  }

  /** What the next report says, with the filter as it is now. It counts as sent. */
  take(group: IpAddress, filter: SourceFilter): GroupRecord[] {
    if (this.#modeReports > 0) {
      this.#modeReports--;
      this.#takeSources();
      return [{ kind: filter.mode === "include" ? TO_INCLUDE : TO_EXCLUDE, group, sources: filter.sources }];
    }
    const told = this.#takeSources();
    const allowed = told.filter((source) => admits(filter, source));
    const records: GroupRecord[] = [];
    if (allowed.length > 0) records.push({ kind: ALLOW_SOURCES, group, sources: allowed });
    if (allowed.length < told.length) records.push({ kind: BLOCK_SOURCES, group, sources: minus(told, allowed) });
    return records;
  }

  cancel(): void {
    this.#modeReports = 0;
    for (const source of [...this.#sourceReports.keys()]) this.#sourceReports.delete(source);
  }

  #takeSources(): IpAddress[] {
    const sources = [...this.#sourceReports.keys()];
    for (const source of sources) {
      const left = this.#sourceReports.get(source)! - 1;
      if (left === 0) this.#sourceReports.delete(source);
      else this.#sourceReports.set(source, left);
    }
    return sources;
  }
}
