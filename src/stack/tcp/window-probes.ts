import type { Seq } from "../core/seq.ts";

/** Probes of a window that the peer has shut, RFC 9293 §3.8.6.1. */
export interface WindowProbes {
  /** Since the window last grew. */
  count: number;
  /** The last one has left the host. */
  hasLeft: boolean;
  /** SND.NXT when an octet beyond the window was sent: the peer may acknowledge that one octet. */
  at: Seq | undefined;
}
