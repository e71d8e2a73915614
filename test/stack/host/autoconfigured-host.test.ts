import { expect, test } from "@jest/globals";
import { formatAddress } from "../../../src/stack/core/address.ts";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { LINUX } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import { MemoryWire, type WireDevice } from "../../../src/wire/memory-wire.ts";
import { Endpoint } from "../../support/two-hosts.ts";
import { groupMac, PAYLOAD } from "../ip/v6/neighbour.ts";
import { ALL_NODES, advertisementOf, PREFIX, prefixOption, ROUTER, searchOption, serversOption } from "../ip/v6/scripted-router.ts";

/** From a station that is no host, to all nodes. */
function advertise(device: WireDevice, options: readonly Uint8Array[], lifetime = 1800): void {
  const message = advertisementOf({ lifetime, options }, device.mac);
  icmpv6.putChecksum(message, 0, message.length, ROUTER, ALL_NODES);
  const frame = new Uint8Array(PAYLOAD + message.length);
  ethernet.writeHeader(frame, 0, groupMac(ALL_NODES), device.mac, ethernet.TYPE_IPV6);
  ipv6.writeHeader(frame, 14, message.length, ROUTER, ALL_NODES, ipv6.PROTOCOL_ICMP, 255);
  frame.set(message, PAYLOAD);
  device.transmit(frame, 0, frame.length, plainFrame());
}

function setUp() {
  const simulation = new Simulation();
  const wire = new MemoryWire();
  const router = wire.device({ name: "router", promiscuous: true });
  const [first, second] = [1, 2].map((seed) => {
    const host = simulation.host({ random: new SeededRandom(seed), profile: LINUX });
    host.attach(wire.device({ name: `eth${seed}` }), { ip6: "auto" });
    return host;
  });
  simulation.advance(2000);
  return { simulation, router, first: first!, second: second! };
}

test("[SLC-01] [NDP-24] two hosts on a link with a router find each other, and know its name servers", () => {
  const { simulation, router, first, second } = setUp();
  advertise(router, [prefixOption(PREFIX), serversOption(["2001:db8::53"], 600), searchOption(["example.net"], 600)]);
  simulation.advance(2000);
  const address = second.ip.interfaces[0]!.addresses.find(({ origin }) => origin === "slaac")!.address;
  expect(formatAddress(address)).toMatch(/^2001:db8:1:/);
  const results: unknown[] = [];
  expect(
    first.ip.ping(address, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 1000 }, (r) => void results.push(r.kind)),
  ).toBeUndefined();
  simulation.advance(1000);
  expect(results).toEqual(["reply"]);
  expect(first.dns.status()).toMatchObject({
    servers: [{ server: "[2001:db8::53]:53", source: "routers on eth1" }],
    searchList: ["example.net"],
  });
  advertise(router, [serversOption(["2001:db8::53"], 0), searchOption(["example.net"], 0)]);
  simulation.advance(0);
  expect(first.dns.status()).toMatchObject({ servers: [], searchList: [] });
});

test("[SLC-07] [SLC-08] a connection outlives the preference of its address, and ends with the address", () => {
  const { simulation, router, first, second } = setUp();
  advertise(router, [prefixOption(PREFIX, { valid: 600, preferred: 300 })]);
  simulation.advance(2000);
  const remote = second.ip.interfaces[0]!.addresses.find(({ origin }) => origin === "slaac")!.address;
  const listener = second.tcp.listen({ localPort: 80, backlog: 5, acceptable: () => void listener.accept() });
  const client = new Endpoint();
  const opened = first.tcp.open({ remote, remotePort: 80, user: client.user });
  if (typeof opened === "string") throw new Error(opened);
  client.use(opened);
  simulation.advance(400_000);
  expect(first.ip.interfaces[0]!.addresses.find(({ origin }) => origin === "slaac")?.state).toBe("deprecated");
  expect(opened.state).toBe("ESTABLISHED");
  simulation.advance(300_000);
  expect(client.events).toEqual(["established", "aborted: network-down"]);
  expect(first.tcp.statuses()).toEqual([]);
});

test("[NDP-24] what a router advertises, and its goodbye, are changes of the ways there are", () => {
  const { simulation, router, first } = setUp();
  let count = 0;
  first.ip.watchWays(() => count++);
  simulation.advance(1000);
  const quiet = count;
  advertise(router, []);
  simulation.advance(0);
  expect(count).toBeGreaterThan(quiet);
  const afterwards = count;
  advertise(router, [], 0);
  simulation.advance(0);
  expect(count).toBeGreaterThan(afterwards);
});
