import { computed, effect, signal } from "@preact/signals";
import type { PageRequest } from "../../src/run/page-messages.ts";
import { tell } from "../parts/toast.tsx";
import type { RunView } from "./run-view.ts";

/** Milliseconds of the run in one of the reader's. */
export const SPEEDS = [0.001, 0.01, 0.1, 0.5, 1, 2, 10, 100, Number.POSITIVE_INFINITY] as const;

/** Events that go by between two pictures when it goes as fast as it can, so that something is seen all the same. */
const EVENTS_PER_PICTURE = 25;

/** Moves the cursor through what is there, and at the end of a simulation lets the source go on. */
export class Player {
  readonly #run: RunView;
  readonly #isReplaying = signal(false);
  readonly #speed = signal(1);
  /** Time goes on: in the run that is there, or at its end in the source. */
  readonly isPlaying = computed(
    () => this.#isReplaying.value || (this.#run.cursor.value.isAtEnd && this.#run.clock.value.state === "running"),
  );
  readonly speed = computed(() => this.#speed.value);
  #lastPictureMs = 0;

  constructor(run: RunView) {
    this.#run = run;
    // Who looks at an earlier moment of a simulation does not want it to run away meanwhile.
    effect(() => {
      const { isAtEnd } = run.cursor.value;
      if (!isAtEnd && run.abilities.value.controlsTime && run.clock.peek().state === "running") this.#ask({ type: "pause" });
    });
    effect(() => {
      const { controlsTime } = run.abilities.value;
      const { speed } = run.clock.value;
      if (controlsTime) this.#speed.value = speed === 0 ? Number.POSITIVE_INFINITY : speed;
    });
    effect(() => {
      run.opening.value;
      this.#isReplaying.value = false;
    });
  }

  toggle(): void {
    if (this.isPlaying.peek()) this.pause();
    else this.play();
  }

  play(): void {
    const { cursor, abilities } = this.#run;
    if (cursor.peek().isAtEnd || cursor.peek().count >= this.#run.timeline.end) {
      if (abilities.peek().controlsTime) {
        this.#run.goToEnd();
        this.#ask({ type: "play" });
        return;
      }
      if (this.#run.header.peek().kind === "live") {
        this.#run.goToEnd();
        return;
      }
      this.#run.goToCount(this.#run.timeline.first);
    }
    this.#isReplaying.value = true;
    this.#lastPictureMs = performance.now();
    requestAnimationFrame(this.#picture);
  }

  pause(): void {
    if (this.#isReplaying.peek()) {
      this.#isReplaying.value = false;
      return;
    }
    if (this.#run.abilities.peek().controlsTime) this.#ask({ type: "pause" });
    else this.#run.goToCount(this.#run.cursor.peek().count);
  }

  step(direction: 1 | -1, by: "event" | "frame"): void {
    this.#isReplaying.value = false;
    const { cursor, abilities } = this.#run;
    if (this.#run.step(direction, by) || direction === -1) return;
    if (!abilities.peek().controlsTime) return;
    if (!cursor.peek().isAtEnd) this.#run.goToEnd();
    this.#ask({ type: "step", to: by });
  }

  toStart(): void {
    this.#isReplaying.value = false;
    this.#run.goToCount(this.#run.timeline.first);
  }

  toEnd(): void {
    this.#isReplaying.value = false;
    this.#run.goToEnd();
  }

  setSpeed(speed: number): void {
    this.#speed.value = speed;
    if (this.#run.abilities.peek().controlsTime) this.#ask({ type: "set-speed", speed: Number.isFinite(speed) ? speed : 0 });
  }

  /** The simulation goes on from the cursor; what came later is dropped. */
  resumeHere(): void {
    this.#ask({ type: "go-to", atMs: this.#run.cursor.peek().atMs });
  }

  readonly #picture = (nowMs: number): void => {
    if (!this.#isReplaying.peek()) return;
    const passedMs = Math.max(0, nowMs - this.#lastPictureMs);
    this.#lastPictureMs = nowMs;
    const { cursor, timeline } = this.#run;
    const { count, atMs } = cursor.peek();
    const speed = this.#speed.peek();
    if (Number.isFinite(speed)) this.#run.goToTime(atMs + passedMs * speed);
    else this.#run.goToCount(count + EVENTS_PER_PICTURE);
    const isOver = cursor.peek().count >= timeline.end && cursor.peek().atMs >= timeline.endMs;
    if (isOver) {
      this.#isReplaying.value = false;
      this.#run.goToEnd();
    } else requestAnimationFrame(this.#picture);
  };

  #ask(request: PageRequest): void {
    this.#run.request(request).catch((problem: unknown) => tell(problem));
  }
}
