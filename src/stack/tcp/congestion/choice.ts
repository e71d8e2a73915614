import type { CongestionControlName, SlowStartBursts } from "../../core/profile.ts";
import type { CongestionControl } from "./congestion-control.ts";
import { Cubic } from "./cubic.ts";
import { Reno } from "./reno.ts";

/** The algorithm of that name, whose `begin` is yet to be called. */
export const congestionControlOf = (name: CongestionControlName, bursts: SlowStartBursts): CongestionControl =>
  name === "cubic" ? new Cubic(bursts) : new Reno(bursts);
