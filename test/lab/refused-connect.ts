import { parseV4 } from "../../src/stack/core/address.ts";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import { type Seq, seq, seqAdd } from "../../src/stack/core/seq.ts";
import type { TraceContent, TraceEvent, TraceOpening } from "../../src/stack/core/trace.ts";
import * as arp from "../../src/stack/packet/arp.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import * as tcpOptions from "../../src/stack/packet/tcp-options.ts";

const HOST = parseV4("203.0.113.2").w3;
const PEER = parseV4("203.0.113.1").w3;
const HOST_MAC = new Uint8Array([2, 0, 0, 0, 0, 2]);
const PEER_MAC = new Uint8Array([2, 0, 0, 0, 0, 1]);
const HOST_PORT = 49731;

/** Just below the wrap, so that numbers relative to it cross 2^32. */
export const HOST_ISS = seq(0xffffffff);

export interface SegmentFields {
  readonly direction?: "in" | "out";
  readonly seq: Seq;
  readonly ack?: Seq;
  readonly flags: number;
  readonly peer?: number;
  readonly port: number;
  readonly payload?: number;
}

/** One TCP segment in a whole frame between 203.0.113.2:49731 and the peer; a SYN from the host carries what Windows sends. */
export function segmentFrame(fields: SegmentFields): Uint8Array {
  const b = new Uint8Array(14 + 20 + 60 + 2000);
  const peer = fields.peer ?? PEER;
  const out = fields.direction !== "in";
  ethernet.writeHeader(b, 0, out ? PEER_MAC : HOST_MAC, out ? HOST_MAC : PEER_MAC, ethernet.TYPE_IPV4);
  const optionBytes =
    (fields.flags & tcp.SYN) !== 0
      ? tcpOptions.writeSynOptions(b, 14 + 20 + 20, ["mss", "nop", "windowScale", "nop", "nop", "sackPermitted"], {
          mss: 1460,
          windowScale: 8,
          sackPermitted: true,
          timestamps: false,
          tsVal: 0,
          tsEcr: 0,
        })
      : 0;
  const ports = out ? ([HOST_PORT, fields.port] as const) : ([fields.port, HOST_PORT] as const);
  tcp.writeHeader(b, 34, ports[0], ports[1], fields.seq, fields.ack ?? seq(0), 20 + optionBytes, fields.flags, 64240);
  const total = 40 + optionBytes + (fields.payload ?? 0);
  ipv4.writeHeader(b, 14, total, out ? HOST : peer, out ? peer : HOST, ipv4.PROTOCOL_TCP, 128);
  return b.slice(0, 14 + total);
}

/** An event as a trace stamps it, with a number that nobody looks at. */
export const happened = (atMs: number, content: TraceContent): TraceEvent => ({ number: 0, atMs, ...content });

export const frame = (atMs: number, direction: "in" | "out", bytes: Uint8Array): TraceEvent =>
  happened(atMs, { type: "frame", direction, device: "tap0", bytes, info: plainFrame() });

export const opened = (connection: number, local: string, remote: string): TraceOpening => ({
  type: "connection-opened",
  connection,
  local,
  remote,
  label: `${local} – ${remote}`,
  state: "CLOSED",
});

function arpFrame(operation: "request" | "reply"): Uint8Array {
  const b = new Uint8Array(14 + arp.LENGTH);
  const asks = operation === "request";
  ethernet.writeHeader(b, 0, asks ? ethernet.BROADCAST_MAC : HOST_MAC, asks ? HOST_MAC : PEER_MAC, ethernet.TYPE_ARP);
  if (asks) arp.writeRequest(b, 14, HOST_MAC, HOST, PEER);
  else arp.writeReply(b, 14, PEER_MAC, PEER, HOST_MAC, HOST);
  return b;
}

/** Numbers that a ladder does not draw. */
export const NOWHERE = { sndUna: 0, sndNxt: 0, sndWnd: 0, rcvNxt: 0, rcvWnd: 0 };

const CONNECTION = 7;

/** A blocking connect to a closed port as the windows profile does it, cut to two SYNs: the events of one host, in order. */
export function refusedConnect(): TraceEvent[] {
  const client = 1;
  const syn = segmentFrame({ seq: HOST_ISS, flags: tcp.SYN, port: 8081 });
  const rst = segmentFrame({ direction: "in", seq: seq(0), ack: seqAdd(HOST_ISS, 1), flags: tcp.RST | tcp.ACK, port: 8081 });
  return [
    happened(1000, { type: "winsock-called", client, call: 1, name: "socket", text: "AF_INET, SOCK_STREAM, IPPROTO_TCP" }),
    happened(1000, { type: "winsock-returned", client, call: 1, text: "256", error: 0 }),
    happened(1000.5, { type: "winsock-called", client, call: 2, name: "connect", text: "256, 203.0.113.1:8081" }),
    happened(1000.5, opened(CONNECTION, `203.0.113.2:${HOST_PORT}`, "203.0.113.1:8081")),
    happened(1000.5, { type: "state-changed", connection: CONNECTION, from: "CLOSED", to: "SYN-SENT", ...NOWHERE }),
    happened(1000.5, { type: "timer-set", connection: CONNECTION, timer: "retransmission", delayMs: 1000 }),
    frame(1000.6, "out", arpFrame("request")),
    frame(1000.9, "in", arpFrame("reply")),
    frame(1001, "out", syn),
    frame(1001.2, "in", rst),
    happened(1001.2, { type: "timer-set", connection: CONNECTION, timer: "retransmission", delayMs: 500 }),
    happened(1501.2, { type: "timer-fired", connection: CONNECTION, timer: "retransmission" }),
    frame(1501.2, "out", syn),
    frame(1501.4, "in", rst),
    happened(1501.4, { type: "state-changed", connection: CONNECTION, from: "SYN-SENT", to: "CLOSED", ...NOWHERE }),
    happened(1501.5, { type: "winsock-returned", client, call: 2, text: "SOCKET_ERROR", error: 10061 }),
  ];
}
