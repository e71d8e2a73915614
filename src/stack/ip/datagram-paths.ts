import { type IpAddress, isMulticast } from "../core/address.ts";
import { type BoundAddress, reachesFamilyOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { MulticastOptions } from "./datagram.ts";
import type { Ip } from "./ip.ts";
import type { HeaderChoices, Path, RouteFailure } from "./path.ts";

/** Who sends datagrams, and what it wants of their way. */
export interface DatagramSender extends HeaderChoices {
  readonly boundTo: BoundAddress;
  /** The one address that it is bound to. */
  readonly source: IpAddress | undefined;
  readonly sendsFrom: IpAddress | undefined;
  readonly sendsThrough: InterfaceService | undefined;
  readonly multicast: MulticastOptions;
  /** The address of ours for what goes to somebody; undefined leaves the choice to IP. */
  sourceTowards(remote: IpAddress): IpAddress | undefined;
}

/** The ways of datagrams, which have no flow of their own, to hosts, groups and everybody. */
export class DatagramPaths {
  readonly #context: HostContext;
  readonly #ip: Ip;
  /** Refilled for each datagram to a group. */
  readonly #groupChoices = { ttl: 1, trafficClass: 0, dontFragment: false, loopsBack: true };

  constructor(context: HostContext, ip: Ip) {
    this.#context = context;
    this.#ip = ip;
  }

  /** For who connects, to be kept. */
  routeTo(remote: IpAddress, from: DatagramSender): Path | RouteFailure {
    if (!reachesFamilyOf(from.boundTo, remote)) return "source-not-local";
    return isMulticast(remote) ? this.#toGroup(from, remote) : this.#ip.route(remote, from.source);
  }

  /** For one datagram. @param known the way of a sender that is connected to `remote`, of which it has asked nothing else */
  pathTo(remote: IpAddress, from: DatagramSender, known: Path | undefined): Path | RouteFailure {
    if (!reachesFamilyOf(from.boundTo, remote)) return "source-not-local";
    return isMulticast(remote) ? this.#toGroup(from, remote) : (known ?? this.#through(from, remote));
  }

  /** What the header says; valid until the next call. */
  choicesTowards(remote: IpAddress, from: DatagramSender): HeaderChoices {
    if (!isMulticast(remote)) return from;
    const { multicast, trafficClass, dontFragment } = from;
    const choices = this.#groupChoices;
    choices.ttl = multicast.ttl;
    choices.trafficClass = trafficClass;
    choices.dontFragment = dontFragment;
    choices.loopsBack = multicast.loop || this.#context.profile.multicastLoopAt === "receiver";
    return choices;
  }

  /** The interface that a sender names gives a link-local address its link, and else is the one that the routes must lead through. */
  #through(from: DatagramSender, remote: IpAddress): Path | RouteFailure {
    const { sendsThrough } = from;
    const source = from.sourceTowards(remote);
    if (sendsThrough === undefined) return this.#ip.pathTo(remote, source);
    const through = this.#ip.own(sendsThrough);
    const way = this.#ip.wayTo(through.scoped(remote), source, through);
    if (typeof way === "string") return way;
    // What is for ourselves goes no other way than it always does.
    return way.interface === through || way.interface.isLoopback ? this.#ip.pathTo(remote, source, through) : "no-route";
  }

  #toGroup(from: DatagramSender, group: IpAddress): Path | RouteFailure {
    const through = from.sendsThrough ?? from.multicast.interface;
    return this.#ip.pathTo(group, from.sendsFrom ?? from.source, through === undefined ? undefined : this.#ip.own(through));
  }
}
