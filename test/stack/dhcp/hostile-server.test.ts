import { describe, expect, test } from "@jest/globals";
import { formatAddress, IPV4_BROADCAST, type IpAddress, parseV4 } from "../../../src/stack/core/address.ts";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import * as dhcp from "../../../src/stack/packet/dhcp.ts";
import { DhcpScript, OFFERED, octets, type ReplyParts, replyTo, SERVER, word } from "../../support/dhcp-script.ts";

const addresses = (count: number, first = parseV4("198.51.100.1")): number[] =>
  Array.from({ length: count }, (_, i) => octets({ ...first, w3: first.w3 + i } as IpAddress)).flat();

/** A lease with these options, or what the client does instead. */
function leaseWith(options: ReplyParts["options"], yiaddr = OFFERED) {
  const script = new DhcpScript();
  const discover = script.next();
  script.reply(discover, dhcp.OFFER, { yiaddr, ...(options === undefined ? {} : { options }) });
  if (script.client.state !== "REQUESTING") return { script, lease: undefined };
  script.reply(script.next(), dhcp.ACKNOWLEDGE, { yiaddr, ...(options === undefined ? {} : { options }) });
  script.advance(8000);
  return { script, lease: script.client.lease };
}

describe("[DHC-15] a server's nonsense is refused:", () => {
  test.each<readonly [string, ReplyParts["options"]]>([
    ["a mask with holes", { [dhcp.OPTION_MASK]: word(0xff00ff00) }],
    ["a mask of nothing", { [dhcp.OPTION_MASK]: word(0) }],
    ["a mask of three bytes", { [dhcp.OPTION_MASK]: [255, 255, 255] }],
    ["a lease of no time", { [dhcp.OPTION_LEASE_TIME]: word(0) }],
    ["a lease that is over before it can be checked", { [dhcp.OPTION_LEASE_TIME]: word(29) }],
    ["no time at all", { [dhcp.OPTION_LEASE_TIME]: undefined }],
    ["a time of two bytes", { [dhcp.OPTION_LEASE_TIME]: [1, 0] }],
    ["a server that is no host", { [dhcp.OPTION_SERVER_ID]: octets(IPV4_BROADCAST) }],
  ])("%s", (_, options) => {
    const { script, lease } = leaseWith(options);
    expect(lease).toBeUndefined();
    expect(script.host.context.drops.of("dhcp-refused")).toBe(1);
    expect(script.client.state).toBe("SELECTING");
  });

  test.each(["0.0.0.0", "0.0.0.7", "127.0.0.1", "224.0.0.1", "240.0.0.1", "203.0.113.0", "203.0.113.255"])("the address %s", (yiaddr) => {
    const script = new DhcpScript();
    script.reply(script.next(), dhcp.OFFER, { yiaddr: parseV4(yiaddr), to: IPV4_BROADCAST });
    expect(script.client.state).toBe("SELECTING");
    expect(script.host.context.drops.of("dhcp-refused")).toBe(1);
  });

  test("255.255.255.255 as an address", () => {
    const script = new DhcpScript();
    script.reply(script.next(), dhcp.OFFER, { yiaddr: IPV4_BROADCAST });
    expect(script.host.context.drops.of("dhcp-refused")).toBe(1);
  });

  test("routers beyond the link, our own address and broadcasts as routers", () => {
    const routers = [parseV4("198.51.100.1"), OFFERED, parseV4("203.0.113.255"), parseV4("203.0.113.9")];
    const { script, lease } = leaseWith({ [dhcp.OPTION_ROUTERS]: octets(...routers) });
    expect(lease?.routes.map(({ gateway }) => gateway && formatAddress(gateway))).toEqual(["203.0.113.9"]);
    expect(script.host.ip.routes.list().map(({ gateway }) => gateway)).toEqual([undefined, "203.0.113.9"]);
  });

  test("routes to where no datagram goes, or through where nobody is", () => {
    const routes = [
      ...[8, 127, ...octets(SERVER)],
      ...[4, 224, ...octets(SERVER)],
      ...[24, 192, 0, 2, ...octets(parseV4("198.51.100.1"))],
      ...[0, 0, 0, 0, 0],
      ...[24, 192, 0, 2, ...octets(SERVER)],
    ];
    const { lease } = leaseWith({ [dhcp.OPTION_CLASSLESS_ROUTES]: routes });
    expect(lease?.routes).toMatchObject([{ prefixLength: 24, gateway: SERVER }]);
  });

  test("huge lists, of which a few entries are taken", () => {
    const routes = Array.from({ length: 40 }, (_, i) => [24, 10, 0, i, ...octets(SERVER)]).flat();
    const pieces = (code: number, data: readonly number[]) =>
      Array.from({ length: Math.ceil(data.length / 240) }, (_, i) => data.slice(i * 240, (i + 1) * 240)).flatMap((part) => [
        code,
        part.length,
        ...part,
      ]);
    const domains = Array.from({ length: 20 }, (_, i) => [3, 97, 97 + (i % 26), 97, 0]).flat();
    const raw = (type: number) =>
      Uint8Array.from([
        ...[53, 1, type, 54, 4, ...octets(SERVER), 51, 4, ...word(3600), 1, 4, ...word(0xffffff00)],
        ...pieces(dhcp.OPTION_DNS_SERVERS, addresses(20)),
        ...pieces(dhcp.OPTION_NTP_SERVERS, addresses(20)),
        ...pieces(dhcp.OPTION_CLASSLESS_ROUTES, routes),
        ...pieces(dhcp.OPTION_SEARCH_LIST, domains),
      ]);
    const script = new DhcpScript();
    script.reply(script.next(), dhcp.OFFER, { rawOptions: raw(dhcp.OFFER) });
    script.reply(script.next(), dhcp.ACKNOWLEDGE, { rawOptions: raw(dhcp.ACKNOWLEDGE) });
    const { lease } = script.client;
    expect(lease?.dnsServers).toHaveLength(8);
    expect(lease?.ntpServers).toHaveLength(8);
    expect(lease?.searchList).toHaveLength(8);
    expect(lease?.routes).toHaveLength(32);
  });

  test("name servers and time servers that are no hosts, and domains that are none", () => {
    const servers = octets(parseV4("0.0.0.0"), parseV4("127.0.0.1"), parseV4("224.0.0.1"), IPV4_BROADCAST, SERVER);
    const { lease } = leaseWith({
      [dhcp.OPTION_DNS_SERVERS]: servers,
      [dhcp.OPTION_NTP_SERVERS]: servers,
      [dhcp.OPTION_DOMAIN]: [27, 91, 65],
    });
    expect(lease).toMatchObject({ dnsServers: [SERVER], ntpServers: [SERVER], domain: undefined, searchList: [] });
  });
});

describe("[DHC-14] what a server says is used:", () => {
  test("mask, router, name servers, domain, search list, MTU, time servers", () => {
    const { script, lease } = leaseWith({
      [dhcp.OPTION_MASK]: word(0xfffffff0 - 0xf0),
      [dhcp.OPTION_DNS_SERVERS]: octets(SERVER, parseV4("203.0.113.2")),
      [dhcp.OPTION_DOMAIN]: [...new TextEncoder().encode("example.org")],
      [dhcp.OPTION_SEARCH_LIST]: [1, 97, 0, 1, 98, 0],
      [dhcp.OPTION_MTU]: [5, 20],
      [dhcp.OPTION_NTP_SERVERS]: octets(parseV4("203.0.113.3")),
    });
    expect(lease).toMatchObject({ prefixLength: 24, domain: "example.org", searchList: ["a", "b"], mtu: 1300 });
    expect(lease?.ntpServers).toEqual([parseV4("203.0.113.3")]);
    expect(script.through.mtu).toBe(1300);
    expect(script.host.dns.status().servers.map(({ server, source }) => `${server} ${source}`)).toEqual([
      "203.0.113.1:53 dhcp eth0",
      "203.0.113.2:53 dhcp eth0",
    ]);
    script.client.release();
    expect(script.through.mtu).toBe(1500);
    expect(script.host.dns.status().servers).toEqual([]);
  });

  test("an MTU under 576 is taken at that, none over the device's", () => {
    expect(leaseWith({ [dhcp.OPTION_MTU]: [0, 68] }).script.through.mtu).toBe(576);
    expect(leaseWith({ [dhcp.OPTION_MTU]: [0x23, 0x28] }).script.through.mtu).toBe(1500);
    expect(leaseWith({ [dhcp.OPTION_MTU]: [0, 0] }).script.through.mtu).toBe(1500);
  });

  test("classless routes instead of routers (RFC 3442), and the domain where there is no search list", () => {
    const { script, lease } = leaseWith({
      [dhcp.OPTION_CLASSLESS_ROUTES]: [0, ...octets(parseV4("203.0.113.9")), 24, 192, 0, 2, 0, 0, 0, 0],
      [dhcp.OPTION_DOMAIN]: [...new TextEncoder().encode("example.org")],
    });
    expect(lease?.searchList).toEqual(["example.org"]);
    expect(script.host.ip.routes.list().map((r) => `${r.destination}/${r.prefixLength} ${r.gateway}`)).toEqual([
      "203.0.113.0/24 undefined",
      "192.0.2.0/24 undefined",
      "0.0.0.0/0 203.0.113.9",
    ]);
  });

  test("the class of the address where there is no mask", () => {
    expect(leaseWith({ [dhcp.OPTION_MASK]: undefined }).lease?.prefixLength).toBe(24);
  });

  test("routes and name servers that a renewal changes", () => {
    const script = new DhcpScript();
    script.bind({ options: { [dhcp.OPTION_DNS_SERVERS]: octets(SERVER) } });
    script.client.renew();
    script.reply(script.next(), dhcp.ACKNOWLEDGE, {
      options: { [dhcp.OPTION_ROUTERS]: octets(parseV4("203.0.113.9")), [dhcp.OPTION_DNS_SERVERS]: octets(parseV4("203.0.113.9")) },
    });
    expect(script.host.ip.routes.list().map(({ gateway }) => gateway)).toEqual([undefined, "203.0.113.9"]);
    expect(script.host.dns.status().servers.map(({ server }) => server)).toEqual(["203.0.113.9:53"]);
  });
});

test("[DHC-15] 20,000 mutated replies in all states bring down nothing, and the client has an address or asks for one", () => {
  const random = new SeededRandom(11);
  const script = new DhcpScript();
  const { mac } = script.device;
  const options = {
    [dhcp.OPTION_DNS_SERVERS]: octets(SERVER),
    [dhcp.OPTION_MTU]: [5, 20],
    [dhcp.OPTION_SEARCH_LIST]: [3, 97, 98, 99, 0, 1, 100, 0xc0, 0],
    [dhcp.OPTION_CLASSLESS_ROUTES]: [0, ...octets(SERVER), 24, 192, 0, 2, ...octets(SERVER)],
    [dhcp.OPTION_RENEWAL_TIME]: word(60),
    [dhcp.OPTION_REBINDING_TIME]: word(120),
    [dhcp.OPTION_LEASE_TIME]: word(180),
  };
  let lastXid = 0;
  const states = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const [last] = script.seen().slice(-1);
    if (last !== undefined) lastXid = last.xid;
    states.add(script.client.state);
    const type = [dhcp.OFFER, dhcp.ACKNOWLEDGE, dhcp.ACKNOWLEDGE, dhcp.NAK][below(random, 4)]!;
    const reply = replyTo({ xid: lastXid }, type, OFFERED, mac, { options });
    for (let flips = below(random, 4); flips > 0; flips--) reply[below(random, reply.length)] = below(random, 256);
    const cut = below(random, 8) === 0 ? reply.slice(0, below(random, reply.length)) : reply;
    script.send(cut, below(random, 2) === 0 ? OFFERED : IPV4_BROADCAST);
    script.simulation.settle();
    if (below(random, 6) === 0) script.advance(below(random, 20_000));
  }
  expect([...states]).toEqual(expect.arrayContaining(["SELECTING", "REQUESTING", "CHECKING", "BOUND", "RENEWING"]));
  script.advance(1000);
  script.client.release();
  expect(script.through.addresses).toEqual([]);
  expect(script.host.ip.routes.list()).toEqual([]);
  script.advance(60_000);
  expect(script.host.timers.pending()).toEqual([]);
});
