import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectFromKernel, createServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import { type IpAddress, parseAddress } from "../../src/stack/core/address.ts";
import type { PingResult } from "../../src/stack/ip/ping.ts";
import type { TcpConnection } from "../../src/stack/tcp/tcp-service.ts";
import { pattern } from "../support/two-hosts.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PolledHost } from "./polled-host.ts";
import { until } from "./tap-network.ts";

jest.setTimeout(60_000);
const run = promisify(execFile);
const ip = (...words: string[]): string => execFileSync("ip", words, { encoding: "utf8" });

const TAP = "tt-both";
const BULK = 4 << 20;
const DATAGRAM = 60_000;

/** One family's addresses: of ours, of the kernel's side of the TAP, and of a host behind it. */
interface Family {
  readonly name: string;
  readonly ours: string;
  readonly kernel: string;
  readonly prefixLength: number;
  readonly flag: "-4" | "-6";
}

const FAMILIES: readonly Family[] = [
  { name: "IPv4", ours: "203.0.113.2", kernel: "203.0.113.1", prefixLength: 24, flag: "-4" },
  { name: "IPv6", ours: "2001:db8::2", kernel: "2001:db8::1", prefixLength: 64, flag: "-6" },
];

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Takes all that comes, and hands it over when the stream has ended. */
function collector(conn: TcpConnection): { readonly bytes: () => Uint8Array; readonly hasEnded: () => boolean } {
  const pieces: Uint8Array[] = [];
  let hasEnded = false;
  const take = () => {
    const piece = new Uint8Array(conn.readableBytes);
    if (conn.read(piece, 0, piece.length) > 0) pieces.push(piece);
  };
  conn.user = {
    ...conn.user,
    readable: take,
    endOfStream: () => {
      take();
      hasEnded = true;
    },
  };
  take();
  if (conn.finReceived) hasEnded = true;
  return { bytes: () => Buffer.concat(pieces), hasEnded: () => hasEnded };
}

describe.each([true, false])("both families on a TAP against the kernel, offloads: %s", (offloads) => {
  let us: PolledHost;

  beforeAll(() => {
    if (whyNoTap() !== undefined) return;
    us = new PolledHost({ name: TAP, offloads });
    ip("link", "set", TAP, "up");
    for (const { kernel, ours, prefixLength } of FAMILIES) {
      ip("addr", "add", `${kernel}/${prefixLength}`, "dev", TAP, ...(kernel.includes(":") ? ["nodad"] : []));
      us.enter();
      us.host.ip.addAddress(us.eth, parseAddress(ours), prefixLength);
    }
  });

  afterAll(() => {
    if (whyNoTap() === undefined) us.close();
  });

  describe.each(FAMILIES)("$name", ({ ours, kernel, flag }) => {
    const remote = (): IpAddress => parseAddress(kernel);

    tapTest("a text goes to the kernel and back, to the byte", async () => {
      const server = createServer({ allowHalfOpen: true }, (peer) => peer.pipe(peer));
      server.listen(0, kernel);
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const text = pattern(BULK, 3);
      us.enter();
      const conn = us.host.tcp.open({ remote: remote(), remotePort: port, user: {} });
      if (typeof conn === "string") throw new Error(conn);
      const back = collector(conn);
      await until(() => conn.state === "ESTABLISHED", "the connection opens");
      us.enter();
      conn.write(text, 0, text.length);
      conn.shutdownSend();
      await until(() => back.hasEnded(), "the text comes back");
      expect(sha256(back.bytes())).toBe(sha256(text));
      server.close();
    });

    tapTest("the kernel connects to us, sends, and is answered", async () => {
      us.enter();
      const listener = us.host.tcp.listen({
        localPort: 7001,
        backlog: 4,
        acceptable: () => {
          const conn = listener.accept();
          if (conn === undefined) return;
          const got = collector(conn);
          const answer = () => {
            if (!got.hasEnded()) {
              setTimeout(answer, 5);
              return;
            }
            us.enter();
            const hash = Buffer.from(sha256(got.bytes()));
            conn.write(hash, 0, hash.length);
            conn.shutdownSend();
          };
          answer();
        },
      });
      const text = pattern(BULK, 4);
      const peer: Socket = connectFromKernel({ host: ours, port: 7001, allowHalfOpen: true });
      peer.end(text);
      const answer: Buffer[] = [];
      for await (const piece of peer) answer.push(piece as Buffer);
      expect(Buffer.concat(answer).toString()).toBe(sha256(text));
      us.enter();
      listener.close();
    });

    tapTest("[FRG-10] [IC4-02] [IC6-06] the kernel's ping is answered, whole and in fragments", async () => {
      for (const size of ["0", "56", "1400", "8000", "60000"]) {
        // One at a time: ping waits for a reply as long as it is told only while it has had none.
        const { stdout } = await run("ping", [flag, "-c", "1", "-W", "5", "-s", size, ours]);
        expect(stdout).toMatch(/1 received, 0% packet loss/);
      }
    });

    tapTest("our ping is answered by the kernel, whole and in fragments", async () => {
      for (const payloadBytes of [0, 56, 1400, 8000, 60_000]) {
        let result: PingResult | undefined;
        us.enter();
        us.host.ip.ping(remote(), { id: 99, sequence: payloadBytes, payloadBytes, timeoutMs: 5000 }, (r) => {
          result = r;
        });
        await until(() => result !== undefined, "the ping ends");
        expect(result).toMatchObject({ kind: "reply", payloadBytes });
      }
    });

    tapTest("[FRG-01] a datagram of 60 kB goes each way in fragments", async () => {
      const socket = createSocket(flag === "-4" ? "udp4" : "udp6");
      socket.on("message", (bytes, from) => socket.send(bytes, from.port, from.address));
      socket.bind(0, kernel);
      await once(socket, "listening");
      us.enter();
      const endpoint = us.host.udp.open({ user: {} });
      if (typeof endpoint === "string") throw new Error(endpoint);
      const payload = pattern(DATAGRAM, 6);
      // What waits for the neighbour's link address has room for no more than this, so it is asked for first.
      endpoint.send(payload, 0, 10, remote(), socket.address().port);
      await until(() => endpoint.queuedDatagrams > 0, "the short one comes back");
      endpoint.receive();
      us.enter();
      endpoint.send(payload, 0, payload.length, remote(), socket.address().port);
      await until(() => endpoint.queuedDatagrams > 0, "the long one comes back");
      expect(sha256(endpoint.receive()!.payload)).toBe(sha256(payload));
      endpoint.close();
      socket.close();
    });

    tapTest("nobody listens: the kernel's reset and its port unreachable are heard", async () => {
      const events: string[] = [];
      us.enter();
      us.host.tcp.open({ remote: remote(), remotePort: 9, user: { connectFailed: (why) => events.push(`tcp ${why}`) } });
      const endpoint = us.host.udp.open({ user: { icmpError: (kind) => events.push(`udp ${kind}`) } });
      if (typeof endpoint === "string") throw new Error(endpoint);
      endpoint.connect(remote(), 9);
      endpoint.send(new Uint8Array(3));
      await until(() => events.length === 2, "both are refused");
      expect(events.sort()).toEqual(["tcp refused", "udp port-unreachable"]);
      endpoint.close();
    });
  });
});

/** A host behind a router, which is the kernel of this namespace: its link is narrower than the TAP. */
describe("a router whose next link is narrower", () => {
  const FAR = `tt-far-${process.pid}`;
  const NARROW = 1300;
  const far = { "-4": "198.51.100.2", "-6": "2001:db8:51::2" } as const;
  let us: PolledHost;

  beforeAll(() => {
    if (whyNoTap() !== undefined) return;
    us = new PolledHost({ name: "tt-router" });
    ip("link", "set", "tt-router", "up");
    ip("netns", "add", FAR);
    ip("link", "add", "tt-far", "mtu", String(NARROW), "type", "veth", "peer", "name", "far0", "mtu", String(NARROW), "netns", FAR);
    ip("link", "set", "tt-far", "up");
    ip("-n", FAR, "link", "set", "far0", "up");
    ip("addr", "add", "198.51.100.1/24", "dev", "tt-far");
    ip("addr", "add", "2001:db8:51::1/64", "dev", "tt-far", "nodad");
    ip("-n", FAR, "addr", "add", "198.51.100.2/24", "dev", "far0");
    ip("-n", FAR, "addr", "add", "2001:db8:51::2/64", "dev", "far0", "nodad");
    ip("-n", FAR, "route", "add", "default", "via", "198.51.100.1", "advmss", "1460");
    ip("-n", FAR, "-6", "route", "add", "default", "via", "2001:db8:51::1", "advmss", "1440");
    execFileSync("sysctl", ["-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
    for (const { kernel, ours, prefixLength } of FAMILIES) {
      ip("addr", "add", `${kernel}/${prefixLength}`, "dev", "tt-router", ...(kernel.includes(":") ? ["nodad"] : []));
      us.enter();
      us.host.ip.addAddress(us.eth, parseAddress(ours), prefixLength);
      us.host.ip.addRoute({
        destination: parseAddress(kernel.includes(":") ? "::" : "0.0.0.0"),
        prefixLength: 0,
        gateway: parseAddress(kernel),
      });
    }
  });

  afterAll(() => {
    if (whyNoTap() !== undefined) return;
    us.close();
    ip("netns", "del", FAR);
  });

  /** A program in the far namespace that answers a stream with the hash of what came. */
  async function hasher(address: string) {
    const program = `
      const { createHash } = require("node:crypto");
      const server = require("node:net").createServer({ allowHalfOpen: true }, (peer) => {
        const hash = createHash("sha256");
        peer.on("data", (piece) => hash.update(piece));
        peer.on("end", () => peer.end(hash.digest("hex")));
      });
      server.listen(0, ${JSON.stringify(address)}, () => console.log(server.address().port));`;
    const child = spawn("ip", ["netns", "exec", FAR, process.execPath, "-e", program], { env: { ...process.env, NODE_OPTIONS: "" } });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { child, port: Number(line.toString()) };
  }

  /** Sends a text through the router. */
  async function sendThrough(address: string) {
    const { child, port } = await hasher(address);
    try {
      us.enter();
      const conn = us.host.tcp.open({ remote: parseAddress(address), remotePort: port, user: {} });
      if (typeof conn === "string") throw new Error(conn);
      const back = collector(conn);
      await until(() => conn.state === "ESTABLISHED", "the connection opens");
      const text = pattern(1 << 20, 8);
      us.enter();
      conn.write(text, 0, text.length);
      conn.shutdownSend();
      for (let looks = 0; looks < 5 && !back.hasEnded(); looks++) await until(back.hasEnded, "the answer comes").catch(() => {});
      expect(Buffer.from(back.bytes()).toString()).toBe(sha256(text));
    } finally {
      child.kill("SIGKILL");
    }
  }

  for (const { name, flag } of FAMILIES) {
    tapTest(`[MTU-11] [PM6-01] over ${name} its message is believed, and the text arrives`, async () => {
      await sendThrough(far[flag]);
      expect(us.host.ip.mtuTo(parseAddress(far[flag]))).toBe(NARROW);
    });
  }

  for (const { name, flag } of FAMILIES) {
    tapTest(`[MTU-18] over ${name} it must not say anything, and the text arrives all the same`, async () => {
      const silence = `table inet silent { chain out { type filter hook output priority 0;
        icmp type destination-unreachable drop
        icmpv6 type packet-too-big drop
      }
      }`;
      execFileSync("nft", ["-f", "-"], { input: silence });
      try {
        const fresh = flag === "-4" ? "198.51.100.3" : "2001:db8:51::3";
        ip("-n", FAR, "addr", "add", `${fresh}/${flag === "-4" ? 24 : 64}`, "dev", "far0", ...(flag === "-6" ? ["nodad"] : []));
        await sendThrough(fresh);
        expect(us.host.ip.mtuTo(parseAddress(fresh))).toBe(1500);
      } finally {
        execFileSync("nft", ["delete", "table", "inet", "silent"]);
      }
    });
  }
});
