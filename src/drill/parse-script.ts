import { parseExpression } from "./parse-expression.ts";
import { parsePacket } from "./parse-packet.ts";
import type { CallLine, Script, ScriptAction, ScriptEvent, ScriptExpr, ScriptOption, ScriptTime, ShellText } from "./script.ts";
import { ScriptError } from "./script-error.ts";
import { refuseOptions } from "./script-options.ts";
import { ScriptScanner } from "./script-scanner.ts";

/** Words that stand for something else: a string in double quotes, a command in back-quotes, a number, or another word. */
export type Definitions = ReadonlyMap<string, string>;

/**
 * Reads a script.
 * @param given definitions from outside, which win over the script's own
 * @throws ScriptError where it cannot be read
 * @throws UnsupportedScript for headers that this runner does not know
 */
export function parseScript(name: string, source: string, given: Definitions = new Map()): Script {
  const head = new ScriptScanner(source);
  const options = parseOptions(head);
  refuseOptions(options);
  const scanner = new ScriptScanner(substituted(source, head.at, new Map([...definitionsOf(options), ...given])), head.at);
  const init = scanner.isBefore("`") ? shellText(scanner) : undefined;
  const events: ScriptEvent[] = [];
  let cleanup: ShellText | undefined;
  while (!scanner.isAtEnd) {
    if (scanner.isBefore("`")) {
      if (events.length === 0) throw scanner.error("only one command may stand before the first event");
      cleanup = shellText(scanner);
      if (!scanner.isAtEnd) throw scanner.error("nothing may follow the last command");
      break;
    }
    events.push(parseEvent(scanner));
  }
  if (events.length === 0) throw new ScriptError(scanner.line, "the script has no events");
  checkTimes(events);
  return { name, options, init, events, cleanup };
}

const OPTION = /--([A-Za-z_][A-Za-z0-9_]*)/y;
/** Up to a blank, but for what stands in quotes. */
const OPTION_VALUE = /(?:"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|[^\s"`])+/y;

function parseOptions(scanner: ScriptScanner): ScriptOption[] {
  const options: ScriptOption[] = [];
  for (;;) {
    const { line } = scanner;
    const name = scanner.take(OPTION)?.slice(2);
    if (name === undefined) return options;
    let value: string | undefined;
    if (scanner.text[scanner.at] === "=") {
      scanner.at++;
      value = scanner.take(OPTION_VALUE);
      if (value === undefined) throw scanner.error(`--${name}= has no value`);
    }
    options.push({ line, name, value: value?.replace(/^"(.*)"$/s, name === "define" ? "$&" : "$1") });
  }
}

function definitionsOf(options: readonly ScriptOption[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { line, name, value } of options) {
    if (name !== "define") continue;
    const [symbol, text] = readDefinition(value ?? "") ?? [];
    if (symbol === undefined || text === undefined) throw new ScriptError(line, "--define wants NAME=value");
    found.set(symbol, text);
  }
  return found;
}

/** `NAME=value`. */
export function readDefinition(text: string): readonly [string, string] | undefined {
  const match = /^([A-Za-z_]\w*)=([\s\S]+)$/.exec(text);
  return match === null ? undefined : [match[1]!, match[2]!];
}

/** What no word is looked for in, and then words. */
const PIECES = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|%\{[\s\S]*?\}%|\w+/g;

function substituted(source: string, from: number, definitions: Definitions): string {
  if (definitions.size === 0) return source;
  const rest = source.slice(from).replace(PIECES, (piece) => (/^[A-Za-z_]/.test(piece) ? (definitions.get(piece) ?? piece) : piece));
  return source.slice(0, from) + rest;
}

function shellText(scanner: ScriptScanner): ShellText {
  const { line } = scanner;
  return { line, text: scanner.between("`", "`") };
}

function parseEvent(scanner: ScriptScanner): ScriptEvent {
  const { line } = scanner;
  const from = scanner.at;
  const time = parseTime(scanner);
  const action = parseAction(scanner, line);
  const isOutbound = (action.kind === "tcp" || action.kind === "udp" || action.kind === "icmp") && !action.isInbound;
  if ((time.kind === "any" || time.kind === "window") && !isOutbound) {
    throw new ScriptError(line, "only packets that are expected may come at any time or within a window");
  }
  if (time.kind === "while" && action.kind !== "call") throw new ScriptError(line, "only a call has a time that it waits for");
  return { line, time, action, text: shownText(scanner.text.slice(from, scanner.at)) };
}

const LONGEST_TEXT = 200;

function shownText(source: string): string {
  const text = source
    .replace(/\/\/[^\n]*/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function parseTime(scanner: ScriptScanner): ScriptTime {
  if (scanner.takes("*")) return { kind: "any" };
  const isRelative = scanner.takes("+");
  const us = scanner.needSeconds();
  if (scanner.takes("...")) {
    const untilUs = scanner.needSeconds();
    if (untilUs < us) throw scanner.fault("a call cannot return before it begins");
    return { kind: "while", isRelative, us, untilUs };
  }
  if (scanner.takes("~")) {
    if (scanner.takes("+") !== isRelative) throw scanner.fault("both ends of a window are relative, or neither");
    const untilUs = scanner.needSeconds();
    if (untilUs < us) throw scanner.fault("a window cannot end before it begins");
    return { kind: "window", isRelative, us, untilUs };
  }
  return { kind: "at", isRelative, us };
}

function parseAction(scanner: ScriptScanner, line: number): ScriptAction {
  if (scanner.isBefore("`")) return { kind: "command", ...shellText(scanner) };
  if (scanner.isBefore("%{")) return { kind: "code", line, text: scanner.between("%{", "}%") };
  if (scanner.isBefore("<") || scanner.isBefore(">")) return parsePacket(scanner, line);
  return parseCall(scanner);
}

function parseCall(scanner: ScriptScanner): CallLine {
  const name = scanner.needWord("a packet, a call, a command or a block of code");
  scanner.need("(");
  const args: ScriptExpr[] = [];
  while (!scanner.takes(")")) {
    if (args.length > 0) scanner.need(",");
    args.push(parseExpression(scanner));
  }
  scanner.need("=");
  const result = parseExpression(scanner);
  const error = scanner.word();
  if (scanner.isBefore("(")) scanner.between("(", ")");
  return { kind: "call", name, args, result, error };
}

function checkTimes(events: readonly ScriptEvent[]): void {
  const [first] = events;
  if (first !== undefined && first.time.kind !== "any" && first.time.us !== 0)
    throw new ScriptError(first.line, "the first event must be at time 0");
  let lastUs = 0;
  for (const { line, time } of events) {
    if (time.kind === "any" || time.isRelative) {
      lastUs = 0;
      continue;
    }
    if (time.us < lastUs) throw new ScriptError(line, "time goes backwards");
    lastUs = time.us;
  }
}
