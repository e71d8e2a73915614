import type { TcpState } from "./tcp-user.ts";

/** The edges of RFC 9293 §3.3.2, figure 5. CLOSED can be reached from everywhere (RST, ABORT, time-out), so it is not listed. */
const EDGES: Readonly<Record<TcpState, readonly TcpState[]>> = {
  CLOSED: ["SYN-SENT", "SYN-RECEIVED"],
  LISTEN: ["SYN-RECEIVED", "SYN-SENT"],
  "SYN-SENT": ["SYN-RECEIVED", "ESTABLISHED"],
  // CLOSE-WAIT: the segment that completes the handshake may carry the FIN.
  "SYN-RECEIVED": ["ESTABLISHED", "FIN-WAIT-1", "CLOSE-WAIT", "LISTEN"],
  ESTABLISHED: ["FIN-WAIT-1", "CLOSE-WAIT"],
  "FIN-WAIT-1": ["FIN-WAIT-2", "CLOSING", "TIME-WAIT"],
  "FIN-WAIT-2": ["TIME-WAIT"],
  "CLOSE-WAIT": ["LAST-ACK"],
  CLOSING: ["TIME-WAIT"],
  "LAST-ACK": [],
  "TIME-WAIT": [],
};

export const isEdge = (from: TcpState, to: TcpState): boolean => to === "CLOSED" || EDGES[from].includes(to);

/** States in which both sides know each other's sequence numbers. */
export const isSynchronized = (state: TcpState): boolean =>
  state !== "CLOSED" && state !== "LISTEN" && state !== "SYN-SENT" && state !== "SYN-RECEIVED";
