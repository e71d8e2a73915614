import type { DropCounters } from "./drops.ts";
import type { Profile } from "./profile.ts";
import type { Random } from "./random.ts";
import type { Time } from "./time.ts";
import type { TimerQueue } from "./timers.ts";
import type { Trace } from "./trace.ts";

/** What every layer of one host shares. */
export interface HostContext extends Time {
  readonly random: Random;
  readonly profile: Profile;
  readonly timers: TimerQueue;
  readonly trace: Trace;
  readonly drops: DropCounters;
  /** Hears of an exception that our own code threw while it handled a packet, a timer or a connection: a mistake in here. Throws it on unless the host's maker asked to hear of it. */
  readonly mistake: (error: unknown) => void;
  /** Work was made outside of the host's turn (a user wrote): whoever drives the host should give it one soon. */
  readonly requestTurn: () => void;
}
