import { seqAdd } from "../core/seq.ts";
import type { Timer, TimerSubject } from "../core/timers.ts";
import { ACK, SYN } from "../packet/tcp.ts";
import type { Connection } from "./connection.ts";
import { assumeAllLost } from "./recovery.ts";
import { sendProbe } from "./sender.ts";

/** Tries for what nobody owns any more and the peer's window holds back: some five minutes (CVE-2008-4609; Linux has tcp_orphan_retries). */
const ORPHAN_TRIES = 12;

/**
 * Everything that time does to a connection. Each alarm has the name that the trace and `ss` show; those that most connections
 * never need are made when they are first asked for.
 */
export class ConnectionTimers {
  readonly #conn: Connection;
  readonly #subject: TimerSubject;
  /** Unanswered SYN, SYN-ACK, text or FIN: RFC 6298 §5. */
  readonly retransmission: Timer;
  readonly delayedAck: Timer;
  #persist: Timer | undefined;
  #connectLimit: Timer | undefined;
  #resetRetry: Timer | undefined;
  #keepAlive: Timer | undefined;
  #finWait2: Timer | undefined;
  #probes = 0;
  /** The last probe of the window has left the host. */
  #hasProbed = true;
  #oldConnectionReset = false;
  #keepAliveProbes = 0;
  #keepAliveProbedMs = 0;

  constructor(conn: Connection) {
    this.#conn = conn;
    this.#subject = { connection: conn.id };
    this.retransmission = this.#timer("retransmission", () => this.#retransmissionTimeout());
    this.delayedAck = this.#timer("delayed-ack", () => {
      conn.ackNow = true;
      conn.owner.wantsOutput(conn);
    });
  }

  /** RFC 9293 §3.8.6.1. */
  get persist(): Timer {
    this.#persist ??= this.#timer("persist", () => this.#persistTimeout());
    return this.#persist;
  }

  /** An orphan does not wait for the peer's FIN for ever. */
  get finWait2(): Timer {
    this.#finWait2 ??= this.#timer("fin-wait-2", () => this.#conn.release());
    return this.#finWait2;
  }

  pending(): { name: string; inMs: number }[] {
    const now = this.#conn.context.now;
    return this.#all()
      .filter((timer) => timer.isPending)
      .map((timer) => ({ name: timer.name, inMs: timer.deadlineMs - now }));
  }

  cancelAll(): void {
    for (const timer of this.#all()) timer.cancel();
  }

  // Opening

  /** The first SYN has left. */
  synSent(): void {
    const conn = this.#conn;
    conn.timedAtMs = conn.context.now;
    this.retransmission.set(this.#synTimeout());
    this.limitChanged();
  }

  /** The SYN-ACK has left. */
  synAckSent(): void {
    const conn = this.#conn;
    conn.timedAtMs = conn.context.now;
    conn.timedSeq = conn.sndNxt;
    this.retransmission.set(conn.rtt.timeoutMs);
  }

  simultaneousOpen(): void {
    this.#conn.retries = 0;
    this.#resetRetry?.cancel();
    this.retransmission.set(this.#conn.rtt.timeoutMs);
  }

  handshakeDone(): void {
    this.retransmission.cancel();
    this.#connectLimit?.cancel();
    this.#resetRetry?.cancel();
  }

  /** TCP_MAXRT, or the profile's limit of a whole connect attempt. */
  limitChanged(): void {
    const conn = this.#conn;
    if (conn.state !== "SYN-SENT" && conn.state !== "SYN-RECEIVED") return;
    const limitMs = conn.options.maxRetransmissionMs ?? conn.context.profile.connectLimitMs;
    if (!Number.isFinite(limitMs) || conn.isPassive) {
      this.#connectLimit?.cancel();
      return;
    }
    this.#connectLimit ??= this.#timer("connect-limit", () => this.#conn.fail("timed-out"));
    this.#connectLimit.set(limitMs);
  }

  /** The SYN was refused, and the profile lets it be tried again. */
  retryAfterReset(delayMs: number): void {
    this.retransmission.cancel();
    this.#resetRetry ??= this.#timer("syn-after-reset", () => this.synAgain());
    if (!this.#resetRetry.isPending) this.#resetRetry.set(delayMs);
  }

  /** What the peer still had of an old connection is reset: the SYN follows, once in a timeout, so that a peer that answers each alike makes no loop. */
  synAfterOldConnection(): void {
    const conn = this.#conn;
    if (this.#oldConnectionReset || !this.retransmission.isPending) return;
    this.#oldConnectionReset = true;
    conn.synRetransmitted = true;
    conn.retransmissions++;
    conn.owner.emitControl(conn, SYN, conn.iss, conn.rcvNxt);
  }

  /** Sends SYN or SYN-ACK again. */
  synAgain(): void {
    const conn = this.#conn;
    this.#oldConnectionReset = false;
    const flags = conn.state === "SYN-SENT" ? SYN : SYN | ACK;
    conn.synDue = false;
    conn.retries++;
    if (conn.listener?.isPressed && !conn.awaitsRoom) {
      this.retransmission.set(this.#synTimeout());
      return;
    }
    conn.retransmissions++;
    conn.synTried(conn.owner.emitControl(conn, flags, conn.iss, conn.rcvNxt));
    this.retransmission.set(this.#synTimeout());
  }

  #synTimeout(): number {
    const { profile } = this.#conn.context;
    const linear = this.#conn.state === "SYN-SENT" ? profile.synLinearRetries : 0;
    const doublings = Math.max(0, this.#conn.retries - linear);
    return Math.min(profile.maxSynRtoMs, profile.initialRtoMs * 2 ** Math.min(doublings, 20));
  }

  // Retransmission

  #retransmissionTimeout(): void {
    const conn = this.#conn;
    const { profile } = conn.context;
    if (conn.state === "SYN-SENT") {
      // The limit of the whole attempt, where there is one, decides when to give up; without it the retries do. A limit that the
      // user set (TCP_MAXRT, which may be for ever) is tried to its end.
      if (conn.retries < profile.synRetries || conn.options.maxRetransmissionMs !== undefined) this.synAgain();
      else if (this.#connectLimit?.isPending !== true) conn.fail("timed-out");
      return;
    }
    if (conn.state === "SYN-RECEIVED") {
      if (conn.retries < profile.synAckRetries) this.synAgain();
      else if (conn.isPassive) conn.release();
      else conn.fail("timed-out");
      return;
    }
    if (conn.flight === 0) return;
    if (conn.recovery === "timeout" && conn.retransmitAtOnce) {
      // The device has not taken the last try yet, so that there is nothing to conclude from silence.
      this.retransmission.set(conn.rtt.timeoutMs);
      return;
    }
    // A peer that shut its window over what is in flight, and says so each time, lives: these are probes now (RFC 9293 §3.8.6 SHLD-17).
    const isProbe = conn.sndWnd === 0 && this.#isAnswered && !(conn.isOrphan && conn.rtt.backoffs >= ORPHAN_TRIES);
    const now = conn.context.now;
    if (conn.retries === 0) conn.troubleSinceMs = now - conn.rtt.timeoutMs;
    if (isProbe) {
      conn.retries = Math.min(conn.retries, 1);
      conn.troubleSinceMs = now;
    }
    const limitMs = conn.options.maxRetransmissionMs;
    const isOver = limitMs === undefined ? conn.retries >= profile.dataRetries : now - conn.troubleSinceMs >= limitMs;
    if (isOver) {
      conn.breakOff("timed-out");
      return;
    }
    conn.retries++;
    conn.rtt.backOff();
    assumeAllLost(conn);
    const leftMs = limitMs === undefined ? Number.POSITIVE_INFINITY : conn.troubleSinceMs + limitMs - now;
    this.retransmission.set(Math.min(conn.rtt.timeoutMs, leftMs));
    conn.owner.wantsOutput(conn);
  }

  /** The peer was heard since the last try. */
  get #isAnswered(): boolean {
    return this.#conn.lastReceivedMs >= this.#conn.lastSentMs;
  }

  // Zero window

  /** There is something to send and the window holds nothing of it. */
  armPersist(): void {
    if (this.persist.isPending || this.retransmission.isPending) return;
    this.persist.set(this.#persistDelay());
  }

  windowGrew(wasShut: boolean): void {
    const conn = this.#conn;
    this.#probes = 0;
    this.#persist?.cancel();
    if (!wasShut) return;
    // Tries that only asked for the window say nothing about the path.
    conn.retries = 0;
    conn.rtt.forgetBackOff();
    if (conn.flight > 0) this.retransmission.set(conn.rtt.timeoutMs);
  }

  /** RFC 9293 §3.8.6.1: the first after one timeout, then at doubling intervals. */
  #persistDelay(): number {
    const { rtt, context } = this.#conn;
    return Math.min(60_000, Math.max(context.profile.minRtoMs, rtt.rtoMs) * 2 ** Math.min(this.#probes, 10));
  }

  #persistTimeout(): void {
    const conn = this.#conn;
    // What waited was sent meanwhile: the retransmission timer watches it.
    if (conn.flight > 0 || conn.unsentBytes === 0) return;
    // A connection whose probes are answered is kept open for ever (MUST-37), unless nobody owns it.
    if (this.#hasProbed) conn.retries = this.#isAnswered ? 0 : conn.retries + 1;
    if (conn.retries >= conn.context.profile.dataRetries || (conn.isOrphan && this.#probes >= ORPHAN_TRIES)) {
      conn.breakOff("timed-out");
      return;
    }
    this.#hasProbed = sendProbe(conn);
    if (this.#hasProbed) this.#probes++;
    if (conn.flight > 0) this.#probes = 0;
    else this.persist.set(this.#persistDelay());
  }

  // Keepalive, RFC 9293 §3.8.4

  keepAliveChanged(): void {
    const conn = this.#conn;
    this.#keepAliveProbes = 0;
    if (!conn.options.keepAlive) {
      this.#keepAlive?.cancel();
      return;
    }
    if (conn.state === "CLOSED" || conn.state === "SYN-SENT" || conn.state === "SYN-RECEIVED") return;
    this.#keepAlive ??= this.#timer("keep-alive", () => this.#keepAliveTimeout());
    this.#keepAlive.set(conn.context.profile.keepAliveIdleMs);
  }

  #keepAliveTimeout(): void {
    const conn = this.#conn;
    const { profile, now } = conn.context;
    // While anything waits to be acknowledged or for the window, its own timers judge the peer, and no probe leaves (MUST-26, MUST-29).
    if (conn.flight > 0 || conn.unsentBytes > 0) {
      this.#keepAliveProbes = 0;
      this.#keepAlive?.set(profile.keepAliveIdleMs);
      return;
    }
    // Anything heard since the last probe, or while none was sent yet, starts the idle time again.
    const quietMs = now - conn.lastReceivedMs;
    const isAnswered = this.#keepAliveProbes > 0 && conn.lastReceivedMs >= this.#keepAliveProbedMs;
    if (isAnswered || (this.#keepAliveProbes === 0 && quietMs < profile.keepAliveIdleMs)) {
      this.#keepAliveProbes = 0;
      this.#keepAlive?.set(profile.keepAliveIdleMs - quietMs);
      return;
    }
    if (this.#keepAliveProbes >= profile.keepAliveProbes) {
      conn.breakOff("timed-out");
      return;
    }
    this.#keepAliveProbes++;
    this.#keepAliveProbedMs = now;
    // An old sequence number makes the peer answer with where it stands.
    conn.owner.emitControl(conn, ACK, seqAdd(conn.sndUna, -1), conn.rcvNxt);
    this.#keepAlive?.set(profile.keepAliveIntervalMs);
  }

  // Measurement

  sampleRtt(rttMs: number): void {
    const conn = this.#conn;
    conn.rtt.sample(Math.max(0, rttMs));
    const { trace } = conn.context;
    if (!trace.isOn) return;
    const { srttMs, rtoMs } = conn.rtt;
    trace.emit({ type: "rtt-sampled", connection: conn.id, rttMs, srttMs, rtoMs });
  }

  /** @param tsEcr our own TSval, echoed (RFC 7323 §4); it ticks in milliseconds */
  sampleTimestamp(tsEcr: number): void {
    const rttMs = (timestampNow(this.#conn) - tsEcr) | 0;
    if (rttMs >= 0 && rttMs < 600_000) this.sampleRtt(rttMs);
  }

  #timer(name: string, fire: () => void): Timer {
    return this.#conn.context.timers.timer(name, () => this.#conn.label, fire, this.#subject);
  }

  #all(): Timer[] {
    return [
      this.retransmission,
      this.delayedAck,
      this.#persist,
      this.#connectLimit,
      this.#resetRetry,
      this.#keepAlive,
      this.#finWait2,
    ].filter((timer) => timer !== undefined);
  }
}

/** Our TSval: milliseconds from an origin that differs for each connection (RFC 7323 §5.4 and §7.1). */
export const timestampNow = (conn: Connection): number => (Math.floor(conn.context.now) + conn.tsOffset) | 0;
