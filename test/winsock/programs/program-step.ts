import fc from "fast-check";
import { FD_CLOSE, FD_READ, FD_WRITE } from "../../../src/winsock/abi/constants.ts";

/** Threads of the program, which all use one socket. */
export const THREADS = 4;

/** One thing that one thread of a random program does, or that happens to it. A thread that waits in a call does nothing else. */
export type ProgramStep =
  | { readonly do: "receive" | "send"; readonly thread: number; readonly bytes: number; readonly how: "waits" | "event" | "packet" }
  | { readonly do: "wait for event" | "dequeue" | "select"; readonly thread: number; readonly ms: number }
  | { readonly do: "network events"; readonly thread: number; readonly mask: number }
  | {
      readonly do: "enumerate" | "cancel own" | "cancel all" | "interrupt" | "post" | "shutdown" | "close" | "end" | "come";
      readonly thread: number;
    }
  | { readonly do: "peer sends" | "peer reads"; readonly bytes: number }
  | { readonly do: "time"; readonly ms: number }
  | { readonly do: "peer ends" | "peer resets" };

const thread = fc.nat(THREADS - 1);
const amount = fc.oneof({ weight: 5, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.integer({ min: 5000, max: 90_000 }) });

const programStep: fc.Arbitrary<ProgramStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("receive" as const, "send" as const),
      thread,
      bytes: amount,
      how: fc.constantFrom("waits" as const, "event" as const, "packet" as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("peer sends" as const, "peer reads" as const), bytes: amount }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 400 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("wait for event" as const, "dequeue" as const, "select" as const),
      thread,
      ms: fc.nat(500),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("enumerate" as const, "cancel own" as const, "cancel all" as const, "interrupt" as const, "post" as const),
      thread,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("end" as const, "come" as const), thread }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("network events" as const),
      thread,
      mask: fc.constantFrom(0, FD_READ | FD_CLOSE, FD_READ | FD_WRITE | FD_CLOSE),
    }),
  },
);

/** What ends a connection is rare, or most programs would be about nothing else. */
const ending: fc.Arbitrary<ProgramStep> = fc.oneof(
  fc.record({ do: fc.constantFrom("shutdown" as const, "close" as const), thread }),
  fc.record({ do: fc.constantFrom("peer ends" as const, "peer resets" as const) }),
);

/** What a program does, on which wire. */
export interface RandomProgram {
  readonly seed: number;
  /** Share of frames that are lost, and as many that come twice or late, each way. */
  readonly loss: number;
  readonly steps: readonly ProgramStep[];
}

export const randomProgram: fc.Arbitrary<RandomProgram> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  loss: fc.constantFrom(0, 0.02, 0.15),
  steps: fc
    .tuple(
      fc.array(programStep, { minLength: 1, maxLength: 50 }),
      fc.array(ending, { maxLength: 2 }),
      fc.array(programStep, { maxLength: 15 }),
    )
    .map((parts) => parts.flat()),
});
