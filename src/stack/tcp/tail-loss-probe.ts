import type { ControlBlock } from "./control-block.ts";
import { watchAfterProbe } from "./loss-alarms.ts";
import { lossOf } from "./loss-state.ts";

/** Nothing was heard of the tail of what was sent: a probe leaves at the end of the turn (RFC 8985 §7.3). */
export function tailProbeDue(conn: ControlBlock): void {
  if (conn.flight === 0) return;
  lossOf(conn).probeDue = true;
  // Should the device not take it, the timer goes on.
  watchAfterProbe(conn);
  conn.owner.wantsOutput(conn);
}

/** The probe has left. @param isResent it was a copy, not new text */
export function tailProbeLeft(conn: ControlBlock, isResent: boolean): void {
  const loss = lossOf(conn);
  loss.probeDue = false;
  loss.probe = { end: conn.sndNxt, isResent };
  loss.probeNeedsSample = true;
  conn.owner.recoveries.tailLossProbes++;
  watchAfterProbe(conn);
}
