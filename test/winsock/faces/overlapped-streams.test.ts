/** Overlapped calls in the middle of a stream, which do not wait for the host to say what becomes of them. */
import { describe, expect, test } from "@jest/globals";
import {
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
  FIONBIO,
  INFINITE,
  new_WSABUF,
  new_WSAOVERLAPPED,
  SD_SEND,
  SO_LINGER,
  SO_SNDBUF,
  type SOCKET,
  SOL_SOCKET,
  STATUS_PENDING,
  sizeof_linger,
  WAIT_TIMEOUT,
  WSA_IO_PENDING,
  WSA_WAIT_EVENT_0,
  WSAECONNRESET,
  WSAENOTSOCK,
  WSAESHUTDOWN,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import { type BlockingFace, createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { pattern } from "../../support/two-hosts.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome, SUCCESS } from "../../support/winsock-calls.ts";

const CALL_BYTES = 16384;

/** A connection of a program whose calls that wait for the host are counted. */
function setUp() {
  const v = new VirtualWinsock();
  let fences = 0;
  const w = createBlockingFace(() => {
    const port = v.blockingPort();
    return {
      ...port,
      call(request) {
        if (request.op === CALL.fence) fences++;
        return port.call(request);
      },
    };
  });
  w.WSAStartup(0x0202, {} as never);
  const listener = v.listener(80);
  const s = v.stream(w);
  expect(w.connect(s, address(PEER, 80), 16)).toBe(0);
  const peer = v.peerWinsock.accept(listener, null, null);
  const port = w.CreateIoCompletionPort(s, 0, 5, 0);
  const fencesOf = (act: () => void): number => {
    const before = fences;
    act();
    return fences - before;
  };
  return { v, w, p: v.peerWinsock, s, peer, port, fencesOf };
}

interface Transfer {
  readonly memory: Uint8Array;
  readonly ov: WSAOVERLAPPED;
}

const transfer = (length = CALL_BYTES): Transfer => ({ memory: new Uint8Array(length), ov: new_WSAOVERLAPPED() });

const receive = (w: BlockingFace, s: SOCKET, { memory, ov }: Transfer) =>
  outcome(w, w.WSARecv(s, [new_WSABUF(memory)], 1, null, { value: 0 }, ov, null));

const send = (w: BlockingFace, s: SOCKET, { memory, ov }: Transfer) => outcome(w, w.WSASend(s, [new_WSABUF(memory)], 1, null, 0, ov, null));

function dequeue(w: BlockingFace, port: number, ms = INFINITE) {
  const [count, ov] = [{ value: -1 }, { value: null as WSAOVERLAPPED | null }];
  const result = w.GetQueuedCompletionStatus(port, count, { value: 0 }, ov, ms);
  return { result, error: w.WSAGetLastError(), count: count.value, ov: ov.value };
}

describe("receives", () => {
  test("of a stream, four in flight: each packet finds its bytes, in order, and few calls ask the host", () => {
    const { v, w, p, s, peer, port, fencesOf } = setUp();
    const bytes = pattern(64 * CALL_BYTES, 9);
    const transfers = [0, 1, 2, 3].map(() => transfer());
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    let at = 0;
    const feed = () => {
      const piece = bytes.subarray(at, at + 4 * CALL_BYTES);
      if (piece.length > 0) at += Math.max(0, p.send(peer, piece, piece.length, 0));
      else p.shutdown(peer, SD_SEND);
    };
    let received = 0;
    const fences = fencesOf(() => {
      for (const each of transfers) receive(w, s, each);
      for (let packets = 0; packets < 1000; packets++) {
        v.after(1, feed);
        const { count, ov } = dequeue(w, port);
        if (count <= 0) break;
        const { memory } = transfers.find((each) => each.ov === ov)!;
        expect([ov!.Internal, ov!.InternalHigh]).toEqual([0, count]);
        expect(Buffer.compare(memory.subarray(0, count), bytes.subarray(received, received + count))).toBe(0);
        received += count;
        receive(w, s, transfers.find((each) => each.ov === ov)!);
      }
    });
    expect(received).toBe(bytes.length);
    expect(fences).toBeLessThan(32);
  });

  /** Our socket behind a receive that brought much. */
  function streaming() {
    const all = setUp();
    const { v, w, p, s, peer, port } = all;
    p.send(peer, pattern(CALL_BYTES, 1), CALL_BYTES, 0);
    v.advance(100);
    expect([receive(w, s, transfer()), dequeue(w, port, 0).count]).toEqual([SUCCESS, CALL_BYTES]);
    return all;
  }

  test("that find bytes at once are told by a packet, even where those that succeed at once leave none", () => {
    const { v, w, p, s, peer, port } = streaming();
    w.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    // The face asks once what the socket is like now.
    p.send(peer, new Uint8Array(CALL_BYTES), CALL_BYTES, 0);
    v.advance(100);
    expect(receive(w, s, transfer())).toEqual(SUCCESS);
    p.send(peer, new Uint8Array(10), 10, 0);
    v.advance(100);
    const next = transfer();
    expect(receive(w, s, next)).toEqual(fails(WSA_IO_PENDING));
    // Whoever looks sees it over.
    expect(dequeue(w, port, 0)).toEqual({ result: 1, error: 0, count: 10, ov: next.ov });
    // Now the stream is none any more, and calls are answered as any.
    p.send(peer, new Uint8Array(10), 10, 0);
    v.advance(100);
    expect([receive(w, s, transfer()), dequeue(w, port, 0).error]).toEqual([SUCCESS, WAIT_TIMEOUT]);
  });

  test("that fail at once set their event and post their packet", () => {
    const { v, w, p, s, peer, port } = streaming();
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    v.advance(100);
    const next = transfer();
    next.ov.hEvent = w.WSACreateEvent();
    expect(receive(w, s, next)).toEqual(fails(WSA_IO_PENDING));
    expect(next.ov.Internal).not.toBe(STATUS_PENDING);
    expect(w.WSAWaitForMultipleEvents(1, [next.ov.hEvent], 0, 0, 0)).toBe(WSA_WAIT_EVENT_0);
    expect([w.WSAGetOverlappedResult(s, next.ov, { value: 0 }, 0, { value: 0 }), w.WSAGetLastError()]).toEqual([0, WSAECONNRESET]);
    expect(dequeue(w, port, 0)).toMatchObject({ result: 0, ov: next.ov });
  });

  test("do not begin on a socket that is closed, nor on another one of its number", () => {
    const { w, s } = streaming();
    w.closesocket(s);
    expect(receive(w, s, transfer())).toEqual(fails(WSAENOTSOCK));
  });
});

describe("sends", () => {
  test("that the queue is known to take are over at once; one that it may not take asks", () => {
    const { v, w, p, s, peer, port, fencesOf } = setUp();
    w.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 4 * CALL_BYTES }, 4);
    const transfers = Array.from({ length: 5 }, () => transfer());
    expect(fencesOf(() => expect(send(w, s, transfers[0]!)).toEqual(SUCCESS))).toBe(1);
    expect(fencesOf(() => expect(transfers.slice(1, 4).map((each) => send(w, s, each))).toEqual([SUCCESS, SUCCESS, SUCCESS]))).toBe(0);
    expect(transfers.slice(0, 4).map(({ ov }) => [ov.Internal, ov.InternalHigh])).toEqual(Array(4).fill([0, CALL_BYTES]));
    for (const each of transfers.slice(0, 4)) expect(dequeue(w, port, 0)).toEqual({ result: 1, error: 0, count: CALL_BYTES, ov: each.ov });
    let received = 0;
    for (let count = 1; count > 0 && received < 4 * CALL_BYTES; received += count) count = p.recv(peer, new Uint8Array(65536), 65536, 0);
    expect(received).toBe(4 * CALL_BYTES);
    v.advance(1000);
    expect(send(w, s, transfers[4]!)).toEqual(SUCCESS);
  });

  test("that wait keep those behind them from being said to be over", () => {
    const { w, s, port, fencesOf } = setUp();
    w.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 1000 }, 4);
    const [first, second, third] = [transfer(), transfer(), transfer()];
    expect([send(w, s, first), send(w, s, second)]).toEqual([SUCCESS, fails(WSA_IO_PENDING)]);
    // Of one behind another that waits nobody has to be asked.
    expect(fencesOf(() => expect(send(w, s, third)).toEqual(fails(WSA_IO_PENDING)))).toBe(0);
    expect([dequeue(w, port).ov, dequeue(w, port).ov, dequeue(w, port).ov]).toEqual([first.ov, second.ov, third.ov]);
  });

  test("do not succeed behind a shutdown, and those before it did although the connection ends", () => {
    const { v, w, p, s, peer, port } = setUp();
    const transfers = [0, 1, 2].map(() => transfer(100));
    send(w, s, transfers[0]!);
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    v.advance(100);
    // Not known yet: the face was told of room, and nothing since.
    expect(send(w, s, transfers[1]!)).toEqual(SUCCESS);
    expect([0, 1].map(() => dequeue(w, port, 0))).toMatchObject([
      { result: 1, count: 100, ov: transfers[0]!.ov },
      { result: 1, count: 100, ov: transfers[1]!.ov },
    ]);
    expect(send(w, s, transfers[2]!)[0]).toBe(-1);
    const other = setUp();
    send(other.w, other.s, transfer(100));
    send(other.w, other.s, transfer(100));
    other.w.shutdown(other.s, SD_SEND);
    expect(send(other.w, other.s, transfer(100))).toEqual(fails(WSAESHUTDOWN));
  });
});
