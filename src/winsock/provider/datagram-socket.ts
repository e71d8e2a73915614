import { IPV4_BROADCAST, type IpAddress, isMulticast, isUnspecified, sameAddress } from "../../stack/core/address.ts";
import { specificOf } from "../../stack/core/bound-address.ts";
import type { Datagram, DatagramChannel, DatagramSendResult } from "../../stack/ip/datagram.ts";
import type { MembershipService } from "../../stack/ip/groups/memberships.ts";
import {
  AF_UNSPEC,
  FD_CONNECT,
  FD_READ,
  FD_WRITE,
  MSG_BCAST,
  MSG_CTRUNC,
  MSG_DONTROUTE,
  MSG_MCAST,
  MSG_PARTIAL,
  MSG_PEEK,
  MSG_TRUNC,
  POLLRDNORM,
  POLLWRNORM,
  SD_BOTH,
  SD_RECEIVE,
  SD_SEND,
} from "../abi/constants.ts";
import {
  WSAEACCES,
  WSAEADDRNOTAVAIL,
  WSAEFAULT,
  WSAEINTR,
  WSAEINVAL,
  WSAEMSGSIZE,
  WSAENETDOWN,
  WSAENOBUFS,
  WSAENOTCONN,
  WSAEOPNOTSUPP,
  WSAESHUTDOWN,
  WSAETIMEDOUT,
  WSAEWOULDBLOCK,
} from "../abi/errors.ts";
import { controlBytes, WSA_CMSG_SPACE } from "../abi/message-control.ts";
import { sizeof_sockaddr } from "../abi/structures.ts";
import { IP_PMTUDISC_DO, IP_PMTUDISC_PROBE } from "../abi/values.ts";
import { controlOf, type SendChoices, sendChoices } from "./control-data.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Answer, DONE, failed, type Outcome, succeeded } from "./outcome.ts";
import { codeOfRouteFailure, LARGEST_BUFFER, Socket } from "./socket.ts";
import { familyOf } from "./socket-family.ts";
import type { SocketOptions } from "./socket-options.ts";

/**
 * A socket of datagrams, which are UDP's or raw: what a program sees of either.
 * @typeParam E what it is over, once it is bound
 */
export abstract class DatagramSocket<E extends DatagramChannel = DatagramChannel> extends Socket {
  protected endpoint: E | undefined;
  #peer: Endpoint | undefined;
  /** Connected once and not any more: then recv fails, while a socket that never was connected may use it (founding page). */
  #isDissolved = false;
  #sendIsShut = false;
  #receiveIsShut = false;
  /** The code with which calls fail since the device, or the address, is gone, once what had come is received; until a connect by another way. */
  #death = 0;
  #memberships: MembershipService | undefined;
  /** Of the datagram that is being sent. */
  #choices: SendChoices | undefined;
  /** Codes that the next receives fail with, one each. */
  protected readonly errors: number[] = [];

  /** Most bytes that one send takes. */
  abstract readonly largestMessage: number;
  /** @returns 0 or a WSA code */
  protected abstract sendNow(bytes: Uint8Array, to: Endpoint): number;

  override get peer(): Endpoint | undefined {
    return this.#peer;
  }

  /** They may stand before there is a port, and end with the socket. */
  get memberships(): MembershipService {
    this.#memberships ??= this.context.host.udp.newMemberships();
    return this.#memberships;
  }

  override get readableBytes(): number {
    return this.endpoint?.queuedBytes ?? 0;
  }

  override get isReadable(): boolean {
    return this.#death !== 0 || this.errors.length > 0 || (this.endpoint?.queuedDatagrams ?? 0) > 0;
  }

  /** Even unbound (Wine's test select). */
  override get isWritable(): boolean {
    return true;
  }

  override get hasException(): boolean {
    return false;
  }

  override get conditions(): number {
    return (this.isBound ? FD_WRITE : 0) | (this.isReadable ? FD_READ : 0);
  }

  override get pollEvents(): number {
    return POLLWRNORM | (this.isReadable ? POLLRDNORM : 0);
  }

  /** 255.255.255.255 is for datagram sockets with SO_BROADCAST only. */
  protected override localAddress(address: IpAddress): IpAddress | undefined {
    return this.options.broadcast && sameAddress(address, IPV4_BROADCAST) ? address : super.localAddress(address);
  }

  protected override hasLiveConnections(): boolean {
    return false;
  }

  /** While connected the address that a wildcard came to mean. */
  override get localEndpoint(): Endpoint | undefined {
    const local = super.localEndpoint;
    return local && { address: specificOf(this.endpoint?.local) ?? local.address, port: local.port };
  }

  override applyOptions(): void {
    if (this.endpoint !== undefined) applyHeaderOptions(this.endpoint, this.options);
    // Where a connected socket may send to everybody without the option, sendto is still asked for it here.
    if (this.endpoint !== undefined) this.endpoint.allowsBroadcast = this.options.broadcast || !this.#peerNeedsOption;
    if (this.options.receiveBufferIsSet) this.endpoint?.setReceiveBuffer(Math.min(this.options.receiveBufferBytes, LARGEST_BUFFER));
  }

  // ---- Peers ----

  /** Founding page, the paragraph on connectionless sockets. */
  override connect(name: Uint8Array | null, namelen: number): Answer {
    const peer = isOfNoFamily(name, namelen) ? undefined : this.readPeer(name, namelen);
    if (typeof peer === "number") return failed(peer);
    if (peer === undefined || isUnspecified(peer.address)) {
      this.#disconnect();
      return DONE;
    }
    if (!this.canSpeakTo(peer.address)) return failed(WSAEADDRNOTAVAIL);
    if (this.#peerNeedsOption && this.#isForbiddenBroadcast(peer.address)) return failed(WSAEACCES);
    const wasBound = this.isBound;
    const code = this.bindImplicitly() || this.#setPeer(peer);
    if (code === 0) {
      this.#tellConnected();
      return DONE;
    }
    if (!wasBound) this.#release();
    return failed(code);
  }

  /** Each connect counts (Wine's test connect_events); a window hears only that it may send. */
  #tellConnected(): void {
    this.events.reenable(FD_CONNECT | FD_WRITE);
    if (this.events.sink?.takesMessages !== true) this.events.raise(FD_CONNECT);
    this.events.look(this.conditions);
  }

  #disconnect(): void {
    if (this.#peer === undefined) return;
    this.#peer = undefined;
    this.#isDissolved = true;
    this.#discardQueue();
    this.endpoint!.disconnect();
  }

  /** @returns 0 or a WSA code */
  #setPeer(wanted: Endpoint): number {
    const before = this.#peer;
    const endpoint = this.endpoint!;
    const port = this.hasPorts ? wanted.port : 0;
    const failure = endpoint.connect(wanted.address, port);
    if (failure !== undefined) return codeOfRouteFailure(failure);
    const peer = { address: endpoint.peer!, port };
    this.#peer = peer;
    this.#isDissolved = false;
    // There is a way again, from an address that is ours.
    this.#death = 0;
    // "Any datagrams queued for receipt are discarded if name is different from the previous connect."
    if (before === undefined) endpoint.discardQueuedExcept(peer.address, port);
    else if (!sameAddress(before.address, peer.address) || before.port !== port) this.#discardQueue();
    return 0;
  }

  #discardQueue(): void {
    const endpoint = this.endpoint!;
    while (endpoint.queuedDatagrams > 0) endpoint.receive();
    // What was queued about the former peer's port goes with its datagrams.
    this.errors.length = 0;
  }

  #isForbiddenBroadcast(address: IpAddress): boolean {
    return !this.options.broadcast && this.context.host.ip.isBroadcast(address);
  }

  /** Newer Windows lets a peer be a broadcast address without SO_BROADCAST (Wine's test broadcast); sendto wants the option all the same. */
  get #peerNeedsOption(): boolean {
    return this.context.host.context.profile.udpBroadcastConnectNeedsOption;
  }

  override listen(): Outcome {
    return failed(WSAEOPNOTSUPP);
  }

  // ---- Sending ----

  override send(bytes: Uint8Array | null, flags: number): Answer {
    if (this.#sendIsShut) return failed(WSAESHUTDOWN);
    if (this.#peer === undefined) return failed(WSAENOTCONN);
    return this.#sendTo(bytes, flags, this.#peer, this.#peerNeedsOption);
  }

  override sendto(bytes: Uint8Array | null, flags: number, name: Uint8Array | null, tolen: number): Answer {
    if (name === null) return this.send(bytes, flags);
    if (this.#sendIsShut) return failed(WSAESHUTDOWN);
    // Before the family, as Windows does it: an IPv4 name is too short for a socket of IPv6.
    if (Math.min(name.length, tolen) < this.family.nameBytes) return failed(WSAEFAULT);
    const to = this.readPeer(name, tolen);
    if (typeof to === "number") return failed(to);
    if (isUnspecified(to.address) || (this.hasPorts && to.port === 0) || !this.canSpeakTo(to.address)) return failed(WSAEADDRNOTAVAIL);
    return this.#sendTo(bytes, flags, to, true);
  }

  /** WSASendMsg: as sendto, or send where there is no name, and the control data counts for this datagram only. */
  sendMsg(bytes: Uint8Array, flags: number, name: Uint8Array | null, tolen: number, control: Uint8Array): Answer {
    const choices = sendChoices(this, control);
    if (typeof choices === "number") return failed(choices);
    this.#choices = choices;
    try {
      return this.sendto(bytes, flags, name, tolen);
    } finally {
      this.#choices = undefined;
      if (this.endpoint !== undefined) this.endpoint.sendsFrom = this.endpoint.sendsThrough = undefined;
      this.applyOptions();
    }
  }

  protected applyChoices({ source, through, ttl, trafficClass }: SendChoices): void {
    const endpoint = this.endpoint!;
    endpoint.sendsFrom = source;
    endpoint.sendsThrough = through;
    if (ttl !== undefined) endpoint.ttl = endpoint.multicast.ttl = ttl;
    if (trafficClass !== undefined) endpoint.trafficClass = trafficClass;
  }

  #sendTo(bytes: Uint8Array | null, flags: number, to: Endpoint, needsOption: boolean): Outcome {
    if (bytes === null) return failed(WSAEFAULT);
    if ((flags & ~(MSG_DONTROUTE | MSG_PARTIAL)) !== 0) return failed(WSAEOPNOTSUPP);
    if (needsOption && this.#isForbiddenBroadcast(to.address)) return failed(WSAEACCES);
    if (bytes.length > this.largestMessage) return failed(WSAEMSGSIZE);
    const wasBound = this.isBound;
    const code = this.bindImplicitly() || this.#sendAsChosen(bytes, to);
    if (code === 0) return succeeded(bytes.length);
    // Only a send that succeeds binds (Wine's test WSASendTo).
    if (!wasBound) this.#release();
    return failed(code);
  }

  /** @returns 0 or a WSA code */
  #sendAsChosen(bytes: Uint8Array, to: Endpoint): number {
    if (this.#choices !== undefined) this.applyChoices(this.#choices);
    return this.sendNow(bytes, to);
  }

  protected codeOfSend(result: DatagramSendResult): number {
    switch (result) {
      case "sent":
      case "queued":
        return 0;
      case "dropped":
        return this.#death;
      case "full":
        return this.isNonblocking ? WSAEWOULDBLOCK : WSAENOBUFS;
      case "too-long":
        return WSAEMSGSIZE;
      case "broadcast-not-allowed":
        return WSAEACCES;
      default:
        return codeOfRouteFailure(result);
    }
  }

  // ---- Receiving ----

  override recv(wanted: number, flags: number, isOverlapped = false): Answer {
    if (this.#isDissolved) return failed(WSAENOTCONN);
    return this.#receive(wanted, flags, isOverlapped, (datagram) => this.#handOver(datagram, wanted, -1));
  }

  override recvfrom(wanted: number, flags: number, room: number, isOverlapped = false): Answer {
    if (room >= 0 && room < this.family.nameBytes) return failed(WSAEFAULT);
    return this.#receive(wanted, flags, isOverlapped, (datagram) => this.#handOver(datagram, wanted, room));
  }

  /**
   * WSARecvMsg. Reply b: MSG_ flags, and how many bytes of control data as a multiple of 65536; data: name (a bytes of it), control data and payload.
   * @param controlRoom for control data
   */
  recvMsg(wanted: number, flags: number, room: number, controlRoom: number, isOverlapped = false): Answer {
    if (room >= 0 && room < this.family.nameBytes) return failed(WSAEFAULT);
    return this.#receive(wanted, flags, isOverlapped, (datagram) => this.#handOverMsg(datagram, wanted, room, controlRoom));
  }

  #receive(wanted: number, flags: number, isOverlapped: boolean, handOver: (datagram: Datagram) => Outcome): Answer {
    if (!this.isBound) return failed(WSAEINVAL);
    if (this.#receiveIsShut) return failed(WSAESHUTDOWN);
    if (wanted < 0) return failed(WSAEFAULT);
    if ((flags & ~(MSG_PEEK | MSG_PARTIAL)) !== 0) return failed(WSAEOPNOTSUPP);
    const isPeek = (flags & MSG_PEEK) !== 0;
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      if (this.#receiveIsShut) return failed(WSAESHUTDOWN);
      const error = this.errors.shift();
      if (error !== undefined) return failed(error);
      const datagram = isPeek ? this.endpoint!.peek() : this.endpoint!.receive();
      if (datagram !== undefined) return handOver(datagram);
      return this.#death === 0 ? undefined : failed(this.#death);
    };
    const outcome = this.isQueued("receive") ? undefined : attempt();
    if (outcome !== undefined) return outcome;
    if (this.isNonblocking && !isOverlapped) return failed(WSAEWOULDBLOCK);
    return this.waitHere("receive", attempt, isOverlapped ? 0 : this.options.receiveTimeoutMs, () => failed(WSAETIMEDOUT));
  }

  /** A datagram longer than the buffer fills it, and the rest is lost. */
  #handOver(datagram: Datagram, wanted: number, room: number): Outcome {
    const { payload } = datagram;
    const count = Math.min(payload.length, wanted);
    const outcome = payload.length > wanted ? failed(WSAEMSGSIZE) : succeeded(count);
    if (room < 0) return { ...outcome, data: payload.subarray(0, count) };
    const { scratch } = this.context;
    const { nameBytes } = this.family;
    scratch.set(this.family.writeName(datagram.from, datagram.fromPort));
    scratch.set(payload.subarray(0, count), nameBytes);
    return { ...outcome, a: nameBytes, data: scratch.subarray(0, nameBytes + count) };
  }

  /** What does not find room, of either kind of data, is lost, and said to be (Microsoft, "WSAMSG structure"). */
  #handOverMsg(datagram: Datagram, wanted: number, room: number, controlRoom: number): Outcome {
    const { payload, to } = datagram;
    const items = controlOf(this, datagram);
    const control = controlBytes(items, controlRoom);
    const isControlCut = control.length < items.reduce((sum, { data }) => sum + WSA_CMSG_SPACE(data.length), 0);
    const isCut = payload.length > wanted;
    const isToAll = this.context.host.ip.isBroadcast(to);
    const flags = (isCut ? MSG_TRUNC : 0) | (isControlCut ? MSG_CTRUNC : 0) | (isToAll ? MSG_BCAST : 0) | (isMulticast(to) ? MSG_MCAST : 0);
    const name = room < 0 ? new Uint8Array(0) : this.family.writeName(datagram.from, datagram.fromPort);
    const data = new Uint8Array(name.length + control.length + Math.min(payload.length, wanted));
    data.set(name);
    data.set(control, name.length);
    data.set(payload.subarray(0, wanted), name.length + control.length);
    const outcome = isCut || isControlCut ? failed(WSAEMSGSIZE) : succeeded(payload.length);
    return { ...outcome, a: name.length, b: flags + 65536 * control.length, data };
  }

  // ---- Ending ----

  override shutdown(how: number): Outcome {
    if (how < SD_RECEIVE || how > SD_BOTH) return failed(WSAEINVAL);
    if (how !== SD_RECEIVE) this.#sendIsShut = true;
    if (how !== SD_SEND) this.#receiveIsShut = true;
    this.wake();
    return DONE;
  }

  override close(): Answer {
    this.leaveProgram();
    this.#memberships?.leaveAll();
    this.#release();
    this.wake();
    return DONE;
  }

  override abort(): void {
    this.leaveProgram();
    this.#memberships?.leaveAll();
    this.#release();
  }

  #release(): void {
    this.endpoint?.close();
    this.endpoint = undefined;
    this.unbind();
  }

  // ---- What the endpoint says ----

  readable(): void {
    this.wake();
    if (this.events.isSelected && this.isReadable) this.events.raise(FD_READ);
  }

  networkDown(): void {
    this.#death = WSAENETDOWN;
    this.readable();
  }
}

/** What the program chose of the headers of its datagrams. */
function applyHeaderOptions(endpoint: DatagramChannel, options: SocketOptions): void {
  endpoint.ttl = options.ttl;
  endpoint.trafficClass = options.trafficClass;
  const { mtuDiscovery } = options;
  endpoint.dontFragment = options.dontFragment || mtuDiscovery === IP_PMTUDISC_DO || mtuDiscovery === IP_PMTUDISC_PROBE;
  endpoint.takesBroadcast = options.receivesBroadcast;
  endpoint.dropsOldest = options.dropsOldestDatagrams;
  endpoint.multicast.interface = options.multicastInterface;
  endpoint.multicast.ttl = options.multicastTtl;
  endpoint.multicast.loop = options.multicastLoop;
}

/** A name that ends what was connected (Wine's test connect_udp). */
const isOfNoFamily = (name: Uint8Array | null, namelen: number): boolean =>
  name !== null && Math.min(name.length, namelen) >= sizeof_sockaddr && familyOf(name) === AF_UNSPEC;
