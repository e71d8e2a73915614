import { ScriptError } from "./script-error.ts";

const BLANK = /(?:[ \t\r\n]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const INTEGER = /-?(?:0[xX][0-9a-fA-F]+|\d+)(?![.\d]*\.\d)/y;
const DECIMAL = /\d*\.\d+|\d+/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"/y;

/** Reads a script from left to right; blanks and comments may stand between any two tokens. */
export class ScriptScanner {
  readonly text: string;
  at: number;
  readonly #lineStarts: readonly number[];

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
    const starts = [0];
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
    this.#lineStarts = starts;
  }

  /** Of the next token. */
  get line(): number {
    this.skipBlank();
    return this.#lineOf(this.at);
  }

  #lineOf(at: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  get isAtEnd(): boolean {
    this.skipBlank();
    return this.at >= this.text.length;
  }

  skipBlank(): void {
    BLANK.lastIndex = this.at;
    const match = BLANK.exec(this.text);
    if (match !== null) this.at += match[0].length;
  }

  /** The next token if it is one of `pattern`, which must be sticky. */
  take(pattern: RegExp): string | undefined {
    this.skipBlank();
    const found = this.peek(pattern);
    if (found !== undefined) this.at += found.length;
    return found;
  }

  peek(pattern: RegExp): string | undefined {
    this.skipBlank();
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  /** Takes a symbol such as `(` or `...`. */
  takes(symbol: string): boolean {
    this.skipBlank();
    if (!this.text.startsWith(symbol, this.at)) return false;
    this.at += symbol.length;
    return true;
  }

  isBefore(symbol: string): boolean {
    this.skipBlank();
    return this.text.startsWith(symbol, this.at);
  }

  need(symbol: string): void {
    if (!this.takes(symbol)) throw this.error(`expected "${symbol}"`);
  }

  word(): string | undefined {
    return this.take(WORD);
  }

  /** Takes the word if it is this one. */
  takesWord(word: string): boolean {
    if (this.peek(WORD) !== word) return false;
    this.at += word.length;
    return true;
  }

  needWord(what: string): string {
    const word = this.word();
    if (word === undefined) throw this.error(`expected ${what}`);
    return word;
  }

  peekWord(): string | undefined {
    return this.peek(WORD);
  }

  /** A whole number, decimal or hexadecimal, with the text that it was. */
  integer(): { readonly value: number; readonly text: string } | undefined {
    const text = this.take(INTEGER);
    if (text === undefined) return undefined;
    const isNegative = text.startsWith("-");
    const value = Number(isNegative ? text.slice(1) : text);
    return { value: isNegative ? -value : value, text };
  }

  needInteger(what: string, least = 0, most = 0xffffffff): number {
    const found = this.integer();
    if (found === undefined) throw this.error(`expected ${what}, a whole number`);
    if (found.value < least || found.value > most) throw this.fault(`${what} must be from ${least} to ${most}, and not ${found.text}`);
    return found.value;
  }

  /** Seconds as whole microseconds. */
  seconds(): number | undefined {
    const text = this.take(DECIMAL);
    return text === undefined ? undefined : Math.round(Number(text) * 1e6);
  }

  needSeconds(): number {
    const us = this.seconds();
    if (us === undefined) throw this.error("expected a time in seconds; none is negative");
    return us;
  }

  /** Adjacent strings are one. */
  string(): string | undefined {
    let all: string | undefined;
    for (let piece = this.take(STRING); piece !== undefined; piece = this.take(STRING)) all = (all ?? "") + unescaped(piece.slice(1, -1));
    return all;
  }

  /** What lies between two marks, as it stands. */
  between(open: string, close: string): string {
    const { line } = this;
    this.need(open);
    const end = this.text.indexOf(close, this.at);
    if (end < 0) throw new ScriptError(line, `"${open}" is not closed by "${close}"`);
    const inside = this.text.slice(this.at, end);
    this.at = end + close.length;
    return inside;
  }

  /** What was read last makes no sense. */
  fault(problem: string): ScriptError {
    return new ScriptError(this.#lineOf(Math.max(0, this.at - 1)), problem);
  }

  /** Something else should come. */
  error(problem: string): ScriptError {
    const { line } = this;
    const found = /\S+/y;
    found.lastIndex = this.at;
    const next = found.exec(this.text)?.[0];
    return new ScriptError(line, `${problem}, found ${next === undefined ? "the end of the script" : JSON.stringify(next.slice(0, 40))}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0" };

/** Each character of the result is one byte. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-fA-F]{1,2})|([\s\S]))/g, (_all, hex: string | undefined, one: string | undefined) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (ESCAPES[one!] ?? one!),
  );
