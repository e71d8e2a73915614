/** What a program of a lesson may import. */
const MODULE = "tapsock/winsock";
const IMPORT = /^([ \t]*)import\s*(\{[^}]*\}|\*\s*as\s+[\w$]+)\s*from\s*(["'])([^"']+)\3[ \t]*;?/gm;

/** A program that cannot be run as it is written, in a sentence. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * The body of a function with the parameters `winsock` and `console` that does what the program does. Lines stay where they are.
 * @throws ProgramError for an import of something else, or an export
 */
export function programBody(source: string): string {
  const body = source.replace(IMPORT, (all, indent: string, what: string, _quote, from: string, at: number) => {
    if (from !== MODULE) {
      throw new ProgramError(`Cannot import "${from}": a program of the lab has "${MODULE}" and nothing else`, lineAt(source, at));
    }
    const names = what.startsWith("*") ? what.replace(/^\*\s*as\s+/, "") : what.replace(/\bas\b/g, ":");
    // What is imported may stand on several lines.
    return `${indent}const ${names} = winsock;${"\n".repeat(all.split("\n").length - names.split("\n").length)}`;
  });
  const stray = /^[ \t]*(import|export)\b[^(.]/m.exec(body);
  if (stray !== null) {
    throw new ProgramError(
      `Cannot use "${stray[1]}" here: write import { … } from "${MODULE}" at the beginning of a line, and no export`,
      lineAt(source, stray.index),
    );
  }
  return body;
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;
