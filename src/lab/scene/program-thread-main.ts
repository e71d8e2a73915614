import type { CallReply } from "../../winsock/provider/calls.ts";
import { fromJson, toJson } from "./bytes-text.ts";
import { programFunction, withRemedy } from "./program-function.ts";
import { ProgramLink } from "./program-link.ts";
import { winsockModule } from "./program-module.ts";
import { ProgramPort } from "./program-port.ts";
import { ProgramError, programBody } from "./program-source.ts";
import type { ProgramStep } from "./program-step.ts";

/** What the thread of a program is started with. */
export interface ProgramThreadData {
  readonly memory: SharedArrayBuffer;
  readonly source: string;
}

/** By which a stack names the program's own lines. */
const FILE = "program.js";
/** Lines that `Function` puts before a body. */
const LINES_BEFORE = 2;
const FRAME = new RegExp(`${FILE.replace(".", "\\.")}:(\\d+):`);
/** Of a stack: between the port and the program lie the face's. */
const FRAMES = 60;
const MAX_PRINT = 4096;

/** Runs a program to its end. The thread it runs in has nothing else to do: it waits in here. */
export function runProgram({ memory, source }: ProgramThreadData): void {
  const link = new ProgramLink(memory, true);
  // The face takes whatever its port throws for a network that is gone; of a fault of ours the run shall tell.
  let fault: unknown;
  const port = new ProgramPort((step) => {
    try {
      link.send(toJson(step));
      return repliesIn(link.receive());
    } catch (error) {
      fault ??= error;
      throw error;
    }
  }, lineOfStack);
  // That this thread is there takes its time, which is not the program's.
  link.receive();
  link.send(toJson({ acts: [], wait: { for: "nothing" } } satisfies ProgramStep));
  link.receive();
  (Error as { stackTraceLimit?: number }).stackTraceLimit = FRAMES;
  let failure: { readonly message: string; readonly line: number | undefined } | undefined;
  try {
    const run = programFunction(programBody(source), FILE);
    run(
      winsockModule(() => port),
      printer(port),
      withoutChance(),
    );
  } catch (error) {
    failure = { message: messageOf(error), line: (error instanceof ProgramError ? error.line : undefined) ?? lineOfError(error) };
  }
  if (fault !== undefined) failure = { message: `a fault of the lab, not of the program: ${messageOf(fault)}`, line: failure?.line };
  port.end(failure?.message.slice(0, MAX_PRINT), failure?.line);
}

const repliesIn = (text: string | undefined): readonly CallReply[] => (text === undefined ? [] : (fromJson(text) as CallReply[]));

/** The program's `console`: each line goes to the run. */
function printer(port: ProgramPort): Readonly<Record<string, (...what: unknown[]) => void>> {
  const say =
    (isError: boolean) =>
    (...what: unknown[]) =>
      port.print(what.map(shown).join(" ").slice(0, MAX_PRINT), isError);
  return { log: say(false), info: say(false), debug: say(false), warn: say(true), error: say(true) };
}

function shown(what: unknown): string {
  if (typeof what === "string") return what;
  if (what instanceof Uint8Array) return new TextDecoder().decode(what);
  if (what instanceof Error) return `${what.name}: ${what.message}`;
  try {
    return JSON.stringify(what) ?? String(what);
  } catch {
    return String(what);
  }
}

/** A run made again has to go the same way, so a program's chance comes from a fixed seed. */
function withoutChance(): Math {
  let state = 0x2545f491;
  const math = Object.create(Math) as Math;
  math.random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return math;
}

const lineOfStack = (): number | undefined => lineOfError(new Error("where"));

/** The innermost line of the program in an error's stack. */
function lineOfError(error: unknown): number | undefined {
  try {
    const line = error instanceof Error ? FRAME.exec(String(error.stack))?.[1] : undefined;
    return line === undefined ? undefined : Number(line) - LINES_BEFORE;
  } catch {
    return undefined;
  }
}

/** Of whatever was thrown, and that may throw when it is asked. */
function messageOf(error: unknown): string {
  try {
    if (error instanceof ProgramError) return error.message;
    return withRemedy(error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${shown(error)}`);
  } catch {
    return "it threw something that cannot be shown";
  }
}
