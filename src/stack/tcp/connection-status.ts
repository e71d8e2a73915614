import { formatEndpoint } from "../core/address.ts";
import { seqShown } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import { mssOfPath } from "./segment-size.ts";
import { waitStatus } from "./status.ts";
import type { ConnectionStatus } from "./tcp-user.ts";
import { waitOf } from "./wait-reason.ts";

/** STATUS of RFC 9293 §3.9.1.6. */
export function connectionStatus(conn: ControlBlock): ConnectionStatus {
  return {
    id: conn.id,
    state: conn.state,
    local: formatEndpoint(conn.local, conn.localPort),
    remote: formatEndpoint(conn.remote, conn.remotePort),
    sendQueueBytes: conn.sendBuffer.length,
    receiveQueueBytes: conn.readableBytes,
    sndUna: seqShown(conn.sndUna),
    sndNxt: seqShown(conn.sndNxt),
    sndWnd: conn.sndWnd,
    rcvNxt: seqShown(conn.rcvNxt),
    rcvWnd: conn.rcvWnd,
    cwnd: conn.congestion.cwnd,
    ssthresh: Number.isFinite(conn.congestion.ssthresh) ? conn.congestion.ssthresh : 0,
    srttMs: conn.rtt.srttMs,
    rttvarMs: conn.rtt.rttvarMs,
    rtoMs: conn.rtt.timeoutMs,
    mss: conn.sizes.sndMss,
    rcvMss: conn.sizes.rcvMss,
    advMss: mssOfPath(conn),
    minRttMs: conn.rtt.leastMs,
    sndWindShift: conn.sndWindShift,
    rcvWindShift: conn.rcvWindShift,
    hasTimestamps: conn.timestamps !== undefined,
    sackPermitted: conn.sackPermitted,
    probes: conn.probes?.count ?? 0,
    backoff: conn.contact.retries,
    bytesSent: conn.bytesSent,
    bytesReceived: conn.bytesReceived,
    retransmissions: conn.retransmissions,
    lossState: conn.loss.state,
    outstandingSegments: conn.sent.segments,
    sackedSegments: conn.sackPermitted ? conn.sent.sackedSegments : Math.min(conn.loss.dupAcks, conn.sent.segments),
    lostSegments: conn.sent.lostSegments,
    resentSegments: conn.sent.resentSegments,
    deliveredSegments: conn.deliveredSegments,
    reorderings: conn.loss.rack.reorderings,
    reorderingSegments: Math.ceil(conn.loss.rack.reorderingBytes / conn.sizes.sndMss),
    timers: conn.alarms.list().map(({ name, deadlineMs }) => ({ name, inMs: deadlineMs - conn.context.now })),
    quietMs: conn.context.now - Math.max(conn.contact.lastReceivedMs, conn.contact.lastSentMs, conn.opening?.synSentMs ?? 0),
    textQuietMs: conn.context.now - conn.contact.lastTextReceivedMs,
    wait: waitStatus(waitOf(conn), conn.context.now),
  };
}
