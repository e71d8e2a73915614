import type { Ipv4Address } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Profile } from "../core/profile.ts";
import type { Random } from "../core/random.ts";
import type { RingSource } from "../tcp/ring-pool.ts";

export interface HostOptions {
  readonly clock: Clock;
  /** Feeds ports, sequence numbers and jitter, and keys their secrets; from the operating system in real use. */
  readonly random: Random;
  /** WINDOWS unless given. */
  readonly profile?: Profile;
  /** Where large buffers have their memory, if others may read it. */
  readonly rings?: RingSource;
  /**
   * Hears of an exception in the handling of one packet, timer or connection, and the host goes on without it: that packet is lost,
   * that connection reset. Without this the exception comes out of `turn`, as a test wants it.
   */
  readonly onMistake?: (error: unknown) => void;
}

/** How a device is put to use. */
export interface AttachOptions {
  readonly address: Ipv4Address;
  readonly prefixLength: number;
  /** Default router; without one only the prefix itself can be reached. */
  readonly gateway?: Ipv4Address;
}
