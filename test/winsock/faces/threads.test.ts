/** Threads of one program that share its sockets, each with a face of its own, in virtual time. Real threads: test/network/shared-sockets.test.ts. */
import { describe, expect, jest, test } from "@jest/globals";
import {
  AF_INET,
  FIONBIO,
  INFINITE,
  INVALID_SOCKET,
  MAKEWORD,
  SOCK_STREAM,
  WSA_FLAG_OVERLAPPED,
} from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_MSG } from "../../../src/winsock/abi/message-structures.ts";
import { STATUS_PENDING, statusOfError } from "../../../src/winsock/abi/nt-status.ts";
import { new_WSAOVERLAPPED, type WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_WSADATA, type SOCKET, sizeof_sockaddr_in } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { PacketNames } from "../../../src/winsock/faces/completion-functions.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { POSTED } from "../../../src/winsock/provider/socket.ts";
import { pattern } from "../../support/two-hosts.ts";
import { address, NOBODY_THERE, PEER, type VirtualThread, VirtualWinsock } from "../../support/virtual-winsock.ts";

/** Two threads, the first of which has connected a socket. */
function connected(v = new VirtualWinsock(), threads = v.threads(2), port = 80) {
  const [one, other] = threads as [VirtualThread, VirtualThread];
  const listener = v.listener(port);
  const s = one.socket(AF_INET, SOCK_STREAM, 0);
  expect(one.connect(s, address(PEER, port), sizeof_sockaddr_in)).toBe(0);
  const peer = v.peerWinsock.accept(listener, null, null);
  return { v, one, other, s, peer };
}

function received(face: BlockingFace, s: SOCKET, count: number): Uint8Array {
  const buffer = new Uint8Array(count);
  const n = face.recv(s, buffer, count, 0);
  expect([Math.sign(n), face.WSAGetLastError()]).toEqual([1, 0]);
  return buffer.subarray(0, n);
}

describe("a thread that has not called WSAStartup", () => {
  test("uses the sockets of one that has", () => {
    const { v, other, s, peer } = connected();
    expect(other.send(s, Buffer.from("hello"), 5, 0)).toBe(5);
    v.advance(10);
    expect(Buffer.from(received(v.peerWinsock, peer, 10)).toString()).toBe("hello");
  });

  test("hears WSANOTINITIALISED while no thread has, and again when the last start-up is undone, by whichever thread", () => {
    const v = new VirtualWinsock();
    const [one, other] = v.threads(2) as [VirtualThread, VirtualThread];
    const s = other.socket(AF_INET, SOCK_STREAM, 0);
    expect(s).not.toBe(INVALID_SOCKET);
    const before = v.provider.usage.threads;
    expect(other.WSACleanup()).toBe(0);
    for (const face of [one, other]) {
      expect([face.socket(AF_INET, SOCK_STREAM, 0), face.WSAGetLastError()]).toEqual([INVALID_SOCKET, e.WSANOTINITIALISED]);
    }
    // Neither keeps a port to what is over.
    expect(v.provider.usage.threads).toBe(before - 2);
    expect([one.WSACleanup(), one.WSAGetLastError()]).toEqual([-1, e.WSANOTINITIALISED]);
    expect(other.WSAStartup(MAKEWORD(2, 2), new_WSADATA())).toBe(0);
    // The handle was the old start-up's.
    expect([one.listen(s, 5), one.WSAGetLastError()]).toEqual([-1, e.WSAENOTSOCK]);
    expect(one.socket(AF_INET, SOCK_STREAM, 0)).not.toBe(INVALID_SOCKET);
  });

  test("counts start-ups with the others", () => {
    const v = new VirtualWinsock();
    const [one, other] = v.threads(2) as [VirtualThread, VirtualThread];
    other.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
    const s = one.socket(AF_INET, SOCK_STREAM, 0);
    expect(one.WSACleanup()).toBe(0);
    expect([one.closesocket(s), other.WSACleanup(), one.WSAGetLastError()]).toEqual([0, 0, 0]);
    expect([one.closesocket(s), one.WSAGetLastError()]).toEqual([-1, e.WSANOTINITIALISED]);
  });

  test("learns that its process is one of version 1.1, whose second connect is WSAEINVAL", () => {
    const v = new VirtualWinsock();
    const [one, other] = v.threads(2) as [VirtualThread, VirtualThread];
    one.WSACleanup();
    one.WSAStartup(MAKEWORD(1, 1), new_WSADATA());
    expect(other.socket(AF_INET, SOCK_STREAM, 0)).not.toBe(INVALID_SOCKET);
    const hook = other.WSASetBlockingHook(() => 0);
    expect([hook === null, other.WSAGetLastError()]).toEqual([false, 0]);
  });

  test("learns that the next start-up is another's: version 1.1 has ended with the last clean-up", () => {
    const v = new VirtualWinsock();
    const [one, other] = v.threads(2) as [VirtualThread, VirtualThread];
    const secondConnect = (): number => {
      const s = other.socket(AF_INET, SOCK_STREAM, 0);
      other.ioctlsocket(s, FIONBIO, { value: 1 });
      for (let i = 0; i < 2; i++) other.connect(s, address(NOBODY_THERE, 80), sizeof_sockaddr_in);
      return other.WSAGetLastError();
    };
    one.WSAStartup(MAKEWORD(1, 1), new_WSADATA());
    expect(secondConnect()).toBe(e.WSAEINVAL);
    // The process lives on in the other thread.
    for (let i = 0; i < 2; i++) expect(one.WSACleanup()).toBe(0);
    one.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
    expect(secondConnect()).toBe(e.WSAEALREADY);
  });
});

describe("what one thread does", () => {
  test("closesocket ends the call that another waits in", () => {
    const { v, one, other, s } = connected();
    v.after(50, () => expect(other.closesocket(s)).toBe(0));
    expect([one.recv(s, new Uint8Array(10), 10, 0), one.WSAGetLastError()]).toEqual([-1, e.WSAEINTR]);
  });

  test("errors and last errors are its own", () => {
    const { one, other, s } = connected();
    expect([other.listen(s, 5), other.WSAGetLastError(), one.WSAGetLastError()]).toEqual([-1, e.WSAEISCONN, 0]);
  });

  test("sets an event that another waits for, and posts a message to the window of another", () => {
    const { v, one, other } = connected();
    const event = one.WSACreateEvent();
    v.after(20, () => expect(other.WSASetEvent(event)).toBe(1));
    expect(one.WSAWaitForMultipleEvents(1, [event], 0, INFINITE, 0)).toBe(0);
    const window = one.CreateMessageWindow(() => 0);
    v.after(20, () => expect(other.PostMessage(window, 1234, 5, 6)).toBe(1));
    const message = new_MSG();
    expect(one.GetMessage(message, window, 0, 0)).toBe(1);
    expect(message).toMatchObject({ hwnd: window, message: 1234, wParam: 5, lParam: 6 });
    // Messages are of the thread that made the window.
    one.PostMessage(window, 1235, 0, 0);
    expect([other.PeekMessage(message, 0, 0, 0, 1), one.PeekMessage(message, 0, 0, 0, 1)]).toEqual([0, 1]);
  });

  test("cannot destroy the window of another", () => {
    const { one, other } = connected();
    const window = one.CreateMessageWindow(() => 0);
    expect([other.DestroyWindow(window), other.WSAGetLastError()]).toEqual([0, e.ERROR_ACCESS_DENIED]);
    expect([one.PostMessage(window, 1234, 5, 6), one.DestroyWindow(window), other.DestroyWindow(window)]).toEqual([1, 1, 0]);
    expect(other.WSAGetLastError()).toBe(e.ERROR_INVALID_WINDOW_HANDLE);
  });

  test("takes packets of calls that another has begun, with a structure that says what is known of them", () => {
    const { v, one, other, s, peer } = connected();
    const port = one.CreateIoCompletionPort(s, 0, 77, 0);
    const overlapped = new_WSAOVERLAPPED();
    const buffers = [{ len: 10, buf: new Uint8Array(10) }];
    expect(one.WSARecv(s, buffers, 1, null, { value: 0 }, overlapped, null)).toBe(-1);
    expect(one.WSAGetLastError()).toBe(e.WSA_IO_PENDING);
    v.peerWinsock.send(peer, Buffer.from("data"), 4, 0);
    v.advance(10);
    const [bytes, key, told] = [{ value: 0 }, { value: 0 }, { value: null as WSAOVERLAPPED | null }];
    expect(other.GetQueuedCompletionStatus(port, bytes, key, told, 0)).toBe(1);
    expect([bytes.value, key.value, told.value?.InternalHigh, told.value === overlapped]).toEqual([4, 77, 4, false]);
    expect([overlapped.Internal, Buffer.from(buffers[0]!.buf.subarray(0, 4)).toString()]).toEqual([0, "data"]);
    one.PostQueuedCompletionStatus(port, 1, 2, null);
    expect([other.GetQueuedCompletionStatus(port, bytes, key, told, 0), told.value]).toEqual([1, null]);
  });

  test("takes packets, of which the thread that made the call keeps no name", () => {
    const { v, one, other, s, peer } = connected();
    const port = one.CreateIoCompletionPort(s, 0, 77, 0);
    const made = jest.spyOn(PacketNames.prototype, "made");
    const posted = jest.spyOn(PacketNames.prototype, "posted");
    for (let i = 0; i < 3; i++) {
      one.WSARecv(s, [{ len: 10, buf: new Uint8Array(10) }], 1, null, { value: 0 }, new_WSAOVERLAPPED(), null);
      one.PostQueuedCompletionStatus(port, 1, 2, new_WSAOVERLAPPED());
      v.peerWinsock.send(peer, Buffer.from("data"), 4, 0);
      v.advance(500);
      const [bytes, key, told] = [{ value: 0 }, { value: 0 }, { value: null as WSAOVERLAPPED | null }];
      for (let packet = 0; packet < 2; packet++) expect(other.GetQueuedCompletionStatus(port, bytes, key, told, 0)).toBe(1);
    }
    const [names] = made.mock.contexts as PacketNames[];
    const calls = [...made.mock.calls.map(([call]) => call), ...posted.mock.results.map(({ value }) => value as number)];
    // One that is made or posted is told of the packets before it.
    expect(calls.map((call) => names!.take(call) === null)).toEqual([true, true, false, true, true, false]);
    made.mockRestore();
    posted.mockRestore();
  });

  test("associates a socket with a port before it ends: packets of the other's calls tell of its own objects", () => {
    const { v, one, other, s, peer } = connected();
    const receive = (overlapped: WSAOVERLAPPED): void => {
      const sent = v.peerWinsock.send(peer, pattern(8192, 1), 8192, 0);
      v.advance(50);
      const got = { value: 0 };
      one.WSARecv(s, [{ len: sent, buf: new Uint8Array(sent) }], 1, got, { value: 0 }, overlapped, null);
      expect([overlapped.Internal, overlapped.InternalHigh]).toEqual([0, sent]);
    };
    const event = other.WSACreateEvent();
    // By then it knows that there is another.
    one.send(s, Buffer.from("x"), 1, 0);
    receive({ ...new_WSAOVERLAPPED(), hEvent: event });
    const port = other.CreateIoCompletionPort(s, 0, 77, 0);
    other.end();
    const overlapped = new_WSAOVERLAPPED();
    receive(overlapped);
    const told = { value: null as WSAOVERLAPPED | null };
    expect([one.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, told, 0), told.value === overlapped]).toEqual([1, true]);
  });

  test("CancelIoEx of one call leaves alone that of another thread, which has the same number there", () => {
    const { one, other, s } = connected();
    const begin = (face: BlockingFace): WSAOVERLAPPED => {
      const overlapped = new_WSAOVERLAPPED();
      expect(face.WSARecv(s, [{ len: 10, buf: new Uint8Array(10) }], 1, null, { value: 0 }, overlapped, null)).toBe(-1);
      return overlapped;
    };
    // Each thread numbers its calls by itself, and between two of these there is another one: with odd and even numbers some are the same.
    const [ours, theirs] = [one, other].map((face) => {
      const early = Array.from({ length: 10 }, () => begin(face));
      if (face === other) face.WSACreateEvent();
      return [...early, ...Array.from({ length: 10 }, () => begin(face))];
    });
    for (const overlapped of ours!) expect(one.CancelIoEx(s, overlapped)).toBe(1);
    expect(ours!.map(({ Internal }) => Internal)).toEqual(Array(20).fill(statusOfError(e.WSA_OPERATION_ABORTED)));
    expect(theirs!.map(({ Internal }) => Internal)).toEqual(Array(20).fill(STATUS_PENDING));
    expect([one.CancelIoEx(s, null), theirs!.map(({ Internal }) => Internal)]).toEqual([
      1,
      Array(20).fill(statusOfError(e.WSA_OPERATION_ABORTED)),
    ]);
  });

  test("a socket made without WSA_FLAG_OVERLAPPED keeps whichever thread calls", () => {
    const v = new VirtualWinsock();
    const [one, other] = v.threads(2) as [VirtualThread, VirtualThread];
    const listener = v.listener(80);
    const [plain, overlapped] = [0, WSA_FLAG_OVERLAPPED].map((flags) => one.WSASocket(AF_INET, SOCK_STREAM, 0, null, 0, flags));
    for (const s of [plain!, overlapped!]) {
      other.connect(s, address(PEER, 80), sizeof_sockaddr_in);
      const peer = v.peerWinsock.accept(listener, null, null);
      v.after(100, () => void v.peerWinsock.send(peer, Buffer.from("x"), 1, 0));
      const got = { value: 0 };
      const begun = other.WSARecv(s, [{ len: 10, buf: new Uint8Array(10) }], 1, got, { value: 0 }, new_WSAOVERLAPPED(), null);
      expect([begun, got.value]).toEqual(s === plain ? [0, 1] : [-1, 0]);
    }
  });
});

describe("bytes of a stream that one thread has read ahead", () => {
  /** The first thread receives until bytes lie with its face that it has not taken. */
  function readingAhead(...program: Parameters<typeof connected>) {
    const { v, one, other, s, peer } = connected(...program);
    const bytes = pattern(400_000, 3);
    v.peerWinsock.ioctlsocket(peer, 0x8004667e | 0, { value: 1 });
    let sent = 0;
    const feed = () => {
      for (let n = 1; n > 0 && sent < bytes.length; sent += Math.max(0, n))
        n = v.peerWinsock.send(peer, bytes.subarray(sent), bytes.length - sent, 0);
      v.advance(2);
    };
    let at = 0;
    const take = (face: BlockingFace, count = 8192) => {
      feed();
      const piece = received(face, s, count);
      expect(Buffer.compare(piece, bytes.subarray(at, at + piece.length))).toBe(0);
      at += piece.length;
    };
    for (let i = 0; i < 4; i++) take(one);
    return { v, one, other, s, take, left: () => bytes.length - at };
  }

  test("are nobody's when another thread comes: each byte is received once, in order, by whoever asks", () => {
    const { one, other, take, left } = readingAhead();
    for (let i = 0; left() > 0; i++) take(i % 3 === 0 ? one : other, 5000 + i);
    expect(left()).toBe(0);
  });

  test("are not taken for those of a thread that ended in the middle of a stream, whose socket had the same number", () => {
    const v = new VirtualWinsock();
    const [ended, one, other] = v.threads(3) as [VirtualThread, VirtualThread, VirtualThread];
    const before = readingAhead(v, [ended, one]);
    for (let i = 0; i < 3; i++) received(ended, before.s, 1000);
    ended.end();
    one.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
    const { s, take, left } = readingAhead(v, [one, other], 81);
    expect(s).toBe(before.s);
    take(other);
    while (left() > 0) take(one);
    expect(left()).toBe(0);
  });

  test("are read ahead again when the other thread has gone", () => {
    const { one, other, take, v } = readingAhead();
    const asked = jest.spyOn(v.provider, "call");
    const receives = (count: number): number => {
      asked.mockClear();
      for (let i = 0; i < count; i++) take(one, 4096);
      return asked.mock.calls.filter(([, { op }]) => op === CALL.recv).length;
    };
    const alone = receives(10);
    take(other);
    const together = receives(10);
    other.end();
    // Some go without after bytes were shown for nothing.
    receives(9);
    expect([alone, together, receives(10)]).toEqual([0, 10, 0]);
  });

  test("the first thread, waiting in a receive for bytes to be shown, goes on when another comes", () => {
    const { v, one, other, s, peer } = connected();
    const bytes = pattern(100_000, 3);
    v.after(1, () => void v.peerWinsock.send(peer, bytes.subarray(0, 16384), 16384, 0));
    // A full receive makes the face ask for more to be shown, and the next one waits for that.
    expect(received(one, s, 8192).length).toBe(8192);
    expect(received(one, s, 8192).length).toBeGreaterThan(0);
    // It asked first, and has the first bytes.
    let theirs = "";
    v.after(50, () => void other.WSACreateEvent());
    v.after(55, () => {
      v.after(10, () => void v.peerWinsock.send(peer, Buffer.from("late"), 4, 0));
      v.after(900, () => void v.peerWinsock.send(peer, Buffer.from("more"), 4, 0));
      theirs = Buffer.from(received(other, s, 100)).toString();
    });
    let text = "";
    while (!text.endsWith("late")) text = Buffer.from(received(one, s, 8192)).toString("latin1");
    expect([text, theirs]).toEqual(["late", "more"]);
  });
});

describe("sends that are not waited for", () => {
  test.each(["send", "WSASend"] as const)(
    "of which one leaves while another thread comes: %s has reached the host when it returns",
    (how) => {
      const { v, one, other, s } = connected();
      const send = (): void => {
        const buffers = [{ len: 1, buf: Buffer.from("a") }];
        if (how === "send") one.send(s, Buffer.from("a"), 1, 0);
        else one.WSASend(s, buffers, 1, null, 0, new_WSAOVERLAPPED(), null);
      };
      for (let i = 0; i < 3; i++) send();
      const { provider } = v;
      const call = provider.call.bind(provider);
      const asked: string[] = [];
      jest.spyOn(provider, "call").mockImplementation((client, request, reply) => {
        asked.push(request.op === CALL.send ? "send" : request.op === CALL.fence ? `fence of ${client}` : "");
        if (asked.length === 1) other.WSACreateEvent();
        call(client, request, reply);
      });
      send();
      expect(asked[0]).toBe("send");
      // The other one comes with a fence, and this one asks too.
      expect(new Set(asked.filter((what) => what.startsWith("fence"))).size).toBe(2);
      expect([asked.at(-1), one.WSAGetLastError()]).toEqual([expect.stringMatching(/^fence/), 0]);
    },
  );

  test("are waited for once there is another thread, so that bytes stand in the order of the calls", () => {
    const { v, one, other, s, peer } = connected();
    const asked = jest.spyOn(v.provider, "call");
    const posted = () => asked.mock.calls.filter(([, { op, b }]) => op === CALL.send && b === POSTED).length;
    for (let i = 0; i < 3; i++) one.send(s, Buffer.from(`a${i}`), 2, 0);
    expect(posted()).toBe(2);
    other.send(s, Buffer.from("b0"), 2, 0);
    one.send(s, Buffer.from("a3"), 2, 0);
    other.send(s, Buffer.from("b1"), 2, 0);
    expect(posted()).toBe(2);
    v.advance(50);
    expect(Buffer.from(received(v.peerWinsock, peer, 100)).toString()).toBe("a0a1a2b0a3b1");
  });
});
