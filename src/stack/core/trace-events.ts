import type { TraceContent, TraceStamp } from "./trace.ts";

type EventType = TraceContent["type"];
type FieldOf<Type extends EventType> = Exclude<keyof Extract<TraceContent, { readonly type: Type }>, "type">;

interface EventMeaning<Type extends EventType> {
  readonly meaning: string;
  readonly fields: { readonly [Field in FieldOf<Type>]: string };
}

const CONNECTION = "the connection's number; `connection-opened` has told whose it is";
const CALL = {
  client: "the program, as the host numbers them",
  call: "the call, as its program numbers them",
} as const;
const SEQUENCE_SPACE = {
  sndUna: "SND.UNA: the oldest number that the peer has not acknowledged, 0 to 2^32 − 1",
  sndNxt: "SND.NXT: the next number to be sent for the first time, 0 to 2^32 − 1",
  sndWnd: "SND.WND: how many bytes the peer takes beyond SND.UNA",
  rcvNxt: "RCV.NXT: the next number expected from the peer, 0 to 2^32 − 1",
  rcvWnd: "RCV.WND: how many bytes the peer may still send by what it was told",
} as const;
const TIMER = {
  timer: "the alarm's name, such as `retransmission` or `delayed-ack`",
  connection: "when it is a connection's: its number",
  client: "when it is a call's: the program",
  call: "when it is a call's: the call",
  owner: "when it is neither's: whose it is, in words",
} as const;
const EARLIER = "`true` when it was open before the subscription: then it is told first, with the number 0";
const DEVICE = "the interface's name";

/** What the trace adds to every event, in words. */
export const TRACE_STAMP: { readonly [Field in keyof TraceStamp]-?: string } = {
  number: "counts the events of a host from 1, while anybody subscribes; a gap is a loss",
  atMs: "when it happened on the host's clock, in milliseconds",
  cause:
    "what set it off, as `kind` (`call`, `frame` or `timer`) and the `number` of the event that told of that; left out where the trace knows of nothing",
};

/** Every event of the trace in a sentence, and its fields; the page docs/reference/trace-events.md is made from it. */
export const TRACE_EVENTS: { readonly [Type in EventType]: EventMeaning<Type> } = {
  "connection-opened": {
    meaning: "A connection of TCP begins. This once it is described; from here on it is a number.",
    fields: {
      connection: "the number by which later events and `tapsock ss` name it",
      local: "our address and port",
      remote: "the peer's address and port",
      label: "both, as listings show it",
      state: "its state now: `CLOSED` when it is new",
      earlier: EARLIER,
    },
  },
  "connection-closed": {
    meaning: "The host has forgotten the connection, TIME-WAIT included; its number does not come back.",
    fields: { connection: CONNECTION },
  },
  "socket-opened": {
    meaning: "A program has a new socket, from `socket` or from `accept`.",
    fields: {
      socket: "the number by which calls name it, among the sockets of all programs",
      client: CALL.client,
      handle: "what the program calls it",
      label: "kind, handle and program in words",
      earlier: EARLIER,
    },
  },
  "socket-closed": {
    meaning: "The program has the socket no more; a connection below it may live on.",
    fields: { socket: "the socket's number" },
  },
  "winsock-called": {
    meaning: "A program called a function of Winsock.",
    fields: {
      ...CALL,
      socket: "the number of the socket that it is about, where there is one",
      name: "the C function's name",
      text: "the call as a C programmer would write it; without its arguments when `earlier`",
      earlier: EARLIER,
    },
  },
  "winsock-returned": {
    meaning: "The function returns to its program.",
    fields: { ...CALL, text: "what it returns, with the error's name", error: "what WSAGetLastError says then; 0 for success" },
  },
  frame: {
    meaning: "A frame came from a device, or was taken by one.",
    fields: {
      direction: "`in` or `out`",
      device: DEVICE,
      bytes:
        "the whole frame; valid during the event only. In JSON `base64` has them, cut to the subscriber's length, and `bytes` is their number",
      info: "what travels beside the frame: checksum and segmentation left to the device, in the terms of virtio-net",
    },
  },
  "infrared-frame": {
    meaning: "A frame of IrLAP came by on the infrared medium, for whom ever it was, or was given to the transceiver.",
    fields: {
      direction: "`in` or `out`",
      device: "the transceiver's name",
      bytes: "as of `frame`: address, control, payload and FCS",
    },
  },
  "frame-dropped": {
    meaning: "The frame that came last was of no use.",
    fields: { device: DEVICE, reason: "a word of [drop-reasons.md](drop-reasons.md)", bytes: "as of `frame`" },
  },
  "segment-judged": {
    meaning: "TCP is done with a segment that came in. Where it changed a state, that was told before.",
    fields: {
      connection: "the number of the connection that it belongs to, where there is one",
      flow: "where there is none: our end and the peer's",
      verdict: "`accepted`, or a word of [drop-reasons.md](drop-reasons.md)",
    },
  },
  "state-changed": {
    meaning: "A connection went from one state of RFC 9293 figure 5 to another.",
    fields: { connection: CONNECTION, from: "the state before", to: "the state now", ...SEQUENCE_SPACE },
  },
  "timer-set": {
    meaning: "An alarm was set, or set anew.",
    fields: { ...TIMER, delayMs: "in how many milliseconds it will go off" },
  },
  "timer-fired": {
    meaning: "An alarm went off; what it does follows.",
    fields: TIMER,
  },
  "timer-cancelled": {
    meaning: "An alarm that was set is not to go off any more.",
    fields: TIMER,
  },
  "variables-changed": {
    meaning: "At the end of a turn, or of a call, variables of a connection's control block have other values than were told last.",
    fields: { connection: CONNECTION, variables: "those that changed, by their names in the RFCs; all of them the first time" },
  },
  "waits-changed": {
    meaning: "A connection waits for something else than before.",
    fields: {
      connection: CONNECTION,
      reason: "a word of [wait-reasons.md](wait-reasons.md)",
      byteCount: "of how many bytes the reason speaks, where it does",
      timer: "the alarm that ends it if nothing else does",
      untilMs: "when that is, on the host's clock",
    },
  },
  "frame-impaired": {
    meaning: "The impaired line did something to a frame, as it was told to or by chance.",
    fields: {
      device: DEVICE,
      direction: "`out` for what left the host, `in` for what came for it",
      fate: "`lost`, `queue-full`, `picked` (lost because it was asked for), `duplicated`, `corrupted`, `delayed` (because it was asked for; the delay of a slow line is not told), `reordered`, or `reset` when a reset answers in its place. A frame may have several",
      delayMs: "how much later it goes on, where it does",
      bytes: "as of `frame`; the frame as it came to the line",
    },
  },
  "network-event": {
    meaning: "A socket's network events changed: what WSAEventSelect and WSAAsyncSelect tell programs of.",
    fields: {
      socket: "the socket's number",
      change: "`selected` by the program, `recorded` when they happened, `reported` when it was told, `re-enabled` by a call of its",
      bits: "as `FD_READ`",
      error: "the code of FD_CONNECT or FD_CLOSE, where it is not 0",
    },
  },
  "waitable-changed": {
    meaning: "An event object was set or reset, or a completion port or a thread's message queue has more or less in it.",
    fields: {
      client: CALL.client,
      handle: "what the program calls it; 0 for a thread's message queue",
      kind: "`event`, `completion-port` or `message-queue`",
      state: "`signalled` or `not signalled`, or what waits in it",
    },
  },
  "listener-changed": {
    meaning: "A listener came, went, or has more or fewer connections waiting.",
    fields: {
      listener: "its number, among the host's",
      local: "its address and port",
      backlog: "how many connections may wait to be accepted",
      waiting: "how many do",
      halfOpen: "how many handshakes are not complete",
      closed: "`true` when it is no more",
    },
  },
  "rtt-sampled": {
    meaning: "A round trip was measured, RFC 6298.",
    fields: {
      connection: CONNECTION,
      rttMs: "this round trip, in milliseconds",
      srttMs: "SRTT: the smoothed one, in milliseconds",
      rtoMs: "RTO: how long the retransmission timer waits from now on, in milliseconds",
    },
  },
  "cwnd-changed": {
    meaning: "The congestion window was set by a loss or by the end of one.",
    fields: {
      connection: CONNECTION,
      cwnd: "the congestion window, in bytes",
      ssthresh: "where slow start ends, in bytes",
      why: "`fast-retransmit`, `timeout`, `recovered`; `undone` when the loss proved to be none; `probe-repaired` when a tail loss probe filled a hole",
      ...SEQUENCE_SPACE,
    },
  },
  "neighbour-changed": {
    meaning: "What is known of a neighbour's link address changed.",
    fields: { device: DEVICE, address: "the neighbour's IPv4 address", state: "as `tapsock neigh` shows it" },
  },
  "address-changed": {
    meaning: "An address of ours was given, or its state changed, or it is no more.",
    fields: {
      device: DEVICE,
      address: "the address, with its prefix length",
      state:
        "`tentative` while it is tried for uniqueness, `preferred`, `deprecated` when new traffic takes another; or why it is no more: `removed`, `expired`, `duplicate`",
      origin: "where it comes from: `manual`, `dhcp`, `link-local`, `slaac`, `temporary` or `loopback`",
    },
  },
  "dhcp-changed": {
    meaning: "The DHCP client of an interface went from one state of RFC 2131 figure 5 to another.",
    fields: { device: DEVICE, from: "the state before", to: "the state now; `tapsock status` shows it too" },
  },
  "turn-begun": {
    meaning:
      "A turn of the host begins: it takes frames and alarms, and what follows from them leaves at its end. Told only when something happens in it.",
    fields: { turn: "counts the turns of the host, those in which nothing happens too" },
  },
  "turn-ended": {
    meaning: "The turn is over.",
    fields: { turn: "as of `turn-begun`" },
  },
};
