import type { RunEvent } from "./run-event.ts";

/** What a field of an event has to be for who shows it; a `?` behind it says that it may be left out. */
export type FieldKind =
  | "text"
  | "number"
  | "boolean"
  | "texts"
  | "direction"
  | "frame-info"
  | "variables"
  | "faults"
  | "text?"
  | "number?"
  | "true?";

type RunEventType = RunEvent["type"];
type Fields<Type extends RunEventType> = Extract<RunEvent, { readonly type: Type }>;
/** What all events have is not in the table, nor what all frames have. */
type StampField = "type" | "number" | "atMs" | "cause" | "host";
type OfFrames<Event> = Event extends { readonly bytes: Uint8Array } ? "bytes" | "length" : never;
type ShapeField<Type extends RunEventType> = Exclude<keyof Fields<Type>, StampField | OfFrames<Fields<Type>>>;

export type EventShape = Readonly<Record<string, FieldKind>>;

const TIMER = { timer: "text", connection: "number?", client: "number?", call: "number?", owner: "text?" } as const;
const SEQUENCE_SPACE = { sndUna: "number", sndNxt: "number", sndWnd: "number", rcvNxt: "number", rcvWnd: "number" } as const;

/** The fields of every event, so that one that was read from a file or a wire is what its type says. */
export const EVENT_SHAPES: { readonly [Type in RunEventType]: { readonly [Field in ShapeField<Type>]-?: FieldKind } } = {
  "connection-opened": { connection: "number", local: "text", remote: "text", label: "text", state: "text", earlier: "true?" },
  "connection-closed": { connection: "number" },
  "socket-opened": { socket: "number", client: "number", handle: "number", label: "text", earlier: "true?" },
  "socket-closed": { socket: "number" },
  "winsock-called": { client: "number", call: "number", socket: "number?", name: "text", text: "text", earlier: "true?" },
  "winsock-returned": { client: "number", call: "number", text: "text", error: "number" },
  "turn-begun": { turn: "number" },
  "turn-ended": { turn: "number" },
  frame: { direction: "direction", device: "text", info: "frame-info" },
  "infrared-frame": { direction: "direction", device: "text" },
  "frame-dropped": { device: "text", reason: "text" },
  "frame-impaired": { device: "text", direction: "direction", fate: "text", delayMs: "number?" },
  "segment-judged": { connection: "number?", flow: "text?", verdict: "text" },
  "state-changed": { connection: "number", from: "text", to: "text", ...SEQUENCE_SPACE },
  "timer-set": { ...TIMER, delayMs: "number" },
  "timer-fired": TIMER,
  "timer-cancelled": TIMER,
  "variables-changed": { connection: "number", variables: "variables" },
  "waits-changed": { connection: "number", reason: "text", byteCount: "number?", timer: "text?", untilMs: "number?" },
  "network-event": { socket: "number", change: "text", bits: "texts", error: "number?" },
  "waitable-changed": { client: "number", handle: "number", kind: "text", state: "text" },
  "listener-changed": {
    listener: "number",
    local: "text",
    backlog: "number",
    waiting: "number",
    halfOpen: "number",
    closed: "true?",
  },
  "rtt-sampled": { connection: "number", rttMs: "number", srttMs: "number", rtoMs: "number" },
  "cwnd-changed": { connection: "number", cwnd: "number", ssthresh: "number", why: "text", ...SEQUENCE_SPACE },
  "neighbour-changed": { device: "text", address: "text", state: "text" },
  "dhcp-changed": { device: "text", from: "text", to: "text" },
  "address-changed": { device: "text", address: "text", state: "text", origin: "text" },
  "program-started": { program: "text", title: "text" },
  "program-line": { program: "text", line: "number" },
  "program-printed": { program: "text", text: "text", isError: "boolean" },
  "program-ended": { program: "text", failure: "text?", line: "number?" },
  "faults-changed": { device: "text", faults: "faults" },
  "left-out": { events: "number", frames: "number", bytes: "number", forMs: "number" },
  noted: { text: "text" },
};

/** Events that have the bytes of a frame. */
export const FRAME_TYPES: ReadonlySet<string> = new Set(["frame", "infrared-frame", "frame-dropped", "frame-impaired"]);
