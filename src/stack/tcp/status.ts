import type { ConnectionWait } from "../core/wait-reasons.ts";
import type { ConnectionStatus, WaitStatus } from "./tcp-user.ts";

/** What a row has where there is no connection: a listener's, or one in TIME-WAIT. */
export const EMPTY_STATUS: ConnectionStatus = {
  id: 0,
  state: "CLOSED",
  local: "",
  remote: "",
  sendQueueBytes: 0,
  receiveQueueBytes: 0,
  sndUna: 0,
  sndNxt: 0,
  sndWnd: 0,
  rcvNxt: 0,
  rcvWnd: 0,
  cwnd: 0,
  ssthresh: 0,
  srttMs: 0,
  rttvarMs: 0,
  rtoMs: 0,
  mss: 0,
  rcvMss: 0,
  advMss: 0,
  minRttMs: Number.POSITIVE_INFINITY,
  sndWindShift: 0,
  rcvWindShift: 0,
  hasTimestamps: false,
  sackPermitted: false,
  probes: 0,
  backoff: 0,
  bytesSent: 0,
  bytesReceived: 0,
  retransmissions: 0,
  timers: [],
  quietMs: 0,
  wait: undefined,
};

export const waitStatus = ({ reason, byteCount, timer, untilMs }: ConnectionWait, nowMs: number): WaitStatus => ({
  reason,
  ...(byteCount === undefined ? {} : { byteCount }),
  ...(timer === undefined ? {} : { timer }),
  ...(untilMs === undefined ? {} : { inMs: untilMs - nowMs }),
});
