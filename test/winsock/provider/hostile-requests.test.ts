import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { AF_INET, SO_OOBINLINE, SOCK_STREAM, SOL_SOCKET } from "../../../src/winsock/abi/constants.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { CALL, type CallReply } from "../../../src/winsock/provider/calls.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";

/** Requests that no face of ours makes, of two threads, about a stream and its completion port: they may harm nobody but who makes them. */

const OPS = [
  CALL.recv,
  CALL.recv,
  CALL.show,
  CALL.show,
  CALL.taken,
  CALL.taken,
  CALL.send,
  CALL.dequeue,
  CALL.fence,
  CALL.cancelIo,
  CALL.cancel,
  CALL.shutdown,
  CALL.disconnectEx,
  CALL.connect,
  CALL.setsockopt,
  CALL.ioctlsocket,
  CALL.room,
  CALL.postPacket,
  CALL.duplicateHandle,
  CALL.closesocket,
  CALL.cleanup,
] as const;
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, 2 ** 53 - 1, 70_000) },
);
const request = fc.record({
  thread: fc.integer({ min: 0, max: 1 }),
  op: fc.constantFrom(...OPS),
  handle: fc.integer({ min: 0, max: 2 }),
  a: number,
  b: number,
  c: number,
  d: fc.integer({ min: 0, max: 31 }),
  e: number,
  length: fc.constantFrom(-1, 0, 1, 4, 30_000),
});
const happening = fc.record({
  peer: fc.constantFrom("sends", "sends urgently", "reads", "ends", "resets", "nothing"),
  ms: fc.integer({ min: 0, max: 30 }),
});

test("requests of any numbers end nothing but their program", () => {
  const steps = fc.array(fc.tuple(request, happening), { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const v = new VirtualWinsock();
      const provider = new Provider(v.ours, { waitingBytes: 100_000 });
      const clients = [100, 101];
      let lastId = 0;
      const call = (client: number, op: number, fields: object): CallReply | undefined => {
        let said: CallReply | undefined;
        provider.call(client, { id: ++lastId, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields }, (reply) => {
          said = { ...reply };
        });
        return said;
      };
      for (const client of clients) provider.openClient(client, 7);
      call(100, CALL.startup, { a: 0x0202 });
      const listener = v.listener(80);
      const s = call(100, CALL.socket, { a: AF_INET, b: SOCK_STREAM })!.result;
      call(100, CALL.connect, { s, a: 16, data: sockaddrBytes(address(PEER, 80)) });
      v.advance(10);
      const { peerWinsock: p } = v;
      const peer = p.accept(listener, null, null);
      p.ioctlsocket(peer, 0x8004667e, { value: 1 });
      const port = call(100, CALL.associate, { s, b: 1 })!.result;
      for (const [{ thread, op, handle, length, ...fields }, { peer: does, ms }] of all) {
        const data = length < 0 ? null : op === CALL.connect ? sockaddrBytes(address(PEER, 80)) : new Uint8Array(length).fill(1);
        const level = op === CALL.setsockopt ? { a: SOL_SOCKET, b: SO_OOBINLINE, c: 4 } : {};
        call(clients[thread]!, op, { ...fields, ...level, s: [s, port, 0][handle], data });
        if (does === "sends") p.send(peer, new Uint8Array(5000), 5000, 0);
        else if (does === "sends urgently") p.send(peer, new Uint8Array(3), 3, 1);
        else if (does === "reads") p.recv(peer, new Uint8Array(60_000), 60_000, 0);
        else if (does === "ends") p.shutdown(peer, 1);
        else if (does === "resets" && ms === 30) p.closesocket(peer);
        v.advance(ms);
      }
      for (const client of clients) provider.closeClient(client);
      v.advance(200_000);
      expect(provider.usage).toMatchObject({ clients: 0, sockets: 0, pendingCalls: 0 });
    }),
    { numRuns: 200 },
  );
});
