import { describe, expect, test } from "@jest/globals";
import { formatAddress, IPV4_ANY, IPV4_BROADCAST, parseV4 } from "../../../src/stack/core/address.ts";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as dhcp from "../../../src/stack/packet/dhcp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { DhcpScript, OFFERED, octets, replyTo, SERVER, type SeenMessage, word } from "../../support/dhcp-script.ts";

const HOUR = 3_600_000;
const addressOf = (script: DhcpScript): string | undefined => {
  const [own] = script.through.addresses;
  return own === undefined ? undefined : `${formatAddress(own.address)}/${own.prefixLength} ${own.origin} ${own.state}`;
};
const optionsIn = (message: SeenMessage): number[] => [...message.options.keys()];
const bound = (options: ConstructorParameters<typeof DhcpScript>[0] = {}, parts: Parameters<DhcpScript["bind"]>[0] = {}) => {
  const script = new DhcpScript(options);
  script.bind(parts);
  return script;
};

describe("a client that has no address", () => {
  test("[DHC-01] [DHC-03] [DHC-12] discovers, asks for what it is offered with the same transaction and seconds, and is bound", () => {
    const script = new DhcpScript();
    script.next();
    const discover = script.next();
    expect(discover).toMatchObject({ type: dhcp.DISCOVER, ciaddr: 0, wantsBroadcast: false, isLinkBroadcast: true });
    expect([discover.source, discover.destination]).toEqual([IPV4_ANY, IPV4_BROADCAST]);
    expect(discover.secs).toBeGreaterThanOrEqual(3);
    expect([...discover.options.get(dhcp.OPTION_CLIENT_ID)!]).toEqual([1, ...script.device.mac]);
    expect(discover.options.has(dhcp.OPTION_SERVER_ID)).toBe(false);
    script.advance(1500);
    script.reply(discover, dhcp.OFFER);
    const request = script.next();
    expect(request).toMatchObject({ type: dhcp.REQUEST, xid: discover.xid, secs: discover.secs, ciaddr: 0, isLinkBroadcast: true });
    expect([...request.options.get(dhcp.OPTION_REQUESTED_ADDRESS)!]).toEqual(octets(OFFERED));
    expect([...request.options.get(dhcp.OPTION_SERVER_ID)!]).toEqual(octets(SERVER));
    expect(request.source).toEqual(IPV4_ANY);
    script.reply(request, dhcp.ACKNOWLEDGE);
    expect(script.client.state).toBe("CHECKING");
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp tentative");
    script.advance(8000);
    expect(script.client.state).toBe("BOUND");
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp preferred");
    expect(script.host.ip.routes.list()).toMatchObject([
      { destination: "203.0.113.0", gateway: undefined },
      { destination: "0.0.0.0", prefixLength: 0, gateway: "203.0.113.1" },
    ]);
    expect(script.seen()).toEqual([]);
  });

  test("[DHC-01] has another transaction than another client, and for each that it begins", () => {
    const xids = [1, 2, 3].map((seed) => new DhcpScript({ seed }).next().xid);
    expect(new Set(xids).size).toBe(3);
    const script = bound();
    script.client.renew();
    const first = script.next();
    script.reply(first, dhcp.ACKNOWLEDGE);
    script.client.renew();
    expect(script.next().xid).not.toBe(first.xid);
  });

  test("[DHC-02] sends again after 4, 8, 16, 32 and 64 s, each a second more or less, and goes on", () => {
    const script = new DhcpScript();
    script.advance(400_000);
    const sent = script.seen();
    const gaps = sent.slice(1).map((message, i) => message.atMs - sent[i]!.atMs);
    const wanted = [4000, 8000, 16_000, 32_000, 64_000, 64_000, 64_000];
    for (const [i, gap] of wanted.entries()) {
      expect(gaps[i]).toBeGreaterThanOrEqual(gap - 1000);
      expect(gaps[i]).toBeLessThanOrEqual(gap + 1000);
    }
    expect(new Set(gaps.map((gap) => gap % 1000)).size).toBe(gaps.length);
    expect(sent[0]!.atMs).toBeLessThanOrEqual(1000);
  });

  test("[DHC-12] asks for broadcasts where it is told to", () => {
    expect(new DhcpScript({ dhcp: { broadcast: true } }).next().wantsBroadcast).toBe(true);
  });

  test("[DHC-03] asks again for an offer four times, and discovers anew", () => {
    const script = new DhcpScript();
    script.reply(script.next(), dhcp.OFFER);
    script.advance(70_000);
    const types = script.seen().map(({ type }) => type);
    expect(types.slice(0, 5)).toEqual([dhcp.REQUEST, dhcp.REQUEST, dhcp.REQUEST, dhcp.REQUEST, dhcp.DISCOVER]);
  });

  test.each<readonly [string, string, Parameters<DhcpScript["reply"]>[2]]>([
    ["another transaction", "dhcp-not-for-us", { xid: 7 }],
    ["another link address", "dhcp-not-for-us", { mac: Uint8Array.of(2, 0, 0, 0, 0, 9) }],
    ["a request", "dhcp-not-a-reply", { operation: dhcp.BOOT_REQUEST }],
    ["another cookie", "dhcp-bad-cookie", { cookie: 0x63825364 }],
    ["no message type", "dhcp-unexpected", { options: { [dhcp.OPTION_MESSAGE_TYPE]: undefined } }],
    ["a message type of two bytes", "dhcp-unexpected", { options: { [dhcp.OPTION_MESSAGE_TYPE]: [0, 2] } }],
    ["no server", "dhcp-refused", { options: { [dhcp.OPTION_SERVER_ID]: undefined } }],
    ["options that run past the end", "dhcp-bad-option", { rawOptions: Uint8Array.of(53, 1, 2, 54, 9, 1) }],
    ["an address that it did not come to", "dhcp-not-for-us", { to: parseV4("203.0.113.78") }],
  ])("[DHC-11] [DHC-16] pays no heed to an offer with %s", (_, reason, parts) => {
    const script = new DhcpScript();
    script.reply(script.next(), dhcp.OFFER, parts);
    expect(script.client.state).toBe("SELECTING");
    expect(script.host.context.drops.of(reason as "dhcp-refused")).toBe(1);
  });

  test("[DHC-11] pays no heed to an acknowledgement of another server or address, nor to one that nobody asked for", () => {
    const script = new DhcpScript();
    const discover = script.next();
    script.reply(discover, dhcp.ACKNOWLEDGE);
    expect(script.client.state).toBe("SELECTING");
    script.reply(discover, dhcp.OFFER);
    const request = script.next();
    script.reply(request, dhcp.ACKNOWLEDGE, { options: { [dhcp.OPTION_SERVER_ID]: octets(parseV4("203.0.113.9")) } });
    script.reply(request, dhcp.ACKNOWLEDGE, { yiaddr: parseV4("203.0.113.78") });
    script.reply(request, dhcp.NAK, { options: { [dhcp.OPTION_SERVER_ID]: octets(parseV4("203.0.113.9")) } });
    expect(script.client.state).toBe("REQUESTING");
    expect(script.host.context.drops.all()).toMatchObject({ "dhcp-unexpected": 3, "dhcp-refused": 1 });
  });

  test("[DHC-16] [IP4-05] takes nothing else that comes to the offered address, and nobody speaks from 0.0.0.0 but for its client", () => {
    const script = new DhcpScript();
    const discover = script.next();
    const other = script.host.udp.open({ localPort: 9, user: { readable: () => expect("this").toBe("not heard") } });
    expect(typeof other).toBe("object");
    script.send(Uint8Array.of(1, 2, 3), OFFERED, SERVER, 9);
    script.send(replyTo(discover, dhcp.OFFER, OFFERED, script.device.mac), OFFERED, IPV4_ANY);
    script.simulation.settle();
    expect(script.host.context.drops.all()).toMatchObject({ "ipv4-not-for-us": 1, "ipv4-source-unspecified": 1 });
    expect(script.host.ip.interfaces[0]!.isOnLink(OFFERED)).toBe(false);
    if (typeof other === "object") expect(other.send(Uint8Array.of(1), 0, 1, SERVER, 9)).toBe("no-route");
    expect(script.client.state).toBe("SELECTING");
    const manual = bound();
    manual.send(replyTo(discover, dhcp.OFFER, OFFERED, manual.device.mac), parseV4("203.0.113.78"));
    manual.simulation.settle();
    expect(manual.host.context.drops.all()).toMatchObject({ "ipv4-not-for-us": 1 });
  });
});

describe("a client with a lease", () => {
  test("[DHC-04] asks its server alone for more time from T1 on, in its own name, and keeps the address", () => {
    const script = bound();
    const { lease } = script.client;
    const renewal = script.next(HOUR);
    expect(renewal.atMs).toBe(lease?.renewAtMs);
    expect(renewal).toMatchObject({ type: dhcp.REQUEST, ciaddr: OFFERED.w3, isLinkBroadcast: false, source: OFFERED, destination: SERVER });
    expect(optionsIn(renewal)).not.toContain(dhcp.OPTION_SERVER_ID);
    expect(optionsIn(renewal)).not.toContain(dhcp.OPTION_REQUESTED_ADDRESS);
    expect(script.client.state).toBe("RENEWING");
    script.reply(renewal, dhcp.ACKNOWLEDGE);
    expect(script.client.state).toBe("BOUND");
    expect(script.client.lease?.expiresAtMs).toBe(renewal.atMs + HOUR);
    expect(script.through.addresses[0]).toMatchObject({ state: "preferred", validUntilMs: renewal.atMs + HOUR });
  });

  test("[DHC-04] asks every server from T2 on, and again in half of what is left, at least a minute later", () => {
    const script = bound();
    const { renewAtMs, rebindAtMs, expiresAtMs } = script.client.lease!;
    script.advance(rebindAtMs - script.simulation.now - 1);
    const renewals = script.seen();
    expect(renewals.length).toBeGreaterThanOrEqual(4);
    expect(new Set(renewals.map(({ xid }) => xid)).size).toBe(1);
    expect(renewals[1]!.atMs - renewAtMs).toBeCloseTo((rebindAtMs - renewAtMs) / 2, 3);
    const gaps = renewals.slice(1).map((message, i) => message.atMs - renewals[i]!.atMs);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(60_000);
    const rebinding = script.next();
    expect(rebinding.atMs).toBe(rebindAtMs);
    expect(rebinding).toMatchObject({ ciaddr: OFFERED.w3, isLinkBroadcast: true, source: OFFERED, destination: IPV4_BROADCAST });
    expect(optionsIn(rebinding)).not.toContain(dhcp.OPTION_SERVER_ID);
    expect(script.client.state).toBe("REBINDING");
    script.reply(rebinding, dhcp.ACKNOWLEDGE, { options: { [dhcp.OPTION_SERVER_ID]: octets(parseV4("203.0.113.9")) } });
    expect(script.client.lease?.server).toEqual(parseV4("203.0.113.9"));
    expect(script.client.lease!.expiresAtMs).toBeGreaterThan(expiresAtMs);
  });

  test("[DHC-05] renews at half of the lease and asks all at seven eighths, a little earlier or later than other clients", () => {
    const shares = [1, 2, 3, 4, 5].map((seed) => {
      const { renewAtMs, rebindAtMs, expiresAtMs } = bound({ seed }).client.lease!;
      const begin = expiresAtMs - HOUR;
      return [(renewAtMs - begin) / HOUR, (rebindAtMs - begin) / HOUR] as const;
    });
    for (const [t1, t2] of shares) {
      expect(Math.abs(t1 - 0.5)).toBeLessThanOrEqual(0.01);
      expect(Math.abs(t2 - 0.875)).toBeLessThanOrEqual(0.01);
    }
    expect(new Set(shares.map(([t1]) => t1)).size).toBe(5);
  });

  test.each([
    [600, 1200, true],
    [1200, 600, false],
    [0, 1200, false],
    [600, 3600, false],
    [600, 0xffffffff, false],
    [4000, 5000, false],
  ])("[DHC-05] believes T1 of %i s and T2 of %i s of an hour: %s", (t1, t2, isBelieved) => {
    const script = bound({}, { options: { [dhcp.OPTION_RENEWAL_TIME]: word(t1), [dhcp.OPTION_REBINDING_TIME]: word(t2) } });
    const { renewAtMs, rebindAtMs, expiresAtMs } = script.client.lease!;
    const begin = expiresAtMs - HOUR;
    expect(renewAtMs - begin === t1 * 1000 && rebindAtMs - begin === t2 * 1000).toBe(isBelieved);
    expect(renewAtMs).toBeLessThan(rebindAtMs);
    expect(rebindAtMs).toBeLessThan(expiresAtMs);
  });

  test("[DHC-06] stops using the address when its time is over: sockets are told, routes and name servers go, and it discovers anew", () => {
    const script = bound({}, { options: { [dhcp.OPTION_DNS_SERVERS]: octets(SERVER) } });
    const told: string[] = [];
    script.host.udp.open({ local: OFFERED, localPort: 9, user: { networkDown: () => told.push("endpoint") } });
    script.host.tcp.open({ remote: SERVER, remotePort: 80, user: { connectFailed: (why) => told.push(`connect: ${why}`) } });
    expect(script.host.dns.status().servers).toHaveLength(1);
    script.host.tcp.listen({ local: OFFERED, localPort: 80, backlog: 1, acceptable: () => {}, networkDown: () => told.push("listener") });
    const { expiresAtMs } = script.client.lease!;
    script.advance(expiresAtMs - script.simulation.now - 1);
    expect(script.host.ip.isLocalAddress(OFFERED)).toBe(true);
    script.seen();
    script.advance(1);
    expect(addressOf(script)).toBeUndefined();
    expect(script.client.lease).toBeUndefined();
    expect(script.host.ip.routes.list()).toEqual([]);
    expect(script.host.dns.status().servers).toEqual([]);
    expect(told).toEqual(expect.arrayContaining(["listener", "endpoint"]));
    expect(script.next().type).toBe(dhcp.DISCOVER);
  });

  test("never loses one that has no end", () => {
    const script = bound({}, { options: { [dhcp.OPTION_LEASE_TIME]: word(0xffffffff) } });
    script.advance(400 * 24 * HOUR);
    expect(script.seen()).toEqual([]);
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp preferred");
  });

  test("[DHC-09] gives it back when it is told to and at no other time, by the same client id", () => {
    const script = bound({ dhcp: { clientId: Uint8Array.of(0, 1, 2, 3) } });
    script.client.release();
    const release = script.next();
    expect(release).toMatchObject({ type: dhcp.RELEASE, ciaddr: OFFERED.w3, source: OFFERED, destination: SERVER, isLinkBroadcast: false });
    expect([...release.options.get(dhcp.OPTION_SERVER_ID)!]).toEqual(octets(SERVER));
    expect([...release.options.get(dhcp.OPTION_CLIENT_ID)!]).toEqual([0, 1, 2, 3]);
    expect(addressOf(script)).toBeUndefined();
    script.advance(24 * HOUR);
    expect(script.seen()).toEqual([]);
    expect(script.client.state).toBe("STOPPED");
    expect(script.host.udp.endpointsOn(68)).toEqual([]);
    script.client.renew();
    expect([...script.next().options.get(dhcp.OPTION_CLIENT_ID)!]).toEqual([0, 1, 2, 3]);
  });

  test("[DHC-09] says nothing at the end of its lease, nor when its link goes", () => {
    const script = bound();
    script.device.setLink(false);
    script.advance(2 * HOUR);
    expect(script.seen()).toEqual([]);
    expect(addressOf(script)).toBeUndefined();
  });
});

describe("a client that is refused", () => {
  const states: readonly (readonly [string, () => DhcpScript])[] = [
    [
      "REQUESTING",
      () => {
        const script = new DhcpScript();
        script.reply(script.next(), dhcp.OFFER);
        return script;
      },
    ],
    ["REBOOTING", () => new DhcpScript({ dhcp: { address: OFFERED } })],
    [
      "RENEWING",
      () => {
        const script = bound();
        script.client.renew();
        return script;
      },
    ],
    [
      "REBINDING",
      () => {
        const script = bound();
        script.advance(script.client.lease!.rebindAtMs - script.simulation.now - 1);
        script.seen();
        return script;
      },
    ],
  ];

  test.each(states)("[DHC-07] in %s begins anew, without address", (state, make) => {
    const script = make();
    const asked = script.next(HOUR);
    expect(script.client.state).toBe(state);
    script.reply(asked, dhcp.NAK);
    expect(script.client.state).toBe("INIT");
    expect(addressOf(script)).toBeUndefined();
    const discover = script.next();
    expect(discover.type).toBe(dhcp.DISCOVER);
    expect(discover.xid).not.toBe(asked.xid);
    expect(optionsIn(discover)).not.toContain(dhcp.OPTION_REQUESTED_ADDRESS);
  });

  test("[DHC-07] while it waits for offers pays no heed", () => {
    const script = new DhcpScript();
    script.reply(script.next(), dhcp.NAK);
    expect(script.client.state).toBe("SELECTING");
  });
});

describe("a client whose address another station has", () => {
  test("[DHC-08] [ACD-01] probes it first, declines it, and waits ten seconds", () => {
    const script = new DhcpScript();
    let probes = 0;
    script.host.trace.subscribe((event: TraceEvent) => {
      if (event.type !== "frame" || event.direction !== "out" || ethernet.type(event.bytes, 0) !== ethernet.TYPE_ARP) return;
      if (arp.senderIp(event.bytes, 14) === 0 && arp.targetIp(event.bytes, 14) === OFFERED.w3) probes++;
    });
    script.reply(script.next(), dhcp.OFFER);
    script.reply(script.next(), dhcp.ACKNOWLEDGE);
    script.advance(3500);
    expect(probes).toBeGreaterThanOrEqual(2);
    script.claim(OFFERED);
    const declinedAtMs = script.simulation.now;
    const decline = script.next();
    expect(decline).toMatchObject({ type: dhcp.DECLINE, ciaddr: 0, source: IPV4_ANY, destination: IPV4_BROADCAST });
    expect([...decline.options.get(dhcp.OPTION_REQUESTED_ADDRESS)!]).toEqual(octets(OFFERED));
    expect([...decline.options.get(dhcp.OPTION_SERVER_ID)!]).toEqual(octets(SERVER));
    expect(addressOf(script)).toBeUndefined();
    expect(script.client.state).toBe("WAITING");
    const discover = script.next();
    expect(discover.type).toBe(dhcp.DISCOVER);
    expect(discover.atMs - declinedAtMs).toBeGreaterThanOrEqual(10_000);
  });

  test("[DHC-08] declines one that it has used already when it loses it to another", () => {
    const script = bound();
    script.claim(OFFERED);
    expect(script.client.state).toBe("BOUND");
    script.claim(OFFERED);
    expect(script.next().type).toBe(dhcp.DECLINE);
    expect(script.client.lease).toBeUndefined();
  });
});

describe("a client that has had an address", () => {
  test("[DHC-13] asks for it again first, and names no server", () => {
    const script = new DhcpScript({ dhcp: { address: OFFERED } });
    const request = script.next();
    expect(request).toMatchObject({ type: dhcp.REQUEST, ciaddr: 0, source: IPV4_ANY, isLinkBroadcast: true });
    expect([...request.options.get(dhcp.OPTION_REQUESTED_ADDRESS)!]).toEqual(octets(OFFERED));
    expect(optionsIn(request)).not.toContain(dhcp.OPTION_SERVER_ID);
    script.reply(request, dhcp.ACKNOWLEDGE);
    script.advance(8000);
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp preferred");
  });

  test("[DHC-13] discovers when no server answers for it", () => {
    const script = new DhcpScript({ dhcp: { address: OFFERED } });
    script.advance(20_000);
    const types = script.seen().map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual([dhcp.REQUEST, dhcp.REQUEST, dhcp.DISCOVER]);
  });

  const bounce = (script: DhcpScript) => {
    script.device.setLink(false);
    script.advance(100);
    script.device.setLink(true);
  };

  test("asks whether its lease holds when the link comes back, and its connections wait", () => {
    const script = bound();
    bounce(script);
    const request = script.next();
    expect(script.client.state).toBe("REBOOTING");
    expect(request).toMatchObject({ type: dhcp.REQUEST, ciaddr: 0, source: IPV4_ANY });
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp tentative");
    script.reply(request, dhcp.ACKNOWLEDGE);
    script.advance(8000);
    expect(script.client.state).toBe("BOUND");
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp preferred");
  });

  test("goes on with it when no server answers then, and loses it when another network's server says so", () => {
    const script = bound();
    bounce(script);
    script.advance(30_000);
    expect(script.client.state).toBe("BOUND");
    expect(addressOf(script)).toBe("203.0.113.77/24 dhcp preferred");
    script.seen();
    bounce(script);
    script.reply(script.next(), dhcp.NAK);
    expect(addressOf(script)).toBeUndefined();
    expect(script.next().type).toBe(dhcp.DISCOVER);
  });
});

test("two clients of one host share the port, and each hears what comes to its own interface", () => {
  const script = new DhcpScript();
  const second = script.wire.device({ name: "eth1" });
  const through = script.host.attach(second, { dhcp: true });
  const discover = script.next();
  script.advance(1000);
  script.reply(discover, dhcp.OFFER);
  expect(script.client.state).toBe("REQUESTING");
  expect(script.host.dhcpOn(through)?.state).toBe("SELECTING");
  script.client.release();
  expect(script.host.udp.endpointsOn(68)).toHaveLength(1);
});

test("a client says so when another program has its port, and refuses a client id or a name that no server takes", () => {
  const script = new DhcpScript();
  let devices = 0;
  const device = () => script.wire.device({ name: `extra${++devices}` });
  expect(() => script.host.attach(device(), { dhcp: { clientId: new Uint8Array(256) } })).toThrow(/client id of 256 bytes/);
  expect(() => script.host.attach(device(), { dhcp: { hostName: "no blank" } })).toThrow(/"no blank"/);
  const other = script.simulation.host({ random: script.simulation.random });
  other.udp.open({ localPort: 68, user: {} });
  expect(() => other.attach(device(), { dhcp: true })).toThrow(/port 68 is in use/);
});

test("a host name is told to servers", () => {
  const script = new DhcpScript({ dhcp: { hostName: "tapsock-7" } });
  expect(String.fromCharCode(...script.next().options.get(dhcp.OPTION_HOST_NAME)!)).toBe("tapsock-7");
});

test("each change of state is traced, and who watches is told", () => {
  const script = new DhcpScript();
  const traced: string[] = [];
  script.host.trace.subscribe((event: TraceEvent) => {
    if (event.type === "dhcp-changed") traced.push(`${event.device} ${event.to}`);
  });
  let changes = 0;
  const end = script.client.watch(() => changes++);
  script.bind();
  expect(traced).toEqual(["eth0 SELECTING", "eth0 REQUESTING", "eth0 CHECKING", "eth0 BOUND"]);
  expect(changes).toBe(4);
  end();
  script.client.release();
  expect(changes).toBe(4);
});
