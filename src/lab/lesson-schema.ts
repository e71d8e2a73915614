import * as z from "zod";
import { FRAME_KINDS } from "../wire/frame-match.ts";
import { ACTIONS } from "../wire/impairment.ts";
import { FRAME_WORDS } from "./lessons/lesson.ts";

/** What a lesson's file may say; docs/lesson.schema.json is made of it, from which editors complete. */

const text = z.string().min(1);
const word = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, { error: "expected a word of small letters, digits and hyphens" });
const milliseconds = z.number().min(0).max(86_400_000);
const port = z.number().int().min(1).max(65_535);
const share = z.number().min(0).max(1);
const profile = z.enum(["windows", "linux", "rfc"]);
const pattern = text.refine(isPattern, { error: "expected a regular expression" });

function isPattern(value: string): boolean {
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}

const impairment = z
  .strictObject({
    loss: share.describe("share of frames that are lost, 0 to 1"),
    duplicate: share,
    reorder: share.describe("share of frames that later ones pass"),
    reorderDelayMs: milliseconds,
    corrupt: share,
    delayMs: milliseconds,
    jitterMs: milliseconds,
    rateBitsPerSecond: z.number().min(0),
    queueFrames: z.number().int().min(1).max(1_000_000),
  })
  .partial();

const pick = z.strictObject({
  match: z.enum(FRAME_KINDS).describe("the kind of frame that is meant"),
  direction: z.enum(["in", "out"]).optional().describe("both when left out; seen from the host"),
  skip: z.number().int().min(0).max(1_000_000).optional().describe("so many pass first; 0 when left out"),
  count: z.number().int().min(1).max(1_000_000).optional().describe("how many of them; 1 when left out"),
  action: z.enum(ACTIONS),
  delayMs: milliseconds.optional(),
  sequence: z.number().int().min(0).max(0xffffffff).optional().describe("only the segment that begins with this sequence number"),
  port: port.optional(),
});

const faults = z.strictObject({ in: impairment.optional(), out: impairment.optional(), picks: z.array(pick).optional() });

const service = z.discriminatedUnion("service", [
  z.strictObject({ service: z.literal("discard"), port }).describe("reads and throws away; closes when the peer has"),
  z.strictObject({ service: z.literal("echo"), port }).describe("sends back what comes"),
  z
    .strictObject({ service: z.literal("source"), port, bytes: z.number().int().min(1).max(100_000_000) })
    .describe("sends so many bytes, then closes"),
  z.strictObject({ service: z.literal("sleeper"), port, sleepMs: milliseconds }).describe("reads nothing for so long, then all"),
  z.strictObject({ service: z.literal("busy"), port, backlog: z.number().int().min(1).max(200) }).describe("accepts nobody"),
  z.strictObject({ service: z.literal("udp-echo"), port }).describe("sends back each datagram"),
]);

const prefix = z.string().regex(/^203\.0\.113\.\d{1,3}\/\d{1,2}$/, {
  error: "expected an address of 203.0.113.0/24 with its prefix length, such as 203.0.113.2/24",
});

const host = z.strictObject({
  name: word.describe("by which everything else names the host"),
  title: text.optional(),
  address: prefix,
  address6: text.optional(),
  profile,
  gateway: text.optional(),
  mtu: z.number().int().min(576).max(65_535).optional(),
  sack: z.boolean().optional().describe("false: without selective acknowledgement"),
  services: z.array(service).optional(),
  faults: faults.optional(),
});

const sceneEvent = z.discriminatedUnion("do", [
  z.strictObject({ atMs: milliseconds, do: z.literal("run-program"), host: word, title: text, source: text }),
  z.strictObject({
    atMs: milliseconds,
    do: z.literal("faults"),
    host: word,
    in: impairment.optional(),
    out: impairment.optional(),
    picks: z.array(pick).optional(),
  }),
  z.strictObject({ atMs: milliseconds, do: z.literal("clear-faults") }),
  z.strictObject({ atMs: milliseconds, do: z.literal("note"), host: word, text }),
]);

const scene = z.strictObject({
  title: text,
  hosts: z.array(host).min(1).max(8),
  events: z.array(sceneEvent).optional(),
  wireDelayMs: milliseconds.optional().describe("how long a frame is on its way; 1 when left out"),
  hidesFaults: z.boolean().optional().describe("what is wrong with the lines nobody is told"),
  limitMs: milliseconds.optional(),
});

const frameWord = z.enum(FRAME_WORDS);
const FRAME_WORDS_EXPECTED = `expected one of these words, or a list of them: ${FRAME_WORDS.join(", ")}`;
const frameWords = z.union([frameWord, z.array(frameWord)], { error: FRAME_WORDS_EXPECTED });
const selector = z
  .strictObject({
    frames: z
      .strictObject({
        is: frameWords,
        isNot: frameWords,
        from: word,
        to: word,
        port,
        text: pattern.describe("a regular expression for the frame's line in words"),
      })
      .partial(),
    calls: z
      .strictObject({ name: text, host: word, error: text.describe("such as WSAECONNREFUSED; none for calls that succeed"), text: pattern })
      .partial(),
    events: z.strictObject({
      type: text,
      host: word.optional(),
      where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
    prints: pattern,
  })
  .partial()
  .refine((value) => Object.keys(value).length === 1, { error: "expected exactly one of frames, calls, events and prints" });

const COUNT_EXPECTED = "expected a whole number, or least and most: { least: 1 }";
const bounds = z.strictObject({ least: z.number(), most: z.number() }).partial();

const stretch = {
  after: selector.optional().describe("only what comes behind the first of these"),
  until: selector.optional().describe("and before the first of these that follows"),
};
const momentField = {
  field: text.describe("a number of an event or of a segment, by its name; flight is SND.NXT − SND.UNA"),
  of: text.optional().describe("as a share of this one"),
};

const check = z
  .strictObject({
    ...stretch,
    id: word,
    title: text.describe("what must be so, in a sentence"),
    otherwise: text.describe("what a learner reads when it is not so: where to look"),
    what: selector.optional(),
    count: z.union([z.number().int().min(0), bounds], { error: COUNT_EXPECTED }).optional(),
    gapsMs: z.array(milliseconds).min(1).optional(),
    tolerance: share.optional(),
    lastsMs: bounds.optional(),
    value: z.strictObject({ ...momentField, least: z.number().optional(), most: z.number().optional() }).optional(),
    bursts: z.array(z.number().int().min(1)).min(1).optional(),
    pauseMs: milliseconds.optional(),
    acknowledges: selector.optional(),
    order: z.array(selector).min(2).optional(),
  })
  .refine((value) => (value.what === undefined) !== (value.order === undefined), { error: "expected either what or order" });

const measure = z.union([
  z.strictObject({ count: selector, ...stretch }),
  z.strictObject({ value: selector, ...momentField, ...stretch }),
  z.strictObject({ lastsMs: selector }),
  z.strictObject({ betweenMs: z.tuple([selector, selector]) }),
]);

const prediction = z
  .strictObject({
    id: word,
    question: text,
    kind: z.enum(["choice", "number"]),
    options: z.array(text).min(2).optional(),
    unit: text.optional(),
    answer: z
      .union([text, z.number(), measure], {
        error: "expected a text, a number, or one of count, lastsMs and betweenMs with what they measure",
      })
      .describe("what is right: given, or measured in the run"),
    tolerance: share.optional(),
    why: text,
  })
  .refine((value) => value.kind !== "choice" || (typeof value.answer === "string" && value.options?.includes(value.answer) === true), {
    error: "expected the answer of a choice to be one of its options",
  });

const fault = z.strictObject({
  atMs: milliseconds,
  host: word,
  in: impairment.optional(),
  out: impairment.optional(),
  pick: pick.optional(),
});

export const solutionSchema = z.strictObject({
  program: text.optional(),
  faults: z.array(fault).optional(),
  predictions: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  verdict: text.optional(),
  profile: profile.optional(),
});

export const lessonSchema = z.strictObject({
  id: word,
  number: z.number().int().min(1).max(999),
  title: text,
  goal: text.describe("what one can do afterwards"),
  waitsFor: text.optional().describe("what tapsock cannot do yet that the lesson needs"),
  scene,
  host: word.describe("on which host the learner's program runs"),
  program: text.describe("what the learner starts with"),
  solution: solutionSchema.optional(),
  steps: z.array(text).min(1),
  predictions: z.array(prediction).default([]),
  checks: z.array(check).min(1),
  explanation: text,
  references: z.array(z.strictObject({ title: text, url: z.url().optional() })).min(1),
  next: z.array(text).min(1),
  untilMs: milliseconds.default(60_000),
});
