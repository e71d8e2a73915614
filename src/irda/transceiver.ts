import type { HostContext } from "../stack/core/context.ts";

/** What the medium asks of whoever gives it its time: a host's context is one. */
export type InfraredTime = Pick<HostContext, "now" | "random" | "timers" | "requestTurn" | "trace">;

/** Who hears what is on the medium. */
export interface Hearer {
  heard(frame: Uint8Array): void;
}

/** One device's transceiver. */
export interface Transceiver {
  readonly time: InfraredTime;
  /** @returns when the last bit will have left */
  transmit(frame: Uint8Array, bitsPerSecond: number): number;
}
