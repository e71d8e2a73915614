/** Results go to stdout, as text for people or JSON for programs; everything else goes to stderr. */

/** What a terminal takes for orders, and what turns the order of letters round. */
const ORDERS = /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;
const COLOUR = /^\[[\d;]*m/;

/** A line, with what others wrote in it shown and never obeyed by a terminal. The escapes are those of JSON, so that it stays JSON. */
const harmless = (line: string, mayHaveColours = true): string =>
  line.replace(ORDERS, (letter, at: number) => {
    const isColour = mayHaveColours && letter === "\u001b" && COLOUR.test(line.slice(at + 1, at + 12));
    return letter === "\n" || letter === "\t" || isColour ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });

export function print(line: string): void {
  process.stdout.write(`${harmless(line)}\n`);
}

/** One JSON value on one line. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

export function complain(line: string): void {
  process.stderr.write(`${harmless(line)}\n`);
}

/** A cell has one line, whatever stands in it. */
const cellText = (cell: string): string => harmless(cell, false).replace(/\s+/g, " ");

/**
 * Columns as wide as their widest cell, two blanks between; numbers to the right.
 * @returns the heading and a line for each row
 */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const shown = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell : cellText(cell))));
  const widths = heads.map((head, i) => shown.reduce((most, row) => Math.max(most, String(row[i] ?? "").length), head.length));
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, i) => (typeof cell === "number" ? String(cell).padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(heads), ...shown.map(line)];
}
