import { expect, test } from "@jest/globals";
import { guardedHandler } from "../../src/network/guarded-handler.ts";
import { WSASYSCALLFAILURE } from "../../src/winsock/abi/errors.ts";
import type { CallHandler, CallReply, Replier } from "../../src/winsock/provider/calls.ts";

const request = { id: 9, op: 3, s: 0, a: 0, b: 0, c: 0, data: null };
const fine: CallReply = { id: 9, result: 4, error: 0, a: 0, b: 0, data: null };

function guardedCall(call: (reply: Replier) => void) {
  const mistakes: unknown[] = [];
  const replies: CallReply[] = [];
  const handler: CallHandler = { openClient() {}, closeClient() {}, hold() {}, call: (_client, _request, reply) => call(reply) };
  guardedHandler(handler, (error) => mistakes.push(error)).call(1, request, (reply) => replies.push(reply));
  return { mistakes, replies };
}

test("a call that throws fails alone with WSASYSCALLFAILURE, and is told of (hardening §9)", () => {
  const error = new Error("ours");
  const { mistakes, replies } = guardedCall(() => {
    throw error;
  });
  expect(mistakes).toEqual([error]);
  expect(replies).toEqual([{ id: 9, result: -1, error: WSASYSCALLFAILURE, a: 0, b: 0, data: null }]);
});

test("a call that throws after its answer is answered once, also when what it left pending answers later", () => {
  expect(
    guardedCall((reply) => {
      reply(fine);
      throw new Error("after");
    }).replies,
  ).toEqual([fine]);
  let later: Replier = () => {};
  const { replies } = guardedCall((reply) => {
    later = reply;
    throw new Error("before");
  });
  later(fine);
  expect(replies.map((r) => r.error)).toEqual([WSASYSCALLFAILURE]);
});

test("a client whose opening or closing throws does not end the host", () => {
  const mistakes: unknown[] = [];
  const failing = () => {
    throw new Error("ours");
  };
  const handler = guardedHandler({ openClient: failing, closeClient: failing, hold: failing, call() {} }, (error) => mistakes.push(error));
  handler.openClient(1);
  handler.closeClient(1);
  handler.hold(1, true);
  expect(mistakes.length).toBe(3);
});
