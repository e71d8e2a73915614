import type { ScriptExpr } from "./script.ts";
import type { ScriptScanner } from "./script-scanner.ts";

/** An argument or a result of a call. */
export function parseExpression(scanner: ScriptScanner): ScriptExpr {
  const first = parsePart(scanner);
  if (!scanner.isBefore("|")) return first;
  const parts = [first];
  while (scanner.takes("|")) parts.push(parsePart(scanner));
  return { kind: "or", parts };
}

function parsePart(scanner: ScriptScanner): ScriptExpr {
  if (scanner.takes("...")) return { kind: "ellipsis" };
  if (scanner.takes("[")) return { kind: "list", items: itemsUntil(scanner, "]") };
  if (scanner.takes("{")) return { kind: "struct", items: itemsUntil(scanner, "}") };
  const string = scanner.string();
  if (string !== undefined) {
    scanner.takes("...");
    return { kind: "string", value: string };
  }
  const integer = scanner.integer();
  if (integer !== undefined) return { kind: "int", ...integer };
  const name = scanner.word();
  if (name === undefined) throw scanner.error("expected a value");
  const args = scanner.takes("(") ? itemsUntil(scanner, ")") : undefined;
  if (scanner.takes("=")) return { kind: "field", name, value: parseExpression(scanner) };
  return args === undefined ? { kind: "word", name } : { kind: "function", name, args };
}

function itemsUntil(scanner: ScriptScanner, close: string): ScriptExpr[] {
  const items: ScriptExpr[] = [];
  while (!scanner.takes(close)) {
    if (items.length > 0) scanner.need(",");
    items.push(parseExpression(scanner));
  }
  return items;
}
