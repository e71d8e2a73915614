import {
  type Direction,
  type DirectionReport,
  type FramePick,
  type Impairment,
  type ImpairmentReport,
  NO_IMPAIRMENT,
} from "../wire/impairment.ts";
import type { FaultsInForce } from "./run-event.ts";

/** What differs from a good line, in short words. */
export function faultsInForce({
  in: arriving,
  out: leaving,
  picks,
}: Pick<ImpairmentReport, "picks"> & { readonly [Way in Direction]: Pick<DirectionReport, "settings"> }): FaultsInForce {
  return {
    in: settingWords(arriving),
    out: settingWords(leaving),
    picks: picks.map(pickWords),
    numbers: { in: differing(arriving.settings), out: differing(leaving.settings), picks },
  };
}

const differing = (settings: Impairment): Partial<Impairment> =>
  Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== NO_IMPAIRMENT[name as keyof Impairment]));

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

function settingWords({ settings: s }: Pick<DirectionReport, "settings">): string[] {
  const words: string[] = [];
  if (s.loss > 0) words.push(`loss ${percent(s.loss)}`);
  if (s.duplicate > 0) words.push(`duplicate ${percent(s.duplicate)}`);
  if (s.reorder > 0) words.push(`reorder ${percent(s.reorder)} by ${s.reorderDelayMs} ms`);
  if (s.corrupt > 0) words.push(`corrupt ${percent(s.corrupt)}`);
  if (s.delayMs > 0) words.push(`delay ${s.delayMs} ms`);
  if (s.jitterMs > 0) words.push(`jitter ${s.jitterMs} ms`);
  if (s.rateBitsPerSecond > 0) words.push(`rate ${rateText(s.rateBitsPerSecond)}`);
  if (s.queueFrames !== NO_IMPAIRMENT.queueFrames) words.push(`queue ${s.queueFrames} frames`);
  return words;
}

function rateText(bits: number): string {
  if (bits >= 1e9) return `${Number((bits / 1e9).toPrecision(3))} Gbit/s`;
  if (bits >= 1e6) return `${Number((bits / 1e6).toPrecision(3))} Mbit/s`;
  return `${Number((bits / 1e3).toPrecision(3))} kbit/s`;
}

const ACTION_WORDS: Readonly<Record<FramePick["action"], string>> = {
  drop: "drop",
  duplicate: "duplicate",
  delay: "hold",
  corrupt: "corrupt",
  reset: "answer with a reset",
};

/** `drop the next syn-ack`. */
function pickWords({ match, direction, skip = 0, count = 1, action, delayMs, sequence, port }: FramePick): string {
  const named = `${match}${sequence === undefined ? "" : ` with seq ${sequence}`}${port === undefined ? "" : ` of port ${port}`}`;
  const next = skip === 0 ? "the next" : `after ${skip} more the next`;
  const which = count === 1 ? `${next} ${named}` : `${next} ${count} ${named}`;
  const way = direction === undefined ? "" : direction === "in" ? ", coming in" : ", going out";
  const time = action === "delay" ? ` for ${delayMs ?? 100} ms` : "";
  return `${ACTION_WORDS[action]} ${which}${time}${way}`;
}
