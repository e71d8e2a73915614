import * as z from "zod";
import { firstIssue } from "../management/setting-text.ts";
import type { NumberedRequest } from "../run/page-messages.ts";
import { FRAME_KINDS } from "../wire/frame-match.ts";
import { ACTIONS } from "../wire/impairment.ts";

const id = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const host = z.string().max(256);
const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(3_600_000);
const direction = z.enum(["in", "out"]);

const requests = [
  z.object({ id, type: z.enum(["play", "pause", "clear-faults", "save"]) }),
  z.object({ id, type: z.literal("step"), to: z.enum(["event", "frame"]) }),
  z.object({ id, type: z.literal("set-speed"), speed: z.number().min(0) }),
  z.object({ id, type: z.literal("go-to"), atMs: z.number() }),
  z.object({ id, type: z.literal("restart"), seed: z.number().optional(), profile: z.enum(["windows", "linux", "rfc"]).optional() }),
  z.object({
    ...{ id, host, direction },
    type: z.literal("impair"),
    settings: z.strictObject({
      loss: share.optional(),
      duplicate: share.optional(),
      reorder: share.optional(),
      reorderDelayMs: milliseconds.optional(),
      corrupt: share.optional(),
      delayMs: milliseconds.optional(),
      jitterMs: milliseconds.optional(),
      rateBitsPerSecond: z.number().min(0).optional(),
      queueFrames: z.number().int().min(1).max(1_000_000).optional(),
    }),
  }),
  z.object({
    ...{ id, host },
    type: z.literal("pick"),
    pick: z.strictObject({
      match: z.enum(FRAME_KINDS),
      direction: direction.optional(),
      count: z.number().int().min(1).max(1_000_000).optional(),
      skip: z.number().int().min(0).max(1_000_000).optional(),
      sequence: z.number().int().min(0).max(0xffffffff).optional(),
      port: z.number().int().min(1).max(65_535).optional(),
      action: z.enum(ACTIONS),
      delayMs: milliseconds.optional(),
    }),
  }),
  z.object({ id, host, type: z.literal("connect"), address: z.string().max(256), port: z.number().int().min(1).max(65_535) }),
  z.object({ id, host, type: z.literal("run-program"), title: z.string(), source: z.string() }),
  z.object({ id, type: z.literal("stop-program"), program: z.string() }),
  z.object({ id, host, type: z.literal("tables") }),
] as const;

const pageRequest = z.discriminatedUnion("type", requests, { error: "not a request that a host knows" });

/** A message that a page sent; the number is undefined where even that could not be read. */
export type ReadRequest =
  | { readonly request: NumberedRequest }
  | { readonly request: undefined; readonly id: number | undefined; readonly problem: string };

export function readPageRequest(text: string): ReadRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { request: undefined, id: undefined, problem: "Cannot read the message: it is no JSON." };
  }
  const checked = pageRequest.safeParse(value);
  if (checked.success) return { request: checked.data as NumberedRequest };
  const given = typeof value === "object" && value !== null ? (value as { id?: unknown }).id : undefined;
  const isId = Number.isSafeInteger(given) && (given as number) >= 0;
  return { request: undefined, id: isId ? (given as number) : undefined, problem: `Cannot do that: ${firstIssue(checked.error)}.` };
}
