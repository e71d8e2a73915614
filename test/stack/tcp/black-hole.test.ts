import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import type { FrameInfo } from "../../../src/stack/core/frame-info.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import type { FrameSink, LinkDevice, LinkListener, TransmitResult } from "../../../src/stack/link/link-device.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { WrappedDevice } from "../../../src/wire/wrapped-device.ts";
import { Endpoint, pattern } from "../../support/two-hosts.ts";

/** Swallows frames that a narrower link behind it would not carry, and says nothing. */
class BlackHole extends WrappedDevice {
  swallowed = 0;
  readonly #mtu: number;

  constructor(inner: LinkDevice, mtu: number) {
    super(inner);
    this.#mtu = mtu;
  }

  get counters() {
    return this.inner.counters;
  }

  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (end - at <= this.#mtu + 14) return this.inner.transmit(bytes, at, end, info);
    this.swallowed++;
    return "sent";
  }

  receive(sink: FrameSink, budget: number): number {
    return this.inner.receive(sink, budget);
  }

  setListener(listener: LinkListener): void {
    this.inner.setListener(listener);
  }

  setSegmentation(on: boolean): void {
    this.inner.setSegmentation(on);
  }

  close(): void {
    this.inner.close();
  }
}

/** A connection whose way to the peer carries no more than `mtu`. */
function through(mtu: number, addresses: readonly [string, string]) {
  const simulation = new Simulation(5);
  const wire = new MemoryWire();
  const ours = simulation.host({ random: new SeededRandom(1) });
  const peer = simulation.host({ random: new SeededRandom(2) });
  const hole = new BlackHole(wire.device({ name: "ours" }), mtu);
  const [ourAddress, peerAddress] = addresses.map(parseAddress) as [ReturnType<typeof parseAddress>, ReturnType<typeof parseAddress>];
  ours.attach(hole, { address: ourAddress, prefixLength: 24 });
  peer.attach(wire.device({ name: "peer" }), { address: peerAddress, prefixLength: 24 });
  const server = new Endpoint();
  const listener = peer.tcp.listen({ localPort: 80, backlog: 1, acceptable: () => server.use(listener.accept()!) });
  const client = new Endpoint();
  const conn = ours.tcp.open({ remote: peerAddress, remotePort: 80, user: client.user });
  if (typeof conn === "string") throw new Error(conn);
  simulation.run(() => server.connection !== undefined, 10_000);
  return { simulation, ours, hole, conn, server, peerAddress };
}

const V4 = ["203.0.113.2", "203.0.113.1"] as const;
const V6 = ["2001:db8::2", "2001:db8::1"] as const;

describe("[MTU-18] a path that swallows what is long", () => {
  test.each([
    ["IPv4", 1400, V4, 1240],
    ["IPv4", 1000, V4, 536],
    ["IPv6", 1400, V6, 1220],
  ] as const)("over %s that carries %i is met with shorter segments within ten seconds", (_family, mtu, addresses, mss) => {
    const { simulation, ours, hole, conn, server, peerAddress } = through(mtu, addresses);
    const text = pattern(50_000, 1);
    const began = simulation.now;
    conn.write(text, 0, text.length);
    expect(simulation.run(() => server.receivedBytes === text.length, began + (mss === 536 ? 60_000 : 10_000))).toBe(true);
    expect(Buffer.compare(server.bytes(), text)).toBe(0);
    expect(conn.status().mss).toBeLessThanOrEqual(mss);
    expect(conn.status().mss).toBeGreaterThan(mss - 20);
    expect(hole.swallowed).toBeGreaterThan(0);
    // Nobody said so: another connection begins as if nothing had been.
    expect(ours.ip.mtuTo(peerAddress)).toBe(1500);
  });

  test("is not suspected when what is lost is short", () => {
    const { simulation, conn } = through(100, V4);
    const before = conn.status().mss;
    conn.write(pattern(300, 1), 0, 300);
    simulation.advance(10_000);
    expect(conn.status().mss).toBe(before);
  });
});
