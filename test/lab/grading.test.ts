import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { gradeFile, runFilesIn } from "../../src/lab/grading.ts";
import { LessonFileError, parseLesson, readLessonSource, readLessons } from "../../src/lab/lesson-file.ts";
import { lessonFaults } from "../../src/lab/lesson-trial.ts";
import { attempt } from "../../src/lab/lessons/attempt.ts";
import type { LessonSolution } from "../../src/lab/lessons/lesson.ts";
import { mysteryFault, mysteryScene } from "../../src/lab/lessons/mysteries.ts";
import { startNodeProgram } from "../../src/lab/node-programs.ts";
import { readSavedRun, replaySavedRun, savedRun } from "../../src/lab/scene/saved-run.ts";
import { SimulatedRun } from "../../src/lab/scene/simulated-run.ts";

const lessons = readLessons();
const refused = lessons.find(({ id }) => id === "refused")!;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tapsock-grading-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(solution: LessonSolution, student: string): string {
  const { run, answers } = attempt(refused, solution, { seed: 1, startProgram: (_name, source) => startNodeProgram(source) });
  run.close();
  return savedRun(run, { ...answers, student });
}

const put = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe("a class is graded from its files", () => {
  test("the run is made again, and its checks and guesses counted", () => {
    const right = gradeFile(put("ada.tapsock-run", saved(refused.solution!, "Ada")), lessons);
    expect(right).toMatchObject({ student: "Ada", lesson: "refused", verdict: "passed", passed: 5, of: 5, rightGuesses: 2, guesses: 2 });
    const wrong = gradeFile(put("bob.tapsock-run", saved({ predictions: { syns: 1 } }, "Bob")), lessons);
    expect(wrong).toMatchObject({
      verdict: "failed",
      rightGuesses: 1,
      remark: expect.stringContaining("asks for a port where nobody listens"),
    });
  });

  test("programs in the files are not run", () => {
    // Whatever the source says now, what counts is what the program did.
    const file = put("eve.tapsock-run", saved(refused.solution!, "Eve").replace(/"source":"(?:[^"\\]|\\.)*"/, '"source":"globalThis.x.y"'));
    expect(gradeFile(file, lessons).verdict).toBe("passed");
  });

  test.each([
    ["nothing that anybody saved", "{", /Cannot read the run/],
    [
      "a run with other hosts",
      () => saved(refused.solution!, "x").replaceAll('"profile":"linux"', '"profile":"rfc"'),
      /hosts and wire are not the lesson's/,
    ],
    [
      "a run of another lesson",
      () => saved(refused.solution!, "x").replace('"lesson":"refused"', '"lesson":"other"'),
      /no lesson called "other"/,
    ],
    [
      "a run that was changed",
      () =>
        saved(refused.solution!, "x")
          .replace('"seed":1,', '"seed":1,')
          .replace(/"events":\d+/, '"events":3'),
      /3 events/,
    ],
    ["a run outside of lessons", () => saved(refused.solution!, "x").replace(/,"answers":.*$/m, "}"), /no run of a lesson/],
  ])("%s cannot be graded, and the class goes on", (_what, text, remark) => {
    const grade = gradeFile(put("odd.tapsock-run", typeof text === "string" ? text : text()), lessons);
    expect(grade).toMatchObject({ verdict: "cannot be graded", remark: expect.stringMatching(remark) });
  });

  test("another profile of one's own host is the learner's choice", () => {
    const file = put("linux.tapsock-run", saved({ ...refused.solution, profile: "linux" }, "x"));
    expect(gradeFile(file, lessons)).toMatchObject({ verdict: "passed", rightGuesses: 1 });
  });

  test("a mystery is right where its fault is named", () => {
    const made = (verdict: string): string => {
      const run = new SimulatedRun(mysteryScene(7), {
        seed: 7,
        startProgram: (_name, source) => startNodeProgram(source),
        onEvent: () => {},
      });
      run.runUntil(1000);
      run.close();
      return savedRun(run, { lesson: "mystery-7", predictions: {}, verdict });
    };
    expect(gradeFile(put("m1.tapsock-run", made(mysteryFault(7).id)), lessons).verdict).toBe("passed");
    expect(gradeFile(put("m2.tapsock-run", made("nothing")), lessons)).toMatchObject({ verdict: "failed", remark: 'it was not "nothing"' });
    // A name alone is no run of it, and it is none where a lesson is asked for.
    const named = saved({}, "x").replace('"lesson":"refused"', `"lesson":"mystery-7","verdict":"${mysteryFault(7).id}"`);
    expect(gradeFile(put("m3.tapsock-run", named), lessons).verdict).toBe("cannot be graded");
    expect(gradeFile(join(folder, "m1.tapsock-run"), lessons, refused)).toMatchObject({
      verdict: "cannot be graded",
      remark: 'it is a run of "mystery-7"',
    });
  });

  // biome-ignore lint/suspicious/noExplicitAny: a file may say anything
  type Anything = Record<string, any>;
  const forged = (change: (run: Anything) => void): string => {
    const run = JSON.parse(saved(refused.solution!, "Eve")) as Anything;
    change(run);
    return JSON.stringify(run);
  };
  test.each<[string, (run: Anything) => void, RegExp]>([
    ["a name that is a list", (run) => (run["answers"].student = ["x"]), /answers\.student/],
    ["a name without end", (run) => (run["answers"].student = "x".repeat(5000)), /answers\.student/],
    ["guesses that are none", (run) => (run["answers"].predictions = { syns: {} }), /answers\.predictions\.syns/],
    ["hosts that are none", (run) => (run["simulation"].scene.hosts = [null]), /simulation\.scene\.hosts\[0\]: expected an object/],
    ["an unknown input", (run) => (run["simulation"].inputs[0] = { atMs: 0, do: "x" }), /inputs\[0\]\.do: expected one of impair/],
    ["an input at no time", (run) => (run["simulation"].inputs[0].atMs = "abc"), /inputs\[0\]\.atMs/],
    ["inputs without end", (run) => (run["simulation"].inputs = Array(5001).fill(run["simulation"].inputs[0])), /inputs: expected a list/],
    ["no programs", (run) => (run["simulation"].programs = null), /simulation\.programs/],
    ["steps that are none", (run) => (run["simulation"].programs["1"] = [{}]), /programs\.1\[0\]\.acts/],
    [
      "calls that are none",
      (run) => (run["simulation"].programs["1"] = [{ acts: [{ act: "call" }], wait: { for: "any" } }]),
      /acts\[0\]\.request: expected an object/,
    ],
    ["an end that never comes", (run) => (run["simulation"].untilMs = 1e300), /untilMs: expected a number/],
    ["bytes that are none", (run) => (run["simulation"].scene.hosts[0].name = { base64: "AA==" }), /hosts\[0\]\.name/],
    ["an address that is none", (run) => (run["simulation"].scene.hosts[0].address = "203.0.113.2/x"), /.+/],
  ])("with %s, a file is refused with its place, and the class goes on", (_what, change, remark) => {
    const grade = gradeFile(put("forged.tapsock-run", forged(change)), lessons);
    expect(grade).toMatchObject({ verdict: "cannot be graded", remark: expect.stringMatching(remark) });
    expect(grade.remark).not.toMatch(/undefined|Cannot read properties|is not iterable/);
  });

  test("a run that goes on and on is given up once it has more events than it says", () => {
    const file = forged((run) => {
      run["simulation"].programs["1"] = Array(20_000).fill({
        acts: [{ act: "print", text: "x", isError: false }],
        wait: { for: "nothing" },
      });
    });
    let events = 0;
    expect(() => replaySavedRun(readSavedRun(file), () => events++)).toThrow(/by another version/);
    expect(events).toBeLessThan(2 * JSON.parse(file).simulation.events);
  });

  test("what is cut short is told from what is no run", () => {
    expect(gradeFile(put("cut.tapsock-run", saved({}, "x").slice(0, 2000)), lessons).remark).toMatch(/damaged or cut short; save it again/);
    for (const text of ["", "\u001f\u008b\u0008", "hello"])
      expect(gradeFile(put("odd.tapsock-run", text), lessons).remark).toMatch(/this is no file of tapsock's$/);
    expect(gradeFile(put("bom.tapsock-run", `\ufeff${saved(refused.solution!, "x")}`), lessons).verdict).toBe("passed");
  });

  test("a file counts once by whatever links it is found; pipes, devices and links to nothing are no runs", () => {
    const place = join(folder, "links");
    mkdirSync(place);
    writeFileSync(join(place, "z.tapsock-run"), saved(refused.solution!, "Ada"));
    symlinkSync("z.tapsock-run", join(place, "a.tapsock-run"));
    symlinkSync("nowhere", join(place, "b.tapsock-run"));
    symlinkSync("/dev/zero", join(place, "c.tapsock-run"));
    symlinkSync(".", join(place, "loop"));
    const files = runFilesIn([place, join(place, "z.tapsock-run")]);
    expect(files.map((file) => file.slice(place.length + 1))).toEqual(["b.tapsock-run", "c.tapsock-run", "z.tapsock-run"]);
    expect(files.map((file) => gradeFile(file, lessons).remark)).toEqual(["it is a link to nothing", "it is no file", ""]);
  });

  test("folders are looked through, by name", () => {
    const inner = join(folder, "class", "b");
    mkdirSync(inner, { recursive: true });
    for (const name of ["2.tapsock-run", "1.tapsock-run", "notes.txt"]) writeFileSync(join(inner, name), "");
    expect(runFilesIn([join(folder, "class")]).map((file) => file.slice(inner.length + 1))).toEqual(["1.tapsock-run", "2.tapsock-run"]);
  });
});

describe("a lesson's file is explained where it is wrong", () => {
  const well = `
id: one
number: 100
title: One
goal: To see one.
host: client
scene: { title: s, hosts: [{ name: client, address: 203.0.113.2/24, profile: windows }] }
program: "1"
steps: [do]
checks:
  - { id: a, title: t, otherwise: o, what: { frames: { is: syn } } }
explanation: e
references: [{ title: r }]
next: [n]
`;
  test("one that is well is read, with what it leaves out", () => {
    expect(parseLesson(well, "one.yaml")).toMatchObject({ id: "one", untilMs: 60_000, predictions: [] });
  });

  test.each([
    ["a word that is none", ["is: syn", "is: sin"], /^one\.yaml:11:\d+: checks\.0\.what\.frames\.is: expected one of these words.*syn-ack/],
    ["a key that is none", ["goal:", "gaol:"], /one\.yaml:2:1: goal: it is missing.*\none\.yaml:5:1: there is no gaol here; is goal meant/],
    ["a host that is not there", ["host: client", "host: server"], /one\.yaml:6:\d+: host: there is no host server; there are: client/],
    [
      "an address of elsewhere",
      ["203.0.113.2/24", "192.0.2.1/24"],
      /one\.yaml:7:\d+: scene\.hosts\.0\.address: expected an address of 203\.0\.113\.0\/24/,
    ],
    ["YAML that is none", ["steps: [do]", "steps: [do"], /one\.yaml:\d+:\d+: /],
    [
      "a key that is nearly one",
      ["otherwise: o", "otherwsie: o"],
      /one\.yaml:11:\d+: checks\.0: there is no otherwsie here; is otherwise meant\?/,
    ],
    ["a unit", ["goal:", "untilMs: 30s\ngoal:"], /one\.yaml:5:10: untilMs: expected number of milliseconds, without a unit, and not "30s"/],
    ["an address that is none", ["203.0.113.2/24", "203.0.113.999/24"], /one\.yaml:7:\d+: scene\.hosts\.0\.address: Cannot read/],
    ["a prefix that is none", ["203.0.113.2/24", "203.0.113.2/77"], /one\.yaml:7:\d+: .*prefix length from 1 to 32, not 77/],
    [
      "two hosts of one name and address",
      ["hosts: [", "hosts: [{ name: client, address: 203.0.113.2/24, profile: rfc }, "],
      /hosts\.1\.name: another host is called client\none\.yaml:7:\d+: scene\.hosts\.1\.address: another host has 203\.0\.113\.2/,
    ],
    ["a host that a check names", ["is: syn", "is: syn, from: clint"], /one\.yaml:11:\d+: .*there is no host clint; is client meant\?/],
    [
      "a call that is none",
      ["frames: { is: syn }", "calls: { name: conect }"],
      /one\.yaml:11:\d+: .*there is no call conect; is connect meant/,
    ],
    ["an error that is none", ["frames: { is: syn }", "calls: { error: WSAECONREFUSED }"], /is WSAECONNREFUSED meant/],
    ["an event that is none", ["frames: { is: syn }", "events: { type: state-chnged }"], /is state-changed meant/],
    ["a field that is none", ["frames: { is: syn }", "events: { type: state-changed, where: { too: x } }"], /called too; is to meant/],
    [
      "bounds that nothing meets",
      ["} }", "} }, count: { least: 5, most: 2 } "],
      /one\.yaml:11:\d+: checks\.0\.count: nothing is at least 5 and at most 2/,
    ],
    ["two things in one check", ["} }", "} }, count: 2, gapsMs: [5] "], /checks\.0\.gapsMs: a check says one thing, .*make two checks/],
    ["a tolerance of nothing", ["} }", "} }, tolerance: 0.5 "], /tolerance is one of gapsMs/],
    ["how long a frame lasts", ["} }", "} }, lastsMs: { least: 5 } "], /only calls last/],
    [
      "an order with what it passes over",
      ["what: { frames: { is: syn } }", "order: [{ prints: a }, { prints: b }], after: { prints: c }"],
      /one\.yaml:11:\d+: checks\.0\.after: after says nothing of an order/,
    ],
    [
      "a fault of nobody",
      ["next:", "solution: { faults: [{ atMs: 0, host: clint }] }\nnext:"],
      /solution\.faults\.0\.host: .*is client meant/,
    ],
    [
      "a fault behind the end",
      ["next:", "solution: { faults: [{ atMs: 90000, host: client }] }\nnext:"],
      /never happens: the run ends at 60000 ms/,
    ],
    ["a guess at nothing", ["next:", "solution: { predictions: { x: 1 } }\nnext:"], /solution\.predictions\.x: there is no prediction x/],
    ["an alias of nothing", ["next: [n]", "next: *b"], /one\.yaml:14:7: Unresolved alias .*; write the part out/],
    ["a circle", ["next: [n]", "next: &a [*a]"], /one\.yaml:14:\d+: next\.0: expected string, and not a list/],
    ["two lessons", ["next: [n]", "next: [n]\n---\na: 1"], /one\.yaml:15:1: a file has one lesson/],
    ["tabs", ["steps:", "\tsteps:"], /one\.yaml:9:1: Tabs are not allowed as indentation; use blanks/],
    ["an expression that is none", ["{ is: syn }", '{ text: "(" }'], /one\.yaml:11:\d+: .*expected a regular expression/],
  ])("%s", (_what, [from, to], message) => {
    let said = "";
    try {
      parseLesson(well.replace(from!, to!), "one.yaml");
    } catch (error) {
      expect(error).toBeInstanceOf(LessonFileError);
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
  });

  test("aliases that multiply, and a file without anything, are no lessons", () => {
    const bomb = Array.from(
      { length: 30 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? "1"
            : Array(10)
                .fill(`*a${i - 1}`)
                .join(", ")
        }]`,
    ).join("\n");
    expect(() => parseLesson(bomb, "one.yaml")).toThrow(/^one\.yaml:2:\d+: Excessive alias count/);
    expect(() => parseLesson("", "one.yaml")).toThrow(/there is nothing in it/);
    expect(() => parseLesson("[".repeat(100_000), "one.yaml")).toThrow(LessonFileError);
    expect(() => parseLesson("a".repeat(2_000_000), "one.yaml")).toThrow(/more than 1048576 letters/);
  });

  test("a lesson is tried, and its program's mistake has its line in the file", () => {
    const source = well.replace('program: "1"', "program: |\n  const a = 1;\n  b();\nsolution: {}");
    expect(lessonFaults(readLessonSource(source, "one.yaml"), "one.yaml")).toEqual([
      "one.yaml:10: the program of its own solution fails: line 2: ReferenceError: b is not defined",
      expect.stringMatching(/^one\.yaml:14:\d+: its own solution fails in "a": expected SYN: at least 1; seen: none$/),
    ]);
    expect(lessonFaults(readLessonSource(well, "one.yaml"), "one.yaml")).toEqual([expect.stringContaining("has no solution")]);
  });
});
