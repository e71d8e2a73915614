import { type AddressWords, IPV4_ANY, IPV4_BROADCAST, type IpAddress, sameAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { fraction } from "../core/random.ts";
import type { AddressEnd, AddressState } from "../core/states.ts";
import type { Timer } from "../core/timers.ts";
import type { Ip } from "../ip/ip.ts";
import type { InterfaceAddress } from "../link/interface-service.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import * as dhcp from "../packet/dhcp.ts";
import { DhcpMessages } from "./dhcp-messages.ts";
import { type DhcpPort, type DhcpReceiver, mayComeTo } from "./dhcp-port.ts";
import type { DhcpClientService, DhcpLease, DhcpOptions, DhcpState } from "./dhcp-service.ts";
import { leaseIn } from "./lease.ts";

/** Before the first message, so that hosts that start together do not speak together. */
const START_WAIT_MS = 1000;
/** RFC 2131 §4.1: 4, 8, 16, 32, 64 s, each a second more or less. */
const FIRST_WAIT_MS = 4000;
const LONGEST_WAIT_MS = 64_000;
const JITTER_MS = 1000;
/** Requests for one offer, and for an earlier lease, before the client starts anew or stays with what it has. */
const REQUEST_TRIES = 4;
const REBOOT_TRIES = 2;
/** RFC 2131 §3.1 step 5: after an address that another station has. */
const DECLINED_WAIT_MS = 10_000;
/** RFC 2131 §4.4.5: requests for more time are at least so far apart. */
const RENEWAL_WAIT_MS = 60_000;
/** No timer is set further ahead; it looks and goes on waiting. */
const FURTHEST_MS = 2 ** 31;

/** What a client does with its lease; it is told in this order, and of the same lease once more when it is renewed. */
export interface LeaseUser {
  leased(lease: DhcpLease): void;
  lost(lease: DhcpLease): void;
}

/** Where a client stands in its host. */
export interface DhcpSurroundings {
  readonly context: HostContext;
  readonly ip: Ip;
  readonly port: DhcpPort;
  readonly through: NetworkInterface;
  readonly user: LeaseUser;
}

interface Offer {
  readonly address: IpAddress;
  readonly server: IpAddress;
}

/**
 * Gets an interface its IPv4 address from a server, RFC 2131, and keeps it as long as the server lets it. The address is tried for
 * conflicts before it is used (RFC 5227).
 */
export class DhcpClient implements DhcpClientService, DhcpReceiver {
  readonly through: NetworkInterface;
  readonly options: DhcpOptions;
  readonly #context: HostContext;
  readonly #ip: Ip;
  readonly #port: DhcpPort;
  readonly #user: LeaseUser;
  readonly #broadcast: boolean;
  readonly #messages: DhcpMessages;
  readonly #timer: Timer;
  readonly #watchers = new Set<() => void>();
  #state: DhcpState = "INIT";
  #lease: DhcpLease | undefined;
  /** The user was told of it. */
  #isTold = false;
  /** What is asked for first. */
  #wanted: IpAddress | undefined;
  #offer: Offer | undefined;
  #xid = 0;
  #secs = 0;
  #beganAtMs = 0;
  #requestedAtMs = 0;
  #tries = 0;
  #unwatch: () => void = () => {};
  /** The client itself takes the address away, and knows what comes next. */
  #isRemoving = false;

  /** @throws RangeError for a client id or a host name that no server takes */
  constructor({ context, ip, port, through, user }: DhcpSurroundings, options: DhcpOptions) {
    this.#context = context;
    this.#ip = ip;
    this.#port = port;
    this.through = through;
    this.options = options;
    this.#user = user;
    this.#wanted = options.address;
    this.#broadcast = options.broadcast ?? false;
    this.#messages = new DhcpMessages(through.mac, options);
    this.#timer = context.timers.timer(
      "dhcp",
      () => through.name,
      () => this.#due(),
    );
  }

  get state(): DhcpState {
    return this.#state;
  }

  get lease(): DhcpLease | undefined {
    return this.#lease;
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** @throws RangeError when somebody else has the client's port */
  start(): void {
    this.#port.open(this);
    this.#unwatch = this.through.addressBook.watch((address, state) => this.#addressChanged(address, state));
    this.#begin();
  }

  renew(): void {
    if (this.#state === "BOUND" || this.#state === "RENEWING") this.#beginRenewal("RENEWING");
    else if (this.#state === "STOPPED") this.start();
  }

  release(): void {
    if (this.#state === "STOPPED") return;
    const lease = this.#lease;
    if (lease !== undefined && this.through.isOwn(lease.address)) {
      this.#newTransaction();
      this.#send(dhcp.RELEASE, { from: lease.address, to: lease.server, server: lease.server });
    }
    this.#loseLease();
    this.#timer.cancel();
    this.#unwatch();
    this.#port.close(this);
    this.through.awaitsConfiguration = false;
    this.#become("STOPPED");
  }

  /** Only to be noted: the device is in the middle of something. */
  linkChanged(isUp: boolean): void {
    if (this.#state === "STOPPED") return;
    this.#timer.cancel();
    // The lease and its end stay; on the way up it is asked whether it holds here (RFC 2131 §3.7).
    if (isUp) this.#begin();
  }

  // From servers

  input(message: Uint8Array, to: AddressWords): PacketVerdict {
    const malformed = dhcp.check(message, 0, message.length);
    if (malformed !== undefined) return malformed;
    if (dhcp.operation(message, 0) !== dhcp.BOOT_REPLY || !dhcp.isEthernet(message, 0)) return "dhcp-not-a-reply";
    if (dhcp.xid(message, 0) !== this.#xid || !dhcp.isForClient(message, 0, this.through.mac)) return "dhcp-not-for-us";
    const options = dhcp.readOptions(message, 0, message.length);
    if (typeof options === "string") return options;
    const given = dhcp.yourAddress(message, 0);
    const type = dhcp.byteOption(options, dhcp.OPTION_MESSAGE_TYPE);
    if (type === dhcp.OFFER) return this.#offered(options, given, to);
    if (type === dhcp.ACKNOWLEDGE) return this.#acknowledged(options, given, to);
    return type === dhcp.NAK ? this.#refused(options) : "dhcp-unexpected";
  }

  /** The first one that makes sense is taken. */
  #offered(options: dhcp.Options, given: number, to: AddressWords): PacketVerdict {
    if (this.#state !== "SELECTING") return "dhcp-unexpected";
    const offered = leaseIn(options, given, this.#context.now, this.#context.random);
    if (offered === undefined) return "dhcp-refused";
    if (!mayComeTo(to, offered.address)) return "dhcp-not-for-us";
    this.#offer = { address: offered.address, server: offered.server };
    this.#become("REQUESTING");
    this.#tries = 0;
    this.#request();
    return "accepted";
  }

  #acknowledged(options: dhcp.Options, given: number, to: AddressWords): PacketVerdict {
    if (!AWAIT_ACK.has(this.#state)) return "dhcp-unexpected";
    const lease = leaseIn(options, given, this.#requestedAtMs, this.#context.random);
    if (lease === undefined || lease.expiresAtMs <= this.#context.now) return "dhcp-refused";
    const asked = this.#state === "REQUESTING" ? this.#offer?.address : this.#wanted;
    if (asked === undefined || !sameAddress(asked, lease.address)) return "dhcp-refused";
    if (this.#state === "REQUESTING" && !sameAddress(lease.server, this.#offer!.server)) return "dhcp-unexpected";
    if (!mayComeTo(to, lease.address)) return "dhcp-not-for-us";
    this.#take(lease);
    return "accepted";
  }

  /** RFC 2131 §3.1 step 4: what was asked for cannot be had. */
  #refused(options: dhcp.Options): PacketVerdict {
    if (!AWAIT_ACK.has(this.#state)) return "dhcp-unexpected";
    const server = dhcp.wordOption(options, dhcp.OPTION_SERVER_ID);
    if (this.#state === "REQUESTING" && server !== this.#offer!.server.w3 >>> 0) return "dhcp-unexpected";
    this.#startAnew();
    return "accepted";
  }

  // The lease

  #take(lease: DhcpLease): void {
    const { addressBook } = this.through;
    const before = this.#lease;
    if (before !== undefined && !sameAddress(before.address, lease.address)) this.#loseLease();
    this.#timer.cancel();
    this.#lease = lease;
    this.#wanted = lease.address;
    const { address, prefixLength, expiresAtMs } = lease;
    const known = addressBook.all.find((a) => sameAddress(a.address, address));
    if (known === undefined || known.prefixLength !== prefixLength) {
      this.#ip.addAddress(this.through, address, prefixLength, { origin: "dhcp", detectConflicts: true, validUntilMs: expiresAtMs });
    } else {
      addressBook.setLifetime(address, expiresAtMs, expiresAtMs);
    }
    if (addressBook.isTentative(address)) this.#become("CHECKING");
    else this.#bind();
  }

  /** The address is ours. */
  #bind(): void {
    const lease = this.#lease!;
    this.through.awaitsConfiguration = false;
    this.#waitForRenewal();
    this.#isTold = true;
    this.#user.leased(lease);
    this.#become("BOUND");
  }

  #loseLease(): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    this.#isRemoving = true;
    this.through.addressBook.remove(lease.address);
    this.#isRemoving = false;
    if (this.#isTold) this.#user.lost(lease);
    this.#isTold = false;
  }

  #addressChanged({ address }: InterfaceAddress, state: AddressState | AddressEnd): void {
    const lease = this.#lease;
    if (lease === undefined || this.#isRemoving || !sameAddress(lease.address, address)) return;
    switch (state) {
      case "tentative":
        return;
      case "preferred":
      case "deprecated":
        if (this.#state === "CHECKING") this.#bind();
        return;
      case "duplicate":
        this.#decline(lease);
        return;
      case "expired":
      case "removed":
        this.#startAnew();
    }
  }

  /** Another station has the address: the server should give it to nobody (RFC 2131 §4.4.4). */
  #decline(lease: DhcpLease): void {
    this.#newTransaction();
    this.#send(dhcp.DECLINE, { requested: lease.address, server: lease.server });
    this.#loseLease();
    this.#wanted = undefined;
    this.#become("WAITING");
    this.#timer.set(DECLINED_WAIT_MS);
  }

  #startAnew(): void {
    this.#loseLease();
    this.#wanted = undefined;
    this.#begin();
  }

  // What is said when

  #begin(): void {
    this.#newTransaction();
    this.#become(this.#wanted === undefined ? "INIT" : "REBOOTING");
    if (this.through.isUp) this.#timer.set(START_WAIT_MS * fraction(this.#context.random));
  }

  #due(): void {
    switch (this.#state) {
      case "WAITING":
        this.#begin();
        return;
      case "INIT":
      case "SELECTING":
        this.#discover();
        return;
      case "REQUESTING":
        if (this.#tries < REQUEST_TRIES) this.#request();
        else this.#startAnew();
        return;
      case "REBOOTING":
        if (this.#tries < REBOOT_TRIES) this.#reboot();
        else this.#rebootUnanswered();
        return;
      case "BOUND":
        if (this.#context.now < this.#lease!.renewAtMs) this.#waitForRenewal();
        else this.#beginRenewal("RENEWING");
        return;
      case "RENEWING":
        if (this.#context.now < this.#lease!.rebindAtMs) this.#askForMore();
        else this.#beginRenewal("REBINDING");
        return;
      case "REBINDING":
        this.#askForMore();
        return;
      case "CHECKING":
      case "STOPPED":
    }
  }

  #newTransaction(): void {
    this.#xid = this.#context.random.u32();
    this.#secs = 0;
    this.#tries = 0;
    this.#beganAtMs = this.#context.now;
  }

  #discover(): void {
    this.through.awaitsConfiguration = true;
    this.#secs = this.#secondsSoFar;
    this.#become("SELECTING");
    this.#waitForAnswer();
    this.#send(dhcp.DISCOVER, {});
  }

  /** With the transaction and the seconds of the DISCOVER that was answered (RFC 2131 §4.4.1). */
  #request(): void {
    const { address, server } = this.#offer!;
    this.#waitForAnswer();
    this.#requestedAtMs = this.#context.now;
    this.#send(dhcp.REQUEST, { requested: address, server });
  }

  #reboot(): void {
    this.through.awaitsConfiguration = true;
    this.#secs = this.#secondsSoFar;
    this.#waitForAnswer();
    this.#requestedAtMs = this.#context.now;
    this.#send(dhcp.REQUEST, { requested: this.#wanted! });
  }

  /** RFC 2131 §3.2: a lease that is not over may be used on; without one there is another to be found. */
  #rebootUnanswered(): void {
    const lease = this.#lease;
    if (lease === undefined) this.#startAnew();
    else if (this.through.addressBook.isTentative(lease.address)) this.#become("CHECKING");
    else this.#bind();
  }

  #waitForRenewal(): void {
    this.#waitUntil(this.#lease!.renewAtMs);
  }

  #beginRenewal(state: "RENEWING" | "REBINDING"): void {
    this.#newTransaction();
    this.#become(state);
    this.#askForMore();
  }

  /** Of the server that gave the lease, from T2 on of all; the next time in half of what is left (RFC 2131 §4.4.5). */
  #askForMore(): void {
    const { address, server, rebindAtMs, expiresAtMs } = this.#lease!;
    const { now } = this.#context;
    const isRenewing = this.#state === "RENEWING";
    const untilMs = isRenewing ? rebindAtMs : expiresAtMs;
    this.#waitUntil(Math.min(untilMs, now + Math.max(RENEWAL_WAIT_MS, (untilMs - now) / 2)));
    this.#secs = this.#secondsSoFar;
    this.#requestedAtMs = now;
    this.#send(dhcp.REQUEST, { from: address, to: isRenewing ? server : IPV4_BROADCAST });
  }

  get #secondsSoFar(): number {
    return Math.floor((this.#context.now - this.#beganAtMs) / 1000);
  }

  #waitUntil(atMs: number): void {
    this.#timer.set(Math.min(atMs - this.#context.now, FURTHEST_MS));
  }

  #waitForAnswer(): void {
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** this.#tries, LONGEST_WAIT_MS);
    this.#tries++;
    this.#timer.set(waitMs + JITTER_MS * (2 * fraction(this.#context.random) - 1));
  }

  /** @param parts without `from` and `to` it leaves from 0.0.0.0 to everybody */
  #send(
    type: number,
    parts: { readonly from?: IpAddress; readonly to?: IpAddress; readonly requested?: IpAddress; readonly server?: IpAddress },
  ): void {
    const { from = IPV4_ANY, to = IPV4_BROADCAST, requested, server } = parts;
    const wantsBroadcast = this.#broadcast && from === IPV4_ANY;
    const message = this.#messages.write(type, { xid: this.#xid, secs: this.#secs, from, wantsBroadcast, requested, server });
    this.#port.send(this.through, message, from, to);
  }

  #become(state: DhcpState): void {
    // Each lease is told of, also one that replaces another.
    if (state === this.#state && state !== "BOUND") return;
    const { trace } = this.#context;
    if (state !== this.#state && trace.isOn) trace.emit({ type: "dhcp-changed", device: this.through.name, from: this.#state, to: state });
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

const AWAIT_ACK: ReadonlySet<DhcpState> = new Set(["REQUESTING", "REBOOTING", "RENEWING", "REBINDING"]);
