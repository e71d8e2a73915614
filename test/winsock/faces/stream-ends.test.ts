/** Overlapped calls in the middle of a stream that ends, or whose program turns to something else. */
import { describe, expect, test } from "@jest/globals";
import {
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
  FIONBIO,
  FIONREAD,
  HasOverlappedIoCompleted,
  new_WSABUF,
  new_WSAOVERLAPPED,
  SD_SEND,
  SO_LINGER,
  SOL_SOCKET,
  STATUS_PENDING,
  sizeof_linger,
  sizeof_sockaddr_in,
  TF_REUSE_SOCKET,
  WSA_IO_INCOMPLETE,
  WSA_IO_PENDING,
  WSAEFAULT,
  WSAENETDOWN,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import type { CallReply, CallRequest } from "../../../src/winsock/provider/calls.ts";
import type { ProviderLimits } from "../../../src/winsock/provider/limits.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { pattern } from "../../support/two-hosts.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome, SUCCESS } from "../../support/winsock-calls.ts";

const CALL_BYTES = 16384;
const BYTES = pattern(64 * CALL_BYTES, 5);

interface Transfer {
  readonly memory: Uint8Array;
  readonly ov: WSAOVERLAPPED;
}

const transfer = (length = CALL_BYTES): Transfer => ({ memory: new Uint8Array(length), ov: new_WSAOVERLAPPED() });

const GONE = { id: 0, result: -1, error: WSAENETDOWN, a: 0, b: 0, data: null };

/** A connection in the middle of a stream, of which so many bytes came. */
function streaming(limits: Partial<ProviderLimits> = {}, threads = 1) {
  const v = new VirtualWinsock();
  const provider = new Provider(v.ours, limits);
  const asked: Omit<CallRequest, "id">[] = [];
  let isGone = false;
  let failing: ((reply: CallReply) => void)[] = [];
  const alone = createBlockingFace(() => {
    const port = v.blockingPort(provider);
    return {
      ...port,
      call: (request) => (isGone ? GONE : port.call(request)),
      post(request, replied) {
        asked.push(request);
        if (!isGone) failing.push(replied);
        if (isGone) replied(GONE);
        return isGone
          ? 0
          : port.post(request, (reply) => {
              failing = failing.filter((each) => each !== replied);
              replied(reply);
            });
      },
      takeReplies: () => void (isGone || port.takeReplies()),
      awaitPosted: () => !isGone && port.awaitPosted(),
    };
  });
  /** As a daemon that ends: what was asked and not answered is WSAENETDOWN. */
  const end = (): void => {
    isGone = true;
    for (const fail of failing.splice(0)) fail(GONE);
  };
  const [w = alone, ...others] = threads > 1 ? v.threads(threads) : [];
  w.WSAStartup(0x0202, {} as never);
  const { peerWinsock: p } = v;
  const listener = v.listener(80);
  const s = v.stream(w);
  expect(w.connect(s, address(PEER, 80), sizeof_sockaddr_in)).toBe(0);
  const peer = p.accept(listener, null, null);
  p.ioctlsocket(peer, FIONBIO, { value: 1 });
  const port = w.CreateIoCompletionPort(s, 0, 5, 0);
  let sent = 0;
  const peerSends = (length: number): void => {
    sent += Math.max(0, p.send(peer, BYTES.subarray(sent, sent + length), length, 0));
    v.advance(100);
  };
  let received = 0;
  /** Which bytes they are, and none is missing. */
  const expectNext = ({ memory, ov }: Transfer): void => {
    const { InternalHigh: length } = ov;
    expect(Buffer.compare(memory.subarray(0, length), BYTES.subarray(received, received + length))).toBe(0);
    received += length;
  };
  const receive = ({ memory, ov }: Transfer) => outcome(w, w.WSARecv(s, [new_WSABUF(memory)], 1, null, { value: 0 }, ov, null));
  const dequeue = (ms = 0, face = w) => {
    const [count, ov] = [{ value: -1 }, { value: null as WSAOVERLAPPED | null }];
    const result = face.GetQueuedCompletionStatus(port, count, { value: 0 }, ov, ms);
    return { result, error: face.WSAGetLastError(), count: count.value, ov: ov.value };
  };
  peerSends(CALL_BYTES);
  const first = transfer();
  receive(first);
  expect(dequeue().count).toBe(CALL_BYTES);
  expectNext(first);
  /** A receive that stands behind what is shown. */
  const behind = (): Transfer => {
    const next = transfer();
    asked.splice(0);
    expect(receive(next)).toEqual(fails(WSA_IO_PENDING));
    if (threads === 1) expect(asked.at(-1)).toMatchObject({ c: 1, s });
    return next;
  };
  /** Makes sure that bytes are asked to be shown: nothing is there now. A thread that may have others asks once more what its socket is like. */
  const asksToBeShown = (): void => {
    for (let i = 0; i < Math.min(threads, 2); i++) {
      const next = transfer();
      peerSends(CALL_BYTES);
      receive(next);
      expect(dequeue()).toMatchObject({ result: 1, count: CALL_BYTES, ov: next.ov });
      expectNext(next);
    }
  };
  return { v, w, end, others, p, s, peer, port, peerSends, expectNext, receive, dequeue, behind, asksToBeShown };
}

test("a structure that cannot be written is a fault, and no byte goes with it: neither of those shown nor of those sent", () => {
  const { v, w, p, s, peer, peerSends, receive, expectNext, asksToBeShown } = streaming();
  asksToBeShown();
  peerSends(1000);
  const next = transfer();
  expect(receive({ ...next, ov: Object.freeze(new_WSAOVERLAPPED()) })).toEqual(fails(WSAEFAULT));
  expect(receive(next)).toEqual(SUCCESS);
  expect(next.ov.InternalHigh).toBe(1000);
  expectNext(next);
  const send = (ov: WSAOVERLAPPED) => outcome(w, w.WSASend(s, [new_WSABUF(new Uint8Array(10))], 1, null, 0, ov, null));
  expect([send(new_WSAOVERLAPPED()), send(Object.freeze(new_WSAOVERLAPPED())), send(new_WSAOVERLAPPED())]).toEqual([
    SUCCESS,
    fails(WSAEFAULT),
    SUCCESS,
  ]);
  v.advance(500);
  expect(p.recv(peer, new Uint8Array(100), 100, 0)).toBe(20);
});

describe("receives that stand behind what is shown", () => {
  /** Three, the last two of which came before more was asked to be shown. */
  function three() {
    const all = streaming();
    all.asksToBeShown();
    const receives = [all.behind(), all.behind(), all.behind()] as const;
    all.peerSends(1000);
    // The first one is filled, and more is asked.
    expect(receives.map(({ ov }) => ov.Internal)).toEqual([0, STATUS_PENDING, STATUS_PENDING]);
    all.expectNext(receives[0]);
    return { ...all, receives };
  }

  test("end with their socket, though more was asked to be shown since", () => {
    const { w, s, dequeue, receives } = three();
    w.setsockopt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    expect(w.closesocket(s)).toBe(0);
    expect(receives.map(({ ov }) => HasOverlappedIoCompleted(ov))).toEqual([true, true, true]);
    expect([dequeue().ov, dequeue().ov, dequeue().ov, dequeue().ov]).toEqual([...receives.map(({ ov }) => ov), null]);
    const other = three();
    expect(other.w.closesocket(other.s)).toBe(0);
    expect([other.dequeue().ov, other.dequeue().ov, other.dequeue().ov]).toEqual(other.receives.map(({ ov }) => ov));
  });

  test("are found over by who asks, and waited for by who waits", () => {
    const { v, w, s, behind, peerSends, expectNext, asksToBeShown } = streaming();
    asksToBeShown();
    const next = behind();
    const count = { value: 0 };
    expect([w.GetOverlappedResult(s, next.ov, count, 0), w.WSAGetLastError()]).toEqual([0, WSA_IO_INCOMPLETE]);
    peerSends(1000);
    expect([w.GetOverlappedResult(s, next.ov, count, 0), count.value]).toEqual([1, 1000]);
    expectNext(next);
    const last = behind();
    v.after(5, () => peerSends(100));
    expect([w.GetOverlappedResult(s, last.ov, count, 1), count.value]).toEqual([1, 100]);
    expect(v.isStuck).toBe(false);
    expectNext(last);
  });

  test("lose nothing to the thread that comes while they are filled", () => {
    const { others, behind, asksToBeShown, peerSends, expectNext, dequeue } = streaming({}, 2);
    asksToBeShown();
    const receives = [behind(), behind()];
    let length = 0;
    Object.defineProperty(receives[0]!.ov, "InternalHigh", {
      get: () => length,
      set(value: number) {
        length = value;
        others[0]!.ioctlsocket(0, FIONREAD, { value: 0 });
      },
    });
    peerSends(1000);
    expect(receives[0]!.ov.Internal).toBe(0);
    peerSends(1000);
    for (const each of receives) {
      expect(dequeue(5)).toMatchObject({ result: 1, count: 1000, ov: each.ov });
      expectNext(each);
    }
  });

  test("end where their socket is begun anew, whether they or DisconnectEx came first", () => {
    for (const isFirst of [true, false]) {
      const { v, w, p, s, peer, receive, behind, asksToBeShown } = streaming();
      asksToBeShown();
      const disconnect = new_WSAOVERLAPPED();
      const begin = () => expect([w.DisconnectEx(s, disconnect, TF_REUSE_SOCKET, 0), w.WSAGetLastError()]).toEqual([0, WSA_IO_PENDING]);
      const receives = isFirst ? [behind(), behind()] : [transfer(), transfer()];
      begin();
      if (!isFirst) for (const each of receives) receive(each);
      v.advance(100);
      p.shutdown(peer, SD_SEND);
      v.advance(1000);
      expect([disconnect, ...receives.map(({ ov }) => ov)].map(HasOverlappedIoCompleted)).toEqual([true, true, true]);
    }
  });
});

describe("receives that find bytes at once", () => {
  /** A stream of which bytes are shown. */
  function shown(limits: Partial<ProviderLimits> = {}) {
    const all = streaming(limits);
    all.asksToBeShown();
    all.peerSends(4 * CALL_BYTES);
    return all;
  }

  /** The bytes that come next are those that were not received. */
  function expectRest({ w, s, expectNext }: ReturnType<typeof streaming>): void {
    const rest = transfer(4 * CALL_BYTES);
    w.ioctlsocket(s, FIONREAD, { value: 0 });
    const length = w.recv(s, rest.memory, rest.memory.length, 0);
    expect(length).toBeGreaterThan(0);
    rest.ov.InternalHigh = length;
    expectNext(rest);
  }

  test("have them for good, though their program has room for nothing more, and their packets too", () => {
    const all = shown({ waitingBytes: 4096 });
    const { w, port, receive, expectNext, dequeue } = all;
    let posted = 0;
    while (w.PostQueuedCompletionStatus(port, 0, 0, null) !== 0) posted++;
    expect(posted).toBe(64);
    const receives = [transfer(5000), transfer(5000)];
    receives[1]!.ov.hEvent = w.WSACreateEvent();
    for (const each of receives) {
      expect(receive(each)).toEqual(SUCCESS);
      expectNext(each);
    }
    expectRest(all);
    const packets = Array.from({ length: posted + receives.length }, () => dequeue().ov);
    expect(packets.filter((ov) => ov !== null)).toEqual(receives.map(({ ov }) => ov));
    expect(dequeue().result).toBe(0);
  });

  test("have them for good, whatever they call their event", () => {
    const all = shown();
    const next = transfer(5000);
    next.ov.hEvent = 0x7ff0;
    expect(all.receive(next)).toEqual(SUCCESS);
    all.expectNext(next);
    expectRest(all);
  });
});

describe("where another thread comes", () => {
  /** A thread that calls nothing any more once it has begun a receive behind what is shown. */
  function waiting() {
    const all = streaming({}, 2);
    all.asksToBeShown();
    return { ...all, other: all.others[0]! };
  }

  test("a thread that waits for packets gets them", () => {
    const { v, other, behind, peerSends, expectNext, dequeue } = waiting();
    const receives = [behind(), behind()];
    v.after(5, () => void other.ioctlsocket(0, FIONREAD, { value: 0 }));
    v.after(10, () => peerSends(1000));
    for (const [i, each] of receives.entries()) {
      if (i > 0) v.after(5, () => peerSends(1000));
      expect(dequeue(-1)).toMatchObject({ result: 1, count: 1000, ov: each.ov });
      expectNext(each);
    }
    expect(v.isStuck).toBe(false);
  });

  test("it gets packets of receives whose thread calls no more", () => {
    const { v, other, behind, peerSends, expectNext, dequeue } = waiting();
    const receives = [behind(), behind()];
    peerSends(1000);
    // The first has not looked, and what is shown to it is the host's again.
    expect([dequeue(5, other).count, dequeue(5, other).result]).toEqual([1000, 0]);
    peerSends(500);
    expect(dequeue(5, other).count).toBe(500);
    for (const each of receives) {
      expect(each.ov.Internal).toBe(0);
      expectNext(each);
    }
    expect([dequeue().result, v.isStuck]).toEqual([0, false]);
  });

  test("what the first knew of its calls it asks anew", () => {
    const { s, other, peerSends, receive, dequeue } = waiting();
    // While both are there the first asks what its socket is like.
    other.ioctlsocket(s, FIONREAD, { value: 0 });
    peerSends(CALL_BYTES);
    receive(transfer());
    expect(dequeue().count).toBe(CALL_BYTES);
    other.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    other.end();
    peerSends(CALL_BYTES);
    expect(receive(transfer())).toEqual(SUCCESS);
    expect(dequeue().result).toBe(0);
  });
});

describe("where the network ends", () => {
  test("who waits for packets is told, and receives behind what is shown are over", () => {
    const { v, end, behind, asksToBeShown, dequeue } = streaming();
    asksToBeShown();
    const receives = [behind(), behind()];
    end();
    expect(dequeue(-1)).toMatchObject({ result: 0, error: WSAENETDOWN });
    expect(receives.map(({ ov }) => HasOverlappedIoCompleted(ov))).toEqual([true, true]);
    expect(v.isStuck).toBe(false);
  });

  test("nothing is received any more", () => {
    const { w, s, end, asksToBeShown, peerSends, expectNext, receive } = streaming();
    asksToBeShown();
    peerSends(2 * CALL_BYTES);
    // Takes what was answered by now.
    const first = transfer(5000);
    expect(receive(first)).toEqual(SUCCESS);
    expectNext(first);
    end();
    expect(outcome(w, w.WSARecv(s, [new_WSABUF(new Uint8Array(10))], 1, null, { value: 0 }, new_WSAOVERLAPPED(), null))).toEqual(
      fails(WSAENETDOWN),
    );
  });
});
