import type { WebSocket } from "ws";
import type { NumberedRequest, PageRequest, SourceAbilities, SourceMessage } from "../run/page-messages.ts";
import type { LiveRun, RunViewer } from "./live-run.ts";
import { readPageRequest } from "./page-requests.ts";
import type { PageRole } from "./page-tokens.ts";

/** What a page may cost; the first three may be made smaller by tests. */
export interface PageClientLimits {
  /** Unsent to a page; above it nothing is sent until it has read. */
  readonly bufferedBytes: number;
  /** How far a page may be behind before it goes on near the end; also what it is shown of what was before. */
  readonly behindEvents: number;
  readonly requestsPerSecond: number;
  /** In a burst. */
  readonly requests: number;
}

export const PAGE_CLIENT_LIMITS: PageClientLimits = {
  bufferedBytes: 1024 * 1024,
  behindEvents: 20_000,
  requestsPerSecond: 20,
  requests: 60,
};

/** RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008;
const BATCH_MS = 50;
const CLOCK_MS = 500;
const BATCH_EVENTS = 500;
/** Refusals that may follow one another until it is no page that asks. */
const MOST_REFUSALS = 200;

const CHANGES: ReadonlySet<PageRequest["type"]> = new Set(["impair", "pick", "clear-faults", "connect", "run-program", "stop-program"]);

const abilitiesOf = (role: PageRole): SourceAbilities => ({
  controlsTime: false,
  goesBack: false,
  faults: role === "owner",
  programs: false,
  connects: role === "owner",
  saves: true,
});

/** One page at its WebSocket: sees the run, a little behind if it must, and asks within bounds. */
export class PageClient implements RunViewer {
  readonly #socket: WebSocket;
  readonly #run: LiveRun;
  readonly #role: PageRole;
  readonly #limits: PageClientLimits;
  readonly #detach: () => void;
  readonly #pump: NodeJS.Timeout;
  /** Place of the next event for this page. */
  #next = 0;
  #clockAtMs = Number.NEGATIVE_INFINITY;
  #isOpened = false;
  #requestsLeft: number;
  #requestsAtMs = performance.now();
  #refusals = 0;

  constructor(socket: WebSocket, run: LiveRun, role: PageRole, limits: PageClientLimits = PAGE_CLIENT_LIMITS) {
    this.#socket = socket;
    this.#run = run;
    this.#role = role;
    this.#limits = limits;
    this.#requestsLeft = limits.requests;
    socket.on("message", (data, isBinary) => this.#message(isBinary ? undefined : String(data)));
    // A message that is too long, or no WebSocket's: `ws` closes by itself.
    socket.on("error", () => {});
    socket.on("close", () => this.#closed());
    this.#pump = setInterval(() => this.#sendNews(), BATCH_MS);
    this.#pump.unref();
    this.#detach = run.attach(this);
  }

  runOpened(): void {
    const { header, kept } = this.#run;
    if (header === undefined) return;
    this.#isOpened = true;
    this.#next = kept.first;
    this.#send({ type: "opened", header, abilities: abilitiesOf(this.#role) });
    this.clockChanged();
  }

  clockChanged(): void {
    if (!this.#isOpened) return;
    this.#sendNews();
    this.#sendClock();
  }

  #closed(): void {
    clearInterval(this.#pump);
    this.#detach();
  }

  #sendNews(): void {
    if (!this.#isOpened) return;
    const { kept } = this.#run;
    if (kept.end - this.#next > this.#limits.behindEvents || this.#next < kept.first) this.#leaveOut();
    while (this.#next < kept.end && this.#hasRoom) {
      const batch = kept.slice(this.#next, Math.min(kept.end, this.#next + BATCH_EVENTS));
      this.#next += batch.length;
      // Their JSON is made once, for all pages.
      this.#socket.send(`{"type":"events","events":[${batch.map(({ text }) => text).join(",")}]}`);
    }
    if (this.#hasRoom && performance.now() - this.#clockAtMs >= CLOCK_MS) this.#sendClock();
  }

  get #hasRoom(): boolean {
    return this.#socket.bufferedAmount <= this.#limits.bufferedBytes;
  }

  /** The page goes on half of what it may be behind, and is told how much that was. */
  #leaveOut(): void {
    const { kept } = this.#run;
    const to = Math.max(kept.first, kept.end - Math.floor(this.#limits.behindEvents / 2));
    const skipped = kept.slice(this.#next, to);
    // What is not kept any more cannot be counted in frames.
    const sums = { events: to - this.#next - skipped.length, frames: 0, bytes: 0 };
    for (const { events, frames, bytes } of skipped) {
      sums.events += events;
      sums.frames += frames;
      sums.bytes += bytes;
    }
    const beginMs = skipped[0]?.atMs ?? 0;
    const atMs = kept.at(to)?.atMs ?? this.#run.nowMs;
    this.#next = to;
    const host = this.#run.header?.hosts[0]?.name ?? "";
    this.#send({ type: "events", events: [{ type: "left-out", host, number: 0, atMs, ...sums, forMs: Math.max(0, atMs - beginMs) }] });
  }

  #sendClock(): void {
    this.#clockAtMs = performance.now();
    this.#send({ type: "clock", ...this.#run.clock });
  }

  #message(text: string | undefined): void {
    const read = text === undefined ? { request: undefined, id: undefined, problem: "Expected text." } : readPageRequest(text);
    if (read.request === undefined) {
      if (read.id === undefined) this.#dismiss(read.problem);
      else this.#refuse(read.id, read.problem);
      return;
    }
    const { request } = read;
    if (!this.#mayAsk()) this.#refuse(request.id, "Cannot do that now: too much was asked in this second.");
    else if (this.#role === "reader" && CHANGES.has(request.type)) {
      this.#refuse(request.id, "Cannot do that: this page was opened with a reader's address, which can change nothing.");
    } else {
      this.#refusals = 0;
      void this.#answer(request);
    }
  }

  async #answer(request: NumberedRequest): Promise<void> {
    try {
      this.#send({ type: "answered", id: request.id, value: (await this.#run.answer(request)) ?? null });
    } catch (error) {
      this.#send({ type: "refused", id: request.id, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  #mayAsk(): boolean {
    const { requests, requestsPerSecond } = this.#limits;
    const nowMs = performance.now();
    this.#requestsLeft = Math.min(requests, this.#requestsLeft + ((nowMs - this.#requestsAtMs) * requestsPerSecond) / 1000);
    this.#requestsAtMs = nowMs;
    if (this.#requestsLeft < 1) return false;
    this.#requestsLeft--;
    return true;
  }

  #refuse(id: number, problem: string): void {
    if (++this.#refusals > MOST_REFUSALS) this.#dismiss("It asks too much.");
    else this.#send({ type: "refused", id, problem });
  }

  #dismiss(why: string): void {
    this.#socket.close(POLICY_VIOLATION, why.slice(0, 120));
  }

  /** A page that does not read is not answered: it would only be more that waits. */
  #send(message: SourceMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > 16 * this.#limits.bufferedBytes) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }
}
