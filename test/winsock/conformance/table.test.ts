/** The table itself: how many rows there are, that each says whose word it is, and where which of them run. */
import { expect, test } from "@jest/globals";
import { obstacle, STAGES } from "./stages.ts";
import { TABLE } from "./table.ts";

test("has 900 rows or more, each with a name of its own", () => {
  const names = TABLE.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  expect(names.length).toBeGreaterThanOrEqual(900);
});

test("every row says who says so", () => {
  const known = /Microsoft|Wine|ReactOS|KB\d|RFC|inferred/;
  expect(TABLE.filter(({ from }) => !known.test(from))).toEqual([]);
});

test("every row runs through the blocking face in virtual time, and where one does not run there is a reason", () => {
  const counts = STAGES.map((stage) => {
    const reasons = new Map<string, number>();
    for (const row of TABLE) {
      const reason = obstacle(stage, row);
      if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const left = [...reasons.values()].reduce((sum, count) => sum + count, 0);
    return { stage, ran: TABLE.length - left, reasons };
  });
  const lines = counts.flatMap(({ stage, ran, reasons }) => [
    `${stage}: ${ran} of ${TABLE.length} rows`,
    ...[...reasons].map(([reason, count]) => `  ${count} not: ${reason}`),
  ]);
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(counts[0]?.ran).toBe(TABLE.length);
  expect(counts.flatMap(({ reasons }) => [...reasons.keys()]).filter((reason) => reason.length < 20)).toEqual([]);
  // Far below what runs: a mistake that leaves many out is seen here.
  expect(counts.map(({ ran }) => ran > TABLE.length / 2)).toEqual([true, true, true, true]);
});

test("every row says what is asked of both families, unless it knows only one", () => {
  expect(TABLE.filter(({ families }) => families.length === 0)).toEqual([]);
  expect(TABLE.filter(({ families }) => families.length === 2).length).toBeGreaterThan(TABLE.length / 2);
});
