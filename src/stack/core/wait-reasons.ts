/**
 * What a connection can wait for, in a sentence each: an answer to "why is it quiet?". Of several that hold the first counts. `{bytes}`
 * and `{timer}` stand for what the moment knows.
 */
export const WAIT_REASONS = {
  "syn-answer": "waits for the answer to its SYN; sends it again when the {timer} timer goes off",
  "handshake-end": "has answered a SYN, and waits for the acknowledgement that completes the handshake",
  neighbour: "has something to send, and waits for the link address of the next hop",
  "device-full": "has something to send, and waits for the device to take it",
  "loss-timeout": "has {bytes} bytes that are not acknowledged; sends the first of them again when the {timer} timer goes off",
  "peer-window-shut": "has {bytes} bytes to send, and the peer's window is shut; asks again when the {timer} timer goes off",
  "peer-window": "has {bytes} bytes to send, and the peer's window is used up: waits for acknowledgements or a larger window",
  "congestion-window": "has {bytes} bytes to send, and as much is on its way as the congestion window allows",
  nagle: "has {bytes} bytes to send, less than a segment: by Nagle's rule they wait until all that is on its way is acknowledged",
  acknowledgement: "has sent all it had; {bytes} bytes are on their way and not acknowledged yet",
  "delayed-ack": "owes the peer an acknowledgement, which waits for data to travel with, or for the {timer} timer",
  unread: "has {bytes} bytes for the program, which does not read them",
  "fin-acknowledgement": "has sent its FIN, and waits for the peer to acknowledge it",
  "peer-fin": "is closed on this side, and waits for the peer to close its own",
  "own-close": "the peer has closed its side; waits for the program to close this one",
  "time-wait": "is over; stays until late segments can be none any more",
  "nothing-to-do": "has nothing to send and owes nothing: waits for the program or the peer",
} as const;

export type WaitReason = keyof typeof WAIT_REASONS;
