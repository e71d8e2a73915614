import type { IpAddress } from "../core/address.ts";
import type { IcmpErrorKind } from "../ip/transport.ts";

export interface Datagram {
  readonly from: IpAddress;
  readonly fromPort: number;
  /** To which of our addresses (or broadcast) it was sent. */
  readonly to: IpAddress;
  readonly payload: Uint8Array;
}

/** What a UDP endpoint tells its owner; each as far as the owner wants to hear it. */
export interface UdpUser {
  /** A datagram was queued. */
  readable?(): void;
  /** An ICMP error came back for a datagram sent from this endpoint to `remote`. */
  icmpError?(kind: IcmpErrorKind, remote: IpAddress, remotePort: number): void;
  /** The device is gone under the endpoint: nothing will come any more. */
  networkDown?(): void;
}

/** Outcomes of a UDP send; `queued` and `sent` are both success for the caller (RFC 768 promises no more). */
export type UdpSendResult = "sent" | "queued" | "full" | "dropped" | "no-route" | "source-not-local" | "interface-down" | "too-long";
