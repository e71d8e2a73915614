/** What the generated pages of docs/reference are put together from. */

const GENERATED = "<!-- Made by scripts/generate-reference.ts from the code; `npm run reference` writes it anew. -->";

/** A table; cells may hold anything but line breaks. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);

/** A page from its lines, the title first. */
export const page = ([title = "", ...rest]: readonly string[]): string => `${[title, "", GENERATED, ...rest].join("\n")}\n`;
