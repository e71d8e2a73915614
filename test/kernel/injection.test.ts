import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, jest } from "@jest/globals";
import { formatV4 } from "../../src/stack/core/address.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { seq, seqAdd } from "../../src/stack/core/seq.ts";
import { macForName } from "../../src/stack/link/mac-address.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import type { ConnectionStatus } from "../../src/stack/tcp/tcp-user.ts";
import { interfaceState } from "../../src/tap/interface-config.ts";
import { IPPROTO_TCP, TCP_MAXRT } from "../../src/winsock/abi/constants.ts";
import { closesocket, connect, recv, setsockopt, socket } from "../../src/winsock/promises.ts";
import {
  datagram,
  echoRequest,
  type ForgedSegment,
  forgedSegment,
  forgedUnreachable,
  type Injector,
  rawSocketInjector,
} from "../support/injector.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PacketSocket } from "./packet-socket.ts";
import {
  closeKernelSockets,
  connectedPair,
  failure,
  KERNEL,
  kernelConnection,
  kernelListener,
  OURS,
  ourListener,
  readText,
  TapNetwork,
  until,
} from "./tap-network.ts";

jest.setTimeout(30_000);
const TAP = "tt-forge";
/** An address whose frames reach the kernel, which drops them: whatever comes back from there is forged. */
const SILENT = "203.0.113.77";
const PORT = 9;

let network: TapNetwork;
let wire: PacketSocket;
let injector: Injector;
let kernelMac: Uint8Array;

/** Without the raw-socket package the packet socket takes its place. */
function openInjector(): Injector {
  const ours = macForName(TAP);
  return (
    rawSocketInjector() ?? {
      send: (bytes) => Promise.resolve(wire.write(frame(ours, bytes))),
      close: () => {},
    }
  );
}

function frame(to: Uint8Array, payload: Uint8Array, etherType = ethernet.TYPE_IPV4): Uint8Array {
  const bytes = new Uint8Array(ethernet.HEADER + payload.length);
  ethernet.writeHeader(bytes, 0, to, kernelMac, etherType);
  bytes.set(payload, ethernet.HEADER);
  return bytes;
}

async function begin(profile: "windows" | "linux"): Promise<void> {
  network = await TapNetwork.start({ name: TAP, profile });
  kernelMac = interfaceState(TAP).mac;
  wire = new PacketSocket(TAP);
  injector = openInjector();
  await network.manage({ op: "neigh-add", address: SILENT, mac: ethernet.macText(kernelMac) });
}

async function end(): Promise<void> {
  injector.close();
  wire.close();
  await network.stop();
}

/** The IPv4 datagrams that we have sent since the last look. */
const sentByUs = (protocol: number): Uint8Array[] =>
  wire
    .read(ethernet.TYPE_IPV4, kernelMac)
    .map((bytes) => bytes.subarray(ethernet.HEADER))
    .filter((ip) => ipv4.protocol(ip, 0) === protocol);

/** Where TCP begins in a datagram of ours. */
const TCP_AT = ipv4.MIN_HEADER;

/** Calls `react` with each SYN of ours to the silent address, until the connect has its outcome. @returns how many there were */
async function answerSyns(outcome: Promise<unknown>, react: (syn: Uint8Array, count: number) => void | Promise<void>): Promise<number> {
  let isOver = false;
  let syns = 0;
  const over = outcome.finally(() => {
    isOver = true;
  });
  for (;;) {
    // The last look comes after the outcome.
    const isLast = isOver;
    for (const ip of sentByUs(ipv4.PROTOCOL_TCP)) {
      if (formatV4(ipv4.destination(ip, 0)) === SILENT && tcp.flags(ip, TCP_AT) === tcp.SYN) await react(ip, ++syns);
    }
    if (isLast) return syns;
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
}

/** A reset that answers a SYN; the right one acknowledges the SYN's number and one more. */
const resetFor = (syn: Uint8Array, acknowledged = 1): Uint8Array =>
  forgedSegment({
    from: SILENT,
    fromPort: PORT,
    to: OURS,
    toPort: tcp.sourcePort(syn, TCP_AT),
    flags: tcp.RST | tcp.ACK,
    seq: 0,
    ack: seqAdd(tcp.sequence(syn, TCP_AT), acknowledged),
  });

describe("a kernel's side that forges", () => {
  beforeAll(async () => {
    if (whyNoTap() === undefined) await begin("windows");
  });
  afterAll(async () => {
    if (whyNoTap() === undefined) await end();
  });
  afterEach(closeKernelSockets);

  /** The row of `ss` for our only connection to this port. */
  async function rowTowards(port: number): Promise<ConnectionStatus> {
    const { tcp: rows } = await network.manage({ op: "ss" });
    return rows.find((c) => c.remote === `${KERNEL}:${port}`)!;
  }

  /** As if it came from the kernel's end of the connection. */
  const forge = (row: ConnectionStatus, port: number, segment: Pick<ForgedSegment, "flags" | "seq" | "ack" | "text">): Promise<void> =>
    injector.send(forgedSegment({ from: KERNEL, fromPort: port, to: OURS, toPort: Number(row.local.split(":")[1]), ...segment }));

  const drops = async (reason: string): Promise<number> => (await network.manage({ op: "status" })).drops[reason] ?? 0;

  /** Waits for our pure ACK on the connection. */
  async function challengeAck(row: ConnectionStatus, port: number): Promise<void> {
    await until(
      () =>
        sentByUs(ipv4.PROTOCOL_TCP).some(
          (ip) =>
            tcp.destinationPort(ip, TCP_AT) === port &&
            tcp.flags(ip, TCP_AT) === tcp.ACK &&
            tcp.sequence(ip, TCP_AT) === seq(row.sndNxt) &&
            tcp.acknowledgment(ip, TCP_AT) === seq(row.rcvNxt),
        ),
      "a challenge ACK",
    );
  }

  const forgeries = [
    { what: "a blind RST within the window, but not at RCV.NXT (RFC 5961 §3.2)", flags: tcp.RST, ahead: 100, ackAhead: 0 },
    { what: "a SYN within the window (RFC 5961 §4.2)", flags: tcp.SYN, ahead: 0, ackAhead: 0 },
    { what: "an ACK of what we never sent (RFC 5961 §5.2)", flags: tcp.ACK, ahead: 0, ackAhead: 5000 },
    { what: "an empty segment outside the window (RFC 9293 §3.10.7.4)", flags: tcp.ACK, ahead: -1, ackAhead: 0 },
  ];
  for (const { what, flags, ahead, ackAhead } of forgeries) {
    tapTest(`${what} is challenged by an ACK, and the connection goes on`, async () => {
      const { s, peer, port } = await connectedPair();
      const row = await rowTowards(port);
      sentByUs(ipv4.PROTOCOL_TCP);
      await forge(row, port, { flags, seq: seqAdd(seq(row.rcvNxt), ahead), ack: seqAdd(seq(row.sndNxt), ackAhead) });
      await challengeAck(row, port);
      expect(await network.statesTowards(port)).toEqual(["ESTABLISHED"]);
      peer.end("still here");
      expect(await readText(s)).toBe("still here");
      await closesocket(s);
    });
  }

  tapTest("a blind RST outside the window is dropped without an answer", async () => {
    const { s, peer, port } = await connectedPair();
    const row = await rowTowards(port);
    const before = await drops("rst-outside-window");
    await forge(row, port, { flags: tcp.RST, seq: seqAdd(seq(row.rcvNxt), -1) });
    await forge(row, port, { flags: tcp.RST, seq: seqAdd(seq(row.rcvNxt), row.rcvWnd) });
    await until(async () => (await drops("rst-outside-window")) === before + 2, "both resets are counted");
    peer.end("still here");
    expect(await readText(s)).toBe("still here");
    await closesocket(s);
  });

  tapTest("an RST at exactly RCV.NXT ends the connection with WSAECONNRESET", async () => {
    const { s, port } = await connectedPair();
    const row = await rowTowards(port);
    const receiving = failure(recv(s));
    await forge(row, port, { flags: tcp.RST, seq: row.rcvNxt });
    expect(await receiving).toBe("WSAECONNRESET");
    expect(await network.statesTowards(port)).toEqual([]);
    await closesocket(s);
  });

  tapTest("an RST that answers our SYN is tried again, and the fifth is WSAECONNREFUSED (KB175523)", async () => {
    const s = await socket();
    const outcome = failure(connect(s, { address: SILENT, port: PORT }));
    const syns = await answerSyns(outcome, (syn) => injector.send(resetFor(syn)));
    expect(await outcome).toBe("WSAECONNREFUSED");
    expect(syns).toBe(5);
    await closesocket(s);
  });

  tapTest("an RST that does not acknowledge our SYN is nobody's (RFC 9293 §3.10.7.3)", async () => {
    const s = await socket();
    await setsockopt(s, IPPROTO_TCP, TCP_MAXRT, 2);
    const before = await drops("ack-of-unsent");
    const outcome = failure(connect(s, { address: SILENT, port: PORT }));
    const syns = await answerSyns(outcome, (syn) => injector.send(resetFor(syn, 2)));
    expect(await outcome).toBe("WSAETIMEDOUT");
    expect(syns).toBe(2);
    expect(await drops("ack-of-unsent")).toBe(before + 2);
    await closesocket(s);
  });

  const unreachables = [
    icmp.NET_UNREACHABLE,
    icmp.HOST_UNREACHABLE,
    icmp.PROTOCOL_UNREACHABLE,
    icmp.PORT_UNREACHABLE,
    icmp.HOST_PROHIBITED,
  ];
  tapTest("ICMP unreachables that answer our SYN are soft: the next SYN may connect (RFC 1122 §4.2.3.9)", async () => {
    const { port } = await kernelListener((peer) => peer.end("just in time"));
    const s = await socket();
    const connecting = connect(s, { address: SILENT, port });
    const syns = await answerSyns(connecting, async (syn, count) => {
      if (count > 1) return;
      for (const code of unreachables) await injector.send(forgedUnreachable(KERNEL, code, syn));
      expect(await network.statesTowards(port)).toEqual(["SYN-SENT"]);
      execFileSync("ip", ["addr", "add", `${SILENT}/32`, "dev", TAP]);
    });
    await connecting;
    expect(syns).toBe(2);
    expect(await readText(s)).toBe("just in time");
    await closesocket(s);
    execFileSync("ip", ["addr", "del", `${SILENT}/32`, "dev", TAP]);
  });

  tapTest("ICMP unreachables about a connection that stands, or that quote another number, do not end it (RFC 5927 §4.1)", async () => {
    const { s, peer, port } = await connectedPair();
    const row = await rowTowards(port);
    const about = (sequence: number): Uint8Array =>
      forgedSegment({ from: OURS, fromPort: Number(row.local.split(":")[1]), to: KERNEL, toPort: port, flags: tcp.ACK, seq: sequence });
    const before = await drops("icmp-quote-unexpected");
    for (const code of unreachables) await injector.send(forgedUnreachable(KERNEL, code, about(seqAdd(seq(row.sndNxt), 1))));
    await until(async () => (await drops("icmp-quote-unexpected")) === before + unreachables.length, "all are counted");
    peer.end("still here");
    expect(await readText(s)).toBe("still here");
    await closesocket(s);
  });

  tapTest("the kernel's ping is answered with its own data", async () => {
    const data = Uint8Array.from({ length: 1400 }, (_, i) => i * 7);
    sentByUs(ipv4.PROTOCOL_ICMP);
    await injector.send(echoRequest(KERNEL, OURS, 0x4711, data));
    let reply: Uint8Array | undefined;
    await until(() => {
      reply ??= sentByUs(ipv4.PROTOCOL_ICMP).find((ip) => icmp.identifier(ip, ipv4.payloadAt(ip, 0)) === 0x4711);
      return reply !== undefined;
    }, "an echo reply");
    const at = ipv4.payloadAt(reply!, 0);
    expect(icmp.type(reply!, at)).toBe(icmp.ECHO_REPLY);
    expect(icmp.verifyChecksum(reply!, at, ipv4.payloadEnd(reply!, 0))).toBe(true);
    expect(reply!.slice(icmp.dataAt(at), ipv4.payloadEnd(reply!, 0))).toEqual(data);
  });

  describe("bad input", () => {
    const good = (): Uint8Array =>
      forgedSegment({ from: KERNEL, fromPort: 5000, to: OURS, toPort: 7, flags: tcp.ACK, seq: 1, ack: 1, text: new Uint8Array(40) });
    /** Of a good segment with one byte changed, its IP checksum made right again. */
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = good();
      bytes[at] = value;
      ipv4.putChecksum(bytes, 0);
      return bytes;
    };
    const ip = (protocol: number, ...payload: number[]): Uint8Array => datagram(KERNEL, OURS, protocol, Uint8Array.from(payload));
    const arp = (...bytes: number[]): Uint8Array => Uint8Array.from({ length: 28 }, (_, i) => bytes[i] ?? 0);
    const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
      bytes[at] = bytes[at]! ^ 0x40;
      return bytes;
    };

    const cases: readonly { readonly reason: string; readonly etherType?: number; readonly payload: () => Uint8Array }[] = [
      { reason: "ipv4-truncated", payload: () => good().subarray(0, 19) },
      { reason: "ipv4-truncated", payload: () => good().subarray(0, 70) },
      { reason: "ipv4-bad-version", payload: () => flipped(good(), 0) },
      { reason: "ipv4-bad-header-length", payload: () => changed(0, 0x44) },
      { reason: "ipv4-bad-total-length", payload: () => changed(3, 19) },
      { reason: "ipv4-bad-checksum", payload: () => flipped(good(), 8) },
      { reason: "ipv4-source-ours", payload: () => datagram(OURS, OURS, ipv4.PROTOCOL_UDP, new Uint8Array(8)) },
      { reason: "ipv4-source-not-unicast", payload: () => datagram("224.0.0.1", OURS, ipv4.PROTOCOL_UDP, new Uint8Array(8)) },
      { reason: "fragment-bad-length", payload: () => changed(6, 0x20) },
      { reason: "ipv4-unknown-protocol", payload: () => changed(9, 253) },
      { reason: "tcp-truncated", payload: () => ip(ipv4.PROTOCOL_TCP, 1, 2, 3) },
      { reason: "tcp-bad-data-offset", payload: () => changed(TCP_AT + 12, 0x40) },
      { reason: "tcp-truncated", payload: () => ip(ipv4.PROTOCOL_TCP, ...new Uint8Array(12), 0xf0, ...new Uint8Array(11)) },
      { reason: "tcp-bad-checksum", payload: () => flipped(good(), 60) },
      { reason: "udp-truncated", payload: () => ip(ipv4.PROTOCOL_UDP, 0, 7, 0, 7, 0) },
      { reason: "udp-truncated", payload: () => ip(ipv4.PROTOCOL_UDP, 0, 7, 0, 7, 0, 200, 0, 0) },
      { reason: "udp-bad-length", payload: () => ip(ipv4.PROTOCOL_UDP, 0, 7, 0, 7, 0, 7, 0, 0) },
      { reason: "udp-bad-checksum", payload: () => ip(ipv4.PROTOCOL_UDP, 0, 7, 0, 7, 0, 8, 1, 1) },
      { reason: "icmp-truncated", payload: () => ip(ipv4.PROTOCOL_ICMP, 8, 0, 0, 0) },
      { reason: "icmp-bad-checksum", payload: () => flipped(echoRequest(KERNEL, OURS, 1, new Uint8Array(8)), 30) },
      { reason: "icmp-quote-truncated", payload: () => forgedUnreachable(KERNEL, 1, datagram(OURS, KERNEL, 6, new Uint8Array(4))) },
      { reason: "arp-truncated", etherType: ethernet.TYPE_ARP, payload: () => arp().subarray(0, 20) },
      { reason: "arp-bad-hardware-type", etherType: ethernet.TYPE_ARP, payload: () => arp(0, 6) },
      { reason: "arp-bad-address-length", etherType: ethernet.TYPE_ARP, payload: () => arp(0, 1, 8, 0, 8, 4) },
      { reason: "arp-bad-operation", etherType: ethernet.TYPE_ARP, payload: () => arp(0, 1, 8, 0, 6, 4, 0, 9) },
    ];
    for (const [i, { reason, etherType, payload }] of cases.entries()) {
      tapTest(`is dropped and counted as ${reason} (${i + 1})`, async () => {
        const before = await drops(reason);
        wire.write(frame(macForName(TAP), payload(), etherType));
        await until(async () => (await drops(reason)) === before + 1, `one more ${reason}`);
      });
    }

    tapTest("twenty thousand truncated and spoiled frames leave the host as it was", async () => {
      const { s, peer, port } = await connectedPair();
      const listener = await ourListener(7101);
      const row = await rowTowards(port);
      const ourPort = Number(row.local.split(":")[1]);
      const random = new SeededRandom(11);
      const ours = macForName(TAP);
      // Nothing that could be taken for the connection's own: numbers far outside its window.
      const far = seqAdd(seq(row.rcvNxt), -0x40000000);
      const segment = { from: KERNEL, fromPort: port, to: OURS, toPort: ourPort, flags: tcp.ACK, seq: far, text: new Uint8Array(64) };
      const models = [
        forgedSegment(segment),
        forgedSegment({ ...segment, toPort: 7101, flags: tcp.SYN }),
        echoRequest(KERNEL, OURS, 1, new Uint8Array(64)),
        forgedUnreachable(KERNEL, 4, forgedSegment({ ...segment, from: OURS, to: KERNEL, fromPort: ourPort, toPort: port })),
        datagram(KERNEL, OURS, ipv4.PROTOCOL_UDP, Uint8Array.of(0, 7, 0, 7, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)),
      ].map((payload) => frame(ours, payload));
      models.push(
        frame(ours, Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 1, ...kernelMac, 203, 0, 113, 99, ...ours, 203, 0, 113, 2), ethernet.TYPE_ARP),
      );
      for (let i = 0; i < 20_000; i++) {
        const model = models[i % models.length]!;
        const isCut = random.u32() % 2 === 0;
        const bytes = model.slice(0, isCut ? ethernet.HEADER + (random.u32() % (model.length - ethernet.HEADER + 1)) : model.length);
        const changes = random.u32() % 4;
        for (let n = 0; n < changes; n++) bytes[12 + (random.u32() % (bytes.length - 12))] = random.u32();
        wire.write(bytes);
        // The TAP's queue holds a thousand frames.
        if (i % 200 === 199) await network.manage({ op: "status" });
      }
      expect(await network.statesTowards(port)).toEqual(["ESTABLISHED"]);
      peer.end("still here");
      expect(await readText(s)).toBe("still here");
      const visitor = await kernelConnection(7101);
      visitor.destroy();
      await closesocket(s);
      await closesocket(listener);
      const { drops: reasons } = await network.manage({ op: "status" });
      expect(Object.keys(reasons).length).toBeGreaterThan(15);
    });
  });
});

describe("a kernel's side that forges, against the linux profile", () => {
  beforeAll(async () => {
    if (whyNoTap() === undefined) await begin("linux");
  });
  afterAll(async () => {
    if (whyNoTap() === undefined) await end();
  });

  tapTest("the first RST refuses", async () => {
    const s = await socket();
    const outcome = failure(connect(s, { address: SILENT, port: PORT }));
    expect(await answerSyns(outcome, (syn) => injector.send(resetFor(syn)))).toBe(1);
    expect(await outcome).toBe("WSAECONNREFUSED");
    await closesocket(s);
  });

  tapTest("an ICMP port unreachable that quotes the SYN refuses; one that quotes another number does not", async () => {
    const s = await socket();
    const outcome = failure(connect(s, { address: SILENT, port: PORT }));
    const syns = await answerSyns(outcome, async (syn, count) => {
      const quoted = syn.slice();
      if (count === 1) tcp.setSequence(quoted, TCP_AT, seqAdd(tcp.sequence(quoted, TCP_AT), 1));
      await injector.send(forgedUnreachable(KERNEL, icmp.PORT_UNREACHABLE, quoted));
    });
    expect(syns).toBe(2);
    expect(await outcome).toBe("WSAECONNREFUSED");
    await closesocket(s);
  });
});
