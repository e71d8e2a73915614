import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { keepAliveTimedOut } from "./keep-alive.ts";
import { synAgain, synTimedOut } from "./opening-alarms.ts";
import { acknowledgeSoon } from "./receiver.ts";
import { reorderingTimedOut } from "./recovery.ts";
import { retransmissionTimedOut } from "./retransmission.ts";
import { tailProbeDue } from "./tail-loss-probe.ts";
import { persistTimedOut } from "./zero-window.ts";

/** Everything that time does to a connection. @param alarm of `ALARM` */
export function alarmWentOff(conn: ControlBlock, alarm: number): void {
  switch (alarm) {
    case ALARM.retransmission:
      if (conn.opening !== undefined) synTimedOut(conn);
      else retransmissionTimedOut(conn);
      return;
    case ALARM.delayedAck:
      acknowledgeSoon(conn);
      return;
    case ALARM.persist:
      persistTimedOut(conn);
      return;
    case ALARM.connectLimit:
      conn.fail("timed-out");
      return;
    case ALARM.synAfterReset:
      synAgain(conn);
      return;
    case ALARM.keepAlive:
      keepAliveTimedOut(conn);
      return;
    case ALARM.tailLossProbe:
      tailProbeDue(conn);
      return;
    case ALARM.reordering:
      reorderingTimedOut(conn);
      return;
    case ALARM.finWait2:
      conn.release();
  }
}
