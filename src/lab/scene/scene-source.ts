import type { HostTables, NumberedRequest, PageRequest, SourceMessage } from "../../run/page-messages.ts";
import type { ProfileName, RunEvent } from "../../run/run-event.ts";
import { formatAddress } from "../../stack/core/address.ts";
import { connectProgram } from "./connect-program.ts";
import { type ProgramThread, RecordedProgram } from "./program-step.ts";
import { type LessonAnswers, otherVersion, type RunInputs, type SavedRun, savedRun } from "./saved-run.ts";
import type { Scene } from "./scene.ts";
import { type RunInput, SimulatedRun } from "./simulated-run.ts";

/** What a scene needs of its surroundings: threads for programs, and real time for whoever watches. */
export interface SceneSurroundings {
  readonly startProgram: (program: string, source: string) => ProgramThread;
  readonly send: (message: SourceMessage) => void;
  /** Real time, in milliseconds from anywhere. */
  readonly now: () => number;
  /** Calls once, after so long in real time. @returns ends it */
  readonly later: (ms: number, what: () => void) => () => void;
}

/** With what a scene is opened. */
export interface OpeningWishes {
  readonly programs?: readonly { readonly host: string; readonly title: string; readonly source: string }[];
  readonly untilMs?: number;
  /** Of the lesson that it belongs to: they are saved with the run. */
  readonly answers?: LessonAnswers;
}

/** Between two looks at the clock while the run goes on. */
const TICK_MS = 40;
/** As fast as it goes: so much of the run between two looks, unless nothing is left. */
const LEAP_MS = 60_000;
/** Events in one message at most. */
const BATCH = 2000;

/** Of 32 bits. */
const MOST_SEED = 0xffff_ffff;

/** Runs a scene as a page asks: in a page's own worker, or anywhere else where the messages go to. */
export class SceneSource {
  readonly #surroundings: SceneSurroundings;
  #scene: Scene;
  #seed: number;
  #run: SimulatedRun;
  #answers: LessonAnswers | undefined;
  #pending: RunEvent[] = [];
  #isPlaying = false;
  /** Milliseconds of the run in one real one; 0 for as fast as it goes. */
  #speed = 1;
  #cancelTick: () => void = () => {};
  #lastTick = 0;

  constructor(scene: Scene, seed: number, surroundings: SceneSurroundings) {
    this.#surroundings = surroundings;
    this.#scene = scene;
    this.#seed = seed;
    this.#run = this.#newRun([]);
  }

  /** The run that the page looks at. */
  get run(): SimulatedRun {
    return this.#run;
  }

  /** Another scene, until a moment. @param programs that begin with it */
  open(scene: Scene, seed: number, { programs = [], untilMs = 0, answers }: OpeningWishes = {}): void {
    this.#scene = scene;
    this.#seed = seed;
    this.#answers = answers;
    this.#begin(started(programs), untilMs);
  }

  /**
   * A run that was saved, as it was: its programs are not run, what they did is known. @throws Error with a sentence where it cannot be; then all is as before
   */
  openSaved({ simulation, answers }: SavedRun): void {
    const { scene, seed, inputs, programs, untilMs, events } = simulation;
    // Beside the present run, which stays when there is something wrong with this one.
    const pending: RunEvent[] = [];
    const onEvent = (event: RunEvent): unknown => pending.push(event);
    const run = new SimulatedRun(scene, { seed, startProgram: this.#startsUnless(programs), onEvent, mostEvents: events });
    try {
      for (const input of inputs) run.do(input);
      run.runUntil(untilMs);
      if (run.eventCount !== events) throw otherVersion(events, run.eventCount);
    } catch (error) {
      run.close();
      throw error;
    }
    this.#pause();
    this.#run.close();
    this.#scene = scene;
    this.#seed = seed;
    this.#answers = answers;
    this.#run = run;
    this.#pending = pending;
    this.begin();
  }

  /** What a learner has answered, which is saved with the run. */
  answered(answers: LessonAnswers): void {
    this.#answers = answers;
  }

  /** The scene from its beginning, with what was done to its lines, and a program in place of those before. */
  attempt(scene: Scene, seed: number, { programs = [], untilMs = 0, answers }: OpeningWishes): void {
    this.#scene = scene;
    this.#seed = seed;
    this.#answers = answers;
    this.#begin(
      [...this.#faultsSoFar().filter(isAtOnce), ...started(programs), ...this.#faultsSoFar().filter((input) => !isAtOnce(input))],
      untilMs,
    );
  }

  /** What was done to the lines since they were cleared last; what was done after all was over belongs to the next beginning. */
  #faultsSoFar(): RunInput[] {
    const { inputs } = this.#run;
    const over = this.#run.overMs;
    const cleared = inputs.findLastIndex((input) => input.do === "clear-faults");
    return inputs
      .slice(cleared + 1)
      .filter((input) => input.do === "impair" || input.do === "pick")
      .map((input) => (input.atMs >= over ? { ...input, atMs: 0 } : input));
  }

  /** Sends all that there is: to a page that has just come. */
  begin(): void {
    this.#sendOpened();
    this.#flush();
    this.#sendClock();
  }

  request(request: NumberedRequest): void {
    const { send } = this.#surroundings;
    try {
      const value = this.#answer(request);
      this.#flush();
      this.#sendClock();
      send({ type: "answered", id: request.id, value });
    } catch (error) {
      this.#flush();
      send({ type: "refused", id: request.id, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  close(): void {
    this.#cancelTick();
    this.#run.close();
  }

  #answer(request: PageRequest): unknown {
    const run = this.#run;
    switch (request.type) {
      case "play":
        this.#play();
        return null;
      case "pause":
        this.#pause();
        return null;
      case "step":
        this.#pause();
        return run.step(request.to === "event" ? undefined : (event) => event.type === "frame" && event.direction === "out");
      case "set-speed":
        if (!(request.speed >= 0 && Number.isFinite(request.speed)))
          throw new RangeError(`Cannot run at the speed ${request.speed}: want 0 or more`);
        this.#speed = request.speed;
        return null;
      case "go-to":
        this.#goTo(request.atMs);
        return null;
      case "restart":
        this.#restart(request.seed, request.profile);
        return null;
      case "impair":
        run.do({ atMs: run.now, do: "impair", host: request.host, direction: request.direction, settings: request.settings });
        return null;
      case "pick":
        run.do({ atMs: run.now, do: "pick", host: request.host, pick: request.pick });
        return null;
      case "clear-faults":
        run.do({ atMs: run.now, do: "clear-faults" });
        return null;
      case "connect":
        return this.#runProgram(request.host, `connect to port ${request.port}`, connectProgram(request.address, request.port));
      case "run-program":
        return this.#runProgram(request.host, request.title, request.source);
      case "stop-program":
        run.do({ atMs: run.now, do: "stop-program", program: request.program });
        return null;
      case "tables":
        return tablesOf(run, request.host);
      case "save":
        return savedRun(run, this.#answers);
    }
  }

  #runProgram(host: string, title: string, source: string): string {
    const program = this.#run.nextProgram;
    this.#run.do({ atMs: this.#run.now, do: "run-program", host, program, title, source });
    // Whoever starts a program wants to see it go.
    this.#play();
    return program;
  }

  // Time

  #play(): void {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.#lastTick = this.#surroundings.now();
    this.#tickLater();
  }

  #pause(): void {
    this.#isPlaying = false;
    this.#cancelTick();
  }

  #tickLater(): void {
    this.#cancelTick = this.#surroundings.later(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const now = this.#surroundings.now();
    const run = this.#run;
    const isFast = this.#speed === 0;
    const untilMs = run.now + (isFast ? LEAP_MS : (now - this.#lastTick) * this.#speed);
    this.#lastTick = now;
    // Where nothing is left that could happen time stands, and whoever looks sees that it is over.
    if (run.isQuiet) this.#pause();
    else if (isFast) run.runUntil(untilMs, () => run.isQuiet || this.#pending.length >= BATCH);
    else run.runUntil(untilMs);
    this.#flush();
    this.#sendClock();
    if (this.#isPlaying) this.#tickLater();
  }

  #goTo(atMs: number): void {
    if (!(atMs >= 0)) throw new RangeError(`Cannot go to ${atMs} ms: want 0 or more`);
    this.#pause();
    const run = this.#run;
    if (atMs >= run.now) {
      run.runUntil(atMs);
      return;
    }
    this.#begin(
      run.inputs.filter((input) => input.atMs <= atMs),
      atMs,
      run.programsOverBy(atMs),
    );
  }

  #restart(seed = this.#seed, profile?: ProfileName): void {
    if (!(Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED))
      throw new RangeError(`Cannot begin with the seed ${seed}: want a whole number from 0 to ${MOST_SEED}`);
    const inputs = this.#run.inputs.filter((input) => input.atMs === 0);
    this.#seed = seed;
    if (profile !== undefined) {
      const [first, ...others] = this.#scene.hosts;
      this.#scene = { ...this.#scene, hosts: first === undefined ? [] : [{ ...first, profile }, ...others] };
    }
    this.#begin(inputs, 0);
  }

  /**
   * The run from its beginning, with what was done to it, until a moment.
   * @param over steps of programs that come to their end by then, and need no thread
   */
  #begin(inputs: readonly RunInput[], untilMs: number, over: RunInputs["programs"] = {}): void {
    this.#pause();
    this.#run.close();
    this.#pending = [];
    this.#run = this.#newRun(inputs, over);
    this.#run.runUntil(untilMs);
    this.begin();
  }

  #newRun(inputs: readonly RunInput[], over: RunInputs["programs"] = {}): SimulatedRun {
    const run = new SimulatedRun(this.#scene, {
      seed: this.#seed,
      startProgram: this.#startsUnless(over),
      onEvent: (event) => this.#pending.push(event),
    });
    for (const input of inputs) run.do(input);
    return run;
  }

  /** Programs of which it is known what they did get no thread. */
  #startsUnless(over: RunInputs["programs"]): (program: string, source: string) => ProgramThread {
    return (program, source) => {
      const steps = over[program];
      return steps === undefined ? this.#surroundings.startProgram(program, source) : new RecordedProgram(steps);
    };
  }

  // Messages

  #sendOpened(): void {
    this.#surroundings.send({
      type: "opened",
      header: this.#run.header,
      abilities: { controlsTime: true, goesBack: true, faults: true, programs: true, connects: true, saves: true },
    });
  }

  #flush(): void {
    const events = this.#pending;
    this.#pending = [];
    for (let at = 0; at < events.length; at += BATCH) {
      this.#surroundings.send({ type: "events", events: events.slice(at, at + BATCH) });
    }
  }

  #sendClock(): void {
    const state = this.#isPlaying ? "running" : this.#run.isQuiet ? "ended" : "paused";
    this.#surroundings.send({ type: "clock", nowMs: this.#run.now, state, speed: this.#speed });
  }
}

const isAtOnce = ({ atMs }: RunInput): boolean => atMs === 0;

const started = (programs: NonNullable<OpeningWishes["programs"]>): RunInput[] =>
  programs.map((each, i) => ({ atMs: 0, do: "run-program", program: String(i + 1), ...each }));

function tablesOf(run: SimulatedRun, name: string): HostTables {
  const host = run.hostCalled(name);
  return {
    interfaces: host.ip.interfaces.map(({ name: called, mac, mtu, isUp, addresses }) => ({
      name: called,
      mac: [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join(":"),
      mtu,
      isUp,
      addresses: addresses.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`),
    })),
    routes: host.ip.routes.list().map(({ destination, prefixLength, gateway, interface: through, metric, origin }) => ({
      destination: `${destination}/${prefixLength}`,
      gateway: gateway ?? "",
      interface: through,
      metric,
      origin,
    })),
    counters: {},
    drops: host.context.drops.all(),
  };
}
