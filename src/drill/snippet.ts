import { DrillMismatch, ScriptError, UnsupportedScript } from "./script-error.ts";

/** What a name or an expression of a snippet has for a value. */
export type SnippetValue = number | string | boolean | readonly SnippetValue[];

type BinaryOperator = "+" | "-" | "*" | "//" | "%" | "&" | "|" | "^" | "<<" | ">>";
type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

type SnippetExpr =
  | { readonly kind: "value"; readonly value: SnippetValue }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "tuple"; readonly items: readonly SnippetExpr[] }
  | { readonly kind: "negative" | "not"; readonly of: SnippetExpr }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: SnippetExpr; readonly right: SnippetExpr }
  | { readonly kind: "and" | "or"; readonly left: SnippetExpr; readonly right: SnippetExpr }
  /** Chained as in `1 <= x <= 3`. */
  | { readonly kind: "compare"; readonly first: SnippetExpr; readonly rest: readonly (readonly [Comparison, SnippetExpr])[] };

type SnippetStatement = { readonly line: number } & (
  | { readonly kind: "assert"; readonly text: string; readonly condition: SnippetExpr; readonly message: SnippetExpr | undefined }
  | { readonly kind: "print"; readonly items: readonly SnippetExpr[] }
  | { readonly kind: "assign"; readonly name: string; readonly operator: "+" | "-" | undefined; readonly value: SnippetExpr }
  | { readonly kind: "pass" }
);

/** A block of `%{ … }%`, read. */
export type Snippet = readonly SnippetStatement[];

const TOKEN =
  /\s*(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(<<|>>|==|!=|<=|>=|\+=|-=|\/\/|[-+*%&|^<>=(),]))/y;

interface SnippetToken {
  readonly kind: "number" | "name" | "string" | "symbol" | "end";
  readonly text: string;
}

/**
 * Reads the small part of Python that scripts use.
 * @throws UnsupportedScript for any other
 */
export function parseSnippet(text: string, line: number): Snippet {
  const statements: SnippetStatement[] = [];
  let at = line;
  for (const written of text.replace(/\\[ \t]*(\r?\n|$)/g, (_all, newline: string) => (newline === "" ? "" : " ")).split("\n")) {
    for (const piece of withoutComment(written).split(/;(?=(?:[^'"]|'[^']*'|"[^"]*")*$)/)) {
      const source = piece.trim();
      if (source !== "") statements.push(new SnippetParser(source, at).statement());
    }
    at++;
  }
  return statements;
}

/** Quotes may hold a `#`. */
const withoutComment = (line: string): string => /^(?:[^#'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*/.exec(line)?.[0] ?? "";

const COMPARISONS: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];
/** Weakest first, as Python binds them. */
const BINARY: readonly (readonly string[])[] = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "//", "%"]];
const STATEMENTS = ["if", "for", "while", "def", "class", "import", "from", "return", "try", "with", "lambda", "del", "global", "raise"];

class SnippetParser {
  readonly #source: string;
  readonly #line: number;
  readonly #tokens: SnippetToken[] = [];
  #at = 0;

  constructor(source: string, line: number) {
    this.#source = source;
    this.#line = line;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(source);
      if (match === null) {
        if (source.slice(from).trim() === "") break;
        throw this.#unsupported(source.slice(from, from + 20).trim());
      }
      const [, number, name, string, symbol] = match;
      const kind = number !== undefined ? "number" : name !== undefined ? "name" : string !== undefined ? "string" : "symbol";
      this.#tokens.push({ kind, text: number ?? name ?? string ?? symbol! });
    }
  }

  #unsupported(what: string): UnsupportedScript {
    return new UnsupportedScript(this.#line, `Python "${what}"`);
  }

  get #next(): SnippetToken {
    return this.#tokens[this.#at] ?? { kind: "end", text: "" };
  }

  #takes(text: string): boolean {
    const { kind, text: there } = this.#next;
    if (there !== text || kind === "string" || kind === "end") return false;
    this.#at++;
    return true;
  }

  statement(): SnippetStatement {
    const statement = this.#statement();
    if (this.#next.kind !== "end") throw this.#unsupported(this.#source);
    return statement;
  }

  #statement(): SnippetStatement {
    const line = this.#line;
    if (this.#takes("pass")) return { line, kind: "pass" };
    if (this.#takes("assert")) {
      const condition = this.#expression();
      const message = this.#takes(",") ? this.#expression() : undefined;
      return { line, kind: "assert", text: this.#source, condition, message };
    }
    if (this.#takes("print")) {
      const value = this.#expression();
      return { line, kind: "print", items: value.kind === "tuple" ? value.items : [value] };
    }
    const { kind, text: name } = this.#next;
    if (kind !== "name" || STATEMENTS.includes(name)) throw this.#unsupported(this.#source);
    this.#at++;
    const operator = this.#takes("=") ? undefined : this.#takes("+=") ? "+" : this.#takes("-=") ? "-" : null;
    if (operator === null) throw this.#unsupported(this.#source);
    return { line, kind: "assign", name, operator, value: this.#expression() };
  }

  #expression(): SnippetExpr {
    let left = this.#conjunction();
    while (this.#takes("or")) left = { kind: "or", left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): SnippetExpr {
    let left = this.#negation();
    while (this.#takes("and")) left = { kind: "and", left, right: this.#negation() };
    return left;
  }

  #negation(): SnippetExpr {
    return this.#takes("not") ? { kind: "not", of: this.#negation() } : this.#comparison();
  }

  #comparison(): SnippetExpr {
    const first = this.#binary(0);
    const rest: (readonly [Comparison, SnippetExpr])[] = [];
    for (;;) {
      const { text, kind } = this.#next;
      if (kind !== "symbol" || !COMPARISONS.includes(text)) break;
      this.#at++;
      rest.push([text as Comparison, this.#binary(0)]);
    }
    return rest.length === 0 ? first : { kind: "compare", first, rest };
  }

  #binary(level: number): SnippetExpr {
    const operators = BINARY[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { text, kind } = this.#next;
      if (kind !== "symbol" || !operators.includes(text)) return left;
      this.#at++;
      left = { kind: "binary", operator: text as BinaryOperator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): SnippetExpr {
    if (this.#takes("-")) return { kind: "negative", of: this.#unary() };
    if (this.#takes("+")) return this.#unary();
    return this.#primary();
  }

  #primary(): SnippetExpr {
    const { kind, text } = this.#next;
    this.#at++;
    if (kind === "number") return { kind: "value", value: Number(text) };
    if (kind === "string") return { kind: "value", value: text.slice(1, -1).replace(/\\(.)/g, "$1") };
    if (kind === "name" && (text === "True" || text === "False")) return { kind: "value", value: text === "True" };
    if (kind === "name" && !STATEMENTS.includes(text) && this.#next.text !== "(") return { kind: "name", name: text };
    if (text !== "(" || kind !== "symbol") throw this.#unsupported(this.#source);
    const items: SnippetExpr[] = [];
    let isTuple = false;
    while (!this.#takes(")")) {
      items.push(this.#expression());
      if (this.#takes(",")) isTuple = true;
      else if (this.#next.text !== ")") throw this.#unsupported(this.#source);
    }
    return isTuple || items.length !== 1 ? { kind: "tuple", items } : items[0]!;
  }
}

/** What the snippets of a script share: their variables, which last until its end, and what else their names mean. */
export class SnippetScope {
  readonly #variables = new Map<string, SnippetValue>();
  /** What was printed. */
  readonly printed: string[] = [];

  /**
   * Runs a snippet.
   * @param lookUp what a name means that no snippet has set; undefined for nothing
   * @throws DrillMismatch for an assertion that does not hold
   * @throws ScriptError for what makes no sense
   */
  run(snippet: Snippet, lookUp: (name: string) => SnippetValue | undefined): void {
    for (const statement of snippet) {
      const evaluate = (expr: SnippetExpr): SnippetValue => this.#evaluate(expr, lookUp, statement.line);
      switch (statement.kind) {
        case "pass":
          break;
        case "print":
          this.printed.push(statement.items.map((item) => shown(evaluate(item))).join(" "));
          break;
        case "assign": {
          const value = evaluate(statement.value);
          const { operator, name } = statement;
          this.#variables.set(
            name,
            operator === undefined ? value : calculate(operator, evaluate({ kind: "name", name }), value, statement.line),
          );
          break;
        }
        case "assert":
          if (isTrue(evaluate(statement.condition))) break;
          throw new DrillMismatch(
            "assertion failed",
            statement.text,
            statement.message === undefined ? sides(statement.condition, evaluate) : shown(evaluate(statement.message)),
          );
      }
    }
  }

  #evaluate(expr: SnippetExpr, lookUp: (name: string) => SnippetValue | undefined, line: number): SnippetValue {
    const evaluate = (inner: SnippetExpr): SnippetValue => this.#evaluate(inner, lookUp, line);
    switch (expr.kind) {
      case "value":
        return expr.value;
      case "name": {
        const value = this.#variables.get(expr.name) ?? lookUp(expr.name);
        if (value === undefined) throw new ScriptError(line, `name "${expr.name}" is not defined`);
        return value;
      }
      case "tuple":
        return expr.items.map(evaluate);
      case "negative":
        return calculate("-", 0, evaluate(expr.of), line);
      case "not":
        return !isTrue(evaluate(expr.of));
      case "and": {
        const left = evaluate(expr.left);
        return isTrue(left) ? evaluate(expr.right) : left;
      }
      case "or": {
        const left = evaluate(expr.left);
        return isTrue(left) ? left : evaluate(expr.right);
      }
      case "binary":
        return calculate(expr.operator, evaluate(expr.left), evaluate(expr.right), line);
      case "compare": {
        let left = evaluate(expr.first);
        for (const [operator, next] of expr.rest) {
          const right = evaluate(next);
          if (!holds(operator, left, right, line)) return false;
          left = right;
        }
        return true;
      }
    }
  }
}

const isTrue = (value: SnippetValue): boolean => (typeof value === "object" ? value.length > 0 : Boolean(value));

/** What stands on the sides of a comparison, where no message says it. */
function sides(condition: SnippetExpr, evaluate: (expr: SnippetExpr) => SnippetValue): string {
  if (condition.kind !== "compare") return shown(evaluate(condition));
  return [condition.first, ...condition.rest.map(([, side]) => side)].map((side) => shown(evaluate(side))).join(", ");
}

function shown(value: SnippetValue): string {
  if (typeof value === "object") return `(${value.map(shown).join(", ")}${value.length === 1 ? "," : ""})`;
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

function asNumber(value: SnippetValue, line: number): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  throw new ScriptError(line, `${shown(value)} is no number`);
}

function holds(operator: Comparison, left: SnippetValue, right: SnippetValue, line: number): boolean {
  if (operator === "==" || operator === "!=") {
    const isSame =
      typeof left === "string" || typeof right === "string"
        ? left === right
        : shown(left) === shown(right) || Number(left) === Number(right);
    return isSame === (operator === "==");
  }
  const difference = asNumber(left, line) - asNumber(right, line);
  if (operator === "<") return difference < 0;
  if (operator === "<=") return difference <= 0;
  return operator === ">" ? difference > 0 : difference >= 0;
}

function calculate(operator: BinaryOperator, left: SnippetValue, right: SnippetValue, line: number): SnippetValue {
  if (operator === "%" && typeof left === "string") return formatted(left, typeof right === "object" ? right : [right], line);
  if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
  const a = asNumber(left, line);
  const b = asNumber(right, line);
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "//":
    case "%":
      if (b === 0) throw new ScriptError(line, "division by zero");
      return operator === "//" ? Math.floor(a / b) : a - b * Math.floor(a / b);
    default:
      return bitwise(operator, a, b);
  }
}

/** Values of 64 bits occur, such as counters of bytes. */
function bitwise(operator: "&" | "|" | "^" | "<<" | ">>", a: number, b: number): number {
  const [left, right] = [BigInt(Math.trunc(a)), BigInt(Math.trunc(b))];
  switch (operator) {
    case "&":
      return Number(left & right);
    case "|":
      return Number(left | right);
    case "^":
      return Number(left ^ right);
    case "<<":
      return Number(left << right);
    case ">>":
      return Number(left >> right);
  }
}

function formatted(format: string, values: readonly SnippetValue[], line: number): string {
  let i = 0;
  return format.replace(/%(0?\d*)([dsxufi%])/g, (_all, _width: string, kind: string) => {
    if (kind === "%") return "%";
    const value = values[i++];
    if (value === undefined) throw new ScriptError(line, "not enough arguments for format string");
    return kind === "x" ? asNumber(value, line).toString(16) : shown(value);
  });
}
