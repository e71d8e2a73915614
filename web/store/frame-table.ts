import { computed, type ReadonlySignal } from "@preact/signals";
import { FrameNarrator, withoutPort } from "../../src/lab/frame-words.ts";
import { FramePairs, type PairedFrame } from "../../src/run/frame-pairs.ts";
import { FrameVerdicts } from "../../src/run/frame-verdicts.ts";
import type { FilteredPacket } from "../../src/run/packet-filter.ts";
import { wholeFrame } from "../../src/run/run-event.ts";
import { describeFrame } from "../../src/stack/packet/describe.ts";
import type { TcpDescription } from "../../src/stack/packet/frame-description.ts";
import type { RunView } from "./run-view.ts";

/** A frame with all that the ladder and the list of packets say of it. */
export interface FrameRow extends FilteredPacket {
  readonly frame: PairedFrame;
  /** A few words, without the addresses. */
  readonly label: string;
  /** The address of either end, without a port. */
  readonly source: string;
  readonly destination: string;
  /** Why it was sent again, where the trace tells. */
  readonly reason: AgainReason | undefined;
  /** Where it is drawn from and to, by the names of rails. */
  readonly fromRail: string;
  readonly toRail: string;
}

/** What made a host send a segment again: a timer that went off, or what a frame told. */
export type AgainReason = { readonly is: "timer"; readonly timer: string } | { readonly is: "frame" };

/** A timer goes off just before what it sets off. */
const CAUSE_REACH = 300;

/** A host of the run, or an address that only frames show. */
export interface Rail {
  readonly name: string;
  readonly title: string;
  readonly addresses: readonly string[];
  readonly isTraced: boolean;
}

/** Rails for addresses beside the hosts; what has none goes to the last of them. */
const MAX_OTHERS = 4;
/** The rail of all addresses that are too many. */
const OTHERS = "…";

/** The frames of a run, kept up with it. */
export class FrameTable {
  readonly #run: RunView;
  #pairs = new FramePairs();
  #verdicts = new FrameVerdicts();
  #narrator = new FrameNarrator();
  #rows: FrameRow[] = [];
  #highest = new Map<string, number>();
  #others: string[] = [];
  #owners = new Map<string, string>();
  #from = 0;
  #next = 0;
  #opening = -1;
  readonly #signal: ReadonlySignal<number>;

  constructor(run: RunView) {
    this.#run = run;
    this.#signal = computed(() => {
      const version = run.version.value;
      this.#follow();
      return version;
    });
  }

  /** In the order in which they were first seen; read in a component, it is drawn again with them. */
  get rows(): readonly FrameRow[] {
    this.#signal.value;
    return this.#rows;
  }

  get rails(): readonly Rail[] {
    this.#signal.value;
    const hosts = this.#run.header.value.hosts.map(({ name, title, addresses, isTraced }) => ({ name, title, addresses, isTraced }));
    return [...hosts, ...this.#others.map((name) => ({ name, title: name, addresses: [name], isTraced: false }))];
  }

  /** The frame that an event shows. */
  at(place: number): FrameRow | undefined {
    this.#signal.value;
    const frame = this.#pairs.at(place);
    return frame === undefined ? undefined : this.#rows[frame.index];
  }

  /** How long frames are on their way, and how many others leave meanwhile: the middle of a sample. */
  get ways(): { readonly wayMs: number; readonly inFlight: number } {
    const rows = this.rows;
    const step = Math.max(1, Math.floor(rows.length / 200));
    const ways: number[] = [];
    const flights: number[] = [];
    for (let i = 0; i < rows.length; i += step) {
      const { from, arrivals, event } = rows[i]!.frame;
      const [arrival] = arrivals;
      if (from === undefined || arrival === undefined) continue;
      ways.push(arrival.atMs - event.atMs);
      let next = i + 1;
      while (next < rows.length && next < i + 50 && rows[next]!.frame.place < arrival.place) next++;
      flights.push(next - i - 1);
    }
    const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
    return { wayMs: middle(ways), inFlight: middle(flights) };
  }

  /** What a host made of a frame that came to it. */
  verdictOf(frame: PairedFrame): string | undefined {
    this.#signal.value;
    for (const { place } of frame.arrivals) {
      const verdict = this.#verdicts.of(place);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #follow(): void {
    const { timeline } = this.#run;
    if (this.#opening !== this.#run.opening.peek() || this.#from !== timeline.first) this.#beginAnew();
    for (; this.#next < timeline.end; this.#next++) {
      const event = timeline.at(this.#next)!;
      this.#pairs.push(event, this.#next);
      this.#verdicts.push(event, this.#next);
      const { frames } = this.#pairs;
      if (frames.length > this.#rows.length) this.#rows.push(this.#row(frames[frames.length - 1]!));
    }
  }

  /** A run begins, or its oldest events were given up. */
  #beginAnew(): void {
    const { timeline, opening, header } = this.#run;
    this.#opening = opening.peek();
    this.#from = timeline.first;
    this.#next = timeline.first;
    this.#pairs = new FramePairs();
    this.#verdicts = new FrameVerdicts();
    this.#narrator = new FrameNarrator();
    this.#rows = [];
    this.#highest = new Map();
    this.#others = [];
    this.#owners = new Map(
      header.peek().hosts.flatMap(({ name, addresses }) => addresses.map((address) => [withoutPrefix(address), name])),
    );
  }

  #row(frame: PairedFrame): FrameRow {
    const bytes = wholeFrame(frame.event);
    const description = describeFrame(bytes, 0, bytes.length);
    const source = withoutPort(description.source);
    const destination = withoutPort(description.destination);
    const label = this.#narrator.narrate(description);
    const isRetransmission = description.protocol === "tcp" && frame.from !== undefined && this.#isRetransmission(description);
    const seenBy = frame.event.host;
    const fromRail = frame.from === undefined ? this.#railOf(source, seenBy, true) : this.#railNamed(frame.from);
    const wanted = frame.from === undefined ? this.#railNamed(seenBy) : this.#railOf(destination, seenBy, false);
    const verdictOf = (): string | undefined => this.verdictOf(frame);
    return {
      frame,
      description,
      label,
      source,
      destination,
      isRetransmission,
      reason: isRetransmission ? this.#reasonOf(frame) : undefined,
      fromRail,
      from: frame.from ?? this.#owners.get(source),
      // What comes later is asked for when it is wanted.
      get toRail() {
        return frame.arrivals[0]?.host ?? wanted;
      },
      get to() {
        return frame.arrivals.map(({ host }) => host);
      },
      get isLost() {
        return frame.lost !== undefined;
      },
      get verdict() {
        return verdictOf();
      },
    };
  }

  #reasonOf({ event: { host, cause }, place }: PairedFrame): AgainReason | undefined {
    if (cause?.kind === "frame") return { is: "frame" };
    if (cause?.kind !== "timer") return undefined;
    const { timeline } = this.#run;
    for (let before = place - 1; before >= Math.max(timeline.first, place - CAUSE_REACH); before--) {
      const event = timeline.at(before)!;
      if (event.host === host && event.number === cause.number && event.type === "timer-fired") return { is: "timer", timer: event.timer };
    }
    return undefined;
  }

  /** A capture may tell of more hosts than it lists. */
  #railNamed(name: string): string {
    return this.#run.header.peek().hosts.some((host) => host.name === name) ? name : this.#other(name);
  }

  #railOf(address: string, not: string, isSource: boolean): string {
    const owner = this.#owners.get(address);
    if (owner !== undefined && owner !== not) return owner;
    // What a host sends to an address of nobody's goes to the others all the same, and is seen to come there.
    const traced = isSource ? undefined : this.#run.header.peek().hosts.find(({ name, isTraced }) => isTraced && name !== not);
    return traced?.name ?? this.#other(address);
  }

  #other(address: string): string {
    if (this.#others.includes(address)) return address;
    if (this.#others.length < MAX_OTHERS) {
      this.#others.push(address);
      return address;
    }
    if (!this.#others.includes(OTHERS)) this.#others.push(OTHERS);
    return OTHERS;
  }

  #isRetransmission({ source, destination, seq, payloadLength, flags }: TcpDescription): boolean {
    const names = flags.split(",");
    const length = payloadLength + (names.includes("SYN") ? 1 : 0) + (names.includes("FIN") ? 1 : 0);
    if (length === 0 || names.includes("RST")) return false;
    const flow = `${source} ${destination}`;
    const end = (seq + length) >>> 0;
    const highest = this.#highest.get(flow);
    const isNew = highest === undefined || ((end - highest) | 0) > 0;
    // A SYN that is no repetition begins a connection with numbers of its own.
    const beginsAnew = names.includes("SYN") && highest !== undefined && end !== highest;
    if (isNew || beginsAnew) this.#highest.set(flow, end);
    return !isNew && !beginsAnew;
  }
}

const withoutPrefix = (address: string): string => address.replace(/\/\d+$/, "");
