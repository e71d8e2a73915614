import { below } from "../stack/core/random.ts";
import type { Timer } from "../stack/core/timers.ts";
import {
  BAUD_RATES,
  BROADCAST_ADDRESS,
  DATA_SIZES,
  type DiscoveryInfo,
  FINAL_SLOT,
  type LapFrame,
  type LapFrameKind,
  type LapQos,
  lapFrameBytes,
  lapSetupBody,
  OUR_QOS,
  parseLapFrame,
  parseSetup,
  parseXid,
  xidBody,
} from "./irlap-frame.ts";
import type { Transceiver } from "./transceiver.ts";

export interface DiscoveredDevice extends DiscoveryInfo {
  readonly id: number;
}

/** What lies on IrLAP. */
export interface LapUser {
  /** A link was made, by us or by the peer. */
  lapConnected(): void;
  /** It is over, or was never made. */
  lapDisconnected(why: LapEnd): void;
  lapData(body: Uint8Array): void;
  /** It takes no data for now: the peer is asked to keep it. */
  readonly isBusy: boolean;
  /** The next thing to send, at a moment when it can be sent. */
  nextLapData(): Uint8Array | undefined;
  lapDiscovered(devices: readonly DiscoveredDevice[]): void;
}

/** `no-answer`: there was no link yet; `lost`: nothing was heard for too long; `released`: either side said so. */
export type LapEnd = "no-answer" | "lost" | "released";

type LapState = "ndm" | "discovering" | "setup" | "primary" | "secondary";

/** Outside of a connection (IrLAP, "contention state"). */
const CONTENTION_RATE = 9600;
const SLOTS = 8;
/** As long as an answer takes at that rate. */
const SLOT_MS = 90;
/** Other people's link was heard this lately: the medium is busy. A primary polls within 500 ms. */
const BUSY_MS = 600;
const ANSWER_MS = 500;
const SETUP_ATTEMPTS = 3;
/** The negotiated link disconnect threshold. */
const DISCONNECT_MS = 12_000;
/** A primary with nothing to say asks its secondary this often. */
const IDLE_POLL_MS = 50;
const MAX_TURNAROUND_S = 0.5;
/** What a frame has around its data. */
const FRAME_OVERHEAD = 6;
const SEQUENCE = 8;

interface SentFrame {
  readonly ns: number;
  readonly body: Uint8Array;
}

/** IrLAP of one device: discovery, and one link at a time in normal response mode, as primary or secondary. */
export class IrLap {
  readonly id: number;
  readonly #port: Transceiver;
  readonly #info: DiscoveryInfo;
  readonly #user: LapUser;
  #state: LapState = "ndm";
  #peer = 0;
  #connection = 0;
  #rate = CONTENTION_RATE;
  #dataSize = 64;
  #window = 1;
  #sent: SentFrame[] = [];
  #vs = 0;
  #vr = 0;
  #attempts = 0;
  #lastHeardMs = 0;
  #busyUntilMs = 0;
  #isEnding = false;
  /** RNR came last: it takes no data until RR comes. */
  #isPeerBusy = false;
  /** Something was exchanged in this round: the next follows at once. */
  #isActive = false;
  #slot = 0;
  readonly #found = new Map<number, DiscoveredDevice>();
  /** Somebody else's discovery, and the slot in which we answer it. */
  #answering: { readonly initiator: number; readonly slot: number; isDone: boolean } | undefined;
  /** What comes next when nobody speaks: a slot, a repetition, a poll, the end. */
  readonly #timer: Timer;

  constructor(port: Transceiver, id: number, info: DiscoveryInfo, user: LapUser) {
    this.#port = port;
    this.id = id;
    this.#info = info;
    this.#user = user;
    this.#timer = port.time.timers.timer(
      "irlap",
      () => `infrared device ${id}`,
      () => this.#timedOut(),
    );
  }

  get #nowMs(): number {
    return this.#port.time.now;
  }

  get isConnected(): boolean {
    return this.#state === "primary" || this.#state === "secondary";
  }

  /** A discovery or a connect is under way. */
  get isBusy(): boolean {
    return this.#state === "discovering" || this.#state === "setup";
  }

  /** Others have a link that we hear. */
  get isMediaBusy(): boolean {
    return !this.isConnected && this.#nowMs < this.#busyUntilMs;
  }

  /** The link is up, and will be ended. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** The device at the other end of the link, or of the one that is being made. */
  get peer(): number | undefined {
    return this.isConnected || this.#state === "setup" ? this.#peer : undefined;
  }

  /** Most bytes in one frame. */
  get dataSize(): number {
    return this.#dataSize;
  }

  // ---- Requests ----

  /** In state NDM only. */
  discover(): void {
    this.#state = "discovering";
    this.#slot = 0;
    this.#found.clear();
    this.#sendSlot();
  }

  /** In state NDM only. */
  connect(id: number): void {
    this.#state = "setup";
    this.#peer = id;
    this.#attempts = 0;
    this.#connection = 1 + below(this.#port.time.random, BROADCAST_ADDRESS - 1);
    this.#sendSnrm();
  }

  /** Ends the link when it is our turn. */
  disconnect(): void {
    if (!this.isConnected) return;
    this.#isEnding = true;
    this.kick();
  }

  /** There is something to send. */
  kick(): void {
    if (this.#state !== "primary") return;
    this.#isActive = true;
    // A primary whose timer counts down to an idle poll has the turn.
    if (this.#attempts === 0 && !this.#awaitsFinal) this.#timer.set(0);
  }

  #awaitsFinal = false;

  // ---- Time ----

  #timedOut(): void {
    switch (this.#state) {
      case "discovering":
        if (this.#slot === FINAL_SLOT) {
          this.#state = "ndm";
          this.#user.lapDiscovered([...this.#found.values()]);
        } else this.#sendSlot();
        return;
      case "setup":
        if (this.#attempts >= SETUP_ATTEMPTS) this.#end("no-answer");
        else this.#sendSnrm();
        return;
      case "primary":
        if (this.#nowMs - this.#lastHeardMs >= DISCONNECT_MS) this.#end(this.#isEnding ? "released" : "lost");
        else if (this.#awaitsFinal && (!this.#isEnding || this.#sent.length > 0)) this.#pollAgain();
        else this.#takeTurn();
        return;
      case "secondary":
        this.#end("lost");
        return;
      case "ndm":
        return;
    }
  }

  #end(why: LapEnd): void {
    this.#state = "ndm";
    this.#timer.cancel();
    this.#sent = [];
    this.#rate = CONTENTION_RATE;
    this.#isEnding = false;
    this.#awaitsFinal = false;
    this.#user.lapDisconnected(why);
  }

  // ---- Discovery ----

  #sendSlot(): void {
    const slot = this.#slot < SLOTS ? this.#slot++ : FINAL_SLOT;
    const isLast = slot === FINAL_SLOT;
    if (isLast) this.#slot = FINAL_SLOT;
    const body = xidBody({ source: this.id, destination: 0xffffffff, slots: SLOTS, slot, info: isLast ? this.#info : undefined });
    const endMs = this.#transmit({ address: BROADCAST_ADDRESS, kind: "xidCommand", isCommand: true, isFinal: true, body });
    this.#timer.set(endMs - this.#nowMs + (isLast ? 0 : SLOT_MS));
  }

  #heardXid(frame: LapFrame): void {
    const xid = parseXid(frame.body);
    if (xid === undefined) return;
    if (frame.kind === "xidResponse") {
      if (this.#state !== "discovering" || xid.destination !== this.id || xid.info === undefined || this.#found.size >= SLOTS) return;
      this.#found.set(xid.source, { id: xid.source, ...xid.info });
      return;
    }
    if (this.#state !== "ndm") return;
    if (xid.slot === FINAL_SLOT) {
      this.#answering = undefined;
      return;
    }
    if (this.#answering === undefined || this.#answering.initiator !== xid.source || xid.slot === 0) {
      const left = Math.max(1, xid.slots - xid.slot);
      this.#answering = { initiator: xid.source, slot: xid.slot + below(this.#port.time.random, left), isDone: false };
    }
    if (this.#answering.isDone || this.#answering.slot !== xid.slot) return;
    this.#answering.isDone = true;
    const body = xidBody({ source: this.id, destination: xid.source, slots: xid.slots, slot: xid.slot, info: this.#info });
    this.#transmit({ address: BROADCAST_ADDRESS, kind: "xidResponse", isCommand: false, isFinal: true, body });
  }

  // ---- Making and ending a link ----

  #sendSnrm(): void {
    this.#attempts++;
    const body = lapSetupBody({ source: this.id, destination: this.#peer, connectionAddress: this.#connection, qos: OUR_QOS });
    const endMs = this.#transmit({ address: BROADCAST_ADDRESS, kind: "snrm", isCommand: true, isFinal: true, body });
    this.#timer.set(endMs - this.#nowMs + ANSWER_MS);
  }

  #heardSnrm(frame: LapFrame): void {
    const setup = parseSetup(frame.body, true);
    if (setup === undefined || setup.destination !== this.id) return;
    // One whose UA was lost asks again; two that ask each other at once leave it to the higher address (IrLAP, "SNRM contention").
    const isAgain = this.#state === "secondary" && this.#peer === setup.source && this.#sent.length === 0 && this.#vr === 0;
    const isFree = this.#state === "ndm" || (this.#state === "setup" && this.#peer === setup.source && this.id < setup.source);
    if (!isFree && !isAgain) return;
    const qos = common(setup.qos);
    const body = lapSetupBody({ source: this.id, destination: setup.source, connectionAddress: undefined, qos });
    this.#rate = CONTENTION_RATE;
    this.#connection = setup.connectionAddress!;
    this.#transmit({ address: this.#connection, kind: "ua", isCommand: false, isFinal: true, body });
    this.#begin("secondary", setup.source, qos);
    this.#timer.set(DISCONNECT_MS);
    if (!isAgain) this.#user.lapConnected();
  }

  #begin(state: "primary" | "secondary", peer: number, qos: LapQos): void {
    this.#state = state;
    this.#peer = peer;
    this.#rate = BAUD_RATES[highestBit(qos.baud)] ?? CONTENTION_RATE;
    this.#dataSize = DATA_SIZES[highestBit(qos.dataSize)] ?? 64;
    // No turn is longer than the turnaround time allows.
    const frames = Math.floor(((this.#rate / 10) * MAX_TURNAROUND_S) / (this.#dataSize + FRAME_OVERHEAD));
    this.#window = Math.max(1, Math.min(highestBit(qos.window) + 1, frames));
    this.#sent = [];
    this.#vs = 0;
    this.#vr = 0;
    this.#attempts = 0;
    this.#awaitsFinal = false;
    this.#isEnding = false;
    this.#isPeerBusy = false;
    this.#answering = undefined;
    this.#lastHeardMs = this.#nowMs;
  }

  #heardUa(frame: LapFrame): void {
    if (this.#state === "primary" && this.#isEnding) {
      this.#end("released");
      return;
    }
    const setup = parseSetup(frame.body, false);
    if (this.#state !== "setup" || setup?.source !== this.#peer || setup.destination !== this.id) return;
    this.#begin("primary", this.#peer, common(setup.qos));
    this.#isActive = true;
    this.#timer.set(0);
    this.#user.lapConnected();
  }

  #sendDisc(): void {
    this.#awaitsFinal = true;
    this.#attempts++;
    if (this.#attempts > SETUP_ATTEMPTS) {
      this.#end("released");
      return;
    }
    const endMs = this.#transmit({ address: this.#connection, kind: "disc", isCommand: true, isFinal: true });
    this.#timer.set(endMs - this.#nowMs + ANSWER_MS);
  }

  // ---- Information ----

  heard(bytes: Uint8Array): void {
    const frame = parseLapFrame(bytes);
    if (frame === undefined) return;
    if (frame.kind === "xidCommand" || frame.kind === "xidResponse") {
      this.#heardXid(frame);
    } else if (frame.kind === "snrm") {
      if (parseSetup(frame.body, true)?.destination === this.id) this.#heardSnrm(frame);
      else this.#busyUntilMs = this.#nowMs + BUSY_MS;
    } else if ((this.isConnected || this.#state === "setup") && frame.address === this.#connection) {
      this.#heardInLink(frame);
    } else {
      this.#busyUntilMs = this.#nowMs + BUSY_MS;
    }
  }

  #heardInLink(frame: LapFrame): void {
    if (frame.isCommand === (this.#state !== "secondary")) return;
    switch (frame.kind) {
      case "ua":
        this.#heardUa(frame);
        return;
      case "disc":
        this.#transmit({ address: this.#connection, kind: "ua", isCommand: false, isFinal: true });
        this.#end("released");
        return;
      case "rd":
        this.#isEnding = true;
        this.#sent = [];
        this.#attempts = 0;
        this.#sendDisc();
        return;
      case "dm":
      case "frmr":
        this.#end(this.#state === "setup" ? "no-answer" : "released");
        return;
      case "i":
      case "rr":
      case "rnr":
      case "rej":
        break;
      default:
        return;
    }
    if (!this.isConnected) return;
    this.#lastHeardMs = this.#nowMs;
    if (this.#state === "secondary") this.#timer.set(DISCONNECT_MS);
    this.#acknowledged(frame.nr);
    // One that is busy says so last.
    if (frame.kind !== "i" || frame.isFinal) this.#isPeerBusy = frame.kind === "rnr";
    if (frame.kind === "i" && frame.ns === this.#vr) {
      this.#vr = (this.#vr + 1) % SEQUENCE;
      this.#isActive = true;
      this.#user.lapData(frame.body);
      if (!this.isConnected) return;
    }
    if (!frame.isFinal) return;
    this.#attempts = 0;
    this.#awaitsFinal = false;
    if (this.#state === "secondary") {
      this.#takeTurn();
      return;
    }
    const hasMore = this.#isActive || (this.#sent.length > 0 && !this.#isPeerBusy) || this.#isEnding;
    this.#timer.set(hasMore ? 0 : IDLE_POLL_MS);
    this.#isActive = false;
  }

  #acknowledged(nr: number): void {
    const index = this.#sent.findIndex(({ ns }) => ns === nr);
    // All of it, or as far as the first that is still missing; any other number says nothing.
    if (index >= 0) this.#sent.splice(0, index);
    else if (nr === this.#vs) this.#sent = [];
  }

  /** Our turn: what is there to send, and the end of an ending link once nothing is. */
  #takeTurn(): void {
    // Who was told of the end, does not answer any more, or is busy, gets nothing new.
    if (this.#attempts === 0 && !this.#isPeerBusy) this.#fillWindow();
    if (!this.#isEnding || this.#sent.length > 0) this.#sendRound();
    else if (this.#state === "primary") this.#sendDisc();
    else this.#transmit({ address: this.#connection, kind: "rd", isCommand: false, isFinal: true });
  }

  #fillWindow(): void {
    while (this.#sent.length < this.#window) {
      const body = this.#user.nextLapData();
      if (body === undefined) break;
      this.#sent.push({ ns: this.#vs, body });
      this.#vs = (this.#vs + 1) % SEQUENCE;
    }
  }

  /** What was not acknowledged once more, then what is new; the last frame gives the turn away. */
  #sendRound(): void {
    const isCommand = this.#state === "primary";
    const { isBusy } = this.#user;
    const frames = this.#isPeerBusy ? [] : this.#sent;
    let endMs = 0;
    frames.forEach(({ ns, body }, i) => {
      // One that is busy has that to say last.
      const isFinal = !isBusy && i === frames.length - 1;
      endMs = this.#transmit({ address: this.#connection, kind: "i", isCommand, isFinal, nr: this.#vr, ns, body });
    });
    if (frames.length > 0) this.#isActive = true;
    if (isBusy || frames.length === 0) endMs = this.#sendSupervisory(isBusy ? "rnr" : "rr", isCommand);
    if (isCommand) this.#awaitFinal(endMs);
  }

  #pollAgain(): void {
    this.#attempts++;
    this.#awaitFinal(this.#sendSupervisory(this.#user.isBusy ? "rnr" : "rr", true));
  }

  #awaitFinal(endMs: number): void {
    this.#awaitsFinal = true;
    // The answer may take a turn as long as the longest.
    this.#timer.set(endMs - this.#nowMs + 2 * ANSWER_MS);
  }

  #sendSupervisory(kind: LapFrameKind, isCommand: boolean): number {
    return this.#transmit({ address: this.#connection, kind, isCommand, isFinal: true, nr: this.#vr });
  }

  #transmit(frame: Parameters<typeof lapFrameBytes>[0]): number {
    return this.#port.transmit(lapFrameBytes(frame), this.#rate);
  }
}

const highestBit = (mask: number): number => 31 - Math.clz32(mask);

const common = (theirs: LapQos): LapQos => ({
  baud: theirs.baud & OUR_QOS.baud,
  dataSize: theirs.dataSize & OUR_QOS.dataSize,
  window: theirs.window & OUR_QOS.window,
});
