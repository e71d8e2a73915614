import type { Scene } from "../src/lab/scene/scene.ts";
import type { RunInput } from "../src/lab/scene/simulated-run.ts";

/** What the page asks of its own simulation, beside what it asks of every source: another scene, as far as the inputs go. */
export interface SceneRequest {
  readonly type: "open-scene";
  readonly id: number;
  readonly scene: Scene;
  readonly seed: number;
  readonly inputs?: readonly RunInput[];
}
