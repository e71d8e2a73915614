import { below, SeededRandom } from "../../src/stack/core/random.ts";
import { describeFrame } from "../../src/stack/packet/describe.ts";
import { chance, pick } from "./attacker.ts";
import { FORMAT_NAMES, FORMATS } from "./formats.ts";
import { FRAME_AT } from "./framing.ts";
import { hexOf } from "./hostile-device.ts";
import { mutate, pickMutation } from "./mutations.ts";
import { Victim } from "./victim.ts";

/** Messages between two things that the host's programs do, and between two looks at its bounds. */
const MESSAGES_PER_DOING = 48;
const MESSAGES_PER_LOOK = 1024;
/** What one frame may set off: an answer to each datagram that was merged into it; of TCP, in how many segments ever, a window of text. */
const MAX_ANSWERS = 130;
const MAX_ANSWER_BYTES = 256 * 1024;

/** What a run came to. Two runs of one seed and length come to the same. */
export interface HostileOutcome {
  readonly seed: number;
  /** That came from the attacker. */
  readonly frames: number;
  /** By class of mutation, and by format. */
  readonly byMutation: Readonly<Record<string, number>>;
  readonly byFormat: Readonly<Record<string, number>>;
  /** What became of each frame: accepted, a drop reason, or why the device refused it. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** All reasons that the host has counted, of packets of its own too. */
  readonly drops: Readonly<Record<string, number>>;
  /** Frames that the host sent, and those among them that left while frames came and not by an alarm or a program. */
  readonly emitted: number;
  readonly answers: number;
  /** In virtual milliseconds. */
  readonly elapsedMs: number;
  readonly digest: string;
}

/** Tells which frames of which run the host did not stand. */
export class HostileFailure extends Error {
  override readonly name = "HostileFailure";
  readonly seed: number;
  /** The run of this seed has failed when it has sent so many frames. */
  readonly frames: number;

  constructor(seed: number, frames: number, message: readonly Uint8Array[], what: string, cause: unknown) {
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    const bytes = message.map((frame) => `  ${hexOf(frame.subarray(0, FRAME_AT))} ${hexOf(frame.subarray(FRAME_AT))}`);
    super([`Seed ${seed}, frame ${frames} (${what}): ${reason}`, ...bytes].join("\n"), { cause });
    this.seed = seed;
    this.frames = frames;
  }
}

/** Sends valid and hostile frames to a host of its own, all of it a function of the seed, and looks at what becomes of it. */
export class HostileRun {
  readonly seed: number;
  readonly victim: Victim;
  frames = 0;
  readonly #random: SeededRandom;
  readonly #byMutation = new Map<string, number>();
  readonly #byFormat = new Map<string, number>();
  #messages = 0;
  #answers = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.#random = new SeededRandom(seed);
    this.victim = new Victim(seed);
  }

  /** At least so many frames more. @throws HostileFailure at the first that the host does not stand */
  send(count: number): this {
    for (const until = this.frames + count; this.frames < until; ) this.#message();
    this.#check([], "the end");
    return this;
  }

  #message(): void {
    const random = this.#random;
    const { victim } = this;
    const format = pick(random, FORMAT_NAMES);
    const isOfDhcp = format === "DHCP reply" || chance(random, 10);
    const device = victim.devices[isOfDhcp ? 1 : 0];
    const attacker = { random, overheard: victim.overheard, mac: device.mac, isOfDhcp };
    const mutation = pickMutation(random);
    const message = mutate(mutation, FORMATS[format]!(attacker), attacker);
    this.frames += message.length;
    count(this.#byMutation, mutation, message.length);
    count(this.#byFormat, format, message.length);
    const what = `${format}, ${mutation}`;
    try {
      for (const frame of message) if (chance(random, 16)) describeFrame(frame, FRAME_AT, frame.length);
      const before = { frames: victim.emittedFrames, others: victim.emittedOthers, bytes: victim.emittedBytes };
      device.offer(message);
      victim.settle();
      this.#answers += victim.emittedFrames - before.frames;
      const others = victim.emittedOthers - before.others;
      const bytes = victim.emittedBytes - before.bytes;
      if (others > message.length * MAX_ANSWERS || bytes > message.length * MAX_ANSWER_BYTES) {
        throw new Error(`${message.length} frames set off ${bytes} bytes, and ${others} frames beside those of TCP`);
      }
      this.#letTimePass();
      if (++this.#messages % MESSAGES_PER_DOING === 0) victim.doSomething();
    } catch (error) {
      throw new HostileFailure(this.seed, this.frames, message, what, error);
    }
    if (this.#messages % MESSAGES_PER_LOOK === 0) this.#check(message, what);
  }

  /** About a millisecond for each message, in steps of very different lengths. */
  #letTimePass(): void {
    const random = this.#random;
    if (chance(random, 2000)) this.victim.advance(1000 + below(random, 60_000));
    else if (chance(random, 100)) this.victim.advance(below(random, 400));
    else if (chance(random, 2)) this.victim.advance(below(random, 3));
  }

  #check(message: readonly Uint8Array[], what: string): void {
    const excesses = this.victim.excesses();
    if (excesses.length > 0) throw new HostileFailure(this.seed, this.frames, message, what, new Error(excesses.join("; ")));
  }

  get outcome(): HostileOutcome {
    const { victim } = this;
    const verdicts = new Map(victim.verdicts);
    for (const { counters } of victim.devices) for (const [reason, refused] of counters.drops) count(verdicts, reason, refused);
    return {
      seed: this.seed,
      frames: this.frames,
      byMutation: sorted(this.#byMutation),
      byFormat: sorted(this.#byFormat),
      verdicts: sorted(verdicts),
      drops: this.victim.host.context.drops.all(),
      emitted: victim.emittedFrames,
      answers: this.#answers,
      elapsedMs: victim.now,
      digest: victim.devices.map(({ digest }) => (digest >>> 0).toString(16).padStart(8, "0")).join(""),
    };
  }
}

function count(counts: Map<string, number>, what: string, more: number): void {
  counts.set(what, (counts.get(what) ?? 0) + more);
}

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
