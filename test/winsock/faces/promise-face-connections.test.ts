import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  AF_INET6,
  CF_ACCEPT,
  CF_DEFER,
  CF_REJECT,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_LINGER,
  SO_UPDATE_ACCEPT_CONTEXT,
  SO_UPDATE_CONNECT_CONTEXT,
  SOCK_DGRAM,
  SOL_SOCKET,
  TF_REUSE_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import { aMoment, awaitedWorld, connectedPair, failure, listenersOf } from "../../support/awaited-winsock.ts";
import { NOBODY_THERE, OURS, PEER } from "../../support/virtual-winsock.ts";
import { namesRig } from "../../support/winsock-names.ts";

type World = ReturnType<typeof awaitedWorld>;

async function listening({ peer }: World, port = 80) {
  const listener = await peer.socket();
  await peer.bind(listener, { port });
  await peer.listen(listener);
  return listener;
}

describe("ConnectEx and AcceptEx", () => {
  test("connect with the first data, and accept with it", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const listener = await listening(w);
    const s = await ours.socket();
    await ours.bind(s);
    const accepting = peer.AcceptEx(listener, { length: 100 });
    expect(await settled(ours.ConnectEx(s, { address: PEER, port: 80 }, { data: "first" }))).toBe(5);
    const accepted = await settled(accepting);
    expect(new TextDecoder().decode(accepted.data)).toBe("first");
    expect(accepted.local).toEqual({ address: PEER, port: 80, family: AF_INET });
    expect(accepted.address).toBe(OURS);
    // As after the C functions, the names want a word first.
    expect(await failure(ours.getpeername(s))).toMatchObject({ code: "WSAENOTCONN" });
    await ours.setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, null);
    expect(await ours.getpeername(s)).toMatchObject({ address: PEER, port: 80 });
    await peer.setsockopt(accepted.socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, listener);
    expect(await peer.getpeername(accepted.socket)).toMatchObject({ address: OURS, port: accepted.port });
    await ours.send(s, "more");
    expect(new TextDecoder().decode(await settled(peer.recv(accepted.socket)))).toBe("more");
  });

  test("want a socket that is bound, and one that listens", async () => {
    const w = awaitedWorld();
    const s = await w.ours.socket();
    expect(await failure(w.ours.ConnectEx(s, { address: PEER, port: 80 }))).toMatchObject({ code: "WSAEINVAL", syscall: "ConnectEx" });
    const before = w.v.provider.usage.sockets;
    expect(await failure(w.ours.AcceptEx(s))).toMatchObject({ code: "WSAEINVAL", syscall: "AcceptEx" });
    expect(w.v.provider.usage.sockets).toBe(before);
  });

  test("given up, leave no socket, no listener, and the connection to the next accept", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const listener = await listening(w);
    const before = w.v.peerProvider.usage.sockets;
    const controller = new AbortController();
    const { signal } = controller;
    const accepting = failure(peer.AcceptEx(listener, { signal }));
    await aMoment();
    controller.abort("enough");
    expect(await accepting).toBe("enough");
    expect([w.v.peerProvider.usage.sockets, listenersOf(signal)]).toEqual([before, 0]);
    expect(await failure(peer.AcceptEx(listener, { signal }))).toBe("enough");
    const into = await peer.socket();
    const s = await ours.socket();
    const [accepted] = await settled(Promise.all([peer.AcceptEx(listener, { into }), ours.connect(s, { address: PEER, port: 80 })]));
    expect(accepted.socket).toBe(into);
    expect(accepted.data).toHaveLength(0);
  });

  test("a ConnectEx that is given up leaves the socket free to connect elsewhere", async () => {
    const w = awaitedWorld();
    const { ours, settled } = w;
    await listening(w);
    const s = await ours.socket();
    await ours.bind(s);
    const controller = new AbortController();
    const connecting = failure(ours.ConnectEx(s, { address: NOBODY_THERE, port: 80 }, { signal: controller.signal, data: "x" }));
    await aMoment();
    controller.abort("enough");
    expect(await connecting).toBe("enough");
    expect(await settled(ours.ConnectEx(s, { address: PEER, port: 80 }))).toBe(0);
  });
});

describe("DisconnectEx", () => {
  test("is over when what was sent has arrived; with TF_REUSE_SOCKET the socket connects again", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const { s, accepted } = await connectedPair(w);
    await ours.send(s, "last");
    const disconnecting = settled(ours.DisconnectEx(s, { flags: TF_REUSE_SOCKET }));
    expect(new TextDecoder().decode(await settled(peer.recv(accepted.socket)))).toBe("last");
    expect(await settled(peer.recv(accepted.socket))).toHaveLength(0);
    await peer.closesocket(accepted.socket);
    await disconnecting;
    // To where it was connected the old connection is still in TIME-WAIT.
    expect(await failure(settled(ours.ConnectEx(s, { address: PEER, port: 80 })))).toMatchObject({ code: "WSAEADDRINUSE" });
    await listening(w, 81);
    await settled(ours.ConnectEx(s, { address: PEER, port: 81 }));
    expect(await failure(ours.DisconnectEx(await ours.socket()))).toMatchObject({ code: "WSAENOTCONN", syscall: "DisconnectEx" });
  });
});

describe("WSAConnectByList", () => {
  test("takes the first address that answers, text or object, and tells both ends", async () => {
    const w = awaitedWorld();
    await listening(w, 81);
    const s = await w.ours.socket();
    const found = await w.settled(w.ours.WSAConnectByList(s, [`${PEER}:80`, { address: PEER, port: 81 }]));
    expect(found).toEqual({ local: { address: OURS, port: 0, family: AF_INET }, remote: { address: PEER, port: 81, family: AF_INET } });
    await w.ours.setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, null);
    expect(await w.ours.getpeername(s)).toMatchObject({ port: 81 });
  });

  test("fails as the last address did, or with its time, or with its signal", async () => {
    const w = awaitedWorld();
    const { ours, settled } = w;
    const refused = failure(settled(ours.WSAConnectByList(await ours.socket(), [`${PEER}:80`, `${PEER}:81`])));
    expect(await refused).toMatchObject({ code: "WSAECONNREFUSED", syscall: "WSAConnectByList", port: 81 });
    const start = w.v.nowMs;
    const controller = new AbortController();
    const { signal } = controller;
    const late = failure(settled(ours.WSAConnectByList(await ours.socket(), [`${NOBODY_THERE}:80`], { timeoutMs: 500, signal })));
    expect(await late).toMatchObject({ code: "WSAETIMEDOUT", syscall: "WSAConnectByList" });
    expect([w.v.nowMs - start >= 500, w.v.nowMs - start < 5000]).toEqual([true, true]);
    expect(listenersOf(signal)).toBe(0);
    const given = failure(ours.WSAConnectByList(await ours.socket(), [`${NOBODY_THERE}:80`], { timeoutMs: 9000, signal }));
    for (let i = 0; i < 5; i++) await aMoment();
    controller.abort("enough");
    expect(await given).toBe("enough");
    expect(w.v.provider.usage.pendingCalls).toBe(0);
  });

  test("wants addresses, a stream and a time", async () => {
    const { ours } = awaitedWorld();
    const s = await ours.socket();
    const d = await ours.socket(AF_INET, SOCK_DGRAM);
    const code = async (promise: Promise<unknown>) => ((await failure(promise)) as { code: string }).code;
    expect(await code(ours.WSAConnectByList(s, []))).toBe("WSAEINVAL");
    expect(await code(ours.WSAConnectByList(d, [`${PEER}:80`]))).toBe("WSAEFAULT");
    expect(await code(ours.WSAConnectByList(4000, [`${PEER}:80`]))).toBe("WSAENOTSOCK");
    expect(await code(ours.WSAConnectByList(s, ["nobody"]))).toBe("WSAEFAULT");
    expect(await code(ours.WSAConnectByList(s, [`${PEER}:80`], { timeoutMs: -1 }))).toBe("WSAEINVAL");
    expect(await code(ours.WSAConnectByName(s, null as unknown as string, 80))).toBe("WSAEINVAL");
  });
});

test("WSAConnectByName finds a name and connects, over both families on a socket of both", async () => {
  const { v, promises: w, settled } = namesRig();
  v.ours.dns.setHosts(`${PEER} peer.lan`);
  v.listener(80);
  const s = await w.socket();
  expect((await settled(w.WSAConnectByName(s, "peer.lan", 80))).remote).toMatchObject({ address: PEER, port: 80 });
  const both = await w.socket(AF_INET6);
  await w.setsockopt(both, IPPROTO_IPV6, IPV6_V6ONLY, false);
  expect((await settled(w.WSAConnectByName(both, "peer.lan", "http"))).remote.address).toBe(`::ffff:${PEER}`);
  expect(await failure(settled(w.WSAConnectByName(await w.socket(), "nobody.example", 80)))).toMatchObject({
    code: "WSAHOST_NOT_FOUND",
    syscall: "WSAConnectByName",
  });
});

describe("WSAAccept", () => {
  test("asks who it is; what is rejected is reset, what is deferred is offered again", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const listener = await listening(w);
    const [a, b] = [await ours.socket(), await ours.socket()];
    await settled(ours.connect(a, { address: PEER, port: 80 }));
    expect(await failure(settled(peer.WSAAccept(listener, () => CF_REJECT)))).toMatchObject({
      code: "WSAECONNREFUSED",
      syscall: "WSAAccept",
    });
    expect(await failure(settled(ours.recv(a)))).toMatchObject({ code: "WSAECONNRESET" });
    await settled(ours.connect(b, { address: PEER, port: 80 }));
    const { port } = await ours.getsockname(b);
    const offers: unknown[] = [];
    const deferred = peer.WSAAccept(listener, (offer) => {
      offers.push(offer);
      return CF_DEFER;
    });
    expect(await failure(settled(deferred))).toMatchObject({ code: "WSATRY_AGAIN" });
    expect(offers).toEqual([{ caller: { address: OURS, port, family: AF_INET }, callee: { address: PEER, port: 80, family: AF_INET } }]);
    expect(await settled(peer.WSAAccept(listener, () => CF_ACCEPT))).toMatchObject({ address: OURS, port });
  });
});

describe("sockets by the catalogue", () => {
  test("WSADuplicateSocket and WSASocket make a second handle of a connection, of which none shows bytes ahead", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const { s, accepted } = await connectedPair(w);
    const info = await ours.WSADuplicateSocket(s, 1);
    const t = await ours.WSASocket(info);
    expect(t).not.toBe(s);
    expect(await failure(ours.WSASocket(info))).toMatchObject({ code: "WSAEINVAL", syscall: "WSASocket" });
    await ours.closesocket(s);
    const sending = peer.send(accepted.socket, new Uint8Array(200_000));
    for (let left = 200_000; left > 0; ) left -= (await settled(ours.recv(t, 8192))).length;
    await settled(sending);
    await ours.send(t, "over the other handle");
    expect(await settled(peer.recv(accepted.socket))).toHaveLength(21);
    for (const pid of [0, -1, 1.5]) expect(await failure(ours.WSADuplicateSocket(t, pid))).toMatchObject({ code: "WSAEINVAL" });
    expect(await failure(ours.WSADuplicateSocket(4000, 1))).toMatchObject({ code: "WSAENOTSOCK", syscall: "WSADuplicateSocket" });
  });

  test("WSAEnumProtocols lists entries of which WSASocket makes sockets", async () => {
    const { ours } = awaitedWorld();
    expect((await ours.WSAEnumProtocols()).length).toBeGreaterThanOrEqual(4);
    const streams = await ours.WSAEnumProtocols([IPPROTO_TCP]);
    expect(streams.map(({ iProtocol }) => iProtocol)).toEqual([IPPROTO_TCP, IPPROTO_TCP]);
    const s = await ours.WSASocket(streams.find(({ iAddressFamily }) => iAddressFamily === AF_INET6)!);
    await ours.bind(s);
    expect(await ours.getsockname(s)).toMatchObject({ address: "::", family: AF_INET6 });
  });
});

test("several WSAAccepts at once are each asked about a connection of their own", async () => {
  const { ours, peer, settled } = awaitedWorld();
  const listener = await peer.socket();
  await peer.bind(listener, { port: 80 });
  await peer.listen(listener);
  const asked: number[] = [];
  const taking = [0, 1].map(() =>
    peer.WSAAccept(listener, ({ caller }) => {
      asked.push(caller.port);
      return CF_ACCEPT;
    }),
  );
  const plain = peer.accept(listener);
  const ports: number[] = [];
  for (let i = 0; i < 3; i++) {
    const s = await ours.socket();
    await settled(ours.connect(s, { address: PEER, port: 80 }));
    ports.push((await ours.getsockname(s)).port);
  }
  const taken = await settled(Promise.all(taking));
  expect(taken.map(({ port }) => port)).toEqual(asked);
  expect([...asked, (await settled(plain)).port].sort()).toEqual(ports.sort());
});

test("a connection that its peer resets before it is accepted ends no iteration", async () => {
  const { ours, peer, settled } = awaitedWorld();
  const listener = await peer.socket();
  await peer.bind(listener, { port: 80 });
  await peer.listen(listener);
  const [gone, there] = [await ours.socket(), await ours.socket()];
  await settled(ours.connect(gone, { address: PEER, port: 80 }));
  await ours.setsockopt(gone, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 });
  await ours.closesocket(gone);
  await settled(ours.connect(there, { address: PEER, port: 80 }));
  const { port } = await ours.getsockname(there);
  for await (const accepted of peer.accepted(listener)) {
    expect(accepted.port).toBe(port);
    break;
  }
});
