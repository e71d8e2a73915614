import { expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import type { FrameInfo } from "../../../src/stack/core/frame-info.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import type { Host } from "../../../src/stack/host/host.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import type { FrameSink, LinkCounters, LinkDevice, LinkListener, TransmitResult } from "../../../src/stack/link/link-device.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import * as udp from "../../../src/stack/packet/udp.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { WrappedDevice } from "../../../src/wire/wrapped-device.ts";
import { ipOf } from "../../support/insides.ts";
import { OUR_ADDRESS, PEER_ADDRESS } from "../../support/two-hosts.ts";

/** Reads every frame that leaves as strictly as one that comes in, and counts what it saw. */
class ReadDevice extends WrappedDevice {
  host: Host | undefined;
  readonly seen = new Map<string, number>();

  override get counters(): LinkCounters {
    return this.inner.counters;
  }

  override transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    this.#read(bytes, at, end);
    return this.inner.transmit(bytes, at, end, info);
  }

  override receive(sink: FrameSink, budget: number): number {
    return this.inner.receive(sink, budget);
  }

  override setListener(listener: LinkListener): void {
    this.inner.setListener(listener);
  }

  override setSegmentation(on: boolean): void {
    this.inner.setSegmentation(on);
  }

  override close(): void {
    this.inner.close();
  }

  #read(b: Uint8Array, at: number, end: number): void {
    expect(ethernet.check(b, at, end)).toBeUndefined();
    expect(ethernet.isSourceGroup(b, at)).toBe(false);
    expect(b.subarray(at + 6, at + 12)).toEqual(this.mac);
    const packet = ethernet.payloadAt(at);
    const type = ethernet.type(b, at);
    switch (type) {
      case ethernet.TYPE_ARP:
        expect(arp.check(b, packet, end)).toBeUndefined();
        this.#count("arp");
        return;
      case ethernet.TYPE_IPV6:
        this.#count("ipv6");
        return;
      case ethernet.TYPE_IPV4:
        this.#readIpv4(b, packet, end);
        return;
    }
    throw new Error(`A frame of type ${type.toString(16)} leaves`);
  }

  #readIpv4(b: Uint8Array, at: number, end: number): void {
    expect(ipv4.check(b, at, end)).toBeUndefined();
    expect(ipv4.verifyChecksum(b, at)).toBe(true);
    expect(ipv4.ttl(b, at)).toBeGreaterThan(0);
    expect(this.#ownAddresses()).toContain(ipv4.source(b, at) | 0);
    const protocol = ipv4.protocol(b, at);
    const payload = ipv4.payloadAt(b, at);
    const last = ipv4.payloadEnd(b, at);
    if (protocol === ipv4.PROTOCOL_TCP) expect(tcp.verifyChecksum(b, payload, last, ipv4.pseudoHeader(b, at))).toBe(true);
    if (protocol === ipv4.PROTOCOL_UDP && !ipv4.isFragment(b, at)) {
      expect(udp.verifyChecksum(b, payload, ipv4.pseudoHeader(b, at))).toBe(true);
    }
    this.#count(`ipv4 ${protocol}`);
  }

  #ownAddresses(): number[] {
    return ipOf(this.host!)
      .addresses()
      .map(({ w3 }) => w3 | 0);
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

test("[ETH-01] [ETH-03] [IP4-06] [IP4-07] [HDR-03] every frame that leaves is Ethernet II, from our station and an address of ours, with TTL and checksums as they must be", () => {
  const simulation = new Simulation();
  const wire = new MemoryWire();
  const make = (name: string, seed: number): { host: Host; device: ReadDevice } => {
    const inner: LinkDevice = wire.device({ name });
    const device = new ReadDevice(inner);
    const host = simulation.host({ random: new SeededRandom(seed) });
    device.host = host;
    return { host, device };
  };
  const us = make("us", 1);
  const them = make("them", 2);
  for (const [{ host, device }, v4, v6] of [
    [us, OUR_ADDRESS, "2001:db8::2"],
    [them, PEER_ADDRESS, "2001:db8::1"],
  ] as const) {
    const through = host.attach(device, { address: v4, prefixLength: 24 });
    ipOf(host).addAddress(through, parseAddress(v6), 64);
  }

  const nothing = { readable: () => {}, icmpError: () => {} };
  const listener = them.host.tcp.listen({
    localPort: 80,
    backlog: 2,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted === undefined) return;
      accepted.user = { endOfStream: () => accepted.close(false) };
      accepted.write(new Uint8Array(20_000), 0, 20_000);
    },
  });
  for (const remote of [PEER_ADDRESS, parseAddress("2001:db8::1")]) {
    const opened = us.host.tcp.open({ remote, remotePort: 80, user: {} });
    if (typeof opened === "string") throw new Error(opened);
    opened.write(new Uint8Array(50_000), 0, 50_000);
    opened.shutdownSend();
    // Nobody listens there: a reset, and an error about a port.
    us.host.tcp.open({ remote, remotePort: 81, user: {} });
    const endpoint = us.host.udp.open({ localPort: 5000, user: nothing });
    if (typeof endpoint === "string") throw new Error(endpoint);
    for (const bytes of [0, 1, 1400, 4000]) endpoint.send(new Uint8Array(bytes), 0, bytes, remote, 9);
    endpoint.close();
    us.host.ip.ping(remote, { id: 1, sequence: 1, payloadBytes: 56, timeoutMs: 1000 }, () => {});
  }
  simulation.advance(600_000);

  for (const { device } of [us, them]) {
    for (const what of ["arp", "ipv6", "ipv4 1", "ipv4 6"]) expect([what, (device.seen.get(what) ?? 0) > 0]).toEqual([what, true]);
  }
  expect(us.device.seen.get("ipv4 17")).toBeGreaterThan(3);
});
