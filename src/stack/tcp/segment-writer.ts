import { GSO_NONE, plainFrame } from "../core/frame-info.ts";
import type { SynOption } from "../core/profile.ts";
import { type Seq, seqAdd } from "../core/seq.ts";
import type { HeaderChoices, Path, SendResult } from "../ip/path.ts";
import { FRAME_HEADROOM, MAX_FRAME } from "../link/link-device.ts";
import { PROTOCOL_TCP } from "../packet/ipv4.ts";
import * as tcp from "../packet/tcp.ts";
import {
  MAX_LENGTH as MAX_OPTIONS,
  type SynOptionValues,
  writeFastOpen,
  writeSack,
  writeSynOptions,
  writeTimestamps,
} from "../packet/tcp-options.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { synWindow } from "./handshake.ts";
import { windowToOffer } from "./receiver.ts";
import { SackBlocks } from "./sack-blocks.ts";
import type { Syn } from "./segment.ts";
import { mssOfPath } from "./segment-size.ts";
import { timestampNow } from "./timestamps.ts";
import { urgentPointerAt } from "./urgent.ts";

/** Builds segments in one buffer that is used again for each: header and options are written, text is copied once from the send queue. */
export class SegmentWriter {
  readonly #buffer = new Uint8Array(FRAME_HEADROOM + MAX_FRAME + 64);
  readonly #info = plainFrame();
  readonly #sack = new SackBlocks();

  /** Text of the send queue from `sequence`; more than one MSS becomes a super-segment that the device cuts. */
  data(conn: ControlBlock, flags: number, sequence: Seq, length: number): SendResult {
    const at = conn.path.headroom;
    const options = this.#writeOptions(conn, at + tcp.MIN_HEADER, true);
    const headerBytes = tcp.MIN_HEADER + options;
    conn.sendBuffer.copy(sequence, length, this.#buffer, at + headerBytes);
    return this.#send(conn, at, headerBytes, flags, sequence, conn.rcvNxt, length);
  }

  /** A segment without text: SYN, SYN-ACK, ACK, RST, probe. */
  control(conn: ControlBlock, flags: number, sequence: Seq, acknowledged: Seq): SendResult {
    const at = conn.path.headroom;
    const optionsAt = at + tcp.MIN_HEADER;
    let options = 0;
    if ((flags & tcp.SYN) !== 0) {
      options = this.#writeSynOptions(conn, optionsAt, flags);
    } else {
      options = this.#writeOptions(conn, optionsAt, (flags & tcp.RST) === 0);
    }
    return this.#send(conn, at, tcp.MIN_HEADER + options, flags, sequence, acknowledged, 0);
  }

  /** The first SYN of an active open, with so many bytes of the send queue behind it. */
  syn(conn: ControlBlock, length: number): SendResult {
    const at = conn.path.headroom;
    const headerBytes = tcp.MIN_HEADER + this.#writeSynOptions(conn, at + tcp.MIN_HEADER, tcp.SYN);
    if (length > 0) conn.sendBuffer.copy(seqAdd(conn.iss, 1), length, this.#buffer, at + headerBytes);
    return this.#send(conn, at, headerBytes, tcp.SYN, conn.iss, conn.rcvNxt, length);
  }

  #writeSynOptions(conn: ControlBlock, at: number, flags: number): number {
    const length = writeSynOptions(this.#buffer, at, synOptionOrder(conn, flags), synOptionValues(conn, flags));
    const fastOpen = conn.opening?.fastOpen;
    if (fastOpen === undefined) return length;
    return length + writeFastOpen(this.#buffer, at + length, fastOpen.cookie, fastOpen.isExperimental, MAX_OPTIONS - length);
  }

  /** A SYN-ACK of which nothing is kept here. */
  synAck(
    path: Path,
    syn: Syn,
    sequence: Seq,
    window: number,
    values: SynOptionValues,
    order: readonly SynOption[],
    choices: HeaderChoices | undefined,
  ): SendResult {
    const at = path.headroom;
    const headerBytes = tcp.MIN_HEADER + writeSynOptions(this.#buffer, at + tcp.MIN_HEADER, order, values);
    const { destinationPort, sourcePort } = syn;
    const flags = tcp.SYN | tcp.ACK;
    tcp.writeHeader(this.#buffer, at, destinationPort, sourcePort, sequence, seqAdd(syn.seq, 1), headerBytes, flags, window);
    return this.#finish(path, at, at + headerBytes, 0, headerBytes, choices);
  }

  /** A reset for a segment that belongs to no connection, RFC 9293 §3.10.7.1. */
  reset(path: Path, localPort: number, remotePort: number, sequence: Seq, acknowledged: Seq, flags: number): SendResult {
    const at = path.headroom;
    tcp.writeHeader(this.#buffer, at, localPort, remotePort, sequence, acknowledged, tcp.MIN_HEADER, flags, 0);
    return this.#finish(path, at, at + tcp.MIN_HEADER, 0, tcp.MIN_HEADER, undefined);
  }

  /** An ACK on behalf of a connection that is only remembered, in TIME-WAIT. */
  bareAck(
    path: Path,
    localPort: number,
    remotePort: number,
    sequence: Seq,
    acknowledged: Seq,
    timestamps: readonly [number, number] | undefined,
  ): SendResult {
    const at = path.headroom;
    const headerBytes =
      tcp.MIN_HEADER + (timestamps ? writeTimestamps(this.#buffer, at + tcp.MIN_HEADER, timestamps[0], timestamps[1]) : 0);
    tcp.writeHeader(this.#buffer, at, localPort, remotePort, sequence, acknowledged, headerBytes, tcp.ACK, 0);
    return this.#finish(path, at, at + headerBytes, 0, headerBytes, undefined);
  }

  #send(conn: ControlBlock, at: number, headerBytes: number, flags: number, sequence: Seq, acknowledged: Seq, length: number): SendResult {
    const hasAck = (flags & tcp.ACK) !== 0;
    const isSyn = (flags & tcp.SYN) !== 0;
    const isReset = (flags & tcp.RST) !== 0;
    const urgent = isSyn || isReset ? 0 : urgentPointerAt(conn, sequence);
    const window = isSyn ? synWindow(conn) : isReset ? 0 : windowToOffer(conn) / 2 ** conn.rcvWindShift;
    tcp.writeHeader(
      this.#buffer,
      at,
      conn.localPort,
      conn.remotePort,
      sequence,
      hasAck ? acknowledged : (0 as Seq),
      headerBytes,
      urgent > 0 ? flags | tcp.URG : flags,
      window,
    );
    if (urgent > 0) tcp.setUrgentPointer(this.#buffer, at, urgent);
    const result = this.#finish(
      conn.path,
      at,
      at + headerBytes + length,
      !isSyn && length > conn.sizes.effSndMss ? conn.sizes.effSndMss : 0,
      headerBytes,
      conn.headerChoices,
    );
    if (result === "full") return result;
    if (length > 0 || (flags & tcp.FIN) !== 0) conn.contact.lastSentMs = conn.context.now;
    if (length > 0) conn.quickAcks?.answered(conn.context.now);
    if (hasAck && !isReset) {
      conn.lastAckSent = acknowledged;
      conn.turn.ackNow = false;
      conn.quickAcks?.acknowledged();
      conn.alarms.cancel(ALARM.delayedAck);
    }
    return result;
  }

  /** Checksum and segmentation, by us or left to the device. */
  #finish(path: Path, at: number, end: number, gsoSize: number, headerBytes: number, choices: HeaderChoices | undefined): SendResult {
    const info = this.#info;
    const pseudoHeader = path.pseudoHeaderSum(PROTOCOL_TCP) + (end - at);
    info.checksumStart = 0;
    if (path.offloads.checksum) {
      tcp.putPartialChecksum(this.#buffer, at, pseudoHeader);
      info.checksumOffset = tcp.CHECKSUM_OFFSET;
    } else {
      tcp.putChecksum(this.#buffer, at, end, pseudoHeader);
      info.checksumOffset = 0;
    }
    info.gsoType = gsoSize === 0 ? GSO_NONE : path.gsoType;
    info.gsoSize = gsoSize;
    info.headerLength = gsoSize === 0 ? 0 : headerBytes;
    return path.send(PROTOCOL_TCP, this.#buffer, at, end, info, choices);
  }

  /** What every segment after the handshake carries: timestamps when agreed, SACK blocks while there is a gap. */
  #writeOptions(conn: ControlBlock, at: number, withSack: boolean): number {
    let length = 0;
    if (conn.timestamps !== undefined) length += writeTimestamps(this.#buffer, at, timestampNow(conn), conn.timestamps.recent);
    if (withSack && conn.sackPermitted && (conn.receiveBuffer.outOfOrder.count > 0 || conn.duplicate !== undefined)) {
      this.#sack.gather(conn);
      length += writeSack(this.#buffer, at + length, this.#sack.left, this.#sack.right, this.#sack.count);
    }
    return length;
  }
}

function synOptionOrder(conn: ControlBlock, flags: number): readonly SynOption[] {
  const { profile } = conn.context;
  const hasTimestamps = (flags & tcp.ACK) !== 0 ? conn.timestamps !== undefined : conn.options.timestamps;
  return hasTimestamps ? profile.synOptionsWithTimestamps : profile.synOptions;
}

function synOptionValues(conn: ControlBlock, flags: number): SynOptionValues {
  const { profile } = conn.context;
  const isAnswer = (flags & tcp.ACK) !== 0;
  return {
    mss: mssOfPath(conn),
    // A SYN-ACK offers only what the SYN offered (RFC 7323 §2.2, §3.2; RFC 2018 §2).
    windowScale: !isAnswer || conn.rcvWindShift > 0 ? profile.windowScale : -1,
    sackPermitted: !isAnswer || conn.sackPermitted,
    timestamps: !isAnswer || conn.timestamps !== undefined,
    tsVal: timestampNow(conn),
    tsEcr: isAnswer ? (conn.timestamps?.recent ?? 0) : 0,
  };
}
