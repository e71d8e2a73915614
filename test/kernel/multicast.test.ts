import { execFile } from "node:child_process";
import { createSocket, type Socket as KernelSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, jest } from "@jest/globals";
import { parseV4 } from "../../src/stack/core/address.ts";
import type { UdpEndpoint } from "../../src/stack/udp/udp-service.ts";
import { BRIDGE, BridgedHost, ip, KERNEL, OURS, TAP } from "./bridged-host.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { until } from "./tap-network.ts";

jest.setTimeout(60_000);
const run = promisify(execFile);
const GROUP = "239.1.2.3";
const PORT = 5400;

/** What the bridge knows of the members behind our TAP, as `239.1.2.3` or with sources as `239.1.2.3 include 192.0.2.1/…`. */
async function members(): Promise<string[]> {
  interface Entry {
    readonly grp: string;
    readonly port: string;
    readonly filter_mode?: string;
    readonly source_list?: readonly { readonly address: string }[];
    readonly src?: string;
  }
  const { stdout } = await run("bridge", ["-j", "-d", "mdb", "show"]);
  const [{ mdb }] = JSON.parse(stdout) as [{ readonly mdb: readonly Entry[] }];
  return mdb
    .filter(({ port, src }) => port === TAP && src === undefined)
    .map(({ grp, filter_mode = "", source_list = [] }) =>
      [grp, filter_mode, ...source_list.map(({ address }) => address)].join(" ").trim(),
    );
}

describe("multicast and broadcast between a host of ours and the kernel, over a bridge that listens to memberships", () => {
  let ours: BridgedHost;
  const kernelSockets: KernelSocket[] = [];

  beforeAll(() => {
    if (whyNoTap() === undefined) ours = new BridgedHost();
  });

  afterEach(() => {
    for (const s of kernelSockets.splice(0)) s.close();
    ours?.closeEndpoints();
  });

  afterAll(() => ours?.stop());

  async function kernelSocket(port = 0): Promise<KernelSocket> {
    const s = createSocket({ type: "udp4", reuseAddr: true });
    kernelSockets.push(s);
    s.bind(port);
    await once(s, "listening");
    s.setMulticastInterface(KERNEL);
    s.setBroadcast(true);
    return s;
  }

  const text = (endpoint: UdpEndpoint): string | undefined => {
    const datagram = endpoint.receive();
    return datagram && new TextDecoder().decode(datagram.payload);
  };

  /** Sends until it comes, for a bridge learns at its own pace. */
  async function arrives(endpoint: UdpEndpoint, send: () => void, words: string): Promise<void> {
    let got: string | undefined;
    await until(() => {
      send();
      got ??= text(endpoint);
      return got !== undefined;
    }, `"${words}" arrives`);
    expect(got).toBe(words);
  }

  async function joinAndLeave(): Promise<void> {
    const isKnown = async () => (await members()).some((m) => m.startsWith(GROUP));
    const member = ours.udp(PORT);
    ours.now(() => expect(member.memberships.join(parseV4(GROUP), ours.interface)).toBeUndefined());
    await until(isKnown, "the bridge hears of the group");
    ours.now(() => member.memberships.leave(parseV4(GROUP)));
    await until(async () => !(await isKnown()), "the bridge hears of its end");
  }

  tapTest("[MC-02] the bridge knows our membership, and hears that it ends", async () => {
    await joinAndLeave();
  });

  tapTest("[MC-09] the bridge knows the sources that we name", async () => {
    const member = ours.udp(PORT);
    const group = parseV4("232.1.2.3");
    ours.now(() => expect(member.memberships.joinSource(group, parseV4(KERNEL), ours.interface)).toBeUndefined());
    ours.now(() => expect(member.memberships.joinSource(group, parseV4("203.0.113.9"), ours.interface)).toBeUndefined());
    const both = "232.1.2.3 include 203.0.113.1 203.0.113.9";
    await until(async () => (await members()).map((m) => m.split(" ").sort().join()).includes(both.split(" ").sort().join()), both);
    const kernel = await kernelSocket();
    await arrives(member, () => kernel.send("from the one", PORT, "232.1.2.3"), "from the one");
  });

  tapTest("[UDP-10] the kernel's datagrams to a group reach our member, ours the kernel's", async () => {
    const member = ours.udp(PORT);
    ours.now(() => member.memberships.join(parseV4(GROUP), ours.interface));
    const kernel = await kernelSocket(PORT);
    kernel.addMembership(GROUP, KERNEL);
    await arrives(member, () => kernel.send("to the group", PORT, GROUP), "to the group");

    const heard = once(kernel, "message");
    const words = new TextEncoder().encode("from our host");
    ours.now(() => {
      member.multicast.interface = ours.interface;
      expect(member.send(words, 0, words.length, parseV4(GROUP), PORT)).toBe("sent");
    });
    let [message, from] = await heard;
    // The kernel loops its own back to its own member.
    while (String(message) === "to the group") [message, from] = await once(kernel, "message");
    expect([String(message), from.address]).toEqual(["from our host", OURS]);
  });

  tapTest("[IP4-25] broadcasts reach each other, both kinds", async () => {
    for (const everybody of ["203.0.113.255", "255.255.255.255"]) {
      const endpoint = ours.udp(PORT);
      const kernel = await kernelSocket(PORT);
      if (everybody === "255.255.255.255") ip("route", "replace", "255.255.255.255/32", "dev", BRIDGE);
      await arrives(endpoint, () => kernel.send("to all", PORT, everybody), "to all");
      const heard = new Promise<string>((resolve) => {
        kernel.on("message", (message, from) => {
          if (from.address === OURS) resolve(String(message));
        });
      });
      const words = new TextEncoder().encode("to all of you");
      ours.now(() => {
        expect(endpoint.send(words, 0, words.length, parseV4(everybody), PORT)).toBe("broadcast-not-allowed");
        endpoint.allowsBroadcast = true;
        expect(endpoint.send(words, 0, words.length, parseV4(everybody), PORT)).toBe("sent");
      });
      expect(await heard).toBe("to all of you");
      ours.closeEndpoints();
    }
  });

  tapTest("[MC-05] [MC-06] it does so in version 2, when that is what it speaks", async () => {
    ip("link", "set", BRIDGE, "type", "bridge", "mcast_igmp_version", "2", "mcast_querier", "0");
    ip("link", "set", BRIDGE, "type", "bridge", "mcast_querier", "1");
    await until(() => ours.queryBytes === 8, "the bridge asks in version 2");
    await joinAndLeave();
  });

  tapTest("tshark reads what crossed the TAP: reports as they should be, and nothing malformed", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tapsock-test-"));
    try {
      const file = join(directory, "multicast.pcapng");
      ours.writeCapture(file);
      const checks = ["ip", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
      const tshark = async (filter: string, ...fields: string[]) => {
        const wanted = fields.length === 0 ? [] : ["-T", "fields", ...fields.flatMap((field) => ["-e", field])];
        return (await run("tshark", ["-r", file, ...checks, "-Y", filter, ...wanted])).stdout;
      };
      const isBad = "_ws.malformed or ip.checksum.status==0 or igmp.checksum.status==0 or udp.checksum.status==0";
      expect(await tshark(`(${isBad}) and ip.src==${OURS}`)).toBe("");
      const types = new Set((await tshark(`igmp and ip.src==${OURS}`, "igmp.type")).trim().split("\n"));
      expect([...types].sort()).toEqual(["0x16", "0x17", "0x22"]);
      // All of them with a router alert and a TTL of 1.
      expect(await tshark(`igmp and ip.src==${OURS} and not (ip.opt.ra == 0 and ip.ttl == 1)`)).toBe("");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
