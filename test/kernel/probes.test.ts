import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import { bind, listen, socket } from "../../src/winsock/promises.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { OURS, TapNetwork } from "./tap-network.ts";

jest.setTimeout(90_000);
const run = promisify(execFile);
const TAP = "tt-probes";
const KERNEL6 = "2001:db8::1";
const OURS6 = "2001:db8::2";

/** What a program prints, whatever it ends with. */
const told = (program: string, ...words: string[]): Promise<string> =>
  run(program, words, { timeout: 60_000 }).then(
    ({ stdout }) => stdout,
    ({ stdout = "", stderr = "" }: { stdout?: string; stderr?: string }) => stdout + stderr,
  );

describe("programs that ask odd questions", () => {
  let network: TapNetwork;
  let directory: string;
  let capture: string;

  beforeAll(async () => {
    if (whyNoTap() !== undefined) return;
    directory = mkdtempSync(join(tmpdir(), "tapsock-test-"));
    capture = join(directory, "probes.pcapng");
    // Checksums of ours are whole in the capture when no device completes them.
    network = await TapNetwork.start({ name: TAP, offload: "off", capture, ip6: `${OURS6}/64` });
    execFileSync("ip", ["addr", "add", `${KERNEL6}/64`, "dev", TAP, "nodad"]);
    const s = await socket();
    await bind(s, { port: 80 });
    await listen(s, 50);
  });

  afterAll(async () => {
    if (whyNoTap() !== undefined) return;
    rmSync(directory, { recursive: true });
  });

  tapTest("[ACD-07] arping and ndisc6 find our station", async () => {
    const { interfaces } = await network.manage({ op: "status" });
    const { mac } = interfaces.find(({ name }) => name === TAP)!;
    expect((await told("arping", "-c", "1", "-w", "5", "-I", TAP, OURS)).toLowerCase()).toContain(mac);
    expect((await told("ndisc6", "-1", "-w", "5000", OURS6, TAP)).toLowerCase()).toContain(mac);
  });

  tapTest("[IC4-06] [IC6-08] nmap finds the listener, closed ports and what is not spoken, over both families", async () => {
    const scan = (...words: string[]) => told("nmap", "-n", "-Pn", "--max-retries", "2", ...words);
    expect(await scan("-sS", "-p", "80,81", OURS)).toMatch(/80\/tcp\s+open[\s\S]*81\/tcp\s+closed/);
    expect(await scan("-6", "-sS", "-p", "81", OURS6)).toMatch(/81\/tcp\s+closed/);
    expect(await scan("-sU", "-p", "9", OURS)).toMatch(/9\/udp\s+closed/);
    expect(await scan("-6", "-sU", "-p", "9", OURS6)).toMatch(/9\/udp\s+closed/);
    // 4 is IP in IP: told to be unreachable, as is what nobody knows.
    expect(await scan("-sO", "-p", "1,4,200", OURS)).toMatch(/1\s+open[\s\S]*4\s+closed[\s\S]*200\s+closed/);
  });

  tapTest("[IC4-10] nping's echo is answered, and its timestamp request is not", async () => {
    const ping = (...words: string[]) => told("nping", "-c", "1", ...words);
    expect(await ping("--icmp", OURS)).toMatch(/Rcvd: 1 /);
    expect(await ping("--icmp", "--icmp-type", "timestamp", OURS)).toMatch(/Rcvd: 0 /);
    expect(await told("ping", "-6", "-c", "1", "-W", "5", `ff02::1%${TAP}`)).toMatch(/1 received|bytes from/);
  });

  tapTest("tshark reads all of it without a malformed frame, and no checksum of ours is wrong", async () => {
    await told("ping", "-c", "1", "-W", "5", "-s", "8000", OURS);
    await told("ping", "-6", "-c", "1", "-W", "5", "-s", "8000", OURS6);
    const { interfaces } = await network.manage({ op: "status" });
    const { mac } = interfaces.find(({ name }) => name === TAP)!;
    await network.stop();
    const checks = ["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
    const read = async (filter: string): Promise<string[]> => {
      const { stdout } = await run("tshark", ["-n", "-r", capture, ...checks, "-Y", filter, "-T", "fields", "-e", "frame.number"]);
      return stdout.split("\n").filter(Boolean);
    };
    for (const protocol of ["arp", "icmp", "icmpv6", "tcp", "ipv6.fraghdr", "ip.flags.mf == 1"]) {
      expect((await read(`eth.src == ${mac} && ${protocol}`)).length).toBeGreaterThan(0);
    }
    expect((await read(`ip.checksum.status == "Good"`)).length).toBeGreaterThan(10);
    const bad = ["ip", "tcp", "udp", "icmp", "icmpv6"].map((protocol) => `${protocol}.checksum.status == "Bad"`).join(" || ");
    const quoted = "!(icmp.type == 3 || icmp.type == 11 || icmpv6.type < 128)";
    expect(await read(`eth.src == ${mac} && _ws.malformed`)).toEqual([]);
    expect(await read(`eth.src == ${mac} && ${quoted} && (${bad})`)).toEqual([]);
  });
});
