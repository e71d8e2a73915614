/** "Which error, when, and why": each of Winsock's codes with a program that brings it about. */
import { readFileSync } from "node:fs";
import { WSA_ERRORS, type WsaErrorName } from "../src/winsock/abi/errors.ts";
import { ERROR_CAUSES } from "./error-causes.ts";
import { page } from "./markdown.ts";

/** Where the programs are, each named after its code. */
export const ERROR_PROGRAMS = "examples/errors";

/** The codes that a program can get, in order of their numbers. */
export const codesGiven = (): WsaErrorName[] => (Object.keys(WSA_ERRORS) as WsaErrorName[]).filter((name) => "by" in ERROR_CAUSES[name]);

export function errorsPage(): string {
  const names = Object.keys(WSA_ERRORS) as WsaErrorName[];
  return page([
    "# Which error, when, and why",
    "",
    "Every code of Winsock, in order of its number: what it means, which calls give it here, what is behind it, and what to do. Each that can",
    `be had comes with a program that brings it about and prints its number. They are the files of \`${ERROR_PROGRAMS}\`, and run as they are:`,
    "",
    `    node ${ERROR_PROGRAMS}/WSAECONNREFUSED.mjs`,
    "",
    "What a function returns instead of leaving it for WSAGetLastError (WSAStartup, getaddrinfo) is said. Awaited calls throw a `WinsockError`",
    "with the name in `code` and the number in `errno`. Where Windows' documents and its behaviour differ, or we from Windows:",
    "[winsock-notes.md](../winsock-notes.md), [deviations.md](../deviations.md).",
    "",
    "## Their wire",
    "",
    "Most programs need no other machine: they run on `embedded:`, a host with a loopback. Those about what a peer or a router does, and those that",
    "take long, have hosts of their own on a wire in virtual time, on which 21 seconds pass at once:",
    "",
    ...listing("virtual-time.mjs"),
    "",
    "And this is a router that passes nothing on:",
    "",
    ...listing("router.mjs"),
    ...names.flatMap(section),
  ]);
}

function section(name: WsaErrorName): string[] {
  const { code, text } = WSA_ERRORS[name];
  const cause = ERROR_CAUSES[name];
  const head = ["", `## ${name} (${code})`, "", text, ""];
  if ("never" in cause) return [...head, `- **Not given here.** ${cause.never}`];
  const { by, because, remedy } = cause;
  const facts = [`- **Given by:** ${by}`, `- **Because:** ${because}`, `- **Remedy:** ${remedy}`];
  return [...head, ...facts, "", ...listing(`${name}.mjs`)];
}

const listing = (file: string): string[] => [
  "```js",
  readFileSync(new URL(`../${ERROR_PROGRAMS}/${file}`, import.meta.url), "utf8").trimEnd(),
  "```",
];
