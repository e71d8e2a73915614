// Not a TCP: the least that keeps the kernel's TCP talking over a TAP, and so the ceiling of this path from Node. It answers ARP and
// SYNs, acknowledges what comes in order once a batch, sends zeros from one buffer without copying, and goes back to the first
// unacknowledged byte when something is lost. Datagrams are counted, or sent to who asks. It keeps no queues, no timers, no congestion control. Ports as bench/contestant.
import { parseArgs } from "node:util";
import { parseV4 } from "../dist/stack/core/address.js";
import { GSO_NONE, GSO_TCPV4, plainFrame } from "../dist/stack/core/frame-info.js";
import { seq, seqAdd, seqDiff } from "../dist/stack/core/seq.js";
import { FRAME_HEADROOM, MAX_FRAME } from "../dist/stack/link/link-device.js";
import * as arp from "../dist/stack/packet/arp.js";
import { pseudoHeaderV4 } from "../dist/stack/packet/checksum.js";
import * as ethernet from "../dist/stack/packet/ethernet.js";
import * as ipv4 from "../dist/stack/packet/ipv4.js";
import * as tcp from "../dist/stack/packet/tcp.js";
import * as tcpOptions from "../dist/stack/packet/tcp-options.js";
import * as udp from "../dist/stack/packet/udp.js";
import { openTap } from "../dist/tap/linux-tap.js";
import { Poller } from "../dist/tap/poll.js";

const { values } = parseArgs({ options: { offload: { type: "string", default: "on" }, tap: { type: "string", default: "tap0" } } });

const SINK = 5001;
const SOURCE = 5002;
const ECHO = 5003;
const UDP_SOURCE = 5005;
/** Datagrams sent in a row, and how long one question has them sent. */
const BURST = 64;
const ASKED_MS = 200;
const OWN = parseV4("203.0.113.2").w3;
const MSS = 1460;
const FRAMES_PER_BATCH = 64;
const SHIFT = 8;
const ISS = seq(1000);
/** Nothing came for this long while bytes are outstanding: they are sent again. */
const STALLED_MS = 200;

const tap = openTap({ name: values.tap, offloads: values.offload !== "off" });
const isCutByDevice = tap.offloads.tso4;
const LARGEST = isCutByDevice ? 44 * MSS : MSS;
const SEGMENTS_PER_TURN = isCutByDevice ? 16 : 64;
const WINDOW = isCutByDevice ? 8 << 20 : 256 << 10;
const MAX_FLIGHT = 4 << 20;

const FRAME_AT = FRAME_HEADROOM;
const IP_AT = FRAME_AT + ethernet.HEADER;
const TCP_AT = IP_AT + ipv4.MIN_HEADER;
const TEXT_AT = TCP_AT + tcp.MIN_HEADER;

const out = new Uint8Array(FRAME_HEADROOM + MAX_FRAME + 64);
const info = plainFrame();
const options = tcpOptions.makeSegmentOptions();
const SYN_OPTIONS = { mss: MSS, windowScale: SHIFT, sackPermitted: false, timestamps: false, tsVal: 0, tsEcr: 0 };
const peerMac = new Uint8Array(ethernet.MAC_LENGTH);
let peer = 0;
let identification = 0;

/** By the peer's port: one peer, and no port of it is used for two of our services at once. */
const flows = new Map();
const sources = new Set();
/** Flows that owe an acknowledgement at the end of the batch. */
let owing = [];

/** Sends `length` bytes that stand at TEXT_AT already. */
function emit(flow, flagBits, sequence, length) {
  let headerBytes = tcp.MIN_HEADER;
  if ((flagBits & tcp.SYN) !== 0) headerBytes += tcpOptions.writeSynOptions(out, TEXT_AT, ["mss", "nop", "windowScale"], SYN_OPTIONS);
  const end = TCP_AT + headerBytes + length;
  const window = (flagBits & tcp.SYN) !== 0 ? 65535 : WINDOW >>> SHIFT;
  ethernet.writeHeader(out, FRAME_AT, peerMac, tap.mac, ethernet.TYPE_IPV4);
  identification = (identification + 1) & 0xffff;
  ipv4.writeHeader(out, IP_AT, end - IP_AT, OWN, peer, ipv4.PROTOCOL_TCP, 64, identification);
  tcp.writeHeader(out, TCP_AT, flow.localPort, flow.remotePort, sequence, flow.rcvNxt, headerBytes, flagBits, window);

  const pseudoHeader = pseudoHeaderV4(OWN, peer, ipv4.PROTOCOL_TCP, end - TCP_AT);
  const isLong = length > MSS;
  if (tap.offloads.checksum) {
    tcp.putPartialChecksum(out, TCP_AT, pseudoHeader);
    info.checksumStart = TCP_AT - FRAME_AT;
    info.checksumOffset = tcp.CHECKSUM_OFFSET;
  } else {
    tcp.putChecksum(out, TCP_AT, end, pseudoHeader);
    info.checksumStart = 0;
  }
  info.gsoType = isLong ? GSO_TCPV4 : GSO_NONE;
  info.gsoSize = isLong ? MSS : 0;
  info.headerLength = isLong ? TEXT_AT - FRAME_AT : 0;
  flow.owesAck = false;
  return tap.transmit(out, FRAME_AT, end, info) === "sent";
}

function forget(flow) {
  flows.delete(flow.remotePort);
  sources.delete(flow);
  flow.isGone = true;
}

function answerArp(b, at, end) {
  if (arp.check(b, at, end) !== undefined || arp.operation(b, at) !== arp.REQUEST || arp.targetIp(b, at) !== OWN) return;
  arp.copySenderMac(b, at, peerMac);
  peer = arp.senderIp(b, at);
  const reply = new Uint8Array(IP_AT + arp.LENGTH);
  ethernet.writeHeader(reply, FRAME_AT, peerMac, tap.mac, ethernet.TYPE_ARP);
  arp.writeReply(reply, IP_AT, tap.mac, OWN, peerMac, peer);
  tap.transmit(reply, FRAME_AT, reply.length, plainFrame());
}

function begin(b, at) {
  const localPort = tcp.destinationPort(b, at);
  if (localPort < SINK || localPort > ECHO) return;
  const remotePort = tcp.sourcePort(b, at);
  const old = flows.get(remotePort);
  if (old !== undefined) forget(old);
  tcpOptions.parse(b, at, options);
  const flow = {
    localPort,
    remotePort,
    rcvNxt: seqAdd(tcp.sequence(b, at), 1),
    sndUna: ISS,
    sndNxt: seqAdd(ISS, 1),
    sndWnd: 0,
    shift: Math.max(0, options.windowScale),
    duplicates: 0,
    owesAck: false,
    isOpen: false,
    isClosing: false,
    isGone: false,
  };
  flows.set(remotePort, flow);
  emit(flow, tcp.SYN | tcp.ACK, ISS, 0);
}

function acknowledged(flow, b, at, isBare) {
  const ack = tcp.acknowledgment(b, at);
  flow.sndWnd = tcp.window(b, at) * 2 ** flow.shift;
  if (seqDiff(ack, flow.sndUna) > 0) {
    flow.sndUna = ack;
    flow.duplicates = 0;
    // After going back, an answer to what had been sent before.
    if (seqDiff(ack, flow.sndNxt) > 0) flow.sndNxt = ack;
    if (flow.isClosing) forget(flow);
    else if (!flow.isOpen) {
      flow.isOpen = true;
      if (flow.localPort === SOURCE) sources.add(flow);
    }
  } else if (isBare && flow.sndNxt !== flow.sndUna && ++flow.duplicates === 3) {
    flow.sndNxt = flow.sndUna;
  }
}

function owe(flow) {
  if (flow.owesAck) return;
  flow.owesAck = true;
  owing.push(flow);
}

function textArrived(flow, b, textAt, length) {
  flow.rcvNxt = seqAdd(flow.rcvNxt, length);
  if (flow.localPort !== ECHO) return owe(flow);
  const count = Math.min(length, MSS);
  for (let i = 0; i < count; i++) out[TEXT_AT + i] = b[textAt + i];
  emit(flow, tcp.ACK | tcp.PSH, flow.sndNxt, count);
  flow.sndNxt = seqAdd(flow.sndNxt, count);
}

function segmentArrived(b, at, end) {
  const flagBits = tcp.flags(b, at);
  const flow = flows.get(tcp.sourcePort(b, at));
  if ((flagBits & tcp.RST) !== 0) return flow === undefined ? undefined : forget(flow);
  if ((flagBits & tcp.SYN) !== 0) return begin(b, at);
  if (flow === undefined) return;

  const textAt = tcp.payloadAt(b, at);
  const length = end - textAt;
  const hasFin = (flagBits & tcp.FIN) !== 0;
  if ((flagBits & tcp.ACK) !== 0) acknowledged(flow, b, at, length === 0 && !hasFin);
  if (flow.isGone) return;

  const isNext = tcp.sequence(b, at) === flow.rcvNxt;
  if (length > 0) {
    if (isNext) textArrived(flow, b, textAt, length);
    else emit(flow, tcp.ACK, flow.sndNxt, 0);
  }
  if (hasFin && isNext && !flow.isClosing) {
    flow.rcvNxt = seqAdd(flow.rcvNxt, 1);
    flow.isClosing = true;
    sources.delete(flow);
    emit(flow, tcp.ACK | tcp.FIN, flow.sndNxt, 0);
    flow.sndNxt = seqAdd(flow.sndNxt, 1);
  }
}

/** Who asked for datagrams last. */
const asked = { port: 0, bytes: 0, untilMs: 0 };

function datagramArrived(b, at, end, ip, isVerified) {
  if (udp.check(b, at, end) !== undefined) return;
  if (!isVerified && !udp.verifyChecksum(b, at, ipv4.pseudoHeader(b, ip))) return;
  const port = udp.destinationPort(b, at);
  if (port !== UDP_SOURCE) return;
  const payload = udp.payloadAt(at);
  asked.port = udp.sourcePort(b, at);
  asked.bytes = (b[payload] << 8) | b[payload + 1];
  asked.untilMs = performance.now() + ASKED_MS;
}

/** Zeros again and again, as for TCP. @returns whether anybody wanted some */
function sendAsked() {
  if (performance.now() >= asked.untilMs) return false;
  const end = TCP_AT + udp.HEADER + asked.bytes;
  info.gsoType = GSO_NONE;
  info.gsoSize = 0;
  info.headerLength = 0;
  for (let i = 0; i < BURST; i++) {
    ethernet.writeHeader(out, FRAME_AT, peerMac, tap.mac, ethernet.TYPE_IPV4);
    identification = (identification + 1) & 0xffff;
    ipv4.writeHeader(out, IP_AT, end - IP_AT, OWN, peer, ipv4.PROTOCOL_UDP, 64, identification);
    udp.writeHeader(out, TCP_AT, UDP_SOURCE, asked.port, asked.bytes);
    const pseudoHeader = pseudoHeaderV4(OWN, peer, ipv4.PROTOCOL_UDP, end - TCP_AT);
    if (tap.offloads.checksum) {
      udp.putPartialChecksum(out, TCP_AT, pseudoHeader);
      info.checksumStart = TCP_AT - FRAME_AT;
      info.checksumOffset = udp.CHECKSUM_OFFSET;
    } else {
      udp.putChecksum(out, TCP_AT, pseudoHeader);
      info.checksumStart = 0;
    }
    if (tap.transmit(out, FRAME_AT, end, info) !== "sent") break;
  }
  return true;
}

const sink = {
  frame(b, at, end, frameInfo) {
    const type = ethernet.type(b, at);
    if (type === ethernet.TYPE_ARP) return answerArp(b, at + ethernet.HEADER, end);
    const ip = at + ethernet.HEADER;
    if (type !== ethernet.TYPE_IPV4 || ipv4.check(b, ip, end) !== undefined) return;
    if (ipv4.destination(b, ip) !== OWN) return;
    const segment = ipv4.payloadAt(b, ip);
    const segmentEnd = ipv4.payloadEnd(b, ip);
    const protocol = ipv4.protocol(b, ip);
    if (protocol === ipv4.PROTOCOL_UDP) return datagramArrived(b, segment, segmentEnd, ip, frameInfo.checksumVerified);
    if (protocol !== ipv4.PROTOCOL_TCP) return;
    if (tcp.check(b, segment, segmentEnd) !== undefined) return;
    // What the real stack cannot leave out either.
    if (!frameInfo.checksumVerified && !tcp.verifyChecksum(b, segment, segmentEnd, ipv4.pseudoHeader(b, ip))) return;
    segmentArrived(b, segment, segmentEnd);
  },
};

function acknowledgeBatch() {
  const batch = owing;
  owing = [];
  for (const flow of batch) if (flow.owesAck && !flow.isGone) emit(flow, tcp.ACK, flow.sndNxt, 0);
}

/** @returns whether anything was sent */
function pump(flow) {
  const window = Math.min(flow.sndWnd, MAX_FLIGHT);
  let sent = 0;
  while (sent < SEGMENTS_PER_TURN && seqDiff(seqAdd(flow.sndUna, window), flow.sndNxt) >= LARGEST) {
    if (!emit(flow, tcp.ACK | tcp.PSH, flow.sndNxt, LARGEST)) break;
    flow.sndNxt = seqAdd(flow.sndNxt, LARGEST);
    sent++;
  }
  return sent > 0;
}

const poller = new Poller();
poller.add(tap.descriptor, "read");
while (!tap.isGone) {
  let isBusy = tap.receive(sink, FRAMES_PER_BATCH) > 0;
  acknowledgeBatch();
  for (const flow of sources) if (pump(flow)) isBusy = true;
  if (sendAsked()) isBusy = true;
  if (isBusy || poller.wait(STALLED_MS) > 0) continue;
  for (const flow of sources) flow.sndNxt = flow.sndUna;
}
process.exitCode = 1;
