/** How much of each kind TCP of one host keeps, whatever strangers and programs do. */
export interface TcpLimits {
  /** Connections in TIME-WAIT; beyond them the oldest is forgotten early. */
  timeWaits: number;
  /** Connections whose users have closed them and whose peers have not finished; one more is reset. */
  orphans: number;
}

export const TCP_LIMITS: Readonly<TcpLimits> = { timeWaits: 65_536, orphans: 16_384 };
