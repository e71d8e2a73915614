import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { program } from "../../src/cli/program.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsock-drill-"));
const file = (name: string, source: string): string => {
  const path = join(directory, name);
  writeFileSync(path, source);
  return path;
};
afterAll(() => rmSync(directory, { recursive: true }));

const SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
const good = file("a-good.pkt", `${SOCKET}+0 close(3) = 0\n`);
const bad = file("b-bad.pkt", `${SOCKET}+0 close(4) = 0\n`);
const odd = file("c-odd.pkt", `${SOCKET}+0 splice(3, NULL, 4, NULL, 5, 0) = 5\n`);
const broken = file("d-broken.pkt", `${SOCKET}+0 close(3\n`);
const six = file("e-v6.pkt", `--ip_version=ipv6\n${SOCKET}+0 close(3) = 0\n`);
const silent = file("f-silent.pkt", `${SOCKET}+0 close(3) = 0\n+0 < S 0:0(0) win 5\n`);
file("notes.txt", "no script");

let written = "";
let complained = "";

async function run(...words: string[]): Promise<{ error: unknown; status: number; text: string }> {
  written = "";
  complained = "";
  process.exitCode = 0;
  const error = await program()
    .parseAsync(["drill", ...words], { from: "user" })
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  const status = Number(process.exitCode);
  process.exitCode = 0;
  return { error, status, text: written };
}

beforeEach(() => {
  jest.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
  jest.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    complained += String(chunk);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe("tapsock drill", () => {
  test("ends with the totals, and fails when a script does", async () => {
    expect(await run(good)).toEqual({ error: undefined, status: 0, text: "1 passed, 0 failed, 0 skipped\n" });
    const all = await run(good, bad, odd, broken);
    expect(all.status).toBe(1);
    expect(all.text.trimEnd().split("\n").at(-1)).toBe("1 passed, 2 failed, 1 skipped");
    expect(all.text).toContain(`${bad}:2: FAILED: close returned something else`);
    expect(all.text).toContain("expected  0");
    expect(all.text).toContain("came      -1 EBADF (9)");
    expect(all.text).toContain(`${odd}:2: skipped: unsupported: call splice`);
    expect(all.text).toContain(`${broken}:3: FAILED: the script is wrong`);
  });

  test("a script that is skipped is no failure, and is not passed", async () => {
    expect(await run(odd)).toMatchObject({ status: 0, text: expect.stringMatching(/0 passed, 0 failed, 1 skipped\n$/) });
  });

  test("the family is the script's own, or that of --ip", async () => {
    const here = (address: string): string =>
      file("i-family.pkt", `--ip_version=ipv6\n${SOCKET}+0 close(3) = 0\n+0 < icmp unreachable ${address} [1:1(0)]\n`);
    expect((await run(here("no_route"))).text).toMatch(/^1 passed/);
    expect((await run("--ip", "ipv4", here("no_route"))).text).toContain('ICMP of IPv4 has no code "no_route"');
    expect((await run("--ip", "ipv4", here("net_unreachable"))).text).toMatch(/^1 passed/);
    rmSync(join(directory, "i-family.pkt"));
  });

  test("folders are looked through for scripts", async () => {
    expect((await run(directory)).text).toMatch(/3 passed, 2 failed, 1 skipped\n$/);
  });

  test("a corpus is run over one family, with what its own runner defines", async () => {
    const cookie = file("g-cookie.pkt", `${SOCKET}+0 %{ x = 1 }%\n+0 getsockopt(3, CMSG_LEVEL_IP, IP_TOS, [0], [4]) = 0\n`);
    expect((await run(cookie)).text).toMatch(/"CMSG_LEVEL_IP" is no symbol/);
    expect((await run("--corpus", directory, "--verbose")).text).not.toContain(six);
    expect((await run("--corpus", directory, "--verbose")).text).toContain(`${cookie}: passed`);
    expect((await run("--corpus", directory, "--verbose", "--ip", "ipv6")).text).toContain(`${six}: passed`);
    expect((await run("-D", "CMSG_LEVEL_IP=SOL_IP", cookie)).text).toMatch(/^1 passed/);
    rmSync(cookie);
  });

  test("in JSON each script is an object, and the totals are one", async () => {
    const { text } = await run("--json", good, bad);
    const [first, second, totals] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(first).toMatchObject({ name: good, outcome: "passed" });
    expect(second).toMatchObject({ name: bad, outcome: "failed", line: 2, expected: "0", came: "-1 EBADF (9)", ladder: expect.any(Array) });
    expect(totals).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test("packets that no line expects are of no consequence, are told, or fail, as one likes", async () => {
    expect((await run(silent)).text).toBe("1 passed, 0 failed, 0 skipped\n");
    expect((await run("--unexpected", "warn", silent)).text).toMatch(/warning: no line expects .*R\. 0:0\(0\) ack 1/);
    expect((await run("--unexpected", "fail", silent)).status).toBe(1);
  });

  test("the profile is the host's, and its errors are named as its system does", async () => {
    expect((await run("--profile", "windows", bad)).text).toContain("-1 WSAENOTSOCK");
  });

  test("options of scripts can be set from outside", async () => {
    const late = file("h-late.pkt", `${SOCKET}+0 close(3) = 0\n+0 < S 0:0(0) win 5\n+.01 > R. 0:0(0) ack 1\n`);
    expect((await run(late)).status).toBe(1);
    expect((await run("--set", "tolerance_usecs=20000", late)).status).toBe(0);
    expect((await run("--set", "invented=1", late)).text).toContain("there is no option --invented");
    rmSync(late);
  });

  test("says how to run the same against a kernel, and runs nothing", async () => {
    const { text, status } = await run("--against", "kernel", "--ip", "ipv6", "-D", "X=y", bad);
    expect(status).toBe(0);
    expect(text).toContain(`packetdrill --ip_version=ipv6 --mtu=1520 -D X=y ${bad}`);
    expect(text).not.toContain("FAILED");
  });

  test("wrong usage is refused in words", async () => {
    expect((await run()).error).toMatchObject({ message: expect.stringContaining("no script is named") });
    expect((await run(join(directory, "none.pkt"))).error).toMatchObject({ message: expect.stringContaining("Cannot read") });
    expect((await run("-D", "X", good)).error).toMatchObject({ message: expect.stringContaining("NAME=value") });
    expect((await run("--profile", "amiga", good)).error).toMatchObject({ message: expect.stringContaining("linux, windows, rfc") });
    expect(complained).toContain("amiga");
  });
});
