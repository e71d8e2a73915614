import type { ProfileName } from "../../run/run-event.ts";
import type { Scene } from "../scene/scene.ts";
import type { Lesson } from "./lesson.ts";

/** The scene with the learner's host under another profile. */
export function sceneFor({ scene, host }: Pick<Lesson, "scene" | "host">, profile: ProfileName | undefined): Scene {
  if (profile === undefined) return scene;
  return { ...scene, hosts: scene.hosts.map((each) => (each.name === host ? { ...each, profile } : each)) };
}
