import { execFile } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, jest } from "@jest/globals";
import { AF_INET, IPPROTO_TCP, SO_LINGER, SOCK_DGRAM, SOL_SOCKET, TCP_MAXRT } from "../../src/winsock/abi/constants.ts";
import {
  accept,
  bind,
  closesocket,
  connect,
  getpeername,
  getsockname,
  recv,
  recvfrom,
  send,
  sendto,
  setsockopt,
  shutdown,
  socket,
} from "../../src/winsock/promises.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { PacketSocket } from "./packet-socket.ts";
import {
  closedPort,
  closeKernelSockets,
  connectedPair,
  echo,
  failure,
  KERNEL,
  kernelConnection,
  kernelListener,
  kernelText,
  OURS,
  ourListener,
  readAll,
  readText,
  serveEach,
  TapNetwork,
  until,
} from "./tap-network.ts";

jest.setTimeout(60_000);
const run = promisify(execFile);
const MIB = 1 << 20;
const TAP = "tt-kernel";

/** Bytes that repeat nowhere, so that a shifted stream cannot pass for a whole one. */
const keystream = (length: number, key: number): Buffer =>
  createCipheriv("aes-128-ctr", Buffer.alloc(16, key), Buffer.alloc(16)).update(Buffer.alloc(length));

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each(["on", "off"] as const)("tapsock on a TAP against the kernel, offloads %s", (offload) => {
  let network: TapNetwork;
  let directory: string;
  let capture: string;
  const sniffers: PacketSocket[] = [];

  afterEach(closeKernelSockets);

  beforeAll(async () => {
    if (whyNoTap() !== undefined) return;
    directory = mkdtempSync(join(tmpdir(), "tapsock-test-"));
    capture = join(directory, "exchange.pcapng");
    network = await TapNetwork.start({ name: TAP, offload, capture });
  });

  afterAll(async () => {
    if (whyNoTap() !== undefined) return;
    await network.stop();
    for (const sniffer of sniffers.splice(0)) sniffer.close();
    rmSync(directory, { recursive: true });
  });

  /** @returns a function that counts our SYNs to the port that have crossed the TAP since */
  function countSyns(port: number): () => number {
    const sniffer = new PacketSocket(TAP);
    sniffers.push(sniffer);
    let syns = 0;
    return () => {
      for (const frame of sniffer.read(0x0800, new Uint8Array(6))) {
        const isSyn = frame[23] === 6 && (frame[47]! & 0x12) === 0x02;
        if (isSyn && ((frame[36]! << 8) | frame[37]!) === port) syns++;
      }
      return syns;
    };
  }

  tapTest("we connect to a listener of the kernel, and both know each other's address", async () => {
    const { s, peer, port } = await connectedPair();
    expect(await getpeername(s)).toEqual({ family: AF_INET, address: KERNEL, port });
    const name = await getsockname(s);
    expect(name).toEqual({ family: AF_INET, address: OURS, port: peer.remotePort });
    expect(name.port).toBeGreaterThanOrEqual(49152);
    expect(peer.remoteAddress).toBe(OURS);
    await send(s, "from us");
    expect(String((await once(peer, "data"))[0])).toBe("from us");
    peer.write("from the kernel");
    expect(Buffer.from(await recv(s)).toString()).toBe("from the kernel");
    await closesocket(s);
  });

  tapTest("the kernel connects to a listener of ours", async () => {
    const listener = await ourListener(7001);
    const [peer, accepted] = await Promise.all([kernelConnection(7001), accept(listener)]);
    expect(accepted).toMatchObject({ address: KERNEL, port: peer.localPort });
    peer.write("hello");
    expect(Buffer.from(await recv(accepted.socket)).toString()).toBe("hello");
    await send(accepted.socket, "hello yourself");
    expect(String((await once(peer, "data"))[0])).toBe("hello yourself");
    peer.destroy();
    await closesocket(accepted.socket);
    await closesocket(listener);
  });

  tapTest("the kernel is refused where we do not listen", async () => {
    await expect(kernelConnection(7002)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  tapTest("a closed port of the kernel refuses us after five SYNs (KB175523)", async () => {
    const port = await closedPort();
    const syns = countSyns(port);
    const s = await socket();
    expect(await failure(connect(s, { address: KERNEL, port }))).toBe("WSAECONNREFUSED");
    expect(syns()).toBe(5);
    await closesocket(s);
  });

  tapTest("a listener that appears between two SYNs is reached", async () => {
    const port = await closedPort();
    const syns = countSyns(port);
    const s = await socket();
    const connecting = connect(s, { address: KERNEL, port });
    await until(() => syns() >= 2, "a second SYN");
    await kernelListener((peer) => peer.end("just in time"), { port });
    await connecting;
    expect(await readText(s)).toBe("just in time");
    expect(syns()).toBeGreaterThan(2);
    await closesocket(s);
  });

  tapTest("an address that swallows SYNs times out, by TCP_MAXRT after two seconds, and leaves nothing behind", async () => {
    // The kernel forwards nothing, so what is sent to its MAC for somebody else is lost.
    const address = "203.0.113.77";
    const { interfaces } = await network.manage({ op: "status" });
    expect(interfaces[0]?.offloads.tso4).toBe(offload === "on");
    const kernelMac = (await network.manage({ op: "neigh-list" })).find((n) => n.address === KERNEL)!.mac!;
    await network.manage({ op: "neigh-add", address, mac: kernelMac });
    const syns = countSyns(9);
    const s = await socket();
    await setsockopt(s, IPPROTO_TCP, TCP_MAXRT, 2);
    expect(await failure(connect(s, { address, port: 9 }))).toBe("WSAETIMEDOUT");
    expect(syns()).toBe(2);
    expect(await network.statesTowards(9)).toEqual([]);
    await closesocket(s);
  });

  tapTest("an address that answers no ARP times out too, as on Windows", async () => {
    const s = await socket();
    await setsockopt(s, IPPROTO_TCP, TCP_MAXRT, 1);
    expect(await failure(connect(s, { address: "203.0.113.78", port: 9 }))).toBe("WSAETIMEDOUT");
    await closesocket(s);
  });

  tapTest("an address without a route is unreachable at once", async () => {
    const s = await socket();
    expect(await failure(connect(s, { address: "198.51.100.1", port: 9 }))).toBe("WSAENETUNREACH");
    await closesocket(s);
  });

  tapTest("the kernel closes first: we read the end, close, and nothing is left on our side", async () => {
    const { s, peer, port } = await connectedPair();
    peer.end("last words");
    expect(await readText(s)).toBe("last words");
    expect(await network.statesTowards(port)).toEqual(["CLOSE-WAIT"]);
    const ended = kernelText(peer);
    await closesocket(s);
    expect(await ended).toBe("");
    await until(async () => (await network.statesTowards(port)).length === 0, "our connection is gone");
  });

  tapTest("we close first: TIME-WAIT is ours", async () => {
    const { s, peer, port } = await connectedPair();
    peer.on("end", () => peer.end());
    const words = kernelText(peer);
    await send(s, "last words");
    await closesocket(s);
    expect(await words).toBe("last words");
    await until(async () => (await network.statesTowards(port)).join() === "TIME-WAIT", "TIME-WAIT");
  });

  tapTest("after our shutdown(SD_SEND) the kernel sees the end and can still send a megabyte", async () => {
    const { s, peer } = await connectedPair();
    const answer = keystream(MIB, 3);
    let question = "";
    peer.on("data", (bytes) => {
      question += String(bytes);
    });
    peer.on("end", () => peer.end(answer));
    await send(s, "that was all from us");
    await shutdown(s);
    const hash = createHash("sha256");
    expect(await readAll(s, (bytes) => hash.update(bytes))).toBe(MIB);
    expect(hash.digest("hex")).toBe(sha256(answer));
    expect(question).toBe("that was all from us");
    expect(await failure(send(s, "more"))).toBe("WSAESHUTDOWN");
    await closesocket(s);
  });

  tapTest("after the kernel's FIN we can still send a megabyte", async () => {
    const { s, peer } = await connectedPair();
    const answer = keystream(MIB, 4);
    const hash = createHash("sha256");
    peer.on("data", (bytes) => hash.update(bytes));
    peer.end("that was all from the kernel");
    expect(await readText(s)).toBe("that was all from the kernel");
    const ended = once(peer, "end");
    await send(s, answer);
    await closesocket(s);
    await ended;
    expect(hash.digest("hex")).toBe(sha256(answer));
  });

  tapTest("the kernel's reset in mid-stream fails what we are doing with WSAECONNRESET", async () => {
    const { s, peer, port } = await connectedPair();
    let taken = 0;
    peer.on("data", (bytes) => {
      taken += bytes.length;
      if (taken > 2 * MIB) peer.resetAndDestroy();
    });
    const receiving = failure(recv(s));
    const piece = keystream(65_536, 5);
    let sending = "no failure";
    for (let i = 0; i < 1000 && sending === "no failure"; i++) sending = await failure(send(s, piece));
    expect(sending).toBe("WSAECONNRESET");
    expect(await receiving).toBe("WSAECONNRESET");
    expect(await network.statesTowards(port)).toEqual([]);
    await closesocket(s);
  });

  tapTest("our abortive close (SO_LINGER with zero) in mid-stream is ECONNRESET to the kernel", async () => {
    let peer: Socket | undefined;
    // One that does not read: libuv reports a reset behind data as their end.
    const { port } = await kernelListener(
      (accepted) => {
        peer = accepted;
      },
      { pauseOnConnect: true },
    );
    const s = await socket();
    await connect(s, { address: KERNEL, port });
    await until(() => peer !== undefined, "the kernel's listener accepts");
    let failed = "";
    peer!.on("error", (error: NodeJS.ErrnoException) => {
      failed = error.code ?? "";
    });
    await send(s, keystream(MIB, 6));
    await setsockopt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 });
    await closesocket(s);
    await until(() => {
      if (failed === "") peer!.write("is anybody there?");
      return failed !== "";
    }, "the kernel notices the reset");
    expect(failed).toBe("ECONNRESET");
    expect(await network.statesTowards(port)).toEqual([]);
  });

  tapTest("a hundred connections at once from us to the kernel, each with its own words", async () => {
    const listener = await kernelListener((peer) => peer.pipe(peer));
    const words = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const s = await socket();
        await connect(s, { address: KERNEL, port: listener.port });
        await send(s, `connection ${i} `.repeat(500));
        await shutdown(s);
        const echoed = await readText(s);
        await closesocket(s);
        return echoed === `connection ${i} `.repeat(500);
      }),
    );
    expect(words.filter((isOwn) => isOwn)).toHaveLength(100);
  });

  tapTest("a hundred connections at once from the kernel to us", async () => {
    const listener = await ourListener(7003);
    serveEach(listener, echo);
    const words = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const peer = await kernelConnection(7003);
        const echoed = kernelText(peer);
        peer.end(`connection ${i} `.repeat(500));
        return (await echoed) === `connection ${i} `.repeat(500);
      }),
    );
    expect(words.filter((isOwn) => isOwn)).toHaveLength(100);
    await closesocket(listener);
  });

  tapTest("UDP: the kernel echoes our datagrams, and we the kernel's", async () => {
    const kernel = createSocket("udp4");
    kernel.bind(0, KERNEL);
    await once(kernel, "listening");
    kernel.once("message", (message, from) => kernel.send(message, from.port, from.address));
    const s = await socket(undefined, SOCK_DGRAM);
    await bind(s, { port: 7004 });
    const datagram = keystream(1472, 7);
    await sendto(s, datagram, { address: KERNEL, port: kernel.address().port });
    const echoed = await recvfrom(s);
    expect(echoed).toMatchObject({ address: KERNEL, port: kernel.address().port });
    expect(echoed.data).toEqual(datagram);

    kernel.send("from the kernel", 7004, OURS);
    const { data, ...from } = await recvfrom(s);
    const echoing = once(kernel, "message");
    await sendto(s, data, from);
    const [message, sender] = await echoing;
    expect(String(message)).toBe("from the kernel");
    expect(sender).toMatchObject({ address: OURS, port: 7004 });
    kernel.close();
    await closesocket(s);
  });

  tapTest("UDP to a port where the kernel does not listen: its ICMP error is WSAECONNRESET for the next receive", async () => {
    const s = await socket(undefined, SOCK_DGRAM);
    await connect(s, { address: KERNEL, port: await closedPort() });
    await send(s, "anybody there?");
    expect(await failure(recv(s))).toBe("WSAECONNRESET");
    await closesocket(s);
  });

  tapTest("UDP to a port of ours where nobody listens: the kernel's socket hears of it", async () => {
    const kernel = createSocket("udp4");
    kernel.connect(7005, OURS);
    await once(kernel, "connect");
    kernel.send("anybody there?");
    expect((await once(kernel, "error"))[0]).toMatchObject({ code: "ECONNREFUSED" });
    kernel.close();
  });

  tapTest("the kernel answers our ping", async () => {
    const reply = await network.manage({ op: "ping", address: KERNEL, bytes: 1000, timeoutMs: 5000 });
    expect(reply).toMatchObject({ outcome: "reply", ttl: 64, bytes: 1000 });
  });

  tapTest("curl fetches 10 MiB from an HTTP server of ours, unchanged", async () => {
    const body = keystream(10 * MIB, 8);
    const listener = await ourListener(80);
    serveEach(listener, async (s) => {
      let head = "";
      while (!head.includes("\r\n\r\n")) head += Buffer.from(await recv(s)).toString("latin1");
      await send(s, `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
      await send(s, body);
      await closesocket(s);
    });
    const file = join(directory, "fetched");
    const { stdout } = await run("curl", ["-sS", "-o", file, "-w", "%{http_code} %{size_download}", `http://${OURS}/file`]);
    expect(stdout).toBe(`200 ${body.length}`);
    const { stdout: sum } = await run("sha256sum", [file]);
    expect(sum.slice(0, 64)).toBe(sha256(body));
    await closesocket(listener);
  });

  tapTest("tshark finds no malformed frame and no bad checksum in all of this", async () => {
    await network.stop();
    network = await TapNetwork.start({ name: TAP, offload });
    // What is above TCP and UDP is random here, and a port that happens to be IRC's would make tshark read sense into it.
    const opaque = ["tcp", "udp"].flatMap((protocol) => ["-d", `${protocol}.port==1-65535,data`]);
    const checks = [...opaque, ...["tcp", "ip", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`])];
    // An ICMP error quotes a datagram as its device got it, which is before an offloaded checksum was made; and Linux writes a sum of
    // zero as 0xffff in TCP too (skb_checksum_help), which tshark minds.
    const sums = `(tcp.checksum.status==0 and not (ip.src==${KERNEL} and tcp.checksum==0xffff)) or udp.checksum.status==0`;
    const bad = `_ws.malformed or ip.checksum.status==0 or icmp.checksum.status==0 or ((${sums}) and not icmp)`;
    const options = { maxBuffer: 1 << 28 };
    const { stdout } = await run("tshark", ["-r", capture, ...checks, "-Y", bad], options);
    expect(stdout).toBe("");
    const { stdout: good } = await run(
      "tshark",
      ["-r", capture, ...checks, "-Y", "tcp.checksum.status==1", "-T", "fields", "-e", "tcp.len"],
      options,
    );
    const lengths = good.trim().split("\n").map(Number);
    expect(lengths.length).toBeGreaterThan(1000);
    // The kernel cuts what we send only where it may.
    if (offload === "on") expect(Math.max(...lengths)).toBeGreaterThan(20_000);
    else expect(Math.max(...lengths)).toBe(1460);
  });

  tapTest("a kernel's reader that pauses closes its window; we probe it, and go on when it opens (RFC 9293 §3.8.6.1)", async () => {
    const { s, peer, port } = await connectedPair();
    const bytes = keystream(8 * MIB, 11);
    const hash = createHash("sha256");
    peer.pause();
    const sending = send(s, bytes);
    await until(async () => {
      const { tcp } = await network.manage({ op: "ss" });
      return tcp.some((c) => c.remote.endsWith(`:${port}`) && c.sndWnd === 0 && c.timers.some((t) => t.name === "persist"));
    }, "a closed window, and the persist timer");
    const ended = once(peer, "end");
    peer.on("data", (piece) => hash.update(piece));
    peer.resume();
    await sending;
    await closesocket(s);
    await ended;
    expect(hash.digest("hex")).toBe(sha256(bytes));
  });

  tapTest("a reader of ours that pauses stops the kernel, and nothing is lost", async () => {
    const { s, peer, port } = await connectedPair();
    const bytes = keystream(8 * MIB, 12);
    const hash = createHash("sha256");
    peer.end(bytes);
    await until(async () => {
      const { tcp } = await network.manage({ op: "ss" });
      return tcp.some((c) => c.remote.endsWith(`:${port}`) && c.receiveQueueBytes > 0 && c.rcvWnd < 1460);
    }, "our window is closed");
    expect(await readAll(s, (piece) => hash.update(piece))).toBe(bytes.length);
    expect(hash.digest("hex")).toBe(sha256(bytes));
    await closesocket(s);
  });

  tapTest("through 2 % loss, duplicates and reordering in each direction 2 MiB each way arrive unchanged", async () => {
    await network.manage({ op: "fault-set", settings: { loss: 0.02, duplicate: 0.01, reorder: 0.02, reorderDelayMs: 2 } });
    try {
      const { s, peer } = await connectedPair();
      const [out, back] = [keystream(2 * MIB, 13), keystream(2 * MIB, 14)];
      const [outHash, backHash] = [createHash("sha256"), createHash("sha256")];
      peer.on("data", (piece) => outHash.update(piece));
      const ended = once(peer, "end");
      peer.end(back);
      await Promise.all([send(s, out).then(() => shutdown(s)), readAll(s, (piece) => backHash.update(piece))]);
      await ended;
      expect(outHash.digest("hex")).toBe(sha256(out));
      expect(backHash.digest("hex")).toBe(sha256(back));
      await closesocket(s);
    } finally {
      await network.manage({ op: "fault-clear" });
    }
  });

  tapTest("64 MiB from us to the kernel arrive unchanged", async () => {
    const { s, peer } = await connectedPair();
    const bytes = keystream(64 * MIB, 1);
    const hash = createHash("sha256");
    peer.on("data", (piece) => hash.update(piece));
    const ended = once(peer, "end");
    expect(await send(s, bytes)).toBe(bytes.length);
    await closesocket(s);
    await ended;
    expect(hash.digest("hex")).toBe(sha256(bytes));
  });

  tapTest("64 MiB from the kernel to us arrive unchanged", async () => {
    const { s, peer } = await connectedPair();
    const bytes = keystream(64 * MIB, 2);
    const hash = createHash("sha256");
    peer.end(bytes);
    expect(await readAll(s, (piece) => hash.update(piece))).toBe(bytes.length);
    expect(hash.digest("hex")).toBe(sha256(bytes));
    await closesocket(s);
  });

  tapTest("16 MiB each way at the same time arrive unchanged", async () => {
    const { s, peer } = await connectedPair();
    const [out, back] = [keystream(16 * MIB, 9), keystream(16 * MIB, 10)];
    const [outHash, backHash] = [createHash("sha256"), createHash("sha256")];
    peer.on("data", (piece) => outHash.update(piece));
    const ended = once(peer, "end");
    peer.end(back);
    await Promise.all([send(s, out).then(() => shutdown(s)), readAll(s, (piece) => backHash.update(piece))]);
    await ended;
    expect(outHash.digest("hex")).toBe(sha256(out));
    expect(backHash.digest("hex")).toBe(sha256(back));
    await closesocket(s);
  });
});
