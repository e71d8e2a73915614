/** The stock of requirements as lines for people, as a value for programs, and as a page of the reference. */
import { page, table } from "./markdown.ts";
import { LEVELS, type Standing, type Stocktaking } from "./requirement-ledger.ts";

const STANDINGS: readonly Standing[] = ["shown", "deviated", "missing"];

/** One line a group: how many rows of each level are shown, deviated and missing. */
export function standingsTable({ groups, standings, finished }: Stocktaking): string[] {
  const cellsOf = (rows: (typeof groups)[number]["rows"]): string[] =>
    [...LEVELS.map((level) => rows.filter((row) => row.level === level)), rows].map((some) =>
      some.length === 0 ? "" : STANDINGS.map((each) => some.filter(({ id }) => standings.get(id) === each).length).join("/"),
    );
  const lines = [
    ["", STANDINGS.join("/"), ...LEVELS, "all", ""],
    ...groups.map(({ group, title, rows }) => [group, title, ...cellsOf(rows), finished.includes(group) ? "finished" : ""]),
    ["", "all", ...cellsOf(groups.flatMap(({ rows }) => rows)), ""],
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => (column < 2 || column === cells.length - 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

export const missingLines = ({ groups, standings }: Stocktaking): string[] =>
  groups.flatMap(({ rows }) =>
    rows.filter(({ id }) => standings.get(id) === "missing").map(({ id, level, title, source }) => `${id} ${level} ${title} (${source})`),
  );

export const standingsAsJson = ({ groups, standings, ledger, lost, unknown }: Stocktaking): object => ({
  groups: groups.map(({ rows, ...group }) => ({
    ...group,
    isFinished: ledger.finished.includes(group.group),
    rows: rows.map((row) => ({ ...row, standing: standings.get(row.id), shownBy: ledger.shown[row.id] ?? {} })),
  })),
  lost: Object.fromEntries(lost),
  unknown: Object.fromEntries(unknown),
});

export function requirementsPage({ groups, standings, ledger }: Stocktaking): string {
  const listed = groups.filter((each) => each.page === undefined);
  const sections = listed.flatMap(({ group, title, rows }) => [
    "",
    `## ${group}. ${title}`,
    "",
    ...table(
      ["id", "level", "requirement", "source", "shown by"],
      rows.map(({ id, level, title: what, source, sameAs }) => [
        id,
        level,
        what,
        source,
        [
          ...(standings.get(id) === "deviated" ? ["[deviates](../deviations.md)"] : []),
          ...(sameAs === undefined ? [] : [`see ${sameAs.join(", ")}`]),
          ...shownBy(ledger, id),
        ].join("<br>"),
      ]),
    ),
  ]);
  const ids = listed.flatMap(({ rows }) => rows.map(({ id }) => id));
  const counts = STANDINGS.map((standing) => `${ids.filter((id) => standings.get(id) === standing).length} ${standing}`);
  return page([
    "# Requirements",
    "",
    "What a host has to do, and the tests that show that this one does. Sources are RFCs by their numbers, where nothing else is said. Levels:",
    'M is a MUST, m a "must" in small letters or a step of a state machine, S a SHOULD, O a MAY, P what trusted stacks do or an attack taught.',
    `Of ${ids.length} rows ${counts.join(", ")}. The list stands in \`test/requirements\`; \`npm run requirements\` compares it with the`,
    "tests that ran last.",
    ...sections,
  ]);
}

/** Microsoft's page of connect: each of its sentences in a line of our own, with the tests that show it and how they ended. */
export function connectPage({ groups, standings, ledger }: Stocktaking): string {
  const listed = groups.filter((each) => each.page === "connect");
  const sections = listed.flatMap(({ title, rows }) => [
    "",
    `## ${title}`,
    "",
    ...table(
      ["no.", "where", "what it says", "tests", "result"],
      rows.map(({ id, title: what, source }) => [
        id,
        source,
        what,
        shownBy(ledger, id).join("<br>"),
        RESULTS[standings.get(id) ?? "missing"],
      ]),
    ),
  ]);
  const ids = listed.flatMap(({ rows }) => rows.map(({ id }) => id));
  return page([
    "# connect, sentence by sentence",
    "",
    "Microsoft's page [connect function (winsock2.h)](https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-connect) in the order of",
    "its sentences, each in words of our own, and the tests that show that it holds here. A place such as 7.3 is the third sentence of the",
    `seventh paragraph; notes and lists are counted apart. Of ${ids.length} sentences ${ids.filter((id) => standings.get(id) === "shown").length} are shown. The list stands in`,
    "`test/requirements/connect-sentences.json`; tests name the numbers (`[CON-15] …`), and `scripts/test` fails while a sentence has no test",
    "that passes.",
    ...sections,
  ]);
}

const RESULTS: Readonly<Record<Standing, string>> = { shown: "passed", deviated: "[deviates](../deviations.md)", missing: "**missing**" };

const shownBy = (ledger: Stocktaking["ledger"], id: string): string[] =>
  Object.entries(ledger.shown[id] ?? {}).map(([file, names]) => `\`${file}\`: ${names.map((name) => `“${name}”`).join(", ")}`);
