/**
 * What limits the sender for the network's sake. Bytes throughout. An algorithm decides the window; when to enter and leave
 * recovery is decided in recovery.ts.
 */
export interface CongestionControl {
  readonly name: string;
  /** May be in flight, bytes. */
  readonly cwnd: number;
  /** Bytes; Infinity before the first loss. */
  readonly ssthresh: number;
  /**
   * Nothing is in flight, and nothing known of the path.
   * @param segments of the initial window: 10 by RFC 6928 §2, 1 after a lost SYN (RFC 5681 §3.1)
   */
  begin(mss: number, segments: number): void;
  /** `acked` bytes were newly acknowledged outside of recovery; `limited` when the window, not the user or the peer, held the sender back. */
  onAck(acked: number, limited: boolean): void;
  /** Loss was inferred from duplicate ACKs with `flight` bytes outstanding. */
  onLoss(flight: number): void;
  /** All that was outstanding at the loss is acknowledged. */
  onRecovered(flight: number): void;
  /** The retransmission timer went off; `repeated` when it had for the same data. */
  onTimeout(flight: number, repeated: boolean): void;
  /** Sending starts again after an idle time longer than the timeout. */
  onIdle(): void;
  onMss(mss: number): void;
}
