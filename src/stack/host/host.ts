import { type IpAddress, ipv4 } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import { DropCounters } from "../core/drops.ts";
import { WINDOWS } from "../core/profile.ts";
import { TimerQueue } from "../core/timers.ts";
import { Trace } from "../core/trace.ts";
import { Ip } from "../ip/ip.ts";
import type { IpService } from "../ip/ip-service.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { LinkDevice } from "../link/link-device.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import { Tcp } from "../tcp/tcp.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import { Udp } from "../udp/udp.ts";
import type { UdpService } from "../udp/udp-service.ts";
import type { AttachOptions, HostOptions } from "./host-options.ts";

/** Frames taken from one device before users, timers and the other devices have their turn. */
const FRAMES_PER_ROUND = 256;
/** Rounds in one turn, while loopback and wire keep answering each other. */
const ROUNDS_PER_TURN = 8;

/**
 * One host, put together: devices below, transports above, and no other contact with the world than the clock, the randomness and
 * the devices it is given. Whoever drives it calls `turn` when a device is readable, when `nextDeadlineMs` has come and when
 * `onTurnRequested` says so; between turns nothing happens in it.
 */
export class Host {
  readonly context: HostContext;
  readonly timers: TimerQueue;
  readonly trace: Trace;
  readonly ip: IpService;
  readonly tcp: TcpService;
  readonly udp: UdpService;
  /** Called when there is work for a turn that nobody outside can know of: a user wrote, a wire delivered. May be called often. */
  onTurnRequested: (() => void) | undefined;
  readonly #ip: Ip;
  readonly #tcp: Tcp;
  readonly #udp: Udp;
  #isRequested = false;
  #isWritable = false;
  #isInTurn = false;
  readonly #downs = new Set<NetworkInterface>();

  constructor(options: HostOptions) {
    const { clock, random, profile = WINDOWS, trace = new Trace(), rings, onMistake: mistake = rethrow } = options;
    this.timers = new TimerQueue(clock, mistake);
    this.trace = trace;
    this.context = {
      clock,
      random,
      profile,
      timers: this.timers,
      trace,
      drops: new DropCounters(),
      mistake,
      requestTurn: () => this.#requestTurn(),
    };
    this.timers.observer = {
      timerSet: (timer, delayMs) => {
        if (trace.isOn) trace.emit({ type: "timer-set", atMs: clock.now(), owner: timer.owner(), timer: timer.name, delayMs });
      },
      timerFired: (timer) => {
        if (trace.isOn) trace.emit({ type: "timer-fired", atMs: clock.now(), owner: timer.owner(), timer: timer.name });
      },
    };
    this.#ip = new Ip(this.context);
    this.#ip.listener = {
      writable: () => this.#writable(),
      linkChanged: (through, isUp) => this.#linkChanged(through, isUp),
    };
    this.#udp = new Udp(this.context, this.#ip);
    this.#tcp = new Tcp(this.context, this.#ip, rings);
    // Under the names of their users they have only what is a user's business.
    this.ip = this.#ip;
    this.udp = this.#udp;
    this.tcp = this.#tcp;
  }

  /** Puts a device to use. A loopback device needs no options: it has 127.0.0.1/8. @throws RangeError for an address that no host can have */
  attach(device: LinkDevice, options?: AttachOptions): InterfaceService {
    const added = this.#ip.addInterface(device);
    if (options !== undefined) {
      this.#ip.addAddress(added, options.address, options.prefixLength);
      if (options.gateway !== undefined) {
        this.#ip.addRoute({ destination: ipv4(0), prefixLength: 0, gateway: options.gateway, interface: added });
      }
    }
    return added;
  }

  get devices(): readonly LinkDevice[] {
    return this.#ip.interfaces.map((i) => i.device);
  }

  /** When a timer or housekeeping is due, on the host's clock; Infinity when nothing is. */
  get nextDeadlineMs(): number {
    return Math.min(this.timers.nextDeadlineMs, this.#tcp.rings.sweepAtMs);
  }

  /**
   * Frames in, timers, and what follows from both: users are told and everything that is to be sent leaves, once.
   * @returns true when work remains and the next turn should come without waiting
   */
  turn(): boolean {
    this.#isInTurn = true;
    try {
      return this.#rounds();
    } finally {
      this.#isInTurn = false;
    }
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
    if (isUp) this.#downs.delete(through);
    else this.#downs.add(through);
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
      const isAffected = (local: IpAddress | undefined): boolean => {
        if (local === undefined) return isCutOff;
        return local.family === 4 && down.addresses.some((a) => a.address.bits === local.bits);
      };
      this.#tcp.networkDown(isAffected);
      this.#udp.networkDown(isAffected);
    }
  }

  #requestTurn(): void {
    if (this.#isRequested) return;
    this.#isRequested = true;
    // Within a turn nobody needs to be woken: the turn sees the request itself.
    if (!this.#isInTurn) this.onTurnRequested?.();
  }
}

function rethrow(error: unknown): never {
  throw error;
}
