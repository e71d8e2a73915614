/** The pages of docs/reference that are made from the code and its tests, so that they cannot say anything else. */
import * as z from "zod";
import { lessonSchema } from "../src/lab/lesson-schema.ts";
import { mibNameOf } from "../src/management/mib-counters.ts";
import { ACCEPTED_MEANING, DROP_REASONS, type DropReason } from "../src/stack/core/drop-reasons.ts";
import { TRACE_EVENTS, TRACE_STAMP } from "../src/stack/core/trace-events.ts";
import { WAIT_REASONS } from "../src/stack/core/wait-reasons.ts";
import { errorsPage } from "./error-page.ts";
import { page, table } from "./markdown.ts";
import { keptSources } from "./requirement-files.ts";
import { takeStock } from "./requirement-ledger.ts";
import { connectPage, requirementsPage } from "./requirement-listings.ts";
import { callsPage, optionsPage } from "./winsock-pages.ts";

/** The text of each page by its path from the root of the project. */
export function referencePages(): ReadonlyMap<string, string> {
  const requirements = takeStock(keptSources());
  return new Map([
    ["docs/reference/connect-function.md", connectPage(requirements)],
    ["docs/reference/drop-reasons.md", dropReasonsPage()],
    ["docs/reference/trace-events.md", traceEventsPage()],
    ["docs/reference/wait-reasons.md", waitReasonsPage()],
    ["docs/reference/requirements.md", requirementsPage(requirements)],
    ["docs/reference/winsock-calls.md", callsPage()],
    ["docs/reference/winsock-options.md", optionsPage()],
    ["docs/reference/which-error-when.md", errorsPage()],
    ["docs/lesson.schema.json", lessonSchemaFile()],
  ]);
}

/** For editors, which complete a lesson's file from it. */
function lessonSchemaFile(): string {
  const schema = z.toJSONSchema(lessonSchema, { io: "input" });
  return `${JSON.stringify({ title: "A lesson of tapsock's lab", ...schema }, undefined, 2)}\n`;
}

function dropReasonsPage(): string {
  const sections = DROP_REASONS.flatMap(({ title, reasons }) => [
    "",
    `## ${title}`,
    "",
    ...table(
      ["word", "meaning", "MIB counter"],
      wordRows(reasons).map(([word = "", meaning = ""]) => [word, meaning, mibNameOf(word.slice(1, -1) as DropReason)]),
    ),
  ]);
  return page([
    "# What becomes of a packet",
    "",
    "Every packet that comes in ends with one of these words, and so does one that should have left and did not. `tapsock status` counts",
    "the words, for what came in the trace shows them in `frame-dropped` and, for segments of TCP, in `segment-judged`; a capture has them as comments.",
    `The word \`accepted\` says: ${ACCEPTED_MEANING.charAt(0).toLowerCase()}${ACCEPTED_MEANING.slice(1)} It is the only one that is not counted.`,
    "They come from `src/stack/core/drop-reasons.ts`. Each falls under a counter of the MIBs, in the spelling of `nstat`, which",
    "`tapsock status --json` sums up in `mib`.",
    ...sections,
  ]);
}

function traceEventsPage(): string {
  const sections = Object.entries(TRACE_EVENTS).flatMap(([type, { meaning, fields }]) => [
    "",
    `## ${type}`,
    "",
    meaning,
    "",
    ...table(["field", "meaning"], wordRows(fields)),
  ]);
  return page([
    "# Events of the trace",
    "",
    "What a host shows of itself: `Trace.subscribe` in a program, `tapsock trace --json` at the command line (one object a line). Every event",
    "has a `type`, one of those below, and these fields, which the trace itself adds:",
    "",
    ...table(["field", "meaning"], wordRows(TRACE_STAMP)),
    "",
    "Connections, sockets and calls are numbers, explained once, when they open. A subscription begins with the openings of what is open",
    "already. By their causes the events are chains: a call sends a frame; a frame that comes in is judged, changes a state and lets a call",
    "return; a timer sends a frame again. Work that waits for the end of a turn keeps the cause that asked for it; where several did, what",
    "leaves has the last one, and what a program is told the first. The types are in `src/stack/core/trace.ts`, their explanations in",
    "`src/stack/core/trace-events.ts`.",
    ...sections,
  ]);
}

function waitReasonsPage(): string {
  return page([
    "# What a connection waits for",
    "",
    "Why a connection is quiet, as a word with its sentence: `tapsock ss --why` says it for each connection, and the trace in `waits-changed`.",
    "Of several that hold the first counts. `{bytes}` and `{timer}` stand for what the moment knows. The words come from",
    "`src/stack/core/wait-reasons.ts`, and what decides between them from `src/stack/tcp/wait-reason.ts`.",
    "",
    ...table(["word", "a connection of which it is said"], wordRows(WAIT_REASONS)),
  ]);
}

const wordRows = (words: Readonly<Record<string, string>>): string[][] =>
  Object.entries(words).map(([word, meaning]) => [`\`${word}\``, meaning]);
