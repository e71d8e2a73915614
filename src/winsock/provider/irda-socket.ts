import type { IasValue } from "../../irda/ias.ts";
import type { ServiceAddress } from "../../irda/infrared-station.ts";
import {
  InfraredCall,
  type InfraredOffer,
  type InfraredRefusal,
  type InfraredStation,
  type InfraredUser,
} from "../../irda/infrared-station.ts";
import type { StreamMode } from "../../irda/tinytp.ts";
import type { PortShortage } from "../../stack/tcp/tcp-user.ts";
import {
  AF_IRDA,
  FD_ACCEPT,
  FD_CLOSE,
  FD_CONNECT,
  FD_READ,
  FD_WRITE,
  IRDA_PROTO_SOCK_STREAM,
  MSG_PARTIAL,
  MSG_PEEK,
  MSG_PUSH_IMMEDIATE,
  POLLERR,
  POLLHUP,
  POLLRDNORM,
  POLLWRNORM,
  SD_BOTH,
  SD_RECEIVE,
  SD_SEND,
  SOCK_STREAM,
} from "../abi/constants.ts";
import {
  WSAEADDRINUSE,
  WSAEADDRNOTAVAIL,
  WSAEAFNOSUPPORT,
  WSAEALREADY,
  WSAECONNABORTED,
  WSAECONNREFUSED,
  WSAECONNRESET,
  WSAEFAULT,
  WSAEINTR,
  WSAEINVAL,
  WSAEISCONN,
  WSAEMFILE,
  WSAENETDOWN,
  WSAENOBUFS,
  WSAENOTCONN,
  WSAEOPNOTSUPP,
  WSAESHUTDOWN,
  WSAETIMEDOUT,
  WSAEWOULDBLOCK,
} from "../abi/errors.ts";
import { irdaServiceName, sizeof_SOCKADDR_IRDA, sockaddrIrdaBytes } from "../abi/irda-structures.ts";
import { type Answer, DONE, failed, type Outcome, succeeded } from "./outcome.ts";
import { type InfraredAcceptor, type Owner, Socket, type SocketContext, TRANSFER_LIMIT } from "./socket.ts";
import { familyOf, IRDA } from "./socket-family.ts";
import { defaultOptions, inheritedOptions } from "./socket-options.ts";

type IrdaPhase = "idle" | "connecting" | "connected" | "listening";

interface IrdaName {
  readonly device: number;
  readonly service: string;
}

const BACKLOG_MOST = 200;
const LSAP_NAME = /^LSAP-SEL(\d{1,3})$/;
const LAST_LSAP = 127;
/** The id in a name that says no device. */
const NO_DEVICE = 0;

/** A SOCK_STREAM socket of AF_IRDA over TinyTP (Microsoft's pages on IrDA; winsock.md §18). */
export class IrdaSocket extends Socket implements InfraredUser {
  override readonly type = SOCK_STREAM;
  override readonly protocol = IRDA_PROTO_SOCK_STREAM;
  /** An endpoint of IP, which it has none of: its peer is named by device and service. */
  override readonly peer = undefined;
  readonly station: InfraredStation;
  #phase: IrdaPhase = "idle";
  #call: InfraredCall | undefined;
  #boundTo: string | undefined;
  #offer: InfraredOffer | undefined;
  #backlog = 0;
  readonly #queue: InfraredCall[] = [];
  #peerName: IrdaName | undefined;
  #connectFailed = false;
  #connectError = 0;
  /** The peer ended, and what it had sent may still be read. */
  #isEnded = false;
  #death = 0;
  #sendIsShut = false;
  #receiveIsShut = false;
  #queuedBytes = 0;
  /** IRLMP_EXCLUSIVE_MODE. */
  isExclusive = false;
  /** IRLMP_TINYTP_MODE, IRLMP_9WIRE_MODE, IRLMP_IRLPT_MODE. */
  mode: StreamMode = "tinytp";
  /** What takes back the attributes that IRLMP_IAS_SET made, by their names: they live as long as the socket. */
  readonly #attributes = new Map<string, () => void>();

  constructor(owner: Owner, context: SocketContext, station: InfraredStation) {
    const { sendBufferBytes, receiveBufferBytes } = context.host.context.profile;
    super(owner, context, IRDA, context.tcpBindings, defaultOptions(sendBufferBytes, receiveBufferBytes));
    this.station = station;
  }

  // ---- Facts ----

  override get isListening(): boolean {
    return this.#phase === "listening";
  }

  get isConnected(): boolean {
    return this.#phase === "connected";
  }

  get isConnecting(): boolean {
    return this.#phase === "connecting";
  }

  override get isBound(): boolean {
    return this.#boundTo !== undefined;
  }

  get #isAlive(): boolean {
    return this.isConnected && this.#death === 0;
  }

  /** IRLMP_SEND_PDU_LEN; undefined without a connection. */
  get pduBytes(): number | undefined {
    return this.#isAlive && !this.#isEnded ? this.#call!.ttp.pduBytes : undefined;
  }

  override get readableBytes(): number {
    return this.#isAlive && !this.#receiveIsShut ? this.#call!.ttp.readableBytes : 0;
  }

  override get isReadable(): boolean {
    if (this.isListening) return this.#queue.length > 0;
    return this.isConnected && (this.#death !== 0 || this.#isEnded || this.readableBytes > 0);
  }

  override get isWritable(): boolean {
    return this.isConnected && (this.#death !== 0 || this.#isEnded || this.#room > 0);
  }

  override get hasException(): boolean {
    return this.#connectFailed;
  }

  override get conditions(): number {
    if (this.isListening) return this.#queue.length > 0 ? FD_ACCEPT : 0;
    if (!this.isConnected) return 0;
    if (this.#death !== 0) return FD_CLOSE;
    const canSend = this.#room > 0 && !this.#sendIsShut && !this.#isEnded;
    return (this.readableBytes > 0 ? FD_READ : 0) | (canSend ? FD_WRITE : 0) | (this.#isEnded ? FD_CLOSE : 0);
  }

  override get pollEvents(): number {
    if (this.isListening) return this.isReadable ? POLLRDNORM : 0;
    if (!this.isConnected) return 0;
    if (this.#death !== 0) return POLLERR | POLLHUP | POLLWRNORM;
    return (this.readableBytes > 0 ? POLLRDNORM : 0) | (this.isWritable ? POLLWRNORM : 0) | (this.#isEnded ? POLLHUP : 0);
  }

  // ---- Names ----

  #readName(name: Uint8Array | null, namelen: number): IrdaName | number {
    const length = Math.min(name?.length ?? 0, namelen);
    if (name === null || length < 2) return WSAEFAULT;
    if (familyOf(name) !== AF_IRDA) return WSAEAFNOSUPPORT;
    if (length < sizeof_SOCKADDR_IRDA) return WSAEFAULT;
    const service = irdaServiceName(name);
    if (service === undefined) return WSAEFAULT;
    const device = (name[2]! | (name[3]! << 8) | (name[4]! << 16) | (name[5]! << 24)) >>> 0;
    return { device, service };
  }

  override bind(name: Uint8Array | null, namelen: number): Outcome {
    const given = this.#readName(name, namelen);
    if (typeof given === "number") return failed(given);
    if (this.isBound || this.#phase !== "idle") return failed(WSAEINVAL);
    const service = serviceAddress(given.service);
    if (service === undefined) return failed(WSAEADDRNOTAVAIL);
    // The name is ours from now on; connections are refused until listen.
    const offer = this.station.offer(service, (call) => this.#arrived(call), this.mode);
    if (typeof offer === "string") return failed(offer === "in-use" ? WSAEADDRINUSE : WSAENOBUFS);
    this.#offer = offer;
    this.#boundTo = given.service;
    return DONE;
  }

  override getsockname(room: number): Outcome {
    if (room < 0) return failed(WSAEFAULT);
    const service = this.#boundTo ?? (this.isConnected ? localLsapName(this.#call!) : undefined);
    if (service === undefined) return failed(WSAEINVAL);
    if (room < sizeof_SOCKADDR_IRDA) return failed(WSAEFAULT);
    return { result: 0, error: 0, data: nameBytes({ device: this.station.id, service }) };
  }

  override getpeername(room: number): Outcome {
    if (!this.isConnected || this.#peerName === undefined) return failed(WSAENOTCONN);
    if (room < sizeof_SOCKADDR_IRDA) return failed(WSAEFAULT);
    return { result: 0, error: 0, data: nameBytes(this.#peerName) };
  }

  // ---- Opening ----

  /** Waits on a nonblocking socket too: "There is no difference between blocking and nonblocking semantics" (Microsoft, "connect function"). */
  override connect(name: Uint8Array | null, namelen: number): Answer {
    const remote = this.#readName(name, namelen);
    if (typeof remote === "number") return failed(remote);
    // One that was accepted has its listener's name, but was not bound itself.
    if (this.isConnected) return failed(WSAEISCONN);
    if (this.isListening || this.isBound) return failed(WSAEINVAL);
    if (this.#phase === "connecting") return failed(this.owner.isLegacy ? WSAEINVAL : WSAEALREADY);
    const service = serviceAddress(remote.service);
    if (remote.device === NO_DEVICE || service === undefined) return failed(WSAEADDRNOTAVAIL);
    this.events.beginConnect();
    // A printer has the link for itself.
    const isExclusive = this.isExclusive || this.mode === "irlpt";
    const call = this.station.connect(remote.device, service, isExclusive, this, this.mode);
    if (!(call instanceof InfraredCall)) {
      this.#connectFailed = true;
      return failed(codeOfRefusal(call));
    }
    this.#call = call;
    this.#peerName = remote;
    this.#phase = "connecting";
    return {
      on: [this],
      attempt: () => {
        if (this.isClosed) return failed(WSAEINTR);
        if (this.#phase === "connecting") return undefined;
        return this.isConnected ? DONE : failed(this.#connectError);
      },
      timeoutMs: Number.POSITIVE_INFINITY,
      timedOut: () => failed(WSAETIMEDOUT),
      cancelled: () => {
        if (this.#phase !== "connecting") return;
        this.#call?.abort();
        this.connectFailed("no-answer");
      },
    };
  }

  connected(): void {
    this.#phase = "connected";
    this.#connectFailed = false;
    this.soError = 0;
    this.wake();
    this.events.raise(FD_CONNECT);
    this.events.look(this.conditions);
  }

  connectFailed(why: InfraredRefusal): void {
    this.#phase = "idle";
    this.#call = undefined;
    this.#peerName = undefined;
    this.#connectFailed = true;
    this.#connectError = codeOfRefusal(why);
    this.wake();
    this.events.raise(FD_CONNECT, this.#connectError);
  }

  override listen(backlog: number): Outcome {
    if (this.isConnected) return failed(WSAEISCONN);
    if (this.isListening) return DONE;
    if (!this.isBound || this.#phase !== "idle") return failed(WSAEINVAL);
    this.#backlog = Math.min(Math.max(backlog, 1), BACKLOG_MOST);
    this.#phase = "listening";
    return DONE;
  }

  /** @returns whether it is taken */
  #arrived(call: InfraredCall): boolean {
    if (!this.isListening || this.#queue.length >= this.#backlog) return false;
    // One that ends before it is accepted is still accepted, and read to its end.
    this.#queue.push(call);
    this.wake();
    this.events.raise(FD_ACCEPT);
    return true;
  }

  /** @param room for the peer's address, or −1 when it is not wanted */
  accept(room: number, acceptor: InfraredAcceptor): Answer {
    if (!this.isListening) return failed(WSAEINVAL);
    if (room >= 0 && room < sizeof_SOCKADDR_IRDA) return failed(WSAEFAULT);
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      if (this.#queue.length === 0) return undefined;
      if (!acceptor.hasRoom) return failed(WSAEMFILE);
      const call = this.#queue.shift()!;
      const socket = new IrdaSocket(acceptor, this.context, this.station);
      const handle = acceptor.open(socket);
      socket.#adopt(call, this, handle);
      if (room < 0) return succeeded(handle);
      return { result: handle, error: 0, data: nameBytes(socket.#peerName!) };
    };
    const outcome = this.isQueued("accept") ? undefined : attempt();
    if (outcome !== undefined) return outcome;
    return this.isNonblocking ? failed(WSAEWOULDBLOCK) : this.waitHere("accept", attempt, 0, () => failed(WSAETIMEDOUT));
  }

  #adopt(call: InfraredCall, listener: IrdaSocket, handle: number): void {
    this.options = inheritedOptions(listener.options);
    this.isNonblocking = listener.isNonblocking;
    this.mode = listener.mode;
    this.#call = call;
    this.#boundTo = listener.#boundTo;
    this.#peerName = { device: call.peer, service: remoteLsapName(call) };
    this.#phase = "connected";
    this.#isEnded = call.ttp.isOver;
    call.user = this;
    const { sink, mask } = listener.events;
    this.events.select(sink?.ofSocket(handle), mask, this.conditions);
  }

  // ---- Data ----

  /** Bytes that may still be queued. */
  get #room(): number {
    const queued = this.#call!.ttp.sendQueueBytes;
    return Math.min(Math.max(0, Math.max(1, this.options.sendBufferBytes) - queued), this.owner.queued.left);
  }

  #account(): void {
    const queued = this.isClosed ? 0 : (this.#call?.ttp.sendQueueBytes ?? 0);
    this.owner.queued.change(queued - this.#queuedBytes);
    this.#queuedBytes = queued;
  }

  #sendError(): number {
    if (this.#sendIsShut) return WSAESHUTDOWN;
    return this.#death || (this.#isEnded ? WSAECONNABORTED : 0);
  }

  #take(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#room);
    if (end <= at) return 0;
    this.#call!.ttp.write(bytes.subarray(at, end));
    this.#account();
    return end - at;
  }

  override send(bytes: Uint8Array | null, flags: number, _how: number, _hasMore: boolean, isOverlapped = false): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    const code = this.#sendError();
    if (code !== 0) return failed(code);
    if (bytes === null) return failed(WSAEFAULT);
    if ((flags & ~MSG_PARTIAL) !== 0) return failed(WSAEOPNOTSUPP);
    let taken = this.isQueued("send") ? 0 : this.#take(bytes, 0);
    if (taken === bytes.length) return this.#sent(taken);
    if (this.isNonblocking && !isOverlapped) return taken > 0 ? this.#sent(taken) : failed(WSAEWOULDBLOCK);
    const rest = bytes.slice(taken);
    const before = taken;
    taken = 0;
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      const failure = this.#sendError();
      if (failure !== 0) return failed(failure);
      taken += this.#take(rest, taken);
      return taken === rest.length ? this.#sent(before + taken) : undefined;
    };
    const wait = this.waitHere("send", attempt, isOverlapped ? 0 : this.options.sendTimeoutMs, () =>
      before + taken > 0 ? succeeded(before + taken) : failed(WSAETIMEDOUT),
    );
    return { ...wait, bytes: rest.length, refused: before > 0 ? succeeded(before) : failed(WSAENOBUFS) };
  }

  /** No quota is told: each send is a call of its own. */
  #sent(bytes: number): Outcome {
    return { result: bytes, error: 0, a: 0, b: 0 };
  }

  /** The address is ignored on a stream. */
  override sendto(bytes: Uint8Array | null, flags: number, _name?: Uint8Array | null, _tolen?: number, isOverlapped = false): Answer {
    return this.send(bytes, flags, 0, false, isOverlapped);
  }

  override recv(wanted: number, flags: number, isOverlapped = false): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    if (this.#receiveIsShut) return failed(WSAESHUTDOWN);
    if (wanted < 0) return failed(WSAEFAULT);
    if ((flags & ~(MSG_PEEK | MSG_PUSH_IMMEDIATE | MSG_PARTIAL)) !== 0) return failed(WSAEOPNOTSUPP);
    if (wanted === 0 && !isOverlapped) return this.#death === 0 ? DONE : failed(this.#death);
    const isPeek = (flags & MSG_PEEK) !== 0;
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      if (this.#receiveIsShut) return failed(WSAESHUTDOWN);
      if (this.#death !== 0) return failed(this.#death);
      const { ttp } = this.#call!;
      if (ttp.readableBytes === 0) return this.#isEnded ? DONE : undefined;
      const { scratch } = this.context;
      const count = ttp.read(scratch, 0, Math.min(wanted, TRANSFER_LIMIT), isPeek);
      return { result: count, error: 0, data: scratch.subarray(0, count) };
    };
    const outcome = this.isQueued("receive") ? undefined : attempt();
    if (outcome !== undefined) return outcome;
    if (this.isNonblocking && !isOverlapped) return failed(WSAEWOULDBLOCK);
    return this.waitHere("receive", attempt, isOverlapped ? 0 : this.options.receiveTimeoutMs, () => failed(WSAETIMEDOUT));
  }

  override recvfrom(wanted: number, flags: number, _room?: number, isOverlapped = false): Answer {
    return this.recv(wanted, flags, isOverlapped);
  }

  // ---- What the connection says ----

  readable(): void {
    this.wake();
    if (this.events.isSelected && this.readableBytes > 0) this.events.raise(FD_READ);
  }

  writable(): void {
    this.#account();
    this.wake();
    if (this.events.isSelected) this.events.look(this.conditions & FD_WRITE);
  }

  ended(isOrderly: boolean): void {
    if (isOrderly) this.#isEnded = true;
    else this.#death = WSAECONNRESET;
    this.#account();
    this.wake();
    this.events.raise(FD_CLOSE, isOrderly ? 0 : WSAECONNABORTED);
  }

  // ---- Ending ----

  /** TinyTP has no half-close: the connection ends when what was sent has left. */
  override shutdown(how: number): Outcome {
    if (how < SD_RECEIVE || how > SD_BOTH) return failed(WSAEINVAL);
    if (!this.#isAlive) return failed(WSAENOTCONN);
    if (how !== SD_RECEIVE && !this.#sendIsShut) {
      this.#sendIsShut = true;
      this.#isEnded = true;
      this.#call!.close();
    }
    if (how !== SD_SEND) this.#receiveIsShut = true;
    this.wake();
    return DONE;
  }

  override close(): Answer {
    const { linger } = this.options;
    const call = this.#call;
    const mustFinish = this.#isAlive && !this.#isEnded && call!.ttp.sendQueueBytes > 0;
    const lingers = mustFinish && linger.on && linger.seconds > 0;
    if (lingers && this.isNonblocking) return failed(WSAEWOULDBLOCK);
    this.#giveUp();
    if (linger.on && linger.seconds === 0) call?.abort();
    else call?.close();
    if (!lingers) return DONE;
    return {
      on: [this],
      attempt: () => (call!.ttp.isOver ? DONE : undefined),
      timeoutMs: linger.seconds * 1000,
      timedOut: () => {
        call!.abort();
        return DONE;
      },
      cancelled: () => call!.abort(),
    };
  }

  override abort(): void {
    this.#giveUp();
    this.#call?.abort();
  }

  #giveUp(): void {
    this.leaveProgram();
    this.#account();
    this.#offer?.withdraw();
    this.#offer = undefined;
    for (const call of this.#queue.splice(0)) call.abort();
    for (const remove of this.#attributes.values()) remove();
    this.#attributes.clear();
    this.wake();
  }

  /** The attribute lives as long as the socket, or until it is set again. @returns false when the device has too many */
  setAttribute(className: string, attribute: string, value: IasValue): boolean {
    const name = `${className}\0${attribute}`;
    this.#attributes.get(name)?.();
    this.#attributes.delete(name);
    const remove = this.station.setAttribute(className, attribute, value);
    if (remove !== undefined) this.#attributes.set(name, remove);
    return remove !== undefined;
  }

  // ---- For the base class ----

  override applyOptions(): void {}

  protected override choosePort(): number | PortShortage | undefined {
    return undefined;
  }

  protected override hasLiveConnections(): boolean {
    return false;
  }
}

/** A service's name, or the LSAP that it says; undefined for none. */
function serviceAddress(service: string): ServiceAddress | undefined {
  if (service === "") return undefined;
  const lsap = LSAP_NAME.exec(service)?.[1];
  if (lsap === undefined) return service;
  return Number(lsap) >= 1 && Number(lsap) <= LAST_LSAP ? Number(lsap) : undefined;
}

const lsapName = (lsap: number | undefined): string => `LSAP-SEL${lsap ?? 0}`;
const localLsapName = ({ ttp }: InfraredCall): string => lsapName(ttp.connection?.local);
const remoteLsapName = ({ ttp }: InfraredCall): string => lsapName(ttp.connection?.remote);

/** Four bytes of a SOCKADDR_IRDA. */
export const irdaDeviceId = (id: number): Uint8Array => Uint8Array.of(id, id >>> 8, id >>> 16, id >>> 24);

const nameBytes = ({ device, service }: IrdaName): Uint8Array =>
  sockaddrIrdaBytes({ irdaAddressFamily: AF_IRDA, irdaDeviceID: irdaDeviceId(device), irdaServiceName: service });

/** Microsoft, "connect function", notes for IrDA sockets; the last three are ours. */
export function codeOfRefusal(why: InfraredRefusal): number {
  switch (why) {
    case "media-busy":
      return WSAENETDOWN;
    case "other-device":
      return WSAEADDRINUSE;
    case "exclusive":
      return WSAEISCONN;
    case "no-answer":
      return WSAETIMEDOUT;
    case "refused":
      return WSAECONNREFUSED;
    case "no-lsap":
      return WSAENOBUFS;
  }
}
