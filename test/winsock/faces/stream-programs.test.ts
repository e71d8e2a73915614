import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
  FIONBIO,
  FIONREAD,
  HasOverlappedIoCompleted,
  MSG_OOB,
  new_OVERLAPPED_ENTRY,
  new_WSABUF,
  new_WSAOVERLAPPED,
  SD_SEND,
  SO_LINGER,
  SOL_SOCKET,
  STATUS_PENDING,
  sizeof_linger,
  sizeof_sockaddr_in,
  WSA_IO_PENDING,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { pattern } from "../../support/two-hosts.ts";
import { address, PEER, type VirtualThread, VirtualWinsock } from "../../support/virtual-winsock.ts";

/**
 * Random programs of overlapped calls in the middle of a stream, over one connection and a completion port, by one thread and now and then
 * another. Whether a call was told by what its thread knew ahead or by the host: bytes and packets are the same.
 */

/** A receive of so many bytes in a row makes a stream of it. */
const STREAM_FROM = 4096;

const amount = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("receive" as const), amount: fc.integer({ min: STREAM_FROM, max: 9000 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("dequeue" as const), amount: amount(4) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("peer sends" as const), amount: amount(40_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const), amount: amount(30_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), amount: amount(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("peer reads" as const, "look" as const, "ask" as const), amount: amount(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("cancel" as const, "cancel one" as const, "other takes" as const), amount: amount(3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("other goes" as const, "peer ends" as const, "peer resets" as const), amount: amount(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("poll" as const, "send now" as const, "receive now" as const, "duplicate" as const, "receive urgent" as const),
      amount: amount(9000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("receive silently" as const, "modes" as const, "peer urgent" as const, "dequeue alertably" as const),
      amount: fc.integer({ min: STREAM_FROM, max: 9000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("other sends" as const, "post" as const, "sleep" as const), amount: amount(3000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Call {
  readonly ov: WSAOVERLAPPED;
  readonly memory: readonly Uint8Array[];
  readonly isReceive: boolean;
  told: number;
}

/** Of our socket's packets. */
const KEY = 9;
/** What the peer sends, and we. */
const THEIRS = pattern(2_000_000, 3);
const OURS = pattern(2_000_000, 4);

function run(steps: readonly Step[], lends: boolean, paddingSteps: number): void {
  const v = new VirtualWinsock({ lends });
  const { peerWinsock: p } = v;
  const [w, ...others] = v.threads(4) as [VirtualThread, ...VirtualThread[]];
  const listener = v.listener(80);
  const s = v.stream(w);
  expect(w.connect(s, address(PEER, 80), sizeof_sockaddr_in)).toBe(0);
  const peer = p.accept(listener, null, null);
  p.ioctlsocket(peer, FIONBIO, { value: 1 });
  const port = w.CreateIoCompletionPort(s, 0, KEY, 0);
  const calls: Call[] = [];
  const order: Call[] = [];
  let [sent, ourSent, ourRead, takenByOther] = [0, 0, 0, 0];
  const event = w.WSACreateEvent();
  let skipsPackets = false;
  let wasUrgent = false;
  let wasReset = false;
  const begin = (isReceive: boolean, memory: readonly Uint8Array[], isSilent = false): void => {
    const call: Call = { ov: new_WSAOVERLAPPED(), memory, isReceive, told: isSilent ? 1 : 0 };
    if (isSilent) call.ov.hEvent = event | 1;
    const buffers = memory.map((each) => new_WSABUF(each));
    const result = isReceive
      ? w.WSARecv(s, buffers, buffers.length, null, { value: 0 }, call.ov, null)
      : w.WSASend(s, buffers, buffers.length, null, 0, call.ov, null);
    if (result === 0 && skipsPackets) call.told = 1;
    if (result === 0 || w.WSAGetLastError() === WSA_IO_PENDING) calls.push(call);
  };
  const tell = (ov: WSAOVERLAPPED | null): void => {
    const call = calls.find((each) => each.ov === ov);
    if (call === undefined) return;
    // Whoever is told of its end sees it.
    expect(call.ov.Internal).not.toBe(STATUS_PENDING);
    call.told++;
    order.push(call);
  };
  /** @returns whether there was one */
  const dequeue = (face: BlockingFace, count: number, ms = 0, isAlertable = false): number => {
    const entries = Array.from({ length: count }, new_OVERLAPPED_ENTRY);
    const removed = { value: 0 };
    if (face.GetQueuedCompletionStatusEx(port, entries, count, removed, ms, isAlertable) === 0) return 0;
    for (const { lpOverlapped, lpCompletionKey } of entries.slice(0, removed.value)) {
      tell(lpOverlapped);
      if (face !== w && lpCompletionKey === KEY) takenByOther++;
    }
    return removed.value;
  };
  const takeOne = (): void => {
    const ov = { value: null as WSAOVERLAPPED | null };
    w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, ov, 5);
    tell(ov.value);
  };
  const readOurs = (): void => {
    const memory = new Uint8Array(65_536);
    for (let n = p.recv(peer, memory, memory.length, 0); n > 0; n = p.recv(peer, memory, memory.length, 0)) {
      expect(Buffer.compare(memory.subarray(0, n), OURS.subarray(ourRead, ourRead + n))).toBe(0);
      ourRead += n;
    }
  };
  const sendNow = (face: BlockingFace, bytes: number): void => {
    const count = face.send(s, OURS.subarray(ourSent, ourSent + bytes), bytes, 0);
    ourSent += Math.max(0, count);
  };
  const act: Readonly<Record<Step["do"], (amount: number) => void>> = {
    receive: (bytes) => begin(true, bytes % 2 === 0 ? [new Uint8Array(bytes)] : [new Uint8Array(7), new Uint8Array(bytes - 7)]),
    send(bytes) {
      const before = calls.length;
      begin(false, [OURS.subarray(ourSent, ourSent + bytes)]);
      if (calls.length > before) ourSent += bytes;
    },
    dequeue: (count) => (count === 1 ? takeOne() : void dequeue(w, count)),
    "peer sends"(bytes) {
      sent += Math.max(0, p.send(peer, THEIRS.subarray(sent, sent + bytes), bytes, 0));
    },
    wait: (ms) => v.advance(ms),
    "peer reads": readOurs,
    look: () => void calls.at(-1)?.ov.Internal,
    ask: () => void w.ioctlsocket(s, FIONREAD, { value: 0 }),
    // What a send that waits has still to send would be missing.
    cancel: () => void (ourSent - ourRead < 60_000 && w.CancelIo(s)),
    "cancel one": () => void w.CancelIoEx(s, calls.findLast(({ isReceive }) => isReceive)?.ov ?? null),
    "other takes"(count) {
      const [other] = others;
      if (other !== undefined) dequeue(other, count);
    },
    "other goes": () => others.shift()?.end(),
    "peer ends": () => void p.shutdown(peer, SD_SEND),
    "peer resets"() {
      wasReset = true;
      p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
      p.closesocket(peer);
    },
    poll() {
      for (const { ov, isReceive } of calls.slice(-8)) if (isReceive) w.GetOverlappedResult(s, ov, { value: 0 }, 0);
    },
    "send now"(bytes) {
      if (calls.every(({ ov }) => HasOverlappedIoCompleted(ov)) || ourSent - ourRead < 60_000) sendNow(w, bytes);
    },
    "other sends"(bytes) {
      if (others[0] !== undefined && ourSent - ourRead < 60_000) sendNow(others[0], bytes);
    },
    "receive now"(bytes) {
      const there = { value: 0 };
      w.ioctlsocket(s, FIONREAD, there);
      const isWaiting = calls.some(({ ov, isReceive }) => isReceive && !HasOverlappedIoCompleted(ov));
      if (isWaiting || there.value === 0) return;
      const memory = new Uint8Array(bytes);
      const count = w.recv(s, memory, bytes, 0);
      if (wasReset && count < 0) return;
      expect(count).toBeGreaterThan(0);
      const ov = { ...new_WSAOVERLAPPED(), Internal: 0, InternalHigh: count };
      calls.push({ ov, memory: [memory], isReceive: true, told: 1 });
    },
    duplicate() {
      const handle = { value: 0 };
      w.DuplicateHandle(w.GetCurrentProcess(), s, w.GetCurrentProcess(), handle, 0, 0, 0);
      w.closesocket(handle.value);
    },
    "receive urgent": () => void w.recv(s, new Uint8Array(1), 1, MSG_OOB),
    "receive silently": (bytes) => begin(true, [new Uint8Array(bytes)], true),
    modes() {
      skipsPackets = !skipsPackets;
      w.SetFileCompletionNotificationModes(s, skipsPackets ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0);
    },
    "peer urgent"() {
      if (!wasUrgent) p.send(peer, new Uint8Array(1), 1, MSG_OOB);
      wasUrgent = true;
    },
    "dequeue alertably"(count) {
      if (count % 2 === 0) w.QueueUserAPC(() => {}, w.GetCurrentThread(), 0);
      dequeue(w, 1 + (count % 3), count % 5, true);
    },
    post: () => void w.PostQueuedCompletionStatus(port, 1, 1, null),
    sleep: () => void w.SleepEx(1, 1),
  };
  // First of all a stream.
  for (let i = 0; i < paddingSteps; i++) {
    act["peer sends"](STREAM_FROM);
    v.advance(20);
    act.receive(STREAM_FROM);
    takeOne();
  }
  for (const each of steps) act[each.do](each.amount);
  p.shutdown(peer, SD_SEND);
  for (let i = 0; i < 500; i++) {
    v.advance(20);
    readOurs();
    if (dequeue(w, 4) === 0 && calls.every(({ ov }) => HasOverlappedIoCompleted(ov))) break;
  }
  for (let i = 0; i < 50; i++) {
    v.advance(100);
    readOurs();
  }
  while (dequeue(w, 8) > 0);
  for (const { ov } of calls) expect(HasOverlappedIoCompleted(ov)).toBe(true);

  const got = Buffer.concat(
    calls.filter(({ isReceive }) => isReceive).map(({ ov, memory }) => Buffer.concat(memory).subarray(0, ov.InternalHigh)),
  );
  expect(Buffer.compare(got, THEIRS.subarray(0, got.length))).toBe(0);
  if (!wasReset) expect(ourRead).toBe(ourSent);
  // Each is told once, of whichever thread, and of those with bytes the older one first.
  expect(calls.filter(({ told }) => told > 1)).toEqual([]);
  expect(calls.filter(({ told }) => told === 1).length + takenByOther).toBe(calls.length);
  for (const isReceive of [true, false]) {
    const told = order.filter((call) => call.isReceive === isReceive && call.ov.InternalHigh > 0);
    expect(told).toEqual(calls.filter((call) => told.includes(call)));
  }
}

test("overlapped calls in a stream bring each byte once and in order, and each is told of once, whoever knew of it first", () => {
  const programs = fc.array(step, { minLength: 5, maxLength: 60 });
  fc.assert(fc.property(programs, fc.boolean(), fc.integer({ min: 0, max: 3 }), run), {
    numRuns: 200,
  });
});
