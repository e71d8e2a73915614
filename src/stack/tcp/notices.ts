import type { TcpUser } from "./tcp-user.ts";

/** Notices to the user, gathered during a turn and given at its end, in this order. */
export const NOTICE = {
  established: 1,
  connectFailed: 2,
  readable: 4,
  endOfStream: 8,
  writable: 16,
  aborted: 32,
  finished: 64,
  urgent: 128,
} as const;

/** The user of a connection that nobody owns: one not accepted yet, or closed by its user. */
export const NOBODY: TcpUser = {};
