import type { Host } from "../stack/host/host.ts";
import type { CallHandler } from "../winsock/provider/calls.ts";
import { type Clock, RealClock } from "./real-clock.ts";

/** The longest that setTimeout takes, in milliseconds; a later alarm is waited for in pieces. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Drives a host on JavaScript's event loop, in the thread of the program that uses it. For devices that tell when they have something
 * (a wire in memory, a Duplex); one that has to be polled, as a TAP, wants a thread (`HostLoop`). Keeps the program alive until `stop`.
 */
export class EventLoopDriver {
  readonly #host: Host;
  readonly #clock: Clock;
  #isTurnSoon = false;
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  /** @param clock of the origin that the host's `startMs` has */
  constructor(host: Host, clock: Clock = new RealClock()) {
    this.#host = host;
    this.#clock = clock;
    host.onTurnRequested = () => this.#soon();
    this.#soon();
  }

  /** To be called before calls into the host: they happen now. What they lead to leaves with the next turn, which comes by itself. */
  enter(): void {
    this.#host.enter(this.#clock.now());
    this.#soon();
  }

  /** The provider of this host, its calls made at the time at which they come. */
  timed(provider: CallHandler): CallHandler {
    return {
      openClient: (client, process, isAdministrator) => {
        this.enter();
        provider.openClient(client, process, isAdministrator);
      },
      closeClient: (client) => {
        this.enter();
        provider.closeClient(client);
      },
      hold: (client, isHeld) => {
        this.enter();
        provider.hold(client, isHeld);
      },
      call: (client, request, reply) => {
        this.enter();
        provider.call(client, request, reply);
      },
    };
  }

  /** The host has no more turns. */
  stop(): void {
    this.#isStopped = true;
    this.#host.onTurnRequested = undefined;
    clearTimeout(this.#alarm);
  }

  #soon(): void {
    if (this.#isStopped || this.#isTurnSoon) return;
    this.#isTurnSoon = true;
    soon(() => {
      if (!this.#isStopped) this.#run();
    });
  }

  #run(): void {
    this.#isTurnSoon = false;
    clearTimeout(this.#alarm);
    // Whatever a turn throws, the alarms that are pending then still come.
    let hasMore = true;
    try {
      hasMore = this.#host.turn(this.#clock.now());
    } finally {
      if (hasMore) this.#soon();
      else this.#arm();
    }
  }

  #arm(): void {
    const inMs = this.#host.nextDeadlineMs - this.#clock.now();
    if (this.#isStopped || inMs === Number.POSITIVE_INFINITY) return;
    this.#alarm = setTimeout(() => this.#run(), Math.min(Math.max(0, Math.ceil(inMs)), LONGEST_TIMEOUT_MS));
  }
}

/** After what is happening now. Browsers have no setImmediate. */
const soon = (what: () => void): void => {
  if (typeof setImmediate === "function") setImmediate(what);
  else setTimeout(what, 0);
};
