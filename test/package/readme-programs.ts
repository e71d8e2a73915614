import { readFileSync } from "node:fs";
import { ROOT } from "./entries.ts";

/** The programs of a page, in their order: those in JavaScript. */
export const programsOf = (page: string): string[] => blocksOf(page).flatMap(({ language, text }) => (language === "js" ? [text] : []));

/** The same with what each prints: the block of text behind it; undefined where there is none. */
export function sessionsOf(page: string): { readonly program: string; readonly printed: string | undefined }[] {
  const blocks = blocksOf(page);
  return blocks.flatMap(({ language, text }, at) => {
    const next = blocks[at + 1];
    return language === "js" ? [{ program: text, printed: next?.language === "text" ? next.text : undefined }] : [];
  });
}

/** What stands between ``` and ```. */
const blocksOf = (page: string): { readonly language: string; readonly text: string }[] =>
  [...readFileSync(`${ROOT}${page}`, "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
