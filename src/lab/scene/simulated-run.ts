import { faultsInForce } from "../../run/fault-words.ts";
import type { FaultsInForce, HostEvent, LabContent, RunEvent, RunHeader, RunHost } from "../../run/run-event.ts";
import { parseAddress, parseV4 } from "../../stack/core/address.ts";
import { PROFILES, type Profile, type SynOption, WINDOWS } from "../../stack/core/profile.ts";
import { SeededRandom } from "../../stack/core/random.ts";
import type { TraceEvent } from "../../stack/core/trace.ts";
import type { Host } from "../../stack/host/host.ts";
import { Simulation } from "../../stack/host/simulation.ts";
import type { CallReply } from "../../winsock/provider/calls.ts";
import { Provider } from "../../winsock/provider/provider.ts";
import { ImpairedDevice } from "../../wire/impaired-device.ts";
import type { FramePick, Impairment } from "../../wire/impairment.ts";
import { tellTrace } from "../../wire/line-trace.ts";
import { MemoryWire } from "../../wire/memory-wire.ts";
import type { ProgramStep, ProgramThread, ProgramWait } from "./program-step.ts";
import { MOST_INPUTS, MOST_PROGRAMS, MOST_STEPS } from "./run-limits.ts";
import type { Scene, SceneFaults, SceneHost } from "./scene.ts";
import { serve } from "./services.ts";

/** What was done to a run from outside, and when: with scene and seed, all that it takes to make it again. */
export type RunInput =
  | {
      readonly atMs: number;
      readonly do: "impair";
      readonly host: string;
      readonly direction: "in" | "out";
      readonly settings: Partial<Impairment>;
    }
  | { readonly atMs: number; readonly do: "pick"; readonly host: string; readonly pick: FramePick }
  | { readonly atMs: number; readonly do: "clear-faults" }
  | {
      readonly atMs: number;
      readonly do: "run-program";
      readonly host: string;
      readonly program: string;
      readonly title: string;
      readonly source: string;
    }
  | { readonly atMs: number; readonly do: "stop-program"; readonly program: string };

export interface SimulatedRunOptions {
  readonly seed: number;
  /** Makes the thread of a program that is to be run. */
  readonly startProgram: (program: string, source: string) => ProgramThread;
  readonly onEvent: (event: RunEvent) => void;
  /** A run that has more is another than was wanted, and stands still. */
  readonly mostEvents?: number;
}

/**
 * What a program's thread takes for what it does between two calls: without it one that only asks would stop the time. Sums of it are
 * exact, so that times read well.
 */
const STEP_MS = 1 / 128;
/** What a frame is on its way, where a scene does not say: enough to see who knows what when. */
const WIRE_DELAY_MS = 1;
/** No line of a scene is so long that this matters. */
const LINE_FRAMES = 1_000_000;
const LIMIT_MS = 600_000;

interface SimulatedHost {
  readonly scene: SceneHost;
  readonly host: Host;
  readonly device: ImpairedDevice;
  readonly provider: Provider;
}

interface Program {
  readonly name: string;
  readonly at: SimulatedHost;
  readonly client: number;
  readonly thread: ProgramThread;
  readonly steps: ProgramStep[];
  /** Answers that it has not been given. */
  replies: CallReply[];
  wait: ProgramWait;
  /** It may go on then; Infinity while it waits. */
  readyMs: number;
  /** When it came to its end; Infinity while it has not. */
  overMs: number;
}

/**
 * A scene in virtual time: hosts, wires, services and programs, and everything that happens as events. Nothing here waits and nothing
 * asks what time it is, so scene, seed and inputs make the same run again, to the byte.
 */
export class SimulatedRun {
  readonly scene: Scene;
  readonly seed: number;
  readonly inputs: RunInput[] = [];
  readonly #options: SimulatedRunOptions;
  readonly #simulation: Simulation;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #programs: Program[] = [];
  /** Faults of each host as they were told last. */
  readonly #told = new Map<string, string>();
  readonly #limitMs: number;
  #lastProgram = 0;
  #events = 0;
  #isEnded = false;

  /** @throws RangeError for a scene that no host can be made of */
  constructor(scene: Scene, options: SimulatedRunOptions) {
    this.scene = scene;
    this.seed = options.seed;
    this.#options = options;
    this.#simulation = new Simulation(options.seed);
    this.#limitMs = scene.limitMs ?? LIMIT_MS;
    const wire = new MemoryWire();
    for (const [i, each] of scene.hosts.entries()) this.#addHost(each, wire, i);
    for (const event of scene.events ?? []) {
      this.#simulation.at(event.atMs, () => {
        if (event.do === "note") this.#tell(event.host, { type: "noted", text: event.text });
        else if (event.do === "clear-faults") this.#clearFaults();
        else if (event.do === "faults") this.#useFaults(event.host, event);
        else this.#startProgram(event.host, event.title, event.source);
      });
    }
  }

  get now(): number {
    return this.#simulation.now;
  }

  /** Nothing is left that could happen, or the scene's limit is reached. */
  get isQuiet(): boolean {
    return this.#isEnded || this.nextMs > this.#limitMs;
  }

  /** When something is due next; Infinity when nothing is. */
  get nextMs(): number {
    return this.#programs.reduce((least, { readyMs }) => Math.min(least, readyMs), this.#simulation.nextMs);
  }

  get header(): RunHeader {
    const hosts: RunHost[] = this.scene.hosts.map(({ name, title = name, address, address6, profile }) => ({
      name,
      title,
      addresses: [address, ...(address6 === undefined ? [] : [address6])].map((prefix) => prefix.replace(/\/.*/, "")),
      profile,
      isTraced: true,
    }));
    return { title: this.scene.title, kind: "simulated", madeBy: "tapsock", hosts };
  }

  /** The steps that each program has made, for who makes the run again without them. */
  get programSteps(): Readonly<Record<string, readonly ProgramStep[]>> {
    return Object.fromEntries(this.#programs.map(({ name, steps }) => [name, steps]));
  }

  /** When the last program came to its end; Infinity while one has not, or none has begun. */
  get overMs(): number {
    return this.#programs.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...this.#programs.map(({ overMs }) => overMs));
  }

  /** The same of those that had come to their end by a moment. */
  programsOverBy(atMs: number): Readonly<Record<string, readonly ProgramStep[]>> {
    const over = this.#programs.filter(({ overMs }) => overMs <= atMs);
    return Object.fromEntries(over.map(({ name, steps }) => [name, steps]));
  }

  /** A host of the run, for who wants to look into it. @throws RangeError when there is none of that name */
  hostCalled(name: string): Host {
    return this.#hostCalled(name).host;
  }

  /** Lets everything happen until a moment, or until `done`. */
  runUntil(untilMs: number, done: () => boolean = () => false): void {
    const limit = Math.min(untilMs, this.#limitMs);
    const isEnough = (): boolean => done() || this.#hasTooMany;
    while (!isEnough()) {
      this.#settle();
      if (isEnough()) return;
      const next = this.nextMs;
      if (next > limit || next === Number.POSITIVE_INFINITY) {
        // The time that was asked for passes, although nothing happens in it.
        if (Number.isFinite(limit)) this.#simulation.run(() => false, Math.max(limit, this.now));
        return;
      }
      this.#simulation.run(() => this.#hasReady() || isEnough(), next);
    }
  }

  /** Lets things happen until there is something to see that was not there before. @returns false when nothing is left */
  step(isWanted: (event: RunEvent) => boolean = () => true): boolean {
    let isThere = false;
    this.#watcher = (event) => {
      isThere ||= isWanted(event);
    };
    try {
      this.runUntil(Number.POSITIVE_INFINITY, () => isThere);
    } finally {
      this.#watcher = undefined;
    }
    return isThere;
  }
  #watcher: ((event: RunEvent) => void) | undefined;

  /** Does something to the run now, and notes it. @throws RangeError when it cannot be done; then it is not noted */
  do(input: RunInput): void {
    if (this.inputs.length >= MOST_INPUTS) throw new RangeError(`Cannot do more: ${MOST_INPUTS} things were done to this run; begin anew`);
    if (input.atMs < this.now) throw new RangeError(`Cannot do anything at ${input.atMs} ms: it is ${this.now} ms`);
    this.runUntil(input.atMs);
    switch (input.do) {
      case "impair": {
        const { device } = this.#hostCalled(input.host);
        device.configure(input.direction, input.settings);
        this.#tellFaults(input.host);
        break;
      }
      case "pick":
        this.#hostCalled(input.host).device.pick(input.pick);
        this.#tellFaults(input.host);
        break;
      case "clear-faults":
        this.#clearFaults();
        break;
      case "run-program":
        this.#startProgram(input.host, input.title, input.source);
        break;
      case "stop-program":
        this.#stop(this.#programs.find(({ name }) => name === input.program));
    }
    this.inputs.push(input);
  }

  /** The name that the next program will have. */
  get nextProgram(): string {
    return String(this.#lastProgram + 1);
  }

  /** Ends its programs. */
  close(): void {
    this.#isEnded = true;
    for (const program of this.#programs) if (!isOver(program)) program.thread.end();
  }

  #addHost(scene: SceneHost, wire: MemoryWire, index: number): void {
    const { name, address, gateway, address6, mtu } = scene;
    if (this.#hosts.has(name)) throw new RangeError(`Cannot have two hosts called "${name}"`);
    const random = new SeededRandom((this.seed * 7919 + index + 1) >>> 0);
    const host = this.#simulation.host({ random, profile: profileOf(scene), name });
    const { timers, random: chance } = this.#simulation;
    // The length of the line is no fault, and stays when faults are cleared.
    const line = new ImpairedDevice(wire.device({ name: `${name}0`, ...(mtu === undefined ? {} : { mtu }) }), { timers, random: chance });
    line.configure("out", { delayMs: this.scene.wireDelayMs ?? WIRE_DELAY_MS, queueFrames: LINE_FRAMES });
    const device = new ImpairedDevice(line, { timers, random: chance });
    tellTrace(device, host.trace);
    const [ip = "", length = "24"] = address.split("/");
    host.trace.subscribe((event) => this.#hear(name, event));
    const made = { scene, host, device, provider: new Provider(host) };
    this.#hosts.set(name, made);
    const link = host.attach(device, {
      address: parseV4(ip),
      prefixLength: Number(length),
      ...(gateway === undefined ? {} : { gateway: parseV4(gateway) }),
    });
    if (address6 !== undefined) {
      const [ip6 = "", length6 = "64"] = address6.split("/");
      host.ip.addAddress(link, parseAddress(ip6), Number(length6));
    }
    for (const service of scene.services ?? []) serve(this.#simulation, host, service);
    if (scene.faults !== undefined) this.#useFaults(name, scene.faults);
  }

  #hear(host: string, event: TraceEvent): void {
    // The bytes of a frame are the stack's again after this.
    if ("bytes" in event)
      this.#publish({ ...event, bytes: event.bytes.slice(), length: event.bytes.length, host } as HostEvent & { host: string });
    else this.#publish({ ...event, host });
    // A pick that has taken its frames is in force no more.
    if (event.type === "frame-impaired") this.#tellFaultsIfOther(host);
  }

  #tell(host: string, content: LabContent): void {
    this.#publish({ number: 0, atMs: this.now, ...content, host });
  }

  #publish(event: RunEvent): void {
    if (this.scene.hidesFaults === true && (event.type === "faults-changed" || event.type === "frame-impaired")) return;
    this.#events++;
    this.#watcher?.(event);
    this.#options.onEvent(event);
  }

  get #hasTooMany(): boolean {
    return this.#events > (this.#options.mostEvents ?? Number.POSITIVE_INFINITY);
  }

  /** How many events there have been. */
  get eventCount(): number {
    return this.#events;
  }

  #hostCalled(name: string): SimulatedHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new RangeError(`No host is called "${name}": there are ${[...this.#hosts.keys()].join(", ")}`);
    return host;
  }

  // Faults

  #useFaults(name: string, faults: SceneFaults): void {
    const { device } = this.#hostCalled(name);
    if (faults.in !== undefined) device.configure("in", faults.in);
    if (faults.out !== undefined) device.configure("out", faults.out);
    for (const pick of faults.picks ?? []) device.pick(pick);
    this.#tellFaults(name);
  }

  #clearFaults(): void {
    for (const [name, { device }] of this.#hosts) {
      device.clear();
      this.#tellFaults(name);
    }
  }

  #tellFaultsIfOther(name: string): void {
    const { device } = this.#hostCalled(name);
    if (JSON.stringify(faultsInForce(device.describe())) !== this.#told.get(name)) this.#tellFaults(name);
  }

  #tellFaults(name: string): void {
    const { device } = this.#hostCalled(name);
    const faults: FaultsInForce = faultsInForce(device.describe());
    this.#told.set(name, JSON.stringify(faults));
    this.#tell(name, { type: "faults-changed", device: device.name, faults });
  }

  // Programs

  #startProgram(hostName: string, title: string, source: string): void {
    const at = this.#hostCalled(hostName);
    if (this.#programs.length >= MOST_PROGRAMS)
      throw new RangeError(`Cannot run a program: ${MOST_PROGRAMS} were run in this run; begin anew`);
    const client = ++this.#lastProgram;
    const name = String(client);
    const thread = this.#options.startProgram(name, source);
    at.provider.openClient(client);
    const program: Program = {
      name,
      at,
      client,
      thread,
      steps: [],
      replies: [],
      wait: { for: "nothing" },
      readyMs: this.now,
      overMs: Number.POSITIVE_INFINITY,
    };
    this.#programs.push(program);
    this.#tell(hostName, { type: "program-started", program: name, title });
  }

  #hasReady(): boolean {
    return this.#programs.some(({ readyMs }) => readyMs <= this.now);
  }

  #settle(): void {
    for (;;) {
      this.#simulation.settle();
      const program = this.#programs.find(({ readyMs }) => readyMs <= this.now);
      if (program === undefined || this.#hasTooMany) return;
      this.#goOn(program);
    }
  }

  /** The program is given its answers, and does what it does until it waits again. */
  #goOn(program: Program): void {
    const { at, thread, steps } = program;
    const replies = program.replies;
    program.replies = [];
    program.readyMs = Number.POSITIVE_INFINITY;
    const step =
      steps.length < MOST_STEPS
        ? thread.next(replies)
        : { acts: [], wait: { for: "end" as const, failure: `it has made ${MOST_STEPS} calls without coming to an end` } };
    steps.push(step);
    program.wait = step.wait;
    at.host.enter(this.now);
    const { name } = at.scene;
    for (const act of step.acts) {
      if (act.line !== undefined) this.#tell(name, { type: "program-line", program: program.name, line: act.line });
      if (act.act === "print") this.#tell(name, { type: "program-printed", program: program.name, text: act.text, isError: act.isError });
      else at.provider.call(program.client, act.request, (reply) => this.#replied(program, reply));
    }
    if (step.wait.for === "end") this.#over(program, step.wait.failure, step.wait.line);
    else if (step.wait.for === "nothing") program.readyMs = this.now;
    else this.#wake(program);
  }

  #replied(program: Program, reply: CallReply): void {
    program.replies.push({ ...reply, data: reply.data?.slice() ?? null });
    this.#wake(program);
  }

  #wake(program: Program): void {
    const { wait, replies } = program;
    const mayGoOn = wait.for === "call" ? replies.some(({ id }) => id === wait.id) : wait.for === "any" && replies.length > 0;
    if (mayGoOn && !isOver(program)) program.readyMs = Math.min(program.readyMs, this.now + STEP_MS);
  }

  #over(program: Program, failure: string | undefined, line: number | undefined): void {
    program.overMs = this.now;
    program.readyMs = Number.POSITIVE_INFINITY;
    program.thread.end();
    const { at, client, name } = program;
    this.#tell(at.scene.name, {
      type: "program-ended",
      program: name,
      ...(failure === undefined ? {} : { failure }),
      ...(line === undefined ? {} : { line }),
    });
    at.host.enter(this.now);
    at.provider.closeClient(client);
  }

  #stop(program: Program | undefined): void {
    if (program === undefined || isOver(program)) return;
    this.#over(program, "it was stopped", undefined);
  }
}

function profileOf({ profile: name, sack = true }: SceneHost): Profile {
  const profile = PROFILES.get(name) ?? WINDOWS;
  if (sack) return profile;
  const without = (options: readonly SynOption[]) => options.filter((option) => option !== "sackPermitted");
  return { ...profile, synOptions: without(profile.synOptions), synOptionsWithTimestamps: without(profile.synOptionsWithTimestamps) };
}

const isOver = ({ overMs }: Program): boolean => overMs !== Number.POSITIVE_INFINITY;
