import { WAIT_REASONS, type WaitReason } from "../stack/core/wait-reasons.ts";

/** What a sentence about a wait may speak of. */
export interface WaitFacts {
  readonly reason: WaitReason;
  readonly byteCount?: number | undefined;
  readonly timer?: string | undefined;
}

/**
 * The sentence of a reason with its numbers filled in, in the stack's words or in those of another language.
 * @param sentences by reason, with `{bytes}` and `{timer}`
 */
export function waitSentence(
  { reason, byteCount, timer }: WaitFacts,
  sentences: Readonly<Record<string, string>> = WAIT_REASONS,
  formatBytes: (bytes: number) => string = String,
): string {
  const sentence: string = sentences[reason] ?? WAIT_REASONS[reason] ?? reason;
  return sentence.replaceAll(/\{(?:bytes|byteCount)\}/g, formatBytes(byteCount ?? 0)).replaceAll("{timer}", timer ?? "?");
}
