import type { Bounds, FrameWord, Selector } from "./lesson.ts";

const FRAME_TEXT: Readonly<Record<FrameWord, string>> = {
  "arp-request": "ARP request",
  "arp-reply": "ARP reply",
  icmp: "ICMP message",
  udp: "UDP datagram",
  tcp: "segment",
  syn: "SYN",
  "syn-ack": "SYN-ACK",
  ack: "bare acknowledgement",
  data: "segment with data",
  fin: "FIN",
  rst: "reset",
  retransmission: "retransmission",
  "duplicate-ack": "duplicate acknowledgement",
  "zero-window": "segment with a window of zero",
  lost: "lost on the line",
  arrived: "that arrived",
  broadcast: "broadcast",
  probe: "window probe",
};

/** What a selector looks for, in words for a sentence. */
export function selectorText({ frames, calls, events, prints }: Selector): string {
  if (frames !== undefined) {
    const { is = [], isNot = [], from, to, port, text } = frames;
    const words = (typeof is === "string" ? [is] : is).map((word) => FRAME_TEXT[word]);
    const not = (typeof isNot === "string" ? [isNot] : isNot).map((word) => FRAME_TEXT[word]);
    return [
      words.length === 0 ? "frame" : words.join(", "),
      not.length === 0 ? "" : `that is no ${not.join(" and no ")}`,
      from === undefined ? "" : `from ${from}`,
      to === undefined ? "" : `to ${to}`,
      port === undefined ? "" : `of port ${port}`,
      text === undefined ? "" : `with “${text}”`,
    ]
      .filter((part) => part !== "")
      .join(" ");
  }
  if (calls !== undefined) {
    const { name = "call", host, error, text } = calls;
    const end = error === undefined ? "" : error === "none" ? " that succeeds" : ` that fails with ${error}`;
    return `${name}${text === undefined ? "" : ` with “${text}”`}${host === undefined ? "" : ` on ${host}`}${end}`;
  }
  if (events !== undefined) {
    const { type, host, where = {} } = events;
    const fields = Object.entries(where).map(([field, value]) => `${field} ${value}`);
    return `${type}${fields.length === 0 ? "" : ` (${fields.join(", ")})`}${host === undefined ? "" : ` on ${host}`}`;
  }
  return `a line that says “${prints ?? ""}”`;
}

/** `5`, `at least 2`, `2 to 4`. */
export function boundsText({ least, most }: Bounds, text: (value: number) => string): string {
  if (least !== undefined && most !== undefined)
    return least === most ? (least === 0 ? "none" : text(least)) : `${text(least)} to ${text(most)}`;
  if (least !== undefined) return `at least ${text(least)}`;
  return most === undefined ? "any" : `at most ${text(most)}`;
}
