import { describe, expect, test } from "@jest/globals";
import type { FrameInfo } from "../../../src/stack/core/frame-info.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import type { Host } from "../../../src/stack/host/host.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import type { FrameSink, LinkCounters, LinkListener, TransmitResult } from "../../../src/stack/link/link-device.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { MemoryWire, type WireDevice } from "../../../src/wire/memory-wire.ts";
import { WrappedDevice } from "../../../src/wire/wrapped-device.ts";
import { Endpoint, OUR_ADDRESS, PEER_ADDRESS } from "../../support/two-hosts.ts";

/** Takes no broadcasts in, so that no announcement is heard. */
class DeafDevice extends WrappedDevice {
  override get counters(): LinkCounters {
    return this.inner.counters;
  }

  override transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    return this.inner.transmit(bytes, at, end, info);
  }

  override receive(sink: FrameSink, budget: number): number {
    const frame: FrameSink["frame"] = (bytes, at, end, info) => {
      if (!ethernet.isBroadcast(bytes, at)) sink.frame(bytes, at, end, info);
    };
    return this.inner.receive({ frame }, budget);
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
}

/** Two hosts, of which the peer has a second card that is still down, and somebody who sees every question for a neighbour. */
class MovableHosts {
  readonly simulation = new Simulation();
  readonly ours: Host;
  readonly peer: Host;
  readonly client = new Endpoint();
  readonly server = new Endpoint();
  readonly #cards: readonly [WireDevice, WireDevice];
  readonly #observer: WireDevice;

  constructor() {
    const wire = new MemoryWire();
    this.ours = this.simulation.host({ random: new SeededRandom(3), profile: WINDOWS });
    this.peer = this.simulation.host({ random: new SeededRandom(4), profile: LINUX });
    this.ours.attach(new DeafDevice(wire.device({ name: "ours" })), { address: OUR_ADDRESS, prefixLength: 24 });
    this.#cards = [wire.device({ name: "card" }), wire.device({ name: "spare" })];
    for (const card of this.#cards) {
      const { neighbours } = this.peer.attach(card, { address: PEER_ADDRESS, prefixLength: 24 });
      // Nor are its questions heard.
      neighbours.addStatic(OUR_ADDRESS, this.ours.devices[0]!.mac);
    }
    this.#cards[1].setLink(false);
    this.#observer = wire.device({ name: "observer", promiscuous: true });
    this.#observer.setListener({ readable: () => {}, writable: () => {}, linkChanged: () => {} });
  }

  connect(): void {
    const listener = this.peer.tcp.listen({
      localPort: 80,
      backlog: 1,
      acceptable: () => {
        const accepted = listener.accept();
        if (accepted !== undefined) this.server.use(accepted);
      },
    });
    const opened = this.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: this.client.user });
    if (typeof opened === "string") throw new Error(opened);
    this.client.connection = opened;
    this.simulation.run(() => this.client.has("established") && this.server.connection !== undefined, 10_000);
  }

  /** The peer's address moves to its other card, and nobody is told. */
  move(): void {
    this.#cards[0].setLink(false);
    this.#cards[1].setLink(true);
  }

  /** Text from one end that the other has got when the time is over. */
  exchange(from: Endpoint, to: Endpoint, bytes: number, limitMs: number): boolean {
    const until = to.receivedBytes + bytes;
    from.connection!.write(new Uint8Array(bytes), 0, bytes);
    return this.simulation.run(() => to.receivedBytes >= until, this.simulation.now + limitMs);
  }

  /** Questions of ours for a neighbour since the last call: whether each went to everybody. */
  questions(): boolean[] {
    const seen: boolean[] = [];
    const ours = this.ours.devices[0]!.mac;
    const frame = (bytes: Uint8Array, at: number): void => {
      if (ethernet.type(bytes, at) !== ethernet.TYPE_ARP || arp.operation(bytes, ethernet.payloadAt(at)) !== arp.REQUEST) return;
      const mac = new Uint8Array(6);
      arp.copySenderMac(bytes, ethernet.payloadAt(at), mac);
      if (ethernet.sameMac(mac, 0, ours, 0)) seen.push(ethernet.isBroadcast(bytes, at));
    };
    while (this.#observer.receive({ frame }, 64) > 0);
    return seen;
  }
}

describe("TCP's word on its next hop", () => {
  test.each(["sends", "receives"] as const)("[ARP-11] [NDP-12] a stream that %s leaves no reason to ask for the neighbour", (direction) => {
    const hosts = new MovableHosts();
    hosts.connect();
    expect(hosts.questions()).toEqual([true]);
    const [from, to] = direction === "sends" ? [hosts.client, hosts.server] : [hosts.server, hosts.client];
    for (let second = 0; second < 200; second++) {
      expect(hosts.exchange(from, to, 5000, 1000)).toBe(true);
      hosts.simulation.advance(1000);
    }
    expect(hosts.questions()).toEqual([]);
  });

  test("a stream that pauses has its neighbour asked for once it goes on, only if nothing is acknowledged in five seconds", () => {
    const hosts = new MovableHosts();
    hosts.connect();
    hosts.questions();
    hosts.simulation.advance(100_000);
    expect(hosts.exchange(hosts.client, hosts.server, 100, 1000)).toBe(true);
    hosts.simulation.advance(20_000);
    expect(hosts.questions()).toEqual([]);
  });

  test("[ARP-11] [FLT-01] a neighbour that moves to another card without a word is found within six seconds", () => {
    const hosts = new MovableHosts();
    hosts.connect();
    hosts.exchange(hosts.client, hosts.server, 5000, 1000);
    hosts.questions();
    hosts.move();
    expect(hosts.exchange(hosts.client, hosts.server, 5000, 6000)).toBe(true);
    expect(hosts.questions()[0]).toBe(true);
  });
});
