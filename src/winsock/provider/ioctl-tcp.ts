/** Commands of WSAIoctl about a connection of TCP. */
import type { TcpState } from "../../stack/core/states.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOTCONN } from "../abi/errors.ts";
import * as abi from "../abi/ioctl-structures.ts";
import { sizeof_DWORD } from "../abi/structures.ts";
import * as values from "../abi/values.ts";
import { type IoctlCommand, readDword, refused, returned } from "./ioctl-buffers.ts";
import { isStream } from "./option.ts";

/** SIO_KEEPALIVE_VALS: on with its times in milliseconds, or off; a time of 0 is the system's. */
export const keepaliveValues: IoctlCommand = (socket, { input }) => {
  if (input === null || input.length < abi.sizeof_tcp_keepalive) return refused(WSAEFAULT);
  const { options } = socket;
  options.keepAlive = readDword(input) !== 0;
  if (options.keepAlive) {
    options.keepAliveIdleMs = readDword(input, 4);
    options.keepAliveIntervalMs = readDword(input, 8);
  }
  socket.applyOptions();
  return returned();
};

/** SIO_TCP_INITIAL_RTO, before connect; what is unspecified stays as it was. */
export const setInitialRto: IoctlCommand = (socket, { input }) => {
  if (input === null || input.length < abi.sizeof_TCP_INITIAL_RTO_PARAMETERS) return refused(WSAEFAULT);
  if (isStream(socket) && (socket.isConnecting || socket.isConnected)) return refused(WSAEINVAL);
  const { options, context } = socket;
  const rtt = readDword(input) & 0xffff;
  const retransmissions = input[2]!;
  if (rtt === values.TCP_INITIAL_RTO_DEFAULT_RTT) options.initialRtoMs = undefined;
  // A shorter timeout than data ever has would send all SYNs before any host can answer.
  else if (rtt !== values.TCP_INITIAL_RTO_UNSPECIFIED_RTT) options.initialRtoMs = Math.max(rtt, context.host.context.profile.minRtoMs);
  if (retransmissions === values.TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS) options.synRetries = undefined;
  else if (retransmissions === values.TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS) options.synRetries = 0;
  else if (retransmissions !== values.TCP_INITIAL_RTO_UNSPECIFIED_MAX_SYN_RETRANSMISSIONS) options.synRetries = retransmissions;
  return returned();
};

const STATES: Readonly<Record<TcpState, number>> = {
  CLOSED: values.TCPSTATE_CLOSED,
  LISTEN: values.TCPSTATE_LISTEN,
  "SYN-SENT": values.TCPSTATE_SYN_SENT,
  "SYN-RECEIVED": values.TCPSTATE_SYN_RCVD,
  ESTABLISHED: values.TCPSTATE_ESTABLISHED,
  "FIN-WAIT-1": values.TCPSTATE_FIN_WAIT_1,
  "FIN-WAIT-2": values.TCPSTATE_FIN_WAIT_2,
  "CLOSE-WAIT": values.TCPSTATE_CLOSE_WAIT,
  CLOSING: values.TCPSTATE_CLOSING,
  "LAST-ACK": values.TCPSTATE_LAST_ACK,
  "TIME-WAIT": values.TCPSTATE_TIME_WAIT,
};

const microseconds = (ms: number): number => (Number.isFinite(ms) ? Math.round(ms * 1000) : 0);

/** SIO_TCP_INFO, of which version 0 is known. What this stack does not count is 0. */
export const tcpInfo: IoctlCommand = (socket, { input, room }) => {
  if (input === null || input.length < sizeof_DWORD) return refused(WSAEFAULT);
  if (readDword(input) !== 0) return refused(WSAEINVAL);
  const facts = isStream(socket) ? socket.connectionFacts : undefined;
  const connectedAtMs = isStream(socket) ? socket.connectedAtMs : undefined;
  if (facts === undefined || connectedAtMs === undefined) return refused(WSAENOTCONN);
  if (room < abi.sizeof_TCP_INFO_v0) return refused(WSAEFAULT);
  const status = facts.status();
  const info: abi.TCP_INFO_v0 = {
    State: STATES[status.state],
    Mss: status.mss,
    ConnectionTimeMs: Math.floor(socket.context.host.context.now - connectedAtMs),
    TimestampsEnabled: Number(facts.hasTimestamps),
    RttUs: microseconds(status.srttMs),
    MinRttUs: microseconds(facts.leastRttMs),
    BytesInFlight: (status.sndNxt - status.sndUna) >>> 0,
    Cwnd: status.cwnd,
    SndWnd: status.sndWnd,
    RcvWnd: status.rcvWnd,
    RcvBuf: socket.options.receiveBufferBytes,
    BytesOut: status.bytesSent,
    BytesIn: status.bytesReceived,
    BytesReordered: 0,
    BytesRetrans: 0,
    FastRetrans: 0,
    DupAcksIn: 0,
    TimeoutEpisodes: 0,
    SynRetrans: 0,
  };
  return returned(abi.tcpInfoBytes(info));
};
