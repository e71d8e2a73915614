import { execFile, execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectFromKernel } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import { parseAddress } from "../../src/stack/core/address.ts";
import type { TcpConnection } from "../../src/stack/tcp/tcp-service.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PolledHost } from "./polled-host.ts";
import { until } from "./tap-network.ts";

/** A host of both families and a DHCP client on TAPs does all that it can, for programs and for probes that nobody here wrote, and tshark reads what it sent. */

jest.setTimeout(120_000);
const run = promisify(execFile);
const ip = (...words: string[]): string => execFileSync("ip", words, { encoding: "utf8" });

const TAP = "tt-all";
const TAP_OF_DHCP = "tt-all-d";
const KERNEL = "203.0.113.1";
const OURS = "203.0.113.2";
const KERNEL_V6 = "2001:db8::1";
const OURS_V6 = "2001:db8::2";
const SERVED = 80;
const ENDPOINT = 5000;
const NOBODY = 81;

let us: PolledHost;
let endCapture: () => Buffer[];
const directory = mkdtempSync(join(tmpdir(), "tapsock-all-"));

beforeAll(() => {
  if (whyNoTap() !== undefined) return;
  us = new PolledHost({ name: TAP });
  us.attach({ name: TAP_OF_DHCP }, { dhcp: { hostName: "heard" } });
  endCapture = us.startCapture();
  for (const tap of [TAP, TAP_OF_DHCP]) ip("link", "set", tap, "up");
  ip("addr", "add", `${KERNEL}/24`, "dev", TAP);
  ip("addr", "add", `${KERNEL_V6}/64`, "dev", TAP, "nodad");
  us.enter();
  const { ip: layer, tcp, udp, dns } = us.host;
  layer.addAddress(us.eth, parseAddress(OURS), 24);
  layer.addAddress(us.eth, parseAddress(OURS_V6), 64);
  const listener = tcp.listen({ localPort: SERVED, backlog: 8, acceptable: () => serve(listener.accept()) });
  for (const address of [OURS, OURS_V6]) {
    const endpoint = udp.open({
      local: parseAddress(address),
      localPort: ENDPOINT,
      user: {
        readable: () => {
          for (let got = endpoint.receive(); got !== undefined; got = endpoint.receive()) {
            endpoint.send(got.payload, 0, got.payload.length, got.from, got.fromPort);
          }
        },
      },
    }) as Exclude<ReturnType<typeof udp.open>, string>;
    endpoint.memberships.join(parseAddress(address === OURS ? "239.1.2.3" : "ff05::1:3"), us.eth);
  }
  dns.configure("configured", { servers: [{ address: parseAddress(KERNEL) }, { address: parseAddress(KERNEL_V6) }] });
});

afterAll(() => {
  if (whyNoTap() === undefined) us.close();
  rmSync(directory, { recursive: true });
});

/** Sends back what comes, and ends when the peer has. */
function serve(conn: TcpConnection | undefined): void {
  if (conn === undefined) return;
  const echo = () => {
    const piece = new Uint8Array(conn.readableBytes);
    const bytes = conn.read(piece, 0, piece.length);
    conn.write(piece, 0, bytes);
    if (conn.finReceived) conn.close(false);
  };
  conn.user = { readable: echo, endOfStream: echo };
  echo();
}

const nmap = async (...words: string[]): Promise<string> => (await run("nmap", ["-n", "-Pn", "--max-retries", "3", ...words])).stdout;
const stateOf = (listing: string, what: string | number): string | undefined =>
  new RegExp(`^${what}(?:/\\w+)?\\s+(\\S+)`, "m").exec(listing)?.[1];

tapTest("nmap finds an endpoint that answers, and by segments without SYN that nobody has a port", async () => {
  const listing = await nmap("-sU", "--data-string", "hello", "-p", `${ENDPOINT},${NOBODY}`, OURS);
  expect([stateOf(listing, ENDPOINT), stateOf(listing, NOBODY)]).toEqual(["open", "closed"]);
  for (const scan of ["-sF", "-sX", "-sN"])
    expect([scan, stateOf(await nmap(scan, "-p", `${NOBODY}`, OURS), NOBODY)]).toEqual([scan, "closed"]);
});

tapTest("nobody answers to arping and ndisc6 for an address that nobody has", async () => {
  await expect(run("arping", ["-c", "1", "-w", "1", "-I", TAP, "203.0.113.99"])).rejects.toThrow();
  await expect(run("ndisc6", ["-1", "-r", "1", "-w", "500", "2001:db8::99", TAP])).rejects.toThrow();
});

describe("what tshark says of all that we send", () => {
  /** Streams, long datagrams, pings, questions and memberships, beside what the probes have asked. */
  async function useEverything(): Promise<void> {
    for (const [ours, kernel, family] of [
      [OURS, KERNEL, "udp4"],
      [OURS_V6, KERNEL_V6, "udp6"],
    ] as const) {
      const peer = connectFromKernel({ host: ours, port: SERVED });
      peer.end(Buffer.alloc(100_000, 0x61));
      expect((await text(peer)).length).toBe(100_000);
      const socket = createSocket(family);
      socket.bind(0, kernel);
      await once(socket, "listening");
      const answered = once(socket, "message");
      socket.send(Buffer.alloc(4000, 0x62), ENDPOINT, ours);
      expect(((await answered)[0] as Buffer).length).toBe(4000);
      socket.close();
      let pinged = "";
      us.enter();
      us.host.ip.ping(parseAddress(kernel), { id: 9, sequence: 1, payloadBytes: 3000, timeoutMs: 3000 }, ({ kind }) => {
        pinged = kind;
      });
      await until(() => pinged !== "", "the ping ends");
      expect(pinged).toBe("reply");
    }
    us.enter();
    let hasEnded = false;
    us.host.dns.lookup("nobody.example", "both", () => {
      hasEnded = true;
    });
    await until(() => hasEnded, "the question comes to an end");
  }

  tapTest("no frame of either family and of any protocol is malformed, and every checksum is right", async () => {
    await useEverything();
    const files = endCapture().map((bytes, i) => {
      const file = join(directory, `${i}.pcapng`);
      writeFileSync(file, bytes);
      return file;
    });
    const opaque = ["tcp", "udp"].flatMap((protocol) => ["-d", `${protocol}.port==5000,data`]);
    const checks = ["tcp", "ip", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
    const tshark = async (file: string, filter: string, ...fields: string[]): Promise<string> => {
      const wanted = fields.length === 0 ? [] : ["-T", "fields", ...fields.flatMap((field) => ["-e", field])];
      return (await run("tshark", ["-n", "-r", file, ...opaque, ...checks, "-Y", filter, ...wanted], { maxBuffer: 1 << 28 })).stdout;
    };
    const sums = ["ip", "tcp", "udp", "icmp", "icmpv6", "igmp"].map((protocol) => `${protocol}.checksum.status == 0`).join(" or ");
    const [first, second] = files as [string, string];
    const mac = [...us.eth.mac].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    // What an error quotes is a part of a datagram of another's.
    expect(
      await tshark(first, `eth.src == ${mac} and (_ws.malformed or ((${sums}) and not icmp.type == 3 and not icmpv6.type == 1))`),
    ).toBe("");
    expect(await tshark(second, `_ws.malformed or ((${sums}) and dhcp)`)).toBe("");
    const protocols = await tshark(first, `eth.src == ${mac}`, "frame.protocols");
    for (const protocol of ["arp", "ip:tcp", "ip:udp", "ip:icmp", "ip:igmp", "ipv6:tcp", "ipv6:udp", "ipv6:icmpv6", "dns"]) {
      expect([protocol, protocols.includes(protocol)]).toEqual([protocol, true]);
    }
    expect(await tshark(second, "dhcp and ip.src == 0.0.0.0", "dhcp.option.hostname")).toContain("heard");
  });
});
