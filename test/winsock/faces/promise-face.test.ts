import { describe, expect, test } from "@jest/globals";
import { AsyncCallPort, ONLY_CLIENT } from "../../../src/transport/async-call-port.ts";
import { emptyMessage, REPLY } from "../../../src/transport/message.ts";
import type { LinkReceiver, MessageLink } from "../../../src/transport/message-link.ts";
import {
  AF_INET,
  AF_INET6,
  FIONREAD,
  IP_ADD_MEMBERSHIP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  MSG_PEEK,
  MSG_WAITALL,
  SIO_ADDRESS_LIST_QUERY,
  SIO_ADDRESS_LIST_SORT,
  SIO_BASE_HANDLE,
  SIO_FLUSH,
  SIO_GET_BROADCAST_ADDRESS,
  SIO_GET_INTERFACE_LIST,
  SIO_KEEPALIVE_VALS,
  SIO_ROUTING_INTERFACE_QUERY,
  SIO_TCP_INFO,
  SO_BSP_STATE,
  SO_LINGER,
  SO_PROTOCOL_INFOW,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import { WinsockError, WSAEFAULT, WSAEINVAL, WSAEOPNOTSUPP } from "../../../src/winsock/abi/errors.ts";
import { createPromiseFace, type PromiseFace } from "../../../src/winsock/faces/promise-face.ts";
import { failure, connectedPair as pair, awaitedWorld as world } from "../../support/awaited-winsock.ts";
import { ipv6Winsock, OUR_LINK_LOCAL, OUR_ZONE, OURS6, PEER_LINK_LOCAL, PEER6 } from "../../support/ipv6-winsock.ts";
import { pattern } from "../../support/two-hosts.ts";
import { NOBODY_THERE, OURS, PEER } from "../../support/virtual-winsock.ts";

const MIB = 1024 * 1024;

/** A connection of a face on the port that programs use. Its way to the host can be full: what does not leave then waits in the port. */
async function pairBehindLink() {
  const { v, peer, settled } = world();
  let isFull = false;
  let receiver: LinkReceiver | undefined;
  v.provider.openClient(ONLY_CLIENT);
  const answered = (message: Parameters<LinkReceiver["message"]>[0]) => queueMicrotask(() => receiver?.message(message));
  const link: MessageLink = {
    send({ op, id, value: s, a, b, c, data }) {
      if (isFull) return false;
      v.provider.call(ONLY_CLIENT, { op, id, s, a, b, c, data: data?.slice() ?? null }, (reply) => {
        const { result: value, error: c, data } = reply;
        answered({ ...emptyMessage(), kind: REPLY, id: reply.id, value, a: reply.a, b: reply.b, c, data: data?.slice() ?? null });
      });
      return true;
    },
    resume() {},
    close() {},
    ref() {},
    unref() {},
  };
  const port = new AsyncCallPort((given) => {
    receiver = given;
    return link;
  });
  const face = createPromiseFace(async () => port);
  const setFull = (full: boolean) => {
    isFull = full;
    if (!full) receiver?.room();
  };
  const listener = await peer.socket();
  await peer.bind(listener, { port: 80 });
  await peer.listen(listener);
  const s = await face.socket();
  const [{ socket: accepted }] = await settled(Promise.all([peer.accept(listener), face.connect(s, { address: PEER, port: 80 })]));
  return { v, face, setFull, s, accepted, peer, settled };
}

async function readAll(face: PromiseFace, s: number): Promise<number> {
  let total = 0;
  for (let bytes = await face.recv(s); bytes.length > 0; bytes = await face.recv(s)) total += bytes.length;
  return total;
}

describe("the promise face", () => {
  test("starts up by itself, connects, and tells names as text", async () => {
    const w = world();
    const { s, accepted } = await pair(w);
    const name = await w.ours.getsockname(s);
    expect(name.address).toBe(OURS);
    expect(accepted).toEqual({ socket: expect.any(Number), ...name });
    expect(await w.ours.getpeername(s)).toEqual({ address: PEER, port: 80, family: AF_INET });
  });

  test("speaks IPv6 as it does IPv4: addresses are text with their zone, and say their family", async () => {
    const w = world(ipv6Winsock());
    const { ours, peer, settled } = w;
    const listener = await peer.socket(AF_INET6);
    await peer.bind(listener, { port: 80 });
    await peer.listen(listener);
    expect(await peer.getsockname(listener)).toEqual({ address: "::", port: 80, family: AF_INET6 });
    for (const [to, from, at] of [
      [PEER6, OURS6, PEER6],
      [`${PEER_LINK_LOCAL}%${OUR_ZONE}`, `${OUR_LINK_LOCAL}%1`, `${PEER_LINK_LOCAL}%1`],
    ] as const) {
      const s = await ours.socket(AF_INET6);
      const [accepted] = await settled(Promise.all([peer.accept(listener), ours.connect(s, { address: to, port: 80 })]));
      expect(accepted).toMatchObject({ address: from, family: AF_INET6 });
      expect(await ours.getpeername(s)).toEqual({ address: at, port: 80, family: AF_INET6 });
      await ours.send(s, "hello");
      expect(await settled(peer.recv(accepted.socket))).toEqual(new TextEncoder().encode("hello"));
      // A stream tells no sender, in the family that it has.
      await ours.send(s, "bye");
      expect(await settled(peer.recvfrom(accepted.socket))).toMatchObject({ address: "::", port: 0, family: AF_INET6 });
    }
  });

  test("datagrams of AF_INET6, and a socket of both families, take and give addresses as they were given", async () => {
    const { ours, peer, settled } = world(ipv6Winsock());
    const server = await peer.socket(AF_INET6, SOCK_DGRAM);
    await peer.setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, false);
    await peer.bind(server, { port: 7000 });
    const senders: string[] = [];
    for (const [af, address] of [
      [AF_INET6, PEER6],
      [AF_INET, PEER],
    ] as const) {
      const s = await ours.socket(af, SOCK_DGRAM);
      await ours.sendto(s, "ping", { address, port: 7000 });
      const { data, ...from } = await settled(peer.recvfrom(server));
      senders.push(from.address);
      await peer.sendto(server, data, from);
      expect(await settled(ours.recvfrom(s))).toMatchObject({ address, port: 7000, family: af });
    }
    expect(senders).toEqual([OURS6, `::ffff:${OURS}`]);
  });

  test("a zone that is no number is no address", async () => {
    const { ours } = world(ipv6Winsock());
    const s = await ours.socket(AF_INET6);
    for (const address of ["fe80::1%tap0", "fe80::1%", "fe80::1%4294967296", "%1", "203.0.113.2%1"]) {
      expect(await failure(ours.connect(s, { address, port: 80 }))).toMatchObject({ code: "WSAEFAULT" });
    }
  });

  test("a send that is aborted behind another is told so at once, its bytes never leave, and the others keep their order", async () => {
    const w = world();
    const { s, accepted } = await pair(w);
    const controller = new AbortController();
    const { signal } = controller;
    const sends = [w.ours.send(s, new Uint8Array(3_000_000).fill(1)), w.ours.send(s, new Uint8Array(500_000).fill(1))];
    const reason = new Error("enough");
    const aborted = [
      failure(w.ours.send(s, "never", { signal })),
      failure(w.ours.sendto(s, "never", { address: PEER, port: 80 }, { signal })),
    ];
    const last = w.ours.send(s, "end");
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    // No time passes, and the peer reads nothing.
    expect(await Promise.all(aborted)).toEqual([reason, reason]);
    expect(await failure(w.ours.send(s, "never", { signal }))).toBe(reason);

    const received: Uint8Array[] = [];
    const reading = (async () => {
      for (let size = 0; size < 3_500_003; size += received.at(-1)!.length) received.push(await w.peer.recv(accepted.socket, 300_000));
    })();
    expect(await w.settled(Promise.all([...sends, last]))).toEqual([3_000_000, 500_000, 3]);
    await w.settled(reading);
    expect(Buffer.concat(received).subarray(3_500_000).toString()).toBe("end");
  });

  test("a send whose turn comes before the abort leaves no listener on the signal", async () => {
    const w = world();
    const { s } = await pair(w);
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (type: string, listener: () => void) => {
      listeners++;
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: () => void) => {
      listeners--;
      remove(type, listener);
    };
    expect(await w.settled(Promise.all(["a", "b", "c"].map((text) => w.ours.send(s, text, { signal }))))).toEqual([1, 1, 1]);
    expect(listeners).toBe(0);
  });

  test("WSACleanup ends sends that wait for their turn, and they do not start up again", async () => {
    const w = world();
    const { ours } = w;
    const { s } = await pair(w);
    const sends = [0, 1, 2].map(() => failure(ours.send(s, new Uint8Array(4_000_000))));
    await new Promise((resolve) => setImmediate(resolve));
    await ours.WSACleanup();
    expect(await Promise.all(sends)).toEqual(["no failure", ...[1, 2].map(() => expect.objectContaining({ code: "WSAEINTR" }))]);
    expect(w.opened()).toBe(1);
  });

  test("throws a WinsockError with the name, the number and a sentence", async () => {
    const { ours, settled } = world();
    const error = await failure(settled(ours.connect(await ours.socket(), { address: PEER, port: 81 })));
    expect(error).toBeInstanceOf(WinsockError);
    expect(error).toMatchObject({ code: "WSAECONNREFUSED", errno: 10061, syscall: "connect", address: PEER, port: 81 });
  });

  test("sends text and long bytes whole, two long sends one after the other", async () => {
    const w = world();
    const { s, accepted } = await pair(w);
    const sends = [w.ours.send(s, new Uint8Array(700_000).fill(1)), w.ours.send(s, new Uint8Array(700_000).fill(2)), w.ours.send(s, "é")];
    const received: Uint8Array[] = [];
    const reading = (async () => {
      for (let size = 0; size < 1_400_002; size += received[received.length - 1]!.length)
        received.push(await w.peer.recv(accepted.socket, 300_000));
    })();
    expect(await w.settled(Promise.all(sends))).toEqual([700_000, 700_000, 2]);
    await w.settled(reading);
    const all = Buffer.concat(received);
    expect([all.indexOf(2), all.lastIndexOf(1), all.subarray(1_400_000).toString()]).toEqual([700_000, 699_999, "é"]);
  });

  test("a stream's end is an empty array", async () => {
    const w = world();
    const { s, accepted } = await pair(w);
    await w.ours.send(s, "bye");
    await w.ours.shutdown(s);
    expect(await w.settled(readAll(w.peer, accepted.socket))).toBe(3);
  });

  test("an abort throws the signal's reason and ends the call, so that the socket may connect again", async () => {
    const w = world();
    await pair(w);
    const s = await w.ours.socket();
    const controller = new AbortController();
    const connecting = failure(w.ours.connect(s, { address: NOBODY_THERE, port: 80 }, { signal: controller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    w.v.advance(3000);
    const reason = new Error("changed my mind");
    controller.abort(reason);
    expect(await connecting).toBe(reason);
    await w.settled(w.ours.connect(s, { address: PEER, port: 80 }));
    expect(await failure(w.ours.recv(s, 10, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  test("datagrams come with their sender", async () => {
    const { ours, peer, settled } = world();
    const [s, t] = [await ours.socket(undefined, SOCK_DGRAM), await peer.socket(undefined, SOCK_DGRAM)];
    await peer.bind(t, { address: PEER, port: 7000 });
    await ours.bind(s, { address: OURS, port: 5000 });
    await ours.sendto(s, "ping", { address: PEER, port: 7000 });
    const { data, address, port } = await settled(peer.recvfrom(t));
    expect([new TextDecoder().decode(data), address, port]).toEqual(["ping", OURS, 5000]);
  });

  test("select tells what is ready, or nothing when the time is over", async () => {
    const w = world();
    const { s } = await pair(w);
    const before = w.v.nowMs;
    expect(await w.settled(w.ours.select({ read: [s] }, { timeoutMs: 250 }))).toEqual({ read: [], write: [], except: [] });
    expect(w.v.nowMs - before).toBeGreaterThanOrEqual(250);
    expect(await w.ours.select({ read: [s], write: [s] })).toEqual({ read: [], write: [s], except: [] });
  });

  test("options are plain values", async () => {
    const { ours } = world();
    const s = await ours.socket();
    await ours.setsockopt(s, SOL_SOCKET, SO_SNDBUF, 100_000);
    await ours.setsockopt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 5 });
    expect(await ours.getsockopt(s, SOL_SOCKET, SO_SNDBUF)).toBe(100_000);
    expect(await ours.getsockopt(s, SOL_SOCKET, SO_LINGER)).toEqual({ l_onoff: 1, l_linger: 5 });
    for (const none of [undefined, null, Number.NaN, "1000"] as unknown as number[]) {
      expect(await failure(ours.setsockopt(s, SOL_SOCKET, SO_SNDBUF, none))).toMatchObject({ code: "WSAEFAULT" });
    }
    expect(await ours.getsockopt(s, SOL_SOCKET, SO_SNDBUF)).toBe(100_000);
  });

  test("text that is no address, and a number that is no port, are WSAEFAULT; an IPv6 address is of another family", async () => {
    const { ours } = world();
    const s = await ours.socket();
    for (const name of [
      { address: "example.com", port: 80 },
      { address: PEER, port: 65536 },
      { address: PEER, port: 1.5 },
    ]) {
      expect(await failure(ours.connect(s, name))).toMatchObject({ code: "WSAEFAULT" });
    }
    expect(await failure(ours.connect(s, { address: "::1", port: 80 }))).toMatchObject({ code: "WSAEAFNOSUPPORT" });
  });

  test("a number that is none is refused by its call, and never reaches the network", async () => {
    const { v } = world();
    const port = v.asyncPort();
    const asked: number[] = [];
    const face = createPromiseFace(async () => ({
      ...port,
      call: (request, signal) => {
        asked.push(request.s, request.a, request.b, request.c);
        return port.call(request, signal);
      },
    }));
    const s = await face.socket();
    const d = await face.socket(undefined, SOCK_DGRAM);
    await face.bind(d, { address: OURS, port: 5000 });
    for (const none of [Number.NaN, 1.5, "text", {}, 10n, Symbol("q"), null] as unknown as number[]) {
      expect(await failure(face.recv(none))).toMatchObject({ code: "WSAENOTSOCK", syscall: "recv" });
      expect(await failure(face.select({ read: [none] }))).toMatchObject({ code: "WSAENOTSOCK" });
      expect(await failure(face.recv(d, none))).toMatchObject({ code: "WSAEFAULT" });
      expect(await failure(face.recvfrom(d, none))).toMatchObject({ code: "WSAEFAULT" });
      expect(await failure(face.shutdown(s, none))).toMatchObject({ code: "WSAEINVAL" });
      expect(await failure(face.getsockopt(s, none, 4))).toMatchObject({ code: "WSAEINVAL" });
      expect(await failure(face.connect(s, { address: PEER, port: none }))).toMatchObject({ code: "WSAEFAULT" });
      expect(await failure(face.connect(s, { address: none as unknown as string, port: 80 }))).toMatchObject({ code: "WSAEFAULT" });
    }
    expect(await failure(face.select({ read: [s] }, { timeoutMs: Number.NaN }))).toMatchObject({ code: "WSAEINVAL" });
    expect(await face.select({ write: [d] }, { timeoutMs: Number.MAX_VALUE })).toMatchObject({ write: [d] });
    expect(asked.every(Number.isSafeInteger)).toBe(true);
  });

  test("a name that is left out is NULL: WSAEFAULT", async () => {
    const { ours } = world();
    const connect = ours.connect as (s: number) => Promise<void>;
    expect(await failure(connect(await ours.socket()))).toMatchObject({ code: "WSAEFAULT", syscall: "connect" });
  });

  test("MSG_WAITALL waits for all, more than one piece of it too, or for the end", async () => {
    const w = world();
    const { s, accepted } = await pair(w);
    const sending = w.peer.send(accepted.socket, new Uint8Array(650_000));
    expect((await w.settled(w.ours.recv(s, 600_000, { flags: MSG_WAITALL }))).length).toBe(600_000);
    await w.settled(sending);
    await w.peer.shutdown(accepted.socket);
    expect((await w.settled(w.ours.recv(s, 600_000, { flags: MSG_WAITALL }))).length).toBe(50_000);
  });

  test("bytes taken from a stream are told to the host however full the way there is, so that none comes twice", async () => {
    const { face, setFull, s, accepted, peer, settled } = await pairBehindLink();
    const bytes = pattern(MIB, 3);
    const sending = peer.send(accepted, bytes);
    let received = 0;
    const receive = async () => {
      const got = await settled(face.recv(s, 8192));
      expect(Buffer.compare(got, bytes.subarray(received, received + got.length))).toBe(0);
      received += got.length;
    };
    for (let i = 0; i < 8; i++) await receive();
    setFull(true);
    const waitsInThePort = face.getsockname(s);
    await new Promise((resolve) => setImmediate(resolve));
    const peeked = face.recv(s, 4096, { flags: MSG_PEEK });
    setFull(false);
    await settled(waitsInThePort);
    expect(Buffer.compare(await settled(peeked), bytes.subarray(received, received + 4096))).toBe(0);
    while (received < MIB) await receive();
    await settled(sending);
  });

  test("a receive that is aborted at once does not bring back bytes that were received before it", async () => {
    const { v, face, s, accepted, peer, settled } = await pairBehindLink();
    const bytes = pattern(5 * 8192, 7);
    await settled(peer.send(accepted, bytes));
    // All of it is there, so that what is shown last finds nothing more and waits while the program receives.
    v.advance(100);
    for (let received = 0; received < bytes.length; ) {
      const got = await settled(face.recv(s, 8192));
      expect(Buffer.compare(got, bytes.subarray(received, received + got.length))).toBe(0);
      received += got.length;
    }
    await peer.shutdown(accepted);
    v.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
    const controller = new AbortController();
    const aborted = failure(face.recv(s, 8192, { signal: controller.signal }));
    controller.abort("enough");
    expect(await aborted).toBe("enough");
    expect((await settled(face.recv(s, 8192))).length).toBe(0);
  });

  test("sendto takes long bytes on a stream, and no datagram longer than 65507 bytes", async () => {
    const w = world();
    const { s } = await pair(w);
    const to = { address: PEER, port: 7000 };
    expect(await w.settled(w.ours.sendto(s, new Uint8Array(700_000), to))).toBe(700_000);
    const d = await w.ours.socket(undefined, SOCK_DGRAM);
    for (const length of [65_508, 700_000]) {
      expect(await failure(w.ours.sendto(d, new Uint8Array(length), to))).toMatchObject({ code: "WSAEMSGSIZE" });
    }
  });

  test("WSACleanup ends waiting calls with WSAEINTR and gives the network back; then it starts anew", async () => {
    const w = world();
    const { s } = await pair(w);
    const reading = failure(w.ours.recv(s));
    await new Promise((resolve) => setImmediate(resolve));
    await w.ours.WSACleanup();
    expect(await reading).toMatchObject({ code: "WSAEINTR" });
    expect(await failure(w.ours.WSACleanup())).toMatchObject({ code: "WSANOTINITIALISED" });
    expect(await failure(w.ours.recv(s))).toMatchObject({ code: "WSAENOTSOCK" });
  });

  test("a network that cannot be had is WSASYSNOTREADY with the cause, and is tried again", async () => {
    const { v } = world();
    let attempts = 0;
    const face = createPromiseFace(async () => {
      attempts++;
      if (attempts === 1) throw new Error("no daemon there");
      return v.asyncPort();
    });
    expect(await failure(face.socket())).toMatchObject({ code: "WSASYSNOTREADY", cause: { message: "no daemon there" } });
    expect(await face.socket()).toBe(4);
  });
});

describe("options and control codes, awaited", () => {
  test("structures come as structures, and requests go as such", async () => {
    const w = world();
    const { s } = await pair(w);
    expect(await w.ours.getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW)).toMatchObject({ iAddressFamily: AF_INET, iProtocol: 6 });
    expect(await w.ours.getsockopt(s, SOL_SOCKET, SO_BSP_STATE)).toMatchObject({ iSocketType: 1, RemoteAddr: { iSockaddrLength: 16 } });
    expect(await w.ours.getsockopt(s, SOL_SOCKET, SO_SNDBUF)).toBe(65_536);
    const datagrams = await w.ours.socket(AF_INET, SOCK_DGRAM);
    const request = { imr_multiaddr: { s_addr: 0x030201ef }, imr_interface: { s_addr: 0 } };
    await w.ours.setsockopt(datagrams, IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    await expect(w.ours.setsockopt(datagrams, IPPROTO_IP, IP_ADD_MEMBERSHIP, request)).rejects.toMatchObject({ errno: WSAEINVAL });
  });

  test("WSAIoctl gives addresses as text, structures for connections, numbers for numbers and nothing for nothing", async () => {
    const w = world(ipv6Winsock());
    const { s, accepted } = await pair(w);
    const { ours } = w;
    expect(await ours.WSAIoctl(s, SIO_ADDRESS_LIST_QUERY)).toEqual([{ address: OURS, port: 0, family: AF_INET }]);
    const towards = await ours.WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, { address: PEER, port: 80 });
    expect(towards).toEqual({ address: OURS, port: 0, family: AF_INET });
    const sorted = await ours.WSAIoctl(s, SIO_ADDRESS_LIST_SORT, [
      { address: PEER, port: 1 },
      { address: PEER6, port: 2 },
    ]);
    expect(sorted.map(({ address }) => address)).toEqual([PEER6, PEER]);
    const [first] = await ours.WSAIoctl(s, SIO_GET_INTERFACE_LIST);
    expect(first).toEqual({ flags: 19, address: OURS, broadcastAddress: "255.255.255.255", netmask: "255.255.255.0" });
    expect(await ours.WSAIoctl(s, SIO_GET_BROADCAST_ADDRESS)).toMatchObject({ address: "255.255.255.255" });
    expect(await ours.WSAIoctl(s, SIO_TCP_INFO)).toMatchObject({ State: 4, Mss: 1460 });
    expect(await ours.WSAIoctl(s, SIO_KEEPALIVE_VALS, { onoff: 1, keepalivetime: 1000, keepaliveinterval: 100 })).toBeUndefined();
    await w.settled(w.peer.send(accepted.socket, "four"));
    w.v.advance(10);
    expect(await ours.WSAIoctl(s, FIONREAD)).toBe(4);
    expect(await ours.WSAIoctl(s, SIO_BASE_HANDLE)).toBe(s);
    await expect(ours.WSAIoctl(s, SIO_FLUSH)).rejects.toMatchObject({ errno: WSAEOPNOTSUPP, syscall: "WSAIoctl" });
    await expect(ours.WSAIoctl(s, SIO_KEEPALIVE_VALS)).rejects.toMatchObject({ errno: WSAEFAULT });
  });
});
