/** The pages of docs/reference that are made from the code, so that they cannot say anything else than it. */
import { ACCEPTED_MEANING, DROP_REASONS } from "../src/stack/core/drop-reasons.ts";

const GENERATED = "<!-- Made by scripts/generate-reference.ts from the code; `npm run reference` writes it anew. -->";

/** The text of each page by its path from the root of the project. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([["docs/reference/drop-reasons.md", dropReasonsPage()]]);
}

function dropReasonsPage(): string {
  const sections = DROP_REASONS.flatMap(({ title, reasons }) => ["", `## ${title}`, "", ...table(["word", "meaning"], wordRows(reasons))]);
  return page([
    "# What becomes of a packet",
    "",
    "Every packet that comes in ends with one of these words, and so does one that should have left and did not. `tapsock status` counts",
    "the words, the trace shows them in `frame-dropped` and, for segments of TCP, in `segment-judged`, and a capture has them as comments.",
    `The word \`accepted\` says: ${ACCEPTED_MEANING.charAt(0).toLowerCase()}${ACCEPTED_MEANING.slice(1)} It is the only one that is not counted.`,
    "They come from `src/stack/core/drop-reasons.ts`.",
    ...sections,
  ]);
}

const wordRows = (words: Readonly<Record<string, string>>): string[][] =>
  Object.entries(words).map(([word, meaning]) => [`\`${word}\``, meaning]);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);

const page = ([title = "", ...rest]: readonly string[]): string => `${[title, "", GENERATED, ...rest].join("\n")}\n`;
