import { open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { inet_ntoa } from "../../../src/winsock/abi/address-text.ts";
import {
  AF_INET,
  FD_CLOSE,
  FD_OOB,
  IP_PKTINFO,
  IPPROTO_IP,
  MSG_OOB,
  SOCK_DGRAM,
  TF_DISCONNECT,
  TF_REUSE_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import { read_in_pktinfo } from "../../../src/winsock/abi/message-control.ts";
import { aMoment, awaitedWorld, connectedPair, failure } from "../../support/awaited-winsock.ts";
import { pattern } from "../../support/two-hosts.ts";
import { OURS, PEER } from "../../support/virtual-winsock.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function datagramSockets(w: ReturnType<typeof awaitedWorld>) {
  const [s, t] = [await w.ours.socket(AF_INET, SOCK_DGRAM), await w.peer.socket(AF_INET, SOCK_DGRAM)];
  await w.peer.bind(t, { port: 7000 });
  await w.ours.bind(s, { port: 5000 });
  return { s, t };
}

describe("WSASendMsg and WSARecvMsg", () => {
  test("carry control data, flags and addresses", async () => {
    const w = awaitedWorld();
    const { s, t } = await datagramSockets(w);
    await w.peer.setsockopt(t, IPPROTO_IP, IP_PKTINFO, true);
    const data = Uint8Array.of(203, 0, 113, 2, 0, 0, 0, 0);
    const message = { data: "hello", to: `${PEER}:7000`, control: [{ level: IPPROTO_IP, type: IP_PKTINFO, data }] };
    expect(await w.ours.WSASendMsg(s, message)).toBe(5);
    const got = await w.settled(w.peer.WSARecvMsg(t));
    expect(got).toMatchObject({ address: OURS, port: 5000, family: AF_INET, flags: 0 });
    expect(text(got.data)).toBe("hello");
    expect(got.control.map(({ level, type }) => [level, type])).toEqual([[IPPROTO_IP, IP_PKTINFO]]);
    expect(inet_ntoa(read_in_pktinfo(got.control[0]!.data).ipi_addr)).toBe(PEER);
  });

  test("go to a connected peer, refuse what they cannot do, and wait until the signal", async () => {
    const w = awaitedWorld();
    const { s, t } = await datagramSockets(w);
    expect(await failure(w.ours.WSASendMsg(s, { data: "x" }))).toMatchObject({ code: "WSAENOTCONN", syscall: "WSASendMsg" });
    await w.ours.connect(s, `${PEER}:7000`);
    expect(await w.ours.WSASendMsg(s, { data: "x" })).toBe(1);
    expect(text((await w.settled(w.peer.WSARecvMsg(t, { length: 10, controlLength: 0 }))).data)).toBe("x");
    expect(await failure(w.peer.WSARecvMsg(t, { length: -1 }))).toMatchObject({ code: "WSAEFAULT" });
    expect(await failure(w.peer.WSARecvMsg(await w.peer.socket()))).toMatchObject({ code: "WSAEOPNOTSUPP", syscall: "WSARecvMsg" });
    const controller = new AbortController();
    const waiting = failure(w.peer.WSARecvMsg(t, { signal: controller.signal }));
    await aMoment();
    controller.abort("enough");
    expect(await waiting).toBe("enough");
    await w.ours.send(s, "kept");
    expect(text((await w.settled(w.peer.WSARecvMsg(t))).data)).toBe("kept");
  });
});

describe("TransmitFile", () => {
  test("sends a file between its head and its tail, from where it is told, and other sends after it", async () => {
    const w = awaitedWorld();
    const { s, accepted } = await connectedPair(w);
    const path = join(tmpdir(), `tapsock-transmit-${process.pid}`);
    const bytes = pattern(700_000, 5);
    await writeFile(path, bytes);
    const file = await open(path);
    try {
      const sending = Promise.all([
        w.ours.TransmitFile(s, file, { head: "<", tail: ">" }),
        w.ours.TransmitFile(s, file, { from: 10, length: 20 }),
        w.ours.send(s, "end"),
      ]);
      const total = 700_002 + 20 + 3;
      const received: Uint8Array[] = [];
      for (let got = 0; got < total; got += received.at(-1)!.length) {
        received.push(await w.settled(w.peer.recv(accepted.socket, 300_000)));
      }
      expect(await w.settled(sending)).toEqual([700_002, 20, 3]);
      const all = Buffer.concat(received);
      const expected = Buffer.concat([Buffer.from("<"), bytes, Buffer.from(">"), bytes.subarray(10, 30), Buffer.from("end")]);
      expect(Buffer.compare(all, expected)).toBe(0);
    } finally {
      await file.close();
      await rm(path);
    }
  });

  test("ends the connection behind the file where it is told to", async () => {
    const w = awaitedWorld();
    const { s, accepted } = await connectedPair(w);
    expect(await failure(w.ours.TransmitFile(s, null, { flags: TF_REUSE_SOCKET }))).toMatchObject({ code: "WSAEINVAL" });
    expect(await w.ours.TransmitFile(s, null, { head: "bye", flags: TF_DISCONNECT })).toBe(3);
    expect(text(await w.settled(w.peer.recv(accepted.socket)))).toBe("bye");
    expect(await w.settled(w.peer.recv(accepted.socket))).toHaveLength(0);
    expect(await failure(w.ours.TransmitFile(await w.ours.socket(), null))).toMatchObject({ code: "WSAENOTCONN", syscall: "TransmitFile" });
  });

  test("a file that lies about what it read, and one that fails, end the call", async () => {
    const w = awaitedWorld();
    const { s } = await connectedPair(w);
    for (const bytesRead of [-1, 1e9, Number.NaN]) {
      const file = { read: async () => ({ bytesRead }) };
      expect(await failure(w.ours.TransmitFile(s, file, { head: "" }))).toMatchObject({ code: "WSAEFAULT" });
    }
    const broken = new Error("EIO");
    expect(await failure(w.ours.TransmitFile(s, { read: () => Promise.reject(broken) }))).toBe(broken);
  });
});

describe("TransmitPackets", () => {
  test("is one send on a stream, and datagrams on a datagram socket", async () => {
    const w = awaitedWorld();
    const { s, accepted } = await connectedPair(w);
    const file = {
      read: async (into: Uint8Array, _at: number, _length: number, from: number | null) => ({
        bytesRead: from === 0 ? into.fill(120).length : 0,
      }),
    };
    expect(await w.ours.TransmitPackets(s, [{ data: "ab" }, { file, from: 0, length: 3 }, { data: "c" }])).toBe(6);
    expect(text(await w.settled(w.peer.recv(accepted.socket)))).toBe("abxxxc");
    const { s: d, t } = await datagramSockets(w);
    expect(await failure(w.ours.TransmitPackets(d, [{ data: "x" }]))).toMatchObject({ code: "WSAENOTCONN", syscall: "TransmitPackets" });
    await w.ours.connect(d, `${PEER}:7000`);
    expect(await w.ours.TransmitPackets(d, [{ data: "a" }, { data: "b", endsPacket: true }, { data: "c" }])).toBe(3);
    expect(text((await w.settled(w.peer.recvfrom(t))).data)).toBe("ab");
    expect(text((await w.settled(w.peer.recvfrom(t))).data)).toBe("c");
    for (const element of [{}, { data: "x", file }, { file, from: -1 }, { data: 5 as unknown as string }]) {
      expect(await failure(w.ours.TransmitPackets(s, [element]))).toMatchObject({ code: "WSAEFAULT" });
    }
    expect(await failure(w.ours.TransmitPackets(s, []))).toMatchObject({ code: "WSAEINVAL" });
  });
});

test("urgent data is told of by FD_OOB, and received with MSG_OOB", async () => {
  const w = awaitedWorld();
  const { s, accepted } = await connectedPair(w);
  const events = w.ours.networkEvents(s, FD_OOB | FD_CLOSE);
  const first = events.next();
  await aMoment();
  await w.peer.send(accepted.socket, "!", { flags: MSG_OOB });
  expect(await w.settled(first)).toEqual({ done: false, value: { events: FD_OOB, errors: {} } });
  expect(text(await w.ours.recv(s, 1, { flags: MSG_OOB }))).toBe("!");
  await events.return();
});

test("for await over datagrams, each with its sender, until the socket is closed", async () => {
  const w = awaitedWorld();
  const { s, t } = await datagramSockets(w);
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const { data, address, port } of w.peer.datagrams(t)) {
      seen.push([text(data), address, port]);
      if (seen.length === 2) await w.peer.closesocket(t);
    }
  })();
  for (const word of ["one", "two"]) await w.ours.sendto(s, word, { address: PEER, port: 7000 });
  await w.settled(reading);
  expect(seen).toEqual([
    ["one", OURS, 5000],
    ["two", OURS, 5000],
  ]);
});
