/** What the page asks of an impaired line: the numbers of its form, and picks for a packet that the reader points at. */

import { seqShown } from "../stack/core/seq.ts";
import * as tcp from "../stack/packet/tcp.ts";
import { type Direction, type FramePick, type Impairment, NO_IMPAIRMENT } from "../wire/impairment.ts";
import { segmentIn, sequenceLength } from "./flow-segments.ts";
import type { FaultNumbers, FaultsInForce, RunEvent } from "./run-event.ts";

export type FaultField = keyof Impairment;

export const FAULT_FIELDS = Object.keys(NO_IMPAIRMENT) as readonly FaultField[];

/** How a field is shown: shares in percent, rates in kbit/s. */
const SCALES: Readonly<Partial<Record<FaultField, number>>> = {
  loss: 100,
  duplicate: 100,
  reorder: 100,
  corrupt: 100,
  rateBitsPerSecond: 0.001,
};

/** What the form shows for a setting. */
export const shownSetting = (field: FaultField, value: number): number => Number((value * (SCALES[field] ?? 1)).toPrecision(12));

/** What the line is told for the text of a field; undefined when it is no number, or out of the field's range. */
export function readSetting(field: FaultField, text: string): number | undefined {
  const shown = Number(text.replace(",", "."));
  const isShare = SCALES[field] === 100;
  if (text.trim() === "" || !Number.isFinite(shown) || shown < 0 || (isShare && shown > 100)) return undefined;
  const value = Number((shown / (SCALES[field] ?? 1)).toPrecision(12));
  return field === "queueFrames" ? Math.round(value) : value;
}

/** A pick that names one segment. */
export type SegmentPick = FramePick & { readonly sequence: number; readonly port: number };

/**
 * "Drop this one again": the next frame with the same beginning in its stream. Undefined where the event is no TCP segment, or one that is
 * never sent again.
 */
export function pickAgain(event: RunEvent | undefined): SegmentPick | undefined {
  if (event?.type !== "frame") return undefined;
  const segment = segmentIn(event.bytes);
  if (segment === undefined || sequenceLength(segment) === 0 || (segment.flags & tcp.RST) !== 0) return undefined;
  const direction: Direction = event.direction;
  const port = Number(segment.destination.slice(segment.destination.lastIndexOf(":") + 1));
  return { match: "tcp", direction, action: "drop", count: 1, sequence: seqShown(segment.seq), port };
}

/** What a form shows of a direction of a line: the numbers in force on it, where the run tells them. */
export function settingsInForce(faults: ReadonlyMap<string, FaultsInForce>, direction: Direction): Impairment {
  const known = [...faults.values()].find(({ numbers }) => numbers !== undefined)?.numbers;
  return { ...NO_IMPAIRMENT, ...known?.[direction] };
}

/** One fault, where it stands, and what it is. */
export interface NamedFault {
  readonly where: "in" | "out" | "pick";
  /** As the run says it. */
  readonly text: string;
  readonly setting?: { readonly field: FaultField; readonly value: number };
  readonly pick?: FramePick;
}

/** Every fault of a host's lines, in numbers where the run tells them; in words alone where it is of an earlier version. */
export function namedFaults(faults: ReadonlyMap<string, FaultsInForce>): readonly NamedFault[] {
  return [...faults.values()].flatMap(({ numbers, ...words }) =>
    numbers === undefined ? faultsOf(new Map([["", words]])) : inNumbers(numbers, words),
  );
}

function inNumbers(numbers: FaultNumbers, words: FaultsInForce): NamedFault[] {
  const settings = (["out", "in"] as const).flatMap((where) =>
    FAULT_FIELDS.flatMap((field): NamedFault[] => {
      const value = numbers[where][field];
      return value === undefined ? [] : [{ where, text: `${field} ${value}`, setting: { field, value } }];
    }),
  );
  return [...settings, ...numbers.picks.map((pick, i) => ({ where: "pick" as const, text: words.picks[i] ?? "", pick }))];
}

/** Every fault of a host's lines in words, with its direction; empty when all is well. */
export function faultsOf(
  faults: ReadonlyMap<string, FaultsInForce>,
): readonly { readonly where: "in" | "out" | "pick"; readonly text: string }[] {
  return [...faults.values()].flatMap((each) => [
    ...each.out.map((text) => ({ where: "out" as const, text })),
    ...each.in.map((text) => ({ where: "in" as const, text })),
    ...each.picks.map((text) => ({ where: "pick" as const, text })),
  ]);
}
