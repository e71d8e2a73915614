/** Signals that end calls, and blocks that end what they have. */
import { describe, expect, test } from "@jest/globals";
import { AF_INET, FD_READ, MSG_WAITALL, SO_RCVTIMEO, SOCK_DGRAM, SOL_SOCKET } from "../../../src/winsock/abi/constants.ts";
import { aMoment, awaitedWorld, connectedPair, failure, listenersOf } from "../../support/awaited-winsock.ts";
import { pattern } from "../../support/two-hosts.ts";
import { NOBODY_THERE, PEER } from "../../support/virtual-winsock.ts";
import { namesRig } from "../../support/winsock-names.ts";

const ABORTED = AbortSignal.abort("no more");

test("a signal that is aborted already: every call that takes one throws its reason, and asks nothing", async () => {
  const w = awaitedWorld();
  const { ours } = w;
  const { s } = await connectedPair(w);
  const listener = await ours.socket();
  await ours.bind(listener);
  await ours.listen(listener);
  const d = await ours.socket(AF_INET, SOCK_DGRAM);
  await ours.bind(d);
  const signal = ABORTED;
  const name = { address: NOBODY_THERE, port: 80 };
  const calls = [
    ours.connect(await ours.socket(), name, { signal }),
    ours.ConnectEx(listener, name, { signal }),
    ours.DisconnectEx(s, { signal }),
    ours.WSAConnectByList(await ours.socket(), [name], { signal }),
    ours.WSAConnectByName(await ours.socket(), "nobody.example", 80, { signal }),
    ours.accept(listener, { signal }),
    ours.AcceptEx(listener, { signal }),
    ours.WSAAccept(listener, () => 0, { signal }),
    ours.send(s, "x", { signal }),
    ours.recv(s, 10, { signal }),
    ours.recv(s, 10, { signal, flags: MSG_WAITALL }),
    ours.sendto(d, "x", name, { signal }),
    ours.recvfrom(d, 10, { signal }),
    ours.WSARecvMsg(d, { signal }),
    ours.WSASendMsg(d, { data: "x", to: name }, { signal }),
    ours.TransmitFile(s, null, { head: "x", signal }),
    ours.TransmitPackets(s, [{ data: "x" }], { signal }),
    ours.select({ read: [s] }, { signal }),
    ours.WSAPoll([{ s, events: 0x300 }], { signal }),
    ours.getaddrinfo("nobody.example", 80, { signal }),
    ours.GetAddrInfoEx("nobody.example", 80, { signal }),
    ours.getnameinfo(name, { signal }),
    ours.gethostbyname("nobody.example", { signal }),
    ours.gethostbyaddr(NOBODY_THERE, { signal }),
    ours.accepted(listener, { signal }).next(),
    ours.received(s, { signal }).next(),
    ours.datagrams(d, { signal }).next(),
    ours.networkEvents(s, FD_READ, { signal }).next(),
  ];
  expect(await Promise.all(calls.map(failure))).toEqual(calls.map(() => "no more"));
  expect(w.v.provider.usage.pendingCalls).toBe(0);
});

test("a signal that lives long hears of no call that is over: many waits, iterations and searches leave no listener", async () => {
  const w = awaitedWorld();
  const { ours, peer, settled } = w;
  const { s, accepted } = await connectedPair(w);
  const { signal } = new AbortController();
  const sending = peer.send(accepted.socket, new Uint8Array(400_000));
  for (let left = 400_000; left > 0; ) {
    left -= (await settled(ours.recv(s, 8192, { signal }))).length;
    expect(listenersOf(signal)).toBe(0);
  }
  await settled(sending);
  for (let i = 0; i < 20; i++) {
    await settled(ours.select({ read: [s] }, { timeoutMs: 1, signal }));
    await failure(settled(ours.WSAConnectByList(await ours.socket(), [`${PEER}:81`], { timeoutMs: 1000, signal })));
    await settled(ours.send(s, "x", { signal }));
    const data = ours.received(accepted.socket, { signal });
    await data.return();
  }
  const events = peer.networkEvents(accepted.socket, FD_READ, { signal });
  await settled(events.next());
  expect(listenersOf(signal)).toBeGreaterThan(0);
  await events.return();
  expect(listenersOf(signal)).toBe(0);
});

describe("an aborted receive loses no data", () => {
  test("a stream, whether the bytes were shown, are on their way or come later", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const { s, accepted } = await connectedPair(w);
    const bytes = pattern(500_000, 11);
    const sending = peer.send(accepted.socket, bytes);
    const received: Uint8Array[] = [];
    let count = 0;
    for (let i = 0; count < bytes.length; i++) {
      const controller = new AbortController();
      const receiving = ours.recv(s, 5000 + (i % 7) * 1000, { signal: controller.signal });
      if (i % 3 !== 0) await aMoment();
      if (i % 3 === 1) w.v.advance(1);
      if (i % 2 === 0) controller.abort("enough");
      const got = await settled(receiving.catch((reason) => reason as unknown));
      if (!(got instanceof Uint8Array)) continue;
      received.push(got);
      count += got.length;
    }
    await settled(sending);
    expect(Buffer.compare(Buffer.concat(received), bytes)).toBe(0);
  });

  test("MSG_WAITALL gives what came; so does one whose time is over", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const { s, accepted } = await connectedPair(w);
    for (const length of [1000, 300_000]) {
      const controller = new AbortController();
      const waiting = ours.recv(s, 2 * length, { flags: MSG_WAITALL, signal: controller.signal });
      await settled(peer.send(accepted.socket, new Uint8Array(length).fill(7)));
      for (let i = 0; i < 20; i++) {
        w.v.advance(50);
        await aMoment();
      }
      controller.abort("enough");
      const got = await waiting;
      expect([got.length, got.every((byte) => byte === 7)]).toEqual([length, true]);
    }
    const controller = new AbortController();
    const nothing = failure(ours.recv(s, 10, { flags: MSG_WAITALL, signal: controller.signal }));
    await aMoment();
    controller.abort("enough");
    expect(await nothing).toBe("enough");
    await ours.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, 500);
    const late = ours.recv(s, 10, { flags: MSG_WAITALL });
    await peer.send(accepted.socket, "some");
    expect(await settled(late)).toHaveLength(4);
  });

  test("datagrams and connections", async () => {
    const w = awaitedWorld();
    const { ours, peer, settled } = w;
    const t = await peer.socket(AF_INET, SOCK_DGRAM);
    await peer.bind(t, { port: 7000 });
    const s = await ours.socket(AF_INET, SOCK_DGRAM);
    const { listener } = await connectedPair(w);
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const { signal } = controller;
      const receiving = peer.recvfrom(t, 10, { signal }).catch(() => undefined);
      const accepting = peer.accept(listener, { signal }).catch(() => undefined);
      if (i % 2 === 0) await aMoment();
      await ours.sendto(s, `${i}`, `${PEER}:7000`);
      const c = await ours.socket();
      const connecting = ours.connect(c, `${PEER}:80`);
      if (i % 3 === 0) w.v.advance(100);
      controller.abort("enough");
      await settled(connecting);
      const { data } = (await receiving) ?? (await settled(peer.recvfrom(t)));
      expect(new TextDecoder().decode(data)).toBe(`${i}`);
      const accepted = (await accepting) ?? (await settled(peer.accept(listener)));
      expect(accepted.port).toBe((await ours.getsockname(c)).port);
    }
  });
});

describe("Symbol.asyncDispose", () => {
  test("of a socket closes it, once, and never another one with its number", async () => {
    const { ours, v } = awaitedWorld();
    const own = ours.owned(await ours.socket());
    const before = v.provider.usage.sockets;
    await own[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
    expect(v.provider.usage.sockets).toBe(before - 1);
    expect(await failure(ours.listen(own.socket))).toMatchObject({ code: "WSAENOTSOCK" });
    const first = ours.owned(await ours.socket());
    await ours.closesocket(first.socket);
    for (let i = 0; i < 8; i++) if ((await ours.socket()) === first.socket) break;
    const sockets = v.provider.usage.sockets;
    await first[Symbol.asyncDispose]();
    expect(v.provider.usage.sockets).toBe(sockets);
    await ours.owned(4000)[Symbol.asyncDispose]();
  });

  test("of what accept gives closes the connection, and is seen by nobody who looks at the address", async () => {
    const w = awaitedWorld();
    const { s, accepted } = await connectedPair(w);
    expect(Object.getOwnPropertySymbols({ ...accepted })).toEqual([]);
    await accepted[Symbol.asyncDispose]();
    expect(await w.settled(w.ours.recv(s))).toHaveLength(0);
  });

  test("of a start-up undoes it, and none that came later", async () => {
    const { ours, v } = awaitedWorld();
    const started = await ours.WSAStartup();
    const s = ours.owned(await ours.socket());
    await started[Symbol.asyncDispose]();
    expect(v.provider.usage.sockets).toBe(0);
    await ours.WSAStartup();
    const other = await ours.socket();
    await started[Symbol.asyncDispose]();
    await s[Symbol.asyncDispose]();
    await ours.listen(other).catch((error) => expect(error).toMatchObject({ code: "WSAEINVAL" }));
    expect(v.provider.usage.sockets).toBe(1);
  });

  test("of a socket whose close is under way closes nothing twice", async () => {
    const { ours, v } = awaitedWorld();
    const own = ours.owned(await ours.socket());
    const closing = ours.closesocket(own.socket);
    await own[Symbol.asyncDispose]();
    await closing;
    expect(v.provider.usage.sockets).toBe(0);
  });

  test("of an iteration gives up its wait", async () => {
    const w = awaitedWorld();
    const { s } = await connectedPair(w);
    const { signal } = new AbortController();
    for (const iteration of [w.ours.received(s, { signal }), w.ours.networkEvents(s, FD_READ, { signal })]) {
      const next = iteration.next();
      for (let i = 0; i < 5; i++) await aMoment();
      expect(w.v.provider.usage.pendingCalls).toBe(1);
      await iteration[Symbol.asyncDispose]();
      expect(await next).toEqual({ done: true, value: undefined });
      expect([w.v.provider.usage.pendingCalls, listenersOf(signal)]).toEqual([0, 0]);
    }
    await w.ours.accepted(s)[Symbol.asyncDispose]();
  });
});

test("network events that end with WSACleanup start nothing up again", async () => {
  const w = awaitedWorld();
  const { s } = await connectedPair(w);
  const events = w.ours.networkEvents(s, FD_READ);
  const next = events.next();
  for (let i = 0; i < 5; i++) await aMoment();
  await w.ours.WSACleanup();
  expect(await next).toMatchObject({ done: true });
  expect(w.opened()).toBe(1);
});

test("a receive that waits for the next bytes of a busy stream ends with WSACleanup, and starts nothing up again", async () => {
  const w = awaitedWorld();
  const { ours, peer, settled } = w;
  const { s, accepted } = await connectedPair(w);
  const sending = peer.send(accepted.socket, new Uint8Array(400_000));
  for (let left = 400_000; left > 0; ) left -= (await settled(ours.recv(s, 8192))).length;
  await settled(sending);
  const waiting = failure(ours.recv(s, 8192));
  await aMoment();
  await ours.WSACleanup();
  expect(await waiting).toMatchObject({ code: "WSAEINTR", syscall: "recv" });
  expect(w.opened()).toBe(1);
});

test("a file that is sent when WSACleanup comes ends with it, and starts nothing up again", async () => {
  const w = awaitedWorld();
  const { s } = await connectedPair(w);
  const reads: ((read: { readonly bytesRead: number }) => void)[] = [];
  const file = { read: () => new Promise<{ readonly bytesRead: number }>((resolve) => reads.push(resolve)) };
  const sending = failure(w.ours.TransmitFile(s, file));
  while (reads.length < 1) await aMoment();
  reads[0]!({ bytesRead: 1000 });
  while (reads.length < 2) await aMoment();
  await w.ours.WSACleanup();
  reads[1]!({ bytesRead: 1000 });
  for (let i = 0; i < 5; i++) await aMoment();
  reads[2]?.({ bytesRead: 0 });
  expect(await sending).toMatchObject({ code: "WSAEINTR", syscall: "TransmitFile" });
  expect(w.opened()).toBe(1);
});

test("of two WSACleanups at once that undo one start-up, the second says so", async () => {
  const w = awaitedWorld();
  await w.ours.socket();
  const [first, second] = [w.ours.WSACleanup(), failure(w.ours.WSACleanup())];
  await first;
  expect(await second).toMatchObject({ code: "WSANOTINITIALISED" });
  await Promise.all([w.ours.WSAStartup(), w.ours.WSAStartup()]);
  await Promise.all([w.ours.WSACleanup(), w.ours.WSACleanup()]);
  expect(await failure(w.ours.WSACleanup())).toMatchObject({ code: "WSANOTINITIALISED" });
});

test("GetAddrInfoEx is over with its time, by the host's clock", async () => {
  const { v, server, promises: w, settled } = namesRig();
  expect(await settled(w.GetAddrInfoEx("www.example", 80, { timeoutMs: 1000, family: AF_INET }))).toMatchObject([
    { port: 80 },
    { port: 80 },
  ]);
  server.answer = () => undefined as never;
  const start = v.nowMs;
  expect(await failure(settled(w.GetAddrInfoEx("other.example", 80, { timeoutMs: 700 })))).toMatchObject({
    code: "WSATRY_AGAIN",
    syscall: "GetAddrInfoEx",
  });
  expect(v.nowMs - start).toBeLessThan(3000);
  expect(await failure(w.GetAddrInfoEx("other.example", 80, { timeoutMs: -1 }))).toMatchObject({ code: "WSAEINVAL" });
});
