import { IPV4_ANY, IPV4_BROADCAST, type IpAddress, sameAddress } from "../../stack/core/address.ts";
import type { IcmpErrorKind } from "../../stack/ip/transport.ts";
import type { UdpEndpoint } from "../../stack/udp/udp-service.ts";
import type { UdpUser } from "../../stack/udp/udp-user.ts";
import { IPPROTO_UDP, SOCK_DGRAM } from "../abi/constants.ts";
import { WSAEADDRINUSE, WSAEADDRNOTAVAIL, WSAECONNRESET, WSAENETRESET } from "../abi/errors.ts";
import type { SendChoices } from "./control-data.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Owner, SocketContext } from "./socket.ts";
import type { SocketFamily } from "./socket-family.ts";
import { defaultOptions } from "./socket-options.ts";

/** ICMP errors that wait to be told by a receive; a flood of them tells nothing new. */
const MAX_PENDING_ERRORS = 16;

/** A SOCK_DGRAM socket over one UDP port. */
export class UdpSocket extends DatagramSocket<UdpEndpoint> implements UdpUser {
  override readonly type = SOCK_DGRAM;
  override readonly protocol = IPPROTO_UDP;

  constructor(owner: Owner, context: SocketContext, family: SocketFamily) {
    const { sendBufferBytes, udpReceiveBufferBytes } = context.host.context.profile;
    super(owner, context, family, context.udpBindings, defaultOptions(sendBufferBytes, udpReceiveBufferBytes));
  }

  override get largestMessage(): number {
    return this.family.largestDatagram;
  }

  protected override choosePort(): number | undefined {
    return this.context.host.udp.choosePort((port) => this.bindings.isFree(port));
  }

  protected override opened(): number {
    const { bound, port } = this.binding!;
    const local = bound !== undefined && sameAddress(bound, IPV4_BROADCAST) ? IPV4_ANY : bound;
    // Who may share the port has been decided by the bindings.
    const { memberships } = this;
    const endpoint = this.context.host.udp.open({ local, localPort: port, user: this, memberships, sharesWith: () => true });
    if (typeof endpoint === "string") return endpoint === "source-not-local" ? WSAEADDRNOTAVAIL : WSAEADDRINUSE;
    this.endpoint = endpoint;
    this.applyOptions();
    return 0;
  }

  override applyOptions(): void {
    super.applyOptions();
    if (this.endpoint !== undefined) this.endpoint.segmentBytes = this.options.segmentBytes;
  }

  protected override applyChoices(choices: SendChoices): void {
    super.applyChoices(choices);
    if (choices.segmentBytes !== undefined) this.endpoint!.segmentBytes = choices.segmentBytes;
  }

  protected override sendNow(bytes: Uint8Array, { address, port }: Endpoint): number {
    return this.codeOfSend(this.endpoint!.send(bytes, 0, bytes.length, address, port));
  }

  // ---- What UDP says (UdpUser) ----

  /** Microsoft, "recvfrom function": an ICMP port unreachable makes a later receive fail, also on a socket that is not connected. */
  icmpError(kind: IcmpErrorKind, remote: IpAddress, remotePort: number): void {
    const code = this.#codeOfIcmp(kind);
    if (code === undefined || this.errors.length >= MAX_PENDING_ERRORS) return;
    const { peer } = this;
    const isFromPeer = peer !== undefined && sameAddress(peer.address, remote) && peer.port === remotePort;
    const reaches = peer === undefined ? this.context.host.context.profile.udpErrorsReachUnconnected : isFromPeer;
    if (!reaches) return;
    this.errors.push(code);
    this.readable();
  }

  /** Undefined for what a program is not told, by itself or since it does not want to be (SIO_UDP_CONNRESET, SIO_UDP_NETRESET). */
  #codeOfIcmp(kind: IcmpErrorKind): number | undefined {
    if (kind === "port-unreachable") return this.options.reportsPortUnreachable ? WSAECONNRESET : undefined;
    return kind === "ttl-exceeded" && this.options.reportsTtlExceeded ? WSAENETRESET : undefined;
  }
}
