import type { DirectionReport, FramePick, Impairment, ImpairmentReport } from "../wire/impairment.ts";
import type { FaultsInForce } from "./run-event.ts";

/** What a line that is impaired on purpose does, in words. */
export function faultsInForce(
  report: Pick<ImpairmentReport, "picks"> & { readonly [Way in "in" | "out"]: Pick<DirectionReport, "settings"> },
): FaultsInForce {
  return { in: settingWords(report.in.settings), out: settingWords(report.out.settings), picks: report.picks.map(pickWords) };
}

function settingWords(settings: Impairment): string[] {
  const { loss, duplicate, reorder, reorderDelayMs, corrupt, delayMs, jitterMs, rateBitsPerSecond, queueFrames } = settings;
  const words: string[] = [];
  if (loss > 0) words.push(`${percent(loss)} lost`);
  if (duplicate > 0) words.push(`${percent(duplicate)} twice`);
  if (reorder > 0) words.push(`${percent(reorder)} late by ${reorderDelayMs} ms`);
  if (corrupt > 0) words.push(`${percent(corrupt)} damaged`);
  if (delayMs > 0) words.push(`delayed by ${delayMs} ms`);
  if (jitterMs > 0) words.push(`up to ${jitterMs} ms of jitter`);
  if (rateBitsPerSecond > 0) words.push(`${bitsPerSecond(rateBitsPerSecond)}, ${queueFrames} frames may wait`);
  return words;
}

const DONE = { drop: "lost", duplicate: "sent twice", delay: "held back", corrupt: "damaged" } as const;

function pickWords({ match, direction, count = 1, action, delayMs }: FramePick): string {
  const kind = match === "any" ? "" : `${match} `;
  const what = count === 1 ? `next ${kind}frame` : `next ${count} ${kind}frames`;
  const where = direction === undefined ? "" : ` ${direction}`;
  return `${what}${where} ${DONE[action]}${action === "delay" ? ` for ${delayMs ?? 100} ms` : ""}`;
}

const percent = (share: number): string => `${Math.round(share * 10_000) / 100} %`;

function bitsPerSecond(rate: number): string {
  const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];
  let value = rate;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Math.round(value * 100) / 100} ${units[unit]}`;
}
