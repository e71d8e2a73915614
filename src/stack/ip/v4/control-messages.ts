import { type IpAddress, ipv4 as ipv4Address, keepAddress, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import { plainFrame } from "../../core/frame-info.ts";
import { FRAME_HEADROOM, MAX_FRAME } from "../../link/link-device.ts";
import { ECN_MASK } from "../../packet/ecn.ts";
import * as icmp from "../../packet/icmp.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import { ErrorRateLimit } from "../error-rate-limit.ts";
import type { HeaderChoices, Path } from "../path.ts";
import { mtuAfterReport } from "../path-mtu.ts";
import type { PingFailure, PingOptions, PingResult } from "../ping.ts";
import { type EchoFormat, Pings } from "../pings.ts";
import type { IcmpErrorKind, InboundPacket } from "../transport.ts";
import { type ControlMessageUser, tellTransport } from "../transport-errors.ts";

/** Bytes of a datagram that an error of ours carries at most, its own IP header included (RFC 1812 §4.3.2.3). */
const MAX_ERROR_DATAGRAM = 576;

const ECHO: EchoFormat = {
  protocol: ipv4.PROTOCOL_ICMP,
  request: icmp.ECHO_REQUEST,
  writeHeader: icmp.writeEcho,
  putChecksum: icmp.putChecksum,
};

/** ICMP for IPv4: echo both ways, errors both ways (RFC 792, RFC 1122 §3.2.2). */
export class ControlMessages {
  readonly #context: HostContext;
  readonly #user: ControlMessageUser;
  readonly #scratch = new Uint8Array(FRAME_HEADROOM + MAX_FRAME);
  readonly #info = plainFrame();
  /** Of an echo reply; refilled for each. */
  readonly #replyChoices = { ttl: undefined, trafficClass: 0, dontFragment: false };
  readonly #rateLimit: ErrorRateLimit;
  readonly #pings: Pings;

  constructor(context: HostContext, user: ControlMessageUser) {
    this.#context = context;
    this.#user = user;
    this.#rateLimit = new ErrorRateLimit(context);
    this.#pings = new Pings(context, ECHO, this.#scratch);
  }

  ping(path: Path, options: PingOptions, callback: (result: PingResult) => void): PingFailure | undefined {
    return this.#pings.send(path, options, callback);
  }

  /** A message for us. @returns `accepted`, or why it was of no use */
  input(packet: InboundPacket): PacketVerdict {
    const { bytes, at, end } = packet;
    const malformed = icmp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (!icmp.verifyChecksum(bytes, at, end)) return "icmp-bad-checksum";
    switch (icmp.type(bytes, at)) {
      case icmp.ECHO_REQUEST:
        return this.#answerEcho(packet);
      case icmp.ECHO_REPLY:
        return packet.isBroadcast ? "icmp-to-broadcast" : this.#pings.reply(packet.source, packet.ttl, bytes, at, end);
      case icmp.DESTINATION_UNREACHABLE:
      case icmp.TIME_EXCEEDED:
      case icmp.PARAMETER_PROBLEM:
        return this.#errorFromWire(packet);
      // RFC 6633 §3: ignored, since anybody could slow us down.
      case icmp.SOURCE_QUENCH:
        return "icmp-source-quench";
      // Off as a matter of policy: on a link with one router it only serves attackers (docs/deviations.md).
      case icmp.REDIRECT:
        return "icmp-redirect";
    }
    // Timestamp, information and address mask are not answered (RFC 6918 §2), nor is anything unknown (RFC 1122 §3.2.2).
    return "icmp-unknown-type";
  }

  /**
   * Tells the sender of a datagram that it came to nothing, within the rules of RFC 1122 §3.2.2: never about an ICMP error or a
   * broadcast; that the source is one host was seen on the way in, and no later fragment gets here. Rate-limited.
   */
  sendError(packet: InboundPacket, type: number, code: number): void {
    const { bytes, ipAt, at, end } = packet;
    if (packet.isBroadcast) return;
    if (ipv4.protocol(bytes, ipAt) === ipv4.PROTOCOL_ICMP && (end <= at || icmp.isError(icmp.type(bytes, at)))) return;
    if (!this.#rateLimit.take()) {
      this.#context.drops.count("icmp-error-rate-limited");
      return;
    }
    const path = this.#user.pathTo(packet.source, packet.destination);
    if (typeof path === "string") {
      this.#context.drops.count(path);
      return;
    }
    const out = this.#scratch;
    const message = path.headroom;
    const quote = icmp.quotedAt(message);
    const quotedBytes = Math.min(end - ipAt, MAX_ERROR_DATAGRAM - ipv4.MIN_HEADER - icmp.HEADER);
    icmp.writeError(out, message, type, code);
    out.set(bytes.subarray(ipAt, ipAt + quotedBytes), quote);
    this.#send(path, message, quote + quotedBytes);
  }

  /**
   * Hands an error to the transport whose datagram lies, possibly cut short, at `bytes[ipAt, end)`; its IP header and eight bytes
   * more must be there. The error may be our own: a next hop that did not answer.
   * @param reportedMtu for fragmentation-needed: as the router says
   */
  deliverError(
    bytes: Uint8Array,
    ipAt: number,
    end: number,
    kind: IcmpErrorKind,
    type: number,
    code: number,
    reporter: IpAddress,
    reportedMtu: number,
  ): PacketVerdict {
    const remote = ipv4Address(ipv4.destination(bytes, ipAt));
    const transportAt = ipv4.payloadAt(bytes, ipAt);
    const protocol = ipv4.protocol(bytes, ipAt);
    if (protocol === ipv4.PROTOCOL_ICMP) return this.#pings.error(remote, bytes, transportAt, kind, reporter);
    const transport = this.#user.transport(protocol);
    if (transport === undefined) return "icmp-quote-unexpected";

    const mtu = kind === "fragmentation-needed" ? mtuAfterReport(reportedMtu, ipv4.totalLength(bytes, ipAt)) : 0;
    const local = ipv4Address(ipv4.source(bytes, ipAt));
    const error = { kind, type, code, reporter, local, remote, bytes, transportAt, end, mtu };
    return tellTransport(transport, error, this.#user) ? "accepted" : "icmp-quote-unexpected";
  }

  #answerEcho(packet: InboundPacket): PacketVerdict {
    // RFC 1122 §3.2.2.6 lets us be silent, and smurf attacks are the reason why.
    if (packet.isBroadcast) return "icmp-to-broadcast";
    if (!this.#context.profile.answersEcho) return "icmp-echo-unanswered";
    const path = this.#user.pathTo(packet.source, packet.destination);
    if (typeof path === "string") return path;
    const { bytes, at, end } = packet;
    const message = path.headroom;
    this.#scratch.set(bytes.subarray(at, end), message);
    icmp.writeEcho(this.#scratch, message, icmp.ECHO_REPLY, icmp.identifier(bytes, at), icmp.sequence(bytes, at));
    // RFC 1349 §5.1; a congestion mark is the request's alone.
    this.#replyChoices.trafficClass = packet.trafficClass & ~ECN_MASK;
    this.#send(path, message, message + (end - at), this.#replyChoices);
    return "accepted";
  }

  #errorFromWire(packet: InboundPacket): PacketVerdict {
    const { bytes, at, end } = packet;
    if (packet.isBroadcast) return "icmp-to-broadcast";
    const malformed = icmp.checkQuote(bytes, at, end);
    if (malformed !== undefined) return malformed;
    const type = icmp.type(bytes, at);
    const code = icmp.code(bytes, at);
    const kind = kindOf(type, code);
    if (kind === undefined) return "icmp-unknown-code";
    const quote = icmp.quotedAt(at);
    // An error comes to the address from which the datagram was sent.
    if (!sameAddress(ipv4Address(ipv4.source(bytes, quote)), packet.destination)) return "icmp-quote-not-ours";
    if (ipv4.fragmentOffset(bytes, quote) !== 0) return "icmp-quote-of-fragment";
    return this.deliverError(bytes, quote, end, kind, type, code, keepAddress(packet.source), icmp.nextHopMtu(bytes, at));
  }

  /** Checksums and sends the message in the scratch buffer. */
  #send(path: Path, message: number, end: number, choices?: HeaderChoices): void {
    icmp.putChecksum(this.#scratch, message, end);
    const result = path.send(ipv4.PROTOCOL_ICMP, this.#scratch, message, end, this.#info, choices);
    if (result === "full") this.#context.drops.count("device-full");
  }
}

/** What a type and code mean to a transport; undefined for codes that no document gives. */
function kindOf(type: number, code: number): IcmpErrorKind | undefined {
  if (type === icmp.PARAMETER_PROBLEM) return code <= 2 ? "parameter-problem" : undefined;
  if (type === icmp.TIME_EXCEEDED) {
    if (code === icmp.TTL_EXCEEDED) return "ttl-exceeded";
    return code === icmp.REASSEMBLY_TIME_EXCEEDED ? "reassembly-timeout" : undefined;
  }
  switch (code) {
    case icmp.NET_UNREACHABLE:
    case icmp.NET_UNKNOWN:
    case icmp.NET_UNREACHABLE_FOR_TOS:
      return "net-unreachable";
    case icmp.HOST_UNREACHABLE:
    case icmp.HOST_UNKNOWN:
    case icmp.HOST_ISOLATED:
    case icmp.HOST_UNREACHABLE_FOR_TOS:
      return "host-unreachable";
    case icmp.PROTOCOL_UNREACHABLE:
      return "protocol-unreachable";
    case icmp.PORT_UNREACHABLE:
      return "port-unreachable";
    case icmp.FRAGMENTATION_NEEDED:
      return "fragmentation-needed";
    case icmp.SOURCE_ROUTE_FAILED:
      return "source-route-failed";
    case icmp.NET_PROHIBITED:
    case icmp.HOST_PROHIBITED:
    case icmp.COMMUNICATION_PROHIBITED:
    case icmp.HOST_PRECEDENCE_VIOLATION:
    case icmp.PRECEDENCE_CUTOFF:
      return "administratively-prohibited";
  }
  return undefined;
}
