import type { Timer } from "../stack/core/timers.ts";
import { type DiscoveredDevice, IrLap, type LapEnd, type LapUser } from "./irlap.ts";
import type { DiscoveryInfo } from "./irlap-frame.ts";
import {
  ACCESS_EXCLUSIVE,
  CONTROL,
  LM_OPCODE,
  LM_REASON,
  LMP_OVERHEAD,
  LSAP_IAS,
  MODE_REFUSED,
  MODE_TAKEN,
  parseLmPdu,
} from "./irlmp-frame.ts";
import type { Transceiver } from "./transceiver.ts";

const FIRST_DYNAMIC = 0x10;
const LAST_DYNAMIC = 0x6f;

/** Connections on one link, and control frames that wait to be sent. */
const MOST_CONNECTIONS = 64;
const MOST_CONTROLS = 128;
/** Two that choose one slot garble each other, and choose anew in the next round. */
const DISCOVERY_ROUNDS = 3;
const MOST_DISCOVERED = 64;
/** A link without connections goes after so long. */
const IDLE_LINK_MS = 2000;

/** Who uses a connection. */
export interface LsapUser {
  lsapConnected(userData: Uint8Array): void;
  /** @param reason of `LM_REASON`, or another one of the peer's */
  lsapDisconnected(reason: number): void;
  lsapData(data: Uint8Array): void;
  nextLsapData(): Uint8Array | undefined;
  /** It takes no more for now; what comes all the same is its own affair. */
  readonly isBusy?: boolean;
  /** What `nextLsapData` gave is in its place: a disconnect now comes after it. */
  lsapTaken?(): void;
  /** The answer to `askExclusive`. */
  exclusiveAnswered?(isTaken: boolean): void;
}

/** Takes connections to a local LSAP. @returns its user, or undefined to refuse */
export type LsapServer = (connection: LsapConnection, userData: Uint8Array) => LsapUser | undefined;

/** Why a connection to a device cannot be asked for now. */
export type LinkRefusal = "media-busy" | "other-device" | "exclusive";

/** A connection between two LSAPs over the one link. */
export class LsapConnection {
  readonly local: number;
  readonly remote: number;
  user: LsapUser | undefined;
  isConfirmed = false;
  isOver = false;
  /** The answer to `askExclusive` is still to come. */
  awaitsExclusive = false;
  readonly #lmp: IrLmp;

  constructor(lmp: IrLmp, local: number, remote: number, user: LsapUser | undefined) {
    this.#lmp = lmp;
    this.local = local;
    this.remote = remote;
    this.user = user;
  }

  get peer(): number {
    return this.#lmp.lap.peer ?? 0;
  }

  /** Most bytes of data in one frame. */
  get dataSize(): number {
    return this.#lmp.lap.dataSize - LMP_OVERHEAD;
  }

  /** There is something for `nextLsapData` to give. */
  kick(): void {
    this.#lmp.lap.kick();
  }

  confirm(userData: Uint8Array): void {
    this.isConfirmed = true;
    this.#lmp.sendControl(this.local, this.remote, LM_OPCODE.confirm, 0, userData);
  }

  askExclusive(): void {
    this.awaitsExclusive = true;
    this.#lmp.sendControl(this.local, this.remote, LM_OPCODE.accessMode, 0, Uint8Array.of(ACCESS_EXCLUSIVE));
  }

  disconnect(reason: number = LM_REASON.userRequest): void {
    if (this.isOver) return;
    this.#lmp.sendControl(this.local, this.remote, LM_OPCODE.disconnect, reason, NOTHING);
    this.#lmp.forget(this);
  }
}

const NOTHING = new Uint8Array(0);

interface WaitingConnect {
  readonly connection: LsapConnection;
  readonly userData: Uint8Array;
}

/** IrLMP of one device: discovery for many users, and many connections on IrLAP's one link. */
export class IrLmp implements LapUser {
  readonly lap: IrLap;
  /** What the last discovery found. */
  discovered: readonly DiscoveredDevice[] = [];
  /** The connection that has the link for itself. */
  exclusive: LsapConnection | undefined;
  readonly #servers = new Map<number, LsapServer>();
  readonly #connections = new Map<number, LsapConnection>();
  readonly #controls: Uint8Array[] = [];
  readonly #found = new Map<number, DiscoveredDevice>();
  #roundsLeft = 0;
  #discoveries: ((devices: readonly DiscoveredDevice[]) => void)[] = [];
  /** Those that go out once there is a link. */
  #waiting: WaitingConnect[] = [];
  /** Where the link is to lead once the one before, or a discovery, is over. */
  #wanted: number | undefined;
  #nextTurn = 0;
  readonly #idle: Timer;
  readonly time: Transceiver["time"];

  constructor(port: Transceiver, id: number, info: DiscoveryInfo) {
    this.time = port.time;
    this.lap = new IrLap(port, id, info, this);
    this.#idle = port.time.timers.timer(
      "irlmp-idle",
      () => `infrared device ${id}`,
      () => {
        if (this.#connections.size === 0) this.lap.disconnect();
      },
    );
  }

  // ---- Discovery ----

  /** `done` hears what is in sight. While a link stands, or others have one, nobody can be asked, and it is what was found before. */
  discover(done: (devices: readonly DiscoveredDevice[]) => void): void {
    if (this.lap.isConnected || this.lap.isMediaBusy) {
      done(this.discovered);
      return;
    }
    this.#discoveries.push(done);
    if (this.lap.isBusy) return;
    this.#beginDiscovery();
  }

  #beginDiscovery(): void {
    this.#roundsLeft = DISCOVERY_ROUNDS;
    this.#found.clear();
    this.lap.discover();
  }

  lapDiscovered(devices: readonly DiscoveredDevice[]): void {
    for (const device of devices) if (this.#found.size < MOST_DISCOVERED) this.#found.set(device.id, device);
    if (--this.#roundsLeft > 0 && this.#wanted === undefined) {
      this.lap.discover();
      return;
    }
    this.discovered = [...this.#found.values()];
    const wanted = this.#wanted;
    this.#tellDiscoveries();
    if (wanted !== undefined) this.#goOn();
  }

  #tellDiscoveries(): void {
    for (const done of this.#discoveries.splice(0)) done(this.discovered);
  }

  // ---- Connections ----

  /** Undefined when a connection to this device can be asked for. */
  refusal(id: number): LinkRefusal | undefined {
    if (this.lap.isMediaBusy) return "media-busy";
    if (this.#connections.size > 0 && (this.#wanted ?? this.lap.peer) !== id) return "other-device";
    return this.exclusive === undefined ? undefined : "exclusive";
  }

  /** Connections on the link, other than this one. */
  others(than?: LsapConnection): number {
    return [...this.#connections.values()].filter((each) => each !== than && each.local !== LSAP_IAS && each.remote !== LSAP_IAS).length;
  }

  /** Look at `refusal` before. @returns undefined when there is no LSAP left */
  connect(id: number, remote: number, userData: Uint8Array, user: LsapUser): LsapConnection | undefined {
    const local = this.freeLsap();
    if (local === undefined || this.#connections.size >= MOST_CONNECTIONS) return undefined;
    const connection = new LsapConnection(this, local, remote, user);
    this.#connections.set(keyOf(local, remote), connection);
    this.#idle.cancel();
    if (this.lap.isConnected && !this.lap.isEnding && this.lap.peer === id && this.#wanted === undefined) {
      this.#sendConnect({ connection, userData });
      return connection;
    }
    this.#waiting.push({ connection, userData });
    this.#wanted = this.lap.isBusy && this.lap.peer === id ? undefined : id;
    if (this.lap.isConnected) this.lap.disconnect();
    else if (!this.lap.isBusy) this.#goOn();
    return connection;
  }

  #goOn(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined && this.#waiting.length > 0) this.lap.connect(wanted);
    else if (this.#discoveries.length > 0) this.#beginDiscovery();
  }

  #sendConnect({ connection, userData }: WaitingConnect): void {
    this.sendControl(connection.local, connection.remote, LM_OPCODE.connect, 0, userData);
  }

  /** Undefined when all are taken. */
  freeLsap(): number | undefined {
    const used = new Set([...this.#connections.values()].map(({ local }) => local));
    for (let lsap = FIRST_DYNAMIC; lsap <= LAST_DYNAMIC; lsap++) if (!used.has(lsap) && !this.#servers.has(lsap)) return lsap;
    return undefined;
  }

  isServed(lsap: number): boolean {
    return this.#servers.has(lsap);
  }

  serve(lsap: number, server: LsapServer): void {
    this.#servers.set(lsap, server);
  }

  unserve(lsap: number): void {
    this.#servers.delete(lsap);
  }

  forget(connection: LsapConnection): void {
    connection.isOver = true;
    this.#waiting = this.#waiting.filter((each) => each.connection !== connection);
    const key = keyOf(connection.local, connection.remote);
    if (this.#connections.get(key) === connection) this.#connections.delete(key);
    if (this.exclusive === connection) this.exclusive = undefined;
    if (this.#connections.size === 0 && this.lap.isConnected) this.#idle.set(IDLE_LINK_MS);
  }

  sendControl(local: number, remote: number, opcode: number, parameter: number, rest: Uint8Array): void {
    if (!this.lap.isConnected || this.#controls.length >= MOST_CONTROLS) return;
    this.#controls.push(Uint8Array.of(CONTROL | remote, local, opcode, parameter, ...rest));
    this.lap.kick();
  }

  // ---- What IrLAP says ----

  lapConnected(): void {
    // Where a link of somebody else's making came between, nobody can be asked.
    this.#tellDiscoveries();
    if (this.#wanted !== undefined && this.#wanted !== this.lap.peer) {
      // Whom this link was for has given up, and what waits is for another device.
      this.lap.disconnect();
      return;
    }
    this.#wanted = undefined;
    for (const each of this.#waiting.splice(0)) this.#sendConnect(each);
    if (this.#connections.size === 0) this.#idle.set(IDLE_LINK_MS);
  }

  lapDisconnected(why: LapEnd): void {
    this.#controls.length = 0;
    this.#idle.cancel();
    // Where a next link is wanted, what waits is for that one.
    if (this.#wanted === undefined) this.#waiting = [];
    const waiting = new Set(this.#waiting.map(({ connection }) => connection));
    const ended = [...this.#connections.values()].filter((each) => !waiting.has(each));
    const reason = why === "no-answer" ? LM_REASON.noLapConnection : LM_REASON.unexpectedLapDisconnect;
    for (const connection of ended) {
      this.forget(connection);
      connection.user?.lsapDisconnected(reason);
    }
    if (!this.lap.isBusy && !this.lap.isConnected) this.#goOn();
  }

  get isBusy(): boolean {
    for (const { user } of this.#connections.values()) if (user?.isBusy === true) return true;
    return false;
  }

  lapData(body: Uint8Array): void {
    const pdu = parseLmPdu(body);
    if (pdu === undefined) return;
    const { destination: local, source: remote, opcode, parameter, rest } = pdu;
    const connection = this.#connections.get(keyOf(local, remote));
    if (opcode === undefined) {
      if (connection?.isConfirmed === true) connection.user?.lsapData(rest);
      else this.sendControl(local, remote, LM_OPCODE.disconnect, LM_REASON.unconnectedLsap, NOTHING);
    } else if (opcode === LM_OPCODE.connect) this.#asked(local, remote, connection, rest);
    else if (connection !== undefined) this.#controlled(connection, opcode, parameter, rest);
  }

  #asked(local: number, remote: number, there: LsapConnection | undefined, userData: Uint8Array): void {
    if (there !== undefined) return;
    const server = this.#servers.get(local);
    const isAllowed = this.exclusive === undefined && this.#connections.size < MOST_CONNECTIONS;
    const connection = new LsapConnection(this, local, remote, undefined);
    if (isAllowed && server !== undefined) {
      this.#connections.set(keyOf(local, remote), connection);
      this.#idle.cancel();
      connection.user = server(connection, userData);
      if (connection.user !== undefined || connection.isOver) return;
      this.forget(connection);
    }
    this.sendControl(local, remote, LM_OPCODE.disconnect, LM_REASON.noLsap, NOTHING);
  }

  #controlled(connection: LsapConnection, opcode: number, parameter: number, rest: Uint8Array): void {
    const { local, remote, user } = connection;
    switch (opcode) {
      case LM_OPCODE.confirm:
        if (connection.isConfirmed) return;
        connection.isConfirmed = true;
        user?.lsapConnected(rest);
        return;
      case LM_OPCODE.disconnect:
        this.forget(connection);
        user?.lsapDisconnected(parameter);
        return;
      case LM_OPCODE.accessMode: {
        const isExclusive = rest[0] === ACCESS_EXCLUSIVE;
        const isTaken = !isExclusive || (this.others(connection) === 0 && (this.exclusive ?? connection) === connection);
        if (isTaken) this.exclusive = isExclusive ? connection : undefined;
        this.sendControl(local, remote, LM_OPCODE.accessConfirm, isTaken ? MODE_TAKEN : MODE_REFUSED, rest.subarray(0, 1));
        return;
      }
      case LM_OPCODE.accessConfirm:
        if (!connection.awaitsExclusive) return;
        connection.awaitsExclusive = false;
        if (parameter === MODE_TAKEN && rest[0] === ACCESS_EXCLUSIVE) this.exclusive = connection;
        user?.exclusiveAnswered?.(parameter === MODE_TAKEN);
        return;
    }
  }

  /** Control first, then each connection in turn. */
  nextLapData(): Uint8Array | undefined {
    const control = this.#controls.shift();
    if (control !== undefined) return control;
    const connections = [...this.#connections.values()];
    for (let i = 0; i < connections.length; i++) {
      const connection = connections[(this.#nextTurn + i) % connections.length]!;
      const data = connection.isConfirmed ? connection.user?.nextLsapData() : undefined;
      if (data === undefined) continue;
      this.#nextTurn = (this.#nextTurn + i + 1) % connections.length;
      const body = new Uint8Array(LMP_OVERHEAD + data.length);
      body[0] = connection.remote;
      body[1] = connection.local;
      body.set(data, LMP_OVERHEAD);
      connection.user?.lsapTaken?.();
      return body;
    }
    return undefined;
  }
}

const keyOf = (local: number, remote: number): number => (local << 7) | remote;
