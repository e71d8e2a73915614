/** What a profile's order of SYN options is made of. */
export type SynOption = "mss" | "windowScale" | "sackPermitted" | "timestamps" | "nop";

export type CongestionControlName = "cubic" | "reno";

/**
 * What one ACK of much may add to the window in slow start where nothing is paced: as much as RFC 9406 §4.3 (L) and, after a timeout,
 * RFC 3465 §2.3 allow; or all that it acknowledges.
 */
export type SlowStartBursts = "limited" | "free";

/**
 * Every constant that differs between systems, in one object. `windows` follows Windows 10 22H2 and later, `linux` kernel 6.x,
 * `rfc` the letter of the standards. Times in milliseconds, sizes in bytes. Where a figure is not pinned by public measurement,
 * docs/deviations.md says so.
 */

export interface Profile {
  readonly name: string;

  // IP
  /** Initial TTL, RFC 1122 §3.2.1.7. */
  readonly ttl: number;
  /**
   * Identification (RFC 6864): counted up, for each pair of hosts from a random start, as Windows does; or zero in atomic datagrams, and
   * in others in an order that nobody can foretell.
   */
  readonly ipIdentification: "increment" | "zero";
  /** RFC 1122 §3.2.2.6. */
  readonly answersEcho: boolean;

  // Neighbours
  /** Mean time for which a confirmed neighbour is trusted; drawn between half and one and a half of it (RFC 4861 §6.3.2). */
  readonly neighbourReachableMs: number;
  /** Time that a stale neighbour in use is given for transports to tell that it answers: DELAY_FIRST_PROBE_TIME of RFC 4861 §10. */
  readonly neighbourDelayMs: number;
  /** Between two questions for one neighbour: RetransTimer of RFC 4861 §6.3.2; RFC 1122 §2.3.2.1 wants a second or more. */
  readonly neighbourProbeMs: number;
  /** Questions to everybody, and to the known station alone: MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT of RFC 4861 §10. */
  readonly neighbourMulticastProbes: number;
  readonly neighbourUnicastProbes: number;
  /** IPv6 addresses that change every day stand beside those that stay where an interface autoconfigures itself (RFC 8981). */
  readonly temporaryAddresses: boolean;
  /** What an unresolved next hop does to a connect: nothing (it times out) or a host-unreachable. */
  readonly neighbourFailure: "silent" | "host-unreachable";

  // Opening
  /** Options of a SYN in wire order; RFC 9293 §3.2. */
  readonly synOptions: readonly SynOption[];
  /** Shift we announce, RFC 7323 §2.2. */
  readonly windowScale: number;
  /** Window field of our SYN, unscaled. */
  readonly synWindow: number;
  /** The same of a SYN-ACK, when the peer scales windows and when it does not. Windows: nmap's database, Windows 10 1703. */
  readonly synAckWindow: number;
  readonly synAckWindowUnscaled: number;
  /** A segment with neither SYN, ACK nor RST for a listener: answered by RST, or dropped (RFC 9293 §3.10.7.2, "any other control"). */
  readonly bareSegmentInListen: "rst" | "drop";
  /** A SYN that carries a FIN: answered by RST, or taken as a SYN. */
  readonly synFinInListen: "rst" | "accept";
  /** What the acknowledgment field of an RST without ACK holds: the peer's own, or zero. It means nothing. */
  readonly resetRepeatsAck: boolean;
  /** The same for a SYN-ACK that answers a peer's timestamps, also where our own SYN would not offer them. */
  readonly synOptionsWithTimestamps: readonly SynOption[];
  /** Timeout of the first SYN, RFC 6298 §2.1. */
  readonly initialRtoMs: number;
  readonly maxSynRtoMs: number;
  /** SYNs sent again after the first. */
  readonly synRetries: number;
  /** How many of those come at the initial interval before it doubles. */
  readonly synLinearRetries: number;
  /** Limit of a whole connect attempt, whatever the retries would allow; Infinity for none. */
  readonly connectLimitMs: number;
  /** What an acceptable RST does in SYN-SENT: fail at once (RFC 9293 §3.10.7.3), or send the SYN again while retries are left. */
  readonly rstInSynSent: "fail" | "retry";
  /** Time from such an RST to the next SYN. */
  readonly synRstRetryMs: number;
  /** What an ICMP unreachable does in SYN-SENT: nothing (RFC 1122 §4.2.3.9, soft), or it ends the attempt with its own error, as in Linux. */
  readonly icmpInSynSent: "soft" | "fail";
  readonly synAckRetries: number;
  /**
   * When SYNs are answered by cookies (RFC 4987 §3.6): when a listener has as many half-open connections as it may, always, or never; the
   * oldest of them gives way then. Windows guards itself under attack in a way of its own (SynAttackProtect), of which little is published.
   */
  readonly synCookies: "when-full" | "always" | "never";
  /** A SYN for a full accept queue: answered by RST, or dropped. */
  readonly backlogOverflow: "rst" | "drop";

  // Retransmission
  /** Floor of the timeout, or as in Linux of what is added to SRTT. RFC 6298 §2.4 asks for 1 s. */
  readonly minRtoMs: number;
  readonly minRtoIsOf: "timeout" | "variation";
  readonly maxRtoMs: number;
  /** Times that data is sent again before the connection is given up, RFC 9293 §3.8.3 R2. */
  readonly dataRetries: number;
  /** Duplicate ACKs that start fast retransmit, RFC 5681 §3.2. */
  readonly dupAckThreshold: number;

  /** A retransmission that is lost is a second sign of congestion (RFC 5681 §4.3), or, as for Linux, no further one in this recovery. */
  readonly lostCopyReduces: boolean;
  /** A probe of the tail that nothing was heard of leaves after two round trips, where these take so long at least: RFC 8985 §7. */
  readonly tailLossProbe: boolean;
  readonly tailLossProbeMinSrttMs: number;

  /** A question for room carries the next octet (RFC 9293 §3.8.6.1), or as in Linux nothing but an old number. */
  readonly windowProbe: "octet" | "empty";

  // Sending and acknowledging
  /** RFC 9438 with RFC 9406, or RFC 5681. */
  readonly congestionControl: CongestionControlName;
  readonly slowStartBursts: SlowStartBursts;
  /** Initial congestion window in segments, RFC 6928. */
  readonly initialCwndSegments: number;
  /** Congestion window falls back to the initial one after an idle RTO, RFC 5681 §4.1. */
  readonly cwndRestartAfterIdle: boolean;
  readonly delayedAckMs: number;
  /** Full segments that are acknowledged at once, RFC 9293 §3.8.6.3. */
  readonly ackEverySegments: number;
  /** More text than one full segment is acknowledged at once too, as Linux does it, and not only as much as `ackEverySegments`. */
  readonly ackBeyondOneSegment: boolean;
  /** Segments with text that are acknowledged at once while a stream begins and its user has not answered, as Linux does it; 0 for none. */
  readonly quickAcks: number;
  /** A segment without timestamps where both sides have agreed on them: dropped (RFC 7323 §3.2), or taken, as Linux does it. */
  readonly missingTimestamps: "drop" | "accept";
  /** A send takes the whole buffer once the queue is below its quota, or only what fits. */
  readonly partialSend: boolean;
  /** What Nagle's algorithm lets less than a full segment wait for: anything that is unacknowledged (RFC 9293 §3.7.4), or another such segment alone, after Minshall. */
  readonly nagle: "classic" | "minshall";
  readonly receiveBufferBytes: number;
  /** Auto-tuning may raise the receive buffer to this. */
  readonly receiveBufferMaxBytes: number;
  readonly sendBufferBytes: number;
  /** Dynamic send buffering may raise the send buffer to this. */
  readonly sendBufferMaxBytes: number;

  // Closing
  /** What a reset of text that comes after the user has closed looks like: of the connection's own numbers, or an answer to the segment's, as in Linux. */
  readonly lateTextReset: "own" | "answer";
  readonly timeWaitMs: number;
  readonly finWait2Ms: number;

  // Ports
  /** Dynamic ports, both ends included; RFC 6335 §6. */
  readonly portRange: readonly [number, number];

  // Keepalive, RFC 9293 §3.8.4
  readonly keepAliveIdleMs: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveProbes: number;

  // UDP
  readonly udpReceiveBufferBytes: number;
  /** ICMP errors reach unconnected UDP sockets too. */
  readonly udpErrorsReachUnconnected: boolean;
  /** Connecting to a broadcast address takes SO_BROADCAST, as Microsoft's page for `connect` says; newer Windows lets connect and send pass without. */
  readonly udpBroadcastConnectNeedsOption: boolean;
  /** WSAPoll tells of a connect that failed; before Windows 10 2004 it waited on. */
  readonly pollReportsFailedConnect: boolean;
  /** Whose option says that a host's own datagrams to a group come back: Microsoft's page for IP_MULTICAST_LOOP says the receiver's, BSD the sender's. */
  readonly multicastLoopAt: "sender" | "receiver";
}

export const WINDOWS: Profile = {
  name: "windows",
  ttl: 128,
  ipIdentification: "increment",
  answersEcho: true,
  neighbourReachableMs: 30_000,
  neighbourDelayMs: 5000,
  neighbourProbeMs: 1000,
  neighbourMulticastProbes: 3,
  neighbourUnicastProbes: 3,
  temporaryAddresses: true,
  neighbourFailure: "silent",
  synOptions: ["mss", "nop", "windowScale", "nop", "nop", "sackPermitted"],
  windowScale: 8,
  synWindow: 64240,
  synAckWindow: 65535,
  synAckWindowUnscaled: 65500,
  bareSegmentInListen: "rst",
  synFinInListen: "rst",
  resetRepeatsAck: true,
  synOptionsWithTimestamps: ["mss", "nop", "windowScale", "sackPermitted", "timestamps"],
  initialRtoMs: 1000,
  maxSynRtoMs: 60_000,
  synRetries: 4,
  synLinearRetries: 0,
  connectLimitMs: 21_000,
  rstInSynSent: "retry",
  synRstRetryMs: 500,
  icmpInSynSent: "soft",
  synAckRetries: 2,
  synCookies: "when-full",
  backlogOverflow: "rst",
  minRtoMs: 300,
  minRtoIsOf: "timeout",
  maxRtoMs: 60_000,
  dataRetries: 5,
  dupAckThreshold: 3,
  lostCopyReduces: true,
  windowProbe: "octet",
  tailLossProbe: true,
  tailLossProbeMinSrttMs: 10,
  congestionControl: "cubic",
  slowStartBursts: "limited",
  initialCwndSegments: 10,
  cwndRestartAfterIdle: false,
  delayedAckMs: 40,
  ackEverySegments: 2,
  ackBeyondOneSegment: false,
  quickAcks: 0,
  missingTimestamps: "drop",
  partialSend: false,
  nagle: "classic",
  receiveBufferBytes: 65536,
  receiveBufferMaxBytes: 16 * 1024 * 1024,
  sendBufferBytes: 65536,
  sendBufferMaxBytes: 4 * 1024 * 1024,
  lateTextReset: "own",
  timeWaitMs: 120_000,
  finWait2Ms: 120_000,
  portRange: [49152, 65535],
  keepAliveIdleMs: 7_200_000,
  keepAliveIntervalMs: 1000,
  keepAliveProbes: 10,
  udpReceiveBufferBytes: 65536,
  udpErrorsReachUnconnected: true,
  udpBroadcastConnectNeedsOption: true,
  pollReportsFailedConnect: true,
  multicastLoopAt: "receiver",
};

export const LINUX: Profile = {
  ...WINDOWS,
  name: "linux",
  ttl: 64,
  synAckWindow: 64240,
  synAckWindowUnscaled: 64240,
  bareSegmentInListen: "drop",
  synFinInListen: "accept",
  resetRepeatsAck: false,
  ipIdentification: "zero",
  temporaryAddresses: false,
  neighbourFailure: "host-unreachable",
  synOptions: ["mss", "sackPermitted", "timestamps", "nop", "windowScale"],
  synOptionsWithTimestamps: ["mss", "sackPermitted", "timestamps", "nop", "windowScale"],
  windowScale: 7,
  maxSynRtoMs: 120_000,
  synRetries: 10,
  synLinearRetries: 4,
  connectLimitMs: Number.POSITIVE_INFINITY,
  rstInSynSent: "fail",
  icmpInSynSent: "fail",
  synAckRetries: 5,
  backlogOverflow: "drop",
  minRtoMs: 200,
  minRtoIsOf: "variation",
  maxRtoMs: 120_000,
  dataRetries: 15,
  tailLossProbeMinSrttMs: 0,
  slowStartBursts: "free",
  lostCopyReduces: false,
  windowProbe: "empty",
  cwndRestartAfterIdle: true,
  ackBeyondOneSegment: true,
  quickAcks: 16,
  missingTimestamps: "accept",
  partialSend: true,
  nagle: "minshall",
  receiveBufferBytes: 131_072,
  receiveBufferMaxBytes: 6 * 1024 * 1024,
  lateTextReset: "answer",
  timeWaitMs: 60_000,
  finWait2Ms: 60_000,
  portRange: [32768, 60999],
  keepAliveIntervalMs: 75_000,
  keepAliveProbes: 9,
  udpReceiveBufferBytes: 212_992,
  udpErrorsReachUnconnected: false,
  multicastLoopAt: "sender",
};

export const RFC: Profile = {
  ...WINDOWS,
  name: "rfc",
  ttl: 64,
  synAckWindow: 64240,
  synAckWindowUnscaled: 64240,
  bareSegmentInListen: "drop",
  synFinInListen: "accept",
  resetRepeatsAck: false,
  ipIdentification: "zero",
  neighbourFailure: "host-unreachable",
  synOptions: ["mss", "sackPermitted", "timestamps", "nop", "windowScale"],
  synOptionsWithTimestamps: ["mss", "sackPermitted", "timestamps", "nop", "windowScale"],
  // RFC 9293 §3.8.3: a SYN is tried for at least three minutes.
  synRetries: 7,
  connectLimitMs: Number.POSITIVE_INFINITY,
  rstInSynSent: "fail",
  backlogOverflow: "drop",
  synAckRetries: 5,
  minRtoMs: 1000,
  dataRetries: 15,
  tailLossProbeMinSrttMs: 0,
  congestionControl: "reno",
  cwndRestartAfterIdle: true,
  // RFC 9293 §3.8.6.3: less than half a second.
  delayedAckMs: 200,
  // RFC 9293 §3.4.2: two maximum segment lifetimes of two minutes.
  timeWaitMs: 240_000,
  keepAliveIntervalMs: 75_000,
  udpErrorsReachUnconnected: false,
  multicastLoopAt: "sender",
};

export const PROFILES: ReadonlyMap<string, Profile> = new Map([WINDOWS, LINUX, RFC].map((profile) => [profile.name, profile]));
