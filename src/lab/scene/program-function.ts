import { ProgramError } from "./program-source.ts";

/**
 * What a thread has and a program of the lab has not: clocks, chance and what lies outside of the run. With them it would not go the same
 * way again; they are no walls, which are those of the thread.
 */
const ABSENT = [
  "Date",
  "performance",
  "crypto",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "requestAnimationFrame",
  "fetch",
  "require",
  "process",
  "globalThis",
  "self",
  "postMessage",
  "close",
  "importScripts",
  "Worker",
  "WebSocket",
  "XMLHttpRequest",
] as const;
/** The program as a function; it is given the Winsock module, its console, and its Math. */
export type ProgramFunction = (winsock: unknown, console: unknown, math: unknown) => void;

/**
 * @param file by which stacks name it
 * @throws ProgramError with the line when the text is no JavaScript
 */
export function programFunction(body: string, file: string): ProgramFunction {
  const problem = syntaxProblem(body);
  if (problem !== undefined) throw new ProgramError(withRemedy(`SyntaxError: ${problem}`), syntaxErrorLine(body, problem));
  // A function in a function, so that a program may declare what is absent; in the same line, so that lines stay where they are.
  const text = `return (function () {${body}\n}).call(undefined);\n//# sourceURL=${file}`;
  const run = new Function("winsock", "console", "Math", ...ABSENT, text) as (...all: unknown[]) => void;
  return (winsock, console, math) => run(winsock, console, math, ...ABSENT.map(absent));
}

function syntaxProblem(body: string): string | undefined {
  try {
    new Function(body);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * An engine does not say where: but it stops at the first fault, so from its line on, the lines so far have just this problem. Of a bracket
 * that is never closed that is the line that opens it.
 */
function syntaxErrorLine(body: string, problem: string): number {
  const lines = body.split("\n");
  let line = lines.length;
  while (line > 1 && syntaxProblem(lines.slice(0, line - 1).join("\n")) === problem) line--;
  return line;
}

/** What went wrong, with what helps where it is known. */
export function withRemedy(message: string): string {
  if (/await is only valid|for await/.test(message)) return `${message}; calls block here, so leave await out`;
  if (/import statement|import\.meta|Unexpected token 'export'/.test(message)) {
    return `${message}; write import { … } from "tapsock/winsock" in a line of its own, and no export`;
  }
  return message;
}

/** Says what it is not, whatever is done with it. */
function absent(name: string): unknown {
  const use = (): never => {
    const instead = /^(set|request|queue)/.test(name) ? "Sleep(ms) waits" : "a run has to go the same way again, and its time is its own";
    throw new ProgramError(`Cannot use ${name}: programs of the lab have none; ${instead}`);
  };
  // Whatever can be called and constructed.
  return new Proxy(Object, { apply: use, construct: use, get: use, set: use, has: use });
}
