import { anyLike, type IpAddress, sameAddress } from "../core/address.ts";
import { type BoundAddress, specificOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import { DropCounters } from "../core/drops.ts";
import { type Profile, WINDOWS } from "../core/profile.ts";
import type { Random } from "../core/random.ts";
import { type TimerHolder, TimerQueue, type TimerSubject } from "../core/timers.ts";
import { Trace } from "../core/trace.ts";
import { DhcpClient } from "../dhcp/dhcp-client.ts";
import { DhcpPort } from "../dhcp/dhcp-port.ts";
import type { DhcpClientService, DhcpOptions } from "../dhcp/dhcp-service.ts";
import type { DnsService } from "../dns/dns-service.ts";
import { Resolver } from "../dns/resolver.ts";
import { Ip } from "../ip/ip.ts";
import type { IpService } from "../ip/ip-service.ts";
import { Ipv4 } from "../ip/v4/ipv4.ts";
import { Ipv6 } from "../ip/v6/ipv6.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { LinkDevice } from "../link/link-device.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import { Raw } from "../raw/raw.ts";
import type { RawService } from "../raw/raw-service.ts";
import { Tcp } from "../tcp/tcp.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import { Udp } from "../udp/udp.ts";
import type { UdpService } from "../udp/udp-service.ts";
import { type AttachOptions, type HostOptions, isHostName } from "./host-options.ts";
import { LeaseUse } from "./lease-use.ts";

/** Frames taken from one device before users, timers and the other devices have their turn. */
const FRAMES_PER_ROUND = 256;
/** Rounds in one turn, while loopback and wire keep answering each other. */
const ROUNDS_PER_TURN = 8;

/** Hears of each turn, for whoever records what drives a host. */
export interface TurnObserver {
  turnBegins(nowMs: number): void;
  turnEnded(): void;
}

/**
 * One host, put together: devices below, transports above, and no other contact with the world than the randomness and the devices
 * it is given, and the time that it is told. Whoever drives it calls `turn` when a device is readable, when `nextDeadlineMs` has come
 * and when `onTurnRequested` says so; between turns nothing happens in it.
 *
 * Time stands still in it. The driver owns the clock, and there are two ways in: `turn(nowMs)`, and `enter(nowMs)` before a call or a
 * batch of calls from outside (the provider's, TCP's, UDP's, management's). Everything that happens until the next of either happens
 * at that time: a run is its seed, its profile and what its driver hands in, and replays to the byte. A turn does not look up in the
 * middle: it is bounded (ROUNDS_PER_TURN rounds of FRAMES_PER_ROUND frames a device), and what is left waits for the next turn, with
 * a later time. So a round trip is measured from turn to turn, as fine as the turns are, and is 0 where question and answer fall into
 * one. Only the driver's own waiting asks its clock again, for `nextDeadlineMs` counts from the same origin.
 */
export class Host {
  readonly context: HostContext;
  readonly timers: TimerQueue;
  readonly trace: Trace;
  readonly ip: IpService;
  readonly tcp: TcpService;
  readonly udp: UdpService;
  readonly raw: RawService;
  readonly dns: DnsService;
  /** What it calls itself. */
  readonly name: string;
  /** Called when there is work for a turn that nobody outside can know of: a user wrote, a wire delivered. May be called often. */
  onTurnRequested: (() => void) | undefined;
  /** Undefined when nobody looks. */
  turnObserver: TurnObserver | undefined;
  readonly #own: OwnContext;
  readonly #ip: Ip;
  readonly #tcp: Tcp;
  readonly #udp: Udp;
  readonly #raw: Raw;
  #isRequested = false;
  #isWritable = false;
  #isInTurn = false;
  readonly #dhcpPort: DhcpPort;
  readonly #dhcpClients = new Map<InterfaceService, DhcpClient>();
  readonly #downs = new Set<NetworkInterface>();

  constructor(options: HostOptions) {
    const { name = "tapsock", startMs = 0, random, profile = WINDOWS, rings, onMistake: mistake = rethrow } = options;
    if (!isHostName(name)) {
      throw new RangeError(`Cannot call a host "${name}": expected 1 to 63 letters, digits and hyphens`);
    }
    this.name = name;
    const own = new OwnContext(startMs, { random, profile, mistake, requestTurn: () => this.#requestTurn() });
    const { trace } = own;
    this.#own = own;
    this.context = own;
    this.timers = own.timers;
    this.trace = trace;
    this.timers.observer = {
      timerSet: (timer, holder, delayMs) => {
        if (trace.isOn) trace.emit({ type: "timer-set", timer, ...ownerOf(holder), delayMs });
      },
      timerFired: (timer, holder) => {
        if (trace.isOn) trace.begin({ type: "timer-fired", timer, ...ownerOf(holder) });
      },
      timerCancelled: (timer, holder) => {
        if (trace.isOn) trace.emit({ type: "timer-cancelled", timer, ...ownerOf(holder) });
      },
      timerDone: () => trace.end(undefined),
    };
    this.#ip = new Ip(this.context, { v4: (ip) => new Ipv4(this.context, ip), v6: (ip) => new Ipv6(this.context, ip) });
    this.#ip.listener = {
      writable: () => this.#writable(),
      linkChanged: (through, isUp) => this.#linkChanged(through, isUp),
      addressLeaves: (address) => this.#addressLeaves(address),
      nameServersAdvertised: (through, servers, searchList) =>
        this.dns.configure(`routers on ${through.name}`, { servers: servers.map((address) => ({ address })), searchList }),
    };
    this.#udp = new Udp(this.context, this.#ip);
    this.#raw = new Raw(this.context, this.#ip);
    this.#tcp = new Tcp(this.context, this.#ip, rings);
    this.#dhcpPort = new DhcpPort(this.context, this.#ip, this.#udp);
    // Under the names of their users they have only what is a user's business.
    this.ip = this.#ip;
    this.udp = this.#udp;
    this.raw = this.#raw;
    this.tcp = this.#tcp;
    this.dns = new Resolver(this.context, this.ip, this.udp, this.tcp);
  }

  /** Puts a device to use. A loopback device needs no options: it has 127.0.0.1/8. @throws RangeError for an address that no host can have */
  attach(device: LinkDevice, options?: AttachOptions): InterfaceService {
    const added = this.#ip.addInterface(device);
    if (options?.conflictPolicy !== undefined) this.#ip.setConflictPolicy(added, options.conflictPolicy);
    if (options?.dhcp !== undefined) {
      this.#startDhcp(added, options.dhcp === true ? {} : options.dhcp);
    } else if (options?.address !== undefined) {
      const { address, prefixLength, gateway, detectConflicts = false } = options;
      this.#ip.addAddress(added, address, prefixLength, { detectConflicts });
      if (gateway !== undefined) {
        this.#ip.addRoute({ destination: anyLike(gateway), prefixLength: 0, gateway, interface: added });
      }
    }
    if (options?.ip6 === "auto") {
      const { temporaryAddresses } = options;
      this.#ip.autoconfigure(added, temporaryAddresses === undefined ? {} : { temporaryAddresses });
    }
    return added;
  }

  /** The DHCP client of an interface; undefined where the operator has said the address. */
  dhcpOn(through: InterfaceService): DhcpClientService | undefined {
    return this.#dhcpClients.get(through);
  }

  #startDhcp(through: NetworkInterface, options: DhcpOptions): void {
    const user = new LeaseUse(this.#ip, this.dns, through);
    const client = new DhcpClient({ context: this.context, ip: this.#ip, port: this.#dhcpPort, through, user }, options);
    client.start();
    this.#dhcpClients.set(through, client);
  }

  get devices(): readonly LinkDevice[] {
    return this.#ip.interfaces.map((i) => i.device);
  }

  /** When a timer or housekeeping is due, on the host's time; Infinity when nothing is. */
  get nextDeadlineMs(): number {
    return Math.min(this.timers.nextDeadlineMs, this.#tcp.rings.sweepAtMs);
  }

  /**
   * Frames in, timers, and what follows from both: users are told and everything that is to be sent leaves, once.
   * @param nowMs what time it is, for the whole turn
   * @returns true when work remains and the next turn should come without waiting
   * @throws RangeError when `nowMs` lies before the time of an earlier turn or call
   */
  turn(nowMs: number): boolean {
    this.#own.moveTo(nowMs);
    this.turnObserver?.turnBegins(nowMs);
    this.#isInTurn = true;
    this.trace.beginTurn();
    try {
      const hasMore = this.#rounds();
      if (this.trace.isOn) this.#tcp.tellNews();
      return hasMore;
    } finally {
      this.#isInTurn = false;
      this.trace.endTurn();
      this.turnObserver?.turnEnded();
    }
  }

  /**
   * Says what time it is for the calls that follow, until the next `enter` or `turn`. Within a turn it does nothing: what a user does
   * there belongs to the turn.
   * @throws RangeError as `turn`
   */
  enter(nowMs: number): void {
    if (!this.#isInTurn) this.#own.moveTo(nowMs);
  }

  #rounds(): boolean {
    for (let round = 0; round < ROUNDS_PER_TURN; round++) {
      this.#isRequested = false;
      if (this.#isWritable) {
        this.#isWritable = false;
        this.#tcp.resume();
      }
      let more = this.#ip.receive(FRAMES_PER_ROUND);
      this.timers.runDue();
      this.#tcp.rings.sweepIfDue();
      this.#tellOfLostLinks();
      this.#ip.tellOfWays();
      more = this.#tcp.flush() || more;
      if (!more && !this.#isRequested) return false;
    }
    return true;
  }

  /** Whether segments wait for a device to take frames: whoever polls should ask for writability too. */
  get isBlocked(): boolean {
    return this.#tcp.isBlocked;
  }

  #writable(): void {
    this.#isWritable = true;
    this.#requestTurn();
  }

  #linkChanged(through: NetworkInterface, isUp: boolean): void {
    this.#dhcpClients.get(through)?.linkChanged(isUp);
    if (isUp) this.#downs.delete(through);
    else this.#downs.add(through);
    this.#requestTurn();
  }

  /** Connections from the address are reset, at both ends (RFC 5227 §2.4), and the users of all that is bound to it told. */
  #addressLeaves(address: IpAddress): void {
    const isAffected = (local: BoundAddress): boolean => local !== undefined && sameAddress(local, address);
    this.#tcp.networkDown(isAffected, true);
    this.#udp.networkDown(isAffected);
    this.#raw.networkDown(isAffected);
    this.#requestTurn();
  }

  /**
   * A device that is gone takes what stands on it along, and their users are told. Who is bound to every address is told when no
   * device but the loopback is left. A link that is only down is waited for.
   */
  #tellOfLostLinks(): void {
    for (const down of this.#downs) {
      this.#downs.delete(down);
      if (!down.device.isGone) continue;
      const isCutOff = this.#ip.interfaces.every((i) => i.isLoopback || i.device.isGone);
      const isAffected = (local: BoundAddress): boolean => {
        const one = specificOf(local);
        return one === undefined ? isCutOff : down.isOwn(one);
      };
      this.#tcp.networkDown(isAffected);
      this.#udp.networkDown(isAffected);
      this.#raw.networkDown(isAffected);
    }
  }

  #requestTurn(): void {
    if (this.#isRequested) return;
    this.#isRequested = true;
    // Within a turn nobody needs to be woken: the turn sees the request itself.
    if (!this.#isInTurn) this.onTurnRequested?.();
  }
}

/** As the trace names it: by ids where there are such. */
function ownerOf({ label, subject }: TimerHolder): TimerSubject | { readonly owner: string } {
  const { connection, client, call } = subject;
  if (connection !== undefined) return { connection };
  return client === undefined || call === undefined ? { owner: label } : { client, call };
}

/** What the layers share, as its host holds it: here alone time is moved. A plain field, for it is read several times a segment. */
class OwnContext implements HostContext {
  now: number;
  readonly random: Random;
  readonly profile: Profile;
  readonly timers: TimerQueue;
  readonly trace: Trace;
  readonly drops = new DropCounters();
  readonly mistake: (error: unknown) => void;
  readonly requestTurn: () => void;

  constructor(startMs: number, parts: Pick<HostContext, "random" | "profile" | "mistake" | "requestTurn">) {
    this.now = startMs;
    this.random = parts.random;
    this.profile = parts.profile;
    this.timers = new TimerQueue(this, parts.mistake);
    this.trace = new Trace(this);
    this.mistake = parts.mistake;
    this.requestTurn = parts.requestTurn;
  }

  moveTo(toMs: number): void {
    if (!(toMs >= this.now)) throw new RangeError(`Cannot move the time from ${this.now} ms to ${toMs} ms: it goes forward only`);
    this.now = toMs;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
