/** Results go to stdout, as text for people or JSON for programs; everything else goes to stderr. */

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One JSON value on one line. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

export function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Columns as wide as their widest cell, two blanks between; numbers to the right.
 * @returns the heading and a line for each row
 */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => String(row[i] ?? "").length)));
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, i) => (typeof cell === "number" ? String(cell).padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(heads), ...rows.map(line)];
}
