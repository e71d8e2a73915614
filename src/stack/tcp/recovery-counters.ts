/** What loss and its repair came to on all connections of a host, since it began. */
export class RecoveryCounters {
  /** Retransmission timers that went off over text or a FIN (RFC 6298). */
  timeouts = 0;
  /** Recoveries that began without one. */
  fastRecoveries = 0;
  /** Transmissions that left again, a super-segment counted once. */
  retransmissions = 0;
  /** Retransmissions that were found lost themselves. */
  copiesLost = 0;
  /** Tail loss probes, and those that filled a hole (RFC 8985 §7). */
  tailLossProbes = 0;
  tailLossesRepaired = 0;
  /** Timeouts, and other reductions of the window, that proved to be for nothing. */
  spuriousTimeouts = 0;
  spuriousRecoveries = 0;
  /** ACKs by which the peer told of something that it received twice (RFC 2883). */
  duplicateSacks = 0;
  /** Peers that threw away what they had reported (RFC 2018 §8). */
  sacksReneged = 0;
}
