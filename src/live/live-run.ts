import { type FeedRecord, readFeedRecord } from "../management/host-feed.ts";
import { manage } from "../management/manage.ts";
import type { HostStatus } from "../management/management.ts";
import { mibCounters } from "../management/mib-counters.ts";
import { faultsInForce } from "../run/fault-words.ts";
import type { HostTables, NumberedRequest, SourceClock } from "../run/page-messages.ts";
import type { RunEvent, RunHeader } from "../run/run-event.ts";
import { type RunEventJson, runEventJson } from "../run/run-event-json.ts";
import { runHeaderLine } from "../run/run-file.ts";
import type { EventPort } from "../transport/async-call-port.ts";
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM } from "../winsock/abi/constants.ts";
import { describeError, WinsockError } from "../winsock/abi/errors.ts";
import { createPromiseFace } from "../winsock/faces/promise-face.ts";
import type { ImpairmentReport } from "../wire/impairment.ts";
import { type KeptEvent, KeptEvents, type KeptLimits } from "./kept-events.ts";
import { LIVE_HOST, LiveEvents, liveHeader } from "./live-events.ts";

/** What a page asked cannot be done. The message is a sentence. */
export class PageRefusal extends Error {
  override readonly name = "PageRefusal";
}

/** Who looks at a run. */
export interface RunViewer {
  /** The run begins, or begins anew. */
  runOpened(): void;
  clockChanged(): void;
}

export interface LiveRunOptions {
  /** A port of its own to the host each time. */
  readonly openPort: () => Promise<EventPort>;
  /** What the host may tell at most; left to the host where left out. */
  readonly eventsPerSecond?: number;
  readonly snapLength?: number;
  readonly kept?: KeptLimits;
  /** How long it is watched on when nobody looks, so that a page that is loaded again finds its run. */
  readonly lingerMs?: number;
  readonly retryMs?: number;
  /** Between two looks at the faults in force, which other programs change too. */
  readonly faultsMs?: number;
}

const LINGER_MS = 10_000;
const RETRY_MS = 1000;
const FAULTS_MS = 1000;
/** A frame was impaired, by a pick perhaps that is used up by it; others may be right behind. */
const FAULTS_SOON_MS = 50;
const MOST_CONNECTS = 8;
const CONNECT_LIMIT_MS = 60_000;

/** A stretch of watching one host: from the first page until its end. */
interface Watch {
  readonly port: EventPort;
  readonly events: LiveEvents;
  readonly openedMs: number;
  readonly device: string;
}

/** The run of a host that runs elsewhere: watched while anybody looks, kept for who comes later, begun anew when the host comes back. */
export class LiveRun {
  readonly kept: KeptEvents;
  readonly #options: LiveRunOptions;
  readonly #viewers = new Set<RunViewer>();
  #watch: Watch | undefined;
  #header: RunHeader | undefined;
  /** How many were lost between the host and here. */
  #expected = 0;
  #isOpening = false;
  #isClosed = false;
  #lastMs = 0;
  #faults = "";
  #retry: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #faultLooks: NodeJS.Timeout | undefined;
  #faultsSoon: NodeJS.Timeout | undefined;
  #connects = 0;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.kept = new KeptEvents(options.kept);
  }

  /** Undefined until the host was reached for the first time. */
  get header(): RunHeader | undefined {
    return this.#header;
  }

  get clock(): SourceClock {
    const { nowMs } = this;
    return { nowMs, state: this.#watch === undefined ? "ended" : "running", speed: 1 };
  }

  /** In the run's time. */
  get nowMs(): number {
    return this.#watch === undefined ? this.#lastMs : Math.max(this.#lastMs, performance.now() - this.#watch.openedMs);
  }

  /** @returns a function that ends it */
  attach(viewer: RunViewer): () => void {
    this.#viewers.add(viewer);
    clearTimeout(this.#linger);
    if (this.#watch !== undefined) viewer.runOpened();
    else void this.#open();
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#endSoon();
    };
  }

  /** Nobody looks. Who looks again soon finds the run as it was. */
  #endSoon(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => void this.#end(), this.#options.lingerMs ?? LINGER_MS);
    this.#linger.unref();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#linger);
    clearTimeout(this.#retry);
    await this.#end();
  }

  /** @throws PageRefusal, NetworkError with a sentence */
  async answer(request: NumberedRequest): Promise<unknown> {
    const watch = this.#watch;
    if (request.type === "save") return this.#save();
    if (watch === undefined) throw new PageRefusal("Cannot do that: the host is not there.");
    const { port } = watch;
    switch (request.type) {
      case "impair":
        return this.#faultsAre(await manage(port, { op: "fault-set", direction: request.direction, settings: request.settings }));
      case "pick":
        return this.#faultsAre(await manage(port, { op: "fault-pick", ...request.pick }));
      case "clear-faults":
        return this.#faultsAre(await manage(port, { op: "fault-clear" }));
      case "tables":
        return this.#tables(port);
      case "connect":
        return this.#connect(request.address, request.port);
      default:
        throw new PageRefusal(`Cannot do that: a host that runs by itself knows no "${request.type}".`);
    }
  }

  async #open(): Promise<void> {
    if (this.#isOpening || this.#isClosed) return;
    this.#isOpening = true;
    clearTimeout(this.#retry);
    let port: EventPort | undefined;
    try {
      port = await this.#options.openPort();
      await this.#begin(port);
    } catch {
      port?.close();
      this.#tryAgain();
    } finally {
      this.#isOpening = false;
    }
    // Who looked may have gone meanwhile, or the whole of it.
    if (this.#isClosed) await this.#end();
    else if (this.#viewers.size === 0) this.#endSoon();
  }

  async #begin(port: EventPort): Promise<void> {
    const status = await manage(port, { op: "status" });
    // Events come right behind the answer, or before it is looked at.
    const early: Uint8Array[] = [];
    port.onEvent = (_subscription, _count, data) => early.push(data);
    const { snapLength, eventsPerSecond } = this.#options;
    const { nowMs } = await manage(port, {
      op: "feed-start",
      ...(snapLength === undefined ? {} : { snapLength }),
      ...(eventsPerSecond === undefined ? {} : { eventsPerSecond }),
    });
    this.kept.clear();
    this.#lastMs = 0;
    this.#faults = "";
    this.#header = liveHeader(status);
    this.#watch = { port, events: new LiveEvents(nowMs), openedMs: performance.now(), device: status.interfaces[0]?.name ?? "" };
    for (const data of early) this.#take(data);
    this.#expected = early.length;
    port.onEvent = (_subscription, count, data) => {
      if (count > this.#expected) this.#note(`${count - this.#expected} events were lost on their way from the host.`);
      this.#expected = count + 1;
      this.#take(data);
    };
    port.onDown = (why) => this.#down(port, why);
    for (const viewer of this.#viewers) viewer.runOpened();
    // Before anything else is waited for: from now on the host may go down at any moment, which ends it.
    this.#faultLooks = setInterval(() => void this.#lookAtFaults(), this.#options.faultsMs ?? FAULTS_MS);
    this.#faultLooks.unref();
    await this.#lookAtFaults();
  }

  #down(port: EventPort, why: string): void {
    if (this.#watch?.port !== port) return;
    this.#note(`The host is gone${why === "" ? "" : `: ${why}`}.`);
    this.#lastMs = this.nowMs;
    this.#watch = undefined;
    clearInterval(this.#faultLooks);
    port.close();
    for (const viewer of this.#viewers) viewer.clockChanged();
    this.#tryAgain();
  }

  #tryAgain(): void {
    if (this.#isClosed || this.#viewers.size === 0) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#open(), this.#options.retryMs ?? RETRY_MS);
    this.#retry.unref();
  }

  /** The feed ends with its port. */
  async #end(): Promise<void> {
    const watch = this.#watch;
    if (watch === undefined) return;
    this.#lastMs = this.nowMs;
    this.#watch = undefined;
    clearInterval(this.#faultLooks);
    watch.port.onDown = undefined;
    watch.port.onEvent = undefined;
    watch.port.close();
  }

  #take(data: Uint8Array): void {
    let record: FeedRecord;
    try {
      record = readFeedRecord(data);
    } catch {
      return;
    }
    const event = this.#watch?.events.of(record);
    if (event === undefined) return;
    if (record.type === "left-out") this.#keep(event, record);
    else if ("base64" in record) this.#keep(event, { events: 1, frames: record.type === "frame" ? 1 : 0, bytes: record.bytes });
    else this.#keep(event, ONE_EVENT);
    if (record.type === "frame-impaired") this.#faultsSoon ??= this.#lookSoon();
  }

  #lookSoon(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#faultsSoon = undefined;
      void this.#lookAtFaults();
    }, FAULTS_SOON_MS);
    return timer.unref();
  }

  #note(text: string): void {
    this.#own({ type: "noted", text });
  }

  #own(content: { readonly type: "noted"; readonly text: string } | Pick<FaultsChanged, "type" | "device" | "faults">): void {
    this.#keep(runEventJson({ ...content, number: 0, atMs: this.nowMs, host: LIVE_HOST } as RunEvent), ONE_EVENT);
  }

  #keep(event: RunEventJson, counts: Pick<KeptEvent, "events" | "frames" | "bytes">): void {
    this.#lastMs = Math.max(this.#lastMs, event.atMs);
    this.kept.push({ text: JSON.stringify(event), atMs: event.atMs, events: counts.events, frames: counts.frames, bytes: counts.bytes });
  }

  async #lookAtFaults(): Promise<void> {
    const port = this.#watch?.port;
    if (port === undefined) return;
    try {
      this.#faultsAre(await manage(port, { op: "fault-list" }));
    } catch {
      // The host is going, which is heard elsewhere.
    }
  }

  #faultsAre(report: ImpairmentReport): ImpairmentReport {
    const faults = faultsInForce(report);
    const text = JSON.stringify(faults);
    const isFirst = this.#faults === "";
    if (text === this.#faults || this.#watch === undefined) return report;
    this.#faults = text;
    if (!isFirst || report.impaired) this.#own({ type: "faults-changed", device: this.#watch.device, faults });
    return report;
  }

  async #tables(port: EventPort): Promise<HostTables> {
    const [status, routes] = await Promise.all([manage(port, { op: "status" }), manage(port, { op: "route-list" })]);
    return {
      interfaces: status.interfaces.map(({ name, mac, mtu, isUp, addresses }) => ({
        ...{ name, mac, mtu, isUp },
        addresses: addresses.map(({ address }) => address),
      })),
      routes: routes.map((route) => ({
        destination: route.destination,
        gateway: route.gateway ?? "",
        interface: route.interface,
        metric: route.metric,
        origin: route.origin,
      })),
      counters: { ...deviceCounters(status), ...mibCounters(status.drops) },
      drops: status.drops,
    };
  }

  /** By a program of its own, so that its calls are in the trace. */
  async #connect(address: string, port: number): Promise<{ readonly error: number; readonly text: string }> {
    if (this.#connects >= MOST_CONNECTS)
      throw new PageRefusal(`Cannot connect: ${MOST_CONNECTS} connects of this page have no outcome yet.`);
    this.#connects++;
    const face = createPromiseFace(this.#options.openPort);
    try {
      const s = await face.socket(address.includes(":") ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
      try {
        await face.connect(s, { address, port }, { signal: AbortSignal.timeout(CONNECT_LIMIT_MS) });
      } finally {
        await face.closesocket(s);
      }
      return { error: 0, text: "connected" };
    } catch (error) {
      if (error instanceof WinsockError) return { error: error.errno, text: describeError(error.errno) };
      if (error instanceof TypeError || error instanceof RangeError) throw new PageRefusal(`Cannot connect: ${error.message}`);
      throw new PageRefusal(`Cannot connect: there was no outcome within ${CONNECT_LIMIT_MS / 1000} s.`);
    } finally {
      this.#connects--;
      await face.WSACleanup().catch(() => {});
    }
  }

  #save(): string {
    if (this.#header === undefined) throw new PageRefusal("Cannot save the run: the host was not there yet.");
    const { first, end } = this.kept;
    const lines = [runHeaderLine(this.#header, first === 0 ? {} : { notKept: first })];
    for (const { text } of this.kept.slice(first, end)) lines.push(text, "\n");
    return lines.join("");
  }
}

type FaultsChanged = Extract<RunEvent, { readonly type: "faults-changed" }>;

const ONE_EVENT = { events: 1, frames: 0, bytes: 0 };

function deviceCounters({ interfaces }: HostStatus): Record<string, number> {
  const sum = (counter: "framesIn" | "framesOut" | "bytesIn" | "bytesOut") => interfaces.reduce((total, each) => total + each[counter], 0);
  return { framesIn: sum("framesIn"), framesOut: sum("framesOut"), bytesIn: sum("bytesIn"), bytesOut: sum("bytesOut") };
}
