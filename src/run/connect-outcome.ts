import * as tcp from "../stack/packet/tcp.ts";
import { segmentIn } from "./flow-segments.ts";
import type { RunEvent } from "./run-event.ts";
import type { Timeline } from "./timeline.ts";

/** What came of one `connect`. */
export interface ConnectOutcome {
  /** The segments that it took, in their order, by their flags: `SYN`, `SYN,ACK`, `ACK`. */
  readonly segments: readonly string[];
  readonly tookMs: number;
  /** 0 where it connected. */
  readonly error: number;
  /** What it returned, as the trace says it. */
  readonly text: string;
  /** Place of the last event that belongs to it: its return, or the acknowledgement behind. */
  readonly place: number;
  /** Nothing more belongs to it; before, its last acknowledgement may be missing. */
  readonly isWhole: boolean;
}

type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { readonly type: Type }>;

/** What an acknowledgement may be late behind the return of the call that it belongs to: both come of one frame. */
const SAME_MOMENT_MS = 20;

/**
 * The outcome of the first `connect` of a host from a place of the run on; undefined until it has returned. The acknowledgement that
 * answers a SYN-ACK leaves in the moment of the return, and counts.
 */
export function connectOutcome(timeline: Timeline, host: string, from: number): ConnectOutcome | undefined {
  let called: EventOf<"winsock-called"> | undefined;
  let opened: EventOf<"connection-opened"> | undefined;
  let returned: EventOf<"winsock-returned"> | undefined;
  const segments: string[] = [];
  let isWhole = false;
  let last = 0;
  for (let place = Math.max(from, timeline.first); place < timeline.end && !isWhole; place++) {
    const event = timeline.at(place)!;
    if (event.host !== host) continue;
    if (returned !== undefined) {
      const isLate = event.atMs - returned.atMs > SAME_MOMENT_MS;
      const segment = isLate || event.type !== "frame" ? undefined : segmentOf(event, opened);
      if (segment?.flags === tcp.ACK && segment.payloadLength === 0) {
        segments.push(tcp.flagsText(segment.flags));
        last = place;
      }
      isWhole = isLate || segment !== undefined;
    } else if (event.type === "winsock-called" && /connect/i.test(event.name)) called ??= event;
    else if (called === undefined) continue;
    else if (event.type === "connection-opened" && event.cause?.number === called.number) opened = event;
    else if (event.type === "frame") {
      const segment = segmentOf(event, opened);
      if (segment !== undefined) segments.push(tcp.flagsText(segment.flags));
    } else if (event.type === "winsock-returned" && event.client === called.client && event.call === called.call) {
      returned = event;
      last = place;
      isWhole = event.error !== 0;
    }
  }
  if (called === undefined || returned === undefined) return undefined;
  return { segments, tookMs: returned.atMs - called.atMs, error: returned.error, text: returned.text, place: last, isWhole };
}

/** The segment in a frame, where it is one of the connection's. */
function segmentOf({ bytes, direction }: EventOf<"frame">, opened: EventOf<"connection-opened"> | undefined) {
  const segment = opened === undefined ? undefined : segmentIn(bytes);
  if (segment === undefined) return undefined;
  const [local, remote] = direction === "out" ? [segment.source, segment.destination] : [segment.destination, segment.source];
  return local === opened?.local && remote === opened.remote ? segment : undefined;
}
