import type { Doorbell } from "../transport/doorbell.ts";
import type { RequestServer } from "../transport/request-server.ts";

/** Requests taken from one client before the others and the network get their turn. */
const REQUESTS_PER_ROUND = 64;

/** Rounds without a look at the mailbox or at `stop` do not exist; this bounds only the last ones, when clients are gone. */
const CLOSING_ROUNDS = 10_000;

/** What the loop needs of a host. */
export interface LoopHost {
  /** Says what time it is for the calls that follow. */
  enter(nowMs: number): void;
  /** @returns true when more work waits */
  turn(nowMs: number): boolean;
  /** On the loop's clock. */
  readonly nextDeadlineMs: number;
}

/** How the thread sleeps. */
export interface Waiter {
  /** Returns when the doorbell rings, a device has something, or the time is up. */
  wait(timeoutMs: number): void;
}

export interface HostLoopParts {
  readonly host: LoopHost;
  readonly now: () => number;
  readonly doorbell: Doorbell;
  readonly waiter: Waiter;
  /** Those that are there from the start and stay. */
  readonly servers?: readonly RequestServer[];
  /** Takes what was attached since the last call. */
  readonly newServers: () => readonly RequestServer[];
  /** Nothing is left to do for now. */
  readonly idle: () => void;
}

/**
 * The one place where a real-time host's thread waits: for clients, for frames, for the next timer. It tells the host the time before
 * each client's batch of calls and at each turn.
 */
export class HostLoop {
  readonly #parts: HostLoopParts;
  #servers: readonly RequestServer[];
  #attachmentsSeen = 0;

  constructor(parts: HostLoopParts) {
    this.#parts = parts;
    this.#servers = parts.servers ?? [];
  }

  get servers(): readonly RequestServer[] {
    return this.#servers;
  }

  /** Runs until the doorbell says stop. */
  run(): void {
    const { doorbell, host, waiter, now } = this.#parts;
    for (;;) {
      doorbell.beat();
      if (doorbell.isStopping) return;
      if (this.#round()) continue;
      doorbell.aboutToSleep();
      if (!this.#hasWork()) {
        this.#parts.idle();
        for (const server of this.#servers) server.flush();
        waiter.wait(Math.max(0, host.nextDeadlineMs - now()));
      }
      doorbell.awake();
    }
  }

  /** After `run`: clients go as if their programs had died, and what is on its way has until `untilMs` to leave. */
  close(isQuiet: () => boolean, untilMs: number): void {
    const { doorbell, host, waiter, now } = this.#parts;
    host.enter(now());
    for (const server of this.#servers) server.end();
    this.#servers = [];
    for (let round = 0; round < CLOSING_ROUNDS; round++) {
      const hasMore = host.turn(now());
      if (isQuiet() || now() >= untilMs) return;
      if (hasMore) continue;
      doorbell.aboutToSleep();
      waiter.wait(Math.max(0, Math.min(host.nextDeadlineMs, untilMs) - now()));
      doorbell.awake();
    }
  }

  /** @returns whether there is more to do at once */
  #round(): boolean {
    this.#takeAttachments();
    const { host, now } = this.#parts;
    let hasMore = false;
    for (const server of this.#servers) {
      host.enter(now());
      if (server.serve(REQUESTS_PER_ROUND)) hasMore = true;
      server.flush();
    }
    if (host.turn(now())) hasMore = true;
    for (const server of this.#servers) {
      server.flush();
      if (!server.isClosed) continue;
      this.#detach(server);
      // Closing its sockets has something to send.
      hasMore = true;
    }
    return hasMore;
  }

  #detach(server: RequestServer): void {
    // What its program asked for before it left still counts.
    while (server.serve(REQUESTS_PER_ROUND));
    server.end();
    this.#servers = this.#servers.filter((s) => s !== server);
  }

  #takeAttachments(): void {
    const { attachments } = this.#parts.doorbell;
    if (attachments === this.#attachmentsSeen) return;
    this.#attachmentsSeen = attachments;
    this.#servers = [...this.#servers, ...this.#parts.newServers()];
  }

  #hasWork(): boolean {
    const { doorbell } = this.#parts;
    if (doorbell.isStopping || doorbell.attachments !== this.#attachmentsSeen) return true;
    for (const server of this.#servers) if (server.hasWork) return true;
    return false;
  }
}
