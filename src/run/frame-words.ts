import { describeFrame } from "../stack/packet/describe.ts";
import type { FrameDescription, TcpDescription } from "../stack/packet/frame-description.ts";
import { type RunEvent, wholeFrame } from "./run-event.ts";

/** A frame as its sender sent it, with what the run knows of it. */
export interface FrameAsSent {
  /** Place of the event in the run. */
  readonly event: number;
  readonly atMs: number;
  readonly host: string;
  readonly description: FrameDescription;
  readonly words: ReadonlySet<string>;
  /** When it came to a host that is traced; undefined where none saw it. */
  readonly arrivedMs: number | undefined;
}

/** What is kept of each flow's one way, to tell what is sent again. */
interface OneWay {
  /** Of its SYN, or whatever was seen first. */
  readonly first: number;
  /** Behind all that was sent. */
  next: number;
  /** Anything was sent that takes a number. */
  hasSent: boolean;
  lastAck: number | undefined;
  lastWindow: number;
}

/** While the run is gone through. */
type KnownFrame = FrameAsSent & { arrivedMs: number | undefined; readonly words: Set<string> };

const HEADER = 14;
const LOSSES: ReadonlySet<string> = new Set(["lost", "picked", "queue-full", "reset"]);

/**
 * All frames of a run as their senders sent them, in order, each with the words that hold for it: its kind, and what follows from those
 * before it and from the line.
 * @param first the place of `events[0]` in the run
 */
export function sentFrames(events: readonly RunEvent[], first = 0): FrameAsSent[] {
  const frames: KnownFrame[] = [];
  const lostOut = new Set<string>();
  const ways = new Map<string, OneWay>();
  const underway = new Map<string, KnownFrame[]>();
  for (const [i, event] of events.entries()) {
    if (event.type === "frame-impaired") {
      if (!LOSSES.has(event.fate)) continue;
      // What leaves is told to be sent after the line has had it.
      if (event.direction === "out") lostOut.add(keyOf(event.bytes));
      else takeFirst(underway, event.bytes)?.words.add("lost");
      continue;
    }
    if (event.type !== "frame") continue;
    if (event.direction === "in") {
      const arrived = takeFirst(underway, event.bytes);
      if (arrived === undefined) continue;
      arrived.arrivedMs = event.atMs;
      arrived.words.add("arrived");
      continue;
    }
    const whole = wholeFrame(event);
    const description = describeFrame(whole, 0, whole.length);
    const words = new Set<string>(kindWords(description));
    if ((whole[0]! & 1) === 1) words.add("broadcast");
    if (description.protocol === "tcp") for (const word of flowWords(ways, description)) words.add(word);
    const frame = { event: first + i, atMs: event.atMs, host: event.host, description, words, arrivedMs: undefined };
    frames.push(frame);
    const key = keyOf(event.bytes);
    if (lostOut.delete(key)) {
      words.add("lost");
      continue;
    }
    const waiting = underway.get(key);
    if (waiting === undefined) underway.set(key, [frame]);
    else waiting.push(frame);
  }
  return frames;
}

function kindWords(description: FrameDescription): string[] {
  switch (description.protocol) {
    case "arp":
      return ["arp", description.operation === "request" ? "arp-request" : "arp-reply"];
    case "icmp":
    case "icmpv6":
      return ["icmp"];
    case "udp":
      return ["udp"];
    case "tcp":
      return ["tcp", ...segmentWords(description)];
    default:
      return [];
  }
}

function segmentWords({ flags, payloadLength }: TcpDescription): string[] {
  const set = new Set(flags.split(","));
  const words: string[] = [];
  if (set.has("SYN")) words.push(set.has("ACK") ? "syn-ack" : "syn");
  if (set.has("FIN")) words.push("fin");
  if (set.has("RST")) words.push("rst");
  if (payloadLength > 0) words.push("data");
  if (words.length === 0 && set.has("ACK")) words.push("ack");
  return words;
}

/** What a segment is, seen from those of its connection before it. */
function flowWords(ways: Map<string, OneWay>, segment: TcpDescription): string[] {
  const { source, destination, seq, ack, window, payloadLength, flags } = segment;
  const key = `${source} ${destination}`;
  const isSyn = flags.includes("SYN");
  const length = payloadLength + (isSyn ? 1 : 0) + (flags.includes("FIN") ? 1 : 0);
  const back = ways.get(`${destination} ${source}`);
  let way = ways.get(key);
  // A port used again begins with a number that is far from all before.
  if (way === undefined || (isSyn && distance(way.first, seq) !== 0)) {
    way = { first: seq, next: seq, hasSent: false, lastAck: undefined, lastWindow: -1 };
    ways.set(key, way);
  }
  const words: string[] = [];
  // Around what was sent last, so that a long stream does not come to be before its own beginning.
  const from = distance(way.next, seq);
  if (length > 0 && from < 0) words.push("retransmission");
  // A keep-alive or window probe says again a number that is acknowledged, with nothing new.
  if (!isSyn && length <= 1 && from === -1 && payloadLength <= 1 && way.hasSent && back?.lastWindow === 0) words.push("probe");
  if (payloadLength === 1 && back?.lastWindow === 0 && !words.includes("probe")) words.push("probe");
  if (window === 0 && !flags.includes("RST")) words.push("zero-window");
  const hasAck = flags.includes("ACK") && !isSyn;
  if (hasAck && length === 0 && way.lastAck === ack && back !== undefined && distance(ack, back.next) > 0 && window === way.lastWindow)
    words.push("duplicate-ack");
  if (from + length > 0) way.next = (seq + length) >>> 0;
  way.hasSent ||= length > 0 && !isSyn;
  if (flags.includes("ACK")) way.lastAck = ack;
  way.lastWindow = window;
  return words;
}

/** From one number to another, around 2^32, as a signed distance. */
const distance = (from: number, to: number): number => (to - from) | 0;

/** Frames of the same bytes are the same to whoever receives them, whatever the link header says. */
function keyOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let i = HEADER; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return `${bytes.length} ${hash >>> 0}`;
}

function takeFirst<Frame>(underway: Map<string, Frame[]>, bytes: Uint8Array): Frame | undefined {
  const key = keyOf(bytes);
  const waiting = underway.get(key);
  const frame = waiting?.shift();
  if (waiting?.length === 0) underway.delete(key);
  return frame;
}
