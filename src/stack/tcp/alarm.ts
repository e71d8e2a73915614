/** The alarms of a connection, as the trace and `ss` name them. */
export const ALARM_NAMES = [
  "retransmission",
  "delayed-ack",
  "persist",
  "connect-limit",
  "syn-after-reset",
  "keep-alive",
  "fin-wait-2",
  "tail-loss-probe",
  "reordering",
] as const;

/** Their numbers: places in `ALARM_NAMES`. */
export const ALARM = {
  /** Unanswered SYN, SYN-ACK, text or FIN: RFC 6298 §5. */
  retransmission: 0,
  delayedAck: 1,
  /** RFC 9293 §3.8.6.1. */
  persist: 2,
  /** Of a whole connect attempt. */
  connectLimit: 3,
  /** The SYN that follows a refused one. */
  synAfterReset: 4,
  /** RFC 9293 §3.8.4. */
  keepAlive: 5,
  /** An orphan does not wait for the peer's FIN for ever. */
  finWait2: 6,
  /** RFC 8985 §7. */
  tailLossProbe: 7,
  /** RFC 8985 §6.2 step 5. */
  reordering: 8,
} as const;
