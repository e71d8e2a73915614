import { expect, test } from "@jest/globals";
import { CALL, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { CompletionPort } from "../../../src/winsock/provider/completion-port.ts";
import { ByteBudget } from "../../../src/winsock/provider/limits.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";

/** A port with packets of these calls. */
function portWith(...calls: number[]) {
  const budget = new ByteBudget(10_000);
  const port = new CompletionPort(budget);
  for (const call of calls) port.post({ key: 0, thread: 1, call, bytes: 0, error: 0 });
  return { port, budget, left: () => port.take(100).map(({ call }) => call) };
}

test("packets that are shown stay until they are taken, which nobody can do of others", () => {
  const { port, budget, left } = portWith(1, 2, 3, 4, 5);
  const each = budget.used / 5;
  expect(port.show(3).map(({ call }) => call)).toEqual([1, 2, 3]);
  port.takeAhead(2);
  expect(budget.used).toBe(3 * each);
  port.takeAhead(-1);
  port.takeAhead(2);
  expect([budget.used, left()]).toEqual([2 * each, [4, 5]]);
});

test("whoever takes packets takes those that were shown first, and they are shown no longer", () => {
  const { port, left } = portWith(1, 2, 3, 4);
  port.show(3);
  expect(port.take(1).map(({ call }) => call)).toEqual([1]);
  port.takeAhead(2);
  expect(left()).toEqual([2, 3, 4]);
});

test("one that is taken back is not among those shown", () => {
  const { port, left } = portWith(1, 2, 3, 4);
  port.show(2);
  port.withdraw(1, 2, false);
  port.withdraw(1, 4, false);
  port.takeAhead(2);
  expect(left()).toEqual([3]);
});

test("packets of calls that their thread knows to be over are taken ahead with those shown, in their order, past others that it does not know of", () => {
  const { port, budget, left } = portWith(1, 2);
  port.take(1);
  port.show(1);
  const post = (call: number, isAhead: boolean) => port.post({ key: 0, thread: 1, call, bytes: 0, error: 0 }, isAhead);
  post(3, false);
  post(4, true);
  post(5, false);
  post(6, true);
  port.takeAhead(2);
  const each = budget.used / 3;
  expect(port.take(1).map(({ call }) => call)).toEqual([3]);
  // What was known before somebody asked is not any more.
  port.takeAhead(2);
  post(7, true);
  port.takeAhead(2);
  expect([budget.used, left()]).toEqual([2 * each, [5, 6]]);
});

test("packets that cannot be refused are bounded", () => {
  const { port } = portWith();
  // Before the face was told that it may know of any there is room for none.
  expect(port.hasRoomAhead).toBe(false);
  port.show(1);
  for (let call = 0; call < 1023; call++) port.post({ key: 0, thread: 1, call, bytes: 0, error: 0 }, true);
  expect(port.hasRoomAhead).toBe(true);
  port.post({ key: 0, thread: 1, call: 1023, bytes: 0, error: 0 }, true);
  expect([port.hasRoom, port.hasRoomAhead]).toEqual([false, false]);
  port.takeAhead(1);
  expect(port.hasRoomAhead).toBe(true);
});

test("packets are shown beside those that are taken to the only thread of a process, and to none of several", () => {
  const v = new VirtualWinsock();
  const KEY = 99;
  let lastId = 0;
  const call = (client: number, op: number, fields: Partial<CallRequest>): { result: number; packets: number } => {
    const said = { result: -1, packets: 0 };
    v.provider.call(client, { id: ++lastId, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields }, ({ result, data }) => {
      said.result = result;
      said.packets = (data?.length ?? 0) / 40;
    });
    return said;
  };
  v.provider.openClient(500, KEY);
  call(500, CALL.startup, { a: 0x0202 });
  const port = call(500, CALL.associate, {}).result;
  for (let i = 0; i < 10; i++) call(500, CALL.postPacket, { s: port });
  expect(call(500, CALL.dequeue, { s: port, b: 1, c: 5 })).toEqual({ result: 1, packets: 6 });
  expect(call(500, CALL.dequeue, { s: port, b: 1, c: -5 })).toEqual({ result: 1, packets: 1 });
  v.provider.openClient(501, KEY);
  expect(call(500, CALL.dequeue, { s: port, b: 1, c: 5 })).toEqual({ result: 1, packets: 1 });
  expect(call(501, CALL.dequeue, { s: port, b: 100, c: 5 })).toEqual({ result: 7, packets: 7 });
});
