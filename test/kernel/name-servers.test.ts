import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import type { ResolveReport } from "../../src/management/management.ts";
import type { DnsRecordType } from "../../src/stack/dns/dns-service.ts";
import { AF_INET, AF_INET6, AI_CANONNAME, NI_NOFQDN, SOCK_STREAM } from "../../src/winsock/abi/constants.ts";
import { getaddrinfo, gethostbyaddr, gethostbyname, getnameinfo } from "../../src/winsock/promises.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { KERNEL, TapNetwork, until } from "./tap-network.ts";

jest.setTimeout(60_000);
const TAP = "tt-dns";
/** A second address of the kernel's side, and one that nobody has. */
const SECOND = "203.0.113.3";
const NOBODY = "203.0.113.9";

/** More than the 1232 bytes that a datagram may bring. */
const LONG_TEXTS = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(200));

const DNSMASQ = [
  "dnsmasq",
  "--keep-in-foreground",
  "--conf-file=/dev/null",
  "--user=root",
  "--pid-file",
  "--no-resolv",
  "--no-hosts",
  "--bind-interfaces",
  `--listen-address=${KERNEL}`,
  "--local=/tap.example/",
  "--host-record=www.tap.example,203.0.113.80,2001:db8::80",
  "--cname=alias.tap.example,www.tap.example",
  "--ptr-record=80.113.0.203.in-addr.arpa,www.tap.example",
  "--srv-host=_http._tcp.tap.example,www.tap.example,8080,1,2",
  `--txt-record=big.tap.example,${LONG_TEXTS.join()}`,
];

const UNBOUND = `
server:
  interface: ${SECOND}
  access-control: 203.0.113.0/24 allow
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  pidfile: ""
  local-zone: "tap.example." static
  local-data: "tap.example. 60 IN SOA ns.tap.example. root.tap.example. 1 3600 600 86400 60"
  local-data: "web.tap.example. 120 IN A 203.0.113.81"
  local-data: "web.tap.example. 120 IN AAAA 2001:db8::81"
${LONG_TEXTS.map((text) => `  local-data: 'big.tap.example. 60 IN TXT "${text}"'`).join("\n")}
remote-control:
  control-enable: no
`;

describe.each<[string, readonly string[], (directory: string) => readonly string[]]>([
  ["dnsmasq", [KERNEL], () => DNSMASQ],
  [
    "unbound, behind a server that is dead",
    [NOBODY, SECOND],
    (directory) => {
      writeFileSync(join(directory, "unbound.conf"), UNBOUND);
      return ["unbound", "-d", "-c", join(directory, "unbound.conf")];
    },
  ],
])("names over a TAP from %s", (program, dns, command) => {
  const directory = mkdtempSync(join(tmpdir(), "tapsock-names-"));
  let network: TapNetwork;
  let server: ChildProcess;

  beforeAll(async () => {
    if (whyNoTap() !== undefined) return;
    network = await TapNetwork.start({ name: TAP, dns, search: ["tap.example"] });
    spawnSync("ip", ["address", "add", `${SECOND}/24`, "dev", TAP]);
    const [name = "", ...words] = command(directory);
    server = spawn(name, words, { stdio: "ignore" });
    await once(server, "spawn");
    // Until it has its port, the kernel says that nobody has.
    await until(async () => (await resolved("ready.tap.example")).outcome === "failure" && (await answered()) > 0, `${program} answers`);
    await network.manage({ op: "dns-flush" });
  });

  afterAll(async () => {
    if (whyNoTap() === undefined) {
      server.kill();
      await once(server, "exit");
      await network.stop();
    }
    rmSync(directory, { recursive: true });
  });

  const resolved = (name: string, type?: DnsRecordType): Promise<ResolveReport> =>
    network.manage({ op: "resolve", name, ...(type === undefined ? {} : { type }) });
  const status = () => network.manage({ op: "dns-status" });
  const answered = async () => (await status()).servers.reduce((sum, each) => sum + each.answered, 0);

  if (dns[0] === KERNEL) {
    tapTest("A, AAAA, aliases, PTR and SRV, with the search list", async () => {
      expect(await resolved("www")).toMatchObject({
        name: "www.tap.example",
        records: [
          { type: "A", address: "203.0.113.80" },
          { type: "AAAA", address: "2001:db8::80" },
        ],
      });
      expect(await resolved("alias.tap.example.", "A")).toMatchObject({
        canonicalName: "www.tap.example",
        aliases: ["alias.tap.example"],
        records: [{ address: "203.0.113.80" }],
      });
      expect(await resolved("203.0.113.80", "PTR")).toMatchObject({ records: [{ type: "PTR", target: "www.tap.example" }] });
      expect(await resolved("_http._tcp.tap.example", "SRV")).toMatchObject({
        records: [{ type: "SRV", priority: 1, weight: 2, port: 8080, target: "www.tap.example" }],
      });
      expect(await resolved("www.tap.example", "TXT")).toEqual({ outcome: "failure", reason: "no-data" });
      expect(await resolved("none.tap.example.")).toEqual({ outcome: "failure", reason: "no-such-name" });
    });

    tapTest("programs find it by Winsock's calls, without the addresses of IPv6, which this host cannot reach", async () => {
      const hints = { flags: AI_CANONNAME, socktype: SOCK_STREAM };
      expect(await getaddrinfo("alias", "http", hints)).toEqual([
        { address: "203.0.113.80", port: 80, family: AF_INET, socktype: SOCK_STREAM, protocol: 0, canonicalName: "www.tap.example" },
      ]);
      expect(await gethostbyname("www")).toEqual({ name: "www.tap.example", aliases: [], addresses: ["203.0.113.80"] });
      expect(await gethostbyaddr("203.0.113.80")).toEqual({ name: "www.tap.example", aliases: [], addresses: ["203.0.113.80"] });
      expect(await getnameinfo({ address: "203.0.113.80", port: 443 }, { flags: NI_NOFQDN })).toEqual({ host: "www", service: "https" });
      await expect(getaddrinfo("none.tap.example.")).rejects.toMatchObject({ code: "WSAHOST_NOT_FOUND", syscall: "getaddrinfo" });
      await expect(getaddrinfo("www", null, { family: AF_INET6 })).rejects.toMatchObject({ code: "WSANO_DATA" });
    });

    tapTest("[DNS-05] a text too long for a datagram comes over TCP", async () => {
      expect(await resolved("big.tap.example", "TXT")).toMatchObject({ records: [{ type: "TXT", texts: LONG_TEXTS }] });
      expect(await status()).toMatchObject({ overTcp: 1 });
    });
  } else {
    tapTest("[DNS-06] the second answers, and the dead one is asked last from then on", async () => {
      expect(await resolved("web")).toMatchObject({ records: [{ address: "203.0.113.81" }, { address: "2001:db8::81" }] });
      expect((await status()).servers).toMatchObject([
        { server: `${NOBODY}:53`, isAvoided: true, answered: 0 },
        { server: `${SECOND}:53`, isAvoided: false, timedOut: 0 },
      ]);
    });

    tapTest("[DNS-09] that there is no such name is kept, and answers for every type", async () => {
      const reasons = [await resolved("none.tap.example."), await resolved("none.tap.example.", "TXT")].map((each) => each.outcome);
      const before = await answered();
      expect(reasons).toEqual(["failure", "failure"]);
      expect(await resolved("none.tap.example.", "SRV")).toEqual({ outcome: "failure", reason: "no-such-name" });
      expect(await resolved("web.tap.example.", "A")).toMatchObject({ origin: "cache" });
      expect(await answered()).toBe(before);
    });

    tapTest("[DNS-05] many texts that are too long together come over TCP", async () => {
      const report = await resolved("big.tap.example.", "TXT");
      const texts = report.outcome === "answer" ? report.records.flatMap((each) => (each.type === "TXT" ? each.texts : [])) : [];
      expect([...texts].sort()).toEqual(LONG_TEXTS);
      expect((await status()).overTcp).toBe(1);
    });
  }
});
