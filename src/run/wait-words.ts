import type { ConnectionWait } from "../stack/core/wait-reasons.ts";

/** What stands for the blanks of a sentence about a wait, in a language. */
export interface WaitBlanks {
  readonly bytes: (count: number) => string;
  readonly aFin: string;
  readonly something: string;
  /** For a timer that nobody named. */
  readonly someTimer: string;
}

/**
 * The sentence of a wait in another language than the stack's own (`waitSentence` of wait-reasons.ts).
 * @param sentences by reason, with `{bytes}` and `{timer}`
 * @returns undefined for a reason that has no sentence there
 */
export function translatedWait(
  { reason, byteCount, timer }: ConnectionWait,
  sentences: Readonly<Record<string, string>>,
  { bytes, aFin, something, someTimer }: WaitBlanks,
): string | undefined {
  const count = byteCount === undefined ? something : byteCount === 0 ? aFin : bytes(byteCount);
  if (!Object.hasOwn(sentences, reason)) return undefined;
  return sentences[reason]?.replace("{bytes}", () => count).replace("{timer}", () => timer ?? someTimer);
}
