import { seq, seqAdd } from "../../dist/stack/core/seq.js";
import * as ethernet from "../../dist/stack/packet/ethernet.js";
import * as ipv4 from "../../dist/stack/packet/ipv4.js";
import * as tcp from "../../dist/stack/packet/tcp.js";
import { Segment } from "../../dist/stack/tcp/segment.js";
import { MSS, OneFrameHost, V4, V6, writeSegment } from "./one-frame-host.mjs";

const TCP_AT = ethernet.HEADER + ipv4.MIN_HEADER;
const MANY = 100_000;
/** Of a segment among many, so that what is timed is finding and judging, and not copying. */
const SHORT = 100;

/** One arrival, from the header's fields alone to the whole way through a host: judged, stored, read, acknowledged. */
export function addSegments(add) {
  const b = new Uint8Array(TCP_AT + tcp.MIN_HEADER + MSS);
  const end = writeSegment(b, { family: V4, port: 40_000, ownPort: 5001 }, seq(1000), seq(2000), tcp.ACK, MSS);
  const segment = new Segment();
  const packet = { bytes: b, at: TCP_AT, end, source: V4.peer, destination: V4.own, gsoSize: 0 };
  add("segment parsed", () => {
    if (tcp.check(b, TCP_AT, end) !== undefined) throw new Error("The segment is malformed");
    segment.fill(packet);
  });

  addReceiving(add, `segment of ${MSS} bytes through a host`, 1, [V4], MSS);
  addReceiving(add, `segment of ${MSS} bytes of IPv6 through a host`, 1, [V6], MSS);
  for (const [count, among] of [
    [8, "8"],
    [MANY, `${MANY}`],
  ]) {
    addReceiving(add, `segment of ${SHORT} bytes among ${among} flows of both families`, count, [V4, V6], SHORT);
  }

  const echoing = new OneFrameHost(1, [V4]);
  const [flow] = echoing.flows;
  const byte = new Uint8Array(1);
  add("byte in, byte out and acknowledged, through a host", () => {
    flow.connection.write(byte, 0, 1);
    echoing.turn();
    flow.acknowledged = seqAdd(flow.acknowledged, 1);
    echoing.receive(flow, 1);
  });
}

function addReceiving(add, name, count, families, length) {
  let receiving;
  add(name, (i) => {
    receiving ??= new OneFrameHost(count, families);
    receiving.receive(receiving.flows[(i * 7919) % count], length);
  });
}
