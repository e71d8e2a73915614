import type { TraceEvent } from "../stack/core/trace.ts";
import { callKey, TraceLabels } from "../stack/core/trace-labels.ts";
import { describeFrame } from "../stack/packet/describe.ts";
import type { FrameDescription } from "../stack/packet/frame-description.ts";
import { describeError } from "../winsock/abi/errors.ts";
import { FrameNarrator, withoutPort } from "./frame-words.ts";
import { InfraredNarrator } from "./infrared-words.ts";
import { type Colour, PLAIN, paint, type TextStyle, wrap } from "./text-style.ts";

export interface LadderOptions {
  /** Takes one line, without its newline. */
  readonly write: (line: string) => void;
  readonly style?: TextStyle;
  /** Shows only what passes between the host and this address, or infrared device (`0a0b0c0d`), and the calls. */
  readonly peer?: string;
  /** The host's own address, for the heading that `peer` puts before the first line. */
  readonly host?: string;
  /** Columns to draw on, between MIN_WIDTH and MAX_WIDTH; 100 when left out or 0, as on a terminal of unknown size. */
  readonly width?: number | undefined;
  /** Round-trip samples, congestion windows, idle polls and alarms of infrared too; without it only what a beginner looks for. */
  readonly detailed?: boolean;
}

/*
 * The drawing is 100 columns wide unless the reader's terminal is narrower or wider:
 *
 *  0       8                              40                                                         99
 *  seconds the Winsock calls               │  segments, states, timers                                 │
 */
const USUAL_WIDTH = 100;
export const MIN_WIDTH = 72;
export const MAX_WIDTH = 120;
const TIME_WIDTH = 7;
const USUAL_CALL_WIDTH = 31;
const CONNECTED = "Connected: both sides have agreed on where their streams begin.";
const CONNECTED_BY_INFRARED = "Connected: the service was asked for by its name, and each side has told how many frames it takes.";
/** A connect that names a service and a device. */
const INFRARED_CALL = / of [0-9a-f]{8}\b/;
/** The other end of a discovery. */
const IN_SIGHT = "everybody in sight";
const INFRARED_ID = /^[0-9a-f]{8}$/;
/** For the longest word of a call, `WSAStartup(MAKEWORD(2,`. */
const LEAST_CALL_WIDTH = 23;
const CALL_INDENT = 2;
const NOTE_INDENT = 2;
/** Line, head and blanks that an arrow has beside its words, at least. */
const MIN_ARROW = 7;

interface Strokes {
  readonly life: string;
  readonly line: string;
  readonly right: string;
  readonly left: string;
  readonly timer: string;
  readonly becomes: string;
  readonly lost: string;
  readonly verdict: string;
}

const UNICODE: Strokes = { life: "│", line: "─", right: "▶", left: "◀", timer: "◷", becomes: "→", lost: "✗", verdict: "⇒" };
const ASCII: Strokes = { life: "|", line: "-", right: ">", left: "<", timer: "o", becomes: "->", lost: "x", verdict: "=>" };

type CallEvent = Extract<TraceEvent, { type: "winsock-called" }>;
type ReturnEvent = Extract<TraceEvent, { type: "winsock-returned" }>;
/** What has no line of its own. */
type SilentEvent = Extract<
  TraceEvent,
  {
    type:
      | "turn-begun"
      | "turn-ended"
      | "connection-opened"
      | "connection-closed"
      | "socket-opened"
      | "socket-closed"
      | "timer-cancelled"
      | "variables-changed"
      | "waits-changed"
      | "network-event"
      | "waitable-changed"
      | "listener-changed";
  }
>;
type InfraredEvent = Extract<TraceEvent, { type: "infrared-frame" }>;
type DrawnEvent = Exclude<TraceEvent, CallEvent | ReturnEvent | SilentEvent | InfraredEvent>;

/**
 * Draws a host's events as a ladder while they come in: Winsock calls at the left, then the lifelines of the host and its
 * peer with every segment as an arrow between them; time counts in seconds from the first event.
 */
export class Ladder {
  readonly #write: (line: string) => void;
  readonly #style: TextStyle;
  readonly #strokes: Strokes;
  readonly #peer: string | undefined;
  readonly #detailed: boolean;
  readonly #width: number;
  readonly #callWidth: number;
  readonly #wireWidth: number;
  readonly #labels = new TraceLabels();
  readonly #narrator = new FrameNarrator();
  readonly #infrared = new InfraredNarrator();
  #startMs: number | undefined;
  #drawnPeer: string | undefined;
  #isInfraredDrawn = false;
  /** Of our infrared device, once it has said it. */
  #ownId: string | undefined;
  /** A call whose return may follow at once and then shares its line. */
  #held: CallEvent | undefined;
  /** Calls that were drawn and have not returned, so that a return can be told from one that nobody saw begin. */
  readonly #open = new Map<string, CallEvent>();

  constructor(options: LadderOptions) {
    this.#write = options.write;
    this.#style = options.style ?? PLAIN;
    this.#strokes = this.#style.unicode ? UNICODE : ASCII;
    // Frames do not tell the zone of an address.
    this.#peer = options.peer?.replace(ZONE, "");
    this.#detailed = options.detailed ?? false;
    this.#width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, options.width || USUAL_WIDTH));
    // The calls and the wire share what the usual width has less or more.
    this.#callWidth = Math.max(LEAST_CALL_WIDTH, USUAL_CALL_WIDTH + Math.trunc((this.#width - USUAL_WIDTH) / 2));
    this.#wireWidth = this.#width - TIME_WIDTH - 1 - this.#callWidth - 1 - 2;
    if (options.peer !== undefined) {
      this.#drawnPeer = options.peer;
      this.#isInfraredDrawn = INFRARED_ID.test(options.peer);
      this.#heads(options.host, options.peer);
    }
  }

  event(event: TraceEvent): void {
    this.#labels.note(event);
    if (event.type === "winsock-called") {
      if (event.earlier || isManagement(event.name)) return;
      this.pause();
      this.#startMs ??= event.atMs;
      this.#held = event;
      return;
    }
    if (event.type === "winsock-returned") {
      if (!isManagement(this.#labels.call(event))) this.#returned(event);
      return;
    }
    if (event.type === "infrared-frame") {
      this.#infraredFrame(event);
      return;
    }
    if (isSilent(event) || isOrdinary(event) || (isInfraredAlarm(event) && !this.#detailed) || !this.#concerns(event)) return;
    this.pause();
    this.#startMs ??= event.atMs;
    this.#draw(event);
  }

  /** Draws what is held back in the hope of a return on the same line; call it when no event has come for a moment. */
  pause(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#open.set(callKey(held), held);
    this.#callLines(held.atMs, callShown(held), "bold");
  }

  #returned(event: ReturnEvent): void {
    this.#startMs ??= event.atMs;
    const held = this.#held;
    const called = this.#labels.call(event);
    const asked = (this.#open.get(callKey(event)) ?? held)?.text ?? "";
    const colour: Colour = event.error === 0 ? "green" : "red";
    // The error's name and number stand in the verdict below.
    const result = event.error === 0 ? event.text : event.text.replace(/, \w+ \(\d+\)$/, "");
    if (held !== undefined && callKey(held) === callKey(event)) {
      this.#held = undefined;
      this.#callLines(held.atMs, `${callShown(held)} = ${result}`, event.error === 0 ? "bold" : colour);
    } else {
      this.pause();
      const name = this.#open.delete(callKey(event)) ? called : `… ${called}`;
      this.#callLines(event.atMs, `${name} = ${result}`, colour);
    }
    if (event.error !== 0) this.#verdict(describeError(event.error), "red");
    else if (called === "connect") this.#verdict(INFRARED_CALL.test(asked) ? CONNECTED_BY_INFRARED : CONNECTED, "green");
  }

  /** A sentence across the whole width. */
  #verdict(sentence: string, colour: Colour): void {
    const indent = TIME_WIDTH + 1;
    const lines = wrap(`${this.#strokes.verdict} ${sentence}`, this.#width - indent);
    for (const [i, line] of lines.entries())
      this.#write(" ".repeat(indent) + paint(this.#style, colour, i === 0 ? line : `  ${line}`.slice(0, this.#width)));
  }

  #concerns(event: DrawnEvent): boolean {
    if (this.#peer === undefined) return true;
    const peer = this.#peer;
    switch (event.type) {
      case "frame":
      case "frame-dropped":
      case "frame-impaired": {
        const { source, destination } = describeFrame(event.bytes, 0, event.bytes.length);
        return withoutPort(source) === peer || withoutPort(destination) === peer;
      }
      case "segment-judged":
        return names(event.flow ?? this.#labelOf(event), peer);
      case "state-changed":
      case "rtt-sampled":
      case "cwnd-changed":
        return names(this.#labelOf(event), peer);
      case "timer-set":
      case "timer-fired":
        return names(event.owner ?? this.#labelOf(event), peer);
      case "neighbour-changed":
        return event.address.replace(ZONE, "") === peer;
      case "address-changed":
      case "dhcp-changed":
        return false;
    }
  }

  #labelOf({ connection }: { readonly connection?: number }): string {
    return connection === undefined ? "" : this.#labels.connection(connection);
  }

  #draw(event: DrawnEvent): void {
    const strokes = this.#strokes;
    switch (event.type) {
      case "frame":
        this.#frame(event.atMs, event.direction, describeFrame(event.bytes, 0, event.bytes.length));
        return;
      case "frame-dropped":
        this.#note(event.atMs, `${strokes.lost} dropped: ${event.reason}`, "red");
        return;
      case "frame-impaired":
        this.#note(event.atMs, `${strokes.lost} ${fateText(event)}`, "red");
        return;
      case "segment-judged":
        this.#note(event.atMs, `judged: ${event.verdict}`, "yellow");
        return;
      case "state-changed":
        this.#note(event.atMs, `${event.from} ${strokes.becomes} ${event.to}`, "bold");
        return;
      case "timer-set":
        this.#note(event.atMs, `${strokes.timer} ${event.timer} timer set, ${durationText(event.delayMs)}`, "dim");
        return;
      case "timer-fired":
        this.#note(event.atMs, `${strokes.timer} ${event.timer} timer fired`, "yellow");
        return;
      case "rtt-sampled":
        if (this.#detailed) {
          const { rttMs, srttMs, rtoMs } = event;
          this.#note(
            event.atMs,
            `round trip ${durationText(rttMs)}, smoothed ${durationText(srttMs)}, timeout ${durationText(rtoMs)}`,
            "dim",
          );
        }
        return;
      case "cwnd-changed":
        if (this.#detailed) this.#note(event.atMs, `congestion window ${event.cwnd} (${event.why})`, "dim");
        return;
      case "neighbour-changed":
        if (this.#detailed) this.#note(event.atMs, `neighbour ${event.address} is ${event.state}`, "dim");
        return;
      case "dhcp-changed":
        this.#note(event.atMs, `DHCP ${event.from} ${strokes.becomes} ${event.to}`, "bold");
        return;
      case "address-changed":
        this.#note(event.atMs, `our address ${event.address} is ${event.state}`, "bold");
        return;
    }
  }

  #infraredFrame({ atMs, direction, bytes }: InfraredEvent): void {
    const { source, destination, text, isIdle } = this.#infrared.narrate(bytes);
    const [host, peer] = direction === "out" ? [source, destination] : [destination, source];
    if (direction === "out") this.#ownId ??= host;
    // What two others say to each other ends at neither of our lines.
    else if (host !== undefined && this.#ownId !== undefined && host !== this.#ownId) return;
    if (!this.#concernsDevice(peer) || (isIdle && !this.#detailed)) return;
    this.pause();
    this.#startMs ??= atMs;
    // A discovery is everybody's, whoever answers it.
    const isForAll = text.startsWith("XID") || peer === undefined;
    if (!isForAll || !this.#isInfraredDrawn) this.#ends(this.#ownId, isForAll ? IN_SIGHT : peer, true);
    this.#arrow(atMs, direction, text);
  }

  #concernsDevice(peer: string | undefined): boolean {
    if (this.#peer === undefined || this.#peer === peer) return true;
    return peer === undefined && INFRARED_ID.test(this.#peer);
  }

  /** Heads the lifelines anew when they are others' than those before. */
  #ends(host: string | undefined, peer: string, isInfrared: boolean): void {
    if (peer === this.#drawnPeer) return;
    this.#drawnPeer = peer;
    this.#isInfraredDrawn = isInfrared;
    this.#heads(host, peer);
  }

  #frame(atMs: number, direction: "in" | "out", frame: FrameDescription): void {
    const host = withoutPort(direction === "out" ? frame.source : frame.destination);
    const peer = withoutPort(direction === "out" ? frame.destination : frame.source);
    this.#ends(host, peer, false);
    this.#arrow(atMs, direction, this.#narrator.narrate(frame));
  }

  #arrow(atMs: number, direction: "in" | "out", words: string): void {
    const { line, left, right } = this.#strokes;
    const [first = "", ...more] = wrap(words, this.#wireWidth - MIN_ARROW);
    const shaft = this.#wireWidth - first.length - 3;
    const before = line.repeat(Math.min(4, shaft - 1));
    const after = line.repeat(shaft - before.length);
    const drawing = direction === "out" ? `${before} ${first} ${after}${right}` : `${left}${before} ${first} ${after}`;
    this.#wireLine(this.#time(atMs), drawing, direction === "out" ? "cyan" : "green");
    for (const text of more) this.#wireLine("", `     ${text}`, direction === "out" ? "cyan" : "green");
  }

  #heads(host: string | undefined, peer: string): void {
    const left = host === undefined ? "tapsock" : `tapsock ${host}`;
    const right = `peer ${peer}`;
    const start = TIME_WIDTH + 1 + this.#callWidth + 1;
    const gap = this.#width - start - left.length - right.length;
    const head = `${"seconds".padStart(TIME_WIDTH)} ${"Winsock".padEnd(this.#callWidth)} ${left}${" ".repeat(Math.max(1, gap))}${right}`;
    this.#write(paint(this.#style, "dim", head));
  }

  #note(atMs: number, text: string, colour: Colour): void {
    for (const [i, line] of wrap(text, this.#wireWidth - NOTE_INDENT).entries()) {
      this.#wireLine(i === 0 ? this.#time(atMs) : "", " ".repeat(NOTE_INDENT) + line, colour);
    }
  }

  /** A call or its return in the column of calls, on as many lines as it needs. */
  #callLines(atMs: number, text: string, colour: Colour): void {
    const [first = "", ...more] = wrap(text, this.#callWidth);
    this.#line(this.#time(atMs), first, colour, "");
    // What did not fit is wrapped anew, a little narrower, so that it stands indented under the first line.
    if (more.length === 0) return;
    for (const rest of wrap(more.join(" "), this.#callWidth - CALL_INDENT)) this.#line("", " ".repeat(CALL_INDENT) + rest, colour, "");
  }

  #wireLine(time: string, drawing: string, colour: Colour): void {
    this.#line(time, "", "dim", drawing, colour);
  }

  #line(time: string, call: string, callColour: Colour, drawing: string, drawingColour: Colour = "dim"): void {
    const style = this.#style;
    const life = this.#strokes.life;
    const calls = paint(style, callColour, call) + " ".repeat(this.#callWidth - call.length);
    const wire = paint(style, drawingColour, drawing) + " ".repeat(Math.max(0, this.#wireWidth - drawing.length));
    this.#write(`${time.padStart(TIME_WIDTH)} ${calls} ${life}${wire}${life}`);
  }

  #time(atMs: number): string {
    return ((atMs - (this.#startMs ?? atMs)) / 1000).toFixed(3);
  }
}

/** The provider's text may be the arguments alone or the whole call. */
const callShown = (event: CallEvent): string => (event.text.startsWith(event.name) ? event.text : `${event.name}(${event.text})`);

/** Requests of the command line travel the same road, and are nobody's Winsock calls. */
const isManagement = (name: string): boolean => name === "control";

/** What happens to nearly every segment and needs no word. */
const isOrdinary = (event: TraceEvent): boolean => event.type === "segment-judged" && event.verdict === "accepted";

/** Every frame of infrared has its alarm. */
const isInfraredAlarm = (event: TraceEvent): boolean =>
  (event.type === "timer-set" || event.type === "timer-fired") && event.owner?.startsWith("infrared ") === true;

const SILENT: ReadonlySet<TraceEvent["type"]> = new Set<SilentEvent["type"]>([
  "turn-begun",
  "turn-ended",
  "connection-opened",
  "connection-closed",
  "socket-opened",
  "socket-closed",
  "timer-cancelled",
  "variables-changed",
  "waits-changed",
  "network-event",
  "waitable-changed",
  "listener-changed",
]);
const isSilent = (event: TraceEvent): event is SilentEvent => SILENT.has(event.type);

/** Behind an address of one link. */
const ZONE = /%.*/;

/** Whether `203.0.113.1` stands in a text as an address of its own, and not as a part of 203.0.113.10; nor `::1` as one of `::1:2`. */
function names(text: string, address: string): boolean {
  const isV6 = address.includes(":");
  for (let at = text.indexOf(address); at >= 0; at = text.indexOf(address, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.charAt(at + address.length);
    if (isV6 ? !/[0-9a-f:.]/.test(before + after) : after !== "." && !/\d/.test(after)) return true;
  }
  return false;
}

type Impaired = Extract<TraceEvent, { type: "frame-impaired" }>;

const FATES: Readonly<Record<Impaired["fate"], string>> = {
  lost: "lost on the line",
  "queue-full": "lost: too much waits on the line",
  picked: "lost on the line, as asked for",
  duplicated: "doubled on the line",
  corrupted: "damaged on the line",
  delayed: "delayed on the line",
  reordered: "held back on the line, where others pass it",
  reset: "swallowed by the line, and answered with a reset",
};

const fateText = ({ fate, delayMs }: Impaired): string => FATES[fate] + (delayMs === undefined ? "" : `, ${durationText(delayMs)}`);

/** `0.42 ms`, `500 ms`, `21 s`. */
export function durationText(ms: number): string {
  if (ms >= 10_000 && ms % 1000 === 0) return `${ms / 1000} s`;
  if (ms >= 10 || Number.isInteger(ms)) return `${Math.round(ms)} ms`;
  return `${ms.toFixed(2)} ms`;
}
