/** Of a connection whose two sides have agreed on timestamps, RFC 7323. */
export class TimestampState {
  /** Where our TSval begins. */
  readonly offset: number;
  /** TS.Recent */
  recent: number;
  /** When TS.Recent was set, on the host's clock in milliseconds. */
  recentAtMs: number;

  constructor(offset: number, recent: number, recentAtMs: number) {
    this.offset = offset;
    this.recent = recent;
    this.recentAtMs = recentAtMs;
  }
}
