import type { Timer } from "../stack/core/timers.ts";
import { askIas, type IasAnswer, IasDatabase, type IasObject, type IasValue, iasText, serveIas } from "./ias.ts";
import type { DiscoveredDevice } from "./irlap.ts";
import { IrLmp, type LinkRefusal } from "./irlmp.ts";
import { LM_REASON } from "./irlmp-frame.ts";
import { type StreamMode, TinyTp, type TinyTpUser } from "./tinytp.ts";
import type { Hearer, Transceiver } from "./transceiver.ts";

/** What a service of a simulated device does with its connections. */
export interface InfraredConversation {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** A service of a simulated device, by the name that programs connect to. */
export interface InfraredServiceSettings {
  readonly name: string;
  /** What its connections lie on: `tinytp` unless said; `irlpt` for a printer, `9wire` for a serial cable. */
  readonly mode?: StreamMode | undefined;
  /** What comes is sent back, and the end is answered with the end. */
  readonly echo?: boolean | undefined;
  /** Bytes came; undefined at the end. Without it, and without `echo`, they are taken and nothing is said. */
  readonly received?: (bytes: Uint8Array | undefined, conversation: InfraredConversation) => void;
}

const echoBack = (bytes: Uint8Array | undefined, conversation: InfraredConversation): void =>
  bytes === undefined ? conversation.close() : conversation.send(bytes);

/** What a device says of itself to who asks its IAS. */
export interface InfraredAttributeSettings {
  readonly class: string;
  readonly attribute: string;
  /** 32 bits, text, or octets. */
  readonly value: number | string | Uint8Array;
}

/** A device as a test or lesson wants it. */
export interface StationSettings {
  readonly id: number;
  /** At most 22 characters, one byte each. */
  readonly name: string;
  readonly services?: readonly InfraredServiceSettings[] | undefined;
  readonly attributes?: readonly InfraredAttributeSettings[] | undefined;
  /** Computer unless said. */
  readonly hints?: number | undefined;
}

/** Why a connection did not come about. */
export type InfraredRefusal = LinkRefusal | "no-answer" | "refused" | "no-lsap";

/** Who connects, or has a connection. */
export interface InfraredUser {
  connected(): void;
  connectFailed(why: InfraredRefusal): void;
  readable(): void;
  writable(): void;
  /** @param isOrderly the peer's own wish */
  ended(isOrderly: boolean): void;
}

/** A name that a device offers. */
export interface InfraredOffer {
  readonly lsap: number;
  withdraw(): void;
}

/** A service that is known by its name, or by its LSAP alone. */
export type ServiceAddress = string | number;

const HINT_COMPUTER = 4;
/** Where a service is, by what its streams lie on. */
const LSAP_ATTRIBUTE = { tinytp: "IrDA:TinyTP:LsapSel", "9wire": "IrDA:TinyTP:LsapSel", irlpt: "IrDA:IrLMP:LsapSel" } as const;
const BUFFER = 2048;
/** A simulated service with more than this to send takes nothing in. */
const MOST_QUEUED = 65_536;
/** For a link, the connection on it, and exclusive mode. */
const CONNECT_MS = 10_000;

/** A connection that is asked for: first the service's LSAP, where it is known by name, then the connection itself. */
export class InfraredCall implements TinyTpUser {
  readonly ttp: TinyTp;
  readonly peer: number;
  user: InfraredUser | undefined;
  #isConnected: boolean;
  #giveUpAsking: (() => void) | undefined;
  #patience: Timer | undefined;

  constructor(peer: number, ttp: TinyTp, isConnected: boolean, user?: InfraredUser) {
    this.peer = peer;
    this.ttp = ttp;
    this.#isConnected = isConnected;
    this.user = user;
    ttp.user = this;
  }

  /** @returns why it cannot be, when that is known at once */
  open(lmp: IrLmp, service: ServiceAddress, isExclusive: boolean): InfraredRefusal | undefined {
    const refusal = lmp.refusal(this.peer) ?? (isExclusive && lmp.others() > 0 ? "exclusive" : undefined);
    if (refusal !== undefined) return refusal;
    if (isExclusive) this.ttp.wantExclusive();
    if (typeof service === "number") return this.#connect(lmp, service);
    this.#giveUpAsking = askIas(lmp, this.peer, service, LSAP_ATTRIBUTE[this.ttp.mode], (answer) => {
      this.#giveUpAsking = undefined;
      const failure = this.#answered(lmp, answer);
      if (failure !== undefined) this.#failed(failure);
    });
    return this.#giveUpAsking === undefined ? "no-lsap" : undefined;
  }

  #answered(lmp: IrLmp, answer: IasAnswer): InfraredRefusal | undefined {
    if (answer === "no-answer") return "no-answer";
    if (typeof answer === "string" || answer.type !== "integer" || answer.value < 1 || answer.value > 0x7f) return "refused";
    return lmp.refusal(this.peer) ?? this.#connect(lmp, answer.value);
  }

  #connect(lmp: IrLmp, lsap: number): InfraredRefusal | undefined {
    this.ttp.connection = lmp.connect(this.peer, lsap, this.ttp.greeting, this.ttp);
    if (this.ttp.connection === undefined) return "no-lsap";
    this.#patience = lmp.time.timers.timer(
      "infrared-connect",
      () => `infrared device ${lmp.lap.id}`,
      () => {
        this.ttp.abort();
        this.#failed("no-answer");
      },
    );
    this.#patience.set(CONNECT_MS);
    return undefined;
  }

  #failed(why: InfraredRefusal): void {
    this.user?.connectFailed(why);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Sends what was written, then ends. */
  close(): void {
    this.#giveUp();
    this.ttp.close();
  }

  abort(): void {
    this.#giveUp();
    this.ttp.abort();
  }

  #giveUp(): void {
    this.#giveUpAsking?.();
    this.#patience?.cancel();
  }

  ttpConnected(): void {
    this.#isConnected = true;
    this.#patience?.cancel();
    this.user?.connected();
  }

  ttpDisconnected(reason: number): void {
    this.#patience?.cancel();
    if (this.#isConnected) this.user?.ended(reason === LM_REASON.userRequest);
    else if (this.ttp.hasExclusiveFailed) this.#failed("exclusive");
    else this.#failed(reason === LM_REASON.noLapConnection || reason === LM_REASON.unexpectedLapDisconnect ? "no-answer" : "refused");
  }

  ttpReadable(): void {
    this.user?.readable();
  }

  ttpWritable(): void {
    this.user?.writable();
  }
}

/** One infrared device: the layers put together. */
export class InfraredStation implements Hearer {
  readonly id: number;
  readonly name: string;
  readonly lmp: IrLmp;
  readonly #database = new IasDatabase();
  readonly #offered = new Set<ServiceAddress>();

  constructor(port: Transceiver, settings: StationSettings) {
    const { id, name, services = [], attributes = [], hints = HINT_COMPUTER } = settings;
    this.id = id;
    this.name = name;
    const nameBytes = Uint8Array.from(name.slice(0, 22), (character) => character.charCodeAt(0));
    this.lmp = new IrLmp(port, id, { hints1: hints & 0x7f, hints2: (hints >>> 8) & 0x7f, charset: 0, name: nameBytes });
    serveIas(this.lmp, this.#database);
    this.setAttribute("Device", "DeviceName", iasText(name));
    this.setAttribute("Device", "IrLMPSupport", { type: "octets", value: Uint8Array.of(1, 0, 0) });
    for (const { class: className, attribute, value } of attributes) this.setAttribute(className, attribute, iasValue(value));
    for (const service of services) this.#simulate(service);
  }

  heard(frame: Uint8Array): void {
    this.lmp.lap.heard(frame);
  }

  discover(done: (devices: readonly DiscoveredDevice[]) => void): void {
    this.lmp.discover(done);
  }

  /** Asks a device for an attribute. @returns why it cannot be asked */
  query(id: number, className: string, attribute: string, done: (answer: IasAnswer) => void): InfraredRefusal | undefined {
    const refusal = this.lmp.refusal(id);
    if (refusal !== undefined) return refusal;
    return askIas(this.lmp, id, className, attribute, done) === undefined ? "no-lsap" : undefined;
  }

  /** @returns the connection that is being asked for, or why it cannot be */
  connect(
    id: number,
    service: ServiceAddress,
    isExclusive: boolean,
    user: InfraredUser,
    mode: StreamMode = "tinytp",
  ): InfraredCall | InfraredRefusal {
    const call = new InfraredCall(id, new TinyTp(mode), false, user);
    return call.open(this.lmp, service, isExclusive) ?? call;
  }

  /** An attribute of ours. @returns what takes it back, or undefined when there are too many */
  setAttribute(className: string, attribute: string, value: IasValue): (() => void) | undefined {
    if (this.#database.isFull) return undefined;
    const object: IasObject = { className, attribute, value };
    this.#database.add(object);
    return () => this.#database.remove(object);
  }

  /**
   * Takes connections to a name, which is told to whoever asks, or to an LSAP, which is not.
   * @param accept is asked about each; one that is not taken is refused
   */
  offer(
    service: ServiceAddress,
    accept: (call: InfraredCall) => boolean,
    mode: StreamMode = "tinytp",
  ): InfraredOffer | "in-use" | "no-lsap" {
    if (this.#offered.has(service)) return "in-use";
    const lsap = typeof service === "number" ? service : this.lmp.freeLsap();
    if (lsap === undefined) return "no-lsap";
    if (this.lmp.isServed(lsap)) return "in-use";
    const attribute =
      typeof service === "number" ? undefined : this.setAttribute(service, LSAP_ATTRIBUTE[mode], { type: "integer", value: lsap });
    if (typeof service === "string" && attribute === undefined) return "no-lsap";
    this.lmp.serve(lsap, (connection, userData) => {
      const ttp = TinyTp.accepted(connection, userData, mode);
      const call = new InfraredCall(connection.peer, ttp, true);
      if (!accept(call)) return undefined;
      connection.confirm(ttp.greeting);
      return ttp;
    });
    this.#offered.add(service);
    return {
      lsap,
      withdraw: () => {
        attribute?.();
        this.#offered.delete(service);
        this.lmp.unserve(lsap);
      },
    };
  }

  #simulate({ name, mode, echo = false, received = echo ? echoBack : undefined }: InfraredServiceSettings): void {
    const accept = (call: InfraredCall): boolean => {
      const { ttp } = call;
      const conversation: InfraredConversation = { send: (bytes) => ttp.write(bytes), close: () => call.close() };
      const buffer = new Uint8Array(BUFFER);
      const take = (limit: number): void => {
        while (ttp.readableBytes > 0 && ttp.sendQueueBytes <= limit) {
          const length = ttp.read(buffer, 0, BUFFER);
          received?.(buffer.slice(0, length), conversation);
        }
      };
      call.user = {
        connected: () => {},
        connectFailed: () => {},
        writable: () => take(MOST_QUEUED),
        readable: () => take(MOST_QUEUED),
        ended: () => {
          take(Number.POSITIVE_INFINITY);
          received?.(undefined, conversation);
        },
      };
      return true;
    };
    this.offer(name, accept, mode);
  }
}

function iasValue(value: number | string | Uint8Array): IasValue {
  if (typeof value === "number") return { type: "integer", value };
  return typeof value === "string" ? iasText(value) : { type: "octets", value };
}
