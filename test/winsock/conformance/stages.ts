/** The stages that the table is run on: either face, on hosts in virtual time or through a daemon. */

import { Worker } from "node:worker_threads";
import { afterAll, beforeAll } from "@jest/globals";
import { openDaemonPort } from "../../../src/network/networks.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { SocketCallPort } from "../../../src/transport/socket-call-port.ts";
import { MAKEWORD } from "../../../src/winsock/abi/constants.ts";
import { new_WSADATA } from "../../../src/winsock/abi/structures.ts";
import { type BlockingFace, createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { createPromiseFace, type PromiseFace } from "../../../src/winsock/faces/promise-face.ts";
import { sharedDaemonWith } from "../../daemon/shared-daemon.ts";
import { ipv6Winsock, PEER6 } from "../../support/ipv6-winsock.ts";
import { untilSettled } from "../../support/until-settled.ts";
import { PEER, type VirtualWinsock } from "../../support/virtual-winsock.ts";
import type { ConformanceCase, FaceKind, Family, ProfileName, Program, Scene, Stage } from "./conformance-case.ts";
import { Place } from "./place.ts";
import { BlockingProgram, PromiseProgram } from "./programs.ts";

export type StageName = "blocking face, virtual time" | "promise face, virtual time" | "blocking face, daemon" | "promise face, daemon";

export const STAGES: readonly StageName[] = [
  "blocking face, virtual time",
  "promise face, virtual time",
  "blocking face, daemon",
  "promise face, daemon",
];

/** Why the row is not run there; undefined when it is. */
export function obstacle(name: StageName, row: ConformanceCase): string | undefined {
  if (name.includes("daemon") && row.virtualOnly !== undefined) return `virtual time only: ${row.virtualOnly}`;
  if (!name.startsWith("promise")) return undefined;
  if (row.notAwaited !== undefined) return `promise face: ${row.notAwaited}`;
  const call = row.steps.map((step) => step.call).find(({ awaited }) => awaited === undefined);
  return call && `promise face: ${call.notAwaited ?? "it has other ways for this"}`;
}

/** How many were played. */
let rows = 0;

/** Hosts are used by one row after another, each with programs of its own: to make them takes longer than a row. */
const worlds = new Map<ProfileName, VirtualWinsock>();

/** Two hosts on a wire, and two programs on them. */
export async function virtualStage(face: FaceKind, family: Family, profile: ProfileName): Promise<Stage> {
  const both = profile === "linux" ? LINUX : WINDOWS;
  const v = worlds.get(profile) ?? ipv6Winsock({ profile: both, peerProfile: both });
  worlds.set(profile, v);
  const place = new Place(family, family === "IPv4" ? PEER : PEER6, ++rows);
  const began = v.nowMs;
  const closers: (() => unknown)[] = [];
  const blocking = (scene: Scene, isOurs: boolean) => {
    const winsock = startedUp(`${profile} ${isOurs}`, () => createBlockingFace(() => v.blockingPort(isOurs ? v.provider : v.peerProvider)));
    closers.push(() => cleanUp(winsock));
    return new BlockingProgram(winsock, scene);
  };
  const promise = (scene: Scene, isOurs: boolean) => {
    const winsock = createPromiseFace(async () => v.asyncPort(isOurs ? v.provider : v.peerProvider));
    closers.push(() => cleanUpAwaited(winsock, (call) => untilSettled(v, call)));
    return new PromiseProgram(winsock, scene, (call) => untilSettled(v, call));
  };
  return stageOf(place, face === "blocking" ? blocking : promise, {
    nowMs: () => v.nowMs,
    settle: () => passes(v, 50),
    until: async (condition) => {
      while (!condition() && v.nowMs - began < VIRTUAL_PATIENCE_MS) {
        await passes(v, Math.min(Math.max(v.simulation.nextMs - v.nowMs, 1), 1000));
      }
    },
    close: async () => {
      for (const close of closers) await close();
      v.advance(100);
      if (!v.isStuck) return;
      worlds.delete(profile);
      for (const isOurs of [true, false]) faces.delete(`${profile} ${isOurs}`);
      throw new Error("a call waited for something that can never come");
    },
  });
}

/** Far longer than anything that a row waits for. */
const VIRTUAL_PATIENCE_MS = 200_000;

/** Blocking faces that are used again: all they know goes with the last WSACleanup, and to make one takes a millisecond. */
const faces = new Map<string, BlockingFace>();

/** @returns one that is an object of its own, so that rows can keep things by it */
function startedUp(key: string, make: () => BlockingFace): BlockingFace {
  const face = faces.get(key) ?? make();
  faces.set(key, face);
  face.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
  return Object.create(face) as BlockingFace;
}

/** However often the row has started it up. */
function cleanUp(winsock: BlockingFace): void {
  while (winsock.WSACleanup() === 0);
}

async function cleanUpAwaited(winsock: PromiseFace, settled: (call: Promise<void>) => Promise<void>): Promise<void> {
  for (let isUp = true; isUp; ) {
    isUp = await settled(winsock.WSACleanup()).then(
      () => true,
      () => false,
    );
  }
}

/** Time passes for the hosts, and so does what it brings about for the program. */
async function passes(v: VirtualWinsock, ms: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  v.advance(ms);
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** More than the calls in a row that a function of the promise face makes. */
const TURNS_TO_SETTLE = 5;
/** How long a program waits for what has to come: far longer than it takes. */
const PATIENCE_MS = 10_000;

/** Two programs of one daemon, whose host is the peer too. */
export async function daemonStage(face: FaceKind, family: Family, path: string): Promise<Stage> {
  const place = new Place(family, new Place(family, "", 0).address("ours"), ++rows);
  const open = new Set<() => Promise<void>>();
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const programs = (scene: Scene, isOurs: boolean) => (face === "blocking" ? blocking(scene, isOurs) : promise(scene));
  const blocking = (scene: Scene, isOurs: boolean) => {
    const winsock = startedUp(`${path} ${isOurs}`, () => createBlockingFace(() => new SocketCallPort(path)));
    open.add(async () => cleanUp(winsock));
    return new BlockingProgram(winsock, scene);
  };
  const promise = (scene: Scene) => {
    let isUsed = false;
    const winsock: PromiseFace = createPromiseFace(() => {
      isUsed = true;
      return openDaemonPort(path);
    });
    open.add(async () => {
      if (isUsed) await cleanUpAwaited(winsock, (call) => call);
    });
    return new PromiseProgram(winsock, scene, (call) => call);
  };
  let asker: PromiseFace | undefined;
  /** However busy the machine is, what was asked so many turns before has come to pass. */
  const settle = async () => {
    await pause(5);
    if (asker === undefined) {
      const made = createPromiseFace(() => openDaemonPort(path));
      open.add(() => cleanUpAwaited(made, (call) => call));
      asker = made;
    }
    for (let turn = 0; turn < TURNS_TO_SETTLE; turn++) await asker.gethostname();
  };
  return stageOf(place, programs, {
    nowMs: () => performance.now(),
    settle,
    until: async (condition) => {
      for (const from = performance.now(); !condition() && performance.now() - from < PATIENCE_MS; ) await pause(1);
    },
    close: async () => {
      for (const closes of open) await closes().catch(() => {});
    },
  });
}

function stageOf(
  place: Place,
  program: (scene: Scene, isOurs: boolean) => Program,
  { nowMs, ...time }: Pick<Stage, "settle" | "until" | "close"> & { readonly nowMs: () => number },
): Stage {
  const scene = (): Scene => ({ stage, place, wanted: "", events: new Map() });
  // Many rows want one program only.
  let [ours, peer]: (Program | undefined)[] = [];
  const stage: Stage = {
    place,
    ...time,
    get nowMs() {
      return nowMs();
    },
    get ours() {
      ours ??= program(scene(), true);
      return ours;
    },
    get peer() {
      peer ??= program(scene(), false);
      return peer;
    },
  };
  return stage;
}

/** Two daemons for the calling test file, one of each profile. @returns the paths of their sockets */
export function conformanceDaemon(): (profile: ProfileName) => string {
  const flags = ["--ip6", "2001:db8::2/64", "--profile"];
  const daemons = { windows: sharedDaemonWith(...flags, "windows"), linux: sharedDaemonWith(...flags, "linux") };
  endsAfter(daemons.windows.pid, daemons.linux.pid);
  return (profile) => daemons[profile].socket;
}

/** A call that never returns keeps its thread from ending the test; without its daemon it is WSAENETDOWN. */
function endsAfter(...pids: readonly (() => number)[]): void {
  let watchdog: Worker;
  beforeAll(() => {
    const killing = `setTimeout(() => { for (const pid of ${JSON.stringify(pids.map((pid) => pid()))}) process.kill(pid, "SIGKILL"); }, ${LAST_MS})`;
    watchdog = new Worker(killing, { eval: true, execArgv: [] });
  });
  afterAll(() => watchdog.terminate());
}

/** Many times what the table takes. */
const LAST_MS = 240_000;
