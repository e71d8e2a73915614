/** Colours and line-drawing characters, where the reader's terminal has them. */
export interface TextStyle {
  readonly colours: boolean;
  /** Arrows and lines of Unicode; otherwise of ASCII. */
  readonly unicode: boolean;
}

export const PLAIN: TextStyle = { colours: false, unicode: true };

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const SGR: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export const paint = (style: TextStyle, colour: Colour, text: string): string =>
  style.colours && text !== "" ? `\x1b[${SGR[colour]}m${text}\x1b[0m` : text;

/** What suits a stream: colours only on a terminal and not when NO_COLOR (no-color.org) says no; ASCII in the C locale. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): TextStyle {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return {
    colours: stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    unicode: locale !== "C" && locale !== "POSIX",
  };
}

/** Breaks text at spaces into lines of at most `width` characters, cutting what is longer. @returns at least one line */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).flatMap((whole) => whole.match(new RegExp(`.{1,${width}}`, "gu")) ?? [])) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}
