import type { IpAddress } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import type { CongestionControlName } from "../core/profile.ts";
import type { TcpState } from "../core/states.ts";
import type { WaitReason } from "../core/wait-reasons.ts";
import type { RouteFailure } from "../ip/path.ts";

export type { TcpState } from "../core/states.ts";

/** Why an active open came to nothing. */
export type ConnectFailure = "refused" | "timed-out" | "host-unreachable" | "net-unreachable" | "network-down";

/** Why a connection that stood is gone. `timed-out`: the peer answered nothing any more. */
export type AbortReason = "reset" | "timed-out" | "network-down";

/** What an ICMP error said about a connect attempt. */
export interface IcmpReport {
  readonly reporter: IpAddress;
  readonly type: number;
  readonly code: number;
}

/** What a connection tells its user, as far as the user wants to hear it. Called in the middle of the stack's work: note it and return; calling back into the connection is allowed, waiting is not. */
export interface TcpUser {
  /** The handshake of an open, or of a request that was accepted, is complete. */
  established?(): void;
  /** @param said the last ICMP error about the attempt, if there was one */
  connectFailed?(reason: ConnectFailure, said?: IcmpReport): void;
  /** Urgent data is announced, or further than it was, or an urgent byte has come in its turn. */
  urgent?(): void;
  /** Data arrived. */
  readable?(): void;
  /** The peer's FIN is next after the data that can be read. */
  endOfStream?(): void;
  /** Bytes were acknowledged, so the send queue is shorter than it was. */
  writable?(): void;
  aborted?(reason: AbortReason): void;
  /** Everything sent, the FIN included, is acknowledged. */
  finished?(): void;
}

/** Per-connection settings that override the profile; times in milliseconds. */
export interface ConnectionOptions {
  /** TCP Fast Open (RFC 7413): what is written before the first SYN leaves may go with it, and may come to the peer's program twice (§6.1). */
  fastOpen: boolean;
  /** TCP_NODELAY. */
  noDelay: boolean;
  /** TCP_CORK: less than a full segment waits for more text, up to a timeout. */
  cork: boolean;
  /** TCP_MAXSEG: text of a segment, either way; undefined for what the path takes. */
  maxSegmentBytes: number | undefined;
  keepAlive: boolean;
  /** SO_OOBINLINE: urgent bytes are read with the stream (RFC 6093 §4); else each stands apart. */
  urgentInline: boolean;
  /** How long a connect attempt or unacknowledged data may wait in all (TCP_MAXRT); undefined for the profile's, Infinity for ever. */
  maxRetransmissionMs: number | undefined;
  /** SO_RCVBUF: bytes of window to offer at most; undefined for the profile's. */
  receiveBufferBytes: number | undefined;
  /** TCP_FAIL_CONNECT_ON_ICMP_ERROR. */
  failConnectOnIcmpError: boolean;
  /** Time to live, or hop limit, of what leaves, 1 to 255; undefined for the profile's. */
  ttl: number | undefined;
  /** In IPv4 the TOS octet of what leaves. */
  trafficClass: number;
  /** Which algorithm governs the window, chosen when the connection is opened; undefined for the profile's. */
  congestionControl: CongestionControlName | undefined;
  /** Timestamps (RFC 7323) are offered although the profile's SYN does not offer them. */
  timestamps: boolean;
  /** TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT; undefined for the profile's. */
  keepAliveIdleMs: number | undefined;
  keepAliveIntervalMs: number | undefined;
  keepAliveProbes: number | undefined;
  /** SIO_TCP_INITIAL_RTO: the timeout of the first SYN, and how often it is sent again; with either no other limit but TCP_MAXRT ends the attempt. */
  initialRtoMs: number | undefined;
  synRetries: number | undefined;
}

const DEFAULT_OPTIONS: Readonly<ConnectionOptions> = {
  fastOpen: false,
  noDelay: false,
  cork: false,
  maxSegmentBytes: undefined,
  keepAlive: false,
  urgentInline: true,
  maxRetransmissionMs: undefined,
  receiveBufferBytes: undefined,
  failConnectOnIcmpError: false,
  congestionControl: undefined,
  timestamps: false,
  ttl: undefined,
  trafficClass: 0,
  keepAliveIdleMs: undefined,
  keepAliveIntervalMs: undefined,
  keepAliveProbes: undefined,
  initialRtoMs: undefined,
  synRetries: undefined,
};

/** Those that the user leaves out are as for everybody. */
export const withDefaults = (options: Partial<ConnectionOptions> | undefined): Readonly<ConnectionOptions> =>
  options === undefined ? DEFAULT_OPTIONS : { ...DEFAULT_OPTIONS, ...options };

export interface OpenRequest {
  readonly remote: IpAddress;
  readonly remotePort: number;
  /** A wildcard or undefined lets IP choose the source address. */
  readonly local?: BoundAddress;
  /** 0 or undefined chooses an ephemeral port. */
  readonly localPort?: number;
  readonly options?: Partial<ConnectionOptions>;
  /** The first bytes of the stream, as if written at once: with the option `fastOpen` they go with the SYN where the peer's cookie is known. */
  readonly firstBytes?: Uint8Array;
  readonly user: TcpUser;
}

/** No local port: all that are not held are in TIME-WAIT towards this destination, or all are held. */
export type PortShortage = "address-in-use" | "no-free-port";

export type OpenFailure = RouteFailure | PortShortage;

export interface ListenRequest {
  /** Undefined listens on every local address of both families, 0.0.0.0 and :: on those of one. */
  readonly local?: BoundAddress;
  readonly localPort: number;
  /** Connections that may wait to be accepted; of a conditional listener requests, the oldest of which gives way to one more. */
  readonly backlog: number;
  /** No SYN is answered before the user accepts its connection, or refuses it (RFC 9293 §3.10.7.2 says what an answer is, and not when). */
  readonly isConditional?: boolean;
  /**
   * Connections that may be open by TCP Fast Open (RFC 7413) before their handshake is over: a SYN's text is then there to be read, and may
   * be there twice (§6.1). 0, or left out, takes none.
   */
  readonly fastOpenQueue?: number;
  readonly options?: Partial<ConnectionOptions>;
  /** A connection waits in the queue. */
  readonly acceptable: () => void;
  /** The device is gone under the listener: nobody can reach it any more. */
  readonly networkDown?: () => void;
}

/** How a write ends: more text comes soon, which what is left of a segment waits for (MSG_MORE), or a record ends, and no segment goes beyond (MSG_EOR). */
export type WriteEnding = "more" | "record";

/** The facts of RFC 9293 §3.9.1.6 STATUS and what `ss -i` shows; JSON-able. */
export interface ConnectionStatus {
  readonly id: number;
  readonly state: TcpState;
  readonly local: string;
  readonly remote: string;
  readonly sendQueueBytes: number;
  readonly receiveQueueBytes: number;
  readonly sndUna: number;
  readonly sndNxt: number;
  readonly sndWnd: number;
  readonly rcvNxt: number;
  readonly rcvWnd: number;
  readonly cwnd: number;
  readonly ssthresh: number;
  readonly srttMs: number;
  readonly rttvarMs: number;
  readonly rtoMs: number;
  readonly mss: number;
  /** Text of the peer's full segments, as it looks, and of the largest that we take from the path. */
  readonly rcvMss: number;
  readonly advMss: number;
  /** The shortest round trip measured; Infinity before the first. */
  readonly minRttMs: number;
  /** What both sides have agreed on: shifts of the windows, timestamps, SACK. */
  readonly sndWindShift: number;
  readonly rcvWindShift: number;
  readonly hasTimestamps: boolean;
  readonly sackPermitted: boolean;
  /** Questions for room since there was some, and timeouts since the peer last acknowledged something. */
  readonly probes: number;
  readonly backoff: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly retransmissions: number;
  /** Where it stands with loss. */
  readonly lossState: "open" | "disorder" | "cwr" | "recovery" | "loss";
  /** Segments that are outstanding; of these reported by SACK or duplicates, taken for lost, and copies in the network. */
  readonly outstandingSegments: number;
  readonly sackedSegments: number;
  readonly lostSegments: number;
  readonly resentSegments: number;
  /** Segments that arrived, as far as is known. */
  readonly deliveredSegments: number;
  /** How often the path was seen to reorder, and over how many segments at most. */
  readonly reorderings: number;
  readonly reorderingSegments: number;
  readonly timers: readonly { readonly name: string; readonly inMs: number }[];
  /** Since it last received a segment, or sent text, a FIN or a SYN. */
  readonly quietMs: number;
  /** Since text came. */
  readonly textQuietMs: number;
  /** Why it is quiet; undefined for a listener. */
  readonly wait: WaitStatus | undefined;
}

/** What a connection waits for, as a word of `WAIT_REASONS` with what the moment knows. */
export interface WaitStatus {
  readonly reason: WaitReason;
  readonly byteCount?: number;
  /** The alarm that ends it if nothing else does, and when. */
  readonly timer?: string;
  readonly inMs?: number;
}
