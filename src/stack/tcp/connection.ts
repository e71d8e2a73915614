import { seqDiff } from "../core/seq.ts";
import { ALARM } from "./alarm.ts";
import { alarmWentOff } from "./connection-alarms.ts";
import { type ConnectionPicture, pictureOf } from "./connection-news.ts";
import { connectionStatus } from "./connection-status.ts";
import { ControlBlock, headerChoicesOf } from "./control-block.ts";
import { idleTimeChanged, keepAliveChanged } from "./keep-alive.ts";
import type { Loans } from "./loans.ts";
import { NOBODY, NOTICE } from "./notices.ts";
import { connectLimitChanged } from "./opening-alarms.ts";
import { considerWindowUpdate, discard } from "./receiver.ts";
import type { TcpConnection } from "./tcp-service.ts";
import type { ConnectionOptions, ConnectionStatus, WriteEnding } from "./tcp-user.ts";
import { TextCuts } from "./text-cuts.ts";
import { textWritten } from "./text-cutting.ts";
import { urgentWritten } from "./urgent.ts";

/** Queued and unacknowledged bytes that one connection may hold, whatever its user's quota. */
export const SEND_QUEUE_CAP = 256 * 1024 * 1024;

/** A control block with the calls of its user, RFC 9293 §3.9.1. */
export class Connection extends ControlBlock implements TcpConnection {
  get sendQueueBytes(): number {
    return this.sendBuffer.length;
  }

  /**
   * Twice what may be in flight: while one window is on its way the next can be written. The peer's window counts as far open as it has been:
   * it is shut for a moment whenever the peer's program is behind.
   */
  get idealSendBacklog(): number {
    return Math.min(2 * Math.min(this.congestion.cwnd, this.maxSndWnd), this.context.profile.sendBufferMaxBytes);
  }

  write(bytes: Uint8Array, at: number, end: number, ending?: WriteEnding): boolean {
    if (this.finQueued || this.isReleased || this.sendBuffer.length + (end - at) > SEND_QUEUE_CAP) return false;
    this.sendBuffer.append(bytes, at, end);
    if (ending !== undefined || this.textCuts !== undefined) textWritten(this, ending);
    this.owner.wantsOutput(this);
    return true;
  }

  push(): void {
    if (this.isReleased) return;
    this.textCuts ??= new TextCuts();
    this.textCuts.isPushed = true;
    this.owner.wantsOutput(this);
  }

  writeUrgent(bytes: Uint8Array, at: number, end: number): boolean {
    if (!this.write(bytes, at, end)) return false;
    if (end > at) urgentWritten(this);
    return true;
  }

  get urgentApart(): number {
    return this.receiveBuffer.urgent?.apart ?? 0;
  }

  get urgentCount(): number {
    return this.urgent?.count ?? 0;
  }

  get urgentHasReturned(): boolean {
    return this.receiveBuffer.urgent?.hasReturned ?? false;
  }

  get urgentAhead(): number {
    const { receiveBuffer, urgent } = this;
    const last = urgent?.announced ?? receiveBuffer.urgent?.last;
    if (last === undefined) return 0;
    return seqDiff(last, receiveBuffer.unread) + (urgent?.announced === undefined ? 1 : 0);
  }

  get bytesUntilUrgent(): number | undefined {
    const { receiveBuffer } = this;
    const next = receiveBuffer.urgent?.nextInline;
    if (next === undefined) return undefined;
    return receiveBuffer.bytesBefore(next);
  }

  readUrgent(isPeek: boolean): number | undefined {
    return this.receiveBuffer.readUrgent(isPeek);
  }

  read(target: Uint8Array, at: number, end: number): number {
    const count = this.receiveBuffer.read(target, at, end);
    if (count > 0) considerWindowUpdate(this, count);
    return count;
  }

  peek(target: Uint8Array, at: number, end: number, skip = 0): number {
    return this.receiveBuffer.peek(target, at, end, skip);
  }

  lend(most: number, skip: number, loans: Loans): Uint8Array | undefined {
    return this.receiveBuffer.lend(most, skip, loans);
  }

  look(most: number, skip: number): Uint8Array {
    return this.receiveBuffer.look(most, skip);
  }

  /** As `read` for a user that does not want the bytes. */
  discard(count: number): number {
    return discard(this, count);
  }

  shutdownSend(): void {
    if (this.finQueued || this.isReleased) return;
    this.finQueued = true;
    this.owner.finishes(this);
    switch (this.state) {
      case "SYN-SENT":
        this.abort();
        return;
      case "SYN-RECEIVED":
      case "ESTABLISHED":
      case "CLOSE-WAIT":
        // The state changes when the FIN leaves, in sender.ts.
        this.owner.wantsOutput(this);
        return;
      default:
        return;
    }
  }

  shutdownReceive(): void {
    this.receiveShut = true;
    // What stood apart is thrown away with the rest.
    this.receiveBuffer.returnUrgent();
    this.discard(this.readableBytes);
  }

  close(linger: boolean): void {
    if (!linger) this.user = NOBODY;
    this.isOrphan = true;
    if (this.isReleased) {
      this.receiveBuffer.clear();
      return;
    }
    // What its user wrote into a connection that was accepted before its handshake is sent after that (RFC 9293 §3.10.4).
    if (this.state === "SYN-SENT" || (this.state === "SYN-RECEIVED" && !this.isPassive)) {
      this.abort();
      return;
    }
    if (this.readableBytes > 0) {
      this.refuseText();
      return;
    }
    if (!this.owner.orphaned(this)) {
      this.resetPeer();
      this.breakOff("reset");
      return;
    }
    this.shutdownSend();
    if (this.state === "FIN-WAIT-2") this.alarms.set(ALARM.finWait2, this.context.profile.finWait2Ms);
  }

  setOptions(options: Partial<ConnectionOptions>): void {
    const before = this.options;
    this.options = { ...before, ...options };
    const { noDelay, cork, keepAlive, keepAliveIdleMs, maxRetransmissionMs, receiveBufferBytes } = this.options;
    // Only what changed acts: what runs by a value that stays runs on.
    if (receiveBufferBytes !== before.receiveBufferBytes) {
      this.receiveBuffer.limit = this.wantedCapacity();
      considerWindowUpdate(this, 0);
    }
    if (keepAlive !== before.keepAlive) keepAliveChanged(this);
    else if (keepAliveIdleMs !== before.keepAliveIdleMs) idleTimeChanged(this);
    if (this.options.urgentInline) this.#returnUrgent();
    this.headerChoices = headerChoicesOf(this.options);
    if (maxRetransmissionMs !== before.maxRetransmissionMs) connectLimitChanged(this);
    if ((noDelay && !before.noDelay) || (!cork && before.cork)) this.owner.wantsOutput(this);
  }

  /** What was apart until now can be read, and whoever waits for something to read has to hear of it. */
  #returnUrgent(): void {
    const before = this.readableBytes;
    this.receiveBuffer.returnUrgent();
    if (this.readableBytes > before) this.notify(NOTICE.readable);
  }

  get isFastOpen(): boolean {
    return this.opening?.isFast === true;
  }

  get hasTimestamps(): boolean {
    return this.timestamps !== undefined;
  }

  get leastRttMs(): number {
    return this.rtt.leastMs;
  }

  status(): ConnectionStatus {
    return connectionStatus(this);
  }

  picture(): ConnectionPicture {
    return pictureOf(this);
  }

  fired(alarm: number): void {
    if (this.context.trace.isOn) this.owner.touched(this);
    alarmWentOff(this, alarm);
  }
}
