import { describe, expect, test } from "@jest/globals";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { capacityFor, RingPool } from "../../../src/stack/tcp/ring-pool.ts";
import { tcpOf } from "../../support/insides.ts";
import { connectPair, Endpoint, PEER_ADDRESS, pattern, TwoHosts } from "../../support/two-hosts.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

function setUp() {
  const time = new FrozenTime();
  const pool = new RingPool(time);
  const advance = (ms: number) => {
    const until = time.now + ms;
    for (; pool.sweepAtMs <= until; pool.sweepIfDue()) time.moveTo(pool.sweepAtMs);
    time.moveTo(until);
  };
  return { pool, advance };
}

describe("the pool of rings", () => {
  test.each([
    [1, 2 * KIB],
    [2048, 2 * KIB],
    [2049, 4 * KIB],
    [MIB, MIB],
    [MIB + 1, 2 * MIB],
  ])("%d bytes need a ring of %d", (bytes, capacity) => {
    expect(capacityFor(bytes)).toBe(capacity);
  });

  test("lends a ring that was given back before it makes one", () => {
    const { pool } = setUp();
    const ring = pool.take(4096);
    pool.give(ring);
    expect(pool.take(2048)).not.toBe(ring);
    expect(pool.take(4096)).toBe(ring);
    expect(pool.take(4096)).not.toBe(ring);
    expect([pool.lentBytes, pool.bytes]).toEqual([2048 + 8192, 2048 + 8192]);
  });

  test("keeps unused rings up to its limit", () => {
    const { pool } = setUp();
    pool.spareLimit = 10_000;
    const rings = Array.from({ length: 5 }, () => pool.take(4096));
    for (const ring of rings) pool.give(ring);
    expect([pool.lentBytes, pool.bytes]).toEqual([0, 8192]);
  });

  test("gives back as many as nobody needed at any time since it last looked, and keeps count", () => {
    const { pool, advance } = setUp();
    const rings = [1, 2, 3].map(() => pool.take(4096));
    for (const ring of rings) pool.give(ring);
    advance(1000);
    expect(pool.bytes).toBe(3 * 4096);
    // Two at once, of which one is kept: one ring was not needed.
    const [kept, other] = [pool.take(4096), pool.take(4096)];
    pool.give(other);
    advance(1000);
    expect([pool.lentBytes, pool.bytes]).toEqual([4096, 2 * 4096]);
    advance(1000);
    expect([pool.lentBytes, pool.bytes]).toEqual([4096, 4096]);
    pool.give(kept);
    expect([pool.lentBytes, pool.bytes]).toEqual([0, 4096]);
  });

  test("gives unused rings back to the process after a while, those in demand last, and then sleeps", () => {
    const { pool, advance } = setUp();
    const rings = Array.from({ length: 4 }, () => pool.take(MIB));
    for (const ring of rings) pool.give(ring);
    for (let i = 0; i < 30; i++) {
      pool.give(pool.take(MIB));
      advance(100);
    }
    expect(pool.bytes).toBe(MIB);
    advance(2000);
    expect(pool.bytes).toBe(0);
    expect(pool.sweepAtMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("memory of connections", () => {
  /** Sends `count` bytes each way, all of them read. */
  function exchange(hosts: TwoHosts, client: Endpoint, server: Endpoint, count: number): void {
    const text = pattern(count, 7);
    const [before, atServer] = [client.receivedBytes, server.receivedBytes];
    for (const end of [client, server]) end.connection?.write(text, 0, count);
    hosts.simulation.run(
      () => client.receivedBytes === before + count && server.receivedBytes === atServer + count,
      hosts.simulation.now + 60_000,
    );
    expect(server.receivedBytes).toBe(atServer + count);
  }

  test("that have nothing under way is none, two seconds after the last byte, and nothing wakes the host for it", () => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    exchange(hosts, client, server, 4 * MIB);
    expect(tcpOf(hosts.ours).rings.bytes).toBeGreaterThan(0);
    hosts.simulation.advance(2000);
    expect([hosts.ours, hosts.peer].map((h) => tcpOf(h).rings.lentBytes)).toEqual([0, 0]);
    hosts.simulation.advance(3000);
    expect([hosts.ours, hosts.peer].map((h) => tcpOf(h).rings.bytes)).toEqual([0, 0]);
    expect(hosts.ours.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
    exchange(hosts, client, server, 100);
    expect(tcpOf(hosts.ours).rings.lentBytes).toBe(2 * 2 * KIB);
  });

  test("falls to what a chat needs while the chat goes on after a large transfer", () => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    exchange(hosts, client, server, 4 * MIB);
    for (let i = 0; i < 20; i++) {
      hosts.simulation.advance(300);
      exchange(hosts, client, server, 100);
    }
    expect(tcpOf(hosts.ours).rings.lentBytes).toBeLessThanOrEqual(2 * 4 * KIB);
  });

  test("of a user that does not read is bounded by the window", () => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    const connection = server.connection!;
    connection.user = { ...server.user, readable: () => {} };
    for (let i = 0; i < 8; i++) client.connection?.write(new Uint8Array(MIB), 0, MIB);
    hosts.simulation.advance(20_000);
    const held = connection.readableBytes;
    expect(held).toBeLessThanOrEqual(hosts.peer.context.profile.receiveBufferBytes);
    expect(tcpOf(hosts.peer).rings.lentBytes).toBeLessThanOrEqual(capacityFor(hosts.peer.context.profile.receiveBufferBytes));
    connection.read(new Uint8Array(held), 0, held - 100);
    client.connection?.abort();
    hosts.simulation.advance(5000);
    expect(tcpOf(hosts.peer).rings.bytes).toBe(0);
  });

  test.each<[string, (client: Endpoint, server: Endpoint) => void]>([
    ["aborts with text under way", (client) => client.connection?.abort()],
    ["is closed by its user with text unread", (_client, server) => server.connection?.close(false)],
  ])("of a connection that %s is given back", (_how, end) => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    server.connection!.user = { ...server.user, readable: () => {} };
    client.connection?.write(new Uint8Array(MIB), 0, MIB);
    hosts.simulation.advance(100);
    end(client, server);
    hosts.simulation.advance(5000);
    expect([hosts.ours, hosts.peer].map((h) => tcpOf(h).rings.bytes)).toEqual([0, 0]);
  });

  test("of a connection that ended in order with text unread stays until its user closes", () => {
    const hosts = new TwoHosts();
    const { client, server } = connectPair(hosts);
    const connection = server.connection!;
    connection.user = { ...server.user, readable: () => {}, endOfStream: () => {} };
    connection.shutdownSend();
    client.connection?.write(pattern(5000, 3), 0, 5000);
    client.connection?.close(false);
    hosts.simulation.advance(300_000);
    expect(connection.state).toBe("CLOSED");
    const text = new Uint8Array(5000);
    expect(connection.peek(text, 0, 5000)).toBe(5000);
    expect(text).toEqual(pattern(5000, 3));
    connection.close(false);
    expect(tcpOf(hosts.peer).rings.lentBytes).toBe(0);
  });

  test("of two hundred that each moved a large file is none while they are kept alive", () => {
    const hosts = new TwoHosts();
    const listener = hosts.peer.tcp.listen({ localPort: 80, backlog: 300, acceptable: () => {} });
    for (let i = 0; i < 200; i++) {
      const client = new Endpoint();
      const opened = hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: client.user });
      if (typeof opened === "string") throw new Error(opened);
      client.use(opened);
      hosts.simulation.run(() => listener.waiting > 0, hosts.simulation.now + 10_000);
      const server = new Endpoint().use(listener.accept()!);
      server.connection?.write(new Uint8Array(256 * KIB), 0, 256 * KIB);
      hosts.simulation.run(() => client.receivedBytes === 256 * KIB, hosts.simulation.now + 10_000);
    }
    hosts.simulation.advance(5000);
    expect(hosts.ours.tcp.statuses()).toHaveLength(200);
    expect([hosts.ours, hosts.peer].map((h) => tcpOf(h).rings.bytes)).toEqual([0, 0]);
  });
});
