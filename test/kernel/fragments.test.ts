import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, jest } from "@jest/globals";
import { parseV4 } from "../../src/stack/core/address.ts";
import { macForName } from "../../src/stack/link/mac-address.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import { SOCK_DGRAM } from "../../src/winsock/abi/constants.ts";
import { bind, closesocket, recvfrom, sendto, socket } from "../../src/winsock/promises.ts";
import { IcmpSocket } from "./icmp-socket.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PacketSocket } from "./packet-socket.ts";
import { KERNEL, OURS, TapNetwork, until } from "./tap-network.ts";

jest.setTimeout(60_000);
const TAP = "tt-frag";

/** Bytes of which no stretch of a fragment's length comes twice. */
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i ^ (i >>> 8) ^ (i >>> 5));

describe.each(["on", "off"] as const)("datagrams in fragments between tapsock and the kernel, offloads %s", (offload) => {
  let network: TapNetwork;
  let wire: PacketSocket;
  const kernelSockets: { close(): void }[] = [];

  // One that a failed test left open would keep the process alive.
  afterEach(() => {
    for (const kernel of kernelSockets.splice(0)) kernel.close();
  });

  beforeAll(async () => {
    if (whyNoTap() !== undefined) return;
    network = await TapNetwork.start({ name: TAP, offload });
    wire = new PacketSocket(TAP);
  });

  afterAll(async () => {
    if (whyNoTap() !== undefined) return;
    wire.close();
    await network.stop();
  });

  /** Fragments that have crossed the wire since the last look, by who sent them. */
  function fragments(): { ours: number; theirs: number } {
    const all = wire.read(ethernet.TYPE_IPV4, new Uint8Array(6)).filter((f) => ipv4.isFragment(f, 14));
    const ours = all.filter((f) => ipv4.source(f, 14) === parseV4(OURS).w3).length;
    return { ours, theirs: all.length - ours };
  }

  tapTest("[FRG-10] the kernel answers our ping of 60000 bytes", async () => {
    const reply = await network.manage({ op: "ping", address: KERNEL, bytes: 60_000, timeoutMs: 5000 });
    expect(reply).toMatchObject({ outcome: "reply", bytes: 60_000 });
    expect(fragments()).toEqual({ ours: 41, theirs: 41 });
  });

  tapTest("[FRG-01] [FRG-10] we answer the kernel's of 60000 bytes with its own data", async () => {
    const kernel = new IcmpSocket([203, 0, 113, 2]);
    kernelSockets.push(kernel);
    const data = pattern(60_000);
    const request = new Uint8Array(8 + data.length);
    icmp.writeEcho(request, 0, icmp.ECHO_REQUEST, 0x7a7a, 3);
    request.set(data, 8);
    icmp.putChecksum(request, 0, request.length);
    kernel.write(request);
    let reply: Uint8Array | undefined;
    await until(() => {
      reply = kernel.read();
      return reply !== undefined;
    }, "the reply comes");
    expect([icmp.type(reply!, 0), icmp.identifier(reply!, 0), icmp.sequence(reply!, 0)]).toEqual([icmp.ECHO_REPLY, 0x7a7a, 3]);
    expect(reply!.subarray(8)).toEqual(data);
    expect(fragments()).toEqual({ ours: 41, theirs: 41 });
  });

  tapTest("[FRG-01] [FRG-10] UDP carries 60000 bytes each way, and the most that it can", async () => {
    const kernel = createSocket({ type: "udp4", recvBufferSize: 400_000, sendBufferSize: 400_000 });
    kernelSockets.push(kernel);
    kernel.bind(0, KERNEL);
    await once(kernel, "listening");
    kernel.on("message", (message, from) => kernel.send(message, from.port, from.address));
    const s = await socket(undefined, SOCK_DGRAM);
    await bind(s, { port: 7021 });
    for (const [length, count] of [
      [60_000, 41],
      [65_507, 45],
    ] as const) {
      const datagram = pattern(length);
      await sendto(s, datagram, { address: KERNEL, port: kernel.address().port });
      const { data, ...from } = await recvfrom(s, 65_507);
      expect(from).toMatchObject({ address: KERNEL, port: kernel.address().port });
      expect(Buffer.compare(data, datagram)).toBe(0);
      expect(fragments()).toEqual({ ours: count, theirs: count });
    }
    await closesocket(s);
  });

  tapTest("[FRG-05] the kernel's sockets and ours go on after fragments that overlap", async () => {
    const mac = macForName(TAP);
    for (let id = 0; id < 100; id++) {
      for (const [offset, length] of [
        [0, 40],
        [24, 8],
        [8, 400],
      ] as const) {
        const frame = new Uint8Array(34 + length);
        ethernet.writeHeader(frame, 0, mac, ethernet.parseMac("02:00:00:00:00:99")!, ethernet.TYPE_IPV4);
        const fragment = ipv4.MORE_FRAGMENTS | (offset / 8);
        ipv4.writeHeader(frame, 14, 20 + length, parseV4(KERNEL).w3, parseV4(OURS).w3, ipv4.PROTOCOL_UDP, 64, id, fragment);
        wire.write(frame);
      }
    }
    await until(async () => ((await network.manage({ op: "status" })).drops["fragment-overlap"] ?? 0) >= 100, "they are refused");
    expect(await network.manage({ op: "ping", address: KERNEL, bytes: 3000, timeoutMs: 5000 })).toMatchObject({ outcome: "reply" });
  });
});
