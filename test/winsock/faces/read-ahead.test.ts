import { describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import { Connection } from "../../../src/stack/tcp/connection.ts";
import { FIONBIO, FIONREAD, MSG_PEEK, SD_SEND, SO_LINGER, SO_RCVTIMEO, SO_SNDBUF, SOL_SOCKET } from "../../../src/winsock/abi/constants.ts";
import { WSAECONNRESET, WSAENETDOWN, WSAESHUTDOWN, WSAETIMEDOUT, WSAEWOULDBLOCK } from "../../../src/winsock/abi/errors.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import { KnownStreams } from "../../../src/winsock/faces/known-streams.ts";
import { ReadAhead, SHOWN_AT_ONCE } from "../../../src/winsock/faces/read-ahead.ts";
import { SendCredit } from "../../../src/winsock/faces/send-credit.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { SharedProcess } from "../../../src/winsock/provider/shared-process.ts";
import { POSTED } from "../../../src/winsock/provider/socket.ts";
import { pattern } from "../../support/two-hosts.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";
import { selected } from "../../support/winsock-calls.ts";

const MIB = 1024 * 1024;
const newAhead = () => new ReadAhead(new SharedProcess().counterOf(4)!);
/** The number of the program that has `VirtualWinsock.winsock`. */
const FIRST_CLIENT = 1;

/** Our socket in the middle of a stream of the peer's: some receives are over, and what comes next has been shown to the face. */
function streamingOn(v: VirtualWinsock, total: number) {
  const { s, peer } = v.pair();
  v.peerWinsock.ioctlsocket(peer, FIONBIO, { value: 1 });
  const bytes = pattern(total, 5);
  let sent = 0;
  /** The peer sends what it may now. */
  const feed = () => {
    for (let n = 1; n > 0 && sent < total; sent += Math.max(0, n)) n = v.peerWinsock.send(peer, bytes.subarray(sent), total - sent, 0);
    v.advance(1);
  };
  const buffer = new Uint8Array(8192);
  let received = 0;
  const receive = (length = buffer.length, flags = 0): number => {
    feed();
    const n = v.winsock.recv(s, buffer, length, flags);
    if (n > 0) {
      expect(Buffer.compare(buffer.subarray(0, n), bytes.subarray(received, received + n))).toBe(0);
      if ((flags & MSG_PEEK) === 0) received += n;
    }
    return n;
  };
  for (let i = 0; i < 4; i++) expect(receive()).toBe(8192);
  const delivered = () => v.ours.tcp.statuses().find((row) => row.state === "ESTABLISHED")?.bytesReceived ?? 0;
  return { v, s, peer, receive, delivered, receivedBytes: () => received };
}

const unread = (v: VirtualWinsock, s: SOCKET): number => {
  const box = { value: 0 };
  v.winsock.ioctlsocket(s, FIONREAD, box);
  return box.value;
};

describe.each([
  ["copied", false],
  ["lent", true],
])("receives in a stream, whose bytes were shown (%s) before they were called", (_how, lends) => {
  const streaming = (total = MIB) => streamingOn(new VirtualWinsock({ lends }), total);

  test("of no bytes leave those that are here where they are", () => {
    const { v, s, receive } = streaming();
    expect(receive(1000)).toBe(1000);
    expect(v.winsock.recv(s, new Uint8Array(10), 0, 0)).toBe(0);
    // Beyond all that was shown.
    for (let i = 0; i < 100; i++) receive();
  });

  test("go on with the first answer, though more were asked for", () => {
    const v = new VirtualWinsock({ lends });
    const { s, peer } = v.pair();
    v.peerWinsock.send(peer, new Uint8Array(40_000), 40_000, 0);
    v.advance(100);
    const shows = jest.spyOn(v.provider, "call");
    for (let left = 40_000; left > 0; left -= 8192) expect(v.winsock.recv(s, new Uint8Array(8192), 8192, 0)).toBe(Math.min(8192, left));
    expect(shows.mock.calls.filter(([, { op }]) => op === CALL.show).length).toBe(9);
    v.after(20, () => void v.peerWinsock.send(peer, Buffer.from("hello"), 5, 0));
    expect([v.winsock.recv(s, new Uint8Array(8192), 8192, 0), v.isStuck]).toEqual([5, false]);
  });

  test("bring every byte once and in order, whatever their lengths", () => {
    const { receive, receivedBytes } = streaming();
    let i = 0;
    while (receivedBytes() < MIB) expect(receive(1 + ((i++ * 2999) % 8192))).toBeGreaterThan(0);
  });

  test("FIONREAD counts what the program has not received, shown or not (Microsoft, ioctlsocket)", () => {
    const { v, s, receive, delivered, receivedBytes } = streaming();
    for (const length of [8192, 5, 8192, 8192]) {
      expect(unread(v, s)).toBe(delivered() - receivedBytes());
      receive(length);
    }
    expect(unread(v, s)).toBe(delivered() - receivedBytes());
  });

  test("MSG_PEEK sees the next byte and leaves it", () => {
    const { receive } = streaming();
    expect(receive(100, MSG_PEEK)).toBe(100);
    expect(receive(100)).toBe(100);
    expect(receive()).toBe(8192);
  });

  test("a close before all was received resets the connection, although the face has seen all (RFC 9293 §3.6.1)", () => {
    const { v, s, peer } = streaming(60_000);
    expect(v.winsock.closesocket(s)).toBe(0);
    v.advance(10);
    expect(v.peerWinsock.recv(peer, new Uint8Array(1), 1, 0)).toBe(-1);
    expect(v.peerWinsock.WSAGetLastError()).toBe(WSAECONNRESET);
  });

  test("a close after all was received ends it in order", () => {
    const { v, s, peer, receive, receivedBytes } = streaming(60_000);
    while (receivedBytes() < 60_000) receive();
    expect(v.winsock.closesocket(s)).toBe(0);
    v.advance(10);
    expect(v.peerWinsock.recv(peer, new Uint8Array(1), 1, 0)).toBe(0);
  });

  test("the peer's window opens by what the program takes, not by what it was shown", () => {
    const { v, s, receive, receivedBytes } = streaming(4 * MIB);
    v.advance(60_000);
    // Nobody reads: no more has come than the receive buffer holds beside what was taken.
    expect(unread(v, s)).toBeLessThan(2 * MIB);
    while (receivedBytes() < 4 * MIB) expect(receive()).toBeGreaterThan(0);
    expect(receivedBytes()).toBe(4 * MIB);
  });

  test("the end of the stream comes after its last byte", () => {
    const { v, peer, receive, receivedBytes } = streaming(70_000);
    v.peerWinsock.shutdown(peer, SD_SEND);
    v.advance(10);
    while (receivedBytes() < 70_000) expect(receive()).toBeGreaterThan(0);
    expect(receive()).toBe(0);
    expect(receive()).toBe(0);
  });

  test("a reset is told as soon as it has come: bytes shown before do not hide it (Windows discards what was not received)", () => {
    const { v, s, peer, receive } = streaming();
    v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
    v.peerWinsock.closesocket(peer);
    v.advance(10);
    while (receive() > 0);
    expect(v.winsock.WSAGetLastError()).toBe(WSAECONNRESET);
    expect(v.winsock.recv(s, new Uint8Array(1), 1, 0)).toBe(-1);
    expect(v.winsock.WSAGetLastError()).toBe(WSAECONNRESET);
  });

  test("a socket made nonblocking, or given a time limit, keeps to it in the middle of a stream", () => {
    const { v, s, receive, receivedBytes } = streaming(60_000);
    expect(v.winsock.ioctlsocket(s, FIONBIO, { value: 1 })).toBe(0);
    while (receivedBytes() < 60_000) expect(receive()).toBeGreaterThan(0);
    expect(receive()).toBe(-1);
    expect(v.winsock.WSAGetLastError()).toBe(WSAEWOULDBLOCK);
    v.winsock.ioctlsocket(s, FIONBIO, { value: 0 });
    v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: 700 }, 4);
    const startMs = v.nowMs;
    expect(receive()).toBe(-1);
    expect(v.winsock.WSAGetLastError()).toBe(WSAETIMEDOUT);
    expect(v.nowMs - startMs).toBeGreaterThanOrEqual(700);
    expect(v.isStuck).toBe(false);
  });

  test("whatever else is asked of the socket between them, no byte is lost, doubled or out of its place (30 seeds)", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new SeededRandom(seed);
      const { v, s, receive, receivedBytes } = streaming(600_000);
      const others = [
        () => receive(1 + below(random, 3000), MSG_PEEK),
        () => unread(v, s),
        () => selected(v, s, 0),
        () => v.winsock.ioctlsocket(s, FIONBIO, { value: below(random, 2) }),
        () => v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: below(random, 2) * 50 }, 4),
        () => v.winsock.send(s, new Uint8Array(10), 10, 0),
        () => v.advance(below(random, 100)),
      ];
      for (let i = 0; i < 4000 && receivedBytes() < 600_000; i++) {
        if (below(random, 5) === 0) others[below(random, others.length)]!();
        else receive(1 + below(random, 8192));
      }
      expect(receivedBytes()).toBe(600_000);
      expect(v.isStuck).toBe(false);
    }
  });

  test("a trace sees each of them", () => {
    const { v, receive } = streaming();
    const seen: string[] = [];
    const end = v.ours.trace.subscribe((event) => {
      if (event.type === "winsock-called") seen.push(event.name);
    });
    for (let i = 0; i < 100; i++) receive();
    end();
    // Those that were shown before the trace began are not seen any more; the rest are.
    expect(seen.filter((name) => name === "recv").length).toBeGreaterThan(20);
    expect(seen).not.toContain("unknown");
  });
});

describe("bytes that are read where they lie", () => {
  const streaming = (total = MIB) => streamingOn(new VirtualWinsock({ lends: true }), total);

  test("are not copied on their way", () => {
    const { v, receive } = streaming();
    let lent = 0;
    const { lend } = Connection.prototype;
    const spy = jest.spyOn(Connection.prototype, "lend").mockImplementation(function (this: Connection, ...args) {
      const bytes = lend.apply(this, args);
      lent += bytes?.length ?? 0;
      return bytes;
    });
    for (let i = 0; i < 40; i++) receive();
    spy.mockRestore();
    expect(lent).toBeGreaterThan(200_000);
    expect(v.rings!.taken).toBeGreaterThan(0);
  });

  test("stay although the buffer moves to a smaller ring, and the ring goes back when they are taken", () => {
    const { v, s, receive, receivedBytes } = streaming(200_000);
    // Those that were shown lie still, while the rest of what was in the ring is long gone.
    v.advance(10_000);
    while (receivedBytes() < 200_000) expect(receive()).toBeGreaterThan(0);
    // Asked for anything else, the face tells what was taken last.
    expect(unread(v, s)).toBe(0);
    v.advance(10_000);
    expect(v.rings!.count).toBe(0);
  });

  test("stay when a reset ends the connection, until the program has heard of it", () => {
    const { v, s, peer, receive } = streaming();
    v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
    v.peerWinsock.closesocket(peer);
    v.advance(1);
    // Each is checked against what the peer sent.
    while (receive() > 0);
    expect(v.winsock.WSAGetLastError()).toBe(WSAECONNRESET);
    v.winsock.closesocket(s);
    v.advance(10_000);
    expect(v.rings!.count).toBe(0);
  });

  test.each(["closesocket", "WSACleanup", "the end of the program"])("go back with %s", (way) => {
    const { v, s, receive } = streaming();
    for (let i = 0; i < 3; i++) receive();
    if (way === "closesocket") v.winsock.closesocket(s);
    else if (way === "WSACleanup") v.winsock.WSACleanup();
    else v.provider.closeClient(FIRST_CLIENT);
    v.advance(10_000);
    expect(v.rings!.count).toBe(0);
  });
});

describe("ReadAhead", () => {
  const source = pattern(400_000, 9);

  test("gives what was added, once and in order, and counts what was taken (property)", () => {
    const act = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 5000 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 5000 }) }),
      fc.record({ wait: fc.integer({ min: 1, max: 5000 }) }),
      fc.constant({ forget: true }),
      fc.constant({ tell: true }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const ahead = newAhead();
        let added = 0;
        let taken = 0;
        let told = 0;
        const hear = (bytes: number) => {
          told += bytes;
        };
        let target: Uint8Array | undefined;
        const check = (piece: Uint8Array) => {
          expect(Buffer.compare(piece, source.subarray(taken, taken + piece.length))).toBe(0);
          taken += piece.length;
        };
        for (const each of acts) {
          if ("add" in each) {
            ahead.add(source.subarray(added, added + each.add));
            added += each.add;
            if (target !== undefined) check(target.subarray(0, ahead.stopWaiting()));
            target = undefined;
          } else if ("take" in each) {
            const room = new Uint8Array(each.take);
            check(room.subarray(0, ahead.take(room)));
          } else if ("wait" in each && ahead.heldBytes === 0 && target === undefined) {
            target = new Uint8Array(each.wait);
            ahead.waitFor(target);
          } else if ("forget" in each) {
            ahead.forget();
            // The host shows again what was not taken.
            added = taken;
          } else if ("tell" in each) {
            ahead.counter.tell(hear);
          }
          expect(ahead.heldBytes).toBe(added - taken);
        }
        ahead.counter.tell(hear);
        expect(told).toBe(taken);
      }),
      { numRuns: 300 },
    );
  });

  test("what was asked for before it had to forget is not taken when it comes", () => {
    const ahead = newAhead();
    expect(ahead.asks()).toBe(0);
    ahead.forget();
    expect([ahead.isAsked, ahead.isForgotten, ahead.isWorthAsking()]).toEqual([false, true, false]);
    ahead.add(new Uint8Array(SHOWN_AT_ONCE));
    expect(ahead.heldBytes).toBe(0);
    ahead.answered();
    expect([ahead.answers, ahead.isForgotten, ahead.isWorthAsking()]).toEqual([0, false, true]);
    ahead.add(new Uint8Array(10));
    expect(ahead.heldBytes).toBe(10);
  });

  test("several answers are asked for at once, of which the first alone says what is here; all that were asked for before it had to forget are outdated", () => {
    const ahead = newAhead();
    ahead.add(new Uint8Array(10));
    const said: number[] = [];
    while (ahead.isWorthAsking()) said.push(ahead.asks());
    expect(said).toEqual([10, ...Array(7).fill(-1)]);
    for (let i = 0; i < 4; i++) {
      ahead.add(new Uint8Array(SHOWN_AT_ONCE));
      ahead.answered();
    }
    // There is enough here for now.
    expect([ahead.answers, ahead.isAsked, ahead.isWorthAsking()]).toEqual([4, true, false]);
    ahead.forget();
    for (let i = 0; i < 3; i++) {
      ahead.add(new Uint8Array(5));
      ahead.answered();
      expect([ahead.isForgotten, ahead.isWorthAsking(), ahead.isStream(8192, 8192)]).toEqual([true, false, false]);
    }
    ahead.add(new Uint8Array(5));
    ahead.answered();
    expect([ahead.heldBytes, ahead.answers, ahead.isForgotten]).toEqual([0, 4, false]);
    expect(ahead.asks()).toBe(0);
  });

  test("of each of many streams one answer is asked for at a time, and when little lies here", () => {
    const asked = (streams: number) => {
      const posted: SOCKET[] = [];
      const known = new KnownStreams(({ s }, replied) => {
        posted.push(s);
        if (posted.length <= streams) replied({ id: 0, result: 100_000, error: 0, a: 0, b: 0, data: new Uint8Array(100_000) });
        return true;
      });
      const sockets = Array.from({ length: streams }, (_, i) => 4 * (i + 1));
      for (const s of sockets) known.received(s, 8192, 8192);
      expect(posted).toEqual(sockets);
      const ahead = known.readAhead(4)!;
      const takes = [10_000, 50_000].map((bytes) => {
        posted.splice(0, posted.length, ...sockets);
        expect(ahead.take(new Uint8Array(bytes))).toBe(bytes);
        known.tookShown(4, ahead);
        return posted.length - streams;
      });
      return takes;
    };
    expect([asked(8), asked(9)]).toEqual([
      [8, 0],
      [0, 1],
    ]);
  });

  test("nobody asks on and on where the network is gone", () => {
    const answers: (() => void)[] = [];
    let isGone = false;
    let posts = 0;
    const known = new KnownStreams((_request, replied) => {
      if (++posts > 1000) throw new Error("asks on and on");
      const data = new Uint8Array(SHOWN_AT_ONCE);
      if (isGone) replied({ id: 0, result: -1, error: WSAENETDOWN, a: 0, b: 0, data: null });
      else answers.push(() => replied({ id: 0, result: data.length, error: 0, a: 0, b: 0, data }));
      return true;
    });
    const answer = () => {
      for (const give of answers.splice(0)) give();
    };
    known.received(4, 8192, 8192);
    answer();
    const ahead = known.readAhead(4)!;
    ahead.take(new Uint8Array(1));
    known.tookShown(4, ahead);
    answer();
    // More is here than is asked for.
    expect([ahead.isAsked, ahead.isWorthAsking()]).toEqual([false, false]);
    isGone = true;
    ahead.take(new Uint8Array(6 * SHOWN_AT_ONCE));
    known.tookShown(4, ahead);
    expect([ahead.isAsked, ahead.heldBytes]).toEqual([false, 0]);
  });

  test("streams that read ahead by turns do so in the same memory", () => {
    const spares: Uint8Array[] = [];
    const process = new SharedProcess();
    const streams = [4, 8].map((s) => new ReadAhead(process.counterOf(s)!, spares));
    const bytes = new Uint8Array(SHOWN_AT_ONCE);
    for (let i = 0; i < 20; i++) {
      const ahead = streams[i % 2]!;
      ahead.add(bytes);
      expect(spares.length).toBe(0);
      expect(ahead.take(new Uint8Array(SHOWN_AT_ONCE))).toBe(SHOWN_AT_ONCE);
      expect(spares.length).toBe(1);
    }
    for (let i = 0; i < 12; i++) streams[0]!.add(bytes);
    streams[0]!.take(new Uint8Array(12 * SHOWN_AT_ONCE));
    expect(spares.length).toBe(8);
  });

  test("one that could not be asked for is not waited for", () => {
    const ahead = newAhead();
    ahead.asks();
    ahead.hasNotAsked();
    expect([ahead.isAsked, ahead.asks()]).toEqual([false, 0]);
  });

  test("after bytes were shown for nothing, the next receives go without", () => {
    const ahead = newAhead();
    ahead.add(new Uint8Array(10));
    ahead.forget();
    const asked = Array.from({ length: 12 }, () => ahead.isStream(8192, 8192));
    expect(asked).toEqual([...Array(8).fill(false), ...Array(4).fill(true)]);
    expect(ahead.isStream(8192, 8191)).toBe(false);
    expect(ahead.isStream(100, 100)).toBe(false);
  });
});

describe("sends that are not waited for", () => {
  test("are taken whole and in order, and the blocking ones among them wait as SO_SNDBUF says", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const bytes = pattern(3 * MIB, 2);
    let received = 0;
    const buffer = new Uint8Array(100_000);
    const read = () => {
      const n = v.peerWinsock.recv(peer, buffer, buffer.length, 0);
      expect(Buffer.compare(buffer.subarray(0, n), bytes.subarray(received, received + n))).toBe(0);
      received += n;
    };
    for (let sent = 0; sent < bytes.length; sent += 65_536) {
      expect(v.winsock.send(s, bytes.subarray(sent, sent + 65_536), 65_536, 0)).toBe(65_536);
      if (sent > 0) read();
    }
    v.winsock.shutdown(s, SD_SEND);
    while (received < bytes.length) read();
    expect(v.peerWinsock.recv(peer, buffer, 1, 0)).toBe(0);
  });

  test("leave once there is room for them, which is asked for seldom where Windows says how long the queue may get", () => {
    const asked = (sendBuffer: number | undefined) => {
      const v = new VirtualWinsock();
      const { s, peer } = v.pair();
      if (sendBuffer !== undefined) v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: sendBuffer }, 4);
      const { call } = v.provider;
      const ops: number[] = [];
      const buffer = new Uint8Array(65_536);
      jest.spyOn(v.provider, "call").mockImplementation((client, request, reply) => {
        // Bytes that would have to wait do not come.
        if (request.op === CALL.send && ops.length > 1) expect(request.b).toBe(POSTED);
        ops.push(request.op);
        if (request.op === CALL.room) readAll();
        call.call(v.provider, client, request, reply);
      });
      v.peerWinsock.ioctlsocket(peer, FIONBIO, { value: 1 });
      const readAll = () => {
        for (let ms = 0; ms < 20; ms++) {
          while (v.peerWinsock.recv(peer, buffer, buffer.length, 0) > 0);
          v.advance(1);
        }
      };
      for (let i = 0; i < 200; i++) expect(v.winsock.send(s, buffer, buffer.length, 0)).toBe(buffer.length);
      return { rooms: ops.filter((op) => op === CALL.room).length, sends: ops.filter((op) => op === CALL.send).length };
    };
    const free = asked(undefined);
    expect(free.sends).toBe(200);
    expect(free.rooms).toBeGreaterThan(0);
    expect(free.rooms).toBeLessThan(150);
    const bounded = asked(65_536);
    expect(bounded.rooms).toBeGreaterThan(free.rooms);
  });

  test("do not wait for room where a routine is to run while they wait", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const asked = jest.spyOn(v.provider, "call");
    const rooms = () => asked.mock.calls.filter(([, { op }]) => op === CALL.room).length;
    const piece = new Uint8Array(65_536);
    v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 1000 }, 4);
    expect(v.winsock.send(s, piece, piece.length, 0)).toBe(piece.length);
    expect(v.winsock.send(s, piece, piece.length, 0)).toBe(piece.length);
    expect(rooms()).toBe(1);
    let runs = 0;
    v.winsock.QueueUserAPC(() => runs++, v.winsock.GetCurrentThread(), 0);
    expect(v.winsock.send(s, piece.subarray(0, 10), 10, 0)).toBe(10);
    expect([rooms(), runs]).toEqual([1, 1]);
  });

  test("with SO_SNDBUF set no more is queued than that and one send more", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.winsock.setsockopt(s, SOL_SOCKET, 0x1001, { value: 20_000 }, 4);
    v.winsock.ioctlsocket(s, FIONBIO, { value: 1 });
    let taken = 0;
    // The peer never reads: at last its window is shut and our queue full.
    for (let i = 0; i < 2000; i++) {
      if (v.winsock.send(s, new Uint8Array(5000), 5000, 0) > 0) taken += 5000;
      else v.advance(100);
    }
    expect(v.ours.tcp.statuses().find((row) => row.state === "ESTABLISHED")?.sendQueueBytes).toBeLessThan(25_000);
    expect(taken).toBeLessThan(MIB);
  });

  test("after a reset the next call says so, as Windows does for a send that was taken", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    for (let i = 0; i < 3; i++) expect(v.winsock.send(s, new Uint8Array(1000), 1000, 0)).toBe(1000);
    v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
    v.peerWinsock.closesocket(peer);
    v.advance(10);
    const results = [1, 2, 3].map(() => v.winsock.send(s, new Uint8Array(10), 10, 0));
    expect(results.at(-1)).toBe(-1);
    expect(v.winsock.WSAGetLastError()).toBe(WSAECONNRESET);
    expect(v.winsock.recv(s, new Uint8Array(1), 1, 0)).toBe(-1);
    expect(v.winsock.WSAGetLastError()).toBe(WSAECONNRESET);
  });

  test("after something that may end sending, answers to sends that left before give no credit", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    for (let i = 0; i < 3; i++) expect(v.winsock.send(s, new Uint8Array(1000), 1000, 0)).toBe(1000);
    expect(v.winsock.shutdown(s, SD_SEND)).toBe(0);
    expect(v.winsock.send(s, new Uint8Array(1000), 1000, 0)).toBe(-1);
    expect(v.winsock.WSAGetLastError()).toBe(WSAESHUTDOWN);
    const credit = new SendCredit();
    credit.learn(0, 0, 100);
    credit.posted(10);
    credit.posted(10);
    credit.forget();
    credit.answered(10, 0, 10, 100);
    credit.answered(10, 0, 20, 100);
    expect(credit.isOpen).toBe(false);
    credit.learn(0, 20, 100);
    credit.posted(10);
    credit.answered(10, 0, 30, 100);
    expect(credit.isOpen).toBe(true);
  });

  test("credit is what the host said less what was sent since; a failure ends it", () => {
    const credit = new SendCredit();
    expect(credit.isOpen).toBe(false);
    credit.learn(0, 10, 100);
    expect(credit.isOpen).toBe(true);
    credit.posted(60);
    expect(credit.isOpen).toBe(true);
    expect(credit.isFilling).toBe(false);
    credit.posted(30);
    expect([credit.isOpen, credit.isFilling]).toEqual([false, true]);
    credit.answered(60, 0, 20, 100);
    expect([credit.isOpen, credit.isFilling]).toEqual([true, false]);
    credit.learn(0, 100, 100);
    expect(credit.isFilling).toBe(true);
    credit.answered(30, 0, 100, 100);
    // It is full, and nothing is on its way to say otherwise.
    expect([credit.isUsedUp, credit.isFilling]).toEqual([true, false]);
    credit.posted(30);
    credit.answered(30, WSAECONNRESET, 0, 100);
    expect(credit.isOpen).toBe(false);
  });
});
