/** What the clients of a door may cost; bytes. */
export interface DoorLimits {
  /** Clients at a time. */
  readonly clients: number;
  /** Messages of all clients that have come in part. */
  readonly requestBytes: number;
  /** Replies that may wait for one client to read them; with more it is not read from, and its waiting calls stay waiting. */
  readonly clientReplyBytes: number;
  /** The same for all clients together: none may add more than what is left of it. */
  readonly replyBytes: number;
}

/** How much the clients hold, for `status`. */
export interface DoorUsage {
  readonly clients: number;
  /** Connected, and yet to say hello. */
  readonly strangers: number;
  /** Of messages that have come in part. */
  readonly requestBytes: number;
  /** That nobody has read yet. */
  readonly replyBytes: number;
  readonly limits: DoorLimits;
}
