/** Raw endpoints as users of a host's `raw` see them; test/winsock/provider/raw-socket.test.ts has what sockets make of them. */
import { expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Host } from "../../../src/stack/host/host.ts";
import type { RawEndpoint, RawUser } from "../../../src/stack/raw/raw-service.ts";
import { Loopback } from "../../../src/wire/loopback.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";

const OURS = parseAddress("203.0.113.2");
const EVERYBODY = parseAddress("203.0.113.255");
const EXPERIMENTAL = 253;

function setUp() {
  const host = new Host({ random: new SeededRandom(1) });
  host.attach(new Loopback());
  const eth = host.attach(new MemoryWire().device({ name: "eth0" }), { address: OURS, prefixLength: 24 });
  host.turn(0);
  return { host, eth };
}

function open(host: Host, protocol: number, local: string, user: RawUser): RawEndpoint {
  const endpoint = host.raw.open({ protocol, local: parseAddress(local), user });
  if (typeof endpoint === "string") throw new Error(endpoint);
  return endpoint;
}

test("who sends whenever he overhears something does not keep the host from its other work", () => {
  const { host } = setUp();
  let told = 0;
  const talker = open(host, EXPERIMENTAL, "0.0.0.0", {});
  talker.allowsBroadcast = true;
  const listener = open(host, 0, "203.0.113.2", {
    readable() {
      if (++told < 50_000) talker.send(Uint8Array.of(1), 0, 1, EVERYBODY);
    },
  });
  listener.overhear("device");
  talker.send(Uint8Array.of(1), 0, 1, EVERYBODY);
  let other = 0;
  host.timers
    .timer(
      "other",
      () => "a test",
      () => (other = told),
    )
    .set(0);
  host.turn(0);
  expect([told > 0, other < 10]).toEqual([true, true]);
});

test("an endpoint that its user opens on hearing that the network is down, or of a datagram, is told of the next one", () => {
  const { host, eth } = setUp();
  let opened = 0;
  const reopening: RawUser = {
    networkDown() {
      if (++opened < 100) open(host, EXPERIMENTAL, "203.0.113.2", reopening);
    },
    readable() {
      if (++opened < 100) open(host, EXPERIMENTAL, "0.0.0.0", reopening);
    },
  };
  const first = open(host, EXPERIMENTAL, "203.0.113.2", reopening);
  first.send(Uint8Array.of(1), 0, 1, OURS);
  host.turn(1);
  expect([opened, host.raw.endpoints().length]).toEqual([1, 2]);
  host.ip.removeAddress(eth, OURS);
  expect(host.raw.endpoints().length).toBeLessThan(5);
});
