import { describe, expect, test } from "@jest/globals";
import { formatAddress, ipv4, parseV4 } from "../../../src/stack/core/address.ts";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { LINUX } from "../../../src/stack/core/profile.ts";
import type { FoundPath } from "../../../src/stack/ip/family.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { Network, type Station, type TestHost, v4 } from "../link/network.ts";

const US = v4("203.0.113.2");
const FAR = parseV4("198.51.100.1");
const ANY = ipv4(0);

/** Two gateways to everywhere, the first of them by metric; both are silent until a test answers for them. */
function setUp() {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", LINUX);
  const first = network.station("first", "203.0.113.11");
  const second = network.station("second", "203.0.113.12");
  host.ip.addRoute({ destination: ANY, prefixLength: 0, gateway: ipv4(first.address), metric: 1 });
  host.ip.addRoute({ destination: ANY, prefixLength: 0, gateway: ipv4(second.address), metric: 2 });
  const errors: string[] = [];
  host.ip.register({
    protocol: 253,
    input: () => "accepted",
    icmpError: ({ kind }) => {
      errors.push(kind);
      return true;
    },
  });
  return { network, host, first, second, errors };
}

function send(path: FoundPath): string {
  const bytes = new Uint8Array(path.headroom + 20);
  return path.send(253, bytes, path.headroom, bytes.length, plainFrame());
}

function pathTo(host: TestHost): FoundPath {
  const path = host.ip.route(FAR);
  if (typeof path === "string") throw new Error(path);
  return path;
}

function answers(network: Network, host: TestHost, gateway: Station): void {
  gateway.arp({ operation: arp.REPLY, target: US, to: host.device.mac });
  network.settle();
}

/** The station whose card the datagrams heard by anybody went to. */
const takers = (station: Station): string[] => station.heardIp().map((f) => ethernet.destinationText(f, 0));
const nextHop = (host: TestHost): string => {
  const way = host.ip.wayTo(FAR, undefined);
  return typeof way === "string" ? way : formatAddress(way.nextHop);
};

describe("[IP4-19] a gateway that does not answer (RFC 1122 §3.3.1.4, RFC 4861 §6.3.6)", () => {
  test("is left for the next one, and what waited for it is nobody's failure", () => {
    const { network, host, first, second, errors } = setUp();
    const path = pathTo(host);
    expect(send(path)).toBe("queued");
    network.advance(3000);
    expect(errors).toEqual([]);
    expect(host.drops()).toEqual({ "neighbour-unresolved": 1 });
    first.heard();
    second.heard();

    expect(send(path)).toBe("queued");
    expect(second.heardArp().map((a) => a.target)).toEqual([second.address]);
    answers(network, host, second);
    expect(takers(second)).toEqual([ethernet.macText(second.device.mac)]);
    expect(nextHop(host)).toBe("203.0.113.12");
  });

  test("is asked for again every half minute, and used again when it answers", () => {
    const { network, host, first, second } = setUp();
    const path = pathTo(host);
    send(path);
    network.advance(3000);
    send(path);
    answers(network, host, second);
    first.heard();
    network.advance(90_000);
    expect(first.heardArp().filter((a) => a.target === first.address)).toHaveLength(3);
    expect(nextHop(host)).toBe("203.0.113.12");
    answers(network, host, first);
    second.heard();
    send(path);
    expect(takers(second)).toEqual([ethernet.macText(first.device.mac)]);
    network.advance(120_000);
    expect(first.heardArp().filter((a) => a.isBroadcast)).toEqual([]);
  });

  test("that announces its return is asked for at once", () => {
    const { network, host, first, second } = setUp();
    const path = pathTo(host);
    send(path);
    network.advance(3000);
    send(path);
    answers(network, host, second);
    network.advance(10_000);
    first.heard();
    first.arp({ operation: arp.REQUEST, target: first.address });
    network.advance(0);
    expect(first.heardArp().map((a) => a.target)).toEqual([first.address]);
  });

  test("is left within three seconds when a transport says that nothing arrives any more", () => {
    const { network, host, first, second } = setUp();
    const path = pathTo(host);
    send(path);
    answers(network, host, first);
    network.advance(2000);
    send(path);
    path.suspect();
    network.advance(3000);
    first.heard();
    second.heard();
    expect(send(path)).toBe("queued");
    expect(second.heardArp().map((a) => a.target)).toEqual([second.address]);
  });

  test("is used for want of another when all are silent, and then its failure is told", () => {
    const { network, host, errors } = setUp();
    const path = pathTo(host);
    for (let i = 0; i < 3; i++) {
      send(path);
      network.advance(4000);
    }
    expect(nextHop(host)).toBe("203.0.113.11");
    expect(errors).not.toEqual([]);
  });

  test("is asked for on, each of them, while all are silent: whichever comes back first is used, and the first again when it is there", () => {
    const { network, host, first, second } = setUp();
    const path = pathTo(host);
    for (let i = 0; i < 2; i++) {
      send(path);
      network.advance(3000);
    }
    network.advance(600_000);
    for (const station of [first, second]) station.heard();
    network.advance(31_000);
    expect(new Set(second.heardArp().map((a) => a.target))).toEqual(new Set([first.address, second.address]));
    answers(network, host, second);
    expect(nextHop(host)).toBe("203.0.113.12");
    network.advance(600_000);
    first.heard();
    network.advance(31_000);
    expect(first.heardArp().map((a) => a.target)).toContain(first.address);
    answers(network, host, first);
    expect(nextHop(host)).toBe("203.0.113.11");
  });

  test("is not asked any more once no route leads through it", () => {
    const { network, host, first } = setUp();
    send(pathTo(host));
    network.advance(3000);
    host.ip.routes.remove(ANY, 0, ipv4(first.address));
    first.heard();
    network.advance(100_000);
    expect(first.heardArp()).toEqual([]);
    expect(host.context.timers.size).toBe(0);
  });

  test("of a more specific route is not replaced by one that leads elsewhere", () => {
    const { network, host, first } = setUp();
    host.ip.addRoute({ destination: FAR, prefixLength: 24, gateway: ipv4(v4("203.0.113.13")) });
    send(pathTo(host));
    network.advance(3000);
    expect(nextHop(host)).toBe("203.0.113.13");
    expect(first.heardArp().map((a) => a.target)).not.toContain(first.address);
  });
});
