import { ipv4 as ipv4Address, parseV4 } from "../../../src/stack/core/address.ts";
import type { HostContext } from "../../../src/stack/core/context.ts";
import { DropCounters } from "../../../src/stack/core/drops.ts";
import { type FrameInfo, plainFrame } from "../../../src/stack/core/frame-info.ts";
import { type Profile, WINDOWS } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { TimerQueue } from "../../../src/stack/core/timers.ts";
import { Trace } from "../../../src/stack/core/trace.ts";
import { Ip } from "../../../src/stack/ip/ip.ts";
import { Ipv4 } from "../../../src/stack/ip/v4/ipv4.ts";
import { Ipv6 } from "../../../src/stack/ip/v6/ipv6.ts";
import type { LinkDevice } from "../../../src/stack/link/link-device.ts";
import type { NetworkInterface } from "../../../src/stack/link/network-interface.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as internetChecksum from "../../../src/stack/packet/checksum.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as icmp from "../../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as udp from "../../../src/stack/packet/udp.ts";
import { Udp } from "../../../src/stack/udp/udp.ts";
import { Loopback } from "../../../src/wire/loopback.ts";
import { MemoryWire, type WireDevice } from "../../../src/wire/memory-wire.ts";

export const v4 = (text: string): number => parseV4(text).w3;

/** Hosts and scripted stations on one Ethernet segment, in virtual time. */
export class Network {
  readonly time = new FrozenTime();
  readonly wire = new MemoryWire();
  readonly #hosts: TestHost[] = [];

  host(name: string, address: string, profile: Profile = WINDOWS): TestHost {
    const device = this.wire.device({ name });
    const host = new TestHost(this.time, device, profile);
    host.ip.addAddress(host.eth, parseV4(address), 24);
    this.#hosts.push(host);
    return host;
  }

  station(name: string, address: string): Station {
    return new Station(this.wire.device({ name, promiscuous: true }), address);
  }

  /** Lets every host work until nothing moves any more. */
  settle(): void {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const host of this.#hosts) {
        for (const i of host.ip.interfaces) if (i.device.receive(i, 64) + i.receiveLooped() > 0) isMoving = true;
        if (host.context.timers.runDue() > 0) isMoving = true;
      }
    }
  }

  /** Moves time on, stopping at every timer. */
  advance(ms: number): void {
    const until = this.time.now + ms;
    this.settle();
    for (;;) {
      const next = Math.min(...this.#hosts.map((h) => h.context.timers.nextDeadlineMs));
      if (next > until) break;
      this.time.moveTo(next);
      this.settle();
    }
    this.time.moveTo(until);
  }
}

export class TestHost {
  readonly context: HostContext;
  readonly ip: Ip;
  readonly udp: Udp;
  readonly eth: NetworkInterface;
  readonly device: WireDevice;

  constructor(time: FrozenTime, device: WireDevice, profile: Profile) {
    const timers = new TimerQueue(time);
    const random = new SeededRandom(42);
    const context: HostContext = {
      get now() {
        return time.now;
      },
      random,
      profile,
      timers,
      trace: new Trace(time),
      drops: new DropCounters(),
      mistake,
      requestTurn: () => {},
    };
    this.context = context;
    this.device = device;
    this.ip = new Ip(context, { v4: (ip) => new Ipv4(context, ip), v6: (ip) => new Ipv6(context, ip) });
    this.udp = new Udp(context, this.ip);
    this.ip.addInterface(new Loopback());
    this.eth = this.ip.addInterface(device);
  }

  drops(): Record<string, number> {
    return this.context.drops.all();
  }
}

/** A peer that says only what the test tells it to, and keeps what it hears. */
export class Station {
  readonly device: LinkDevice;
  readonly address: number;

  constructor(device: LinkDevice, address: string) {
    this.device = device;
    this.address = v4(address);
  }

  /** Copies of the frames that have come since the last call. */
  heard(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const sink = { frame: (bytes: Uint8Array, at: number, end: number) => void frames.push(bytes.slice(at, end)) };
    while (this.device.receive(sink, 64) > 0);
    return frames;
  }

  heardArp(): { operation: number; sender: number; target: number; isBroadcast: boolean }[] {
    return this.heard()
      .filter((f) => ethernet.type(f, 0) === ethernet.TYPE_ARP)
      .map((f) => ({
        operation: arp.operation(f, 14),
        sender: arp.senderIp(f, 14),
        target: arp.targetIp(f, 14),
        isBroadcast: ethernet.isBroadcast(f, 0),
      }));
  }

  /** IPv4 frames that have come since the last call; others are thrown away. */
  heardIp(): Uint8Array[] {
    return this.heard().filter((f) => ethernet.type(f, 0) === ethernet.TYPE_IPV4);
  }

  say(frame: Uint8Array, info: FrameInfo = plainFrame()): void {
    this.device.transmit(frame, 0, frame.length, info);
  }

  arp(options: { operation: number; sender?: number; senderMac?: Uint8Array; target: number; to?: Uint8Array }): void {
    const frame = new Uint8Array(60);
    const mac = options.senderMac ?? this.device.mac;
    ethernet.writeHeader(frame, 0, options.to ?? ethernet.BROADCAST_MAC, this.device.mac, ethernet.TYPE_ARP);
    if (options.operation === arp.REQUEST) arp.writeRequest(frame, 14, mac, options.sender ?? this.address, options.target);
    else arp.writeReply(frame, 14, mac, options.sender ?? this.address, options.to ?? ethernet.BROADCAST_MAC, options.target);
    this.say(frame);
  }

  /** An IPv4 frame around a payload, from here unless told otherwise. */
  datagram(
    to: TestHost,
    payload: Uint8Array,
    options: { protocol: number; source?: number; destination?: number; linkTo?: Uint8Array; fragment?: number; ttl?: number },
  ): Uint8Array {
    const frame = new Uint8Array(14 + 20 + payload.length);
    ethernet.writeHeader(frame, 0, options.linkTo ?? to.device.mac, this.device.mac, ethernet.TYPE_IPV4);
    const destination = options.destination ?? to.eth.addresses[0]!.address.w3;
    frame.set(payload, 34);
    const { protocol, ttl = 64, fragment = 0, source = this.address } = options;
    ipv4.writeHeader(frame, 14, 20 + payload.length, source, destination, protocol, ttl, 7, fragment);
    return frame;
  }

  /** A UDP frame with a good checksum. */
  udp(
    to: TestHost,
    ports: { from: number; to: number },
    text: string,
    options: { source?: number; destination?: number; linkTo?: Uint8Array } = {},
  ): Uint8Array {
    const payload = bytesOf(text);
    const datagram = new Uint8Array(8 + payload.length);
    datagram.set(payload, 8);
    udp.writeHeader(datagram, 0, ports.from, ports.to, payload.length);
    const destination = options.destination ?? to.eth.addresses[0]!.address.w3;
    const pseudo = internetChecksum.pseudoHeaderV4(options.source ?? this.address, destination, 17, datagram.length);
    udp.putChecksum(datagram, 0, pseudo);
    return this.datagram(to, datagram, { protocol: 17, ...options });
  }

  echoRequest(
    to: TestHost,
    data: string,
    options: { source?: number; destination?: number; linkTo?: Uint8Array; fragment?: number } = {},
  ): Uint8Array {
    const payload = bytesOf(data);
    const message = new Uint8Array(8 + payload.length);
    icmp.writeEcho(message, 0, icmp.ECHO_REQUEST, 0x1234, 5);
    message.set(payload, 8);
    icmp.putChecksum(message, 0, message.length);
    return this.datagram(to, message, { protocol: 1, ...options });
  }

  /** An ICMP error that quotes the datagram of a frame the host sent. */
  icmpError(
    to: TestHost,
    type: number,
    code: number,
    about: Uint8Array,
    options: { rest?: number; quotedBytes?: number } = {},
  ): Uint8Array {
    const quote = about.subarray(14, 14 + (options.quotedBytes ?? 28));
    const message = new Uint8Array(8 + quote.length);
    icmp.writeError(message, 0, type, code, options.rest ?? 0);
    message.set(quote, 8);
    icmp.putChecksum(message, 0, message.length);
    return this.datagram(to, message, { protocol: 1 });
  }

  /** Makes the host know this station's link address without asking. */
  introduce(to: TestHost): void {
    to.eth.neighbours.addStatic(ipv4Address(this.address), this.device.mac);
  }
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function mistake(error: unknown): never {
  throw error;
}
