import type { IpAddress } from "../core/address.ts";
import type { DatagramSendResult } from "../ip/datagram.ts";
import type { IcmpErrorKind } from "../ip/transport.ts";

/** What a UDP endpoint tells its owner; each as far as the owner wants to hear it. */
export interface UdpUser {
  /** A datagram was queued. */
  readable?(): void;
  /** An ICMP error came back for a datagram sent from this endpoint to `remote`. */
  icmpError?(kind: IcmpErrorKind, remote: IpAddress, remotePort: number): void;
  /** The device is gone under the endpoint: nothing will come any more. */
  networkDown?(): void;
}

/** Outcomes of a send over UDP. */
export type UdpSendResult = DatagramSendResult;
