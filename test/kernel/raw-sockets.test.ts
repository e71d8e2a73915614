import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, jest } from "@jest/globals";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import { configureInterface } from "../../src/tap/interface-config.ts";
import { IP_TTL, IPPROTO_ICMP, IPPROTO_IP, RCVALL_IPLEVEL, SIO_RCVALL, SOCK_RAW } from "../../src/winsock/abi/constants.ts";
import { AF_INET, bind, recvfrom, setsockopt, socket, WSAIoctl } from "../../src/winsock/promises.ts";
import { startDaemon } from "../daemon/daemon-process.ts";
import { echoRequest, icmpText } from "../support/raw-winsock.ts";
import { IcmpSocket } from "./icmp-socket.ts";
import { tapTest } from "./namespace.ts";
import { KERNEL, OURS, TapNetwork, until } from "./tap-network.ts";

/** Raw sockets with the kernel as the peer: examples/ping on each kind of network, and what comes the other way. */

jest.setTimeout(60_000);
const PROGRAM = fileURLToPath(new URL("../../dist/examples/ping.js", import.meta.url));
const OURS6 = "2001:db8:7::2";
const KERNEL6 = "2001:db8:7::1";
const TAP = "tt-raw";
const directory = mkdtempSync(join(tmpdir(), "tapsock-raw-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the program prints, times left out, and its exit status. */
function ping(network: string, ...args: readonly (string | number)[]): Promise<string[]> {
  return new Promise((resolve) => {
    const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: network };
    const child = execFile(process.execPath, [PROGRAM, ...args.map(String)], { env }, (_error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.trim().split("\n");
      resolve([...lines.map((line) => line.replace(/time[<=]\d+ms/, "time")), `status ${child.exitCode}`]);
    });
  });
}

const answered = (host: string, ttl: string): string[] => [
  `Pinging ${host} with 32 bytes of data:`,
  `Reply from ${host}: bytes=32 time${ttl}`,
  `Reply from ${host}: bytes=32 time${ttl}`,
  "Packets: Sent = 2, Received = 2, Lost = 0",
  "status 0",
];

describe("examples/ping", () => {
  tapTest("pings the kernel over a TAP of the program's own, in both families, and itself", async () => {
    execFileSync("ip", ["tuntap", "add", "dev", TAP, "mode", "tap"]);
    try {
      configureInterface(TAP, { address: KERNEL, prefixLength: 24, up: true });
      execFileSync("ip", ["addr", "add", `${KERNEL6}/64`, "dev", TAP, "nodad"]);
      const network = `tap:${TAP}?ip=${OURS}/24&ip6=${OURS6}/64`;
      expect(await ping(network, KERNEL, 2)).toEqual(answered(KERNEL, " TTL=64"));
      expect(await ping(network, KERNEL6, 2)).toEqual(answered(KERNEL6, ""));
      expect(await ping(network, OURS, 2)).toEqual(answered(OURS, " TTL=128"));
      expect((await ping(network, "203.0.113.77", 1)).slice(-3)).toEqual([
        "Request timed out.",
        "Packets: Sent = 1, Received = 0, Lost = 1",
        "status 1",
      ]);
      expect(await ping(network, "198.51.100.1", 1)).toContain("sendto function failed with error: 10051");
    } finally {
      execFileSync("ip", ["link", "del", TAP]);
    }
  });

  tapTest("through a daemon, for whom it takes as administrators", async () => {
    const path = join(directory, "d.sock");
    const under = async (...flags: string[]): Promise<string[]> => {
      const daemon = startDaemon("--socket", path, "--tap", TAP, "--ip", `${OURS}/24`, "--kernel-ip", `${KERNEL}/24`, ...flags);
      try {
        await daemon.line("tapsockd ready");
        return await ping(`daemon:${path}`, KERNEL, 2);
      } finally {
        daemon.process.kill("SIGTERM");
        expect((await daemon.ended).status).toBe(0);
      }
    };
    expect(await under()).toEqual(answered(KERNEL, " TTL=64"));
    expect(await under("--administrators", "root")).toEqual(answered(KERNEL, " TTL=64"));
    expect(await under("--administrators", "nobody")).toEqual(["socket function failed with error: 10013", "status 1"]);
  });
});

describe("the kernel's pings", () => {
  let network: TapNetwork | undefined;
  let kernel: IcmpSocket | undefined;
  beforeEach(() => {
    network = undefined;
    kernel = undefined;
  });
  afterEach(async () => {
    kernel?.close();
    await network?.stop();
  });

  tapTest("are answered by the host as ever, and heard by raw sockets, those that overhear the link among them", async () => {
    network = await TapNetwork.start({ name: TAP });
    const [s, overhearing] = [await socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), await socket(AF_INET, SOCK_RAW, IPPROTO_IP)];
    await bind(s, { address: OURS });
    await bind(overhearing, { address: OURS });
    await setsockopt(s, IPPROTO_IP, IP_TTL, 5);
    await WSAIoctl(overhearing, SIO_RCVALL, RCVALL_IPLEVEL);
    kernel = new IcmpSocket(OURS.split(".").map(Number));
    kernel.write(echoRequest(77, 1, new Uint8Array(3000)));
    let reply: Uint8Array | undefined;
    await until(() => {
      reply ??= kernel!.read();
      return reply !== undefined;
    }, "the host answers");
    expect([icmp.type(reply!, 0), icmp.identifier(reply!, 0), reply!.length]).toEqual([icmp.ECHO_REPLY, 77, 3008]);

    const heard = await recvfrom(s, 65536);
    expect([icmpText({ from: "", bytes: heard.data }), heard.address, heard.data.length]).toEqual([
      `${KERNEL} > ${OURS}: request 77/1`,
      KERNEL,
      3028,
    ]);
    // Of the link, each fragment as it is, those of the answer after those of the question.
    const overheard: string[] = [];
    while (overheard.length < 6) {
      const { data } = await recvfrom(overhearing, 65536);
      if (ipv4.protocol(data, 0) === IPPROTO_ICMP) overheard.push(`${data.subarray(12, 16).join(".")} ${ipv4.fragmentOffset(data, 0)}`);
    }
    expect(overheard).toEqual([KERNEL, OURS].flatMap((from) => [0, 1480, 2960].map((offset) => `${from} ${offset}`)));
  });
});
