import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import { parseAddress } from "../../src/stack/core/address.ts";
import type { DropReason } from "../../src/stack/core/drop-reasons.ts";
import type { PingResult } from "../../src/stack/ip/ping.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PolledHost } from "./polled-host.ts";
import { until } from "./tap-network.ts";

jest.setTimeout(60_000);
const run = promisify(execFile);
const ip = (...words: string[]): string => execFileSync("ip", words, { encoding: "utf8" });

/** Our own echo request, and how it ended. */
async function pinged(us: PolledHost, address: string): Promise<PingResult | string | undefined> {
  let result: PingResult | undefined;
  us.enter();
  const failure = us.host.ip.ping(parseAddress(address), { id: 7, sequence: 1, payloadBytes: 32, timeoutMs: 3000 }, (r) => {
    result = r;
  });
  if (failure !== undefined) return failure;
  await until(() => result !== undefined, "the ping ends");
  return result;
}

describe("a bridge with our host and three namespaces of the kernel", () => {
  const NAMESPACES = ["a", "b", "c"].map((name) => `tt-${name}-${process.pid}`);
  let us: PolledHost;

  beforeAll(() => {
    if (whyNoTap() !== undefined) return;
    us = new PolledHost({ name: "tt-bridged" });
    ip("link", "add", "tt-br", "type", "bridge", "mcast_snooping", "0");
    ip("link", "set", "tt-br", "up");
    ip("link", "set", "tt-bridged", "master", "tt-br", "up");
    us.enter();
    us.host.ip.addAddress(us.eth, parseAddress("203.0.113.2"), 24);
    us.host.ip.addAddress(us.eth, parseAddress("2001:db8::2"), 64);
    for (const [i, namespace] of NAMESPACES.entries()) {
      ip("netns", "add", namespace);
      ip("link", "add", `tt-v${i}`, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      ip("link", "set", `tt-v${i}`, "master", "tt-br", "up");
      ip("-n", namespace, "link", "set", "eth0", "up");
      ip("-n", namespace, "addr", "add", `203.0.113.${10 + i}/24`, "dev", "eth0");
      ip("-n", namespace, "addr", "add", `2001:db8::${10 + i}/64`, "dev", "eth0", "nodad");
    }
  });

  afterAll(() => {
    if (whyNoTap() !== undefined) return;
    us.close();
    for (const namespace of NAMESPACES) ip("netns", "del", namespace);
    ip("link", "del", "tt-br");
  });

  tapTest("each of them reaches our host, and our host each of them, over both families", async () => {
    const inside = (namespace: string, ...command: string[]) => run("ip", ["netns", "exec", namespace, ...command]);
    const answers = await Promise.all(
      NAMESPACES.flatMap((namespace) =>
        ["203.0.113.2", "2001:db8::2"].map((address) => inside(namespace, "ping", "-c", "1", "-W", "5", address)),
      ),
    );
    for (const { stdout } of answers) expect(stdout).toMatch(/1 received, 0% packet loss/);
    for (const i of NAMESPACES.keys()) {
      for (const address of [`203.0.113.${10 + i}`, `2001:db8::${10 + i}`])
        expect(await pinged(us, address)).toMatchObject({ kind: "reply" });
    }
    const neighbours = us.host.ip.neighbours().filter(({ mac }) => mac !== undefined);
    expect(new Set(neighbours.map(({ mac }) => mac)).size).toBe(NAMESPACES.length);
  });

  tapTest("each of them has a connection of its own to one listener", async () => {
    const seen: string[] = [];
    us.enter();
    const listener = us.host.tcp.listen({
      localPort: 7777,
      backlog: 8,
      acceptable: () => {
        for (let conn = listener.accept(); conn !== undefined; conn = listener.accept()) {
          const hello = new TextEncoder().encode(conn.status().remote.replace(/:\d+$/, ""));
          seen.push(new TextDecoder().decode(hello));
          conn.write(hello, 0, hello.length);
          conn.close(false);
        }
      },
    });
    const program = (address: string) => `require("node:net").connect(7777, ${JSON.stringify(address)}).pipe(process.stdout)`;
    const told = await Promise.all(
      NAMESPACES.flatMap((namespace) =>
        ["203.0.113.2", "2001:db8::2"].map((address) =>
          run("ip", ["netns", "exec", namespace, process.execPath, "-e", program(address)], { env: { ...process.env, NODE_OPTIONS: "" } }),
        ),
      ),
    );
    expect(told.map(({ stdout }) => stdout).sort()).toEqual(
      [0, 1, 2].flatMap((i) => [`203.0.113.${10 + i}`, `[2001:db8::${10 + i}]`]).sort(),
    );
    us.enter();
    listener.close();
  });
});

describe("a host with two devices", () => {
  let us: PolledHost;
  /** The kernel's sides: two namespaces, each with one of our TAPs, moved there once it is open. */
  const SIDES = ["left", "right"].map((side, i) => ({
    namespace: `tt-${side}-${process.pid}`,
    tap: `tt-${side}`,
    v4: { ours: `${i === 0 ? "203.0.113" : "198.51.100"}.2`, theirs: `${i === 0 ? "203.0.113" : "198.51.100"}.1` },
    v6: { ours: `2001:db8:${i + 1}::2`, theirs: `2001:db8:${i + 1}::1` },
  }));

  beforeAll(() => {
    if (whyNoTap() !== undefined) return;
    const [left, right] = SIDES as [(typeof SIDES)[0], (typeof SIDES)[0]];
    us = new PolledHost({ name: left.tap });
    const links = [us.eth, us.attach({ name: right.tap })];
    for (const [i, { namespace, tap, v4, v6 }] of SIDES.entries()) {
      ip("netns", "add", namespace);
      ip("link", "set", tap, "netns", namespace);
      ip("-n", namespace, "link", "set", tap, "up");
      ip("-n", namespace, "addr", "add", `${v4.theirs}/24`, "dev", tap);
      ip("-n", namespace, "addr", "add", `${v6.theirs}/64`, "dev", tap, "nodad");
      us.enter();
      us.host.ip.addAddress(links[i]!, parseAddress(v4.ours), 24);
      us.host.ip.addAddress(links[i]!, parseAddress(v6.ours), 64);
    }
    // What one side sends to the other, or to our address there, comes to our host.
    for (const { namespace, v4, v6 } of SIDES) {
      ip("-n", namespace, "route", "add", "default", "via", v4.ours);
      ip("-n", namespace, "-6", "route", "add", "default", "via", v6.ours);
    }
  });

  afterAll(() => {
    if (whyNoTap() !== undefined) return;
    us.close();
    for (const { namespace } of SIDES) ip("netns", "del", namespace);
  });

  tapTest("speaks on both, from the address of each", async () => {
    for (const { namespace, v4, v6 } of SIDES) {
      for (const { ours, theirs } of [v4, v6]) {
        expect(await pinged(us, theirs)).toMatchObject({ kind: "reply" });
        const { stdout } = await run("ip", ["netns", "exec", namespace, "ping", "-c", "1", "-W", "5", ours]);
        expect(stdout).toMatch(/1 received, 0% packet loss/);
      }
    }
  });

  tapTest("[IP4-23] [IP4-24] forwards nothing, and answers on a link for no address of the other", async () => {
    const [left, right] = SIDES as [(typeof SIDES)[0], (typeof SIDES)[0]];
    const before = us.host.context.drops.all();
    const attempts = [right.v4.theirs, right.v4.ours, right.v6.theirs, right.v6.ours].map((address) =>
      run("ip", ["netns", "exec", left.namespace, "ping", "-c", "2", "-i", "0.05", "-W", "1", address]).then(
        () => "answered",
        () => "silent",
      ),
    );
    expect(await Promise.all(attempts)).toEqual(["silent", "silent", "silent", "silent"]);
    const after = us.host.context.drops.all();
    const grown = (reason: DropReason) => (after[reason] ?? 0) - (before[reason] ?? 0);
    expect(grown("ipv4-not-for-us")).toBeGreaterThanOrEqual(4);
    expect(grown("ipv6-not-for-us")).toBeGreaterThanOrEqual(4);
  });
});
