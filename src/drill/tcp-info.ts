import type { TcpState } from "../stack/core/states.ts";
import type { ConnectionStatus } from "../stack/tcp/tcp-user.ts";
import type { SnippetValue } from "./snippet.ts";

/**
 * What TCP_INFO has beside the snapshot that every stack gives. Congestion windows and thresholds are in bytes, counts of what is in flight
 * in packets, times in milliseconds. A field that a snapshot does not have is not provided, which is another thing than 0.
 */
interface DetailedStatus extends ConnectionStatus {
  readonly sndCwndPackets?: number;
  readonly ssthreshPackets?: number;
  readonly deliveredCe?: number;
  readonly busyMs?: number;
  readonly rwndLimitedMs?: number;
  readonly sndbufLimitedMs?: number;
  readonly hasEcn?: boolean;
  readonly ecnSeen?: boolean;
  readonly synDataAcked?: boolean;
}

const STATES: Readonly<Record<TcpState, number>> = {
  ESTABLISHED: 1,
  "SYN-SENT": 2,
  "SYN-RECEIVED": 3,
  "FIN-WAIT-1": 4,
  "FIN-WAIT-2": 5,
  "TIME-WAIT": 6,
  CLOSED: 7,
  "CLOSE-WAIT": 8,
  "LAST-ACK": 9,
  LISTEN: 10,
  CLOSING: 11,
};

const CA_STATES = { open: 0, disorder: 1, cwr: 2, recovery: 3, loss: 4 } as const;
/** A threshold that nothing has set yet. */
const INFINITE_SSTHRESH = 0x7fffffff;
const OPTION = { timestamps: 1, sack: 2, wscale: 4, ecn: 8, ecnSeen: 16, synData: 32 } as const;

const us = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms * 1000));

const packets = (bytes: number, mss: number): number | undefined => (mss === 0 ? undefined : Math.round(bytes / mss));

function options(s: DetailedStatus): number {
  return (
    (s.hasTimestamps ? OPTION.timestamps : 0) |
    (s.sackPermitted ? OPTION.sack : 0) |
    (s.sndWindShift > 0 || s.rcvWindShift > 0 ? OPTION.wscale : 0) |
    (s.hasEcn === true ? OPTION.ecn : 0) |
    (s.ecnSeen === true ? OPTION.ecnSeen : 0) |
    (s.synDataAcked === true ? OPTION.synData : 0)
  );
}

/** Fields of TCP_INFO by name, each from a snapshot; undefined where the snapshot does not tell. */
const FIELDS: Readonly<Record<string, (s: DetailedStatus) => number | undefined>> = {
  tcpi_state: (s) => STATES[s.state],
  tcpi_ca_state: (s) => CA_STATES[s.lossState],
  tcpi_probes: (s) => s.probes,
  tcpi_backoff: (s) => s.backoff,
  tcpi_options: options,
  tcpi_snd_wscale: (s) => s.sndWindShift,
  tcpi_rcv_wscale: (s) => s.rcvWindShift,
  tcpi_rto: (s) => us(s.rtoMs),
  tcpi_snd_mss: (s) => s.mss,
  tcpi_rcv_mss: (s) => s.rcvMss,
  tcpi_advmss: (s) => s.advMss,
  tcpi_unacked: (s) => s.outstandingSegments,
  tcpi_sacked: (s) => s.sackedSegments,
  tcpi_lost: (s) => s.lostSegments,
  tcpi_retrans: (s) => s.resentSegments,
  tcpi_last_data_recv: (s) => Math.round(s.textQuietMs),
  tcpi_rtt: (s) => us(s.srttMs),
  tcpi_rttvar: (s) => us(s.rttvarMs),
  tcpi_min_rtt: (s) => (Number.isFinite(s.minRttMs) ? us(s.minRttMs) : 0xffffffff),
  tcpi_snd_cwnd: (s) => s.sndCwndPackets ?? packets(s.cwnd, s.mss),
  tcpi_snd_ssthresh: (s) => s.ssthreshPackets ?? (s.ssthresh === 0 ? INFINITE_SSTHRESH : packets(s.ssthresh, s.mss)),
  // The degree by which Linux begins, RFC 8985 §6.1.
  tcpi_reordering: (s) => Math.max(3, s.reorderingSegments),
  tcpi_reord_seen: (s) => s.reorderings,
  tcpi_total_retrans: (s) => s.retransmissions,
  // Linux counts the SYN.
  tcpi_delivered: (s) => s.deliveredSegments + (s.state === "SYN-SENT" ? 0 : 1),
  tcpi_delivered_ce: (s) => s.deliveredCe,
  tcpi_bytes_received: (s) => s.bytesReceived,
  tcpi_bytes_sent: (s) => s.bytesSent,
  tcpi_busy_time: (s) => us(s.busyMs),
  tcpi_rwnd_limited: (s) => us(s.rwndLimitedMs),
  tcpi_sndbuf_limited: (s) => us(s.sndbufLimitedMs),
};

/** One field of TCP_INFO. @returns undefined where it is not provided */
export const tcpInfoField = (status: ConnectionStatus, name: string): number | undefined => FIELDS[name]?.(status);

/** Names that every snippet has. */
export const SNIPPET_CONSTANTS: ReadonlyMap<string, SnippetValue> = new Map([
  ["TCP_ESTABLISHED", 1],
  ["TCP_SYN_SENT", 2],
  ["TCP_SYN_RECV", 3],
  ["TCP_FIN_WAIT1", 4],
  ["TCP_FIN_WAIT2", 5],
  ["TCP_TIME_WAIT", 6],
  ["TCP_CLOSE", 7],
  ["TCP_CLOSE_WAIT", 8],
  ["TCP_LAST_ACK", 9],
  ["TCP_LISTEN", 10],
  ["TCP_CLOSING", 11],
  ["TCP_CA_Open", 0],
  ["TCP_CA_Disorder", 1],
  ["TCP_CA_CWR", 2],
  ["TCP_CA_Recovery", 3],
  ["TCP_CA_Loss", 4],
  ["TCPI_OPT_TIMESTAMPS", OPTION.timestamps],
  ["TCPI_OPT_SACK", OPTION.sack],
  ["TCPI_OPT_WSCALE", OPTION.wscale],
  ["TCPI_OPT_ECN", OPTION.ecn],
  ["TCPI_OPT_ECN_SEEN", OPTION.ecnSeen],
  ["TCPI_OPT_SYN_DATA", OPTION.synData],
  ["TCPI_OPT_USEC_TS", 64],
  ["TCPI_OPT_TFO_CHILD", 128],
]);
