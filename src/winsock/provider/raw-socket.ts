import { IPV4_ANY, IPV4_BROADCAST, type IpAddress, sameAddress } from "../../stack/core/address.ts";
import { specificOf } from "../../stack/core/bound-address.ts";
import type { Overhearing, RawEndpoint, RawUser } from "../../stack/raw/raw-service.ts";
import { AF_INET6, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOCK_RAW } from "../abi/constants.ts";
import { WSAEACCES, WSAEADDRNOTAVAIL, WSAEINVAL } from "../abi/errors.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Owner, SocketContext } from "./socket.ts";
import type { SocketFamily } from "./socket-family.ts";
import { defaultOptions } from "./socket-options.ts";

/** What a datagram and its header come to at most, in either family. */
const LONGEST_DATAGRAM = 65535;

/** A SOCK_RAW socket (Microsoft, "TCP/IP Raw Sockets"): a protocol of IP without a transport between. Who may have one was decided before. */
export class RawSocket extends DatagramSocket<RawEndpoint> implements RawUser {
  override readonly type = SOCK_RAW;
  override readonly protocol: number;

  constructor(owner: Owner, context: SocketContext, family: SocketFamily, protocol: number) {
    const { sendBufferBytes, udpReceiveBufferBytes } = context.host.context.profile;
    super(owner, context, family, context.rawBindings, defaultOptions(sendBufferBytes, udpReceiveBufferBytes));
    this.protocol = protocol;
  }

  /** With IP_HDRINCL the header is the program's, and counts. */
  override get largestMessage(): number {
    return LONGEST_DATAGRAM - (this.options.includesHeader ? 0 : this.family.headerBytes);
  }

  protected override get hasPorts(): boolean {
    return false;
  }

  /** Headers are of one family, whatever IPV6_V6ONLY says. */
  protected override canSpeakTo(address: IpAddress): boolean {
    return this.family.admits(address, true);
  }

  protected override choosePort(): number {
    return 0;
  }

  /** Of TCP, which may not be sent, none is bound (the page's "Limitations"). */
  protected override opened(): number {
    if (this.protocol === IPPROTO_TCP) return WSAEACCES;
    const { bound = this.family.any } = this.binding!;
    const local = sameAddress(bound, IPV4_BROADCAST) ? IPV4_ANY : bound;
    const endpoint = this.context.host.raw.open({ protocol: this.protocol, local, user: this, memberships: this.memberships });
    if (typeof endpoint === "string") return WSAEADDRNOTAVAIL;
    this.endpoint = endpoint;
    this.applyOptions();
    return 0;
  }

  override applyOptions(): void {
    super.applyOptions();
    if (this.endpoint === undefined) return;
    this.endpoint.includesHeader = this.options.includesHeader;
    this.endpoint.checksumAt = this.options.checksumAt;
  }

  protected override sendNow(bytes: Uint8Array, { address }: Endpoint): number {
    const result = this.endpoint!.send(bytes, 0, bytes.length, address);
    switch (result) {
      case "bad-header":
        return WSAEINVAL;
      case "protocol-not-allowed":
        return WSAEACCES;
      default:
        return this.codeOfSend(result);
    }
  }

  get overhearing(): Overhearing | undefined {
    return this.endpoint?.overhearing;
  }

  /**
   * SIO_RCVALL: of IPPROTO_IP, in IPv6 IPPROTO_IPV6, and bound to one address, whose interface is meant.
   * @returns 0 or a WSA code
   */
  overhear(what: Overhearing | undefined): number {
    if (this.protocol !== (this.family.af === AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP)) return WSAEINVAL;
    const { endpoint } = this;
    if (endpoint === undefined || specificOf(endpoint.boundTo) === undefined) return WSAEINVAL;
    return endpoint.overhear(what) ? 0 : WSAEINVAL;
  }
}
