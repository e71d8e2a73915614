import { afterEach, describe, expect, test } from "@jest/globals";
import { startNodeProgram } from "../../../src/lab/node-programs.ts";
import { connectProgram } from "../../../src/lab/scene/connect-program.ts";
import { readSavedRun } from "../../../src/lab/scene/saved-run.ts";
import { FIRST_SCENE } from "../../../src/lab/scene/scene.ts";
import { SceneSource } from "../../../src/lab/scene/scene-source.ts";
import type { PageRequest, SourceMessage } from "../../../src/run/page-messages.ts";
import type { RunEvent } from "../../../src/run/run-event.ts";

const open: SceneSource[] = [];
afterEach(() => {
  for (const source of open.splice(0)) source.close();
});

/** A source whose real time passes only when the test says so. */
class Watched {
  readonly messages: SourceMessage[] = [];
  readonly source: SceneSource;
  /** Threads of programs. */
  begun = 0;
  #nowMs = 0;
  #planned: (() => void) | undefined;
  #lastId = 0;

  constructor() {
    this.source = new SceneSource(FIRST_SCENE, 1, {
      startProgram: (_name, source) => {
        this.begun++;
        return startNodeProgram(source);
      },
      send: (message) => this.messages.push(message),
      now: () => this.#nowMs,
      later: (_ms, what) => {
        this.#planned = what;
        return () => {
          this.#planned = undefined;
        };
      },
    });
    open.push(this.source);
    this.source.begin();
  }

  ask(request: PageRequest): SourceMessage {
    const id = ++this.#lastId;
    this.source.request({ ...request, id });
    return this.messages.find((message) => "id" in message && message.id === id)!;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const planned = this.#planned;
    this.#planned = undefined;
    planned?.();
  }

  get isTicking(): boolean {
    return this.#planned !== undefined;
  }

  get clock() {
    return this.messages.findLast((message) => message.type === "clock")!;
  }

  /** Events since the run was opened last. */
  get events(): RunEvent[] {
    const opened = this.messages.findLastIndex((message) => message.type === "opened");
    return this.messages.slice(opened).flatMap((message) => (message.type === "events" ? message.events : []));
  }
}

const TIME_OF_PROGRAM_END = (events: readonly RunEvent[]) => events.find(({ type }) => type === "program-ended")?.atMs;

describe("time", () => {
  test("plays at the speed that was asked for, and stands when it is paused", () => {
    const page = new Watched();
    page.ask({ type: "set-speed", speed: 0.001 });
    page.ask({ type: "connect", host: "client", address: "203.0.113.1", port: 8080 });
    page.pass(1000);
    // A thousandth of the time: the first question for the neighbour is on its way.
    expect(page.clock).toMatchObject({ nowMs: 1, state: "running" });
    page.ask({ type: "pause" });
    page.pass(1000);
    expect(page.clock).toMatchObject({ nowMs: 1, state: "paused" });
    expect(page.isTicking).toBe(false);
    page.ask({ type: "set-speed", speed: 0 });
    page.ask({ type: "play" });
    page.pass(10);
    page.pass(10);
    expect(TIME_OF_PROGRAM_END(page.events)).toBeGreaterThan(4);
  });

  test("steps by event and by frame", () => {
    const page = new Watched();
    page.ask({ type: "connect", host: "client", address: "203.0.113.1", port: 8080 });
    page.ask({ type: "pause" });
    const frames = () => page.events.filter(({ type }) => type === "frame").length;
    const before = frames();
    expect(page.ask({ type: "step", to: "frame" })).toMatchObject({ type: "answered", value: true });
    expect(frames()).toBe(before + 1);
    const count = page.events.length;
    page.ask({ type: "step", to: "event" });
    expect(page.events.length).toBeGreaterThan(count);
  });

  test("goes back by making the run again, and on from there another way", () => {
    const page = new Watched();
    page.ask({ type: "set-speed", speed: 0 });
    page.ask({ type: "connect", host: "client", address: "203.0.113.1", port: 8081 });
    for (let i = 0; i < 5; i++) page.pass(40);
    const first = page.events;
    expect(TIME_OF_PROGRAM_END(first)).toBeGreaterThan(2000);
    page.ask({ type: "go-to", atMs: 700 });
    expect(page.clock).toMatchObject({ nowMs: 700, state: "paused" });
    const back = page.events;
    expect(back.length).toBeGreaterThan(20);
    expect(back).toEqual(first.slice(0, back.length));
    // Nobody answers from now on: a time-out, and no refusal.
    page.ask({ type: "impair", host: "client", direction: "out", settings: { loss: 1 } });
    page.ask({ type: "play" });
    for (let i = 0; i < 5; i++) page.pass(40);
    expect(page.events.filter((event) => event.type === "winsock-returned" && event.error === 10060)).toHaveLength(1);
  });

  test("begins anew with another profile", () => {
    const page = new Watched();
    page.ask({ type: "set-speed", speed: 0 });
    page.ask({ type: "connect", host: "client", address: "203.0.113.1", port: 8081 });
    for (let i = 0; i < 5; i++) page.pass(40);
    const asWindows = TIME_OF_PROGRAM_END(page.events)!;
    page.ask({ type: "restart", profile: "linux" });
    for (let i = 0; i < 5; i++) page.pass(40);
    page.ask({ type: "play" });
    for (let i = 0; i < 5; i++) page.pass(40);
    const asLinux = TIME_OF_PROGRAM_END(page.events)!;
    expect(asWindows - asLinux).toBeGreaterThan(1900);
  });
});

test("the run says what is in force on a line, and one request clears it", () => {
  const page = new Watched();
  page.ask({ type: "impair", host: "client", direction: "in", settings: { loss: 0.25, delayMs: 5 } });
  page.ask({ type: "pick", host: "server", pick: { match: "syn-ack", action: "drop", direction: "out" } });
  const told = () => page.events.filter((event) => event.type === "faults-changed");
  expect(told().map((event) => event.type === "faults-changed" && [event.host, event.faults])).toMatchObject([
    ["client", { in: ["loss 25 %", "delay 5 ms"], out: [], picks: [], numbers: { in: { loss: 0.25, delayMs: 5 }, out: {}, picks: [] } }],
    ["server", { in: [], out: [], picks: ["drop the next syn-ack, going out"] }],
  ]);
  page.ask({ type: "clear-faults" });
  expect(
    told()
      .slice(-2)
      .every((event) => event.type === "faults-changed" && event.faults.in.length + event.faults.picks.length === 0),
  ).toBe(true);
});

test("what cannot be done is refused with a sentence", () => {
  const page = new Watched();
  expect(page.ask({ type: "impair", host: "client", direction: "in", settings: { loss: 7 } })).toMatchObject({
    type: "refused",
    problem: expect.stringContaining("Cannot set loss to 7"),
  });
  expect(page.ask({ type: "tables", host: "router" })).toMatchObject({ type: "refused", problem: expect.stringContaining('"router"') });
  expect(page.ask({ type: "tables", host: "client" })).toMatchObject({
    type: "answered",
    value: { interfaces: [expect.objectContaining({ name: "client0", addresses: ["203.0.113.2/24"] })] },
  });
});

test("a saved run is opened again as it was, and goes on", () => {
  const page = new Watched();
  page.ask({ type: "run-program", host: "client", title: "connect", source: connectProgram("203.0.113.1", 8080) });
  page.pass(100);
  const answer = page.ask({ type: "save" });
  expect(answer).toMatchObject({ type: "answered", value: expect.stringContaining('"format":"tapsock-run"') });
});

describe("a saved run that cannot be made again", () => {
  test("leaves the present one as it is", () => {
    const page = new Watched();
    page.ask({ type: "connect", host: "client", address: "203.0.113.1", port: 8080 });
    page.ask({ type: "go-to", atMs: 2000 });
    const saved = readSavedRun((page.ask({ type: "save" }) as { value: string }).value);
    const { run } = page.source;
    const messages = page.messages.length;
    const other = { ...saved, simulation: { ...saved.simulation, events: 3 } };
    expect(() => page.source.openSaved(other)).toThrow(/had 3 events/);
    const twice = { ...saved.simulation.scene, hosts: [...saved.simulation.scene.hosts, ...saved.simulation.scene.hosts] };
    expect(() => page.source.openSaved({ ...saved, simulation: { ...saved.simulation, scene: twice } })).toThrow(/two hosts/);
    expect(page.source.run).toBe(run);
    expect(page.messages).toHaveLength(messages);
    page.source.openSaved(saved);
    expect(page.source.run.eventCount).toBe(run.eventCount);
  });
});

describe("a program that has come to its end", () => {
  test("is not run again for a later moment than that", () => {
    const page = new Watched();
    page.ask({ type: "connect", host: "client", address: "203.0.113.1", port: 8080 });
    page.ask({ type: "go-to", atMs: 5000 });
    const before = page.events.filter(({ atMs }) => atMs <= 2000);
    const begun = page.begun;
    page.ask({ type: "go-to", atMs: 2000 });
    expect(page.begun).toBe(begun);
    expect(page.events).toEqual(before);
    page.ask({ type: "go-to", atMs: 0 });
    expect(page.begun).toBe(begun + 1);
  });
});

test.each([-1, 1.5, 2 ** 32, Number.NaN])("there is no run with the seed %p", (seed) => {
  const page = new Watched();
  expect(page.ask({ type: "restart", seed })).toMatchObject({ type: "refused", problem: expect.stringContaining("want a whole number") });
  expect(page.ask({ type: "go-to", atMs: Number.NaN })).toMatchObject({ type: "refused" });
});
