import { type IpAddress, ipv4, parseV4 } from "../../src/stack/core/address.ts";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import { type Profile, RFC } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import type { DhcpClientService, DhcpOptions } from "../../src/stack/dhcp/dhcp-service.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import type { InterfaceService } from "../../src/stack/link/interface-service.ts";
import * as arp from "../../src/stack/packet/arp.ts";
import * as internetChecksum from "../../src/stack/packet/checksum.ts";
import * as dhcp from "../../src/stack/packet/dhcp.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as ipv4Packet from "../../src/stack/packet/ipv4.ts";
import * as udp from "../../src/stack/packet/udp.ts";
import { MemoryWire, type WireDevice } from "../../src/wire/memory-wire.ts";

export const SERVER = parseV4("203.0.113.1");
export const OFFERED = parseV4("203.0.113.77");

/** A message of the client, as it left. */
export interface SeenMessage {
  readonly atMs: number;
  readonly type: number | undefined;
  readonly xid: number;
  readonly secs: number;
  readonly ciaddr: number;
  readonly wantsBroadcast: boolean;
  readonly options: dhcp.Options;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly isLinkBroadcast: boolean;
}

export interface ReplyParts {
  readonly yiaddr?: IpAddress;
  readonly xid?: number;
  readonly mac?: Uint8Array;
  readonly operation?: number;
  readonly cookie?: number;
  /** In place of the usual ones of the same code; undefined leaves it out. */
  readonly options?: Readonly<Record<number, readonly number[] | undefined>>;
  /** Instead of everything behind the cookie. */
  readonly rawOptions?: Uint8Array;
  readonly file?: Uint8Array;
  readonly name?: Uint8Array;
  /** Where the datagram goes; to the offered address unless given. */
  readonly to?: IpAddress;
  readonly from?: IpAddress;
}

export const octets = (...addresses: readonly IpAddress[]): number[] =>
  addresses.flatMap(({ w3 }) => [w3 >>> 24, (w3 >>> 16) & 255, (w3 >>> 8) & 255, w3 & 255]);
export const word = (value: number): number[] => octets(ipv4(value));

/** A host with a DHCP client in virtual time, and a server that says what the test tells it to. */
export class DhcpScript {
  readonly simulation = new Simulation();
  readonly wire = new MemoryWire();
  readonly host: Host;
  readonly through: InterfaceService;
  readonly client: DhcpClientService;
  readonly device: WireDevice;
  readonly server: WireDevice;
  #seen: SeenMessage[] = [];

  constructor(options: { readonly seed?: number; readonly dhcp?: DhcpOptions; readonly profile?: Profile } = {}) {
    this.host = this.simulation.host({ random: new SeededRandom(options.seed ?? 1), profile: options.profile ?? RFC });
    this.device = this.wire.device({ name: "eth0" });
    this.server = this.wire.device({ name: "server", promiscuous: true });
    this.host.trace.subscribe((event) => {
      if (event.type === "frame" && event.direction === "out" && event.device === "eth0") this.#note(event.bytes, event.atMs);
    });
    this.through = this.host.attach(this.device, { dhcp: options.dhcp ?? true });
    this.client = this.host.dhcpOn(this.through)!;
    this.through.neighbours.addStatic(SERVER, this.server.mac);
  }

  advance(ms: number): void {
    this.simulation.advance(ms);
  }

  /** What the client has said since the last call. */
  seen(): SeenMessage[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  /** Lets time pass until the client says something. */
  next(limitMs = 120_000): SeenMessage {
    this.simulation.run(() => this.#seen.length > 0, this.simulation.now + limitMs);
    const message = this.#seen.shift();
    if (message === undefined) throw new Error(`The client is silent in ${this.client.state}`);
    return message;
  }

  reply(to: SeenMessage, type: number, parts: ReplyParts = {}): void {
    const yiaddr = parts.yiaddr ?? (type === dhcp.NAK ? ipv4(0) : OFFERED);
    this.send(replyTo(to, type, yiaddr, this.device.mac, parts), parts.to ?? (type === dhcp.NAK ? ipv4(-1) : yiaddr), parts.from);
    this.simulation.settle();
  }

  /** A datagram to the client's port. */
  send(message: Uint8Array, to: IpAddress, from = SERVER, port = dhcp.CLIENT_PORT): void {
    const frame = new Uint8Array(ethernet.HEADER + 20 + udp.HEADER + message.length);
    ethernet.writeHeader(frame, 0, to.w3 === -1 ? ethernet.BROADCAST_MAC : this.device.mac, this.server.mac, ethernet.TYPE_IPV4);
    ipv4Packet.writeHeader(frame, 14, frame.length - 14, from.w3, to.w3, ipv4Packet.PROTOCOL_UDP, 64, 1);
    udp.writeHeader(frame, 34, dhcp.SERVER_PORT, port, message.length);
    frame.set(message, 42);
    udp.putChecksum(frame, 34, internetChecksum.pseudoHeaderV4(from.w3, to.w3, ipv4Packet.PROTOCOL_UDP, udp.HEADER + message.length));
    this.server.transmit(frame, 0, frame.length, plainFrame());
  }

  /** Another station says that it has the address. */
  claim(address: IpAddress): void {
    const frame = new Uint8Array(42);
    ethernet.writeHeader(frame, 0, ethernet.BROADCAST_MAC, this.server.mac, ethernet.TYPE_ARP);
    arp.writeRequest(frame, 14, this.server.mac, address.w3, SERVER.w3);
    this.server.transmit(frame, 0, frame.length, plainFrame());
    this.simulation.settle();
  }

  /** Through DISCOVER, OFFER, REQUEST and ACK, and the check for conflicts. */
  bind(parts: ReplyParts = {}): void {
    this.reply(this.next(), dhcp.OFFER, parts);
    this.reply(this.next(), dhcp.ACKNOWLEDGE, parts);
    this.simulation.run(() => this.client.state === "BOUND", this.simulation.now + 10_000);
    this.seen();
  }

  #note(bytes: Uint8Array, atMs: number): void {
    if (ethernet.type(bytes, 0) !== ethernet.TYPE_IPV4 || ipv4Packet.protocol(bytes, 14) !== ipv4Packet.PROTOCOL_UDP) return;
    if (udp.destinationPort(bytes, 34) !== dhcp.SERVER_PORT) return;
    const message = bytes.slice(42);
    const options = dhcp.readOptions(message, 0, message.length);
    if (typeof options === "string") throw new Error(`The client's message is ${options}`);
    this.#seen.push({
      atMs,
      type: dhcp.byteOption(options, dhcp.OPTION_MESSAGE_TYPE),
      xid: dhcp.xid(message, 0),
      secs: dhcp.secs(message, 0),
      ciaddr: dhcp.clientAddress(message, 0),
      wantsBroadcast: dhcp.wantsBroadcast(message, 0),
      options,
      source: ipv4(ipv4Packet.source(bytes, 14)),
      destination: ipv4(ipv4Packet.destination(bytes, 14)),
      isLinkBroadcast: ethernet.isBroadcast(bytes, 0),
    });
  }
}

/** A server's message, an hour's lease of 203.0.113.0/24 unless the parts say otherwise. */
export function replyTo(
  request: Pick<SeenMessage, "xid">,
  type: number,
  yiaddr: IpAddress,
  mac: Uint8Array,
  parts: ReplyParts = {},
): Uint8Array {
  const b = new Uint8Array(1500);
  dhcp.writeRequest(b, 0, parts.xid ?? request.xid, 0, false, 0, parts.mac ?? mac);
  b[0] = parts.operation ?? dhcp.BOOT_REPLY;
  b.set(octets(yiaddr), 16);
  if (parts.cookie !== undefined) b.set(word(parts.cookie), 236);
  if (parts.name !== undefined) b.set(parts.name, 44);
  if (parts.file !== undefined) b.set(parts.file, 108);
  if (parts.rawOptions !== undefined) {
    b.set(parts.rawOptions, dhcp.HEADER);
    return b.slice(0, dhcp.HEADER + parts.rawOptions.length);
  }
  const usual: Record<number, readonly number[] | undefined> = {
    [dhcp.OPTION_MESSAGE_TYPE]: [type],
    [dhcp.OPTION_SERVER_ID]: octets(SERVER),
  };
  if (type !== dhcp.NAK) {
    usual[dhcp.OPTION_LEASE_TIME] = word(3600);
    usual[dhcp.OPTION_MASK] = word(0xffffff00);
    usual[dhcp.OPTION_ROUTERS] = octets(SERVER);
  }
  let at = dhcp.HEADER;
  for (const [code, data] of Object.entries({ ...usual, ...parts.options })) {
    if (data !== undefined) at = dhcp.writeOption(b, at, Number(code), data);
  }
  return b.slice(0, dhcp.writeEnd(b, 0, at));
}
