import { expect, test } from "@jest/globals";
import { formatAddress, IPV6_ANY, type IpAddress, parseAddress, solicitedNodeOf } from "../../../../src/stack/core/address.ts";
import { LINUX, WINDOWS } from "../../../../src/stack/core/profile.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ndp from "../../../../src/stack/packet/ndp.ts";
import type { Station, TestHost } from "../../link/network.ts";
import { groupMac, icmpFrame } from "./neighbour.ts";
import { addressesUnder, advertise, autoconfigured, FOREVER, hear, PREFIX, type PrefixOption, prefixOption } from "./scripted-router.ts";

const UNDER = "2001:db8:1:";
const DAY = 86_400;
const DAY_MS = DAY * 1000;

const say = (host: TestHost, router: Station, settings: PrefixOption = {}) =>
  advertise(host, router, { options: [prefixOption(PREFIX, { valid: FOREVER, preferred: FOREVER, ...settings })] });
const temporary = (host: TestHost) => addressesUnder(host, UNDER, "temporary");
const source = (host: TestHost) => formatAddress(host.ip.sourceTowards(parseAddress("2001:db8:1::99"))!.address);

function takeAway(host: TestHost, from: Station, address: IpAddress): void {
  const message = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
  const end = ndp.writeNeighbourMessage(message, 0, icmpv6.NEIGHBOUR_SOLICITATION, 0, address, undefined);
  const group = solicitedNodeOf(address, 0);
  const packet = { source: IPV6_ANY, destination: group, linkTo: groupMac(group), hopLimit: 255 };
  hear(host, icmpFrame(host, from, message.slice(0, end), packet));
}

test("[SLC-10] the profile says whether there are any, and who asks for the host has the last word", () => {
  const cases = [
    [WINDOWS, {}, 1],
    [LINUX, {}, 0],
    [WINDOWS, { temporaryAddresses: false }, 0],
    [LINUX, { temporaryAddresses: true }, 1],
  ] as const;
  for (const [profile, settings, count] of cases) {
    const { host, router } = autoconfigured(profile, settings);
    say(host, router);
    expect(temporary(host)).toHaveLength(count);
    expect(addressesUnder(host, UNDER, "slaac")).toHaveLength(1);
  }
});

test("[SLC-10] one lives for two days at most, is preferred for fourteen hours to a day, and outgoing traffic takes it", () => {
  const { network, host, router } = autoconfigured(WINDOWS);
  say(host, router);
  const bornMs = host.context.now;
  network.advance(2000);
  const [own] = temporary(host);
  expect(own?.state).toBe("preferred");
  expect(own!.validUntilMs - bornMs).toBe(2 * DAY_MS);
  expect(own!.preferredUntilMs - bornMs).toBeGreaterThanOrEqual(0.6 * DAY_MS);
  expect(own!.preferredUntilMs - bornMs).toBeLessThanOrEqual(DAY_MS);
  expect(source(host)).toBe(formatAddress(own!.address));
});

test("[SLC-10] the next one is there before it is deprecated, and four at most live at a time", () => {
  const { network, host, router } = autoconfigured(WINDOWS);
  say(host, router);
  network.advance(2000);
  const seen = new Set<string>();
  let most = 0;
  const successors: number[] = [];
  host.eth.watchAddresses(({ origin }, state) => {
    if (origin === "temporary" && state === "deprecated") successors.push(temporary(host).filter((a) => a.state === "preferred").length);
  });
  for (let hour = 0; hour < 10 * 24; hour++) {
    network.advance(3_600_000);
    const all = temporary(host);
    most = Math.max(most, all.length);
    const preferred = all.filter(({ state }) => state === "preferred");
    expect(preferred.length).toBeGreaterThanOrEqual(1);
    expect(source(host)).toBe(formatAddress(preferred[0]!.address));
    for (const { address } of all) seen.add(formatAddress(address));
  }
  expect(seen.size).toBeGreaterThanOrEqual(10);
  expect(successors.length).toBeGreaterThanOrEqual(9);
  expect(new Set(successors)).toEqual(new Set([1]));
  expect(most).toBeLessThanOrEqual(4);
});

test("[SLC-10] it lives no longer than its prefix, and follows what routers say of that", () => {
  const { network, host, router } = autoconfigured(WINDOWS);
  say(host, router, { valid: 7200, preferred: 3600 });
  network.advance(2000);
  const left = () =>
    temporary(host).map((a) => [(a.preferredUntilMs - host.context.now) / 1000, (a.validUntilMs - host.context.now) / 1000]);
  expect(left()).toEqual([[3598, 7198]]);
  say(host, router, { valid: 9000, preferred: 4000 });
  expect(left()).toEqual([[4000, 9000]]);
  say(host, router);
  expect(left()[0]![1]).toBe(2 * DAY - 2);
  // Near the end of the prefix no new one is made.
  say(host, router, { valid: 7200, preferred: 0 });
  network.advance(7_200_000);
  expect(temporary(host)).toEqual([]);
  say(host, router, { valid: 7200, preferred: 4 });
  expect(temporary(host)).toEqual([]);
});

test("[SLC-10] one that another has gives way to the next, three times, and then there is none under the prefix", () => {
  const { network, host, router } = autoconfigured(WINDOWS);
  say(host, router);
  const seen = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const own = temporary(host)[0]!.address;
    seen.add(formatAddress(own));
    takeAway(host, router, own);
  }
  expect(seen.size).toBe(4);
  expect(temporary(host)).toEqual([]);
  say(host, router);
  network.advance(5 * DAY_MS);
  expect(temporary(host)).toEqual([]);
  expect(addressesUnder(host, UNDER, "slaac")).toHaveLength(1);
});
