import { type IpAddress, isMulticast, isUnspecified, keepAddress, makeAddressSlot, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import { plainFrame } from "../../core/frame-info.ts";
import { FRAME_HEADROOM, MAX_FRAME } from "../../link/link-device.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as extensionHeaders from "../../packet/extension-headers.ts";
import * as icmpv6 from "../../packet/icmpv6.ts";
import * as ipv6 from "../../packet/ipv6.ts";
import * as ndp from "../../packet/ndp.ts";
import { ErrorRateLimit } from "../error-rate-limit.ts";
import type { Path } from "../path.ts";
import type { PingFailure, PingOptions, PingResult } from "../ping.ts";
import { type EchoFormat, Pings } from "../pings.ts";
import type { IcmpErrorKind, InboundPacket, Transport } from "../transport.ts";
import { type ControlMessageUser, tellTransport } from "../transport-errors.ts";
import type { Autoconfiguration } from "./autoconfiguration.ts";
import type { Mld } from "./mld.ts";

const ECHO: EchoFormat = {
  protocol: ipv6.PROTOCOL_ICMP,
  request: icmpv6.ECHO_REQUEST,
  writeHeader: icmpv6.writeEcho,
  putChecksum: (bytes, at, end, path) => icmpv6.putChecksum(bytes, at, end, path.local, path.remote),
};

/** Transport bytes that a quote must hold to say whose it is: the ports and, in TCP, the sequence number. */
const MIN_QUOTED_PAYLOAD = 8;

/** ICMPv6: echo both ways, errors both ways (RFC 4443), and the door to neighbour discovery and listeners. */
export class Icmpv6 {
  readonly #context: HostContext;
  readonly #user: ControlMessageUser;
  readonly #listeners: Mld;
  readonly #routers: Pick<Autoconfiguration, "input">;
  readonly #scratch = new Uint8Array(FRAME_HEADROOM + MAX_FRAME + extensionHeaders.FRAGMENT_HEADER);
  readonly #info = plainFrame();
  readonly #rateLimit: ErrorRateLimit;
  readonly #pings: Pings;
  /** Echo requests as a transport: what they learn of a path holds for all (RFC 8201 §4). */
  readonly #pingErrors: Pick<Transport, "icmpError"> = {
    icmpError: ({ remote, bytes, transportAt, kind, reporter }) =>
      this.#pings.error(remote, bytes, transportAt, kind, reporter) === "accepted",
  };
  readonly #quoted = { protocol: 0, at: 0, isLaterFragment: false };
  readonly #quotedSource = makeAddressSlot();
  readonly #quotedDestination = makeAddressSlot();

  constructor(context: HostContext, user: ControlMessageUser, listeners: Mld, routers: Pick<Autoconfiguration, "input">) {
    this.#context = context;
    this.#user = user;
    this.#listeners = listeners;
    this.#routers = routers;
    this.#rateLimit = new ErrorRateLimit(context);
    this.#pings = new Pings(context, ECHO, this.#scratch);
  }

  ping(path: Path, options: PingOptions, callback: (result: PingResult) => void): PingFailure | undefined {
    return this.#pings.send(path, options, callback);
  }

  /** A message for us. @returns `accepted`, or why it was of no use */
  input(packet: InboundPacket): PacketVerdict {
    const { bytes, at, end, source, destination, through } = packet;
    const malformed = icmpv6.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (!packet.checksumVerified && !icmpv6.verifyChecksum(bytes, at, end, source, destination)) return "icmpv6-bad-checksum";
    const type = icmpv6.type(bytes, at);
    switch (type) {
      case icmpv6.ECHO_REQUEST:
        return this.#answerEcho(packet);
      case icmpv6.ECHO_REPLY:
        return packet.isBroadcast ? "icmpv6-to-group" : this.#pings.reply(source, packet.ttl, bytes, at, end);
      case icmpv6.NEIGHBOUR_SOLICITATION:
      case icmpv6.NEIGHBOUR_ADVERTISEMENT:
      case icmpv6.ROUTER_SOLICITATION:
      case icmpv6.ROUTER_ADVERTISEMENT:
      case icmpv6.REDIRECT:
        return this.#discovery(type, packet, through);
    }
    if (isOfListeners(type)) return through === undefined ? "icmpv6-unknown-type" : this.#listeners.input(packet, through);
    return icmpv6.isError(type) ? this.#errorFromWire(packet, type) : "icmpv6-unknown-type";
  }

  /**
   * Tells the sender of a packet that it came to nothing, within the rules of RFC 4443 §2.4 (e): never about an error or a redirect, nor
   * about what went to a group, but for the two messages that may. Rate-limited (f).
   * @param rest the four bytes after the checksum
   */
  sendError(packet: InboundPacket, type: number, code: number, rest = 0, evenToGroup = false): void {
    const { bytes, ipAt, end, source, destination } = packet;
    if ((packet.isBroadcast && !evenToGroup) || isUnspecified(source) || isMulticast(source)) return;
    if (this.#isAboutError(packet)) return;
    if (!this.#rateLimit.take()) {
      this.#context.drops.count("icmp-error-rate-limited");
      return;
    }
    const path = this.#user.pathTo(source, isMulticast(destination) ? undefined : destination);
    if (typeof path === "string") {
      this.#context.drops.count(path);
      return;
    }
    const out = this.#scratch;
    const message = path.headroom;
    const quote = icmpv6.quotedAt(message);
    // As much as fits into the MTU that every path has (RFC 4443 §2.4 c).
    const quotedBytes = Math.min(end - ipAt, ipv6.MIN_MTU - ipv6.HEADER - icmpv6.HEADER);
    icmpv6.writeHeader(out, message, type, code, rest);
    out.set(bytes.subarray(ipAt, ipAt + quotedBytes), quote);
    this.#send(path, message, quote + quotedBytes);
  }

  /**
   * Hands an error to the transport whose packet lies, possibly cut short, at `bytes[ipAt, end)`; its IPv6 header must be there. The
   * error may be our own: a next hop that did not answer.
   * @param reportedMtu of a "packet too big"
   * @param scope the zone of the packet's link-local addresses
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
    scope: number,
  ): PacketVerdict {
    const quoted = this.#quoted;
    if (!extensionHeaders.findTransport(bytes, ipAt, end, quoted)) return "icmpv6-quote-truncated";
    if (quoted.isLaterFragment) return "icmp-quote-of-fragment";
    if (end - quoted.at < MIN_QUOTED_PAYLOAD) return "icmpv6-quote-truncated";
    ipv6.fillSource(bytes, ipAt, this.#quotedSource, scope);
    ipv6.fillDestination(bytes, ipAt, this.#quotedDestination, scope);
    const remote = keepAddress(this.#quotedDestination);
    const { protocol, at: transportAt } = quoted;
    const transport = protocol === ipv6.PROTOCOL_ICMP ? this.#pingErrors : this.#user.transport(protocol);
    if (transport === undefined) return "icmp-quote-unexpected";

    if (kind === "fragmentation-needed" && reportedMtu < ipv6.MIN_MTU) return "icmpv6-mtu-too-small";
    const mtu = kind === "fragmentation-needed" ? reportedMtu : 0;
    const local = keepAddress(this.#quotedSource);
    const error = { kind, type, code, reporter, local, remote, bytes, transportAt, end, mtu };
    return tellTransport(transport, error, this.#user) ? "accepted" : "icmp-quote-unexpected";
  }

  /** RFC 4861 §6.1, §7.1 and §8.1: what comes from another link is not believed. */
  #discovery(type: number, packet: InboundPacket, through: NetworkInterface | undefined): PacketVerdict {
    const { bytes, at, end, source, destination } = packet;
    if (through === undefined || through.isLoopback) return "ndp-on-loopback";
    if (packet.ttl !== ndp.HOP_LIMIT) return "ndp-forwarded";
    const malformed = ndp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (type === icmpv6.NEIGHBOUR_SOLICITATION || type === icmpv6.NEIGHBOUR_ADVERTISEMENT) {
      return through.ndp.input(bytes, at, end, source, destination);
    }
    return this.#routers.input(type, packet, through);
  }

  /** RFC 4443 §4.2: a request to a group is answered too, from the address that suits the asker (RFC 6724 §5). */
  #answerEcho(packet: InboundPacket): PacketVerdict {
    if (!this.#context.profile.answersEcho) return "icmp-echo-unanswered";
    const { bytes, at, end, source, destination } = packet;
    const isToGroup = isMulticast(destination);
    if (isToGroup && !this.#rateLimit.take()) return "icmp-error-rate-limited";
    const path = this.#user.pathTo(source, isToGroup ? undefined : destination);
    if (typeof path === "string") return path;
    // In fragments may come a little more than may leave.
    if (end - at > path.maxMessage) return "ipv6-too-long";
    const message = path.headroom;
    this.#scratch.set(bytes.subarray(at, end), message);
    icmpv6.writeEcho(this.#scratch, message, icmpv6.ECHO_REPLY, icmpv6.identifier(bytes, at), icmpv6.sequence(bytes, at));
    this.#send(path, message, message + (end - at));
    return "accepted";
  }

  #errorFromWire(packet: InboundPacket, type: number): PacketVerdict {
    const { bytes, at, end, through } = packet;
    if (packet.isBroadcast) return "icmpv6-to-group";
    const malformed = icmpv6.checkQuote(bytes, at, end);
    if (malformed !== undefined) return malformed;
    const code = icmpv6.code(bytes, at);
    const quote = icmpv6.quotedAt(at);
    // On the loopback the packet that came to nothing was between addresses of ours.
    const scope = through?.isLoopback === true ? packet.source.scope || packet.destination.scope : (through?.index ?? 0);
    // An error comes to the address from which the packet was sent.
    ipv6.fillSource(bytes, quote, this.#quotedSource, scope);
    if (!sameAddress(this.#quotedSource, packet.destination)) return "icmpv6-quote-not-ours";
    const mtu = type === icmpv6.PACKET_TOO_BIG ? icmpv6.mtu(bytes, at) : 0;
    return this.deliverError(bytes, quote, end, kindOf(type, code), type, code, keepAddress(packet.source), mtu, scope);
  }

  /** Whether the packet holds an error or a redirect itself, as far as it can be told. */
  #isAboutError(packet: InboundPacket): boolean {
    const { bytes, ipAt, end } = packet;
    if (!extensionHeaders.findTransport(bytes, ipAt, end, this.#quoted)) return false;
    const { protocol, at, isLaterFragment } = this.#quoted;
    return protocol === ipv6.PROTOCOL_ICMP && !isLaterFragment && (at >= end || isErrorOrRedirect(icmpv6.type(bytes, at)));
  }

  /** Checksums and sends the message in the scratch buffer. */
  #send(path: Path, message: number, end: number): void {
    icmpv6.putChecksum(this.#scratch, message, end, path.local, path.remote);
    const result = path.send(ipv6.PROTOCOL_ICMP, this.#scratch, message, end, this.#info);
    if (result === "full") this.#context.drops.count("device-full");
  }
}

const isOfListeners = (type: number): boolean =>
  type === icmpv6.LISTENER_REPORT_V2 || (type >= icmpv6.LISTENER_QUERY && type <= icmpv6.LISTENER_DONE);

const isErrorOrRedirect = (type: number): boolean => icmpv6.isError(type) || type === icmpv6.REDIRECT;

/** What a type and code mean to a transport. Errors of unknown type and code are told too (RFC 4443 §2.4 a), as a problem that says no more. */
function kindOf(type: number, code: number): IcmpErrorKind {
  switch (type) {
    case icmpv6.PACKET_TOO_BIG:
      return "fragmentation-needed";
    case icmpv6.TIME_EXCEEDED:
      return code === icmpv6.REASSEMBLY_TIME_EXCEEDED ? "reassembly-timeout" : "ttl-exceeded";
    case icmpv6.PARAMETER_PROBLEM:
      return code === extensionHeaders.UNKNOWN_NEXT_HEADER ? "protocol-unreachable" : "parameter-problem";
    case icmpv6.DESTINATION_UNREACHABLE:
      switch (code) {
        case icmpv6.PROHIBITED:
        case icmpv6.POLICY_FAILED:
        case icmpv6.ROUTE_REJECTED:
          return "administratively-prohibited";
        case icmpv6.ADDRESS_UNREACHABLE:
          return "host-unreachable";
        case icmpv6.PORT_UNREACHABLE:
          return "port-unreachable";
      }
      return "net-unreachable";
  }
  return "parameter-problem";
}
