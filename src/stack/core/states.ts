/** The states that things go through, in the words of their documents: here, because the trace says them too. */

/** RFC 9293 §3.3.2. */
export type TcpState =
  | "CLOSED"
  | "LISTEN"
  | "SYN-SENT"
  | "SYN-RECEIVED"
  | "ESTABLISHED"
  | "FIN-WAIT-1"
  | "FIN-WAIT-2"
  | "CLOSE-WAIT"
  | "CLOSING"
  | "LAST-ACK"
  | "TIME-WAIT";

/**
 * RFC 4861 §7.3.2, for ARP as well, and two more: FAILED remembers for a while that nobody answered. STATIC was given by the operator
 * and is never probed, learned over or evicted.
 */
export type NeighbourState = "INCOMPLETE" | "REACHABLE" | "STALE" | "DELAY" | "PROBE" | "FAILED" | "STATIC";

/**
 * Whether an address may be used, RFC 4862 §2. A tentative one is being tried for uniqueness and is not ours yet; a deprecated one stays
 * ours, and new traffic takes another.
 */
export type AddressState = "tentative" | "preferred" | "deprecated";

/** Why an address is none of ours any more: taken away, at the end of its life, or because another station has it. */
export type AddressEnd = "removed" | "expired" | "duplicate";

/**
 * RFC 2131 §4.4 figure 5. CHECKING is between its REQUESTING and BOUND, while the link is asked whether another station has the address;
 * WAITING is a pause before INIT; STOPPED is what a released client is.
 */
export type DhcpState =
  | "INIT"
  | "SELECTING"
  | "REQUESTING"
  | "REBOOTING"
  | "CHECKING"
  | "BOUND"
  | "RENEWING"
  | "REBINDING"
  | "WAITING"
  | "STOPPED";
