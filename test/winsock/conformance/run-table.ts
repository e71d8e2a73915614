/** Makes tests of the table: one a row and stage. */
import { describe, expect, test } from "@jest/globals";
import type { ConformanceCase, Expected, Family, ProfileName, Stage } from "./conformance-case.ts";
import { obstacle, type StageName } from "./stages.ts";
import { otherEnd } from "./states.ts";
import { TABLE } from "./table.ts";

/** @param open a stage of that family and profile; undefined where it has none */
export function runTable(name: StageName, open: (family: Family, profile: ProfileName) => Promise<Stage>): void {
  describe(name, () => {
    for (const row of TABLE.filter((each) => obstacle(name, each) === undefined)) {
      test(row.name, async () => {
        for (const profile of row.profiles) {
          for (const family of row.families) {
            const stage = await open(family, profile);
            const found = { family, profile, steps: await played(row, stage, profile) };
            await stage.close();
            const steps = row.steps.map(({ call, expect: wanted }) => line(call.text, stage.place.resolved(expectedOf(wanted, profile))));
            expect(found).toEqual({ family, profile, steps });
          }
        }
      });
    }
  });
}

async function played(row: ConformanceCase, stage: Stage, profile: ProfileName): Promise<string[]> {
  const s = await row.state.make(stage);
  const lines: string[] = [];
  for (const { who, call, expect: wanted } of row.steps) {
    const came = await stage[who].run(call, who === "ours" ? s : otherEnd(stage), stage.place.resolved(expectedOf(wanted, profile)));
    lines.push(line(call.text, came));
  }
  return lines;
}

const line = (call: string, result: string): string => `${call}: ${result}`;

const expectedOf = (expected: Expected, profile: ProfileName): string => (typeof expected === "string" ? expected : expected[profile]);
