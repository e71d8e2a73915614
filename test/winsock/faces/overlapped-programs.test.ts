import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  FD_CLOSE,
  FD_READ,
  HasOverlappedIoCompleted,
  new_WSABUF,
  new_WSANETWORKEVENTS,
  new_WSAOVERLAPPED,
  WSA_IO_PENDING,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";

/** Random programs of overlapped calls over one connection, against what must be true of all of them. */

type Step =
  | { readonly do: "receive"; readonly bytes: number; readonly how: "port" | "event" | "routine" | "nothing" }
  | { readonly do: "peer sends" | "wait"; readonly amount: number }
  | { readonly do: "cancel" | "cancel one" | "alert" | "dequeue" | "select" | "peer ends" | "close" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("receive" as const),
      bytes: fc.nat(40),
      how: fc.constantFrom("port" as const, "event" as const, "routine" as const, "nothing" as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("peer sends" as const, "wait" as const), amount: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("cancel" as const, "cancel one" as const, "alert" as const, "dequeue" as const, "select" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("peer ends" as const, "close" as const) }) },
);

interface Receive {
  readonly ov: WSAOVERLAPPED;
  readonly memory: Uint8Array;
  readonly how: string;
  /** Told of its end: by a packet, a routine, or at once. */
  told: number;
  wasRefused: boolean;
}

function run(steps: readonly Step[], usesPort: boolean): void {
  const v = new VirtualWinsock();
  const { winsock: w, peerWinsock: p } = v;
  const { s, peer, listener } = v.pair();
  const port = usesPort ? w.CreateIoCompletionPort(s, 0, 9, 0) : 0;
  const receives: Receive[] = [];
  let sent = 0;
  let isClosed = false;
  const dequeue = (): boolean => {
    const ov = { value: null as WSAOVERLAPPED | null };
    w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, ov, 0);
    const found = receives.find((each) => each.ov === ov.value);
    if (found !== undefined) found.told++;
    return ov.value !== null;
  };
  const act: Readonly<Record<Step["do"], (step: Step) => void>> = {
    receive(step) {
      if (step.do !== "receive") return;
      const how = usesPort && step.how === "routine" ? "port" : step.how;
      const receive: Receive = {
        ov: new_WSAOVERLAPPED(how === "event" ? w.WSACreateEvent() : 0),
        memory: new Uint8Array(step.bytes),
        how,
        told: 0,
        wasRefused: false,
      };
      const routine = how === "routine" ? () => void receive.told++ : null;
      const result = w.WSARecv(s, [new_WSABUF(receive.memory)], 1, null, { value: 0 }, receive.ov, routine);
      receive.wasRefused = result !== 0 && w.WSAGetLastError() !== WSA_IO_PENDING;
      receives.push(receive);
    },
    "peer sends"(step) {
      if (!("amount" in step)) return;
      const bytes = Uint8Array.from({ length: step.amount }, (_, i) => sent + i);
      if (p.send(peer, bytes, bytes.length, 0) > 0) sent += bytes.length;
    },
    wait: (step) => v.advance("amount" in step ? step.amount : 0),
    cancel: () => void w.CancelIo(s),
    "cancel one": () => void w.CancelIoEx(s, receives.at(-1)?.ov ?? null),
    alert: () => void w.SleepEx(0, true),
    dequeue: () => void (usesPort && dequeue()),
    select: () => void w.WSAEventSelect(s, w.WSACreateEvent(), FD_READ | FD_CLOSE),
    "peer ends": () => void p.shutdown(peer, 1),
    close() {
      w.closesocket(s);
      isClosed = true;
    },
  };
  for (const each of steps) act[each.do](each);
  w.WSAEnumNetworkEvents(s, 0, new_WSANETWORKEVENTS());
  if (!isClosed) w.closesocket(s);
  v.advance(5000);
  w.SleepEx(0, true);
  while (usesPort && dequeue());

  // What came is the stream from its beginning, each byte once and in order.
  const got = receives.filter(({ ov }) => ov.InternalHigh > 0).flatMap(({ ov, memory }) => [...memory.subarray(0, ov.InternalHigh)]);
  expect(got).toEqual(Array.from({ length: got.length }, (_, i) => i & 255));
  for (const { ov, how, told, wasRefused } of receives) {
    expect([how, HasOverlappedIoCompleted(ov)]).toEqual([how, true]);
    // Everybody is told once of a call that began, and nobody of one that did not.
    if (usesPort || how === "routine") expect([how, told]).toEqual([how, wasRefused ? 0 : 1]);
    if (how === "event") expect(w.WaitForSingleObject(ov.hEvent, 0)).toBe(wasRefused ? 258 : 0);
  }
  for (const [face, sockets] of [
    [p, [peer, listener]],
    [w, []],
  ] as const) {
    for (const each of sockets) face.closesocket(each);
  }
  v.advance(300_000);
  expect([v.provider.usage.sockets, v.provider.usage.pendingCalls, v.provider.usage.waitingBytes, v.isStuck]).toEqual([0, 0, 0, false]);
}

test.each([true, false])("no completion is lost or told twice, and nothing is left behind (with a completion port: %s)", (usesPort) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => run(steps, usesPort)),
    { numRuns: 150, seed: 7 },
  );
});
