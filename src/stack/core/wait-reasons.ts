/**
 * What a connection can wait for, in a sentence each: an answer to "why is it quiet?". Of several that hold the first counts. `{bytes}`
 * and `{timer}` stand for what the moment knows; `waitSentence` puts it in.
 */
export const WAIT_REASONS = {
  "device-full": "has something to send, and waits for the device to take it",
  neighbour: "has something to send, and waits for the link address of the next hop",
  "syn-answer": "waits for the answer to its SYN; tries again, or gives up, when the {timer} timer goes off",
  "accept-queue": "has completed the handshake, and waits for room among the connections that its listener's program has not accepted",
  "handshake-end": "has answered a SYN, and waits for the acknowledgement that completes the handshake",
  "peer-window-shut": "has {bytes} to send, and the peer's window is shut; asks again when the {timer} timer goes off",
  "loss-timeout": "has {bytes} that the peer has not acknowledged in time; sends again when the {timer} timer goes off",
  "peer-window": "has {bytes} to send, for which the peer's window has no room: waits for acknowledgements or a larger window",
  "congestion-window": "has {bytes} to send, and as much is on its way as the congestion window allows",
  nagle: "has {bytes} to send, less than a segment: by Nagle's rule they wait until all that is on its way is acknowledged",
  acknowledgement: "has sent all it had; {bytes} are on their way and not acknowledged yet",
  "delayed-ack": "owes the peer an acknowledgement, which waits for data to travel with, or for the {timer} timer",
  unread: "has {bytes} for the program, which does not read them",
  "fin-acknowledgement": "has sent its FIN, and waits for the peer to acknowledge it",
  "peer-fin": "is closed on this side, and waits for the peer to close its own",
  "own-close": "the peer has closed its side; waits for the program to close this one",
  "time-wait": "is over; stays until late segments can be none any more, when the {timer} timer goes off",
  "nothing-to-do": "has nothing to send and owes nothing: waits for the program or the peer",
} as const;

export type WaitReason = keyof typeof WAIT_REASONS;

/** What a moment knows of a wait. */
export interface WaitDetails {
  /** Of how many bytes the reason speaks; 0 stands for a FIN alone. */
  readonly byteCount?: number | undefined;
  /** The alarm that ends it if nothing else does. */
  readonly timer?: string | undefined;
  /** When that is, on the host's clock. */
  readonly untilMs?: number | undefined;
}

export interface ConnectionWait extends WaitDetails {
  readonly reason: WaitReason;
}

/** The reason's sentence with what the moment knows, as what a connection does: `has 3000 bytes to send, and …`. */
export function waitSentence(reason: WaitReason, { byteCount, timer, untilMs }: WaitDetails, nowMs: number): string {
  const left = untilMs === undefined ? "" : ` in ${timeText(Math.max(0, untilMs - nowMs))}`;
  // A run may be told by another version, which knows more.
  const sentence: string = Object.hasOwn(WAIT_REASONS, reason) ? WAIT_REASONS[reason] : `waits: ${reason}`;
  return sentence
    .replace("{bytes}", bytesText(byteCount))
    .replace("{timer} timer goes off", timer === undefined ? "time comes" : `${timer} timer goes off${left}`)
    .replace("the {timer} timer", timer === undefined ? "its time" : `the ${timer} timer${left}`);
}

function bytesText(count: number | undefined): string {
  if (count === undefined) return "something";
  if (count === 0) return "a FIN";
  return count === 1 ? "1 byte" : `${count} bytes`;
}

const timeText = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`);
