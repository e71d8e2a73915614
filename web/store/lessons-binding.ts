import { evaluateLesson } from "../../src/lab/lessons/evaluate.ts";
import type { Lesson } from "../../src/lab/lessons/lesson.ts";
import { sceneFor } from "../../src/lab/lessons/lesson-scene.ts";
import { MYSTERY_FAULTS, MYSTERY_PROGRAM, mysteryFault, mysteryScene } from "../../src/lab/lessons/mysteries.ts";
import type { LessonAnswers } from "../../src/lab/scene/saved-run.ts";
import type { Scene } from "../../src/lab/scene/scene.ts";
import type { PredictionAnswers } from "../../src/run/lesson-progress.ts";
import type { ProfileName } from "../../src/run/run-event.ts";
import type { LessonsModel } from "../lessons-model.ts";
import { programSource } from "../program/program-source.ts";
import { remembered } from "./remembered.ts";
import type { RunView } from "./run-view.ts";

const SEED = 1;
/** So many mysteries are in the list; any number is one. */
const MYSTERIES = 12;
const MYSTERY_MS = 60_000;
const PROFILES: readonly ProfileName[] = ["windows", "linux", "rfc"];
const LAST_BYTE = 2;

/** The lessons of the page's data, run by the page's own simulation. */
export function bindLessons(run: RunView, lessons: readonly Lesson[]): LessonsModel {
  const lessonCalled = (id: string): Lesson => {
    const lesson = lessons.find((each) => each.id === id);
    if (lesson === undefined) throw new Error(`No lesson is called ${id}`);
    return lesson;
  };
  const answersOf = (lesson: string, predictions: PredictionAnswers, verdict?: string): LessonAnswers => {
    const student = remembered("student");
    return {
      lesson,
      predictions,
      ...(student === undefined || student === "" ? {} : { student }),
      ...(verdict === undefined ? {} : { verdict }),
    };
  };
  return {
    lessons,
    faults: MYSTERY_FAULTS.map(({ id, name }) => ({ id, name })),
    mysteries: Array.from({ length: MYSTERIES }, (_, i) => i + 1),

    async begin(id, profile) {
      const lesson = lessonCalled(id);
      // Not behind the answer: by then somebody may have begun to write.
      programSource.value = { title: lesson.title, source: lesson.program, host: lesson.host };
      await run.request({ type: "open-scene", scene: sceneFor(lesson, profile), seed: SEED, answers: answersOf(id, {}) });
    },

    async run(id, profile, predictions) {
      const lesson = lessonCalled(id);
      const { untilMs, host } = lesson;
      const programs = [{ host, title: lesson.title, source: programSource.value.source }];
      run.goToEnd();
      const answers = answersOf(id, predictions);
      await run.request({ type: "attempt-scene", scene: sceneFor(lesson, profile), seed: SEED, programs, untilMs, answers });
      return evaluateLesson(lesson, run.header.peek(), run.timeline.events, predictions);
    },

    async compare(id) {
      const lesson = lessonCalled(id);
      const { scene, programs } = sideBySide(lesson, programSource.value.source);
      run.goToEnd();
      await run.request({ type: "attempt-scene", scene, seed: SEED, programs, untilMs: lesson.untilMs });
    },

    async beginMystery(number) {
      run.goToEnd();
      programSource.value = { title: "mystery.js", source: MYSTERY_PROGRAM, host: "client" };
      const programs = [{ host: "client", title: "mystery.js", source: MYSTERY_PROGRAM }];
      const answers = answersOf(`mystery-${number}`, {});
      await run.request({ type: "open-scene", scene: mysteryScene(number), seed: number, programs, untilMs: MYSTERY_MS, answers });
    },

    nameFault(number, fault) {
      const { id, explanation } = mysteryFault(number);
      // What was answered is saved with the run.
      run.request({ type: "answers", answers: answersOf(`mystery-${number}`, {}, fault) }).catch(() => {});
      return id === fault ? { isRight: true, explanation } : { isRight: false };
    },
  };
}

/** The learner's host three times, once under each profile, with the same program: one axis of time for all. */
function sideBySide(
  { scene, host }: Lesson,
  source: string,
): { scene: Scene; programs: { host: string; title: string; source: string }[] } {
  const own = scene.hosts.find(({ name }) => name === host);
  if (own === undefined) return { scene, programs: [] };
  const others = scene.hosts.filter((each) => each !== own);
  const taken = new Set(others.map(({ address }) => address));
  const addresses = Array.from({ length: 20 }, (_, i) => `203.0.113.${LAST_BYTE + i}/24`).filter((address) => !taken.has(address));
  const copies = PROFILES.map((profile, i) => ({
    ...own,
    name: profile,
    title: profile,
    profile,
    address: addresses[i]!,
  }));
  return {
    scene: { ...scene, hosts: [...copies, ...others], events: [] },
    programs: copies.map(({ name }) => ({ host: name, title: name, source })),
  };
}
