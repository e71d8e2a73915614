import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import type { ConnectionOptions } from "../../../src/stack/tcp/tcp-user.ts";
import { Loopback } from "../../../src/wire/loopback.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { Endpoint, pattern } from "../../support/two-hosts.ts";

const HERE = parseV4("127.0.0.1");
/** What SO_SNDBUF lets a program have queued before it takes the next send. */
const QUOTA = 65_536;

interface Stream {
  readonly profile: Profile;
  readonly callBytes: number;
  readonly options?: Partial<ConnectionOptions>;
  readonly totalBytes?: number;
}

/** A program sends to itself, call by call, and reads whatever comes. @returns virtual milliseconds from the first byte to the last */
function transfer({ profile, callBytes, options = {}, totalBytes = 1024 * 1024 }: Stream): number {
  const simulation = new Simulation();
  const host = simulation.host({ random: new SeededRandom(3), profile });
  host.attach(new MemoryWire().device({ name: "wire" }), { address: parseV4("203.0.113.2"), prefixLength: 24 });
  host.attach(new Loopback());
  const server = new Endpoint();
  const client = new Endpoint();
  const listener = host.tcp.listen({
    localPort: 80,
    backlog: 1,
    options,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted !== undefined) server.use(accepted);
    },
  });
  const opened = host.tcp.open({ remote: HERE, remotePort: 80, user: client.user, options });
  if (typeof opened === "string") throw new Error(opened);
  client.connection = opened;
  simulation.run(() => client.has("established") && server.connection !== undefined, 1000);

  const bytes = pattern(totalBytes, 1);
  const startMs = simulation.now;
  let written = 0;
  const write = (connection: TcpConnection): void => {
    while (written < totalBytes && connection.sendQueueBytes < QUOTA) {
      const end = Math.min(written + callBytes, totalBytes);
      connection.write(bytes, written, end);
      written = end;
    }
  };
  opened.user = { ...client.user, writable: () => write(opened) };
  write(opened);
  simulation.run(() => server.receivedBytes === totalBytes, startMs + 600_000);
  expect(Buffer.compare(server.bytes(), bytes)).toBe(0);
  return simulation.now - startMs;
}

describe("a bulk stream over loopback waits for no timer: nothing but copying takes time", () => {
  for (const profile of [WINDOWS, LINUX, RFC]) {
    test.each([1000, 1460, 16_384, 65_495, 65_536, 65_537, 100_000, 262_144])(`${profile.name}, in calls of %i bytes`, (callBytes) => {
      expect(transfer({ profile, callBytes })).toBe(0);
    });
  }

  test("with a receive buffer smaller than two of the path's segments, where no second full one can come (RFC 9293 §3.8.6.3)", () => {
    for (const receiveBufferBytes of [8192, 20_000, 65_536, 100_000]) {
      expect([receiveBufferBytes, transfer({ profile: WINDOWS, callBytes: 65_536, options: { receiveBufferBytes } })]).toEqual([
        receiveBufferBytes,
        0,
      ]);
    }
  });
});
